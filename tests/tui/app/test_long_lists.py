"""Lists of thousands: any row can be gone to, marks reach all of it, and the cursor stays where it is."""

from __future__ import annotations

import pytest
from curatory.store import Store

from .conftest import Hands, Open

MANY = 3_000


@pytest.fixture
def many(small: Store) -> Store:
    with small.batch():
        for number in range(MANY):
            small.collections.create(f"datasets/검출-{number:04}", "dataset")
    return small


def here(hands: Hands) -> str:
    return hands.browser.collections.selected.name


async def settled(hands: Hands) -> None:
    for _ in range(5):
        await hands.settle()


@pytest.mark.parametrize("number", [0, 1, 1_500, 2_222, MANY - 1])
async def test_a_path_leads_to_any_row(many: Store, desk: Open, number: int) -> None:
    async with desk(f"datasets/검출-{number:04}") as hands:
        await settled(hands)
        table = hands.browser.collections.table
        assert here(hands) == f"검출-{number:04}"
        assert table.cursor == number
        assert f"검출-{number:04}" in hands.text
        await hands.press(*(["up"] if number else ["down"]))
        await settled(hands)
        assert here(hands) == f"검출-{number - 1 if number else 1:04}"


async def test_from_the_middle_one_goes_both_ways(many: Store, desk: Open) -> None:
    async with desk("datasets/검출-1500") as hands:
        await settled(hands)
        for _ in range(20):
            await hands.press("pageup")
        await settled(hands)
        at = hands.browser.collections.table.cursor
        assert at < 1_400
        assert here(hands) == f"검출-{at:04}"
        await hands.press("end")
        await settled(hands)
        assert here(hands) == f"검출-{MANY - 1:04}"
        await hands.press("home")
        await settled(hands)
        assert here(hands) == "검출-0000"


async def test_a_place_far_from_all_that_was_read_is_begun_anew(many: Store, desk: Open) -> None:
    async with desk("datasets") as hands:
        await hands.press("2")
        table = hands.browser.collections.table
        table.scroll_to(y=1_700, animate=False, force=True)
        await settled(hands)
        assert "검출-1705" in hands.text
        assert len(table.known) < 1_000, "what lies between was not read"


async def test_what_others_do_moves_nothing_under_the_cursor(many: Store, desk: Open) -> None:
    async with desk("datasets/검출-1500") as hands:
        await settled(hands)
        table = hands.browser.collections.table
        line = table.cursor - table.scroll_offset.y
        many.collections.remove("datasets/검출-0003")
        many.collections.create("datasets/검출-1499b", "dataset")
        many.collections.create("datasets/검출-0000b", "dataset")
        hands.app.look_for_changes()
        await settled(hands)
        assert here(hands) == "검출-1500"
        assert table.cursor == 1_501
        assert table.cursor - table.scroll_offset.y == line
        assert "검출-1499b" in hands.text


async def test_when_the_row_itself_is_gone_the_cursor_stays_near(many: Store, desk: Open) -> None:
    async with desk("datasets/검출-1500") as hands:
        await settled(hands)
        many.collections.remove("datasets/검출-1500")
        hands.app.look_for_changes()
        await settled(hands)
        assert here(hands) in ("검출-1499", "검출-1501")


async def test_inverting_marks_the_whole_list(many: Store, desk: Open) -> None:
    async with desk("datasets") as hands:
        await hands.press("2", "space", "asterisk")
        await settled(hands)
        assert len(hands.browser.collections.table.marks) == MANY - 1
        await hands.press("asterisk")
        await settled(hands)
        assert [row.record.name for row in hands.browser.collections.table.marks.values()] == ["검출-0000"]


async def test_a_range_reaches_over_rows_that_were_never_seen(many: Store, desk: Open) -> None:
    async with desk("datasets") as hands:
        await hands.press("2", "down", "v", "end")
        await settled(hands)
        assert len(hands.browser.collections.table.marks) == MANY - 1


async def test_more_than_can_be_marked_at_once_is_said(
    many: Store, desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curatory.tui.widgets.table.MOST", 400)
    async with desk("datasets") as hands:
        await hands.press("2", "asterisk")
        await settled(hands)
        assert len(hands.browser.collections.table.marks) == 400
        assert any("400 of 3,000 are marked" in toast for toast in hands.toasts)
