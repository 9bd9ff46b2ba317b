"""Proving a migration: both sides read from the data and compared, nothing assumed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..errors import CuratoryError, Invalid
from ..paths import parse
from . import ledger, people
from .records import Difference, Item, Migration, Proof, Side
from .sides import differences, loaded, side

if TYPE_CHECKING:
    from ..store import Store


COMPARED = ("collections", "versions", "digests", "metadata", "aliases", "tags", "paths")


def of(store: Store, migration: Migration, progress: Callable[[int, int], None] | None = None) -> Proof:
    """Every collection, every old path, everybody's access."""
    counts: dict[str, int] = defaultdict(int, dict.fromkeys(COMPARED, 0))
    found: list[tuple[str, Difference]] = []
    items = ledger.items(store, migration.id)
    for done, item in enumerate(items, 1):
        old, new = sides(store, item)
        counts["collections"] += 1
        counts["versions"] += len(old.versions)
        counts["digests"] += len(old.versions)
        counts["metadata"] += len(old.versions)
        counts["aliases"] += len(old.aliases)
        counts["tags"] += len(old.tags) + sum(len(one.tags) for one in old.versions)
        found += [(item.target, difference) for difference in differences(old, new, target=item.target)]
        if migration.source_id is not None:
            counts["paths"] += 1
            found += [(item.target, one) for one in _path(store, migration, item)]
        if progress:
            progress(done, len(items))
    found += protection(store, migration)
    found += access(store, migration)
    counts["people"] = len(ledger.people_before(store, migration.id))
    return Proof(migration, dict(counts), tuple(found))


def sides(store: Store, item: Item) -> tuple[Side, Side | None]:
    """A collection before and after."""
    row = store.engine.row("SELECT source_id, origin, target_id FROM migration_item WHERE id = :id", {"id": item.id})
    assert row
    source, origin, target = row
    old = loaded(origin) if origin is not None else side(store, source)
    assert old is not None  # a migrated legacy registry is read-only, and is not deleted
    return old, side(store, target) if target is not None else None


def access(store: Store, migration: Migration) -> Iterator[tuple[str, Difference]]:
    """Everybody whose role in the registry is not what it was before."""
    before = ledger.people_before(store, migration.id)
    after = {name: role for name, _, role in people.roles(store, migration.registry_id).values()}
    for name in sorted({*before} | {*after}):
        if before.get(name) != after.get(name):
            yield name, Difference("access", before.get(name), after.get(name))


def protection(store: Store, migration: Migration) -> Iterator[tuple[str, Difference]]:
    """Aliases that are protected on one side only."""
    if migration.source_id is None:
        return
    old, new = (
        {
            alias
            for (alias,) in store.engine.rows("SELECT alias FROM protected_alias WHERE project_id = :p", {"p": project})
        }
        for project in (migration.source_id, migration.registry_id)
    )
    for alias in sorted(old ^ new):
        was, now = (alias if alias in held else None for held in (old, new))
        yield migration.registry, Difference(f"protected alias {alias}", was, now)


def _path(store: Store, migration: Migration, item: Item) -> Iterator[Difference]:
    """Whether the old path leads to the new collection."""
    path = f"{migration.source}/{item.name}"
    try:
        said = parse(path)
    except Invalid:
        return
    if (said.name, said.alias) != (item.name, None):  # a name that no path could ever say
        return
    wanted = store.engine.value("SELECT target_id FROM migration_item WHERE id = :id", {"id": item.id})
    try:
        led = store.paths.collection(path).collection_id
    except CuratoryError:
        led = None
    if led != wanted:
        yield Difference("the old path", path, None)
