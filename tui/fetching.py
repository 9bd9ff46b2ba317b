"""Reading the store without holding up the screen: work in a thread, what to do with it back on the event loop.

A worker of the same group takes the place of the one before, whose result is then never used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from textual.dom import DOMNode
from textual.worker import Worker

from ..store import CuratoryError

T = TypeVar("T")


def fetch(
    node: DOMNode,
    group: str,
    work: Callable[[], T],
    done: Callable[[T], object],
    failed: Callable[[CuratoryError], object] | None = None,
    *,
    delay: float = 0.0,
    exclusive: bool = True,
) -> Worker[None]:
    """Run `work` in a thread, then `done` with its result or `failed` with the store's refusal.

    Args:
        delay: seconds to wait first; a newer call within them takes its place, so that only the last one works.
    """

    async def run() -> None:
        if delay:
            await asyncio.sleep(delay)
        try:
            result = await asyncio.to_thread(work)
        except CuratoryError as error:
            if failed is not None and node.app.is_running:
                failed(error)
            return
        if node.app.is_running:  # else what would show it may be gone already
            done(result)

    return node.run_worker(run, group=group, exclusive=exclusive, exit_on_error=True)
