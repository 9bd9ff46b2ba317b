"""People and teams of the organization: added, changed, removed, and how long a team's versions live."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import Store

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named, take
from .conftest import Open


def people(store: Store) -> dict[str, str | None]:
    return {one.name: one.role for one in store.organizations.people()}


def teams(store: Store) -> list[str]:
    return [one.name for one in store.teams.list()]


def vision(store: Store) -> dict[str, str | None]:
    return {one.name: one.role for one in store.teams.members("vision")}


def audio(store: Store) -> None:
    store.teams.create("audio")


def two(store: Store) -> None:
    store.teams.set_member("vision", "bo")
    store.teams.set_member("vision", "kim")


def email(name: str) -> Any:
    return lambda store: (store.users.get(name).email, store.users.get(name).kind, store.users.get(name).team)


OUT = ("escape",)
# ana, bo, kim, then the teams
TEAM = ("O", "end", "enter")
CHANGES = [
    Change("a person", "model", ("O", "a", "'zoe"), ("adds zoe as member to the organization acme",), people, {"ana": "admin", "bo": "member", "kim": "member", "zoe": "member"}, back=OUT),
    Change("a viewer with an address", "model", ("O", "a", "'zoe", "tab", "tab", "right", "tab", "'zoe@example.com"), ("adds zoe as viewer",), email("zoe"), ("zoe@example.com", "user", None), back=OUT),
    Change("a service account of a team", "model", ("O", "a", "'ci", "tab", "right", "tab", "tab", "tab", "'vision"), ("adds the service account ci as member", "and to its team"), email("ci"), ("", "service", "vision"), back=OUT),
    Change("another role", "model", ("O", "down", "enter", "left"), ("bo: member → admin of acme", "admin of every registry and team"), people, {"ana": "admin", "bo": "admin", "kim": "member"}, back=OUT),
    Change("a role for two as one", "model", ("O", "down", "space", "space", "r", "right"), ("bo: member → viewer", "kim: member → viewer"), people, {"ana": "admin", "bo": "viewer", "kim": "viewer"}, back=OUT),
    Change("somebody removed, with what they had", "model", ("O", "down", "down", "x"), ("removes kim; what they did stays in the history", "with it: 1 role in a registry"), people, {"ana": "admin", "bo": "member"}, back=OUT),
    Change("a team", "model", ("O", "n", "'audio"), ("makes the team audio, and you are its admin",), teams, ["audio", "vision"], back=OUT),
    Change("a team removed", "model", ("O", "end", "up", "x"), ("deletes the team audio", "with it: 1 place in a team"), teams, ["vision"], first=audio, back=OUT),
    Change("somebody into a team", "model", (*TEAM, "a", "'bo"), ("bo becomes member of the team vision",), vision, {"ana": "admin", "bo": "member"}, back=("escape", "escape")),
    Change("another role in a team", "model", (*TEAM, "end", "enter", "right"), ("kim: member → viewer in the team vision",), vision, {"ana": "admin", "bo": "member", "kim": "viewer"}, first=two, back=("escape", "escape")),
    Change("two out of a team as one", "model", (*TEAM, "down", "space", "space", "x"), ("bo leaves the team vision", "kim leaves the team vision"), vision, {"ana": "admin"}, first=two, back=("escape", "escape")),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_people_and_teams_are_changed_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("no name", "model", ("O", "a"), "Give the name."),
    Refusal("a name that is taken", "model", ("O", "a", "'vision"), "is taken by a team already"),
    Refusal("a bad name", "model", ("O", "a", "'a b"), "use letters, digits"),
    Refusal("a service account as a viewer", "model", ("O", "a", "'ci", "tab", "right", "tab", "right"), "Service accounts can't be viewers"),
    Refusal("a person tied to a team", "model", ("O", "a", "'zoe", "tab", "tab", "tab", "tab", "'vision"), "Only service accounts are tied to a team"),
    Refusal("by a member", "model", ("O", "a", "'zoe"), "is not allowed to add people", by="kim"),
    Refusal("a role by a member", "model", ("O", "enter", "right"), "is not allowed to change organization roles", by="kim"),
    Refusal("the last admin", "model", ("O", "enter", "right"), "would be left without an admin"),
    Refusal("oneself", "model", ("O", "x"), "You can't remove yourself", first=lambda s: s.organizations.set_role("bo", "admin")),
    Refusal("a team by a member", "model", ("O", "n", "'audio"), "is not allowed to create a team", by="kim"),
    Refusal("a team that owns something", "model", ("O", "end", "x"), "vision still owns 1 project(s)"),
    Refusal("a team's last admin", "model", (*TEAM, "enter", "right"), "would be left without an admin"),
    Refusal("a team's people, by a member", "model", (*TEAM, "a", "'kim"), "is not allowed to change its members", by="kim"),
    Refusal("a team's expiry, by a member", "model", (*TEAM, "E", "'90d"), "is not allowed to change its default time to live", by="kim"),
    Refusal("a team inherits from nobody", "model", (*TEAM, "E", "'inherit"), "A team inherits from nobody."),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_it_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


async def test_a_role_that_changes_meanwhile_is_shown_first(desk: Open, small: Store) -> None:
    other = Meanwhile("role", "model", ("O", "down", "enter", "left"), lambda s: s.organizations.set_role("bo", "viewer"), "bo: viewer → admin")  # fmt: skip
    await is_shown_first(desk, small, other)


async def test_how_long_a_teams_versions_live_is_set_and_said_not_to_be_undoable(desk: Open, small: Store) -> None:
    async with desk("model") as hands:
        await take(hands, (*TEAM, "E", "'90d"))
        assert "versions of vision live 90 days unless they say otherwise" in hands.plan
        assert "can't be undone with u" in hands.plan
        await hands.press("ctrl+s")
        assert small.teams.get("vision").default_ttl == 90 * 86_400
        assert "Its versions live 90 days" in hands.text
        assert not any("takes it back" in toast for toast in hands.toasts)
        await take(hands, ("E", "'never", "ctrl+s"))
        assert small.teams.get("vision").default_ttl is None


async def test_what_happened_to_people_is_told_in_the_history(desk: Open, small: Store) -> None:
    two(small)
    small.organizations.set_role("bo", "viewer")
    small.teams.remove_member("vision", "kim")
    small.users.remove("bo")
    async with desk("model") as hands:
        await hands.press("H")
        field = hands.app.screen.query_one("#field-of")
        field.value = ""  # type: ignore[attr-defined]
        await hands.pilot.pause(0.4)
        await hands.settle()
        for text in ("made bo viewer of the organization", "made bo member of the team vision", "removed bo", "took kim out of the team vision"):  # fmt: skip
            assert text in hands.text
