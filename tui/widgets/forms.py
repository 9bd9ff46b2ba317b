"""What dialogs are made of: text, a line that completes what one types, a choice of a few, and something to push."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from ..fetching import fetch
from .text import Line, Word, content

SHOWN = 6  # completions seen at once


class Area(TextArea):
    """Text of several lines."""

    def __init__(self, text: str, *, id: str | None = None) -> None:
        super().__init__(text, id=id, soft_wrap=True, show_line_numbers=False, tab_behavior="focus")

    # Textual keeps the lines it has drawn, and forgets that a cursor which does not blink comes and goes with the focus

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self._redraw()

    def watch_cursor_blink(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        self._line_cache.clear()
        self.refresh()


class Push(Widget, can_focus=True):
    """A button; what it does is told by its name."""

    BINDINGS = [Binding("enter,space", "push", show=False)]  # noqa: RUF012

    class Pushed(Message):
        def __init__(self, push: Push) -> None:
            self.push = push
            super().__init__()

        @property
        def control(self) -> Push:
            return self.push

    def __init__(self, name: str, label: str, *, danger: bool = False) -> None:
        super().__init__(id=f"push-{name}", classes="-danger" if danger else None)
        self.push_name = name
        self._label = label

    @property
    def off(self) -> bool:
        return self.has_class("-off")

    def turn(self, on: bool) -> None:
        self.set_class(not on, "-off")

    def call(self, label: str) -> None:
        """Say something else on it."""
        self._label = label
        self.refresh(layout=True)

    def render(self) -> Content:
        return content([(self._label, "")])

    def get_content_width(self, container: object, viewport: object) -> int:
        return len(self._label)

    def action_push(self) -> None:
        self.post_message(self.Pushed(self))

    def on_click(self) -> None:
        self.action_push()


class Choice(Widget, can_focus=True):
    """One of a few; left, right and space change it."""

    BINDINGS = [  # noqa: RUF012
        Binding("right,space,l", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
    ]

    class Changed(Message):
        pass

    def __init__(self, options: Sequence[tuple[str, str]], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = list(options)
        self.value = value

    def render(self) -> Content:
        words: list[Word] = []
        for value, label in self._options:
            chosen = value == self.value
            words += [
                ("◉ " if chosen else "○ ", "head" if chosen else "muted"),
                (label, "strong" if chosen else "muted"),
                ("   ", ""),
            ]
        return content(words)

    def action_turn(self, by: int) -> None:
        values = [value for value, _ in self._options]
        self.value = values[(values.index(self.value) + by) % len(values)]
        self.refresh()
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        at = 1
        for value, label in self._options:
            if at <= event.x < at + len(label) + 2:
                self.value = value
                self.refresh()
                self.post_message(self.Changed())
            at += len(label) + 5


class Picker(Choice):
    """One of more than have room: only the chosen one is seen, and which of how many it is."""

    BINDINGS = [Binding("down", "turn(1)", show=False), Binding("up", "turn(-1)", show=False)]  # noqa: RUF012

    def __init__(self, options: Sequence[tuple[str, str]] = (), value: str = "", *, none: str = "", id: str) -> None:
        """`none`: what is said where there is nothing to choose from."""
        super().__init__(options, value, id=id)
        self._none = none

    def offer(self, options: Sequence[tuple[str, str]], value: str, *, none: str) -> None:
        """Other options; the first one where the value is none of them."""
        self._options, self._none = list(options), none
        values = [value for value, _ in options]
        self.value = value if value in values else values[0] if values else ""
        self.refresh()

    def render(self) -> Content:
        for place, (value, label) in enumerate(self._options):
            if value == self.value:
                count = f"   {place + 1} of {len(self._options)}"
                return content([("‹ ", "key"), (label, "strong"), (" ›", "key"), (count, "muted")])
        return content([(self._none, "muted")])

    def action_turn(self, by: int) -> None:
        if self._options:
            super().action_turn(by)

    def on_click(self, event: events.Click) -> None:
        self.action_turn(-1 if event.x <= 2 else 1)


class _Line(Input):
    """An input that gives the arrows to its completions."""

    def __init__(self, value: str, hint: str) -> None:
        super().__init__(value, placeholder=hint, select_on_focus=False, compact=True)

    async def _on_key(self, event: events.Key) -> None:
        parent = self.parent
        if isinstance(parent, Completing) and parent.key(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)


class Completing(Vertical):
    """An input with what fits it below; `lookup` runs in a thread and gives (text, what to say of it).

    Attributes:
        several: words are separated by commas, and the last one is completed.
    """

    class Changed(Message):
        def __init__(self, line: Completing) -> None:
            self.line = line
            super().__init__()

    class Submitted(Message):
        """Enter; no kind of change, or it would be handled as an edit, too."""

    def __init__(
        self,
        lookup: Callable[[str], Sequence[tuple[str, Line]]] | None = None,
        *,
        value: str = "",
        hint: str = "",
        several: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._lookup = lookup
        self._value = value
        self._hint = hint
        self.several = several
        self._found: Sequence[tuple[str, Line]] = ()
        self._chosen: int | None = None

    def compose(self) -> ComposeResult:
        yield _Line(self._value, self._hint)
        yield Static(classes="completing--list")

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.cursor_position = len(line.value)

    def focus_inside(self) -> None:
        self.query_one(Input).focus()

    def on_descendant_focus(self) -> None:
        self._open()

    def on_descendant_blur(self) -> None:
        self.call_after_refresh(self._close)

    def _close(self) -> None:
        """One types elsewhere now. A button or a choice closes nothing: it would move away under the mouse."""
        if not self.is_attached:  # the dialog was left
            return
        focused = self.screen.focused
        if isinstance(focused, Input) and focused.parent is not self:
            self.remove_class("-open")

    def _open(self) -> None:
        """What fits is offered while one types here, and takes no room elsewhere."""
        self.set_class(bool(self._found) and self.query_one(Input).has_focus, "-open")

    @property
    def text(self) -> str:
        return self.query_one(Input).value.strip()

    @property
    def words(self) -> list[str]:
        return [word.strip() for word in self.text.split(",") if word.strip()]

    def key(self, key: str) -> bool:
        """Take a key for the completions; whether it was one."""
        if key in ("down", "up") and self._found:
            last = len(self._found) - 1
            at = self._chosen
            if key == "down":
                self._chosen = 0 if at is None else min(at + 1, last)
            else:
                self._chosen = None if at in (None, 0) else at - 1
            self._show()
            return True
        if key in ("tab", "enter") and self._found and (self._chosen is not None or (key == "tab" and self._partial())):
            self._complete(self._chosen or 0)
            return True
        return False

    def _last(self) -> str:
        text = self.query_one(Input).value
        return text.rpartition(",")[2].strip() if self.several else text.strip()

    def _partial(self) -> bool:
        last = self._last()
        return bool(last) and all(last != text for text, _ in self._found)

    def _complete(self, number: int) -> None:
        line = self.query_one(Input)
        head = line.value.rpartition(",")[0] if self.several else ""
        line.value = f"{head.strip()}, {self._found[number][0]}" if head.strip() else self._found[number][0]
        line.cursor_position = len(line.value)
        self._chosen = None

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))
        if self._lookup is None:
            return
        lookup, last = self._lookup, self._last()

        def done(found: Sequence[tuple[str, Line]]) -> None:
            self._found, self._chosen = found, None
            self._show()

        fetch(self, "complete", lambda: lookup(last), done, delay=0.05)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted())

    def _show(self) -> None:
        start = max(min((self._chosen or 0) - SHOWN + 1, len(self._found) - SHOWN), 0)
        lines: list[Line] = []
        for number, (text, about) in list(enumerate(self._found))[start : start + SHOWN]:
            chosen = number == self._chosen
            lines.append([("▌" if chosen else " ", "head"), (text, "strong" if chosen else "path"), ("  ", ""), *about])
        more = len(self._found) - start - SHOWN
        if more > 0:
            lines.append([(f"  … {more:,} more", "muted")])
        self.query_one(".completing--list", Static).update(content(*lines))
        self._open()
