"""Undo and redo: every curating verb is taken back exactly, and refused with a reason when the world has moved on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from curatory.store import Store, open_store
from curatory.store.errors import Forbidden, Invalid, Moved, NotFound

Log = Callable[..., str]
Verb = Callable[[Store], object]

# What curating changes. Numbers that are never used again and times of change are no part of it.
CURATED = {
    "entity": "id, kind, name, key, title, email, organization_id, team_id, default_ttl FROM entity WHERE removed_at IS NULL",
    "organization_member": "* FROM organization_member",
    "team_member": "* FROM team_member",
    "project": "id, entity_id, name, key, description, visibility, owner_id, core, any_type FROM project WHERE removed_at IS NULL",
    "accepted_type": "* FROM accepted_type",
    "protected_alias": "* FROM protected_alias",
    "member": "* FROM member",
    "collection": "id, project_id, kind, name, type, description, folded FROM collection WHERE removed_at IS NULL",
    "collection_tag": "* FROM collection_tag",
    "version": "id, collection_id, digest, state, description, metadata, ttl FROM version WHERE state <> 'deleted'",
    "version_tag": "* FROM version_tag",
    "version_text": "* FROM version_text",
    "membership": "collection_id, version_id, number, at, by_id FROM membership",
    "alias": "* FROM alias",
}  # fmt: skip


def curated(store: Store) -> dict[str, list[str]]:
    return {name: sorted(map(repr, store.engine.rows(f"SELECT {what}"))) for name, what in CURATED.items()}


SOURCE = "vision/uncategorized/detector"


@pytest.fixture
def full(store: Store, log: Log) -> Store:
    """A registry "golden" with detector v0 (prod) and v1 (best, candidate), and people around it."""
    for name in ("ben", "kim"):
        store.users.add(name)
    store.teams.create("speech")
    store.teams.set_member("speech", "kim")
    store.registries.create("golden", types=["model"])
    store.members.add("golden", "ben", "member")
    store.members.add("golden", "speech", "viewer")
    store.registries.protect("golden", "prod")
    for n in range(3):
        log(f"weights {n}", aliases=[f"a{n}"], tags=["fresh"], description=f"number {n}", ttl=3600)
    store.links.add(f"{SOURCE}:v0", "golden/detector", ["prod"])
    store.links.add(f"{SOURCE}:v1", "golden/detector", ["best", "candidate"])
    store.tags.add("golden/detector", "old", "vision")
    store.collections.describe("golden/detector", "the card")
    store.collections.create("golden/empty", "model")
    store.projects.ensure("scratch", "vision")
    return store


VERBS: dict[str, Verb] = {
    "link": lambda s: s.links.add(f"{SOURCE}:v2", "golden/detector", ["new"]),
    "link and move an alias": lambda s: s.links.add(f"{SOURCE}:v2", "golden/detector", ["best"]),
    "link into a new collection": lambda s: s.links.add(f"{SOURCE}:v2", "golden/new", ["new"]),
    "link again": lambda s: s.links.add(f"{SOURCE}:v0", "golden/detector", ["again", "best"]),
    "unlink": lambda s: s.links.remove("golden/detector:v1"),
    "unlink the protected": lambda s: s.links.remove("golden/detector:prod"),
    "add an alias": lambda s: s.aliases.add("golden/detector:v0", "x", "y"),
    "move an alias": lambda s: s.aliases.add("golden/detector:v1", "prod"),
    "remove aliases": lambda s: s.aliases.remove("golden/detector:v1", "best", "candidate"),
    "alias at the source": lambda s: s.aliases.add(f"{SOURCE}:v0", "a2"),
    "tag a collection": lambda s: s.tags.add("golden/detector", "new", "vision"),
    "untag a collection": lambda s: s.tags.remove("golden/detector", "old"),
    "tag a version": lambda s: s.tags.add("golden/detector:v0", "robust"),
    "untag a version": lambda s: s.tags.remove("golden/detector:v0", "fresh"),
    "describe a version": lambda s: s.versions.describe("golden/detector:v0", "새 설명"),
    "undescribe a version": lambda s: s.versions.describe("golden/detector:v0", ""),
    "metadata": lambda s: s.versions.set_metadata(f"{SOURCE}:v2", {"acc": 0.5, "deep": {"한": [1, None, True]}}),
    "time to live": lambda s: s.versions.set_ttl(f"{SOURCE}:v2", -2),
    "delete a version": lambda s: s.versions.remove(f"{SOURCE}:v1", delete_aliases=True),
    "create a collection": lambda s: s.collections.create("golden/more", "model", description="d", tags=["a", "b"]),
    "rename a collection": lambda s: s.collections.rename("golden/detector", "탐지기"),
    "describe a collection": lambda s: s.collections.describe("golden/detector", "# Card"),
    "type of a source": lambda s: s.collections.set_type(SOURCE, "network"),
    "delete a collection": lambda s: s.collections.remove("golden/detector"),
    "create a registry": lambda s: s.registries.create("더", types=["a", "b"], visibility="restricted", description="d"),
    "rename a registry": lambda s: s.registries.rename("golden", "Silver"),
    "case of a registry": lambda s: s.registries.rename("golden", "GOLDEN"),
    "describe a registry": lambda s: s.registries.describe("golden", "text"),
    "hide a registry": lambda s: s.registries.set_visibility("golden", "restricted"),
    "accept a type": lambda s: s.registries.accept("golden", ["dataset", "table"]),
    "accept every type": lambda s: s.registries.accept_any("golden"),
    "owner": lambda s: s.registries.set_owner("golden", "ben"),
    "protect": lambda s: s.registries.protect("golden", "staging"),
    "unprotect": lambda s: s.registries.unprotect("golden", "prod"),
    "delete a registry": lambda s: s.registries.remove("golden"),
    "add a member": lambda s: s.members.add("golden", "kim", "admin"),
    "change a role": lambda s: s.members.set_role("golden", "ben", "admin"),
    "remove a member": lambda s: s.members.remove("golden", "ben"),
    "remove a team from a registry": lambda s: s.members.remove("golden", "speech"),
    "add a user": lambda s: s.users.add("lee", email="lee@example.com"),
    "add a service account": lambda s: s.users.add("bot", service=True, team="speech"),
    "organization role": lambda s: s.organizations.set_role("ben", "admin"),
    "remove a user": lambda s: s.users.remove("ben"),
    "create a team": lambda s: s.teams.create("audio"),
    "add to a team": lambda s: s.teams.set_member("speech", "ben", "viewer"),
    "role in a team": lambda s: s.teams.set_member("speech", "kim", "admin"),
    "take out of a team": lambda s: s.teams.remove_member("speech", "kim"),
    "remove a team": lambda s: s.teams.remove("speech"),
    "delete a project": lambda s: s.projects.remove("vision/scratch"),
}  # fmt: skip


class TakenBack(Exception):
    pass


def test_every_curating_verb_is_undone_and_redone_exactly(full: Store) -> None:
    before = curated(full)
    for name, verb in VERBS.items():
        try:
            with full.engine.write():
                verb(full)
                after, seq = curated(full), full.events.head()
                assert after != before, name
                assert [event.undoes for event in full.undo.undo()] == [seq], name
                assert curated(full) == before, name
                assert [event.undoes for event in full.undo.redo()] == [seq + 1], name
                assert curated(full) == after, name
                full.undo.undo()
                assert curated(full) == before, name
                assert full.audit.verify(tables=True).findings == (), name
                raise TakenBack
        except TakenBack:
            assert curated(full) == before, name


def test_narrowing_what_a_registry_accepts_is_undone(full: Store) -> None:
    full.registries.accept_any("golden")
    before = curated(full)
    full.registries.accept_only("golden", ["table"])
    after = curated(full)
    full.undo.undo()
    assert curated(full) == before
    full.undo.redo()
    assert curated(full) == after


def test_what_expired_is_brought_back_within_the_grace_period(full: Store, clock) -> None:
    before = curated(full)
    clock.forward(hours=2)
    assert full.garbage.collect().expired == (f"{SOURCE}:v2",)
    full.undo.undo()
    assert curated(full) == before


def test_undo_and_redo_reach_across_the_closing_of_the_store(full: Store, url: str, clock) -> None:
    states = [curated(full)]
    for name in ("link", "move an alias", "tag a version", "rename a collection"):
        VERBS[name](full)
        states.append(curated(full))
    for state in reversed(states[:-1]):
        with open_store(url, "ana", now=clock, durable=False) as again:
            again.undo.undo()
            assert curated(again) == state
    with open_store(url, "ana", now=clock, durable=False) as again:
        for state in states[1:]:
            again.undo.redo()
            assert curated(again) == state
        with pytest.raises(NotFound, match="There is nothing of ana's to redo"):
            again.undo.redo()


# -- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_undone_as_one_however_large(full: Store) -> None:
    before = curated(full)
    with full.batch() as batch:
        full.links.add(f"{SOURCE}:v2", "golden/detector")
        for n in range(70):
            full.aliases.add("golden/detector:v2", f"x{n}")
        full.tags.add("golden/detector:v2", "good")
    after = curated(full)
    [newest, *_] = full.undo.stack()
    assert {event.batch for event in newest} == {batch}
    assert len(newest) == 72
    undone = full.undo.undo()
    assert curated(full) == before
    assert len({event.batch for event in undone}) == 1
    assert undone[0].batch not in (None, batch)
    assert len(full.undo.redo()) == 72
    assert curated(full) == after


def test_naming_one_event_of_a_batch_undoes_all_of_it(full: Store) -> None:
    before = curated(full)
    with full.batch():
        full.aliases.add("golden/detector:v0", "x")
        first = full.events.head()
        full.aliases.add("golden/detector:v0", "y")
    assert [event.undoes for event in full.undo.undo(first)] == [first + 1, first]
    assert curated(full) == before


def test_a_batch_that_can_not_be_undone_whole_is_left_whole(full: Store) -> None:
    with full.batch():
        full.aliases.add("golden/detector:v0", "x")
        full.aliases.add("golden/detector:v0", "y")
    full.aliases.add("golden/detector:v1", "x")
    before, head = curated(full), full.events.head()
    with pytest.raises(Moved):
        full.undo.undo(head - 1)
    assert (curated(full), full.events.head()) == (before, head)


def test_of_a_batch_with_work_in_it_the_curating_is_undone(full: Store) -> None:
    files = full.versions.files(f"{SOURCE}:v0")
    with full.batch():
        made = full.versions.log([*files, *full.versions.files(f"{SOURCE}:v1")][:1], "other", "model", aliases=["x"])
        logged = full.events.head()
        full.links.add(made, "golden/other")
        linked = full.events.head()
    with pytest.raises(Invalid, match="is work"):
        full.undo.undo(logged)
    assert [event.undoes for event in full.undo.undo()] == [linked]
    assert full.versions.get(made).aliases == ("x", "latest")
    with pytest.raises(NotFound):
        full.collections.get("golden/other")


def test_a_deleted_source_collection_comes_back_with_its_versions(full: Store) -> None:
    full.aliases.remove("golden/detector:prod", "prod")
    before = curated(full)
    full.collections.remove(SOURCE, delete_aliases=True)
    assert full.collections.get("golden/detector").versions == 0
    full.undo.undo()
    assert curated(full) == before


# -- which event ------------------------------------------------------------------------------------------------------


def test_another_ones_event_is_undone_with_the_permission_for_the_inverse(full: Store) -> None:
    ben = full.as_actor("ben")
    full.aliases.add("golden/detector:v0", "x")
    mine = full.events.head()
    with pytest.raises(NotFound, match="There is nothing of ben's to undo"):
        ben.undo.undo()
    [undone] = ben.undo.undo(mine)
    assert (undone.actor, undone.action, undone.undoes) == ("ben", "undo:alias.add", mine)
    full.registries.describe("golden", "mine")
    with pytest.raises(Forbidden, match="ben is not allowed to edit the registry's description"):
        ben.undo.undo(full.events.head())


def test_an_event_is_undone_once(full: Store) -> None:
    full.aliases.add("golden/detector:v0", "x")
    seq = full.events.head()
    full.undo.undo(seq)
    with pytest.raises(Invalid, match=rf"Event {seq} was taken back by event {seq + 1} already"):
        full.undo.undo(seq)
    full.undo.redo()
    assert full.events.get(seq).undone_by == seq + 1
    full.undo.undo(seq)  # it stands again, by its redo
    assert "x" not in full.collections.get("golden/detector").aliases
    with pytest.raises(Invalid, match="already"):
        full.undo.undo(seq)


def test_the_undo_of_an_undo_is_a_redo(full: Store) -> None:
    full.aliases.add("golden/detector:v0", "x")
    after = curated(full)
    [undone] = full.undo.undo()
    [redone] = full.undo.undo(undone.seq)
    assert (redone.action, redone.undoes) == ("redo:alias.add", undone.seq)
    assert curated(full) == after
    assert full.undo.stack(redo=True) == []
    assert full.undo.stack()[0][0].seq == redone.seq
    with pytest.raises(Invalid, match=f"Event {redone.seq} is not an undo"):
        full.undo.redo(redone.seq)


def test_the_stacks_list_what_is_mine_and_can_be_done_newest_first(full: Store) -> None:
    full.as_actor("ben").aliases.add("golden/detector:v0", "bens")
    for alias in ("x", "y", "z"):
        full.aliases.add("golden/detector:v0", alias)
    full.versions.log(full.versions.files(f"{SOURCE}:v0"), "other", "model")  # work

    def aliases(*, redo: bool = False) -> list[object]:
        return [group[0].detail.get("aliases") for group in full.undo.stack(limit=3, redo=redo)]

    assert aliases() == [["z"], ["y"], ["x"]]
    full.undo.undo()
    full.undo.undo()
    assert aliases(redo=True) == [["y"], ["z"]]
    assert aliases()[0] == ["x"]
    full.undo.redo()
    assert (aliases()[:2], aliases(redo=True)) == ([["y"], ["x"]], [["z"]])


WORK: dict[str, Verb] = {
    "version.log": lambda s: s.versions.log(s.versions.files(f"{SOURCE}:v0"), "other", "model"),
    "run.start": lambda s: s.runs.start("scratch", entity="vision", name="r"),
    "run.finish": lambda s: s.runs.finish("vision/scratch/r"),
    "run.delete": lambda s: s.runs.remove("vision/scratch/r"),
    "project.create": lambda s: s.projects.ensure("new", "vision"),
    "organization.create": lambda s: s.organizations.create("other"),
}


def test_work_is_deleted_not_undone(full: Store) -> None:
    for action, verb in WORK.items():
        verb(full)
        assert full.events.get(full.events.head()).action == action
        with pytest.raises(Invalid, match=rf"\({re.escape(action)}\) is work"):
            full.undo.undo(full.events.head())
    with pytest.raises(NotFound, match="There is no event 4711"):
        full.undo.undo(4711)


# -- the world has moved on -------------------------------------------------------------------------------------------

# Done, what happened then, and the reason that is given.
GUARDS: list[tuple[Verb, Verb, str]] = [
    (
        lambda s: s.aliases.add("golden/detector:v0", "x"),
        lambda s: s.as_actor("ben").aliases.add("golden/detector:v1", "x"),
        r"the alias 'x' was changed again by ben at 2026-01-01 .* UTC \(event \d+, alias.add\). Undo that first.",
    ),
    (
        lambda s: s.collections.describe("golden/detector", "a"),
        lambda s: s.collections.describe("golden/detector", "b"),
        "the collection's description was changed again by ana",
    ),
    (
        lambda s: s.versions.set_metadata("golden/detector:v0", {"a": 1}),
        lambda s: s.versions.set_metadata(f"{SOURCE}:v0", {"a": 2}),
        "the version's metadata was changed again",
    ),
    (
        lambda s: s.links.remove("golden/detector:v1"),
        lambda s: s.links.add(f"{SOURCE}:v1", "golden/detector"),
        "the version's place in the collection was changed again",
    ),
    (
        lambda s: s.links.remove("golden/detector:v1"),
        lambda s: s.versions.remove(f"{SOURCE}:v1", delete_aliases=True),
        "the version has been deleted since",
    ),
    (
        lambda s: s.links.add(f"{SOURCE}:v2", "golden/detector"),
        lambda s: s.aliases.add("golden/detector:v2", "prod"),
        "it has the alias 'prod' by now",
    ),
    (
        lambda s: s.links.add(f"{SOURCE}:v2", "golden/new"),
        lambda s: s.links.add(f"{SOURCE}:v1", "golden/new"),
        r"the collection holds 1 version\(s\) by now",
    ),
    (
        lambda s: s.collections.create("golden/new", "model"),
        lambda s: s.links.add(f"{SOURCE}:v1", "golden/new"),
        r"the collection holds 1 version\(s\) by now",
    ),
    (
        lambda s: s.collections.remove("golden/detector"),
        lambda s: s.collections.create("golden/detector", "model"),
        "another collection is called 'detector' by now",
    ),
    (
        lambda s: s.collections.remove("golden/detector"),
        lambda s: s.registries.remove("golden"),
        "its registry is not there any more",
    ),
    (
        lambda s: s.collections.rename("golden/detector", "finder"),
        lambda s: s.collections.create("golden/detector", "model"),
        "another collection is called 'detector' by now",
    ),
    (
        lambda s: s.collections.describe("golden/detector", "a"),
        lambda s: s.collections.remove("golden/detector"),
        "the collection is not there any more",
    ),
    (
        lambda s: s.aliases.add("golden/detector:v0", "x"),
        lambda s: s.collections.remove("golden/detector"),
        "the collection is not there any more",
    ),
    (
        lambda s: s.links.remove("golden/detector:v1"),
        lambda s: s.collections.remove("golden/detector"),
        "the collection is not there any more",
    ),
    (
        lambda s: s.registries.protect("golden", "x"),
        lambda s: s.registries.remove("golden"),
        "the registry is not there any more",
    ),
    (
        lambda s: s.versions.describe(f"{SOURCE}:v2", "new"),
        lambda s: s.versions.remove(f"{SOURCE}:v2", delete_aliases=True),
        "the version has been deleted since",
    ),
    (
        lambda s: s.versions.remove(f"{SOURCE}:v2", delete_aliases=True),
        lambda s: s.projects.remove("vision/uncategorized"),
        "its collection is not there any more",
    ),
    (
        lambda s: s.versions.set_ttl(f"{SOURCE}:v2", -2),
        lambda s: s.links.add(f"{SOURCE}:v2", "golden/detector"),
        "it is linked in a registry by now, and linked versions don't expire",
    ),
    (
        lambda s: s.registries.create("new"),
        lambda s: s.collections.create("new/a", "model"),
        r"the registry holds 1 collection\(s\) by now",
    ),
    (
        lambda s: s.registries.remove("golden"),
        lambda s: s.registries.create("Golden"),
        "another registry has its name by now",
    ),
    (
        lambda s: s.registries.rename("golden", "silver"),
        lambda s: s.registries.create("GOLDEN"),
        "another registry has its name by now",
    ),
    (
        lambda s: s.registries.accept("golden", ["table"]),
        lambda s: s.collections.create("golden/t", "table"),
        r"1 collection\(s\) of that type are there by now",
    ),
    (
        lambda s: s.registries.accept_any("golden"),
        lambda s: s.collections.create("golden/t", "table"),
        "it holds collections of the type 'table' by now",
    ),
    (
        lambda s: s.members.remove("golden", "ben"),
        lambda s: s.users.remove("ben"),
        "they are not in the store any more",
    ),
    (
        lambda s: s.users.add("lee"),
        lambda s: s.members.add("golden", "lee"),
        r"they have 0 project\(s\) and 1 role\(s\) in registries by now",
    ),
    (
        lambda s: s.users.add("lee"),
        lambda s: s.teams.set_member("speech", "lee"),
        "they are in a team by now",
    ),
    (
        lambda s: s.teams.create("audio"),
        lambda s: s.teams.set_member("audio", "ben"),
        "there are others in it by now",
    ),
    (
        lambda s: s.users.remove("kim"),
        lambda s: s.users.add("Kim"),
        "the name 'kim' is taken by now",
    ),
    (
        lambda s: s.organizations.set_role("ben", "admin"),
        lambda s: s.as_actor("ben").organizations.set_role("ana", "member"),
        "the organization would be left without an admin",
    ),
    (
        lambda s: s.teams.set_member("speech", "kim", "admin"),
        lambda s: s.as_actor("kim").teams.remove_member("speech", "ana"),
        "the team would be left without an admin",
    ),
]  # fmt: skip


def test_an_undo_is_refused_with_the_reason_when_the_world_has_moved_on(full: Store) -> None:
    untouched = curated(full)
    for done, then, reason in GUARDS:
        try:
            with full.engine.write():
                done(full)
                seq = full.events.head()
                then(full)
                before, head = curated(full), full.events.head()
                admin = full.as_actor("ben") if "organization would" in reason else full
                with pytest.raises(Moved, match=reason):
                    admin.undo.undo(seq)
                assert (curated(full), full.events.head()) == (before, head), reason
                assert full.audit.verify(tables=True).ok
                raise TakenBack
        except TakenBack:
            assert curated(full) == untouched


def test_a_redo_is_refused_when_the_world_has_moved_on(full: Store) -> None:
    full.versions.remove(f"{SOURCE}:v2", delete_aliases=True)
    full.undo.undo()
    full.links.add(f"{SOURCE}:v2", "golden/detector", ["new"])
    with pytest.raises(Moved, match=r"it is linked in 1 more place\(s\) by now"):
        full.undo.redo()
    full.registries.accept_any("golden")
    full.registries.accept_only("golden")
    full.undo.undo()
    full.collections.create("golden/t", "table")
    seq = full.events.head() - 1
    with pytest.raises(Moved, match="it holds collections of the type 'table' by now"):
        full.undo.redo(seq)


def test_an_undone_link_leaves_the_time_to_live_off_where_another_link_holds_the_version(full: Store) -> None:
    full.links.add(f"{SOURCE}:v2", "golden/one")
    first = full.events.head()
    full.links.add(f"{SOURCE}:v2", "golden/two")
    full.undo.undo(first)
    assert full.versions.get(f"{SOURCE}:v2").ttl == -2
    full.undo.undo()
    assert full.versions.get(f"{SOURCE}:v2").ttl == -2  # an undo restores what its own event changed


def test_what_was_removed_for_good_is_not_brought_back(full: Store, clock) -> None:
    full.versions.remove(f"{SOURCE}:v2", delete_aliases=True)
    seq = full.events.head()
    clock.forward(hours=23)
    assert full.garbage.collect(grace=timedelta(hours=24)).purged == 0
    clock.forward(hours=2)
    assert full.garbage.collect().purged == 1
    before = curated(full)
    with pytest.raises(Moved, match=rf"the files of {SOURCE}:v2 were removed for good on 2026-01-02"):
        full.undo.undo(seq)
    assert curated(full) == before


def test_the_event_of_an_undo_says_what_it_took_back(full: Store) -> None:
    full.links.add(f"{SOURCE}:v2", "golden/detector", ["new"])
    linked = full.events.get(full.events.head())
    [undone] = full.undo.undo()
    assert undone.action == "undo:link.add"
    assert undone.detail == {**linked.detail, "of": linked.seq}
    assert (undone.before, undone.after) == (linked.after, linked.before)
    assert (undone.project_id, undone.collection_id, undone.version_id) == (
        linked.project_id,
        linked.collection_id,
        linked.version_id,
    )
    assert full.events.get(linked.seq).undone_by == undone.seq
    assert os.path.basename(undone.subject) == "detector"


@pytest.mark.parametrize("visibility", ["organization", "restricted"])
def test_who_made_a_registry_makes_it_anew(full: Store, visibility: str) -> None:
    """With its making undone nobody has a role in it any more, not even who made it."""
    ben = full.as_actor("ben")
    ben.registries.create("bens", visibility=visibility, types=["model"])
    before = curated(full)
    ben.undo.undo()
    with pytest.raises(NotFound):
        full.registries.get("bens")
    ben.undo.redo()
    assert curated(full) == before
    ben.undo.undo()
    full.organizations.set_role("ben", "viewer")
    with pytest.raises(Forbidden, match="may not make this registry anew"):
        ben.undo.redo()


def test_nobody_else_makes_it_anew(full: Store) -> None:
    ben = full.as_actor("ben")
    ben.registries.create("bens")
    (undone,) = ben.undo.undo()
    with pytest.raises((Forbidden, NotFound)):
        full.as_actor("kim").undo.redo(undone.seq)


def test_deleting_a_source_project_is_done_again_with_what_it_holds(full: Store) -> None:
    full.projects.remove("vision/uncategorized")
    gone = curated(full)
    full.undo.undo()
    assert full.collections.get(SOURCE).versions == 3
    full.undo.redo()
    assert curated(full) == gone
