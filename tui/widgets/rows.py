"""A table's rows as strips: which of its columns there is room for, and words in exactly their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..safe import clean
from .text import Line, fit
from .window import Row

LEAST = 12  # cells of a column without a width, before another one is dropped for it
ENOUGH = 24  # cells of a column without a width, before others take more than theirs


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        width: cells; 0 takes what the others leave.
        drop: 0 stays; of the others, the highest goes first where there is no room.
        most: cells that it takes where the others have enough.
    """

    title: str
    width: int = 0
    drop: int = 0
    right: bool = False
    most: int = 0


Fitted = Sequence[tuple[int, Column, int]]  # place among all columns, column, cells


def fitted(columns: Sequence[Column], width: int) -> Fitted:
    """The columns that there is room for, with their cells."""
    kept = list(columns)
    while len(kept) > 1 and sum((column.width or LEAST) + 1 for column in kept) > width - 1:
        droppable = max(kept, key=lambda column: column.drop)
        if not droppable.drop:
            break
        kept.remove(droppable)
    flexible = sum(1 for column in kept if not column.width)
    left = max(width - 1 - sum(column.width + 1 for column in kept if column.width), 4)
    spare = left - ENOUGH * flexible
    found: list[tuple[int, Column, int]] = []
    sizes: list[int] = []
    for column in kept:
        grown = min(max(spare, 0), max(column.most - column.width, 0)) if column.width else 0
        sizes.append(column.width + grown)
        spare, left = spare - grown, left - grown
    places = {id(column): place for place, column in enumerate(columns)}
    for column, size in zip(kept, sizes, strict=True):
        found.append((places[id(column)], column, size or max(left // flexible - 1, 3)))
    return found


def header_strip(columns: Fitted, width: int, style: Style) -> Strip:
    """The titles of the columns."""
    titles = [
        fit(column.title, size).strip().rjust(size) if column.right else fit(column.title, size)
        for _, column, size in columns
    ]
    return Strip([Segment(fit(" " + " ".join(titles), width), style)], width)


@dataclass(frozen=True, slots=True)
class Look:
    """How a row is drawn.

    Attributes:
        styles: role → how a theme shows it.
        background: what it stands on.
        gutter: the sign before it, and its role.
        bold: it has the cursor, and the table the focus.
    """

    styles: Mapping[str, Style]
    background: Style
    gutter: tuple[str, str] = (" ", "head")
    bold: bool = False


def row_strip(row: Row, columns: Fitted, width: int, look: Look) -> Strip:
    sign, role = look.gutter
    segments = [Segment(sign, look.background + look.styles[role])]
    if row.heading:
        segments += _words(row.cells[0], width - 1, look, False)
        return Strip(segments, width)
    used = 1
    for place, column, size in columns:
        cell: Line = row.cells[place] if place < len(row.cells) else ()
        segments += _words(cell, size, look, column.right)
        segments.append(Segment(" ", look.background))
        used += size + 1
    return Strip(_joined(segments), used).adjust_cell_length(width, look.background)


def _joined(segments: list[Segment]) -> list[Segment]:
    """Fewer segments that look the same: blanks take the style of the word before, since every style costs bytes."""
    found = segments[:1]
    for text, style, _ in segments[1:]:
        last = found[-1]
        assert style is not None
        assert last.style is not None
        blank = text.isspace() and not last.style.underline and style.bgcolor == last.style.bgcolor
        if blank or style == last.style:
            found[-1] = Segment(last.text + text, last.style)
        else:
            found.append(Segment(text, style))
    return found


def _words(line: Line, width: int, look: Look, right: bool) -> list[Segment]:
    """Words in exactly so many cells."""
    segments: list[Segment] = []
    bold = Style(bold=True) if look.bold else None
    left = width
    for text, role in line:
        text = clean(text)
        size = cell_len(text)
        style = look.background + look.styles[role]
        if bold is not None:
            style += bold
        if size > left:
            segments.append(Segment(fit(text, left), style))
            left = 0
            break
        segments.append(Segment(text, style))
        left -= size
    if left:
        blank = Segment(" " * left, look.background)
        segments.insert(0, blank) if right else segments.append(blank)
    return segments
