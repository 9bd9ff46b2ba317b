"""What is not a store, or can't be opened: each a clear error that says what to do, and not a byte of it is touched."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from curatory.store import (
    Busy,
    Conflict,
    CuratoryError,
    Damaged,
    Invalid,
    NotFound,
    Store,
    Unavailable,
    create_store,
    open_store,
)
from curatory.store.engine import migrations, open_engine
from curatory.store.engine import sqlite as sqlite_module
from psycopg.conninfo import conninfo_to_dict

from .workers import check_whole, lines, run, running

sqlite3 = sqlite_module.sqlite3


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder, its mode and its bytes."""
    return {
        str(path.relative_to(folder)): f"{path.stat().st_mode:o} "
        + (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    before = snapshot(folder)
    yield
    assert snapshot(folder) == before


def refused(url: str | Path, kind: type[CuratoryError], words: str) -> None:
    """Neither opening nor making a store works there, for the same reason."""
    for attempt in (open_store, create_store):
        with pytest.raises(kind, match=words) as error:
            attempt(url, "ana").close()
        assert type(error.value) is kind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sound store, closed."""
    path = tmp_path / "r.db"
    create_store(path, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    return path


# -- what is there is not a store -----------------------------------------------------------------------------------


def foreign(path: Path, *, wal: bool = False) -> None:
    with sqlite3.connect(path) as other:
        if wal:
            other.execute("PRAGMA journal_mode=wal")
        other.execute("CREATE TABLE precious (x)")
        other.execute("INSERT INTO precious VALUES (1)")
    other.close()


@pytest.mark.parametrize("wal", [False, True])
def test_somebody_elses_database(tmp_path: Path, wal: bool) -> None:
    foreign(tmp_path / "r.db", wal=wal)
    with untouched(tmp_path):
        refused(tmp_path / "r.db", Invalid, "SQLite database, but not a Curatory store.*Nothing was changed.*--store")


def test_somebody_elses_database_with_a_mark_of_its_own(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "r.db") as other:
        other.execute("PRAGMA application_id = 7")
    other.close()
    with untouched(tmp_path):
        refused(tmp_path / "r.db", Invalid, "not a Curatory store")


def test_somebody_elses_database_in_use(tmp_path: Path) -> None:
    """Its newest work is only in its log, which is left to it."""
    other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
    other.execute("PRAGMA journal_mode=wal")
    other.execute("CREATE TABLE precious (x)")
    before = snapshot(tmp_path)
    refused(tmp_path / "r.db", Invalid, "not a Curatory store")
    after = snapshot(tmp_path)
    assert after.keys() == before.keys()
    assert {name for name in before if before[name] != after[name]} <= {"r.db-shm"}  # shared memory: who reads
    other.execute("INSERT INTO precious VALUES (1)")
    assert other.execute("SELECT count(*) FROM precious").fetchone() == (1,)
    other.close()


@pytest.mark.parametrize(
    "content",
    [b"just text\n", b"SQLite format 2\x00" + bytes(100), bytes(5000), b"S", random.Random(3).randbytes(9000)],
    ids=["text", "old format", "zeros", "one byte", "noise"],
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.db").write_bytes(content)
    with untouched(tmp_path):
        refused(tmp_path / "r.db", Invalid, "not a SQLite database.*Nothing was changed.*choose another file")


def test_an_empty_file_is_no_store_yet(tmp_path: Path) -> None:
    (tmp_path / "r.db").touch()
    with untouched(tmp_path), pytest.raises(NotFound, match="curatory init"):
        open_store(tmp_path / "r.db", "ana")
    create_store(tmp_path / "r.db", "ana").close()
    open_store(tmp_path / "r.db", "ana").close()


def test_an_empty_database_is_no_store_yet(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "r.db") as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("DROP TABLE t")
    other.close()
    with untouched(tmp_path), pytest.raises(NotFound, match="curatory init"):
        open_store(tmp_path / "r.db", "ana")
    create_store(tmp_path / "r.db", "ana").close()
    open_store(tmp_path / "r.db", "ana").close()


def test_tables_without_an_organization_are_not_set_up(url: str) -> None:
    engine = open_engine(url)
    engine.prepare(create=True)
    engine.close()
    with pytest.raises(NotFound, match=r"not been set up yet.*curatory init"):
        open_store(url, "ana")
    create_store(url, "ana").close()


def test_nothing_is_there(url: str, tmp_path: Path) -> None:
    with untouched(tmp_path), pytest.raises(NotFound, match=r"There is no store.*curatory init.*--store"):
        open_store(url, "ana")


def test_a_store_is_there_already(url: str, tmp_path: Path) -> None:
    create_store(url, "ana", blobs=tmp_path / "blobs").close()
    with untouched(tmp_path), pytest.raises(Conflict, match="already; it was left as it is"):
        create_store(url, "kim", organization="other", team="another")


# -- a damaged store ------------------------------------------------------------------------------------------------


def ask(path: Path) -> str:
    """Open a store and read all its rows; "" or the kind of error."""
    try:
        with open_store(path, "ana") as store:
            for (table,) in store.engine.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
                store.engine.rows(f"SELECT * FROM {table}")
            return "found by the check" if store.engine.check() else ""
    except CuratoryError as error:
        return type(error).__name__ if str(path) in str(error) or "is not a user" in str(error) else str(error)


@pytest.fixture
def full(path: Path, tmp_path: Path) -> Path:
    with open_store(path, "ana") as store:
        file = tmp_path / "file"
        for n in range(30):
            file.write_text(str(n))
            version = store.versions.log_paths([file], "detector", "model", description=f"number {n} " * 50)
            store.links.add(version, "model/detector", ["prod"])
    file.unlink()
    return path


@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.9])
def test_a_truncated_store(full: Path, tmp_path: Path, part: float) -> None:
    os.truncate(full, int(full.stat().st_size * part))
    with untouched(tmp_path):
        assert ask(full) == "Damaged"
    with pytest.raises(Damaged, match=r"damaged.*keep a copy.*backup"), open_store(full, "ana") as store:
        store.events.of(limit=1000)


def test_a_store_cut_in_its_first_page(path: Path, tmp_path: Path) -> None:
    for size in (1, 15, 16, 60, 71, 72, 99, 100, 511):
        content = path.read_bytes()[:size]
        short = tmp_path / "short" / "r.db"
        short.parent.mkdir(exist_ok=True)
        short.write_bytes(content)
        with untouched(short.parent), pytest.raises((Invalid, Damaged)):
            open_store(short, "ana").close()


def test_noise_in_the_middle(full: Path) -> None:
    """Whatever is overwritten, what comes of it is an error of ours. (Half of it SQLite itself does not notice.)"""
    at = random.Random(4)
    sound = full.read_bytes()
    found = []
    for _ in range(40):
        place, length = at.randrange(4096, len(sound) - 600), at.choice((1, 64, 512))
        full.write_bytes(sound[:place] + at.randbytes(length) + sound[place + length :])
        found.append(ask(full))
    assert set(found) <= {"", "found by the check", "Damaged", "Invalid", "NotFound"}
    assert set(found) != {""}


def test_noise_in_the_header(full: Path) -> None:
    sound = full.read_bytes()
    found = {}
    for place in range(100):
        full.write_bytes(sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :])
        before = full.read_bytes()
        found[place] = ask(full)
        if found[place] in ("Invalid", "Damaged"):
            assert full.read_bytes() == before
    assert {found[place] for place in range(16)} == {"Invalid"}
    assert {found[place] for place in range(68, 72)} == {"Invalid"}
    assert set(found.values()) <= {"", "found by the check", "Damaged", "Invalid", "Unavailable"}


def test_a_file_that_became_somebody_elses_while_open(path: Path) -> None:
    with open_store(path, "ana") as store:
        store.registries.list()
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(bytes(random.Random(1).randbytes(size)))
        store.engine.close()
        with pytest.raises(Invalid, match="not a SQLite database"):
            store.registries.list()


# -- a newer Curatory -----------------------------------------------------------------------------------------------


def test_a_newer_schema(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def from_the_future(engine: object) -> None:
        pass

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*migrations.STEPS, from_the_future))
        create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
        open_store(url, "ana").close()
    with untouched(tmp_path):
        refused(url, Invalid, "newer Curatory.*'from_the_future'.*Nothing was changed; update")


def test_an_older_schema_is_brought_up_to_date(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def second_step(engine: sqlite_module.Engine) -> None:
        engine.execute("CREATE TABLE second (x {text})".format_map(engine.types))

    def failing_step(engine: sqlite_module.Engine) -> None:
        engine.execute("CREATE TABLE third (x {text})".format_map(engine.types))
        raise ZeroDivisionError

    create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*migrations.STEPS, second_step, failing_step))
        with pytest.raises(ZeroDivisionError):
            open_store(url, "ana")
    # Nothing was kept, so the older program opens it still.
    with open_store(url, "ana") as store, pytest.raises(CuratoryError, match="second"):
        store.engine.value("SELECT count(*) FROM second")
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, second_step))
    with open_store(url, "ana") as store:
        assert store.engine.value("SELECT count(*) FROM second") == 0
        check_whole(store, [])


# -- places that can't be used --------------------------------------------------------------------------------------


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with untouched(tmp_path):
        refused(tmp_path / "folder", Invalid, "is a folder.*file's name.*--store")
        refused(tmp_path / "folder" / "..", Invalid, "is a folder")


def test_a_missing_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with untouched(tmp_path):
        for missing in (tmp_path / "absent" / "r.db", tmp_path / "file" / "r.db"):
            with pytest.raises(NotFound, match="There is no store"):
                open_store(missing, "ana")
            with pytest.raises(NotFound, match=r"There is no folder.*make it first"):
                create_store(missing, "ana")


@pytest.mark.parametrize("name", ["nul\0.db", "n" * 300, "half \ud83e.db"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with untouched(tmp_path):
        for attempt in (open_store, create_store):
            with pytest.raises((Invalid, Unavailable)) as error:
                attempt(tmp_path / name, "ana")
            assert "--store" in str(error.value)


def test_names_that_a_file_may_have(tmp_path: Path) -> None:
    for name in ("with space.db", "100%.db", "a?b#c.db", "검출기 🤖.db", "quo'te\".db", "new\nline.db", "%41.db"):
        foreign(tmp_path / name)
        with untouched(tmp_path):
            refused(tmp_path / name, Invalid, "not a Curatory store")
        (tmp_path / name).unlink()
        create_store(tmp_path / name, "ana").close()
        open_store(f"sqlite:///{tmp_path / name}", "ana").close()
        assert not (tmp_path / name).with_name(f"{name}-wal").exists()


@pytest.mark.parametrize("url", ["mysql://host/db", "http://host/", "sqlite://r.db", "s3://bucket/r.db", "x://"])
def test_an_unknown_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    with untouched(tmp_path):
        refused(url, Invalid, "is not a store Curatory can open; give a file path, sqlite:///path or postgresql://")


def test_an_empty_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with untouched(tmp_path):
        refused("", Invalid, "is a folder")
        refused("sqlite:///", Invalid, "is a folder")


# -- rights ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can reach: root may do anything, so `trying` becomes nobody."""
    with tempfile.TemporaryDirectory(prefix="curatory-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _made(folder: Path) -> Path:
    path = folder / "store" / "r.db"
    path.parent.mkdir()
    create_store(path, "ana", organization="acme", team="vision").close()
    return path


@contextmanager
def shut(*rights: tuple[Path, int]) -> Iterator[None]:
    """Modes while the block runs, for an owner who is not root."""
    before = [(path, path.stat().st_mode & 0o777) for path, _ in rights]
    for path, mode in rights:
        path.chmod(mode)
    try:
        yield
    finally:
        for path, mode in reversed(before):
            path.chmod(mode)


def _trying(url: Path, **options: bool) -> tuple[str, str]:
    (line,) = run("trying", url=str(url), **options)
    return line.get("error", "opened"), line.get("message", "")


def test_a_file_that_may_not_be_read(place: Path) -> None:
    path = _made(place)
    with shut((path, 0o000)), untouched_for_root(place):
        kind, message = _trying(path)
    assert kind == "Unavailable"
    assert "can't be read" in message
    assert "Ask who owns it" in message


def test_a_folder_that_may_not_be_entered(place: Path) -> None:
    path = _made(place)
    with shut((path.parent, 0o000)):
        kind, message = _trying(path)
    assert kind == "Unavailable"
    assert "can't be read" in message


@pytest.mark.parametrize("mode", [0o444, 0o644])
def test_a_folder_that_may_not_be_written(place: Path, mode: int) -> None:
    path = _made(place)
    with shut((path, mode), (path.parent, 0o555)), untouched_for_root(place):
        kind, message = _trying(path)
    assert kind == "Unavailable"
    assert str(path) in message
    assert "folder" in message


def test_a_file_that_may_only_be_read(place: Path) -> None:
    path = _made(place)
    with shut((path, 0o444), (path.parent, 0o777)):
        kind, message = _trying(path, write=True)
        assert kind == "Unavailable"
        assert "read-only" in message
        assert "ask who owns it" in message
    with open_store(path, "ana") as store:
        assert len(store.registries.list()) == 2
        check_whole(store, [])


def test_a_new_store_where_one_may_not_write(place: Path) -> None:
    with shut((place, 0o555)):
        kind, message = _trying(place / "r.db", create=True)
        assert kind == "Unavailable"
        assert "can't be written by this user" in message
        assert list(place.iterdir()) == []


@contextmanager
def untouched_for_root(folder: Path) -> Iterator[None]:
    """`untouched`, where this user may look."""
    if os.getuid() == 0:
        with untouched(folder):
            yield
    else:
        yield


# -- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["postgresql://[half/db", "postgresql://host/db?nonsense=1", "postgresql://%zz"],
)
def test_a_malformed_postgresql_url(url: str) -> None:
    refused(url, Invalid, "URL can't be read.*postgresql://user@host:5432/database")


@pytest.mark.parametrize("port", ["99999", "port", "1:2"])
def test_a_port_that_is_none(port: str) -> None:
    refused(f"postgresql://127.0.0.1:{port}/db", Unavailable, "check that it is running and that the URL is right")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused(f"postgresql://ana@127.0.0.1:{port}/db", Unavailable, "can't be reached.*check that it is running")


def test_a_database_that_is_not_there(postgres: str) -> None:
    parts = conninfo_to_dict(postgres)
    url = f"postgresql://{parts.get('user', '')}@{parts['host']}:{parts.get('port', 5432)}/absent_database"
    refused(url, Unavailable, "absent_database.*URL is right")


def tables(url: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE TABLE migration (version int)",
        "CREATE TABLE event (x int)",
        "CREATE TABLE version (x int); CREATE TABLE project (x int)",
        "CREATE VIEW entity AS SELECT 1 AS x",
    ],
)
def test_somebody_elses_tables(postgres_url: str, theirs: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(theirs.encode())
    before = tables(postgres_url)
    for attempt in (open_store, create_store):
        with pytest.raises((Invalid, NotFound)) as error:
            attempt(postgres_url, "ana")
        assert isinstance(error.value, Invalid) or attempt is open_store
    assert "Nothing was changed" in str(error.value)
    assert tables(postgres_url) == before


def test_a_role_without_rights(postgres_url: str, postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        try:
            connection.execute("CREATE ROLE curatory_test_outsider")
        except psycopg.errors.DuplicateObject:
            pass
        except psycopg.errors.InsufficientPrivilege:
            pytest.skip("no right to make a role here")
    url = f"{postgres_url}%20-crole%3Dcuratory_test_outsider"
    try:
        with pytest.raises((Unavailable, Invalid), match=r"administrator|schema"):
            create_store(url, "ana")
    finally:
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("DROP ROLE curatory_test_outsider")
    assert tables(postgres_url) == []


def test_a_schema_that_is_not_there(postgres: str) -> None:
    url = f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path%3Dabsent_schema"
    with pytest.raises(NotFound):
        open_store(url, "ana")
    with pytest.raises(Invalid, match=r"schema.*CREATE SCHEMA"):
        create_store(url, "ana")


# -- in use, and by whom --------------------------------------------------------------------------------------------


def test_another_process_holds_the_lock(url: str, tmp_path: Path) -> None:
    create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    with running("holding", url=url) as host:
        assert lines(host, 1) == [{"done": "locked"}]
        with open_store(url, "ana") as store:
            store.engine.close()
            store.engine.busy_seconds = 0.2
            assert len(store.registries.list()) == 2  # readers don't wait
            with pytest.raises(Busy, match=r"locked.*Nothing was changed.*try again"):
                store.registries.create("tried")
    with open_store(url, "ana") as store:
        store.registries.create("tried")
        check_whole(store, [])


def test_an_unknown_actor(url: str, tmp_path: Path) -> None:
    create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    with untouched(tmp_path):
        for name in ("kim", "acme", "vision", "nul\0", "half \ud83e", "ana%"):
            with pytest.raises((NotFound, Invalid), match=r"user|valid|value"):
                open_store(url, name)


def test_a_removed_actor(url: str, tmp_path: Path) -> None:
    with create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
        store.users.add("kim")
        open_store(url, "kim").close()
        store.users.remove("kim")
        with pytest.raises(NotFound, match=r"'kim' is not a user.*admins.*user add.*--as"):
            open_store(url, "kim")
        with pytest.raises(NotFound):
            store.as_actor("kim")


def test_an_actor_who_is_nobody_here(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    monkeypatch.setattr("getpass.getuser", lambda: "somebody-else")
    with pytest.raises(NotFound, match=r"'somebody-else' is not a user of this store.*--as"):
        open_store(url)


MEANINGLESS: tuple[Callable[[Store], object], ...] = (
    lambda store: store.versions.get("model/half \udcff:v0"),
    lambda store: store.versions.get("model/nul\0:v0"),
    lambda store: store.versions.get("model/detector:\udcff"),
    lambda store: store.versions.get("model/detector:v99999999999999999999"),
    lambda store: store.versions.get("a/b/c/d:v0"),
    lambda store: store.versions.get("\x1b[31m/detector"),
    lambda store: store.versions.get(""),
    lambda store: store.collections.get("model/\udcff"),
    lambda store: store.users.get("\udcff"),
    lambda store: store.users.get("nul\0"),
    lambda store: store.events.get(1 << 70),
    lambda store: store.events.of("model/\udcff"),
    lambda store: store.undo.undo(1 << 70),
    lambda store: store.registries.create("half \udcff"),
    lambda store: store.registries.create("nul\0"),
    lambda store: store.search.versions("model", "(open"),
    lambda store: store.lineage.graph("model/detector:\udcff"),
)


def test_text_that_means_nothing(store: Store) -> None:
    head = store.events.head()
    for look in MEANINGLESS:
        with pytest.raises((Invalid, NotFound)):
            look(store)
    assert store.events.head() == head


def test_a_copy_of_a_store_finds_its_files_beside_it(tmp_path: Path) -> None:
    """Files are found beside a SQLite store unless they were put elsewhere, so that the two move together."""
    first = tmp_path / "first"
    first.mkdir()
    with create_store(first / "r.db", "ana", organization="acme", team="vision") as store:
        (tmp_path / "file").write_text("x")
        store.versions.log_paths([tmp_path / "file"], "detector", "model")
    shutil.copytree(first, tmp_path / "second")
    shutil.rmtree(first)
    with open_store(tmp_path / "second" / "r.db", "ana") as store:
        check_whole(store, [])
