"""Sending what automations have set off, while the app is open: in a thread, once there is something to send."""

from __future__ import annotations

import threading

from ..store import CuratoryError, Store
from .safe import clean

PATIENCE = 2.0  # seconds that what is under way has when the app is left


class Courier:
    """
    Attributes:
        allowed: this session delivers; not where others come in by a forced command.
    """

    def __init__(self, store: Store, *, allowed: bool) -> None:
        self.allowed = allowed
        self._store = store
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._problem = ""
        self._told = False

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wanted(self) -> bool:
        """Whether there is something to send and nobody here who does; asks the store, so not in the event loop."""
        return self.allowed and self._thread is None and not self._stop.is_set() and self._store.deliveries.claims.due()

    def start(self) -> None:
        if self._thread is None and not self._stop.is_set():
            self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
            self._thread.start()

    def problem(self) -> str:
        """Why nothing is delivered here, the first time it is asked for; else empty."""
        if not self._problem or self._told:
            return ""
        self._told = True
        return f"Automations are not delivered here: {self._problem}"

    def _run(self) -> None:
        from ..store import Worker

        try:
            worker = Worker(self._store)
        except CuratoryError as error:  # what the owner of this machine has allowed can't be read
            self._problem = str(error)
            return
        try:
            worker.run(self._stop, patience=PATIENCE)
        except Exception as error:
            # The store is closed when the app is; anything else is said, and somebody else delivers after the lease.
            if not self._stop.is_set():
                self._problem = clean(f"{type(error).__name__}. Opening the app again starts anew.")
        finally:
            worker.close()

    def stop(self) -> None:
        """Begin nothing new. What is under way and not done in time is tried again by somebody, after its lease."""
        self._stop.set()
        self.join(PATIENCE)

    def join(self, seconds: float | None = None) -> None:
        if self._thread is not None:
            self._thread.join(seconds)
