"""What has been read is shown where it was asked for, or nowhere."""

from __future__ import annotations

import asyncio
import threading

from curatory.tui.fetching import fetch
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static


class Slow(Static):
    """Takes its time to go."""

    def __init__(self, gate: asyncio.Event) -> None:
        super().__init__()
        self._gate = gate

    async def on_unmount(self) -> None:
        await self._gate.wait()


class Box(ModalScreen[None]):
    def __init__(self, answer: threading.Event, gate: asyncio.Event) -> None:
        super().__init__()
        self.answer, self.gate, self.shown = answer, gate, 0

    def compose(self) -> ComposeResult:
        yield Static(id="plan")
        yield Slow(self.gate)

    def on_mount(self) -> None:
        self.worker = fetch(self, "plan", self.answer.wait, self._show)

    def _show(self, _: bool) -> None:
        self.query_one("#plan", Static).update("read")
        self.shown += 1


async def test_what_comes_in_is_shown() -> None:
    answer, gate = threading.Event(), asyncio.Event()
    gate.set()
    app: App[None] = App()
    async with app.run_test() as pilot:
        box = Box(answer, gate)
        await app.push_screen(box)
        answer.set()
        await box.worker.wait()
        await pilot.pause()
        assert box.shown == 1


async def test_what_comes_in_while_its_dialog_is_being_closed_is_dropped() -> None:
    answer, gate = threading.Event(), asyncio.Event()
    app: App[None] = App()
    async with app.run_test() as pilot:
        box = Box(answer, gate)
        await app.push_screen(box)
        app.pop_screen()
        while box.query("#plan"):
            await asyncio.sleep(0.01)
        assert not box.worker.is_finished
        answer.set()
        while not box.worker.is_finished:
            await asyncio.sleep(0.01)
        gate.set()
        await pilot.pause()
        assert box.shown == 0
