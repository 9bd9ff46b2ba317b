"""A window over a long list that is read in pages from either end, and both ways from a row in the middle.

Pages are found by cursor, so a page deep in a list costs what the first one does. What lies between has not been
looked at yet. Nothing here knows of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .text import Line

PAGE = 200
FAR = 6  # pages that are read one after the other rather than begun anew


class Found(Protocol):
    """Where a row stands, as the store says it."""

    @property
    def index(self) -> int: ...
    @property
    def before(self) -> str | None: ...
    @property
    def at(self) -> str: ...


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
        locate: key → where it stands; None when it is not in the list.
        nth: index → what stands there; None behind the last.
    """

    load: Callable[[str | None, bool, bool], Paged]
    row: Callable[[Any], Row]
    locate: Callable[[Hashable], Found | None] = lambda key: None
    nth: Callable[[int], Found | None] = lambda index: None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to be read.

    Attributes:
        chain: which it belongs to.
        backward: it is read against the list's order.
        number, after: which page of the chain, and where it begins.
    """

    chain: str
    backward: bool
    number: int
    after: str | None


@dataclass(slots=True)
class _Page:
    after: str | None
    rows: list[Row] | None = None
    stale: bool = False


@dataclass(slots=True)
class _Chain:
    """Pages in a row, from an end of the list or from a row in its middle."""

    pages: list[_Page] = field(default_factory=lambda: [_Page(None)])

    @property
    def known(self) -> int:
        return sum(len(page.rows) for page in self.pages if page.rows is not None)

    def row(self, index: int) -> Row | None:
        number, place = divmod(index, PAGE)
        if not 0 <= number < len(self.pages):
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


HEAD, TAIL, DOWN, UP = "head", "tail", "down", "up"  # from the first row, the last, and both ways from the middle


class Window:
    """The rows of a list by index, as far as they are known."""

    def __init__(self, rows: Sequence[Row] | None = None) -> None:
        self._chains = {HEAD: _Chain(), TAIL: _Chain()}
        self._fixed = list(rows) if rows is not None else None
        self._total: int | None = None
        self._anchor = 0

    @property
    def total(self) -> int:
        if self._fixed is not None:
            return len(self._fixed)
        return self._total if self._total is not None else self._chains[HEAD].known

    @property
    def anchored(self) -> bool:
        """Whether rows of the middle have been read."""
        return DOWN in self._chains

    def _within(self, chain: str, index: int) -> int:
        """A row's place in a chain; negative where it is not on its side."""
        if chain == HEAD:
            return index
        if chain == TAIL:
            return self.total - 1 - index
        return index - self._anchor if chain == DOWN else self._anchor - 1 - index

    def row(self, index: int) -> Row | None:
        if index < 0:
            return None
        if self._fixed is not None:
            return self._fixed[index] if index < len(self._fixed) else None
        for name, chain in self._chains.items():
            row = chain.row(self._within(name, index))
            if row is not None:
                return row
        return None

    def index_of(self, key: Hashable) -> int | None:
        if self._fixed is not None:
            return next((i for i, row in enumerate(self._fixed) if row.key == key), None)
        for name, chain in self._chains.items():
            for number, page in enumerate(chain.pages):
                for offset, row in enumerate(page.rows or ()):
                    if row.key == key:
                        place = number * PAGE + offset
                        return self._anchor + place if name == DOWN else self._within(name, place)
        return None

    def wanted(self, first: int, last: int) -> Wanted | None:
        """What to read next so that these rows are known."""
        if self._fixed is not None:
            return None
        end = self.total - 1 if self._total is not None else self.total  # where nobody counted, more may follow
        last = max(min(last, end), 0)
        first = max(min(first, last), 0)
        if self.anchored and first < self._anchor <= last and self._nearest(first, last) in (DOWN, UP):
            return self.wanted(self._anchor, last) or self.wanted(first, self._anchor - 1)
        name = self._nearest(first, last)
        places = sorted((self._within(name, first), self._within(name, last)))
        chain = self._chains[name]
        number = chain.wanted(places[0], places[1])
        return None if number is None else Wanted(name, name in (TAIL, UP), number, chain.pages[number].after)

    def _nearest(self, first: int, last: int) -> str:
        """The chain from which fewest pages have to be read; the head where it makes little difference."""
        pages = {name: self._pages(name, first, last) for name in self._chains}
        pages[HEAD] -= 2
        return HEAD if self._total is None else min(pages, key=lambda name: pages[name])

    def _pages(self, name: str, first: int, last: int) -> int:
        """How many pages of a chain have to be read until these rows are known."""
        places = [place for place in (self._within(name, first), self._within(name, last)) if place >= 0]
        return -(-max(max(places) + 1 - self._chains[name].known, 0) // PAGE) if places else 1 << 60

    def far(self, first: int, last: int) -> bool:
        """Whether these rows are so far from all that is known that one should begin anew at them."""
        if self._fixed is not None or self._total is None:
            return False
        return min(self._pages(name, first, last) for name in self._chains) > FAR

    def put(self, wanted: Wanted, rows: list[Row], after: str | None, total: int | None) -> None:
        chain = self._chains.get(wanted.chain)
        if chain is not None and wanted.number < len(chain.pages):
            chain.put(wanted.number, rows, after)
        if total is not None:
            if self._total is not None and total != self._total:
                self._chains[TAIL] = _Chain()
            self._total = total

    def anchor(self, found: Found) -> None:
        """Read around a row of the middle from now on; what was read around another is forgotten."""
        self._anchor = found.index
        self._chains[DOWN] = _Chain([_Page(found.before)])
        self._chains[UP] = _Chain([_Page(found.at)])

    def forget_middle(self) -> None:
        self._chains.pop(DOWN, None)
        self._chains.pop(UP, None)

    def expire(self) -> None:
        """Something has changed: what is looked at is read again."""
        for page in self._chains[HEAD].pages:
            page.stale = page.rows is not None
        self._chains[TAIL] = _Chain()

    def known(self) -> list[Row]:
        """The rows that have been read from the top, in order."""
        if self._fixed is not None:
            return self._fixed
        return [row for page in self._chains[HEAD].pages for row in page.rows or ()]
