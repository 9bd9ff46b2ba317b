"""Members: which users and teams have which role in a registry, and what each person effectively is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import TEAM_ROLES, Permission, Role, floor
from .errors import Conflict, Invalid, NotFound
from .names import closest, fold_key
from .records import Member
from .store import writes

if TYPE_CHECKING:
    from .paths import Place
    from .store import Store


class Members:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def list(self, path: str) -> list[Member]:
        """Everyone who has access to a registry: teams as they were added, and each person with their effective role.

        Raises:
            NotFound, Forbidden
        """
        place = self._store.paths.project(path)
        self._store.paths.need(place, Permission.VIEW_SETTINGS)
        owner = self._engine.value("SELECT owner_id FROM project WHERE id = :p", {"p": place.project_id})
        given = {
            i: Role(role)
            for i, role in self._engine.rows(
                "SELECT entity_id, role FROM member WHERE project_id = :p", {"p": place.project_id}
            )
        }
        members = [
            Member(name, "team", given[i].label, given[i].label, "registry")
            for i, name in self._engine.rows(
                "SELECT e.id, e.name FROM member g JOIN entity e ON e.id = g.entity_id "
                "WHERE g.project_id = :p AND e.kind = 'team' ORDER BY e.key",
                {"p": place.project_id},
            )
        ]
        for i, kind, name in self._engine.rows(
            "SELECT id, kind, name FROM entity WHERE kind IN ('user', 'service') AND removed_at IS NULL ORDER BY key"
        ):
            found = self._effective(place, i, kind)
            if found:
                role, via = found
                own = given.get(i)
                members.append(Member(name, kind, own.label if own else None, role.label, via, owner=i == owner))
        return members

    def effective(self, place: Place, user: int) -> Role | None:
        """The highest role somebody has in a project, None if it does not exist for them."""
        kind = self._engine.value("SELECT kind FROM entity WHERE id = :u", {"u": user})
        found = self._effective(place, user, kind)
        return found[0] if found else None

    def _effective(self, place: Place, user: int, kind: str) -> tuple[Role, str] | None:
        """The highest role and where it comes from; the same rule as `access.ROLE`, but saying why."""
        roles: list[tuple[int, int, str]] = []  # role, preference among equals, where from
        args = {"p": place.project_id, "u": user, "e": place.entity_id}
        own = self._engine.value("SELECT role FROM member WHERE project_id = :p AND entity_id = :u", args)
        if own:
            roles.append((own, 3, "registry"))
        for role, team in self._engine.rows(
            "SELECT g.role, e.name FROM team_member t JOIN member g ON g.entity_id = t.team_id "
            "JOIN entity e ON e.id = t.team_id WHERE t.user_id = :u AND g.project_id = :p",
            args,
        ):
            roles.append((role, 2, team))
        organization = self._engine.row(
            "SELECT o.role, p.visibility FROM organization_member o JOIN entity e "
            "ON o.organization_id = coalesce(e.organization_id, e.id) JOIN project p ON p.id = :p "
            "WHERE e.id = :e AND o.user_id = :u",
            args,
        )
        if organization and organization[0] == "admin":
            roles.append((Role.ADMIN, 1, "organization"))
        elif organization and organization[1] == "organization":
            roles.append((floor(kind), 1, "organization"))
        team_role = self._engine.value("SELECT role FROM team_member WHERE team_id = :e AND user_id = :u", args)
        if team_role:
            roles.append((TEAM_ROLES[team_role], 2, place.entity))
        if user == place.entity_id:
            roles.append((Role.ADMIN, 3, "owner"))
        if not roles:
            return None
        role, _, via = max(roles)
        return Role(role), via

    @writes
    def add(self, path: str, name: str, role: str | None = None) -> Member:
        """Add a user or a whole team to a registry.

        Args:
            role: restricted_viewer unless given; a service account's is member, an organization admin's admin.

        Raises:
            Forbidden: only the registry's admins may.
            Conflict: they are members already.
        """
        place = self._store.paths.registry(path)
        self._store.paths.need(place, Permission.MANAGE_MEMBERS)
        entity, kind, who = self._member(place, name)
        chosen = Role.parse(role) if role else self._default(place, entity, kind)
        self._check(who, kind, chosen)
        fact = f"member/{place.project_id}/{entity}"
        if self._engine.value(
            "SELECT 1 FROM member WHERE project_id = :p AND entity_id = :e", {"p": place.project_id, "e": entity}
        ):
            raise Conflict(f"{who} is a member of {place.path} already. Change the role with `curatory member set`.")
        with self._store.events.change(
            "member.add", project=place.project_id, person=entity, path=place.path, member=who, role=chosen.label
        ) as change:
            change.set(fact, chosen.label)
        return Member(who, kind, chosen.label, chosen.label, "registry")

    @writes
    def set_role(self, path: str, name: str, role: str) -> Member:
        """Change a member's role.

        Raises:
            Forbidden, Invalid
            NotFound: they are not a member.
        """
        place = self._store.paths.registry(path)
        self._store.paths.need(place, Permission.ASSIGN_ROLES)
        entity, kind, who = self._member(place, name)
        chosen = Role.parse(role)
        self._check(who, kind, chosen)
        self._need_member(place, entity, who)
        with self._store.events.change(
            "member.role", project=place.project_id, person=entity, path=place.path, member=who, role=chosen.label
        ) as change:
            change.set(f"member/{place.project_id}/{entity}", chosen.label)
        return Member(who, kind, chosen.label, chosen.label, "registry")

    @writes
    def remove(self, path: str, name: str) -> None:
        """Remove a member; what they have through the organization or a team stays.

        Raises:
            Forbidden
            NotFound: they are not a member.
        """
        place = self._store.paths.registry(path)
        self._store.paths.need(place, Permission.MANAGE_MEMBERS)
        entity, _, who = self._member(place, name)
        self._need_member(place, entity, who)
        with self._store.events.change(
            "member.remove", project=place.project_id, person=entity, path=place.path, member=who
        ) as change:
            change.set(f"member/{place.project_id}/{entity}", None)

    def _need_member(self, place: Place, entity: int, who: str) -> None:
        if not self._engine.value(
            "SELECT 1 FROM member WHERE project_id = :p AND entity_id = :e", {"p": place.project_id, "e": entity}
        ):
            raise NotFound(f"{who} is not a member of {place.path}. Add them with `curatory member add`.")

    def _member(self, place: Place, name: str):
        if place.project_kind == "legacy":
            raise Invalid(f"{place.path} is a legacy registry: its members are those of the team. Use `curatory team`.")
        row = self._engine.row(
            "SELECT e.id, e.kind, e.name FROM entity e WHERE (e.key = :key OR (e.email <> '' AND "
            "lower(e.email) = :mail)) "
            "AND e.removed_at IS NULL AND e.kind <> 'organization' AND (e.organization_id = :o OR EXISTS "
            "(SELECT 1 FROM organization_member m WHERE m.user_id = e.id AND m.organization_id = :o)) "
            "ORDER BY e.key <> :key",
            {"key": fold_key(name), "mail": name.lower(), "o": place.entity_id},
        )
        if row is None:
            known = [
                n
                for (n,) in self._engine.rows(
                    "SELECT e.name FROM entity e WHERE e.removed_at IS NULL AND e.kind <> 'organization' AND "
                    "(e.organization_id = :o OR EXISTS (SELECT 1 FROM organization_member m WHERE m.user_id = e.id "
                    "AND m.organization_id = :o))",
                    {"o": place.entity_id},
                )
            ]
            raise NotFound(
                f"There is no user or team {name!r} in the organization {place.entity}.{closest(name, known)}"
            )
        return row

    def _default(self, place: Place, entity: int, kind: str) -> Role:
        if kind == "service":
            return Role.MEMBER
        admin = self._engine.value(
            "SELECT 1 FROM organization_member WHERE organization_id = :o AND user_id = :u AND role = 'admin'",
            {"o": place.entity_id, "u": entity},
        )
        return Role.ADMIN if admin else Role.RESTRICTED_VIEWER

    @staticmethod
    def _check(who: str, kind: str, role: Role) -> None:
        if kind == "service" and role < Role.MEMBER:
            raise Invalid(
                f"{who} is a service account; service accounts can't be {role.label}. Give it the role member or admin."
            )
