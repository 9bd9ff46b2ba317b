"""Taking back and doing again: by key, from the list, from an event; and why it can't be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from curatory.store import Store
from curatory.tui.dialogs.event import EventDialog
from curatory.tui.dialogs.undo import UndoList

from .conftest import Open


def tags(store: Store) -> tuple[str, ...]:
    return store.collections.get("model/detector").tags


REASONS: list[tuple[str, Callable[[Store], object], str]] = [
    ("changed again", lambda s: (s.tags.add("model/detector", "a"), s.as_actor("kim").tags.remove("model/detector", "a")), "was changed again by kim"),
    ("moved on", lambda s: (s.aliases.add("model/detector:v2", "prod"), s.as_actor("kim").aliases.add("model/detector:v0", "prod")), "the alias 'prod' was changed again by kim"),
    ("name taken", lambda s: (s.collections.rename("model/empty", "full"), s.as_actor("kim").collections.create("model/empty", "model")), "another collection is called 'empty' by now"),
    ("collection gone", lambda s: (s.tags.add("model/empty", "a"), s.as_actor("kim").collections.remove("model/empty")), "the collection is not there any more"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "first", "says"), REASONS, ids=[one[0] for one in REASONS])
async def test_it_says_why_it_can_not(
    desk: Open, small: Store, name: str, first: Callable[[Store], object], says: str
) -> None:
    first(small)
    head = small.events.head()
    async with desk("model/detector") as hands:
        await hands.press("u")
        assert any(says in toast for toast in hands.toasts), hands.toasts
    assert small.events.head() == head


async def test_who_may_no_longer_do_it_is_refused(desk: Open, small: Store) -> None:
    small.as_actor("kim").tags.add("model/detector", "a")
    small.members.set_role("model", "kim", "viewer")
    async with desk("model/detector", by="kim") as hands:
        await hands.press("u")
        assert any("kim is not allowed to add or delete tags" in toast for toast in hands.toasts)
    assert tags(small) == ("a",)


async def test_who_has_done_nothing_has_nothing_to_take_back_or_do_again(desk: Open) -> None:
    async with desk("model/detector", by="bo") as hands:
        await hands.press("u", "U", "Z")
        assert any("nothing of bo's to undo" in toast for toast in hands.toasts)
        assert any("nothing of bo's to redo" in toast for toast in hands.toasts)
        assert "You have changed nothing that could be undone." in hands.text


async def test_one_after_the_other_back_and_forth(desk: Open, small: Store) -> None:
    for tag in ("one", "two"):
        small.tags.add("model/detector", tag)
    async with desk("model/detector") as hands:
        seen = []
        for key in ("u", "u", "U", "U", "u"):
            await hands.press(key)
            seen.append(tags(small))
        assert seen == [("one",), (), ("one",), ("one", "two"), ("one",)]


async def test_others_changes_are_not_taken_back_by_u(desk: Open, small: Store) -> None:
    small.tags.add("model/detector", "mine")
    small.as_actor("kim").tags.add("model/detector", "theirs")
    async with desk("model/detector") as hands:
        await hands.press("u")
        assert tags(small) == ("theirs",)


async def test_the_list_shows_batches_as_one_takes_back_and_does_again(desk: Open, small: Store) -> None:
    with small.batch():
        small.tags.add("model/detector", "one")
        small.tags.add("model/empty", "one")
    small.tags.add("model/detector", "two")
    async with desk("model/detector") as hands:
        await hands.press("Z")
        assert isinstance(hands.app.screen, UndoList)
        assert "and 1 more, as one" in hands.text
        await hands.press("down", "enter")
        assert tags(small) == ("two",)
        assert small.collections.get("model/empty").tags == ()
        assert "redo" in hands.text
        await hands.press("home", "enter")
        assert tags(small) == ("one", "two")
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_the_list_says_why_one_can_not_be_taken_back(desk: Open, small: Store) -> None:
    small.tags.add("model/detector", "one")
    small.as_actor("kim").tags.remove("model/detector", "one")
    async with desk("model/detector") as hands:
        await hands.press("Z", "enter")
        assert "was changed again by kim" in hands.text
        assert isinstance(hands.app.screen, UndoList)


async def test_an_event_is_shown_in_full_and_taken_back(desk: Open, small: Store) -> None:
    small.as_actor("kim").tags.add("model/detector", "theirs")
    async with desk("model/detector") as hands:
        await hands.press("H", "enter")
        assert isinstance(hands.app.screen, EventDialog)
        await hands.until("hash")
        for text in ("tagged theirs on model/detector", "by    kim", "tag.add", "before null", "after  1", "hash"):
            assert text in hands.text
        await hands.press("u")
        assert tags(small) == ()
        assert any("Taken back." in toast and "U does it again" in toast for toast in hands.toasts)


async def test_an_event_that_can_not_be_taken_back_says_why(desk: Open, small: Store) -> None:
    async with desk("vision/labs/detector:v0") as hands:
        await hands.press("H", "end", "enter")
        assert isinstance(hands.app.screen, EventDialog)
        await hands.until("version.log")
        await hands.press("u")
        assert any("is work, not a change to the registry" in toast for toast in hands.toasts), hands.toasts
        assert isinstance(hands.app.screen, EventDialog)


async def test_by_mouse(desk: Open, small: Store) -> None:
    small.tags.add("model/detector", "one")
    async with desk("model/detector", size=(160, 40)) as hands:
        await hands.click("u undo")
        assert tags(small) == ()
