"""People: organizations, teams, users and service accounts; nothing is left without an admin."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store, create_store, open_store
from curatory.store.errors import Ambiguous, Conflict, CuratoryError, Forbidden, Invalid, NotFound


def test_a_new_store_has_one_organization_one_team_and_one_admin(store: Store) -> None:
    [organization] = store.organizations.list()
    [team] = store.teams.list()
    [ana] = store.organizations.people()
    assert (organization.name, organization.role) == ("acme", "admin")
    assert (team.name, team.role, team.organization) == ("vision", "admin", "acme")
    assert (ana.name, ana.kind, ana.role) == ("ana", "user", "admin")
    assert [member.name for member in store.teams.members("vision")] == ["ana"]


def test_names_of_people_share_one_space_whatever_their_case(store: Store) -> None:
    store.users.add("김철수", email="kim@example.com")
    for make in (store.users.add, store.teams.create, store.organizations.create):
        for taken, kind in (("ANA", "user"), ("Vision", "team"), ("ACME", "organization"), ("김철수", "user")):
            with pytest.raises(Conflict, match=f"is taken by a {kind} already"):
                make(taken)
    assert store.users.get("KIM@example.com").name == "김철수"
    assert store.as_actor("김철수").actor.kind == "user"
    for bad in ("", "a b", "a/b", "a:b", "a\u200bb", "x" * 129):
        for make in (store.users.add, store.teams.create, store.organizations.create):
            with pytest.raises(Invalid):
                make(bad)


@pytest.mark.parametrize("names", [("acme", "acme", "vision"), ("ana", "acme", "ANA"), ("ana", "acme", "Acme")])
def test_a_store_begins_with_three_different_names(tmp_path: Path, names: tuple[str, str, str]) -> None:
    with pytest.raises(Conflict, match="need different names"):
        create_store(tmp_path / "r.db", names[0], organization=names[1], team=names[2])
    assert not (tmp_path / "r.db").exists()


def test_a_store_is_opened_by_its_users_only_and_made_once(store: Store, url: str, tmp_path: Path) -> None:
    store.users.add("bot", service=True)
    for name in ("ana", "ANA", "bot"):
        open_store(url, name).close()
    for name in ("vision", "acme", "nobody"):
        with pytest.raises(NotFound, match=f"'{name}' is not a user of this store"):
            open_store(url, name)
    with pytest.raises(Conflict, match="There is a store at .* already; it was left as it is"):
        create_store(url, "eve", organization="evil", team="mob", blobs=tmp_path / "blobs2")
    assert [one.name for one in store.organizations.list()] == ["acme"]


def test_roles_of_the_organization(store: Store) -> None:
    store.users.add("ben", role="viewer")
    assert store.users.get("ben").role == "viewer"
    store.organizations.set_role("ben", "admin")
    assert store.as_actor("ben").teams.create("speech").role == "admin"
    with pytest.raises(Invalid, match="There is no organization role 'owner'"):
        store.users.add("kim", role="owner")
    with pytest.raises(Invalid, match="There is no organization role 'owner'"):
        store.organizations.set_role("ben", "owner")
    with pytest.raises(NotFound, match="There is no user 'bem' in this store. Did you mean 'ben'"):
        store.organizations.set_role("bem", "viewer")


def test_an_organization_keeps_an_admin(store: Store) -> None:
    store.users.add("ben")
    for refused in (
        lambda: store.organizations.set_role("ana", "member"),
        lambda: store.organizations.set_role("ana", "viewer"),
        lambda: store.users.remove("ana"),
    ):
        with pytest.raises(Conflict, match="acme would be left without an admin. Make somebody else an admin first"):
            refused()
    store.organizations.set_role("ben", "admin")
    with pytest.raises(Conflict, match="You can't remove yourself"):
        store.users.remove("ana")
    store.organizations.set_role("ana", "member")
    with pytest.raises(Forbidden):
        store.users.add("eve")
    store.as_actor("ben").users.remove("ana")


def test_who_is_removed_loses_every_role_and_stays_in_the_history(store: Store) -> None:
    store.users.add("ben")
    store.teams.set_member("vision", "ben")
    store.members.add("model", "ben", "member")
    store.as_actor("ben").collections.create("model/bens", "model")
    store.users.remove("ben")
    assert [one.name for one in store.organizations.people()] == ["ana"]
    assert [one.name for one in store.teams.members("vision")] == ["ana"]
    assert "ben" not in {one.name for one in store.members.list("model")}
    assert store.collections.get("model/bens").created_by == "ben"
    assert {event.action for event in store.events.of("ben")} >= {"user.add", "user.remove", "collection.create"}
    store.users.add("Ben")  # somebody else of that name
    assert {event.action for event in store.events.of("ben")} == {"user.add"}


def test_teams(store: Store) -> None:
    for name in ("ben", "kim"):
        store.users.add(name)
    store.teams.create("speech")
    store.teams.set_member("speech", "ben", "admin")
    ben = store.as_actor("ben")
    ben.teams.set_member("speech", "kim", "viewer")
    ben.teams.set_member("speech", "kim", "member")
    assert {(one.name, one.role) for one in ben.teams.members("speech")} == {
        ("ana", "admin"), ("ben", "admin"), ("kim", "member"),
    }  # fmt: skip
    ben.teams.remove_member("speech", "ana")
    for refused in (
        lambda: ben.teams.remove_member("speech", "ben"),
        lambda: ben.teams.set_member("speech", "ben", "viewer"),
    ):
        with pytest.raises(Conflict, match="speech would be left without an admin"):
            refused()
    store.as_actor("kim").teams.remove_member("speech", "kim")  # everybody may leave
    with pytest.raises(NotFound, match="kim is not in the team speech"):
        store.teams.remove_member("speech", "kim")
    with pytest.raises(Invalid, match="There is no team role 'boss'"):
        ben.teams.set_member("speech", "kim", "boss")
    with pytest.raises(NotFound, match="There is no team 'speach'. Did you mean 'speech'"):
        store.teams.get("speach")


def test_a_team_that_owns_something_stays(store: Store) -> None:
    store.projects.ensure("p", "vision")
    with pytest.raises(Conflict, match=r"vision still owns 1 project\(s\)"):
        store.teams.remove("vision")
    store.projects.remove("vision/p")
    store.teams.remove("vision")
    assert store.teams.list() == []
    with pytest.raises(NotFound):
        store.projects.ensure("p", "vision")


def test_a_team_is_of_one_organization(store: Store) -> None:
    store.users.add("ben")
    store.organizations.create("other")
    store.teams.create("strangers", organization="other")
    with pytest.raises(Conflict, match="ben is not in the organization other; add them there first"):
        store.teams.set_member("strangers", "ben")
    with pytest.raises(NotFound):
        store.as_actor("ben").teams.get("strangers")
    with pytest.raises(Ambiguous, match=r"ana belongs to several organizations \(acme, other\); say which one"):
        store.users.add("kim")
    assert store.users.add("kim", organization="Other").organization == "other"
    with pytest.raises(NotFound, match="There is no organization 'third' for ana, who belongs to: acme, other"):
        store.users.add("lee", organization="third")
    with pytest.raises(NotFound):
        store.as_actor("kim").registries.get("acme/model")


def test_an_admin_of_any_organization_makes_further_ones(store: Store) -> None:
    store.users.add("ben")
    ben = store.as_actor("ben")
    with pytest.raises(Forbidden):
        ben.organizations.create("bens")
    store.organizations.set_role("ben", "admin", "acme")
    store.organizations.create("zeta")
    ben.organizations.set_role("ana", "member")
    assert store.organizations.create("alpha").role == "admin"
    assert [(one.name, one.role) for one in store.organizations.list()] == [
        ("acme", "member"), ("alpha", "admin"), ("zeta", "admin"),
    ]  # fmt: skip


def test_service_accounts(store: Store) -> None:
    store.teams.create("speech")
    bot = store.users.add("bot", service=True, team="speech")
    assert (bot.kind, bot.team, bot.organization, bot.role) == ("service", "speech", "acme", "member")
    assert store.as_actor("bot").users.home() == "speech"
    with pytest.raises(Conflict, match="bot is tied to the team speech; a team's service account belongs to no other"):
        store.teams.set_member("vision", "bot")
    free = store.users.add("free", service=True)
    assert free.team is None
    store.teams.set_member("vision", "free")
    with pytest.raises(Invalid, match="Only service accounts are tied to a team"):
        store.users.add("kim", team="speech")
    with pytest.raises(NotFound, match="There is no team 'none'"):
        store.users.add("bot2", service=True, team="none")
    store.organizations.create("other")
    with pytest.raises(CuratoryError):
        store.users.add("bot3", service=True, team="speech", organization="other")
