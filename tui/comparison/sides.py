"""A migrated collection before and now, line by line: what it is, its aliases and tags, every version, who sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...store import Difference as Unlike
from ...store import Side, SideVersion
from .. import wording
from .difference import ADDED, CHANGED, GONE, SAME, Difference, mapped


def compare_sides(
    old: Side, new: Side | None, access: Sequence[tuple[str, Unlike]], *, target: str | None = None
) -> list[Difference]:
    """All that can be compared, section by section.

    Args:
        new: None: it has been deleted since.
        access: whose role in the registry is not what it was.
        target: the name that the new one was to have.
    """
    if new is None:
        return [Difference("Collection", "name", old.name, "—", GONE, "deleted since")]
    found = list(_facts(old, new, target or old.name))
    found += mapped("Aliases", _numbers(old.aliases), _numbers(new.aliases))
    found += _tags("Tags", old.tags, new.tags)
    found += _versions(old.versions, new.versions)
    for name, one in access:
        sign = GONE if one.new is None else ADDED if one.old is None else CHANGED
        found.append(Difference("Access", name, one.old or "—", one.new or "—", sign, "whole registry"))
    return found


def _facts(old: Side, new: Side, target: str) -> Iterator[Difference]:
    for name, before, after, wanted in (
        ("name", old.name, new.name, target),
        ("type", old.type, new.type, old.type),
        ("card", _line(old.description), _line(new.description), None),
        ("made", wording.day_and_time(old.created_at), wording.day_and_time(new.created_at), None),
        ("by", old.created_by or "", new.created_by or "", None),
    ):
        same = old.description == new.description if name == "card" else after == (before if wanted is None else wanted)
        change = "had to be renamed" if name == "name" and same and before != after else ""
        yield Difference("Collection", name, before, after, SAME if same else CHANGED, change)


def _line(text: str) -> str:
    return " ".join(text.split()) or "—"


def _numbers(aliases: Mapping[str, int]) -> dict[str, str]:
    return {alias: f"v{number}" for alias, number in sorted(aliases.items())}


def _tags(section: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    for tag in sorted({*old, *new}):
        sign = SAME if tag in old and tag in new else ADDED if tag in new else GONE
        yield Difference(section, tag, "✓" if tag in old else "—", "✓" if tag in new else "—", sign)


def _versions(old: Sequence[SideVersion], new: Sequence[SideVersion]) -> Iterator[Difference]:
    """The newest first, as the panes have them."""
    before, after = {one.number: one for one in old}, {one.number: one for one in new}
    for number in sorted({*before, *after}, reverse=True):
        was, now = before.get(number), after.get(number)
        name = f"v{number}"
        if was is None or now is None:
            sign = ADDED if was is None else GONE
            yield Difference("Versions", name, _told(was), _told(now), sign, kind="version")
            continue
        unlike = ", ".join(_unlike(was, now))
        yield Difference("Versions", name, _told(was), _told(now), CHANGED if unlike else SAME, unlike, kind="version")


def _told(one: SideVersion | None) -> str:
    if one is None:
        return "—"
    return f"{one.digest[:8]} {one.at:%Y-%m-%d} {one.by or ''}"


def _unlike(was: SideVersion, now: SideVersion) -> Iterator[str]:
    if was.artifact is not None and was.artifact != now.artifact:
        yield "another artifact"
    for what in ("digest", "at", "by", "description", "metadata", "tags", "size"):
        if getattr(was, what) != getattr(now, what):
            yield {"at": "time", "by": "author"}.get(what, what)
