"""log, link, unlink, get and rm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from curatory.store import NotFound, Store

from .conftest import Cli

WRITTEN = {"dry_run", "changes", "automations", "undo", "result"}


def log_tree(cli: Cli, tree: Path, *more: str, **options: object):
    return cli("log", str(tree), "--name", "coco", "--type", "dataset", *more, **options)


# -- log ----------------------------------------------------------------------------------------------------------


def test_log_makes_a_version_of_a_folder(cli: Cli, store: Store, tree: Path, tmp_path: Path) -> None:
    about = tmp_path / "about.json"
    about.write_text(json.dumps({"rows": 3}))
    done = log_tree(
        cli, tree, "--alias", "raw", "--tag", "small", "--metadata", str(about), "--ttl", "30d", "--description", "two"
    )
    assert "logged vision/uncategorized/coco:v0 as raw, tagged small" in done.out
    assert "2 files, 3 B" in done.err
    version = store.versions.get("vision/uncategorized/coco:raw")
    assert version.metadata == {"rows": 3}
    assert (version.ttl, version.description, version.tags) == (30 * 86_400, "two", ("small",))
    assert [file.path for file in store.versions.files(version)] == ["a.txt", "b.txt"]


def test_the_same_content_is_logged_once(cli: Cli, tree: Path) -> None:
    log_tree(cli, tree)
    assert "Nothing changed" in log_tree(cli, tree).out
    assert log_tree(cli, tree, "--json").document["changes"] == []


def test_log_keeps_references_and_new_names(cli: Cli, store: Store, tree: Path) -> None:
    cli("log", "s3://bucket/train", f"here/x.txt={tree / 'a.txt'}", "--name", "big", "--type", "dataset")
    files = {file.path: file.uri for file in store.versions.files("vision/uncategorized/big")}
    assert files == {"here/x.txt": None, "train": "s3://bucket/train"}


def test_log_records_the_run_and_what_it_used(cli: Cli, store: Store, tree: Path) -> None:
    log_tree(cli, tree)
    (tree / "a.txt").write_text("new")
    used = "vision/uncategorized/coco:v0"
    done = cli("log", str(tree), "--name", "m", "--type", "model", "--run", "n1", "--use", used, "--json")
    document = done.document
    assert document["result"]["run"] == "vision/uncategorized/n1"
    run = store.runs.get("vision/uncategorized/n1")
    assert run.state == "finished"
    assert store.lineage.path(used, "vision/uncategorized/m:v0") is not None
    # a run that is there is used as it is
    (tree / "a.txt").write_text("newer")
    cli("log", str(tree), "--name", "m", "--type", "model", "--run", "n1")
    assert store.versions.get("vision/uncategorized/m:v1").run == run.path


def test_a_run_whose_version_could_not_be_logged_has_failed(cli: Cli, store: Store, tmp_path: Path) -> None:
    cli("log", str(tmp_path / "none"), "--name", "m", "--type", "model", "--run", "n1", code=1)
    assert store.runs.get("vision/uncategorized/n1").state == "failed"


def test_log_document(cli: Cli, tree: Path) -> None:
    document = log_tree(cli, tree, "--json").document
    assert set(document) == WRITTEN
    assert set(document["changes"][0]) == {"event", "action", "what"}
    assert document["undo"] is None  # what was logged is deleted, not undone
    assert document["result"]["path"] == "vision/uncategorized/coco:v0"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("{tree}", "--name", "a/b", "--type", "model"), "must not contain '/'"),
        (("{tree}", "--name", "m", "--type", "job"), "reserved"),
        (("{tree}/none", "--name", "m", "--type", "model"), "is not there"),
        (("{tree}", "--name", "m", "--type", "model", "--alias", "latest"), ""),
        (("{tree}", "--name", "m", "--type", "model", "--alias", "v3"), "version number"),
        (("{tree}", "--name", "m", "--type", "model", "--entity", "acme"), "is an organization"),
        (("{tree}", "--name", "m", "--type", "model", "--metadata", "{tree}/a.txt"), "it is no JSON"),
        (("{tree}", "--name", "m", "--type", "model", "--metadata", "{tree}/none"), "can't be read"),
        (("{tree}", "--name", "m", "--type", "model", "--entity", "ghost"), "There is no user, team"),
    ],
)
def test_log_is_refused_with_a_reason(cli: Cli, tree: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = cli("log", *(one.replace("{tree}", str(tree)) for one in arguments), code=1 if reason else 0)
    assert reason in done.err
    assert not reason or (done.out == "" and done.err.startswith("error: "))


def test_metadata_comes_from_stdin_too(cli: Cli, store: Store, tree: Path) -> None:
    log_tree(cli, tree, "--metadata", "-", input='{"a": 1}')
    assert store.versions.get("vision/uncategorized/coco").metadata == {"a": 1}
    assert "must be a JSON object" in log_tree(cli, tree, "--metadata", "-", input="[1]", code=1).err


def test_log_usage(cli: Cli, tree: Path) -> None:
    cli("log", code=2)
    cli("log", str(tree), "--name", "m", code=2)
    cli("log", str(tree), "--name", "m", "--type", "t", "--ttl", "soon", code=2)


# -- link and unlink ----------------------------------------------------------------------------------------------


def test_link_says_its_consequence_and_how_to_undo_it(cli: Cli, shop: Store, log: Callable[..., str]) -> None:
    path = log("third", project="training", ttl=86_400)
    done = cli("link", path, "model/detector", "--alias", "prod", "--alias", "eu")
    assert "linked model/detector:v2 ← vision/training/detector:v2 as eu, moved prod v1 → v2" in done.out
    assert "its time to live (1 d) was switched off" in done.out
    command = done.err.strip().removeprefix("undo: curatory ")
    cli(*command.split())
    assert shop.versions.get("model/detector:prod").number == 1


def test_a_dry_run_of_link_keeps_nothing(cli: Cli, shop: Store, log: Callable[..., str]) -> None:
    path = log("third", project="training")
    head = shop.events.head()
    done = cli("link", path, "model/other", "--alias", "prod", "--dry-run")
    assert done.out.startswith("Dry run: nothing was changed. It would have\n  linked model/other:v0 (a new ")
    document = cli("link", path, "model/other", "--dry-run", "--json").document
    assert document["dry_run"] is True
    assert document["changes"][0]["event"] is None
    assert shop.events.head() == head


def test_linking_again_changes_nothing(cli: Cli, shop: Store) -> None:
    assert "Nothing changed" in cli("link", "vision/training/detector:v1", "model/detector").out


def test_link_to_a_legacy_registry_makes_it(cli: Cli, shop: Store) -> None:
    cli("link", "vision/training/detector:v1", "vision/model-registry/Old detector")
    assert "Old detector" in cli("ls", "vision/model-registry").out


def test_link_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    source = "vision/training/detector:v1"
    assert "does not accept artifacts of type" in cli("link", source, "dataset/x", code=1).err
    assert "is protected" in cli("link", source, "model/x", "--alias", "prod", by="kim", code=1).err
    assert "that needs the role" in cli("link", "model/detector:v1", "model/x", by="lee", code=1).err
    assert "looks like registry/collection" in cli("link", source, "model", code=1).err
    assert "not found" in cli("link", "vision/training/detector:v9", "model/x", code=1).err
    with pytest.raises(NotFound):
        shop.collections.get("model/x")
    cli("link", source, code=2)


def test_unlink_several_as_one(cli: Cli, shop: Store) -> None:
    shop.registries.unprotect("model", "prod")
    done = cli("unlink", "model/detector:latest", "model/detector:v0")
    assert "unlinked model/detector:v1" in done.out
    assert "unlinked model/detector:v0" in done.out
    assert shop.collections.get("model/detector").versions == 0
    cli("undo")
    assert shop.collections.get("model/detector").versions == 2
    assert shop.versions.get("model/detector:best").number == 1


def test_unlink_is_all_or_nothing(cli: Cli, shop: Store) -> None:
    assert "not found" in cli("unlink", "model/detector:v0", "model/detector:v9", code=1).err
    assert shop.collections.get("model/detector").versions == 2
    assert "not a linked artifact" in cli("unlink", "vision/training/detector:v0", code=1).err
    assert "protected alias prod" in cli("unlink", "model/detector:v1", by="kim", code=1).err
    assert "would have" in cli("unlink", "model/detector:v0", "--dry-run").out
    assert shop.collections.get("model/detector").versions == 2
    assert set(cli("unlink", "model/detector:v0", "--json").document) == WRITTEN
    cli("unlink", code=2)


# -- get ----------------------------------------------------------------------------------------------------------


def test_get_writes_checked_files(cli: Cli, shop: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("get", "model/detector:prod")
    assert "1 file written (6 B)" in done.out
    assert done.out.splitlines()[-1] == "artifacts/detector:v1"
    assert (tmp_path / "artifacts" / "detector:v1" / "model.txt").read_text() == "second"
    assert "0 files written (0 B), 1 kept" in cli("get", "model/detector:prod").out


def test_get_into_a_folder_that_has_something_else(cli: Cli, shop: Store, tmp_path: Path) -> None:
    root = tmp_path / "한글 폴더"
    root.mkdir()
    (root / "model.txt").write_text("mine")
    done = cli("get", "model/detector:prod", "--root", str(root), code=1)
    assert "a file with other content is there" in done.err
    assert (root / "model.txt").read_text() == "mine"
    cli("get", "model/detector:prod", "--root", str(root), "--overwrite")
    assert (root / "model.txt").read_text() == "second"


def test_get_only_some_files_and_no_references(cli: Cli, store: Store, tree: Path, tmp_path: Path) -> None:
    cli("log", str(tree), "s3://bucket/c.txt", "--name", "coco", "--type", "dataset")
    root = tmp_path / "got"
    document = cli("get", "coco", "--root", str(root), "--file", "b*", "--file", "c*", "--json").document
    assert set(document) == {"version", "root", "written", "kept", "references", "problems", "bytes_written"}
    assert document["written"] == ["b.txt"]
    assert document["references"] == [{"path": "c.txt", "uri": "s3://bucket/c.txt"}]
    assert "c.txt → s3://bucket/c.txt" in cli("get", "coco", "--root", str(root)).err
    assert "has no file like z*" in cli("get", "coco", "--root", str(root), "--file", "z*", code=1).err


def test_get_reports_what_is_damaged(cli: Cli, shop: Store, tmp_path: Path) -> None:
    file = shop.versions.files("model/detector:prod")[0]
    assert file.sha256
    shop.blobs.path_of(file.sha256).unlink()
    done = cli("get", "model/detector:prod", "--root", str(tmp_path / "got"), "--json", code=1)
    assert done.document["problems"][0]["kind"] == "damaged"
    assert "could not be written" in done.err
    assert not (tmp_path / "got" / "model.txt").exists()


def test_get_is_refused_with_a_reason(cli: Cli, shop: Store, tmp_path: Path) -> None:
    assert "download its files" in cli("get", "model/detector:prod", by="lee", code=1).err
    assert "not found" in cli("get", "model/detector:canary", code=1).err
    (tmp_path / "file").write_text("")
    assert "can't be written" in cli("get", "model/detector", "--root", str(tmp_path / "file"), code=1).err
    cli("get", code=2)


# -- rm -----------------------------------------------------------------------------------------------------------


def test_rm_of_versions_is_one_undo(cli: Cli, shop: Store, log: Callable[..., str]) -> None:
    third = log("third", project="training")
    fourth = log("fourth", project="training", aliases=["keep"])
    assert "Delete those first" in cli("rm", third, fourth, code=1).err
    assert shop.versions.get(third).state == "committed"
    done = cli("rm", third, fourth, "--aliases")
    assert "deleted vision/training/detector:v2" in done.out
    cli("undo")
    assert shop.versions.get("vision/training/detector:keep").number == 3


def test_rm_tells_which_links_go_with_it(cli: Cli, shop: Store) -> None:
    done = cli("rm", "vision/training/detector:v0", "--dry-run")
    assert "deleted vision/training/detector:v0 with its 1 link" in done.out
    assert "with it: model/detector:v0" in done.err
    assert "protected alias" in cli("rm", "vision/training/detector:v1", code=1).err


def test_rm_of_a_collection_and_of_what_is_no_target(cli: Cli, shop: Store) -> None:
    assert "deleted the collection model/detector with its 2 versions" in cli("rm", "model/detector").out
    cli("undo")
    assert "`curatory registry rm model` deletes it" in cli("rm", "model", code=1).err
    assert "is a team" in cli("rm", "vision", code=1).err
    assert "is a link to" in cli("rm", "model/detector:v0", code=1).err
    assert "not allowed" in cli("rm", "model/detector", by="lee", code=1).err
    assert set(cli("rm", "model/detector", "--json").document) == WRITTEN
    cli("rm", code=2)


def test_rm_of_a_run_needs_a_yes(cli: Cli, shop: Store) -> None:
    assert "Nobody can be asked here; say so with --yes" in cli("rm", "vision/training/night-2", code=1).err
    assert "deleted the run" in cli("rm", "vision/training/night-2", "--dry-run").out
    cli("rm", "vision/training/night-2", "--yes")
    with pytest.raises(NotFound):
        shop.runs.get("vision/training/night-2")
    assert shop.versions.get("vision/training/detector:v1").state == "committed"


def test_rm_of_a_project_needs_its_name(cli: Cli, shop: Store) -> None:
    assert "Nobody can be asked here" in cli("rm", "vision/training", code=1).err
    cli("rm", "vision/training", "--yes")
    assert "No" in cli("ls", "vision").err
    cli("undo")
    assert "training" in cli("ls", "vision").out
