"""The two lines that frame every screen: where one is and as whom, and what can be done here."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from .text import Line, Word, content, width_of


class Crumbs(Widget):
    """Where one is, and who one is there."""

    def __init__(self) -> None:
        super().__init__()
        self._left: Line = ()
        self._right: Line = ()

    def show(self, left: Line, right: Line) -> None:
        if (left, right) == (self._left, self._right):
            return
        self._left, self._right = left, right
        self.refresh()

    def render(self) -> Content:
        return _ends(self._left, self._right, self.size.width)


class Footer(Widget):
    """What can be done here; what can't be is dim, and says why when it is tried."""

    class Pressed(Message):
        def __init__(self, action: str) -> None:
            self.action = action
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._items: Sequence[tuple[str, str, str, bool]] = ()
        self._status: Line = ()
        self._spots: list[tuple[int, int, str]] = []

    def show(self, items: Sequence[tuple[str, str, str, bool]], status: Line) -> None:
        """Items are (action, key, label, allowed)."""
        if (items, status) != (self._items, self._status):
            self._items, self._status = items, status
            self.refresh()

    def render(self) -> Content:
        items = [
            (action, [(key, "key" if allowed else "off"), (f" {label}", "" if allowed else "off")])
            for action, key, label, allowed in self._items
        ]
        last = width_of(items[-1][1]) + 2 if items else 0  # the last one is how to find the others: it always has room
        room = self.size.width - width_of(self._status) - 2
        words: list[Word] = [(" ", "")]
        self._spots = []
        at = 1
        for number, (action, item) in enumerate(items):
            size = width_of(item)
            if at + size > room - (last if number + 1 < len(items) else 0):
                continue
            words += [*item, ("  ", "")]
            self._spots.append((at, at + size, action))
            at += size + 2
        return _ends(words, self._status, self.size.width)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spots:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))


def _ends(left: Line, right: Line, width: int) -> Content:
    gap = width - width_of(left) - width_of(right) - 1
    if gap < 1:
        return content(left)
    return content([*left, (" " * gap, ""), *right])


class TabLine(Widget):
    """The names of the tabs, on one line."""

    class Chosen(Message):
        def __init__(self, tab: str) -> None:
            self.tab = tab
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._tabs: Sequence[tuple[str, str]] = ()
        self._current = ""
        self._spots: list[tuple[int, int, str]] = []

    @property
    def seen(self) -> list[tuple[int, str]]:
        """The tabs that are on the screen, each with its column in the widget."""
        return [(start, tab) for start, _, tab in self._spots]

    def show(self, tabs: Sequence[tuple[str, str]], current: str) -> None:
        if (tabs, current) != (self._tabs, self._current):
            self._tabs, self._current = tabs, current
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        gap = 2 if sum(len(title) + 2 for _, title in self._tabs) + 1 <= width else 1
        words: list[Word] = []
        self._spots = []
        at = 0
        titles = list(self._tabs)
        place = next((i for i, (tab, _) in enumerate(titles) if tab == self._current), 0)
        start = 0
        while start < place and sum(len(title) + gap for _, title in titles[start : place + 1]) + 2 > width:
            start += 1
        if start:
            words.append(("‹", "muted"))
            at = 1
        else:
            words.append((" ", ""))
            at = 1
        for tab, title in titles[start:]:
            if at + len(title) > width - 1:
                words.append(("›", "muted"))
                break
            role = "tab" if tab == self._current else "muted"
            words += [(title, role), (" " * gap, "")]
            self._spots.append((at, at + len(title), tab))
            at += len(title) + gap
        return content(words)

    def on_click(self, event: events.Click) -> None:
        for start, end, tab in self._spots:
            if start <= event.x < end:
                self.post_message(self.Chosen(tab))
