"""A small store in one file, and the app on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from curatory.store import Store, create_store
from curatory.tui.app import CuratoryApp
from curatory.tui.dialogs.dialog import PlanDialog
from curatory.tui.safety import patch_textual
from curatory.tui.screens.browser import Browser
from rich.cells import cell_len
from textual.pilot import Pilot

pytest.register_assert_rewrite(f"{__package__}.acting")

BEGIN = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    """acme: ana its admin, kim a member of Models, bo nobody; a detector with three versions, `prod` on v1."""
    time = [BEGIN]

    def now() -> datetime:
        time[0] += timedelta(minutes=1)
        return time[0]

    store = create_store(tmp_path / "registry.db", "ana", organization="acme", team="vision", now=now, durable=False)
    store.users.add("kim")
    store.users.add("bo")
    store.members.add("model", "kim", "member")
    file = tmp_path / "weights.bin"
    for number in range(3):
        file.write_text(f"weights {number}" * (number + 1))
        version = store.versions.log_paths(
            [file], "detector", "model", entity="vision", project="labs", metadata={"acc": 0.8 + number / 100}
        )
        store.links.add(version, "model/detector")
    store.aliases.add("model/detector:v1", "prod")
    store.collections.describe("model/detector", "# Detector\n\nFinds **parcels**.")
    store.collections.create("model/empty", "model")
    store.registries.create("secret", visibility="restricted")
    yield store
    store.close()


@dataclass(slots=True)
class Hands:
    """Somebody at the keyboard."""

    app: CuratoryApp
    pilot: Pilot[Any]

    @property
    def browser(self) -> Browser:
        found = [screen for screen in self.app.screen_stack if isinstance(screen, Browser)]
        return found[0]

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        names = {
            " ": "space",
            ",": "comma",
            ":": "colon",
            "/": "slash",
            "-": "minus",
            ".": "full_stop",
            ">": "greater_than_sign",
        }
        await self.pilot.press(*(names.get(character, character) for character in text))
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is being read, planned or written any more."""
        calm = 0
        for _ in range(3_000):  # half a minute, on a machine that has other things to do
            await self.pilot.pause(0.01)
            pending = [worker for worker in self.app.workers if worker.group != "head" and not worker.is_finished]
            quiet = self.app.typed.idle and not pending
            calm = calm + 1 if quiet else 0
            if calm == 2:
                break
        await self.pilot.pause()

    async def arrive(self) -> None:
        """Wait until the app stands where it was opened."""
        for _ in range(100):
            await self.settle()
            if self.browser._wish is None and self.browser.subject is not None:
                break
        await self.settle()

    async def until(self, text: str) -> None:
        """Wait until a text is on the screen."""
        for _ in range(500):
            if text in self.text:
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{text!r} never came:\n{self.text}")

    async def click(self, text: str) -> None:
        """Click where a text is on the screen."""
        for row, line in enumerate(self.text.split("\n")):
            if text in line:
                await self.pilot.click(offset=(cell_len(line[: line.index(text)]) + 1, row))
                await self.settle()
                return
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")

    @property
    def dialog(self) -> PlanDialog:
        assert isinstance(self.app.screen, PlanDialog), self.app.screen
        return self.app.screen

    @property
    def plan(self) -> str:
        """What the dialog says would happen."""
        return str(self.dialog.query_one("#plan").render())

    @property
    def toasts(self) -> list[str]:
        return [notification.message for notification in self.app._notifications]

    @property
    def text(self) -> str:
        """What is on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


Open = Callable[..., AbstractAsyncContextManager[Hands]]


@pytest.fixture
def desk(small: Store) -> Open:
    """Open the app at a path, as somebody."""
    patch_textual()

    @asynccontextmanager
    async def run(
        path: str = "model/detector:v2", *, by: str = "ana", size: tuple[int, int] = (110, 32), **options: Any
    ) -> AsyncIterator[Hands]:
        store = small.as_actor(by)
        app = CuratoryApp(store, path, **options)
        async with app.run_test(size=size, notifications=True) as pilot:
            hands = Hands(app, pilot)
            await pilot.pause(0.05)
            await hands.arrive()
            yield hands

    return run
