"""`ctrl+o`: a letter on everything one could go to; pressing it goes there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from ..widgets.bars import TabLine
from ..widgets.table import VirtualTable
from ..widgets.text import plain

LETTERS = "asdfghjklqwertyuiopzxcvbnm"  # those under the fingers first


@dataclass(frozen=True, slots=True)
class Target:
    """A place on the screen, in cells, and what goes there."""

    x: int
    y: int
    go: Callable[[], object]


def labels(count: int) -> list[str]:
    """So many different labels, none the beginning of another, the shortest first."""
    size = len(LETTERS)
    prefixes = 0
    while (size - prefixes) + prefixes * size < count:
        prefixes += 1
    singles = LETTERS[: size - prefixes]
    pairs = [first + second for first in LETTERS[size - prefixes :] for second in LETTERS]
    return [*singles, *pairs][:count]


def in_table(table: VirtualTable, then: Callable[[], object]) -> Iterator[Target]:
    """The rows of a list that are seen."""
    if table.has_cursor and table.display and table.region:
        for row, y in table.seen():
            yield Target(table.region.x, table.region.y + y, lambda key=row.key: (table.seek(key), then()))


def in_tabs(line: TabLine, then: Callable[[str], object]) -> Iterator[Target]:
    """The tabs that are seen."""
    if line.display and line.region:
        for start, tab in line.seen:
            yield Target(line.region.x + start, line.region.y, lambda tab=tab: then(tab))


class Jump(ModalScreen[None]):
    """Over a screen of which nothing else changes; `size` is that screen's."""

    def __init__(self, targets: Sequence[Target], size: Size) -> None:
        super().__init__()
        seen = [target for target in targets if 0 <= target.x < size.width and 0 <= target.y < size.height]
        self._targets = dict(zip(labels(len(seen)), seen, strict=True))
        self._typed = ""

    def compose(self) -> ComposeResult:
        for label, target in self._targets.items():
            mark = Static(plain(label), classes="jump--label", id=f"jump-{label}")
            mark.styles.offset = (target.x, target.y)
            yield mark

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self._typed += event.key
        target = self._targets.get(self._typed)
        if target is not None:
            self.dismiss(None)
            target.go()
        elif not any(label.startswith(self._typed) for label in self._targets):
            self.dismiss(None)
        else:
            for label in self._targets:
                self.query_one(f"#jump-{label}").display = label.startswith(self._typed)

    def on_click(self) -> None:
        self.dismiss(None)
