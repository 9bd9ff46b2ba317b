"""MLflow's SQLite file: opened read-only, read in one short transaction, closed. MLflow goes on writing meanwhile."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import Invalid, NotFound, Unavailable
from .records import DELETED, Dataset, Model, Registry, Run, Skipped, Version, known, metric, moment

LARGE = 200_000_000  # bytes; a larger file is read from a copy, so that nothing waits for the reading of it
SETBACKS = 10  # how often the copying of a large file may be set back by somebody who writes

_LOGGED = " WHERE run_uuid IN (SELECT run_id FROM model_versions)"  # a file has many more runs than those
_TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "registered_models": ("", ("workspace", "name", "description", "creation_time", "last_updated_time")),
    "registered_model_tags": ("", ("workspace", "name", "key", "value")),
    "registered_model_aliases": ("", ("workspace", "name", "alias", "version")),
    "model_versions": (
        "",
        (
            "workspace", "name", "version", "creation_time", "last_updated_time", "description", "current_stage",
            "source", "storage_location", "run_id", "status", "status_message",
        ),
    ),
    "model_version_tags": ("", ("workspace", "name", "version", "key", "value")),
    "runs": (
        _LOGGED,
        ("run_uuid", "name", "user_id", "status", "start_time", "end_time", "artifact_uri", "lifecycle_stage"),
    ),
    "params": (_LOGGED, ("run_uuid", "key", "value")),
    "latest_metrics": (_LOGGED, ("run_uuid", "key", "value", "is_nan")),
    "tags": (_LOGGED, ("run_uuid", "key", "value")),
    "inputs": (
        " WHERE source_type = 'DATASET' AND destination_type = 'RUN' "
        "AND destination_id IN (SELECT run_id FROM model_versions)",
        ("input_uuid", "source_id", "destination_id"),
    ),
    "input_tags": (" WHERE name = 'mlflow.data.context'", ("input_uuid", "value")),
    "datasets": ("", ("dataset_uuid", "name", "digest", "dataset_source_type", "dataset_source")),
}  # fmt: skip


def read_file(path: Path) -> Registry:
    """A registry from MLflow's own database file, of whatever version.

    Raises:
        NotFound: there is no such file.
        Invalid: it is not MLflow's.
        Unavailable: it can't be read.
    """
    if path.is_dir():
        raise Invalid(
            f"{str(path)!r} is a folder, and not MLflow's database. If MLflow keeps its registry in folders, turn them "
            "into a database with `mlflow migrate-filestore`, or start `mlflow server` on them and give its address."
        )
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}. MLflow's is often called mlflow.db.")
    try:
        with _opened(path) as connection:
            tables = {name: _rows(connection, name) for name in _TABLES}
    except sqlite3.DatabaseError as error:
        raise _refused(path, error) from error
    if tables["registered_models"] is None or tables["model_versions"] is None:
        raise Invalid(f"{path} is no database of MLflow's: it has no table of registered models.")
    return _Reader({name: rows or [] for name, rows in tables.items()}).registry(f"sqlite:///{path.absolute()}")


def _refused(path: Path, error: sqlite3.DatabaseError) -> Invalid | Unavailable:
    """SQLite's reason, and what to do: most of them are not about what the file holds."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable(f"{path} is locked for long by somebody who writes: {error}. Try again.")
    if code == sqlite3.SQLITE_READONLY:
        return Unavailable(
            f"{path} was left in the middle of a change, which only a program that writes can take back: start MLflow "
            "on it once, then try again."
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
        return Unavailable(f"{path} can't be read: {error}. See that you may read it, and its folder.")
    return Invalid(f"{path} is no database of MLflow's: {error}.")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with ExitStack() as stack:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        connection = stack.enter_context(closing(sqlite3.connect(address, uri=True, timeout=20)))
        if path.stat().st_size > LARGE:
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="curatory-"))
            copy = stack.enter_context(closing(sqlite3.connect(Path(place) / "copy.db")))
            if _copied(connection, copy):
                yield copy
                return
        connection.execute("BEGIN")
        yield connection


class _SetBack(Exception):
    """Copying a file gets nowhere."""


def _copied(connection: sqlite3.Connection, copy: sqlite3.Connection) -> bool:
    """Copy a file in small steps, between which others may write; whether that came to an end.

    Each write by somebody else begins it anew, so that where they write all the time it never would.
    """
    setbacks, before = 0, -1

    def step(_status: int, remaining: int, _total: int) -> None:
        nonlocal setbacks, before
        setbacks += remaining >= before >= 0
        before = remaining
        if setbacks > SETBACKS:
            raise _SetBack

    try:
        connection.backup(copy, pages=1_000, progress=step)
    except (_SetBack, sqlite3.OperationalError):  # or there is no room for a copy
        return False
    return True


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]] | None:
    """Tables and columns have come over the years: a column that is not there yet is NULL, a table None."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if not there:
        return None
    where, columns = _TABLES[table]
    named = ", ".join(column if column in there else "NULL" for column in columns)
    return connection.execute(f"SELECT {named} FROM {table}{where}").fetchall()


class _Reader:
    """Records from rows; the file is closed by then."""

    def __init__(self, tables: Mapping[str, list[tuple[Any, ...]]]) -> None:
        self._tables = tables
        self._skipped: list[Skipped] = []

    def registry(self, address: str) -> Registry:
        models = self._tables["registered_models"]
        versions, deleted = self._versions()
        tags, aliases = defaultdict(dict), defaultdict(dict)
        for workspace, name, key, value in self._tables["registered_model_tags"]:
            tags[workspace, name][key] = value or ""
        for workspace, name, alias, number in self._tables["registered_model_aliases"]:
            if any(one.number == int(number) for one in versions[workspace, name]):
                aliases[workspace, name][alias] = int(number)
            else:  # MLflow's tables don't forbid it
                self._skipped.append(Skipped(f"{name}@{alias}", f"it is an alias of v{number}, which is not there"))
        several = len({row[0] for row in models}) > 1
        found = [
            Model(
                f"{workspace}.{name}" if several else name,
                description or "",
                known(created),
                moment(updated),
                dict(tags[workspace, name]),
                dict(aliases[workspace, name]),
                tuple(sorted(versions[workspace, name], key=lambda one: one.number)),
                tuple(sorted(deleted[workspace, name])),
            )
            for workspace, name, description, created, updated in models
        ]
        runs = self._runs()
        wanted = {one.run_id for model in found for one in model.versions if one.run_id}
        self._skipped += [Skipped(f"run {run}", "the file has it no more") for run in sorted(wanted - set(runs))]
        return Registry(
            address,
            tuple(sorted(found, key=lambda one: one.name)),
            {run: runs[run] for run in sorted(wanted & set(runs))},
            tuple(self._skipped),
        )

    def _versions(self) -> tuple[dict[Any, list[Version]], dict[Any, list[int]]]:
        tags: defaultdict[Any, dict[str, str]] = defaultdict(dict)
        for workspace, name, number, key, value in self._tables["model_version_tags"]:
            tags[workspace, name, number][key] = value or ""
        found: defaultdict[Any, list[Version]] = defaultdict(list)
        deleted: defaultdict[Any, list[int]] = defaultdict(list)
        for row in self._tables["model_versions"]:
            workspace, name, number, created, updated, text, stage, source, storage, run, status, message = row
            if stage == DELETED:
                deleted[workspace, name].append(int(number))
                continue
            found[workspace, name].append(
                Version(
                    int(number), known(created), moment(updated), text or "", stage or "None",
                    source or "", storage or source or "", run or None, status or "READY", message or "",
                    dict(tags[workspace, name, number]),
                )
            )  # fmt: skip
        return found, deleted

    def _runs(self) -> dict[str, Run]:
        params, metrics, tags = (defaultdict(dict) for _ in range(3))
        for run, key, value in self._tables["params"]:
            params[run][key] = value
        for run, key, value, nan in self._tables["latest_metrics"]:
            metrics[run][key] = "NaN" if nan else metric(value)
        for run, key, value in self._tables["tags"]:
            tags[run][key] = value or ""
        datasets = self._datasets()
        return {
            run: Run(
                run, name or tags[run].get("mlflow.runName") or run, user or tags[run].get("mlflow.user", ""),
                status or "FINISHED", moment(begun), moment(ended), uri or "", dict(params[run]), dict(metrics[run]),
                dict(tags[run]), tuple(datasets[run]), stage == "deleted",
            )
            for run, name, user, status, begun, ended, uri, stage in self._tables["runs"]
        }  # fmt: skip

    def _datasets(self) -> dict[str, list[Dataset]]:
        every = {one: rest for one, *rest in self._tables["datasets"]}
        contexts = dict(self._tables["input_tags"])
        found: defaultdict[str, list[Dataset]] = defaultdict(list)
        for one, source, run in self._tables["inputs"]:
            if source in every:
                found[run].append(Dataset(*every[source], context=contexts.get(one) or ""))
        return found
