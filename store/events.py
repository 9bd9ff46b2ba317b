"""The event log: every change appends exactly one event, in the transaction that makes the change."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import clock, facts
from .errors import Damaged, Invalid, NotFound
from .pages import cursor, limit_of, uncursor
from .records import Event, Page

if TYPE_CHECKING:
    from .store import Store

COLUMNS = (
    "event.seq, event.at, event.actor, event.action, event.detail, event.before, event.after, event.batch, "
    "event.undoes, event.hash, event.project_id, event.collection_id, event.version_id, event.person_id, "
    "(SELECT max(u.seq) FROM event u WHERE u.undoes = event.seq)"
)


class Change:
    """A change in the making: sets facts and remembers what they were.

    Attributes:
        before, after: fact → value, only of facts that really differ.
        seq: the event's number, once it is written; None when nothing differed.
        fires: names of the automations that it has set off.
    """

    __slots__ = ("_store", "action", "after", "before", "detail", "fires", "now", "seq", "subject", "undoes")

    def __init__(
        self, store: Store, action: str, subject: Mapping[str, int | None], detail: dict[str, Any], now: str
    ) -> None:
        self._store = store
        self.action = action
        self.subject = dict(subject)
        self.detail = detail
        self.before: dict[str, Any] = {}
        self.after: dict[str, Any] = {}
        self.undoes: int | None = None
        self.seq: int | None = None
        self.fires: list[str] = []
        self.now = now

    def set(self, fact: str, value: Any) -> bool:
        """Set a fact; return whether that changed anything."""
        engine = self._store.engine
        before = facts.read(engine, fact)
        if before == value:
            return False
        facts.write(engine, fact, value, self.now)
        self.note(fact, before, value)
        return True

    def note(self, fact: str, before: Any, after: Any) -> None:
        """Record a fact that the caller has written itself."""
        if fact in self.before:
            before = self.before[fact]
        if before == after:
            self.before.pop(fact, None)
            self.after.pop(fact, None)
        else:
            self.before[fact] = before
            self.after[fact] = after


def digest(previous: str, row: Mapping[str, Any]) -> str:
    """The hash that chains an event to the one before: sha256(prev ‖ canonical JSON of all its columns)."""
    canonical = json.dumps([row[name] for name in HASHED], ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256((previous + canonical).encode("utf-8", "surrogatepass")).hexdigest()


HASHED = (
    "seq", "at", "actor_id", "actor", "action", "project_id", "collection_id", "version_id", "person_id",
    "batch", "undoes", "detail", "before", "after",
)  # fmt: skip

ANY_AUTOMATION = "SELECT 1 FROM automation WHERE removed_at IS NULL AND enabled = 1 LIMIT 1"

_INSERT = (
    "INSERT INTO event (seq, at, actor_id, actor, action, project_id, collection_id, version_id, person_id, "
    "batch, undoes, detail, before, after, prev, hash) VALUES (:seq, :at, :actor_id, :actor, :action, :project_id, "
    ":collection_id, :version_id, :person_id, :batch, :undoes, :detail, :before, :after, :prev, :hash)"
)


class Events:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._watchers = threading.local()

    # -- writing ------------------------------------------------------------------------------------------------

    def next_time(self) -> str:
        """Now, but never before the last event: the log's order is the order of time."""
        now = clock.to_text(self._store.now())
        last = self._engine.value("SELECT at FROM chain WHERE id = 1")
        return max(now, last or "")

    def draft(
        self,
        action: str,
        now: str | None = None,
        *,
        project: int | None = None,
        collection: int | None = None,
        version: int | None = None,
        person: int | None = None,
        **detail: Any,
    ) -> Change:
        """A change that the caller will `append` itself."""
        subject = {"project_id": project, "collection_id": collection, "version_id": version, "person_id": person}
        return Change(self._store, action, subject, detail, now or self.next_time())

    @contextmanager
    def change(self, action: str, **about: Any) -> Iterator[Change]:
        """One change in one write transaction; its event is appended when the block ends and something differs.

        `about` is what `draft` takes.
        """
        with nullcontext() if self._engine.in_write else self._engine.write():
            change = self.draft(action, **about)
            yield change
            self.append([change])

    def append(self, changes: Sequence[Change]) -> None:
        """Write the events of changes that differ, in order, each chained to the one before."""
        engine, actor = self._engine, self._store.actor
        changes = [change for change in changes if change.after]
        if not changes:
            return
        for project in {change.subject.get("project_id") for change in changes}:
            if project is not None:
                self._store.legacy.refuse_frozen(project)
        for change in changes:
            if change.undoes is not None:
                self._store.legacy.undoing(change)
        seen: list[Change] | None = getattr(self._watchers, "seen", None)
        if seen is not None:
            seen.extend(changes)
        head = engine.row("SELECT seq, hash FROM chain WHERE id = 1")
        assert head
        seq, previous = head
        rows: list[dict[str, Any]] = []
        for change in changes:
            seq += 1
            row: dict[str, Any] = {
                "seq": seq,
                "at": change.now,
                "actor_id": actor.id,
                "actor": actor.name,
                "action": change.action,
                **change.subject,
                "batch": self._store.batch_id,
                "undoes": change.undoes,
                "detail": _dump(change.detail),
                "before": _dump(change.before),
                "after": _dump(change.after),
                "prev": previous,
            }
            row["hash"] = previous = digest(previous, row)
            change.seq = seq
            rows.append(row)
        engine.many(_INSERT, rows)
        engine.many(
            "INSERT INTO event_fact (fact, seq) VALUES (:fact, :seq)",
            [{"fact": fact, "seq": change.seq} for change in changes for fact in change.after],
        )
        engine.execute(
            "UPDATE chain SET seq = :seq, at = :at, hash = :hash WHERE id = 1",
            {"seq": seq, "at": rows[-1]["at"], "hash": previous},
        )
        if engine.value(ANY_AUTOMATION):
            from .automations.outbox import post

            post(self._store, changes)

    def watch(self, seen: list[Change] | None) -> None:
        """Collect this thread's changes in a list, until called with None."""
        self._watchers.seen = seen

    # -- reading ------------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The number of the newest event; it changes whenever anything does."""
        return self._engine.value("SELECT seq FROM chain WHERE id = 1")

    def get(self, seq: int) -> Event:
        """One event.

        Raises:
            NotFound: there is none, or it happened in a place that the actor may not see.
        """
        row = self._engine.row(
            f"SELECT {COLUMNS} FROM event WHERE seq = :seq AND {self._visible()}", {"seq": seq} | self._store.me
        )
        if row is None:
            raise NotFound(f"There is no event {seq}. `curatory history` lists them.")
        return record(row)

    def of(self, path: str | None = None, **options: Any) -> Page[Event]:
        """The history of a registry, a collection, a version or a person, newest first; of everything for None.

        Options: `by` (a user's name), `since` and `until` (datetimes), `actions` (a prefix such as "alias"),
        `limit` (1 to 1,000; 100), `after` (a page's `after`).
        """
        conditions, args = ["1 = 1"], {}
        if path:
            place = self._store.paths.resolve(path, removed=True)
            if place.version_id is not None:
                conditions.append("event.version_id = :id")
                args["id"] = place.version_id
            elif place.collection_id is not None:
                was = self._store.legacy.was(place.collection_id) or place.collection_id
                # A version deleted at its source takes its links along: that is part of this history, too.
                conditions.append(
                    "(event.collection_id IN (:id, :was) OR (event.action LIKE '%version.delete' AND event.seq IN "
                    "(SELECT seq FROM event_fact WHERE (fact >= :low AND fact < :high) "
                    "OR (fact >= :low_was AND fact < :high_was))))"
                )
                args |= {
                    "id": place.collection_id,
                    "was": was,
                    "low": f"link/{place.collection_id}/",
                    "high": f"link/{place.collection_id}0",
                    "low_was": f"link/{was}/",
                    "high_was": f"link/{was}0",
                }
            elif place.project_id is not None:
                conditions.append("event.project_id = :id")
                args["id"] = place.project_id
            elif place.entity_id is not None:
                conditions.append("(event.person_id = :id OR event.actor_id = :id)")
                args["id"] = place.entity_id
        return self._page(conditions, args, **options)

    def _page(
        self,
        conditions: list[str],
        args: dict[str, Any],
        *,
        by: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        actions: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[Event]:
        if by is not None:
            conditions.append("event.actor_id = :by")
            args["by"] = self._store.users.id_of(by, removed=True)
        if since is not None:
            conditions.append("event.at >= :since")
            args["since"] = clock.to_text(since)
        if until is not None:
            conditions.append("event.at <= :until")
            args["until"] = clock.to_text(until)
        if actions is not None:
            conditions.append("(event.action = :action OR event.action LIKE :actions)")
            args["action"] = actions.lower()
            args["actions"] = f"{actions.lower().rstrip('.')}.%"  # LIKE counts letter case on one engine only
        if after is not None:
            conditions.append("event.seq < :after")
            args["after"] = uncursor(after, int)[0]
        args["limit"] = limit_of(limit) + 1
        rows = self._engine.rows(
            f"SELECT {COLUMNS} FROM event WHERE {' AND '.join(conditions)} AND {self._visible()} "
            "ORDER BY event.seq DESC LIMIT :limit",
            args | self._store.me,
        )
        events = tuple(record(row) for row in rows[:limit])
        return Page(events, cursor(events[-1].seq) if len(rows) > limit else None)

    def of_fact(self, fact: str, *, until: int | None = None, limit: int = 100) -> list[Event]:
        """The events that changed one fact, newest first. For callers that have checked who is asking."""
        rows = self._engine.rows(
            f"SELECT {COLUMNS} FROM event JOIN event_fact f ON f.seq = event.seq "
            "WHERE f.fact = :fact AND f.seq <= :until ORDER BY f.seq DESC LIMIT :limit",
            {"fact": fact, "until": until if until is not None else self.head(), "limit": limit},
        )
        return [record(row) for row in rows]

    def at(self, moment: datetime) -> int:
        """The number of the last event at or before a moment; 0 when there was none yet."""
        return (
            self._engine.value(
                "SELECT seq FROM event WHERE at <= :at ORDER BY at DESC, seq DESC LIMIT 1",
                {"at": clock.to_text(moment)},
            )
            or 0
        )

    def values_at(self, prefix: str, seq: int) -> dict[str, Any]:
        """All facts that begin with a prefix ending in "/", as they were after event `seq`."""
        rows = self._engine.rows(
            "SELECT f.fact, max(f.seq) FROM event_fact f WHERE f.fact >= :low AND f.fact < :high AND "
            "f.seq <= :seq GROUP BY f.fact",
            {"low": prefix, "high": prefix[:-1] + "0", "seq": seq},  # "0" follows "/"
        )
        found: dict[str, Any] = {}
        afters: dict[int, dict[str, Any]] = {}
        for fact, last in rows:
            if last not in afters:
                afters[last] = json.loads(self._engine.value("SELECT after FROM event WHERE seq = :seq", {"seq": last}))
            value = afters[last].get(fact)
            if value is not None:
                found[fact] = value
        return found

    def values_ever(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """Every value that facts beginning with a prefix ending in "/" ever had, newest first."""
        for fact, text in self._engine.rows(
            "SELECT f.fact, event.after FROM event_fact f JOIN event ON event.seq = f.seq "
            "WHERE f.fact >= :low AND f.fact < :high ORDER BY f.seq DESC",
            {"low": prefix, "high": prefix[:-1] + "0"},
        ):
            value = json.loads(text).get(fact)
            if value is not None:
                yield fact, value

    def _visible(self) -> str:
        """SQL: it is not about a project that the actor may not see, nor about another organization's automations."""
        return (
            "((event.project_id IS NULL AND (event.action NOT LIKE '%automation.%' AND event.action NOT LIKE "
            "'%webhook.%' OR EXISTS (SELECT 1 FROM entity e JOIN organization_member o ON o.organization_id = "
            "coalesce(e.organization_id, e.id) WHERE e.id = event.person_id AND o.user_id = :me))) "
            "OR EXISTS (SELECT 1 FROM project p JOIN entity e ON e.id = p.entity_id "
            f"WHERE p.id = event.project_id AND {self._store.role_sql} >= 1))"
        )


def record(row: tuple[Any, ...]) -> Event:
    """An event as it stands in the log.

    Raises:
        Damaged: somebody has edited it into something that can't be read.
    """
    try:
        return _record(row)
    except ValueError as error:
        raise Damaged(
            f"Event {row[0]} can't be read: {error}. The log was edited; `curatory audit verify` shows where."
        ) from error


def _record(row: tuple[Any, ...]) -> Event:
    return Event(
        seq=row[0],
        at=clock.from_text(row[1]),
        actor=row[2],
        action=row[3],
        detail=json.loads(row[4]),
        before=json.loads(row[5]),
        after=json.loads(row[6]),
        batch=row[7],
        undoes=row[8],
        hash=row[9],
        project_id=row[10],
        collection_id=row[11],
        version_id=row[12],
        person_id=row[13],
        undone_by=row[14],
    )


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid(f"A value can't be kept as JSON: {error}") from error
