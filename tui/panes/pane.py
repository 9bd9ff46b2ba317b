"""A pane: a bordered list with its title, its count, its filter, and what it says when there is nothing in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ...store import Page, Store
from ..fetching import later
from ..safety import title_border
from ..widgets.filter import FilterLine
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line, content
from ..widgets.window import Found, Row, Source

DEBOUNCE = 0.08  # seconds after the last key until what depends on it is read


class Pane(Vertical):
    """
    Attributes:
        number: the key that leads here.
        orders: what the list can be ordered by, the first unless changed.
    """

    title: ClassVar[str] = ""
    number: ClassVar[int] = 0
    columns: ClassVar[tuple[Column, ...]] = (Column(""),)
    orders: ClassVar[tuple[str, ...]] = ()
    hint: ClassVar[str] = "words  tag:prod  by:ana  updated>7d  !wip  OR"

    class Selected(Message):
        """Another record, or the same one changed."""

        def __init__(self, pane: Pane, record: Any) -> None:
            self.pane, self.record = pane, record
            super().__init__()

    class Opened(Selected):
        """Enter on a record."""

    class Counted(Message):
        """Counts or marks are others."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.order = self.orders[0] if self.orders else ""
        self._selected: Any = None
        self._cursors: dict[Hashable, Hashable] = {}
        self._scope: Hashable = None
        self._filter = ""
        self._said: Content | None = None

    def compose(self) -> ComposeResult:
        yield FilterLine(self.hint)
        yield VirtualTable(self.columns)
        yield Static(classes="pane--empty")

    def on_mount(self) -> None:
        self.retitle()

    @property
    def table(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    @property
    def filter(self) -> FilterLine:
        return self.query_one(FilterLine)

    @property
    def store(self) -> Store:
        return self.app.store  # type: ignore[attr-defined]

    @property
    def selected(self) -> Any:
        """The record under the cursor."""
        return self._selected

    @property
    def targets(self) -> list[Any]:
        """What an action is about: all that is marked, else what is under the cursor."""
        marked = [row.record for row in self.table.marks.values()]
        return marked or ([self._selected] if self._selected is not None else [])

    def focus_inside(self) -> None:
        self.table.focus()

    # -- rows ---------------------------------------------------------------------------------------------------

    def read(
        self,
        scope: Hashable,
        page: Callable[[str, str, str | None, bool], Page[Any]],
        row: Callable[[Any], Row],
        *,
        locate: Callable[[str, str, Any], Found | None],
        nth: Callable[[str, str, int], Found | None],
        seek: Hashable | None = None,
    ) -> None:
        """Show a list of the store.

        Args:
            page: of filter, order, after and whether to count.
            locate: of filter, order and key: where that row stands.
            nth: of filter, order and index: what stands there.
        """
        if self._scope is not None and self.table.row is not None:
            self._cursors[self._scope] = self.table.row.key
        if scope != self._scope:
            self._selected = None
        self._scope = scope
        filter, order = self._filter, self.order

        def load(after: str | None, backward: bool, counted: bool) -> Page[Any]:
            return page(filter, _turned(order) if backward else order, after, counted)

        source = Source(load, row, lambda key: locate(filter, order, key), lambda index: nth(filter, order, index))
        self.table.read(source, seek=seek if seek is not None else self._cursors.get(scope))

    def reload(self) -> None:
        """Read everything again, with the filter and order that are set now."""

    def live(self) -> None:
        """Something has changed somewhere: read what is shown again."""
        self.table.expire()

    def show_nothing(self) -> None:
        self._scope, self._selected = None, None
        self.table.show([])

    def next_order(self) -> str:
        """Order by the next thing there is to order by."""
        if self.orders:
            self.order = self.orders[(self.orders.index(self.order) + 1) % len(self.orders)]
            self.reload()
        return self.order

    # -- title, count, nothing ----------------------------------------------------------------------------------

    def about(self) -> Line:
        """What stands beside the title."""
        return ()

    def empty(self) -> Sequence[Line]:
        """What would fill the pane, and which key does it."""
        return ()

    def retitle(self) -> None:
        words: list[tuple[str, str]] = [(f" {self.number} ", ""), (self.title, "")]
        words += self.about()
        if self._filter:
            words += [(f"  /{self._filter}", "number")]
        title_border(self, content([*words, (" ", "")]), content(self.tally()))

    def tally(self) -> Line:
        """What stands in the lower border: marks, and where the cursor is among how many."""
        table = self.table
        marks = len(table.marks)
        shown = f"{table.cursor + 1:,} of {table.total:,}" if table.total else ""
        if marks:
            shown = f"{marks:,} marked · {shown}"
        if table.ranging:
            shown = f"range · {shown}"
        return [(f" {shown} ", "")] if shown else []

    @on(VirtualTable.Loaded)
    def _loaded(self, event: VirtualTable.Loaded) -> None:
        event.stop()
        if not isinstance(event, VirtualTable.Marked):
            self.filter.blame(None)
        nothing = not self.table.total and not self.table.loading_rows
        if nothing:
            said = content(*self._nothing())
            if said != self._said:
                self._said = said
                self.query_one(".pane--empty", Static).update(said)
        self.set_class(nothing, "-empty")
        self.retitle()
        self.post_message(self.Counted())

    @on(VirtualTable.Limited)
    def _limited(self, event: VirtualTable.Limited) -> None:
        marked, total = len(event.table.marks), event.table.total
        self.app.say(f"{marked:,} of {total:,} are marked, and no more at once; / filters the list.", "warning")  # type: ignore[attr-defined]

    def _nothing(self) -> Sequence[Line]:
        if self._filter:
            return (
                [("Nothing fits ", "muted"), (f"/{self._filter}", "number")],
                [],
                [("esc", "key"), (" shows all again", "muted")],
            )
        return self.empty()

    @on(VirtualTable.Refused)
    def _refused(self, event: VirtualTable.Refused) -> None:
        event.stop()
        if self._filter:
            self.filter.blame(event.error)
        else:
            self.show_nothing()

    @on(VirtualTable.Highlighted)
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        record = event.row.record if event.row else None
        if type(event) is VirtualTable.Chosen:
            if record is not None:
                self.post_message(self.Opened(self, record))
            return
        self.retitle()
        if record == self._selected and record is not None:
            return
        self._selected = record
        self.post_message(self.Selected(self, record))

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        event.stop()
        if event.row is not None:
            self.post_message(self.Opened(self, event.row.record))

    # -- the filter ---------------------------------------------------------------------------------------------

    def open_filter(self) -> None:
        self.filter.open()

    def set_filter(self, text: str) -> None:
        self.filter.put(text)

    def clear_filter(self) -> bool:
        had = self.filter.clear()
        if had:
            self.focus_inside()
        return had

    @on(FilterLine.Changed)
    def _filter_changed(self, event: FilterLine.Changed) -> None:
        event.stop()
        if event.text == self._filter:
            return
        self._filter = event.text
        self.retitle()
        later(self, "filter", DEBOUNCE, self.reload)

    @on(FilterLine.Left)
    def _filter_left(self, event: FilterLine.Left) -> None:
        event.stop()
        self.table.focus()


def _turned(order: str) -> str:
    return order[1:] if order.startswith("-") else f"-{order}"
