"""Sending what automations have set off, for as long as a door is open."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from ..store import CuratoryError, Worker, read_rules

if TYPE_CHECKING:
    from ..store import Store

LOG = logging.getLogger("curatory.gateway")
AGAIN = 5.0  # seconds after which a worker that has failed is made anew


class Courier:
    """Delivers in a thread. Every process of a server may have one: what one has claimed no other sends.

    Raises:
        Invalid: what the owner of this machine has allowed can't be read.
    """

    def __init__(self, store: Store) -> None:
        read_rules()
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                worker = Worker(self._store)
                try:
                    worker.run(self._stop)
                finally:
                    worker.close()
            except Exception:
                if not self._stop.is_set():  # else the store is closed already
                    LOG.exception("deliveries are interrupted")
                    self._stop.wait(AGAIN)

    def end(self, seconds: float) -> None:
        """Begin nothing new. What is under way and not done in time is tried again by somebody, after its lease."""
        self._stop.set()
        self._thread.join(seconds)

    def finish(self, seconds: float) -> None:
        """Send what is due, and end; without a pause where nothing is."""
        until = time.monotonic() + seconds
        self.end(seconds)
        left = until - time.monotonic()
        if left <= 0 or self._thread.is_alive():
            return
        try:
            if self._store.deliveries.claims.due():
                worker = Worker(self._store)
                try:
                    worker.drain(left)
                finally:
                    worker.close()
        except CuratoryError as error:  # somebody else delivers; what has ended here has ended well
            LOG.warning("what is due was not delivered: %s", error)
