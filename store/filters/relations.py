"""SQL for what hangs on a row: people, projects, tags and aliases. A target's own tables are not named here."""

from __future__ import annotations

from datetime import datetime

from ..engine import Engine
from ..names import REGISTRY_PREFIX, fold_key
from .conditions import Conditions, any_of
from .tree import Compare, Text

# The core registries are called so on every screen.
_TITLES = {"models": "model", "datasets": "dataset"}


class Relations(Conditions):
    """Conditions on rows of other tables.

    Attributes:
        narrow: few rows are looked at, so other tables are asked for each row, not once for all.
    """

    def __init__(self, engine: Engine, now: datetime, narrow: bool) -> None:
        super().__init__(engine, now)
        self.narrow = narrow

    def among(self, outer: str, inner: str, tables: str, condition: str) -> str:
        """`outer` is one of the `inner` of those rows of `tables` that meet the condition."""
        if self.narrow:
            return f"EXISTS (SELECT 1 FROM {tables} WHERE {inner} = {outer} AND {condition})"
        return f"{outer} IN (SELECT {inner} FROM {tables} WHERE {condition})"

    def entity(self, alias: str, node: Compare) -> str:
        """Whoever `alias` is, by name."""
        if node.op == "match":
            return self.folded(f"{alias}.key", node, fold_key)
        return self.text(f"{alias}.name", node)

    def person(self, column: str, node: Compare) -> str:
        return f"{column} IN (SELECT b.id FROM entity b WHERE {self.entity('b', node)})"

    def project(self, alias: str, node: Compare) -> str:
        """A project by name; a registry by its own name, its name with the prefix, or its title."""
        title = self._titled(alias, node)
        key, name = self._short(alias, "key"), self._short(alias, "name")
        if node.op in ("regex", "contains"):
            return any_of(
                self.text(f"{alias}.name" if REGISTRY_PREFIX in value.text else name, Compare("", node.op, (value,)))
                for value in node.values
                if isinstance(value, Text)
            )
        # Names with the prefix are registries only; a project can't be called so otherwise.
        full = tuple(v for v in node.values if isinstance(v, Text) and v.text.lower().startswith(REGISTRY_PREFIX))
        short = tuple(v for v in node.values if v not in full)
        parts = title
        for values, by_key, by_name in ((short, key, name), (full, f"{alias}.key", f"{alias}.name")):
            if values:
                part = Compare("", node.op, values)
                parts.append(self.folded(by_key, part, fold_key) if node.op == "match" else self.text(by_name, part))
        return any_of(parts)

    def project_word(self, alias: str, word: str) -> str:
        """A project whose name or title contains a word."""
        wanted = fold_key(word)
        parts = [self.engine.contains(self._short(alias, "key"), self.arg(wanted))]
        keys = [REGISTRY_PREFIX + key for title, key in _TITLES.items() if wanted in title]
        if keys:
            parts.append(f"({alias}.core = 1 AND {self.exact(f'{alias}.key', keys)})")
        return any_of(parts)

    def _titled(self, alias: str, node: Compare) -> list[str]:
        wanted = {fold_key(v.text) for v in node.values if isinstance(v, Text)} if node.op == "match" else set()
        keys = [REGISTRY_PREFIX + key for title, key in _TITLES.items() if title in wanted]
        return [f"({alias}.core = 1 AND {self.exact(f'{alias}.key', keys)})"] if keys else []

    def _short(self, alias: str, column: str) -> str:
        full = f"{alias}.{column}"
        return f"CASE {alias}.kind WHEN 'registry' THEN substr({full}, {len(REGISTRY_PREFIX) + 1}) ELSE {full} END"

    def distinct(self, table: str, column: str, condition: str) -> str:
        """Those of a column's different values that meet a condition, stepping through its index from each to the next.

        A store has few different tags on very many rows.
        """
        following = f"SELECT min(n.{column}) FROM {table} n WHERE n.{column} > d.item"
        return (
            f"WITH RECURSIVE d(item) AS (SELECT min({column}) FROM {table} UNION ALL "
            f"SELECT ({following}) FROM d WHERE d.item IS NOT NULL) SELECT d.item "
            f"FROM d WHERE d.item IS NOT NULL AND {condition}"
        )

    def labels(self, alias: str, table: str, column: str, node: Compare) -> str:
        """Rows of a tag or alias table, called `alias`, whose label fits."""
        plain = node.op in ("match", "eq") and not any(isinstance(v, Text) and v.glob for v in node.values)
        if plain or self.narrow:
            return self.text(f"{alias}.{column}", node)
        return f"{alias}.{column} IN ({self.distinct(table, column, self.text('d.item', node))})"

    def label_word(self, alias: str, table: str, column: str, word: str) -> str:
        """Rows of a tag or alias table, called `alias`, whose label contains a word."""
        item = f"{alias}.{column}" if self.narrow else "d.item"
        found = self.contains_word(item, word)
        return found if self.narrow else f"{alias}.{column} IN ({self.distinct(table, column, found)})"
