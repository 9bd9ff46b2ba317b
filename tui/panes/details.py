"""The details of what is selected, under tabs; they follow the cursor, and the last to be asked for wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from ...store import Collection, CuratoryError, NotFound, Project, Version
from ..fetching import fetch
from ..widgets.bars import TabLine
from ..widgets.filter import FilterLine
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, content
from ..widgets.window import Row
from .pane import Pane
from .tabs.files import FILES
from .tabs.history import HISTORY
from .tabs.lineage import LINEAGE
from .tabs.links import LINKS
from .tabs.metadata import METADATA
from .tabs.metrics import METRICS
from .tabs.overview import OVERVIEW
from .tabs.people import PEOPLE
from .tabs.tab import Sheet, Subject, Tab, View
from .tabs.use import USE

if TYPE_CHECKING:
    from ..widgets.lineage import LineageView

TABS: tuple[Tab, ...] = (OVERVIEW, FILES, METADATA, METRICS, LINEAGE, LINKS, PEOPLE, HISTORY, USE)


class Details(Pane):
    title = "Details"
    number = 4
    hint = "rows that hold these words"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.subject: Subject | None = None
        self.tab = OVERVIEW
        self._wanted_tab = OVERVIEW.id
        self._found: tuple[Tab, Any] | None = None  # what was read, and for which tab
        self._sheet = Sheet([])
        self._shown: tuple[Any, str] | None = None
        self._folded: set[str] = set()
        self._lineage: LineageView | None = None
        self._sought = ""

    def compose(self) -> ComposeResult:
        yield TabLine()
        yield FilterLine(self.hint)
        yield VirtualTable(cursor=False)
        yield Static(classes="pane--empty")
        yield Static(classes="details--node")

    @property
    def selected(self) -> Any:
        return self.subject

    @property
    def lineage(self) -> LineageView:
        """Made when it is first looked at: it is the largest thing to import."""
        if self._lineage is None:
            from ..widgets.lineage import LineageView

            self._lineage = LineageView()
            self.mount(self._lineage, after=self.table)
        return self._lineage

    @property
    def in_lineage(self) -> bool:
        return self.tab is LINEAGE

    def focus_inside(self) -> None:
        (self.lineage if self.in_lineage else self.table).focus()

    @property
    def targets(self) -> list[Any]:
        return [self.subject] if self.subject is not None else []

    # -- what is shown ------------------------------------------------------------------------------------------

    def show(self, subject: Subject | None, *, delay: float = 0.0) -> None:
        """Show something else, under the same tab where it has that."""
        self.subject = subject
        if subject is None:
            self.show_nothing()
            self.query_one(TabLine).show((), "")
            return
        self._choose(self._wanted_tab)
        self._load(delay)

    def choose_tab(self, tab: str) -> None:
        self._wanted_tab = tab
        if self.subject is None:
            return
        self._folded.clear()
        inside = self.table.has_focus or (self._lineage is not None and self._lineage.has_focus)
        self._choose(tab)
        self._load(0.0)
        if inside:
            self.call_after_refresh(self.focus_inside)

    def step_tab(self, by: int) -> None:
        tabs = self._tabs
        if tabs:
            self.choose_tab(tabs[(tabs.index(self.tab) + by) % len(tabs)].id)

    def _choose(self, tab: str) -> None:
        tabs = self._tabs
        self.tab = next((one for one in tabs if one.id == tab), tabs[0])
        self.query_one(TabLine).show(tuple((one.id, one.title) for one in tabs), self.tab.id)
        self.post_message(self.Counted())

    @property
    def _tabs(self) -> list[Tab]:
        return [tab for tab in TABS if isinstance(self.subject, tab.subjects)]

    def _load(self, delay: float) -> None:
        subject, tab, store = self.subject, self.tab, self.store
        if subject is None:
            return
        self.set_class(self.in_lineage, "-lineage")
        if self.in_lineage and not isinstance(subject, Project):
            self.lineage.show(store, subject, delay=delay)
            return

        def done(found: Any) -> None:
            self._found = (tab, found)
            self._draw()

        def failed(error: CuratoryError) -> None:
            self._found = None
            self._sheet = Sheet([], empty=([(str(error), "warn")],))
            self._put(self._sheet, keep=False)

        fetch(self, "details", lambda: tab.load(store, subject), done, failed, delay=delay)

    def reload(self) -> None:
        if self.in_lineage:
            self._find()
        else:
            self._draw()

    def _find(self, *, onward: bool = False) -> None:
        """In a lineage nothing is hidden by a filter: the cursor goes to what fits it."""
        missing = self._filter and not self.lineage.find(self._filter, onward=onward)
        self.filter.blame(NotFound(f"No node has “{self._filter}” in its name.") if missing else None)

    @on(FilterLine.Left)
    def _filter_left(self, event: FilterLine.Left) -> None:
        event.prevent_default().stop()
        if self.in_lineage and self._filter:
            self._find(onward=self._filter == self._sought)
            self._sought = self._filter
        self.focus_inside()

    def live(self) -> None:
        self._load(0.0)

    def _draw(self) -> None:
        if self.subject is None or self._found is None or self._found[0] is not self.tab:
            return
        # without the scroll bar, which may come with what is drawn, and the blank at the end of every column
        width = max((self.table.outer_size.width or self.size.width) - 2, 20)
        sheet = self.tab.draw(self._found[1], View(width, self.store.now(), self._folded))
        key = ((type(self.subject), _key(self.subject)), self.tab.id)
        self._put(sheet, keep=key == self._shown)
        self._shown = key

    def _put(self, sheet: Sheet, *, keep: bool) -> None:
        self._sheet = sheet
        rows = [row for row in sheet.rows if self._fits(row)] if self._filter else sheet.rows
        table = self.table
        if (table.columns, table.has_header, table.has_cursor) != (sheet.columns, sheet.header, sheet.cursor):
            table.set_columns(sheet.columns, header=sheet.header, cursor=sheet.cursor)
        table.show(rows, keep=keep)

    def _fits(self, row: Row) -> bool:
        text = "".join(word for cell in row.cells for word, _ in cell).casefold()
        return all(part in text for part in self._filter.casefold().split())

    def on_resize(self, event: events.Resize) -> None:
        if not self._sheet.cursor:
            self.call_after_refresh(self._draw)

    # -- title and nothing --------------------------------------------------------------------------------------

    def about(self) -> Line:
        subject = self.subject
        words: list[Word] = []
        if isinstance(subject, (Version, Collection)):
            words = [(f"  {subject.name}", "")]
        elif isinstance(subject, Project):
            words = [(f"  {subject.title}", "")]
        return words

    def tally(self) -> Line:
        if self.in_lineage:
            return [*self.lineage.about, (" ", "")]
        return super().tally() if self._sheet.cursor else []

    def empty(self) -> Sequence[Line]:
        if self.subject is None:
            return (
                [("Choose something on the left: its card, files, metadata,", "muted")],
                [("lineage and history are shown here.", "muted")],
            )
        return self._sheet.empty

    # -- events -------------------------------------------------------------------------------------------------

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        self.choose_tab(event.tab)

    def on_lineage_view_moved(self, event: LineageView.Moved) -> None:
        event.stop()
        self.query_one(".details--node", Static).update(content(*self.lineage.node), layout=False)
        self.retitle()
        self.post_message(self.Counted())

    @on(VirtualTable.Highlighted)
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.prevent_default().stop()  # a row of the details is no selection of the browser's
        self.retitle()

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        event.prevent_default().stop()
        row = event.row
        if row is None:
            return
        if row.record == "node":
            self._folded ^= {str(row.key)}
            self._draw()
        elif row.record is not None:
            self.post_message(self.Opened(self, row.record))


def _key(subject: Subject) -> Any:
    return (subject.id, subject.collection_id) if isinstance(subject, Version) else subject.id
