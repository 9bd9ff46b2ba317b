"""What every test may ask for: a store on SQLite and on PostgreSQL, and a clock that only the test moves."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from curatory.store import Store, create_store

POSTGRES = os.environ.get("CURATORY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


class Clock:
    """A clock that ticks a second at each look, and can be moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a real PostgreSQL. Without one these tests are skipped aloud; in CI they fail."""
    import psycopg

    try:
        psycopg.connect(POSTGRES, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        message = f"no PostgreSQL at {POSTGRES} ({error}); set CURATORY_TEST_POSTGRES"
        if os.environ.get("CI"):
            pytest.fail(message)
        warnings.warn(f"HALF OF THE STORE IS NOT TESTED: {message}", stacklevel=1)
        pytest.skip(message)
    return POSTGRES


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A URL whose tables live in a schema of this test's own."""
    import psycopg

    schema = f"test_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
    joiner = "&" if "?" in postgres else "?"
    yield f"{postgres}{joiner}options=-csearch_path%3D{schema},public"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("SET synchronous_commit = off")
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store can be made, on each engine."""
    if request.param == "sqlite":
        return str(tmp_path / "registry.db")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A new store: organization acme, team vision, ana its admin. Nobody else, nothing in it."""
    made = create_store(
        url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs", now=clock, durable=False
    )
    yield made
    made.close()


@pytest.fixture
def log(store: Store, tmp_path: Path) -> Callable[..., str]:
    """Log a small version whose content is the given text; returns its path."""

    def make(text: str = "weights", name: str = "detector", type: str = "model", **options: Any) -> str:
        file = tmp_path / "model.txt"
        file.write_text(text)
        by = options.pop("by", store)
        assert isinstance(by, Store)
        return by.versions.log_paths([file], name, type, **options).path

    return make
