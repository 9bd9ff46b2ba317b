"""Uploads: versions on their way, whose files come one by one from somebody else's machine.

What an upload holds is data, not change: the version comes into being with its commit, which is one event like any
other log. An upload that dies stays, is shown as incomplete, and is completed by whoever begins the same one again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .access import Permission, allowed
from .clock import from_text, to_text
from .drafts import Draft
from .errors import Conflict, Invalid, NotFound
from .hashing import Blob
from .manifests import check_metadata, check_path, files_from_manifest, manifest_digest, manifest_json
from .names import alias_name, artifact_type, source_name, tag_names
from .paths import Place
from .records import File, Version
from .store import insert, writes

if TYPE_CHECKING:
    from .store import Store

_COLUMNS = (
    "u.id, e.name, p.name, u.project_id, u.name, u.type, u.digest, r.name, b.name, u.draft, u.version_id, "
    "u.created_at, u.updated_at, (SELECT count(*) FROM upload_file f WHERE f.upload_id = u.id), "
    "(SELECT coalesce(sum(f.size), 0) FROM upload_file f WHERE f.upload_id = u.id)"
)
_FROM = (
    "upload u JOIN project p ON p.id = u.project_id JOIN entity e ON e.id = p.entity_id "
    "JOIN entity b ON b.id = u.by_id LEFT JOIN run r ON r.id = u.run_id"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A version on its way.

    Attributes:
        name, type: of the collection it goes to.
        digest: of the manifest it will have, as the client has said.
        run: name of the run that logs it.
        draft: what else it is to become: "metadata", "description", "aliases", "tags", "ttl", "step".
        version: the id of the version it has become; None while it is incomplete.
        files, size: what has arrived, in files and bytes.
    """

    id: int
    entity: str
    project: str
    project_id: int
    name: str
    type: str
    digest: str
    run: str | None
    by: str
    draft: Mapping[str, Any]
    version: int | None
    created_at: datetime
    updated_at: datetime
    files: int
    size: int

    @property
    def links(self) -> tuple[tuple[str, Sequence[str]], ...]:
        """Where it will be linked when it has arrived: (registry/collection, aliases)."""
        return tuple((target, aliases) for target, aliases in self.draft.get("links", ()))

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.project}/{self.name}"


def _record(row: tuple[Any, ...]) -> Upload:
    return Upload(
        *row[:9],
        draft=json.loads(row[9]),
        version=row[10],
        created_at=from_text(row[11]),
        updated_at=from_text(row[12]),
        files=row[13],
        size=row[14],
    )


class Uploads:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    # -- the way of an upload -----------------------------------------------------------------------------------

    @writes
    def begin(
        self,
        name: str,
        type: str,
        digest: str,
        *,
        project: str = "uncategorized",
        entity: str | None = None,
        run: int | None = None,
        client_id: str | None = None,
        series_id: str | None = None,
        shared_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        description: str = "",
        aliases: Sequence[str] = (),
        tags: Sequence[str] = (),
        ttl: int = -1,
        step: int | None = None,
    ) -> Upload | Version:
        """Begin an upload, or go on with the one of the same content; the version, when it is there already.

        Args:
            digest: the manifest's, which `commit` checks.
            client_id: what a client calls this version before it is there.
            series_id: what a client calls the collection.
            shared_id: what several clients call the version that they make together; its digest is then found at
                the commit.

        Raises:
            Invalid, Forbidden
            Conflict: the name belongs to another type in that project.
        """
        source_name(name)
        artifact_type(type, reserved=True)
        place = self._store.projects.ensure(project, entity or self._store.users.home())
        self._store.paths.need(place, Permission.LOG)
        if place.project_kind != "project":
            raise Invalid(
                f"{place.path} is a registry: versions are linked into it, not logged. Log into a source project."
            )
        if run is not None:
            self._store.runs.need_in(run, place)
        draft = {
            "metadata": check_metadata(metadata or {}),
            "description": description,
            "aliases": [alias_name(alias) for alias in aliases if alias != "latest"],
            "tags": tag_names(tags),
            "ttl": ttl,
            "step": step,
        }
        if shared_id is not None:
            draft["shared"] = shared_id
        known = self._same(place, name, type, digest)
        if known is not None and shared_id is None:
            self._log(self._store.versions.files(known), name, type, place, run, draft | {"tags": [], "ttl": -1})
            self._insert(place, name, type, digest, run, client_id, series_id, draft, known.id)
            return self._store.versions.get(known)
        going = self._going(place, name, type, digest, shared_id)
        if going is None:
            return self.get(self._insert(place, name, type, digest, run, client_id, series_id, draft, None))
        self._engine.execute(
            "UPDATE upload SET run_id = :r, by_id = :me, client_id = :c, series_id = :s, draft = :d, updated_at = :at "
            "WHERE id = :id",
            {"r": run, "me": self._store.actor.id, "c": client_id, "s": series_id, "id": going, "at": self._now()}
            | {"d": json.dumps(draft, ensure_ascii=False)},
        )
        return self.get(going)

    def _going(self, place: Place, name: str, type: str, digest: str, shared: str | None) -> int | None:
        """The upload that is to be gone on with: of the same content, or of the same clients."""
        rows = self._engine.rows(
            "SELECT id, digest, draft FROM upload WHERE project_id = :p AND name = :n AND type = :t AND "
            "version_id IS NULL ORDER BY id DESC",
            {"p": place.project_id, "n": name, "t": type},
        )
        for identity, content, text in rows:
            own = json.loads(text).get("shared")
            if own == shared and (shared is not None or content == digest):
                return identity
        return None

    def _same(self, place: Place, name: str, type: str, digest: str) -> Version | None:
        """The committed version of the same content; a name of another type is refused."""
        row = self._engine.row(
            "SELECT c.id, c.type, c.kind FROM collection c WHERE c.project_id = :p AND c.name = :n AND "
            "c.removed_at IS NULL",
            {"p": place.project_id, "n": name},
        )
        if row is None:
            return None
        if row[1] != type:
            raise Conflict(
                f"Artifact {name} already exists with type {row[1]!r}; cannot create another with type {type!r}"
            )
        version = self._engine.row(
            "SELECT v.id, m.number FROM version v JOIN membership m ON m.version_id = v.id AND m.collection_id = "
            "v.collection_id WHERE v.collection_id = :c AND v.digest = :d AND v.state = 'committed' "
            "ORDER BY v.id DESC LIMIT 1",
            {"c": row[0], "d": digest},
        )
        if version is None:
            return None
        there = replace(place, collection_id=row[0], collection=name, collection_kind=row[2], type=type)
        return self._store.versions.by_place(replace(there, version_id=version[0], number=version[1]))

    def _insert(
        self,
        place: Place,
        name: str,
        type: str,
        digest: str,
        run: int | None,
        client_id: str | None,
        series_id: str | None,
        draft: Mapping[str, Any],
        version: int | None,
    ) -> int:
        now = self._now()
        return insert(
            self._engine,
            "upload",
            project_id=place.project_id,
            name=name,
            type=type,
            digest=digest,
            run_id=run,
            by_id=self._store.actor.id,
            client_id=client_id,
            series_id=series_id,
            draft=json.dumps(draft, ensure_ascii=False),
            version_id=version,
            created_at=now,
            updated_at=now,
        )

    @writes
    def wanted(self, upload: Upload, files: Sequence[tuple[str, str]]) -> list[bool]:
        """Which of (path, digest) must be sent; the others are here already, in the same project.

        Bytes that only other projects hold are asked for all the same: who knows a digest need not have the bytes.

        Raises:
            Forbidden, NotFound
        """
        self._need(upload)
        known = {
            (path, digest)
            for path, digest in self._engine.rows(
                "SELECT path, digest FROM upload_file WHERE upload_id = :u", {"u": upload.id}
            )
        }
        missing = [one for one in files if one not in known]
        found: dict[tuple[str, str], tuple[int, str]] = {}
        if missing:
            found = {
                (path, digest): (size, sha256)
                for path, digest, size, sha256 in self._engine.rows(
                    "SELECT x.path, x.digest, x.size, x.sha256 FROM entry x WHERE x.sha256 IS NOT NULL AND "
                    "x.version_id IN (SELECT v.id FROM version v JOIN collection c ON c.id = v.collection_id WHERE "
                    "c.project_id = :p AND c.name = :n AND v.state = 'committed' ORDER BY v.id DESC LIMIT 3)",
                    {"p": upload.project_id, "n": upload.name},
                )
            }
        for path, digest in missing:
            if (path, digest) in found and self._store.blobs.has(found[path, digest][1], found[path, digest][0]):
                size, sha256 = found[path, digest]
                self._keep(upload.id, path, digest, size, sha256)
                known.add((path, digest))
        return [one not in known for one in files]

    def receive(self, upload: int, path: str, digest: str, blob: Blob) -> None:
        """Keep a file that has arrived.

        Raises:
            Invalid: it is not what was announced.
            NotFound: nothing waits for it.
        """
        check_path(path)
        if blob.md5_base64 != digest:
            raise Invalid(f"{path} arrived with the md5 {blob.md5_base64}, not with {digest}: send it again.")
        with self._engine.write(serial=False):
            done = self._engine.execute(
                "UPDATE upload SET updated_at = :at WHERE id = :u AND version_id IS NULL",
                {"u": upload, "at": self._now()},
            )
            if not done:
                raise NotFound("No upload waits for this file: it was completed, or given up.")
            self._keep(upload, path, digest, blob.size, blob.sha256)

    def _keep(self, upload: int, path: str, digest: str, size: int, sha256: str) -> None:
        self._engine.execute(
            "INSERT INTO upload_file (upload_id, path, digest, size, sha256) VALUES (:u, :p, :d, :s, :x) "
            "ON CONFLICT (upload_id, path) DO UPDATE SET digest = excluded.digest, size = excluded.size, "
            "sha256 = excluded.sha256",
            {"u": upload, "p": path, "d": digest, "s": size, "x": sha256},
        )

    def received(self, upload: int, path: str) -> str | None:
        """The digest of a file that has arrived, None if it has not."""
        return self._engine.value(
            "SELECT digest FROM upload_file WHERE upload_id = :u AND path = :p", {"u": upload, "p": path}
        )

    @writes
    def put_manifest(self, upload: int, text: str, *, added: bool = False, base: int | None = None) -> None:
        """Keep the manifest until the commit, but for what it says of the client's own disk.

        Args:
            added: it is a part: what is there already stays, but for what has the same path.
            base: id of the version whose files are in it, too; its digest is then found at the commit.

        Raises:
            Invalid: that is no manifest.
            NotFound: the base is gone, or not for this actor.
        """
        current = self.get(upload)
        files, births = files_from_manifest(text), _births(json.loads(text))
        kept = self._engine.value("SELECT manifest FROM upload WHERE id = :u", {"u": upload}) if added else None
        if base is not None:
            before = self._based(base)
            births = {file.path: f"{_BASE}{base}" for file in before} | births
            files = _over(before, files)
        if kept is not None:
            document = json.loads(kept)
            births = _births(document) | births
            files = _over(files_from_manifest(document), files)
        values = {
            "m": json.dumps(manifest_json(files, births), ensure_ascii=False),
            "d": json.dumps(dict(current.draft) | ({"open": True} if added else {}), ensure_ascii=False),
        }
        self._engine.execute(
            "UPDATE upload SET manifest = :m, draft = :d, updated_at = :at WHERE id = :u AND version_id IS NULL",
            values | {"u": upload, "at": self._now()},
        )

    def _based(self, version: int) -> list[File]:
        places = self._store.versions.places_of(version)
        if not places:
            raise NotFound("The version that this one adds to is not there any more.")
        return self._store.versions.downloadable(places[0])

    @writes
    def commit(self, upload: int, births: Callable[[str], int | None] = lambda _: None) -> Version:
        """Make the version, when everything that its manifest names is here. Doing it again changes nothing.

        Args:
            births: from what a client calls the version that first held a file's bytes to that version's id.

        Raises:
            Invalid: files are missing, or the digest is another.
            Forbidden, NotFound
        """
        current = self.get(upload)
        place = self._need(current)
        if current.version is not None:
            return self._arrived(current)
        manifest = self._engine.value("SELECT manifest FROM upload WHERE id = :u", {"u": upload})
        if manifest is None:
            raise Invalid(f"{current.path} can't be committed: its manifest has not arrived. Log it again.")
        document = json.loads(manifest)
        files = self._complete(current, files_from_manifest(document), _births(document), births)
        found = manifest_digest(files)
        if found != current.digest and not current.draft.get("open"):
            raise Invalid(
                f"{current.path} can't be committed: its manifest has the digest {found}, not {current.digest}."
            )
        run = self._engine.value("SELECT run_id FROM upload WHERE id = :u", {"u": upload})
        version = self._log(files, current.name, current.type, place, run, current.draft)
        for target, aliases in current.links:
            self._store.links.add(version, target, aliases)
        self._engine.execute("DELETE FROM upload_file WHERE upload_id = :u", {"u": upload})
        self._engine.execute(
            "UPDATE upload SET version_id = :v, manifest = NULL, updated_at = :at WHERE id = :u",
            {"v": version.id, "u": upload, "at": self._now()},
        )
        return version

    def _complete(
        self, upload: Upload, files: Sequence[File], births: Mapping[str, str], known: Callable[[str], int | None]
    ) -> list[File]:
        """The manifest's files with the addresses of their bytes."""
        arrived = {
            (path, digest): (size, sha256)
            for path, digest, size, sha256 in self._engine.rows(
                "SELECT path, digest, size, sha256 FROM upload_file WHERE upload_id = :u", {"u": upload.id}
            )
        }
        older: dict[str, dict[str, tuple[int, str]]] = {}
        found: list[File] = []
        missing: list[str] = []
        for file in files:
            if file.uri is not None:
                found.append(file)
                continue
            bytes_ = arrived.get((file.path, file.digest))
            birth = births.get(file.path)
            if bytes_ is None and birth is not None:
                if birth not in older:
                    own = int(birth.removeprefix(_BASE)) if birth.startswith(_BASE) else known(birth)
                    older[birth] = self._bytes_of(own)
                bytes_ = older[birth].get(file.digest)
            if bytes_ is None:
                missing.append(file.path)
                continue
            found.append(replace(file, size=bytes_[0], sha256=bytes_[1]))
        if missing:
            listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise Invalid(f"{upload.path} can't be committed: {listed} did not arrive. Log it again.")
        return found

    def _bytes_of(self, version: int | None) -> dict[str, tuple[int, str]]:
        """digest → (size, sha256) of a version whose files the actor may have."""
        for place in self._places(version or 0):
            if allowed(place.role, Permission.DOWNLOAD):
                return {
                    digest: (size, sha256)
                    for digest, size, sha256 in self._engine.rows(
                        "SELECT digest, size, sha256 FROM entry WHERE version_id = :v AND sha256 IS NOT NULL",
                        {"v": version},
                    )
                }
        return {}

    def _places(self, version: int) -> list[Place]:
        rows = self._engine.rows(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, {self._store.role_sql} FROM membership m "
            "JOIN project p ON p.id = m.project_id AND p.removed_at IS NULL JOIN entity e ON e.id = p.entity_id "
            "WHERE m.version_id = :v",
            {"v": version} | self._store.me,
        )
        return [Place(*row) for row in rows if row[6]]

    def _log(
        self,
        files: Sequence[File],
        name: str,
        type: str,
        place: Place,
        run: int | None,
        draft: Mapping[str, Any],
    ) -> Version:
        own = {key: value for key, value in draft.items() if key not in ("links", "open", "shared")}
        ready = Draft(files, **own, internal=True)
        return self._store.versions.log_many([ready], name, type, project=place.project, entity=place.entity, run=run)[
            0
        ]

    def _arrived(self, upload: Upload) -> Version:
        for version in self._store.versions.places_of(upload.version or 0):
            if not version.is_link:
                return version
        raise NotFound(f"{upload.path} was deleted after it was logged.")

    @writes
    def link(self, upload: int, target: str, aliases: Sequence[str] = ()) -> Version | None:
        """Link what an upload becomes; None when it has not arrived, and will be linked when it has.

        Raises:
            Forbidden, Invalid, NotFound
        """
        current = self.get(upload)
        if current.version is not None:
            return self._store.links.add(self._arrived(current), target, aliases)
        self._need(current)
        draft = dict(current.draft) | {"links": [*current.links, (target, list(aliases))]}
        self._engine.execute(
            "UPDATE upload SET draft = :d WHERE id = :u", {"d": json.dumps(draft, ensure_ascii=False), "u": upload}
        )
        return None

    # -- looking ------------------------------------------------------------------------------------------------

    def get(self, upload: int) -> Upload:
        """An upload in a project that the actor may see.

        Raises:
            NotFound
        """
        row = self._engine.row(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE u.id = :u AND p.removed_at IS NULL AND {self._store.role_sql} >= 1",
            {"u": upload} | self._store.me,
        )
        if row is None:
            raise NotFound("There is no such upload.")
        return _record(row)

    def by_client(self, client_id: str) -> Upload | None:
        """The newest upload that a client calls so."""
        row = self._engine.row(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE u.client_id = :c AND p.removed_at IS NULL AND "
            f"{self._store.role_sql} >= 1 ORDER BY u.id DESC LIMIT 1",
            {"c": client_id} | self._store.me,
        )
        return _record(row) if row else None

    def incomplete(self, project: int, *, name: str | None = None, limit: int = 100) -> list[Upload]:
        """Uploads into a project (or one of its collections) that have not become a version, newest first."""
        rows = self._engine.rows(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE u.project_id = :p AND u.version_id IS NULL AND "
            f"(:n = '' OR u.name = :n) AND p.removed_at IS NULL AND {self._store.role_sql} >= 1 "
            "ORDER BY u.id DESC LIMIT :limit",
            {"p": project, "n": name or "", "limit": limit} | self._store.me,
        )
        return [_record(row) for row in rows]

    @writes
    def give_up(self, before: datetime) -> int:
        """Forget incomplete uploads that nothing has come for since a moment; returns how many."""
        stale = "SELECT id FROM upload WHERE version_id IS NULL AND updated_at < :before"
        args = {"before": to_text(before)}
        self._engine.execute(f"DELETE FROM upload_file WHERE upload_id IN ({stale})", args)
        return self._engine.execute("DELETE FROM upload WHERE version_id IS NULL AND updated_at < :before", args)

    def _need(self, upload: Upload) -> Place:
        place = self._store.paths.project(f"{upload.entity}/{upload.project}")
        self._store.paths.need(place, Permission.LOG)
        return place

    def _now(self) -> str:
        return to_text(self._store.now())


_BASE = "version "  # begins what a manifest says of the files that its base has


def _over(before: Sequence[File], files: Sequence[File]) -> list[File]:
    """What was before, with what has come over it."""
    return list(({file.path: file for file in before} | {file.path: file for file in files}).values())


def _births(document: Mapping[str, Any]) -> dict[str, str]:
    """path → what a checked manifest calls the version that first held the bytes."""
    entries = document["contents"].items()
    return {path: str(entry["birthArtifactID"]) for path, entry in entries if entry.get("birthArtifactID")}
