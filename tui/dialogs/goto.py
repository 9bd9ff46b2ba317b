"""`:`: a path, completed as one types."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from ..widgets.forms import Completing
from ..widgets.text import Line
from . import completion
from .dialog import Dialog, label


class GoTo(Dialog[str]):
    def heading(self) -> Line:
        return [("Go to", "")]

    def fields(self) -> ComposeResult:
        store = self.store
        yield label("registry/collection:alias, or its beginning; ↓ chooses, tab takes it")
        yield Completing(lambda text: completion.paths(store, text), hint="model/detector:prod", id="path")

    def buttons(self) -> ComposeResult:
        yield from ()

    @on(Completing.Submitted)
    def _entered(self) -> None:
        self.dismiss(self.query_one("#path", Completing).text)
