"""alias, tag, describe, protect, ttl, registry and collection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from curatory.store import NotFound, Store

from .conftest import Cli

WRITTEN = {"dry_run", "changes", "automations", "undo", "result"}


# -- alias --------------------------------------------------------------------------------------------------------


def test_an_alias_moves_and_says_from_where(cli: Cli, shop: Store) -> None:
    done = cli("alias", "add", "model/detector:v0", "prod", "eu")
    assert "moved prod v1 → v0 in model/detector; added alias eu to model/detector:v0" in done.out
    assert shop.collections.get("model/detector").aliases["prod"] == 0
    assert "Nothing changed" in cli("alias", "add", "model/detector:v0", "prod").out
    assert "took alias eu off model/detector:v0" in cli("alias", "rm", "model/detector:v0", "eu").out
    cli("undo")
    assert shop.versions.get("model/detector:eu").number == 0


def test_a_dry_run_of_alias(cli: Cli, shop: Store) -> None:
    assert "moved prod v1 → v0" in cli("alias", "add", "model/detector:v0", "prod", "--dry-run").out
    assert "took alias prod off" in cli("alias", "rm", "model/detector:v1", "prod", "--dry-run").out
    assert shop.collections.get("model/detector").aliases["prod"] == 1


def test_alias_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "It is protected" in cli("alias", "add", "model/detector:v0", "prod", by="kim", code=1).err
    assert "following alias from" in cli("alias", "rm", "model/detector:v1", "prod", by="kim", code=1).err
    assert "is a version number" in cli("alias", "add", "model/detector:v0", "v7", code=1).err
    assert "does not have the alias" in cli("alias", "rm", "model/detector:v0", "best", code=1).err
    assert "not allowed" in cli("alias", "add", "model/detector:v0", "x", by="lee", code=1).err
    cli("alias", "add", "model/detector:v0", code=2)
    cli("alias", "rm", code=2)
    cli("alias", "move", code=2)


def test_alias_ls_now_and_then(cli: Cli, shop: Store) -> None:
    document = cli("alias", "ls", "model/detector", "--json").document
    assert {one["alias"]: one["version"] for one in document["items"]} == {"prod": 1, "best": 1, "latest": 1}
    assert set(document) == {"items", "after", "at"}
    # every look at the test's clock is a second
    linked = shop.events.of("model/detector", actions="link").items[-1].at
    then = linked.strftime("%Y-%m-%dT%H:%M:%S.%f")
    document = cli("alias", "ls", "model/detector", "--at", then, "--json").document
    assert {one["alias"]: one["version"] for one in document["items"]} == {"prod": 0, "latest": 0}
    assert "v0" in cli("alias", "ls", "model/detector", "--at", then).out
    assert "No aliases at" in cli("alias", "ls", "model/detector", "--at", "2020-01-01").err
    assert "not found" in cli("alias", "ls", "model/nope", code=1).err
    cli("alias", "ls", "model/detector", "--at", "someday", code=2)


def test_alias_history(cli: Cli, shop: Store) -> None:
    document = cli("alias", "history", "model/detector", "prod", "--json").document
    assert [one["action"] for one in document["items"]] == ["link.add", "link.add"]
    assert "moved prod v0 → v1" in cli("alias", "history", "model/detector", "prod").out
    assert "names a version" in cli("alias", "history", "model/detector:v0", "prod", code=1).err
    cli("alias", "history", "model/detector", code=2)


# -- tag ----------------------------------------------------------------------------------------------------------


def test_tags_on_collections_and_versions(cli: Cli, shop: Store) -> None:
    assert "tagged model/detector: vision, fast" in cli("tag", "add", "model/detector", "vision", "fast").out
    assert shop.collections.get("model/detector").tags == ("fast", "vision")
    assert "took the tags fast off model/detector" in cli("tag", "rm", "model/detector", "fast").out
    assert "Nothing changed" in cli("tag", "add", "model/detector", "vision").out
    cli("tag", "add", "model/detector:v0", "old")
    assert shop.versions.get("vision/training/detector:v0").tags == ("old",)
    document = cli("tag", "ls", "--json").document
    assert {"tag": "old", "uses": 2} in document["items"]  # at its source and at its link
    assert "robust" in cli("tag", "ls", "model").out
    assert "No tags here" in cli("tag", "ls", "dataset").err


def test_tag_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "Invalid tag(s)" in cli("tag", "add", "model/detector", "a:b", code=1).err
    assert "does not have the tag" in cli("tag", "rm", "model/detector", "x", code=1).err
    assert "only those have tags" in cli("tag", "add", "model", "x", code=1).err
    assert "not allowed" in cli("tag", "add", "model/detector", "x", by="lee", code=1).err
    assert "would have" in cli("tag", "add", "model/detector", "x", "--dry-run").out
    assert set(cli("tag", "add", "model/detector", "x", "--json").document) == WRITTEN
    cli("tag", "add", "model/detector", code=2)
    cli("tag", "ls", "a", "b", code=2)
    cli("tag", "ls", "nope", code=1)


# -- describe -----------------------------------------------------------------------------------------------------


def test_describe_from_text_file_and_stdin(cli: Cli, shop: Store, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("# 카드\n")
    assert "changed the card of model/detector" in cli("describe", "model/detector", "--file", str(card)).out
    assert shop.collections.get("model/detector").description == "# 카드\n"
    cli("describe", "model/detector:v0", "the first")
    assert shop.versions.get("vision/training/detector:v0").description == "the first"
    cli("registry", "create", "golden")
    cli("describe", "golden", "--file", "-", input="the best")
    assert shop.registries.get("golden").description == "the best"
    assert "Nothing changed" in cli("describe", "golden", "the best").out


def test_describe_replaces_metadata(cli: Cli, shop: Store, tmp_path: Path) -> None:
    scores = tmp_path / "scores.json"
    scores.write_text(json.dumps({"acc": 1}))
    assert "changed the metadata of" in cli("describe", "model/detector:v0", "--metadata", str(scores)).out
    assert shop.versions.get("model/detector:v0").metadata == {"acc": 1}
    assert "only versions have metadata" in cli("describe", "model/detector", "--metadata", str(scores), code=1).err


def test_describe_is_refused_with_a_reason(cli: Cli, shop: Store, tmp_path: Path) -> None:
    assert "core registry" in cli("describe", "model", "x", code=1).err
    assert "not allowed" in cli("describe", "model/detector", "x", by="lee", code=1).err
    assert "have descriptions" in cli("describe", "vision", "x", code=1).err
    assert "no editor without a terminal" in cli("describe", "model/detector", code=1).err
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in cli("describe", "model/detector", "--file", str(tmp_path / "latin"), code=1).err
    assert "can't be read" in cli("describe", "model/detector", "--file", str(tmp_path / "none"), code=1).err
    cli("describe", "model/detector", "text", "--file", "x", code=2)
    cli("describe", code=2)
    assert "would have" in cli("describe", "model/detector", "x", "--dry-run").out
    assert set(cli("describe", "model/detector", "x", "--json").document) == WRITTEN


# -- protect and ttl ----------------------------------------------------------------------------------------------


def test_protect_and_back(cli: Cli, shop: Store) -> None:
    done = cli("protect", "model", "eu", "us")
    assert "protected the alias eu in model" in done.out
    assert shop.registries.get("model").protected_aliases == ("eu", "prod", "us")
    cli("undo")
    assert shop.registries.get("model").protected_aliases == ("prod",)
    assert "took the protection off" in cli("protect", "model", "prod", "--off").out
    assert "not a protected alias" in cli("protect", "model", "prod", "--off", code=1).err
    assert "not allowed" in cli("protect", "model", "eu", by="kim", code=1).err
    assert "given automatically" in cli("protect", "model", "v3", code=1).err
    assert cli("protect", "model", "eu", "--json").document["result"]["protected_aliases"] == ["eu"]
    cli("protect", "model", code=2)


def test_ttl_of_a_version_and_of_a_team(cli: Cli, shop: Store, log) -> None:
    path = log("third", project="training")
    assert "set the time to live of vision/training/detector:v2: 30 d" in cli("ttl", path, "30d").out
    assert shop.versions.get(path).ttl == 30 * 86_400
    cli("ttl", path, "never")
    assert shop.versions.get(path).ttl == -2
    cli("ttl", path, "inherit")
    assert shop.versions.get(path).ttl == -1
    cli("ttl", "vision", "90d")
    assert shop.teams.get("vision").default_ttl == 90 * 86_400
    cli("ttl", "vision", "never")
    assert shop.teams.get("vision").default_ttl is None
    assert "would have" in cli("ttl", path, "1d", "--dry-run").out


def test_ttl_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "Cannot set TTL for link artifact" in cli("ttl", "model/detector:v0", "30d", code=1).err
    assert "linked versions don't expire" in cli("ttl", "vision/training/detector:v0", "30d", code=1).err
    assert "inherits from nobody" in cli("ttl", "vision", "inherit", code=1).err
    assert "is a registry" in cli("ttl", "model", "30d", code=1).err
    assert "not allowed" in cli("ttl", "vision", "30d", by="kim", code=1).err
    cli("ttl", "vision/training/detector:v0", "soon", code=2)
    cli("ttl", "vision", code=2)


# -- registry -----------------------------------------------------------------------------------------------------


def test_registry_create_edit_and_undo_as_one(cli: Cli, shop: Store) -> None:
    done = cli("registry", "create", "골든 셋", "--visibility", "restricted", "--type", "dataset")
    assert "created the registry 골든 셋 (restricted, types: dataset)" in done.out
    done = cli("registry", "edit", "골든 셋", "--name", "silver", "--description", "second", "--accept", "model")
    assert "renamed the registry 골든 셋 to silver" in done.out
    one = shop.registries.get("silver")
    assert (one.description, one.types) == ("second", ("dataset", "model"))
    cli("undo")
    assert shop.registries.get("골든 셋").description == ""
    cli("registry", "edit", "골든 셋", "--accept-any")
    assert shop.registries.get("골든 셋").any_type
    cli("registry", "edit", "골든 셋", "--accept-only", "--accept", "eval")
    assert shop.registries.get("골든 셋").types == ("dataset", "eval")
    cli("member", "add", "골든 셋", "kim")
    cli("registry", "edit", "골든 셋", "--owner", "kim")
    assert shop.registries.get("골든 셋").owner == "kim"


def test_opening_a_registry_needs_a_confirmation(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "golden", "--visibility", "restricted")
    done = cli("registry", "edit", "golden", "--visibility", "organization", code=1)
    assert "2 people would newly see acme/wandb-registry-golden: kim, lee. Confirm to go on (--confirm)" in done.err
    cli("registry", "edit", "golden", "--visibility", "organization", "--confirm")
    assert shop.registries.get("golden").visibility == "organization"


def test_registry_rm_asks_for_the_name(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "golden")
    assert "Nobody can be asked here; say so with --yes" in cli("registry", "rm", "golden", code=1).err
    assert "deleted the registry golden" in cli("registry", "rm", "golden", "--dry-run").out
    cli("registry", "rm", "golden", "--yes")
    with pytest.raises(NotFound):
        shop.registries.get("golden")
    cli("undo")
    assert shop.registries.get("golden")


def test_registry_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "already exists" in cli("registry", "create", "model", code=1).err
    assert "needs the role member" in cli("registry", "create", "x", by="lee", code=1).err
    assert "core registry" in cli("registry", "rm", "model", "--yes", code=1).err
    assert "core registry" in cli("registry", "edit", "model", "--name", "x", code=1).err
    assert "not allowed" in cli("registry", "edit", "model", "--accept", "x", by="kim", code=1).err
    assert "There is no registry" in cli("registry", "edit", "nope", "--name", "x", code=1).err
    cli("registry", "edit", "model", code=2)
    cli("registry", "edit", "model", "--accept-any", "--accept", "x", code=2)
    cli("registry", "create", code=2)
    cli("registry", "create", "x", "--visibility", "public", code=2)
    assert "would have" in cli("registry", "create", "x", "--dry-run").out
    assert cli("registry", "create", "x", "--json").document["result"]["name"] == "x"


# -- collection ---------------------------------------------------------------------------------------------------


def test_collection_create_edit_rm(cli: Cli, shop: Store) -> None:
    done = cli("collection", "create", "model/검출기 🚀", "--type", "model", "--tag", "ko", "--description", "카드")
    assert "created the collection model/검출기 🚀 for artifacts of type model" in done.out
    done = cli("collection", "edit", "model/검출기 🚀", "--name", "spotter", "--description", "card")
    assert "renamed the collection model/검출기 🚀 to spotter" in done.out
    cli("undo")
    assert shop.collections.get("model/검출기 🚀").description == "카드"
    cli("collection", "edit", "vision/training/detector", "--type", "model-fp16")
    assert shop.collections.get("vision/training/detector").type == "model-fp16"
    cli("collection", "rm", "model/검출기 🚀", "model/detector")
    assert "No collections here" in cli("ls", "model").err
    cli("undo")
    assert len(shop.search.collections("model")) == 2


def test_collection_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "already" in cli("collection", "create", "model/detector", "--type", "model", code=1).err
    assert "does not accept" in cli("collection", "create", "model/x", "--type", "dataset", code=1).err
    assert "no registry in it" in cli("collection", "create", "x", "--type", "model", code=1).err
    assert "not allowed" in cli("collection", "create", "model/x", "--type", "model", by="lee", code=1).err
    assert (
        "if the artifact collection is a sequence"
        in cli("collection", "edit", "model/detector", "--type", "x", code=1).err
    )
    assert "protected alias" in cli("collection", "rm", "model/detector", by="kim", code=1).err
    assert "not found" in cli("collection", "rm", "model/nope", code=1).err
    cli("collection", "create", "model/x", code=2)
    cli("collection", "edit", "model/detector", code=2)
    cli("collection", "rm", code=2)
    assert "would have" in cli("collection", "rm", "model/detector", "--dry-run").out
    document = cli("collection", "create", "model/x", "--type", "model", "--json").document
    assert document["result"]["path"] == "acme/wandb-registry-model/x"
