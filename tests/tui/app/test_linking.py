"""Linking versions into collections, from either side, and taking them out."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import File, Store

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named
from .conftest import Open

REFERENCE = File("a", 1, "x", uri="s3://b/a")


def held(path: str) -> Any:
    """Which source stands under which number in a collection."""

    def read(store: Store) -> dict[int, str]:
        store.collections.get(path)
        return {one.number: one.source.rpartition("/")[2] for one in store.search.versions(path)}

    return read


def own(store: Store) -> None:
    """A version that ana logged for herself, not for a team."""
    store.versions.log([REFERENCE], "mine", "model", entity="ana", project="play")


def data(store: Store) -> None:
    store.versions.log([REFERENCE], "parcels", "dataset", entity="vision", project="labs")


def protected(store: Store) -> None:
    store.registries.protect("model", "prod")


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


def expiring(store: Store) -> None:
    store.versions.log([REFERENCE], "fleeting", "model", entity="vision", project="labs")
    store.versions.set_ttl("vision/labs/fleeting:v0", 3_600)


def numbers(store: Store) -> tuple[Any, int | None]:
    one = store.collections.get("model/detector")
    return dict(one.aliases), one.latest


ALL = {0: "detector:v0", 1: "detector:v1", 2: "detector:v2"}
SOURCE = "vision/labs/detector"

CHANGES = [
    Change("into what is there", f"{SOURCE}:v0", ("l", "'model/empty"), ("links vision/labs/detector:v0 as empty:v0",), held("model/empty"), {0: "detector:v0"}),
    Change("into a new collection", f"{SOURCE}:v0", ("l", "'model/fresh"), ("makes the collection fresh of type model", "as fresh:v0"), held("model/fresh"), {0: "detector:v0"}),
    Change("with aliases", f"{SOURCE}:v1", ("l", "'model/fresh", "tab", "'prod, eu"), ("puts prod on v0", "puts eu on v0"), lambda s: set(s.versions.get("model/fresh:v0").aliases), {"prod", "eu", "latest"}),
    Change("of a link, its source", "model/detector:v1", ("l", "'model/fresh"), ("links vision/labs/detector:v1 as fresh:v0",), held("model/fresh"), {0: "detector:v1"}),
    Change("completed by tab", f"{SOURCE}:v0", ("l", "'model/emp", "tab"), ("as empty:v0",), held("model/empty"), {0: "detector:v0"}),
    Change("all that are marked", f"{SOURCE}:v0", ("l", "'model/empty"), ("as empty:v0", "as empty:v1", "as empty:v2", "moves latest v1 → v2"), held("model/empty"), ALL, at=("asterisk",)),
    Change("again, only with an alias", f"{SOURCE}:v0", ("l", "'model/detector", "tab", "'eu"), ("puts eu on v0",), lambda s: s.collections.get("model/detector").aliases.get("eu"), 0),
    Change("what would expire no longer does", "vision/labs/fleeting:v0", ("l", "'model/empty"), ("it will no longer expire",), lambda s: s.versions.get("vision/labs/fleeting:v0").ttl, -2, first=expiring),
    Change("into the collection one is in", "model/empty", ("l", "'vision/labs/detector:v0"), ("links vision/labs/detector:v0 as empty:v0",), held("model/empty"), {0: "detector:v0"}),
    Change("into it with an alias", "model/empty", ("l", "'vision/labs/detector:v1", "tab", "'prod"), ("puts prod on v0",), lambda s: s.collections.get("model/empty").aliases.get("prod"), 0),
    Change("out", "model/detector:v0", ("x",), ("takes detector:v0 out of the collection; its source stays",), held("model/detector"), {1: "detector:v1", 2: "detector:v2"}),
    Change("out, and latest goes on", "model/detector:v2", ("x",), ("moves latest v2 → v1",), numbers, ({"prod": 1}, 1)),
    Change("out with its alias", "model/detector:v1", ("x",), ("takes prod off v1",), numbers, ({}, 2)),
    Change("all out", "model/detector:v2", ("x",), ("takes detector:v0 out", "takes detector:v1 out", "takes detector:v2 out"), held("model/detector"), {}, at=("asterisk",)),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_versions_are_linked_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("nowhere", f"{SOURCE}:v0", ("l",), "Say where to: registry/collection."),
    Refusal("no registry", f"{SOURCE}:v0", ("l", "'nope/fresh"), "nope"),
    Refusal("another type than the registry takes", "vision/labs/parcels:v0", ("l", "'model/fresh"), "does not accept artifacts of type 'dataset'", first=data),
    Refusal("another type than the collection holds", "vision/labs/parcels:v0", ("l", "'secret/one"), "holds artifacts of type 'model'", first=lambda s: (data(s), s.collections.create("secret/one", "model"))),
    Refusal("a personal project's", "ana/play/mine:v0", ("l", "'model/fresh"), "linking is only allowed", first=own),
    Refusal("where one only looks", f"{SOURCE}:v0", ("l", "'model/fresh"), "needs the role member", by="bo", first=lambda s: (viewer(s), s.teams.set_member("vision", "bo"))),
    Refusal("a protected alias", f"{SOURCE}:v0", ("l", "'model/fresh", "tab", "'prod"), "You do not have permission to add the following alias", by="kim", first=lambda s: (protected(s), s.teams.set_member("vision", "kim"))),
    Refusal("a bad name", f"{SOURCE}:v0", ("l", "'model/a:b"), "is not where a version can be linked to"),
    Refusal("a bad alias", f"{SOURCE}:v0", ("l", "'model/fresh", "tab", "'v7"), "is a version number"),
    Refusal("into what runs log into", "vision/labs/detector", ("l",), "holds what runs log into it. Choose a version of it"),
    Refusal("in: nothing said", "model/empty", ("l",), "Say which version."),
    Refusal("in: no such version", "model/empty", ("l", "'vision/labs/detector:v9"), "v9"),
    Refusal("in: as a viewer", "model/empty", ("l", "'vision/labs/detector:v0"), "needs the role member", by="bo", first=lambda s: (viewer(s), s.teams.set_member("vision", "bo"))),
    Refusal("out: as a viewer", "model/detector:v0", ("x",), "takes the role member", by="bo", first=viewer),
    Refusal("out: as a restricted viewer", "model/detector:v0", ("x",), "takes the role member", by="bo"),
    Refusal("out: protected", "model/detector:v1", ("x",), "You do not have permission to unlink a version with the protected alias prod", by="kim", first=protected),
    Refusal("out: the source itself", f"{SOURCE}:v0", ("x",), "is not a link but the source itself; D deletes it"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_links_are_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


MEANWHILE = [
    Meanwhile("another is linked", f"{SOURCE}:v0", ("l", "'model/empty"), lambda s: s.links.add(f"{SOURCE}:v1", "model/empty"), "as empty:v1"),
    Meanwhile("the alias is given", f"{SOURCE}:v0", ("l", "'model/empty", "tab", "'eu"), lambda s: s.links.add(f"{SOURCE}:v1", "model/empty", ["eu"]), "moves eu v0 → v1"),
    Meanwhile("an alias is put on what goes", "model/detector:v0", ("x",), lambda s: s.aliases.add("model/detector:v0", "eu"), "takes eu off v0"),
]  # fmt: skip


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=named)
async def test_what_others_link_meanwhile_is_shown_first(desk: Open, small: Store, meanwhile: Meanwhile) -> None:
    await is_shown_first(desk, small, meanwhile)


async def test_linking_by_mouse(desk: Open, small: Store) -> None:
    async with desk(f"{SOURCE}:v0") as hands:
        await hands.click("l link")
        await hands.type("model/empty")
        await hands.click("Link  ^s")
        assert held("model/empty")(small) == {0: "detector:v0"}
