"""Legacy registries of every shape, made by what people do; and all that may be read of them, as each person reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from curatory.store import Collection, CuratoryError, File, NotFound, Store, Version
from hypothesis import strategies as st

LEGACY = "model-registry"
TEAMS = ("vision", "Speech.2")
# boss is an admin of the organization, guest only looks on, bot is a service account; gone will leave the store.
PEOPLE = ("ana", "kim", "lee", "mo", "boss", "guest", "bot", "gone", "stranger")
NAMES = ("detector", "Detector", "도로 분할기", "e\u0301te\u0301", "x" * 128, "v1", LEGACY, "a b", "🚗")
ALIASES = ("prod", "Prod", "후보", "3", "e\u0301")
TEXTS = ("", "# Card\n\n한글 \u202e", "\x1b[31mred", "one line")

names, aliases, tags = st.sampled_from(NAMES), st.sampled_from(ALIASES), st.sampled_from(("robust", "old one"))
artifacts, numbers, texts = st.integers(0, 4), st.integers(0, 4), st.sampled_from(TEXTS)


@dataclass(frozen=True)
class Shape:
    """What is done to make a team's legacy registry; what is refused is not done.

    Attributes:
        roles: person → role in the team.
        deeds: (verb of `Maker`, who does it, …); who may not leaves it to ana. Collections and versions by number.
        leave: people who leave the team at the end.
    """

    roles: dict[str, str]
    deeds: list[tuple[Any, ...]]
    leave: frozenset[str]


def deed(verb: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(verb), st.sampled_from(PEOPLE), *arguments)


some = st.lists(aliases, max_size=2, unique=True)
links = deed("link", artifacts, names, some) | deed("link_the_old_way", artifacts, names, some)
deeds = st.one_of(
    links,
    deed("unlink", numbers, numbers),
    deed("alias", numbers, numbers, aliases),
    deed("unalias", numbers, aliases),
    deed("tag", numbers, tags),
    deed("untag", numbers, tags),
    deed("tag_version", numbers, numbers, tags),
    deed("card", numbers, texts),
    deed("describe", numbers, numbers, texts),
    deed("metadata", numbers, numbers, st.sampled_from(({}, {"한": [1, None]}, {"acc": 0.5}))),
    deed("create", names),
    deed("rename", numbers, names),
    deed("delete", numbers),
    deed("delete_source", artifacts),
    deed("protect", aliases),
    deed("unprotect", aliases),
    deed("about", texts),
    deed("undo"),
)
shapes = st.builds(
    Shape,
    roles=st.dictionaries(st.sampled_from(PEOPLE[1:-1]), st.sampled_from(("admin", "member", "viewer")), max_size=5),
    deeds=st.lists(deeds, max_size=3)
    | st.tuples(st.lists(links, min_size=3, max_size=8), st.lists(deeds, min_size=4, max_size=20)).map(
        lambda parts: [*parts[0], *parts[1]]
    ),
    leave=st.frozensets(st.sampled_from(PEOPLE[1:-1]), max_size=2),
)


class Maker:
    """Makes the legacy registry of a team."""

    def __init__(self, store: Store, team: str) -> None:
        self.store, self.team, self.path = store, team, f"{team}/{LEGACY}"
        if not any(one.name == team for one in store.teams.list()):
            store.teams.create(team)
        store.legacy.ensure(team)
        self.logged = [
            store.versions.log(
                [File("w", n + 1, f"{n:022}==", uri=f"s3://b/{n}")], f"s{n % 2}", "model", project="labs",
                entity=team, metadata={"acc": n / 10},
            )
            for n in range(5)
        ]  # fmt: skip

    def make(self, shape: Shape) -> None:
        for person, role in shape.roles.items():
            self._tried(lambda person=person, role=role: self.store.teams.set_member(self.team, person, role))
        for verb, who, *arguments in shape.deeds:
            for by in dict.fromkeys((who, "ana")):
                if self._tried(partial(self._do, verb, by, *arguments)):
                    break
        for person in shape.leave:
            self._tried(lambda person=person: self.store.teams.remove_member(self.team, person))

    def _do(self, verb: str, by: str, *arguments: Any) -> None:
        getattr(self, verb)(self.store.as_actor(by), *arguments)

    @staticmethod
    def _tried(verb: Callable[[], object]) -> bool:
        try:
            verb()
        except CuratoryError:
            return False
        return True

    def _path(self, by: Store, collection: int) -> str:
        found = by.search.collections(self.path).items
        if not found:
            raise NotFound(self.path)
        return found[collection % len(found)].path

    def _nth(self, by: Store, collection: int, nth: int) -> Version:
        found = by.search.versions(self._path(by, collection), order="number").items
        if not found:
            raise NotFound(self.path)
        return found[nth % len(found)]

    def link(self, by: Store, artifact: int, name: str, aliases: list[str]) -> None:
        by.links.add(self.logged[artifact], f"{self.path}/{name}", aliases)

    def link_the_old_way(self, by: Store, artifact: int, name: str, aliases: list[str]) -> None:
        by.legacy.link_model(self.logged[artifact], name, aliases)

    def unlink(self, by: Store, collection: int, nth: int) -> None:
        by.links.remove(self._nth(by, collection, nth))

    def alias(self, by: Store, collection: int, nth: int, alias: str) -> None:
        by.aliases.add(self._nth(by, collection, nth), alias)

    def unalias(self, by: Store, collection: int, alias: str) -> None:
        by.aliases.remove(f"{self._path(by, collection)}:{alias}", alias)

    def tag(self, by: Store, collection: int, tag: str) -> None:
        by.tags.add(self._path(by, collection), tag)

    def untag(self, by: Store, collection: int, tag: str) -> None:
        by.tags.remove(self._path(by, collection), tag)

    def tag_version(self, by: Store, collection: int, nth: int, tag: str) -> None:
        by.tags.add(self._nth(by, collection, nth), tag)

    def card(self, by: Store, collection: int, text: str) -> None:
        by.collections.describe(self._path(by, collection), text)

    def describe(self, by: Store, collection: int, nth: int, text: str) -> None:
        by.versions.describe(self._nth(by, collection, nth), text)

    def metadata(self, by: Store, collection: int, nth: int, metadata: dict[str, Any]) -> None:
        by.versions.set_metadata(self._nth(by, collection, nth), metadata)

    def create(self, by: Store, name: str) -> None:
        by.collections.create(f"{self.path}/{name}", "model")

    def rename(self, by: Store, collection: int, to: str) -> None:
        by.collections.rename(self._path(by, collection), to)

    def delete(self, by: Store, collection: int) -> None:
        by.collections.remove(self._path(by, collection))

    def delete_source(self, by: Store, artifact: int) -> None:
        by.versions.remove(self.logged[artifact], delete_aliases=True)

    def protect(self, by: Store, alias: str) -> None:
        by.registries.protect(self.path, alias)

    def unprotect(self, by: Store, alias: str) -> None:
        by.registries.unprotect(self.path, alias)

    def about(self, by: Store, text: str) -> None:
        by.registries.describe(self.path, text)

    def undo(self, by: Store) -> None:
        for event in by.events.of(self.path, by=by.actor.name, limit=1):
            by.undo.undo(event.seq)


# -- what may be read -------------------------------------------------------------------------------------------------

_PLACE = {"id", "membership_id", "collection_id", "project_id", "project_kind", "entity", "project"}


def told(record: Collection | Version) -> dict[str, Any]:
    """A record without where it is."""
    kept = {"id"} if isinstance(record, Version) else set()
    return {one.name: getattr(record, one.name) for one in fields(record) if one.name not in _PLACE - kept}


def registry(by: Store, path: str) -> dict[str, Any] | None:
    """A registry as somebody reads it; None where it does not exist for them."""
    try:
        project = by.projects.get(path)
    except NotFound:
        return None
    collections = by.search.collections(path, limit=1000)
    return {
        "role": project.role,
        "description": project.description,
        "protected": project.protected_aliases,
        "collections": {one.name: collection(by, f"{path}/{one.name}", one) for one in collections},
    }


def collection(by: Store, path: str, record: Collection) -> dict[str, Any]:
    versions = by.search.versions(path, order="number", limit=1000).items
    named = [*record.aliases, *(f"v{one.number}" for one in versions), *(["latest"] if versions else [])]
    return {
        "collection": told(record),
        "versions": [told(one) for one in versions],
        "names": {name: by.versions.get(f"{path}:{name}").number for name in named},
        "files": {one.number: by.versions.files(one) for one in versions},
        "held": by.aliases.held(path),
    }


def past(by: Store, path: str, moments: list[datetime], highest: int) -> dict[str, Any]:
    """A collection's history, by its path."""
    aliases = {"at": [by.aliases.at(path, moment) for moment in moments]}
    aliases |= {alias: [one.seq for one in by.aliases.history(path, alias)] for alias in ALIASES}
    events = {"all": seqs(by, path)} | {f"v{n}": seqs(by, f"{path}:v{n}") for n in range(highest)}
    return {"aliases": aliases, "events": events}


def seqs(by: Store, path: str) -> list[int]:
    return [event.seq for event in by.events.of(path, limit=1000)]


def rows(store: Store, project: int) -> dict[str, list[Any]]:
    """All that the tables hold of a registry, removed collections too."""
    inside = "collection_id IN (SELECT id FROM collection WHERE project_id = :p)"
    return {
        table: sorted(map(str, store.engine.rows(f"SELECT * FROM {table} WHERE {where}", {"p": project})))
        for table, where in {
            "project": "id = :p",
            "collection": "project_id = :p",
            "membership": "project_id = :p",
            "alias": inside,
            "collection_tag": inside,
            "protected_alias": "project_id = :p",
            "member": "project_id = :p",
        }.items()
    }


def everybody(store: Store) -> Iterator[Store]:
    """The store as each person in it."""
    for person in PEOPLE:
        try:
            yield store.as_actor(person)
        except NotFound:  # left
            continue
