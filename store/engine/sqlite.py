"""SQLite: the embedded default. One file, write-ahead log, full synchronisation."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

from ..errors import Busy, Conflict, CuratoryError, Damaged, Invalid, NotFound, Unavailable
from . import BUSY_SECONDS, Engine, Row, regex
from .automaton import matcher

APPLICATION_ID = 0x43757261  # "Cura", so that a foreign database is recognised before anything is written

# SQLite's WAL-reset bug: committed data can be lost when a checkpoint meets a writer (sqlite.org/wal.html#walresetbug).
_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
_WAL_RESET_MENDED = ((3, 44, 6), (3, 50, 7))


_REFUSED = (sqlite3.Error, UnicodeError, OverflowError)

_BUSY = 5  # SQLITE_BUSY
_OPEN_AT_FORK: set[str] = set()  # files that this process may never open, since its parent had them open


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether a SQLite of this version can lose data when several processes write."""
    if any(version[:2] == mended[:2] and version >= mended for mended in _WAL_RESET_MENDED):
        return False
    return _WAL_RESET_BUG[0] <= version <= _WAL_RESET_BUG[1]


class SQLite(Engine):
    name = "sqlite"
    types: ClassVar = {
        "id": "INTEGER PRIMARY KEY",
        "int": "INTEGER",
        "text": "TEXT",
        "json": "TEXT",
        "real": "REAL",
        "keyed": "WITHOUT ROWID",
    }

    def __init__(
        self, path: str | os.PathLike[str], *, busy_seconds: float = BUSY_SECONDS, durable: bool = True
    ) -> None:
        super().__init__(busy_seconds=busy_seconds, durable=durable)
        self.path = Path(path).expanduser().absolute()
        self.url = str(self.path)

    # -- connection ---------------------------------------------------------------------------------------------

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened on first use."""
        local = self._local
        connection = local.connection
        if connection is None:
            connection = self._connect()
            self._keep(connection)
        elif local.depth and not connection.in_transaction:
            raise self._broken_off()
        return connection

    def _connect(self) -> sqlite3.Connection:
        if os.path.realpath(self.path) in _OPEN_AT_FORK:
            raise Unavailable(
                f"{self.path} can't be used in this process, which was forked while other threads had it open or "
                "it was being changed: SQLite would lose data. Close the store before forking, or start processes with "
                "multiprocessing's 'spawn'."
            )
        try:
            connection = sqlite3.connect(
                self.path,
                timeout=self.busy_seconds,
                isolation_level=None,
                check_same_thread=False,  # only so that close() may close them all; each is used by one thread
                cached_statements=512,
            )
        except sqlite3.OperationalError as error:
            raise self._translate(error) from error
        try:
            self._use_log(connection)
            for pragma in (
                "synchronous=full" if self.durable else "synchronous=off",
                "foreign_keys=on",
                "recursive_triggers=on",
                "journal_size_limit=67108864",
                "cache_size=-16384",
            ):
                connection.execute(f"PRAGMA {pragma}")
        except _REFUSED as error:
            connection.close()
            raise self._translate(error) from error
        connection.create_function("regexp", 2, _regexp, deterministic=True)
        return connection

    def _use_log(self, connection: sqlite3.Connection) -> None:
        """Write-ahead logging. Of several who switch a new file to it, all may be told "busy", and without a wait."""
        until = time.monotonic() + self.busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode=wal")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != _BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.001 + os.getpid() % 20 / 1000)  # not all at the same moment again

    def before_fork(self) -> None:
        # A child of a process that has the file open gets no locks of its own on it: SQLite thinks that it has them.
        with self._lock:
            for thread in [thread for thread in self._all if not thread.is_alive()]:
                self._all.pop(thread).close()
            if list(self._all) == [threading.current_thread()] and not self._local.depth:
                self._all.popitem()[1].close()
                self._local.connection = None  # opened again on next use

    def after_fork(self) -> None:
        if self._all:
            _OPEN_AT_FORK.add(os.path.realpath(self.path))
        super().after_fork()

    # -- statements ---------------------------------------------------------------------------------------------

    def rows(self, sql: str, args: Mapping[str, Any] | None = None) -> list[Row]:
        try:
            return self.connection.execute(sql, args or {}).fetchall()
        except _REFUSED as error:
            if isinstance(error, sqlite3.Error) and "decode to UTF-8" in str(error):
                return self._rows_replacing(sql, args)
            raise self._translate(error) from error

    def _rows_replacing(self, sql: str, args: Mapping[str, Any] | None) -> list[Row]:
        """The same rows where somebody else's program has stored text that is not UTF-8."""
        connection = self.connection
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            return connection.execute(sql, args or {}).fetchall()
        except _REFUSED as error:
            raise self._translate(error) from error
        finally:
            connection.text_factory = str

    def execute(self, sql: str, args: Mapping[str, Any] | None = None) -> int:
        try:
            return self.connection.execute(sql, args or {}).rowcount
        except _REFUSED as error:
            raise self._translate(error) from error

    def many(self, sql: str, args: Iterable[Mapping[str, Any]]) -> None:
        try:
            self.connection.executemany(sql, args)
        except _REFUSED as error:
            raise self._translate(error) from error

    # -- transactions -------------------------------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        connection = self._local.connection
        return connection is not None and connection.in_transaction

    def _begin(self, *, serial: bool) -> None:
        self.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self.execute("COMMIT")

    def _rollback(self) -> None:
        if self.in_transaction:  # a full disk has rolled back already
            self._local.connection.rollback()

    def _translate(self, error: Exception) -> CuratoryError:
        text = str(error)
        if isinstance(error, UnicodeEncodeError):
            return Invalid(f"{error.object!r} is not valid text (half a character, at {error.start}); write it anew.")
        if isinstance(error, OverflowError):
            return Invalid("A number is too large to be kept or looked for: the largest is 9223372036854775807.")
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (5, 6) or "locked" in text:
            return Busy(
                f"{self.path} is locked: another process has been writing to it for {self.busy_seconds:g} s. "
                "Nothing was changed; try again, or look for a program that keeps a transaction open."
            )
        if isinstance(error, sqlite3.IntegrityError):
            return Conflict(f"The store refused the change: {text}. Nothing was changed.")
        if code == 13 or "disk is full" in text:
            return Unavailable(
                f"The disk that holds {self.path} is full. Nothing was changed and nothing is lost; "
                "free space there (outside the store) and try again."
            )
        if code == 8 or "readonly" in text:
            return Unavailable(
                f"{self.path} can't be written: the file or its folder is read-only for this user. "
                "Nothing was changed; ask who owns it, or copy it with `curatory backup`."
            )
        if code == 26 or "not a database" in text:
            return Invalid(
                f"{self.path} is not a Curatory store (it is not a SQLite database). Nothing was changed; "
                "check --store, or choose another file."
            )
        if code == 11 or "malformed" in text or "unsupported file format" in text or isinstance(error, UnicodeError):
            return Damaged(
                f"{self.path} is damaged: {text}. Stop writing to it, keep a copy, and go back to the newest "
                "backup (`curatory backup` makes them)."
            )
        if code == 14 or "unable to open" in text:
            folder = self.path.parent
            if not folder.is_dir():
                return NotFound(f"There is no folder {folder} for a store; make it first, or give another --store.")
            return Unavailable(
                f"{self.path} can't be opened: the file or its folder {folder} can't be written by this user. "
                "SQLite keeps its log beside the file, so even reading needs a writable folder."
            )
        if code == 10 or "I/O error" in text:
            return Unavailable(f"Reading or writing {self.path} failed: {text}. Nothing was changed.")
        return CuratoryError(f"SQLite: {text}")

    # -- life ---------------------------------------------------------------------------------------------------

    def prepare(self, *, create: bool) -> None:
        if self._is_blank():
            if not create:
                raise NotFound(
                    f"There is no store at {self.path}. Make one with `curatory init`, or give another --store."
                )
            if not self.path.parent.is_dir():
                raise NotFound(f"There is no folder {self.path.parent} for a store; make it first.")
        from .migrations import names

        done = self._applied()
        unknown = [name for name in done if name not in names()]
        if unknown:
            raise Invalid(
                f"{self.path} was made by a newer Curatory (it has the schema step '{unknown[0]}'). "
                "Nothing was changed; update this Curatory to open it."
            )
        if len(done) < len(names()):
            self._migrate()
        version = sqlite3.sqlite_version_info
        if has_wal_reset_bug(version):
            print(
                f"curatory: warning: SQLite {sqlite3.sqlite_version} can lose data when several processes write "
                "(the WAL-reset bug, 3.7.0 to 3.51.2); install pysqlite3>=0.6.1 or keep to one process.",
                file=sys.stderr,
            )

    def _is_blank(self) -> bool:
        """Whether nothing is there yet, or a database with nothing in it.

        A file that is somebody else's is refused before a single byte of it is touched (not even its journal mode).
        """
        try:
            if self.path.is_dir():
                raise Invalid(f"{self.path} is a folder, and a store is one file. Give a file's name in it to --store.")
            with self.path.open("rb") as file:
                header = file.read(72)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError as error:
            raise Unavailable(
                f"{self.path} can't be read: {error.strerror}. Ask who owns it for the right, or give another --store."
            ) from error
        except ValueError as error:  # a NUL
            raise Invalid(f"{str(self.path)!r} can't be a file's name ({error}); give another --store.") from error
        if not header:
            return True
        if not header.startswith(b"SQLite format 3\x00"):
            raise Invalid(
                f"{self.path} is not a Curatory store (it is not a SQLite database). Nothing was changed; "
                "check --store, or choose another file."
            )
        application = int.from_bytes(header[68:72], "big")
        if application == APPLICATION_ID:
            return False
        marked, count = (False, 1) if application else self._look()
        if count and not marked:
            raise Invalid(
                f"{self.path} is a SQLite database, but not a Curatory store. Nothing was changed; "
                "check --store, or choose another file."
            )
        return not marked

    def _look(self) -> tuple[bool, int]:
        """Whether a database has our mark, and how much is in it. The mark of a young store is only in its log."""
        # Opened plainly, a database without a log would be given one, and keep it.
        plain = "" if self.path.with_name(f"{self.path.name}-wal").exists() else "&immutable=1"
        try:
            connection = sqlite3.connect(f"{self.path.as_uri()}?mode=ro{plain}", uri=True, timeout=self.busy_seconds)
            try:
                mark = connection.execute("PRAGMA application_id").fetchone()[0]
                return mark == APPLICATION_ID, connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise self._translate(error) from error

    def _applied(self) -> list[str]:
        if not self.value("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"):
            return []
        return [name for (name,) in self.rows("SELECT name FROM _sqlite_migrations WHERE migration_set = 'curatory'")]

    def _migrate(self) -> None:
        from sqlite_utils import Database, Migrations

        from .migrations import STEPS

        migrations = Migrations("curatory")
        for step in STEPS:
            migrations(name=step.__name__)(lambda _db, step=step: step(self))
        with self.write():  # all first openers queue here; the first one does the work
            self.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(Database(self.connection))

    def backup(self, target: str) -> None:
        path = Path(target).expanduser().absolute()
        if path.exists():
            raise Conflict(f"{path} exists already; a backup never overwrites. Give a new name.")
        partial = path.with_name(f".{path.name}.partial")
        partial.unlink(missing_ok=True)
        try:
            copy = sqlite3.connect(partial)
            try:
                # In one step: a copy in steps starts anew whenever another process writes.
                self.connection.backup(copy, pages=-1)
                problems = [row[0] for row in copy.execute("PRAGMA quick_check").fetchall() if row[0] != "ok"]
            finally:
                copy.close()
            if problems:
                raise Damaged(f"The copy of {self.path} does not pass SQLite's check: {problems[0]}. It was not kept.")
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(path)
            _fsync_folder(path.parent)
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"The backup to {path} failed: {error}. The store itself is untouched.") from error
        finally:
            partial.unlink(missing_ok=True)

    def facts(self) -> dict[str, Any]:
        page, count = self.value("PRAGMA page_size"), self.value("PRAGMA page_count")
        return {"engine": "sqlite", "version": sqlite3.sqlite_version, "location": str(self.path), "size": page * count}

    def check(self) -> list[str]:
        found: list[str] = []
        try:
            found += [row[0] for row in self.rows("PRAGMA quick_check") if row[0] != "ok"]
            found += [
                f"row {row[1]} of {row[0]} points at nothing in {row[2]}"
                for row in self.rows("PRAGMA foreign_key_check")
            ]
        except Damaged as error:  # so much that the check itself can't go on
            found.append(str(error))
        return found

    # -- dialect ------------------------------------------------------------------------------------------------

    def any_of(self, column: str, name: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(:{name}))"

    def pack(self, values: Sequence[Any]) -> Any:
        return json.dumps(list(values))

    def contains(self, column: str, name: str) -> str:
        return f"instr({column}, :{name}) > 0"

    def glob(self, column: str, name: str) -> str:
        return f"{column} GLOB :{name}"

    def glob_pattern(self, pattern: str) -> str:
        return pattern.replace("[", "[[]")

    def regex(self, column: str, name: str) -> str:
        return f"regexp(:{name}, CAST({column} AS BLOB))"  # bytes: text that is not UTF-8 would never reach us

    def regex_pattern(self, pattern: str) -> str:
        regex.read(pattern)
        return pattern

    def json_value(self, column: str, name: str, kind: str) -> str:
        kinds = {
            "number": ("'integer', 'real'", f"json_extract({column}, :{name}) * 1.0"),
            "text": ("'text'", f"json_extract({column}, :{name})"),
            "boolean": ("'true', 'false'", f"json_extract({column}, :{name})"),
        }
        if kind == "any":
            return f"CASE WHEN json_type({column}, :{name}) IS NOT NULL THEN 1 END"
        types, value = kinds[kind]
        return f"CASE WHEN json_type({column}, :{name}) IN ({types}) THEN {value} END"

    def json_path(self, keys: Sequence[str]) -> Any:
        return "$" + "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in keys)

    def joined(self, column: str) -> str:
        return f"group_concat({column}, '/')"

    def array(self, select: str) -> str:
        return f"(SELECT json_group_array(item) FROM ({select}))"

    def text_matches(self, name: str) -> str:
        return f"SELECT rowid FROM version_text_fts WHERE version_text_fts MATCH :{name}"

    def text_match(self, term: str) -> str:
        return '"' + term.replace('"', '""') + '"'


def _regexp(pattern: str, text: bytes | None) -> bool:
    return text is not None and matcher(pattern).search(text.decode("utf-8", "replace"))


def _fsync_folder(folder: Path) -> None:
    """Put a new name on disk, where the platform can."""
    if hasattr(os, "O_DIRECTORY"):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
