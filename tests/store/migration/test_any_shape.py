"""Whatever a legacy registry holds: migrated, nothing is lost, nobody gains or loses access, and every old path leads on."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from curatory.store import CuratoryError, File, Forbidden, Store, Version, create_store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .shapes import NAMES, PEOPLE, TEAMS, Maker, Shape, everybody, past, registry, rows, shapes

Opened = Callable[[], contextlib.AbstractContextManager[Store]]
READ_ONLY = "is read-only: it was migrated to acme/wandb-registry-"


def ticking() -> Callable[[], datetime]:
    seconds = itertools.count()
    return lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(seconds))


@contextmanager
def on_sqlite() -> Iterator[Store]:
    with (
        tempfile.TemporaryDirectory(prefix="curatory-migration-") as folder,
        create_store(
            Path(folder) / "r.db", "ana", organization="acme", team="vision", now=ticking(), durable=False
        ) as store,
    ):
        yield store


@contextmanager
def on_postgresql(url: str) -> Iterator[Store]:
    import psycopg

    schema = f"test_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
    place = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema},public"
    try:
        with create_store(
            place, "ana", organization="acme", team="vision", blobs=os.devnull, now=ticking(), durable=False
        ) as store:
            yield store
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("SET synchronous_commit = off")
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())


def peopled(store: Store) -> None:
    for person in PEOPLE[1:]:
        role = {"boss": "admin", "guest": "viewer"}.get(person, "member")
        store.users.add(person, role=role, service=person == "bot")


def check(store: Store, made: list[Shape], *, leaves: bool) -> None:
    peopled(store)
    makers = [Maker(store, team) for team in TEAMS[: len(made)]]
    for maker, shape in zip(makers, made, strict=True):
        maker.make(shape)
    if leaves:
        store.users.remove("gone")
    for maker in makers:
        migrated(store, maker)
    assert store.audit.verify(tables=True).findings == ()


def migrated(store: Store, maker: Maker) -> None:
    team, old, new = maker.team, maker.path, f"acme/wandb-registry-{maker.team}-mr-migrated"
    legacy = store.projects.get(old).id
    people = {by.actor.name: by for by in everybody(store)}
    before = {name: registry(by, old) for name, by in people.items()}
    mine = before["ana"]
    assert mine is not None
    collections = mine["collections"]
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n) for n in range(0, 120, 10)]
    numbers = {name: one["collection"]["next_number"] for name, one in collections.items()}
    history = {name: past(store, f"{old}/{name}", moments, numbers[name]) for name in collections}
    standing = rows(store, legacy)
    links = [one for name in collections for one in store.search.versions(f"{old}/{name}")]
    head = store.events.head()

    plan = store.migrations.plan(team)
    assert store.events.head() == head
    assert {one.name: one.before for one in plan.people} == {name: one["role"] for name, one in before.items() if one}
    assert all(one.before == one.after for one in plan.people)
    migration = store.migrations.run(team)

    assert (migration.state, migration.copied, migration.versions) == ("done", len(collections), len(links))
    assert store.projects.get(new).visibility == "restricted"
    after = {name: registry(by, new) for name, by in people.items()}
    assert after == before
    for name in collections:
        now = past(store, f"{old}/{name}", moments, numbers[name])
        assert now == past(store, f"{new}/{name}", moments, numbers[name])
        assert now["aliases"]["at"] == history[name]["aliases"]["at"]
        for was, found in ((history[name]["aliases"], now["aliases"]), (history[name]["events"], now["events"])):
            assert all([seq for seq in found[key] if seq <= head] == was[key] for key in was if key != "at")
    for by in people.values():
        led = registry(by, old)  # its names still list what there was, and each leads to the new one
        assert led is None or all(
            by.collections.get(f"{old}/{name}").path == f"{new}/{name}" for name in led["collections"]
        )
    proof = store.migrations.verify(team)
    assert proof.ok, proof.differences
    assert (proof.counts["collections"], proof.counts["versions"]) == (len(collections), len(links))

    refuses(store, maker, links)
    assert rows(store, legacy) == standing
    fresh = store.versions.log([File("w", 9, "fresh", uri="s3://b/fresh")], "fresh", "model", entity=team)
    for name, number in numbers.items():
        assert store.links.add(fresh, f"{old}/{name}").path == f"{new}/{name}:v{number}"
    for name in {unicodedata.normalize("NFC", name) for name in (*NAMES, "never")} - {*collections}:
        with pytest.raises(Forbidden, match=READ_ONLY):
            store.links.add(fresh, f"{old}/{name}")
        with pytest.raises(Forbidden, match=READ_ONLY):
            store.legacy.link_model(fresh, name)
    assert rows(store, legacy) == standing


def refuses(store: Store, maker: Maker, links: list[Version]) -> None:
    """Every verb that would change something in it says why not; a record from before still means the old place."""
    old, head = maker.path, store.events.head()
    verbs: list[Callable[[], object]] = [
        lambda: store.collections.create(f"{old}/quite new", "model"),
        lambda: store.registries.describe(old, "another text"),
        lambda: store.registries.protect(old, "another"),
        lambda: store.registries.remove(old),
    ]
    for one in links[:3]:
        verbs += [
            lambda one=one: store.aliases.add(one, "another"),
            lambda one=one: store.links.remove(one),
            lambda one=one: store.tags.add(one, "another"),
            lambda one=one: store.versions.describe(one, "another text"),
            lambda one=one: store.versions.set_metadata(one, {"another": 1}),
        ]
        verbs += [
            lambda one=one, alias=alias: store.aliases.remove(one, alias) for alias in one.aliases if alias != "latest"
        ]
    for verb in verbs:
        with pytest.raises(Forbidden, match=READ_ONLY):
            verb()
    for event in store.events.of(old, limit=5):
        with pytest.raises(CuratoryError):
            store.undo.undo(event.seq)
    assert store.events.head() == head


def settled(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        print_blob=True,
    )


def held(opened: Opened, examples: int) -> None:
    @settled(examples)
    @given(made=st.lists(shapes, min_size=1, max_size=2), leaves=st.booleans())
    def run(made: list[Shape], leaves: bool) -> None:
        with opened() as store:
            check(store, made, leaves=leaves)

    run()


def test_whatever_it_holds_on_sqlite() -> None:
    held(on_sqlite, 30)


def test_whatever_it_holds_on_postgresql(postgres: str) -> None:
    held(lambda: on_postgresql(postgres), 5)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whatever_it_holds_for_long() -> None:
    held(on_sqlite, 2000)
