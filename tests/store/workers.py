"""Programs that tests run as other processes, how they are run, and what must hold once they are gone.

    python -m tests.store.workers PROGRAM '{"processes": 4, …}'

One host forks the processes, lets them start together, and each reports in JSON lines on the same pipe: a line is
written only after the verb it tells of has returned, so a line is an acknowledgement.
"""

from __future__ import annotations

import json
import os
import random
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from curatory.store import CuratoryError, Store, Version, create_store, open_store
from curatory.store.engine import open_engine
from curatory.store.manifests import manifest_digest

ROOT = Path(__file__).parents[2]
Line = dict[str, Any]

# -- in the test ----------------------------------------------------------------------------------------------------


@contextmanager
def running(program: str, **params: Any) -> Iterator[subprocess.Popen[str]]:
    """The host of a program, in a process group of its own, which is gone when the block ends."""
    host = subprocess.Popen(
        [sys.executable, "-m", "tests.store.workers", program, json.dumps(params)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield host
    finally:
        kill(host)
        assert host.stdout
        host.stdout.close()


def kill(host: subprocess.Popen[str]) -> None:
    """kill -9, the host and all it has forked."""
    try:
        os.killpg(host.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        host.wait()


def lines(host: subprocess.Popen[str], limit: int | None = None) -> list[Line]:
    """What was reported: all of it, to the end, or the next few lines."""
    assert host.stdout
    found: list[Line] = []
    while limit is None or len(found) < limit:
        line = host.stdout.readline()
        if not line.endswith("\n"):  # the end, or cut off by a kill: not acknowledged
            break
        found.append(json.loads(line))
    return found


def run(program: str, **params: Any) -> list[Line]:
    """Run a program to its end and return what it reported."""
    with running(program, **params) as host:
        found = lines(host)
        assert host.wait() == 0, found
        return found


def errors(found: list[Line]) -> list[str]:
    return [f"{line['error']}: {line['message']}" for line in found if "error" in line]


def check_whole(store: Store, acknowledged: list[Line], *, gapless: bool = True) -> None:
    """All that was acknowledged is there, and nothing is there by half.

    Args:
        acknowledged: lines with the ids of a version and of the collection that it was put in.
        gapless: nothing was unlinked, so each collection holds every number it has given out.
    """
    engine = store.engine
    report = store.audit.verify(tables=True)
    assert report.ok, report.findings[:5]
    assert engine.check() == []
    assert engine.value("SELECT count(*) FROM event") == store.events.head()

    numbers = defaultdict(list)
    for collection, number in engine.rows(
        "SELECT collection_id, number FROM membership ORDER BY collection_id, number"
    ):
        numbers[collection].append(number)
    for collection, following in engine.rows("SELECT id, next_number FROM collection"):
        held = numbers[collection]
        assert not held or held[-1] < following
        assert held == list(range(following)) or not gapless

    places = {tuple(row) for row in engine.rows("SELECT version_id, collection_id FROM membership")}
    assert set(engine.rows("SELECT version_id, collection_id FROM alias")) <= places
    logged = Counter(
        version for (version,) in engine.rows("SELECT version_id FROM event WHERE action = 'version.log'") if version
    )
    sound: dict[str, str | None] = {}
    for version, collection, digest, size, count, purged in engine.rows(
        "SELECT id, collection_id, digest, size, file_count, purged_at FROM version"
    ):
        assert logged[version] >= 1, f"version {version} without its event"
        if purged:
            continue
        assert not gapless or (version, collection) in places, f"version {version} without its place"
        path = engine.row(
            "SELECT e.name, p.name, c.name FROM collection c JOIN project p ON p.id = c.project_id "
            "JOIN entity e ON e.id = p.entity_id WHERE c.id = :c",
            {"c": collection},
        )
        assert path
        files = engine.rows("SELECT sha256, size FROM entry WHERE version_id = :v", {"v": version})
        assert (sum(size for _, size in files), len(files)) == (size, count)
        for sha256, length in files:
            if sha256 not in sound:
                sound[sha256] = store.blobs.verify(sha256, size=length)
                assert engine.value("SELECT size FROM blob WHERE sha256 = :s", {"s": sha256}) == length
            assert sound[sha256] is None
        number = engine.value(
            "SELECT number FROM membership WHERE version_id = :v AND collection_id = :c",
            {"v": version, "c": collection},
        )
        if number is not None:
            assert manifest_digest(store.versions.files(f"{'/'.join(path)}:v{number}")) == digest
    for line in acknowledged:
        assert (line["version"], line["collection"]) in places, f"lost although acknowledged: {line}"


# -- in the other processes -----------------------------------------------------------------------------------------


def say(**line: Any) -> None:
    """Report; one write, so that lines of several processes don't mix."""
    os.write(1, json.dumps(line).encode() + b"\n")


def put(line: str, version: Version, **more: Any) -> None:
    say(done=line, version=version.id, collection=version.collection_id, path=version.path, **more)


def together(processes: int, work: Callable[[int], None]) -> None:
    """Fork processes that begin at the same moment; wait for them all."""
    ready, go = os.pipe()
    children = []
    for n in range(processes):
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)
            code = 0
            try:
                work(n)
            except BaseException as error:
                say(error=type(error).__name__, message=str(error), worker=n)
                code = 1
            os._exit(code)
        children.append(child)
    os.close(ready)
    os.close(go)
    for child in children:
        os.waitpid(child, 0)


def publish(store: Store, folder: Path, n: int | str, i: int, *, alias: str) -> None:
    """A version of two files, one of which everybody has, logged and linked."""
    own, shared = folder / "own.bin", folder / "shared.bin"
    own.write_text(f"{n} {i} {secrets.token_hex(8)}")
    shared.write_text("the same for everybody")
    version = store.versions.log_paths([own, shared], "detector", "model", description=f"from {n}, number {i}")
    put("log", version, worker=n)
    put("link", store.links.add(version, "model/detector", [alias]), worker=n)


def opening(url: str, processes: int, blobs: str, prepare: bool = False) -> None:
    """All make the same new store at once."""

    def work(n: int) -> None:
        if prepare:
            engine = open_engine(url)
            engine.prepare(create=True)
            say(done="prepared", tables=engine.value("SELECT count(*) FROM chain"))
            engine.close()
            return
        try:
            create_store(url, "ana", organization="acme", team="vision", blobs=blobs).close()
            say(done="created", worker=n)
        except CuratoryError as error:
            say(done="refused", error=type(error).__name__, message=str(error), worker=n)
        with open_store(url, "ana") as store:
            say(done="opened", id=store.id)

    together(processes, work)


def publishing(url: str, processes: int, times: int, durable: bool = True) -> None:
    """All publish into the same collections."""

    def work(n: int) -> None:
        with tempfile.TemporaryDirectory() as folder, open_store(url, "ana", durable=durable) as store:
            for i in range(times):
                publish(store, Path(folder), n, i, alias=f"by-{n}")

    together(processes, work)


def moving(url: str, processes: int, times: int, path: str, alias: str) -> None:
    """All read where an alias is and move it one version on, in one transaction."""

    def work(n: int) -> None:
        with open_store(url, "ana") as store:
            for _ in range(times):
                with store.batch():
                    held = store.versions.get(f"{path}:{alias}")
                    store.aliases.add(f"{path}:v{held.number + 1}", alias)
                say(done="moved", worker=n, to=held.number + 1)

    together(processes, work)


def grabbing(url: str, processes: int, times: int, path: str, alias: str) -> None:
    """Each moves the same alias to a version of its own, again and again."""

    def work(n: int) -> None:
        with open_store(url, "ana") as store:
            for i in range(times):
                store.aliases.add(f"{path}:v{1 + (n + i * processes) % 4}", alias)

    together(processes, work)


def batching(url: str, processes: int) -> None:
    """For ever: batches of three links with an alias each, which are there together or not at all."""

    def work(n: int) -> None:
        with open_store(url, "ana") as store:
            source = store.versions.get("vision/uncategorized/detector:v0")
            while True:
                with store.batch() as batch:
                    made = [store.links.add(source, f"model/{batch}-{k}", [f"a{k}", f"b{k}"]) for k in range(3)]
                for version in made:
                    put("batch", version, batch=batch, worker=n)

    together(processes, work)


def undoing(url: str, processes: int) -> None:
    """For ever: a batch of an alias and two tags, undone and done again."""

    def work(n: int) -> None:
        with open_store(url, "ana") as store:
            version = store.links.add("vision/uncategorized/detector:v0", f"model/undo-{n}")
            put("link", version, worker=n)
            with store.batch() as batch:
                store.aliases.add(version, "prod")
                store.tags.add(version.path.rpartition(":")[0], "one", "two")
            seq = store.events.head()
            while True:
                seq = store.undo.undo(_newest(store, batch, seq)).pop().seq
                say(done="undone", worker=n, collection=version.collection_id)
                seq = store.undo.redo(seq).pop().seq
                batch = store.events.get(seq).batch
                assert batch
                say(done="redone", worker=n, collection=version.collection_id)

    together(processes, work)


def _newest(store: Store, batch: str, seq: int) -> int:
    return store.engine.value("SELECT max(seq) FROM event WHERE batch = :b", {"b": batch}) or seq


def rubbish(store: Store, count: int) -> None:
    """Versions that are deleted, and whose files are old enough to be collected."""
    from curatory.store.records import File
    from curatory.store.versions import Draft

    blobs = [store.blobs.put_bytes(f"rubbish {k}".encode()) for k in range(count)]
    drafts = [Draft([File("file", blob.size, blob.md5_base64, blob.sha256)]) for blob in blobs]
    for version in store.versions.log_many(drafts, "rubbish", "model"):
        store.versions.remove(version)
    for blob in blobs:
        os.utime(store.blobs.path_of(blob.sha256), (0, 0))


def collecting(url: str, processes: int, count: int) -> None:
    """The first process collects `rubbish`; the others log versions with the same bytes in them, for ever."""

    def tomorrow() -> datetime:
        return datetime.now(UTC) + timedelta(days=3)

    def work(n: int) -> None:
        with tempfile.TemporaryDirectory() as folder, open_store(url, "ana", now=tomorrow) as store:
            for i in range(1_000_000):
                if n == 0:
                    store.garbage.collect()
                    say(done="collected")
                    continue
                own, again = Path(folder) / "own", Path(folder) / "again"
                own.write_text(f"{n} {i} {secrets.token_hex(8)}")
                again.write_text(f"rubbish {random.randrange(count)}")
                put("log", store.versions.log_paths([own, again], f"kept-{n}", "model"))

    together(processes, work)


def creating(url: str, blobs: str) -> None:
    """Make a store, saying when each statement of it is done."""
    from curatory.store.engine import sqlite

    plain = sqlite.SQLite.execute

    def spoken(self: Any, sql: str, args: Any = None) -> int:
        done = plain(self, sql, args)
        say(done="statement")
        return done

    sqlite.SQLite.execute = spoken  # type: ignore[method-assign]
    if url.startswith("postgresql"):
        from curatory.store.engine import postgres

        plain_postgres = postgres.Postgres.execute

        def spoken_postgres(self: Any, sql: str, args: Any = None) -> int:
            done = plain_postgres(self, sql, args)
            say(done="statement")
            return done

        postgres.Postgres.execute = spoken_postgres  # type: ignore[method-assign]
    create_store(url, "ana", organization="acme", team="vision", blobs=blobs)
    say(done="created")


def holding(url: str) -> None:
    """Take the write lock and keep it."""
    with open_store(url, "ana") as store, store.engine.write():
        say(done="locked")
        time.sleep(300)


def trying(url: str, write: bool = False, create: bool = False) -> None:
    """Open a store, and perhaps change it, as somebody who is not root; report the error."""
    become_nobody()
    try:
        with (create_store if create else open_store)(url, "ana") as store:
            store.registries.list()
            if write:
                store.registries.create("tried")
        say(done="opened")
    except CuratoryError as error:
        say(error=type(error).__name__, message=str(error))


def become_nobody() -> None:
    """Root may do anything, so root becomes nobody, once all that is needed has been loaded."""
    if os.getuid() != 0:
        return
    with tempfile.TemporaryDirectory() as folder, create_store(f"{folder}/r.db", "ana") as store:
        store.registries.create("warm")
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def filling(url: str, size: int) -> None:
    """Publish until files may not grow any more, then go on after the limit is lifted."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with tempfile.TemporaryDirectory() as folder, open_store(url, "ana") as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            for i in range(10_000):
                publish(store, Path(folder), 0, i, alias="full")
        except CuratoryError as error:
            say(refused=type(error).__name__, message=str(error), inside=store.engine.in_transaction)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        publish(store, Path(folder), 1, 0, alias="after")


PROGRAMS: dict[str, Callable[..., None]] = {
    program.__name__: program
    for program in (
        opening, publishing, moving, grabbing, batching, undoing, collecting, creating, holding, trying, filling,
    )
}  # fmt: skip

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](**json.loads(sys.argv[2]))
