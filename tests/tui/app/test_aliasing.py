"""Aliases of versions: put on, moved, taken off, on one and on many, by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import Store

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named
from .conftest import Open


def aliases(store: Store) -> dict[str, Any]:
    return {
        alias: number for alias, number in store.collections.get("model/detector").aliases.items() if alias != "latest"
    }


def protected(store: Store) -> None:
    store.registries.protect("model", "prod")


def two(store: Store) -> None:
    store.aliases.add("model/detector:v1", "eu")


CHANGES = [
    Change("new", "model/detector:v2", ("a", "'best"), ("puts best on v2",), aliases, {"prod": 1, "best": 2}),
    Change("moved", "model/detector:v2", ("a", "'prod"), ("moves prod v1 → v2",), aliases, {"prod": 2}),
    Change("off", "model/detector:v1", ("a", "ctrl+u"), ("takes prod off v1",), aliases, {}),
    Change("off by minus", "model/detector:v1", ("a", "', -prod"), ("takes prod off v1",), aliases, {}),
    Change(
        "several at once",
        "model/detector:v1",
        ("a", "', a b, 한국어"),
        ("puts a b on v1", "puts 한국어 on v1"),
        aliases,
        {"prod": 1, "a b": 1, "한국어": 1},
    ),
    Change("one off, one on", "model/detector:v1", ("a", "ctrl+u", "'eu"), ("takes prod off v1", "puts eu on v1"), aliases, {"eu": 1}),
    Change("completed", "model/detector:v0", ("a", "'pro", "tab"), ("moves prod v1 → v0",), aliases, {"prod": 0}),
    Change("by a member", "model/detector:v0", ("a", "'prod"), ("moves prod v1 → v0",), aliases, {"prod": 0}, by="kim"),
    Change("protected, by an admin", "model/detector:v0", ("a", "'prod"), ("moves prod v1 → v0",), aliases, {"prod": 0}, first=protected),
    Change("off all that are marked", "model/detector", ("a", "'-prod, -eu"), ("takes prod off v1", "takes eu off v1"), aliases, {}, first=two, at=("3", "asterisk")),
    Change("from the collections", "model/detector", ("a", "'best"), ("puts best on v2",), aliases, {"prod": 1, "best": 2}),
    Change("from the details", "model/detector:v1", ("4", "a", "ctrl+u"), ("takes prod off v1",), aliases, {}),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_aliases_are_set_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("a viewer", "model/detector:v0", ("a",), "takes the role member", by="bo", first=lambda s: s.members.add("model", "bo", "viewer")),
    Refusal("a restricted viewer", "model/detector:v0", ("a",), "takes the role member", by="bo"),
    Refusal("latest", "model/detector:v0", ("a", "'latest"), "always names the newest version"),
    Refusal("a number", "model/detector:v0", ("a", "'v3"), "is a version number"),
    Refusal("a slash", "model/detector:v0", ("a", "'a/b"), "must not contain any of the following characters: '/', ':'"),
    Refusal("a colon", "model/detector:v0", ("a", "'a:b"), "must not contain any of the following characters: '/', ':'"),
    Refusal("too long", "model/detector:v0", ("a", "|" + "x" * 129), "must be 128 characters or less"),
    Refusal("nothing new", "model/detector:v1", ("a",), "Add an alias, or take one away."),
    Refusal("protected: on", "model/detector:v0", ("a", "'prod"), "You do not have permission to add the following alias", by="kim", first=protected),
    Refusal("protected: off", "model/detector:v1", ("a", "ctrl+u"), "You do not have permission to delete the following alias", by="kim", first=protected),
    Refusal("no version", "model/empty", ("a",), "no version here to give an alias to"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_aliases_are_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


MEANWHILE = [
    Meanwhile("moved", "model/detector:v2", ("a", "'prod"), lambda s: s.aliases.add("model/detector:v0", "prod"), "moves prod v0 → v2"),
    Meanwhile("taken off", "model/detector:v2", ("a", "'prod"), lambda s: s.aliases.remove("model/detector:v1", "prod"), "puts prod on v2"),
    Meanwhile("put on", "model/detector:v2", ("a", "'eu"), lambda s: s.aliases.add("model/detector:v1", "eu"), "moves eu v1 → v2"),
]  # fmt: skip


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=named)
async def test_what_others_do_to_an_alias_meanwhile_is_shown_first(
    desk: Open, small: Store, meanwhile: Meanwhile
) -> None:
    await is_shown_first(desk, small, meanwhile)


async def test_marked_versions_get_an_alias_each_only_once(desk: Open, small: Store) -> None:
    """An alias names one version: with several marked, the plan shows where it ends up."""
    async with desk("model/detector:v2") as hands:
        await hands.press("asterisk", "a")
        await hands.type("best")
        assert "An alias names one version" in hands.plan
        await hands.press("ctrl+s")
        assert "best" not in aliases(small)


async def test_a_click_opens_the_dialog_and_a_click_sets_the_alias(desk: Open, small: Store) -> None:
    async with desk("model/detector:v2", size=(160, 40)) as hands:
        await hands.click("a alias")
        await hands.type("prod")
        await hands.click("Set aliases")
        assert aliases(small) == {"prod": 2}
        await hands.click("u undo")
        assert aliases(small) == {"prod": 1}


async def test_a_click_cancels(desk: Open, small: Store) -> None:
    async with desk("model/detector:v2") as hands:
        await hands.press("a")
        await hands.type("prod")
        await hands.click("Cancel")
        assert hands.app.screen is hands.browser
        assert aliases(small) == {"prod": 1}
