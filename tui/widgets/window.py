"""A window over a long list that is read in pages from either end; what is between has not been looked at yet.

Pages are found by cursor, so a page deep in a list costs what the first one does. Nothing here knows of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .text import Line

PAGE = 200


class Paged(Protocol):
    """What a page of the store has."""

    @property
    def items(self) -> Sequence[Any]: ...
    @property
    def after(self) -> str | None: ...
    @property
    def total(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        key: what the row is, whatever its place; the cursor stays with it.
        cells: one line of words a column.
        record: what it stands for.
        heading: it divides the list and can't be chosen.
    """

    key: Hashable
    cells: tuple[Line, ...]
    record: Any = None
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table's rows come from.

    Attributes:
        load: (after, backward, with total) → a page; runs in a thread.
        row: makes a row of an item.
    """

    load: Callable[[str | None, bool, bool], Paged]
    row: Callable[[Any], Row]


@dataclass(slots=True)
class _Page:
    after: str | None
    rows: list[Row] | None = None
    stale: bool = False


@dataclass(slots=True)
class _Chain:
    """Pages in a row from one end."""

    pages: list[_Page] = field(default_factory=lambda: [_Page(None)])

    @property
    def known(self) -> int:
        return sum(len(page.rows) for page in self.pages if page.rows is not None)

    def row(self, index: int) -> Row | None:
        number, place = divmod(index, PAGE)
        if number >= len(self.pages):
            return None
        rows = self.pages[number].rows
        return rows[place] if rows is not None and place < len(rows) else None

    def wanted(self, first: int, last: int) -> int | None:
        """The next page to read so that these rows are known."""
        reach = min(last // PAGE, len(self.pages) - 1)
        for number in range(first // PAGE, reach + 1):
            page = self.pages[number]
            if page.rows is None or page.stale:
                return number
        if last // PAGE > reach and self.pages[-1].rows is None:
            return len(self.pages) - 1
        return None

    def put(self, number: int, rows: list[Row], after: str | None) -> None:
        page = self.pages[number]
        page.rows, page.stale = rows, False
        if after is None:
            del self.pages[number + 1 :]
        elif number + 1 == len(self.pages):
            self.pages.append(_Page(after))
        elif self.pages[number + 1].after != after:
            self.pages[number + 1].after = after
            for later in self.pages[number + 1 :]:
                later.stale = True


class Window:
    """The rows of a list by index, as far as they are known."""

    def __init__(self, rows: Sequence[Row] | None = None) -> None:
        self._head, self._tail = _Chain(), _Chain()
        self._fixed = list(rows) if rows is not None else None
        self._total: int | None = None

    @property
    def total(self) -> int:
        if self._fixed is not None:
            return len(self._fixed)
        return self._total if self._total is not None else self._head.known

    def row(self, index: int) -> Row | None:
        if index < 0:
            return None
        if self._fixed is not None:
            return self._fixed[index] if index < len(self._fixed) else None
        return self._head.row(index) or self._tail.row(self.total - 1 - index)

    def index_of(self, key: Hashable) -> int | None:
        if self._fixed is not None:
            return next((i for i, row in enumerate(self._fixed) if row.key == key), None)
        for chain, place in ((self._head, lambda i: i), (self._tail, lambda i: self.total - 1 - i)):
            for number, page in enumerate(chain.pages):
                for offset, row in enumerate(page.rows or ()):
                    if row.key == key:
                        return place(number * PAGE + offset)
        return None

    def wanted(self, first: int, last: int) -> tuple[bool, int, str | None] | None:
        """What to read next so that these rows are known: (backward, page, after)."""
        if self._fixed is not None:
            return None
        last = max(min(last, self.total - 1), 0)
        first = max(min(first, last), 0)
        backward = bool(self._total) and first > self.total // 2 and first - self._head.known > 2 * PAGE
        if backward and self._tail.row(self.total - 1 - last) and self._tail.row(self.total - 1 - first):
            return None
        chain = self._tail if backward else self._head
        ends = (self.total - 1 - last, self.total - 1 - first) if backward else (first, last)
        number = chain.wanted(*ends)
        return None if number is None else (backward, number, chain.pages[number].after)

    def put(self, backward: bool, number: int, rows: list[Row], after: str | None, total: int | None) -> None:
        chain = self._tail if backward else self._head
        if number < len(chain.pages):
            chain.put(number, rows, after)
        if total is not None:
            if self._total is not None and total != self._total:
                self._tail = _Chain()
            self._total = total

    def expire(self) -> None:
        """Something has changed: what is looked at is read again."""
        for page in self._head.pages:
            page.stale = page.rows is not None
        self._tail = _Chain()

    def known(self) -> list[Row]:
        """The rows that have been read from the top, in order."""
        if self._fixed is not None:
            return self._fixed
        return [row for page in self._head.pages for row in page.rows or ()]
