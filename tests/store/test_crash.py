"""kill -9 at any moment, a PostgreSQL that goes away, a full disk: acknowledged work is there, and nothing is half."""

# ruff: noqa: PT012 (what is refused here is a transaction, which is a block)

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from curatory.store import Conflict, CuratoryError, File, NotFound, Store, Unavailable, create_store, open_store

from .workers import check_whole, errors, kill, lines, publish, rubbish, run, running

ROUNDS = [pytest.param(n, marks=[pytest.mark.slow] if n >= 3 else []) for n in range(24)]


@pytest.fixture
def made(url: str, tmp_path: Path) -> str:
    """The URL of a store with one version, logged and linked."""
    with create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
        publish_one(store, tmp_path, alias="first")
    return url


def publish_one(store: Store, tmp_path: Path, *, alias: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir(exist_ok=True)
    publish(store, folder, "test", random.randrange(10**9), alias=alias)


def crash(program: str, url: str, *, at: random.Random, **params: object) -> list[dict]:
    """Run a program, kill it and all its processes at some moment, and return what it had acknowledged."""
    with running(program, url=url, **params) as host:
        found = lines(host, at.randint(1, 40))
        time.sleep(at.random() * 0.03)  # anywhere between two acknowledgements
        kill(host)
        return found + lines(host)


# -- kill -9 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ROUNDS)
def test_killed_while_publishing(made: str, tmp_path: Path, seed: int) -> None:
    found = crash("publishing", made, at=random.Random(seed), processes=4, times=1000)
    assert errors(found) == []
    with open_store(made, "ana") as store:
        check_whole(store, found)
        publish_one(store, tmp_path, alias="after")
        check_whole(store, found)


def test_others_go_on_when_one_writer_after_the_other_is_killed(made: str, tmp_path: Path) -> None:
    at = random.Random(7)
    with running("publishing", url=made, processes=5, times=60) as host:
        found = lines(host, 1)
        workers = _children(host.pid)
        for worker in workers[:4]:
            found += lines(host, at.randint(5, 20))
            os.kill(worker, signal.SIGKILL)
        found += lines(host)
        assert host.wait() == 0
    assert errors(found) == []
    with open_store(made, "ana") as store:
        check_whole(store, found)
    survivors = [n for n in range(5) if sum(line["worker"] == n for line in found) == 120]
    assert survivors, "no process came to its end"


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in found.stdout.split()]


@pytest.mark.parametrize("seed", ROUNDS)
def test_killed_in_a_batch(made: str, seed: int) -> None:
    found = crash("batching", made, at=random.Random(seed), processes=3)
    assert errors(found) == []
    with open_store(made, "ana") as store:
        check_whole(store, found)
        events = store.engine.rows("SELECT batch, count(*) FROM event WHERE action = 'link.add' GROUP BY batch")
        made_batches = {batch: count for batch, count in events if batch is not None}
        assert set(made_batches.values()) <= {3}
        assert {line["batch"] for line in found} <= set(made_batches)
        aliases = store.engine.value(
            "SELECT count(*) FROM alias a JOIN collection c ON c.id = a.collection_id WHERE c.name LIKE '%-_'"
        )
        assert aliases == 6 * len(made_batches)


@pytest.mark.parametrize("seed", ROUNDS)
def test_killed_while_undoing(made: str, seed: int) -> None:
    found = crash("undoing", made, at=random.Random(seed), processes=3)
    assert errors(found) == []
    links = [line for line in found if line["done"] == "link"]
    with open_store(made, "ana") as store:
        check_whole(store, links)
        for line in links:
            states = {
                store.engine.value(sql, {"c": line["collection"]})
                for sql in (
                    "SELECT count(*) FROM alias WHERE collection_id = :c",
                    "SELECT count(*) > 0 FROM collection_tag WHERE collection_id = :c AND tag = 'one'",
                    "SELECT count(*) > 0 FROM collection_tag WHERE collection_id = :c AND tag = 'two'",
                )
            }
            assert len({bool(state) for state in states}) == 1  # the alias and both tags, or none of them
            last = [ack["done"] for ack in found if ack["collection"] == line["collection"]][-1]
            steps = store.engine.value(
                "SELECT count(*) FROM event WHERE collection_id = :c AND undoes IS NOT NULL", {"c": line["collection"]}
            )
            assert steps % 2 == 0  # both events of the batch, each time
            assert last in ("link", "undone", "redone")


@pytest.mark.parametrize("seed", ROUNDS)
def test_killed_while_collecting_garbage(made: str, seed: int) -> None:
    with open_store(made, "ana", durable=False) as store:
        rubbish(store, 60)
    found = crash("collecting", made, at=random.Random(seed), processes=3, count=60)
    assert errors(found) == []
    with open_store(made, "ana") as store:
        check_whole(store, [line for line in found if line["done"] == "log"], gapless=False)
        store.garbage.collect()
        check_whole(store, [line for line in found if line["done"] == "log"], gapless=False)
        assert [checked for checked in store.garbage.verify() if checked.problem] == []


def test_a_file_that_is_published_again_while_garbage_is_collected_stays(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    with open_store(made, "ana") as store, open_store(made, "ana", now=lambda: later) as collector:
        rubbish(store, 1)
        file = tmp_path / "file"
        file.write_text("rubbish 0")
        trash = collector.blobs.trash
        published = []

        def meanwhile(sha256: str, **options: float) -> bool:
            """The bytes are found to be there, and relied on; their rows have to wait for the collector's lock."""
            published.append(store.blobs.put_path(file))
            return trash(sha256, **options)

        monkeypatch.setattr(collector.blobs, "trash", meanwhile)
        collector.garbage.collect()
        assert published[0].known
        version = store.versions.log(
            [File("file", published[0].size, published[0].md5_base64, published[0].sha256)], "again", "model"
        )
        check_whole(store, [{"version": version.id, "collection": version.collection_id}], gapless=False)


def test_a_file_that_was_moved_to_the_trash_but_not_committed_is_no_damage(
    made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    with open_store(made, "ana") as earlier, open_store(made, "ana", now=lambda: later) as store:
        rubbish(earlier, 2)
        trash = store.blobs.trash

        def dying(sha256: str, **options: float) -> bool:
            trash(sha256, **options)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(store.blobs, "trash", dying)
            store.garbage.collect()
        store.garbage.collect()
        check_whole(store, [], gapless=False)
        assert [checked.problem for checked in store.garbage.verify() if checked.problem] == []


@pytest.mark.parametrize("seed", ROUNDS)
def test_killed_while_making_the_store(url: str, tmp_path: Path, seed: int) -> None:
    at = random.Random(seed)
    with running("creating", url=url, blobs=str(tmp_path / "blobs")) as host:
        lines(host, at.randint(0, 110))
        time.sleep(at.random() * 0.003)
        kill(host)
        acknowledged = any(line["done"] == "created" for line in lines(host))
    try:
        open_store(url, "ana").close()
        whole, hint = True, "curatory init"
    except NotFound as error:
        whole, hint = False, str(error)
    assert "curatory init" in hint
    assert whole >= acknowledged
    try:
        create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
        assert not whole
    except Conflict:
        assert whole
    with open_store(url, "ana") as store:
        check_whole(store, [])
        assert len(store.registries.list()) == 2
        publish_one(store, tmp_path, alias="after")
        check_whole(store, [])


# -- PostgreSQL goes away -------------------------------------------------------------------------------------------


@pytest.fixture
def remote(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    with create_store(postgres_url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
        publish_one(store, tmp_path, alias="first")
        yield store


def cut(store: Store, postgres: str, *, before: str = "") -> None:
    """What an administrator or a restart does to a connection."""
    backend = store.engine._local.connection.info.backend_pid
    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_cut_before_a_lone_read(remote: Store, postgres: str) -> None:
    before = remote.versions.get("model/detector:first")
    cut(remote, postgres)
    assert remote.versions.get("model/detector:first") == before


def test_cut_before_a_change(remote: Store, postgres: str, tmp_path: Path) -> None:
    cut(remote, postgres)
    publish_one(remote, tmp_path, alias="second")
    assert remote.versions.get("model/detector:second").number == 1


# After which statement of a link the server goes away: from the first look to the last one before COMMIT.
@pytest.mark.parametrize("after", [*range(0, 30, 6), -1])
def test_cut_in_the_middle_of_a_change(
    remote: Store, postgres: str, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    engine, plain = remote.engine, vars(type(remote.engine))["connection"]
    count, wanted = 0, -1
    assert isinstance(plain, property)
    get = plain.fget
    assert get

    def counting(self):
        nonlocal count
        connection = get(self)
        if self.in_write:
            count += 1
            if count == wanted:
                cut(remote, postgres)
        return connection

    monkeypatch.setattr(type(engine), "connection", property(counting))
    remote.links.add("vision/uncategorized/detector:v0", "model/measured", ["one", "two"])
    before = remote.events.head()
    wanted, count = after % count + 1, 0
    with pytest.raises(Unavailable, match=r"try again|do it again|trying again"):
        remote.links.add("vision/uncategorized/detector:v0", "model/other", ["one", "two"])
    assert count == wanted, "nothing was asked for after the connection was lost"
    monkeypatch.undo()
    assert not engine.in_write
    assert remote.events.head() == before
    check_whole(remote, [])
    assert remote.links.add("vision/uncategorized/detector:v0", "model/other", ["one", "two"]).number == 0
    check_whole(remote, [])


def test_cut_at_commit(remote: Store, postgres: str) -> None:
    before = remote.events.head()
    with pytest.raises(Unavailable, match="either whole or not there"), remote.batch():
        remote.aliases.add("model/detector:first", "prod")
        cut(remote, postgres)
    assert remote.events.head() == before
    check_whole(remote, [])
    remote.aliases.add("model/detector:first", "prod")


def test_a_batch_that_goes_on_after_the_server_went_away_is_not_kept(remote: Store, postgres: str) -> None:
    """Errors inside of a batch may be caught, so that the others go on. This one must not be lost on the way."""
    before, refused = remote.events.head(), []
    with pytest.raises(Unavailable), remote.batch():
        for n in range(4):
            if n == 1:
                cut(remote, postgres)
            try:
                remote.aliases.add("model/detector:first", f"alias-{n}")
            except CuratoryError as error:
                refused.append(str(error))
    assert len(refused) == 3
    assert remote.events.head() == before
    assert remote.versions.get("model/detector:first").aliases == ("first", "latest")


def test_an_error_that_was_passed_over_is_not_committed_as_nothing(remote: Store) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK, and without an error, when a statement had failed before."""
    with pytest.raises(Unavailable, match="broken off"), remote.engine.write():
        remote.engine.execute("UPDATE entity SET title = 'changed'")
        with pytest.raises(CuratoryError):
            remote.engine.execute("SELECT nonsense")
    assert remote.engine.value("SELECT count(*) FROM entity WHERE title = 'changed'") == 0


def test_cut_again_and_again_while_publishing(remote: Store, postgres: str, tmp_path: Path) -> None:
    """What was acknowledged is there, whatever moment the server went away at."""
    at = random.Random(3)
    backends: list[int] = []
    done = threading.Event()

    def cutter() -> None:
        with psycopg.connect(postgres, autocommit=True) as other:
            while not done.is_set():
                time.sleep(at.random() * 0.08)
                other.execute("SELECT pg_terminate_backend(%s, 1000)", [backends[-1]])

    acknowledged, refused = [], 0
    backends.append(remote.engine._local.connection.info.backend_pid)
    thread = threading.Thread(target=cutter)
    thread.start()
    try:
        for n in range(60):
            try:
                made = remote.links.add("vision/uncategorized/detector:v0", f"model/c{n}", [f"a{n}"])
                acknowledged.append({"version": made.id, "collection": made.collection_id})
            except Unavailable:
                refused += 1
            connection = remote.engine._local.connection
            if not connection.closed:
                backends.append(connection.info.backend_pid)
    finally:
        done.set()
        thread.join()
    assert acknowledged
    check_whole(remote, acknowledged)
    print(f"{len(acknowledged)} acknowledged, {refused} refused")


# -- a full disk ----------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of a few megabytes, where this user may make one."""
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("no right to mount a small disk; test_files_that_may_not_grow stands in for it")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_the_disk_of_the_database_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        filler = disk / "filler"
        filler.write_bytes(bytes(1_000_000))
        with create_store(disk / "r.db", "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
            file = tmp_path / "file"
            acknowledged = []
            with pytest.raises(Unavailable, match=r"is full.*free space") as refused:
                for n in range(100_000):
                    file.write_text(str(n))
                    made = store.versions.log_paths([file], "detector", "model", description="long " * 100)
                    acknowledged.append({"version": made.id, "collection": made.collection_id})
            assert "nothing is lost" in str(refused.value)
            assert not store.engine.in_write
            check_whole(store, acknowledged)
            assert store.versions.get("vision/uncategorized/detector").number == len(acknowledged) - 1
            with pytest.raises(Unavailable):
                store.versions.describe("vision/uncategorized/detector:v0", "long " * 100_000)
            filler.unlink()
            made = store.versions.log_paths([tmp_path / "file"], "detector", "model")
            acknowledged.append({"version": made.id, "collection": made.collection_id})
            check_whole(store, acknowledged)
        with open_store(disk / "r.db", "ana") as store:
            check_whole(store, acknowledged)


def test_a_batch_that_goes_on_after_the_disk_was_full_is_not_kept(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "3m") as disk,
        create_store(disk / "r.db", "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store,
    ):
        publish_one(store, tmp_path, alias="first")
        before, refused = store.events.head(), []
        store.engine.execute("PRAGMA cache_size = 10")  # pages: the disk is written to before COMMIT
        with pytest.raises(Unavailable), store.batch():
            for n in range(6):
                try:
                    store.registries.create(f"extra-{n}", description="long " * (10 if n % 2 else 200_000))
                except CuratoryError as error:
                    refused.append(str(error))
        assert any("is full" in error for error in refused), refused
        assert store.events.head() == before
        check_whole(store, [])


def test_the_disk_of_the_files_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        big, small = tmp_path / "big", tmp_path / "small"
        big.write_bytes(os.urandom(2_000_000))
        small.write_bytes(os.urandom(900_000))
        with create_store(tmp_path / "r.db", "ana", organization="acme", team="vision", blobs=disk / "blobs") as store:
            with pytest.raises(Unavailable, match=r"no room in the blob store.*free some space"):
                store.versions.log_paths([big], "detector", "model")
            with pytest.raises(Unavailable, match="no room in the blob store"):
                store.versions.log_paths([small, big], "detector", "model")
            check_whole(store, [])
            assert store.engine.value("SELECT count(*) FROM version") == 0
            for left in (disk / "blobs").rglob("*"):
                if left.is_file() and left.stat().st_size == small.stat().st_size:
                    left.unlink()  # whole, and nobody's: garbage collection would take it
            store.versions.log_paths([small], "detector", "model")
            check_whole(store, [])


def test_files_that_may_not_grow(made: str, tmp_path: Path) -> None:
    """A limit for files stands in for a full disk where nobody may mount one."""
    if made.startswith("postgresql"):
        pytest.skip("the files are the server's")
    size = max(path.stat().st_size for path in tmp_path.glob("registry.db*"))
    found = run("filling", url=made, size=size + 2_000_000)
    assert errors(found) == []
    (refused,) = [line for line in found if "refused" in line]
    assert refused["refused"] == "Unavailable"
    assert "Nothing was changed" in refused["message"]
    assert not refused["inside"]
    acknowledged = [line for line in found if "done" in line]
    assert len(acknowledged) > 10
    with open_store(made, "ana") as store:
        check_whole(store, acknowledged)
        assert store.versions.get("model/detector:after")
