"""The plan of a team's migration, carrying it out with progress, stopping it and going on."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from curatory.store import Plan, Store
from curatory.store.migration import copying
from curatory.store.migration.migrations import Migrations
from curatory.tui.app import CuratoryApp
from curatory.tui.safety import patch_textual
from curatory.tui.screens import migration
from curatory.tui.screens.help import HelpScreen
from curatory.tui.screens.migration import MigrationScreen
from curatory.tui.screens.review import ReviewScreen
from rich.cells import cell_len

from .acting import Refusal, is_refused, named, take
from .conftest import Hands, Open

OLD, NEW = "vision/model-registry", "vision-mr-migrated"
SOURCE = "vision/labs/detector"
LONG = "검" * 128
RED = "분할기 [red]"
HOSTILE = "a\x1b[2Jb\x9b31m\u202ec\u200b[bold]한[link=x] [red]"
SIZES = [(80, 24), (120, 40), (200, 60)]
NOW = datetime(2026, 1, 8, 12, 0, tzinfo=UTC)


def registered(store: Store) -> None:
    """ana an admin, kim a member, bo a viewer of the team; three registered models, `prod` protected."""
    store.teams.set_member("vision", "kim")
    store.teams.set_member("vision", "bo", "viewer")
    store.legacy.link_model(f"{SOURCE}:v0", "detector", ["prod"])
    store.legacy.link_model(f"{SOURCE}:v1", "detector")
    store.legacy.link_model(f"{SOURCE}:v2", RED, ["eu"])
    store.legacy.link_model(f"{SOURCE}:v2", LONG)
    store.tags.add(f"{OLD}/detector", "robust")
    store.collections.describe(f"{OLD}/detector", "# Detector\n\nFinds **parcels**.")
    store.registries.protect(OLD, "prod")


def begun(store: Store) -> None:
    registered(store)
    store.migrations.run("vision", lambda copied, *_: copied < 1)


@pytest.fixture
def legacy(small: Store) -> Store:
    registered(small)
    return small


def state(store: Store) -> list[tuple[str, int]]:
    return [(one.state, one.copied) for one in store.migrations.list()]


def fits(hands: Hands, width: int) -> None:
    """Every line is as wide as the terminal, and nothing in it steers one."""
    for line in hands.text.split("\n"):
        assert cell_len(line) == width, line
        assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")], line


# -- the plan -----------------------------------------------------------------------------------------------------------


async def test_the_plan_shows_problems_access_and_collections(desk: Open, legacy: Store) -> None:
    legacy.users.add("mo")
    legacy.teams.set_member("vision", "mo")
    legacy.links.add(legacy.as_actor("mo").versions.get(f"{SOURCE}:v0"), f"{OLD}/detector")
    legacy.collections.describe(f"{OLD}/detector", HOSTILE)
    head = legacy.events.head()
    async with desk(OLD, size=(120, 40)) as hands:
        await hands.press("P")
        assert isinstance(hands.app.screen, MigrationScreen)
        for said in (
            f"Migrating {OLD} → {NEW}   ^s carries it out; nothing has been changed yet",
            "Problems  1 problem",
            "detector: its card holds invisible or control characters; it is copied",
            "Access  before → after, the same for everybody",
            "Collections  as they will be called, with their aliases",
            "prod v0",
            RED,
            "3 collections · 4 versions · 4 people",
        ):
            assert said in hands.text
        rows = [line.strip("│▌ ").split()[:3] for line in hands.text.split("\n")]
        assert ["kim", "member", "member"] in rows
        assert ["bo", "viewer", "viewer"] in rows
        await hands.press("escape")
        assert hands.app.screen is hands.browser
    assert legacy.events.head() == head


async def test_what_others_do_meanwhile_is_in_the_plan(desk: Open, legacy: Store) -> None:
    async with desk(OLD, size=(120, 40)) as hands:
        await hands.press("P", "end")
        legacy.legacy.link_model(f"{SOURCE}:v0", "newest")
        await hands.until("newest")
        assert "4 collections" in hands.text


async def test_only_what_matters_to_the_plan_has_it_made_anew(
    desk: Open, legacy: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    plans: list[str] = []
    concerned, plan = migration.concerned, Migrations.plan

    def looking(*given: Any) -> bool:
        looked.append(concerned(*given))
        return looked[-1]

    def planning(self: Migrations, team: str) -> Plan:
        plans.append(team)
        return plan(self, team)

    monkeypatch.setattr(migration, "concerned", looking)
    monkeypatch.setattr(migration, "REST", 0.1)
    monkeypatch.setattr(Migrations, "plan", planning)

    async def comes(count: int) -> None:
        for _ in range(500):
            if len(looked) >= count:
                break
            await hands.pilot.pause(0.02)
        await hands.settle()

    async with desk(OLD, size=(120, 40)) as hands:
        await hands.press("P")
        assert len(plans) == 1
        legacy.aliases.add("model/detector:v0", "eu")
        await comes(1)
        assert (looked, len(plans)) == ([False], 1)
        await hands.press("question_mark")
        legacy.teams.set_member("vision", "bo", "member")
        await hands.pilot.pause(1.2)
        assert len(looked) == 1, "nobody sees the plan"
        await hands.press("escape")
        await comes(2)
        assert (looked, len(plans)) == ([False, True], 2)
        assert "bo" in hands.text
        legacy.versions.remove(f"{SOURCE}:v2", delete_aliases=True)
        await comes(3)
        assert (looked, len(plans)) == ([False, True, True], 3)
        assert "2 versions" in hands.text


async def test_no_mark_is_offered_where_nothing_is_done_to_what_is_marked(desk: Open, legacy: Store) -> None:
    async with desk(OLD, size=(120, 40)) as hands:
        assert "space mark" in hands.text
        await hands.press("P")
        assert "^s migrate" in hands.text
        assert "space mark" not in hands.text


async def test_what_must_be_mended_first_is_said_and_bars_it(desk: Open, legacy: Store) -> None:
    legacy.registries.create(NEW)
    async with desk(OLD) as hands:
        await hands.press("P")
        assert "something must be mended first" in hands.text
        assert "must be mended first: rename or delete it first" in " ".join(hands.text.replace("│", " ").split())
        await hands.press("ctrl+s")
        assert any("can't be migrated yet" in toast for toast in hands.toasts)
        assert "something must be mended first" in hands.text, "the title is right again"
        assert state(legacy) == []


async def test_who_may_not_migrate_is_told_why(desk: Open, legacy: Store) -> None:
    async with desk(OLD, by="kim") as hands:
        await hands.press("P")
        assert "kim is not allowed to migrate" in hands.text
        await hands.press("ctrl+s")
        assert any("kim is not allowed to migrate" in toast for toast in hands.toasts)
        assert "esc stops" not in hands.text
        assert state(legacy) == []
        await hands.press("escape")
        assert hands.app.screen is hands.browser


REFUSALS = [
    Refusal("a source project", "vision/labs", ("P",), "Choose a team's legacy registry, or a registry that was migrated.", first=registered),
    Refusal("a registry of its own", "model", ("P",), "Models was not migrated from anywhere.", first=registered),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_elsewhere_the_key_says_what_it_is_for(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


# -- carrying it out ------------------------------------------------------------------------------------------------------


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[threading.Event]:
    """So many collections are copied, and the next one only when the event is set."""
    copy, gate, count = copying.copy, threading.Event(), [0]

    def slow(*arguments: Any) -> None:
        count[0] += 1
        if count[0] > after:
            assert gate.wait(30)
        copy(*arguments)

    monkeypatch.setattr(copying, "copy", slow)
    yield gate
    gate.set()


async def test_it_is_carried_out_and_reviewed_then(desk: Open, legacy: Store) -> None:
    async with desk(OLD, size=(120, 40)) as hands:
        await hands.press("P", "ctrl+s")
        assert isinstance(hands.app.screen, ReviewScreen)
        assert state(legacy) == [("done", 3)]
        assert legacy.migrations.verify("vision").ok
        assert any("3 collections, 4 versions. Now it is reviewed." in toast for toast in hands.toasts)
        assert f"Review {OLD} → {NEW}   0 of 3 accepted" in hands.text
        await hands.press("escape")
        assert hands.app.screen is hands.browser
        await hands.press("P")
        assert isinstance(hands.app.screen, ReviewScreen)


async def test_escape_stops_it_and_the_same_key_goes_on(
    desk: Open, legacy: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(OLD, size=(120, 40)) as hands:
        await hands.press("P")
        with held(monkeypatch, 1):
            await hands.pilot.press("ctrl+s")
            await hands.until("1 of 3")
            assert "esc stops, and the same key goes on" in hands.text
            await hands.pilot.press("ctrl+s", "escape")  # the key once more begins nothing anew
            assert isinstance(hands.app.screen, MigrationScreen)
        await hands.settle()
        assert state(legacy) == [("running", 2)]
        assert any("Stopped: 2 of 3 collections are copied. The same key goes on" in toast for toast in hands.toasts)
        assert "^s goes on" in hands.text
        assert "2 of 3 collections are copied" in hands.text
        await hands.press("escape")
        assert hands.app.screen is hands.browser
        await hands.press("P", "ctrl+s")
        assert isinstance(hands.app.screen, ReviewScreen)
        assert state(legacy) == [("done", 3)]
        assert legacy.migrations.verify("vision").ok


async def test_the_help_may_be_read_while_it_is_carried_out(
    desk: Open, legacy: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(OLD) as hands:
        await hands.press("P")
        with held(monkeypatch, 1) as gate:
            await hands.pilot.press("ctrl+s")
            await hands.until("1 of 3")
            await hands.pilot.press("question_mark")
            assert isinstance(hands.app.screen, HelpScreen)
            gate.set()
        await hands.settle()
        assert isinstance(hands.app.screen, HelpScreen), "it is not taken from one's eyes"
        await hands.press("escape")
        assert isinstance(hands.app.screen, ReviewScreen)
        await hands.press("escape")
        assert hands.app.screen is hands.browser, "no plan is left behind"


@pytest.mark.parametrize("path", [OLD, NEW])
async def test_what_was_begun_goes_on_from_either_side(desk: Open, small: Store, path: str) -> None:
    begun(small)
    async with desk(path) as hands:
        await hands.press("P")
        assert isinstance(hands.app.screen, MigrationScreen)
        assert "1 of 3 collections are copied" in hands.text
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, ReviewScreen)
        assert state(small) == [("done", 3)]


async def test_somebody_else_was_faster(desk: Open, legacy: Store) -> None:
    async with desk(OLD) as hands:
        await hands.press("P")
        legacy.migrations.run("vision")
        await hands.press("ctrl+s")
        assert any("has been migrated to" in toast for toast in hands.toasts)
        assert "was migrated to acme/wandb-registry-vision-mr-migrated" in hands.text
        assert "esc stops" not in hands.text
        await hands.press("escape", "P")
        assert isinstance(hands.app.screen, ReviewScreen)


async def test_leaving_the_app_in_the_middle_leaves_it_whole(
    desk: Open, legacy: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(OLD) as hands:
        await hands.press("P")
        with held(monkeypatch, 1):
            await hands.pilot.press("ctrl+s")
            await hands.until("1 of 3")
            await hands.pilot.press("q")
    assert legacy.migrations.run("vision").state == "done"
    assert legacy.migrations.verify("vision").ok


async def test_an_empty_legacy_registry(desk: Open, small: Store) -> None:
    small.legacy.ensure("vision")
    async with desk(OLD) as hands:
        await hands.press("P")
        assert "Problems  none" in hands.text
        assert "None: the new registry will be empty." in hands.text
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, ReviewScreen)
        assert "There was nothing to migrate." in hands.text
        await hands.press("y", "n", "o", "t", "H", "escape", "full_stop", "enter", "right_square_bracket", "f", "space")
        assert isinstance(hands.app.screen, ReviewScreen)
        await hands.press("S", "ctrl+s")
        assert "signed off" in hands.text
        assert small.migrations.get("vision").state == "approved"


# -- how it looks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_whatever_is_written_there_the_screen_holds(desk: Open, legacy: Store, size: tuple[int, int]) -> None:
    legacy.engine.execute("UPDATE collection SET name = :n WHERE name = :o", {"n": HOSTILE, "o": RED})
    legacy.engine.execute("UPDATE entity SET name = :n WHERE name = 'bo'", {"n": HOSTILE})
    async with desk(OLD, size=size) as hands:
        await hands.press("P")
        fits(hands, size[0])
        assert "[bold]" in hands.text, "no markup"
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, ReviewScreen)
        fits(hands, size[0])


async def test_the_plan_is_laid_out_anew_for_another_width(desk: Open, legacy: Store) -> None:
    legacy.registries.create(NEW)
    async with desk(OLD, size=(200, 40)) as hands:
        await hands.press("P")
        await hands.pilot.resize_terminal(80, 40)
        await hands.settle()
        assert "rename or delete it first" in " ".join(hands.text.replace("│", " ").split())
        fits(hands, 80)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_plan_looks_as_it_did(snap_compare: Any, legacy: Store, size: tuple[int, int]) -> None:
    patch_textual()
    legacy.now = lambda: NOW
    app = CuratoryApp(legacy, OLD)

    async def before(pilot: Any) -> None:
        hands = Hands(app, pilot)
        await hands.arrive()
        await take(hands, ("P",))
        await pilot.pause(0.15)  # what is done after the next painting
        await hands.settle()

    assert snap_compare(app, terminal_size=size, run_before=before)
