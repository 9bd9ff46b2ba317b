"""What an automation waits for, in the client's words and in the store's.

The client says an event and a filter like `{"$or": [{"$and": [{"alias": {"$regex": "^prod"}}]}]}`. The store keeps an
occasion, a pattern of the alias or tag, and a filter in its own language; the last goes by `filter`, which is no field
of W&B's, so that a client which changes something else gives it back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...store import OCCASIONS, Automation, Invalid, Occasion
from .base import as_json, from_json

# The client's names of events → the store's.
EVENTS: Mapping[str, str] = {
    "LINK_MODEL": "version.link",
    "UNLINK_ARTIFACT": "version.unlink",
    "CREATE_ARTIFACT": "version.create",
    "ADD_ARTIFACT_ALIAS": "alias.add",
    "ADD_ARTIFACT_TAG": "tag.add",
    "REMOVE_ARTIFACT_TAG": "tag.remove",
    "ADD_COLLECTION_TAG": "collection_tag.add",
    "REMOVE_COLLECTION_TAG": "collection_tag.remove",
}
NAMES = {occasion: event for event, occasion in EVENTS.items()}
FILTER = "filter"
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]()|-]")


def occasion_of(event: str) -> Occasion:
    """What the store calls an event.

    Raises:
        Invalid: automations don't wait for it here.
    """
    if event not in EVENTS:
        about = ": automations watch versions and collections, not runs" if event.startswith("RUN_") else ""
        raise Invalid(f"Curatory has no event {event}{about}. It has: {', '.join(EVENTS)}.")
    return OCCASIONS[EVENTS[event]]


def shown(found: Automation) -> dict[str, Any]:
    """The event of an automation, with its filter as a client reads it."""
    conditions: list[dict[str, Any]] = []
    if found.pattern:
        conditions.append({_named(found.occasion): _operator(found.pattern)})
    if found.filter:
        conditions.append({FILTER: {"$eq": found.filter}})
    return {
        "__typename": "FilterEventTriggeringCondition",
        "eventType": NAMES[found.on],
        "filter": as_json({"filter": as_json({"$or": [{"$and": conditions}]})}),
    }


def read(text: str | None, occasion: Occasion) -> tuple[str, str]:
    """Pattern and filter out of what a client filters by.

    Raises:
        Invalid: it says something that can't be asked here.
    """
    said: dict[str, str] = {}
    for name, value in _conditions(from_json(text, "event filter")):
        if name not in (_named(occasion), FILTER):
            known = f"for its {_named(occasion)}" if occasion.patterned else "for nothing about it"
            raise Invalid(f"An automation can't ask for {name!r} when {occasion.words}; it can ask {known}.")
        if name in said:
            raise Invalid(f"An automation asks for the {name} once; write several as one regular expression: a|b")
        said[name] = _text(value, name) if name == FILTER else _pattern(value, name)
    return said.get(_named(occasion), ""), said.get(FILTER, "")


def _named(occasion: Occasion) -> str:
    return "tag" if "tag" in occasion.name else "alias"


def _conditions(tree: Any) -> Iterator[tuple[str, Any]]:
    """Field and what is asked of it, for everything that must be true."""
    if not isinstance(tree, Mapping):
        raise Invalid("An event filter is a JSON object.")
    for name, value in tree.items():
        if name in ("$and", "$or") and isinstance(value, list):
            if name == "$or" and len(value) > 1:
                raise Invalid("An automation can't ask for one thing or another ($or): make two automations.")
            for one in value:
                yield from _conditions(one)
        elif name.startswith("$"):
            raise Invalid(f"An automation can't ask with {name}; it can with eq() and matches_regex().")
        else:
            yield name, value


def _pattern(value: Any, name: str) -> str:
    if isinstance(value, Mapping) and value.keys() == {"$regex"} and isinstance(value["$regex"], str):
        regex = value["$regex"]
        return f"~{regex}" if regex == regex.rstrip() else f"~(?:{regex})"
    return exactly(_text(value, name))


def _text(value: Any, name: str) -> str:
    if isinstance(value, Mapping) and value.keys() == {"$eq"}:
        value = value["$eq"]
    if isinstance(value, Mapping):
        raise Invalid(
            f"An automation can't ask for the {name} with {', '.join(value) or 'nothing'}; it can with eq() and "
            "matches_regex()."
        )
    if not isinstance(value, str):
        raise Invalid(f"The {name} that an automation asks for is a text, not {as_json(value)}.")
    return value


def exactly(name: str) -> str:
    """The pattern of one name: itself, or a regular expression where it would mean more than that."""
    if name and name == name.strip() and name[0] != "~" and not set(name) & {"*", "?"}:
        return name
    return f"~^{_escaped(name)}$"


def _operator(pattern: str) -> dict[str, str]:
    if not pattern.startswith("~"):
        if not set(pattern) & {"*", "?"}:
            return {"$eq": pattern}
        parts = re.split(r"(\*+|\?)", pattern)
        wild = "".join(".*" if one.startswith("*") else "." if one == "?" else _escaped(one) for one in parts)
        return {"$regex": f"^{wild}$"}
    name = re.sub(r"\\(.)", r"\1", pattern[2:-1])
    return {"$eq": name} if exactly(name) == pattern else {"$regex": pattern[1:]}


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)
