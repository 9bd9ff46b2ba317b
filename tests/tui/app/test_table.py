"""The window over long lists, and words in exactly so many cells."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from curatory.tui.panes.tabs.card import card_lines
from curatory.tui.widgets.chart import area, columns
from curatory.tui.widgets.text import content, fit, wrapped
from curatory.tui.widgets.window import PAGE, Row, Window
from rich.cells import cell_len


@dataclass
class Stands:
    """Where a number stands: its cursors are the numbers themselves."""

    index: int

    @property
    def before(self) -> str | None:
        return str(self.index) if self.index else None

    @property
    def at(self) -> str:
        return f"-{self.index}"


@dataclass
class Pages:
    """A store of numbers, read in pages from either end, or from a number both ways."""

    total: int

    def load(self, window: Window, first: int, last: int) -> int:
        """Read until these rows are known; how many pages that took."""
        taken = 0
        while (wanted := window.wanted(first, last)) is not None:
            after = wanted.after
            if wanted.backward:
                start = int(after.lstrip("-")) if after else self.total  # the rows before it, the nearest first
                numbers = list(range(start - 1, max(start - 1 - PAGE, -1), -1))
                more = f"-{numbers[-1]}" if numbers and numbers[-1] > 0 else None
            else:
                start = int(after) if after else 0
                numbers = list(range(start, min(start + PAGE, self.total)))
                more = str(start + PAGE) if start + PAGE < self.total else None
            window.put(wanted, [Row(number, ()) for number in numbers], more, self.total)
            taken += 1
        return taken


def test_a_window_reads_only_what_is_looked_at() -> None:
    window, pages = Window(), Pages(1_000_000)
    assert pages.load(window, 0, 40) == 1
    assert window.total == 1_000_000
    row = window.row(39)
    assert row is not None
    assert row.key == 39
    assert window.row(500_000) is None


def test_the_end_of_a_long_list_is_one_page_away() -> None:
    window, pages = Window(), Pages(1_000_000)
    pages.load(window, 0, 40)
    assert pages.load(window, 999_960, 999_999) == 1
    row = window.row(999_999)
    assert row is not None
    assert row.key == 999_999
    assert window.index_of(999_990) == 999_990


@pytest.mark.parametrize("place", [0, 1, 199, 200, 500_003, 999_801, 999_999])
def test_around_a_row_of_the_middle_both_ways_are_a_page_away(place: int) -> None:
    window, pages = Window(), Pages(1_000_000)
    pages.load(window, 0, 40)
    window.anchor(Stands(place))
    assert pages.load(window, place - 30, place + 30) <= 2
    for index in range(max(place - 30, 0), min(place + 30, 999_999)):
        row = window.row(index)
        assert row is not None
        assert row.key == index
        assert window.index_of(index) == index
    assert pages.load(window, place - 300, place + 300) <= 4
    assert [window.row(i).key for i in range(max(place - 300, 0), place)] == list(range(max(place - 300, 0), place))  # type: ignore[union-attr]


def test_only_what_is_far_from_everything_known_is_begun_anew() -> None:
    window, pages = Window(), Pages(1_000_000)
    assert not window.far(0, 40), "nothing is known yet, not even how many there are"
    pages.load(window, 0, 40)
    assert not window.far(400, 440)
    assert window.far(500_000, 500_040)
    assert not window.far(999_900, 999_999)
    window.anchor(Stands(500_020))
    assert not window.far(500_000, 500_040)


def test_what_was_read_is_read_again_after_a_change() -> None:
    window, pages = Window(), Pages(1_000)
    pages.load(window, 0, 500)
    window.expire()
    assert pages.load(window, 0, 40) == 1, "only the page that is seen"


@pytest.mark.parametrize("text", ["detector", "검출기-한국어-모델", "🚗🚕 cars", "a", ""])
@pytest.mark.parametrize("width", [1, 2, 5, 9, 40])
def test_text_fits_into_exactly_its_cells(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


def test_wrapping_keeps_every_character_and_no_line_is_too_wide() -> None:
    text = "Finds parcels, 소포를 찾습니다, " + "x" * 50 + " and 검" * 20
    lines = wrapped(text, 20)
    assert all(cell_len(line) <= 20 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_stored_text_is_never_markup() -> None:
    assert content([("[bold]x[/] [/] [a='", "alias")]).plain == "[bold]x[/] [/] [a='"


def test_a_card_is_laid_out() -> None:
    lines = [
        "".join(text for text, _ in line) for line in card_lines("# One\n- a **b**\n\n|x|y|\n|-|-|\n|1|2|\n> q", 40)
    ]
    assert lines[0].strip() == "One"
    assert lines[1] == " • a b"
    assert any("─" in line for line in lines)
    assert lines[-1].endswith("q")


def shown(points: list[tuple[float, float]], width: int, height: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in area(points, width, height)]


def test_a_curve_fills_its_box() -> None:
    assert shown([(0, 0), (1, 1)], 8, 2) == ["    ▂▄▆█", "▁▃▅▇████"]


def test_between_points_a_curve_is_straight_and_points_of_one_column_are_their_mean() -> None:
    assert columns([(0, 0), (4, 8)], 5) == [0, 2, 4, 6, 8]
    assert columns([(0, 1), (0, 3), (10, 4)], 2) == [2, 4]
    assert columns([(7, 5)], 3) == [5, 5, 5]


@pytest.mark.parametrize("points", [[(0, 3), (1, 3)], [(0, 3)], [(5, -1.7e308), (6, 1.7e308)]])
def test_no_curve_is_too_flat_or_too_steep(points: list[tuple[float, float]]) -> None:
    lines = shown(points, 9, 3)
    assert [len(line) for line in lines] == [9, 9, 9]
    assert lines[-1].strip()
