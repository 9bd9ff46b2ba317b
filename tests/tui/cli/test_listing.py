"""ls and search."""

from __future__ import annotations

import pytest
from curatory.store import Store

from .conftest import Cli

PROJECT = {
    "kind", "path", "name", "title", "description", "visibility", "owner", "core", "role", "any_type", "types",
    "protected_aliases", "collections", "created_at", "created_by", "updated_at",
}  # fmt: skip
COLLECTION = {
    "kind", "path", "short_path", "name", "holds", "type", "description", "tags", "aliases", "versions", "latest",
    "created_at", "created_by", "updated_at",
}  # fmt: skip
VERSION = {
    "kind", "path", "short_path", "name", "number", "type", "state", "digest", "size", "files", "aliases", "tags",
    "description", "metadata", "ttl", "link", "source", "run", "created_at", "created_by", "updated_at", "linked_at",
    "linked_by",
}  # fmt: skip
FILE = {"path", "size", "digest", "sha256", "uri"}
RUN = {
    "kind", "path", "name", "title", "state", "job_type", "group", "notes", "config", "summary", "exit_code",
    "created_at", "created_by", "heartbeat_at", "ended_at",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "keys", "names"),
    [
        ((), PROJECT, ["dataset", "model"]),
        (("model",), COLLECTION, ["detector"]),
        (("acme",), PROJECT, ["model", "dataset"]),
        (("vision",), PROJECT, ["training"]),
        (("vision/training",), COLLECTION, ["detector"]),
        (("model/detector",), VERSION, ["detector:v1", "detector:v0"]),
        (("model", "--all"), COLLECTION, ["detector"]),
    ],
)
def test_ls_lists_what_is_below(cli: Cli, shop: Store, path: tuple[str, ...], keys: set[str], names: list[str]) -> None:
    document = cli("ls", *path, "--json").document
    assert set(document) == {"items", "after"}
    assert sorted(one["name"] for one in document["items"]) == sorted(names)
    assert all(set(one) == keys for one in document["items"])
    printed = cli("ls", *path).out
    assert all(name in printed for name in names)


def test_ls_of_a_version_lists_its_files(cli: Cli, shop: Store) -> None:
    (file,) = cli("ls", "model/detector:prod", "--json").document["items"]
    assert set(file) == FILE
    assert file["path"] == "model.txt"
    assert "model.txt" in cli("ls", "model/detector:prod").out


def test_ls_runs(cli: Cli, shop: Store) -> None:
    document = cli("ls", "vision/training", "--runs", "--limit", "1", "--json").document
    assert [one["name"] for one in document["items"]] == ["night-2"]
    assert set(document["items"][0]) == RUN
    after = document["after"]
    done = cli("ls", "vision/training", "--runs", "--limit", "1", "--after", after)
    assert "night-1" in done.out
    assert "--runs" in cli("ls", "vision/training").err
    assert "curatory show" in cli("ls", "vision/training/night-1", code=1).err


def test_ls_all_has_every_kind_of_project(cli: Cli, shop: Store) -> None:
    shop.legacy.ensure("vision")
    kinds = {one["kind"] for one in cli("ls", "--all", "--json").document["items"]}
    assert kinds == {"registry", "legacy", "project"}


def test_pages_and_honest_counts(cli: Cli, shop: Store) -> None:
    first = cli("ls", "model/detector", "--limit", "1", "--total")
    assert "1 of 2 versions · more: --after " in first.err
    after = first.err.rpartition(" ")[2].strip()
    second = cli("ls", "model/detector", "--limit", "1", "--after", after)
    assert "detector:v0" in second.out
    assert "1 version" in second.err
    assert "the first 1 version · more" in cli("ls", "model/detector", "--limit", "1").err
    document = cli("ls", "model/detector", "--limit", "1", "--total", "--json").document
    assert (document["total"], len(document["items"])) == (2, 1)


def test_filter_and_order(cli: Cli, shop: Store) -> None:
    assert "v1" in cli("ls", "model/detector", "--filter", "metadata.acc>0.9").out
    assert "v0" not in cli("ls", "model/detector", "--filter", "metadata.acc>0.9").out
    rows = cli("ls", "model/detector", "--order", "number").out.splitlines()
    assert rows[1].startswith("model/detector:v0")


def test_ls_says_when_there_is_nothing(cli: Cli) -> None:
    assert "No collections here" in cli("ls", "model").err
    assert cli("ls", "model", "--json").document == {"items": [], "after": None}


def test_ls_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "nothing called 'nope'" in cli("ls", "nope", code=1).err
    shop.registries.create("secret", visibility="restricted")
    hidden = cli("ls", "secret", by="lee", code=1).err
    assert hidden == cli("ls", "nought", by="lee", code=1).err.replace("nought", "secret")
    assert "at most three parts" in cli("ls", "a/b/c/d", code=1).err
    assert "not a page cursor" in cli("ls", "model", "--after", "x", code=1).err
    assert "can't be ordered by" in cli("ls", "model", "--order", "beauty", code=1).err


def test_ls_usage(cli: Cli, shop: Store) -> None:
    cli("ls", "model", "model", code=2)
    cli("ls", "", code=2)
    cli("ls", "--limit", "0", code=2)
    cli("ls", "--all", "--filter", "x", code=2)
    cli("ls", "model/detector:v0", "--order", "name", code=2)


def test_search_finds_collections_by_word_and_versions_by_their_fields(cli: Cli, shop: Store) -> None:
    document = cli("search", "detector", "--json").document
    assert set(document) == {"items", "after", "kind"}
    assert document["kind"] == "collections"
    document = cli("search", "metadata.acc>0.9", "--json").document
    assert document["kind"] == "versions"
    assert [one["name"] for one in document["items"]] == ["detector:v1"]
    assert [one["kind"] for one in cli("search", "mod", "--kind", "registries", "--json").document["items"]]
    assert cli("search", "tag:robust", "--in", "model/detector", "--json").document["kind"] == "versions"
    assert "model/detector" in cli("search", "detector").out
    assert "No collections found" in cli("search", "zebra").err


def test_a_query_that_is_wrong_is_pointed_at(cli: Cli, shop: Store) -> None:
    done = cli("search", "tag:(x", code=1)
    lines = done.err.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[1] == "  tag:(x"
    assert lines[2].index("^") == 2 + "tag:(x".index("(")
    # wide characters take two columns
    korean = cli("search", "검출 tag:(x", code=1).err.splitlines()
    assert korean[2].index("^") == 2 + 4 + 1 + len("tag:")
    assert "closes nothing" in cli("ls", "model", "--filter", "a)", code=1).err


def test_a_long_query_is_shown_around_its_mistake(cli: Cli, shop: Store) -> None:
    lines = cli("search", "word " * 100 + "(", code=1).err.splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert lines[1][lines[2].index("^")] == "("


def test_the_language_explains_itself(cli: Cli) -> None:
    done = cli("search", "--fields")
    assert "metadata.acc>0.9" in done.out
    document = cli("search", "--fields", "--json").document
    assert set(document) == {"grammar", "fields"}
    assert {"name", "kind", "of", "meaning", "examples"} == set(document["fields"][0])


def test_search_usage(cli: Cli) -> None:
    cli("search", code=2)
    cli("search", "x", "--kind", "people", code=2)
    cli("search", "x", "--kind", "registries", "--in", "model", code=2)
