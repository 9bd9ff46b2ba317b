"""Collections: what runs log into (sequences), and what versions are linked into (portfolios)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...store import Collection as Record
from ...store import NotFound
from . import artifacts, people, projects
from .base import Call, Object, all_of, from_json, gid, page, size_of, slice_, time


class _Collection(Object):
    interfaces = ("ArtifactCollection",)

    def __init__(self, call: Call, record: Record) -> None:
        super().__init__(call)
        self._record = record

    def id(self) -> str:
        return gid(self.kind(), self._record.id)

    def name(self) -> str:
        return self._record.name

    def description(self) -> str | None:
        return self._record.description or None  # clients of 0.22 take no empty one

    def state(self) -> str:
        return "READY"

    def created_at(self) -> str | None:
        return time(self._record.created_at)

    def updated_at(self) -> str | None:
        return time(self._record.updated_at)

    def project(self) -> projects.Project:
        return projects.Project(self._call, self._store.projects.by_id(self._record.project_id))

    def default_artifact_type(self) -> dict[str, Any]:
        return projects.artifact_type(self._record.type, self._record.created_at)

    def artifact_types(self, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        return all_of([self.default_artifact_type()], lambda one: one)

    def tags(self) -> dict[str, Any]:
        return all_of(self._record.tags, tag)

    def aliases(self, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        names = [*self._record.aliases, *(["latest"] if self._record.latest is not None else [])]
        return slice_(names, lambda one: artifacts.alias(one, self._record.id), first, after)

    def artifacts(
        self,
        first: int | None = None,
        after: str | None = None,
        order: str | None = None,
        filters: str | None = None,
    ) -> dict[str, Any]:
        found = self._store.search.versions(
            self._record.path,
            _committed(filters),
            order=_version_order(order),
            limit=size_of(first),
            after=after,
            total=True,
        )
        return page(found, lambda one: artifacts.Artifact(self._call, one), version=lambda one: f"v{one.number}")

    def artifact_memberships(
        self, first: int | None = None, after: str | None = None, order: str | None = None, filters: str | None = None
    ) -> dict[str, Any]:
        found = self._store.search.versions(
            self._record.path,
            _committed(filters),
            order=_version_order(order),
            limit=size_of(first),
            after=after,
            total=True,
        )
        return page(found, lambda one: artifacts.Membership(self._call, one))

    def artifact_membership(self, alias_name: str) -> artifacts.Membership | None:
        try:
            return artifacts.Membership(self._call, self._store.versions.get(f"{self._record.path}:{alias_name}"))
        except NotFound:
            return None

    def latest_artifact(self) -> artifacts.Artifact | None:
        if self._record.latest is None:
            return None
        version = self._store.versions.get(f"{self._record.path}:v{self._record.latest}")
        return artifacts.Artifact(self._call, version)

    def created_by(self) -> people.User | None:
        return artifacts.user(self._call, self._record.created_by)


class ArtifactSequence(_Collection):
    """What runs log into."""


class ArtifactPortfolio(_Collection):
    """What versions are linked into."""


def node(call: Call, record: Record) -> _Collection:
    return (ArtifactSequence if record.kind == "sequence" else ArtifactPortfolio)(call, record)


def tag(name: str) -> dict[str, Any]:
    return {"__typename": "Tag", "id": gid("Tag", name), "name": name, "tagCategoryName": None}


def _version_order(order: str | None) -> str:
    """The client's order of a collection's versions: by creation, newest first unless it says."""
    wanted = order or "-number"
    for name in ("createdAt", "created_at", "version_index", "versionIndex"):
        wanted = wanted.replace(name, "number")
    return wanted if wanted.lstrip("+-") in ("number", "linked_at", "artifact_size") else "-number"


def _committed(filters: str | None) -> Mapping[str, Any] | None:
    """A client's filter, without asking for what is complete: nothing else is a version."""
    wanted = dict(from_json(filters, "filter"))
    if wanted.get("state") == "COMMITTED":
        del wanted["state"]
    return wanted or None
