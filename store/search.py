"""Lists: registries, collections and versions, filtered by the one language, in keyset pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from . import collections as collections_
from . import projects as projects_
from . import versions as versions_
from .errors import Invalid
from .filters import Node, compile_filter, from_mongo, parse
from .pages import cursor, limit_of, uncursor
from .paths import Place
from .records import Collection, Located, Page, Project, Version

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
        where = f"p.kind = 'registry' AND p.removed_at IS NULL AND {self._store.role_sql} >= 1"
        source = "project p JOIN entity e ON e.id = p.entity_id"
        found = _List("registries", projects_.columns(self._store), source, where, {})
        return found.page(self, filter, order, limit, after, total)

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
        ids = self._projects(self._store.paths.resolve(path) if path else None)
        return self._collections(*ids).page(self, filter, order, limit, after, total)

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
            return self._versions(place.collection_id).page(self, filter, order or "-number", limit, after, total)
        where, args = self._newest(place, filter, order, limit, after, total)
        found = _List(
            "versions", versions_.columns(self._store), versions_.FROM, f"c.removed_at IS NULL AND {where}", args
        )
        return found.page(self, filter, order or "-linked", limit, after, total)

    def locate_collection(
        self, collection: Collection | int, filter: Filter = None, *, order: str = "name"
    ) -> Located | None:
        """Where a collection stands in the list of its registry; None where it is not, or a filter leaves it out."""
        number = collection.id if isinstance(collection, Collection) else collection
        projects = self._engine.rows("SELECT project_id FROM collection WHERE id = :id", {"id": number})
        if not projects or not self._visible("p.id = :project", {"project": projects[0][0]}):
            return None
        return self._collections(projects[0][0]).locate(self, "c.id", number, filter, order)

    def locate_version(
        self, collection: Collection, version: Version | int, filter: Filter = None, *, order: str = "-number"
    ) -> Located | None:
        """Where a version stands in the list of a collection; None when it is not in it, or a filter leaves it out."""
        number = version.id if isinstance(version, Version) else version
        return self._versions(self._place(collection)).locate(self, "v.id", number, filter, order)

    def nth_collection(self, path: str, index: int, filter: Filter = None, *, order: str = "name") -> Located | None:
        """The collection of a registry that stands at a place of its list, the first at 0; None behind the last."""
        project = self._store.paths.resolve(path).project_id
        return self._collections(project).nth(self, index, filter, order) if project is not None else None

    def nth_version(
        self, collection: Collection, index: int, filter: Filter = None, *, order: str = "-number"
    ) -> Located | None:
        """The version of a collection that stands at a place of its list, the first at 0; None behind the last."""
        return self._versions(self._place(collection)).nth(self, index, filter, order)

    # -- over an organization, as W&B's client asks ---------------------------------------------------------------

    def organization_collections(
        self,
        organization: str,
        filter: Filter = None,
        *,
        registries: Filter = None,
        order: str = "name",
        limit: int = 100,
        after: str | None = None,
        total: bool = False,
    ) -> Page[Collection]:
        """Collections of an organization's registries; `registries`: of which of them."""
        ids = self._registries(organization, registries)
        where = f"c.removed_at IS NULL AND {self._engine.any_of('c.project_id', 'scope')}"
        args = {"scope": self._engine.pack(ids)}
        found = _List("collections", collections_.columns(self._store), collections_.FROM, where, args)
        return found.page(self, filter, order, limit, after, total)

    def organization_versions(
        self,
        organization: str,
        filter: Filter = None,
        *,
        registries: Filter = None,
        collections: Filter = None,
        order: str = "-linked",
        limit: int = 100,
        after: str | None = None,
        total: bool = False,
    ) -> Page[Version]:
        """Versions linked in an organization's registries; `registries` and `collections`: in which of them."""
        ids = self._registries(organization, registries)
        where = f"c.removed_at IS NULL AND {self._engine.any_of('m.project_id', 'scope')}"
        args: dict[str, Any] = {"scope": self._engine.pack(ids)}
        condition, more = self._renamed(collections, "collections", "g")
        if condition:
            inner = f"SELECT c.id FROM {collections_.FROM} WHERE c.removed_at IS NULL AND {condition}"
            where += f" AND m.collection_id IN ({inner})"
        found = _List("versions", versions_.columns(self._store), versions_.FROM, where, args | more)
        return found.page(self, filter, order, limit, after, total)

    def _registries(self, organization: str, filter: Filter) -> list[int]:
        condition, args = self._renamed(filter, "registries", "h")
        where = "p.kind = 'registry' AND e.id = :organization" + (f" AND {condition}" if condition else "")
        return self._visible(where, args | {"organization": self._store.organizations.get(organization).id})

    def _renamed(
        self, filter: Filter, target: Literal["registries", "collections"], letter: str
    ) -> tuple[str, dict[str, Any]]:
        """A condition whose arguments don't meet those of another."""
        condition, args = self.condition(filter, target)
        named = re.sub(r":f(\d+)", rf":{letter}\1", condition)
        return named, {re.sub(r"^f(\d+)$", rf"{letter}\1", key): value for key, value in args.items()}

    # -- shared -------------------------------------------------------------------------------------------------

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

    def _place(self, collection: Collection) -> int:
        """The collection's number, where it may still be seen."""
        found = self._store.paths.resolve(collection.path).collection_id
        return found if found is not None else 0

    def _collections(self, *projects: int) -> _List:
        if len(projects) == 1:
            where, args = "c.project_id = :scope", {"scope": projects[0]}
        else:
            where, args = self._engine.any_of("c.project_id", "scope"), {"scope": self._engine.pack(list(projects))}
        where = f"c.removed_at IS NULL AND {where}"
        return _List("collections", collections_.columns(self._store), collections_.FROM, where, args)

    def _versions(self, collection: int) -> _List:
        where, args = "m.collection_id = :scope", {"scope": collection}
        return _List("versions", versions_.columns(self._store), versions_.FROM, where, args)


@dataclass(frozen=True, slots=True)
class _List:
    """What is listed: of which tables, and which rows of them."""

    target: Literal["registries", "collections", "versions"]
    columns: str
    source: str
    where: str
    args: Mapping[str, Any]

    def page(self, search: Search, filter: Filter, order: str, limit: int, after: str | None, total: bool) -> Page[Any]:
        orders, tie, record = _KINDS[self.target]
        where, args = self._filtered(search, filter)
        column, kind, down = _order(order, orders)
        page = where
        more: dict[str, Any] = {"limit": limit_of(limit) + 1}
        if after is not None:
            key, identity = uncursor(after, kind, int)
            # a row value drives the index on both engines
            page = f"{where} AND ({column}, {tie}) {'<' if down else '>'} (:after_key, :after_id)"
            more |= {"after_key": key, "after_id": identity}
        engine = search._engine
        rows = engine.rows(
            f"SELECT {self.columns}, {column} AS sort_key, {tie} AS sort_tie FROM {self.source} WHERE {page} "
            f"ORDER BY {_ordering(column, tie, down)} LIMIT :limit",
            args | more,
        )
        count = engine.value(f"SELECT count(*) FROM {self.source} WHERE {where}", args) if total else None
        last = cursor(*rows[limit - 1][-2:]) if len(rows) > limit else None
        return Page(tuple(record(row[:-2]) for row in rows[:limit]), last, count)

    def locate(self, search: Search, by: str, number: int, filter: Filter, order: str) -> Located | None:
        """Where a row stands: one look for the row, one for the row before, one count."""
        orders, tie, _ = _KINDS[self.target]
        where, args = self._filtered(search, filter)
        column, _, down = _order(order, orders)
        rows = search._engine.rows(
            f"SELECT {column}, {tie} FROM {self.source} WHERE {where} AND {by} = :row", args | {"row": number}
        )
        if not rows:
            return None
        key, identity = rows[0]
        before = f"{where} AND ({column}, {tie}) {'>' if down else '<'} (:row_key, :row_id)"
        args |= {"row_key": key, "row_id": identity}
        index = search._engine.value(f"SELECT count(*) FROM {self.source} WHERE {before}", args)
        back = search._engine.rows(
            f"SELECT {column}, {tie} FROM {self.source} WHERE {before} "
            f"ORDER BY {_ordering(column, tie, not down)} LIMIT 1",
            args,
        )
        return Located(index, cursor(*back[0]) if back else None, cursor(key, identity))

    def nth(self, search: Search, index: int, filter: Filter, order: str) -> Located | None:
        """The row at a place. It costs what is skipped: some 40 ms in the middle of a million."""
        orders, tie, _ = _KINDS[self.target]
        where, args = self._filtered(search, filter)
        column, _, down = _order(order, orders)
        first = max(index - 1, 0)
        rows = search._engine.rows(
            f"SELECT {column}, {tie} FROM {self.source} WHERE {where} "
            f"ORDER BY {_ordering(column, tie, down)} LIMIT 2 OFFSET :skipped",
            args | {"skipped": first},
        )
        if len(rows) <= index - first:
            return None
        return Located(index, cursor(*rows[0]) if index else None, cursor(*rows[index - first]))

    def _filtered(self, search: Search, filter: Filter) -> tuple[str, dict[str, Any]]:
        narrow = "m.collection_id = :scope" in self.where
        condition, found = search.condition(filter, self.target, narrow=narrow)
        where = f"{self.where} AND {condition}" if condition else self.where
        return where, dict(self.args) | found | search._store.me


_KINDS: Mapping[str, tuple[Mapping[str, tuple[str, type]], str, Any]] = {
    "registries": (_REGISTRY_ORDERS, "p.id", projects_.record),
    "collections": (_COLLECTION_ORDERS, "c.id", collections_.record),
    "versions": (_VERSION_ORDERS, "m.id", versions_.record),
}


# As W&B and its clients call them; `acm` is a version's place in a collection.
_CALLED = {
    "created_at": "created",
    "artifact_created_at": "created",
    "updated_at": "updated",
    "linked_at": "linked",
    "acm_created_at": "linked",
    "artifact_size": "size",
}


def _ordering(column: str, tie: str, down: bool) -> str:
    way = "DESC" if down else "ASC"
    return f"{column} {way}" if column == tie else f"{column} {way}, {tie} {way}"


def _order(order: str, orders: Mapping[str, tuple[str, type]]) -> tuple[str, type, bool]:
    name = order.lstrip("+-")
    name = _CALLED.get(name, name)
    if name not in orders:
        raise Invalid(
            f"This list can't be ordered by {order!r}; order it by one of {', '.join(orders)}, with '-' for descending"
        )
    column, kind = orders[name]
    return column, kind, order.startswith("-")
