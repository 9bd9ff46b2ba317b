"""New registries and collections, and new names for them."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import Store

from .acting import Change, Meanwhile, Refusal, is_refused, lives_through, named
from .conftest import Open


def registry(name: str) -> Any:
    def read(store: Store) -> tuple[str, bool, tuple[str, ...], str]:
        one = store.registries.get(name)
        return one.visibility, one.any_type, one.types, one.description

    return read


def collection(path: str) -> Any:
    def read(store: Store) -> tuple[str, tuple[str, ...], str]:
        one = store.collections.get(path)
        return one.type, one.tags, one.description

    return read


def names(store: Store) -> set[str]:
    return {one.name for one in store.search.collections("model")}


def registries(store: Store) -> set[str]:
    return {one.short_name for one in store.registries.list()}


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


def watching(store: Store) -> None:
    store.organizations.set_role("bo", "viewer")


def member_of_secret(store: Store) -> None:
    store.members.add("secret", "kim", "member")


def admin_of_secret(store: Store) -> None:
    store.members.add("secret", "kim", "viewer")


CHANGES = [
    Change("a registry", "model", ("n", "'speech"), ("makes the registry speech, seen by everybody in the organization", "it takes every type"), registry("speech"), ("organization", True, (), "")),
    Change("a restricted one that takes two types", "model", ("n", "'골든 셋", "tab", "right", "tab", "'model, dataset", "tab", "'ours"), ("seen by only those who were added", "it takes model, dataset"), registry("골든 셋"), ("restricted", False, ("dataset", "model"), "ours")),
    Change("a registry, by a member", "model", ("n", "'speech"), ("and you are its admin",), registry("speech"), ("organization", True, (), ""), by="kim"),
    Change("a collection", "model/empty", ("n", "'fresh"), ("makes the collection model/fresh of type model",), collection("model/fresh"), ("model", (), "")),
    Change("a collection with a tag and a card", "model/empty", ("n", "'fresh one", "tab", "tab", "'ko, fast", "tab", "'What it is"), ("tagged ko, fast",), collection("model/fresh one"), ("model", ("fast", "ko"), "What it is")),
    Change("a collection of another type", "secret", ("n", "'set", "tab", "'dataset"), ("makes the collection secret/set of type dataset",), collection("secret/set"), ("dataset", (), ""), at=("2",)),
    Change("a collection's name", "model/empty", ("r", "ctrl+u", "'vacant"), ("renames model/empty → vacant", "paths with the old name lead nowhere"), names, {"detector", "vacant"}),
    Change("a registry's name", "secret", ("r", "ctrl+u", "'hidden"), ("renames secret → hidden",), registries, {"model", "dataset", "hidden"}),
    Change("a registry's name, by a member", "secret", ("r", "ctrl+u", "'hidden"), ("renames secret → hidden",), registries, {"model", "dataset", "hidden"}, by="kim", first=member_of_secret),
    Change("a source collection's type", "vision/labs/detector", ("r", "tab", "ctrl+u", "'model-fp16"), ("takes the type model → model-fp16",), lambda s: s.collections.get("vision/labs/detector").type, "model-fp16"),
    Change("a source collection's name and type", "vision/labs/detector", ("r", "ctrl+u", "'spotter", "tab", "ctrl+u", "'net"), ("renames", "takes the type model → net"), lambda s: s.collections.get("vision/labs/spotter").type, "net"),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_it_is_made_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("no name", "model", ("n",), "Give it a name."),
    Refusal("a registry that is there", "model", ("n", "'Secret"), "already exists in organization"),
    Refusal("a bad character", "model", ("n", "'a/b"), "'a/b'"),
    Refusal("a name too long", "model", ("n", "|" + "x" * 114), "must be 113 characters or less"),
    Refusal("a bad type", "model", ("n", "'speech", "tab", "tab", "'a/b"), "a/b"),
    Refusal("a viewer of the organization", "model", ("n", "'speech"), "creating a registry needs the role member", by="bo", first=watching),
    Refusal("a collection, a viewer", "model/empty", ("n",), "takes the role member", by="bo", first=viewer),
    Refusal("a collection that is there", "model/empty", ("n", "'detector"), "There is a collection 'detector'"),
    Refusal("a collection of a type that is not taken", "model/empty", ("n", "'fresh", "tab", "ctrl+u", "'dataset"), "does not accept artifacts of type 'dataset'"),
    Refusal("a collection with a bad name", "model/empty", ("n", "'a:b"), "Collection names must not contain ':'"),
    Refusal("a collection with a bad tag", "model/empty", ("n", "'fresh", "tab", "tab", "'a.b"), "Tags must only contain"),
    Refusal("in a source project", "vision/labs/detector", ("n",), "come into being when runs log into it"),
    Refusal("the same name", "model/empty", ("r",), "Give it another name."),
    Refusal("a taken name", "model/empty", ("r", "ctrl+u", "'detector"), "There is a collection 'detector'"),
    Refusal("a core registry", "model", ("r", "ctrl+u", "'hidden"), "is a core registry and can't be renamed"),
    Refusal("a taken registry's name", "secret", ("r", "ctrl+u", "'Model"), "already exists"),
    Refusal("a name, a viewer", "model/empty", ("r",), "takes the role member", by="bo", first=viewer),
    Refusal("a registry's name, a viewer", "secret", ("r",), "takes the role member", by="kim", first=admin_of_secret),
    Refusal("a source name with a space", "vision/labs/detector", ("r", "ctrl+u", "'a b"), "may only contain alphanumeric characters"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_making_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


async def test_a_name_that_is_taken_meanwhile_is_refused(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        await hands.press("n")
        await hands.type("fresh")
        small.as_actor("kim").collections.create("model/fresh", "model")
        await hands.press("ctrl+s")
        assert "There is a collection 'fresh'" in hands.plan
        assert small.collections.get("model/fresh").created_by == "kim"


async def test_a_new_name_that_somebody_gives_meanwhile_is_shown_first(desk: Open, small: Store) -> None:
    other = Meanwhile(
        "renamed", "secret", ("r", "ctrl+u", "'hidden"), lambda s: s.registries.rename("secret", "secrets"), "renames"
    )  # fmt: skip
    async with desk(other.path) as hands:
        await hands.press("r", "ctrl+u")
        await hands.type("hidden")
        other.other(small)
        await hands.press("ctrl+s")
        assert "secret" in hands.plan
        assert "hidden" not in registries(small), "the path that was shown leads nowhere now"


async def test_making_by_mouse(desk: Open, small: Store) -> None:
    async with desk("model", size=(160, 40)) as hands:
        await hands.click("n new")
        await hands.type("speech")
        await hands.click("○ only who is added")
        assert "seen by only those who were added" in hands.plan
        await hands.click("Make  ^s")
        assert small.registries.get("speech").visibility == "restricted"
