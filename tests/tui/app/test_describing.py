"""Cards, descriptions and metadata: written in the app or, on one's own machine, in one's own editor."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from curatory.store import Store
from textual.widgets import TextArea

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named
from .conftest import Open


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


def card(store: Store) -> str:
    return store.collections.get("model/empty").description


ALL = "f7"
CHANGES = [
    Change("a collection's card", "model/empty", ("e", "'Nothing yet"), ("card of model/empty: 0 → 11 characters",), card, "Nothing yet"),
    Change("by a member", "model/empty", ("e", "'Nothing yet"), ("0 → 11 characters",), card, "Nothing yet", by="kim"),
    Change("lines are kept", "model/empty", ("e", "'one", "enter", "'two"), ("0 → 7 characters",), card, "one\ntwo"),
    Change("a version's description, at its source as well", "model/detector:v2", ("e", "'The best"), ("description of", "0 → 8 characters"), lambda s: s.versions.get("vision/labs/detector:v2").description, "The best"),
    Change("a registry's description", "secret", ("e", "'Ours"), ("card of secret: 0 → 4 characters",), lambda s: s.registries.get("secret").description, "Ours"),
    Change("metadata", "model/detector:v2", ("M", ALL, '|{"acc": 0.9, "가": [1]}'), ("adds 가 in the metadata of", "changes acc in the metadata of"), lambda s: s.versions.get("vision/labs/detector:v2").metadata, {"acc": 0.9, "가": [1]}),
    Change("metadata taken away", "model/detector:v2", ("M", ALL, "|{}"), ("takes away acc in the metadata of",), lambda s: s.versions.get("vision/labs/detector:v2").metadata, {}),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_it_is_written_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("a viewer", "model/empty", ("e",), "takes the role member", by="bo", first=viewer),
    Refusal("a restricted viewer", "model/detector:v2", ("e",), "takes the role member", by="bo"),
    Refusal("a restricted viewer, in the details", "model/detector:v2", ("4", "e", "'x"), "needs the role member", by="bo"),
    Refusal("a member, of a registry", "secret", ("e",), "takes the role admin", by="kim", first=lambda s: s.members.add("secret", "kim", "member")),
    Refusal("a core registry", "model", ("e", "'x"), "is a core registry and can't be described"),
    Refusal("nothing new", "model/empty", ("e",), "Nothing is different yet."),
    Refusal("metadata: a viewer", "model/detector:v2", ("M",), "takes the role member", by="bo", first=viewer),
    Refusal("metadata: no JSON", "model/detector:v2", ("M", ALL, "|{acc"), "That is no JSON yet"),
    Refusal("metadata: no object", "model/detector:v2", ("M", ALL, "|[1]"), "Metadata is an object"),
    Refusal("metadata: infinite", "model/detector:v2", ("M", ALL, '|{"a": Infinity}'), "infin"),
    Refusal("metadata: of many", "model/detector:v2", ("asterisk", "M"), "one version at a time"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_writing_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


async def test_a_card_that_somebody_writes_meanwhile_is_not_lost(desk: Open, small: Store) -> None:
    other = Meanwhile(
        "a card", "model/empty", ("e", "'Mine"), lambda s: s.collections.describe("model/empty", "Theirs, long"), "12 → 4 characters"
    )  # fmt: skip
    await is_shown_first(desk, small, other)


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that writes down the file's name and puts a line at its end."""
    program, seen = tmp_path / "editor", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\nbasename "$1" >> {seen}\nprintf "%s" "$ADDED" >> "$1"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(program))
    return seen


class Lent:
    """A terminal that can be lent to another program; that of the tests can't."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


async def test_ones_own_editor_is_used_and_what_it_saved_is_planned(
    desk: Open, small: Store, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDED", "edited")
    async with desk("model/empty") as hands:
        monkeypatch.setattr(hands.app, "suspend", Lent)
        await hands.press("e")
        assert "opens $EDITOR" in hands.text
        await hands.press("ctrl+e")
        assert editor.read_text() == "card.md\n"
        assert "0 → 6 characters" in hands.plan
        assert card(small) == "", "nothing is written before it is agreed to"
        await hands.press("ctrl+s")
        assert card(small) == "edited"


async def test_metadata_too(desk: Open, small: Store, editor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDED", "}")
    async with desk("model/detector:v2") as hands:
        monkeypatch.setattr(hands.app, "suspend", Lent)
        await hands.press("M", "ctrl+e")
        assert editor.read_text() == "metadata.json\n"
        assert "That is no JSON yet" in hands.plan


def cursors(area: TextArea) -> int:
    """How many places of a text look like its cursor's."""
    style = area.get_component_rich_style("text-area--cursor")
    return sum(
        segment.style is not None and segment.style.bgcolor == style.bgcolor
        for row in range(area.size.height)
        for segment in area.render_line(row)
    )


async def test_a_cursor_that_stops_blinking_is_seen(desk: Open) -> None:
    """Far away it does not blink; here it stops just when it was not seen."""
    async with desk("model/detector", remote=True) as hands:
        await hands.press("e")
        assert cursors(hands.dialog.query_one(TextArea)) == 1
        await hands.press("tab")
        assert cursors(hands.dialog.query_one(TextArea)) == 0
        await hands.press("shift+tab")
        assert cursors(hands.dialog.query_one(TextArea)) == 1
    async with desk("model/detector") as hands:
        await hands.press("e")
        area = hands.dialog.query_one(TextArea)
        area.blink_timer.pause()
        area._toggle_cursor_blink_visible()
        assert cursors(area) == 0
        area.cursor_blink = False
        assert cursors(area) == 1


@pytest.mark.parametrize("key", ["e", "M"])
async def test_over_ssh_no_editor_is_started(desk: Open, editor: Path, key: str) -> None:
    async with desk("model/detector:v2", remote=True) as hands:
        await hands.press(key)
        assert "$EDITOR" not in hands.text
        await hands.press("ctrl+e")
        assert any("not started over SSH" in toast for toast in hands.toasts)
    assert not editor.exists()


async def test_an_editor_that_is_not_there_is_told_and_the_text_stays(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "/nowhere/editor")
    async with desk("model/empty") as hands:
        monkeypatch.setattr(hands.app, "suspend", Lent)
        await hands.press("e")
        await hands.type("kept")
        await hands.press("ctrl+e")
        assert any("could not be run" in toast for toast in hands.toasts)
        assert hands.dialog.query_one(TextArea).text == "kept"


async def test_a_terminal_that_can_not_be_lent_is_told(desk: Open, editor: Path) -> None:
    async with desk("model/empty") as hands:
        await hands.press("e", "ctrl+e")
        assert any("can't be started here" in toast for toast in hands.toasts)


async def test_metadata_is_shown_as_any_reader_reads_it(desk: Open, small: Store) -> None:
    small.versions.set_metadata("model/detector:v2", {"note": "a\x1b]0;x\x07b"})
    async with desk("model/detector:v2") as hands:
        await hands.press("M")
        text = hands.dialog.query_one(TextArea).text
        assert "\x1b" not in text
        assert json.loads(text) == {"note": "a\x1b]0;x\x07b"}
