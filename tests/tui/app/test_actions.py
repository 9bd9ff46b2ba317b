"""The action registry: complete, without clashes, and every action has somebody who carries it out."""

from __future__ import annotations

from pathlib import Path

from curatory.tui import actions
from curatory.tui.actions import ACTIONS, ANYWHERE, LIST
from curatory.tui.keymap import clashes, read_keymap
from curatory.tui.screens.automations import AutomationsScreen
from curatory.tui.screens.browser import Browser
from curatory.tui.screens.compare import CompareScreen
from curatory.tui.screens.history import HistoryScreen
from curatory.tui.screens.migration import MigrationScreen
from curatory.tui.screens.review import ReviewScreen
from curatory.tui.widgets.lineage import LineageView
from curatory.tui.widgets.table import VirtualTable


def test_every_action_has_an_id_help_and_a_heading() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.label, action.id
        assert len(action.help) > 7, action.id
        assert not action.help.endswith("."), action.id
        assert action.heading in actions.HEADINGS, action.id
        assert action.where, action.id


def test_no_key_means_two_things_in_one_place() -> None:
    assert clashes({}) == []


def test_every_action_can_be_carried_out() -> None:
    screens = {
        actions.HISTORY: HistoryScreen,
        actions.COMPARE: CompareScreen,
        actions.MIGRATION: MigrationScreen,
        actions.REVIEW: ReviewScreen,
        actions.AUTOMATIONS: AutomationsScreen,
    }
    for action in ACTIONS:
        if LIST in action.where:
            for widget in (VirtualTable, LineageView):
                assert hasattr(widget, f"action_{action.method}"), action.id
            continue
        for place in action.where:
            screen = screens.get(place, Browser)
            assert hasattr(screen, f"do_{action.method}"), (action.id, place)


def test_what_changes_something_can_be_undone_or_is_told_apart() -> None:
    changing = {action.id for action in ACTIONS if action.undoable}
    assert {"link", "alias", "tag", "describe", "new", "rename", "unlink", "delete", "members", "settings"} <= changing
    assert {"accept", "flag", "reopen", "sign_off"} <= changing
    assert {"automation_new", "automation_edit", "automation_pause", "automation_remove"} <= changing
    assert not {"carry_out", "roll_back", "redeliver", "redeliver_failed", "automation_test"} & changing


def test_the_footer_has_room_for_the_most_useful_keys() -> None:
    for pane in (*actions.PANES, actions.LINEAGE, actions.REVIEW, actions.AUTOMATIONS):
        assert len(actions.in_footer(pane)) >= 6
    assert any(ANYWHERE in action.where for action in ACTIONS)


def test_a_keymap_file_is_read_and_its_mistakes_are_told(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    assert read_keymap(file) == ({}, [])
    file.write_text('[keys]\nundo = "ctrl+u"\nfly = "f"\nlink = 3\nalias = "t"\n')
    keys, problems = read_keymap(file)
    assert keys == {"undo": "ctrl+u", "alias": "t"}
    assert len(problems) == 3
    assert any("'fly'" in problem for problem in problems)
    assert any("'t' is both" in problem for problem in problems)
    file.write_text("keys = [")
    assert "usual ones" in read_keymap(file)[1][0]
