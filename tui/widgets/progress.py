"""How far something is: a bar, a rate, how long it will take, and what it is at."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.widgets import Static

from .. import wording
from .text import Line, content, fit

BAR = 30  # cells
EVERY = 0.1  # seconds between two looks


class Progress(Static):
    """Fed from a worker's thread by `at`; drawn by a timer, so that a fast worker costs no more than a slow one."""

    def __init__(self, id: str | None = None, *, rate: Callable[[int], str] = wording.size) -> None:
        """`rate`: how much of it is done in a second, in words."""
        super().__init__(id=id, classes="dialog--bar")
        self._rate = rate
        self._at = (0, 1, "")
        self._began = 0.0
        self._timer = None

    def begin(self) -> None:
        self._at, self._began = (0, 1, ""), time.monotonic()
        self._timer = self.set_interval(EVERY, self._draw)

    def at(self, done: int, total: int, what: str) -> None:
        """So much of so much; may be called from any thread."""
        self._at = (done, total, what)

    def end(self, line: Line = ()) -> None:
        """It is over, and this came of it."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.update(content(line))

    def _draw(self) -> None:
        done, total, what = self._at
        part = min(done / total, 1.0) if total else 1.0
        full = int(part * BAR)
        spent = max(time.monotonic() - self._began, 0.1)
        left = f"{wording.span(spent * (1 - part) / part)} left" if 0.01 < part < 1 else ""
        self.update(
            content(
                [
                    ("█" * full, "model"),
                    ("░" * (BAR - full), "muted"),
                    (f" {part:4.0%}  {self._rate(int(done / spent))}/s  {left:<12}", ""),
                    (fit(what[-20:], 20), "muted"),
                ]
            )
        )
