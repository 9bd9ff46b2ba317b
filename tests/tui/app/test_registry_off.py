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


async def test_a_legacy_registry_says_what_it_is_and_a_key_leads_on(legacy: Store, desk: Open) -> None:
    async with desk("vision/model-registry") as hands:
        assert banner(hands) == "The old model registry of vision. R leads to Models"
        await hands.press("R")
        assert hands.browser.registry is not None
        assert hands.browser.registry.title == "Models"
        assert banner(hands) == ""


async def test_a_team_that_was_migrated_is_led_to_its_own(legacy: Store, desk: Open) -> None:
    legacy.registries.create("vision-mr-migrated", visibility="restricted")
    async with desk("vision/model-registry") as hands:
        await hands.press("R")
        assert hands.browser.registry is not None
        assert hands.browser.registry.title == "vision-mr-migrated"


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
