"""A layered graph on a grid of characters.

Lines that cross are drawn one under the other (`─│─`); only lines that meet have a corner or a branch (`┬ ┤ ┼`), with
an arrow head (`─↳─`) where one joins others, which must not be taken for leading back along it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from rich.cells import cell_len

from . import glyphs
from .glyphs import EAST, NORTH, SOUTH, WEST, Clean
from .records import Box, Edge, Layers, Via
from .route import Gap, route

Span = tuple[str, str]  # text, style
Corner = tuple[int, int]  # x, y
Way = Literal["left", "right", "up", "down"]

LABEL = 36  # cells of a box
LEAST_LABEL = 14  # less is not legible
SCROLLED_LABEL = 24
FOCUS = "[]"
CURSOR = "❯"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is: its text, and one cell on each side which marks the focus and the cursor."""

    key: int
    x: int
    y: int
    width: int
    column: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn graph, of which any part can be had.

    Attributes:
        width: in cells.
        height: in rows.
        places: of the boxes, by key.
        spans: the text of each box.
    """

    layers: Layers
    width: int
    height: int
    places: dict[int, Place]
    spans: dict[int, tuple[Span, ...]]
    _arms: tuple[bytes, ...]
    _turns: frozenset[Corner]
    _heads: dict[Corner, str]
    _rows: tuple[tuple[Place, ...], ...]
    _wires: dict[Edge, tuple[Corner, ...]]

    def window(self, x: int, y: int, width: int, height: int, *, cursor: int | None = None) -> list[list[Span]]:
        """The rows of a part, each exactly `width` cells wide; what is outside the drawing is blank."""
        return [self._row(row, x, x + width, cursor) for row in range(y, y + height)]

    def text(self, *, cursor: int | None = None) -> str:
        """All of it, as plain text."""
        rows = self.window(0, 0, self.width, self.height, cursor=cursor)
        return "\n".join("".join(text for text, _ in row).rstrip() for row in rows)

    def lit(self, edges: Collection[Edge]) -> Drawing:
        """The same with these edges drawn in heavy lines, in the style `edge.on`."""
        rows = [bytearray(row) for row in self._arms]
        for edge in edges:
            if edge in self._wires:
                _paint(rows, self._wires[edge], 2)
        return replace(self, _arms=tuple(map(bytes, rows)))

    def at(self, x: int, y: int) -> int | None:
        """The box at a cell."""
        if not 0 <= y < self.height:
            return None
        return next((place.key for place in self._rows[y] if place.x <= x < place.x + place.width), None)

    def nearest(self, x: int, y: int) -> int:
        """The box nearest to a cell; rows count for more, for they are higher than cells are wide."""
        return min(
            self.places.values(),
            key=lambda p: (2 * abs(p.y - y) + max(p.x - x, x - p.x - p.width + 1, 0), p.y, p.x),
        ).key

    def move(self, key: int, way: Way) -> int:
        """The box in a direction: along an edge to the sides, else the next; the same one where there is none."""
        here = self.places[key]
        if way in ("left", "right"):
            linked = self.layers.sources(key) if way == "left" else self.layers.targets(key)
            beyond = [self.places[other] for other in linked] or [
                place
                for place in self.places.values()
                if (place.column - here.column) * (1 if way == "right" else -1) > 0
            ]
            return min(
                beyond,
                key=lambda p: (bool(linked) or abs(p.column - here.column), abs(p.y - here.y), p.y),
                default=here,
            ).key
        sign = 1 if way == "down" else -1
        beyond = [place for place in self.places.values() if (place.y - here.y) * sign > 0]
        beyond = [place for place in beyond if place.column == here.column] or beyond
        return min(beyond, key=lambda p: (abs(p.y - here.y), abs(p.column - here.column), p.x), default=here).key

    def _row(self, y: int, start: int, end: int, cursor: int | None) -> list[Span]:
        if not 0 <= y < self.height:
            return [(" " * (end - start), "")] if end > start else []
        spans: list[Span] = []
        at = max(start, 0)
        if start < 0:
            spans.append((" " * (min(end, 0) - start), ""))
        for place in self._rows[y]:
            if place.x + place.width <= at or place.x >= end:
                continue
            if at < place.x:
                spans += self._lines(y, at, place.x)
            offset = place.x
            for text, style in self._box(place, cursor):
                size = cell_len(text)
                low, high = max(at - offset, 0), min(end - offset, size)
                if low < high:
                    spans.append((text if high - low == size else glyphs.crop(text, low, high), style))
                offset += size
            at = min(offset, end)
        if at < min(end, self.width):
            spans += self._lines(y, at, min(end, self.width))
        if end > max(at, self.width):
            spans.append((" " * (end - max(at, self.width, start)), ""))
        return spans

    def _box(self, place: Place, cursor: int | None) -> list[Span]:
        focus, chosen = place.key == self.layers.start, place.key == cursor
        left, right = FOCUS if focus else "  "
        inner = self.spans[place.key]
        style = "cursor" if chosen else "focus" if focus else ""
        if not style:
            return [(left, ""), *inner, (right, "")]
        return [(CURSOR if chosen else left, style), *((text, style) for text, _ in inner), (right, style)]

    def _lines(self, y: int, start: int, end: int) -> list[Span]:
        arms = self._arms[y]
        spans: list[Span] = []
        chars: list[str] = []
        style = ""
        for x in range(start, end):
            cell = arms[x]
            now = ("edge.on" if cell & glyphs.HEAVY else "edge") if cell else ""
            if now != style and chars:
                spans.append(("".join(chars), style))
                chars.clear()
            style = now
            if cell & glyphs.VERTICAL and cell & glyphs.HORIZONTAL and (x, y) not in self._turns:
                over = glyphs.HORIZONTAL if cell & glyphs.HORIZONTAL & glyphs.HEAVY else glyphs.VERTICAL
                cell &= glyphs.VERTICAL if cell & glyphs.VERTICAL & glyphs.HEAVY else over
            chars.append(self._heads.get((x, y)) or glyphs.LINES[cell])
        if chars:
            spans.append(("".join(chars), style))
        return spans


def draw(
    layers: Layers,
    *,
    width: int | None = None,
    height: int = 0,
    label: int = LABEL,
    clean: Clean = glyphs.clean,
) -> Drawing:
    """Draw a layered graph.

    Args:
        width: what can be seen at once. If that makes the drawing fit, lines are drawn closer to one another, then
            labels are cut to no less than 14 cells; else to 24, for it will be scrolled.
        height: what can be seen at once. If there is room for it, a blank line stands between rows.
        label: the most cells of a box.
        clean: makes stored text harmless.
    """
    gaps = [route(step, layers.rows) for step in layers.steps]
    used = sorted({*layers.rows.values(), *(row for gap in gaps for row in gap.rows.values())})
    every = 2 if 2 * len(used) - 1 <= height else 1
    row_of = {row: every * at for at, row in enumerate(used)}
    boxes = [[slot for slot in column if not isinstance(slot, Via)] for column in layers.columns]
    spans = {key: box_spans(box, label, clean) for key, box in layers.boxes.items()}
    widths = _widths(boxes, spans)
    apart, most = (2, label) if width is None else _fit(gaps, widths, width - 2 * len(boxes))
    if most < max(widths):
        spans = {key: box_spans(box, most, clean) for key, box in layers.boxes.items()}
        widths = _widths(boxes, spans)
    lefts = [0]
    for size, space in zip(widths, [*(_between(gap, apart) for gap in gaps), 0], strict=True):
        lefts.append(lefts[-1] + size + 2 + space)
    places = {
        key: Place(key, lefts[at], row_of[layers.rows[key]], _size(spans[key]) + 2, at)
        for at, column in enumerate(boxes)
        for key in column
    }
    tracks = [left + size + 3 for left, size in zip(lefts, widths, strict=False)]
    total, height = lefts[-1], every * (len(used) - 1) + 1
    wires, heads = _wires(layers, gaps, places, tracks, apart, row_of)
    rows = [bytearray(total) for _ in range(height)]
    painted: set[tuple[Corner, Corner]] = set()
    for wire in wires.values():
        _paint(rows, wire, 1, painted)
    by_row: list[list[Place]] = [[] for _ in range(height)]
    for place in sorted(places.values(), key=lambda place: place.x):
        by_row[place.y].append(place)
    turns = frozenset(corner for wire in wires.values() for corner in wire[1:-1])
    return Drawing(
        layers, total, height, places, spans, tuple(map(bytes, rows)), turns, heads, tuple(map(tuple, by_row)), wires
    )


def box_spans(box: Box, width: int, clean: Clean, style: str = "") -> tuple[Span, ...]:
    """A box in at most so many cells, in its own style or the given one."""
    mark = glyphs.MARKS[box.kind] + (" ↺" if box.loops else "")
    room = width - cell_len(mark) - 1
    if room < 1:
        return ((glyphs.fit(mark, width), style or box.kind),)
    name = glyphs.fit(clean(box.label), room, clean(box.tail))
    spans = [(f"{mark} {name}", style or box.kind)]
    notes = _notes([clean(note) for note in box.notes], room - cell_len(name) - 2)
    if notes:
        spans += [("  ", style), (notes, style or ("alias" if box.kind in ("model", "dataset", "other") else "state"))]
    return tuple(spans)


def _notes(notes: Sequence[str], room: int) -> str:
    """As many notes as there is room for, and `…` for others; the first one is cut rather than left out."""
    for count in range(len(notes), 0, -1):
        text = " ".join(notes[:count]) + (" …" if count < len(notes) else "")
        if cell_len(text) <= room:
            return text
    return glyphs.fit(notes[0], room) if notes and room >= 6 else ""


def _size(spans: Sequence[Span]) -> int:
    return sum(cell_len(text) for text, _ in spans)


def _widths(columns: Sequence[Sequence[int]], spans: Mapping[int, Sequence[Span]]) -> list[int]:
    return [max((_size(spans[key]) for key in column), default=0) for column in columns]


def _between(gap: Gap, apart: int) -> int:
    """The cells between two columns: the trunks, a line on either side, the arrow head."""
    return 3 + (gap.tracks and (gap.tracks - 1) * apart + 1)


def _fit(gaps: Sequence[Gap], widths: Sequence[int], room: int) -> tuple[int, int]:
    """How far apart lines are drawn, and the most cells of a box, so that all is seen at once; roomy if it can't be."""
    for apart in (2, 1):
        left = room - sum(_between(gap, apart) for gap in gaps)
        sizes = range(max(widths) if apart == 2 else LEAST_LABEL, max(widths) + 1)
        fitting = bisect_left(sizes, True, key=lambda size: sum(min(size, width) for width in widths) > left)
        if fitting:
            return apart, sizes[fitting - 1]
    return 2, SCROLLED_LABEL


def _wires(
    layers: Layers,
    gaps: Sequence[Gap],
    places: Mapping[int, Place],
    tracks: Sequence[int],
    apart: int,
    row_of: Mapping[float, int],
) -> tuple[dict[Edge, tuple[Corner, ...]], dict[Corner, str]]:
    """The corners of the line of each edge, from the cell after its source's box to its arrow head; all arrow heads."""
    wires: dict[Edge, tuple[Corner, ...]] = {}
    heads: dict[Corner, str] = {}
    for edge, chain in layers.chains.items():
        source, target = (places[key] for key in edge)
        corners = [(source.x + source.width, source.y)]
        for at, step in enumerate(pairwise(chain), source.column):
            gap = gaps[at]
            for net, pin in gap.hops[step]:
                y = row_of[gap.rows[pin]]
                before = corners[-1][1]
                if y != before:
                    x = tracks[at] + apart * net.track
                    corners += [(x, before), (x, y)]
                    if pin in net.enters and heads.get((x, y)) != glyphs.DOWN:
                        heads[x, y] = glyphs.DOWN if y > before else glyphs.UP
        corners.append((target.x - 1, target.y))
        heads[corners[-1]] = glyphs.RIGHT
        wires[edge] = tuple(corners)
    return wires, heads


def _paint(
    rows: Sequence[bytearray],
    corners: Sequence[Corner],
    weight: int,
    painted: set[tuple[Corner, Corner]] | None = None,
) -> None:
    """Add a line's arms to the cells that it passes; its ends reach out to the boxes."""
    rows[corners[0][1]][corners[0][0]] |= WEST * weight
    for start, end in pairwise(corners):
        if painted is not None:
            if (start, end) in painted:
                continue
            painted.add((start, end))
        (x, y), (to_x, to_y) = start, end
        if y == to_y:
            row = rows[y]
            for at in range(x, to_x):
                row[at] |= EAST * weight
                row[at + 1] |= WEST * weight
        else:
            y, to_y = min(y, to_y), max(y, to_y)
            for at in range(y, to_y):
                rows[at][x] |= SOUTH * weight
                rows[at + 1][x] |= NORTH * weight
