"""Taking a migration back; who may migrate at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from curatory.store import Conflict, Forbidden, Invalid, Migration, Moved, NotFound, Store

from .conftest import NEW, OLD, TARGET

VERBS: list[Callable[[Store], object]] = [
    lambda store: store.migrations.plan("vision"),
    lambda store: store.migrations.run("vision"),
    lambda store: store.migrations.roll_back("vision", confirmed=True),
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("user", "refusal"), [("kim", Forbidden), ("lee", Forbidden), ("bo", NotFound)])
def test_who_may_not(legacy: Store, verb: Callable[[Store], object], user: str, refusal: type[Exception]) -> None:
    if verb is VERBS[2]:
        legacy.migrations.run("vision")
    head = legacy.events.head()
    with pytest.raises(refusal, match="Ask one of them|no team|no legacy registry|has been migrated"):
        verb(legacy.as_actor(user))
    assert legacy.events.head() == head


@pytest.mark.parametrize("user", ["kim", "boss"])
def test_who_may(legacy: Store, user: str) -> None:
    """An admin of the team who is none of the organization's, and the other way round."""
    if user == "kim":
        legacy.teams.set_member("vision", "kim", "admin")
    by = legacy.as_actor(user)
    assert by.migrations.plan("vision").versions == 5
    assert by.migrations.run("vision").started_by == user
    assert by.registries.get(NEW).owner == (user if user == "kim" else "ana")
    assert by.migrations.verify("vision").ok
    assert by.migrations.roll_back("vision").state == "rolled back"


@pytest.mark.parametrize("copied", [0, 2, 3])
def test_roll_back(legacy: Store, copied: int) -> None:
    """From where it stands, begun or ended: as if it had not been; and migrated again it is a new one."""
    before = legacy.search.collections(OLD)
    first = legacy.migrations.run("vision", (lambda done, *_: done < copied) if copied < 3 else None)
    told: list[tuple[str, str]] = []
    legacy.paths.redirected = lambda old, new: told.append((old, new))

    assert legacy.migrations.roll_back("vision").state == "rolled back"

    with pytest.raises(NotFound):
        legacy.registries.get(NEW)
    assert legacy.search.collections(OLD) == before
    assert legacy.aliases.add(f"{OLD}/detector:v0", "eu").path == f"{OLD}/detector:v0"
    assert legacy.links.add("vision/labs/net:v1", f"{OLD}/detector").path == f"{OLD}/detector:v3"
    assert legacy.collections.create(f"{OLD}/new", "model").project_kind == "legacy"
    assert told == []
    assert legacy.migrations.list() == []
    with pytest.raises(NotFound):
        legacy.migrations.roll_back("vision")
    again = legacy.migrations.run("vision")
    assert (again.registry, again.collections, again.versions) == (TARGET, 4, 6)
    assert again.registry_id != first.registry_id
    assert legacy.versions.get(f"{OLD}/detector:eu").path == f"{TARGET}/detector:v0"
    assert legacy.migrations.verify("vision").ok
    assert [(one.id, one.state) for one in legacy.migrations.list(rolled_back=True)] == [
        (again.id, "done"),
        (first.id, "rolled back"),
    ]
    assert legacy.audit.verify(tables=True).findings == ()


def test_what_was_done_since_is_given_up_only_when_that_is_confirmed(migrated: tuple[Store, Migration]) -> None:
    store, migration = migrated
    store.as_actor("kim").reviews.accept(store.reviews.queue(migration))  # a review is none of it
    store.aliases.add(f"{OLD}/detector:v0", "eu")
    store.members.add(NEW, "bo")
    head = store.events.head()
    with pytest.raises(Conflict, match=r"2 changes were made in .*--confirm"):
        store.migrations.roll_back("vision")
    assert store.events.head() == head
    store.migrations.roll_back("vision", confirmed=True)
    assert "eu" not in store.collections.get(f"{OLD}/detector").aliases
    event = store.events.get(store.events.head())
    assert (event.action, event.detail["changes"], event.actor) == ("migration.rollback", 2, "ana")


def test_what_was_signed_off_stays(migrated: tuple[Store, Migration]) -> None:
    store, migration = migrated
    store.reviews.accept(store.reviews.queue(migration))
    store.reviews.sign_off(migration)
    for confirmed in (False, True):
        with pytest.raises(Conflict, match="was signed off; take the sign-off back first"):
            store.migrations.roll_back("vision", confirmed=confirmed)
    store.undo.undo()
    assert store.migrations.roll_back("vision").state == "rolled back"


def test_a_registry_that_was_deleted_since_can_be_given_up(migrated: tuple[Store, Migration]) -> None:
    """Else nothing would ever thaw the legacy one."""
    store, _ = migrated
    store.registries.remove(NEW)
    deleted = store.events.head()
    assert store.versions.get(f"{OLD}/detector:prod").path == f"{OLD}/detector:v2"
    with pytest.raises(Forbidden, match="is read-only"):
        store.aliases.add(f"{OLD}/detector:v0", "eu")
    for user, refusal in (("kim", Forbidden), ("bo", NotFound)):
        with pytest.raises(refusal):
            store.as_actor(user).migrations.roll_back("vision", confirmed=True)
    store.migrations.roll_back("vision", confirmed=True)
    store.aliases.add(f"{OLD}/detector:v0", "eu")
    with pytest.raises(Moved, match="the migration of vision/model-registry was rolled back since"):
        store.undo.undo(deleted)
    assert store.migrations.run("vision").registry == TARGET
    assert store.audit.verify(tables=True).findings == ()


def test_neither_beginning_nor_roll_back_is_undone(migrated: tuple[Store, Migration]) -> None:
    store, _ = migrated
    store.migrations.roll_back("vision")
    for event in store.events.of(actions="migration"):
        with pytest.raises((Invalid, NotFound), match="work, not a change|no event"):
            store.undo.undo(event.seq)
    assert not [one for group in store.undo.stack() for one in group if one.action.startswith("migration")]


def test_what_was_rolled_back_holds_no_version(migrated: tuple[Store, Migration]) -> None:
    store, _ = migrated
    store.migrations.roll_back("vision")
    store.aliases.remove(f"{OLD}/detector:v2", "prod")
    assert store.versions.remove("vision/labs/net:v2") == [f"{OLD}/detector:v2", f"{OLD}/other:v2"]


def test_each_organization_has_its_own(legacy: Store) -> None:
    legacy.organizations.create("beta")
    legacy.teams.create("robots", organization="beta")
    legacy.legacy.ensure("robots")
    plan = legacy.migrations.plan("robots")
    assert plan.registry == "beta/wandb-registry-robots-mr-migrated"
    assert [(one.name, one.after) for one in plan.people] == [("ana", "admin")]
    legacy.migrations.run("robots")
    assert legacy.registries.get(plan.registry).entity == "beta"
    with pytest.raises(NotFound):
        legacy.as_actor("boss").registries.get(plan.registry)
    assert legacy.migrations.verify("robots").ok
