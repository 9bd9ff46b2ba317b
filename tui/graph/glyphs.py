"""Box-drawing characters by their arms, and stored text cut to a number of cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from rich.cells import cell_len, set_cell_size

# A cell's arms are a byte: two bits each for north, east, south, west; 0 is none, 1 light, 2 heavy.
NORTH, EAST, SOUTH, WEST = 1, 4, 16, 64
HEAVY = 0b10101010  # mask of the heavy bits
VERTICAL = NORTH * 3 | SOUTH * 3
HORIZONTAL = EAST * 3 | WEST * 3

# By n + 3e + 9s + 27w, each 0, 1 or 2.
_BY_ARMS = " ╵╹╶╰┖╺┕┗╷│╿╭├┞┍┝┡╻╽┃┎┟┠┏┢┣╴╯┚─┴┸╼┶┺╮┤┦┬┼╀┮┾╄┒┧┨┰╁╂┲╆╊╸┙┛╾┵┹━┷┻┑┥┩┭┽╃┯┿╇┓┪┫┱╅╉┳╈╋"


def _lines() -> str:
    def weight(arms: int, side: int) -> int:
        return min(arms // side & 3, 2)

    return "".join(
        _BY_ARMS[weight(a, NORTH) + 3 * weight(a, EAST) + 9 * weight(a, SOUTH) + 27 * weight(a, WEST)]
        for a in range(256)
    )


LINES = _lines()  # by arms
RIGHT, DOWN, UP = "→↳↱"  # an end; a line from above, or from below, that joins one to the right

MARKS = {
    "model": "◆",
    "dataset": "■",
    "run": "▶",
    "other": "●",
    "deleted": "✗",
    "hidden": "◌",
    "fold": "▸",
}

Clean = Callable[[str], str]


def clean(text: str) -> str:
    """Text without anything that a terminal obeys or that has no width of its own to be measured."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_harmless(char) for char in text)


def _harmless(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char


def fit(text: str, width: int, tail: str = "") -> str:
    """The text in at most so many cells, cut with `…`; `tail` stays behind the cut when half of it is left."""
    if cell_len(text + tail) <= width:
        return text + tail
    if width <= 0:
        return ""
    if tail and cell_len(tail) * 2 > width:
        return fit(text + tail, width)
    return set_cell_size(text, width - cell_len(tail) - 1).rstrip() + "…" + tail


def crop(text: str, start: int, end: int) -> str:
    """The cells from `start` to `end`; half of a wide character becomes a space."""
    if start <= 0:
        return set_cell_size(text, end)
    at = 0
    while at < len(text) and cell_len(text[:at]) < start:
        at += 1
    while at < len(text) and not cell_len(text[at]):
        at += 1  # a combining character goes with the one before
    gap = cell_len(text[:at]) - start
    return set_cell_size(" " * gap + text[at:], end - start)
