"""The history: filtered by person, action, time and subject, and a collection as it was."""

from __future__ import annotations

import pytest
from curatory.store import Store
from curatory.tui.screens.history import HistoryScreen, moment
from curatory.tui.widgets.table import VirtualTable
from textual.widgets import Input

from .conftest import BEGIN, Hands, Open


async def fill(hands: Hands, **fields: str) -> None:
    """Put texts into the fields and wait until what they ask for has been read."""
    for name, text in fields.items():
        hands.app.screen.query_one(f"#field-{name}", Input).value = text
    await hands.pilot.pause(0.4)
    await hands.settle()


@pytest.mark.parametrize(
    ("fields", "there", "gone"),
    [
        ({"of": "model/detector"}, "put prod on detector:v1", "created the collection model/empty"),
        ({"of": "model/empty"}, "created the collection model/empty", "put prod"),
        ({"of": "model/detector:v0"}, "as detector:v0", "as detector:v2"),
        ({"of": "secret"}, "created the registry secret", "model/detector"),
        ({"of": "", "by": "kim"}, "tagged theirs on model/empty", "put prod"),
        ({"of": "", "action": "alias"}, "put prod on detector:v1", "created the collection"),
        ({"of": "", "action": "member.add"}, "added kim as member to model", "put prod"),
        ({"of": "", "since": "2026-01-02"}, "no event fits", "put prod"),
        ({"of": "", "until": "2025-12-31"}, "no event fits", "put prod"),
        ({"of": "", "since": "1y", "action": "tag"}, "tagged theirs", "put prod"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_it_is_filtered(desk: Open, small: Store, fields: dict[str, str], there: str, gone: str) -> None:
    small.as_actor("kim").tags.add("model/empty", "theirs")
    async with desk("model/detector", size=(120, 40)) as hands:
        await hands.press("H")
        assert isinstance(hands.app.screen, HistoryScreen)
        await fill(hands, **fields)
        assert there in hands.text
        assert gone not in hands.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"since": "yesterday"}, "'yesterday' is no time: write 7d, 2026-01-31"),
        ({"as-of": "soon"}, "'soon' is no time"),
        ({"of": "model/nope"}, "nope"),
        ({"of": "", "by": "nobody"}, "There is no user or team 'nobody'"),
        ({"of": "", "as-of": "2026-01-01"}, "give its path in"),
        ({"of": "secret", "as-of": "2026-01-01"}, "secret"),
    ],
    ids=str,
)
async def test_what_it_can_not_read_is_told_and_forgotten_again(desk: Open, fields: dict[str, str], says: str) -> None:
    async with desk("model/detector", size=(120, 40)) as hands:
        await hands.press("H")
        await fill(hands, **fields)
        assert says in hands.text
        await fill(hands, **dict.fromkeys(fields, ""))
        await fill(hands, of="model/detector")
        assert "is no time" not in hands.text
        assert "put prod on detector:v1" in hands.text


async def test_a_collection_as_it_was(desk: Open, small: Store) -> None:
    small.aliases.add("model/detector:v2", "prod")
    before = next(event.at for event in small.events.of("model/detector") if event.action == "alias.add")
    async with desk("model/detector", size=(120, 40)) as hands:
        await hands.press("H")
        await fill(hands, **{"as-of": f"{before:%Y-%m-%dT%H:%M}"})
        assert "prod v2" in hands.text
        earlier = before.replace(minute=before.minute - 2)
        await fill(hands, **{"as-of": f"{earlier:%Y-%m-%dT%H:%M}"})
        assert "prod v1" in hands.text
        await fill(hands, **{"as-of": "2025-12-31"})
        assert "no version was in it" in hands.text


async def test_it_begins_with_what_one_stands_on(desk: Open) -> None:
    async with desk("model/detector:v1") as hands:
        await hands.press("H")
        assert hands.app.screen.query_one("#field-of", Input).value == "model/detector:v1"
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_by_keyboard_alone(desk: Open, small: Store) -> None:
    small.as_actor("kim").tags.add("model/detector", "theirs")
    async with desk("model/detector") as hands:
        await hands.press("H", "slash")
        await hands.type("kim")
        await hands.pilot.pause(0.4)
        await hands.press("enter")
        assert "tagged theirs" in hands.text
        assert "put prod" not in hands.text
        await hands.press("enter")
        await hands.until("tag.add")
        await hands.press("escape", "escape")
        assert hands.app.screen is hands.browser


async def test_it_says_nothing_of_what_one_may_not_see(desk: Open, small: Store) -> None:
    async with desk("model/detector", by="bo") as hands:
        await hands.press("H")
        await fill(hands, of="")
        assert "put prod on detector:v1" in hands.text
        assert "secret" not in hands.text


async def test_what_happens_meanwhile_appears(desk: Open, small: Store) -> None:
    async with desk("model/detector") as hands:
        await hands.press("H")
        small.as_actor("kim").tags.add("model/detector", "theirs")
        for _ in range(100):
            await hands.pilot.pause(0.05)
            if "tagged theirs" in hands.text:
                return
        raise AssertionError(hands.text)


def test_moments_are_read() -> None:
    assert moment(None, BEGIN) is None
    assert moment("2026-01-31", BEGIN).isoformat() == "2026-01-31T00:00:00+00:00"  # type: ignore[union-attr]
    assert (BEGIN - moment("7d", BEGIN)).days == 7  # type: ignore[operator]
    assert (BEGIN - moment("2w", BEGIN)).days == 14  # type: ignore[operator]


async def test_the_cursor_stays_where_one_goes_at_once(desk: Open) -> None:
    """What the screen opens with is read once: a second reading would put the cursor back to the top."""
    async with desk("model/detector") as hands:
        await hands.press("H", "end")
        table = hands.app.screen.query_one(VirtualTable)
        at = table.cursor
        assert at == table.total - 1 > 0
        await hands.pilot.pause(0.5)
        await hands.settle()
        assert table.cursor == at
