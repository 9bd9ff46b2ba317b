"""Files become a version and a link in one go; they are read when one says so, and what was shown is what is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store
from curatory.tui.dialogs.publishing import LogDialog, usual_source
from curatory.tui.plans import Surprise, carry_out, rehearse

from .conftest import Hands, Open


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with weights in it, in which one works."""
    folder = tmp_path / "출력"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"new weights")
    (folder / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return folder


async def log(hands: Hands, paths: str, *, path: str = "model/detector") -> None:
    await hands.press("2", "p")
    hands.app.screen.query_one("#paths Input").value = paths  # type: ignore[attr-defined]
    await hands.settle()
    await hands.settle()


async def test_files_are_logged_where_the_collection_came_from_and_linked(desk: Open, small: Store, out: Path) -> None:
    async with desk("model/detector") as hands:
        await log(hands, "출력/model.bin, 출력/config.json")
        assert "logs vision/labs/detector:v3" in hands.plan
        assert "links vision/labs/detector:v3 as detector:v3" in hands.plan
        assert "moves latest v2 → v3" in hands.plan
        assert small.collections.get("vision/labs/detector").latest == 2, "nothing is written while one types"
        await hands.press("ctrl+s")
        await hands.settle()
        version = small.versions.get("model/detector:latest")
        assert (version.number, version.source) == (3, "vision/labs/detector:v3")
        assert [file.path for file in small.versions.files(version)] == ["config.json", "model.bin"]
        assert any("u takes it back" in toast for toast in hands.toasts)
        await hands.press("u")
        assert small.collections.get("model/detector").latest == 2


async def test_into_an_empty_collection_a_place_in_ones_team_is_offered(desk: Open, small: Store, out: Path) -> None:
    small.collections.create("model/감지기 v2", "model")
    assert usual_source(small, small.collections.get("model/감지기 v2")) == "vision/uncategorized/v2"
    async with desk("model/감지기 v2") as hands:
        await log(hands, "출력/")
        hands.app.screen.query_one("#aliases Input").value = "staging"  # type: ignore[attr-defined]
        await hands.settle()
        await hands.settle()
        await hands.press("ctrl+s")
        await hands.settle()
        version = small.versions.get("model/감지기 v2:staging")
        assert version.source == "vision/uncategorized/v2:v0"
        assert [file.path for file in small.versions.files(version)] == ["config.json", "model.bin"]


async def test_into_a_source_collection_nothing_is_linked(desk: Open, small: Store, out: Path) -> None:
    async with desk("vision/labs/detector") as hands:
        await log(hands, str(out / "model.bin"))
        assert not hands.app.screen.query("#source")
        await hands.press("ctrl+s")
        await hands.settle()
        assert small.versions.get("vision/labs/detector:latest").number == 3
        assert small.collections.get("model/detector").latest == 2


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ("", "Say which files"),
        ("nowhere.bin", "nowhere.bin"),
        ("출력/model.bin, other=출력/../출력/nothing", "nothing"),
    ],
)
async def test_what_cannot_be_logged_is_said_before_anything_is_read(
    desk: Open, small: Store, out: Path, paths: str, said: str
) -> None:
    head = small.events.head()
    async with desk("model/detector") as hands:
        await log(hands, paths)
        assert said in hands.plan
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, LogDialog)
    assert small.events.head() == head


async def test_known_content_is_no_new_version_and_that_is_shown_first(desk: Open, small: Store, out: Path) -> None:
    (out / "weights.bin").write_text("weights 1" * 2)  # what labs/detector:v1 holds, linked as model/detector:v1
    head = small.events.head()
    async with desk("model/detector") as hands:
        await log(hands, "출력/weights.bin")
        assert "v3" in hands.plan
        await hands.press("ctrl+s")
        await hands.settle()
        assert isinstance(hands.app.screen, LogDialog), "it would do something else than was shown"
        assert "known already" in hands.plan or "Nothing would change" in hands.plan
    assert small.events.head() == head


async def test_reading_can_be_stopped_and_goes_on_when_asked_again(
    desk: Open, small: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_paths = type(small.versions).store_paths
    dialogs: list[LogDialog] = []

    def stopping(self, paths, *, progress):
        if dialogs:
            dialogs.pop().action_cancel()
            progress(1, 2, "model.bin")
        return store_paths(self, paths, progress=progress)

    monkeypatch.setattr(type(small.versions), "store_paths", stopping)
    async with desk("model/detector") as hands:
        await log(hands, "출력/model.bin")
        assert isinstance(hands.app.screen, LogDialog)
        dialogs.append(hands.app.screen)
        await hands.press("ctrl+s")
        await hands.settle()
        assert "Stopped; nothing was logged" in hands.plan
        assert small.collections.get("vision/labs/detector").latest == 2
        await hands.press("ctrl+s")
        await hands.settle()
        assert small.collections.get("model/detector").latest == 3


async def test_who_may_not_log_there_is_told(desk: Open, small: Store, out: Path) -> None:
    async with desk("model/detector", by="kim") as hands:
        await log(hands, "출력/model.bin")
        hands.app.screen.query_one("#source Input").value = "vision/labs/detector"  # type: ignore[attr-defined]
        await hands.settle()
        await hands.settle()
        assert "vision" in hands.plan
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, LogDialog)
    assert small.collections.get("model/detector").latest == 2


@pytest.mark.parametrize("key", ["p", "d"])
async def test_without_files_nothing_is_read_or_written_here(desk: Open, small: Store, key: str) -> None:
    async with desk("model/detector:v1", files=False) as hands:
        before = hands.app.screen
        await hands.press(key)
        assert hands.app.screen is before
        assert any("--no-files" in toast for toast in hands.toasts)


async def test_files_are_completed_as_one_types(desk: Open, out: Path) -> None:
    async with desk("model/detector") as hands:
        await log(hands, "출력/mo")
        await hands.press("tab")
        assert hands.app.screen.query_one("#paths Input").value == "출력/model.bin"  # type: ignore[attr-defined]


def test_a_plan_that_logs_is_carried_out_as_it_was_shown_on_both_engines(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "w.bin"
    file.write_text("weights")
    files = store.versions.store_paths([file])

    def work(store: Store) -> None:
        version = store.versions.log(files, "det", "model", entity="vision", project="labs", tags=["x"])
        store.links.add(version, "model/det", ["prod"])

    plan = rehearse(store, work)
    assert rehearse(store, work).effect == plan.effect, "numbers that engines give out are no part of it"
    carry_out(store, plan)
    assert store.versions.get("model/det:prod").tags == ("x",)
    with pytest.raises(Surprise):
        carry_out(store, plan)


def test_what_is_foreseen_is_what_is_stored_but_for_the_digests(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("1")
    paths = [str(tmp_path / "a"), "s3://bucket/key"]
    foreseen, stored = store.versions.foresee_paths(paths), store.versions.store_paths(paths)
    assert [(f.path, f.size, f.uri) for f in foreseen] == [(f.path, f.size, f.uri) for f in stored]
