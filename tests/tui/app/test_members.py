"""Members of a registry: added, changed, removed, made owner; and what somebody is all the same."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import Store

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named, take
from .conftest import Open


def roles(registry: str) -> Any:
    def read(store: Store) -> dict[str, str]:
        return {one.name: one.role for one in store.members.list(registry) if one.role}

    return read


def owner(store: Store) -> str | None:
    return store.registries.get("secret").owner


def team(store: Store) -> None:
    """bo is in the team vision, which is member of secret."""
    store.teams.set_member("vision", "bo")
    store.members.add("secret", "vision", "member")


def kim(store: Store) -> None:
    store.members.add("secret", "kim", "member")


def both(store: Store) -> None:
    kim(store)
    store.members.add("secret", "bo", "viewer")


def service(store: Store) -> None:
    store.users.add("ci", service=True)


OUT = ("escape",)
CHANGES = [
    Change("a person", "secret", ("m", "a", "'bo"), ("bo becomes viewer of secret",), roles("secret"), {"ana": "admin", "bo": "viewer"}, back=OUT),
    Change("completed, with another role", "secret", ("m", "a", "'b", "tab", "tab", "right"), ("bo becomes member of secret",), roles("secret"), {"ana": "admin", "bo": "member"}, back=OUT),
    Change("a service account", "secret", ("m", "a", "'ci", "tab", "right"), ("ci becomes member of secret",), roles("secret"), {"ana": "admin", "ci": "member"}, first=service, back=OUT),
    Change("a team, with its people", "secret", ("m", "a", "'vision"), ("vision becomes viewer of secret", "counts for its people: ana"), roles("secret"), {"ana": "admin", "vision": "viewer"}, back=OUT),
    Change("who is more through a team", "secret", ("m", "a", "'bo"), ("gives bo the role viewer in secret", "bo stays member all the same, by the team vision"), roles("secret"), {"ana": "admin", "vision": "member", "bo": "viewer"}, first=team, back=OUT),
    Change("who is more through the organization", "model", ("m", "a", "'ana"), ("gives ana the role viewer in model", "ana stays admin all the same, by the organization"), roles("model"), {"kim": "member", "ana": "viewer"}, back=OUT),
    Change("another role", "model", ("m", "end", "enter", "right"), ("kim: member → admin in model",), roles("model"), {"kim": "admin"}, back=OUT),
    Change("a lower role", "model", ("m", "end", "enter", "left"), ("kim: member → viewer in model",), roles("model"), {"kim": "viewer"}, back=OUT),
    Change("gone for good", "secret", ("m", "end", "x"), ("kim is no longer member of secret", "kim no longer has any access"), roles("secret"), {"ana": "admin"}, first=kim, back=OUT),
    Change("gone, but seen by the organization", "model", ("m", "end", "x"), ("kim is no longer member of model", "kim stays restricted_viewer by the organization"), roles("model"), {}, back=OUT),
    Change("another owner", "secret", ("m", "end", "o"), ("kim becomes accountable for secret; no right more",), owner, "kim", first=kim, back=OUT),
    Change("two removed as one", "secret", ("m", "down", "space", "space", "x"), ("bo is no longer viewer", "kim is no longer member"), roles("secret"), {"ana": "admin"}, first=both, back=OUT),
    Change("two given a role as one", "secret", ("m", "down", "space", "space", "r", "end", "right"), ("bo: viewer → member", ), roles("secret"), {"ana": "admin", "bo": "member", "kim": "member"}, first=both, back=OUT),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_roles_are_given_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


ADMINS = "changing members takes the role admin"
REFUSALS = [
    Refusal("a viewer adds", "model", ("m", "a"), ADMINS, by="bo", first=viewer),
    Refusal("a restricted viewer adds", "model", ("m", "a"), ADMINS, by="bo"),
    Refusal("a member adds", "model", ("m", "a"), ADMINS, by="kim"),
    Refusal("a member changes a role", "model", ("m", "end", "enter"), ADMINS, by="kim"),
    Refusal("a member removes", "model", ("m", "end", "x"), ADMINS, by="kim"),
    Refusal("a member makes an owner", "model", ("m", "end", "o"), ADMINS, by="kim"),
    Refusal("nobody said", "secret", ("m", "a"), "Say who."),
    Refusal("nobody of that name", "secret", ("m", "a", "'nobody"), "There is no user or team 'nobody'"),
    Refusal("who is here already", "secret", ("m", "a", "'Kim"), "Kim has a role here already", first=kim),
    Refusal("a service account as a viewer", "secret", ("m", "a", "'ci"), "service accounts can't be viewer", first=service),
    Refusal("the role that they have", "secret", ("m", "end", "enter"), "Nothing would change.", first=kim),
    Refusal("removing what comes from elsewhere", "model", ("m", "x"), "has no role here: what they are comes from the organization"),
    Refusal("a team as owner", "secret", ("m", "o"), "One person is accountable", first=team),
    Refusal("in a source project", "vision/labs", ("m", "a"), "its people are those of vision"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_roles_are_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


MEANWHILE = [
    Meanwhile("the role was changed", "secret", ("m", "end", "enter", "right"), lambda s: s.members.set_role("secret", "kim", "viewer"), "kim: viewer → admin", kim),
    Meanwhile("they got more through a team", "secret", ("m", "a", "'bo"), lambda s: (s.teams.set_member("vision", "bo"), s.members.add("secret", "vision", "member")), "bo stays member all the same"),
    Meanwhile("the team has one more", "secret", ("m", "a", "'vision"), lambda s: s.teams.set_member("vision", "bo"), "counts for its people: ana, bo"),
]  # fmt: skip


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=named)
async def test_what_others_do_to_a_role_meanwhile_is_shown_first(
    desk: Open, small: Store, meanwhile: Meanwhile
) -> None:
    await is_shown_first(desk, small, meanwhile)


async def test_where_each_role_comes_from_is_shown(desk: Open, small: Store) -> None:
    team(small)
    async with desk("secret") as hands:
        await hands.press("m")
        lines = [line for line in hands.text.split("\n") if " bo " in line]
        assert "member" in lines[0]
        assert "by vision" in lines[0]


async def test_removing_has_the_safe_button_focused(desk: Open, small: Store) -> None:
    kim(small)
    async with desk("secret") as hands:
        await take(hands, ("m", "end", "x"))
        assert hands.app.focused is not None
        assert hands.app.focused.id == "push-cancel"
        await hands.press("enter")
        assert "kim" in roles("secret")(small)


async def test_who_shuts_themselves_out_is_told(desk: Open, small: Store) -> None:
    small.members.add("secret", "kim", "admin")
    async with desk("secret", by="kim") as hands:
        await take(hands, ("m", "end", "x"))
        assert "you will not see it any more" in hands.plan


async def test_adding_by_mouse(desk: Open, small: Store) -> None:
    async with desk("secret") as hands:
        await hands.press("m", "a")
        await hands.type("bo")
        await hands.click("○ member")
        await hands.click("Give role  ^s")
        assert roles("secret")(small)["bo"] == "member"


async def test_what_was_done_is_taken_back_without_leaving(desk: Open, small: Store) -> None:
    async with desk("secret") as hands:
        await take(hands, ("m", "a", "'bo", "ctrl+s"))
        dialog = hands.app.screen
        assert " bo " in hands.text
        await hands.press("u")
        await hands.settle()
        assert roles("secret")(small) == {"ana": "admin"}
        assert hands.app.screen is dialog
        await hands.press("U")
        assert roles("secret")(small) == {"ana": "admin", "bo": "viewer"}
