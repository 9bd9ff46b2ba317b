"""Flagging what was migrated: what is wrong with it, for who will mend it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from ...store import Item
from .. import wording
from ..plans import Work
from ..safe import clean
from ..widgets.text import Line
from .dialog import PlanDialog, label


class FlagDialog(PlanDialog):
    verb = "Flag"

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__()
        self.items = items

    def heading(self) -> Line:
        several = wording.count(len(self.items), "collection")
        return [("Flag ", ""), (self.items[0].target if len(self.items) == 1 else several, "")]

    def fields(self) -> ComposeResult:
        yield label("What is wrong")
        known = clean(self.items[0].comment) if len(self.items) == 1 else ""
        yield Input(known, placeholder="prod is on the wrong version")

    def work(self) -> Work | str:
        comment = self.query_one(Input).value.strip()
        if not comment:
            return "Say what is wrong, so that somebody can mend it."
        return lambda store: store.reviews.flag(self.items, comment)
