"""What can be undone and redone, the newest first; enter takes back the one under the cursor."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ...store import CuratoryError, Event
from .. import wording
from ..fetching import fetch
from ..plans import foreseen
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line, content, plain
from ..widgets.window import Row
from .dialog import DEBOUNCE, Dialog, intro

Group = tuple[str, list[Event]]


class UndoList(Dialog[None]):
    box_classes = "-wide -tall"

    def heading(self) -> Line:
        return [("What you can undo and redo", "")]

    def fields(self) -> ComposeResult:
        yield intro([("enter", "key"), (" takes back the change, or does again what was undone", "muted")])
        yield VirtualTable((Column("", 5), Column("when", 9, right=True), Column("what")))
        yield Static(id="problem", classes="dialog--label")

    def on_mount(self) -> None:
        super().on_mount()
        self.live()

    def live(self) -> None:
        store = self.store

        def work() -> list[Group]:
            return [("redo", group) for group in store.undo.stack(limit=20, redo=True)] + [
                ("undo", group) for group in store.undo.stack(limit=100)
            ]

        fetch(self, "stack", work, self._show)

    def _show(self, groups: list[Group]) -> None:
        rows = [self._row(word, group) for word, group in groups]
        self.query_one(VirtualTable).show(rows, keep=True)
        if not rows:
            self._say("You have changed nothing that could be undone.")

    @on(VirtualTable.Highlighted)
    def _foresee(self, event: VirtualTable.Highlighted) -> None:
        """Say which automations it would set off, or why it can't be taken back any more."""
        event.stop()
        if event.row is None:
            return
        word, group = event.row.record
        store = self.store

        def done(runs: list[Line]) -> None:
            self.query_one("#problem", Static).update(content(*runs))

        fetch(
            self,
            "foresee",
            lambda: foreseen(store, lambda: self._taking(word)(group[0].seq)),
            done,
            self._refuse,
            delay=DEBOUNCE,
        )

    def _taking(self, word: str) -> Callable[[int], list[Event]]:
        return self.store.undo.undo if word == "undo" else self.store.undo.redo

    def _row(self, word: str, group: list[Event]) -> Row:
        first = group[-1]
        words = [*wording.told(first)]
        if len(group) > 1:
            words.append((f"  and {len(group) - 1:,} more, as one", "muted"))
        when = wording.ago(group[0].at, self.store.now())
        return Row(
            group[0].seq, ([(word, "warn" if word == "redo" else "good")], [(when, "muted")], words), (word, group)
        )

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        if event.row is None:
            return
        word, group = event.row.record

        def done(_: object) -> None:
            self._say("")
            self.live()
            self.desk_app.look_for_changes()

        fetch(self, "take-back", lambda: self._taking(word)(group[0].seq), done, self._refuse)

    def _refuse(self, error: CuratoryError) -> None:
        self._say(str(error))

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(plain(text))
