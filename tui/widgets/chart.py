"""Curves as filled areas of block characters, eight heights a cell: every terminal and every font has them."""

from __future__ import annotations

from collections.abc import Sequence

from .text import Line

_PARTS = " ▁▂▃▄▅▆▇█"

Points = Sequence[tuple[float, float]]


def area(points: Points, width: int, height: int) -> list[Line]:
    """A curve through points in a box of cells, the top row first; what is below it is filled.

    Of several points in one column the mean is drawn; a column without any lies on the line between its neighbours.
    """
    values = columns(points, width)
    low, high = min(values), max(values)
    half = (high / 2 - low / 2) or 1.0  # halves, since the ends of what a float can be are further apart than that
    levels = [1 + round((value / 2 - low / 2) / half * (height * 8 - 1)) for value in values]
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        text = "".join(_PARTS[min(max(level - row * 8, 0), 8)] for level in levels)
        lines.append([(text, "curve")])
    return lines


def columns(points: Points, width: int) -> list[float]:
    """The value in each of so many columns, from the first point's to the last one's."""
    left, right = points[0][0], points[-1][0]
    across = (right - left) or 1.0
    sums: dict[int, tuple[float, int]] = {}
    for x, y in points:
        column = min(max(round((x - left) / across * (width - 1)), 0), width - 1)
        total, count = sums.get(column, (0.0, 0))
        sums[column] = (total + y, count + 1)
    known = sorted((column, total / count) for column, (total, count) in sums.items())
    found: list[float] = []
    for column in range(width):
        while len(known) > 1 and known[1][0] <= column:
            known.pop(0)
        (at, value), (after, other) = known[0], known[1] if len(known) > 1 else known[0]
        part = (column - at) / (after - at) if after > at else 0.0
        part = min(max(part, 0.0), 1.0)
        found.append(value * (1 - part) + other * part)
    return found
