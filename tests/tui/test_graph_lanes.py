"""Lanes beside a list: every lane leads from what was made to what it was made from, in any window."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from curatory.tui.graph import LaneLayout, LaneRow, newest_first
from curatory.tui.graph.lanes import EVERY, NODE
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_graph_case import ARMS, lines, training

Edge = tuple[int, int]


def picture(edges: Iterable[Edge], count: int, *, limit: int = 12, selected: int | None = None) -> str:
    layout = LaneLayout(range(count), edges, limit=limit)
    return "\n".join(f"{row.text}  {row.key}".rstrip() for row in layout.rows(0, count, selected=selected))


def made(text: str) -> list[Edge]:
    """Edges from `0<1` (0 was made from 1)."""
    return [(int(edge.split("<")[1]), int(edge.split("<")[0])) for edge in text.split()]


PICTURES = {
    "a chain": ("0<1 1<2", 3, "|●  0\n|●  1\n|●  2"),
    "a diamond": ("0<1 0<2 1<3 2<3", 4, "|●─╮  0\n|● │  1\n|├─●  2\n|●    3"),
    "nothing in common": ("1<3 2<3", 4, "|●    0\n|  ●  1\n|●─┤  2\n|  ●  3"),
    "two sources of many": (
        "0<3 0<4 1<3 1<4 2<3 2<4",
        5,
        "|●─╮      0\n|├─┼─●    1\n|├─┼───●  2\n|● │      3\n|  ●      4",
    ),
}


@pytest.mark.parametrize(("edges", "count", "expected"), PICTURES.values(), ids=list(PICTURES))
def test_small_lists(edges: str, count: int, expected: str) -> None:
    assert picture(made(edges), count) == lines(expected)


def test_lanes_cross_under_one_another_and_join_with_a_branch() -> None:
    assert picture(made("0<4 1<4 1<5 2<3 2<5 3<4"), 6) == lines(
        """
        |●      0
        |├─●    1
        |│ ├─●  2
        |├─│─●  3
        |● │    4
        |  ●    5
        """
    )


def test_the_lanes_of_a_selected_node_are_heavy() -> None:
    assert picture(made("0<4 1<4 1<5 2<3 2<5 3<4"), 6, selected=2) == lines(
        """
        |●      0
        |├─●    1
        |│ ┢━●  2
        |┢━┃━●  3
        |● ┃    4
        |  ●    5
        """
    )


def test_lanes_beyond_the_limit_are_a_number() -> None:
    assert picture(made("0<1 0<2 0<3 0<4 1<5 2<5"), 6, limit=2) == lines(
        """
        |●─┬─…+2  0
        |● │ …+2  1
        |├─● …+2  2
        |│   ●+2  3
        |│   ●+1  4
        |●        5
        """
    )


def follow(rows: list[LaneRow], row: int, only_on: bool = False) -> set[int]:
    """The keys to which the lanes of a row lead, as a reader follows them: sideways from the node, then down."""

    def cell(row: int, x: int) -> str:
        here = rows[row].cells[x]
        return " " if only_on and not here.on else here.glyph

    def down(row: int, x: int) -> int:
        while rows[row].at != x:
            here = cell(row, x)
            assert "N" in ARMS[here] or here in "─━", f"a lane ends in {here!r} in row {row}"
            assert "S" in ARMS[here] or here in "─━"
            row += 1
        return rows[row].key

    found: set[int] = set()
    at = rows[row].at
    if row + 1 < len(rows) and (rows[row + 1].at == at or "N" in ARMS.get(cell(row + 1, at), ())):
        found.add(down(row + 1, at))
    for step, ahead, back in ((1, "E", "W"), (-1, "W", "E")):
        x = at + step
        while 0 <= x < len(rows[row].cells):
            arms = ARMS.get(cell(row, x), set())
            if back in arms:
                if "S" in arms:
                    found.add(down(row + 1, x))
                if ahead not in arms:
                    break
            elif arms != {"N", "S"}:
                break
            x += step
    return found


def check(keys: list[int], edges: Iterable[Edge]) -> None:
    sources: dict[int, set[int]] = {key: set() for key in keys}
    for source, target in edges:
        sources[target].add(source)
    layout = LaneLayout(keys, edges, limit=10_000)
    rows = layout.rows(0, len(keys))
    assert layout.skipped == 0
    assert [row.key for row in rows] == keys
    for at, row in enumerate(rows):
        assert len(row.cells) == layout.width
        assert row.cells[row.at].glyph == NODE
        assert row.text.count(NODE) == 1
        assert follow(rows, at) == sources[row.key]


dags = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] > e[1]), max_size=70)
        if n > 1
        else st.just([]),
    )
)


@settings(max_examples=300, deadline=None)
@given(dags)
def test_lanes_lead_to_what_a_node_was_made_from(case: tuple[int, list[Edge]]) -> None:
    check(list(range(case[0])), case[1])


@settings(max_examples=200, deadline=None)
@given(dags, st.data())
def test_the_lanes_of_a_selected_node_lead_to_its_ancestors_only(
    case: tuple[int, list[Edge]], data: st.DataObject
) -> None:
    count, edges = case
    selected = data.draw(st.integers(0, count - 1))
    rows = LaneLayout(range(count), edges, limit=10_000).rows(0, count, selected=selected)
    ancestors = {selected}
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        if target in ancestors:
            ancestors.add(source)
    assert {row.key for row in rows if row.cells[row.at].on} == ancestors
    for row, drawn in enumerate(rows):
        reached = follow(rows, row, only_on=True) if row in ancestors else set()
        assert reached == {source for source, target in edges if target == row and row in ancestors}
        assert row in ancestors or not any(cell.on and cell.glyph in "━┏┓┳" for cell in drawn.cells)


def test_without_a_selection_nothing_is_heavy() -> None:
    rows = LaneLayout(range(40), random_edges(40)).rows(0, 40, selected=77)
    assert not any(cell.on for row in rows for cell in row.cells)


def random_edges(count: int, reach: int = 40, seed: int = 5) -> list[Edge]:
    chance = random.Random(seed)
    return [
        (chance.randrange(n + 1, min(count, n + 1 + reach)), n)
        for n in range(count - 1)
        for _ in range(chance.choice((1, 1, 2, 3)))
    ]


@pytest.mark.parametrize("limit", [1, 3, 12])
def test_windows_are_parts_of_the_whole(limit: int) -> None:
    count = 1200
    layout = LaneLayout(range(count), random_edges(count), limit=limit)
    whole = layout.rows(0, count, selected=300)
    for start in (0, 1, EVERY - 1, EVERY, EVERY + 1, 700, count - 10, count, -5):
        for size in (0, 1, 40):
            expected = whole[max(start, 0) : max(start + size, 0)]
            assert layout.rows(start, size, selected=300) == expected
            assert (
                LaneLayout(range(count), random_edges(count), limit=limit).rows(start, size, selected=300) == expected
            )


def test_lanes_that_are_not_drawn_are_counted() -> None:
    count = 600
    edges = random_edges(count)
    few, all_ = (LaneLayout(range(count), edges, limit=limit) for limit in (5, 10_000))
    for row, full in zip(few.rows(0, count), all_.rows(0, count), strict=True):
        assert len(row.cells) == few.width
        # a lane is beyond the drawn ones when it comes from above, or starts here
        hidden = sum(
            bool({"N", "S"} & ARMS.get(cell.glyph, set())) or at == full.at
            for at, cell in enumerate(full.cells)
            if at >= 10 and at % 2 == 0
        )
        assert row.more == hidden
        assert (f"+{row.more}" in row.text) == bool(row.more)
        assert row.at == min(full.at, 9 + 1)
        if full.at < 10:
            assert row.text[: full.at] == full.text[: full.at]


def test_ten_thousand_rows_lead_where_they_should() -> None:
    check(list(range(10_000)), random_edges(10_000, reach=12))


def test_a_hundred_thousand_rows() -> None:
    count = 100_000
    edges = random_edges(count)
    layout = LaneLayout(range(count), edges)
    assert len(layout) == count
    assert layout.row_of(99_999) == 99_999
    for start in (0, 50_000, count - 40):
        rows = layout.rows(start, 40, selected=start + 3)
        assert [row.key for row in rows] == list(range(start, start + 40))
        assert rows[3].cells[rows[3].at].on
        assert {len(row.cells) for row in rows} == {layout.width}


def test_edges_that_go_up_the_list_are_counted() -> None:
    layout = LaneLayout([0, 1, 2], [(1, 0), (0, 1), (2, 2), (9, 0)])
    assert layout.skipped == 2
    assert [row.text for row in layout.rows(0, 3)] == ["●  ", "●  ", "  ●"]


def test_an_empty_list() -> None:
    layout = LaneLayout([], [])
    assert layout.rows(0, 10) == []
    assert layout.width == len(layout) == 0


def test_sorting_newest_first() -> None:
    assert newest_first([3, 2, 1, 0], [(0, 1), (1, 2), (2, 3)]) == [3, 2, 1, 0]
    assert newest_first([0, 1, 2, 3], [(0, 1), (1, 2), (2, 3)]) == [3, 2, 1, 0]
    assert newest_first([5, 9, 7], []) == [5, 9, 7]
    assert sorted(newest_first([0, 1, 2], [(0, 1), (1, 0), (1, 2)])) == [0, 1, 2]
    build, _ = training()
    keys = newest_first(sorted(build.nodes, reverse=True), build.edges)
    assert LaneLayout(keys, build.edges).skipped == 0
    check(keys, build.edges)
