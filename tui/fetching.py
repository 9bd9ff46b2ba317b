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
            if failed is not None and _there(node):
                failed(error)
            return
        if _there(node):
            done(result)

    return node.run_worker(run, group=group, exclusive=exclusive, exit_on_error=True)


def later(node: DOMNode, group: str, delay: float, call: Callable[[], object]) -> None:
    """Call something in `delay` seconds, or now for 0, in place of what the same group was to call."""
    if not delay:
        node.workers.cancel_group(node, group)
        call()
        return

    async def run() -> None:
        await asyncio.sleep(delay)
        if _there(node):
            call()

    node.run_worker(run, group=group, exclusive=True)


def _there(node: DOMNode) -> bool:
    """Whether what would show it is still whole; what is taken away loses its children before its workers."""
    return node.app.is_running and not node._pruning
