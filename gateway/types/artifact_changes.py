"""Changes to artifacts and their collections."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ...store import Conflict, Invalid, NotFound, Parts, Upload, Version
from . import artifacts, collections
from .base import Object, all_of, from_json, gid, number_of

LEGACY = "model-registry"
REGISTRY = "wandb-registry-"


class ArtifactChanges(Object):
    # -- logging ------------------------------------------------------------------------------------------------

    def create_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Begin an upload; COMMITTED when the same content is there already."""
        entity = input.get("entity_name") or self._store.users.home()
        project = input.get("project_name") or "uncategorized"
        names = input.get("artifact_collection_names") or [input.get("artifact_collection_name")]
        found = self._store.uploads.begin(
            names[0] or "",
            input["artifact_type_name"],
            input["digest"],
            project=project,
            entity=entity,
            run=self._run_id(entity, project, input.get("run_name")),
            client_id=input.get("client_id"),
            series_id=input.get("sequence_client_id"),
            shared_id=input.get("distributed_id"),
            metadata=from_json(input.get("metadata"), "metadata"),
            description=input.get("description") or "",
            aliases=_aliases(input.get("aliases")),
            tags=_tags(input.get("tags")),
            ttl=_ttl(input.get("ttl_duration_seconds")),
            step=_last_step(input.get("history_step")),
        )
        if isinstance(found, Upload):
            return {"artifact": artifacts.PendingArtifact(self._call, found)}
        return {"artifact": artifacts.Artifact(self._call, found)}

    def _run_id(self, entity: str, project: str, name: str | None) -> int | None:
        if not name:
            return None
        try:
            return self._store.runs.get(f"{entity}/{project}/{name}").id
        except NotFound:
            return None

    def create_artifact_manifest(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Where the manifest goes. It is checked when everything has arrived."""
        kind, base = input.get("type") or "FULL", None
        if kind == "INCREMENTAL" and input.get("base_artifact_id"):
            base = self._version(input["base_artifact_id"]).id
        return self._manifest(number_of(input["artifact_id"], "ArtifactUpload"), kind != "FULL", base)

    def update_artifact_manifest(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Only parts are announced first, and sent when they are known."""
        claims = self._call.signer.read("manifest-id", input["artifact_manifest_id"])
        return self._manifest(claims["u"], claims["added"], claims["base"])

    def _manifest(self, upload: int, added: bool, base: int | None) -> dict[str, Any]:
        self._store.uploads.get(upload)  # or it is not there for this caller
        claims = {"u": upload, "added": added, "base": base}
        file = {
            "__typename": "File",
            "id": gid("ManifestFile", f"u{upload}"),
            "name": "wandb_manifest.json",
            "displayName": "wandb_manifest.json",
            "uploadUrl": self._call.address("new-manifest", "wandb_manifest.json", a=self._store.actor.name, **claims),
            "uploadHeaders": [],
        }
        return {
            "artifactManifest": {
                "__typename": "ArtifactManifest",
                "id": self._call.signer.sign("manifest-id", claims),
                "file": file,
            }
        }

    def create_artifact_files(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """For each announced file where its bytes go; nowhere, when they are here already. In the order asked."""
        specs: Sequence[Mapping[str, Any]] = input.get("artifact_files") or []
        answers: dict[int, dict[str, Any]] = {}
        for text in dict.fromkeys(spec["artifact_id"] for spec in specs):
            upload = self._store.uploads.get(number_of(text, "ArtifactUpload"))
            own = [(n, spec) for n, spec in enumerate(specs) if spec["artifact_id"] == text]
            wanted = self._store.uploads.wanted(upload, [(spec["name"], spec["md5"]) for _, spec in own])
            for (n, spec), needed in zip(own, wanted, strict=True):
                answers[n] = self._awaited(upload, spec) if needed else self._file(upload, spec)
        return {"files": all_of([answers[n] for n in range(len(specs))], lambda one: one)}

    def _file(self, upload: Upload, spec: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "__typename": "File",
            "id": gid("UploadFile", f"{upload.id}/{spec['name']}"),
            "name": spec["name"],
            "displayName": spec["name"],
            "storagePath": f"u{upload.id}/{spec['name']}",
            "uploadUrl": None,
            "uploadHeaders": [],
            "uploadMultipartUrls": None,
            "artifact": artifacts.PendingArtifact(self._call, upload),
        }

    def _awaited(self, upload: Upload, spec: Mapping[str, Any]) -> dict[str, Any]:
        name, actor = spec["name"], self._store.actor.name
        file = self._file(upload, spec)
        address = self._call.address("new-file", name, u=upload.id, p=name, d=spec["md5"], a=actor)
        file["uploadUrl"] = address
        parts = spec.get("upload_parts_input")
        if parts:
            session = secrets.token_hex(16)
            file["uploadMultipartUrls"] = {
                "uploadID": self._call.signer.sign(
                    "parts", {"s": session, "u": upload.id, "p": name, "d": spec["md5"], "a": actor}
                ),
                "uploadUrlParts": [
                    {
                        "partNumber": part["part_number"],
                        "uploadUrl": self._call.address("new-part", name, s=session, n=part["part_number"]),
                    }
                    for part in parts
                ],
            }
        return file

    def complete_multipart_upload_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Put the parts of a big file together. A client that was not answered in time asks again."""
        claims = self._call.signer.read("parts", input["upload_id"])
        blobs, uploads = self._store.blobs, self._store.uploads
        if uploads.received(claims["u"], claims["p"]) != claims["d"]:
            numbers = sorted(part["part_number"] for part in input["completed_parts"])
            with Parts(blobs, claims["s"]).locked() as parts:
                if uploads.received(claims["u"], claims["p"]) != claims["d"]:  # while this one waited
                    uploads.receive(claims["u"], claims["p"], claims["d"], parts.joined(numbers))
                parts.drop()
        return {"digest": claims["d"]}

    def commit_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        version = self._store.uploads.commit(number_of(input["artifact_id"], "ArtifactUpload"), self._birth)
        return {"artifact": artifacts.Artifact(self._call, version)}

    def _birth(self, text: str) -> int | None:
        try:
            found = artifacts.version_of(self._call, text)
        except Invalid:
            return None
        return found.id if found else None

    def use_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        version = self._version(input["artifact_id"])
        entity = input.get("entity_name") or self._store.users.home()
        run = f"{entity}/{input.get('project_name') or 'uncategorized'}/{input['run_name']}"
        place = self._at(version, input.get("artifact_entity_name"), input.get("artifact_project_name"))
        self._store.runs.use(run, place)
        return {"artifact": artifacts.Artifact(self._call, place)}

    def _at(self, version: Version, entity: str | None, project: str | None) -> Version:
        """A version where it was taken from, whose role then counts."""
        places = self._store.versions.places_of(version.id)
        return next((one for one in places if (one.entity, one.project) == (entity, project)), version)

    # -- linking ------------------------------------------------------------------------------------------------

    def link_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        entity, project = input.get("entity_name"), input.get("project_name")
        name = input.get("artifact_portfolio_name")
        if input.get("artifact_portfolio_id"):
            number = number_of(input["artifact_portfolio_id"], "ArtifactPortfolio", "ArtifactCollection")
            target = self._store.collections.by_id(number).path
        else:
            target = f"{entity or self._store.users.home()}/{project}/{name}"
        aliases = _aliases(input.get("aliases"))
        upload = self._upload(input)
        if upload is not None and upload.version is None:
            self._make_place(entity or self._store.users.home(), project or "")
            self._store.uploads.link(upload.id, target, aliases)
            return {"versionIndex": None, "artifactMembership": None}
        version = self._version(input["artifact_id"]) if input.get("artifact_id") else self._became(upload)
        self._make_place(entity or self._store.users.home(), project or "")
        link = self._store.links.add(version, target, aliases)
        return {"versionIndex": link.number, "artifactMembership": artifacts.Membership(self._call, link)}

    def _make_place(self, entity: str, project: str) -> None:
        """Where a client may link without having made it: everywhere but in registries."""
        if project == LEGACY:
            self._store.legacy.ensure(entity)
        elif project and not project.startswith(REGISTRY):
            self._store.projects.ensure(project, entity)

    def _upload(self, input: Mapping[str, Any]) -> Upload | None:
        if input.get("artifact_id"):
            return artifacts.upload_of(self._call, input["artifact_id"])
        return self._store.uploads.by_client(input.get("client_id") or "")

    def _became(self, upload: Upload | None) -> Version:
        places = self._store.versions.places_of(upload.version) if upload and upload.version else []
        if not places:
            raise NotFound("There is no such artifact here: log it first.")
        return places[0]

    def unlink_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        version = self._version(input["artifact_id"])
        collection = number_of(
            input["artifact_portfolio_id"], "ArtifactPortfolio", "ArtifactSequence", "ArtifactCollection"
        )
        for place in self._store.versions.places_of(version.id):
            if place.collection_id == collection:
                self._store.links.remove(place)
                return {"success": True, "artifactID": input["artifact_id"], "clientMutationId": None}
        raise NotFound("The version is not linked there any more.")

    # -- aliases, tags, texts -----------------------------------------------------------------------------------

    def add_aliases(self, input: Mapping[str, Any]) -> dict[str, Any]:
        self._each_place(input, "add")
        return {"success": True}

    def delete_aliases(self, input: Mapping[str, Any]) -> dict[str, Any]:
        self._each_place(input, "remove")
        return {"success": True}

    def _each_place(self, input: Mapping[str, Any], verb: str) -> None:
        version = self._version(input["artifact_id"])
        wanted: dict[tuple[str, str, str], list[str]] = {}
        for one in input["aliases"]:
            where = (one["entity_name"], one["project_name"], one["artifact_collection_name"])
            wanted.setdefault(where, []).append(one["alias"])
        places = self._store.versions.places_of(version.id)
        with self._store.batch():
            for (entity, project, collection), names in wanted.items():
                target = self._store.paths.collection(f"{entity}/{project}/{collection}").collection_id
                place = next((one for one in places if one.collection_id == target), None)
                if place is None:
                    raise NotFound(f"The version is not in {entity}/{project}/{collection} any more.")
                # `latest` and vN belong to nobody; clients send them along all the same.
                own = [name for name in names if name != "latest" and not _is_number(name)]
                if verb == "remove":
                    own = [name for name in own if name in place.aliases]
                if own:
                    getattr(self._store.aliases, verb)(place, *own)

    def update_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        version = self._version(input["artifact_id"])
        store = self._store
        with store.batch():
            text = input.get("description")
            if text is not None and text != version.description:
                store.versions.describe(version, text)
            if input.get("metadata") is not None:
                metadata = from_json(input["metadata"], "metadata")
                if metadata != version.metadata:
                    store.versions.set_metadata(version, metadata)
            if input.get("ttl_duration_seconds") is not None:
                ttl = _ttl(input["ttl_duration_seconds"])
                if ttl != version.ttl:
                    store.versions.set_ttl(version, ttl)
            added, removed = _tags(input.get("tags_to_add")), _tags(input.get("tags_to_delete"))
            if added:
                store.tags.add(version, *added)
            if removed:
                store.tags.remove(version, *[tag for tag in removed if tag in version.tags])
            if input.get("aliases") is not None:
                self._set_aliases(version, _aliases(input["aliases"]))
        return {"artifact": artifacts.Artifact(self._call, store.versions.get(version))}

    def _set_aliases(self, version: Version, wanted: Sequence[str]) -> None:
        """What old clients do: name all aliases that a version is to have at its source."""
        own = [name for name in wanted if name != "latest" and not _is_number(name)]
        gone = [name for name in version.aliases if name != "latest" and name not in own]
        new = [name for name in own if name not in version.aliases]
        if new:
            self._store.aliases.add(version, *new)
        if gone:
            self._store.aliases.remove(version, *gone)

    def delete_artifact(self, input: Mapping[str, Any]) -> dict[str, Any]:
        version = self._version(input["artifact_id"])
        self._store.versions.remove(version, delete_aliases=bool(input.get("delete_aliases")))
        return {"artifact": {"__typename": "Artifact", "id": gid("Artifact", version.id)}}

    # -- collections --------------------------------------------------------------------------------------------

    def update_artifact_sequence(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return self._edited(number_of(input["artifact_sequence_id"], "ArtifactSequence"), input)

    def update_artifact_portfolio(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return self._edited(number_of(input["artifact_portfolio_id"], "ArtifactPortfolio"), input)

    def _edited(self, number: int, input: Mapping[str, Any]) -> dict[str, Any]:
        found = self._store.collections.by_id(number)
        with self._store.batch():
            text, name = input.get("description"), input.get("name")
            if text is not None and text != found.description:
                self._store.collections.describe(found.path, text)
            if name and name != found.name:
                self._store.collections.rename(found.path, name)
        return {"artifactCollection": collections.node(self._call, self._store.collections.by_id(number))}

    def move_artifact_sequence(self, input: Mapping[str, Any]) -> dict[str, Any]:
        number = number_of(input["artifact_sequence_id"], "ArtifactSequence", "ArtifactPortfolio")
        found = self._store.collections.by_id(number)
        changed = self._store.collections.set_type(found.path, input["destination_artifact_type_name"])
        return {"artifactCollection": collections.node(self._call, changed)}

    def delete_artifact_sequence(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return self._gone(number_of(input["artifact_sequence_id"], "ArtifactSequence"))

    def delete_artifact_portfolio(self, input: Mapping[str, Any]) -> dict[str, Any]:
        return self._gone(number_of(input["artifact_portfolio_id"], "ArtifactPortfolio"))

    def _gone(self, number: int) -> dict[str, Any]:
        found = self._store.collections.by_id(number)
        kind = "ArtifactSequence" if found.kind == "sequence" else "ArtifactPortfolio"
        self._store.collections.remove(found.path, delete_aliases=True)
        return {"artifactCollection": {"__typename": kind, "id": gid(kind, number), "state": "DELETED"}}

    def create_artifact_collection_tag_assignments(self, input: Mapping[str, Any]) -> dict[str, Any]:
        tags = _tags(input["tags"])
        self._store.tags.add(self._collection(input), *tags)
        return {"tags": [collections.tag(name) for name in tags]}

    def delete_artifact_collection_tag_assignments(self, input: Mapping[str, Any]) -> dict[str, Any]:
        self._store.tags.remove(self._collection(input), *_tags(input["tags"]))
        return {"success": True}

    def _collection(self, input: Mapping[str, Any]) -> str:
        return f"{input['entity_name']}/{input['project_name']}/{input['artifact_collection_name']}"

    def create_artifact_type(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Types come into being with their first version."""
        from . import projects

        return {"artifactType": projects.artifact_type(input["name"])}

    # -- shared -------------------------------------------------------------------------------------------------

    def _version(self, text: str) -> Version:
        found = artifacts.version_of(self._call, text)
        if found is None:
            upload = artifacts.upload_of(self._call, text)
            if upload is not None:
                raise Conflict(f"{upload.path} has not been uploaded completely yet: wait for it, or log it again.")
            raise NotFound("There is no such artifact here, or not for you.")
        return found


def _aliases(given: Sequence[Mapping[str, Any] | str] | None) -> list[str]:
    """Aliases that a client gives; `latest` and vN among them are not asked of anybody."""
    names = [one if isinstance(one, str) else one["alias"] for one in given or ()]
    return [name for name in dict.fromkeys(names) if name != "latest" and not _is_number(name)]


def _is_number(alias: str) -> bool:
    return alias[:1] == "v" and alias[1:].isdecimal()


def _tags(given: Sequence[Mapping[str, Any] | str] | None) -> list[str]:
    return list(dict.fromkeys(one if isinstance(one, str) else one["tag_name"] for one in given or ()))


def _last_step(following: int | None) -> int | None:
    """The client says which step comes next; a version belongs to the one before."""
    return following - 1 if following else None


def _ttl(seconds: int | None) -> int:
    return seconds or -1
