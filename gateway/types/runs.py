"""Runs: what a script logs while it runs, and reads back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...store import Run as Record
from . import artifacts, people, projects
from .base import Call, Object, as_json, from_json, gid, slice_, time

TAIL = 10  # lines that resuming looks at


class Run(Object):
    """One execution."""

    def __init__(self, call: Call, record: Record) -> None:
        super().__init__(call)
        self._record = record

    def id(self) -> str:
        return gid("Run", self._record.id)

    def internal_id(self) -> str:
        return gid("RunInternalId", self._record.id)

    def name(self) -> str:
        return self._record.name

    def display_name(self) -> str:
        return self._record.title

    def description(self) -> str:
        return self._record.notes

    def notes(self) -> str:
        return self._record.notes

    def state(self) -> str:
        return self._record.state

    def config(self) -> str:
        return as_json(_with_values(self._record.config))

    def wandb_config(self, keys: list[str] | None = None) -> str:
        inner = self._record.config.get("_wandb")
        value = inner if isinstance(inner, Mapping) else {}
        return as_json({key: value[key] for key in (keys or value) if key in value})

    def summary_metrics(self) -> str:
        return as_json(self._record.summary)

    def system_metrics(self) -> str:
        lines = self._lines("events", 1)
        return lines[-1] if lines else "{}"

    def tags(self) -> list[str]:
        return list(self._record.tags)

    def group(self) -> str:
        return self._record.group

    def group_name(self) -> str:
        return self._record.group

    def job_type(self) -> str:
        return self._record.job_type

    def sweep_name(self) -> None:
        return None

    def sweep(self) -> None:
        return None

    def commit(self) -> str | None:
        return self._environment().get("git", {}).get("commit")

    def host(self) -> str | None:
        return self._environment().get("host")

    def github(self) -> None:
        return None

    def _environment(self) -> Mapping[str, Any]:
        """What the client has told of its machine: under a key of its own in the configuration."""
        inner = self._record.config.get("_wandb")
        told = inner.get("e") if isinstance(inner, Mapping) else None
        if not isinstance(told, Mapping):
            return {}
        return next((one for one in told.values() if isinstance(one, Mapping)), {})

    def run_info(self) -> dict[str, Any]:
        environment = self._environment()
        return {
            "__typename": "RunInfo",
            "program": environment.get("program"),
            "args": environment.get("args") or [],
            "os": environment.get("os"),
            "python": environment.get("python"),
            "gpuCount": None,
            "gpu": environment.get("gpu"),
            "cpuCount": environment.get("cpu_count"),
            "colab": None,
            "executable": environment.get("executable"),
            "codeSaved": False,
            "cpu": None,
        }

    def project(self) -> projects.Project:
        return projects.Project(self._call, self._store.projects.by_id(self._record.project_id))

    def project_id(self) -> str:
        return str(self._record.project_id)

    def entity(self) -> people.Entity:
        return people.Entity(self._call, self._record.entity)

    def user(self) -> people.User | None:
        return artifacts.user(self._call, self._record.created_by)

    def read_only(self) -> bool:
        return self.project().read_only()

    def created_at(self) -> str | None:
        return time(self._record.created_at)

    def updated_at(self) -> str | None:
        return time(self._record.heartbeat_at)

    def heartbeat_at(self) -> str | None:
        return time(self._record.heartbeat_at)

    def stopped(self) -> bool:
        return False

    def should_stop(self) -> bool:
        return False

    def exitcode(self) -> int | None:
        return self._record.exit_code

    # -- what it streamed ---------------------------------------------------------------------------------------

    def _count(self, stream: str) -> int:
        return self._store.runs.line_count(self._record.id, stream)

    def _lines(self, stream: str, last: int) -> list[str]:
        count = self._count(stream)
        return self._store.runs.lines(self._record, stream, start=max(0, count - last), limit=last)

    def history_line_count(self) -> int:
        return self._count("history")

    def events_line_count(self) -> int:
        return self._count("events")

    def log_line_count(self) -> int:
        return self._count("output")

    def history_tail(self) -> str:
        return as_json(self._lines("history", TAIL))

    def events_tail(self) -> str:
        return as_json(self._lines("events", TAIL))

    def history_keys(self) -> dict[str, Any]:
        """Which metrics there are, nested ones by their dotted names, and the last step."""
        keys: dict[str, dict[str, Any]] = {}
        last = -1
        for row in self._store.runs.history(self._record):
            last = max(last, row["_step"]) if isinstance(row.get("_step"), int) else last
            for name, value in _flat(row):
                kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else "string"
                found = keys.setdefault(name, {"typeCounts": [{"type": kind, "count": 0}], "monotonic": False})
                found["typeCounts"][0]["count"] += 1
                found["previousValue"] = value
        return {"keys": keys, "sets": [], "lastStep": last}

    def history(
        self, min_step: int | None = None, max_step: int | None = None, samples: int | None = None
    ) -> list[str]:
        """Rows from one step to before another; every row when none is named."""
        rows = self._store.runs.history(self._record)
        chosen = [
            row
            for row in rows
            if (min_step is None or row.get("_step", 0) >= min_step)
            and (max_step is None or row.get("_step", 0) < max_step)
        ]
        if min_step is None and samples and len(chosen) > samples:
            chosen = _thinned(chosen, samples)
        return [as_json(row) for row in chosen]

    def events(self, samples: int | None = None, **_: Any) -> list[str]:
        lines = self._store.runs.lines(self._record, "events", limit=1_000_000)
        return _thinned(lines, samples) if samples and len(lines) > samples else lines

    def sampled_history(self, specs: list[str]) -> list[list[dict[str, Any]]]:
        return [self._sampled(from_json(spec, "history request")) for spec in specs]

    def _sampled(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        keys = spec.get("keys") or []
        low, high = spec.get("minStep"), spec.get("maxStep")
        rows = []
        for row in self._store.runs.history(self._record):
            # Here the last step is meant, too, other than in `history`: the client counts on it.
            if (low is not None and row.get("_step", 0) < low) or (high is not None and row.get("_step", 0) > high):
                continue
            flat = dict(_flat(row)) | row
            if all(key in flat for key in keys):
                rows.append({key: flat[key] for key in keys} if keys else row)
        samples = spec.get("samples")
        return _thinned(rows, samples) if samples and len(rows) > samples else rows

    def parquet_history(self, live_keys: list[str] | None = None) -> dict[str, Any]:
        """Nothing is kept as Parquet; the client then reads the live rows."""
        wanted = set(live_keys or ())
        rows = self._store.runs.history(self._record)
        if wanted:
            rows = [row for row in rows if wanted <= {name for name, _ in _flat(row)} | set(row)]
        return {"parquetUrls": [], "liveData": rows}

    def log_lines(
        self, first: int | None = None, after: str | None = None, last: int | None = None, **_: Any
    ) -> dict[str, Any]:
        lines = self._lines("output", last) if last else self._store.runs.lines(self._record, "output", limit=1_000_000)
        start = max(0, self._count("output") - last) if last else 0
        return slice_(list(enumerate(lines, start)), _log_line, first, after)

    # -- files and artifacts ------------------------------------------------------------------------------------

    def files(
        self,
        names: list[str] | None = None,
        first: int | None = None,
        after: str | None = None,
        pattern: str | None = None,
        upload: bool | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        found = self._store.runs.files(self._record)
        if names:
            wanted = {name.removeprefix("./") for name in names}
            found = [one for one in found if one[0].path in wanted]
        if pattern:
            found = [one for one in found if _like(one[0].path, pattern)]
        return slice_(found, self._file, first, after)

    def _file(self, one: tuple[Any, datetime]) -> dict[str, Any]:
        entry, at = one
        address = artifacts.blob(self._call, entry)
        return {
            "__typename": "File",
            "id": gid("RunFile", f"{self._record.id}/{entry.path}"),
            "name": entry.path,
            "displayName": entry.path,
            "url": address,
            "directUrl": address,
            "sizeBytes": entry.size,
            "mimetype": None,
            "updatedAt": time(at),
            "md5": entry.digest,
            "digest": entry.digest,
            "storagePath": entry.path,
        }

    def file_count(self) -> int:
        return len(self._store.runs.files(self._record))

    def output_artifacts(self, first: int | None = None, after: str | None = None, **_: Any) -> dict[str, Any]:
        found = self._store.runs.logged(self._record)
        return slice_(found, lambda one: artifacts.Artifact(self._call, one), first, after)

    def input_artifacts(self, first: int | None = None, after: str | None = None, **_: Any) -> dict[str, Any]:
        found = self._store.runs.used(self._record)
        return slice_(found, lambda one: artifacts.Artifact(self._call, one), first, after)


def _with_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as the client sends it: {"lr": {"value": 0.1}}."""
    return {key: {"value": value} for key, value in config.items()}


def _flat(row: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in row.items():
        if isinstance(value, Mapping) and "_type" not in value:
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found


def _thinned(rows: list[Any], count: int) -> list[Any]:
    """So many of the rows, evenly, the first and the last among them."""
    if count < 2:
        return rows[:count]
    return [rows[round(n * (len(rows) - 1) / (count - 1))] for n in range(count)]


def _log_line(one: tuple[int, str]) -> dict[str, Any]:
    number, text = one
    stamp, _, rest = text.partition(" ")
    level = "info"
    if stamp == "ERROR":
        level, (stamp, _, rest) = "error", rest.partition(" ")
    try:
        datetime.fromisoformat(stamp)
    except ValueError:
        stamp, rest = "", text
    return {"number": number, "timestamp": stamp or None, "level": level, "label": None, "line": rest}


def _like(path: str, pattern: str) -> bool:
    """SQL's LIKE, which the client's patterns are."""
    expression = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, path, re.DOTALL) is not None
