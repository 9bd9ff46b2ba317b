"""Importing a real MLflow's registry: what comes of it, over and over, by file and by server, killed in the middle."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from curatory.store import Conflict, Forbidden, Invalid, Store, open_store
from curatory.store.mlflow import read

from .conftest import Filled


@pytest.fixture
def team(store: Store) -> Store:
    store.users.add("kim")
    store.users.add("lee")
    store.teams.set_member("vision", "lee")
    return store


@pytest.mark.parametrize("way", ["file", "server"])
def test_all_of_it_is_there(team: Store, filled: Filled, server: tuple[str, Path], way: str) -> None:
    source = str(filled.file) if way == "file" else server[0]
    found = read(source)
    migration = team.imports.run(found, "vision")
    assert (migration.kind, migration.state, migration.collections) == ("mlflow", "done", len(found.models))
    assert team.registries.get("mlflow").visibility == "restricted"
    for model in found.models:
        path = f"mlflow/{model.name[:128]}"
        collection = team.collections.get(path)
        assert (collection.description, collection.created_at) == (model.description, model.created_at)
        assert collection.aliases == model.aliases
        assert collection.type == ("prompt" if model.is_prompt else "model")
        versions = {one.number: one for one in team.search.versions(path)}
        assert set(versions) == {one.number for one in model.versions}
        for version in model.versions:
            here = versions[version.number]
            told = here.metadata["mlflow"]
            assert (here.description, here.linked_at) == (version.description, version.created_at)
            assert (told["source"], told["stage"], told["run_id"]) == (version.source, version.stage, version.run_id)
            if not model.is_prompt:
                assert told["tags"] == version.tags
            assert ("unverified" in here.tags) == (not told["verified"]) == version.source.startswith("s3:")
            if version.run_id:
                run = found.runs[version.run_id]
                made = team.runs.get(f"vision/mlflow/{version.run_id}")
                assert here.run == made.path
                assert (made.title, made.summary, made.created_by) == (run.name, run.metrics, "kim")
                assert {key: made.config[key] for key in run.params} == run.params
                graph = team.lineage.graph(here)
                assert any(node.label.startswith("coco:") for node in graph.nodes.values())
    assert team.versions.get("mlflow/detector:v4").linked_by == "ana"
    with pytest.raises(Exception, match="v3"):
        team.versions.get("mlflow/detector:v3")
    files = team.versions.files(team.versions.get("mlflow/detector:prod"))
    assert [file.path for file in files] == ["MLmodel", "deep/weights.bin"]
    assert all(file.sha256 and team.blobs.has(file.sha256) for file in files)
    (prompt,) = team.versions.files(team.versions.get("mlflow/greeting:v1"))
    assert prompt.sha256
    assert team.blobs.open(prompt.sha256).read().decode() == "Hello {{name}}, 안녕"
    assert team.links.add("vision/mlflow/detector:v4", "mlflow/detector", ["x"]).number == 4
    team.undo.undo()
    proof = team.migrations.verify("mlflow")
    assert proof.ok, proof.differences
    assert team.audit.verify(tables=True).findings == ()


def test_the_plan_changes_nothing_and_tells_what_does_not_fit(team: Store, filled: Filled) -> None:
    head = team.events.head()
    plan = team.imports.plan(str(filled.file), "vision")
    assert team.events.head() == head
    problems = [(one.subject[:20], one.what) for one in plan.problems]
    assert ("detector", "deleted versions: v3") in problems
    assert ("Detector", "another name differs only in letter case") in problems
    assert ("x" * 20, "a registry does not take this name") in problems
    assert not plan.blocked
    team.registries.create("mlflow")
    assert team.imports.plan(str(filled.file), "vision").blocked
    with pytest.raises(Invalid, match="choose another with --registry"):
        team.imports.run(str(filled.file), "vision")
    with pytest.raises(Forbidden, match="not allowed to import"):
        team.as_actor("lee").imports.run(str(filled.file), "vision", "other")


def test_again_it_adds_what_is_new_and_nothing_twice(team: Store, own: Path) -> None:
    first = team.imports.run(str(own), "vision")
    head = team.events.head()
    assert team.imports.run(str(own), "vision") == first
    assert team.events.head() == head
    with sqlite3.connect(own) as changed:
        changed.execute(
            "INSERT INTO registered_models (name, creation_time, last_updated_time, workspace) "
            "VALUES ('new one', 1, 1, 'default')"
        )
        changed.execute(
            "INSERT INTO model_versions SELECT name, 5, creation_time, last_updated_time, 'late', user_id, current_stage, "
            "source, run_id, status, status_message, run_link, storage_location, workspace FROM model_versions "
            "WHERE name = 'detector' AND version = 4"
        )
        changed.execute("UPDATE registered_model_aliases SET version = 5 WHERE alias = 'prod'")
    detector = team.reviews.item(first, "detector")
    team.reviews.accept(detector)
    again = team.imports.run(str(own), "vision")
    late = team.versions.get("mlflow/detector:prod")
    assert (late.number, late.description, late.source) == (5, "late", "vision/mlflow/detector:v5")
    assert team.reviews.again(detector).verdict is None
    assert team.migrations.verify("mlflow").ok
    assert (again.collections, again.copied, again.state) == (first.collections + 1, first.collections + 1, "done")
    assert team.collections.get("mlflow/new one").versions == 0
    team.reviews.accept(team.reviews.queue(again))
    team.reviews.sign_off(again)
    with sqlite3.connect(own) as changed:
        changed.execute(
            "INSERT INTO registered_models (name, creation_time, last_updated_time, workspace) "
            "VALUES ('newer', 1, 1, 'default')"
        )
    with pytest.raises(Conflict, match="signed off"):
        team.imports.run(str(own), "vision")


def test_rolled_back_and_imported_again(team: Store, filled: Filled) -> None:
    team.imports.run(str(filled.file), "vision")
    team.migrations.roll_back("mlflow")
    assert {one.name for one in team.search.collections("vision/mlflow")} == {"coco"}
    team.imports.run(str(filled.file), "vision")
    assert team.versions.get("vision/mlflow/detector:v2").state == "committed"
    assert team.migrations.verify("mlflow").ok
    assert team.audit.verify(tables=True).findings == ()


DYING = """
import os, signal, sys
from curatory.store import open_store
steps = [0]
def progress(*_):
    steps[0] += 1
    if steps[0] == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
with open_store(sys.argv[1], "ana", durable=False) as store:
    store.imports.run(sys.argv[2], "vision", progress=progress)
"""


@pytest.mark.parametrize("step", [1, 4, 11])
def test_killed_in_the_middle_it_goes_on(team: Store, url: str, filled: Filled, step: int) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, url, str(filled.file), str(step)], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store(url, "ana", durable=False) as store:
        assert store.migrations.get("mlflow").copied == step - 1
        assert store.imports.run(str(filled.file), "vision").state == "done"
        assert store.migrations.verify("mlflow").ok
        assert len(store.search.versions("mlflow", limit=100)) == 11
        assert store.audit.verify(tables=True).findings == ()


def test_what_leads_out_of_its_folder_is_not_taken(team: Store, own: Path, tmp_path: Path) -> None:
    secret, place = tmp_path / "secret", tmp_path / "model"
    secret.write_text("secret")
    place.mkdir()
    (place / "weights").symlink_to(secret)
    with sqlite3.connect(own) as changed:
        changed.execute("UPDATE model_versions SET source = :p, storage_location = :p", {"p": str(place)})
    team.imports.run(str(own), "vision")
    version = team.versions.get("mlflow/detector:v4")
    assert "unverified" in version.tags
    assert "leads out of its folder" in version.metadata["mlflow"]["not_verified"]
    assert [file.sha256 for file in team.versions.files(version)] == [None]
