"""Writing deliveries, in the transaction of the change that they announce: neither is ever there without the other."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..clock import to_text
from . import payload
from .happenings import Happening, Reader
from .matching import Fired, Matcher
from .records import OCCASIONS

if TYPE_CHECKING:
    from ..events import Change
    from ..store import Store

INSERT = (
    "INSERT INTO delivery (automation_id, event, lane, occasion, action, test, asked_by, state, ready, lease, since, "
    "created_at, ended_at, error) VALUES (:automation, :event, :lane, :occasion, :action, :test, :asked_by, :state, "
    ":ready, :at, :at, :at, :ended_at, :error)"
)


def post(store: Store, changes: Sequence[Change]) -> None:
    """Write what changes set off; the caller is in their transaction."""
    reader, matcher = Reader(store.engine), Matcher(store)
    found: list[tuple[Change, Happening]] = []
    for change in changes:
        subject = change.subject
        happenings = reader.read(change, subject.get("project_id"), subject.get("collection_id"))
        found += [(change, one) for one in happenings]
    candidates = matcher.candidates([one for _, one in found]) if found else []
    if not candidates:
        return
    rows: list[dict[str, Any]] = []
    lanes: set[str] = set()
    now = to_text(store.shared_now())  # an event's time may be ahead of it, where another machine's clock is
    for change, happening in found:
        for fired in matcher.fired(candidates, happening):
            if fired.candidate.name not in change.fires and _seen(store, fired.project, change):
                change.fires.append(fired.candidate.name)
            lane = f"{fired.candidate.id}:{fired.collection or 0}"
            occasion = values(store, fired, store.actor.name, change.now)
            row = delivery(fired.candidate.id, lane, occasion, fired.candidate.action, now)
            row["event"] = change.seq
            if fired.problem:
                row |= {"state": "failed", "ready": 0, "ended_at": now, "error": fired.problem}
            else:
                row["ready"] = int(lane not in lanes and not _waiting(store, lane))
                lanes.add(lane)
            rows.append(row)
    store.engine.many(INSERT, rows)


def delivery(automation: int, lane: str, occasion: Mapping[str, Any], action: str, at: str) -> dict[str, Any]:
    """A delivery that is due at once, for `INSERT`."""
    return {
        "automation": automation, "event": None, "lane": lane,
        "occasion": json.dumps(occasion, ensure_ascii=False), "action": action,
        "test": 0, "asked_by": None, "state": "pending", "ready": 1, "at": at, "ended_at": None, "error": "",
    }  # fmt: skip


def _seen(store: Store, project: int | None, change: Change) -> bool:
    """Whether the actor may know of what is set off: an artifact's tags are the same in registries they don't see."""
    if project is None or project == change.subject.get("project_id"):
        return True
    role = store.engine.value(
        f"SELECT {store.role_sql} FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.id = :p",
        {"p": project} | store.me,
    )
    return role is not None


def _waiting(store: Store, lane: str) -> bool:
    return bool(store.engine.value("SELECT 1 FROM delivery WHERE lane = :l AND state = 'pending' LIMIT 1", {"l": lane}))


def values(store: Store, fired: Fired, author: str, at: str) -> dict[str, Any]:
    """What the variables of a template are, for one happening; only such metadata as the template asks for."""
    engine, happening = store.engine, fired.happening
    found: dict[str, Any] = {
        "on": happening.on,
        "event_type": OCCASIONS[happening.on].variable,
        "event_author": author,
        "at": at,
        "alias": happening.name if happening.on.startswith("alias.") else "",
        "tag": happening.name if "tag." in happening.on else "",
    }
    path: list[str] = []
    if fired.project is not None:
        row = engine.row(
            "SELECT e.name, p.name FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.id = :p",
            {"p": fired.project},
        )
        assert row
        found["entity_name"], found["project_name"] = row
        path = list(row)
    elif happening.owners:
        found["entity_name"] = engine.value("SELECT name FROM entity WHERE id = :e", {"e": happening.owners[0]})
        path = [found["entity_name"]]
    if fired.collection is not None:
        name = engine.value("SELECT name FROM collection WHERE id = :c", {"c": fired.collection})
        found["artifact_collection_name"] = name
        path.append(name)
    found["path"] = "/".join(path)
    if happening.version is not None:
        found |= _version(store, fired, found)
    if happening.person is not None:
        found["person"] = engine.value("SELECT name FROM entity WHERE id = :e", {"e": happening.person})
        found["role"] = happening.name
    return found


def _version(store: Store, fired: Fired, found: Mapping[str, Any]) -> dict[str, Any]:
    engine, happening = store.engine, fired.happening
    number = engine.value(
        "SELECT number FROM membership WHERE collection_id = :c AND version_id = :v",
        {"c": fired.collection, "v": happening.version},
    )
    if number is None and happening.link is not None:
        number = happening.link[0]
    path = f"{found['path']}:v{number}"
    made: dict[str, Any] = {
        "artifact_version": version_uri(happening.version or 0),
        "artifact_version_string": f"{found['path']}:{happening.name}" if found["alias"] else path,
        "path": path,
    }
    keys = payload.metadata_keys(fired.candidate.action)
    if keys:
        text = engine.value("SELECT metadata FROM version WHERE id = :v", {"v": happening.version})
        metadata = json.loads(text) if isinstance(text, str) else text
        made["metadata"] = {key: metadata[key] for key in keys if key in metadata}
    return made


def version_uri(version: int) -> str:
    """A version as W&B names one in payloads."""
    return "wandb-artifact://_id/" + base64.b64encode(f"Artifact:{version}".encode()).decode()
