"""API keys: shown once, listed without being shown, shut at once."""

from __future__ import annotations

import pytest
from curatory.store import Store

from .conftest import Cli

KEY = {"id", "user", "name", "created_at", "used_at", "revoked_at"}


def test_made_listed_and_revoked(cli: Cli, shop: Store) -> None:
    assert "curatory key create" in cli("key", "ls").err
    made = cli("key", "create", "laptop")
    secret = made.out.strip()
    assert len(secret) >= 40
    assert "not shown again" in made.err
    assert shop.keys.opener(secret) == "ana"
    listed = cli("key", "ls")
    assert "laptop" in listed.out
    assert secret not in listed.out + cli("key", "ls", "--json").out + cli("history", "--json").out
    (document,) = cli("key", "ls", "--json").document["items"]
    assert set(document) == KEY
    assert "laptop" in cli("key", "revoke", str(document["id"])).out
    assert "revoked" in cli("key", "ls").out
    assert cli("key", "ls", "--json").document["items"][0]["revoked_at"] is not None


def test_as_json_with_the_key_itself(cli: Cli, shop: Store) -> None:
    document = cli("key", "create", "ci", "--user", "kim", "--json").document
    assert set(document) == KEY | {"key"}
    assert (document["user"], shop.keys.opener(document["key"])) == ("kim", "kim")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x", "--user", "nobody"), "nobody"),
        (("create", " "), "name"),
        (("revoke", "7"), "7"),
    ],
)
def test_refused_with_a_reason(cli: Cli, shop: Store, words: tuple[str, ...], said: str) -> None:
    assert said in cli("key", *words, code=1).err


def test_somebody_elses_are_not_ones_own(cli: Cli, shop: Store) -> None:
    cli("key", "create", "laptop")
    assert "not allowed" in cli("key", "ls", "--user", "ana", by="kim", code=1).err
    assert "not allowed" in cli("key", "create", "mine", "--user", "ana", by="kim", code=1).err
    cli("key", "revoke", "1", by="kim", code=1)
