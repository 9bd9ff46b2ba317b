"""Copying one collection, in one transaction: numbers, times, authors, aliases, tags and card as they are.

A version is one immutable artifact, so that is not doubled: the new collection holds the same artifacts, and with them
their files, metadata, runs and lineage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import facts
from ..store import insert

if TYPE_CHECKING:
    from ..store import Store
    from .records import Item, Migration

_COLLECTION = (
    "SELECT c.type, c.description, c.folded, c.next_number, c.created_at, c.created_by, c.updated_at, "
    "e.name || '/' || p.name || '/' || c.name FROM collection c JOIN project p ON p.id = c.project_id "
    "JOIN entity e ON e.id = p.entity_id WHERE c.id = :c"
)


def copy(store: Store, migration: Migration, item: Item, source: int) -> None:
    """Make the collection of one line of the ledger. The caller is in a write transaction, and has seen it waiting."""
    engine = store.engine
    row = engine.row(_COLLECTION, {"c": source})
    assert row
    kind, description, folded, following, created_at, created_by, updated_at, old = row
    target = insert(
        engine,
        "collection",
        project_id=migration.registry_id,
        kind="portfolio",
        name=item.target,
        type=kind,
        description=description,
        folded=folded if item.target == item.name else facts.folded(item.target, description),
        next_number=following,
        created_at=created_at,
        created_by=created_by,
        updated_at=updated_at,
    )
    place = {"new": target, "registry": migration.registry_id, "old": source}
    engine.execute(
        "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) "
        "SELECT :new, :registry, version_id, number, at, by_id FROM membership WHERE collection_id = :old "
        "ORDER BY number",
        place,
    )
    engine.execute(
        "INSERT INTO alias (collection_id, alias, version_id) "
        "SELECT :new, alias, version_id FROM alias WHERE collection_id = :old",
        {"new": target, "old": source},
    )
    engine.execute(
        "INSERT INTO collection_tag (collection_id, tag) "
        "SELECT :new, tag FROM collection_tag WHERE collection_id = :old",
        {"new": target, "old": source},
    )
    change = store.events.draft(
        "migration.collection",
        project=migration.registry_id,
        collection=target,
        path=f"{migration.registry}/{item.target}",
        source=old,
        versions=item.versions,
    )
    # What is new was nothing before; leaving that unsaid halves the event of a collection with many versions.
    after = change.after
    after[f"collection/{target}/exists"] = 1
    for version, number, at, by in engine.rows(
        "SELECT version_id, number, at, by_id FROM membership WHERE collection_id = :c", {"c": target}
    ):
        after[f"link/{target}/{version}"] = [number, at, by]
    for alias, version in engine.rows("SELECT alias, version_id FROM alias WHERE collection_id = :c", {"c": target}):
        after[f"alias/{target}/{alias}"] = version
    for (tag,) in engine.rows("SELECT tag FROM collection_tag WHERE collection_id = :c", {"c": target}):
        after[f"collection_tag/{target}/{tag}"] = 1
    store.automations.copy(change, "collection", source, target)
    engine.execute(
        "UPDATE migration_item SET state = 'done', target_id = :t, at = :at WHERE id = :id",
        {"t": target, "at": change.now, "id": item.id},
    )
    store.events.append([change])
