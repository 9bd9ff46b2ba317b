"""One call of the command line: which store, who is acting, and where to print."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...store import Store
    from .output import Output


class Session:
    """Opens the store when it is first asked for, so that a wrong option costs nothing.

    Attributes:
        given_url, actor: what was said on the command line, None for the defaults.
        files: whether the app may read and write files of this machine.
    """

    def __init__(self, url: str | None = None, actor: str | None = None, *, files: bool = True) -> None:
        self.given_url = url
        self.actor = actor
        self.files = files
        self._store: Store | None = None

    @property
    def url(self) -> str:
        """The store: --store, then CURATORY_STORE, then the platform's data folder."""
        return self.given_url or os.environ.get("CURATORY_STORE") or str(default_path())

    @property
    def store(self) -> Store:
        """The store, opened as the actor.

        Raises:
            NotFound, Invalid, Unavailable
        """
        if self._store is None:
            from ...store import open_store

            self._store = open_store(self.url, self.actor)
            self._store.paths.redirected = _redirected()
        return self._store

    @store.setter
    def store(self, store: Store) -> None:
        self.close()
        self._store = store

    @cached_property
    def out(self) -> Output:
        from .output import Output

        return Output(lambda: self._store.now() if self._store else None)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _redirected() -> Callable[[str, str], None]:
    """Says once of each path into a migrated registry where it led."""
    told: set[str] = set()

    def tell(old: str, new: str) -> None:
        from .failure import say

        if old not in told:
            told.add(old)
            say("warning", f"{old} was migrated to {new}; use that path from now on.")

    return tell


def default_path() -> Path:
    """Where a person's own store lives."""
    from platformdirs import user_data_path

    return user_data_path("curatory") / "registry.db"
