"""One key at a time: what is typed ahead waits until the key before it has had its effect.

Over a slow link several keys arrive at once. Textual would hand all of them to what has the focus at that moment, so
that the letters meant for a dialog's field were commands to the screen below.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.message_pump import MessagePump

LONGEST = 2.0  # seconds that a key may take before the next one is let through all the same
_STEP = 0.02  # seconds between two looks whether what is waited for is still there


class TypeAhead:
    """The keys of one app, in turn."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[events.Event] = deque()
        self._next: events.Event | None = None  # has been let through, and is on its way
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Whether every key that was typed has had its effect."""
        return not self._busy and not self._waiting

    def begin(self, event: events.Event) -> bool:
        """Whether it is the key's turn; otherwise it is kept, and comes again when it is."""
        if event is self._next:
            self._next = None
        elif self._busy:
            self._waiting.append(event)
            return False
        self._busy = True
        return True

    def follow(self, target: DOMNode) -> None:
        """A key has been given to a widget: let the next one through when it has bubbled up and had its effect."""
        task = asyncio.create_task(self._until_done(target))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_done(self, target: DOMNode) -> None:
        with suppress(TimeoutError, ScreenStackError):
            try:
                async with asyncio.timeout(LONGEST):
                    for node in target.ancestors_with_self:  # as the key bubbles; the last one is the app
                        await _turn(node)
                    await _turn(self._app)  # a change of focus stands behind the key's action
                    await _turn(self._app.screen)  # a dialog that was opened has to be there
                    await _turn(self._app)  # and has asked for the focus
            finally:  # whatever happened, the keys behind it must not wait for ever
                self._let_through()

    def _let_through(self) -> None:
        """It is the next key's turn; busy all the same until it is there, or a newer one would overtake it."""
        self._next = self._waiting.popleft() if self._waiting else None
        self._busy = self._next is not None and self._app.call_later(self._app.on_event, self._next)


async def _turn(node: MessagePump) -> None:
    """Wait until a node has handled all that it has been sent so far."""
    done = asyncio.Event()
    if not node.call_later(done.set):
        return
    while not done.is_set() and node.is_running:
        try:
            await asyncio.wait_for(done.wait(), _STEP)
        except TimeoutError:
            continue
