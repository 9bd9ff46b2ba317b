"""MLflow's registry read from its file and from its server: field by field what its own client answers."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from curatory.store import Invalid, NotFound, Unavailable
from curatory.store.blobs import BlobStore
from curatory.store.mlflow import Registry, read
from curatory.store.mlflow.artifacts import Artifacts
from curatory.store.mlflow.file import read_file
from curatory.store.mlflow.records import PROMPT_TEXT, moment
from curatory.store.mlflow.server import Client, read_server

from .conftest import Filled, client


def same(found: Registry, told: dict[str, Any]) -> None:
    """All that the client answers is what was read."""
    assert {model.name for model in found.models} == set(told["models"])
    for model in found.models:
        one = told["models"][model.name]
        if one.get("prompt"):
            assert model.is_prompt
            assert {v.number: v.tags[PROMPT_TEXT] for v in model.versions} == {
                int(n): version["text"] for n, version in one["versions"].items()
            }
            continue
        assert (model.description, model.tags, model.aliases) == (one["description"], one["tags"], one["aliases"])
        assert model.created_at == moment(one["created_at"])
        assert [version.number for version in model.versions] == sorted(map(int, one["versions"]))
        for version in model.versions:
            asked = one["versions"][str(version.number)]
            assert (version.description, version.stage, version.source, version.status, version.tags) == (
                asked["description"], asked["stage"], asked["source"], asked["status"], asked["tags"],
            )  # fmt: skip
            assert (version.run_id, version.created_at) == (asked["run_id"], moment(asked["created_at"]))
            assert version.storage == asked["storage"]
    assert set(found.runs) == set(told["runs"])
    for name, run in found.runs.items():
        asked = told["runs"][name]
        assert (run.name, run.status, run.params) == (asked["name"], asked["status"], asked["params"])
        assert {key: str(value).lower() for key, value in run.metrics.items()} == {
            key: str(value).lower() for key, value in asked["metrics"].items()
        }
        assert [[one.name, one.digest] for one in run.datasets] == asked["datasets"]
        assert {one.context for one in run.datasets} == {"training"}


def test_from_its_file(filled: Filled) -> None:
    found = read(str(filled.file))
    same(found, filled.told)
    assert {model.name: model.deleted for model in found.models if model.deleted} == {"detector": (3,)}
    assert "gone" not in {model.name for model in found.models}
    assert any(run.deleted for run in found.runs.values())
    assert found.address == f"sqlite:///{filled.file}"


def test_from_its_server_it_is_the_same(filled: Filled, server: tuple[str, Path]) -> None:
    found = read(f"{server[0]}/")
    same(found, filled.told)
    file = read_file(filled.file)
    assert found.models == tuple(replace(model, deleted=()) for model in file.models)
    assert found.runs == file.runs


def test_what_moves_during_the_crawl_is_read_again(server: tuple[str, Path], tmp_path: Path) -> None:
    address, _ = server
    begin = "import sys; from mlflow import MlflowClient; c = MlflowClient(sys.argv[1]); "
    change = (
        "c.create_model_version('empty', 's3://late/model'); c.update_registered_model('copied', 'told late'); "
        "c.create_registered_model('late'); c.create_registered_model(\"ana's\"); "
        "c.create_model_version(\"ana's\", 's3://late/hers'); "
        # these three change no time in MLflow
        "c.set_registered_model_alias('detector', 'prod', '4'); "
        "c.set_model_version_tag('detector', '1', 'late', 'yes'); c.set_registered_model_tag('after', 'late', 'yes')"
    )
    found = read_server(address, environment={}, turned=lambda: client(address, tmp_path, script=begin + change))
    undo = (
        "c.delete_registered_model('late'); c.delete_model_version('empty', '1'); "
        "c.update_registered_model('copied', ''); c.delete_registered_model(\"ana's\"); "
        "c.set_registered_model_alias('detector', 'prod', '2'); c.delete_model_version_tag('detector', '1', 'late'); "
        "c.delete_registered_model_tag('after', 'late')"
    )
    client(address, tmp_path, script=begin + undo)
    models = {model.name: model for model in found.models}
    assert [version.source for version in models["empty"].versions] == ["s3://late/model"]
    assert (models["copied"].description, models["late"].versions) == ("told late", ())
    assert [version.source for version in models["ana's"].versions] == ["s3://late/hers"]
    assert models["detector"].aliases["prod"] == 4
    assert models["detector"].versions[0].tags["late"] == models["after"].tags["late"] == "yes"
    assert found.skipped == ()


def test_bytes_that_the_server_keeps(server: tuple[str, Path], tmp_path: Path) -> None:
    address, _ = server
    contents = {"a b.txt": b"1" * 50, "100%.txt": b"2", "deep er/가.bin": b"3" * 3_000_000, "empty": b""}
    for name, content in contents.items():
        (tmp_path / "kept" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "kept" / name).write_bytes(content)
    make = (
        "import sys, mlflow; from mlflow import MlflowClient; mlflow.set_tracking_uri(sys.argv[1]); "
        "c = MlflowClient(sys.argv[1]); e = c.create_experiment('kept'); r = c.create_run(e).info; "
        "c.log_artifacts(r.run_id, 'kept', 'model'); c.create_registered_model('kept'); "
        "c.create_model_version('kept', r.artifact_uri + '/model', r.run_id); "
        "c.create_model_version('kept', 'runs:/' + r.run_id + '/model', r.run_id); "
        "m = c.create_logged_model(e, name='m'); c.log_model_artifacts(m.model_id, 'kept'); "
        "c.finalize_logged_model(m.model_id, 'READY'); "
        "c.create_model_version('kept', 'models:/' + m.model_id, model_id=m.model_id)"
    )
    client(address, tmp_path, script=make)
    try:
        found = read(address)
        (model,) = (one for one in found.models if one.name == "kept")
        blobs = BlobStore(tmp_path / "blobs")
        with Client(address, {}) as asked:
            for version in model.versions:
                files, reason = Artifacts(blobs, found.runs, asked).of(model, version)
                assert reason == ""
                assert {file.path: blobs.open(file.sha256 or "").read() for file in files} == contents
    finally:
        script = (
            "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).delete_registered_model('kept')"
        )
        client(address, tmp_path, script=script)


def test_nothing_is_locked_and_nothing_written(own: Path) -> None:
    before = own.read_bytes()
    read_file(own)
    assert own.read_bytes() == before
    with sqlite3.connect(own, timeout=0) as writing:
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("UPDATE registered_models SET description = 'being written'")
        found = read_file(own)  # while somebody writes, what was committed is read
        assert all(model.description != "being written" for model in found.models)
        writing.rollback()


def test_a_database_of_2019(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as made:
        made.executescript(
            """CREATE TABLE registered_models (name TEXT, creation_time INT, last_updated_time INT, description TEXT);
            CREATE TABLE model_versions (name TEXT, version INT, creation_time INT, last_updated_time INT,
                description TEXT, user_id TEXT, current_stage TEXT, source TEXT, run_id TEXT, status TEXT,
                status_message TEXT);
            INSERT INTO registered_models VALUES ('old', 1571000000000, NULL, NULL);
            INSERT INTO model_versions VALUES ('old', 1, 1571000000000, NULL, NULL, NULL, 'Staging', 's3://b/m', NULL,
                'READY', NULL);"""
        )
    (model,) = read_file(path).models
    (version,) = model.versions
    assert (model.name, model.aliases, version.stage, version.storage) == ("old", {}, "Staging", "s3://b/m")


def test_what_is_no_mlflow(tmp_path: Path, server: tuple[str, Path]) -> None:
    with pytest.raises(NotFound, match=r"often called mlflow\.db"):
        read(str(tmp_path / "none.db"))
    (tmp_path / "text").write_text("hello " * 1_000)
    with pytest.raises(Invalid, match="no database of MLflow's"):
        read(str(tmp_path / "text"))
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE x (y)").connection.commit()
    with pytest.raises(Invalid, match="no table of registered models"):
        read(str(tmp_path / "other.db"))
    with pytest.raises(NotFound):
        read(f"{server[0]}/elsewhere")


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curatory.store.mlflow.server.time.sleep", lambda _: None)
    with pytest.raises(Unavailable, match="does not answer") as refused:
        read("http://ana:secret@127.0.0.1:9/")
    assert "secret" not in str(refused.value)
