"""A server on each engine, with people, a team and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from curatory.store import create_store

from .clients import Served


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes a store at a URL (organization acme, team vision of ana; kim and the service account bot) and serves it."""
    made: list[Served] = []

    def serve(url: str | None = None, *options: str) -> Served:
        url = url or str(tmp_path / "registry.db")
        with create_store(
            url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs", durable=False
        ) as store:
            store.users.add("kim", email="kim@example.com")
            key = store.keys.create("tests")[1]
        served = Served(url, tmp_path, key, options=options)
        served.start()
        made.append(served)
        return served

    yield serve
    for served in made:
        if served.process is not None and served.process.poll() is None:
            served.process.kill()
            served.process.wait()


@pytest.fixture
def served(serving: Callable[..., Served]) -> Served:
    """A server on SQLite."""
    return serving()


@pytest.fixture
def served_on(serving: Callable[..., Served], url: str) -> Served:
    """A server on each engine."""
    return serving(url)
