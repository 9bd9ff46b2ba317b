"""Lanes beside a list, newest first: each node on a line of its own, its lane leading down to what it was made from.

All that lead to one node share its lane, and a lane keeps its column, so a row can be drawn from the columns of nodes
and from what is under way above it. That is kept every 256 rows; what is between is followed again.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from . import glyphs
from .glyphs import EAST, NORTH, SOUTH, WEST
from .records import Edge

LIMIT = 12  # lanes drawn
EVERY = 256  # rows between checkpoints
NODE = "●"


@dataclass(frozen=True, slots=True)
class LaneCell:
    """A character; `lane` numbers its colour (-1: none), `on` is of the selected node and its ancestors."""

    glyph: str
    lane: int = -1
    on: bool = False


@dataclass(frozen=True, slots=True)
class LaneRow:
    """The lanes of one node.

    Attributes:
        key: the node's.
        row: its place in the list.
        cells: as many in every row of a layout.
        at: which of them is the node itself: its glyph is for the list to choose.
        more: how many lanes there are beyond those drawn.
    """

    key: int
    row: int
    cells: tuple[LaneCell, ...]
    at: int
    more: int

    @property
    def text(self) -> str:
        return "".join(cell.glyph for cell in self.cells)


class LaneLayout:
    """The lanes of a list of nodes.

    Args:
        keys: newest first, and no node above one that was made from it (`newest_first` sorts so).
        edges: from source to target, the way data flowed; those of unknown nodes are left out.
        limit: the most lanes to draw.

    Attributes:
        skipped: how many edges go up the list and can't be drawn.
        width: cells of every row.
    """

    def __init__(self, keys: Sequence[int], edges: Iterable[Edge], *, limit: int = LIMIT) -> None:
        self.keys = keys
        self.limit = max(limit, 1)
        self.skipped = 0
        self._rows = {key: row for row, key in enumerate(keys)}
        self._offsets, self._sources = self._by_target(edges)
        self._columns = array("i", [-1]) * len(keys)
        self._first = array("i", [-1]) * len(keys)  # the row from which a node's lane comes down
        self._open, self._hidden = array("i"), array("i")
        lanes, most = self._lay_out()
        self._lanes = min(lanes, self.limit)
        self.width = max(2 * self._lanes - 1, 0)
        if lanes > self.limit:
            self.width += 2 + len(f"+{most}")
        self._known: tuple[int, int, dict[int, int]] = (-1, 0, {})

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def checkpoint_bytes(self) -> int:
        """What the checkpoints take of memory."""
        return sum(len(kept) * kept.itemsize for kept in (self._open, self._hidden))

    def row_of(self, key: int) -> int | None:
        return self._rows.get(key)

    def rows(self, start: int, count: int, *, selected: int | None = None) -> list[LaneRow]:
        """A window of rows.

        Args:
            selected: a node whose lanes to its ancestors, and theirs, are `on` and heavy.
        """
        start, stop = max(start, 0), min(start + count, len(self.keys))
        if start >= stop:
            return []
        lit = self._lit(-1 if selected is None else self._rows.get(selected, -1), stop)
        active, hidden = self._before(start)
        rows = []
        for row in range(start, stop):
            rows.append(self._draw(row, active, hidden, lit))
            hidden += self._advance(row, active)
        return rows

    def _by_target(self, edges: Iterable[Edge]) -> tuple[array[int], array[int]]:
        """The rows of the sources of each row, one after the other, and where each begins."""
        rows, count = self._rows, len(self.keys)
        pairs: set[int] = set()
        for source, target in edges:
            if source in rows and target in rows:
                low, high = rows[target], rows[source]
                if low < high:
                    pairs.add(low * count + high)
                else:
                    self.skipped += 1
        offsets, sources = array("i"), array("i")
        for pair in sorted(pairs):
            low, high = divmod(pair, count)
            while len(offsets) <= low:
                offsets.append(len(sources))
            sources.append(high)
        offsets.extend([len(sources)] * (count + 1 - len(offsets)))
        return offsets, sources

    def _lay_out(self) -> tuple[int, int]:
        """Give each node a column, make the checkpoints; returns the number of lanes, and of those hidden at most."""
        columns, first, offsets, sources, limit = self._columns, self._first, self._offsets, self._sources, self.limit
        active = [-1] * limit
        free: list[int] = []
        ended = -1  # a column that ended in the row above: what stands below it would look as if it led there
        lanes = hidden = most = 0
        for row in range(len(columns)):
            if row % EVERY == 0:
                self._open.extend(active)
                self._hidden.append(hidden)
            column = columns[row]
            seen = hidden
            if column < 0:
                column = heappop(free) if free else lanes
                lanes += column == lanes
                columns[row] = column
                seen += column >= limit
            elif column >= limit:
                hidden -= 1
            if column < limit:
                active[column] = -1
            taken = False
            for source in sources[offsets[row] : offsets[row + 1]]:
                if first[source] >= 0:
                    continue
                first[source] = row
                if not taken:
                    at, taken = column, True
                else:
                    at = heappop(free) if free else lanes
                    lanes += at == lanes
                columns[source] = at
                if at < limit:
                    active[at] = source
                else:
                    hidden += 1
                    seen += at != column
            if ended >= 0:
                heappush(free, ended)
            ended = -1 if taken else column
            most = max(most, seen)
        return lanes, most

    def _before(self, row: int) -> tuple[list[int], int]:
        """The row to which each drawn lane leads as it comes to a row, and how many lanes are hidden there."""
        point = row // EVERY
        active = list(self._open[point * self.limit : (point + 1) * self.limit])
        hidden = self._hidden[point]
        for above in range(point * EVERY, row):
            hidden += self._advance(above, active)
        return active, hidden

    def _advance(self, row: int, active: list[int]) -> int:
        """Go past a row; returns by how much the number of hidden lanes changed."""
        change, column = 0, self._columns[row]
        if column < self.limit:
            active[column] = -1
        elif self._first[row] >= 0:
            change -= 1
        for source in self._of(row):
            at = self._columns[source]
            if at < self.limit:
                active[at] = source
            else:
                change += self._first[source] == row
        return change

    def _of(self, row: int) -> array[int]:
        return self._sources[self._offsets[row] : self._offsets[row + 1]]

    def _lit(self, selected: int, stop: int) -> dict[int, int]:
        """The selected row and its ancestors' as far as `stop`, each with the row from which its lane is on."""
        if selected < 0 or selected >= stop:
            return {}
        if self._known[0] == selected and self._known[1] >= stop:
            return self._known[2]
        stop = (stop // EVERY + 1) * EVERY
        lit = {selected: selected}
        todo = [selected]
        while todo:
            row = todo.pop()
            for source in self._of(row):
                if source not in lit and source < stop:
                    todo.append(source)
                lit[source] = min(lit.get(source, row), row)
        self._known = selected, stop, lit
        return lit

    def _draw(self, row: int, active: list[int], hidden: int, lit: dict[int, int]) -> LaneRow:
        limit, column, here = self.limit, self._columns[row], row in lit
        below = {self._columns[source]: source for source in self._of(row)}
        low, high = min(column, *below, column), max(column, *below, column)
        across = 2 if here else 1
        cells: list[LaneCell] = []
        for lane in range(self._lanes):
            above, after = active[lane], below.get(lane, active[lane])
            if lane == column:
                cells.append(LaneCell(NODE, lane, here))
            else:
                down = above >= 0 and lit.get(above, row) < row
                upper = 0 if above < 0 else 2 if down else 1
                lower = 0 if after < 0 else 2 if lit.get(after, row + 1) <= row else 1
                west, east = across * (low < lane <= high), across * (low <= lane < high)
                if west and east and above >= 0 and lane not in below:
                    if here and not down:  # what is on passes over
                        upper = lower = 0
                    else:
                        west = east = 0
                arms = upper * NORTH | lower * SOUTH | west * WEST | east * EAST
                on = 2 in (upper, lower, west, east)
                colour = lane if upper or lower or not arms else _toward(lane, column, below)
                cells.append(LaneCell(glyphs.LINES[arms], colour if arms else -1, on))
            if low <= lane < high and (lane + 1 < self._lanes or high >= limit):
                toward = _toward(lane if lane < column else lane + 1, column, below)
                cells.append(LaneCell(glyphs.LINES[across * (WEST | EAST)], toward, here))
            else:
                cells.append(LaneCell(" "))
        more = hidden + (column >= limit and self._first[row] < 0)
        more += sum(lane >= limit and lane != column and self._first[of] == row for lane, of in below.items())
        at = 2 * column
        if column >= limit:
            at = len(cells)
            cells.append(LaneCell(NODE, column, here))
        elif more:
            cells.append(LaneCell("…", -1, here and high >= limit))
        if more:
            cells += [LaneCell(char) for char in f"+{more}"]
        cells += [LaneCell(" ")] * (self.width - len(cells))
        return LaneRow(self.keys[row], row, tuple(cells[: self.width]), at, more)


def _toward(lane: int, column: int, below: Iterable[int]) -> int:
    """The lane to which a line between the node's column and this one leads."""
    if lane > column:
        return min((other for other in below if other >= lane), default=lane)
    return max((other for other in below if other <= lane), default=lane)


def newest_first(keys: Sequence[int], edges: Iterable[Edge]) -> list[int]:
    """The keys in an order in which nothing stands above what was made from it, else as given.

    In a cycle one node has to: the one that was given first.
    """
    place = {key: at for at, key in enumerate(keys)}
    sources: dict[int, list[int]] = {}
    waiting = dict.fromkeys(keys, 0)
    for source, target in set(edges):
        if source in place and target in place and source != target:
            sources.setdefault(target, []).append(source)
            waiting[source] += 1
    ready = [place[key] for key, count in waiting.items() if not count]
    heapify(ready)
    order: list[int] = []
    seen: set[int] = set()
    rest = iter(keys)
    while len(order) < len(place):
        key = keys[heappop(ready)] if ready else next(key for key in rest if key not in seen)
        if key in seen:
            continue
        seen.add(key)
        order.append(key)
        for source in sources.get(key, ()):
            waiting[source] -= 1
            if waiting[source] == 0 and source not in seen:
                heappush(ready, place[source])
    return order
