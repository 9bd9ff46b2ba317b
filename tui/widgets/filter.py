"""The line in which a pane is filtered; what is wrong with a filter stands below it, under its place."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from ...store import FilterError
from .text import content, plain


class FilterLine(Vertical):
    class Changed(Message):
        def __init__(self, line: FilterLine, text: str) -> None:
            self.line, self.text = line, text
            super().__init__()

        @property
        def control(self) -> FilterLine:
            return self.line

    class Left(Message):
        """Enter, or escape with everything cleared: the list has the focus again."""

        def __init__(self, line: FilterLine) -> None:
            self.line = line
            super().__init__()

        @property
        def control(self) -> FilterLine:
            return self.line

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint

    def compose(self) -> ComposeResult:
        yield Input(placeholder=self._hint, select_on_focus=False, compact=True)
        yield Static(classes="filter--error")

    @property
    def text(self) -> str:
        return self.query_one(Input).value.strip()

    def open(self) -> None:
        self.add_class("-open")
        self.query_one(Input).focus()

    def put(self, text: str) -> None:
        self.query_one(Input).value = text
        self.set_class(bool(text), "-open")

    def clear(self) -> bool:
        """Take the filter away; whether there was one."""
        had = self.has_class("-open")
        self.remove_class("-open", "-wrong")
        self.query_one(Input).value = ""
        return had

    def blame(self, error: Exception | None) -> None:
        """Show what is wrong, or that nothing is."""
        self.set_class(error is not None, "-wrong")
        if error is None:
            return
        below = self.query_one(".filter--error", Static)
        if isinstance(error, FilterError) and error.text == self.query_one(Input).value:
            below.update(content([(" " * error.position + "▲", "bad")], [(str(error), "bad")]))
        else:
            below.update(plain(str(error)))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value.strip()))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.text:
            self.clear()
        self.post_message(self.Left(self))
