"""Help, the palette and going to a path: what is offered, what is refused, and why."""

from __future__ import annotations

import pytest
from curatory.store import Store
from curatory.tui.dialogs.alias import AliasDialog
from curatory.tui.dialogs.goto import GoTo
from curatory.tui.screens.help import HelpScreen
from textual.command import CommandPalette

from .conftest import Hands, Open


async def search(hands: Hands, text: str, wanted: str) -> None:
    """Type into the palette and wait until something is offered."""
    await hands.press("ctrl+p")
    assert isinstance(hands.app.screen, CommandPalette)
    await hands.type(text)
    for _ in range(200):
        if wanted in hands.text:
            return
        await hands.pilot.pause(0.02)
    raise AssertionError(f"{wanted!r} never came:\n{hands.text}")


async def gone(hands: Hands) -> None:
    for _ in range(200):
        await hands.pilot.pause(0.02)
        if not isinstance(hands.app.screen, CommandPalette):
            break
    await hands.settle()


async def test_the_palette_carries_out_a_command(desk: Open, small: Store) -> None:
    async with desk("model/detector:v2") as hands:
        await search(hands, "alias", "Put aliases on the version")
        await hands.press("enter")
        await gone(hands)
        assert isinstance(hands.app.screen, AliasDialog)


async def test_the_palette_says_why_a_command_is_refused(desk: Open) -> None:
    async with desk("model/detector:v2", by="bo") as hands:
        await search(hands, "alias", "You are restricted_viewer")
        await hands.press("enter")
        await gone(hands)
        assert hands.app.screen is hands.browser
        assert any("takes the role member" in toast for toast in hands.toasts)


async def test_the_palette_goes_to_what_it_finds(desk: Open) -> None:
    async with desk("model") as hands:
        await search(hands, "model/detector:prod", "model/detector:v1")
        await hands.press("down", "enter")
        await gone(hands)
        assert hands.browser.versions.selected.number == 1


async def test_the_palette_finds_nothing_that_one_may_not_see(desk: Open) -> None:
    async with desk("model", by="bo") as hands:
        await search(hands, "secret", "No matches found")


@pytest.mark.parametrize(
    ("path", "crumbs"),
    [("model/detector:prod", "Models ▸ detector ▸ v1"), ("model/empty", "Models ▸ empty"), ("secret", "acme ▸ secret"),
     ("vision/labs/detector:v0", "labs ▸ detector ▸ v0"), ("acme/wandb-registry-model/detector:latest", "detector ▸ v2")],
)  # fmt: skip
async def test_going_to_a_path(desk: Open, path: str, crumbs: str) -> None:
    async with desk("dataset") as hands:
        await hands.press("colon")
        assert isinstance(hands.app.screen, GoTo)
        await hands.type(path)
        await hands.press("enter")
        assert crumbs in hands.text.split("\n")[0]


@pytest.mark.parametrize(
    ("path", "says"), [("model/detectr", "detectr"), ("model/detector:v9", "v9"), ("kim", "a registry, a collection or a version is needed")]
)  # fmt: skip
async def test_a_path_that_leads_nowhere_says_so(desk: Open, path: str, says: str) -> None:
    async with desk("dataset") as hands:
        await hands.press("colon")
        await hands.type(path)
        await hands.press("enter")
        assert any(says in toast for toast in hands.toasts)
        assert "Datasets" in hands.text.split("\n")[0]


async def test_what_one_may_not_see_is_not_there(desk: Open) -> None:
    async with desk("dataset", by="bo") as hands:
        for path in ("secret", "zebra"):
            await hands.press("colon")
            await hands.type(path)
            await hands.press("enter")
        hidden, nowhere = hands.toasts
        assert hidden.replace("secret", "zebra") == nowhere
        assert "Datasets" in hands.text.split("\n")[0]


async def test_going_nowhere_by_escape(desk: Open) -> None:
    async with desk("dataset") as hands:
        await hands.press("colon")
        await hands.type("model")
        await hands.press("escape")
        assert hands.app.screen is hands.browser
        assert "Datasets" in hands.text.split("\n")[0]


async def test_help_finds_a_key_and_says_why_it_is_refused(desk: Open) -> None:
    async with desk("model/detector:v2", by="bo", size=(160, 40)) as hands:
        await hands.press("question_mark")
        assert isinstance(hands.app.screen, HelpScreen)
        await hands.press("slash")
        await hands.type("aliases on")
        assert "takes the role member" in hands.text
        assert "Download the version" not in hands.text
        await hands.press("escape", "escape")
        assert hands.app.screen is hands.browser


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_help_cuts_nothing_off(desk: Open, size: tuple[int, int]) -> None:
    async with desk("model", size=size) as hands:
        await hands.press("question_mark", "slash")
        await hands.type("source collection the type")
        shown = " ".join(hands.text.replace("│", " ").replace("▌", " ").split())
        assert "Rename the registry or collection; of a source collection the type, too" in shown


async def test_help_is_in_the_order_of_its_headings(desk: Open) -> None:
    async with desk("model", size=(160, 80)) as hands:
        await hands.press("question_mark")
        assert (
            hands.text.index("Curating")
            < hands.text.index("Registries and people")
            < hands.text.index("Undo and history")
        )
