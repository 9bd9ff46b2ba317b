"""Columns are as wide as somebody made them, as far as there is room; that is kept for each person."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.tui.screens.layout import LEAST_LEFT, LEAST_MIDDLE, LEAST_RIGHT, Sizes
from curatory.tui.state import State, read_state, write_state
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Hands, Open


def widths(hands: Hands) -> tuple[int, int, int]:
    return tuple(hands.browser.query_one(name).outer_size.width for name in ("#left", "#middle", "#right"))  # type: ignore[return-value]


@given(st.integers(-50, 500), st.integers(-50, 500), st.integers(-50, 500), st.integers(100, 300), st.integers(10, 99))
def test_whatever_was_set_every_pane_has_room(left: int, middle: int, split: int, width: int, height: int) -> None:
    fitted = Sizes(left, middle, split).fitted(width, height)
    assert fitted.left >= LEAST_LEFT
    assert fitted.middle >= LEAST_MIDDLE
    assert width - fitted.left - fitted.middle >= LEAST_RIGHT
    assert 0 < fitted.split < 100


@pytest.mark.parametrize(("pane", "column", "other"), [("1", 0, 2), ("2", 1, 2), ("3", 1, 2), ("4", 2, 1)])
async def test_the_panes_column_grows_and_shrinks(desk: Open, pane: str, column: int, other: int) -> None:
    async with desk(size=(140, 32)) as hands:
        before = widths(hands)
        await hands.press(pane, "greater_than_sign")
        after = widths(hands)
        assert after[column] == before[column] + 4
        assert after[other] == before[other] - 4
        await hands.press("less_than_sign", "less_than_sign")
        assert widths(hands)[column] == before[column] - 4
        await hands.press("0")
        assert widths(hands) == before


async def test_the_split_between_collections_and_versions_moves(desk: Open) -> None:
    async with desk() as hands:
        height = hands.browser.collections.outer_size.height
        await hands.press("right_curly_bracket")
        assert hands.browser.collections.outer_size.height > height
        await hands.press("left_curly_bracket", "left_curly_bracket")
        assert hands.browser.collections.outer_size.height < height


async def test_what_was_set_is_there_the_next_time_and_for_other_widths_not(desk: Open, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with desk(size=(120, 32), state_file=file) as hands:
        before = widths(hands)
        await hands.press("2", "greater_than_sign", "q")
    async with desk(size=(120, 32), state_file=file) as hands:
        assert widths(hands)[1] == before[1] + 4
    async with desk(size=(180, 40), state_file=file) as hands:
        assert widths(hands)[1] == 66


@pytest.mark.parametrize("sizes", ['{"normal": [1]}', '{"normal": ["a", 2, 3]}', "[1]", '{"normal": [true, 2, 3]}'])
def test_a_state_of_another_shape_is_left_out(tmp_path: Path, sizes: str) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"sizes": ' + sizes + ', "place": "model"}')
    assert read_state(file) == State(place="model")
    write_state(file, State(sizes={"normal": [20, 40, 50]}))
    assert read_state(file).sizes == {"normal": [20, 40, 50]}


@pytest.mark.parametrize("key", ["greater_than_sign", "less_than_sign", "left_curly_bracket"])
async def test_where_one_pane_has_the_screen_it_says_why_nothing_can_be_sized(desk: Open, key: str) -> None:
    async with desk(size=(80, 24)) as hands:
        await hands.press(key)
        assert any("Under 100 columns" in toast for toast in hands.toasts)
    async with desk(size=(120, 24)) as hands:
        await hands.press("z", key)
        assert any("z gives it back" in toast for toast in hands.toasts)
        assert hands.browser.pane.outer_size.width == 120


async def test_a_border_is_dragged(desk: Open) -> None:
    async with desk(size=(140, 32)) as hands:
        left, middle, right = widths(hands)
        await hands.pilot.mouse_down(offset=(left - 1, 10))
        await hands.pilot.hover(offset=(left + 5, 10))
        await hands.pilot.mouse_up(offset=(left + 5, 10))
        await hands.settle()
        assert widths(hands) == (left + 6, middle, right - 6)
        await hands.pilot.hover(offset=(60, 10))
        assert widths(hands)[0] == left + 6, "it was let go"


@pytest.mark.parametrize("size", [(40, 12), (60, 20), (80, 24), (99, 30), (100, 30), (160, 48), (200, 60)])
async def test_at_any_size_every_pane_can_be_reached(desk: Open, size: tuple[int, int]) -> None:
    async with desk(size=size) as hands:
        for key, name in (("1", "registries"), ("2", "collections"), ("3", "versions"), ("4", "details")):
            await hands.press(key)
            assert hands.browser.pane.id == name
            assert hands.browser.pane.region.width >= min(size[0], LEAST_LEFT)
        await hands.press("i", "b", "slash", "escape", "question_mark", "escape", "H", "escape", "m", "escape")
        assert hands.app.screen is hands.browser


async def test_a_terminal_that_changes_its_size_keeps_every_pane_readable(desk: Open) -> None:
    async with desk(size=(200, 60)) as hands:
        await hands.press("2", *["greater_than_sign"] * 20)
        for width in (160, 120, 101, 99, 60, 150):
            await hands.pilot.resize_terminal(width, 30)
            await hands.settle()
            if width >= 100:
                assert min(widths(hands)) >= LEAST_LEFT
                assert widths(hands)[2] >= LEAST_RIGHT
            else:
                assert hands.browser.collections.outer_size.width == width
