"""The first thing one wants to know of a registry, a collection or a version."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ....store import Collection, CuratoryError, Project, Store, Upload, Version
from ... import actions, wording
from ...verification import Verification, in_words, verification
from ...widgets.text import Line, Word
from ..collections import alias_words
from .card import card_lines
from .tab import Sheet, Subject, Tab, View, field_line, lines, text_lines

UPLOADS = 3  # incomplete ones that are listed


@dataclass(frozen=True, slots=True)
class _Found:
    subject: Subject
    protected: tuple[str, ...] = ()
    collection: Collection | None = None
    latest: Version | None = None
    verified: Verification | None = None
    uploads: tuple[Upload, ...] = ()
    automations: int = 0


def _load(store: Store, subject: Subject) -> _Found:
    if isinstance(subject, Project):
        uploads = store.uploads.incomplete(subject.id) if subject.kind == "project" else []
        return _Found(subject, uploads=tuple(uploads), automations=_watching(store, subject))
    protected = store.projects.protected_aliases(subject.project_id)
    if isinstance(subject, Collection):
        latest = store.versions.get(f"{subject.path}:latest") if subject.versions else None
        uploads = store.uploads.incomplete(subject.project_id, name=subject.name) if subject.kind == "sequence" else []
        watching = _watching(store, subject)
        return _Found(subject, protected, subject, latest, uploads=tuple(uploads), automations=watching)
    collection = None
    with suppress(CuratoryError):
        collection = store.collections.get(f"{subject.entity}/{subject.project}/{subject.collection}")
    return _Found(subject, protected, collection, verified=verification(store.garbage.checks(subject)))


def _watching(store: Store, subject: Project | Collection) -> int:
    """How many automations watch it; none where somebody has just taken it away."""
    with suppress(CuratoryError):
        return len(store.automations.list(subject.path))
    return 0


def _draw(found: _Found, view: View) -> Sheet:
    subject = found.subject
    if isinstance(subject, Project):
        return Sheet(lines(_registry(found, subject, view)))
    if isinstance(subject, Collection):
        return Sheet(lines(_collection(found, subject, view)))
    return Sheet(lines(_version(found, subject, view)))


def _registry(found_: _Found, registry: Project, view: View) -> list[Line]:
    seen = {
        "organization": f"everybody in {registry.entity}",
        "restricted": "only the people and teams that were added",
        "team": f"the team {registry.entity}",
    }[registry.visibility]
    types: list[Word] = [(", ".join(registry.types) or "none yet", "type")]
    if registry.any_type:
        types = [("every type", "")] + ([("; in use: ", "muted"), *types] if registry.types else [])
    found: list[Line] = [
        [(f" {registry.title}", "head"), ("  core registry" if registry.core else "", "muted")],
        [],
        field_line("path", (registry.path, "path")),
        field_line("seen by", (seen, "")),
        field_line("you are", (registry.role, "strong")),
        field_line("owner", (registry.owner or "—", "person")),
        field_line("takes", *types),
    ]
    if registry.kind == "registry":
        aliases = [(f"◆{alias} ", "protected") for alias in registry.protected_aliases]
        found.append(field_line("protected", *(aliases or [("no alias", "muted")])))
    found.append(field_line("holds", (wording.count(registry.collections, "collection"), "")))
    found += _watched(found_)
    found.append(field_line("created", *_by(registry.created_at, registry.created_by, view)))
    found += _incomplete(found_.uploads, view)
    if registry.description:
        found += [[], *card_lines(registry.description, view.width)]
    return found


def _collection(found: _Found, collection: Collection, view: View) -> list[Line]:
    said: list[Line] = [
        [(f" {collection.name}", "head"), *((f"  #{tag}", "tag") for tag in collection.tags)],
        [],
        field_line("path", (collection.short_path, "path")),
        field_line("type", (collection.type, "type")),
        field_line("versions", (f"{collection.versions:,}", ""), *_numbers(collection)),
    ]
    for number, (alias, version) in enumerate(sorted(collection.aliases.items())):
        role = "protected" if alias in found.protected else "alias"
        sign = "◆" if role == "protected" else ""
        said.append(field_line("" if number else "aliases", (f"{sign}{alias}", role), (f" v{version}", "number")))
    said += _watched(found)
    said.append(field_line("created", *_by(collection.created_at, collection.created_by, view)))
    said.append(field_line("changed", (wording.ago(collection.updated_at, view.now), "")))
    said += _incomplete(found.uploads, view)
    said.append([])
    if collection.description:
        said += card_lines(collection.description, view.width)
    else:
        said.append(
            [
                (" No card yet.  ", "muted"),
                ("e", "key"),
                (" writes one: what it is, how it was made, its limits.", "muted"),
            ]
        )
    latest = found.latest
    if latest is not None and latest.metadata:
        said += [
            [],
            [(" Latest ", "head"), (f"v{latest.number}", "number"), (f"  {wording.size(latest.size)}", "muted")],
        ]
        said += _few(latest, view)
    return said


def _watched(found: _Found) -> list[Line]:
    if not found.automations:
        return []
    key = actions.BY_ID["automations"].keys
    words: list[Word] = [(wording.count(found.automations, "automation"), ""), ("   ", ""), (key, "key")]
    return [field_line("watched by", *words, (" shows them", "muted"))]


def _incomplete(uploads: Sequence[Upload], view: View) -> list[Line]:
    """Versions that never came whole, newest first."""
    if not uploads:
        return []
    said: list[Line] = [[]]
    for upload in uploads[:UPLOADS]:
        arrived = f"{wording.count(upload.files, 'file')}, {wording.size(upload.size)} arrived"
        said.append(field_line("incomplete", (upload.name, "warn")))
        said.append(field_line("", (arrived, "")))
        said.append(field_line("", *_by(upload.updated_at, upload.by, view)))
    if len(uploads) > UPLOADS:
        said.append(field_line("", (f"and {len(uploads) - UPLOADS} more", "muted")))
    said.append([(" Logging it again completes it.", "muted")])
    return said


def _numbers(collection: Collection) -> list[Word]:
    if collection.latest is None:
        return []
    return [("   latest ", "muted"), (f"v{collection.latest}", "number")]


def _version(found: _Found, version: Version, view: View) -> list[Line]:
    aliases = alias_words(version.aliases, found.protected, latest=True)
    said: list[Line] = [
        [(f" {version.name}  ", "head"), *(aliases if version.aliases else ())],
    ]
    if version.tags:
        said.append([(" ", ""), *((f"#{tag} ", "tag") for tag in version.tags)])
    said += [[], field_line("path", (version.short_path, "path"))]
    if version.is_link:
        said.append(field_line("source", (version.source, "path")))
    said += [
        field_line("type", (version.type, "type")),
        field_line(
            "size", (wording.size(version.size), ""), (f" in {wording.count(version.file_count, 'file')}", "muted")
        ),
        field_line("digest", (version.digest, "")),
        *_verified(found.verified, view),
        field_line("logged", *_by(version.created_at, version.created_by, view)),
    ]
    if version.is_link:
        said.append(field_line("linked", *_by(version.linked_at, version.linked_by, view)))
    if version.run:
        said.append(field_line("run", (version.run, "run")))
    if version.state != "committed":
        said.append(field_line("state", (version.state, "warn")))
    if not version.is_link or version.ttl > 0:
        said.append(field_line("lives", (wording.lifetime(version.ttl), "")))
    if version.description:
        said += [[], *text_lines(version.description, view.width)]
    if version.metadata:
        said += [[], *_few(version, view)]
    if found.collection is not None and found.collection.description:
        said += [[], [(f" ── card of {found.collection.name} ", "muted")], []]
        said += card_lines(found.collection.description, view.width)
    return said


def _verified(found: Verification | None, view: View) -> list[Line]:
    if found is None:
        return []
    words = in_words(found, lambda moment: wording.ago(moment, view.now), "V verifies")
    if found.serious:
        return [field_line("verified", ("✗ ", "bad"), (words, "bad"))]
    if found.oldest is None or found.never:
        return [field_line("verified", (words, "muted" if found.oldest is None else ""))]
    return [field_line("verified", ("✓ ", "good"), (words, ""))]


def _few(version: Version, view: View) -> list[Line]:
    """The plain values of the metadata: the numbers that one compares."""
    plain = [(key, value) for key, value in version.metadata.items() if not isinstance(value, dict | list)]
    said = []
    for key, value in plain[:12]:
        said.append(field_line(key, (_value(value), "number" if isinstance(value, int | float) else ""), width=19))
    if len(plain) < len(version.metadata) or len(plain) > 12:
        said.append([(f" … {len(version.metadata):,} in all, under Metadata", "muted")])
    return said


def _value(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _by(moment: Any, who: str | None, view: View) -> list[Word]:
    words: list[Word] = [(wording.ago(moment, view.now), "")]
    if who:
        words += [(" by ", "muted"), (who, "person")]
    room = view.width - 13 - sum(len(text) for text, _ in words)  # what is cut tells less than what is left out
    return [*words, (f"  {wording.day_and_time(moment)} UTC", "muted")] if room >= 22 else words


OVERVIEW = Tab("overview", "Overview", (Project, Collection, Version), _load, _draw)
