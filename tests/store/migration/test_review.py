"""Reviewing what was migrated: verdicts of several people, the queue, and the sign-off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from curatory.store import Conflict, Forbidden, Invalid, Item, Migration, Moved, NotFound, Store

from .conftest import NEW, OLD, TARGET

Migrated = tuple[Store, Migration]


def verdicts(store: Store, migration: Migration) -> list[str | None]:
    return [one.verdict for one in store.reviews.queue(migration)]


def told(store: Store, migration: Migration) -> tuple[int, int, int, int]:
    tally = store.reviews.tally(migration)
    return tally.accepted, tally.flagged, tally.unreviewed, tally.total


def test_a_verdict_is_taken_back_and_given_again(migrated: Migrated) -> None:
    store, migration = migrated
    item = store.reviews.queue(migration)[0]
    [accepted] = store.reviews.accept(item, " fine ")
    assert (accepted.verdict, accepted.comment, accepted.reviewed_by) == ("accepted", "fine", "ana")
    assert accepted.reviewed_at
    [flagged] = store.as_actor("kim").reviews.flag(accepted, "prod is wrong")
    assert (flagged.verdict, flagged.comment, flagged.reviewed_by) == ("flagged", "prod is wrong", "kim")
    assert told(store, migration) == (0, 1, 2, 3)
    with pytest.raises(Moved, match="the verdict was changed again by kim"):
        store.undo.undo(next(one.seq for one in store.events.of(NEW) if one.action == "review.accept"))
    store.as_actor("kim").undo.undo()
    assert store.reviews.again(item) == accepted
    store.as_actor("kim").undo.redo()
    assert store.reviews.again(item) == flagged
    [opened] = store.reviews.reopen(item)
    assert (opened.verdict, opened.comment, opened.reviewed_by, opened.reviewed_at) == (None, "", None, None)
    store.undo.undo()
    assert store.reviews.again(item) == flagged
    assert [(one.action, one.actor) for one in store.events.of(f"{NEW}/detector", limit=6)] == [
        ("undo:review.reopen", "ana"),
        ("review.reopen", "ana"),
        ("redo:review.flag", "kim"),
        ("undo:review.flag", "kim"),
        ("review.flag", "kim"),
        ("review.accept", "ana"),
    ]
    assert [one.detail.get("comment") for one in store.events.of(NEW, actions="review")] == [
        None, "prod is wrong", "fine",
    ]  # fmt: skip
    assert store.audit.verify(tables=True).findings == ()


def test_the_same_again_is_no_event(migrated: Migrated) -> None:
    store, migration = migrated
    items = store.reviews.queue(migration)
    store.reviews.accept(items, "fine")
    head = store.events.head()
    store.reviews.accept(items, "fine")
    store.as_actor("kim").reviews.accept(items[0], "fine")
    assert store.events.head() == head
    assert store.reviews.again(items[0]).reviewed_by == "ana"
    assert store.reviews.accept([]) == []
    store.reviews.reopen(items)
    store.reviews.reopen(items)
    assert store.events.head() == head + 3


def test_a_batch_is_undone_as_one(migrated: Migrated) -> None:
    store, migration = migrated
    items = store.reviews.queue(migration)
    store.reviews.flag(items[0], "no")
    store.reviews.accept(items)
    assert verdicts(store, migration) == ["accepted"] * 3
    assert len({one.batch for one in store.events.of(NEW, actions="review.accept")}) == 1
    assert len(store.undo.undo()) == 3
    assert verdicts(store, migration) == ["flagged", None, None]
    assert store.reviews.again(items[0]).comment == "no"
    store.undo.redo()
    assert verdicts(store, migration) == ["accepted"] * 3
    store.as_actor("kim").reviews.reopen(items[1])
    with pytest.raises(Moved):
        store.undo.undo()
    assert verdicts(store, migration) == ["accepted", None, "accepted"]


def test_all_of_a_batch_or_none(migrated: Migrated) -> None:
    store, migration = migrated
    items = store.reviews.queue(migration)
    with pytest.raises(NotFound, match="no line 99"):
        store.reviews.accept([*items, replace(items[0], id=99)])
    assert verdicts(store, migration) == [None] * 3


REFUSED: dict[str, Callable[[Store, Item], object]] = {
    "accept": lambda store, item: store.reviews.accept(item),
    "flag": lambda store, item: store.reviews.flag(item, "no"),
    "reopen": lambda store, item: store.reviews.reopen(item),
    "several": lambda store, item: store.reviews.accept([item, item]),
}


@pytest.mark.parametrize("verb", REFUSED)
def test_who_may_not_review(migrated: Migrated, verb: str) -> None:
    store, migration = migrated
    item = store.reviews.queue(migration)[1]
    store.members.add(NEW, "bo", "restricted_viewer")
    for user in ("lee", "bo"):
        with pytest.raises(Forbidden, match=f"{user} is not allowed to review a migrated collection"):
            REFUSED[verb](store.as_actor(user), item)
    store.members.remove(NEW, "bo")
    with pytest.raises(NotFound, match="not there any more, or not for you"):
        REFUSED[verb](store.as_actor("bo"), item)
    with pytest.raises(NotFound):
        store.as_actor("bo").reviews.compare(item)
    REFUSED[verb](store.as_actor("boss"), item)


def test_nobody_undoes_what_they_could_not_do(migrated: Migrated) -> None:
    store, migration = migrated
    store.as_actor("kim").reviews.accept(store.reviews.queue(migration)[0])
    seq = store.events.head()
    store.members.set_role(NEW, "kim", "viewer")
    for user, refusal in (("lee", Forbidden), ("kim", Forbidden), ("bo", NotFound)):
        with pytest.raises(refusal):
            store.as_actor(user).undo.undo(seq)
    store.undo.undo(seq)


def test_the_queue_goes_round(migrated: Migrated) -> None:
    store, migration = migrated
    reviews = store.reviews
    a, b, c = reviews.queue(migration)
    assert [one.name for one in (a, b, c)] == ["detector", "other", "empty"]
    for after, found in ((0, a), (a.id, b), (b.id, c), (c.id, a), (c.id + 99, a)):
        assert reviews.next(migration, after=after) == found
    for before, found in ((a.id, c), (b.id, a), (c.id, b), (0, c), (c.id + 99, c)):
        assert reviews.previous(migration, before=before) == found
    [b] = reviews.accept(b)
    assert (reviews.next(migration, after=a.id), reviews.previous(migration, before=c.id)) == (c, a)
    [c] = reviews.flag(c, "no")
    assert (reviews.next(migration, after=a.id), reviews.previous(migration, before=a.id)) == (a, a)
    for verdict, found in (("unreviewed", [a]), ("accepted", [b]), ("flagged", [c]), (None, [a, b, c])):
        assert reviews.queue(migration, verdict=verdict) == found
    assert reviews.queue(migration, after=a.id, limit=1) == [b]
    reviews.accept(a)
    assert (reviews.next(migration), reviews.previous(migration, before=0)) == (None, None)
    store.teams.create("audio")
    store.legacy.ensure("audio")
    empty = store.migrations.run("audio")
    assert (reviews.next(empty), reviews.previous(empty, before=0), told(store, empty)) == (None, None, (0, 0, 0, 0))


def test_an_item_is_found_by_old_and_new_name(migrated: Migrated) -> None:
    store, migration = migrated
    store.collections.rename(f"{NEW}/other", "another")
    for name in ("other", "another", f"{OLD}/other", f"{NEW}/another", f"{TARGET}/another"):
        assert store.reviews.item(migration, name).name == "other"
    assert store.reviews.item(migration, "other").path == f"{TARGET}/another"
    with pytest.raises(NotFound, match="no collection 'nothing' in the migration of vision/model-registry"):
        store.reviews.item(migration, "nothing")


def test_what_a_verdict_needs(legacy: Store) -> None:
    migration = legacy.migrations.run("vision", lambda copied, *_: copied < 1)
    copied, waiting, _ = legacy.reviews.queue(migration)
    with pytest.raises(Conflict, match="other is not copied yet"):
        legacy.reviews.accept(waiting)
    with pytest.raises(Forbidden, match="is being migrated"):
        legacy.reviews.accept(copied)
    assert legacy.reviews.compare(waiting)[1] is None
    legacy.migrations.run("vision")
    for comment, match in ((" \n", "a flag needs a comment"), ("x" * 2_001, "at most 2,000"), ("a\0", "U\\+0000")):
        with pytest.raises(Invalid, match=match):
            legacy.reviews.flag(copied, comment)
    [flagged] = legacy.reviews.flag(copied, "한글 \u202e " + "x" * 1_990)
    assert flagged.comment.startswith("한글 \u202e x")


def test_the_sign_off(migrated: Migrated) -> None:
    store, migration = migrated
    items = store.reviews.queue(migration)
    store.reviews.accept(items[0])
    store.reviews.flag(items[1], "no")
    with pytest.raises(Conflict, match="^1 collection is not reviewed and 1 is flagged; `curatory review ls vision`"):
        store.reviews.sign_off(migration)
    store.reviews.flag(items[2], "no")
    with pytest.raises(Conflict, match="^2 collections are flagged; `curatory review ls vision`"):
        store.reviews.sign_off(migration)
    store.as_actor("kim").reviews.accept(items)
    for user, refusal in (("kim", Forbidden), ("lee", Forbidden), ("bo", NotFound)):
        with pytest.raises(refusal):
            store.as_actor(user).reviews.sign_off(migration)
    assert store.reviews.signed_off(migration) is None

    approved = store.as_actor("boss").reviews.sign_off(migration)

    signed = store.reviews.signed_off(approved)
    assert signed
    assert (approved.state, signed[0]) == ("approved", "boss")
    with pytest.raises(Conflict, match="signed off already"):
        store.reviews.sign_off(migration)
    for verb in REFUSED.values():
        with pytest.raises(Conflict, match="take the sign-off back first"):
            verb(store, items[0])
    with pytest.raises(Forbidden, match="it was migrated to"):
        store.collections.create(f"{OLD}/new", "model")
    store.aliases.add(f"{OLD}/detector:v0", "eu")  # the new registry lives on
    assert [one.what for _, one in store.migrations.verify("vision").differences] == ["alias eu"]
    with pytest.raises(Forbidden):
        store.as_actor("kim").undo.undo(next(one.seq for one in store.events.of(NEW, actions="review.signoff")))
    store.as_actor("boss").undo.undo()
    assert store.migrations.get("vision").state == "done"
    assert store.reviews.signed_off(migration) is None
    store.reviews.reopen(items[0])
    with pytest.raises(Conflict, match="^1 collection is not reviewed; "):
        store.reviews.sign_off(migration)
    store.reviews.accept(items[0])
    assert store.reviews.sign_off(migration).state == "approved"
    assert store.audit.verify(tables=True).findings == ()


def test_no_undo_goes_behind_a_sign_off(migrated: Migrated) -> None:
    store, migration = migrated
    items = store.reviews.queue(migration)
    store.reviews.accept(items[0])
    one = store.events.head()
    store.reviews.accept(items[1:])
    several = store.events.head()
    store.reviews.sign_off(migration)
    for seq in (one, several):
        with pytest.raises(Moved, match="was signed off since"):
            store.undo.undo(seq)
    assert verdicts(store, migration) == ["accepted"] * 3
    store.undo.undo()
    store.undo.undo(several)
    assert verdicts(store, migration) == ["accepted", None, None]
    store.migrations.roll_back("vision")
    with pytest.raises((Moved, NotFound)):
        store.undo.undo(one)


def test_not_all_copied_is_not_signed_off(legacy: Store) -> None:
    migration = legacy.migrations.run("vision", lambda copied, *_: copied < 3)
    with pytest.raises(Conflict, match="not all copied yet"):
        legacy.reviews.sign_off(migration)


def test_a_mended_difference_is_gone(migrated: Migrated) -> None:
    store, migration = migrated
    item = store.reviews.item(migration, "detector")
    store.collections.describe(f"{NEW}/detector", "")
    store.members.add(NEW, "bo")
    assert [(one.what, one.old, one.new) for one in store.reviews.compare(item)[2]] == [("the card", "# Card", None)]
    assert [(who, one.old, one.new) for who, one in store.reviews.access(migration)] == [
        ("bo", None, "restricted_viewer")
    ]
    store.undo.undo()
    store.collections.describe(f"{NEW}/detector", "# Card")
    assert (store.reviews.compare(item)[2], store.reviews.access(migration)) == ([], [])
    store.collections.remove(f"{NEW}/detector")
    old, new, differences = store.reviews.compare(item)
    assert (old.path, new, [one.what for one in differences]) == (f"{OLD}/detector", None, ["the collection"])
    store.undo.undo()
    assert store.reviews.compare(item)[2] == []
