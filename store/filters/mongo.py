"""W&B's filters, which look like MongoDB's, as the same tree that the filter language makes.

Names and operators are the official client's (0.31), its error texts too. Where MongoDB and it differ, it wins:
`$contains` is a substring, several keys are all meant.
"""

from __future__ import annotations

import base64
import binascii
import math
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from ..engine import regex
from ..errors import FilterError
from .fields import FIELDS, INTERNAL, Field
from .tree import (
    EVERYTHING,
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_PATTERN,
    NOTHING,
    And,
    Boolean,
    Compare,
    Has,
    Moment,
    Node,
    Number,
    Operator,
    Or,
    Target,
    Text,
    Value,
    negated,
)
from .values import LARGEST, BadValue, read_moment, read_number

MAX_LIST = 10_000
MAX_TEXT = 10_000

_BASIC = {"id": "id", "name": "name", "description": "description", "created_at": "created", "updated_at": "updated"}
_NAMES: dict[Target, dict[str, str]] = {
    "registries": _BASIC | {"project_id": "id", "entity_id": "entity_id"},
    "collections": _BASIC
    | {
        "artifact_collection_id": "id",
        "collection_id": "id",
        "collection_name": "name",
        "tag": "tag",
        "tags": "tag",
    },
    "versions": {
        "id": "id",
        "artifact_id": "id",
        "version": "version",
        "version_index": "version",
        "tag": "tag",
        "tags": "tag",
        "alias": "alias",
        "aliases": "alias",
        "metadata": "metadata",
        "artifact_metadata": "metadata",
        "created_at": "created",
        "artifact_created_at": "created",
        "updated_at": "updated",
        "linked_at": "linked",
        "acm_created_at": "linked",
        "artifact_size": "size",
    },
}
_COMPARISONS: dict[str, Operator] = {"$gt": "gt", "$gte": "ge", "$lt": "lt", "$lte": "le"}
_OPERATORS = (
    "$eq", "$ne", *_COMPARISONS, "$in", "$nin", "$all", "$size", "$regex", "$exists", "$contains", "$not",
)  # fmt: skip
_COMBINERS = ("$and", "$or", "$nor", "$not")


def from_mongo(filter: Mapping[str, Any], target: Target) -> Node:
    """A W&B filter as a tree; `{}` is everything.

    Raises:
        FilterError: an unknown field or operator, a value that doesn't fit, or a filter that is too big.
    """
    if not isinstance(filter, Mapping):
        raise _error(f"A filter is an object, not {_kind(filter)}")
    names = _NAMES[target]
    invalid = {root for field in _fields(filter) if (root := field.partition(".")[0]) not in names}
    if invalid:
        raise _error(f"Invalid filter fields: {_listed(invalid)}; must be one of: {_listed(names)}")
    return _Reader(target).all(filter, 0)


def _error(message: str) -> FilterError:
    return FilterError(message, "", 0)


def _listed(names: Any) -> str:
    return ", ".join(map(repr, sorted(names)))


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _fields(filter: Mapping[str, Any]) -> Iterator[str]:
    """All field names anywhere; without recursion, since nothing has looked at the depth yet."""
    waiting: list[Any] = [filter]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, Mapping):
            for key, value in one.items():
                if not isinstance(key, str):
                    raise _error(f"Filter keys are text, not {key!r}")
                if key in _COMBINERS:
                    waiting.append(value)
                elif not key.startswith("$"):
                    yield key


class _Reader:
    def __init__(self, target: Target) -> None:
        self.target = target
        self.names = _NAMES[target]
        self.conditions = 0

    def all(self, filter: Any, depth: int) -> Node:
        """Every key of an object is meant."""
        if not isinstance(filter, Mapping):
            raise _error(f"A filter is an object, not {_kind(filter)}")
        if depth > MAX_DEPTH:
            raise _error(f"The filter is nested more than {MAX_DEPTH} deep")
        seen: set[tuple[str, str]] = set()
        nodes: list[Node] = []
        for key, value in filter.items():
            if key in ("$and", "$or", "$nor"):
                if not isinstance(value, list):
                    raise _error(f"{key} takes a list of filters, not {_kind(value)}")
                items = tuple(self.all(item, depth + 1) for item in value)
                nodes.append(And(items) if key == "$and" else Or(items) if key == "$or" else negated(Or(items)))
            elif key == "$not":
                nodes.append(negated(self.all(value, depth + 1)))
            elif key.startswith("$"):
                raise _unknown(key, _COMBINERS)
            else:
                root, _, rest = key.partition(".")
                name = self.names[root]
                if (name, rest) in seen:
                    known = next(own for own, field in self.names.items() if field == name)
                    raise _error(f"Duplicate fields: {(f'{known}.{rest}' if rest else known)!r}")
                seen.add((name, rest))
                nodes.append(self.field(name, rest, value, depth + 1))
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def field(self, name: str, path: str, operand: Any, depth: int) -> Node:
        field = FIELDS.get(name) or INTERNAL[name]
        keys = tuple(path.split(".")) if path else ()
        if keys and (name != "metadata" or not all(keys)):
            raise _error(f"'{name}.{path}' is not a field; only metadata has keys, like metadata.acc")
        return self.conditions_on(field, keys, operand, depth)

    def conditions_on(self, field: Field, keys: tuple[str, ...], operand: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _error(f"The filter is nested more than {MAX_DEPTH} deep")
        if not isinstance(operand, Mapping):
            return self.operator(field, keys, "$eq", operand, depth)
        nodes: list[Node] = []
        for key, value in operand.items():
            if isinstance(key, str) and key.startswith("$"):
                nodes.append(self.operator(field, keys, key, value, depth))
            elif field.kind == "metadata" and isinstance(key, str) and key:
                nodes.append(self.conditions_on(field, (*keys, *_keys(key)), value, depth + 1))
            else:
                raise _unknown(str(key), _OPERATORS)
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def operator(self, field: Field, keys: tuple[str, ...], op: str, operand: Any, depth: int) -> Node:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise _error(f"A filter holds at most {MAX_CONDITIONS} conditions")
        match op:
            case "$eq":
                return self.any_of(field, keys, [operand])
            case "$ne":
                return negated(self.any_of(field, keys, [operand]))
            case "$in":
                return self.any_of(field, keys, _list(op, operand))
            case "$nin":
                return negated(self.any_of(field, keys, _list(op, operand)))
            case "$all":
                wanted = _list(op, operand)
                self.conditions += len(wanted)
                if self.conditions > MAX_CONDITIONS:
                    raise _error(f"A filter holds at most {MAX_CONDITIONS} conditions")
                return And(tuple(self.any_of(field, keys, [one]) for one in wanted))
            case "$gt" | "$gte" | "$lt" | "$lte":
                self.keyed(field, keys)
                return Compare(field.name, _COMPARISONS[op], (_value(field, operand, _COMPARISONS[op]),), keys)
            case "$exists":
                if not isinstance(operand, bool):
                    raise _error(f"$exists takes true or false, not {_kind(operand)}")
                there = self.exists(field, keys)
                return there if operand else negated(there)
            case "$regex":
                return self.text(field, keys, "regex", _pattern(operand))
            case "$contains":
                return self.text(field, keys, "contains", _text(op, operand))
            case "$size":
                if field.name not in ("tag", "alias"):
                    raise _error(f"$size counts tags or aliases, not {field.name}")
                if isinstance(operand, bool) or not isinstance(operand, int) or not 0 <= operand <= LARGEST:
                    raise _error("$size takes a whole number")
                return Compare(field.name, "count", (Number(operand),))
            case "$not":
                return negated(self.conditions_on(field, keys, operand, depth + 1))
        raise _unknown(op, _OPERATORS)

    def any_of(self, field: Field, keys: tuple[str, ...], operands: list[Any]) -> Node:
        self.keyed(field, keys)
        # A registry's name fits whatever its letter case, as W&B finds it.
        op: Operator = "match" if self.target == "registries" and field.name == "name" else "eq"
        values = tuple(_value(field, operand, op) for operand in operands if operand is not None)
        node: Node = Compare(field.name, op, values, keys) if values else NOTHING
        if len(values) == len(operands):
            return node
        missing = negated(self.exists(field, keys))  # null is what isn't there
        return missing if not values else Or((node, missing))

    def text(self, field: Field, keys: tuple[str, ...], op: Operator, text: str) -> Node:
        self.keyed(field, keys)
        if field.kind not in ("text", "metadata"):
            raise _error(f"${op} works on text; {field.name} is not text")
        return Compare(field.name, op, (Text(text),), keys)

    def exists(self, field: Field, keys: tuple[str, ...]) -> Node:
        return Has(field.name, keys) if field.optional else EVERYTHING

    def keyed(self, field: Field, keys: tuple[str, ...]) -> None:
        if field.kind == "metadata" and not keys:
            raise _error("metadata needs a key, like metadata.acc")


def _unknown(op: str, known: tuple[str, ...]) -> FilterError:
    return _error(f"Unknown filter operator {op!r}; must be one of: {_listed(known)}")


def _keys(key: str) -> tuple[str, ...]:
    keys = tuple(key.split("."))
    if not all(keys):
        raise _error(f"'{key}' is not a metadata key")
    return keys


def _list(op: str, operand: Any) -> list[Any]:
    if not isinstance(operand, list):
        raise _error(f"{op} takes a list, not {_kind(operand)}")
    if len(operand) > MAX_LIST:
        raise _error(f"{op} takes at most {MAX_LIST:,} values")
    return operand


def _text(what: str, operand: Any, longest: int = MAX_TEXT) -> str:
    if not isinstance(operand, str):
        raise _error(f"{what} takes text, not {_kind(operand)}")
    if len(operand) > longest:
        raise _error(f"{what} takes at most {longest:,} characters")
    for character in operand:
        if character == "\0" or unicodedata.category(character) == "Cs":
            raise _error(f"{what} can't hold U+{ord(character):04X}")
    return operand


def _pattern(operand: Any) -> str:
    pattern = _text("$regex", operand, MAX_PATTERN)
    try:
        regex.read(pattern)
    except regex.PatternError as error:
        raise _error(f"$regex {pattern!r} can't be used: {error} (at {error.position})") from None
    return pattern


def _value(field: Field, operand: Any, op: Operator) -> Value:
    match field.kind:
        case "text":
            return Text(_text(field.name, operand))
        case "time":
            return _moment(field, operand, op)
        case "metadata":
            return _scalar(operand, op)
    return _number(field, operand)


def _moment(field: Field, operand: Any, op: Operator) -> Moment:
    moment = read_moment(operand) if isinstance(operand, str) else None
    if moment is None:
        raise _error(f"{field.name} takes a time like 2026-05-01 or 2026-05-01 12:00:00, not {operand!r:.80}")
    # W&B compares instants: more than a day is more than its first.
    return moment if op in ("match", "eq") else Moment(moment.start, moment.start + timedelta(microseconds=1))


def _scalar(operand: Any, op: Operator) -> Value:
    if isinstance(operand, bool):
        if op not in ("match", "eq"):
            raise _error("true and false are neither more nor less than anything")
        return Boolean(operand)
    if isinstance(operand, (int, float)):
        try:
            number = float(operand)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _error("a number in a filter must be finite")
        return Number(number)
    return Text(_text("metadata", operand))


def _number(field: Field, operand: Any) -> Number:
    if isinstance(operand, str):
        if field.name in INTERNAL:
            return Number(_decoded(field, operand))
        try:
            return read_number(field.name, operand)
        except BadValue as error:
            raise _error(str(error)) from None
    if isinstance(operand, bool) or not isinstance(operand, (int, float)):
        raise _error(f"{field.name} takes a number, not {_kind(operand)}")
    if not math.isfinite(operand) or abs(operand) > LARGEST:
        raise _error(f"{field.name} takes a number up to {LARGEST}")
    return Number(int(operand) if operand == int(operand) else operand)


def _decoded(field: Field, text: str) -> int:
    """An id as W&B hands it out: `Artifact:517` in base64; or the plain number."""
    try:
        text = base64.b64decode(text, validate=True).decode().rpartition(":")[2] if not text.isdigit() else text
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    except (binascii.Error, ValueError):
        number = -1
    if not 0 <= number <= LARGEST:
        raise _error(f"{field.name} takes an id, not {text!r:.80}")
    return number
