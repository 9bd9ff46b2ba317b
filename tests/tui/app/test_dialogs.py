"""Every change that the app can make: what the dialog shows first, what it does, what it refuses, and undoing it."""

from __future__ import annotations

import pytest
from curatory.store import NotFound, Store

from .conftest import Open


async def test_an_alias_moves_and_undo_brings_it_back(desk: Open, small: Store) -> None:
    async with desk() as hands:
        await hands.press("a")
        await hands.type("prod")
        assert "moves prod v1 → v2" in hands.plan
        assert small.aliases.at("model/detector", small.now())["prod"] == 1, "the dialog must not write"
        await hands.press("ctrl+s")
        assert small.versions.get("model/detector:prod").number == 2
        assert any("u takes it back" in toast for toast in hands.toasts)
        await hands.press("u")
        assert small.versions.get("model/detector:prod").number == 1
        await hands.press("U")
        assert small.versions.get("model/detector:prod").number == 2


async def test_aliases_are_taken_off_by_deleting_them_from_the_line(desk: Open, small: Store) -> None:
    async with desk("model/detector:v1") as hands:
        await hands.press("a", "ctrl+u")
        assert "takes prod off v1" in hands.plan
        await hands.press("enter")
        assert "prod" not in small.versions.get("model/detector:v1").aliases


async def test_a_protected_alias_is_refused_with_the_reason(desk: Open, small: Store) -> None:
    small.registries.protect("model", "prod")
    async with desk(by="kim") as hands:
        await hands.press("a")
        await hands.type("prod")
        assert "You do not have permission to add the following alias" in hands.plan
        await hands.press("ctrl+s")
        assert hands.dialog, "it stays open"
        assert small.versions.get("model/detector:prod").number == 1


async def test_an_action_without_the_role_says_why_and_opens_nothing(desk: Open) -> None:
    async with desk(by="bo") as hands:
        before = hands.app.screen
        await hands.press("a")
        assert hands.app.screen is before
        assert any("takes the role member" in toast for toast in hands.toasts)


async def test_marks_are_acted_on_as_one_batch_and_undone_as_one(desk: Open, small: Store) -> None:
    async with desk() as hands:
        await hands.press("asterisk", "t")
        await hands.type("checked")
        assert hands.plan.count("adds the tag checked") == 3
        await hands.press("ctrl+s")
        assert all("checked" in version.tags for version in small.search.versions("model/detector"))
        assert not hands.browser.versions.table.marks
        await hands.press("u")
        assert not any(version.tags for version in small.search.versions("model/detector"))


async def test_linking_makes_the_collection_and_says_so(desk: Open, small: Store) -> None:
    async with desk("vision/labs/detector:v0") as hands:
        await hands.press("l")
        await hands.type("model/fresh")
        assert "makes the collection fresh:v0"[:24] in hands.plan
        await hands.press("ctrl+s")
        assert small.versions.get("model/fresh").is_link
        await hands.press("u")
        with pytest.raises(NotFound):
            small.collections.get("model/fresh")


async def test_linking_into_a_collection_moves_latest(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        await hands.press("l")
        await hands.type("vision/labs/detector:v0")
        assert "links" in hands.plan
        await hands.press("ctrl+s")
        assert small.collections.get("model/empty").latest == 0


async def test_unlinking_leaves_the_source(desk: Open, small: Store) -> None:
    async with desk() as hands:
        await hands.press("x")
        assert "its source stays" in hands.plan
        await hands.press("ctrl+s")
        assert small.collections.get("model/detector").versions == 2
        assert small.versions.get("vision/labs/detector:v2")
        await hands.press("u")
        assert small.collections.get("model/detector").versions == 3


async def test_the_card_is_written_in_a_text_area(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        await hands.press("e")
        await hands.type("Nothing yet")
        assert "0 → 11 characters" in hands.plan
        await hands.press("ctrl+s")
        assert small.collections.get("model/empty").description == "Nothing yet"


async def test_a_new_collection_and_its_new_name(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        await hands.press("n")
        await hands.type("fresh")
        await hands.press("tab", "ctrl+u")
        await hands.type("model")
        await hands.press("ctrl+s")
        assert small.collections.get("model/fresh").type == "model"
        await hands.press("r")
        assert "Rename" in hands.text


async def test_renaming_refuses_a_taken_name(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        await hands.press("r", "ctrl+u")
        await hands.type("detector")
        assert "There is a collection" in hands.plan
        await hands.press("ctrl+u")
        await hands.type("vacant")
        await hands.press("enter")
        assert small.collections.get("model/vacant")


async def test_a_new_registry(desk: Open, small: Store) -> None:
    async with desk("model") as hands:
        await hands.press("n")
        await hands.type("speech")
        await hands.press("tab", "right", "ctrl+s")
        assert small.registries.get("speech").visibility == "restricted"


async def test_settings_name_who_will_newly_see_a_registry(desk: Open, small: Store) -> None:
    async with desk("secret") as hands:
        await hands.press("S", "left")
        assert "2 people will newly see it: bo, kim" in hands.plan
        await hands.press("ctrl+s")
        assert small.registries.get("secret").visibility == "organization"
        await hands.press("u")
        assert small.registries.get("secret").visibility == "restricted"


async def test_settings_protect_an_alias(desk: Open, small: Store) -> None:
    async with desk("model") as hands:
        await hands.press("S")
        line = hands.dialog.query_one("#protected")
        line.focus_inside()  # type: ignore[attr-defined]
        await hands.type("prod")
        assert "only admins may move it" in hands.plan
        await hands.press("ctrl+s")
        assert small.registries.get("model").protected_aliases == ("prod",)


async def test_members_show_where_a_role_comes_from_and_take_another(desk: Open, small: Store) -> None:
    async with desk("model") as hands:
        await hands.press("m")
        assert "kim" in hands.text
        assert "by organization" in hands.text
        await hands.press("end", "enter", "right")
        assert "kim: member → admin in model" in hands.plan
        await hands.press("ctrl+s")
        assert {member.name: member.role for member in small.members.list("model")}["kim"] == "admin"


async def test_a_member_is_added_and_removed(desk: Open, small: Store) -> None:
    async with desk("secret") as hands:
        await hands.press("m", "a")
        await hands.type("bo")
        assert "bo becomes viewer of secret" in hands.plan
        await hands.press("ctrl+s")
        roles = {member.name: member.role for member in small.members.list("secret")}
        assert roles["bo"] == "viewer"
        await hands.press("end", "x")
        assert "no longer has any access" in hands.plan
        assert hands.app.focused is not None
        assert hands.app.focused.id == "push-cancel", "the safe button has the focus"
        await hands.press("ctrl+s")
        assert "bo" not in {member.name for member in small.members.list("secret")}


async def test_deleting_needs_the_name_typed(desk: Open, small: Store) -> None:
    async with desk("model/detector") as hands:
        await hands.press("D", "ctrl+s")
        assert hands.dialog
        await hands.type("detector")
        assert "deletes model/detector with 3 versions" in hands.plan
        await hands.press("ctrl+s")
        assert not [one for one in small.search.collections("model") if one.name == "detector"]
        await hands.press("u")
        assert small.collections.get("model/detector").versions == 3


async def test_an_expiry_is_refused_for_what_is_linked(desk: Open, small: Store) -> None:
    async with desk("vision/labs/detector:v0") as hands:
        await hands.press("E")
        await hands.type("30d")
        assert "linked in a registry" in hands.plan


async def test_undo_says_why_it_can_not(desk: Open, small: Store) -> None:
    small.tags.add("model/detector", "vision")
    small.as_actor("kim").tags.remove("model/detector", "vision")
    async with desk() as hands:
        await hands.press("u")
        assert any("was changed again by kim" in toast for toast in hands.toasts)


async def test_what_somebody_does_between_plan_and_deed_is_shown_first(desk: Open, small: Store) -> None:
    async with desk() as hands:
        await hands.press("a")
        await hands.type("prod")
        small.aliases.add("model/detector:v0", "prod")
        await hands.press("ctrl+s")
        assert "Somebody has changed this since" in hands.plan
        assert "moves prod v0 → v2" in hands.plan
        await hands.press("ctrl+s")
        assert small.versions.get("model/detector:prod").number == 2


async def test_the_undo_list_takes_back_what_is_chosen(desk: Open, small: Store) -> None:
    async with desk() as hands:
        small.tags.add("model/detector", "one")
        small.tags.add("model/detector", "two")
        await hands.press("Z", "down", "enter")
        assert small.collections.get("model/detector").tags == ("two",)


async def test_a_download_writes_the_files(desk: Open, small: Store, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with desk() as hands:
        await hands.press("d", "enter")
        assert "1 file written" in hands.text
    assert (tmp_path / "artifacts" / "detector-v2" / "weights.bin").read_text() == "weights 2" * 3
