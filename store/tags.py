"""Tags: labels on collections and on versions. A version's are the artifact's: the same wherever it is linked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import Permission
from .errors import Invalid, NotFound
from .names import tag_names
from .paths import Place
from .records import Version
from .store import writes

if TYPE_CHECKING:
    from .store import Store


class Tags:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    @writes
    def add(self, target: str | Version, *tags: str) -> None:
        """Tag a collection, or a version when the path has an alias or vN. A tag that is there already is no error.

        Raises:
            Forbidden
            Invalid: a tag breaks the rules, or more than 20 were given.
        """
        wanted = tag_names(tags)
        place = self._place(target)
        with self._change(place, "tag.add", wanted) as change:
            for tag in wanted:
                change.set(self._fact(place, tag), 1)

    @writes
    def remove(self, target: str | Version, *tags: str) -> None:
        """Take tags off a collection or a version.

        Raises:
            Forbidden
            NotFound: it does not have the tag.
        """
        wanted = tag_names(tags)
        place = self._place(target)
        with self._change(place, "tag.remove", wanted) as change:
            for tag in wanted:
                if not change.set(self._fact(place, tag), None):
                    raise NotFound(f"{place.path} does not have the tag {tag!r}.")

    def used(self, path: str | None = None, *, limit: int = 1000) -> list[tuple[str, int]]:
        """Tags in use in a registry (or in all that the actor may see), most used first: (tag, uses)."""
        args = {"limit": limit} | self._store.me
        where = ""
        if path is not None:
            where = " AND p.id = :p"
            args["p"] = self._store.paths.project(path).project_id or 0
        visible = f"p.removed_at IS NULL AND c.removed_at IS NULL AND {self._store.role_sql} >= 1{where}"
        projects = "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id"
        return [
            (tag, uses)
            for tag, uses in self._engine.rows(
                "SELECT tag, count(*) FROM ("
                "SELECT t.tag FROM collection_tag t JOIN collection c ON c.id = t.collection_id "
                f"{projects} WHERE {visible} "
                "UNION ALL SELECT t.tag FROM version_tag t JOIN membership m ON m.version_id = t.version_id "
                f"JOIN collection c ON c.id = m.collection_id {projects} WHERE {visible}"
                ") AS used GROUP BY tag ORDER BY count(*) DESC, tag LIMIT :limit",
                args,
            )
        ]

    def _place(self, target: str | Version) -> Place:
        place = self._store.paths.resolve(target) if isinstance(target, str) else self._store.paths.at(target)
        if place.collection_id is None:
            raise Invalid(f"{place.path} is neither a collection nor a version; only those have tags")
        return place

    @staticmethod
    def _fact(place: Place, tag: str) -> str:
        if place.version_id is not None:
            return f"version_tag/{place.version_id}/{tag}"
        return f"collection_tag/{place.collection_id}/{tag}"

    def _change(self, place: Place, action: str, tags: list[str]):
        self._store.paths.need(place, Permission.EDIT_TAGS)
        return self._store.events.change(
            action,
            project=place.project_id,
            collection=place.collection_id,
            version=place.version_id,
            path=place.path,
            tags=tags,
        )
