"""member, team and user."""

from __future__ import annotations

import pytest
from curatory.store import NotFound, Store

from .conftest import Cli

ENTITY = {"kind", "name", "email", "organization", "team", "role", "default_ttl", "created_at"}


def test_members_are_added_changed_removed_and_listed(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "golden", "--visibility", "restricted")
    done = cli("member", "add", "golden", "kim@example.com", "vision", "--role", "restricted-viewer")
    assert "added kim to golden as restricted_viewer" in done.out
    assert "added vision to golden as restricted_viewer" in done.out
    assert (
        "changed kim's role in golden: restricted_viewer → admin" in cli("member", "set", "golden", "kim", "admin").out
    )
    document = cli("member", "ls", "golden", "--json").document
    found = {one["name"]: one for one in document["items"]}
    assert set(found["kim"]) == {"name", "kind", "role", "effective", "via", "owner"}
    assert (found["kim"]["effective"], found["ana"]["owner"]) == ("admin", True)
    assert "ana (owner)" in cli("member", "ls", "golden").out
    assert "removed kim from golden" in cli("member", "rm", "golden", "kim").out
    cli("undo")
    assert "golden" in cli("ls", by="kim").out


def test_several_members_are_one_undo(cli: Cli, shop: Store) -> None:
    cli("registry", "create", "golden", "--visibility", "restricted")
    cli("member", "add", "golden", "kim", "lee")
    cli("undo")
    assert [one.name for one in shop.members.list("golden")] == ["ana"]


def test_member_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "There is no user or team 'kin'" in cli("member", "add", "model", "kin", code=1).err
    assert "member of acme/wandb-registry-model already" in cli("member", "add", "model", "kim", code=1).err
    assert "is not a member of" in cli("member", "set", "model", "lee", "admin", code=1).err
    assert "is not a member of" in cli("member", "rm", "model", "lee", code=1).err
    assert "not allowed" in cli("member", "add", "model", "lee", by="kim", code=1).err
    assert "There is no registry" in cli("member", "ls", "nope", code=1).err
    assert "would have" in cli("member", "add", "model", "lee", "--dry-run").out
    cli("member", "add", "model", "lee", "--role", "boss", code=2)
    cli("member", "set", "model", "kim", code=2)
    cli("member", "rm", "model", code=2)
    cli("member", "ls", code=2)


def test_teams(cli: Cli, shop: Store) -> None:
    assert "created the team speech" in cli("team", "create", "speech").out
    assert "added kim to speech as member" in cli("team", "add", "speech", "kim", "lee").out
    assert "changed kim's role in speech: member → admin" in cli("team", "set", "speech", "kim", "admin").out
    document = cli("team", "ls", "speech", "--json").document
    assert {one["name"]: one["role"] for one in document["items"]} == {"ana": "admin", "kim": "admin", "lee": "member"}
    assert set(document["items"][0]) == ENTITY
    assert "speech" in cli("team", "ls").out
    assert "kim@example.com" in cli("team", "ls", "speech").out
    assert "took lee out of the team speech" in cli("team", "rm", "speech", "lee").out
    assert "removed the team speech" in cli("team", "delete", "speech").out
    with pytest.raises(NotFound):
        shop.teams.get("speech")


def test_team_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "is taken by a team" in cli("team", "create", "vision", code=1).err
    assert "only admins of the organization" in cli("team", "create", "x", by="kim", code=1).err
    assert "without an admin" in cli("team", "rm", "vision", "ana", code=1).err
    assert "still owns 1 project" in cli("team", "delete", "vision", code=1).err
    assert "There is no team 'visoin'. Did you mean 'vision'" in cli("team", "ls", "visoin", code=1).err
    assert "is not in the team" in cli("team", "rm", "vision", "lee", code=1).err
    assert "would have" in cli("team", "add", "vision", "lee", "--dry-run").out
    for usage in (("create",), ("add", "vision"), ("set", "vision", "kim", "boss"), ("rm", "vision"), ("delete",)):
        cli("team", *usage, code=2)


def test_users(cli: Cli, shop: Store) -> None:
    done = cli("user", "add", "ben", "--email", "ben@example.com", "--role", "viewer")
    assert "added the user ben to acme as viewer" in done.out
    assert "service account ci" in cli("user", "add", "ci", "--service", "--team", "vision").out
    assert "changed ben's role in acme: viewer → member" in cli("user", "set", "ben", "member").out
    assert "Nothing changed" in cli("user", "set", "ben", "member").out
    document = cli("user", "ls", "--json").document
    found = {one["name"]: one for one in document["items"]}
    assert found["ci"]["kind"] == "service"
    assert found["ci"]["team"] == "vision"
    assert set(found["ben"]) == ENTITY
    assert "ben@example.com" in cli("user", "ls").out
    assert "removed ben from the store" in cli("user", "rm", "ben").out
    cli("undo")
    assert shop.users.get("ben").role == "member"


def test_user_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "is taken by a user" in cli("user", "add", "KIM", code=1).err
    assert "can't be viewers" in cli("user", "add", "ci", "--service", "--role", "viewer", code=1).err
    assert "Only service accounts are tied" in cli("user", "add", "x", "--team", "vision", code=1).err
    assert "not allowed to add people" in cli("user", "add", "x", by="kim", code=1).err
    assert "without an admin" in cli("user", "set", "ana", "member", code=1).err
    assert "There is no user" in cli("user", "rm", "ghost", code=1).err
    assert "There is no organization" in cli("user", "ls", "--organization", "x", code=1).err
    assert "would have" in cli("user", "rm", "lee", "--dry-run").out
    for usage in (("add",), ("set", "kim"), ("set", "kim", "boss"), ("rm",), ("ls", "x")):
        cli("user", *usage, code=2)
