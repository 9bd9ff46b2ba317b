"""What has happened to a registry, a collection or a version, the newest first."""

from __future__ import annotations

from ....store import Collection, Event, Project, Store, Version
from ... import wording
from ...widgets.table import Column
from ...widgets.text import Line
from ...widgets.window import Row
from .tab import Sheet, Subject, Tab, View

MOST = 500  # events; the history screen has all


def _load(store: Store, subject: Subject) -> list[Event]:
    return list(store.events.of(subject.path, limit=MOST))


def _draw(events: list[Event], view: View) -> Sheet:
    rows = [event_row(event, view) for event in events]
    if len(rows) == MOST:
        rows.append(
            Row("more", ([(f" the newest {MOST:,}; ", "muted"), ("H", "key"), (" has all", "muted")],), heading=True)
        )
    return Sheet(rows, EVENT_COLUMNS, cursor=True, empty=([("Nothing has happened here yet.", "muted")],))


EVENT_COLUMNS = (Column("when", 9, right=True), Column("who", 9), Column("what"))


def event_row(event: Event, view: View) -> Row:
    words: Line = wording.told(event)
    if event.undone_by is not None:
        words = [*((text, "muted") for text, _ in words), ("  undone", "warn")]
    return Row(event.seq, ([(wording.ago(event.at, view.now), "muted")], [(event.actor, "person")], words), event)


HISTORY = Tab("history", "History", (Project, Collection, Version), _load, _draw)
