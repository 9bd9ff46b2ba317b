"""Everything that has happened, filtered by who, what and when; or a collection as it was at a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from ...store import Collection, Event, Invalid, Page, Project, Version
from .. import wording
from ..actions import ANYWHERE, HISTORY, bindings
from ..fetching import fetch, later
from ..panes.tabs.history import EVENT_COLUMNS, event_row
from ..panes.tabs.tab import View
from ..widgets.bars import Crumbs, Footer
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, content, plain
from ..widgets.window import PAGE, Source
from .desk import Desk

FIELDS = (
    ("of", "everything, or a path"),
    ("by", "anybody, or a name"),
    ("action", "alias, link, tag"),
    ("since", "7d or 2026-01-31"),
    ("until", "2026-01-31T12:00"),
    ("as of", "a moment"),
)
DEBOUNCE = 0.25  # seconds

_AGE = re.compile(r"(\d+)\s*(h|d|w|mo|y)$")
_HOURS = {"h": 1, "d": 24, "w": 168, "mo": 720, "y": 8_760}


class HistoryScreen(Desk):
    BINDINGS = bindings(ANYWHERE, HISTORY)

    def __init__(self, subject: Project | Collection | Version | None) -> None:
        super().__init__()
        self._subject = subject
        self._asked: list[str] | None = None

    @property
    def where(self) -> str:
        return HISTORY

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Vertical(classes="history--box"):
            for names in (FIELDS[:3], FIELDS[3:]):
                with Horizontal(classes="history--fields"):
                    for name, hint in names:
                        yield Static(content([(name, "")]), classes="history--name")
                        yield Input(placeholder=hint, id=f"field-{name.replace(' ', '-')}", compact=True)
            yield Static(classes="history--problem")
            yield VirtualTable(EVENT_COLUMNS)
        yield Footer()

    def on_mount(self) -> None:
        if self._subject is not None:
            with self.prevent(Input.Changed):  # it is read below; a second time would move the cursor back
                self._field("of").value = wording.short(self._subject.path)
        self.query_one(".history--box").border_title = content([(" History ", "")])
        self.query_one(Crumbs).show(
            [(" History", "head"), ("   / edits the fields   enter shows all of an event   esc goes back", "muted")], ()
        )
        self.query_one(VirtualTable).focus()
        self._read()
        self.show_footer()

    def _field(self, name: str) -> Input:
        return self.query_one(f"#field-{name.replace(' ', '-')}", Input)

    def _value(self, name: str) -> str | None:
        return self._field(name).value.strip() or None

    @on(Input.Changed)
    def _edited(self) -> None:
        later(self, "edited", DEBOUNCE, self._read_anew)

    def _read_anew(self) -> None:
        """Read what the fields ask for by now; what is shown already stays, with its cursor."""
        if self._texts() != self._asked:
            self._read()

    def _texts(self) -> list[str]:
        return [field.value for field in self.query(Input)]

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one(VirtualTable).focus()

    def _read(self) -> None:
        store, now = self.store, self.store.now()
        self._asked = self._texts()
        try:
            options: dict[str, Any] = {"by": self._value("by"), "actions": self._value("action")}
            options["since"] = moment(self._value("since"), now)
            options["until"] = moment(self._value("until"), now)
            as_of = moment(self._value("as of"), now)
        except Invalid as error:
            self._blame(error)
            return
        path = self._value("of")
        if as_of is not None:
            options["until"] = min(as_of, options["until"] or as_of)
            self._as_of(path, as_of)
        else:
            self._blame(None)
        view = View(self.size.width, now)

        def load(after: str | None, backward: bool, counted: bool) -> Page[Event]:
            if backward:
                raise Invalid("A history is read from its newest event.")
            return store.events.of(path, limit=PAGE, after=after, **options)

        self.query_one(VirtualTable).read(Source(load, lambda event: event_row(event, view)))

    def _as_of(self, path: str | None, at: datetime) -> None:
        """What the aliases of the collection named at a moment."""
        store = self.store
        if path is None:
            self._blame(Invalid("“as of” shows what the aliases of a collection named then: give its path in “of”."))
            return

        def done(found: dict[str, int]) -> None:
            words: list[Word] = [(f"{path} at {wording.day_and_time(at)} UTC:  ", "muted")]
            for alias, number in found.items():
                words += [(alias, "alias"), (f" v{number}   ", "number")]
            if not found:
                words.append(("no version was in it", "muted"))
            self._say(words)

        fetch(self, "as-of", lambda: store.aliases.at(path.partition(":")[0], at), done, self._blame)

    @on(VirtualTable.Refused)
    def _refused(self, event: VirtualTable.Refused) -> None:
        self._blame(event.error)

    @on(VirtualTable.Loaded)
    def _loaded(self) -> None:
        table = self.query_one(VirtualTable)
        more = "+" if table.total and table.total % PAGE == 0 else ""
        box = self.query_one(".history--box")
        box.border_subtitle = (
            content([(f" {table.total:,}{more} events ", "")]) if table.total else content([(" no event fits ", "")])
        )

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        from ..dialogs.event import EventDialog

        if event.row is not None:
            self.app.push_screen(EventDialog(event.row.record))

    def _blame(self, error: Exception | None) -> None:
        line = self.query_one(".history--problem", Static)
        line.set_class(error is not None, "-on")
        if error is not None:
            line.update(plain(str(error)))

    def _say(self, line: Line) -> None:
        below = self.query_one(".history--problem", Static)
        below.add_class("-on")
        below.update(content(line))

    def live(self) -> None:
        self.query_one(VirtualTable).expire()

    # -- actions ------------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        self._field("by").focus()

    def do_reload(self) -> None:
        self.desk_app.repaint()
        self._read()

    def do_out(self) -> None:
        if isinstance(self.focused, Input):
            self.query_one(VirtualTable).focus()
        else:
            self.app.pop_screen()


def moment(text: str | None, now: datetime) -> datetime | None:
    """`7d` (ago), a date or a time, in UTC.

    Raises:
        Invalid
    """
    if text is None:
        return None
    age = _AGE.match(text)
    if age:
        return now - timedelta(hours=int(age[1]) * _HOURS[age[2]])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text!r} is no time: write 7d, 2026-01-31 or 2026-01-31T12:00 (UTC).") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
