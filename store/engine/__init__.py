"""The only place where SQLite and PostgreSQL differ.

Everything above writes one SQL: named parameters (`:name`), rows as plain tuples, ISO-8601 UTC text for times,
0 and 1 for booleans. What can't be said in one SQL is a method of `Engine`.
"""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar

from ..errors import Invalid, Unavailable

Row = tuple[Any, ...]
BUSY_SECONDS = 30.0


class _Local(threading.local):
    """What belongs to one thread: its connection, and how many `write()` it is inside of."""

    connection: Any = None
    depth = 0


class Engine(ABC):
    """One database, reached through a connection per thread.

    Reads outside `write()` see committed data and hold no transaction open.
    """

    name: str
    url: str

    def __init__(self, *, busy_seconds: float = BUSY_SECONDS, durable: bool = True) -> None:
        self.busy_seconds = busy_seconds
        self.durable = durable
        self._begin_anew()
        _ENGINES.add(self)

    def _begin_anew(self) -> None:
        self._local = _Local()
        self._all: dict[threading.Thread, Any] = {}
        self._lock = threading.Lock()

    def _keep(self, connection: Any) -> None:
        """Make a connection this thread's; those of threads that have ended are closed."""
        with self._lock:
            for thread in [thread for thread in self._all if not thread.is_alive()]:
                self._all.pop(thread).close()
            self._all[threading.current_thread()] = connection
        self._local.connection = connection

    # -- statements ---------------------------------------------------------------------------------------------

    @abstractmethod
    def rows(self, sql: str, args: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a statement and return all its rows."""

    @abstractmethod
    def execute(self, sql: str, args: Mapping[str, Any] | None = None) -> int:
        """Run a statement; return the number of rows it changed."""

    @abstractmethod
    def many(self, sql: str, args: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement for each mapping."""

    def row(self, sql: str, args: Mapping[str, Any] | None = None) -> Row | None:
        """The first row, or None."""
        rows = self.rows(sql, args)
        return rows[0] if rows else None

    def value(self, sql: str, args: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(sql, args)
        return rows[0][0] if rows else None

    # -- transactions -------------------------------------------------------------------------------------------

    @abstractmethod
    def _begin(self, *, serial: bool) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _rollback(self) -> None: ...

    @property
    def in_write(self) -> bool:
        """Whether this thread is inside `write()`."""
        return self._local.depth > 0

    @contextmanager
    def write(self, *, serial: bool = True) -> Iterator[None]:
        """One write transaction; nested calls are savepoints, so a refused inner change leaves no trace.

        Writers run one after the other (SQLite: `BEGIN IMMEDIATE`; PostgreSQL: the event chain's row is locked
        first), so what a transaction has checked stays true until it commits. `serial=False` is for streams of
        data that append no event.

        Raises:
            Busy: another process held the write lock for the whole busy timeout.
            Unavailable: the database went away, is full or read-only.
        """
        local = self._local
        depth = local.depth
        if depth:
            self.execute(f"SAVEPOINT s{depth}")
            local.depth = depth + 1
            try:
                yield
            except BaseException:
                if self.in_transaction:
                    self.execute(f"ROLLBACK TO SAVEPOINT s{depth}")
                    self.execute(f"RELEASE SAVEPOINT s{depth}")
                raise
            else:
                self.execute(f"RELEASE SAVEPOINT s{depth}")
            finally:
                local.depth = depth
            return
        try:
            self._begin(serial=serial)
            local.depth = 1
            yield
            self._commit()
        except BaseException:
            self._rollback()
            raise
        finally:
            local.depth = 0

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether the database still has this thread's transaction: a full disk or a lost server ends it early."""

    def _broken_off(self) -> Unavailable:
        """What a `write()` raises that goes on, or would commit, after the database has ended its transaction."""
        return Unavailable(
            f"The change to {self.url} was broken off by an earlier error. Nothing of it was kept; "
            "see to what that error says and do it again."
        )

    # -- life ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def prepare(self, *, create: bool) -> None:
        """Check that this is a store of a schema we know; make or migrate it where needed.

        Raises:
            NotFound: there is no store there and `create` is false.
            Invalid: something else lives there, or a newer Curatory made it.
        """

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            while self._all:
                self._all.popitem()[1].close()
        self._local.connection = None

    def before_fork(self) -> None:  # noqa: B027 (most have nothing to do)
        """Called in the parent when the process is about to fork."""

    def after_fork(self) -> None:
        """Called in the child: the parent's connections are the parent's, not even to be closed."""
        _INHERITED.append((self._local, self._all))
        self._begin_anew()

    @abstractmethod
    def backup(self, target: str) -> None:
        """Write a consistent copy of the database to a new file."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What this engine is, for `curatory stats`: version, size in bytes, warnings."""

    def ahead(self) -> timedelta:
        """How far the database's clock is ahead of this machine's, where they are not the same."""
        return timedelta(0)

    @abstractmethod
    def check(self) -> list[str]:
        """What the engine's own integrity check finds; empty when all is well."""

    # -- dialect ------------------------------------------------------------------------------------------------

    types: ClassVar[Mapping[str, str]]

    @abstractmethod
    def any_of(self, column: str, name: str) -> str:
        """SQL: `column` is one of the values packed by `pack` and bound as `:name`."""

    @abstractmethod
    def pack(self, values: Sequence[Any]) -> Any:
        """A list of ints or strings as one parameter for `any_of`."""

    @abstractmethod
    def contains(self, column: str, name: str) -> str:
        """SQL: `column` contains the text bound as `:name`, letter for letter."""

    @abstractmethod
    def glob(self, column: str, name: str) -> str:
        """SQL: `column` matches the pattern made by `glob_pattern` and bound as `:name`, letter case counting."""

    @abstractmethod
    def glob_pattern(self, pattern: str) -> str:
        """A pattern in which `*` stands for any text and `?` for one character, as `glob` wants it."""

    @abstractmethod
    def regex(self, column: str, name: str) -> str:
        """SQL: the regular expression made by `regex_pattern` and bound as `:name` is found in `column`."""

    @abstractmethod
    def regex_pattern(self, pattern: str) -> str:
        """A pattern in the subset that both engines read alike, as `regex` wants it."""

    @abstractmethod
    def json_value(self, column: str, name: str, kind: str) -> str:
        """SQL: the value at the path bound as `:name` in a JSON column, NULL unless it is of `kind`.

        `kind` is "number" (as a double), "text", "boolean" (as 0 or 1) or "any" (1 if the path exists).
        """

    @abstractmethod
    def json_path(self, keys: Sequence[str]) -> Any:
        """Object keys, outermost first, as one parameter for `json_value`."""

    @abstractmethod
    def joined(self, column: str) -> str:
        """SQL aggregate: a text column's values joined by "/", in no order; NULL for none. For names without "/"."""

    @abstractmethod
    def array(self, select: str) -> str:
        """SQL: what `select` returns in its one column, called `item`, as one JSON array text (NULL or [] for none)."""

    @abstractmethod
    def text_matches(self, name: str) -> str:
        """SQL subquery: ids of versions whose folded text contains the ≥3 folded characters bound as `:name`."""

    @abstractmethod
    def text_match(self, term: str) -> str:
        """A folded term as `text_matches` wants it."""


def open_engine(url: str, *, durable: bool = True) -> Engine:
    """The engine for a URL: a path or `sqlite:///path`, or `postgresql://…`. Nothing is opened yet.

    `durable=False` does not wait for the disk: for data that can be made again.
    """
    if url.startswith(("postgresql://", "postgres://")):
        try:
            from .postgres import Postgres
        except ImportError as error:
            raise Invalid(
                f"A PostgreSQL store needs the driver psycopg, which can't be loaded ({str(error).splitlines()[0]}). "
                "Install it with: pip install 'curatory[postgres]'"
            ) from error
        return Postgres(url, durable=durable)
    if "://" in url and not url.startswith("sqlite:///"):
        scheme = url.split("://", 1)[0]
        raise Invalid(
            f"'{scheme}://' is not a store Curatory can open; give a file path, sqlite:///path or postgresql://user@host/database"
        )
    from .sqlite import SQLite

    return SQLite(url.removeprefix("sqlite:///"), durable=durable)


_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()
_INHERITED: list[Any] = []  # kept for ever, since forgetting a connection would close it


def _before_fork() -> None:
    for engine in list(_ENGINES):
        engine.before_fork()


def _after_fork() -> None:
    for engine in list(_ENGINES):
        engine.after_fork()


os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
