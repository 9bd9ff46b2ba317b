"""Facts: the cells of the store that can change, each with a name that lives as long as the store.

A change is a list of facts with their values before and after. Because every verb changes facts and nothing else,
one mechanism serves history, undo, "what was it on that day", and checking the tables against the log.

    collection/12/description      a column of a row           value: text, number or null
    collection/12/exists           whether it is there         value: 1 or 0 (its row stays)
    alias/12/prod                  what an alias names         value: version id or null
    link/12/90                     a version's place           value: [number, at, by] or null
    version_tag/90/robust          a presence                  value: 1 or null
    member/3/7                     a role                      value: its name or null
    review/5/verdict               of a migrated collection    value: [verdict, comment, by, at] or null
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .access import Role
from .folding import fold
from .names import fold_key

if TYPE_CHECKING:
    from .engine import Engine

# Columns that a change may set, by table.
_COLUMNS = {
    "entity": {"name", "title", "email", "default_ttl"},
    "project": {"name", "description", "visibility", "owner_id", "any_type"},
    "collection": {"name", "description", "type"},
    "version": {"description", "metadata", "ttl", "state", "purged_at"},
    "run": {"state"},
    "registry_migration": {"state"},
    "automation": {"name", "description", "enabled", "definition"},
    "integration": {"name", "revision"},
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A fact that is a row: its table, its two key columns, and the column that is its value (None: presence)."""

    table: str
    owner: str
    key: str
    value: str | None = None

    @property
    def read(self) -> str:
        return f"SELECT {self.value or 1} FROM {self.table} WHERE {self.owner} = :owner AND {self.key} = :key"

    @property
    def delete(self) -> str:
        return f"DELETE FROM {self.table} WHERE {self.owner} = :owner AND {self.key} = :key"

    @property
    def upsert(self) -> str:
        if self.value is None:
            return f"INSERT INTO {self.table} ({self.owner}, {self.key}) VALUES (:owner, :key) ON CONFLICT DO NOTHING"
        return (
            f"INSERT INTO {self.table} ({self.owner}, {self.key}, {self.value}) VALUES (:owner, :key, :value) "
            f"ON CONFLICT ({self.owner}, {self.key}) DO UPDATE SET {self.value} = excluded.{self.value}"
        )


_ROWS = {
    "alias": _Row("alias", "collection_id", "alias", "version_id"),
    "collection_tag": _Row("collection_tag", "collection_id", "tag"),
    "version_tag": _Row("version_tag", "version_id", "tag"),
    "member": _Row("member", "project_id", "entity_id", "role"),
    "organization_member": _Row("organization_member", "organization_id", "user_id", "role"),
    "team_member": _Row("team_member", "team_id", "user_id", "role"),
    "accepted_type": _Row("accepted_type", "project_id", "type"),
    "protected_alias": _Row("protected_alias", "project_id", "alias"),
}
_NUMBER_KEYS = {"member", "organization_member", "team_member"}
_SQL = {kind: (row.read, row.delete, row.upsert) for kind, row in _ROWS.items()}


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact's name, taken apart."""

    kind: str
    owner: int
    key: str

    @classmethod
    def parse(cls, name: str) -> Fact:
        kind, owner, key = name.split("/", 2)
        return cls(kind, int(owner), key)


def read(engine: Engine, name: str) -> Any:
    """A fact's value now."""
    fact = Fact.parse(name)
    if fact.kind in _ROWS:
        value = engine.value(_SQL[fact.kind][0], _args(fact))
        return Role(value).label if fact.kind == "member" and value is not None else value
    if fact.kind == "link":
        row = engine.row(
            "SELECT number, at, by_id FROM membership WHERE version_id = :version AND collection_id = :owner",
            {"owner": fact.owner, "version": int(fact.key)},
        )
        return list(row) if row else None
    if fact.kind == "review":
        row = engine.row(
            "SELECT verdict, comment, reviewed_by, reviewed_at FROM migration_item WHERE id = :id", {"id": fact.owner}
        )
        return list(row) if row and row[0] is not None else None
    if fact.kind == "edge":
        return engine.value("SELECT 1 FROM edge WHERE src = :s AND dst = :d", {"s": fact.owner, "d": int(fact.key)})
    if fact.key == "exists":
        removed = engine.row(f"SELECT removed_at FROM {fact.kind} WHERE id = :id", {"id": fact.owner})
        return int(removed is not None and removed[0] is None)
    value = engine.value(f"SELECT {_column(fact)} FROM {fact.kind} WHERE id = :id", {"id": fact.owner})
    return as_metadata(value) if fact.key == "metadata" else value


def write(engine: Engine, name: str, value: Any, now: str) -> None:
    """Set a fact, with what hangs on it: folded text for search, comparison keys, the time of the last change."""
    fact = Fact.parse(name)
    if fact.kind in _ROWS:
        _, delete, upsert = _SQL[fact.kind]
        if value is None:
            engine.execute(delete, _args(fact))
        else:
            engine.execute(upsert, _args(fact) | {"value": Role.parse(value).value if fact.kind == "member" else value})
    elif fact.kind == "link":
        ids = {"owner": fact.owner, "version": int(fact.key)}
        if value is None:
            engine.execute("DELETE FROM membership WHERE version_id = :version AND collection_id = :owner", ids)
        else:
            engine.execute(
                "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) "
                "VALUES (:owner, (SELECT project_id FROM collection WHERE id = :owner), :version, :number, :at, :by)",
                ids | {"number": value[0], "at": value[1], "by": value[2]},
            )
    elif fact.kind == "review":
        verdict, comment, by, at = value or (None, "", None, None)
        engine.execute(
            "UPDATE migration_item SET verdict = :verdict, comment = :comment, reviewed_by = :by, reviewed_at = :at "
            "WHERE id = :id",
            {"id": fact.owner, "verdict": verdict, "comment": comment, "by": by, "at": at},
        )
    elif fact.key == "exists":
        engine.execute(
            f"UPDATE {fact.kind} SET removed_at = :at WHERE id = :id", {"id": fact.owner, "at": None if value else now}
        )
    else:
        _write_column(engine, fact, value, now)
    _touch(engine, fact, now)


def unlogged(engine: Engine, limit: int = 100) -> list[str]:
    """Facts that the tables hold, though no event ever said so: rows that were put in behind the store's back."""
    sources = [(kind, row.table, row.owner, f"t.{row.key}") for kind, row in _ROWS.items()]
    sources.append(("link", "membership", "collection_id", "t.version_id"))
    sources += [(table, table, "id", "'exists'") for table in ("project", "collection", "run", "automation")]
    sources.append(("version", "version", "id", "'state'"))
    found: list[str] = []
    for kind, table, owner, key in sources:
        name = f"'{kind}/' || t.{owner} || '/' || {key}"
        found += [
            fact
            for (fact,) in engine.rows(
                f"SELECT {name} FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM event_fact f WHERE f.fact = {name}) "
                "LIMIT :limit",
                {"limit": limit},
            )
        ]
    return found


def _write_column(engine: Engine, fact: Fact, value: Any, now: str) -> None:
    column = _column(fact)
    stored = json.dumps(value, ensure_ascii=False, allow_nan=False) if column == "metadata" else value
    engine.execute(f"UPDATE {fact.kind} SET {column} = :value WHERE id = :id", {"id": fact.owner, "value": stored})
    if column == "name" and fact.kind in ("entity", "project", "automation"):
        engine.execute(f"UPDATE {fact.kind} SET key = :key WHERE id = :id", {"id": fact.owner, "key": fold_key(value)})
    if fact.kind == "collection" and column in ("name", "description"):
        row = engine.row("SELECT name, description FROM collection WHERE id = :id", {"id": fact.owner})
        assert row
        engine.execute(
            "UPDATE collection SET folded = :folded WHERE id = :id",
            {"id": fact.owner, "folded": folded(row[0], row[1])},
        )
    if fact.kind == "version" and column == "description":
        index_text(engine, fact.owner, value)
    if fact.kind == "version" and column == "state":
        engine.execute(
            "UPDATE version SET removed_at = :at WHERE id = :id",
            {"id": fact.owner, "at": now if value == "deleted" else None},
        )


def folded(name: str, description: str) -> str:
    """The text of a collection that free words are looked for in."""
    return fold(f"{name}\n{description}")


def index_text(engine: Engine, version: int, description: str) -> None:
    """Keep a version's description searchable."""
    if description:
        engine.execute(
            "INSERT INTO version_text (version_id, text) VALUES (:id, :text) "
            "ON CONFLICT (version_id) DO UPDATE SET text = excluded.text",
            {"id": version, "text": fold(description)},
        )
    else:
        engine.execute("DELETE FROM version_text WHERE version_id = :id", {"id": version})


def as_metadata(value: Any) -> Any:
    """A JSON column as an object: SQLite gives its text, PostgreSQL the object itself."""
    return json.loads(value) if isinstance(value, str) else value


_TOUCHED = {
    "alias": "collection",
    "link": "collection",
    "collection": "collection",
    "collection_tag": "collection",
    "version": "version",
    "version_tag": "version",
    "project": "project",
    "member": "project",
    "accepted_type": "project",
    "protected_alias": "project",
    "automation": "automation",
}


def _touch(engine: Engine, fact: Fact, now: str) -> None:
    table = _TOUCHED.get(fact.kind)
    if table:
        engine.execute(f"UPDATE {table} SET updated_at = :now WHERE id = :id", {"id": fact.owner, "now": now})


def _args(fact: Fact) -> dict[str, Any]:
    return {"owner": fact.owner, "key": int(fact.key) if fact.kind in _NUMBER_KEYS else fact.key}


def _column(fact: Fact) -> str:
    if fact.key not in _COLUMNS.get(fact.kind, ()):
        raise ValueError(f"not a fact: {fact}")  # a fault of ours, or a log from a newer version
    return fact.key
