"""Keys that are typed ahead take turns; none is lost, and none waits for ever."""

from __future__ import annotations

import asyncio

import pytest
from curatory.store import Store
from curatory.tui import typeahead
from textual import events
from textual.widgets import Input

from .conftest import Hands, Open


def burst(hands: Hands, *keys: str) -> None:
    """All at once, as a slow link delivers them."""
    for key in keys:
        hands.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def done(hands: Hands) -> None:
    for _ in range(3):
        await hands.settle()


async def arrives(hands: Hands, pane: str) -> None:
    """All keys had their effect, however long the machine took, and the last one led to a pane."""
    for _ in range(500):
        await hands.pilot.pause(0.02)
        if hands.app.typed.idle and hands.browser._current == pane:
            break
    await hands.pilot.pause(0.1)  # and nothing leads away from it again
    assert hands.app.typed.idle
    assert hands.browser._current == pane


async def test_a_key_behind_a_change_of_pane_goes_to_the_new_pane(desk: Open) -> None:
    async with desk("model") as hands:
        burst(hands, "2", "j")
        await done(hands)
        assert hands.browser.registry is not None
        assert hands.browser.registry.title == "Models"
        assert hands.browser.collections.selected.name == "empty"


async def test_letters_behind_a_key_that_opens_a_dialog_are_typed_into_it(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        burst(hands, "r", *"Dxq", "enter")
        await done(hands)
        assert small.collections.get("model/emptyDxq").name == "emptyDxq"


async def test_letters_behind_a_slash_are_the_filter(desk: Open) -> None:
    async with desk("model/detector") as hands:
        burst(hands, "2", "slash", *"emp", "enter", "j")
        await done(hands)
        assert hands.browser.collections.filter.text == "emp"
        assert [row.record.name for row in hands.browser.collections.table.known] == ["empty"]


async def test_a_key_whose_effect_never_ends_holds_up_the_others_only_so_long(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeahead, "LONGEST", 0.1)
    held = asyncio.Event()

    async def never(node: object) -> None:
        await held.wait()

    async with desk("model/detector") as hands:
        monkeypatch.setattr(typeahead, "_turn", never)
        burst(hands, "o", "3", "2")
        await arrives(hands, "collections")
        held.set()


async def test_an_error_while_waiting_lets_the_next_key_through(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(node: object) -> None:
        raise TimeoutError

    async with desk("model/detector") as hands:
        monkeypatch.setattr(typeahead, "_turn", broken)
        burst(hands, "1", "2", "3")
        await arrives(hands, "versions")


async def test_a_new_key_does_not_overtake_the_one_that_is_let_through(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk("model/detector") as hands:
        app, typed = hands.app, hands.app.typed
        on_its_way: list[events.Event] = []

        def later(call: object, *given: events.Event) -> bool:
            on_its_way.extend(given)
            return True

        with monkeypatch.context() as patch:
            patch.setattr(app, "call_later", later)
            first, second, third = (events.Key(key, key) for key in "ojk")
            assert typed.begin(first)
            assert not typed.begin(second)
            typed._let_through()
            assert on_its_way == [second]
            assert not typed.idle
            assert not typed.begin(third)
            assert typed.begin(second)
            typed._let_through()
            assert on_its_way == [second, third]
            assert typed.begin(third)
            typed._let_through()
            assert typed.idle


@pytest.mark.parametrize("key", ["enter", "ctrl+s"])
async def test_what_applies_behind_letters_in_one_burst_applies_them(desk: Open, small: Store, key: str) -> None:
    async with desk("model/detector") as hands:
        burst(hands, "t", *"xoyn", key)
        await done(hands)
        assert small.collections.get("model/detector").tags == ("xoyn",)


@pytest.mark.parametrize("key", ["enter", "ctrl+s"])
async def test_letters_behind_what_applies_take_the_wish_back(desk: Open, small: Store, key: str) -> None:
    async with desk("model/detector") as hands:
        burst(hands, "t", *"xo", key, *"yn")
        await done(hands)
        assert small.collections.get("model/detector").tags == ()
        assert "adds the tag xoyn" in hands.plan


async def test_what_applies_before_anybody_was_told_of_the_letters_waits_for_their_plan(
    desk: Open, small: Store
) -> None:
    async with desk("model/detector") as hands:
        await hands.press("t")
        await hands.type("old")
        dialog = hands.dialog
        dialog.query_one(Input).value = "new"  # its message comes behind what is done now
        dialog.action_apply()
        await done(hands)
        assert small.collections.get("model/detector").tags == ("new",)
