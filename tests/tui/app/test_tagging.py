"""Tags of collections and versions, one or many at once."""

from __future__ import annotations

import pytest
from curatory.store import Store

from .acting import Change, Refusal, is_refused, lives_through, named, take
from .conftest import Open


def of_collection(store: Store) -> tuple[str, ...]:
    return store.collections.get("model/detector").tags


def of_version(store: Store) -> tuple[str, ...]:
    return store.versions.get("vision/labs/detector:v2").tags


def of_all(store: Store) -> set[tuple[str, ...]]:
    return {version.tags for version in store.search.versions("model/detector")}


def tagged(store: Store) -> None:
    store.tags.add("model/detector", "wip")


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


CHANGES = [
    Change("a collection", "model/detector", ("t", "'fast, 한국어"), ("adds the tag fast on model/detector", "adds the tag 한국어"), of_collection, ("fast", "한국어")),
    Change("a version, at its source as well", "model/detector:v2", ("t", "'robust"), ("adds the tag robust on",), of_version, ("robust",)),
    Change("one off, one on", "model/detector", ("t", "ctrl+u", "'fast"), ("takes off the tag wip from", "adds the tag fast on"), of_collection, ("fast",), first=tagged),
    Change("off by minus", "model/detector", ("t", "', -wip"), ("takes off the tag wip",), of_collection, (), first=tagged),
    Change("all that are marked", "model/detector:v2", ("t", "'ok"), ("ok on model/detector:v0", "ok on model/detector:v1", "ok on model/detector:v2"), of_all, {("ok",)}, at=("asterisk",)),
    Change("a tag that is used, completed", "model/empty", ("t", "'w", "tab"), ("adds the tag wip on model/empty",), lambda s: s.collections.get("model/empty").tags, ("wip",), first=tagged),
    Change("by a member", "model/detector", ("t", "'fast"), ("adds the tag fast",), of_collection, ("fast",), by="kim"),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_tags_are_set_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("a viewer", "model/detector", ("t",), "takes the role member", by="bo", first=viewer),
    Refusal("a restricted viewer", "model/detector:v2", ("t",), "takes the role member", by="bo"),
    Refusal("a bad tag", "model/detector", ("t", "'a:b"), "Tags must only contain alphanumeric characters"),
    Refusal("a tag too long", "model/detector", ("t", "|" + "x" * 129), "must be 128 characters or less"),
    Refusal("too many at once", "model/detector", ("t", "|" + ",".join(f"t{n}" for n in range(21))), "At most 20 tags can be changed in one call"),
    Refusal("nothing new", "model/detector", ("t",), "Add a tag, or take one away."),
    Refusal("a registry", "model", ("t",), "“tag” belongs to"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_tags_are_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


async def test_what_is_shown_first_is_done_by_the_next_key(desk: Open, small: Store) -> None:
    """Somebody adds one of the tags meanwhile: it is no longer among what will be done."""
    async with desk("model/detector") as hands:
        await take(hands, ("t", "'fast, big"))
        assert "adds the tag fast" in hands.plan
        small.tags.add("model/detector", "fast")
        head = small.events.head()
        await hands.press("ctrl+s")
        assert small.events.head() == head
        assert "Somebody has changed this since" in hands.plan
        assert "adds the tag fast" not in hands.plan
        await hands.press("ctrl+s")
        assert of_collection(small) == ("big", "fast")


async def test_more_than_fits_is_said_and_seen_by_a_key(desk: Open) -> None:
    async with desk("model/detector:v2", size=(80, 24)) as hands:
        await take(hands, ("asterisk", "t", "'a1, a2, a3, a4"))
        assert "7 more lines of what will come of it" in hands.text
        last = "adds the tag a4 on model/detector:v0"
        assert last in hands.plan
        assert "a1 on model/detector:v2" in hands.text
        await hands.press("pagedown", "pagedown", "pagedown")
        assert "a1 on model/detector:v2" not in hands.text
        assert "a4 on model/detector:v0" in hands.text
        await hands.press("pageup", "pageup", "pageup")
        assert "a1 on model/detector:v2" in hands.text
