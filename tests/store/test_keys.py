"""API keys: shown once, kept as hashes, revoked for good."""

from __future__ import annotations

import json

import pytest
from curatory.store import Forbidden, Invalid, NotFound, Store


def test_a_key_is_shown_once_and_kept_as_its_hash(store: Store) -> None:
    key, secret = store.keys.create(" laptop ")
    assert (key.user, key.name, key.used_at, key.revoked_at, len(secret)) == ("ana", "laptop", None, None, 40)
    assert store.keys.opener(secret) == "ana"
    assert store.keys.opener(secret[:-1] + "x") is None
    kept = json.dumps(store.engine.rows("SELECT * FROM api_key")) + json.dumps(
        store.engine.rows("SELECT detail, before, after FROM event")
    )
    assert secret not in kept
    assert store.keys.list()[0].used_at is not None
    assert store.audit.verify(tables=True).ok


def test_a_revoked_key_opens_nothing_and_does_not_come_back(store: Store) -> None:
    key, secret = store.keys.create("laptop")
    assert store.keys.revoke(key.id).revoked_at is not None
    assert store.keys.opener(secret) is None
    head = store.events.head()
    store.keys.revoke(key.id)
    assert store.events.head() == head
    with pytest.raises(Invalid, match="is work, not a change"):
        store.undo.undo(head)
    assert store.keys.opener(secret) is None


def test_whose_keys(store: Store) -> None:
    store.users.add("kim")
    kim = store.as_actor("kim")
    theirs, secret = store.keys.create("by an admin", user="kim")
    assert store.keys.opener(secret) == "kim"
    assert [key.id for key in kim.keys.list()] == [theirs.id]
    own = store.keys.create("mine")[0]
    for call in (
        lambda: kim.keys.create("x", user="ana"),
        lambda: kim.keys.list(user="ana"),
        lambda: kim.keys.revoke(own.id),
    ):
        with pytest.raises(Forbidden, match="not allowed to touch the keys of ana"):
            call()
    with pytest.raises(NotFound):
        store.keys.revoke(99)
    store.users.remove("kim")
    assert store.keys.opener(secret) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "a\x1b[31m"])
def test_names(store: Store, name: str) -> None:
    with pytest.raises(Invalid):
        store.keys.create(name)


def test_every_door_of_a_store_signs_alike(store: Store) -> None:
    assert store.keys.signing() == store.as_actor("ana").keys.signing()
    assert len(store.keys.signing()) == 32
