"""Walking through the app: panes, filters, tabs, the palette, what others change, and where one was."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store
from curatory.tui import actions
from curatory.tui.screens.compare import CompareScreen
from curatory.tui.screens.help import HelpScreen
from curatory.tui.screens.history import HistoryScreen
from curatory.tui.state import read_state

from .conftest import Open


async def test_a_path_puts_all_cursors_there(desk: Open) -> None:
    async with desk("model/detector:prod") as hands:
        browser = hands.browser
        assert browser.registry is not None
        assert browser.registry.short_name == "model"
        assert browser.collections.selected.name == "detector"
        assert browser.versions.selected.number == 1
        assert browser.details.subject == browser.versions.selected
        assert "acme ▸ Models ▸ detector ▸ v1" in hands.text


async def test_a_path_that_leads_nowhere_says_so(desk: Open) -> None:
    async with desk("model/detectr") as hands:
        assert any("detectr" in toast for toast in hands.toasts)
        assert hands.browser.registry is not None


async def test_enter_goes_in_and_escape_out_one_layer_at_a_time(desk: Open) -> None:
    async with desk("model", size=(80, 24)) as hands:
        browser = hands.browser
        assert not browser.details.display or browser.has_class("-solo")
        places = [browser.where]
        for _ in range(3):
            await hands.press("enter")
            places.append(browser.where)
        assert places == list(actions.PANES)
        for _ in range(4):
            await hands.press("escape")
        assert browser.where == actions.REGISTRIES


async def test_a_filter_narrows_shows_its_error_and_goes(desk: Open) -> None:
    async with desk("model/detector") as hands:
        pane = hands.browser.collections
        await hands.press("slash")
        await hands.type("emp")
        assert [row.record.name for row in pane.table.known] == ["empty"]
        await hands.press("ctrl+u")
        await hands.type("colour:red")
        assert "There is no field 'colour'" in hands.text
        await hands.press("escape")
        assert pane.table.total == 2


async def test_what_somebody_else_changes_appears_and_nothing_moves(desk: Open, small: Store) -> None:
    async with desk("model/empty") as hands:
        table = hands.browser.collections.table
        assert table.row is not None
        small.as_actor("kim").collections.create("model/aaa", "model")
        for _ in range(60):
            await hands.pilot.pause(0.05)
            if table.total == 3:
                break
        assert table.total == 3
        assert table.row is not None
        assert table.row.record.name == "empty"
        assert "aaa" in hands.text


@pytest.mark.parametrize("tab", ["overview", "files", "metadata", "metrics", "lineage", "links", "history", "use"])
async def test_every_tab_of_a_version_shows_something(desk: Open, tab: str) -> None:
    async with desk() as hands:
        hands.browser.details.choose_tab(tab)
        await hands.settle()
        words = {"overview": "digest", "files": "weights.bin", "metadata": "acc", "metrics": "No run logged", "lineage": "detector:v2",
                 "links": "model/detector:v2", "history": "linked", "use": "use_artifact"}  # fmt: skip
        assert words[tab] in hands.text


async def test_tabs_that_a_subject_lacks_give_way_to_the_overview(desk: Open) -> None:
    async with desk() as hands:
        hands.browser.details.choose_tab("files")
        await hands.press("1")
        assert hands.browser.details.tab.id == "overview"
        await hands.press("3")
        assert hands.browser.details.tab.id == "files"


async def test_a_resize_while_a_tab_is_being_read_draws_nothing_of_another(desk: Open) -> None:
    async with desk() as hands:
        details = hands.browser.details
        details.choose_tab("files")
        details.reload()  # what a resize does; the files have not come yet
        await hands.settle()
        assert "weights.bin" in hands.text


async def test_zoom_gives_one_pane_the_screen(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("4", "z")
        assert hands.browser.details.size.width > 100
        await hands.press("escape")
        assert hands.browser.details.size.width < 60


async def test_two_versions_are_compared(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("c")
        assert isinstance(hands.app.screen, CompareScreen)
        assert "acc" in hands.text
        await hands.press("f")
        assert "differences only" in hands.text
        await hands.press("right_square_bracket", "escape")
        assert hands.app.screen is hands.browser


async def test_the_history_is_filtered_and_shows_the_past(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("H")
        assert isinstance(hands.app.screen, HistoryScreen)
        field = hands.app.screen.query_one("#field-of")
        field.value = "model/detector"  # type: ignore[attr-defined]
        hands.app.screen.query_one("#field-action").value = "alias"  # type: ignore[attr-defined]
        await hands.pilot.pause(0.4)
        await hands.settle()
        assert "put prod on detector:v1" in hands.text
        hands.app.screen.query_one("#field-as-of").value = "2026-01-01T12:00"  # type: ignore[attr-defined]
        await hands.pilot.pause(0.4)
        await hands.settle()
        assert "latest v" in hands.text
        await hands.press("enter")
        await hands.press("escape")


async def test_help_lists_every_action_that_is_in_the_registry(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("question_mark")
        assert isinstance(hands.app.screen, HelpScreen)
        shown = {row.key for row in hands.app.screen._rows()}
        assert {action.id for action in actions.ACTIONS} <= shown


async def test_the_palette_finds_commands_and_collections(desk: Open) -> None:
    async with desk("model") as hands:
        await hands.press("ctrl+p")
        await hands.type("detector")
        for _ in range(20):
            await hands.pilot.pause(0.05)
        assert "model/detector" in hands.text


async def test_going_to_a_path_with_completion(desk: Open) -> None:
    async with desk("model") as hands:
        await hands.press("colon")
        await hands.type("model/det")
        await hands.press("tab", "enter")
        assert hands.browser.collections.selected.name == "detector"
        assert hands.browser.where == actions.COLLECTIONS


async def test_where_one_was_is_kept_for_the_next_time(desk: Open, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with desk("model/detector:v1", state_file=file) as hands:
        await hands.press("ctrl+t", "q")
    kept = read_state(file)
    assert kept.place.endswith("detector:v1")
    assert kept.theme == "curatory-light"
    assert kept.pane == "versions"


async def test_remapped_keys_work_and_are_shown(desk: Open) -> None:
    async with desk(keys={"alias": "ctrl+a"}) as hands:
        assert "^a alias" in hands.text
        await hands.press("ctrl+a")
        assert "Aliases of detector:v2" in hands.text


async def test_a_viewer_sees_no_restricted_registry(desk: Open) -> None:
    async with desk("model", by="bo") as hands:
        assert "secret" not in hands.text


async def test_a_registry_with_nothing_in_it_teaches(desk: Open) -> None:
    async with desk("secret") as hands:
        assert "There is no collection in secret yet." in hands.text
        assert "makes an empty one" in hands.text


async def test_a_version_that_never_came_whole_is_told(desk: Open, small: Store) -> None:
    small.uploads.begin("half", "model", "0" * 32, project="labs", entity="vision")
    small.uploads.begin("detector", "model", "1" * 32, project="labs", entity="vision")
    for path, name in (("vision/labs", "half"), ("vision/labs/detector", "detector")):
        async with desk(path) as hands:
            assert f"incomplete {name}" in hands.text
            assert "0 files, 0 B arrived" in hands.text
            assert "Logging it again completes it." in hands.text


async def test_an_old_path_leads_to_where_it_was_migrated(desk: Open, small: Store) -> None:
    small.legacy.link_model("vision/labs/detector:v0", "best", ["eu"])
    small.migrations.run("vision")
    async with desk("vision/model-registry/best:eu") as hands:
        assert any("vision/model-registry/best:eu was migrated to" in toast for toast in hands.toasts)
        assert hands.browser.registry is not None
        assert hands.browser.registry.short_name == "vision-mr-migrated"
        assert "best ▸ v0" in hands.text
