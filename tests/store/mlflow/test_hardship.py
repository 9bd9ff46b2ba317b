"""Reading MLflow where something is wrong: with the network, the address, the key, or the file. No MLflow is needed."""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from curatory.store import CuratoryError, Forbidden, Invalid, NotFound, Store, Unavailable
from curatory.store.mlflow import artifacts, file, read
from curatory.store.mlflow import server as reading
from curatory.store.mlflow.server import Client, read_server

ONE = {"name": "m", "creation_timestamp": 1, "last_updated_timestamp": 1}
Serve = Callable[[Callable[[BaseHTTPRequestHandler], None]], str]


def send(asked: BaseHTTPRequestHandler, status: int, body: Any = None, **headers: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    asked.send_response(status)
    for name, value in ({"Content_Length": str(len(content))} | headers).items():
        asked.send_header(name.replace("_", "-"), value)
    asked.end_headers()
    asked.wfile.write(content)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Servers that answer as a test wants."""
    begun: list[ThreadingHTTPServer] = []

    def make(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", 1 << 16  # an answer goes out in one piece

            def do_GET(self) -> None:
                answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                answer(self)

            def log_message(self, format: str, *args: object) -> None: ...

        begun.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=begun[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{begun[-1].server_port}"

    yield make
    for one in begun:
        one.shutdown()
        one.server_close()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it has waited; nothing is waited for."""
    found: list[float] = []
    monkeypatch.setattr("curatory.store.mlflow.server.time.sleep", found.append)
    return found


# -- the server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_the_wrong_key_is_told_but_not_repeated(serve: Serve, status: int) -> None:
    shown: list[str] = []

    def answer(asked: BaseHTTPRequestHandler) -> None:
        shown.append(asked.headers["Authorization"])
        send(asked, status, {"message": "no: p@ss"})

    address = serve(answer)
    keys = {"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "p@ss"}
    for place, environment in (
        (address, keys),
        (address.replace("//", "//ana:p%40ss@"), {}),
        (address, {"MLFLOW_TRACKING_TOKEN": "p@ss\n"}),
    ):
        with pytest.raises(Forbidden, match="MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or") as refused:
            read_server(place, environment=environment)
        assert "p@ss" not in str(refused.value)
        assert "p%40ss" not in str(refused.value)
    basic = "Basic " + base64.b64encode(b"ana:p@ss").decode()
    assert shown == [basic, basic, "Bearer p@ss"]


def test_files_are_fetched_with_the_login_that_the_address_held(serve: Serve, store: Store, tmp_path: Path) -> None:
    basic = "Basic " + base64.b64encode(b"ana:p@ss").decode()
    version = ONE | {"version": "1", "source": "mlflow-artifacts:/1/model"}

    def answer(asked: BaseHTTPRequestHandler) -> None:
        if asked.headers["Authorization"] != basic:
            return send(asked, 401)
        path = asked.path.partition("?")[0]
        if "filter" in asked.path:
            return send(asked, 200)
        if path.startswith(artifacts.SERVED):
            whole = path == f"{artifacts.SERVED}/1/model/weights"
            return send(asked, 200, b"weights" if whole else {"files": [{"path": "weights", "is_dir": False}]})
        return send(asked, 200, {"registered_models": [ONE], "model_versions": [version]})

    found = read_server(serve(answer).replace("//", "//ana:p%40ss@"), environment={})
    assert found.login == ("ana", "p@ss")
    assert "p@ss" not in repr(found)
    assert found == replace(found, login=None)
    store.imports.run(found, "vision")
    made = store.versions.get("mlflow/m:v1")
    assert (made.tags, made.metadata["mlflow"]["verified"]) == ((), True)
    (file,) = store.versions.files(made)
    assert file.sha256
    assert store.blobs.open(file.sha256).read() == b"weights"
    everything = "".join(str(row) for table in ("event", "registry_migration", "migration_item", "version")
                         for row in store.engine.rows(f"SELECT * FROM {table}"))  # fmt: skip
    assert "p@ss" not in everything
    assert "p%40ss" not in everything


def test_a_token_that_can_not_be_one_is_not_repeated() -> None:
    for token in ("sec\nret", "비밀"):
        with pytest.raises(Invalid, match="MLFLOW_TRACKING_TOKEN") as refused:
            read_server("http://127.0.0.1:9", environment={"MLFLOW_TRACKING_TOKEN": token})
        assert token not in str(refused.value)


def test_nothing_is_shown_to_where_a_redirect_leads(serve: Serve) -> None:
    met: list[str] = []

    def elsewhere(asked: BaseHTTPRequestHandler) -> None:
        met.append(asked.path)
        send(asked, 200)

    other = serve(elsewhere).replace("127.0.0.1", "localhost")
    away = other.replace("//", "//u:hush@") + "/login?key=hush"
    address = serve(lambda asked: send(asked, 302, b"<a>log in</a>", Location=away))
    with pytest.raises(Invalid, match=f"leads elsewhere .{other}/login.: give that address") as refused:
        read_server(address, environment={"MLFLOW_TRACKING_TOKEN": "t"})
    assert "hush" not in str(refused.value)
    with Client(address, {}) as client, pytest.raises(Invalid, match="leads elsewhere"), client.stream("/x") as content:
        list(content)  # a page to log in is no file of a model
    assert met == []


def test_a_file_is_all_there_or_an_error(serve: Serve, slept: list[float]) -> None:
    count = 0

    def answer(asked: BaseHTTPRequestHandler) -> None:
        nonlocal count
        count += 1
        if asked.path == "/whole":
            return send(asked, 503 if count < 3 else 200, b"all of it")
        if asked.path == "/gone":
            return send(asked, 404)
        send(asked, 200, b"half", Content_Length="100")
        asked.close_connection = True
        return None

    def fetched(path: str) -> bytes:
        with client.stream(path) as content:
            return b"".join(content)

    with Client(serve(answer), {}) as client:
        assert fetched("/whole") == b"all of it"
        assert len(slept) == 2
        with pytest.raises(Unavailable, match="broke off"):
            fetched("/half")
        with pytest.raises(NotFound, match="is not there"):
            fetched("/gone")
    with Client("http://127.0.0.1:9", {}) as client, pytest.raises(Unavailable, match="does not answer"):
        fetched("/x")


def test_it_waits_as_long_as_it_is_asked_to(serve: Serve, slept: list[float]) -> None:
    waits = ["2", "Fri, 27 Nov 2099 00:00:00 GMT", "soon", "9999"]
    address = serve(lambda asked: send(asked, 429, Retry_After=waits[len(slept)] if len(slept) < 4 else "1"))
    with pytest.raises(Unavailable, match=r"status 429, 5 tries"):
        read_server(address, environment={})
    assert slept == [2.0, 30.0, 0.8, 30.0]


@pytest.mark.parametrize(
    "body", [{}, [], "x", {"model_versions": 3}, {"model_versions": [{"x": 1}]}, b"<html>", {"next_page_token": "same"}]
)
def test_what_answers_is_no_mlflow(serve: Serve, body: Any) -> None:
    with pytest.raises(Invalid, match="is no MLflow server|same page over and over"):
        read_server(serve(lambda asked: send(asked, 200, body)), environment={})


def test_an_empty_registry_is_one(serve: Serve) -> None:
    address = serve(lambda asked: send(asked, 200, "3.17.2" if asked.path == "/version" else {}))
    assert read_server(address, environment={}).models == ()


def test_a_refusal_does_not_reach_the_terminal_as_it_is(serve: Serve) -> None:
    with pytest.raises(Invalid, match="refuses") as refused:
        read_server(serve(lambda asked: send(asked, 400, b"\x1b[2Jbad")), environment={})
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    ["postgresql://ana:hush@h/db", "mysql+pymysql://ana:hush@h/db", "http://ana:hush@[::1", "http://ana:hush@h:99999"],
)
def test_an_address_that_can_not_be_read_is_not_repeated(address: str) -> None:
    with pytest.raises(Invalid, match="give") as refused:
        read(address)
    assert "hush" not in str(refused.value)


def test_addresses_of_the_sixth_version() -> None:
    with Client("HTTP://ana:hush@[::1]:5000/base/", {}) as client:
        assert client.shown == "http://[::1]:5000/base"


def test_what_never_rests_is_told(serve: Serve) -> None:
    count = 0

    def answer(asked: BaseHTTPRequestHandler) -> None:
        nonlocal count
        if "registered-models" not in asked.path or "filter" in asked.path:
            return send(asked, 200)
        count += 1
        return send(asked, 200, {"registered_models": [ONE | {"name": "still"}, ONE | {"description": str(count)}]})

    found = read_server(serve(answer), environment={})
    assert [(one.what, one.reason) for one in found.skipped] == [("m", "it kept changing while it was read")]
    assert [model.description for model in found.models] == [str(count), ""]
    assert count == 1 + reading.ROUNDS


@pytest.mark.parametrize("searched", [True, False])
def test_runs_come_in_batches_or_one_by_one(serve: Serve, searched: bool) -> None:
    met: list[str] = []
    versions = [ONE | {"version": str(n), "run_id": f"r{n}", "source": f"runs:/r{n}/model"} for n in range(1, 251)]
    runs = [{"info": {"run_id": f"r{n}"}} for n in range(1, 249)]  # r249 is gone, r250 not for everybody's eyes

    def answer(asked: BaseHTTPRequestHandler) -> None:
        path = asked.path.removeprefix(reading.API)
        met.append(path.partition("?")[0])
        if path.startswith("/runs/search"):
            return send(asked, 200, {"runs": runs}) if searched else send(asked, 400)
        if path.startswith("/runs/get"):
            name = path.rpartition("=")[2]
            if name in ("r249", "r250"):
                return send(asked, 404 if name == "r249" else 403)
            return send(asked, 200, {"run": {"info": {"run_id": name}}})
        if "filter" in path:
            return send(asked, 200)
        return send(asked, 200, {"registered_models": [ONE], "model_versions": versions})

    found = read_server(serve(answer), environment={})
    assert len(found.runs) == 248
    assert [one.what for one in found.skipped] == ["run r249", "run r250"]
    assert met.count("/runs/search") == (3 if searched else 1)
    assert met.count("/runs/get") == (2 if searched else 250)
    assert not any("download-uri" in path for path in met)


# -- the file ---------------------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(
            """CREATE TABLE registered_models (name TEXT, creation_time INT, last_updated_time INT, description TEXT);
            CREATE TABLE model_versions (name TEXT, version INT, creation_time INT, source TEXT, run_id TEXT);
            CREATE TABLE registered_model_aliases (alias TEXT, version INT, name TEXT);
            CREATE TABLE runs (run_uuid TEXT, name TEXT, start_time INT, end_time INT);
            INSERT INTO registered_models VALUES ('m', 1571000000000, NULL, 'text');
            INSERT INTO model_versions VALUES ('m', 1, 1571000000000, 's3://b/m', 'here'), ('m', 2, 1, 's3://b/n', 'gone');
            INSERT INTO registered_model_aliases VALUES ('prod', 1, 'm'), ('lost', 9, 'm');
            INSERT INTO runs VALUES ('here', 'r', 1571000000000, 1571000000000000000);"""
        )
    return path


def test_what_leads_nowhere_is_told(database: Path) -> None:
    found = read(f"sqlite:///{database}")
    assert [model.aliases for model in found.models] == [{"prod": 1}]
    assert [one.what for one in found.skipped] == ["m@lost", "run gone"]
    run = found.runs["here"]
    assert run.started_at is not None
    assert run.ended_at is None  # nanoseconds, from somebody's script


def test_a_change_cut_off_in_the_middle_is_no_fault_of_the_file(database: Path) -> None:
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA cache_size = 1'); "
        "c.execute('CREATE TABLE z (x)'); c.execute('BEGIN'); "
        "c.executemany('INSERT INTO z VALUES (zeroblob(900))', [()] * 2000); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(database)], check=False)
    assert database.with_name("mlflow.db-journal").exists()
    with pytest.raises(Unavailable, match="left in the middle of a change.*start MLflow"):
        read(str(database))
    with closing(sqlite3.connect(database)) as mended:
        mended.execute("SELECT count(*) FROM z").fetchone()
    assert len(read(str(database)).models) == 1


def test_folders_are_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="mlflow migrate-filestore"):
        read(str(tmp_path))


def test_a_large_file_is_read_while_somebody_always_writes(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(database)) as filled, filled:
        filled.execute("CREATE TABLE z (x)")
        filled.executemany("INSERT INTO z VALUES (zeroblob(100000))", [()] * 600)
    monkeypatch.setattr(file, "LARGE", 0)
    assert len(read(str(database)).models) == 1  # from a copy
    done, writes = threading.Event(), 0
    results: list[int | CuratoryError] = []

    def write() -> None:
        nonlocal writes
        with closing(sqlite3.connect(database, timeout=20, isolation_level=None)) as writing:
            while not done.is_set():
                writing.execute("UPDATE registered_models SET last_updated_time = 1")
                writes += 1
                done.wait(0.002)

    def look() -> None:
        try:
            results.append(len(read(str(database)).models))
        except CuratoryError as error:
            results.append(error)

    writer, reader = threading.Thread(target=write), threading.Thread(target=look, daemon=True)
    writer.start()
    reader.start()
    reader.join(60)
    before = writes
    done.set()
    writer.join()
    reader.join(30)
    assert results == [1]
    assert before > 0


def test_a_large_file_that_is_locked_is_not_waited_for_without_end(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "LARGE", 0)
    monkeypatch.setattr(file, "SETBACKS", 1)
    with closing(sqlite3.connect(database, isolation_level=None)) as writing:
        writing.execute("BEGIN EXCLUSIVE")
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=0)
        with closing(connection), closing(sqlite3.connect(":memory:")) as copy:
            assert not file._copied(connection, copy)
