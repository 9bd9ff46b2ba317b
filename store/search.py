"""Lists: registries, collections and versions, filtered by the one language, in keyset pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from . import collections as collections_
from . import projects as projects_
from . import versions as versions_
from .errors import Invalid
from .filters import Node, compile_filter, from_mongo, parse
from .pages import cursor, limit_of, uncursor
from .paths import Place
from .records import Collection, Page, Project, Version

if TYPE_CHECKING:
    from .store import Store

Filter = str | Mapping[str, Any] | Node | None

# order → (column, type of the key, descending first)
_COLLECTION_ORDERS = {"name": ("c.name", str), "updated": ("c.updated_at", str), "created": ("c.created_at", str)}
_VERSION_ORDERS = {
    "linked": ("m.id", int),
    "number": ("m.number", int),
    "size": ("v.size", int),
    "created": ("v.created_at", str),
}
_REGISTRY_ORDERS = {"name": ("p.name", str), "updated": ("p.updated_at", str), "created": ("p.created_at", str)}


class Search:
    """Every list takes:

    filter: text in the filter language, a W&B filter as a mapping, a parsed filter, or None.
    order: a key of the list, with "-" before it for descending.
    limit: 1 to 1,000 rows. after: a page's `after`.
    total: count all that match, too; a full count costs more than a page.

    Raises:
        FilterError: where in the filter something is wrong, and what to write instead.
        Invalid, NotFound, Ambiguous
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def registries(
        self,
        filter: Filter = None,
        *,
        order: str = "name",
        limit: int = 100,
        after: str | None = None,
        total: bool = False,
    ) -> Page[Project]:
        """Registries that the actor may see."""
        return self._list(
            "registries",
            filter,
            columns=projects_.columns(self._store),
            source="project p JOIN entity e ON e.id = p.entity_id",
            where=f"p.kind = 'registry' AND p.removed_at IS NULL AND {self._store.role_sql} >= 1",
            args={},
            orders=_REGISTRY_ORDERS,
            tie="p.id",
            record=projects_.record,
            order=order,
            limit=limit,
            after=after,
            total=total,
        )

    def collections(
        self,
        path: str | None = None,
        filter: Filter = None,
        *,
        order: str = "name",
        limit: int = 100,
        after: str | None = None,
        total: bool = False,
    ) -> Page[Collection]:
        """Collections of a registry or project; of every registry the actor may see when no path is given."""
        where, args = self._scope(path)
        return self._list(
            "collections",
            filter,
            columns=collections_.columns(self._store),
            source=collections_.FROM,
            where=f"c.removed_at IS NULL AND {where}",
            args=args,
            orders=_COLLECTION_ORDERS,
            tie="c.id",
            record=collections_.record,
            order=order,
            limit=limit,
            after=after,
            total=total,
        )

    def versions(
        self,
        path: str | None = None,
        filter: Filter = None,
        *,
        order: str | None = None,
        limit: int = 100,
        after: str | None = None,
        total: bool = False,
    ) -> Page[Version]:
        """Versions of a collection (highest number first), of a registry, or of all registries (newest link first)."""
        place = self._store.paths.resolve(path) if path else None
        if place is not None and place.collection_id is not None:
            where, args = "m.collection_id = :scope", {"scope": place.collection_id}
            order = order or "-number"
        else:
            where, args = self._newest(place, filter, order, limit, after, total)
            where = f"c.removed_at IS NULL AND {where}"
            order = order or "-linked"
        return self._list(
            "versions",
            filter,
            columns=versions_.columns(self._store),
            source=versions_.FROM,
            where=where,
            args=args,
            orders=_VERSION_ORDERS,
            tie="m.id",
            record=versions_.record,
            order=order,
            limit=limit,
            after=after,
            total=total,
        )

    # -- shared -------------------------------------------------------------------------------------------------

    def _scope(self, path: str | None) -> tuple[str, dict[str, Any]]:
        """Which projects a list of collections is over."""
        ids = self._projects(self._store.paths.resolve(path) if path else None)
        if len(ids) == 1:
            return "c.project_id = :scope", {"scope": ids[0]}
        return self._engine.any_of("c.project_id", "scope"), {"scope": self._engine.pack(ids)}

    def _projects(self, place: Place | None) -> list[int]:
        if place is None:
            return self._visible("p.kind = 'registry'", {})
        if place.project_id is not None:
            return [place.project_id]
        return self._visible("e.id = :entity", {"entity": place.entity_id})

    def _newest(
        self, place: Place | None, filter: Filter, order: str | None, limit: int, after: str | None, total: bool
    ) -> tuple[str, dict[str, Any]]:
        """Which projects a list of versions is over, said so that a page costs the same in a store of any size."""
        ids = self._projects(place)
        if len(ids) == 1:
            return "m.project_id = :scope", {"scope": ids[0]}
        if order not in (None, "-linked") or filter or total or not 1 < len(ids) <= 100:
            return self._engine.any_of("m.project_id", "scope"), {"scope": self._engine.pack(ids)}
        # The newest of each project, among which are the newest of all. A removed collection's versions don't count.
        args: dict[str, Any] = {"top": limit_of(limit) + 1}
        before = ""
        if after is not None:
            before = "AND x.id < :below "
            args["below"] = uncursor(after, int, int)[0]
        parts = []
        for n, project in enumerate(ids):
            args[f"scope{n}"] = project
            parts.append(
                "SELECT id FROM (SELECT x.id FROM membership x JOIN collection xc ON xc.id = x.collection_id "
                f"WHERE x.project_id = :scope{n} AND xc.removed_at IS NULL {before}ORDER BY x.id DESC "
                f"LIMIT :top) AS n{n}"
            )
        return f"m.id IN ({' UNION ALL '.join(parts)})", args

    def _visible(self, where: str, args: dict[str, Any]) -> list[int]:
        return [
            i
            for (i,) in self._engine.rows(
                "SELECT p.id FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.removed_at IS "
                f"NULL AND {where} "
                f"AND {self._store.role_sql} >= 1",
                args | self._store.me,
            )
        ]

    def condition(
        self, filter: Filter, target: Literal["registries", "collections", "versions"], *, narrow: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """A filter as SQL for a list, with its arguments; `narrow` when the list is one collection's.

        Raises:
            FilterError
        """
        if isinstance(filter, str):
            node = parse(filter)
        elif isinstance(filter, Mapping):
            node = from_mongo(filter, target)
        else:
            node = filter
        if node is None:
            return "", {}
        return compile_filter(node, target, self._engine, self._store.now(), narrow=narrow)

    def _list(
        self,
        target: Literal["registries", "collections", "versions"],
        filter: Filter,
        *,
        columns: str,
        source: str,
        where: str,
        args: dict[str, Any],
        orders: Mapping[str, tuple[str, type]],
        tie: str,
        record: Any,
        order: str,
        limit: int,
        after: str | None,
        total: bool,
    ) -> Page[Any]:
        condition, found = self.condition(filter, target, narrow="m.collection_id = :scope" in where)
        if condition:
            where = f"{where} AND {condition}"
        args = args | found | self._store.me
        column, kind, down = _order(order, orders)
        page = where
        more: dict[str, Any] = {"limit": limit_of(limit) + 1}
        if after is not None:
            key, identity = uncursor(after, kind, int)
            sign = "<" if down else ">"
            # a row value drives the index on both engines
            page = f"{where} AND ({column}, {tie}) {sign} (:after_key, :after_id)"
            more |= {"after_key": key, "after_id": identity}
        way = "DESC" if down else "ASC"
        ordering = f"{column} {way}" if column == tie else f"{column} {way}, {tie} {way}"
        rows = self._engine.rows(
            f"SELECT {columns}, {column} AS sort_key, {tie} AS sort_tie FROM {source} WHERE {page} ORDER "
            f"BY {ordering} LIMIT :limit",
            args | more,
        )
        count = self._engine.value(f"SELECT count(*) FROM {source} WHERE {where}", args) if total else None
        last = cursor(*rows[limit - 1][-2:]) if len(rows) > limit else None
        return Page(tuple(record(row[:-2]) for row in rows[:limit]), last, count)


def _order(order: str, orders: Mapping[str, tuple[str, type]]) -> tuple[str, type, bool]:
    name = order.lstrip("+-")
    name = {"created_at": "created", "updated_at": "updated", "linked_at": "linked", "artifact_size": "size"}.get(
        name, name
    )
    if name not in orders:
        raise Invalid(
            f"This list can't be ordered by {order!r}; order it by one of {', '.join(orders)}, with '-' for descending"
        )
    column, kind = orders[name]
    return column, kind, order.startswith("-")
