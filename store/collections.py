"""Collections: named series of versions, made by hand, by linking or by logging."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .access import Permission
from .clock import from_text
from .errors import Conflict, Forbidden, Invalid, NotFound
from .facts import folded
from .names import artifact_type, collection_name, description, source_name, tag_names
from .paths import Place
from .records import Collection
from .store import insert, writes
from .versions import split

if TYPE_CHECKING:
    from .events import Change
    from .store import Store

FROM = "collection c JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id"


def columns(store: Store) -> str:
    """What `record` takes, from `FROM`."""
    joined = store.engine.joined
    held = "a.alias || ':' || m.number"
    return (
        "c.id, c.kind, e.name, p.name, p.id, p.kind, c.name, c.type, c.description, "
        f"(SELECT {joined('tag')} FROM collection_tag WHERE collection_id = c.id), "
        f"(SELECT {joined(held)} FROM alias a JOIN membership m ON m.collection_id = "
        "a.collection_id AND m.version_id = a.version_id WHERE a.collection_id = c.id), "
        "(SELECT count(*) FROM membership m WHERE m.collection_id = c.id), "
        "(SELECT max(number) FROM membership m WHERE m.collection_id = c.id), "
        "c.next_number, c.created_at, (SELECT u.name FROM entity u WHERE u.id = c.created_by), c.updated_at"
    )


def record(row: tuple[Any, ...]) -> Collection:
    aliases = (pair.rpartition(":") for pair in split(row[10]))
    return Collection(
        *row[:9],
        tags=split(row[9]),
        aliases={alias: int(number) for alias, _, number in aliases},
        versions=row[11],
        latest=row[12],
        next_number=row[13],
        created_at=from_text(row[14]),
        created_by=row[15],
        updated_at=from_text(row[16]),
    )


class Collections:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def get(self, path: str) -> Collection:
        """A collection by path.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        return self.by_place(self._store.paths.collection(path))

    def by_place(self, place: Place) -> Collection:
        """The collection at a place that was resolved before."""
        row = self._engine.row(
            f"SELECT {columns(self._store)} FROM {FROM} WHERE c.id = :c AND c.removed_at IS NULL",
            {"c": place.collection_id},
        )
        if row is None:
            raise NotFound(f"'{place.path}' is not there any more.")
        return record(row)

    def by_id(self, collection: int) -> Collection:
        """A collection that the actor may see.

        Raises:
            NotFound
        """
        row = self._engine.row(
            f"SELECT {columns(self._store)} FROM {FROM} WHERE c.id = :c AND c.removed_at IS NULL AND p.removed_at IS "
            f"NULL AND {self._store.role_sql} >= 1",
            {"c": collection} | self._store.me,
        )
        if row is None:
            raise NotFound("That collection is not there any more, or not for you.")
        return record(row)

    @writes
    def create(self, path: str, type: str, *, description: str = "", tags: Sequence[str] = ()) -> Collection:
        """An empty collection in a registry.

        Args:
            path: registry/collection; the registry must be there.
            type: the one artifact type it takes; it can't be changed later.

        Raises:
            Forbidden, Invalid, NotFound
            Conflict: the name is taken.
        """
        place, name = self._target(path)
        self._store.paths.need(place, Permission.CREATE_COLLECTION)
        if place.project_kind == "project":
            raise Invalid(
                f"{place.path} is a source project: its collections come into being when versions are logged."
            )
        tags = tag_names(tags)
        if self._existing(place, name):
            raise Conflict(f"There is a collection {name!r} in {place.path} already. Choose another name.")
        _, change = self.ensure(place, name, type, "portfolio", text=description)
        assert change
        for tag in tags:
            change.set(f"collection_tag/{change.subject['collection_id']}/{tag}", 1)
        self._store.events.append([change])
        return self.get(f"{place.path}/{name}")

    def _target(self, path: str) -> tuple[Place, str]:
        """The registry and the new name in a path whose collection is not there yet."""
        head, slash, name = path.strip().strip("/").rpartition("/")
        if not slash:
            raise Invalid(f"{path!r} has no registry in it; it looks like registry/collection")
        return self._store.paths.project(head), collection_name(name)

    def _existing(self, place: Place, name: str) -> Place | None:
        row = self._engine.row(
            "SELECT id, name, kind, type FROM collection WHERE project_id = :p AND name = :n AND removed_at IS NULL",
            {"p": place.project_id, "n": name},
        )
        if row is None:
            return None
        return replace(place, collection_id=row[0], collection=row[1], collection_kind=row[2], type=row[3])

    def ensure(
        self, place: Place, name: str, type: str, kind: str, *, text: str = "", reserved: bool = False
    ) -> tuple[Place, Change | None]:
        """A collection of a project, made where it is missing; then with its change, for the caller to append.

        Raises:
            Invalid: the name or type breaks a rule, or the registry does not accept the type.
        """
        name = (source_name if kind == "sequence" else collection_name)(name)
        found = self._existing(place, name)
        if found:
            return found, None
        artifact_type(type, reserved=reserved)
        description(text)
        self.refuse_type(place, type)
        path = f"{place.entity}/{place.project}/{name}"
        change = self._store.events.draft("collection.create", project=place.project_id, path=path, type=type)
        collection = insert(
            self._engine,
            "collection",
            project_id=place.project_id,
            kind=kind,
            name=name,
            type=type,
            description=text,
            folded=folded(name, text),
            created_at=change.now,
            created_by=self._store.actor.id,
            updated_at=change.now,
        )
        change.subject["collection_id"] = collection
        change.note(f"collection/{collection}/exists", 0, 1)
        return replace(place, collection_id=collection, collection=name, collection_kind=kind, type=type), change

    def refuse_type(self, place: Place, type: str) -> None:
        """Refuse an artifact type that a registry does not accept.

        Raises:
            Invalid: names the types it accepts.
        """
        if place.project_kind == "legacy":
            if "model" not in type:
                raise Invalid(f"You can only use this method for 'model' artifacts; {type!r} does not contain 'model'.")
            return
        accepted = self._accepted(place)
        if accepted is not None and type not in accepted:
            raise Invalid(
                f"{place.path} does not accept artifacts of type {type!r}; it accepts: "
                f"{', '.join(sorted(accepted)) or 'nothing yet'}. "
                "An admin of it can add the type with `curatory registry edit --accept`."
            )

    def _accepted(self, place: Place) -> set[str] | None:
        if self._engine.value("SELECT any_type FROM project WHERE id = :p", {"p": place.project_id}):
            return None
        return {
            t
            for (t,) in self._engine.rows(
                "SELECT type FROM accepted_type WHERE project_id = :p", {"p": place.project_id}
            )
        }

    @writes
    def rename(self, path: str, name: str) -> Collection:
        """Give a collection another name; paths with the old one then lead nowhere.

        Raises:
            Forbidden, Invalid
            Conflict: the name is taken.
        """
        place = self._store.paths.collection(path)
        name = (source_name if place.collection_kind == "sequence" else collection_name)(name)
        with self._change(place, "collection.rename", Permission.RENAME_COLLECTION, to=name) as change:
            if name != place.collection and self._existing(place, name):
                raise Conflict(
                    f"There is a collection {name!r} in {place.entity}/{place.project} already. Choose another name."
                )
            change.set(f"collection/{place.collection_id}/name", name)
        return self.by_place(place)

    @writes
    def describe(self, path: str, text: str) -> Collection:
        """Set a collection's card, in Markdown.

        Raises:
            Forbidden, Invalid
        """
        place = self._store.paths.collection(path)
        description(text)
        with self._change(place, "collection.describe", Permission.EDIT_CARD) as change:
            change.set(f"collection/{place.collection_id}/description", text)
        return self.by_place(place)

    @writes
    def set_type(self, path: str, type: str) -> Collection:
        """Change the artifact type of a source collection.

        Raises:
            Invalid: it is a registry collection, whose type stays.
            Forbidden
        """
        place = self._store.paths.collection(path)
        artifact_type(type)
        if place.collection_kind != "sequence":
            raise Invalid("Type can only be changed if the artifact collection is a sequence.")
        artifact_type(place.type)
        with self._change(place, "collection.type", Permission.RENAME_COLLECTION, type=type) as change:
            change.set(f"collection/{place.collection_id}/type", type)
        return self.by_place(place)

    @writes
    def remove(self, path: str, *, delete_aliases: bool = False) -> None:
        """Delete a collection. A registry's: the links go, the versions stay. A source's: its versions go too.

        Raises:
            Forbidden: members may not where a version carries a protected alias.
            Conflict: a source version has aliases or is linked under a protected alias.
        """
        place = self._store.paths.collection(path)
        self._store.paths.need(place, Permission.DELETE_COLLECTION)
        if place.collection_kind == "portfolio":
            assert place.collection_id is not None
            held = self.protected_held(place.collection_id)
            if held and not self._may_protected(place):
                raise Forbidden(
                    f"You do not have permission to delete {place.path}: a version in it carries the protected alias "
                    f"{held[0]!r}, and only registry admins may touch that. Ask one."
                )
            self._take_away(place)
            return
        with self._store.batch():
            versions = self._store.versions
            for (number,) in self._engine.rows(
                "SELECT number FROM membership WHERE collection_id = :c ORDER BY number", {"c": place.collection_id}
            ):
                one = self._store.paths.in_collection(place, f"v{number}")
                versions.remove_source(one, versions.by_place(one), delete_aliases=delete_aliases)
            self._take_away(place)

    def _take_away(self, place: Place) -> None:
        count = self._engine.value(
            "SELECT count(*) FROM membership WHERE collection_id = :c", {"c": place.collection_id}
        )
        with self._change(place, "collection.delete", Permission.DELETE_COLLECTION, versions=count) as change:
            change.set(f"collection/{place.collection_id}/exists", 0)

    def protected_held(self, collection: int) -> list[str]:
        """The protected aliases that versions of a collection carry now."""
        return [
            alias
            for (alias,) in self._engine.rows(
                "SELECT a.alias FROM alias a JOIN collection c ON c.id = a.collection_id "
                "JOIN protected_alias g ON g.alias = a.alias AND g.project_id = c.project_id "
                "WHERE a.collection_id = :c ORDER BY a.alias",
                {"c": collection},
            )
        ]

    def _may_protected(self, place: Place) -> bool:
        try:
            self._store.paths.need(place, Permission.EDIT_PROTECTED_ALIASES)
        except Forbidden:
            return False
        return True

    def _change(
        self, place: Place, action: str, permission: Permission, **detail: Any
    ) -> AbstractContextManager[Change]:
        self._store.paths.need(place, permission)
        return self._store.events.change(
            action, project=place.project_id, collection=place.collection_id, path=place.path, **detail
        )
