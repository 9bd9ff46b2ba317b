"""A dialog that lists people: its keys open plans on those that are marked, and take back what was done."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding
from textual.widgets import Static

from ...store import CuratoryError
from ..screens.desk import Desk
from ..widgets.table import VirtualTable
from ..widgets.text import plain
from .dialog import Dialog, PlanDialog


class Roster(Dialog[None]):
    BINDINGS: ClassVar = [
        Binding("escape", "cancel", show=False),
        Binding("u,ctrl+z", "take_back('undo')", show=False),
        Binding("U,ctrl+y", "take_back('redo')", show=False),
    ]
    box_classes = "-wide -tall"

    @property
    def table(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    @property
    def chosen(self) -> list[Any]:
        """What is marked, or what is under the cursor."""
        rows = list(self.table.marks.values()) or ([self.table.row] if self.table.row is not None else [])
        return [row.record for row in rows if row.record is not None]

    def on_mount(self) -> None:
        super().on_mount()
        self.live()

    def live(self) -> None:
        """Read again what is listed."""
        raise NotImplementedError

    def open(self, dialog: PlanDialog) -> None:
        """A plan on what is chosen; when it was carried out, what was marked for it is no longer marked."""

        def closed(done: bool | None) -> None:
            if done:
                self.table.clear_marks()
            self.live()

        self.app.push_screen(dialog, closed)

    def tell(self, what: str | CuratoryError) -> None:
        self.query_one("#problem", Static).update(plain(str(what)))

    def action_take_back(self, word: str) -> None:
        """What `u` and `U` do on the screen below, so that it need not be left first."""
        desk = next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, Desk))
        desk.do_undo() if word == "undo" else desk.do_redo()
