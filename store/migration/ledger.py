"""The ledger: what is being migrated, line by line, as it stands in the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..access import Role, role_sql
from ..clock import from_text, to_text
from ..errors import NotFound
from ..names import REGISTRY_PREFIX, fold_key
from ..store import insert
from .records import Item, Kind, Migration, Tally

if TYPE_CHECKING:
    from ..store import Store

PAUSE = timedelta(hours=1)  # how long the write pause of a migration may take, as it is announced
_MIGRATION = (
    "SELECT g.id, g.kind, t.name, g.source, g.source_id, e.name || '/' || p.name, g.registry_id, g.state, "
    "g.created_at, (SELECT u.name FROM entity u WHERE u.id = g.created_by), g.until, g.ended_at, "
    "(SELECT count(*) FROM migration_item i WHERE i.migration_id = g.id), "
    "(SELECT count(*) FROM migration_item i WHERE i.migration_id = g.id AND i.state = 'done'), "
    "(SELECT coalesce(sum(i.versions), 0) FROM migration_item i WHERE i.migration_id = g.id), "
    "(SELECT count(*) FROM migration_item i WHERE i.migration_id = g.id AND i.verdict = 'accepted'), "
    "(SELECT count(*) FROM migration_item i WHERE i.migration_id = g.id AND i.verdict = 'flagged') "
    "FROM registry_migration g JOIN entity t ON t.id = g.team_id JOIN project p ON p.id = g.registry_id "
    "JOIN entity e ON e.id = p.entity_id"
)
_ITEM = (
    "SELECT i.id, i.migration_id, i.name, i.target, (SELECT e.name || '/' || p.name || '/' || c.name FROM collection c "
    "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id WHERE c.id = i.target_id AND "
    "c.removed_at IS NULL AND p.removed_at IS NULL), i.state, i.versions, i.note, i.at, i.verdict, i.comment, "
    "(SELECT name FROM entity WHERE id = i.reviewed_by), i.reviewed_at FROM migration_item i"
)


def _visible(store: Store) -> str:
    """SQL: the actor sees what was migrated, or what it was migrated into."""
    legacy = role_sql("l", "t")
    return f"({store.role_sql} >= 1 OR EXISTS (SELECT 1 FROM project l WHERE l.id = g.source_id AND {legacy} >= 1))"


def all_of(store: Store, *, rolled_back: bool = False) -> list[Migration]:
    """The migrations that the actor may see, newest first."""
    where = "" if rolled_back else " AND g.state <> 'rolled back'"
    rows = store.engine.rows(f"{_MIGRATION} WHERE {_visible(store)}{where} ORDER BY g.id DESC", store.me)
    return [_migration(row) for row in rows]


def of_source(store: Store, project: int) -> Migration | None:
    """The migration of a legacy registry, begun or done, where the actor may see it."""
    row = store.engine.row(
        f"{_MIGRATION} WHERE {_visible(store)} AND g.source_id = :source AND g.state <> 'rolled back'",
        store.me | {"source": project},
    )
    return _migration(row) if row else None


def find(store: Store, name: str) -> Migration:
    """A migration by its team, its registry (any form of its path) or its source.

    Raises:
        NotFound
    """
    found = all_of(store)
    key = fold_key(name.strip("/"))
    for one in sorted(found, key=lambda one: fold_key(one.team) != key):  # a registry may have another team's name
        organization, _, full = one.registry.rpartition("/")
        short = full.removeprefix(REGISTRY_PREFIX)
        forms = (one.registry, full, f"{organization}/{short}", short)
        if key in {fold_key(text) for text in (one.team, one.source, *forms)}:
            return one
    known = ", ".join(sorted({one.team for one in found})) or "nothing yet"
    raise NotFound(f"Nothing of {name!r} has been migrated. Migrated: {known}.")


def again(store: Store, migration: int) -> Migration:
    """A migration as it is now. For callers that have checked who asks."""
    row = store.engine.row(f"{_MIGRATION} WHERE g.id = :id", {"id": migration})
    assert row
    return _migration(row)


def _migration(row: tuple[Any, ...]) -> Migration:
    *head, started, by, until, ended, total, copied, versions, accepted, flagged = row
    return Migration(
        *head,
        started_at=from_text(started),
        started_by=by,
        until=from_text(until),
        ended_at=from_text(ended) if ended else None,
        collections=total,
        copied=copied,
        versions=int(versions),
        tally=Tally(accepted, flagged, total),
    )


def items(
    store: Store,
    migration: int,
    *,
    state: str | None = None,
    verdict: str | None = None,
    after: int = 0,
    limit: int = -1,
) -> list[Item]:
    """Lines of a ledger in order. `verdict`: "unreviewed", "accepted" or "flagged"."""
    where = "i.migration_id = :m AND i.id > :after"
    if state is not None:
        where += " AND i.state = :state"
    if verdict is not None:
        where += " AND i.verdict IS NULL" if verdict == "unreviewed" else " AND i.verdict = :verdict"
    part = "" if limit < 0 else " LIMIT :limit"
    rows = store.engine.rows(
        f"{_ITEM} WHERE {where} ORDER BY i.id{part}",
        {"m": migration, "after": after, "state": state, "verdict": verdict, "limit": limit},
    )
    return [_item(row) for row in rows]


def item(store: Store, number: int) -> Item:
    """One line.

    Raises:
        NotFound
    """
    row = store.engine.row(f"{_ITEM} WHERE i.id = :id", {"id": number})
    if row is None:
        raise NotFound(f"There is no line {number} in any migration's ledger.")
    return _item(row)


def _item(row: tuple[Any, ...]) -> Item:
    *head, at, verdict, comment, by, reviewed = row
    return Item(
        *head,
        copied_at=from_text(at) if at else None,
        verdict=verdict,
        comment=comment,
        reviewed_by=by,
        reviewed_at=from_text(reviewed) if reviewed else None,
    )


def people_before(store: Store, migration: int) -> dict[str, str]:
    """What everybody was before: name → role."""
    return json.loads(store.engine.value("SELECT people FROM registry_migration WHERE id = :id", {"id": migration}))


# -- writing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A collection that is to be copied.

    Attributes:
        name, source_id: at its source; without an id where that is no store of ours.
        target: what it will be called.
        versions: how many it holds.
    """

    name: str
    target: str
    versions: int
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a migration is begun with.

    Attributes:
        source, source_id: path or address of what is migrated, and its id where that is in this store.
        team: the id of the team that it is for.
        registry: the path of the registry that is made.
        owner: who is accountable for that.
        members: id of a person or team → role, of everybody who is to see it.
        protected: aliases that only admins move.
        people: name → role, of everybody's access before; what it is proven against.
    """

    kind: Kind
    source: str
    team: int
    registry: str
    description: str
    owner: int | None
    members: Mapping[int, Role]
    people: Mapping[str, str | None]
    lines: tuple[Line, ...]
    source_id: int | None = None
    protected: tuple[str, ...] = field(default=())


def begin(store: Store, one: Beginning) -> Migration:
    """The ledger, and the new registry with its people: all at once. For callers that write, and have checked who."""
    engine = store.engine
    name = one.registry.rpartition("/")[2]
    change = store.events.draft(
        "migration.start",
        path=one.registry,
        source=one.source,
        collections=len(one.lines),
        versions=sum(line.versions for line in one.lines),
        members=len(one.members),
    )
    registry = insert(
        engine,
        "project",
        entity_id=engine.value("SELECT organization_id FROM entity WHERE id = :t", {"t": one.team}),
        kind="registry",
        name=name,
        key=fold_key(name),
        description=one.description,
        visibility="restricted",
        owner_id=one.owner,
        any_type=1,
        created_at=change.now,
        created_by=store.actor.id,
        updated_at=change.now,
    )
    change.subject["project_id"] = registry
    change.note(f"project/{registry}/exists", 0, 1)
    for who, role in one.members.items():
        change.set(f"member/{registry}/{who}", role.label)
    for alias in one.protected:
        change.set(f"protected_alias/{registry}/{alias}", 1)
    migration = insert(
        engine,
        "registry_migration",
        kind=one.kind,
        source=one.source,
        source_id=one.source_id,
        team_id=one.team,
        registry_id=registry,
        state="running",
        people=json.dumps(dict(one.people)),
        created_at=change.now,
        created_by=store.actor.id,
        until=to_text(from_text(change.now) + PAUSE),
    )
    change.note(f"registry_migration/{migration}/state", None, "running")
    add(store, migration, one.lines)
    with store.legacy.thawed():
        store.events.append([change])
    return again(store, migration)


def add(store: Store, migration: int, lines: Iterable[Line]) -> None:
    """Lines that wait to be copied."""
    store.engine.many(
        "INSERT INTO migration_item (migration_id, name, source_id, target, state, versions, note) "
        "VALUES (:m, :n, :s, :t, 'waiting', :v, :note)",
        [
            {
                "m": migration, "n": line.name, "s": line.source_id, "t": line.target, "v": line.versions,
                "note": renamed(line.name, line.target),
            }
            for line in lines
        ],
    )  # fmt: skip


def renamed(name: str, target: str) -> str:
    """The note on a collection that can't keep its name."""
    return f"was called {name!r}" if target != name else ""
