"""Keys that are typed ahead take turns; none is lost, and none waits for ever."""

from __future__ import annotations

import asyncio

import pytest
from curatory.store import Store
from curatory.tui import typeahead
from textual import events

from .conftest import Hands, Open


def burst(hands: Hands, *keys: str) -> None:
    """All at once, as a slow link delivers them."""
    for key in keys:
        hands.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def done(hands: Hands) -> None:
    for _ in range(3):
        await hands.settle()


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
        await hands.pilot.pause(0.6)
        assert hands.app.typed.idle
        assert hands.browser._current == "collections"
        held.set()


async def test_an_error_while_waiting_lets_the_next_key_through(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(node: object) -> None:
        raise TimeoutError

    async with desk("model/detector") as hands:
        monkeypatch.setattr(typeahead, "_turn", broken)
        burst(hands, "1", "2", "3")
        await hands.pilot.pause(0.3)
        assert hands.app.typed.idle
        assert hands.browser._current == "versions"
