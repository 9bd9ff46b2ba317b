"""Projects: reading one of any kind, and the source projects that runs and versions are logged into."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .access import Permission, Role, need
from .clock import from_text
from .errors import Forbidden, Invalid, NotFound
from .names import LEGACY_PROJECT, REGISTRY_PREFIX, fold_key, project_name
from .paths import Place
from .records import Project
from .store import insert, writes

if TYPE_CHECKING:
    from .store import Store


def columns(store: Store) -> str:
    """What `record` takes, from project `p` of entity `e`."""
    array = store.engine.array
    used = "SELECT DISTINCT type AS item FROM collection WHERE project_id = p.id AND removed_at IS NULL"
    return (
        "p.id, p.kind, e.name, p.name, p.description, p.visibility, "
        "(SELECT o.name FROM entity o WHERE o.id = p.owner_id), p.core, p.any_type, "
        f"{array(f'SELECT type AS item FROM accepted_type WHERE project_id = p.id UNION {used} ORDER BY 1')}, "
        f"{array('SELECT alias AS item FROM protected_alias WHERE project_id = p.id ORDER BY alias')}, "
        "(SELECT count(*) FROM collection c WHERE c.project_id = p.id AND c.removed_at IS NULL), "
        f"{store.role_sql}, p.created_at, (SELECT b.name FROM entity b WHERE b.id = p.created_by), p.updated_at"
    )


def record(row: tuple[Any, ...]) -> Project:
    return Project(
        *row[:7],
        core=bool(row[7]),
        any_type=bool(row[8]),
        types=tuple(json.loads(row[9] or "[]")),
        protected_aliases=tuple(json.loads(row[10] or "[]")),
        collections=row[11],
        role=Role(row[12]).label,
        created_at=from_text(row[13]),
        created_by=row[14],
        updated_at=from_text(row[15]),
    )


class Projects:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def by_id(self, project: int) -> Project:
        """One project the actor may see.

        Raises:
            NotFound
        """
        row = self._engine.row(
            f"SELECT {columns(self._store)} FROM project p JOIN entity e ON e.id = p.entity_id "
            f"WHERE p.id = :id AND p.removed_at IS NULL AND {self._store.role_sql} >= 1",
            {"id": project} | self._store.me,
        )
        if row is None:
            raise NotFound("It is not there any more, or not for you.")
        return record(row)

    def protected_aliases(self, project: int) -> tuple[str, ...]:
        """The protected aliases of a project the actor may see; `by_id` counts its collections, too.

        Raises:
            NotFound
        """
        place = {"id": project} | self._store.me
        source = f"FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.id = :id AND {self._store.role_sql} >= 1"
        if not self._engine.value(f"SELECT count(*) {source} AND p.removed_at IS NULL", place):
            raise NotFound("It is not there any more, or not for you.")
        rows = self._engine.rows(
            "SELECT alias FROM protected_alias WHERE project_id = :id ORDER BY alias", {"id": project}
        )
        return tuple(alias for (alias,) in rows)

    def get(self, path: str) -> Project:
        """A project, registry or legacy registry by path.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.project(path)
        assert place.project_id is not None
        return self.by_id(place.project_id)

    def list(self, kind: str | None = None) -> list[Project]:
        """Every project the actor may see, of one kind or of all, registries first, by name."""
        rows = self._engine.rows(
            f"SELECT {columns(self._store)} FROM project p JOIN entity e ON e.id = p.entity_id "
            f"WHERE p.removed_at IS NULL AND (:kind = '' OR p.kind = :kind) AND {self._store.role_sql} >= 1 "
            "ORDER BY CASE p.kind WHEN 'registry' THEN 0 WHEN 'legacy' THEN 1 ELSE 2 END, p.core DESC, p.key, e.key",
            {"kind": kind or ""} | self._store.me,
        )
        return [record(row) for row in rows]

    def types_used(self, project: int) -> list[str]:
        """The artifact types of a project's collections, by name."""
        rows = self._engine.rows(
            "SELECT DISTINCT type FROM collection WHERE project_id = :p AND removed_at IS NULL ORDER BY type",
            {"p": project},
        )
        return [kind for (kind,) in rows]

    @writes
    def ensure(self, name: str, entity: str | None = None, *, kind: str = "project") -> Place:
        """A source project, made on first use: the actor's own, or a team's.

        Raises:
            Forbidden: the actor may not log there.
            NotFound: there is no such user or team.
        """
        name = project_name(name)
        owner = self._store.paths.entity(entity or self._store.actor.name)
        if owner.entity_kind == "organization":
            raise Forbidden(
                f"{owner.entity} is an organization: it owns registries. Log into a team's or your own project."
            )
        found = self._existing(owner, name)
        if found:
            return found
        with self._store.events.change("project.create", path=f"{owner.entity}/{name}") as change:
            found = self._existing(owner, name)
            if found:
                return found
            if kind == "project":
                _refuse_reserved(name)
            if self._role_in_entity(owner) < Role.MEMBER:
                raise Forbidden(
                    f"{self._store.actor.name} is not allowed to create a project of {owner.entity}: "
                    "that needs to be a member of the team."
                )
            project = insert(
                self._engine,
                "project",
                entity_id=owner.entity_id,
                kind=kind,
                name=name,
                key=fold_key(name),
                visibility="team",
                owner_id=self._store.actor.id,
                any_type=1,
                created_at=change.now,
                created_by=self._store.actor.id,
                updated_at=change.now,
            )
            change.subject["project_id"] = project
            change.note(f"project/{project}/exists", 0, 1)
        place = self._existing(owner, name)
        assert place
        return place

    def _existing(self, owner: Place, name: str) -> Place | None:
        row = self._engine.row(
            f"SELECT p.id, p.name, p.kind, {self._store.role_sql} FROM project p JOIN entity e ON e.id = p.entity_id "
            "WHERE p.entity_id = :owner AND p.key = :key AND p.removed_at IS NULL",
            {"owner": owner.entity_id, "key": fold_key(name)} | self._store.me,
        )
        if row is None or row[3] is None:
            return None
        return Place(owner.entity_id, owner.entity, owner.entity_kind, row[0], row[1], row[2], row[3])

    def _role_in_entity(self, owner: Place) -> int:
        if owner.entity_id == self._store.actor.id:
            return Role.ADMIN
        role = self._engine.value(
            "SELECT max(CASE role WHEN 'admin' THEN 4 WHEN 'member' THEN 3 ELSE 2 END) FROM ("
            "SELECT role FROM team_member WHERE team_id = :o AND user_id = :me UNION ALL "
            "SELECT m.role FROM organization_member m JOIN entity t ON t.organization_id = m.organization_id "
            "WHERE t.id = :o AND m.user_id = :me AND m.role = 'admin') AS roles",
            {"o": owner.entity_id, "me": self._store.actor.id},
        )
        return role or 0

    @writes
    def remove(self, path: str) -> None:
        """Delete a source project. Versions that are linked in a registry keep living there.

        Raises:
            Forbidden
            Invalid: it is a registry.
        """
        place = self._store.paths.project(path)
        if place.project_kind != "project":
            raise Invalid(f"{place.path} is a registry, not a source project. Use `curatory registry rm`.")
        with self._store.events.change("project.delete", project=place.project_id, path=place.path) as change:
            need(place.role, Permission.DELETE_REGISTRY, self._store.actor.name, place.path)
            change.set(f"project/{place.project_id}/exists", 0)


def _refuse_reserved(name: str) -> None:
    """Refuse a source project the name of a registry: the official client tells the two apart by it."""
    key = fold_key(name)
    if key == LEGACY_PROJECT:
        raise Invalid(f"{name!r} is the name of a team's legacy registry: link models into it, log them elsewhere.")
    if key.startswith(REGISTRY_PREFIX):
        raise Invalid(f"{name!r} is a registry's name: create a registry, or call the project something else.")
