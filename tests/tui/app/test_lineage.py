"""The lineage on a screen: a focus that moves, there and back, steps, ways, lanes, and a path between two marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store
from curatory.tui import actions

from .conftest import Open


@pytest.fixture
def family(small: Store, tmp_path: Path) -> Store:
    """A dataset, the run that used it, and the model that came of it; a second run used the model."""
    file = tmp_path / "images.bin"
    file.write_text("images")
    data = small.versions.log_paths([file], "coco", "dataset", entity="vision", project="labs")
    training = small.runs.start("labs", entity="vision", title="training")
    small.runs.use(training, data)
    file.write_text("trained")
    model = small.versions.log_paths([file], "trained", "model", entity="vision", project="labs", run=training.id)
    small.runs.log(training, [{"_step": step, "loss": 1 / (step + 1)} for step in range(10)])
    testing = small.runs.start("labs", entity="vision", title="testing")
    small.runs.use(testing, model)
    small.links.add(model, "model/trained")
    return small


async def test_what_it_was_made_from_and_what_used_it(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        await hands.press("i", "z")
        assert hands.browser.where == actions.LINEAGE
        for name in ("coco:v0", "training", "trained:v0", "testing"):
            assert name in hands.text
        assert "→" in hands.text


async def test_enter_moves_the_focus_and_brackets_go_back_and_forth(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        lineage = hands.browser.details.lineage
        await hands.press("i", "z")
        first = lineage._focus
        await hands.press("left", "left", "enter")
        assert lineage._focus != first
        assert "[ coco:v0" in hands.text or "❯■ coco:v0" in hands.text
        await hands.press("left_square_bracket")
        assert lineage._focus == first
        await hands.press("right_square_bracket")
        assert lineage._focus != first


async def test_steps_and_ways(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        await hands.press("i", "z", "minus", "minus")
        assert "coco:v0" not in hands.text
        await hands.press("plus", "w")
        assert "coco:v0" in hands.text
        assert "testing" not in hands.text
        assert "where it came from" in hands.text


async def test_lanes_and_a_narrow_outline(family: Store, desk: Open) -> None:
    async with desk("model/trained") as hands:
        await hands.press("i")
        assert "made from" in hands.text
        await hands.press("b")
        assert "coco:v0" in hands.text
        await hands.press("end", "home", "space")


async def test_two_marks_light_the_way_between_them(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        lineage = hands.browser.details.lineage
        await hands.press("i", "z", "space", "left", "left", "space")
        assert len(lineage._marks) == 2
        assert "path between marks" in hands.text


async def test_metrics_are_curves(family: Store, desk: Open) -> None:
    async with desk("model/trained:v0") as hands:
        hands.browser.details.choose_tab("metrics")
        await hands.settle()
        assert "loss  0.1" in hands.text
        assert "▁" in hands.text
        assert "█" in hands.text
        assert "0.55 ┤" in hands.text, "the middle of the scale"


@pytest.mark.parametrize(("width", "across"), [(80, 1), (120, 2), (200, 4)])
async def test_curves_stand_side_by_side_where_there_is_room(
    family: Store, desk: Open, width: int, across: int
) -> None:
    run = family.runs.list("vision/labs").items[-1]
    family.runs.log(run, [{"_step": s, "acc": s, "정확도": s} for s in range(10, 20)])
    async with desk("model/trained:v0", size=(width, 30)) as hands:
        hands.browser.details.choose_tab("metrics")
        await hands.press("4", "z")
        titles = [line for line in hands.text.split("\n") if "acc  19" in line]
        assert [name in titles[0] for name in ("acc", "loss", "정확도")] == [True, across > 1, across > 2]


async def test_what_stands_under_the_cursor_is_told_in_full(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        await hands.press("i", "z", "left", "left")
        assert "vision/labs/coco:v0" in hands.text
        assert "enter puts it into the middle" in hands.text


async def test_slash_finds_a_node_and_again_the_next(family: Store, desk: Open) -> None:
    async with desk("model/trained", size=(160, 40)) as hands:
        lineage = hands.browser.details.lineage

        def nodes() -> str:
            assert lineage._found is not None
            assert lineage._cursor is not None
            return lineage._found.graph.nodes[lineage._cursor].label

        await hands.press("i", "z", "slash")
        await hands.type("ing")
        await hands.press("enter")
        assert nodes() in ("training", "testing")
        first = nodes()
        await hands.press("slash", "enter")
        assert nodes() != first
        assert nodes() in ("training", "testing")
        await hands.press("slash")
        await hands.type("x")
        assert "No node has" in hands.text
        await hands.press("escape")
        assert "No node has" not in hands.text
        assert lineage.has_focus


async def test_going_to_what_is_in_the_focus(family: Store, desk: Open) -> None:
    async with desk("model/trained:v0", size=(160, 40)) as hands:
        await hands.press("i", "z", "enter")
        assert hands.browser.versions.selected.path == "vision/labs/trained:v0"
