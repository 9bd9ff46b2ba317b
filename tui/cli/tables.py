"""Tables without frames: aligned columns that give way when a terminal is narrow, and never where nobody looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..safe import clean
from .output import DIM, Output, Span, cells, cut

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        style: of its cells; a cell that is (text, style) has its own.
        right: numbers stand at the right.
        least: the columns it keeps when it is cut; None: it is never cut.
        drop: when space is short, columns go in the order of this number; 0 stays.
        wraps: the last column may go on in further lines instead of being cut.
    """

    title: str
    style: str = ""
    right: bool = False
    least: int | None = None
    drop: int = 0
    wraps: bool = False


def table(out: Output, columns: Sequence[Column], rows: Sequence[Sequence[Span]], indent: int = 0) -> None:
    """Print rows under their titles."""
    body = [[_cell(out, cell, column.style) for cell, column in zip(row, columns, strict=True)] for row in rows]
    kept, widths = _layout(columns, body, None if out.width is None else out.width - indent - out.margin)
    heads = [(columns[n].title, DIM) for n in kept]
    out.line(*_row(heads, [columns[n] for n in kept], widths), indent=indent, fits=True)
    for row in body:
        if columns[kept[-1]].wraps and len(kept) > 1:
            lead = _row([row[n] for n in kept[:-1]], [columns[n] for n in kept[:-1]], widths[:-1])
            before = sum(widths[:-1]) + GAP * (len(kept) - 1)
            out.hanging([*lead, " " * (before - _width(lead))], [row[kept[-1]]], before, indent)
            continue
        out.line(*_row([row[n] for n in kept], [columns[n] for n in kept], widths), indent=indent, fits=True)


def _cell(out: Output, cell: Span, style: str) -> tuple[str, str]:
    content, own = cell if isinstance(cell, tuple) else (cell, style)
    shown = clean(content, out.limit)
    # where programs count columns, none is empty
    return shown or ("" if out.tty else "-"), own


def _layout(
    columns: Sequence[Column], body: Sequence[Sequence[tuple[str, str]]], room: int | None
) -> tuple[list[int], list[int]]:
    """Which columns are shown, and how wide."""
    full = [
        max([len(column.title), *(cells(row[n][0]) for row in body)]) if body else len(column.title)
        for n, column in enumerate(columns)
    ]
    # A column without a single value says nothing.
    kept = [n for n in range(len(columns)) if not body or any(row[n][0] for row in body)] or [0]
    if room is None:
        return kept, [full[n] for n in kept]
    least = [min(full[n], columns[n].least or full[n]) for n in range(len(columns))]
    while len(kept) > 1 and _total([least[n] for n in kept]) > room:
        expendable = [n for n in kept if columns[n].drop]
        if not expendable:
            break
        kept.remove(min(expendable, key=lambda n: columns[n].drop))
    widths = {n: full[n] for n in kept}
    while (excess := _total(list(widths.values())) - room) > 0:
        widest = max(kept, key=lambda n: widths[n] - least[n])
        slack = widths[widest] - least[widest]
        if slack <= 0:
            break
        # down to the next widest, so that no column suffers alone
        others = [widths[n] for n in kept if n != widest and widths[n] > least[n]]
        widths[widest] -= min(excess, slack, max(1, widths[widest] - max(others, default=0)))
    if (excess := _total(list(widths.values())) - room) > 0:
        widest = max(kept, key=lambda n: widths[n])
        widths[widest] = max(1, widths[widest] - excess)
    return kept, [widths[n] for n in kept]


def _width(spans: Sequence[Span]) -> int:
    return sum(cells(one if isinstance(one, str) else one[0]) for one in spans)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _row(row: Sequence[tuple[str, str]], columns: Sequence[Column], widths: Sequence[int]) -> list[Span]:
    spans: list[Span] = []
    last = len(row) - 1
    for n, ((content, style), column, width) in enumerate(zip(row, columns, widths, strict=True)):
        shown = cut(content, width)
        pad = " " * (width - cells(shown))
        gap = "" if n == last else " " * GAP
        if column.right:
            spans += [pad, (shown, style), gap]
        else:
            spans += [(shown, style), gap if n == last else pad + gap]
    return spans
