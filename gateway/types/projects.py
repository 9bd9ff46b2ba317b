"""Projects: source projects, registries, legacy registries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...store import Collection, NotFound, Version
from ...store import Project as Record
from . import artifacts, automations, collections, people, run_lists, runs
from .base import Call, Object, all_of, from_json, gid, page, size_of, slice_, time

ACCESS = {"organization": "PRIVATE", "restricted": "RESTRICTED", "team": "PRIVATE"}


class Project(Object):
    """A workspace of an entity, of any kind."""

    def __init__(self, call: Call, record: Record, triggers: list[automations.Trigger] | None = None) -> None:
        super().__init__(call)
        self._record = record
        self._triggers = triggers

    def id(self) -> str:
        return gid("Project", self._record.id)

    def internal_id(self) -> str:
        return gid("ProjectInternalId", self._record.id)

    def name(self) -> str:
        return self._record.name

    def entity_name(self) -> str:
        return self._record.entity

    def entity(self) -> people.Entity:
        return people.Entity(self._call, self._record.entity)

    def description(self) -> str | None:
        return self._record.description or None  # clients of 0.22 take no empty one

    def access(self) -> str:
        return ACCESS[self._record.visibility]

    def created_at(self) -> str | None:
        return time(self._record.created_at)

    def updated_at(self) -> str | None:
        return time(self._record.updated_at)

    def is_benchmark(self) -> bool:
        return False

    def is_published(self) -> bool:
        return False

    def read_only(self) -> bool:
        return self._record.role in ("viewer", "restricted_viewer")

    def tags(self) -> list[Any]:
        return []

    def user(self) -> people.User | None:
        return artifacts.user(self._call, self._record.created_by)

    def owner(self) -> people.User | None:
        return artifacts.user(self._call, self._record.owner)

    # -- artifacts ----------------------------------------------------------------------------------------------

    def allow_all_artifact_types_in_registry(self) -> bool:
        return self._record.any_type

    def artifact_types(
        self, first: int | None = None, after: str | None = None, include_all: bool = False
    ) -> dict[str, Any]:
        names = list(self._record.types)
        if self._record.kind == "project":
            names = self._store.projects.types_used(self._record.id)
        return slice_(names, lambda one: ArtifactType(self._call, self._record, one), first, after)

    def artifact_type(self, name: str) -> ArtifactType | None:
        known = {*self._record.types, *self._store.projects.types_used(self._record.id)}
        return ArtifactType(self._call, self._record, name) if name in known else None

    def artifact(self, name: str) -> artifacts.Artifact | None:
        found = self._version(name)
        return artifacts.Artifact(self._call, found) if found else None

    def artifact_collection_membership(self, name: str) -> artifacts.Membership | None:
        found = self._version(name)
        return artifacts.Membership(self._call, found) if found else None

    def artifact_collection(self, name: str) -> Object | None:
        found = self._collection(name)
        return collections.node(self._call, found) if found else None

    def artifact_collections(
        self,
        first: int | None = None,
        after: str | None = None,
        filters: str | None = None,
        order: str | None = None,
        collection_types: list[str] | None = None,
    ) -> dict[str, Any]:
        return listed(self._call, self._record.path, None, first, after, filters, order)

    def _version(self, name: str) -> Version | None:
        """By `collection:alias`, or by the digest that a client knows it by."""
        try:
            return self._store.versions.get(f"{self._record.path}/{name}")
        except NotFound:
            return None

    def _collection(self, name: str) -> Collection | None:
        try:
            return self._store.collections.get(f"{self._record.path}/{name}")
        except NotFound:
            return None

    def triggers(self) -> list[automations.Trigger]:
        """Its own automations and those of its collections."""
        if self._triggers is None:
            self._triggers = automations.of_project(self._call, self._record)
        return self._triggers

    # -- people -------------------------------------------------------------------------------------------------

    def members(self) -> list[people.RegistryMember]:
        found = [one for one in self._store.members.list(self._record.path) if one.kind in ("user", "service")]
        return [
            people.RegistryMember(self._call, self._store.users.get(one.name), one.role or one.effective)
            for one in found
        ]

    def team_members(self) -> list[dict[str, Any]]:
        return [
            {
                "__typename": "ProjectTeamMember",
                "team": people.Entity(self._call, one.name),
                "role": people.role(one.role or one.effective),
            }
            for one in self._store.members.list(self._record.path)
            if one.kind == "team"
        ]

    # -- runs ---------------------------------------------------------------------------------------------------

    def run(self, name: str) -> runs.Run | None:
        try:
            return runs.Run(self._call, self._store.runs.get(f"{self._record.path}/{name}"))
        except NotFound:
            return None

    def bucket(self, name: str, missing_ok: bool = False) -> runs.Run | None:
        return self.run(name)

    def runs(
        self,
        filters: str | None = None,
        order: str | None = None,
        first: int | None = None,
        after: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        return run_lists.listed(self._call, self._record.path, filters, order, first, after)

    def run_count(self, filters: str | None = None, **_: Any) -> int:
        return len(run_lists.matching(self._call, self._record.path, filters, None))

    def total_runs(self) -> int:
        return self.run_count()

    def sweeps(self, **_: Any) -> dict[str, Any]:
        return all_of([], lambda one: one)

    def total_sweeps(self) -> int:
        return 0

    def sweep(self, **_: Any) -> None:
        return None


class ArtifactType(Object):
    """A type of artifacts, as one project has it."""

    def __init__(self, call: Call, project: Record, name: str) -> None:
        super().__init__(call)
        self._project = project
        self._name = name

    def id(self) -> str:
        return gid("ArtifactType", self._name)

    def name(self) -> str:
        return self._name

    def description(self) -> str:
        return ""

    def created_at(self) -> str | None:
        return time(self._project.created_at)

    def artifact_collections(
        self,
        first: int | None = None,
        after: str | None = None,
        filters: str | None = None,
        order: str | None = None,
    ) -> dict[str, Any]:
        return listed(self._call, self._project.path, self._name, first, after, filters, order)

    def artifact_collection(self, name: str) -> Object | None:
        try:
            found = self._store.collections.get(f"{self._project.path}/{name}")
        except NotFound:
            return None
        return collections.node(self._call, found) if found.type == self._name else None

    def artifact_sequence(self, name: str) -> Object | None:
        """Clients of before 0.20 tell the two kinds of collections by whether this is there."""
        found = self.artifact_collection(name)
        return found if isinstance(found, collections.ArtifactSequence) else None

    def artifact(self, name: str) -> artifacts.Artifact | None:
        try:
            found = self._store.versions.get(f"{self._project.path}/{name}")
        except NotFound:
            return None
        return artifacts.Artifact(self._call, found) if found.type == self._name else None


def artifact_type(name: str, created: datetime | None = None) -> dict[str, Any]:
    return {
        "__typename": "ArtifactType",
        "id": gid("ArtifactType", name),
        "name": name,
        "description": "",
        "createdAt": time(created),
    }


def listed(
    call: Call,
    path: str,
    type: str | None,
    first: int | None,
    after: str | None,
    filters: str | None,
    order: str | None,
) -> dict[str, Any]:
    """The collections of a project; of one type, when it is given."""
    wanted: Any = from_json(filters, "filter") or None
    if type is not None:
        every: list[Collection] = []
        cursor: str | None = None
        while True:
            found = call.store.search.collections(path, wanted, limit=1000, after=cursor, order=_order(order))
            every += [one for one in found.items if one.type == type]
            cursor = found.after
            if cursor is None:
                break
        return slice_(every, lambda one: collections.node(call, one), first, after)
    found = call.store.search.collections(
        path, wanted, order=_order(order), limit=size_of(first), after=after, total=True
    )
    return page(found, lambda one: collections.node(call, one))


def _order(order: str | None) -> str:
    wanted = (order or "name").replace("createdAt", "created_at").replace("updatedAt", "updated_at")
    return wanted if wanted.lstrip("+-") in ("name", "created_at", "updated_at") else "name"


def find(call: Call, entity: str | None, name: str | None) -> Project | None:
    """A project by entity and name. Null is what clients take for "not there"."""
    store = call.store
    try:
        record = store.projects.get(f"{entity or store.users.home()}/{name or 'uncategorized'}")
    except NotFound:
        return None
    return Project(call, record)
