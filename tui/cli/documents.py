"""Records as JSON documents: the one place that decides their keys, which README documents and tests hold.

Times are ISO-8601 in UTC, sizes bytes, durations seconds. Lists are {"items": […], "after": cursor or null}, with
"total" where it was counted. Keys are added, never renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .output import iso
from .wording import sentence, undo_command

if TYPE_CHECKING:
    from ...store import (
        Automation,
        Checked,
        Collection,
        Delivery,
        Difference,
        Entity,
        Event,
        File,
        Graph,
        Integration,
        Item,
        Member,
        Migration,
        Plan,
        Preview,
        Project,
        Proof,
        Run,
        Side,
        Tally,
        Version,
    )

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


def written(changes: Sequence[Any], *, dry_run: bool, undo: int | None, result: Mapping[str, Any] | None) -> Document:
    """What a command that changes something did, or would do."""
    return {
        "dry_run": dry_run,
        "changes": [
            {"event": None if dry_run else change.seq, "action": change.action, "what": sentence(change)}
            for change in changes
        ],
        "automations": list(dict.fromkeys(name for change in changes for name in change.fires)),
        "undo": undo_command(undo) if undo is not None else None,
        "result": None if result is None else dict(result),
    }


def automation(one: Automation) -> Document:
    """An automation; its action by kind."""
    from ...store import Command, Slack, Webhook

    match one.action:
        case Webhook(_, template):
            action: Document = {"kind": "webhook", "webhook": one.integration, "payload": template or None}
        case Slack(_, title, message, severity):
            action = {"kind": "slack", "webhook": one.integration, "title": title, "message": message}
            action["severity"] = severity
        case Command(argv):
            action = {"kind": "command", "argv": list(argv)}
        case _:
            action = {"kind": "nothing"}
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "enabled": one.enabled,
        "scope": {"kind": one.scope_kind, "path": one.scope},
        "on": one.on,
        "pattern": one.pattern or None,
        "filter": one.filter or None,
        "action": action,
        "created_at": time(one.created_at),
        "created_by": one.created_by,
        "updated_at": time(one.updated_at),
        "delivered_at": time(one.delivered),
    }


def preview(one: Preview) -> Document:
    """What an automation would have done."""
    return {
        "fired": one.fired,
        "since": time(one.since),
        "looked_at": one.looked,
        "capped": one.capped,
        "example": one.example,
        "payload": one.payload,
    }


def integration(one: Integration) -> Document:
    """A webhook; its secrets are nobody's to read."""
    return {
        "id": one.id,
        "kind": one.kind,
        "entity": one.entity,
        "name": one.name,
        "address": one.address,
        "has_token": one.has_token,
        "has_secret": one.has_secret,
        "created_at": time(one.created_at),
        "created_by": one.created_by,
    }


def delivery(one: Delivery) -> Document:
    """One sending of one automation."""
    return {
        "id": one.id,
        "automation": one.automation,
        "event": one.event,
        "on": one.on,
        "test": one.test,
        "about": one.about,
        "state": one.state,
        "tries": one.tries,
        "created_at": time(one.created_at),
        "due": time(one.due),
        "ended_at": time(one.ended_at),
        "target": one.target,
        "request": one.request,
        "status": one.status,
        "response": one.response,
        "error": one.error,
        "asked_by": one.asked_by,
    }


def one_delivery(one: Delivery) -> Document:
    """A delivery with what came of its earlier tries."""
    earlier = [
        {"at": time(each.at), "status": each.status, "response": each.response, "error": each.error}
        for each in one.earlier
    ]
    return {**delivery(one), "earlier": earlier}


def plan(one: Plan) -> Document:
    """What a migration will do."""
    return {
        "kind": one.kind,
        "team": one.team,
        "source": one.source,
        "registry": one.registry,
        "blocked": one.blocked,
        "versions": one.versions,
        "protected_aliases": list(one.protected),
        "collections": [asdict(each) | {"tags": list(each.tags)} for each in one.collections],
        "people": [asdict(each) for each in one.people],
        "problems": [asdict(each) for each in one.problems],
        "automations": [{"name": name, "target": target} for name, target in one.automations],
    }


def tally(one: Tally) -> Document:
    return {"accepted": one.accepted, "flagged": one.flagged, "unreviewed": one.unreviewed, "total": one.total}


def migration(one: Migration) -> Document:
    """A migration and how far it is."""
    return {
        "kind": one.kind,
        "team": one.team,
        "source": one.source,
        "registry": one.registry,
        "state": one.state,
        "started_at": time(one.started_at),
        "started_by": one.started_by,
        "until": time(one.until),
        "ended_at": time(one.ended_at),
        "collections": one.collections,
        "copied": one.copied,
        "versions": one.versions,
        "review": tally(one.tally),
    }


def difference(one: Difference) -> Document:
    return {"what": one.what, "old": one.old, "new": one.new}


def proof(one: Proof) -> Document:
    """What comparing both sides of a migration showed."""
    return {
        "ok": one.ok,
        "source": one.migration.source,
        "registry": one.migration.registry,
        "compared": dict(one.counts),
        "differences": [{"subject": subject} | difference(each) for subject, each in one.differences],
    }


def reviewed(one: Item) -> Document:
    """A collection in a review's queue."""
    return {
        "name": one.name,
        "target": one.target,
        "path": one.path,
        "state": one.state,
        "versions": one.versions,
        "note": one.note,
        "copied_at": time(one.copied_at),
        "verdict": one.verdict,
        "comment": one.comment,
        "reviewed_by": one.reviewed_by,
        "reviewed_at": time(one.reviewed_at),
    }


def side(one: Side | None) -> Document | None:
    """A migrated collection as it stands on one side."""
    if one is None:
        return None
    return {
        "path": one.path,
        "name": one.name,
        "type": one.type,
        "description": one.description,
        "tags": list(one.tags),
        "aliases": dict(one.aliases),
        "created_at": time(one.created_at),
        "created_by": one.created_by,
        "versions": [
            {
                "number": each.number,
                "digest": each.digest,
                "linked_at": time(each.at),
                "linked_by": each.by,
                "description": each.description,
                "metadata": json.loads(each.metadata),
                "tags": list(each.tags),
                "size": each.size,
            }
            for each in one.versions
        ],
    }
