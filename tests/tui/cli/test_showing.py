"""show and lineage."""

from __future__ import annotations

from curatory.store import File, Store

from .conftest import Cli
from .test_history import EVENT
from .test_listing import COLLECTION, FILE, PROJECT, RUN, VERSION
from .test_people import ENTITY


def test_show_a_version(cli: Cli, shop: Store) -> None:
    done = cli("show", "model/detector:prod")
    for text in ("best, prod, latest", "vision/training/detector:v1", "vision/training/night-2", "acc ", "model.txt"):
        assert text in done.out
    document = cli("show", "model/detector:prod", "--json").document
    assert set(document) == VERSION | {"manifest", "links"}
    assert set(document["manifest"][0]) == FILE | {"verified_at", "problem"}
    assert document["links"][0]["path"] == "acme/wandb-registry-model/detector:v1"
    assert document["metadata"] == {"acc": 0.93, "data": {"split": "test"}}
    assert document["ttl"] == "never"


def test_show_when_files_were_verified(cli: Cli, shop: Store) -> None:
    assert "never; curatory verify model/detector:v1" in cli("show", "model/detector:prod").out
    [file] = cli("show", "model/detector:prod", "--json").document["manifest"]
    assert (file["verified_at"], file["problem"]) == (None, None)
    [sound] = shop.garbage.verify("model/detector:prod")
    assert "its one file, 2026-01-01T" in cli("show", "model/detector:prod").out
    blob = shop.blobs.path_of(sound.sha256)
    blob.chmod(0o644)
    blob.write_bytes(b"x" * sound.size)
    [bad] = shop.garbage.verify("model/detector:prod")
    printed = cli("show", "model/detector:prod").out
    assert "1 of 1 file damaged, oldest look 2026-01-01T" in printed
    assert f"damaged: {bad.problem}" in printed
    [file] = cli("show", "model/detector:prod", "--json").document["manifest"]
    assert bad.at is not None
    assert file["problem"] == bad.problem
    assert file["verified_at"].startswith(f"{bad.at:%Y-%m-%dT%H:%M:%S}")


def test_show_says_nothing_of_a_reference(cli: Cli, shop: Store) -> None:
    shop.versions.log([File("a.mp4", 3, "etag", uri="s3://bucket/a.mp4")], "clips", "dataset", project="training")
    assert "nothing to verify: no bytes of it are in the store" in cli("show", "vision/training/clips:v0").out
    [file] = cli("show", "vision/training/clips:v0", "--json").document["manifest"]
    assert (file["verified_at"], file["problem"]) == (None, None)


def test_show_a_collection(cli: Cli, shop: Store) -> None:
    done = cli("show", "model/detector")
    for text in ("# Detector", "Finds things.", "prod   v1       protected", "detector:v0"):
        assert text in done.out
    document = cli("show", "model/detector", "--json").document
    assert set(document) == COLLECTION | {"newest"}
    assert document["aliases"] == {"best": 1, "prod": 1}
    shop.collections.create("model/empty", "model")
    assert "None yet: curatory link SOURCE model/empty" in cli("show", "model/empty").out


def test_show_registries_and_projects(cli: Cli, shop: Store) -> None:
    done = cli("show", "model")
    for text in ("Models", "acme/wandb-registry-model", "prod", "curatory member ls model", "detector"):
        assert text in done.out
    assert set(cli("show", "model", "--json").document) == PROJECT | {"members", "newest"}
    assert "source project" in cli("show", "vision/training").out
    assert set(cli("show", "vision/training", "--json").document) == PROJECT | {"members", "newest", "runs"}
    assert "None yet" in cli("show", "dataset").out


def test_show_a_run(cli: Cli, shop: Store) -> None:
    done = cli("show", "vision/training/night-1")
    for text in ("finished", "lr  0.1", "loss", "0.25", "█", "vision/training/detector:v0"):
        assert text in done.out
    document = cli("show", "vision/training/night-2", "--json").document
    assert set(document) == RUN | {"inputs", "outputs", "steps", "files"}
    assert [one["path"] for one in document["inputs"]] == ["vision/training/detector:v0"]
    assert [one["path"] for one in document["outputs"]] == ["vision/training/detector:v1"]


def test_show_tells_what_never_came_whole(cli: Cli, shop: Store) -> None:
    shop.uploads.begin("half", "model", "0" * 32, project="training", entity="vision")
    said = cli("show", "vision/training")
    assert "vision/training/half" in said.out
    assert "arrived" in said.out
    assert "completes it" in said.err


def test_show_people(cli: Cli, shop: Store) -> None:
    assert "ana (admin), kim (member)" in cli("show", "vision").out
    assert "kim@example.com" in cli("show", "kim").out
    assert "lee (viewer)" in cli("show", "acme").out
    for name in ("vision", "kim", "acme"):
        document = cli("show", name, "--json").document
        assert set(document) == ENTITY | {"members", "projects", "newest"}
        assert set(document["newest"][0]) == EVENT


def test_show_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "nothing called 'nope'" in cli("show", "nope", code=1).err
    assert "Its aliases are best, prod" in cli("show", "model/detector:canary", code=1).err
    assert "Did you mean 'detector'" in cli("show", "model/detektor", code=1).err
    assert "A part is empty" in cli("show", "a//b", code=1).err
    cli("show", code=2)


# -- lineage ------------------------------------------------------------------------------------------------------


def test_lineage_as_a_tree(cli: Cli, shop: Store) -> None:
    done = cli("lineage", "model/detector:v1")
    assert done.out.splitlines() == [
        "detector:v1  model  best, prod",
        "",
        "Came from",
        "  └─ run night-2  running",
        "     └─ detector:v0  model",
        "        └─ run night-1  finished",
        "",
        "Went into",
        "  nothing that is recorded",
    ]
    assert "Went into" not in cli("lineage", "model/detector:v1", "--up").out
    assert "Came from" not in cli("lineage", "model/detector:v0", "--down").out
    assert "more beyond this depth" in cli("lineage", "model/detector:v1", "--depth", "1").err


def test_lineage_document(cli: Cli, shop: Store) -> None:
    document = cli("lineage", "model/detector:v1", "--json").document
    assert document == cli("lineage", "model/detector:v1", "--format", "json").document
    assert set(document) == {"start", "nodes", "edges", "capped", "deeper", "note"}
    assert set(document["nodes"][0]) == {
        "id", "kind", "label", "path", "detail", "depth", "state", "aliases", "created_at",
    }  # fmt: skip
    assert set(document["edges"][0]) == {"from", "to"}


def test_lineage_as_dot_is_quoted(cli: Cli, shop: Store) -> None:
    run = shop.runs.start("training", entity="vision", name="odd", title='a "quoted" \\ name <b>')
    shop.runs.use(run, "vision/training/detector:v1")
    done = cli("lineage", "model/detector:v1", "--format", "dot")
    assert done.out.startswith("digraph lineage {\n")
    assert r'label="a \"quoted\" \\ name <b>"' in done.out
    assert done.out.endswith("}\n")


def test_a_way_between_two(cli: Cli, shop: Store) -> None:
    there = cli("lineage", "vision/training/detector:v0", "--to", "model/detector:v1").out
    assert there.splitlines()[0].split()[0] == "detector:v0"
    assert there == cli("lineage", "model/detector:v1", "--to", "vision/training/detector:v0").out
    assert len(cli("lineage", "model/detector:v1", "--to", "model/detector:v0", "--json").document["nodes"]) == 3


def test_a_deleted_version_is_shown_as_such(cli: Cli, shop: Store) -> None:
    cli("rm", "vision/training/detector:v0", "--aliases")
    assert "deleted" in cli("lineage", "model/detector:v1").out


def test_what_was_drawn_is_not_drawn_again(cli: Cli, shop: Store) -> None:
    third = shop.runs.start("training", entity="vision", name="night-3")
    shop.runs.use(third, "vision/training/detector:v0")
    shop.runs.use(third, "vision/training/detector:v1")
    drawn = cli("lineage", "vision/training/night-3", "--up").out
    assert drawn.count("night-1") == 1
    assert "(see above)" in drawn


def test_lineage_is_refused_with_a_reason(cli: Cli, shop: Store, log) -> None:
    alone = log("alone", name="other", project="training")
    assert "Nothing leads from" in cli("lineage", alone, "--to", "model/detector:v1", code=1).err
    assert "lineage is asked of a version or a run" in cli("lineage", "model", code=1).err
    assert "not found" in cli("lineage", "model/nope", code=1).err
    cli("lineage", code=2)
    cli("lineage", alone, "--depth", "101", code=2)
    cli("lineage", alone, "--format", "svg", code=2)
