"""Teams: people who own source projects and a legacy registry together, and can be members of registries as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import from_text
from .errors import Conflict, Forbidden, Invalid, NotFound
from .names import closest, entity_name, fold_key
from .organizations import ROLES, refuse_taken
from .records import Entity
from .store import insert, need_organization_admin, writes

if TYPE_CHECKING:
    from .store import Store


class Teams:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def list(self, organization: str | None = None) -> list[Entity]:
        """The teams of the actor's organizations (of one, if named), by name; `role` is the actor's own in each."""
        places = [self._store.organizations.get(organization)] if organization else self._store.organizations.list()
        teams: list[Entity] = []
        for place in places:
            teams += [
                Entity(i, "team", name, title, "", place.name, None, role, ttl, from_text(at))
                for i, name, title, role, ttl, at in self._engine.rows(
                    "SELECT e.id, e.name, e.title, t.role, e.default_ttl, e.created_at FROM entity e "
                    "LEFT JOIN team_member t ON t.team_id = e.id AND t.user_id = :me "
                    "WHERE e.organization_id = :o AND e.kind = 'team' AND e.removed_at IS NULL ORDER BY e.key",
                    {"o": place.id, "me": self._store.actor.id},
                )
            ]
        return teams

    def get(self, name: str) -> Entity:
        """A team by name.

        Raises:
            NotFound
        """
        teams = self.list()
        for team in teams:
            if fold_key(team.name) == fold_key(name):
                return team
        raise NotFound(f"There is no team {name!r}.{closest(name, [team.name for team in teams])}")

    def members(self, name: str) -> list[Entity]:
        """A team's people by name; `role` is their team role."""
        team = self.get(name)
        return [
            Entity(i, kind, who, "", email, team.organization, team.name, role, created_at=from_text(at))
            for i, kind, who, email, role, at in self._engine.rows(
                "SELECT e.id, e.kind, e.name, e.email, t.role, e.created_at FROM team_member t "
                "JOIN entity e ON e.id = t.user_id WHERE t.team_id = :t ORDER BY e.key",
                {"t": team.id},
            )
        ]

    @writes
    def create(self, name: str, *, organization: str | None = None) -> Entity:
        """A new team, with the actor as its admin. The organization's admins create teams.

        Raises:
            Forbidden, Conflict, Invalid
        """
        name = entity_name(name, "Team")
        place = self._store.organizations.get(organization)
        with self._store.events.change("team.create", path=name, organization=place.name) as change:
            need_organization_admin(self._store, place.id, "create a team")
            refuse_taken(self._store, name)
            team = insert(
                self._engine,
                "entity",
                kind="team",
                name=name,
                key=fold_key(name),
                title=name,
                organization_id=place.id,
                created_at=change.now,
            )
            change.subject["person_id"] = team
            change.note(f"entity/{team}/exists", 0, 1)
            change.set(f"team_member/{team}/{self._store.actor.id}", "admin")
        return self.get(name)

    @writes
    def remove(self, name: str) -> None:
        """Remove a team that owns nothing any more; its people lose what they had through it.

        Raises:
            Conflict: it still owns projects.
        """
        team = self.get(name)
        with self._store.events.change("team.remove", person=team.id, path=team.name) as change:
            self._need_admin(team, "remove the team")
            owned = self._engine.value(
                "SELECT count(*) FROM project WHERE entity_id = :t AND removed_at IS NULL", {"t": team.id}
            )
            if owned:
                raise Conflict(
                    f"{team.name} still owns {owned} project(s); delete them first, their versions may be linked."
                )
            for (user,) in self._engine.rows("SELECT user_id FROM team_member WHERE team_id = :t", {"t": team.id}):
                change.set(f"team_member/{team.id}/{user}", None)
            for (project,) in self._engine.rows("SELECT project_id FROM member WHERE entity_id = :t", {"t": team.id}):
                change.set(f"member/{project}/{team.id}", None)
            change.set(f"entity/{team.id}/exists", 0)

    @writes
    def set_member(self, name: str, user: str, role: str = "member") -> None:
        """Add somebody to a team, or change their role in it: admin, member or viewer.

        Raises:
            Forbidden: only the team's and the organization's admins may.
            Conflict: the team would be left without an admin, or they are not of its organization.
        """
        if role not in ROLES:
            raise Invalid(f"There is no team role {role!r}; roles are admin, member and viewer")
        team = self.get(name)
        person = self._store.users.get(user)
        with self._store.events.change(
            "team.member", person=person.id, path=team.name, user=person.name, role=role
        ) as change:
            self._need_admin(team, "change its members")
            if person.kind == "service":
                if role == "viewer":
                    raise Invalid(
                        f"{person.name} is a service account; service accounts can't be viewers. Give it "
                        "the role member."
                    )
                if person.team is not None and person.team != team.name:
                    raise Conflict(
                        f"{person.name} is tied to the team {person.team}; a team's service account "
                        "belongs to no other."
                    )
            if not self._engine.value(
                "SELECT 1 FROM organization_member m JOIN entity t ON t.organization_id = m.organization_id "
                "WHERE t.id = :t AND m.user_id = :u",
                {"t": team.id, "u": person.id},
            ):
                raise Conflict(f"{person.name} is not in the organization {team.organization}; add them there first.")
            if role != "admin":
                self._refuse_last_admin(team, person.id)
            change.set(f"team_member/{team.id}/{person.id}", role)

    @writes
    def remove_member(self, name: str, user: str) -> None:
        """Take somebody out of a team; access they had through it goes with it.

        Raises:
            Forbidden, Conflict
            NotFound: they are not in it.
        """
        team = self.get(name)
        person = self._store.users.get(user)
        with self._store.events.change("team.leave", person=person.id, path=team.name, user=person.name) as change:
            if person.id != self._store.actor.id:
                self._need_admin(team, "change its members")
            self._refuse_last_admin(team, person.id)
            if not change.set(f"team_member/{team.id}/{person.id}", None):
                raise NotFound(f"{person.name} is not in the team {team.name}.")

    @writes
    def set_default_ttl(self, name: str, seconds: int | None) -> None:
        """How long the team's versions live unless they say otherwise; None: for ever. Existing ones too."""
        if seconds is not None and seconds <= 0:
            raise Invalid("A time to live is a positive number of seconds, or none at all")
        team = self.get(name)
        with self._store.events.change("team.ttl", person=team.id, path=team.name, ttl=seconds) as change:
            self._need_admin(team, "change its default time to live")
            change.set(f"entity/{team.id}/default_ttl", seconds)

    def _need_admin(self, team: Entity, what: str) -> None:
        if team.role == "admin":
            return
        try:
            organization = self._store.organizations.get(team.organization)
            need_organization_admin(self._store, organization.id, what)
        except Forbidden:
            raise Forbidden(
                f"{self._store.actor.name} is not allowed to {what} of the team {team.name}: "
                "only its admins and the organization's are."
            ) from None

    def _refuse_last_admin(self, team: Entity, user: int) -> None:
        admins = {
            u
            for (u,) in self._engine.rows(
                "SELECT user_id FROM team_member WHERE team_id = :t AND role = 'admin'", {"t": team.id}
            )
        }
        if admins == {user}:
            raise Conflict(f"{team.name} would be left without an admin. Make somebody else an admin of it first.")
