"""Which automations a happening sets off: by scope, by kind, by pattern, and by filter.

A filter is asked inside the transaction of the change, of what is there after it; of a version that is not at its
place any more, of the version as it was there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..access import Role
from ..engine import regex
from ..engine.automaton import matcher
from ..errors import Invalid
from ..filters import compile_filter, parse
from ..filters.conditions import glob_regex
from .happenings import Happening, projects
from .records import OCCASIONS

if TYPE_CHECKING:
    from datetime import datetime

    from ..engine import Engine
    from ..store import Store

_VERSION = (
    "FROM (SELECT CAST(:m_c AS {int}) AS collection_id, CAST(:m_v AS {int}) AS version_id, CAST(:m_p AS {int}) AS "
    "project_id, CAST(:m_n AS {int}) AS number, CAST(:m_at AS {text}) AS at, CAST(:m_by AS {int}) AS by_id, "
    "CAST(:m_id AS {int}) AS id) m JOIN version v ON v.id = m.version_id JOIN collection c ON c.id = m.collection_id "
    "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id WHERE "
)
_COLLECTION = (
    "FROM collection c JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id WHERE c.id = :m_c AND "
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An automation as matching needs it."""

    id: int
    name: str
    scope: str
    scope_id: int
    on: str
    pattern: str
    filter: str
    action: str


@dataclass(frozen=True, slots=True)
class Fired:
    """An automation that a happening sets off, and where.

    Attributes:
        problem: why nobody can say whether it does: its pattern or filter can't be read any more.
    """

    candidate: Candidate
    happening: Happening
    project: int | None
    collection: int | None
    problem: str = ""


def check_pattern(pattern: str, on: str) -> None:
    """Refuse a pattern that can't be matched.

    Raises:
        Invalid
    """
    if not pattern:
        return
    occasion = OCCASIONS[on]
    if not occasion.patterned:
        raise Invalid(f"{on} has no alias, tag or role that a pattern could fit.")
    if len(pattern) > 500:
        raise Invalid("A pattern has at most 500 characters.")
    if pattern.startswith("~"):
        regex.read(pattern[1:])
    elif on == "role.change" and "*" not in pattern and "?" not in pattern and pattern != "removed":
        Role.parse(pattern)


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern: exactly, by `*` and `?`, or by the regular expression behind `~`."""
    if not pattern:
        return True
    if pattern.startswith("~"):
        return matcher(pattern[1:]).search(name)
    if "*" in pattern or "?" in pattern:
        return matcher(rf"\A{glob_regex(pattern, regex.escape)}\Z").search(name)
    return name == pattern


def check_filter(text: str, on: str, engine: Engine, now: datetime) -> None:
    """Refuse a filter that can't be asked.

    Raises:
        FilterError, Invalid
    """
    if not text.strip():
        return
    target = OCCASIONS[on].target
    if target is None:
        raise Invalid(f"{on} is about no version or collection that could be filtered.")
    compile_filter(parse(text), target, engine, now)


class Matcher:
    """Matches happenings against the automations of their scopes; for one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._owners: dict[int, tuple[int, int]] = {}
        self._filters: dict[int, tuple[str, dict[str, Any]]] = {}
        self._versions = _VERSION.format_map({"int": "BIGINT", "text": "TEXT"})

    def candidates(self, happenings: Sequence[Happening]) -> list[Candidate]:
        """The automations that watch a place where something has happened, oldest first."""
        engine = self._engine
        inside = projects(happenings)
        owners = {owner for one in happenings for owner in one.owners}
        if inside:
            for project, entity, organization in engine.rows(
                "SELECT p.id, e.id, coalesce(e.organization_id, e.id) FROM project p JOIN entity e ON e.id = "
                f"p.entity_id WHERE {engine.any_of('p.id', 'p')}",
                {"p": engine.pack(sorted(inside))},
            ):
                self._owners[project] = (entity, organization)
                owners |= {entity, organization}
        collections = {c for one in happenings for _, c in one.places if c is not None}
        rows: list[tuple[Any, ...]] = []
        for scope, ids in (("organization", owners), ("project", inside), ("collection", collections)):
            if ids:
                rows += engine.rows(
                    "SELECT id, name, scope, scope_id, definition FROM automation WHERE scope = :s AND removed_at IS "
                    f"NULL AND enabled = 1 AND {engine.any_of('scope_id', 'ids')}",
                    {"s": scope, "ids": engine.pack(sorted(ids))},
                )
        return [candidate(row) for row in sorted(rows)]

    def fired(self, candidates: Iterable[Candidate], happening: Happening) -> Iterable[Fired]:
        """Those that a happening sets off, each at the first of its places that it watches."""
        for one in candidates:
            if one.on != happening.on:
                continue
            for project, collection in happening.places or ((None, None),):
                if not self._watches(one, happening, project, collection):
                    continue
                problem = ""
                try:
                    hit = self._named(one, happening, collection) and self._filtered(
                        one, happening, project, collection
                    )
                except Invalid as error:  # read by an older Curatory, perhaps; that must not refuse the change
                    hit, problem = True, f"Its filter or pattern can't be read: {error}"
                if hit:
                    yield Fired(one, happening, project, collection, problem)
                    break

    def _watches(self, one: Candidate, happening: Happening, project: int | None, collection: int | None) -> bool:
        if one.scope == "collection":
            return one.scope_id == collection
        if one.scope == "project":
            return one.scope_id == project
        if project is None:
            return one.scope_id in happening.owners
        return one.scope_id in self._owners.get(project, ())

    def _named(self, one: Candidate, happening: Happening, collection: int | None) -> bool:
        if not one.pattern:
            return True
        if happening.on in ("version.link", "version.create"):
            aliases = self._engine.rows(
                "SELECT alias FROM alias WHERE collection_id = :c AND version_id = :v",
                {"c": collection, "v": happening.version},
            )
            return any(fits(one.pattern, alias) for (alias,) in aliases)
        if happening.on == "role.change":
            return fits(one.pattern, happening.name or "removed")
        return fits(one.pattern, happening.name)

    def _filtered(self, one: Candidate, happening: Happening, project: int | None, collection: int | None) -> bool:
        target = OCCASIONS[one.on].target
        if not one.filter or target is None:
            return True
        if one.id not in self._filters:
            node = parse(one.filter)
            self._filters[one.id] = compile_filter(node, target, self._engine, self._store.now(), narrow=True)
        condition, args = self._filters[one.id]
        if target == "collections":
            return bool(self._engine.value(f"SELECT 1 {_COLLECTION}{condition}", args | {"m_c": collection}))
        row = self._engine.row(
            "SELECT number, at, by_id, id FROM membership WHERE collection_id = :c AND version_id = :v",
            {"c": collection, "v": happening.version},
        )
        number, at, by, place = row or (*(happening.link or (None, None, None)), None)
        return bool(
            self._engine.value(
                f"SELECT 1 {self._versions}{condition}",
                args
                | {
                    "m_c": collection, "m_v": happening.version, "m_p": project,
                    "m_n": number, "m_at": at, "m_by": by, "m_id": place,
                },
            )
        )  # fmt: skip


def candidate(row: Sequence[Any]) -> Candidate:
    """From id, name, scope, scope_id and definition."""
    said = json.loads(row[4])
    return Candidate(
        row[0],
        row[1],
        row[2],
        row[3],
        said["on"],
        said["pattern"],
        said["filter"],
        json.dumps(said["action"], ensure_ascii=False),
    )
