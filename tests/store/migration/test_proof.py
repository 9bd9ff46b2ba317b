"""Verifying finds whatever is not the same on both sides, and names it."""

from __future__ import annotations

from collections.abc import Callable

from curatory.store import Migration, Store

from .conftest import NEW, OLD, TARGET

Told = tuple[str, str, str | None, str | None]
Case = tuple[Callable[[Store], object], set[Told]]


def sql(statement: str) -> Callable[[Store], object]:
    """What no verb does: a change behind the store's back. :new and :old are the two collections called detector."""

    def change(store: Store) -> None:
        ids = {
            name: store.engine.value(
                "SELECT c.id FROM collection c JOIN project p ON p.id = c.project_id "
                "WHERE p.kind = :kind AND c.name = 'detector'",
                {"kind": kind},
            )
            for name, kind in (("new", "registry"), ("old", "legacy"))
        }
        with store.engine.write():
            assert store.engine.execute(statement, {key: ids[key] for key in ids if f":{key}" in statement}) == 1

    return change


CASES: dict[str, Case] = {
    "an alias moved": (
        lambda store: store.aliases.add(f"{NEW}/detector:v0", "prod"),
        {("detector", "alias prod", "v2", "v0")},
    ),
    "an alias added": (
        lambda store: store.aliases.add(f"{NEW}/detector:v0", "Prod"),
        {("detector", "alias Prod", None, "v0")},
    ),
    "an alias taken off": (
        lambda store: store.aliases.remove(f"{NEW}/detector:v2", "prod"),
        {("detector", "alias prod", "v2", None)},
    ),
    "a tag removed": (
        lambda store: store.tags.remove(f"{NEW}/detector", "robust"),
        {("detector", "tag robust", "robust", None)},
    ),
    "a tag added": (lambda store: store.tags.add(f"{NEW}/empty", "new"), {("empty", "tag new", None, "new")}),
    "a card edited": (
        lambda store: store.collections.describe(f"{NEW}/detector", "# Card\n\nmore " + "x" * 80),
        {("detector", "the card", "# Card", f"# Card more {'x' * 47}…")},
    ),
    "a collection renamed": (
        lambda store: store.collections.rename(f"{NEW}/other", "another"),
        {("other", "the name", "other", "another")},
    ),
    "a collection deleted": (
        lambda store: store.collections.remove(f"{NEW}/other"),
        {("other", "the collection", "other", None), ("other", "the old path", f"{OLD}/other", None)},
    ),
    "an alias no longer protected": (
        lambda store: store.registries.unprotect(NEW, "prod"),
        {(TARGET, "protected alias prod", "prod", None)},
    ),
    "a role changed": (
        lambda store: store.members.set_role(NEW, "lee", "admin"),
        {("lee", "access", "viewer", "admin")},
    ),
    "a member added": (lambda store: store.members.add(NEW, "bo"), {("bo", "access", None, "restricted_viewer")}),
    "a member removed": (lambda store: store.members.remove(NEW, "kim"), {("kim", "access", "member", None)}),
    "a whole team added": (
        lambda store: (store.teams.create("audio"), store.teams.set_member("audio", "bo"), store.members.add(NEW, "audio", "member")),
        {("bo", "access", None, "member")},
    ),
    "shown to the organization": (
        lambda store: store.registries.set_visibility(NEW, "organization", confirmed=True),
        {("bo", "access", None, "restricted_viewer")},
    ),
    "somebody left": (lambda store: store.users.remove("lee"), {("lee", "access", "viewer", None)}),
    "another time": (
        sql("UPDATE membership SET at = '2020-01-01T00:00:00.000000Z' WHERE collection_id = :new AND number = 2"),
        {("detector", "v2's time", "…", "2020-01-01T00:00:00.000000Z")},
    ),
    "another author": (
        sql("UPDATE membership SET by_id = (SELECT id FROM entity WHERE key = 'kim') WHERE collection_id = :new AND number = 0"),
        {("detector", "v0's author", "ana", "kim")},
    ),
    "another number": (
        sql("UPDATE membership SET number = 1 WHERE collection_id = :new AND number = 0"),
        {("detector", "v0", "…", None), ("detector", "v1", None, "…")},
    ),
    "another artifact": (
        sql("UPDATE membership SET version_id = (SELECT version_id FROM membership WHERE collection_id <> :new "
            "AND version_id NOT IN (SELECT version_id FROM membership WHERE collection_id = :new) LIMIT 1) "
            "WHERE collection_id = :new AND number = 0"),
        {("detector", "v0's artifact", "…", "…"), ("detector", "v0's digest", "…", "…")},
    ),
    "another type": (sql("UPDATE collection SET type = 'dataset' WHERE id = :new"), {("detector", "the type", "model", "dataset")}),
    "made by another": (
        sql("UPDATE collection SET created_by = (SELECT id FROM entity WHERE key = 'kim') WHERE id = :new"),
        {("detector", "made", "…", "…")},
    ),
    "lost before, behind the store's back": (
        sql("DELETE FROM membership WHERE collection_id = :old AND number = 0"),
        {("detector", "v0", None, "…")},
    ),
}  # fmt: skip


def test_what_was_changed_is_named(migrated: tuple[Store, Migration]) -> None:
    store, migration = migrated
    for case, (change, told) in CASES.items():
        with store.rehearsal():
            change(store)
            proof = store.migrations.verify("vision")
            found = {(subject, one.what): (one.old, one.new) for subject, one in proof.differences}
            assert set(found) == {one[:2] for one in told}, case
            for subject, what, *sides in told:
                for side, now in zip(sides, found[subject, what], strict=True):
                    assert now == side or (side == "…" and now), (case, subject, what)
            compared = store.reviews.compare(store.reviews.item(migration, "detector"))[2]
            assert {one.what for one in compared} == {what for subject, what in found if subject == "detector"}, case
            assert not proof.ok
    assert store.migrations.verify("vision").ok


def test_what_belongs_to_the_artifact_is_the_same_on_both_sides(migrated: tuple[Store, Migration]) -> None:
    store, _ = migrated
    store.versions.describe(f"{NEW}/detector:v2", "better")
    store.versions.set_metadata("vision/labs/net:v0", {"acc": 1})
    store.tags.add(f"{NEW}/other:v1", "robust")
    assert store.migrations.verify("vision").ok
    old, new, differences = store.reviews.compare(store.reviews.item(store.migrations.get("vision"), "detector"))
    assert new
    assert differences == []
    assert [one.description for one in old.versions] == [one.description for one in new.versions] == ["", "better"]


def test_what_was_compared_is_counted(migrated: tuple[Store, Migration]) -> None:
    store, migration = migrated
    far: list[tuple[int, int]] = []
    proof = store.migrations.verify(TARGET, progress=lambda *done: far.append(done))
    assert far == [(1, 3), (2, 3), (3, 3)]
    assert proof.migration == migration
    assert proof.counts == {
        "collections": 3, "versions": 5, "digests": 5, "metadata": 5, "aliases": 1, "tags": 1, "paths": 3, "people": 4,
    }  # fmt: skip
