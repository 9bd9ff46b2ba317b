"""What automations watch, and who may make them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..access import Permission, Role, allowed
from ..errors import Forbidden, Invalid
from .records import Automation, ScopeKind

if TYPE_CHECKING:
    from ..paths import Place
    from ..store import Store


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched.

    Attributes:
        owner: in whose automations the name is unique: the organization, or who is in none.
        project, collection: where it is; None for an organization.
    """

    kind: ScopeKind
    id: int
    owner: int
    path: str
    project: int | None
    collection: int | None


class Scopes:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def at(self, path: str | Place) -> Scope:
        """What a path names, or a place is, as something to watch.

        Raises:
            Invalid: it is nothing that can be watched.
            NotFound, Ambiguous
        """
        place = self._store.paths.resolve(path) if isinstance(path, str) else path
        if place.version_id is not None or place.run_id is not None or place.kind == "user":
            raise Invalid(
                f"{place.path!r} is a {place.kind}; an automation watches an organization, a registry, a project or a "
                "collection."
            )
        return self.of_place(place)

    def of_place(self, place: Place) -> Scope:
        owner = self._engine.value(
            "SELECT coalesce(organization_id, id) FROM entity WHERE id = :e", {"e": place.entity_id}
        )
        if place.collection_id is not None:
            return Scope("collection", place.collection_id, owner, place.path, place.project_id, place.collection_id)
        if place.project_id is not None:
            return Scope("project", place.project_id, owner, place.path, place.project_id, None)
        assert place.entity_id is not None
        return Scope("organization", place.entity_id, owner, place.entity, None, None)

    def of(self, found: Automation) -> Scope:
        owner = self._engine.value("SELECT owner_id FROM automation WHERE id = :a", {"a": found.id})
        return self.by_id(found.scope_kind, found.scope_id, owner)

    def by_id(self, kind: ScopeKind, number: int, owner: int) -> Scope:
        if kind == "collection":
            row = self._engine.row(
                "SELECT e.name || '/' || p.name || '/' || c.name, p.id FROM collection c JOIN project p ON p.id = "
                "c.project_id JOIN entity e ON e.id = p.entity_id WHERE c.id = :id",
                {"id": number},
            )
            assert row
            return Scope(kind, number, owner, row[0], row[1], number)
        if kind == "project":
            path = self._engine.value(
                "SELECT e.name || '/' || p.name FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.id = :id",
                {"id": number},
            )
            return Scope(kind, number, owner, path, number, None)
        name = self._engine.value("SELECT name FROM entity WHERE id = :id", {"id": number})
        return Scope(kind, number, owner, name, None, None)

    def touching(self, place: Scope) -> tuple[str, dict[str, Any]]:
        """SQL: it watches a place, what is in it, or what it is in."""
        args: dict[str, Any] = {"c": place.collection, "p": place.project, "o": place.owner}
        entity = place.id if place.kind == "organization" else None
        if place.project is not None:
            entity = self._engine.value("SELECT entity_id FROM project WHERE id = :p", {"p": place.project})
        args["e"] = entity
        if place.kind == "collection":
            inner = "(a.scope = 'collection' AND a.scope_id = :c)"
        elif place.kind == "project":
            inner = "(a.scope = 'collection' AND c.project_id = :p)"
            args.pop("c")
        else:
            args.pop("c")
            args.pop("p")
            return (
                "(coalesce(p.entity_id, a.scope_id) = :e OR a.owner_id = :e OR "
                "(a.scope = 'organization' AND a.scope_id IN (:e, :o)))",
                args,
            )
        return (
            f"({inner} OR (a.scope = 'project' AND a.scope_id = :p) OR "
            "(a.scope = 'organization' AND a.scope_id IN (:e, :o)))",
            args,
        )

    def need(self, place: Scope, permission: Permission = Permission.CREATE_AUTOMATION) -> None:
        """Refuse who may not make automations there.

        Raises:
            Forbidden
        """
        if self.may(place):
            return
        if place.kind == "organization":
            who = "only its admins are"
        else:
            who = f"that needs the role {'member' if place.kind == 'collection' else 'admin'} there"
        raise Forbidden(
            f"{self._store.actor.name} is not allowed to {permission.value} in {place.path}, or to look into its "
            f"history: {who}. Ask an admin of it."
        )

    def may(self, place: Scope) -> bool:
        """A registry's automation runs for every collection of it: that takes its admin."""
        if place.kind == "organization":
            return bool(
                self._engine.value(
                    "SELECT 1 FROM entity e WHERE e.id = :e AND (EXISTS (SELECT 1 FROM organization_member o WHERE "
                    "o.user_id = :me AND o.role = 'admin' AND o.organization_id = coalesce(e.organization_id, e.id)) "
                    "OR EXISTS (SELECT 1 FROM team_member t WHERE t.team_id = e.id AND t.user_id = :me AND "
                    "t.role = 'admin'))",
                    {"e": place.id, "me": self._store.actor.id},
                )
            )
        role = self._role(place.project)
        if place.kind == "collection":
            return allowed(role, Permission.CREATE_AUTOMATION)
        return role is not None and role >= Role.ADMIN

    def _role(self, project: int | None) -> int | None:
        return self._engine.value(
            f"SELECT {self._store.role_sql} FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.id = :p",
            {"p": project} | self._store.me,
        )
