"""Old model registries lead to what takes their place; where the registry is off the app opens on them and says how to turn it on."""

from __future__ import annotations

import pytest
from curatory.store import Store
from textual.widgets import Static

from .conftest import Hands, Open


@pytest.fixture
def legacy(small: Store) -> Store:
    small.legacy.link_model("vision/labs/detector:v0", "best")
    return small


def banner(hands: Hands) -> str:
    line = hands.browser.collections.query_one(".pane--banner", Static)
    return str(line.render()) if line.display and line.region else ""


async def comes(hands: Hands, text: str) -> None:
    """Wait until a text is at the end of the banner."""
    for _ in range(500):
        if banner(hands).endswith(text):
            return
        await hands.pilot.pause(0.02)
    raise AssertionError(f"{text!r} never came: {banner(hands)!r}")


async def test_a_legacy_registry_says_what_it_is_and_a_key_leads_on(legacy: Store, desk: Open) -> None:
    async with desk("vision/model-registry") as hands:
        assert banner(hands) == "The old model registry of vision. R leads to Models, P migrates it"
        await hands.press("R")
        assert hands.browser.registry is not None
        assert hands.browser.registry.title == "Models"
        assert banner(hands) == ""


async def test_a_team_that_was_migrated_is_led_to_its_own(legacy: Store, desk: Open) -> None:
    legacy.migrations.run("vision")
    async with desk("vision/model-registry") as hands:
        assert banner(hands).endswith(", migrated. R leads to vision-mr-migrated, P reviews it")
        await hands.press("R")
        assert hands.browser.registry is not None
        assert hands.browser.registry.title == "vision-mr-migrated"


async def test_a_registry_that_was_renamed_is_still_what_takes_its_place(legacy: Store, desk: Open) -> None:
    legacy.migrations.run("vision")
    legacy.registries.rename("vision-mr-migrated", "models of vision")
    legacy.registries.create("vision-mr-migrated")  # another one, of the name that it had
    async with desk("vision/model-registry") as hands:
        assert banner(hands).endswith(", migrated. R leads to models of vision, P reviews it")
        await hands.press("R")
        assert hands.browser.registry is not None
        assert hands.browser.registry.title == "models of vision"


async def test_a_registry_that_only_has_the_name_takes_no_place(legacy: Store, desk: Open) -> None:
    legacy.registries.create("vision-mr-migrated")
    async with desk("vision/model-registry") as hands:
        assert banner(hands) == "The old model registry of vision. R leads to Models, P migrates it"


async def test_a_team_with_a_long_name_is_led_to_its_own(small: Store, desk: Open) -> None:
    team = "t" * 64
    small.teams.create(team)
    small.legacy.ensure(team)
    small.migrations.run(team)
    async with desk(f"{team}/model-registry", size=(240, 32)) as hands:
        assert ", migrated. R leads to ttt" in banner(hands)


async def test_a_migration_under_way_is_called_so(legacy: Store, desk: Open) -> None:
    legacy.migrations.run("vision", lambda *_: False)
    async with desk("vision/model-registry") as hands:
        assert banner(hands).endswith(", being migrated. R leads to vision-mr-migrated, P shows how far it is")


async def test_what_others_do_meanwhile_is_in_the_banner(legacy: Store, desk: Open) -> None:
    async with desk("vision/model-registry") as hands:
        legacy.migrations.run("vision")
        await comes(hands, ", migrated. R leads to vision-mr-migrated, P reviews it")
        legacy.registries.rename("vision-mr-migrated", "another")
        await comes(hands, "R leads to another, P reviews it")
        legacy.migrations.roll_back("vision", confirmed=True)
        await comes(hands, "The old model registry of vision. R leads to Models, P migrates it")


async def test_the_banner_says_that_it_was_migrated_just_now(legacy: Store, desk: Open) -> None:
    async with desk("vision/model-registry") as hands:
        await hands.press("P", "ctrl+s", "escape")
        await comes(hands, ", migrated. R leads to vision-mr-migrated, P reviews it")


async def test_a_personal_one_is_not_migrated_and_says_so(small: Store, desk: Open) -> None:
    small.legacy.ensure("ana")
    async with desk("ana/model-registry") as hands:
        assert banner(hands) == "The old model registry of ana. R leads to Models. Only a team's is migrated"
        await hands.press("P")
        assert hands.app.screen is hands.browser
        assert [toast for toast in hands.toasts if "personal" in toast] == [
            "ana/model-registry is personal: only a team's legacy registry is migrated, and this one stays as it is. "
            "What belongs into a registry is logged under a team, and linked from there."
        ]


async def test_elsewhere_the_key_says_what_it_is_for(desk: Open) -> None:
    async with desk("model") as hands:
        await hands.press("R")
        assert any("Models is no legacy registry" in toast for toast in hands.toasts)


async def test_where_the_registry_is_off_it_opens_on_the_legacy_ones_and_says_how_to_turn_it_on(
    legacy: Store, desk: Open
) -> None:
    async with desk(None, registry_off="ENABLE_REGISTRY_UI=true turns it on", size=(140, 32)) as hands:  # type: ignore[arg-type]
        assert hands.browser.registry is not None
        assert hands.browser.registry.kind == "legacy"
        assert banner(hands).startswith("The registry is off here: ENABLE_REGISTRY_UI=true turns it on.")
