"""A filter as a tree. Both languages (`language`, `mongo`) end here, and `compile` begins here.

Leaves know where they stood, so that what turns out to be wrong later can still be pointed at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..errors import FilterError

Target = Literal["registries", "collections", "versions"]
TARGETS: tuple[Target, ...] = ("registries", "collections", "versions")

# match: `:`, forgiving. eq: `=`, exact. count: how many tags or aliases there are. The rest say themselves.
Operator = Literal["match", "eq", "gt", "ge", "lt", "le", "regex", "contains", "count"]

MAX_DEPTH = 100
MAX_CONDITIONS = 200
MAX_VALUE = 500  # characters
MAX_PATTERN = 200  # characters of a regular expression


# -- values ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Text; with `glob`, `*` stands for any text and `?` for one character."""

    text: str
    glob: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number; where metadata may hold it as text too, how it was written."""

    number: int | float
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false; where metadata may hold it as text too, how it was written."""

    truth: bool
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of time, from `start` until before `end`: a day, a month, a minute … as exact as it was written."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A whole day (UTC), so many days ago."""

    ago: int


@dataclass(frozen=True, slots=True)
class Age:
    """So long before now."""

    span: timedelta


Value = Text | Number | Boolean | Moment | Day | Age


# -- nodes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which filter a leaf stood."""

    source: str = ""
    position: int = 0

    def error(self, message: str) -> FilterError:
        return FilterError(message, self.source, min(self.position, len(self.source)))


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class And:
    """All of them; with no items, everything."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them; with no items, nothing."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Exactly what the item leaves out."""

    item: Node


@dataclass(frozen=True, slots=True)
class Word:
    """Free text, found in names, tags, aliases and descriptions whatever the letter case."""

    text: str
    place: Place = dataclasses.field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against values, of which any may fit.

    Attributes:
        field: the field's own name, as in `FIELDS`.
        keys: the path inside `metadata`.
    """

    field: str
    op: Operator
    values: tuple[Value, ...]
    keys: tuple[str, ...] = ()
    place: Place = dataclasses.field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Has:
    """A field that is there at all."""

    field: str
    keys: tuple[str, ...] = ()
    place: Place = dataclasses.field(default=NOWHERE, compare=False, repr=False)


Node = And | Or | Not | Word | Compare | Has
EVERYTHING = And(())
NOTHING = Or(())


def leaves(node: Node) -> Iterator[Word | Compare | Has]:
    """The conditions of a filter, left to right."""
    match node:
        case And(items) | Or(items):
            for item in items:
                yield from leaves(item)
        case Not(item):
            yield from leaves(item)
        case _:
            yield node


def negated(node: Node) -> Node:
    """The opposite; what is negated twice is itself."""
    return node.item if isinstance(node, Not) else Not(node)
