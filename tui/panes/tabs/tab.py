"""What the details pane shows under each of its tabs: read in a thread, drawn as rows, nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.cells import cell_len

from ....store import Collection, Project, Store, Version
from ...safe import clean, clean_lines
from ...widgets.table import Column
from ...widgets.text import Line, fit, wrapped
from ...widgets.window import Row

Subject = Project | Collection | Version


@dataclass(slots=True)
class View:
    """How something is looked at.

    Attributes:
        width: cells that there are for a line.
        folded: keys of what is folded.
    """

    width: int
    now: datetime
    folded: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a tab shows.

    Attributes:
        cursor: rows can be walked through, else the sheet is scrolled.
        empty: what it says when there are no rows.
    """

    rows: Sequence[Row]
    columns: tuple[Column, ...] = (Column(""),)
    header: bool = False
    cursor: bool = False
    empty: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Tab:
    """
    Attributes:
        subjects: of what it can be shown.
        load: reads what it needs; in a thread.
        draw: makes the sheet; again whenever the width changes.
    """

    id: str
    title: str
    subjects: tuple[type, ...]
    load: Callable[[Store, Any], Any]
    draw: Callable[[Any, View], Sheet]


def lines(found: Sequence[Line]) -> list[Row]:
    """Lines of a text as rows."""
    return [Row(number, (line,)) for number, line in enumerate(found)]


def field_line(name: str, *words: tuple[str, str], width: int = 11) -> Line:
    """A name and what it is; names that are too long push it aside rather than being cut."""
    name = clean(name)
    return [(f" {fit(name, max(width, cell_len(name) + 1))}", "muted"), *words]


def text_lines(text: str, width: int, role: str = "", indent: str = " ") -> list[Line]:
    """A stored text as wrapped lines."""
    return [
        [(indent + part, role)] for line in clean_lines(text) for part in wrapped(line, max(width - len(indent) - 1, 8))
    ]
