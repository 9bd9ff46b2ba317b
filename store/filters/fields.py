"""The fields of the filter language, as data: for the parser, for completion, for help and for the README."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .tree import TARGETS, Target

Kind = Literal["text", "number", "size", "time", "metadata"]

_COLLECTIONS: tuple[Target, ...] = ("collections", "versions")
_VERSIONS: tuple[Target, ...] = ("versions",)


@dataclass(frozen=True, slots=True)
class Field:
    """What can be asked for.

    Attributes:
        kind: decides how values are read and which operators fit.
        targets: the lists that can be filtered by it.
        meaning: one line for people.
        examples: filters that work as they stand.
        aliases: other names for it.
        optional: may be missing, so `has:` makes sense.
        choices: the only values there are, if they are few.
    """

    name: str
    kind: Kind
    targets: tuple[Target, ...]
    meaning: str
    examples: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    optional: bool = False
    choices: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that it takes, as they are typed."""
        return OPERATORS[self.kind]


OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "text": (":", "=", "!=", "~"),
    "number": (":", "=", "!=", ">", ">=", "<", "<="),
    "size": (":", "=", "!=", ">", ">=", "<", "<="),
    "time": (":", "=", "!=", ">", ">=", "<", "<="),
    "metadata": (":", "=", "!=", ">", ">=", "<", "<=", "~"),
}

FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("name", "text", TARGETS, "the registry's or collection's name", ("name:det*", 'name="Golden Set"')),
        Field(
            "registry",
            "text",
            TARGETS,
            "the registry or project that it is in",
            ("registry:model", "registry:(model, vision-*)"),
            aliases=("project",),
        ),
        Field("entity", "text", TARGETS, "who owns that: an organization, a team or a user", ("entity:acme",)),
        Field("type", "text", TARGETS, "artifact type; of a registry, a type that it takes", ("type:dataset",)),
        Field("tag", "text", _COLLECTIONS, "a tag", ("tag:prod", "tag:(prod, staging)", "!tag:wip*"), optional=True),
        Field(
            "alias",
            "text",
            _COLLECTIONS,
            "an alias, `latest` and `vN` too; of a collection, any that it has",
            ("alias:prod", "alias:latest"),
            optional=True,
        ),
        Field("by", "text", TARGETS, "the user who made it, or who linked it there", ("by:ana",)),
        Field("description", "text", TARGETS, "text in the description", ("description:robust",), optional=True),
        Field("created", "time", TARGETS, "when it was made", ("created:2026-05", "created>=2026-01-01T12:00")),
        Field("updated", "time", TARGETS, "when it was changed last", ("updated>7d", "updated:today")),
        Field("linked", "time", _VERSIONS, "when it was put into this collection", ("linked<2w",)),
        Field("version", "number", _VERSIONS, "its number", ("version:v3", "version>=10")),
        Field("size", "size", _VERSIONS, "bytes of all its files", ("size>1.5GB", "size<=200MiB")),
        Field("files", "number", _VERSIONS, "how many files it has", ("files>100",)),
        Field("digest", "text", _VERSIONS, "its digest, or how that begins", ("digest:3f2a",)),
        Field(
            "state",
            "text",
            _VERSIONS,
            "how far its upload is",
            ("state:committed", "state:pending"),
            choices=("pending", "committed", "deleted"),
        ),
        Field(
            "metadata",
            "metadata",
            _VERSIONS,
            "a value in its metadata: metadata.<key>[.<key>…]",
            ("metadata.acc>0.9", "metadata.data.split:test", 'metadata."eval.f1">=0.8'),
            optional=True,
        ),
        Field(
            "run", "text", _VERSIONS, "the run that logged it, by name or title", ("run:3f2", "has:run"), optional=True
        ),
        Field(
            "source",
            "text",
            _VERSIONS,
            "where it was logged: [[entity/]project/]collection; `has:source` finds links",
            ("source:vision/detector", "has:source"),
            optional=True,
        ),
    )
}

# Only the HTTP door asks for these.
INTERNAL: Mapping[str, Field] = {
    "id": Field("id", "number", TARGETS, "its id", ()),
    "entity_id": Field("entity_id", "number", ("registries",), "its owner's id", ()),
}

NAMES: Mapping[str, Field] = {name: one for one in FIELDS.values() for name in (one.name, *one.aliases)}


def describe(target: Target | None = None) -> tuple[Field, ...]:
    """The fields, or those of one target, in the order in which they are shown."""
    return tuple(one for one in FIELDS.values() if target is None or target in one.targets)


GRAMMAR: tuple[tuple[str, str], ...] = (
    ("word", "text in the name, a tag, an alias or the description, whatever its letter case"),
    ('"two words"', r"a phrase; \" is a quotation mark in it"),
    ("field:value", "fits, whatever the letter case of names; `*` any text, `?` one character"),
    ("field:(a, b)", "any of them"),
    ("field=value", "exactly this; `!=` anything else, also where there is none"),
    ("field>value", "more, later; also `>=`, `<`, `<=`"),
    ("field~pattern", "the regular expression is found in it, letter case counting"),
    ("has:field", "there is one"),
    ("!x   -x   NOT x", "not"),
    ("x y   x AND y", "both"),
    ("x OR y", "either; AND binds tighter"),
    ("( … )", "brackets"),
    ("7d 3h 2w 6mo 1y", "ages: `updated>7d` is within the last 7 days, `updated<7d` is before them"),
    ("2026  2026-05  2026-05-01  2026-05-01T12:00", "times (UTC): the whole year, month, day, minute; also `today`"),
    ("1.5GB  200MiB", "sizes: k M G T are thousands, Ki Mi Gi Ti are 1,024s"),
)
