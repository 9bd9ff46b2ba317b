"""What has happened, from the facts that a change has set. Undo and redo set facts, too: so they happen as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..engine import Engine

# Copying what was is no news; that the copying has ended is.
_SILENT = ("migration.start", "migration.collection", "migration.rollback")


class Changed(Protocol):
    """What a change and an event of the log have in common."""

    @property
    def action(self) -> str: ...
    @property
    def before(self) -> Mapping[str, Any]: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that a change did, at one place or, what belongs to an artifact itself, at several.

    Attributes:
        on: the name of an `OCCASIONS`.
        places: project and collection, those where it was done first; the collection is None where it is about none.
        owners: of what happened to people, in no project: the team, if it is one's, and the organization.
        name: the alias, the tag, or the role that somebody has now ("": none any more).
        person: whose role it is.
        link: number, time and author of the version's place, where that is not there any more.
    """

    on: str
    places: tuple[tuple[int, int | None], ...] = ()
    owners: tuple[int, ...] = ()
    version: int | None = None
    name: str = ""
    person: int | None = None
    link: tuple[int, str, int | None] | None = None


class Reader:
    """Reads happenings out of changes; what it must look up is looked up once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._collections: dict[int, tuple[int, str]] = {}

    def read(self, change: Changed, project: int | None, collection: int | None) -> Iterator[Happening]:
        """What a change did.

        Args:
            project, collection: where it was done.
        """
        if change.action in _SILENT:
            return
        for fact, after in change.after.items():
            before = change.before.get(fact)
            kind, owner, key = fact.split("/", 2)
            match kind:
                case "link":
                    yield from self._link(int(owner), int(key), before, after)
                case "alias":
                    yield from self._alias(change, int(owner), key, before, after)
                case "version_tag":
                    on = "tag.add" if after else "tag.remove"
                    yield Happening(on, self._places(int(owner), collection), version=int(owner), name=key)
                case "collection_tag":
                    on = "collection_tag.add" if after else "collection_tag.remove"
                    yield Happening(on, (self._place(int(owner)),), name=key)
                case "collection" if key == "exists":
                    yield Happening("collection.create" if after else "collection.delete", (self._place(int(owner)),))
                case "member":
                    yield Happening("role.change", ((int(owner), None),), name=after or "", person=int(key))
                case "team_member" | "organization_member":
                    owners = tuple(dict.fromkeys((int(owner), self._organization(int(owner)))))
                    yield Happening("role.change", owners=owners, name=after or "", person=int(key))
                case "registry_migration" if after in ("done", "approved") and project is not None:
                    if after == "done" and before == "approved":
                        continue  # a sign-off was taken back: nothing ended
                    on = "migration.end" if after == "done" else "review.sign_off"
                    yield Happening(on, ((project, None), *self._source(int(owner))))
                case "project" if key == "exists":
                    on = "collection.create" if after else "collection.delete"
                    for place in self._held(int(owner)):
                        yield Happening(on, (place,))

    def _link(self, collection: int, version: int, before: Any, after: Any) -> Iterator[Happening]:
        if (before is None) == (after is None):
            return
        made = after is not None
        if self._kind(collection) == "portfolio":
            on = "version.link" if made else "version.unlink"
        else:
            on = "version.create" if made else "version.delete"
        number, at, by = after if made else before
        yield Happening(on, (self._place(collection),), version=version, link=(number, at, by))

    def _alias(self, change: Changed, collection: int, alias: str, before: Any, after: Any) -> Iterator[Happening]:
        """A move takes the alias from one version and gives it to another: both happened."""
        places = (self._place(collection),)
        if before is not None:
            was = change.before.get(f"link/{collection}/{before}")
            gone = was if was is not None and change.after.get(f"link/{collection}/{before}") is None else None
            link = (gone[0], gone[1], gone[2]) if gone else None
            yield Happening("alias.remove", places, version=before, name=alias, link=link)
        if after is not None:
            yield Happening("alias.add", places, version=after, name=alias)

    def _look(self, collection: int) -> tuple[int, str]:
        if collection not in self._collections:
            row = self._engine.row("SELECT project_id, kind FROM collection WHERE id = :c", {"c": collection})
            assert row
            self._collections[collection] = (row[0], row[1])
        return self._collections[collection]

    def _place(self, collection: int) -> tuple[int, int]:
        return self._look(collection)[0], collection

    def _kind(self, collection: int) -> str:
        return self._look(collection)[1]

    def _places(self, version: int, first: int | None) -> tuple[tuple[int, int | None], ...]:
        """Everywhere that a version is: its tags are the same at every place."""
        rows = self._engine.rows(
            "SELECT project_id, collection_id FROM membership WHERE version_id = :v ORDER BY id", {"v": version}
        )
        return tuple(sorted(rows, key=lambda row: row[1] != first))

    def _organization(self, entity: int) -> int:
        return self._engine.value("SELECT coalesce(organization_id, id) FROM entity WHERE id = :e", {"e": entity})

    def _source(self, migration: int) -> tuple[tuple[int, None], ...]:
        """The legacy registry that was migrated: what a team's automations watch."""
        source = self._engine.value("SELECT source_id FROM registry_migration WHERE id = :m", {"m": migration})
        return () if source is None else ((source, None),)

    def _held(self, project: int) -> list[tuple[int, int]]:
        """What goes with a registry or project that is deleted, and comes back with it."""
        return [
            (project, collection)
            for (collection,) in self._engine.rows(
                "SELECT id FROM collection WHERE project_id = :p AND removed_at IS NULL ORDER BY id", {"p": project}
            )
        ]


def projects(happenings: Iterable[Happening]) -> set[int]:
    """The projects that happenings are in."""
    return {project for one in happenings for project, _ in one.places}
