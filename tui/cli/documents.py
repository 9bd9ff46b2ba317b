"""Records as JSON documents: the one place that decides their keys, which README documents and tests hold.

Times are ISO-8601 in UTC, sizes bytes, durations seconds. Lists are {"items": […], "after": cursor or null}, with
"total" where it was counted. Keys are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .output import iso
from .wording import sentence, undo_command

if TYPE_CHECKING:
    from ...store import Checked, Collection, Entity, Event, File, Graph, Member, Project, Run, Version

Document = dict[str, Any]


def time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def items(found: Iterable[Any], after: str | None = None, total: int | None = None, **more: Any) -> Document:
    """A list."""
    document: Document = {"items": list(found), "after": after}
    if total is not None:
        document["total"] = total
    return document | more


def project(one: Project) -> Document:
    """A registry, legacy registry or source project."""
    return {
        "kind": one.kind,
        "path": one.path,
        "name": one.short_name,
        "title": one.title,
        "description": one.description,
        "visibility": one.visibility,
        "owner": one.owner,
        "core": one.core,
        "role": one.role,
        "any_type": one.any_type,
        "types": list(one.types),
        "protected_aliases": list(one.protected_aliases),
        "collections": one.collections,
        "created_at": time(one.created_at),
        "created_by": one.created_by,
        "updated_at": time(one.updated_at),
    }


def collection(one: Collection) -> Document:
    return {
        "kind": "collection",
        "path": one.path,
        "short_path": one.short_path,
        "name": one.name,
        "holds": "links" if one.kind == "portfolio" else "logged versions",
        "type": one.type,
        "description": one.description,
        "tags": list(one.tags),
        "aliases": dict(one.aliases),
        "versions": one.versions,
        "latest": one.latest,
        "created_at": time(one.created_at),
        "created_by": one.created_by,
        "updated_at": time(one.updated_at),
    }


def version(one: Version) -> Document:
    return {
        "kind": "version",
        "path": one.path,
        "short_path": one.short_path,
        "name": one.name,
        "number": one.number,
        "type": one.type,
        "state": one.state,
        "digest": one.digest,
        "size": one.size,
        "files": one.file_count,
        "aliases": list(one.aliases),
        "tags": list(one.tags),
        "description": one.description,
        "metadata": dict(one.metadata),
        "ttl": time_to_live(one.ttl),
        "link": one.is_link,
        "source": one.source,
        "run": one.run,
        "created_at": time(one.created_at),
        "created_by": one.created_by,
        "updated_at": time(one.updated_at),
        "linked_at": time(one.linked_at),
        "linked_by": one.linked_by,
    }


def time_to_live(seconds: int) -> int | str:
    """Seconds, "inherit" or "never"."""
    return {-1: "inherit", -2: "never"}.get(seconds, seconds)


def file(one: File) -> Document:
    return {
        "path": one.path,
        "size": one.size,
        "digest": one.digest,
        "sha256": one.sha256,
        "uri": one.uri,
    }


def verified(one: Checked | None) -> Document:
    """When a file was hashed last, and what was wrong then; nulls for a reference, and for what never was."""
    return {"verified_at": time(one.at) if one else None, "problem": one.problem if one else None}


def run(one: Run) -> Document:
    return {
        "kind": "run",
        "path": one.path,
        "name": one.name,
        "title": one.title,
        "state": one.state,
        "job_type": one.job_type,
        "group": one.group,
        "notes": one.notes,
        "config": dict(one.config),
        "summary": dict(one.summary),
        "exit_code": one.exit_code,
        "created_at": time(one.created_at),
        "created_by": one.created_by,
        "heartbeat_at": time(one.heartbeat_at),
        "ended_at": time(one.ended_at),
    }


def entity(one: Entity) -> Document:
    """A user, service account, team or organization."""
    return {
        "kind": one.kind,
        "name": one.name,
        "email": one.email,
        "organization": one.organization,
        "team": one.team,
        "role": one.role,
        "default_ttl": one.default_ttl,
        "created_at": time(one.created_at),
    }


def member(one: Member) -> Document:
    return {
        "name": one.name,
        "kind": one.kind,
        "role": one.role,
        "effective": one.effective,
        "via": one.via,
        "owner": one.owner,
    }


def event(one: Event) -> Document:
    return {
        "event": one.seq,
        "at": time(one.at),
        "actor": one.actor,
        "action": one.action,
        "what": sentence(one),
        "subject": one.subject,
        "detail": dict(one.detail),
        "before": dict(one.before),
        "after": dict(one.after),
        "batch": one.batch,
        "undoes": one.undoes,
        "undone_by": one.undone_by,
        "hash": one.hash,
    }


def graph(one: Graph) -> Document:
    return {
        "start": one.start,
        "nodes": [
            {
                "id": node.key,
                "kind": node.kind,
                "label": node.label,
                "path": node.path or None,
                "detail": node.detail,
                "depth": node.depth,
                "state": node.state,
                "aliases": list(node.aliases),
                "created_at": time(node.created_at),
            }
            for node in one.nodes.values()
        ],
        "edges": [{"from": source, "to": target} for source, target in one.edges],
        "capped": one.capped,
        "deeper": one.deeper,
        "note": one.note,
    }


def checked(one: Checked) -> Document:
    return {"path": one.path, "size": one.size, "sha256": one.sha256, "problem": one.problem}


def written(changes: Iterable[Any], *, dry_run: bool, undo: int | None, result: Mapping[str, Any] | None) -> Document:
    """What a command that changes something did, or would do."""
    return {
        "dry_run": dry_run,
        "changes": [
            {"event": None if dry_run else change.seq, "action": change.action, "what": sentence(change)}
            for change in changes
        ],
        "undo": undo_command(undo) if undo is not None else None,
        "result": None if result is None else dict(result),
    }
