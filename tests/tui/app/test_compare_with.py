"""Choosing what to compare a version with: the version before, what aliases hold, and what they held before."""

from __future__ import annotations

import pytest
from curatory.store import Store
from curatory.tui.dialogs.comparing import CompareWith, counterparts
from curatory.tui.screens.compare import CompareScreen
from curatory.tui.widgets.table import VirtualTable
from rich.cells import cell_len

from .conftest import Hands, Open


def told(store: Store, path: str) -> list[tuple[str, bool, int | None, str]]:
    return [(one.alias, one.past, one.number, one.state) for one in counterparts(store, store.versions.get(path))]


async def choose(hands: Hands, alias: str, *, past: bool) -> None:
    """Put the cursor on a row and take it."""
    table = hands.app.screen.query_one(VirtualTable)
    assert table.seek((alias, past)), (alias, past)
    await hands.press("enter")


def compared(hands: Hands) -> tuple[int, int]:
    screen = hands.app.screen
    assert isinstance(screen, CompareScreen)
    old, new = screen._versions
    return old.number, new.number


def test_what_there_is_to_compare_with(small: Store) -> None:
    small.aliases.add("model/detector:v0", "운영")
    small.aliases.add("model/detector:v2", "prod", "운영")
    assert told(small, "model/detector:v2") == [
        ("", False, 1, "there"),
        ("latest", False, 2, "itself"),
        ("latest", True, 1, "there"),
        ("prod", False, 2, "itself"),
        ("prod", True, 1, "there"),
        ("운영", False, 2, "itself"),
        ("운영", True, 0, "there"),
    ]
    assert told(small, "model/detector:v1")[4] == ("prod", True, 1, "itself")
    assert told(small, "model/detector:v0")[0] == ("", False, None, "none")


def test_a_version_before_that_is_gone_gives_way_to_the_one_before_it(small: Store) -> None:
    small.links.remove("model/detector:v1")
    assert told(small, "model/detector:v2")[0] == ("", False, 0, "there")


async def test_the_version_before_is_offered_first(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("C", "enter")
        assert compared(hands) == (1, 2)
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_what_an_alias_held_before_is_told_and_opened(desk: Open, small: Store) -> None:
    small.as_actor("kim").aliases.add("model/detector:v0", "prod")
    small.as_actor("kim").aliases.add("model/detector:v2", "prod")
    async with desk() as hands:
        await hands.press("C")
        assert isinstance(hands.app.screen, CompareWith)
        assert "prod before" in hands.text
        assert "by kim" in hands.text
        await choose(hands, "prod", past=True)
        assert compared(hands) == (0, 2)


async def test_what_an_alias_holds_now_is_opened_from_the_details(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("4", "C")
        await choose(hands, "prod", past=False)
        assert compared(hands) == (1, 2)


@pytest.mark.parametrize(
    ("gone", "words"), [("unlinked", "was unlinked from"), ("deleted", "was deleted at its source")]
)
async def test_a_version_that_is_gone_is_said_to_be(desk: Open, small: Store, gone: str, words: str) -> None:
    small.aliases.add("model/detector:v2", "prod")
    if gone == "unlinked":
        small.links.remove("model/detector:v1")
    else:
        small.versions.remove("vision/labs/detector:v1")
    async with desk() as hands:
        await hands.press("C")
        assert f"{gone}  moved " in hands.text
        await choose(hands, "prod", past=True)
        assert f"detector:v1 {words}" in hands.text
        assert isinstance(hands.app.screen, CompareWith)


async def test_the_version_itself_is_no_counterpart(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("C")
        await choose(hands, "latest", past=False)
        assert "detector:v2 is this version itself." in hands.text


async def test_a_version_alone_has_nothing_to_be_compared_with(desk: Open, small: Store) -> None:
    small.links.add("vision/labs/detector:v0", "model/alone")
    async with desk("model/alone:v0") as hands:
        await hands.press("C")
        assert "There is nothing else in alone to compare it with." in hands.text
        await hands.press("enter")
        assert "alone:v0 is the first version of alone" in hands.text
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_what_goes_while_one_chooses_is_said(desk: Open, small: Store) -> None:
    async with desk() as hands:
        await hands.press("C")
        small.links.remove("model/detector:v1")
        await choose(hands, "", past=False)
        await hands.settle()
        assert isinstance(hands.app.screen, CompareWith)
        assert "v1" in hands.text


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_names_of_any_width_keep_the_columns(desk: Open, small: Store, width: int) -> None:
    for number in (0, 1):
        version = small.versions.get(f"model/detector:v{number}")
        for alias in ("운영 중인 버전", "[bold]x[]", "🚀"):
            small.aliases.add(version, alias)
        # what no verb lets in, another program may have written
        with small.events.change("alias.add", collection=version.collection_id, path="model/detector") as change:
            change.set(f"alias/{version.collection_id}/a\u202e\x1b[31mb", version.id)
    async with desk(size=(width, 30)) as hands:
        await hands.press("C")
        lines = [line for line in hands.text.splitlines() if "before" in line and " v0" in line]
        assert len(lines) == 4
        assert len({cell_len(line[: line.index(" v0")]) for line in lines}) == 1
        assert "\u202e" not in hands.text
        assert "\x1b" not in hands.text


async def test_elsewhere_it_says_where_it_belongs(desk: Open) -> None:
    async with desk("model") as hands:
        await hands.press("C")
        assert any("“compare with” belongs to details and versions" in toast for toast in hands.toasts)
        await hands.press("3")


async def test_where_there_is_no_version_it_says_so(desk: Open) -> None:
    async with desk("model/empty") as hands:
        await hands.press("3", "C")
        assert any("There is no version here to compare" in toast for toast in hands.toasts)
