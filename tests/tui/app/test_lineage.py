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
        assert "loss" in hands.text
        assert "10 points" in hands.text


async def test_going_to_what_is_in_the_focus(family: Store, desk: Open) -> None:
    async with desk("model/trained:v0", size=(160, 40)) as hands:
        await hands.press("i", "z", "enter")
        assert hands.browser.versions.selected.path == "vision/labs/trained:v0"
