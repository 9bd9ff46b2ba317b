"""A filter as SQL: one boolean expression over the tables that the caller's FROM already names.

| target | the caller provides |
|---|---|
| registries | `p` project, `e` the entity that owns it |
| collections | `c` collection, `p`, `e` |
| versions | `m` membership, `v` version, `c` the collection that the membership is in, `p`, `e` |

What a row has many of (tags, aliases) is asked for in subqueries over their own indexes. Of a long list, a subquery
is worked out once and the rows are found through it (`x IN (SELECT …)`); of a short one (`narrow`) it is asked anew
for each row (`EXISTS`). Both say the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from ..engine import Engine, regex
from ..engine.automaton import matcher
from ..folding import fold
from ..names import alias_number
from .conditions import EVERY, all_of, any_case, any_of, glob_regex, literal
from .fields import FIELDS, INTERNAL
from .relations import Relations
from .tree import And, Compare, Has, Node, Not, Number, Or, Target, Text, Word

LATEST = "latest"
_FILLED = "EXISTS (SELECT 1 FROM membership l WHERE l.collection_id = c.id)"
_NEWEST = "m.number = (SELECT max(l.number) FROM membership l WHERE l.collection_id = m.collection_id)"

# A trigram index knows nothing shorter.
_SHORTEST_INDEXED = 3


def compile_filter(
    node: Node | None, target: Target, engine: Engine, now: datetime, *, narrow: bool = False
) -> tuple[str, dict[str, Any]]:
    """A filter as a boolean SQL expression and its arguments (`f1`, `f2` …).

    A free word is looked for, letter case not counting: in registries' names and descriptions; in collections'
    names, descriptions, tags and aliases; in versions' collection name, tags, aliases and, from three characters
    on, descriptions. `latest` is found only as a whole word, since everything has it.

    Args:
        now: what ages and `today` are counted from; aware.
        narrow: the caller's own conditions leave few rows, e.g. those of one collection.

    Raises:
        FilterError: a field is not known of this target.
    """
    compiler = _TARGETS[target](engine, now, narrow)
    return (EVERY if node is None else compiler.sql(node)), compiler.args


class _Compiler(Relations, ABC):
    target: Target

    def sql(self, node: Node) -> str:
        match node:
            case And(items):
                return all_of(map(self.sql, items))
            case Or(items):
                return any_of(map(self.sql, items))
            case Not(item):
                # What is not known (no run, no such key) is not so: its opposite is true.
                return f"NOT coalesce({self.sql(item)}, FALSE)"
            case Word(text):
                return self.word(text)
            case Has():
                self.check(node)
                return self.has(node)
            case Compare():
                self.check(node)
                return self.compare(node)

    def check(self, node: Compare | Has) -> None:
        field = FIELDS.get(node.field) or INTERNAL[node.field]
        if self.target not in field.targets:
            have = ", ".join(one.name for one in FIELDS.values() if self.target in one.targets)
            raise node.place.error(f"'{node.field}' is not a field of {self.target}; they have {have}.")

    @abstractmethod
    def word(self, text: str) -> str: ...

    @abstractmethod
    def has(self, node: Has) -> str: ...

    @abstractmethod
    def compare(self, node: Compare) -> str: ...


class _Registries(_Compiler):
    target: Target = "registries"

    def word(self, text: str) -> str:
        return any_of((self.project_word("p", text), self.contains_word("p.description", text)))

    def has(self, node: Has) -> str:
        return "p.description <> ''"

    def compare(self, node: Compare) -> str:
        match node.field:
            case "name" | "registry":
                return self.project("p", node)
            case "entity":
                return self.entity("e", node)
            case "type":
                return self._type(node)
            case "by":
                return self.person("p.created_by", node)
            case "created" | "updated":
                return self.time(f"p.{node.field}_at", node)
            case "description" if node.op == "match":
                return any_of(self._description(value) for value in node.values if isinstance(value, Text))
            case "description":
                return self.text("p.description", node)
        return self.number(f"p.{node.field}", node)

    def _type(self, node: Compare) -> str:
        accepted = self.among("p.id", "t.project_id", "accepted_type t", self.text("t.type", node))
        # One that takes every type has those that are in it.
        used = f"u.removed_at IS NULL AND {self.text('u.type', node)}"
        return f"({accepted} OR (p.any_type = 1 AND {self.among('p.id', 'u.project_id', 'collection u', used)}))"

    def _description(self, value: Text) -> str:
        if value.glob:
            return self.regex("p.description", glob_regex(value.text, any_case))
        return self.contains_word("p.description", value.text)


class _Collections(_Compiler):
    target: Target = "collections"

    def word(self, text: str) -> str:
        tags = self.label_word("t", "collection_tag", "tag", text)
        aliases = self.label_word("a", "alias", "alias", text)
        return any_of(
            (
                self.contains("c.folded", fold(text)),
                self.among("c.id", "t.collection_id", "collection_tag t", tags),
                self.among("c.id", "a.collection_id", "alias a", aliases),
                *([_FILLED] if fold(text) == LATEST else []),
            )
        )

    def has(self, node: Has) -> str:
        match node.field:
            case "tag":
                return self.among("c.id", "t.collection_id", "collection_tag t", EVERY)
            case "alias":
                return self.among("c.id", "a.collection_id", "alias a", EVERY)
        return "c.description <> ''"

    def compare(self, node: Compare) -> str:
        match node.field:
            case "name":
                return self.first_line("c.folded", node) if node.op == "match" else self.text("c.name", node)
            case "registry":
                return self.project("p", node)
            case "entity":
                return self.entity("e", node)
            case "type":
                return self.text("c.type", node)
            case "tag" if node.op == "count":
                return self.number("(SELECT count(*) FROM collection_tag t WHERE t.collection_id = c.id)", node)
            case "tag":
                tags = self.labels("t", "collection_tag", "tag", node)
                return self.among("c.id", "t.collection_id", "collection_tag t", tags)
            case "alias" if node.op == "count":
                count = "(SELECT count(*) FROM alias a WHERE a.collection_id = c.id)"
                return self.number(f"({count} + CASE WHEN {_FILLED} THEN 1 ELSE 0 END)", node)
            case "alias":
                aliases = self.labels("a", "alias", "alias", node)
                parts = [self.among("c.id", "a.collection_id", "alias a", aliases)]
                if numbers := _numbers(node):
                    parts.append(
                        self.among("c.id", "n.collection_id", "membership n", self.number("n.number", numbers))
                    )
                if _latest(node):
                    parts.append(_FILLED)
                return any_of(parts)
            case "by":
                return self.person("c.created_by", node)
            case "created" | "updated":
                return self.time(f"c.{node.field}_at", node)
            case "description" if node.op == "match":
                texts = (value for value in node.values if isinstance(value, Text))
                return any_of(self.later_lines("c.folded", value) for value in texts)
            case "description":
                return self.text("c.description", node)
        return self.number(f"c.{node.field}", node)


class _Versions(_Compiler):
    target: Target = "versions"

    def word(self, text: str) -> str:
        tags = self.label_word("t", "version_tag", "tag", text)
        parts = [
            self.among("m.collection_id", "x.id", "collection x", self.first_line_contains("x.folded", text)),
            self.among("m.version_id", "t.version_id", "version_tag t", tags),
            self._aliased(self.label_word("a", "alias", "alias", text)),
        ]
        number = alias_number(text)
        if number is not None:
            parts.append(f"m.number = :{self.arg(number)}")
        if fold(text) == LATEST:
            parts.append(_NEWEST)
        if len(fold(text)) >= _SHORTEST_INDEXED:
            parts.append(self._described(Text(text)))
        return any_of(parts)

    def _aliased(self, condition: str) -> str:
        """An alias of the version in this collection."""
        if self.narrow:
            here = "a.collection_id = m.collection_id AND a.version_id = m.version_id"
            return f"EXISTS (SELECT 1 FROM alias a WHERE {here} AND {condition})"
        # Through the membership's own id, so that its rows can be found from the aliases.
        there = "y.version_id = a.version_id AND y.collection_id = a.collection_id"
        return f"m.id IN (SELECT y.id FROM alias a JOIN membership y ON {there} WHERE {condition})"

    def _described(self, value: Text) -> str:
        """The description contains a text."""
        folded = fold(value.text)
        if value.glob:
            found = self.regex("w.text", glob_regex(value.text, literal(fold)))
        elif self.narrow or len(folded) < _SHORTEST_INDEXED:
            found = self.contains("w.text", folded)
        else:
            return f"m.version_id IN ({self.engine.text_matches(self.arg(self.engine.text_match(folded)))})"
        return self.among("m.version_id", "w.version_id", "version_text w", found)

    def has(self, node: Has) -> str:
        match node.field:
            case "tag":
                return self.among("m.version_id", "t.version_id", "version_tag t", EVERY)
            case "alias":
                return self._aliased(EVERY)
            case "run":
                return "v.run_id IS NOT NULL"
            case "source":
                return "v.collection_id <> m.collection_id"
            case "metadata" if node.keys:
                path = self.arg(self.engine.json_path(node.keys))
                return f"{self.engine.json_value('v.metadata', path, 'any')} = 1"
            case "metadata":
                return "CAST(v.metadata AS text) <> '{}'"
        return "v.description <> ''"

    def compare(self, node: Compare) -> str:
        match node.field:
            case "name" if node.op == "match":
                return self.among("m.collection_id", "x.id", "collection x", self.first_line("x.folded", node))
            case "name" if node.op == "regex":  # once a collection, not once a version
                return self.among("m.collection_id", "x.id", "collection x", self.text("x.name", node))
            case "name":
                return self.text("c.name", node)
            case "registry":
                return self.project("p", node)
            case "entity":
                return self.entity("e", node)
            case "type":
                return self.text("c.type", node)
            case "tag" if node.op == "count":
                return self.number("(SELECT count(*) FROM version_tag t WHERE t.version_id = m.version_id)", node)
            case "tag":
                tags = self.labels("t", "version_tag", "tag", node)
                return self.among("m.version_id", "t.version_id", "version_tag t", tags)
            case "alias" if node.op == "count":
                here = "a.collection_id = m.collection_id AND a.version_id = m.version_id"
                count = f"(SELECT count(*) FROM alias a WHERE {here})"
                return self.number(f"({count} + CASE WHEN {_NEWEST} THEN 1 ELSE 0 END)", node)
            case "alias":
                parts = [self._aliased(self.labels("a", "alias", "alias", node))]
                if numbers := _numbers(node):
                    parts.append(self.number("m.number", numbers))
                if _latest(node):
                    parts.append(_NEWEST)
                return any_of(parts)
            case "by":
                return f"({self.person('v.created_by', node)} OR {self.person('m.by_id', node)})"
            case "created" | "updated":
                return self.time(f"v.{node.field}_at", node)
            case "linked":
                return self.time("m.at", node)
            case "version":
                return self.number("m.number", node)
            case "size":
                return self.number("v.size", node)
            case "files":
                return self.number("v.file_count", node)
            case "digest" if node.op == "match":
                return self.text("v.digest", _beginnings(node))
            case "digest" | "state":
                return self.text(f"v.{node.field}", node)
            case "description" if node.op == "match":
                return any_of(self._described(value) for value in node.values if isinstance(value, Text))
            case "description":
                return self.text("v.description", node)
            case "metadata":
                return self.json("v.metadata", node)
            case "run":
                named = any_of((self.text("r.name", node), self.text("r.title", node)))
                return f"v.run_id IN (SELECT r.id FROM run r WHERE {named})"
            case "source":
                return self._source(node)
        return self.number("m.version_id", node)

    def _source(self, node: Compare) -> str:
        """The collection it was logged to, as much of its path as was given."""
        tables = "collection s JOIN project sp ON sp.id = s.project_id JOIN entity se ON se.id = sp.entity_id"
        if node.op == "regex":
            found = self.text("(se.name || '/' || sp.name || '/' || s.name)", node)
        else:
            found = any_of(self._path(node, value) for value in node.values if isinstance(value, Text))
        return self.among("v.collection_id", "s.id", tables, found)

    def _path(self, node: Compare, value: Text) -> str:
        *above, name = (
            Compare("", node.op, (Text(part, value.glob and ("*" in part or "?" in part)),))
            for part in value.text.split("/")
        )
        parts = [self.first_line("s.folded", name) if node.op == "match" else self.text("s.name", name)]
        if above:
            parts.append(self.project("sp", above[-1]))
        if len(above) > 1:
            parts.append(self.entity("se", above[0]))
        return all_of(parts)


def _numbers(node: Compare) -> Compare | None:
    """The version numbers among aliases: `vN` is an alias that has no row."""
    if node.op not in ("match", "eq"):
        return None
    texts = (value.text for value in node.values if isinstance(value, Text) and not value.glob)
    numbers = [number for text in texts if (number := alias_number(text)) is not None]
    return Compare("version", "eq", tuple(map(Number, numbers))) if numbers else None


def _latest(node: Compare) -> bool:
    """Whether an alias is asked for that `latest` is: it has no row, since it follows the links."""
    texts = [value for value in node.values if isinstance(value, Text)]
    match node.op:
        case "match" | "eq":
            return any(
                matcher(rf"\A{glob_regex(one.text, regex.escape)}\Z").search(LATEST) if one.glob else one.text == LATEST
                for one in texts
            )
        case "regex":
            return any(matcher(one.text).search(LATEST) for one in texts)
        case "contains":
            return any(one.text in LATEST for one in texts)
    return False


def _beginnings(node: Compare) -> Compare:
    """Digests by how they begin, whatever their letter case."""
    texts = (value.text.lower() for value in node.values if isinstance(value, Text))
    return Compare(node.field, node.op, tuple(Text(f"{text}*", glob=True) for text in texts))


_TARGETS: dict[Target, type[_Compiler]] = {
    "registries": _Registries,
    "collections": _Collections,
    "versions": _Versions,
}
