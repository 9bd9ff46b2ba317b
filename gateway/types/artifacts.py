"""Artifacts: versions, their places in collections, manifests and files; and uploads that are not versions yet."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Sequence
from typing import Any

from ...store import File as Entry
from ...store import NotFound, Permission, Upload, Version, allowed
from . import collections, people, projects, runs
from .base import Call, Object, all_of, as_json, gid, number_of, slice_, time


class Artifact(Object):
    """A version: what is the same at every place, and the place it was asked for at."""

    def __init__(self, call: Call, version: Version) -> None:
        super().__init__(call)
        self._version = version
        self._origin = self._store.versions.origin(version.id)

    def id(self) -> str:
        return gid("Artifact", self._version.id)

    def artifact_sequence(self) -> SourceCollection:
        return SourceCollection(self._call, self._origin)

    def artifact_collections(self, first: int | None = None) -> dict[str, Any]:
        return all_of(self._places(), lambda one: self._collection(one))

    def _collection(self, version: Version) -> Object:
        return collections.node(self._call, self._store.collections.get(version.path.rpartition(":")[0]))

    def version_index(self, **_: Any) -> int:
        return self._origin.number if self._origin.number is not None else self._version.number

    def artifact_type(self) -> dict[str, Any]:
        return projects.artifact_type(self._version.type, self._version.created_at)

    def description(self) -> str:
        return self._version.description

    def metadata(self) -> str:
        return self._version.metadata_json

    def labels(self) -> str:
        return as_json([])

    def ttl_duration_seconds(self) -> int:
        return self._version.ttl if self._version.ttl > 0 else -2

    def ttl_is_inherited(self) -> bool:
        return self._version.ttl == -1

    def tags(self) -> list[dict[str, Any]]:
        return [collections.tag(name) for name in self._version.tags]

    def history_step(self) -> int | None:
        return self._store.versions.step(self._version.id)

    def state(self) -> str:
        return self._version.state.upper()

    def size(self) -> int:
        return self._version.size

    def digest(self) -> str:
        return self._version.digest

    def digest_algorithm(self) -> str:
        return "MANIFEST_MD5"

    def commit_hash(self) -> str:
        """A text that stands for this version and no other."""
        return self._version.digest[:20]

    def file_count(self) -> int:
        return self._version.file_count

    def created_at(self) -> str | None:
        return time(self._version.created_at)

    def updated_at(self) -> str | None:
        return time(self._version.updated_at)

    def created_by(self) -> Object | None:
        if self._version.run:
            try:
                return runs.Run(self._call, self._store.runs.get(self._version.run))
            except NotFound:
                return None  # deleted, or not for this viewer
        return user(self._call, self._version.created_by)

    def used_by(self, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        found = []
        for node in self._store.lineage.used_by(self._version):
            try:
                found.append(self._store.runs.get(node.path))
            except NotFound:
                continue
        return slice_(found, lambda one: runs.Run(self._call, one), first, after)

    def aliases(self) -> list[dict[str, Any]]:
        """At every place that the viewer sees; the number is an alias as well, and old clients count on it."""
        return [
            alias(name, place.collection_id, self._collection(place))
            for place in self._places()
            for name in (*place.aliases, f"v{place.number}")
        ]

    def artifact_memberships(self, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        return slice_(self._places(), lambda one: Membership(self._call, one), first, after)

    def current_manifest(self) -> Manifest:
        return Manifest(self._call, self._version)

    def files(
        self, names: list[str] | None = None, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        return files(self._call, self._version, names, first, after)

    def files_by_manifest_entries(self, entries: list[dict[str, Any]] | None = None, **_: Any) -> dict[str, Any]:
        names = [entry.get("name") or entry.get("path") or "" for entry in entries or ()]
        return files(self._call, self._version, names, None, None)

    def is_referenced(self) -> bool:
        return len(self._places()) > 1

    def _places(self) -> list[Version]:
        return self._store.versions.places_of(self._version.id)


class SourceCollection(Object):
    """Where a version was logged, as far as everybody who sees a link of it may know: by name."""

    typename = "ArtifactSequence"
    interfaces = ("ArtifactCollection",)

    def __init__(self, call: Call, place: Any) -> None:
        super().__init__(call)
        self._place = place

    def id(self) -> str:
        return gid("ArtifactSequence", self._place.collection_id)

    def name(self) -> str:
        return self._place.collection

    def state(self) -> str:
        return "READY"

    def default_artifact_type(self) -> dict[str, Any]:
        return projects.artifact_type(self._place.type)

    def project(self) -> dict[str, Any] | None:
        """None for who may see the link and not where it comes from."""
        if not self._place.role:
            return None
        entity = {"__typename": "Entity", "id": gid("Entity", self._place.entity_id), "name": self._place.entity}
        return {
            "__typename": "Project",
            "id": gid("Project", self._place.project_id),
            "internalId": gid("ProjectInternalId", self._place.project_id),
            "name": self._place.project,
            "entityName": self._place.entity,
            "entity": entity | {"organization": None, "user": None},
        }

    def latest_artifact(self) -> Artifact | None:
        try:
            path = f"{self._place.entity}/{self._place.project}/{self._place.collection}:latest"
            return Artifact(self._call, self._store.versions.get(path))
        except NotFound:
            return None


class PendingArtifact(Object):
    """An upload: an artifact without a version."""

    typename = "Artifact"

    def __init__(self, call: Call, upload: Upload) -> None:
        super().__init__(call)
        self._upload = upload

    def id(self) -> str:
        return gid("ArtifactUpload", self._upload.id)

    def state(self) -> str:
        return "PENDING"

    def digest(self) -> str:
        return self._upload.digest

    def artifact_sequence(self) -> Object | None:
        try:
            return SourceCollection(self._call, self._store.paths.collection(self._upload.path))
        except NotFound:  # it comes into being with its first version
            return Unmade(self._call, self._upload)

    def artifact_type(self) -> dict[str, Any]:
        return projects.artifact_type(self._upload.type, self._upload.created_at)

    def version_index(self, **_: Any) -> None:
        return None

    def description(self) -> str:
        return self._upload.draft["description"]

    def metadata(self) -> str:
        return as_json(self._upload.draft["metadata"])

    def size(self) -> int:
        return self._upload.size

    def file_count(self) -> int:
        return self._upload.files

    def created_at(self) -> str | None:
        return time(self._upload.created_at)

    def updated_at(self) -> str | None:
        return time(self._upload.updated_at)

    def ttl_duration_seconds(self) -> int:
        return -2

    def ttl_is_inherited(self) -> bool:
        return True

    def tags(self) -> list[Any]:
        return []

    def aliases(self) -> list[Any]:
        return []

    def history_step(self) -> None:
        return None

    def digest_algorithm(self) -> str:
        return "MANIFEST_MD5"

    def commit_hash(self) -> str:
        return self._upload.digest[:20]

    def current_manifest(self) -> None:
        return None

    def files(self, **_: Any) -> dict[str, Any]:
        return all_of([], lambda one: one)

    def artifact_memberships(self, **_: Any) -> dict[str, Any]:
        return all_of([], lambda one: one)

    def used_by(self, **_: Any) -> dict[str, Any]:
        return all_of([], lambda one: one)

    def created_by(self) -> None:
        return None


class Unmade(Object):
    """The collection that an upload will make."""

    typename = "ArtifactSequence"
    interfaces = ("ArtifactCollection",)

    def __init__(self, call: Call, upload: Upload) -> None:
        super().__init__(call)
        self._upload = upload

    def id(self) -> str:
        return gid("ArtifactSequence", f"u{self._upload.id}")

    def name(self) -> str:
        return self._upload.name

    def project(self) -> projects.Project:
        return projects.Project(self._call, self._store.projects.by_id(self._upload.project_id))

    def latest_artifact(self) -> None:
        return None


class Membership(Object):
    """A version's place in a collection."""

    typename = "ArtifactCollectionMembership"

    def __init__(self, call: Call, version: Version) -> None:
        super().__init__(call)
        self._version = version

    def id(self) -> str:
        return gid("ArtifactCollectionMembership", self._version.membership_id)

    def version_index(self) -> int:
        return self._version.number

    def created_at(self) -> str | None:
        return time(self._version.linked_at)

    def aliases(self) -> list[dict[str, Any]]:
        names = (*self._version.aliases, f"v{self._version.number}")
        return [alias(name, self._version.collection_id) for name in names]

    def artifact_collection(self) -> Object:
        return collections.node(self._call, self._store.collections.get(self._version.path.rpartition(":")[0]))

    def artifact(self) -> Artifact:
        return Artifact(self._call, self._version)

    def files(
        self, names: list[str] | None = None, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        return files(self._call, self._version, names, first, after)


class Manifest(Object):
    """What a version consists of."""

    typename = "ArtifactManifest"

    def __init__(self, call: Call, version: Version) -> None:
        super().__init__(call)
        self._version = version

    def id(self) -> str:
        return gid("ArtifactManifest", self._version.id)

    def type(self) -> str:
        return "FULL"

    def digest(self) -> str:
        return self._version.digest

    def file(self) -> dict[str, Any]:
        return {
            "__typename": "File",
            "id": gid("ManifestFile", self._version.id),
            "directUrl": self._call.address(
                "manifest", "wandb_manifest.json", v=self._version.id, a=self._store.actor.name
            ),
        }


class File(Object):
    """A file of a version."""

    def __init__(self, call: Call, version: Version, entry: Entry) -> None:
        super().__init__(call)
        self._version = version
        self._entry = entry

    def id(self) -> str:
        return gid("File", f"{self._version.id}/{self._entry.path}")

    def name(self) -> str:
        return self._entry.path

    def display_name(self) -> str:
        return self._entry.path

    def digest(self) -> str:
        return self._entry.digest

    def md5(self) -> str:
        return self._entry.digest

    def size_bytes(self) -> int:
        return self._entry.size

    def storage_path(self) -> str:
        return self._entry.uri or f"wandb_artifacts/{self._version.id}/{self._entry.path}"

    def mimetype(self) -> str:
        return mimetypes.guess_type(self._entry.path)[0] or "application/octet-stream"

    def updated_at(self) -> str | None:
        return time(self._version.created_at)

    def url(self) -> str:
        return self.direct_url()

    def direct_url(self) -> str:
        """Where its bytes are; of a reference, where it points, though nobody fetches it here."""
        if self._entry.sha256 is None:
            return self._entry.uri or ""
        return blob(self._call, self._entry)


def files(
    call: Call, version: Version, names: list[str] | None, first: int | None, after: str | None
) -> dict[str, Any]:
    """The files of a version; references are among them, or a client would leave them out of a download."""
    place = call.store.paths.at(version)
    if not allowed(place.role, Permission.DOWNLOAD):
        call.store.paths.need(place, Permission.DOWNLOAD)
    entries = call.store.versions.files(version)
    if names is not None:
        wanted = {name.removeprefix("./") for name in names}
        entries = [entry for entry in entries if entry.path in wanted]
    return slice_(entries, lambda one: File(call, version, one), first, after)


def blob(call: Call, entry: Entry) -> str:
    """The address of stored bytes, for somebody who has been allowed to see them."""
    return call.address("blob", f"wandb_artifacts/{entry.path}", s=entry.sha256, n=entry.size)


def alias(name: str, collection: int, node: Object | None = None) -> dict[str, Any]:
    return {
        "__typename": "ArtifactAlias",
        "id": gid("ArtifactAlias", f"{collection}/{name}"),
        "alias": name,
        "artifactCollection": node,
        "artifactCollectionName": node.name() if node is not None else None,  # type: ignore[attr-defined]
    }


def user(call: Call, name: str | None) -> people.User | None:
    if name is None:
        return None
    try:
        return people.User(call, call.store.users.get(name))
    except NotFound:
        return None


def find(call: Call, text: str) -> Artifact | PendingArtifact | None:
    """An artifact by its id: a version, or an upload, which is the version once it has arrived."""
    upload = upload_of(call, text)
    if upload is not None and upload.version is None:
        return PendingArtifact(call, upload)
    version = version_of(call, text)
    return Artifact(call, version) if version else None


def upload_of(call: Call, text: str) -> Upload | None:
    try:
        return call.store.uploads.get(number_of(text, "ArtifactUpload"))
    except (NotFound, ValueError):
        return None


def version_of(call: Call, text: str) -> Version | None:
    """The version with an id (or with the id of the upload that became it), at its source where one may see that."""
    upload = upload_of(call, text)
    number = upload.version if upload else number_of(text, "Artifact", "ArtifactUpload")
    places = call.store.versions.places_of(number) if number else []
    return places[0] if places else None


def address_of(call: Call, parts: Sequence[str]) -> str | None:
    """The signed address of a file that a client names by region, entity, project, collection, artifact, md5, name."""
    if len(parts) < 7:
        return None
    version = version_of(call, parts[4])
    if version is None:
        return None
    call.store.paths.need(call.store.paths.at(version), Permission.DOWNLOAD)
    try:
        digest = base64.b64encode(bytes.fromhex(parts[5])).decode()
    except ValueError:
        return None
    found = [one for one in call.store.versions.files(version) if one.digest == digest and one.sha256 is not None]
    return blob(call, found[0]) if found else None
