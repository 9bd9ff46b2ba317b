"""One event in full: who, when, what was before and after; and taking it back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from ...store import CuratoryError, Event
from .. import wording
from ..actions import BY_ID, keys_of
from ..fetching import fetch
from ..plans import watched
from ..safe import json_text
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, wrapped
from ..widgets.window import Row
from .dialog import Dialog


class EventDialog(Dialog[None]):
    BINDINGS: ClassVar = [Binding("escape", "cancel", show=False), Binding("u", "undo", show=False)]
    box_classes = "-wide -tall"

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def heading(self) -> Line:
        return [(f"Event {self.event.seq:,}", "")]

    def fields(self) -> ComposeResult:
        yield VirtualTable(cursor=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        table = self.query_one(VirtualTable)
        event = self.event
        lines: list[Line] = [
            wording.told(event),
            [],
            [("by    ", "muted"), (event.actor, "person"), (f"   {wording.day_and_time(event.at)} UTC", "")],
            [("what  ", "muted"), (event.action, ""), ("   " + wording.short(event.subject), "path")],
        ]
        if event.batch:
            lines.append([("batch ", "muted"), (event.batch, ""), ("   undone as one", "muted")])
        if event.undoes:
            lines.append([("takes back event ", "muted"), (str(event.undoes), "number")])
        if event.undone_by:
            lines.append([("was taken back by event ", "muted"), (str(event.undone_by), "number")])
        else:
            lines.append([("u", "key"), (" takes this one back", "muted")])
        for fact in event.after:
            lines += [[], [(fact, "strong")]]
            lines += self._value("before", event.before.get(fact), table.size.width)
            lines += self._value("after ", event.after.get(fact), table.size.width)
        lines += [[], [("hash ", "muted"), (event.hash, "muted")]]
        table.show([Row(number, (line,)) for number, line in enumerate(lines)])

    @staticmethod
    def _value(name: str, value: object, width: int) -> list[Line]:
        text = json_text(value, None)[:2_000]
        return [
            [(f"  {name if number == 0 else '      '} ", "muted"), (part, "string")]
            for number, part in enumerate(wrapped(text, max(width - 12, 20)))
        ]

    def action_undo(self) -> None:
        store, seq = self.store, self.event.seq

        def done(found: tuple[object, list[Line]]) -> None:
            key = keys_of(BY_ID["redo"], self.desk_app.keys)[0]
            line: list[Word] = [(f"Taken back.   {key} does it again", "")]
            for words in found[1]:
                line += [("   ", ""), *words]
            self.desk_app.tell(line)
            self.desk_app.look_for_changes()
            self.dismiss(None)

        def failed(error: CuratoryError) -> None:
            self.desk_app.say(str(error), "warning")

        fetch(self, "undo", lambda: watched(store, lambda: store.undo.undo(seq)), done, failed)
