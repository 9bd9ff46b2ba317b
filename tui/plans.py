"""A plan: a change that has been rehearsed, so that people see what it does before the store carries it out.

The rehearsal and the deed run the same function. If something else has happened between the two, so that it would do
something that was not shown, it is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..store import Conflict, Store
from . import wording
from .widgets.text import Line, Word

Work = Callable[[Store], object]


class Surprise(Conflict):
    """Between rehearsal and deed somebody changed what it is about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Attributes:
        work: what the store will do.
        lines: what comes of it, in words.
        effect: fact → what it becomes, and what it was.
    """

    work: Work
    lines: Sequence[Line]
    effect: Mapping[str, Any]


def rehearse(store: Store, work: Work) -> Plan:
    """What a change would do.

    Raises:
        CuratoryError: what the store would refuse it with.
    """
    with store.rehearsal() as changes:
        work(store)
        lines = [line for change in changes for line in _consequences(store, change)]
        effect = _effect(changes)
    return Plan(work, lines, effect)


def carry_out(store: Store, plan: Plan) -> None:
    """Do what was rehearsed, as one batch.

    Raises:
        Surprise: it would do something else by now; nothing was done.
        CuratoryError
    """
    with store.batch():
        changes: list[Any] = []
        store.events.watch(changes)
        try:
            plan.work(store)
        finally:
            store.events.watch(None)
        if _effect(changes) != plan.effect:
            raise Surprise("Somebody has changed this since; here is what it would do now.")


_OWNERS = {
    "collection": ("collection", "alias", "link", "collection_tag"),
    "project": ("project", "member", "accepted_type", "protected_alias"),
}


def _effect(changes: Sequence[Any]) -> dict[str, Any]:
    """What becomes of each fact. What is made anew has another number each time, so it is called new."""
    new = {
        (kind, fact.split("/")[1])
        for change in changes
        for fact in change.after
        for maker, kinds in _OWNERS.items()
        if fact.startswith(f"{maker}/") and fact.endswith("/exists") and not change.before.get(fact)
        for kind in kinds
    }
    found: dict[str, Any] = {}
    for change in changes:
        for fact, after in change.after.items():
            kind, owner, rest = (*fact.split("/", 2), "")[:3]
            name = f"{kind}/new/{rest}" if (kind, owner) in new else fact
            before = change.before.get(fact)
            if kind == "link":  # number, time and person: the time is never the same twice
                after, before = bool(after), bool(before)
            found[name] = (before, after)
    return found


# -- in words --------------------------------------------------------------------------------------------------


def _consequences(store: Store, change: Any) -> list[Line]:
    detail = change.detail
    lines: list[Line] = []
    name = str(detail.get("name") or wording.short(str(detail.get("path", ""))))
    if change.action == "link.add":
        source = wording.short(str(detail.get("source", "")))
        lines.append([("links ", ""), (source, "path"), (" as ", ""), (name, "path")])
        if detail.get("created"):
            lines.append(
                [("makes the collection ", ""), (name.partition(":")[0], "path"), (f" of type {detail['type']}", "")]
            )
        number = int(detail.get("version", 0))
        if number:
            before = _highest_before(store, change, number)
            if before is not None:
                lines.append(_move("latest", "latest", before, number))
        if "ttl_cleared" in detail:
            lines.append([("it will no longer expire: what a registry holds stays", "warn")])
    for fact, value in change.after.items():
        line = _of_fact(store, change, fact, change.before.get(fact), value, name)
        if line:
            lines.append(line)
    if not lines:
        lines.append(wording.tell(change.action, detail))
    return lines


def _of_fact(store: Store, change: Any, fact: str, before: Any, after: Any, name: str) -> Line | None:
    kind, _, rest = fact.partition("/")
    owner, _, key = rest.partition("/")
    match kind:
        case "alias":
            return _alias(store, int(owner), key, before, after, change)
        case "collection_tag" | "version_tag":
            verb = "adds the tag " if after else "takes off the tag "
            return [(verb, ""), (key, "tag"), (" on " if after else " from ", ""), (name, "path")]
        case "link" if after is None:
            return [("takes ", ""), (name, "path"), (" out of the collection; its source stays", "")]
        case "member":
            return _member(change, before, after)
        case "protected_alias":
            said = " only admins may move it from now on" if after else " every member may move it again"
            return [("◆" if after else "", "protected"), (key, "protected" if after else "alias"), (":" + said, "")]
        case "accepted_type":
            return [("accepts the type ", ""), (key, "type"), (", for good", "warn")]
        case "version" if key == "ttl" and change.action == "version.ttl":
            return [(name, "path"), (" lives ", ""), (wording.lifetime(after), "strong")]
        case "version" if key == "state" and after == "deleted":
            links = [wording.short(str(link)) for link in change.detail.get("links", ())]
            words: list[Word] = [("deletes ", "bad"), (name, "path")]
            if links:
                words += [(" and its links ", "bad"), (wording.listed(links), "path")]
            return [*words, ("; its files stay for a day at least", "muted")]
        case _ if key == "description":
            old, new = len(before or ""), len(after or "")
            return [("card of ", ""), (name, "path"), (f": {old:,} → {new:,} characters", "")]
        case _ if key == "visibility":
            seen = {"organization": "everybody in the organization", "restricted": "only those who were added"}
            return [(name, "path"), (" will be seen by ", ""), (seen.get(str(after), str(after)), "strong")]
        case _ if key == "any_type":
            return [("accepts every type" if after else "accepts only the types that are listed", "")]
        case _ if key == "exists" and not after:
            return _gone(change, kind, name)
    return None


def _alias(store: Store, collection: int, alias: str, before: Any, after: Any, change: Any) -> Line:
    old = _number(store, collection, before, change) if before is not None else None
    new = _number(store, collection, after, change) if after is not None else None
    if before is None:
        return [("puts ", ""), (alias, "alias"), (" on ", ""), (f"v{new}", "number")]
    if after is None:
        return [("takes ", ""), (alias, "alias"), (" off ", ""), (f"v{old}", "number")]
    return _move(alias, "alias", old, new)


def _move(alias: str, role: str, old: int | None, new: int | None) -> Line:
    return [("moves ", ""), (alias, role), (" ", ""), (f"v{old}", "number"), (" → ", ""), (f"v{new}", "number")]


def _number(store: Store, collection: int, version: int, change: Any) -> int | None:
    """The number that a version has or had in a collection."""
    fact = f"link/{collection}/{version}"
    if change.after.get(fact):
        return int(change.after[fact][0])
    for event in store.events.of_fact(fact, limit=3):
        value = event.after.get(fact) or event.before.get(fact)
        if value:
            return int(value[0])
    return None


def _highest_before(store: Store, change: Any, number: int) -> int | None:
    """What `latest` named before a link, if the link takes it away."""
    path = str(change.detail.get("path", ""))
    page = store.search.versions(path, order="-number", limit=2)
    numbers = [version.number for version in page if version.number != number]
    return numbers[0] if numbers and numbers[0] < number else None


def _member(change: Any, before: Any, after: Any) -> Line:
    who = str(change.detail.get("member", ""))
    where = wording.short(str(change.detail.get("path", "")))
    if before is None:
        return [(who, "person"), (" becomes ", ""), (str(after), "strong"), (" of ", ""), (where, "path")]
    if after is None:
        return [(who, "person"), (f" is no longer {before} of ", ""), (where, "path")]
    return [(who, "person"), (f": {before} → ", ""), (str(after), "strong"), (" in ", ""), (where, "path")]


def _gone(change: Any, kind: str, name: str) -> Line:
    held = change.detail.get("versions", change.detail.get("collections"))
    what = {"collection": "version", "project": "collection"}.get(kind, "thing")
    words: list[Word] = [("deletes ", "bad"), (name, "path")]
    if held:
        words.append((f" with {wording.count(int(held), what)}", "bad"))
    return words
