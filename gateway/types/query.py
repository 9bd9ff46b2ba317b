"""The root of every query."""

from __future__ import annotations

from typing import Any

from ...store import NotFound
from ..graphql import Node
from . import artifacts, automations, collections, introspection, people, projects
from .base import Call, Object, gid, number_of, slice_

# What this door can do, in the client's own words for it. What isn't here the client does in an older way, or not.
FEATURES = (
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "ARTIFACT_REGISTRY_SEARCH",
    "ARTIFACT_TAGS",
    "FILESTREAM_GZIP",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    *automations.FEATURES,
)


class Query(Object):
    def __init__(self, call: Call) -> None:
        super().__init__(call)

    def viewer(self) -> people.User:
        return people.User(self._call, self._store.users.get(self._store.actor.name))

    def user(self, user_name: str | None = None, **_: Any) -> people.User | None:
        return artifacts.user(self._call, user_name)

    def users(self, query: str | None = None, **_: Any) -> dict[str, Any]:
        """Whoever has just that name or address."""
        found = artifacts.user(self._call, query) if query else None
        return slice_([found] if found else [], lambda one: one)

    def entity(self, name: str | None = None) -> people.Entity | None:
        return people.entity(self._call, name)

    def organization(self, name: str) -> people.Organization | None:
        return people.organization(self._call, name)

    def project(self, name: str | None = None, entity_name: str | None = None) -> projects.Project | None:
        return projects.find(self._call, entity_name, name)

    def model(self, name: str | None = None, entity_name: str | None = None) -> projects.Project | None:
        return projects.find(self._call, entity_name, name)

    def models(
        self, entity_name: str | None = None, first: int | None = None, after: str | None = None, **_: Any
    ) -> dict[str, Any]:
        owner = entity_name or self._store.users.home()
        own = [one for one in self._store.projects.list() if one.entity == owner]
        return slice_(own, lambda one: projects.Project(self._call, one), first, after)

    def artifact(self, id: str) -> Node | None:
        return artifacts.find(self._call, id)

    def artifact_collection(self, id: str) -> Node | None:
        number = number_of(id, "ArtifactSequence", "ArtifactPortfolio", "ArtifactCollection")
        try:
            return collections.node(self._call, self._store.collections.by_id(number))
        except NotFound:
            return None

    def client_id_mapping(self, client_id: str) -> dict[str, Any] | None:
        """What a client called an artifact before it was there → its id."""
        upload = self._store.uploads.by_client(client_id)
        if upload is None:
            return None
        kind, number = ("Artifact", upload.version) if upload.version else ("ArtifactUpload", upload.id)
        return {"__typename": "ClientIDMapping", "serverID": gid(kind, number)}

    def server_info(self) -> dict[str, Any]:
        return {
            "__typename": "ServerInfo",
            "cliVersionInfo": {"max_cli_version": "99.0.0", "min_cli_version": "0.19.0"},
            "features": [{"__typename": "Feature", "name": name, "isEnabled": True} for name in FEATURES],
            "latestLocalVersionInfo": None,
            "exposesExplicitPagination": True,
        }

    def schema_type(self, name: str) -> dict[str, Any] | None:
        """`__type`."""
        return introspection.type_(name)
