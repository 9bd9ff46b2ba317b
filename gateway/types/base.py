"""What every type is made with: the call it answers, ids, connections."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ...store import Invalid, Page, Store
from ..graphql import Node
from ..signing import Signer

T = TypeVar("T")

DEFAULT_PAGE = 100
MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks, and where the door stands.

    Attributes:
        store: bound to who asks.
        base: the door's address as the client reaches it, without a slash at its end.
    """

    store: Store
    base: str
    signer: Signer

    def address(self, kind: str, name: str, **claims: Any) -> str:
        """A signed address of something stored; `name` is what the last part of the path shows."""
        return self.signer.address(self.base, kind, name, claims)


class Told(Exception):
    """A refusal that clients know by its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Object(Node):
    """A node that knows the call it answers."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._store = call.store


def gid(kind: str, number: object) -> str:
    """A global id, as W&B spells it: base64 of "Kind:number"."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def ungid(text: str) -> tuple[str, int]:
    """Kind and number of a global id.

    Raises:
        Invalid: that is none.
    """
    try:
        kind, _, number = base64.b64decode(text, validate=True).decode().partition(":")
        return kind, int(number)
    except ValueError:
        raise Invalid(f"{text!r} is no id of this server.") from None


def number_of(text: str, *kinds: str) -> int:
    """The number in a global id of one of some kinds.

    Raises:
        Invalid
    """
    kind, number = ungid(text)
    if kind not in kinds:
        raise Invalid(f"{text!r} is the id of a {kind}, where one of a {' or '.join(kinds)} is expected.")
    return number


def time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def from_json(text: str | None, what: str) -> Any:
    """A JSONString argument.

    Raises:
        Invalid
    """
    if not text:
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid(f"The {what} is no JSON: {error}.") from None


def size_of(first: int | None) -> int:
    return max(1, min(first or DEFAULT_PAGE, MAX_PAGE))


def page(found: Page[T], node: Callable[[T], Any], **edge: Callable[[T], Any]) -> dict[str, Any]:
    """A page of a list as a connection; `edge`: what else each edge says.

    Clients go on from where the page ends, and old ones, of some lists the newest, too, from its last edge.
    """
    last = len(found.items) - 1
    return {
        "totalCount": found.total if found.total is not None else len(found.items),
        "pageInfo": {
            "__typename": "PageInfo",
            "endCursor": found.after,
            "hasNextPage": found.after is not None,
            "startCursor": None,
            "hasPreviousPage": False,
        },
        "edges": [
            {
                "node": node(item),
                "cursor": (found.after or "") if number == last else "",
                **{name: told(item) for name, told in edge.items()},
            }
            for number, item in enumerate(found.items)
        ],
    }


def slice_(
    items: Sequence[T],
    node: Callable[[T], Any],
    first: int | None = None,
    after: str | None = None,
    **edge: Callable[[T], Any],
) -> dict[str, Any]:
    """Part of a short list as a connection; a cursor is the number of items before."""
    start = int(after) if after and after.isdigit() else 0
    end = start + (size_of(first) if first else len(items))
    part = Page(tuple(items[start:end]), str(end) if end < len(items) else None, len(items))
    return page(part, node, **edge)


def all_of(items: Iterable[T], node: Callable[[T], Any]) -> dict[str, Any]:
    return slice_(list(items), node)
