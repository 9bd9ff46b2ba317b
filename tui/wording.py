"""Times, sizes, numbers and events in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..store import Event
from .widgets.text import Word

_STEPS = ((60, "s"), (60, "min"), (24, "h"), (30, "d"), (12, "mo"), (10_000, "y"))


def ago(moment: datetime, now: datetime) -> str:
    """`3 h ago`; the largest unit that fits."""
    value = (now - moment).total_seconds()
    if value < 5:
        return "now"
    for step, unit in _STEPS:
        if value < step:
            return f"{int(value)} {unit} ago"
        value /= step
    return "long ago"


def span(seconds: float) -> str:
    """`3 min`; the largest unit that fits."""
    for step, unit in _STEPS:
        if seconds < step:
            return f"{int(seconds)} {unit}"
        seconds /= step
    return "long"


def day_and_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def size(count: int) -> str:
    """Bytes in thousands: `1.5 GB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if value < 999.5 or unit == "PB":
            return f"{count} B" if unit == "B" else f"{value:.{1 if value < 99.5 else 0}f} {unit}"
        value /= 1000
    raise AssertionError


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `12,340 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: list[str] | tuple[str, ...], most: int = 6) -> str:
    """`ana, kim and 4 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def lifetime(seconds: int) -> str:
    if seconds == -1:
        return "as its team says"
    if seconds == -2:
        return "for ever"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            return count(seconds // length, unit)
    return count(seconds, "second")


def short(path: str) -> str:
    """A path as people say it: a registry by its own name."""
    _, slash, rest = path.partition("/wandb-registry-")
    return rest if slash else path


def told(event: Event) -> list[Word]:
    """What an event did, in words."""
    prefix, _, plain = event.action.rpartition(":")
    words: list[Word] = []
    if prefix == "undo":
        words.append(("undid: ", "warn"))
    elif prefix == "redo":
        words.append(("redid: ", "warn"))
    return words + tell(plain, event.detail)


def tell(action: str, detail: Mapping[str, Any]) -> list[Word]:
    """An action and its details in words."""
    path = short(str(detail.get("path", "")))
    name = str(detail.get("name") or path)
    place: Word = (path, "path")
    aliases = detail.get("aliases") or ([detail["alias"]] if "alias" in detail else [])
    names = ", ".join(str(alias) for alias in aliases)
    match action:
        case "link.add":
            words: list[Word] = [
                ("linked ", ""),
                (short(str(detail.get("source", ""))), "path"),
                (" as ", ""),
                (name, "path"),
            ]
            return words + ([(" with ", ""), (names, "alias")] if names else [])
        case "link.remove":
            return [("unlinked ", ""), (name, "path"), (" from ", "muted"), place]
        case "alias.add":
            moved = detail.get("moved") or {}
            if moved:
                steps = ", ".join(f"{alias} v{number}" for alias, number in moved.items())
                return [("moved ", ""), (steps, "alias"), (" → ", ""), (name, "path")]
            return [("put ", ""), (names, "alias"), (" on ", ""), (name, "path")]
        case "alias.remove":
            return [("took ", ""), (names, "alias"), (" off ", ""), (name, "path")]
        case "tag.add" | "tag.remove":
            tags = ", ".join(str(tag) for tag in detail.get("tags", ()))
            verb, where = ("tagged ", " on ") if action == "tag.add" else ("removed tag ", " from ")
            return [(verb, ""), (tags, "tag"), (where, ""), place]
        case "version.log":
            return [("logged ", ""), (name, "path")]
        case "collection.create" | "registry.create" | "project.create":
            return [(f"created the {action.partition('.')[0]} ", ""), place]
        case "collection.rename" | "registry.rename":
            return [("renamed ", ""), place, (" to ", ""), (short(f"/{detail.get('to', '')}").lstrip("/"), "path")]
        case "registry.visibility":
            return [("made ", ""), place, (" visible to ", ""), (_seen(str(detail.get("visibility"))), "strong")]
        case "registry.protect":
            return [("protected ", ""), (names, "protected"), (" in ", ""), place]
        case "registry.unprotect":
            return [("no longer protects ", ""), (names, "alias"), (" in ", ""), place]
        case "member.add":
            return [("added ", ""), (str(detail.get("member")), "person"), (f" as {detail.get('role')} to ", ""), place]
        case "member.role":
            return [("made ", ""), (str(detail.get("member")), "person"), (f" {detail.get('role')} of ", ""), place]
        case "member.remove":
            return [("removed ", ""), (str(detail.get("member")), "person"), (" from ", ""), place]
        case "team.member":
            who = (str(detail.get("user")), "person")
            return [("made ", ""), who, (f" {detail.get('role')} of the team ", ""), (path, "person")]
        case "team.leave":
            return [("took ", ""), (str(detail.get("user")), "person"), (" out of the team ", ""), (path, "person")]
        case "user.add":
            return [("added ", ""), (path, "person"), (f" as {detail.get('role')} to the organization", "")]
        case "user.role":
            return [("made ", ""), (path, "person"), (f" {detail.get('role')} of the organization", "")]
        case "user.remove" | "team.remove":
            what = "the team " if action == "team.remove" else ""
            return [(f"removed {what}", ""), (path, "person")]
        case "key.create" | "key.revoke":
            verb = "made" if action == "key.create" else "revoked"
            return [(f"{verb} the API key ", ""), (str(detail.get("name")), "strong"), (" of ", ""), (path, "person")]
        case "migration.start" | "migration.collection" | "migration.end" | "migration.rollback" | "review.signoff":
            said = _MIGRATED[action]
            return [(said, ""), (short(str(detail.get("source", ""))), "path"), (" to ", ""), place]
        case "review.accept" | "review.flag" | "review.reopen":
            verb, role = _REVIEWED[action]
            comment = detail.get("comment")
            return [(f"{verb} ", role), place, *([(f": {comment}", "")] if comment else [])]
    noun, _, verb = action.partition(".")
    if noun in ("automation", "webhook"):
        return _automated(noun, verb, name, place)
    past = _PAST.get(verb)
    if past is None:
        return [(f"{action} ", ""), place]
    return [(f"{past} the {noun} " if verb in ("delete", "describe", "create") else f"{past} ", ""), place]


def _automated(noun: str, verb: str, name: str, place: Word) -> list[Word]:
    words: list[Word] = [(f"{_AUTOMATED.get(verb, verb)} the {noun} ", ""), (name, "strong")]
    return words if noun == "webhook" else [*words, (" in ", "muted"), place]


_AUTOMATED = {"create": "made", "remove": "removed", "edit": "changed", "pause": "paused", "resume": "resumed"}
_MIGRATED = {
    "migration.start": "began migrating ",
    "migration.collection": "copied ",
    "migration.end": "migrated ",
    "migration.rollback": "rolled back the migration of ",
    "review.signoff": "signed off the migration of ",
}
_REVIEWED = {
    "review.accept": ("accepted", "good"),
    "review.flag": ("flagged", "bad"),
    "review.reopen": ("took the verdict off", ""),
}
_PAST = {
    "delete": "deleted",
    "describe": "described",
    "metadata": "changed the metadata of",
    "ttl": "set the expiry of",
    "accept": "changed the accepted types of",
    "owner": "changed the owner of",
    "start": "started",
    "finish": "finished",
    "type": "changed the type of",
    "resume": "resumed",
    "create": "created",
    "use": "used a version in",
}


def _seen(visibility: str) -> str:
    return {"organization": "the organization", "restricted": "its members only"}.get(visibility, visibility)
