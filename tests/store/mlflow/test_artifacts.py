"""Which files of a version are taken, and what is said of those that are not. No MLflow is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from curatory.store import Store
from curatory.store import Version as Stored
from curatory.store.mlflow import Model, Registry, Run, Version

from ...tui.cli.conftest import call

AT = datetime(2026, 1, 1, tzinfo=UTC)
Import = Callable[..., Stored]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder beside MLflow's file, and a secret that is not in it."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("secret")
    found = tmp_path / "runs" / "r1" / "artifacts" / "model"
    (found / "deep").mkdir(parents=True)
    (found / "MLmodel").write_text("flavors")
    (found / "deep" / "weights").write_text("weights")
    return found


def registry(tmp_path: Path, storage: str, address: str = "") -> Registry:
    one = Version(1, AT, None, "", "None", storage, storage, "r1", "READY")
    run = Run("r1", "r1", "", "FINISHED", AT, AT, str(tmp_path / "runs/r1/artifacts"))
    return Registry(
        address or f"sqlite:///{tmp_path}/mlflow.db", (Model("m", "", AT, None, versions=(one,)),), {"r1": run}
    )


@pytest.fixture
def imported(store: Store, tmp_path: Path) -> Import:
    """The version whose storage is given, imported."""

    def bring(storage: str | Path, address: str = "") -> Stored:
        store.imports.run(registry(tmp_path, str(storage), address), "vision")
        return store.versions.get("mlflow/m:v1")

    return bring


def taken(store: Store, version: Stored) -> list[str]:
    assert "unverified" not in version.tags
    assert version.metadata["mlflow"]["verified"] is True
    files = store.versions.files(version)
    assert all(file.sha256 and store.blobs.has(file.sha256) for file in files)
    assert list(store.imports.unverified(store.migrations.get("mlflow"))) == []
    return [file.path for file in files]


def refused(store: Store, version: Stored) -> str:
    """Why nothing was taken; the same in the metadata and in the import's report."""
    assert version.tags == ("unverified",)
    assert [file.sha256 for file in store.versions.files(version)] == [None]
    migration = store.migrations.get("mlflow")
    (told,) = store.imports.unverified(migration)
    assert (told.what, told.reason) == ("m:v1", version.metadata["mlflow"]["not_verified"])
    assert [item.note for item in store.reviews.queue(migration)] == ["not verified: v1"]
    assert store.migrations.verify("mlflow").ok
    return told.reason


def test_links_that_stay_inside_are_followed(store: Store, folder: Path, imported: Import) -> None:
    (folder / "again").symlink_to("deep")
    (folder / "deep" / "card").symlink_to(folder / "MLmodel")
    (folder.parent / "latest").symlink_to("model")
    everything = ["MLmodel", "again/card", "again/weights", "deep/card", "deep/weights"]
    version = imported(folder)
    assert taken(store, version) == everything
    assert version.size == sum(len(path) for path in ("flavors", "flavors", "weights", "flavors", "weights"))
    store.migrations.roll_back("mlflow")
    assert taken(store, imported(folder.parent / "latest")) == everything


@pytest.mark.parametrize(
    ("place", "target", "why"),
    [
        ("deep/more", "../../../../../secret", "leads out of its folder, to {tmp}/secret"),
        ("deep/key", "../../../../../secret/key", "leads out of its folder, to {tmp}/secret/key"),
        ("deep/up", "..", "leads back to {model}, which it is in"),
        ("gone", "no/such", "leads to what is not there"),
        ("me", "me", "is a link that leads to itself"),
    ],
)
def test_else_the_version_is_not_verified(
    store: Store, tmp_path: Path, folder: Path, imported: Import, place: str, target: str, why: str
) -> None:
    (folder / place).symlink_to(target)
    assert refused(store, imported(folder)) == f"{folder / place} {why.format(tmp=tmp_path, model=folder)}"


def test_a_storage_that_is_a_link_to_elsewhere(store: Store, tmp_path: Path, folder: Path, imported: Import) -> None:
    (folder.parent / "stolen").symlink_to(tmp_path / "secret")
    assert refused(store, imported("runs:/r1/stolen")) == (
        f"{folder.parent}/stolen leads out of its folder, to {tmp_path}/secret"
    )


def test_what_is_no_file_is_not_left_out_in_silence(store: Store, folder: Path, imported: Import) -> None:
    os.mkfifo(folder / "pipe")
    assert refused(store, imported(folder)) == f"{folder}/pipe is neither a file nor a folder"


def test_folders_full_of_links_come_to_an_end(
    store: Store, folder: Path, imported: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curatory.store.mlflow.artifacts.MAX_FILES", 100)
    for step in range(12):  # 4,096 ways to the last
        (folder / str(step)).mkdir()
        for name in ("a", "b"):
            (folder / str(step) / name).symlink_to(f"../{step + 1}")
    (folder / "12").mkdir()
    assert refused(store, imported(folder)) == f"{folder} has more than 100 links"


@pytest.mark.parametrize(
    "storage", ["runs/r1/artifacts/model", "./runs/x/../r1/artifacts/model", "file:runs/r1/artifacts/model"]
)
def test_relative_paths_begin_beside_the_file(store: Store, folder: Path, imported: Import, storage: str) -> None:
    assert taken(store, imported(storage)) == ["MLmodel", "deep/weights"]


@pytest.mark.parametrize(
    "storage", ["runs:/r1/model", "runs:/r1/x/../model", "file://localhost{model}", "file://{model}"]
)
def test_addresses_that_stay_where_they_belong(store: Store, folder: Path, imported: Import, storage: str) -> None:
    assert taken(store, imported(storage.format(model=folder))) == ["MLmodel", "deep/weights"]


@pytest.mark.parametrize(
    "storage",
    [
        "runs:/r1/../../../secret",
        "runs:/r1/model/../../../../secret",
        "runs:/r1/%2e%2e/../../../secret",
        "file://{artifacts}/../../../secret",
        "file://{artifacts}/%2e%2e/%2e%2e/%2E%2E/secret",
        "{artifacts}/../../../secret",
        "../{name}/secret",
        "file:../{name}/secret",
    ],
)
def test_a_storage_that_leads_out_is_refused(
    store: Store, tmp_path: Path, folder: Path, imported: Import, storage: str
) -> None:
    given = storage.format(artifacts=folder.parent, name=tmp_path.name)
    assert "leads out of its folder" in refused(store, imported(given))


@pytest.mark.parametrize(
    ("storage", "why"),
    [("", "MLflow does not say where"), ("http://[x", "Invalid IPv6"), ("/no/such", "is not there")],
)
def test_a_storage_that_is_none(store: Store, folder: Path, imported: Import, storage: str, why: str) -> None:
    assert why in refused(store, imported(storage))


def test_other_machines_disks_are_not_ours(store: Store, folder: Path, imported: Import) -> None:
    assert refused(store, imported(f"file://other{folder}")) == f"file://other{folder} is on another machine's disk"
    store.migrations.roll_back("mlflow")
    why = refused(store, imported("runs/r1/artifacts/model", "http://127.0.0.1:9"))
    assert why == "runs/r1/artifacts/model begins at a folder that only the server knows"
    store.migrations.roll_back("mlflow")
    assert refused(store, imported(folder, "http://other:9")) == "it is on the server's own disk"


def test_a_registry_named_with_its_prefix_is_the_same_one(store: Store, tmp_path: Path, folder: Path) -> None:
    found = registry(tmp_path, str(folder))
    first = store.imports.run(found, "vision", "wandb-registry-outside")
    assert first.registry == "acme/wandb-registry-outside"
    assert store.imports.run(found, "vision", "outside") == first
    assert store.registries.get("outside").path == first.registry


def test_the_command_says_which_path_and_why(
    store: Store, url: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out").symlink_to(tmp_path / "secret")
    monkeypatch.setattr("curatory.store.mlflow.importing.read", lambda _: registry(tmp_path, str(folder)))
    page = tmp_path / "plan.md"
    done = call("--store", url, "--as", "ana", "import", "mlflow", "x.db", "--team", "vision", "--save", str(page))
    why = f"{folder}/out leads out of its folder, to {tmp_path}/secret"
    assert f"m:v1: not verified, its files were not taken: {why}" in done.out
    assert f"written: {page}" in done.err
    assert page.read_text().startswith("# Migrating sqlite:")
    again = call("--store", url, "--as", "ana", "import", "mlflow", "x.db", "--team", "vision", "--json")
    assert again.document["unverified"] == [{"version": "m:v1", "reason": why}]
    kept = tmp_path / "review.json"
    call("--store", url, "--as", "ana", "review", "report", "mlflow", "--save", str(kept))
    assert json.loads(kept.read_text())["items"][0]["name"] == "m"
    assert (
        "| m | not reviewed |  |  |  | not verified: v1 |"
        in call("--store", url, "--as", "ana", "review", "report", "mlflow").out
    )
