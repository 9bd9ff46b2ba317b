"""Organizations: the outermost circle of people. Each owns registries, beginning with Models and Datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import from_text
from .errors import Ambiguous, Conflict, Forbidden, Invalid, NotFound
from .names import REGISTRY_PREFIX, entity_name, fold_key
from .records import Entity
from .store import insert, need_organization_admin, writes

if TYPE_CHECKING:
    from .store import Store

ROLES = ("admin", "member", "viewer")


class Organizations:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def list(self) -> list[Entity]:
        """The organizations the actor belongs to, by name."""
        rows = self._engine.rows(
            "SELECT e.id, e.name, e.title, o.role, e.created_at FROM entity e "
            "JOIN organization_member o ON o.organization_id = e.id "
            "WHERE o.user_id = :me AND e.kind = 'organization' AND e.removed_at IS NULL ORDER BY e.key",
            {"me": self._store.actor.id},
        )
        return [
            Entity(i, "organization", name, title, role=role, created_at=from_text(at))
            for i, name, title, role, at in rows
        ]

    def get(self, name: str | None = None) -> Entity:
        """One of the actor's organizations; the only one when no name is given.

        Raises:
            NotFound: the actor belongs to none of that name.
            Ambiguous: no name was given and there are several.
        """
        mine = self.list()
        if name is not None:
            for organization in mine:
                if fold_key(name) in (fold_key(organization.name), fold_key(organization.title)):
                    return organization
            listed = ", ".join(o.name for o in mine) or "none"
            raise NotFound(f"There is no organization {name!r} for {self._store.actor.name}, who belongs to: {listed}.")
        if not mine:
            raise NotFound(
                f"{self._store.actor.name} belongs to no organization; an admin adds people with `curatory user add`."
            )
        if len(mine) > 1:
            raise Ambiguous(
                f"{self._store.actor.name} belongs to several organizations ({', '.join(o.name for o in mine)}); "
                "say which one."
            )
        return mine[0]

    @writes
    def create(self, name: str) -> Entity:
        """A further organization, with the actor as its admin. Admins of an organization may do that.

        Raises:
            Forbidden, Conflict, Invalid
        """
        name = entity_name(name, "Organization")
        if not any(mine.role == "admin" for mine in self.list()):
            raise Forbidden(
                f"{self._store.actor.name} is not allowed to create an organization: only admins of one are. Ask one."
            )
        self.found(name, self._store.actor.id)
        return self.get(name)

    def found(self, name: str, admin: int) -> int:
        """Make an organization and its core registries. Permission is the caller's to check."""
        refuse_taken(self._store, name)
        with self._store.batch(), self._store.events.change("organization.create", person=None, path=name) as change:
            at = change.now
            organization = insert(
                self._engine, "entity", kind="organization", name=name, key=fold_key(name), title=name, created_at=at
            )
            change.subject["person_id"] = organization
            change.note(f"entity/{organization}/exists", 0, 1)
            change.set(f"organization_member/{organization}/{admin}", "admin")
            for short in ("model", "dataset"):
                registry = insert(
                    self._engine,
                    "project",
                    entity_id=organization,
                    kind="registry",
                    name=REGISTRY_PREFIX + short,
                    key=fold_key(REGISTRY_PREFIX + short),
                    visibility="organization",
                    owner_id=admin,
                    core=1,
                    created_at=at,
                    created_by=admin,
                    updated_at=at,
                )
                change.note(f"project/{registry}/exists", 0, 1)
                change.set(f"accepted_type/{registry}/{short}", 1)
        return organization

    def people(self, organization: str | None = None) -> list[Entity]:
        """Everyone in an organization, users before service accounts, by name, with their organization role."""
        place = self.get(organization)
        rows = self._engine.rows(
            "SELECT e.id, e.kind, e.name, e.email, o.role, e.created_at, t.name FROM organization_member o "
            "JOIN entity e ON e.id = o.user_id LEFT JOIN entity t ON t.id = e.team_id "
            "WHERE o.organization_id = :o AND e.removed_at IS NULL ORDER BY e.kind DESC, e.key",
            {"o": place.id},
        )
        return [
            Entity(i, kind, name, "", email, place.name, team, role, created_at=from_text(at))
            for i, kind, name, email, role, at, team in rows
        ]

    @writes
    def set_role(self, user: str, role: str, organization: str | None = None) -> None:
        """Change what somebody is in the organization: admin, member or viewer.

        Raises:
            Forbidden: the actor is not an admin of it.
            Conflict: it would be left without an admin.
        """
        if role not in ROLES:
            raise Invalid(f"There is no organization role {role!r}; roles are admin, member and viewer")
        place = self.get(organization)
        with self._store.events.change("user.role", path=user, organization=place.name, role=role) as change:
            need_organization_admin(self._store, place.id, "change organization roles")
            person = self._store.users.get(user)
            if person.kind == "service" and role == "viewer":
                raise Invalid(
                    f"{person.name} is a service account; service accounts can't be viewers. Give it the role member."
                )
            change.subject["person_id"] = person.id
            change.detail["path"] = person.name
            fact = f"organization_member/{place.id}/{person.id}"
            if role != "admin":
                self.refuse_last_admin(place.id, person.id, place.name)
            change.set(fact, role)

    def refuse_last_admin(self, organization: int, user: int, name: str) -> None:
        """Refuse to take an organization's last admin away."""
        others = self._engine.value(
            "SELECT count(*) FROM organization_member WHERE organization_id = :o AND role = 'admin' AND user_id <> :u",
            {"o": organization, "u": user},
        )
        is_admin = self._engine.value(
            "SELECT 1 FROM organization_member WHERE organization_id = :o AND role = 'admin' AND user_id = :u",
            {"o": organization, "u": user},
        )
        if is_admin and not others:
            raise Conflict(f"{name} would be left without an admin. Make somebody else an admin first.")


def refuse_taken(store: Store, name: str) -> None:
    """Refuse a name that a user, team or organization has: they share one space, because they begin paths."""
    taken = store.engine.row(
        "SELECT kind, name FROM entity WHERE key = :key AND removed_at IS NULL", {"key": fold_key(name)}
    )
    if taken:
        raise Conflict(
            f"{taken[1]!r} is taken by a {taken[0]} already; users, teams and organizations share their "
            "names. Choose another."
        )
