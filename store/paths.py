"""Paths: `[<organization or entity>/]<project>/<collection>[:<alias or vN>]`, and every unambiguous short form.

What the actor may not see is not found, in the same words as what does not exist.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .access import Permission, need
from .errors import Ambiguous, Invalid, NotFound
from .names import REGISTRY_PREFIX, alias_number, closest, fold_key

if TYPE_CHECKING:
    from .records import Version
    from .store import Store

# What people see on screens works in paths too.
_TITLES = {"models": "model", "datasets": "dataset"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A path taken apart: one to three parts, and what followed the first ':'."""

    parts: tuple[str, ...]
    alias: str | None

    @property
    def name(self) -> str:
        """The last part."""
        return self.parts[-1]

    @property
    def before(self) -> tuple[str, ...]:
        """The parts before the last."""
        return self.parts[:-1]

    @property
    def text(self) -> str:
        return "/".join(self.parts) + (f":{self.alias}" if self.alias is not None else "")


@dataclass(frozen=True, slots=True)
class Place:
    """What a path led to. Later fields are None where the path ends earlier.

    Attributes:
        role: the actor's effective role in the project, 1 to 4.
        removed: it exists only in the history.
    """

    entity_id: int | None
    entity: str
    entity_kind: str
    project_id: int | None = None
    project: str = ""
    project_kind: str = ""
    role: int = 0
    collection_id: int | None = None
    collection: str = ""
    collection_kind: str = ""
    type: str = ""
    version_id: int | None = None
    number: int | None = None
    run_id: int | None = None
    removed: bool = False

    @property
    def path(self) -> str:
        parts = [self.entity, self.project, self.collection]
        text = "/".join(part for part in parts if part)
        return f"{text}:v{self.number}" if self.number is not None else text

    @property
    def kind(self) -> str:
        """ "version", "run", "collection", "registry", "legacy", "project", or the entity's kind."""
        if self.version_id is not None:
            return "version"
        if self.run_id is not None:
            return "run"
        if self.collection_id is not None:
            return "collection"
        return self.project_kind if self.project_id is not None else self.entity_kind


def parse(text: str) -> Parsed:
    """Take a path apart.

    Raises:
        Invalid: it has more than three parts, or an empty one.
    """
    left, colon, alias = unicodedata.normalize("NFC", text).strip().partition(":")
    parts = tuple(left.strip("/").split("/")) if left.strip("/") else ()
    if len(parts) > 3:
        raise Invalid(
            f"Invalid artifact path: {text!r}. A path has at most three parts and an alias: "
            "organization/registry/collection:alias"
        )
    if not parts or not all(part.strip() for part in parts):
        raise Invalid(f"Invalid artifact path: {text!r}. A part is empty; it looks like registry/collection:alias")
    if colon and not alias:
        raise Invalid(f"Invalid artifact path: {text!r}. There is no alias or version after ':'")
    return Parsed(parts, alias if colon else None)


class Paths:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self.redirected: Callable[[str, str], None] | None = None  # hears old and new path, where an old one was used

    # -- projects -----------------------------------------------------------------------------------------------

    def _projects(self, name: str, prefix: str | None, *, removed: bool = False) -> list[Place]:
        key, plain, registry = keys(name)
        args: dict[str, Any] = {"key": key, "plain": plain, "registry": registry}
        where = "p.key IN (:key, :registry, :plain)"
        if prefix is not None:
            where += " AND (e.key = :prefix OR (e.kind = 'organization' AND lower(e.title) = :prefix))"
            args["prefix"] = fold_key(prefix)
        if not removed:
            where += " AND p.removed_at IS NULL"
        rows = self._engine.rows(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, {self._store.role_sql}, p.removed_at IS "
            "NOT NULL, p.key "
            f"FROM project p JOIN entity e ON e.id = p.entity_id WHERE {where} ORDER BY p.removed_at IS "
            "NOT NULL, p.id DESC",
            args | self._store.me,
        )
        # What is there goes before what was, a registry before other projects, and one really named "models" before
        # the screen's name for "model".
        found = [
            (
                row[7],
                2 if row[5] != "registry" else int(row[8] not in (key, plain)),
                Place(*row[:7], removed=bool(row[7])),
            )
            for row in rows
            if row[6]
        ]
        if not found:
            return []
        best = min(one[:2] for one in found)
        places = [place for *order, place in found if tuple(order) == best]
        return places[: 1 if removed and best[0] else None]

    def project(self, text: str, *, removed: bool = False) -> Place:
        """The project, registry or legacy registry that a path names.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        parsed = parse(text)
        if len(parsed.parts) > 2 or parsed.alias is not None:
            raise Invalid(f"{text!r} names a collection or version; a registry's or project's path is expected here")
        name, prefix = parsed.name, parsed.before[-1] if parsed.before else None
        found = self._projects(name, prefix, removed=removed)
        if not found:
            raise NotFound(self._no_project(name, prefix))
        return _only(found, text)

    def registry(self, text: str) -> Place:
        """A registry (or a team's legacy registry).

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self.project(text)
        if place.project_kind == "project":
            raise Invalid(f"{place.path} is a source project, not a registry")
        return place

    def _no_project(self, name: str, prefix: str | None) -> str:
        if prefix is not None:
            near = self._close_project(name)
            return f"project {name!r} not found under entity {prefix!r}" + (f".{near}" if near else "")
        return f"There is no registry or project {name!r}." + self._close_project(name)

    def _close_project(self, name: str) -> str:
        known = [
            project.removeprefix(REGISTRY_PREFIX)
            for (project,) in self._engine.rows(
                f"SELECT p.name FROM project p JOIN entity e ON e.id = p.entity_id "
                f"WHERE p.removed_at IS NULL AND {self._store.role_sql} >= 1 LIMIT 2000",
                self._store.me,
            )
        ]
        return closest(name, known)

    # -- collections --------------------------------------------------------------------------------------------

    def collection(self, text: str, *, removed: bool = False) -> Place:
        """The collection that a path names; an alias in it is refused.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        parsed = parse(text)
        if parsed.alias is not None:
            raise Invalid(f"{text!r} names a version; leave out ':{parsed.alias}' for the collection")
        return self._collection(parsed, text, removed=removed)

    def _collection(self, parsed: Parsed, text: str, *, removed: bool = False) -> Place:
        *before, name = parsed.parts
        projects: list[Place] | None = None
        if before:
            projects = self._projects(before[-1], before[0] if len(before) == 2 else None, removed=removed)
            if not projects:
                raise NotFound(self._no_project(before[-1], before[0] if len(before) == 2 else None))
        where = "c.name = :name" + ("" if removed else " AND c.removed_at IS NULL AND p.removed_at IS NULL")
        args: dict[str, Any] = {"name": name} | self._store.me
        if projects is not None:
            where += f" AND {self._engine.any_of('c.project_id', 'projects')}"
            args["projects"] = self._engine.pack([p.project_id for p in projects])
        rows = self._engine.rows(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, {self._store.role_sql}, c.id, c.name, c.kind, c.type, "
            "c.removed_at IS NOT NULL FROM collection c JOIN project p ON p.id = c.project_id "
            f"JOIN entity e ON e.id = p.entity_id WHERE {where} AND {self._store.role_sql} >= 1 "
            "ORDER BY c.removed_at IS NOT NULL, c.id DESC LIMIT 200",
            args,
        )
        found = self._moved([Place(*row[:11], removed=bool(row[11])) for row in rows], bare=projects is None)
        if found and not found[0].removed:
            found = [place for place in found if not place.removed]
        elif found:
            found = found[:1]
        if not found:
            where_text = f" in '{projects[0].path}'" if projects else ""
            raise NotFound(
                f"artifact collection {name!r} not found{where_text}." + self._close_collection(name, projects)
            )
        registries = [place for place in found if place.project_kind == "registry"]
        if projects is None and len(registries) == 1:
            found = registries  # a bare name means the registry's collection rather than the source of the same name
        return _only(found, text)

    def _moved(self, places: list[Place], *, bare: bool) -> list[Place]:
        """Where paths into legacy registries lead since those were migrated; `redirected` hears of it.

        What has taken the place of another that is there under the same name stands for both, and a bare name means
        a registry's collection of that name before it is an old path.
        """
        there = {place.collection_id for place in places if not place.removed}
        named = bare and any(place.project_kind == "registry" and not place.removed for place in places)
        found: list[Place] = []
        for place in places:
            target = None
            if place.project_kind == "legacy" and not place.removed and place.collection_id is not None:
                target = self._store.legacy.moved_to(place.collection_id)
            if target is None:
                found.append(place)
            elif target not in there and not named:
                found.append(self._moved_to(place, target))
        return found

    def _moved_to(self, place: Place, target: int) -> Place:
        row = self._engine.row(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, {self._store.role_sql}, c.id, c.name, c.kind, c.type "
            "FROM collection c JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id "
            "WHERE c.id = :c AND c.removed_at IS NULL AND p.removed_at IS NULL",
            {"c": target} | self._store.me,
        )
        if row is None or not row[6]:  # it was deleted there since, or is not for the actor: the old one still stands
            return place
        moved = Place(*row)
        if self.redirected:
            self.redirected(place.path, moved.path)
        return moved

    def _close_collection(self, name: str, projects: list[Place] | None) -> str:
        if not projects:
            return ""
        known = [
            n
            for (n,) in self._engine.rows(
                "SELECT name FROM collection WHERE project_id = :p AND removed_at IS NULL LIMIT 2000",
                {"p": projects[0].project_id},
            )
        ]
        return closest(name, known)

    # -- versions -----------------------------------------------------------------------------------------------

    def version(self, text: str) -> Place:
        """The version that a path names; without an alias the latest.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        parsed = parse(text)
        collection = self._collection(parsed, text)
        return self.in_collection(collection, parsed.alias or "latest")

    def in_collection(self, place: Place, alias: str) -> Place:
        """A version in a collection by alias, `vN` or `latest`.

        Raises:
            NotFound: names the aliases that there are.
        """
        kind, value = alias_kind(alias)
        row = self._engine.row(
            "SELECT m.version_id, m.number FROM membership m WHERE m.collection_id = :c AND "
            f"{alias_condition(kind, ':c')}",
            {"c": place.collection_id, "alias": value},
        )
        if row is None:
            raise NotFound(self._no_version(place, alias))
        return replace(place, version_id=row[0], number=row[1])

    def _no_version(self, place: Place, alias: str) -> str:
        highest = self._engine.value(
            "SELECT max(number) FROM membership WHERE collection_id = :c", {"c": place.collection_id}
        )
        if highest is None:
            name = f"{place.collection}:{alias}"
            return f"artifact membership '{name}' not found in '{place.path}': the collection is empty."
        known = [
            a
            for (a,) in self._engine.rows(
                "SELECT alias FROM alias WHERE collection_id = :c", {"c": place.collection_id}
            )
        ]
        listed = (
            f" Its aliases are {', '.join(sorted(known)[:20])}; its newest version is v{highest}."
            if known
            else (f" It has no aliases; its newest version is v{highest}.")
        )
        return f"artifact membership '{place.collection}:{alias}' not found in '{place.path}'.{listed}"

    def at(self, target: str | Version) -> Place:
        """Where a version stands, from its path or from a record that may have grown old.

        Raises:
            NotFound: it is not there any more.
        """
        if isinstance(target, str):
            return self.version(target)
        row = self._engine.row(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, {self._store.role_sql}, c.id, c.name, c.kind, c.type, "
            "m.version_id, m.number FROM membership m JOIN collection c ON c.id = m.collection_id "
            "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id "
            "WHERE m.version_id = :v AND m.collection_id = :c AND c.removed_at IS NULL AND p.removed_at IS NULL",
            {"v": target.id, "c": target.collection_id} | self._store.me,
        )
        if row is None or not row[6]:
            raise NotFound(f"'{target.path}' is not there any more.")
        return Place(*row)

    # -- runs ---------------------------------------------------------------------------------------------------

    def run(self, text: str) -> Place:
        """The run that `[entity/]project/run` names.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        parsed = parse(text)
        if len(parsed.parts) < 2 or parsed.alias is not None:
            raise Invalid(f"{text!r} is not a run's path; it looks like entity/project/run")
        *before, name = parsed.parts
        projects = self._projects(before[-1], before[0] if len(before) == 2 else None)
        if not projects:
            raise NotFound(self._no_project(before[-1], before[0] if len(before) == 2 else None))
        found = []
        for project in projects:
            run = self._engine.value(
                "SELECT id FROM run WHERE project_id = :p AND name = :n AND removed_at IS NULL",
                {"p": project.project_id, "n": name},
            )
            if run is not None:
                found.append(replace(project, run_id=run))
        if not found:
            raise NotFound(f"There is no run {name!r} in '{projects[0].path}'.")
        return _only(found, text)

    # -- anything -----------------------------------------------------------------------------------------------

    def resolve(self, text: str, *, removed: bool = False) -> Place:
        """Whatever a path names: version, collection, run, registry, project, team, user or organization.

        Args:
            removed: find what is only in the history, too.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        parsed = parse(text)
        if parsed.alias is not None:
            if not removed:
                return self.version(text)
            return self._removed_version(self._collection(parsed, text, removed=True), parsed.alias)
        places: list[Place] = []
        missing: NotFound | None = None
        if len(parsed.parts) < 3:
            with suppress(NotFound):
                places.append(self.project(text, removed=removed))
        if len(parsed.parts) == 1:
            with suppress(NotFound):
                places.append(self.entity(text, removed=removed))
        try:
            places.append(self.collection(text, removed=removed))
        except NotFound as error:
            missing = error
        except Ambiguous:
            if not places:  # else there is a nearer meaning
                raise
        if len(parsed.parts) > 1:
            with suppress(NotFound):
                places.append(self.run(text))
        living = [place for place in places if not place.removed]
        if living or places:
            return (living or places)[0]
        if len(parsed.parts) > 1 and missing:
            raise missing  # it says which part is wrong, and what is near
        raise NotFound(f"There is nothing called {text!r} here." + self._close_project(text))

    def _removed_version(self, place: Place, alias: str) -> Place:
        try:
            return self.in_collection(place, alias)
        except NotFound:
            number = alias_number(alias)
            if number is None:
                raise
        assert place.collection_id is not None
        for own in self._store.legacy.selves(place.collection_id):
            prefix = f"link/{own}/"
            for fact, value in self._store.events.values_ever(prefix):
                if value[0] == number:
                    return replace(place, version_id=int(fact.removeprefix(prefix)), number=number, removed=True)
        raise NotFound(f"artifact membership '{place.collection}:{alias}' was never in '{place.path}'.")

    def entity(self, text: str, *, removed: bool = False) -> Place:
        """A user, team or organization by name.

        Raises:
            NotFound
        """
        row = self._engine.row(
            "SELECT id, name, kind, removed_at IS NOT NULL FROM entity WHERE key = :key AND (removed_at "
            "IS NULL OR :removed = 1) "
            "ORDER BY removed_at IS NOT NULL, id DESC LIMIT 1",
            {"key": fold_key(text), "removed": int(removed)},
        )
        if row is None:
            raise NotFound(f"There is no user, team or organization {text!r}.")
        return Place(row[0], row[1], row[2], removed=bool(row[3]))

    def need(self, place: Place, permission: Permission) -> None:
        """Refuse unless the actor's role at a place carries a permission.

        Raises:
            Forbidden
        """
        need(place.role, permission, self._store.actor.name, f"{place.entity}/{place.project}")


def keys(name: str) -> tuple[str, str, str]:
    """What a project segment may stand for: that very project, the registry so named, the registry so titled."""
    key = fold_key(name)
    return key, REGISTRY_PREFIX + key, REGISTRY_PREFIX + _TITLES.get(key, key)


def alias_kind(alias: str) -> tuple[str, Any]:
    """Whether an alias is "latest", a "number" or a "name", and what it is looked up by."""
    if alias == "latest":
        return "latest", None
    number = alias_number(alias)
    return ("name", alias) if number is None else ("number", number)


def alias_condition(kind: str, collection: str) -> str:
    """SQL: membership `m` is the one that the alias bound as :alias names in a collection."""
    if kind == "latest":
        return f"m.number = (SELECT max(x.number) FROM membership x WHERE x.collection_id = {collection})"
    if kind == "number":
        return "m.number = :alias"
    return (
        f"m.version_id = (SELECT a.version_id FROM alias a WHERE a.collection_id = {collection} AND a.alias = :alias)"
    )


def _only(found: list[Place], text: str) -> Place:
    if len(found) > 1:
        listed = ", ".join(place.path for place in found[:5]) + (" …" if len(found) > 5 else "")
        raise Ambiguous(f"{text!r} could be any of: {listed}. Write the longer path.")
    return found[0]
