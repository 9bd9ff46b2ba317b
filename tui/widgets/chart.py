"""Curves of braille dots: two columns and four lines of them in each cell."""

from __future__ import annotations

from collections.abc import Sequence

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def braille(points: Sequence[tuple[float, float]], width: int, height: int) -> list[str]:
    """A curve through points in a box of cells; neighbouring dots are joined."""
    wide, tall = width * 2, height * 4
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    left, low = min(xs), min(ys)
    across = (max(xs) - left) or 1.0
    up = (max(ys) - low) or 1.0
    cells = [[0] * width for _ in range(height)]
    before: tuple[int, int] | None = None
    for x, y in points:
        column = round((x - left) / across * (wide - 1))
        line = tall - 1 - round((y - low) / up * (tall - 1))
        for at_x, at_y in _between(before or (column, line), (column, line)):
            cells[at_y // 4][at_x // 2] |= _DOTS[at_x % 2][at_y % 4]
        before = (column, line)
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in line) for line in cells]


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return [
        (
            round(start[0] + (end[0] - start[0]) * step / steps),
            round(start[1] + (end[1] - start[1]) * step / steps),
        )
        for step in range(steps + 1)
    ]
