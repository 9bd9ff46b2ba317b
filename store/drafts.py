"""Drafts: what is to become a version, and putting many of them into a sequence at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import facts
from .errors import Invalid
from .facts import index_text
from .manifests import check_metadata, manifest_digest
from .names import alias_name, description, tag_names
from .paths import Place
from .records import File
from .store import insert

if TYPE_CHECKING:
    from .events import Change
    from .store import Store

TTL_INHERITED = -1
TTL_NEVER = -2


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to become a version.

    Attributes:
        files: its manifest; stored bytes must be in the blob store already.
        aliases: besides `latest`, which it gets anyhow.
        ttl: seconds, or TTL_INHERITED, or TTL_NEVER.
        step: the metric step it was logged at.
        internal: a client logs it for itself: of a reserved type, or without files.
    """

    files: Sequence[File]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    ttl: int = TTL_INHERITED
    step: int | None = None
    internal: bool = False


def insert_drafts(
    store: Store, drafts: Sequence[Draft], sequence: Place, created: Change | None, run: int | None
) -> list[int]:
    """Put drafts into a sequence, each with its event; returns the ids of the versions, new or there already.

    Args:
        created: the change that made the sequence, when it was made for these.
    """
    engine, events = store.engine, store.events
    now = created.now if created else events.next_time()
    actor = store.actor.id
    ids: list[int] = []
    new: dict[str, int] = {}
    changes: list[Change] = []
    entries: list[dict[str, Any]] = []
    memberships: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    for draft in drafts:
        digest = manifest_digest(draft.files)
        version = new.get(digest) or engine.value(
            "SELECT v.id FROM version v JOIN membership m ON m.version_id = v.id AND m.collection_id "
            "= v.collection_id "
            "WHERE v.collection_id = :c AND v.digest = :d AND v.state = 'committed' ORDER BY v.id DESC LIMIT 1",
            {"c": sequence.collection_id, "d": digest},
        )
        change = events.draft(
            "version.log",
            now,
            project=sequence.project_id,
            collection=sequence.collection_id,
            path=sequence.path,
        )
        if created and not changes:  # the collection came into being with its first version: one change
            change.note(f"collection/{sequence.collection_id}/exists", 0, 1)
            change.detail |= {"created": True, "type": sequence.type}
        changes.append(change)
        if version is None:
            number = engine.value(
                "UPDATE collection SET next_number = next_number + 1, updated_at = :now WHERE id = "
                ":c RETURNING next_number - 1",
                {"c": sequence.collection_id, "now": now},
            )
            version = _insert_version(store, draft, digest, sequence, run, now)
            new[digest] = version
            memberships.append(
                {
                    "c": sequence.collection_id,
                    "p": sequence.project_id,
                    "v": version,
                    "n": number,
                    "at": now,
                    "by": actor,
                }
            )
            entries += _entry_rows(version, draft.files)
            change.detail |= {"version": number, "name": f"{sequence.collection}:v{number}", "digest": digest}
            change.note(f"version/{version}/state", None, "committed")
            change.note(f"link/{sequence.collection_id}/{version}", None, [number, now, actor])
            for tag in draft.tags:
                change.set(f"version_tag/{version}/{tag}", 1)
        change.subject["version_id"] = version
        for alias in draft.aliases:
            change.set(f"alias/{sequence.collection_id}/{alias}", version)
        if run is not None:
            edges.append({"src": 2 * run + 1, "dst": 2 * version, "at": now})
            if digest not in new:  # its own log says nothing of this run
                edge = f"edge/{2 * run + 1}/{2 * version}"
                change.note(edge, facts.read(engine, edge), 1)
        ids.append(version)
    engine.many(_INSERT_MEMBERSHIP, memberships)
    engine.many(_INSERT_ENTRY, entries)
    engine.many(
        _INSERT_BLOB,
        [
            {"sha256": row["sha256"], "md5": row["digest"], "size": row["size"], "at": now}
            for row in entries
            if row["sha256"] is not None
        ],
    )
    engine.many("INSERT INTO edge (src, dst, at) VALUES (:src, :dst, :at) ON CONFLICT DO NOTHING", edges)
    events.append(changes)
    return ids


def _insert_version(store: Store, draft: Draft, digest: str, sequence: Place, run: int | None, now: str) -> int:
    version = insert(
        store.engine,
        "version",
        collection_id=sequence.collection_id,
        digest=digest,
        state="committed",
        description=draft.description,
        metadata=json.dumps(draft.metadata, ensure_ascii=False),
        ttl=draft.ttl,
        size=sum(file.size for file in draft.files),
        file_count=len(draft.files),
        run_id=run,
        step=draft.step,
        created_at=now,
        created_by=store.actor.id,
        updated_at=now,
    )
    if draft.description:
        index_text(store.engine, version, draft.description)
    return version


_INSERT_MEMBERSHIP = (
    "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) "
    "VALUES (:c, :p, :v, :n, :at, :by)"
)
_INSERT_ENTRY = (
    "INSERT INTO entry (version_id, path, digest, size, sha256, uri, extra) "
    "VALUES (:version, :path, :digest, :size, :sha256, :uri, :extra)"
)
_INSERT_BLOB = (
    "INSERT INTO blob (sha256, md5, size, created_at) VALUES (:sha256, :md5, :size, :at) ON CONFLICT DO NOTHING"
)


def _entry_rows(version: int, files: Sequence[File]) -> list[dict[str, Any]]:
    return [
        {
            "version": version,
            "path": file.path,
            "digest": file.digest,
            "size": file.size,
            "sha256": file.sha256,
            "uri": file.uri,
            "extra": json.dumps(dict(file.extra)) if file.extra else None,
        }
        for file in files
    ]


def checked(draft: Draft) -> Draft:
    """A draft that keeps every rule."""
    if not draft.files and not draft.internal:
        raise Invalid("A version holds at least one file or reference; there is nothing to log")
    description(draft.description)
    if draft.ttl <= 0 and draft.ttl not in (TTL_INHERITED, TTL_NEVER):
        raise Invalid("A time to live is a positive number of seconds")
    return Draft(
        draft.files,
        check_metadata(draft.metadata),
        draft.description,
        [alias_name(alias) for alias in draft.aliases if alias != "latest"],
        tag_names(draft.tags),
        draft.ttl,
        draft.step,
        draft.internal,
    )
