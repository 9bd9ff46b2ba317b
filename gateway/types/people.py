"""Users, entities, organizations: who can own projects."""

from __future__ import annotations

from typing import Any

from ...store import Entity as Person
from ...store import NotFound
from . import artifacts, automations, collections, projects
from .base import Call, Object, all_of, as_json, from_json, gid, page, size_of, time

_ROLES = {"restricted_viewer": "RESTRICTED_VIEWER", "viewer": "VIEWER", "member": "MEMBER", "admin": "ADMIN"}


class User(Object):
    """A person or a service account."""

    def __init__(self, call: Call, person: Person) -> None:
        super().__init__(call)
        self._person = person

    def id(self) -> str:
        return gid("User", self._person.id)

    def name(self) -> str:
        return self._person.title or self._person.name

    def username(self) -> str:
        return self._person.name

    def email(self) -> str:
        return self._person.email or f"{self._person.name}@localhost"

    def admin(self) -> bool:
        return self._person.role == "admin"

    def entity(self) -> str:
        """Where the viewer logs unless they say: their team, since only what a team logs can be linked."""
        return self._store.as_actor(self._person.name).users.home()

    def default_entity(self) -> Entity:
        return Entity(self._call, self.entity())

    def user_entity(self) -> Entity:
        return Entity(self._call, self._person.name)

    def flags(self) -> str:
        return as_json({})

    def photo_url(self) -> None:
        return None

    def deleted_at(self) -> None:
        return None

    def account_type(self) -> str:
        return "SERVICE" if self._person.kind == "service" else "MEMBER"

    def created_at(self) -> str | None:
        return time(self._person.created_at)

    def api_keys(self) -> dict[str, Any]:
        """Keys are made and seen at the command line only."""
        return all_of([], lambda one: one)

    def teams(self) -> dict[str, Any]:
        mine = [
            team
            for team in self._store.teams.list()
            if any(one.id == self._person.id for one in self._store.teams.members(team.name))
        ]
        return all_of([self._person, *mine], lambda one: Entity(self._call, one.name))

    def organizations(self) -> list[Organization]:
        return [Organization(self._call, one.name) for one in self._store.organizations.list()]

    def projects(self, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        """Every project that the viewer sees; clients look for automations there."""
        return automations.projects_first(self._call, self._store.projects.list(), first, after)

    def runs(self, first: int | None = None) -> dict[str, Any]:
        return all_of([], lambda one: one)


class TeamMember(User):
    """A member of a team."""

    typename = "Member"

    def id(self) -> str:
        return gid("Member", self._person.id)

    def admin(self) -> bool:
        return self._person.role == "admin"

    def role(self) -> str:
        return self._person.role or "member"

    def pending(self) -> bool:
        return False

    def api_key(self) -> None:
        return None


class RegistryMember(User):
    """A person with a role in a registry."""

    typename = "ProjectMember"

    def __init__(self, call: Call, person: Person, role: str) -> None:
        super().__init__(call, person)
        self._role = role

    def role(self) -> dict[str, Any]:
        return role(self._role)


class Entity(Object):
    """Whoever owns projects: a user, a team, or an organization."""

    def __init__(self, call: Call, name: str) -> None:
        super().__init__(call)
        place = self._store.paths.entity(name)
        self._name, self._kind, self._id = place.entity, place.entity_kind, place.entity_id

    def id(self) -> str:
        return gid("Entity", self._id)

    def name(self) -> str:
        return self._name

    def entity_type(self) -> str:
        return {"service": "user"}.get(self._kind, self._kind)

    def is_team(self) -> bool:
        return self._kind == "team"

    def available(self) -> bool:
        return False

    def read_only(self) -> bool:
        return False

    def read_only_admin(self) -> bool:
        return False

    def private_only(self) -> bool:
        return True

    def is_paid(self) -> bool:
        return True

    def photo_url(self) -> None:
        return None

    def storage_bytes(self) -> int:
        return 0

    def code_saving_enabled(self) -> bool:
        return False

    def default_access(self) -> str:
        return "ENTITY_READ"

    def claiming_entity(self) -> None:
        return None

    def limits(self) -> str:
        return as_json({})

    def artifact_ttl_duration_limit_seconds(self) -> None:
        return None

    def default_ttl(self) -> int | None:
        return self._store.teams.get(self._name).default_ttl if self._kind == "team" else None

    def organization(self) -> Organization | None:
        """Given for a person's own entity, too: clients of before 0.20 link nothing without it."""
        if self._kind == "organization":
            return Organization(self._call, self._name)
        if self._kind == "team":
            found = self._store.teams.get(self._name).organization
        elif self._id == self._store.actor.id:
            mine = self._store.organizations.list()
            found = mine[0].name if len(mine) == 1 else None  # of several the client asks which
        else:
            found = self._store.users.get(self._name).organization
        return organization(self._call, found) if found else None

    def user(self) -> User | None:
        if self._kind not in ("user", "service"):
            return None
        return User(self._call, self._store.users.get(self._name))

    def members(self) -> list[TeamMember]:
        if self._kind != "team":
            return []
        people = {one.id: one for one in self._store.teams.members(self._name)}
        return [TeamMember(self._call, one) for one in people.values()]

    def project(self, name: str | None = None) -> projects.Project | None:
        return projects.find(self._call, self._name, name)

    def projects(
        self,
        filters: str | None = None,
        after: str | None = None,
        first: int | None = None,
        order: str | None = None,
    ) -> dict[str, Any]:
        if self._kind == "organization" and (filters or order):
            found = self._store.search.registries(
                {"$and": [{"entity_id": self._id}, from_json(filters, "filter")]},
                order=order or "name",
                limit=size_of(first),
                after=after,
            )
            return page(found, lambda one: projects.Project(self._call, one))
        own = [one for one in self._store.projects.list() if one.entity == self._name]
        return automations.projects_first(self._call, own, first, after)

    def artifact_collections(
        self,
        project_filters: str | None = None,
        filters: str | None = None,
        collection_types: list[str] | None = None,
        after: str | None = None,
        first: int | None = None,
        order: str | None = None,
    ) -> dict[str, Any]:
        """Collections of the organization's registries."""
        found = self._store.search.organization_collections(
            self._name,
            from_json(filters, "collections filter"),
            registries=from_json(project_filters, "registries filter"),
            order=order or "name",
            limit=size_of(first),
            after=after,
            total=True,
        )
        return page(found, lambda one: collections.node(self._call, one))

    def artifact_memberships(
        self,
        project_filters: str | None = None,
        collection_filters: str | None = None,
        filters: str | None = None,
        after: str | None = None,
        first: int | None = None,
        order: str | None = None,
    ) -> dict[str, Any]:
        """Versions linked in the organization's registries."""
        found = self._store.search.organization_versions(
            self._name,
            from_json(filters, "versions filter"),
            registries=from_json(project_filters, "registries filter"),
            collections=from_json(collection_filters, "collections filter"),
            order=order or "linked",
            limit=size_of(first),
            after=after,
        )
        return page(found, lambda one: artifacts.Membership(self._call, one))

    def integrations(self, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        return automations.integrations(self._call, self._name, self._kind, first, after)

    def triggers(
        self,
        first: int | None = None,
        after: str | None = None,
        order: str | None = None,
        filters: str | None = None,
    ) -> dict[str, Any]:
        return automations.of_entity(self._call, self._name, first, after, order, filters)


class Organization(Object):
    """The outermost circle; its name on screens and in paths is the same."""

    def __init__(self, call: Call, name: str) -> None:
        super().__init__(call)
        self._entity = self._store.organizations.get(name)

    def id(self) -> str:
        return gid("Organization", self._entity.id)

    def name(self) -> str:
        return self._entity.name

    def org_type(self) -> str:
        return "ORGANIZATION"

    def org_entity(self) -> Entity:
        return Entity(self._call, self._entity.name)

    def triggers(
        self,
        first: int | None = None,
        after: str | None = None,
        order: str | None = None,
        filters: str | None = None,
    ) -> dict[str, Any]:
        return automations.of_entity(self._call, self._entity.name, first, after, order, filters)

    def core_weave_organization_id(self) -> None:
        return None

    def advanced_registry_features(self) -> dict[str, Any]:
        return {"__typename": "AdvancedRegistryFeatures", "advancedSearch": True}

    def feature_flags(self, ramp_id_type: str | None = None) -> list[Any]:
        return []

    def members(self) -> list[User]:
        return [User(self._call, one) for one in self._store.organizations.people(self._entity.name)]

    def teams(self) -> list[Entity]:
        return [Entity(self._call, one.name) for one in self._store.teams.list(self._entity.name)]


def organization(call: Call, name: str) -> Organization | None:
    try:
        return Organization(call, name)
    except NotFound:
        return None


def entity(call: Call, name: str | None) -> Entity | None:
    """Somebody by name; the viewer's own where none is given. Null is what clients take for "not there"."""
    try:
        return Entity(call, name or call.store.users.home())
    except NotFound:
        return None


def role(name: str) -> dict[str, Any]:
    """A role as members of a registry have it."""
    return {"__typename": "Role", "name": name.lower(), "id": gid("Role", name.lower())}
