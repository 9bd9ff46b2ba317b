"""A letter on everything one could go to."""

from __future__ import annotations

import pytest
from curatory.store import Store
from curatory.tui.screens.jump import LETTERS, Jump, labels

from .conftest import Hands, Open
from .test_lineage import family

__all__ = ["family"]


@pytest.mark.parametrize("count", [0, 1, 26, 27, 51, 52, 200, 676])
def test_no_label_is_the_beginning_of_another_and_short_ones_come_first(count: int) -> None:
    found = labels(count)
    assert len(set(found)) == count
    assert [len(one) for one in found] == sorted(len(one) for one in found)
    assert not any(one != other and other.startswith(one) for one in found for other in found)
    assert set("".join(found)) <= set(LETTERS)


def letter_at(hands: Hands, x: int, y: int) -> str:
    screen = hands.app.screen
    assert isinstance(screen, Jump)
    return next(label for label, target in screen._targets.items() if (target.x, target.y) == (x, y))


@pytest.mark.parametrize("size", [(110, 32), (80, 24), (200, 60)])
async def test_a_letter_leads_to_a_row(desk: Open, size: tuple[int, int]) -> None:
    async with desk("model/detector:v2", size=size) as hands:
        table = hands.browser.versions.table
        await hands.press("ctrl+o")
        assert len(hands.app.screen.query(".jump--label")) >= 3
        await hands.press(*letter_at(hands, table.region.x, table.region.y + 2))
        assert hands.app.screen is hands.browser
        assert hands.browser.versions.selected.number == 0
        assert table.has_focus


async def test_letters_lead_to_other_panes_and_their_rows(desk: Open) -> None:
    async with desk("model/detector:v2") as hands:
        pane, table = hands.browser.collections, hands.browser.collections.table
        await hands.press("ctrl+o")
        await hands.press(*letter_at(hands, table.region.x, table.region.y + 1))
        assert pane.selected.name == "empty"
        assert table.has_focus
        await hands.press("ctrl+o")
        await hands.press(*letter_at(hands, hands.browser.details.region.x + 2, hands.browser.details.region.y))
        assert hands.browser._current == "details"


async def test_a_letter_leads_to_a_tab(desk: Open) -> None:
    async with desk("model/detector:v2") as hands:
        await hands.press("ctrl+o")
        targets = hands.app.screen._targets  # type: ignore[attr-defined]
        row = hands.browser.details.region.y + 1
        tabs = sorted((target.x, label) for label, target in targets.items() if target.y == row and target.x > 70)
        await hands.press(*tabs[1][1])
        assert hands.browser.details.tab.id == "files"


async def test_a_letter_leads_to_a_node_of_the_lineage(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        await hands.press("i", "z")
        lineage = hands.browser.details.lineage
        assert lineage._found is not None
        key, x, y = next(one for one in lineage.seen() if lineage._found.graph.nodes[one[0]].label == "coco:v0")
        await hands.press("ctrl+o")
        await hands.press(*letter_at(hands, lineage.region.x + x, lineage.region.y + y))
        assert lineage._cursor == key


@pytest.mark.parametrize("key", ["escape", "1", "ctrl+o"])
async def test_any_other_key_leaves_everything_as_it_was(desk: Open, key: str) -> None:
    async with desk("model/detector:v2") as hands:
        before = hands.text
        await hands.press("ctrl+o")
        assert hands.text != before
        await hands.press(key)
        assert hands.text == before


async def test_in_the_history_letters_lead_to_its_rows(desk: Open) -> None:
    async with desk("model/detector:v2") as hands:
        await hands.press("H", "ctrl+o", "s")
        assert hands.app.screen.query_one("VirtualTable").cursor == 1  # type: ignore[attr-defined]
