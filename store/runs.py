"""Runs: executions that log metrics, use versions and produce versions.

A run's start and end are events. What it streams (metrics, system metrics, console lines) is data: it is appended by
line number, so that a client may send a line twice.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .access import Permission
from .clock import from_text, optional, to_text
from .errors import Conflict, Invalid, NotFound
from .facts import as_metadata
from .hashing import Blob
from .lineage import run_node, version_node
from .manifests import check_path
from .names import check_characters
from .pages import cursor, limit_of, uncursor
from .paths import Place
from .records import File, Page, Run, Version
from .store import insert, writes

if TYPE_CHECKING:
    from .store import Store

STATES = ("running", "finished", "failed", "crashed", "killed")
STREAMS = ("history", "events", "output")

_COLUMNS = (
    "r.id, e.name, p.name, p.id, r.name, r.title, r.state, r.config, r.summary, r.job_type, r.run_group, r.notes, "
    "r.created_at, (SELECT u.name FROM entity u WHERE u.id = r.created_by), r.heartbeat_at, r.ended_at, "
    "r.exit_code, r.tags"
)
_FROM = "run r JOIN project p ON p.id = r.project_id JOIN entity e ON e.id = p.entity_id"


def _record(row: tuple[Any, ...]) -> Run:
    return Run(
        *row[:7],
        config=as_metadata(row[7]),
        summary=as_metadata(row[8]),
        job_type=row[9],
        group=row[10],
        notes=row[11],
        created_at=from_text(row[12]),
        created_by=row[13],
        heartbeat_at=from_text(row[14]),
        ended_at=optional(row[15]),
        exit_code=row[16],
        tags=tuple(json.loads(row[17])),
    )


class Runs:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    @writes
    def start(
        self,
        project: str = "uncategorized",
        *,
        entity: str | None = None,
        name: str | None = None,
        title: str | None = None,
        config: Mapping[str, Any] | None = None,
        job_type: str = "",
        group: str = "",
        notes: str = "",
        tags: Sequence[str] = (),
    ) -> Run:
        """Begin a run, or resume the one of that name.

        Args:
            name: its id in paths; made up unless given.
            title: what people call it; the name unless given.

        Raises:
            Forbidden, Invalid
        """
        place = self._store.projects.ensure(project, entity or self._store.users.home())
        self._store.paths.need(place, Permission.LOG)
        if place.project_kind != "project":
            raise Invalid(f"{place.path} is a registry: runs belong to source projects. Start it in one.")
        name = _run_name(name or secrets.token_hex(4))
        found = self._engine.row(
            "SELECT id, removed_at FROM run WHERE project_id = :p AND name = :n", {"p": place.project_id, "n": name}
        )
        path = f"{place.entity}/{place.project}/{name}"
        if found and found[1] is not None:
            raise Conflict(
                f"There was a run {path} that has been deleted; its name can't be used again. Choose another."
            )
        with self._store.events.change(
            "run.resume" if found else "run.start", project=place.project_id, path=path
        ) as change:
            if found:
                run = found[0]
                state = self._engine.value("SELECT state FROM run WHERE id = :r", {"r": run})
                self._engine.execute(
                    "UPDATE run SET state = 'running', ended_at = NULL, exit_code = NULL, heartbeat_at = "
                    ":at WHERE id = :r",
                    {"r": run, "at": change.now},
                )
                change.note(f"run/{run}/state", state, "running")
            else:
                run = insert(
                    self._engine,
                    "run",
                    project_id=place.project_id,
                    name=name,
                    title=title or name,
                    state="running",
                    config=_json(config or {}),
                    summary="{}",
                    job_type=job_type,
                    run_group=group,
                    notes=notes,
                    tags=json.dumps(list(tags), ensure_ascii=False),
                    created_at=change.now,
                    created_by=self._store.actor.id,
                    heartbeat_at=change.now,
                )
                change.note(f"run/{run}/exists", 0, 1)
        return self.by_id(run)

    @writes
    def finish(self, run: str | Run, *, exit_code: int = 0, state: str | None = None) -> Run:
        """End a run: "finished" with exit code 0, else "failed", unless the state is given.

        Raises:
            Forbidden, NotFound
        """
        current = self._own(run)
        state = state or ("finished" if exit_code == 0 else "failed")
        if state not in STATES or state == "running":
            raise Invalid(f"A run ends as one of finished, failed, crashed, killed; not {state!r}")
        if (current.state, current.exit_code) == (state, exit_code):
            return current  # a client that was not answered says it again
        with self._store.events.change(
            "run.finish", project=current.project_id, path=current.path, state=state
        ) as change:
            self._engine.execute(
                "UPDATE run SET state = :s, ended_at = :at, exit_code = :x, heartbeat_at = :at WHERE id = :r",
                {"s": state, "at": change.now, "x": exit_code, "r": current.id},
            )
            change.note(f"run/{current.id}/state", current.state, state)
        return self.by_id(current.id)

    def append(self, run: str | Run, stream: str, lines: Sequence[str], *, offset: int) -> None:
        """Put lines of a stream at their numbers, over what is there: a repeated call changes nothing.

        Args:
            stream: "history" or "events" (each line a JSON object), or "output".
            offset: the number of the first line, counted from 0.

        Raises:
            Forbidden, NotFound, Invalid
        """
        if stream not in STREAMS:
            raise Invalid(f"A run has the streams {', '.join(STREAMS)}; there is no {stream!r}")
        current = self._own(run)
        with self._engine.write(serial=False):
            self._engine.many(
                "INSERT INTO run_line (run_id, stream, number, content) VALUES (:r, :s, :n, :c) "
                "ON CONFLICT (run_id, stream, number) DO UPDATE SET content = excluded.content",
                [
                    {"r": current.id, "s": stream, "n": offset + n, "c": line.replace("\0", "\ufffd")}
                    for n, line in enumerate(lines)
                ],
            )
            self._heartbeat(current.id)

    def log(self, run: str | Run, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append metric rows: each gets the next `_step` unless it has one, and the summary keeps the last values.

        Raises:
            Forbidden, NotFound, Invalid
        """
        current = self._own(run)
        with self._engine.write(serial=False):
            # the row lock keeps two processes that log into one run from taking the same line
            self._heartbeat(current.id)
            offset = self.line_count(current.id, "history")
            lines, summary = [], dict(self.by_id(current.id).summary)
            for n, row in enumerate(rows):
                full = {"_step": offset + n, **row}
                lines.append(_json(full))
                summary.update(full)
            self.append(current, "history", lines, offset=offset)
            self._engine.execute("UPDATE run SET summary = :s WHERE id = :r", {"s": _json(summary), "r": current.id})

    def set(
        self,
        run: str | Run,
        *,
        config: Mapping[str, Any] | None = None,
        summary: Mapping[str, Any] | None = None,
        title: str | None = None,
        notes: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Run:
        """Replace what is given: data of the run's, not a change of the registry.

        Raises:
            Forbidden, NotFound, Invalid
        """
        current = self._own(run)
        values: dict[str, Any] = {"title": title, "notes": notes, "run_group": group, "job_type": job_type}
        values |= {"config": None if config is None else _json(config)}
        values |= {"summary": None if summary is None else _json(summary)}
        values |= {"tags": None if tags is None else json.dumps(list(tags), ensure_ascii=False)}
        values = {column: value for column, value in values.items() if value is not None}
        if values:
            with self._engine.write(serial=False):
                self._engine.execute(
                    f"UPDATE run SET {', '.join(f'{column} = :{column}' for column in values)} WHERE id = :r",
                    values | {"r": current.id},
                )
        return self.by_id(current.id)

    def put_file(self, run: str | Run, path: str, blob: Blob) -> None:
        """Keep a file of a run's, in place of what had its path.

        Raises:
            Forbidden, NotFound, Invalid
        """
        current = self._own(run)
        with self._engine.write(serial=False):
            self._engine.execute(
                "INSERT INTO run_file (run_id, path, digest, size, sha256, at) VALUES (:r, :p, :d, :s, :x, :at) "
                "ON CONFLICT (run_id, path) DO UPDATE SET digest = excluded.digest, size = excluded.size, "
                "sha256 = excluded.sha256, at = excluded.at",
                {"r": current.id, "p": check_path(path), "d": blob.md5_base64, "s": blob.size, "x": blob.sha256}
                | {"at": to_text(self._store.now())},
            )
            self._heartbeat(current.id)

    @writes
    def remove_file(self, run: str | Run, path: str) -> None:
        """Forget a file of a run's.

        Raises:
            Forbidden, NotFound
        """
        current = self._own(run)
        if not self._engine.execute(
            "DELETE FROM run_file WHERE run_id = :r AND path = :p", {"r": current.id, "p": path}
        ):
            raise NotFound(f"{current.path} has no file {path!r}.")

    @writes
    def use(self, run: str | Run, target: str | Version) -> Version:
        """Record that a run uses a version as its input.

        Raises:
            Forbidden: restricted viewers may not use what they see.
        """
        current = self._own(run)
        place = self._store.paths.at(target)
        self._store.paths.need(place, Permission.USE)
        with self._store.events.change(
            "run.use", project=current.project_id, version=place.version_id, path=place.path, run=current.path
        ) as change:
            done = self._engine.execute(
                "INSERT INTO edge (src, dst, at) VALUES (:s, :d, :at) ON CONFLICT DO NOTHING",
                {"s": version_node(place.version_id), "d": run_node(current.id), "at": change.now},
            )
            if done:
                change.note(f"edge/{version_node(place.version_id)}/{run_node(current.id)}", None, 1)
        return self._store.versions.by_place(place)

    @writes
    def remove(self, run: str | Run, *, delete_versions: bool = False) -> list[str]:
        """Delete a run. Versions it logged stay, unless asked; one that is linked in a registry stays in any case.

        Returns:
            Paths of the versions that went with it.
        """
        current = self._own(run)
        gone: list[str] = []
        with self._store.batch():
            if delete_versions:
                for collection, version in self._engine.rows(
                    "SELECT v.collection_id, v.id FROM version v WHERE v.run_id = :r AND v.state <> 'deleted' "
                    "AND NOT EXISTS (SELECT 1 FROM membership m JOIN collection c ON c.id = "
                    "m.collection_id AND c.removed_at IS NULL "
                    "JOIN project p ON p.id = c.project_id AND p.removed_at IS NULL "
                    "WHERE m.version_id = v.id AND m.collection_id <> v.collection_id) ORDER BY v.id",
                    {"r": current.id},
                ):
                    place = self._place(collection, version)
                    self._store.versions.remove_source(place, self._store.versions.by_place(place), delete_aliases=True)
                    gone.append(place.path)
            with self._store.events.change("run.delete", project=current.project_id, path=current.path) as change:
                change.set(f"run/{current.id}/exists", 0)
        return gone

    def _place(self, collection: int, version: int) -> Place:
        row = self._engine.row(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, {self._store.role_sql}, c.id, c.name, c.kind, c.type, "
            "m.version_id, m.number FROM membership m JOIN collection c ON c.id = m.collection_id "
            "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id "
            "WHERE m.collection_id = :c AND m.version_id = :v",
            {"c": collection, "v": version} | self._store.me,
        )
        assert row
        return Place(*row)

    # -- reading ------------------------------------------------------------------------------------------------

    def get(self, path: str) -> Run:
        """A run by `[entity/]project/run`.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.run(path)
        assert place.run_id is not None
        return self.by_id(place.run_id)

    def by_id(self, run: int) -> Run:
        """A run that the actor may see.

        Raises:
            NotFound
        """
        row = self._engine.row(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE r.id = :r AND r.removed_at IS NULL AND {self._store.role_sql} >= 1",
            {"r": run} | self._store.me,
        )
        if row is None:
            raise NotFound("That run is not there any more.")
        return _record(row)

    def list(self, project: str, *, limit: int = 100, after: str | None = None) -> Page[Run]:
        """A project's runs, newest first.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.project(project)
        args: dict[str, Any] = {"p": place.project_id, "limit": limit_of(limit) + 1, "after": 1 << 62}
        if after is not None:
            args["after"] = uncursor(after, int)[0]
        rows = self._engine.rows(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE r.project_id = :p AND r.removed_at IS NULL AND r.id < :after "
            "ORDER BY r.id DESC LIMIT :limit",
            args,
        )
        runs = tuple(_record(row) for row in rows[:limit])
        return Page(runs, cursor(runs[-1].id) if len(rows) > limit else None)

    def lines(self, run: str | Run, stream: str, *, start: int = 0, limit: int = 1000) -> list[str]:
        """Lines of a stream from a number on."""
        return [
            line
            for (line,) in self._engine.rows(
                "SELECT content FROM run_line WHERE run_id = :r AND stream = :s AND number >= :n ORDER "
                "BY number LIMIT :limit",
                {"r": self._id(run), "s": stream, "n": start, "limit": limit},
            )
        ]

    def line_count(self, run: int, stream: str) -> int:
        """One more than the highest line number of a stream."""
        return self._engine.value(
            "SELECT coalesce(max(number) + 1, 0) FROM run_line WHERE run_id = :r AND stream = :s",
            {"r": run, "s": stream},
        )

    def history(self, run: str | Run, keys: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The metric rows in order, reduced to some keys (and `_step`) where given."""
        found = []
        identity = self._id(run)
        for (line,) in self._engine.rows(
            "SELECT content FROM run_line WHERE run_id = :r AND stream = 'history' ORDER BY number", {"r": identity}
        ):
            try:
                row = json.loads(line)
            except ValueError:
                continue  # a line that a dying client sent half of
            if keys is not None:
                row = {key: row[key] for key in ("_step", *keys) if key in row}
            found.append(row)
        return found

    def files(self, run: str | Run) -> list[tuple[File, datetime]]:
        """A run's files by path, each with when it came."""
        rows = self._engine.rows(
            "SELECT path, size, digest, sha256, at FROM run_file WHERE run_id = :r ORDER BY path",
            {"r": self._id(run)},
        )
        return [(File(*row[:4]), from_text(row[4])) for row in rows]

    def logged(self, run: str | Run) -> list[Version]:
        """The versions that a run has logged, oldest first, at their source."""
        return self._edges("SELECT dst / 2 FROM edge WHERE src = :n ORDER BY dst", run)

    def used(self, run: str | Run) -> list[Version]:
        """The versions that a run has used, oldest first, at their source or where the actor may see them."""
        return self._edges("SELECT src / 2 FROM edge WHERE dst = :n ORDER BY src", run)

    def _edges(self, sql: str, run: str | Run) -> list[Version]:
        found = [
            self._store.versions.places_of(version)
            for (version,) in self._engine.rows(sql, {"n": run_node(self._id(run))})
        ]
        return [places[0] for places in found if places]

    def _id(self, run: str | Run) -> int:
        return self.by_id(run.id).id if isinstance(run, Run) else self.get(run).id

    def need_in(self, run: int, place: Place) -> None:
        """Refuse a run that is not one of a project's.

        Raises:
            Invalid
        """
        if not self._engine.value(
            "SELECT 1 FROM run WHERE id = :r AND project_id = :p AND removed_at IS NULL",
            {"r": run, "p": place.project_id},
        ):
            raise Invalid(f"There is no run {run} in {place.path}; a run logs into its own project.")

    def _own(self, run: str | Run) -> Run:
        """A run that the actor may write to, as it is now."""
        place = self._store.paths.run(run.path if isinstance(run, Run) else run)
        self._store.paths.need(place, Permission.LOG)
        assert place.run_id is not None
        return self.by_id(place.run_id)

    def _heartbeat(self, run: int) -> None:
        self._engine.execute(
            "UPDATE run SET heartbeat_at = :at WHERE id = :r", {"at": to_text(self._store.now()), "r": run}
        )


def _run_name(name: str) -> str:
    check_characters(name, "A run's name")
    if not name or len(name) > 128 or set(name) & set("/\\#?%:"):
        raise Invalid(f"Invalid run name {name!r}: use up to 128 characters without / \\ # ? % :")
    return name


def _json(value: Mapping[str, Any]) -> str:
    """JSON that both engines keep alike; numbers that are not finite become text, as the official client does."""
    try:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False).replace("\\u0000", "\\ufffd")
    except (TypeError, ValueError) as error:
        raise Invalid(f"A run's values must be JSON: {error}") from error


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
