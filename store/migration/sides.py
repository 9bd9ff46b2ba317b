"""The two sides of a migrated collection, and what differs between them: a pure comparison of data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..clock import from_text, to_text
from ..facts import as_metadata
from ..versions import split
from .records import Difference, Side, SideVersion

if TYPE_CHECKING:
    from ..store import Store


def side(store: Store, collection: int) -> Side | None:
    """A collection of ours as it stands now; None where it is no more. For callers that have checked who asks."""
    engine = store.engine
    row = engine.row(
        "SELECT e.name || '/' || p.name || '/' || c.name, c.name, c.type, c.description, c.created_at, "
        f"(SELECT name FROM entity WHERE id = c.created_by), "
        f"(SELECT {engine.joined('tag')} FROM collection_tag WHERE collection_id = c.id) "
        "FROM collection c JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id "
        "WHERE c.id = :c AND c.removed_at IS NULL AND p.removed_at IS NULL",
        {"c": collection},
    )
    if row is None:
        return None
    path, name, kind, description, created_at, created_by, tags = row
    aliases = engine.rows(
        "SELECT a.alias, m.number FROM alias a JOIN membership m ON m.collection_id = a.collection_id "
        "AND m.version_id = a.version_id WHERE a.collection_id = :c ORDER BY a.alias",
        {"c": collection},
    )
    versions = engine.rows(
        "SELECT m.number, v.id, v.digest, m.at, (SELECT name FROM entity WHERE id = m.by_id), v.description, "
        f"v.metadata, (SELECT {engine.joined('tag')} FROM version_tag WHERE version_id = v.id), v.size "
        "FROM membership m JOIN version v ON v.id = m.version_id WHERE m.collection_id = :c ORDER BY m.number",
        {"c": collection},
    )
    return Side(
        path,
        name,
        kind,
        description,
        tuple(sorted(split(tags))),
        {row[0]: row[1] for row in aliases},
        tuple(
            SideVersion(
                number, artifact, digest, from_text(at), by, text, _json(metadata), tuple(sorted(split(labels))), size
            )
            for number, artifact, digest, at, by, text, metadata, labels, size in versions
        ),
        from_text(created_at),
        created_by,
    )


def _json(metadata: Any) -> str:
    """Metadata in one form, whatever the engine: what two sides are compared by."""
    return json.dumps(as_metadata(metadata), ensure_ascii=False, sort_keys=True)


def differences(old: Side, new: Side | None, *, target: str | None = None) -> Iterator[Difference]:
    """What is not the same on both sides. `target`: the name that the new one was to have, where not the old one's."""
    if new is None:
        yield Difference("the collection", old.name, None)
        return
    if new.name != (target or old.name):
        yield Difference("the name", target or old.name, new.name)
    if new.type != old.type:
        yield Difference("the type", old.type, new.type)
    if new.description != old.description:
        yield Difference("the card", _short(old.description), _short(new.description))
    if (new.created_at, new.created_by) != (old.created_at, old.created_by):
        yield Difference(
            "made", f"{to_text(old.created_at)} by {old.created_by}", f"{to_text(new.created_at)} by {new.created_by}"
        )
    for tag in sorted({*old.tags} ^ {*new.tags}):
        yield Difference(f"tag {tag}", tag if tag in old.tags else None, tag if tag in new.tags else None)
    for alias in sorted({*old.aliases} | {*new.aliases}):
        was, now = old.aliases.get(alias), new.aliases.get(alias)
        if was != now:
            yield Difference(f"alias {alias}", _number(was), _number(now))
    yield from _versions(old, new)


def _versions(old: Side, new: Side) -> Iterator[Difference]:
    before = {one.number: one for one in old.versions}
    after = {one.number: one for one in new.versions}
    for number in sorted({*before} | {*after}):
        was, now = before.get(number), after.get(number)
        if was == now:
            continue
        if was is None or now is None:
            yield Difference(f"v{number}", _told(was), _told(now))
            continue
        for what, one, other in (
            ("artifact", was.artifact, now.artifact),
            ("digest", was.digest, now.digest),
            ("time", to_text(was.at), to_text(now.at)),
            ("author", was.by, now.by),
            ("description", _short(was.description), _short(now.description)),
            ("metadata", was.metadata, now.metadata),
            ("tags", ", ".join(was.tags) or None, ", ".join(now.tags) or None),
            ("size", was.size, now.size),
        ):
            if one != other and not (what == "artifact" and was.artifact is None):
                yield Difference(f"v{number}'s {what}", _text(one), _text(other))


def _told(version: SideVersion | None) -> str | None:
    return None if version is None else f"{version.digest[:8]}, {to_text(version.at)} by {version.by}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: int | None) -> str | None:
    return None if value is None else f"v{value}"


def _short(text: str) -> str | None:
    line = " ".join(text.split())
    return (line if len(line) <= 60 else f"{line[:59]}…") or None


def dumped(one: Side) -> str:
    """A side as JSON, for the ledger."""
    document = asdict(one)
    document["created_at"] = to_text(one.created_at)
    for version, told in zip(document["versions"], one.versions, strict=True):
        version["at"] = to_text(told.at)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def loaded(text: str) -> Side:
    """What `dumped` wrote."""
    document = json.loads(text)
    versions = tuple(
        SideVersion(**{**one, "at": from_text(one["at"]), "tags": tuple(one["tags"])}) for one in document["versions"]
    )
    return Side(
        **{
            **document,
            "tags": tuple(document["tags"]),
            "versions": versions,
            "created_at": from_text(document["created_at"]),
        }
    )
