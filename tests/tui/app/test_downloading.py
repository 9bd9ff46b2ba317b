"""Downloading: where to, how far, stopping, going on, and what could not be had."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from curatory.store import File, Store
from curatory.tui.dialogs.download import DownloadDialog
from textual.widgets import Input

from .acting import Refusal, is_refused, named
from .conftest import Open


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


def many(store: Store) -> None:
    """A version of 80 files, more than are copied at once."""
    folder = Path("many")
    folder.mkdir()
    for number in range(80):
        (folder / f"part-{number}.bin").write_bytes(bytes([number]) * 50_000)
    version = store.versions.log_paths([folder], "many", "model", entity="vision", project="labs")
    store.links.add(version, "model/many")


async def test_files_are_written_where_it_says(desk: Open, here: Path) -> None:
    async with desk("model/detector:v2") as hands:
        await hands.press("d")
        assert "1 file, 27 B, to this machine" in hands.text
        assert hands.app.screen.query_one(Input).value == "./artifacts/detector-v2"
        await hands.press("enter")
        assert "1 file written" in hands.text
        assert (here / "artifacts" / "detector-v2" / "weights.bin").read_text() == "weights 2" * 3
        await hands.press("enter")
        assert "0 files written, 1 was there already" in hands.text
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_another_folder_by_key_and_by_mouse(desk: Open, here: Path) -> None:
    async with desk("model/detector:v1", by="kim") as hands:
        await hands.press("d", "ctrl+u")
        await hands.type("there")
        await hands.click("Download  enter")
        assert (here / "there" / "weights.bin").exists()
        await hands.click("Close  esc")
        assert hands.app.screen is hands.browser


async def test_a_viewer_may(desk: Open, small: Store, here: Path) -> None:
    viewer(small)
    async with desk("model/detector:v2", by="bo") as hands:
        await hands.press("d", "enter")
        assert (here / "artifacts" / "detector-v2" / "weights.bin").exists()


REFUSALS = [
    Refusal("a restricted viewer", "model/detector:v2", ("d",), "takes the role viewer", by="bo"),
    Refusal("many at once", "model/detector:v2", ("asterisk", "d"), "Download one version at a time"),
    Refusal("nothing there", "model/empty", ("3", "d"), "There is no version here to download"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_it_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal, here: Path) -> None:
    await is_refused(desk, small, refusal)
    assert not (here / "artifacts").exists()


async def test_over_ssh_it_says_which_machine(desk: Open) -> None:
    async with desk("model/detector:v2", remote=True) as hands:
        await hands.press("d")
        assert "to the machine that this runs on" in hands.text


async def test_it_shows_how_far_it_is_stops_and_goes_on(desk: Open, small: Store, here: Path, monkeypatch: Any) -> None:
    many(small)
    reached, go = threading.Event(), threading.Event()
    async with desk("model/many:v0") as hands:
        await hands.press("d")
        dialog = hands.app.screen
        assert isinstance(dialog, DownloadDialog)
        real = dialog.store.versions.download

        def held(version: Any, folder: Path, *, progress: Any, cancelled: Any) -> Any:
            """The real download, held still when some of it is done."""
            asked: list[None] = []

            def stopped() -> bool:
                asked.append(None)
                if len(asked) > 20:
                    reached.set()
                    go.wait(5)
                return cancelled()

            return real(version, folder, progress=progress, cancelled=stopped)

        monkeypatch.setattr(dialog.store.versions, "download", held)
        await hands.pilot.press("enter")
        try:
            for _ in range(500):
                if reached.is_set():
                    break
                await hands.pilot.pause(0.01)
            await hands.until("%")
            assert "░" in hands.text
            assert "Stop  esc" in hands.text
            await hands.pilot.press("escape")
        finally:
            go.set()
        await hands.until("Stopped.")
        assert hands.app.screen is dialog, "the first escape stops it, the next leaves"
        assert "Close  esc" in hands.text
        written = len(list((here / "artifacts" / "many-v0").rglob("part-*")))
        assert written < 80

        monkeypatch.setattr(dialog.store.versions, "download", real)
        await hands.press("enter")
        await hands.until("were there already")
        assert len(list((here / "artifacts" / "many-v0").rglob("part-*"))) == 80
        await hands.press("escape")
        assert hands.app.screen is hands.browser


async def test_a_folder_that_can_not_be_is_told(desk: Open, here: Path) -> None:
    (here / "file").write_text("in the way")
    async with desk("model/detector:v2") as hands:
        await hands.press("d", "ctrl+u")
        await hands.type("file/below")
        await hands.press("enter")
        assert "can't be written" in hands.text
        assert "file written" not in hands.text
        assert hands.app.screen.query_one(Input), "it stays open for another folder"


async def test_damaged_bytes_are_never_written(desk: Open, small: Store, here: Path) -> None:
    file = small.versions.files("model/detector:v2")[0]
    blob = Path(small.blobs.path_of(file.sha256 or ""))
    blob.chmod(0o644)
    blob.write_bytes(b"x" * file.size)
    async with desk("model/detector:v2") as hands:
        await hands.press("d", "enter")
        assert "damaged" in hands.text
        assert "file written" not in hands.text
    assert not (here / "artifacts" / "detector-v2" / "weights.bin").exists()


async def test_references_are_told_apart(desk: Open, small: Store) -> None:
    one = File("a.mp4", 3, "etag", uri="s3://bucket/a.mp4")
    small.links.add(small.versions.log([one], "clips", "model", entity="vision", project="labs"), "model/clips")
    async with desk("model/clips:v0") as hands:
        await hands.press("d", "enter")
        assert "1 reference not fetched" in hands.text
