"""Users and service accounts: who can act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import optional
from .errors import Conflict, Invalid, NotFound
from .names import closest, entity_name, fold_key
from .organizations import ROLES, refuse_taken
from .records import Entity
from .store import insert, need_organization_admin, writes

if TYPE_CHECKING:
    from .store import Store


class Users:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def id_of(self, name: str, *, removed: bool = False) -> int:
        """The id of a user, service account or team; a removed one too, where history is asked.

        Raises:
            NotFound
        """
        row = self._engine.row(
            "SELECT id FROM entity WHERE key = :key AND (removed_at IS NULL OR :removed = 1) ORDER BY "
            "removed_at IS NOT NULL, id DESC",
            {"key": fold_key(name), "removed": int(removed)},
        )
        if row is None:
            known = [name for (name,) in self._engine.rows("SELECT name FROM entity WHERE removed_at IS NULL")]
            raise NotFound(f"There is no user or team {name!r}.{closest(name, known)}")
        return row[0]

    def name_of(self, entity: int) -> str:
        """The name of a user, service account, team or organization that is there.

        Raises:
            NotFound
        """
        name = self._engine.value("SELECT name FROM entity WHERE id = :e AND removed_at IS NULL", {"e": entity})
        if name is None:
            raise NotFound("There is no such user or team any more.")
        return name

    def get(self, name: str) -> Entity:
        """A user or service account by name or e-mail address.

        Raises:
            NotFound
        """
        row = self._engine.row(
            "SELECT e.id, e.kind, e.name, e.title, e.email, o.name, t.name, m.role, e.created_at FROM entity e "
            "LEFT JOIN organization_member m ON m.user_id = e.id "
            "LEFT JOIN entity o ON o.id = m.organization_id LEFT JOIN entity t ON t.id = e.team_id "
            "WHERE (e.key = :key OR (e.email <> '' AND lower(e.email) = :mail)) AND e.kind IN ('user', 'service') "
            "AND e.removed_at IS NULL ORDER BY e.key <> :key, m.organization_id",
            {"key": fold_key(name), "mail": name.lower()},
        )
        if row is None:
            known = [
                name
                for (name,) in self._engine.rows(
                    "SELECT name FROM entity WHERE kind IN ('user', 'service') AND removed_at IS NULL"
                )
            ]
            raise NotFound(f"There is no user {name!r} in this store.{closest(name, known)}")
        return Entity(*row[:8], default_ttl=None, created_at=optional(row[8]))

    def home(self) -> str:
        """Whose project the actor logs into unless they say: their first team's, else their own."""
        team = self._engine.value(
            "SELECT e.name FROM team_member t JOIN entity e ON e.id = t.team_id "
            "WHERE t.user_id = :me AND t.role <> 'viewer' AND e.removed_at IS NULL ORDER BY e.id LIMIT 1",
            {"me": self._store.actor.id},
        )
        return team or self._store.actor.name

    @writes
    def add(
        self,
        name: str,
        *,
        role: str = "member",
        email: str = "",
        service: bool = False,
        team: str | None = None,
        organization: str | None = None,
    ) -> Entity:
        """Add a person, or a service account, to an organization.

        Args:
            role: their organization role: admin, member or viewer.
            service: a service account; it can't be a viewer.
            team: the one team a team-scoped service account is tied to.

        Raises:
            Forbidden: only the organization's admins add people.
            Conflict: the name is taken.
        """
        name = entity_name(name, "User")
        if role not in ROLES:
            raise Invalid(f"There is no organization role {role!r}; roles are admin, member and viewer")
        if service and role == "viewer":
            raise Invalid("Service accounts can't be viewers. Give it the role member.")
        if team and not service:
            raise Invalid("Only service accounts are tied to a team; add a person with `curatory team add`.")
        place = self._store.organizations.get(organization)
        with self._store.events.change(
            "user.add", path=name, role=role, organization=place.name, service=service
        ) as change:
            need_organization_admin(self._store, place.id, "add people")
            refuse_taken(self._store, name)
            tied = self._store.teams.get(team) if team else None
            if tied and tied.organization != place.name:
                raise Conflict(f"{tied.name} is a team of {tied.organization}, not of {place.name}.")
            team_id = tied.id if tied else None
            user = insert(
                self._engine,
                "entity",
                kind="service" if service else "user",
                name=name,
                key=fold_key(name),
                email=email,
                team_id=team_id,
                organization_id=place.id if service else None,
                created_at=change.now,
            )
            change.subject["person_id"] = user
            change.note(f"entity/{user}/exists", 0, 1)
            change.set(f"organization_member/{place.id}/{user}", role)
            if team_id is not None:
                change.set(f"team_member/{team_id}/{user}", "member")
        return self.get(name)

    @writes
    def remove(self, name: str) -> None:
        """Remove somebody from the store: every role goes, what they did stays in the history.

        Raises:
            Forbidden: only admins of every organization they belong to may.
            Conflict: an organization would be left without an admin.
        """
        person = self.get(name)
        with self._store.events.change("user.remove", person=person.id, path=person.name) as change:
            for organization, title in self._engine.rows(
                "SELECT o.organization_id, e.name FROM organization_member o JOIN entity e ON e.id = o.organization_id "
                "WHERE o.user_id = :u",
                {"u": person.id},
            ):
                need_organization_admin(self._store, organization, "remove people")
                self._store.organizations.refuse_last_admin(organization, person.id, title)
                change.set(f"organization_member/{organization}/{person.id}", None)
            if person.id == self._store.actor.id:
                raise Conflict("You can't remove yourself. Ask another admin.")
            for (team,) in self._engine.rows("SELECT team_id FROM team_member WHERE user_id = :u", {"u": person.id}):
                change.set(f"team_member/{team}/{person.id}", None)
            for (project,) in self._engine.rows("SELECT project_id FROM member WHERE entity_id = :u", {"u": person.id}):
                change.set(f"member/{project}/{person.id}", None)
            change.set(f"entity/{person.id}/exists", 0)
