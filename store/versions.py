"""Versions: logging them, finding one, its files, and what may be edited on an immutable artifact."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .access import Permission
from .clock import from_text
from .drafts import TTL_INHERITED, TTL_NEVER, Draft, checked, insert_drafts
from .errors import Conflict, Invalid, NotFound
from .manifests import check_metadata
from .names import artifact_type, description, fold_key, source_name
from .paths import Parsed, Place, alias_condition, alias_kind, keys, parse
from .records import File, Version, maker
from .store import writes

if TYPE_CHECKING:
    from .downloads import DownloadReport
    from .store import Store


# Who made the version and who put it there.
PEOPLE = "LEFT JOIN entity vu ON vu.id = v.created_by LEFT JOIN entity mu ON mu.id = m.by_id"
FROM = (
    "membership m JOIN version v ON v.id = m.version_id JOIN collection c ON c.id = m.collection_id "
    "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id "
    f" {PEOPLE}"
)


def columns(store: Store) -> str:
    """What `record` takes, from `FROM`."""
    joined = store.engine.joined
    return (
        "v.id, m.id, c.id, p.id, p.kind, e.name, p.name, c.name, m.number, c.type, v.state, v.digest, v.size, "
        "v.file_count, v.description, CAST(v.metadata AS text), v.ttl, "
        f"(SELECT {joined('alias')} FROM alias WHERE collection_id = m.collection_id AND version_id = v.id), "
        f"(SELECT {joined('tag')} FROM version_tag WHERE version_id = v.id), "
        "m.number = (SELECT max(x.number) FROM membership x WHERE x.collection_id = m.collection_id), "
        "CASE WHEN c.id <> v.collection_id THEN (SELECT se.name || '/' || sp.name || '/' || sc.name || "
        "':v' || sm.number "
        "FROM membership sm JOIN collection sc ON sc.id = sm.collection_id JOIN project sp ON sp.id = sc.project_id "
        "JOIN entity se ON se.id = sp.entity_id WHERE sm.version_id = v.id AND sm.collection_id = "
        "v.collection_id) END, "
        "c.id <> v.collection_id, "
        "CASE WHEN v.run_id IS NOT NULL THEN (SELECT re.name || '/' || rp.name || '/' || r.name FROM run r "
        "JOIN project rp ON rp.id = r.project_id JOIN entity re ON re.id = rp.entity_id WHERE r.id = v.run_id) END, "
        "v.created_at, vu.name, v.updated_at, "
        "m.at, mu.name"
    )


_make = maker(Version)


def record(row: tuple[Any, ...]) -> Version:
    aliases = split(row[17])
    return _make(
        *row[:17],
        (*aliases, "latest") if row[19] else aliases,
        split(row[18]),
        bool(row[21]),
        row[20] or f"{row[5]}/{row[6]}/{row[7]}:v{row[8]}",
        row[22],
        from_text(row[23]),
        row[24],
        from_text(row[25]),
        from_text(row[26]),
        row[27],
    )


def split(names: str | None) -> tuple[str, ...]:
    """What `Engine.joined` has joined, in order."""
    return tuple(sorted(names.split("/"))) if names else ()


UNREAD = "unread"  # the digest of a file that nobody has read yet


class Versions:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._columns = columns(store)

    # -- reading ------------------------------------------------------------------------------------------------

    def get(self, target: str | Version) -> Version:
        """A version by path; without an alias the latest. A record is read anew.

        Raises:
            NotFound: names what there is instead.
            Ambiguous, Invalid
        """
        if isinstance(target, str):
            found = self._direct(parse(target))
            if found is not None:
                return found
        return self.by_place(self._store.paths.at(target))

    def _direct(self, parsed: Parsed) -> Version | None:
        """The one version that a plain path names, in one statement; None sends the caller the long way."""
        if len(parsed.parts) == 1:
            return None
        key, plain, titled = keys(parsed.parts[-2])
        if titled != plain:
            return None
        shape, value = alias_kind(parsed.alias or "latest")
        args: dict[str, Any] = {"alias": value, "name": parsed.parts[-1], "key": key, "plain": plain, **self._store.me}
        owned = len(parsed.parts) == 3
        if owned:
            args["prefix"] = fold_key(parsed.parts[0])
        rows = self._engine.rows(self._direct_sql[shape, owned], args)
        if len(rows) != 1 or not rows[0][-1]:
            return None
        found = record(rows[0])
        if found.project_kind == "legacy":  # which may have been migrated
            return None
        # A short form means the registry, if there is one, even where only a project of its name has the collection.
        return found if owned or found.project_kind == "registry" else None

    @cached_property
    def _direct_sql(self) -> dict[tuple[str, bool], str]:
        """The statements of `_direct`, by kind of alias and whether an entity is named."""
        return {
            (shape, owned): f"SELECT {self._columns}, {self._store.role_sql} FROM project p "
            "JOIN entity e ON e.id = p.entity_id JOIN collection c ON c.project_id = p.id "
            "JOIN membership m ON m.collection_id = c.id JOIN version v ON v.id = m.version_id "
            f"{PEOPLE} "
            f"WHERE p.key IN (:key, :plain) AND p.removed_at IS NULL AND c.name = :name AND c.removed_at IS NULL "
            f"AND {alias_condition(shape, 'c.id')}{' AND e.key = :prefix' if owned else ''}"
            for shape in ("latest", "number", "name")
            for owned in (False, True)
        }

    def by_place(self, place: Place) -> Version:
        """The version at a place that was resolved before."""
        row = self._engine.row(
            f"SELECT {self._columns} FROM {FROM} WHERE m.version_id = :v AND m.collection_id = :c",
            {"v": place.version_id, "c": place.collection_id},
        )
        if row is None:
            raise NotFound(f"'{place.path}' is not there any more.")
        return record(row)

    def places(self, target: str | Version) -> list[Version]:
        """Every place of a version that the actor may see: its source first, then its links, oldest first."""
        place = self._store.paths.at(target)
        assert place.version_id is not None
        return self.places_of(place.version_id)

    def places_of(self, version: int) -> list[Version]:
        """`places` of a version by its id; none where it is gone, or nothing of it is for this actor."""
        rows = self._engine.rows(
            f"SELECT {self._columns} FROM {FROM} WHERE m.version_id = :v AND c.removed_at IS NULL AND "
            "p.removed_at IS NULL "
            f"AND {self._store.role_sql} >= 1 ORDER BY c.id <> v.collection_id, m.id",
            {"v": version} | self._store.me,
        )
        return [record(row) for row in rows]

    def origin(self, version: int) -> Place:
        """Where a version was logged: the collection of its own, as far as a name goes; it may be hidden or gone.

        Raises:
            NotFound
        """
        row = self._engine.row(
            f"SELECT e.id, e.name, e.kind, p.id, p.name, p.kind, coalesce({self._store.role_sql}, 0), c.id, c.name, "
            "c.kind, c.type, v.id, (SELECT m.number FROM membership m WHERE m.version_id = v.id AND m.collection_id = "
            "c.id) FROM version v JOIN collection c ON c.id = v.collection_id JOIN project p ON p.id = c.project_id "
            "JOIN entity e ON e.id = p.entity_id WHERE v.id = :v",
            {"v": version} | self._store.me,
        )
        if row is None:
            raise NotFound("That version is not there any more.")
        return Place(*row)

    def step(self, version: int) -> int | None:
        """The metric step that a version was logged at, where a run has said it."""
        return self._engine.value("SELECT step FROM version WHERE id = :v", {"v": version})

    def files(self, target: str | Version) -> list[File]:
        """The version's manifest, by path."""
        place = self._store.paths.at(target)
        rows = self._engine.rows(
            "SELECT path, size, digest, sha256, uri, extra FROM entry WHERE version_id = :v ORDER BY path",
            {"v": place.version_id},
        )
        return [File(*row[:5], extra=json.loads(row[5]) if row[5] else {}) for row in rows]

    def downloadable(self, target: str | Version) -> list[File]:
        """The version's files for somebody who wants the bytes.

        Raises:
            Forbidden: restricted viewers see what there is, but don't download it from here.
        """
        place = self._store.paths.at(target)
        self._store.paths.need(place, Permission.DOWNLOAD)
        return self.files(target)

    def download(
        self, target: str | Version, root: str | Path, *, chosen: Callable[[File], bool] | None = None, **options: Any
    ) -> DownloadReport:
        """Write the version's files into a folder. Options are those of `downloads.download`.

        Args:
            chosen: which files; all unless given.

        Raises:
            Forbidden, NotFound, and what `downloads.download` raises.
        """
        from .downloads import download

        files = [file for file in self.downloadable(target) if chosen is None or chosen(file)]
        return download(files, root, self._store.blobs, **options)

    # -- logging ------------------------------------------------------------------------------------------------

    def log_paths(
        self,
        paths: Sequence[str | Path],
        name: str,
        type: str,
        *,
        progress: Callable[[int, int, str], None] | None = None,
        **options: Any,
    ) -> Version:
        """Store files, folders or reference URIs and log them as one version. Options are those of `log`.

        Raises:
            Invalid: a path can't be logged; nothing was.
            Unavailable: a file can't be read, or the disk is full; nothing was logged.
        """
        source_name(name)  # before gigabytes are copied
        artifact_type(type)
        check_metadata(options.get("metadata") or {})
        return self.log(self.store_paths(paths, progress=progress), name, type, **options)

    def store_paths(
        self, paths: Sequence[str | Path], *, progress: Callable[[int, int, str], None] | None = None
    ) -> list[File]:
        """Hash and store files, folders or reference URIs; a manifest to log. Unless it is logged it is garbage.

        Raises:
            Invalid, Unavailable: as `log_paths`.
        """
        from .manifests import collect, store_sources

        return store_sources(collect([str(path) for path in paths]), self._store.blobs, progress=progress)

    def foresee_paths(self, paths: Sequence[str | Path]) -> list[File]:
        """What `store_paths` would store, by name and size; nothing is read, so it is for a rehearsal only.

        Raises:
            Invalid, Unavailable: as `log_paths`.
        """
        from .manifests import collect

        return [File(source.path, source.size, UNREAD, uri=source.uri) for source in collect([str(p) for p in paths])]

    def log(
        self,
        files: Sequence[File],
        name: str,
        type: str,
        *,
        project: str = "uncategorized",
        entity: str | None = None,
        run: int | None = None,
        **draft: Any,
    ) -> Version:
        """Log one version whose bytes are stored already.

        Args:
            project, entity: where; the actor's first team (or the actor) unless given.
            run: id of the run that logs it.
            draft: the other fields of `Draft`.

        Returns:
            The new version; the one that is there already when its content is the same.

        Raises:
            Invalid, Forbidden
            Conflict: the name belongs to another type in that project.
        """
        return self.log_many([Draft(files, **draft)], name, type, project=project, entity=entity, run=run)[0]

    @writes
    def log_many(
        self,
        drafts: Iterable[Draft],
        name: str,
        type: str,
        *,
        project: str = "uncategorized",
        entity: str | None = None,
        run: int | None = None,
    ) -> list[Version]:
        """Log several versions of one artifact, in order, all or none. See `log`."""
        drafts = list(drafts)
        source_name(name)
        artifact_type(type, reserved=any(draft.internal for draft in drafts))
        place = self._store.projects.ensure(project, entity or self._store.users.home())
        self._store.paths.need(place, Permission.LOG)
        if place.project_kind != "project":
            raise Invalid(
                f"{place.path} is a registry: versions are linked into it, not logged. Log into a source project."
            )
        ready = [checked(draft) for draft in drafts]
        if not ready:
            return []
        if run is not None:
            self._store.runs.need_in(run, place)
        sequence, created = self._store.collections.ensure(place, name, type, "sequence", reserved=True)
        if sequence.collection_kind != "sequence":
            raise Conflict(f"{sequence.path} holds links; log under another name.")
        if sequence.type != type:
            raise Conflict(
                f"Artifact {name} already exists with type {sequence.type!r}; cannot create another with type {type!r}"
            )
        assert sequence.collection_id is not None
        versions = insert_drafts(self._store, ready, sequence, created, run)
        marks = ", ".join(f":v{i}" for i in range(len(versions)))
        if len(versions) > 500:
            marks, args = "SELECT version_id FROM membership WHERE collection_id = :c", {}
        else:
            args = {f"v{i}": version for i, version in enumerate(versions)}
        found = {
            row[0]: record(row)
            for row in self._engine.rows(
                f"SELECT {self._columns} FROM {FROM} WHERE m.collection_id = :c AND m.version_id IN ({marks})",
                {"c": sequence.collection_id, **args},
            )
        }
        return [found[version] for version in versions]

    # -- editing ------------------------------------------------------------------------------------------------

    @writes
    def describe(self, target: str | Version, text: str) -> Version:
        """Set the description; the artifact's, so at its source and at every link.

        Raises:
            Forbidden, Invalid
        """
        description(text)
        return self._edit(target, "version.describe", "description", text)

    @writes
    def set_metadata(self, target: str | Version, metadata: Mapping[str, Any]) -> Version:
        """Replace the metadata; the artifact's, so at its source and at every link.

        Raises:
            Forbidden
            Invalid: more than 100 top-level keys, infinite numbers, or what JSON can't hold.
        """
        return self._edit(target, "version.metadata", "metadata", check_metadata(metadata))

    def _edit(self, target: str | Version, action: str, column: str, value: Any) -> Version:
        place = self._store.paths.at(target)
        self._store.paths.need(place, Permission.EDIT_VERSION)
        with self._change(place, action) as change:
            change.set(f"version/{place.version_id}/{column}", value)
        return self.by_place(place)

    @writes
    def set_ttl(self, target: str | Version, seconds: int) -> Version:
        """How long the version lives, counted from its creation: seconds, TTL_INHERITED or TTL_NEVER.

        Raises:
            Forbidden
            Invalid: it is a link, or linked: what a registry holds does not expire.
        """
        if seconds <= 0 and seconds not in (TTL_INHERITED, TTL_NEVER):
            raise Invalid("A time to live is a positive number of seconds, or 'inherit', or 'never'")
        place = self._store.paths.at(target)
        version = self.by_place(place)
        if version.is_link:
            raise Invalid(
                "Cannot set TTL for link artifact. Unlink the artifact first then set the TTL for the source artifact"
            )
        self._store.paths.need(place, Permission.EDIT_TTL)
        if seconds != TTL_NEVER and self._links(version.id):
            raise Conflict(
                f"{version.path} is linked in a registry, and linked versions don't expire. Unlink it first."
            )
        with self._change(place, "version.ttl", ttl=seconds) as change:
            change.set(f"version/{version.id}/ttl", seconds)
        return self.by_place(place)

    @writes
    def remove(self, target: str | Version, *, delete_aliases: bool = False) -> list[str]:
        """Delete a version at its source, and with it every link to it. Its files stay for at least 24 hours.

        Args:
            delete_aliases: delete it although it has aliases.

        Returns:
            Paths of the links that went with it.

        Raises:
            Forbidden
            Invalid: it is a link; unlink it instead.
            Conflict: it has aliases, or is linked under a protected alias, which nobody may delete.
        """
        place = self._store.paths.at(target)
        version = self.by_place(place)
        if version.is_link:
            raise Invalid(
                f"{version.path} is a link to {version.source}. Unlink it here, or delete the source, "
                "which unlinks it everywhere."
            )
        self._store.paths.need(place, Permission.DELETE_VERSION)
        return self.remove_source(place, version, delete_aliases=delete_aliases)

    def remove_source(self, place: Place, version: Version, *, delete_aliases: bool) -> list[str]:
        """Delete a version whose deletion the caller has allowed."""
        protected = self.protecting(version.id)
        if protected:
            raise Conflict(
                f"{version.path} can't be deleted by anybody: it is linked as {protected[0]}, which is a "
                "protected alias. A registry admin must take that alias off first."
            )
        own = [alias for alias in version.aliases if alias != "latest"]
        if own and not delete_aliases:
            raise Conflict(
                f"{version.path} has the aliases {', '.join(own)}. Delete those first, or delete them "
                "along with it (--aliases)."
            )
        links = self._links(version.id)
        with self._change(place, "version.delete", links=len(links)) as change:
            for collection, alias in self._engine.rows(
                "SELECT collection_id, alias FROM alias WHERE version_id = :v AND collection_id IN "
                "(SELECT collection_id FROM membership WHERE version_id = :v)",
                {"v": version.id},
            ):
                change.set(f"alias/{collection}/{alias}", None)
            for (collection,) in self._engine.rows(
                "SELECT collection_id FROM membership WHERE version_id = :v", {"v": version.id}
            ):
                change.set(f"link/{collection}/{version.id}", None)
            change.set(f"version/{version.id}/state", "deleted")
        return [path for path in links if path]

    def protecting(self, version: int) -> list[str]:
        """Where a protected alias holds a version; in general words where the actor may not see it."""
        return [
            path if role else "something in a registry that you don't see"
            for path, role in self._engine.rows(
                f"SELECT p.name || '/' || c.name || ':' || a.alias, {self._store.role_sql} FROM membership m "
                "JOIN alias a ON a.collection_id = m.collection_id AND a.version_id = m.version_id "
                "JOIN collection c ON c.id = m.collection_id AND c.removed_at IS NULL "
                "JOIN project p ON p.id = c.project_id AND p.removed_at IS NULL JOIN entity e ON e.id = p.entity_id "
                "JOIN protected_alias g ON g.project_id = p.id AND g.alias = a.alias "
                # where a legacy registry was migrated, nobody could take the alias off any more: the new one decides
                "WHERE m.version_id = :v AND NOT EXISTS (SELECT 1 FROM registry_migration r WHERE r.source_id = p.id "
                "AND r.state IN ('done', 'approved')) ORDER BY 1",
                {"v": version} | self._store.me,
            )
        ]

    def _links(self, version: int) -> list[str]:
        """The paths of a version's links; empty text for one that the actor may not see."""
        return [
            path if role else ""
            for path, role in self._engine.rows(
                "SELECT e.name || '/' || p.name || '/' || c.name || ':v' || m.number, "
                f"{self._store.role_sql} FROM membership m "
                "JOIN version v ON v.id = m.version_id JOIN collection c ON c.id = m.collection_id AND "
                "c.removed_at IS NULL "
                "JOIN project p ON p.id = c.project_id AND p.removed_at IS NULL JOIN entity e ON e.id = p.entity_id "
                "WHERE m.version_id = :v AND m.collection_id <> v.collection_id ORDER BY m.id",
                {"v": version} | self._store.me,
            )
        ]

    def _change(self, place: Place, action: str, **detail: Any):
        return self._store.events.change(
            action,
            project=place.project_id,
            collection=place.collection_id,
            version=place.version_id,
            path=place.path,
            **detail,
        )
