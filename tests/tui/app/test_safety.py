"""Textual's private parts that `safety` touches are what it takes them for."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.tui import safety
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip

from .conftest import Open


@pytest.fixture
def theirs() -> Any:
    """Textual's own way of painting, whatever has been put in its place."""
    import importlib.util

    spec = importlib.util.find_spec("textual._compositor")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Compositor._render_chops


def lines(chops: Any) -> list[list[Segment]]:
    return [list(Strip.join(line.values()).simplify()) for line in chops]


@pytest.mark.parametrize("keys", [(), ("3", "z"), ("2", "r"), ("?",), ("i",), ("H",), ("ctrl+p",)], ids=str)
async def test_painting_only_what_is_seen_paints_the_same(desk: Open, theirs: Any, keys: tuple[str, ...]) -> None:
    async with desk() as hands:
        await hands.press(*keys)
        compositor = hands.app.screen._compositor
        screen = compositor.size.region
        ours = safety.render_chops(compositor, screen, lambda y: True)
        assert lines(ours) == lines(theirs(compositor, screen, lambda y: True))
        part = Region(30, 5, 40, 9)
        ours = safety.render_chops(compositor, part, part.line_range.__contains__)
        for row, line in enumerate(theirs(compositor, part, part.line_range.__contains__)):
            if row in part.line_range:
                inside = {x: strip for x, strip in line.items() if strip is not None and ours[row][x] is not None}
                assert {x: list(strip) for x, strip in inside.items()} == {x: list(ours[row][x] or ()) for x in inside}
                assert sum(strip.cell_length for strip in inside.values()) >= part.width


async def test_updates_of_the_compositor_become_spans(desk: Open) -> None:
    async with desk() as hands:
        compositor = hands.app.screen._compositor
        whole = compositor.render_update(full=True)
        assert isinstance(whole, LayoutUpdate)
        spans = list(safety._spans(whole))
        assert [row for row, _, _ in spans] == list(range(compositor.size.height))
        assert "detector" in "".join(text for _, _, segments in spans for text, _, _ in segments)
        compositor._dirty_regions.add(Region(3, 4, 10, 2))
        some = compositor.render_update()
        assert isinstance(some, ChopsUpdate)
        assert {row for row, _, _ in safety._spans(some)} == {4, 5}


async def test_a_border_is_titled_by_what_textual_draws_from(desk: Open) -> None:
    async with desk() as hands:
        pane = hands.browser.collections
        safety.title_border(pane, Content("above"), Content("below"))
        assert str(pane.border_title) == "above"
        await hands.settle()
        assert "above" in hands.text
        assert "below" in hands.text
