"""The store against a model of it: whatever people do in whatever order, the two say the same.

The model is a handful of dictionaries; undo in it is going back to a copy. Nothing of the store is used in it.
"""

from __future__ import annotations

import copy
import os
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from curatory.store import File, Store, create_store
from curatory.store.errors import Conflict, CuratoryError, Invalid, NotFound
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

SOURCES = ("net", "tree")
LINKED = ("model/one", "model/two")
COLLECTIONS = (*SOURCES, *LINKED)
ALIASES = ("prod", "best", "한")
TAGS = ("good", "old")

sources, linked, collections = st.sampled_from(SOURCES), st.sampled_from(LINKED), st.sampled_from(COLLECTIONS)
aliases, tags, contents, numbers = st.sampled_from(ALIASES), st.sampled_from(TAGS), st.integers(0, 3), st.integers(0, 4)


@dataclass
class Model:
    """What should be so. An artifact is named by the collection it was logged to and its number there.

    Attributes:
        places: collection → number → artifact.
        next: collection → the number that the next version gets; an undo does not take it back.
        aliases: collection → alias → number.
        tags: artifact, or the name of a collection → its tags.
        contents: artifact → what is in it.
        made: collections that are there, so that an emptied one stays.
    """

    places: dict[str, dict[int, tuple[str, int]]] = field(default_factory=lambda: {name: {} for name in COLLECTIONS})
    next: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLLECTIONS, 0))
    aliases: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in COLLECTIONS})
    tags: dict[Any, set[str]] = field(default_factory=dict)
    contents: dict[tuple[str, int], int] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)

    def log(self, source: str, content: int, wanted: list[str]) -> None:
        held = self.places[source]
        same = [number for number, artifact in held.items() if self.contents[artifact] == content]
        number = max(same) if same else self._place(source, (source, self.next[source]))
        self.contents[source, number] = content
        self._name(source, number, wanted)

    def link(self, artifact: tuple[str, int], target: str, wanted: list[str]) -> None:
        if artifact in self.places[target].values():
            number = next(n for n, a in self.places[target].items() if a == artifact)
        else:
            number = self._place(target, artifact)
        self._name(target, number, wanted)

    def tag(self, what: Any, tag: str) -> None:
        self.tags[what] = self.tags.get(what, set()) | {tag}

    def unlink(self, place: str, number: int) -> None:
        del self.places[place][number]
        self.aliases[place] = {alias: n for alias, n in self.aliases[place].items() if n != number}

    def delete(self, artifact: tuple[str, int]) -> None:
        for place in COLLECTIONS:
            for number in [n for n, a in self.places[place].items() if a == artifact]:
                self.unlink(place, number)

    def _place(self, collection: str, artifact: tuple[str, int]) -> int:
        if collection not in self.made:
            self.next[collection] = 0
        self.made.add(collection)
        number = self.next[collection]
        self.next[collection] += 1
        self.places[collection][number] = artifact
        return number

    def _name(self, collection: str, number: int, wanted: list[str]) -> None:
        self.aliases[collection] |= dict.fromkeys(wanted, number)


class Registry(RuleBasedStateMachine):
    """Curating one registry, with the model beside it."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open()
        self.store.projects.ensure("uncategorized", "vision")
        self.model = Model()
        self.undoable: list[Model] = []  # the models before each change that can be undone
        self.redoable: list[Model] = []
        self.events = self.store.events.head()

    def open(self) -> Store:
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.log("net", 0, [])

    # -- changing both ------------------------------------------------------------------------------------------

    def both(self, verb: Any, change: Any, *, work: bool = False) -> None:
        """Make a change in both, or find that it changes nothing or is refused in both."""
        before = copy.deepcopy(self.model)
        expected: type[Exception] | None = None
        steps = None
        try:
            steps = change(self.model)
        except (Conflict, Invalid, NotFound) as error:
            expected, self.model = type(error), before
        if expected:
            with pytest.raises(expected):
                verb()
        else:
            verb()
        grew = self.store.events.head() - self.events
        assert grew == steps if isinstance(steps, int) else grew == (self.model != before)
        self.events += grew
        if grew and not work:
            self.undoable.append(before)
            self.redoable.clear()
        elif grew:
            self.forget()

    def forget(self) -> None:
        """Logging is no change that is undone; to keep the model simple, neither is what came before it."""
        self.undoable.clear()
        self.redoable.clear()

    @rule(source=sources, content=contents, wanted=st.lists(aliases, max_size=2))
    def log(self, source: str, content: int, wanted: list[str]) -> None:
        files = [File("w", 1, f"etag-{source}-{content}", uri=f"s3://b/{content}")]
        self.both(
            lambda: self.store.versions.log(files, source, "model", aliases=wanted),
            lambda model: model.log(source, content, wanted),
            work=True,
        )

    @rule(place=collections, number=numbers, into=linked, wanted=st.lists(aliases, max_size=2, unique=True))
    def link(self, place: str, number: int, into: str, wanted: list[str]) -> None:
        self.both(
            lambda: self.store.links.add(path(place, number), into, wanted),
            lambda model: model.link(held(model, place, number), into, wanted),
        )

    @rule(place=collections, number=numbers)
    def unlink(self, place: str, number: int) -> None:
        def change(model: Model) -> None:
            held(model, place, number)
            if place in SOURCES:
                raise Invalid
            model.unlink(place, number)

        self.both(lambda: self.store.links.remove(path(place, number)), change)

    @rule(place=collections, number=numbers, alias=aliases)
    def add_alias(self, place: str, number: int, alias: str) -> None:
        def change(model: Model) -> None:
            held(model, place, number)
            model.aliases[place][alias] = number

        self.both(lambda: self.store.aliases.add(path(place, number), alias), change)

    @rule(place=collections, number=numbers, alias=aliases)
    def remove_alias(self, place: str, number: int, alias: str) -> None:
        def change(model: Model) -> None:
            held(model, place, number)
            if model.aliases[place].get(alias) != number:
                raise NotFound
            del model.aliases[place][alias]

        self.both(lambda: self.store.aliases.remove(path(place, number), alias), change)

    @rule(place=collections, number=st.none() | numbers, tag=tags)
    def add_tag(self, place: str, number: int | None, tag: str) -> None:
        self.both(
            lambda: self.store.tags.add(path(place, number), tag),
            lambda model: model.tag(held(model, place, number), tag),
        )

    @rule(place=collections, number=st.none() | numbers, tag=tags)
    def remove_tag(self, place: str, number: int | None, tag: str) -> None:
        def change(model: Model) -> None:
            found = model.tags.get(held(model, place, number), set())
            if tag not in found:
                raise NotFound
            found.remove(tag)

        self.both(lambda: self.store.tags.remove(path(place, number), tag), change)

    @rule(source=sources, number=numbers, with_aliases=st.booleans())
    def delete(self, source: str, number: int, with_aliases: bool) -> None:
        def change(model: Model) -> None:
            artifact = held(model, source, number)
            if number in model.aliases[source].values() and not with_aliases:
                raise Conflict
            assert isinstance(artifact, tuple)
            model.delete(artifact)

        self.both(lambda: self.store.versions.remove(path(source, number), delete_aliases=with_aliases), change)

    @rule(steps=st.lists(st.tuples(linked, numbers, aliases), min_size=2, max_size=4))
    def batch_of_aliases(self, steps: list[tuple[str, int, str]]) -> None:
        """All or none, and one step of the undo."""

        def verb() -> None:
            with self.store.batch():
                for place, number, alias in steps:
                    self.store.aliases.add(path(place, number), alias)

        def change(model: Model) -> int:
            changed = 0
            for place, number, alias in steps:
                held(model, place, number)
                changed += model.aliases[place].get(alias) != number
                model.aliases[place][alias] = number
            return changed

        self.both(verb, change)

    @precondition(lambda self: self.undoable)
    @rule()
    def undo(self) -> None:
        self.store.undo.undo()
        self._back(self.undoable, self.redoable)

    @precondition(lambda self: self.redoable)
    @rule()
    def redo(self) -> None:
        self.store.undo.redo()
        self._back(self.redoable, self.undoable)

    def _back(self, taken: list[Model], kept: list[Model]) -> None:
        now = self.model
        kept.append(now)
        self.model = taken.pop()
        for name in self.model.made & now.made:
            self.model.next[name] = now.next[name]  # numbers are never used again
        self.events = self.store.events.head()

    # -- comparing ----------------------------------------------------------------------------------------------

    @invariant()
    def the_two_say_the_same(self) -> None:
        for name in COLLECTIONS:
            model = self.model
            if name not in model.made:
                with pytest.raises(NotFound):
                    self.store.collections.get(path(name, None))
                continue
            collection = self.store.collections.get(path(name, None))
            assert dict(collection.aliases) == model.aliases[name]
            assert set(collection.tags) == model.tags.get(name, set())
            assert collection.next_number == model.next[name]
            assert collection.latest == max(model.places[name], default=None)
            versions = {version.number: version for version in self.store.search.versions(path(name, None))}
            assert {n: _artifact(version.source) for n, version in versions.items()} == model.places[name]
            for number, version in versions.items():
                assert set(version.tags) == model.tags.get(model.places[name][number], set())
                mine = {alias for alias, n in model.aliases[name].items() if n == number}
                assert set(version.aliases) == mine | ({"latest"} if number == collection.latest else set())

    def teardown(self) -> None:
        try:
            report = self.store.audit.verify(tables=True)
            assert report.findings == ()
            stack = self.store.undo.stack(limit=max(1, len(self.undoable)))
            assert len(stack) >= min(1, len(self.undoable))
        finally:
            self.close()

    def close(self) -> None:
        self.store.close()


def path(place: str, number: int | None) -> str:
    full = f"vision/uncategorized/{place}" if place in SOURCES else place
    return full if number is None else f"{full}:v{number}"


def held(model: Model, place: str, number: int | None) -> Any:
    """The artifact at a place, or the collection itself."""
    if place not in model.made or (number is not None and number not in model.places[place]):
        raise NotFound
    return place if number is None else model.places[place][number]


def _artifact(source: str) -> tuple[str, int]:
    name, _, number = source.rpartition("/")[2].partition(":v")
    return name, int(number)


class OnSQLite(Registry):
    def open(self) -> Store:
        self._folder = tempfile.TemporaryDirectory(prefix="curatory-model-")
        return create_store(
            Path(self._folder.name) / "registry.db", "ana", organization="acme", team="vision", durable=False
        )

    def close(self) -> None:
        super().close()
        self._folder.cleanup()


class OnPostgreSQL(Registry):
    def open(self) -> Store:
        import psycopg

        self._schema = f"test_{uuid.uuid4().hex[:16]}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{self._schema}"'.encode())
        joiner = "&" if "?" in self.url else "?"
        return create_store(
            f"{self.url}{joiner}options=-csearch_path%3D{self._schema},public",
            "ana",
            organization="acme",
            team="vision",
            blobs=os.devnull,
            durable=False,
        )

    def close(self) -> None:
        import psycopg

        super().close()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(f'DROP SCHEMA "{self._schema}" CASCADE'.encode())


def settled(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        print_blob=True,
    )


def test_sqlite_does_what_the_model_says() -> None:
    run_state_machine_as_test(OnSQLite, settings=settled(30, 40))


def test_postgresql_does_what_the_model_says(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "url", postgres)
    run_state_machine_as_test(OnPostgreSQL, settings=settled(6, 40))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_sqlite_does_what_the_model_says_for_long() -> None:
    run_state_machine_as_test(OnSQLite, settings=settled(1000, 80))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_postgresql_does_what_the_model_says_for_long(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "url", postgres)
    run_state_machine_as_test(OnPostgreSQL, settings=settled(200, 80))


def test_the_model_is_not_the_store() -> None:
    """A mistake in the store is seen: the model is not made from it."""
    model = Model()
    model.log("net", 0, ["prod"])
    model.link(("net", 0), "model/one", ["best"])
    assert (model.places["model/one"], model.aliases["model/one"]) == ({0: ("net", 0)}, {"best": 0})
    with pytest.raises(CuratoryError):
        held(model, "model/two", None)
