"""The engines: one answer to every question of the dialect, transactions, errors, threads, forks, copies."""

# ruff: noqa: PT012 (what is refused here is often a transaction, which is a block)

from __future__ import annotations

import os
import stat
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
from curatory.store.engine import Engine, open_engine
from curatory.store.engine import sqlite as sqlite_module
from curatory.store.engine.sqlite import SQLite, has_wal_reset_bug

from .workers import check_whole, errors, lines, running

sqlite3 = sqlite_module.sqlite3

TEXTS = (
    "plain",
    "100%",
    "a_b",
    "a[b]c",
    "x*y?z",
    "it's",
    'say "so"',
    "back\\slash",
    ":v",
    "검출기",
    "🤖 v2",
    "Straße",
    "",
)


TABLE = "CREATE TABLE t (id {id}, n {int} UNIQUE, name {text}, data {json}, x {real})"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A prepared engine with a table of its own for what a test asks."""
    engine = open_engine(url)
    engine.prepare(create=True)
    engine.execute(TABLE.format_map(engine.types))
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = open_engine(str(tmp_path_factory.mktemp("shared") / "registry.db"))
    else:
        engine = open_engine(request.getfixturevalue("postgres"))
        engine.execute("SET search_path = pg_temp")  # gone with the connection
    engine.execute(TABLE.format_map(engine.types))
    yield engine
    engine.close()


@pytest.fixture
def asked(shared: Engine) -> Engine:
    """An engine for questions, with the table empty; tests that only ask need no store each."""
    shared.execute("DELETE FROM t")
    return shared


def fill(engine: Engine, texts: tuple[str, ...] = TEXTS) -> None:
    with engine.write(serial=False):
        engine.many("INSERT INTO t (n, name) VALUES (:n, :name)", [{"n": n, "name": s} for n, s in enumerate(texts)])


def names(engine: Engine, condition: str, **args: Any) -> list[str]:
    return [name for (name,) in engine.rows(f"SELECT name FROM t WHERE {condition} ORDER BY n", args)]


# -- one answer to every question -----------------------------------------------------------------------------------


def test_order_of_text_is_that_of_its_code_points(asked: Engine) -> None:
    fill(asked)
    found = [name for (name,) in asked.rows("SELECT name FROM t ORDER BY name")]
    assert found == sorted(TEXTS)


@pytest.mark.parametrize("values", [[], [1], [3, 1, 99], list(range(40_000))])
def test_any_of_numbers(asked: Engine, values: list[int]) -> None:
    fill(asked)
    condition = asked.any_of("n", "them")
    assert names(asked, condition, them=asked.pack(values)) == [s for n, s in enumerate(TEXTS) if n in values]


def test_any_of_texts(asked: Engine) -> None:
    fill(asked)
    wanted = [*TEXTS, "absent", "'", "{", ","]
    assert names(asked, asked.any_of("name", "them"), them=asked.pack(wanted)) == list(TEXTS)
    assert names(asked, asked.any_of("name", "them"), them=asked.pack([])) == []


@pytest.mark.parametrize("part", ["%", "_", "a", "A", "[b", "*", "?", "'", '"', "\\", ":v", "검", "🤖", "ß", "ss", ""])
def test_contains_is_letter_for_letter(asked: Engine, part: str) -> None:
    fill(asked)
    assert names(asked, asked.contains("name", "part"), part=part) == [s for s in TEXTS if part in s]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", list(TEXTS)),
        ("pl?in", ["plain"]),
        ("PL?IN", []),
        ("*%", ["100%"]),
        ("a_b", ["a_b"]),
        ("a?b", ["a_b"]),
        ("a[b]c", ["a[b]c"]),
        ("*\\*", ["back\\slash"]),
        ("x*z", ["x*y?z"]),
        ("?", []),
        ("검??", ["검출기"]),
        ("🤖*", ["🤖 v2"]),
        ("it's", ["it's"]),
        ("", [""]),
    ],
)
def test_glob(asked: Engine, pattern: str, found: list[str]) -> None:
    fill(asked)
    assert names(asked, asked.glob("name", "p"), p=asked.glob_pattern(pattern)) == found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("^pl.in$", ["plain"]),
        ("^PLAIN$", []),
        (r"\d{3}%", ["100%"]),
        ("[_%]", ["100%", "a_b"]),
        (r"\[b\]", ["a[b]c"]),
        (r"\\", ["back\\slash"]),
        ("^$", [""]),
        ("it's|so", ["it's", 'say "so"']),
        ("^검..$", ["검출기"]),
        ("^. v2$", ["🤖 v2"]),
        (":v", [":v"]),
    ],
)
def test_regex(asked: Engine, pattern: str, found: list[str]) -> None:
    fill(asked)
    assert names(asked, asked.regex("name", "p"), p=asked.regex_pattern(pattern)) == found


def test_regex_of_nothing_is_not_found(asked: Engine) -> None:
    with asked.write(serial=False):
        asked.execute("INSERT INTO t (n) VALUES (1)")
    assert names(asked, asked.regex("name", "p"), p=asked.regex_pattern("x*")) == []


DATA = (
    '{"i": 3, "f": 0.5, "t": "yes", "d": "12", "yes": true, "no": false, "null": null, "a": [1, 2], '
    '"o": {"p": {"q": "deep"}}, "a.b": "dot", "quo\\"te": 1, "한": "국", "$": "dollar", "": "empty", "it\'s": ":v %"}'
)


@pytest.mark.parametrize(
    ("keys", "kind", "value"),
    [
        (["i"], "number", 3.0),
        (["f"], "number", 0.5),
        (["t"], "number", None),
        (["d"], "number", None),
        (["yes"], "number", None),
        (["i"], "text", None),
        (["t"], "text", "yes"),
        (["d"], "text", "12"),
        (["yes"], "boolean", 1),
        (["no"], "boolean", 0),
        (["i"], "boolean", None),
        (["null"], "boolean", None),
        (["null"], "text", None),
        (["null"], "any", 1),
        (["i"], "any", 1),
        (["a"], "any", 1),
        (["o"], "any", 1),
        (["absent"], "any", None),
        (["a"], "number", None),
        (["a", "0"], "any", None),
        (["o", "p", "q"], "text", "deep"),
        (["o", "p"], "text", None),
        (["o", "absent", "q"], "any", None),
        (["t", "q"], "any", None),
        (["a.b"], "text", "dot"),
        (["a", "b"], "any", None),
        (['quo"te'], "number", 1.0),
        (["한"], "text", "국"),
        (["$"], "text", "dollar"),
        ([""], "text", "empty"),
        (["it's"], "text", ":v %"),
    ],
)
def test_json_value(asked: Engine, keys: list[str], kind: str, value: Any) -> None:
    with asked.write(serial=False):
        asked.execute("INSERT INTO t (n, data) VALUES (1, :data)", {"data": DATA})
    found = asked.value(f"SELECT {asked.json_value('data', 'path', kind)} FROM t", {"path": asked.json_path(keys)})
    assert (found, type(found)) == (value, type(value))


def test_array(asked: Engine) -> None:
    import json

    fill(asked)
    found = asked.value(f"SELECT {asked.array('SELECT name AS item FROM t ORDER BY name DESC')}")
    assert json.loads(found) == sorted(TEXTS, reverse=True)
    assert json.loads(asked.value(f"SELECT {asked.array('SELECT name AS item FROM t WHERE n < 0')}") or "[]") == []


TERMS = {
    "ert_l": {1}, "100%": {1}, "it's": {2}, '"so"': {2}, "검출기": {3}, "and or": set(), "not ": {2},
    "*ab": {4}, "c:\\d": {4}, "nea": {4}, "absent": set(),
}  # fmt: skip


def test_text_matches(store: Store, log: Callable[..., str]) -> None:
    texts = ["bert_large at 100%", 'it\'s not "so" AND', "새 검출기 입니다", "*ab c:\\d near(x) linear"]
    for n, text in enumerate(texts):
        log(f"{n}", description=text)
    engine = store.engine
    sql = f"SELECT id FROM version WHERE id IN ({engine.text_matches('term')})"
    found = {term: {i for (i,) in engine.rows(sql, {"term": engine.text_match(term)})} for term in TERMS}
    assert found == TERMS


def test_the_search_index_of_postgresql_is_there(postgres_url: str) -> None:
    """It is made with an extension that may stand in a schema that is not on the store's path."""
    engine = open_engine(postgres_url)
    engine.prepare(create=True)
    installed = engine.value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
    if not installed:
        pytest.skip("this PostgreSQL has no pg_trgm, or no right to make it")
    assert engine.value(
        "SELECT count(*) FROM pg_indexes WHERE indexname = 'version_text_trigram' AND schemaname = current_schema()"
    )
    engine.close()


# -- statements -----------------------------------------------------------------------------------------------------


def test_parameters_and_literals(asked: Engine) -> None:
    sql = "SELECT :a, ':a', '%', '%s', '100%', 'it''s :a', CAST(:b AS {int}), '::a'".format_map(asked.types)
    assert asked.row(sql, {"a": "A :b %s '", "b": 7}) == ("A :b %s '", ":a", "%", "%s", "100%", "it's :a", 7, "::a")
    assert asked.row("SELECT '%', ':v'") == ("%", ":v")
    assert asked.row("SELECT 7 % 4") == (3,)
    assert asked.value("SELECT CAST(:a AS text) LIKE 'a%'", {"a": "abc", "extra": 1})


def test_shapes_of_answers(asked: Engine) -> None:
    fill(asked)
    assert asked.rows("SELECT n, name FROM t WHERE n < 2 ORDER BY n") == [(0, "plain"), (1, "100%")]
    assert asked.row("SELECT n FROM t WHERE n = 99") is None
    assert asked.value("SELECT n FROM t WHERE n = 99") is None
    assert asked.value("SELECT count(*) FROM t") == len(TEXTS)
    assert asked.execute("UPDATE t SET x = 1.5 WHERE n < :n", {"n": 3}) == 3
    assert asked.value("SELECT x FROM t WHERE n = 1") == 1.5
    assert asked.rows("DELETE FROM t WHERE n = 1 RETURNING name") == [("100%",)]
    asked.many("DELETE FROM t WHERE n = :n", [])


def test_numbers_that_are_too_large(asked: Engine) -> None:
    with pytest.raises(Invalid, match="too large"):
        asked.execute("INSERT INTO t (n) VALUES (:n)", {"n": 1 << 63})
    asked.execute("INSERT INTO t (n) VALUES (:n)", {"n": (1 << 63) - 1})


def test_text_that_is_none(asked: Engine) -> None:
    for ask in (
        lambda: asked.rows("SELECT n FROM t WHERE name = :name", {"name": "half \ud83e"}),
        lambda: asked.execute("INSERT INTO t (name) VALUES (:name)", {"name": "half \ud83e"}),
        lambda: asked.many("INSERT INTO t (name) VALUES (:name)", [{"name": "half \ud83e"}]),
    ):
        with pytest.raises(Invalid, match="not valid text"):
            ask()


def test_an_unknown_column_names_itself(asked: Engine) -> None:
    with pytest.raises(CuratoryError, match="nonsense"):
        asked.rows("SELECT nonsense FROM t")


def test_text_of_somebody_elses_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with create_store(path, "ana", organization="acme", team="vision", durable=False) as store:
        file = tmp_path / "file"
        file.write_text("x")
        store.versions.describe(store.versions.log_paths([file], "detector", "model"), "fine")
    with sqlite3.connect(path) as foreign:
        foreign.execute("UPDATE version SET description = CAST(x'6261ff64' AS TEXT)")
        foreign.execute("UPDATE collection SET description = CAST(x'6261ff64' AS TEXT)")
    foreign.close()
    with open_store(path, "ana") as store:
        assert store.versions.get("vision/uncategorized/detector:v0").description == "ba\ufffdd"
        assert store.collections.get("vision/uncategorized/detector").description == "ba\ufffdd"
        engine = store.engine
        condition = engine.regex("description", "p")
        assert engine.rows(f"SELECT id FROM version WHERE {condition}", {"p": "ba.d"}) == [(1,)]
        assert not store.audit.verify(tables=True).ok
        assert engine.value("SELECT name FROM entity WHERE kind = 'team'") == "vision"


# -- transactions ---------------------------------------------------------------------------------------------------


def numbers(engine: Engine) -> list[int]:
    return [n for (n,) in engine.rows("SELECT n FROM t ORDER BY n")]


def add(engine: Engine, n: int) -> None:
    engine.execute("INSERT INTO t (n) VALUES (:n)", {"n": n})


def test_all_or_nothing(engine: Engine) -> None:
    with engine.write():
        assert engine.in_write
        add(engine, 1)
    with pytest.raises(ZeroDivisionError), engine.write():
        add(engine, 2)
        _ = 1 / 0
    with pytest.raises(KeyboardInterrupt), engine.write():
        add(engine, 3)
        raise KeyboardInterrupt
    assert not engine.in_write
    assert not engine.in_transaction
    assert numbers(engine) == [1]


def test_a_refused_inner_change_leaves_no_trace(engine: Engine) -> None:
    with engine.write():
        add(engine, 1)
        with pytest.raises(Conflict), engine.write():
            add(engine, 2)
            with engine.write():
                add(engine, 3)
            add(engine, 1)
        with engine.write():
            add(engine, 4)
            with pytest.raises(CuratoryError), engine.write():
                engine.execute("SELECT nonsense FROM t")
            with pytest.raises(ZeroDivisionError), engine.write():
                add(engine, 5)
                _ = 1 / 0
            add(engine, 6)
        assert engine.in_write
    assert numbers(engine) == [1, 4, 6]


def test_reads_see_what_is_committed_and_hold_nothing(engine: Engine, url: str) -> None:
    other = open_engine(url)
    with engine.write():
        add(engine, 1)
        assert numbers(engine) == [1]
        assert numbers(other) == []
    assert numbers(other) == [1]
    assert not other.in_transaction
    other.close()


def test_writers_queue(engine: Engine, url: str) -> None:
    """What a transaction has read stays true until it commits."""

    def count() -> None:
        other = open_engine(url)
        for _ in range(25):
            with other.write():
                add(other, (other.value("SELECT max(n) FROM t") or 0) + 1)
        other.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(engine) == list(range(1, 101))


def test_streams_of_data_do_not_queue_on_postgresql(postgres_url: str) -> None:
    engine, other = open_engine(postgres_url), open_engine(postgres_url)
    engine.prepare(create=True)
    engine.execute("CREATE TABLE t (n BIGINT)")
    with engine.write(), other.write(serial=False):
        add(other, 1)
    assert numbers(engine) == [1]
    engine.close()
    other.close()


def test_a_locked_store_is_busy(engine: Engine, url: str) -> None:
    other = open_engine(url)
    other.busy_seconds = 0.05
    with engine.write():
        add(engine, 1)
        with pytest.raises(Busy, match=r"locked.*Nothing was changed.*try again"), other.write():
            add(other, 2)
        assert not other.in_write
        assert numbers(other) == []
    with other.write():
        add(other, 3)
    assert numbers(other) == [1, 3]
    other.close()


def test_an_interrupted_begin_keeps_nothing_locked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = type(engine)._begin

    def interrupted(self: Engine, *, serial: bool) -> None:
        begin(self, serial=serial)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(type(engine), "_begin", interrupted)
        with engine.write():
            pass
    with engine.write():
        add(engine, 1)
    assert numbers(engine) == [1]


# -- errors ---------------------------------------------------------------------------------------------------------


def test_rules_of_the_database_are_conflicts(engine: Engine) -> None:
    add(engine, 1)
    with pytest.raises(Conflict, match="Nothing was changed"):
        add(engine, 1)
    with pytest.raises(Conflict), engine.write():  # foreign key
        engine.execute("INSERT INTO version_text (version_id, text) VALUES (99, '')")
    with pytest.raises(Conflict), engine.write():  # check
        engine.execute("INSERT INTO chain (id, seq, at, hash) VALUES (2, 0, '', '')")
    with pytest.raises(Conflict), engine.write():  # not null
        engine.execute("INSERT INTO meta (key) VALUES ('k')")
    assert engine.value("SELECT count(*) FROM chain") == 1


@pytest.mark.parametrize(
    ("code", "text", "kind", "words"),
    [
        (5, "database is locked", Busy, "try again"),
        (6, "database table is locked", Busy, "try again"),
        (261, "database is locked", Busy, "try again"),  # SQLITE_BUSY_RECOVERY
        (13, "database or disk is full", Unavailable, "free space"),
        (8, "attempt to write a readonly database", Unavailable, "read-only"),
        (1032, "attempt to write a readonly database", Unavailable, "read-only"),  # SQLITE_READONLY_DBMOVED
        (26, "file is not a database", Invalid, "check --store"),
        (11, "database disk image is malformed", Damaged, "backup"),
        (267, "database disk image is malformed", Damaged, "backup"),  # SQLITE_CORRUPT_VTAB
        (14, "unable to open database file", Unavailable, "writable folder"),
        (10, "disk I/O error", Unavailable, "Nothing was changed"),
        (778, "disk I/O error", Unavailable, "Nothing was changed"),  # SQLITE_IOERR_WRITE
        (1, "no such table: nonsense", CuratoryError, "nonsense"),
    ],
)
def test_what_sqlite_says_is_said_again_for_a_person(
    tmp_path: Path, code: int, text: str, kind: type[CuratoryError], words: str
) -> None:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code  # type: ignore[misc]
    told = SQLite(tmp_path / "r.db")._translate(error)
    assert type(told) is kind
    assert words in str(told)


def test_what_postgresql_says_is_said_again_for_a_person() -> None:
    from curatory.store.engine.postgres import Postgres
    from psycopg import errors as said

    engine = Postgres("postgresql://u@h/d")
    for error, kind, words in (
        (said.LockNotAvailable, Busy, "try again"),
        (said.DeadlockDetected, Busy, "try again"),
        (said.SerializationFailure, Busy, "try again"),
        (said.DiskFull, Unavailable, "free space"),
        (said.ReadOnlySqlTransaction, Unavailable, "target_session_attrs"),
        (said.InsufficientPrivilege, Unavailable, "administrator"),
        (said.UniqueViolation, Conflict, "Nothing was changed"),
        (said.DuplicateObject, Conflict, "Nothing was changed"),
        (said.DuplicateTable, Conflict, "Nothing was changed"),
        (said.AdminShutdown, Unavailable, "try again"),
        (said.TooManyConnections, Unavailable, "try again"),
        (said.UndefinedTable, CuratoryError, "PostgreSQL at h, database d"),
        (said.NumericValueOutOfRange, Invalid, "too large"),
        (said.CharacterNotInRepertoire, Invalid, "can't be kept"),
    ):
        told = engine._translate(error("said\nLINE 1: more"))
        assert type(told) is kind
        assert words in str(told)
        assert "LINE" not in str(told)


def test_a_standby_can_be_read_and_says_so(postgres_url: str, tmp_path: Path) -> None:
    create_store(postgres_url, "ana", organization="acme", team="vision", blobs=tmp_path).close()
    standby = f"{postgres_url}%20-cdefault_transaction_read_only%3Don"
    with open_store(standby, "ana") as store:
        assert len(store.registries.list()) == 2
        with pytest.raises(Unavailable, match=r"standby.*target_session_attrs"):
            store.registries.create("tried")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:s3cret@127.0.0.1:1/db",
        "postgresql://ana:s3cret@127.0.0.1:1,127.0.0.1:2/db?target_session_attrs=read-write",
        "postgresql://127.0.0.1:1/db?user=ana&password=s3cret",
        "postgresql://ana@127.0.0.1:1/db?sslpassword=s3cret&password=s3cret",
        "postgres://ana:s3cret@127.0.0.1:1/db",
        "postgresql://ana:s3cret%40more@127.0.0.1:1/db",
        "postgresql://ana:s3cret?@127.0.0.1:1/db",
        "postgresql://:s3cret@127.0.0.1:1/db",
        "postgresql://ana:s3@s3cret@127.0.0.1:1/db",
        "postgresql://ana:x/s3cret@127.0.0.1:1/db",
        "postgresql://ana:s3cret@127.0.0.1:port/db",
        "postgresql://ana:s3cret@127.0.0.1:1/db?nonsense=1",
        "postgresql://ana:s3cret@[127.0.0.1:1/db",
        "postgresql://ana:s3cret%zz@127.0.0.1:1/db",
        "postgresql://ana:s3cret more@127.0.0.1:1/db",
    ],
)
def test_a_password_is_never_shown(url: str) -> None:
    with pytest.raises(CuratoryError) as refused:
        engine = open_engine(url)
        assert "s3cret" not in engine.url + repr(engine)
        engine.prepare(create=False)
    shown: BaseException | None = refused.value
    assert "s3cret" not in str(shown)
    assert isinstance(shown, (Invalid, Unavailable))


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "curatory.store.engine.postgres", raising=False)
    with pytest.raises(Invalid, match=r"pip install 'curatory\[postgres\]'"):
        open_engine("postgresql://somewhere/db")


# -- threads and forks ----------------------------------------------------------------------------------------------


def test_each_thread_has_its_own_connection(engine: Any) -> None:
    found = {id(engine.connection)}
    ready = threading.Barrier(5)

    def look() -> None:
        found.add(id(engine.connection))
        assert not engine.in_write
        with engine.write():
            add(engine, engine.value("SELECT count(*) FROM t"))
        ready.wait()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    for thread in threads:
        thread.join()
    assert len(found) == 5
    assert numbers(engine) == [0, 1, 2, 3]


def test_connections_of_threads_that_ended_are_closed(engine: Any) -> None:
    for _ in range(30):
        thread = threading.Thread(target=lambda: engine.value("SELECT 1"))
        thread.start()
        thread.join()
    assert len(engine._all) <= 2


def test_close_closes_every_threads_connection(engine: Any, url: str, tmp_path: Path) -> None:
    inside, done = threading.Event(), threading.Event()

    def stay() -> None:
        engine.value("SELECT 1")
        inside.set()
        done.wait(60)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(60)
    engine.close()
    done.set()
    thread.join()
    if engine.name == "sqlite":
        assert [path.name for path in tmp_path.iterdir()] == ["registry.db"]  # no log: the last one has closed
    assert engine.value("SELECT 1") == 1  # opened again


def in_child(work: Callable[[], None]) -> str:
    """Run something in a forked process; what it says, or its error."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork with threads, which is the point
        child = os.fork()
    if child == 0:
        said = b"done"
        try:
            work()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}".encode()
        os.write(writer, said)
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, "rb") as answer:
        return answer.read().decode()


def test_a_forked_process_has_its_own_connection(engine: Any) -> None:
    add(engine, 1)

    def work() -> None:
        assert numbers(engine) == [1]
        with engine.write():
            add(engine, 2)
            with pytest.raises(Conflict), engine.write():
                add(engine, 3)
                add(engine, 2)
        engine.close()

    assert in_child(work) == "done"
    assert numbers(engine) == [1, 2]


def test_a_forked_process_may_close_what_it_got(engine: Any) -> None:
    assert numbers(engine) == []
    assert in_child(engine.close) == "done"
    with engine.write():
        add(engine, 1)
    assert in_child(engine.close) == "done"
    assert numbers(engine) == [1]


def test_work_of_a_forked_process_outlives_the_parents_close(engine: Any, url: str) -> None:
    """A child whose parent has the file open holds no locks on it: the parent's close would throw its log away."""
    add(engine, 0)
    parent_closed, tell = os.pipe()

    def work() -> None:
        os.close(tell)
        add(engine, 1)
        os.read(parent_closed, 1)
        for n in range(2, 5):
            add(engine, n)

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            work()
            os.write(writer, b"done")
        except BaseException as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    engine.value("SELECT 1")
    engine.close()
    os.close(tell)
    os.waitpid(child, 0)
    with open(reader, "rb") as answer:
        assert answer.read() == b"done"
    other = open_engine(url)
    assert numbers(other) == [0, 1, 2, 3, 4]
    other.close()


def test_a_fork_that_sqlite_can_not_bear_is_refused(tmp_path: Path) -> None:
    """Other threads' connections can't be closed before a fork, and in the child nothing of that file is safe."""
    path = tmp_path / "r.db"
    create_store(path, "ana", organization="acme", team="vision").close()
    with open_store(path, "ana") as store:
        inside, done = threading.Event(), threading.Event()

        def look() -> None:
            store.registries.list()

        def stay() -> None:
            store.registries.list()
            inside.set()
            done.wait(60)

        thread = threading.Thread(target=stay)
        thread.start()
        inside.wait(60)
        said = in_child(look)
        fresh = in_child(lambda: open_store(path, "ana").close())
        done.set()
        thread.join()
        assert said.startswith("Unavailable:")
        assert "spawn" in said
        assert fresh == said
        with store.engine.write():
            assert "spawn" in in_child(look)
        assert in_child(look) == "done"  # the thread has ended


# -- versions, facts, checks and copies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 44, 9), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 0), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
        ((3, 53, 4), False),
        ((4, 0, 0), False),
    ],
)
def test_versions_with_the_wal_reset_bug(version: tuple[int, int, int], bad: bool) -> None:
    assert has_wal_reset_bug(version) is bad


def test_a_bad_sqlite_is_told_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = SQLite(tmp_path / "r.db")
    engine.prepare(create=True)
    assert (capsys.readouterr().err == "") is not has_wal_reset_bug(sqlite3.sqlite_version_info)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    engine.prepare(create=False)
    said = capsys.readouterr()
    assert "warning" in said.err
    assert "pysqlite3" in said.err
    assert said.out == ""
    engine.close()


def test_settings_of_a_connection(tmp_path: Path) -> None:
    for durable, synchronous in ((True, 2), (False, 0)):
        engine = SQLite(tmp_path / "r.db", durable=durable)
        engine.prepare(create=True)
        settings = {
            name: engine.value(f"PRAGMA {name}")
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
        assert settings == {
            "journal_mode": "wal", "synchronous": synchronous, "foreign_keys": 1, "recursive_triggers": 1,
        }  # fmt: skip
        engine.close()


def test_facts(engine: Engine, url: str) -> None:
    facts = engine.facts()
    assert facts["engine"] == engine.name
    assert facts["size"] > 10_000
    assert facts["location"] == engine.url
    assert facts["version"][0].isdigit()


def test_check_finds_rows_that_point_at_nothing(tmp_path: Path) -> None:
    engine = SQLite(tmp_path / "r.db")
    engine.prepare(create=True)
    assert engine.check() == []
    engine.execute("PRAGMA foreign_keys=off")
    engine.execute("INSERT INTO version_text (version_id, text) VALUES (99, 'x')")
    assert engine.check() == ["row 99 of version_text points at nothing in version"]
    engine.close()


def test_check_finds_damage(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    engine = SQLite(path)
    engine.prepare(create=True)
    with engine.write():
        engine.many(
            "INSERT INTO entity (kind, name, key, created_at) VALUES ('user', :n, :n, '')",
            [{"n": f"user-{n}" * 20} for n in range(500)],
        )
    root = engine.value("SELECT rootpage FROM sqlite_master WHERE name = 'entity'")
    size = engine.value("PRAGMA page_size")
    engine.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(os.urandom(200))
    found = engine.check()
    engine.close()
    assert found
    assert all(isinstance(line, str) and line for line in found)


def test_backup_opens_as_a_store(tmp_path: Path) -> None:
    with create_store(tmp_path / "r.db", "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
        store.registries.create("extra")
        store.engine.backup(str(tmp_path / "copy.db"))
        head = store.events.head()
    assert not list(tmp_path.glob(".*"))
    with open_store(tmp_path / "copy.db", "ana") as copy:
        assert copy.events.head() == head
        check_whole(copy, [])


def test_backup_never_overwrites(tmp_path: Path) -> None:
    with create_store(tmp_path / "r.db", "ana", organization="acme", team="vision") as store:
        target = tmp_path / "copy.db"
        target.write_text("precious")
        with pytest.raises(Conflict, match=r"never overwrites.*new name"):
            store.engine.backup(str(target))
        with pytest.raises(Conflict):
            store.engine.backup(str(tmp_path / "r.db"))
        assert target.read_text() == "precious"
        with pytest.raises(Unavailable, match="untouched"):
            store.engine.backup(str(tmp_path / "absent" / "copy.db"))
        assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("r.db")) == ["copy.db"]


def test_backup_of_a_damaged_store_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    create_store(path, "ana", organization="acme", team="vision").close()
    engine = SQLite(path)
    root = engine.value("SELECT rootpage FROM sqlite_master WHERE name = 'event'")
    size = engine.value("PRAGMA page_size")
    engine.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(bytes(range(1, 201)))
    with pytest.raises((Damaged, Unavailable)):
        engine.backup(str(tmp_path / "copy.db"))
    engine.close()
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".*"))


def test_backup_under_writers(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with create_store(path, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
        with running("publishing", url=str(path), processes=3, times=40) as host:
            found = lines(host, 10)
            copies = []
            for n in range(4):
                acknowledged = list(found)
                store.engine.backup(str(tmp_path / f"copy-{n}.db"))
                copies.append(acknowledged)
                found += lines(host, 20)
            found += lines(host)
            assert host.wait() == 0
        assert errors(found) == []
        check_whole(store, found)
    for n, acknowledged in enumerate(copies):
        with open_store(tmp_path / f"copy-{n}.db", "ana") as copy:
            check_whole(copy, acknowledged)


def test_backup_of_postgresql(postgres_url: str, tmp_path: Path) -> None:
    import shutil

    if not shutil.which("pg_dump"):
        pytest.skip("no pg_dump here")
    with create_store(postgres_url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs") as store:
        target = tmp_path / "copy.dump"
        store.engine.backup(str(target))
        assert target.read_bytes()[:5] == b"PGDMP"
        with pytest.raises(Conflict, match="never overwrites"):
            store.engine.backup(str(target))
        assert not list(tmp_path.glob(".*"))


def test_backup_shows_no_password(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command line can be read by everybody on the machine."""
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" > "$0.args"\necho "$PGPASSWORD" > "$0.password"\nexit 1\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    engine = open_engine(postgres_url.replace("postgres@", "postgres:s3cret@", 1))
    with pytest.raises(Unavailable, match=r"could not back up.*status 1") as refused:
        engine.backup(str(tmp_path / "copy"))
    engine.close()
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in program.with_name("pg_dump.args").read_text()
    assert program.with_name("pg_dump.password").read_text() == "s3cret\n"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        with pytest.raises(Unavailable, match="needs `pg_dump`"):
            engine.backup(str(tmp_path / "copy"))
    engine.close()


def test_a_store_that_is_not_there(url: str) -> None:
    engine = open_engine(url)
    with pytest.raises(NotFound, match="curatory init"):
        engine.prepare(create=False)
    engine.close()
