"""Members: who has which role in a registry, by which way, and who gives it."""

from __future__ import annotations

import pytest
from curatory.store import Member, Store
from curatory.store.errors import Conflict, Forbidden, Invalid, NotFound


@pytest.fixture
def golden(store: Store) -> Store:
    """A restricted registry of ana's, and people of every kind."""
    for name, role in [("ben", "member"), ("kim", "member"), ("vic", "viewer"), ("ada", "admin")]:
        store.users.add(name, role=role, email=f"{name.upper()}@example.com")
    store.users.add("bot", service=True)
    store.teams.create("speech")
    store.teams.set_member("speech", "kim", "admin")
    store.registries.create("golden", visibility="restricted")
    return store


def listed(store: Store, path: str = "golden") -> dict[str, tuple[str | None, str, str]]:
    return {member.name: (member.role, member.effective, member.via) for member in store.members.list(path)}


def test_the_role_given_by_default(golden: Store) -> None:
    for name, role in [
        ("ben", "restricted_viewer"),
        ("vic", "restricted_viewer"),
        ("speech", "restricted_viewer"),
        ("bot", "member"),
        ("ada", "admin"),
    ]:
        assert golden.members.add("golden", name).role == role
    assert listed(golden) == {
        "speech": ("restricted_viewer", "restricted_viewer", "registry"),
        "ada": ("admin", "admin", "registry"),
        "ana": ("admin", "admin", "registry"),
        "ben": ("restricted_viewer", "restricted_viewer", "registry"),
        "bot": ("member", "member", "registry"),
        "kim": (None, "restricted_viewer", "speech"),
        "vic": ("restricted_viewer", "restricted_viewer", "registry"),
    }


def test_everybody_is_listed_with_the_highest_role_and_where_it_comes_from(golden: Store) -> None:
    golden.members.add("golden", "speech", "member")
    golden.members.add("golden", "kim", "viewer")
    golden.members.add("golden", "ada", "viewer")
    assert listed(golden) == {
        "speech": ("member", "member", "registry"),
        "ada": ("viewer", "admin", "organization"),
        "ana": ("admin", "admin", "registry"),
        "kim": ("viewer", "member", "speech"),
    }
    assert listed(golden, "model") == {
        "ada": (None, "admin", "organization"),
        "ana": (None, "admin", "organization"),
        "ben": (None, "restricted_viewer", "organization"),
        "bot": (None, "member", "organization"),
        "kim": (None, "restricted_viewer", "organization"),
        "vic": (None, "restricted_viewer", "organization"),
    }
    golden.projects.ensure("p", "speech")
    assert listed(golden, "speech/p") == {
        "ada": (None, "admin", "organization"),
        "ana": (None, "admin", "speech"),
        "kim": (None, "admin", "speech"),
    }


def test_what_is_listed_is_what_each_of_them_really_is(golden: Store) -> None:
    golden.members.add("golden", "speech", "viewer")
    golden.members.add("golden", "bot")
    golden.legacy.ensure("speech")
    for path in ("golden", "model", "speech/model-registry"):
        shown = {name: effective for name, (_, effective, _) in listed(golden, path).items() if name != "speech"}
        really = {
            person.name: one.role
            for person in golden.organizations.people()
            for one in golden.as_actor(person.name).projects.list()
            if one.path.endswith(path)
        }
        assert really == shown, path


def test_a_member_is_found_by_name_or_address_and_added_once(golden: Store) -> None:
    assert golden.members.add("golden", "ben@EXAMPLE.com", "viewer") == Member(
        "ben", "user", "viewer", "viewer", "registry"
    )
    with pytest.raises(Conflict, match="ben is a member of acme/wandb-registry-golden already"):
        golden.members.add("golden", "BEN")
    assert golden.members.set_role("golden", "ben", "Member").role == "member"
    golden.members.remove("golden", "ben")
    for refused in (
        lambda: golden.members.remove("golden", "ben"),
        lambda: golden.members.set_role("golden", "ben", "viewer"),
    ):
        with pytest.raises(NotFound, match="ben is not a member of acme/wandb-registry-golden"):
            refused()


def test_who_can_not_be_a_member(golden: Store) -> None:
    golden.organizations.create("other")
    golden.teams.create("strangers", organization="other")
    golden.legacy.ensure("vision")
    head = golden.events.head()
    for path, name, role, error, message in [
        ("golden", "benn", None, NotFound, "There is no user or team 'benn' in the organization acme. Did you mean 'ben'"),
        ("golden", "strangers", None, NotFound, "no user or team 'strangers' in the organization acme"),
        ("golden", "acme", None, NotFound, "no user or team 'acme'"),
        ("golden", "ben", "boss", Invalid, "There is no role 'boss'; roles are restricted_viewer, viewer, member"),
        ("golden", "bot", "viewer", Invalid, "bot is a service account; service accounts can't be viewer"),
        ("vision/model-registry", "ben", None, Invalid, "its members are those of the team"),
        ("nowhere", "ben", None, NotFound, "no registry or project 'nowhere'"),
    ]:  # fmt: skip
        with pytest.raises(error, match=message):
            golden.members.add(path, name, role)
    assert golden.events.head() == head


def test_an_admin_may_leave_and_what_they_have_otherwise_stays(golden: Store) -> None:
    golden.members.add("golden", "ben", "admin")
    golden.members.add("golden", "speech", "viewer")
    golden.teams.set_member("speech", "ben")
    golden.as_actor("ben").members.remove("golden", "ben")
    assert listed(golden)["ben"] == (None, "viewer", "speech")
    with pytest.raises(
        Forbidden, match="ben is not allowed to add or remove members .*: that needs the role admin, ben is viewer"
    ):
        golden.as_actor("ben").members.remove("golden", "speech")
