"""Hashing a version's files anew: what is said when all is well and when not, and what the Files tab then shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from curatory.store import Checked, File, Store
from curatory.tui.screens.curating import verified
from curatory.tui.verification import in_words, verification
from rich.cells import cell_len

from .conftest import Open


def spoil(store: Store, path: str) -> None:
    """Alter the bytes of a version's first file behind the store's back."""
    file = store.versions.files(path)[0]
    blob = Path(store.blobs.path_of(file.sha256 or ""))
    blob.chmod(0o644)
    blob.write_bytes(b"x" * file.size)


def test_what_is_said() -> None:
    sound, bad = Checked("a", 1, "0", None), Checked("b", 1, "1", "it was altered")
    assert verified([sound] * 3) == ("3 files verified, all sound", "information")
    assert verified([sound]) == ("1 file verified, all sound", "information")
    assert verified([sound, bad]) == ("1 of 2 files damaged. b: it was altered", "error")
    assert verified([bad] * 5)[0].endswith("; and 2 more")
    assert "nothing to verify" in verified([])[0]


async def test_sound_files_are_said_to_be(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("V")
        assert "1 file verified, all sound" in hands.toasts
        hands.browser.details.choose_tab("files")
        await hands.settle()
        assert "✗" not in hands.text
        assert "✓ " in hands.text


async def test_a_damaged_file_is_named_and_marked(desk: Open, small: Store) -> None:
    spoil(small, "model/detector:v1")
    async with desk("model/detector:v1") as hands:
        hands.browser.details.choose_tab("files")
        await hands.press("4", "V")
        assert any("1 of 1 file damaged. weights.bin: " in toast for toast in hands.toasts)
        assert "✗ damaged" in hands.text
        await hands.press("3", "up", "4")
        assert "v2" in hands.text.splitlines()[0]
        assert "✗" not in hands.text, "another version's file is sound"
    assert [one.path for one in small.garbage.verify("model/detector:v1") if one.problem] == ["weights.bin"]


async def test_who_looks_into_a_damaged_file_is_told(desk: Open, small: Store) -> None:
    spoil(small, "model/detector:v1")
    small.garbage.verify("model/detector:v1")
    async with desk("model/detector:v1", size=(120, 32)) as hands:
        hands.browser.details.choose_tab("files")
        await hands.press("4", "enter")
        assert "✗ Damaged when it was verified, " in hands.text
        assert "was altered" in hands.text


async def test_all_marked_versions_are_verified(desk: Open) -> None:
    async with desk() as hands:
        await hands.press("asterisk", "V")
        assert "3 files verified, all sound" in hands.toasts


async def test_who_may_not_download_is_refused(desk: Open, small: Store) -> None:
    small.links.add("vision/labs/detector:v0", "secret/detector")
    small.members.add("secret", "bo", "restricted_viewer")
    async with desk("secret/detector:v0", by="bo") as hands:
        await hands.press("V")
        assert any("takes the role viewer" in toast for toast in hands.toasts)


async def test_elsewhere_it_says_where_it_belongs(desk: Open) -> None:
    async with desk("model") as hands:
        await hands.press("V")
        assert any("“verify” belongs to details and versions" in toast for toast in hands.toasts)


async def test_a_version_of_references_has_nothing_to_verify(desk: Open, small: Store) -> None:
    from curatory.store import File

    version = small.versions.log(
        [File("a.mp4", 3, "etag", uri="s3://bucket/a.mp4")], "clips", "model", entity="vision", project="labs"
    )
    small.links.add(version, "model/clips")
    async with desk("model/clips:v0") as hands:
        await hands.press("V")
        assert any("nothing to verify" in toast for toast in hands.toasts)


MOMENT = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


def checked(*times: datetime | None, bad: int = 0) -> list[Checked]:
    return [Checked(str(at), 1, "0", "altered" if at < bad else None, time) for at, time in enumerate(times)]


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        (checked(), "nothing to verify: no bytes of it are in the store"),
        (checked(None, None), "never; V verifies"),
        (checked(MOMENT), "its one file, 09:00"),
        (checked(MOMENT + timedelta(hours=1), MOMENT), "all 2 files, oldest 09:00"),
        (checked(MOMENT, None, None), "1 of 3 files, oldest 09:00; 2 never, V verifies"),
        (checked(MOMENT, MOMENT, bad=1), "1 of 2 files damaged, oldest look 09:00"),
        (checked(MOMENT, None, bad=1), "1 of 2 files damaged, oldest look 09:00; 1 never verified"),
    ],
)
def test_how_far_files_were_verified_in_words(checks: list[Checked], words: str) -> None:
    assert in_words(verification(checks), lambda moment: f"{moment:%H:%M}", "V verifies") == words


async def test_the_overview_says_it_and_v_changes_what_it_says(desk: Open) -> None:
    async with desk() as hands:
        assert "never; V verifies" in hands.text
        await hands.press("V")
        assert "✓ its one file, " in hands.text
        assert "never; V verifies" not in hands.text


@pytest.mark.parametrize("width", [80, 120])
async def test_the_files_say_it_at_any_width(desk: Open, small: Store, tmp_path: Path, width: int) -> None:
    names = ["가중치-한국어-모델-파일.safetensors", "a\u202e[bold]red", "weights.bin"]
    for name in names:
        (tmp_path / name).write_text(f"bytes of {name}")
    files = small.versions.log_paths([tmp_path / name for name in names], "mixed", "model", entity="vision")
    reference = File("clip.mp4", 3, "etag", uri="s3://bucket/clip.mp4")
    both = small.versions.log([*small.versions.files(files), reference], "mixed", "model", entity="vision")
    small.links.add(both, "model/mixed")
    spoil(small, "model/mixed:v0")
    small.garbage.verify(files)
    async with desk("model/mixed:v0", size=(width, 24)) as hands:
        hands.browser.details.choose_tab("files")
        await hands.press("4", "z")
        rows = {line.split("│")[1] if "│" in line else line for line in hands.text.splitlines()}
        found = {name: row for row in rows for name in ("가중치", "red", "weights", "clip") if name in row}
        assert "✗ damaged" in found["red"], "the first of them by path"
        assert "✓ " in found["weights"]
        assert "✓ " in found["가중치"]
        assert "—" in found["clip"]
        assert "\u202e" not in hands.text
        places = {cell_len(row[: row.index(sign)]) for row, sign in (
            (found["red"], "✗"), (found["weights"], "✓"), (found["가중치"], "✓"), (found["clip"], "—"))}  # fmt: skip
        assert len(places) == 1, "the marks stand in one column, whatever the width of the letters"


async def test_who_may_only_look_sees_it_too(desk: Open, small: Store) -> None:
    small.links.add("vision/labs/detector:v0", "secret/detector")
    small.members.add("secret", "bo", "restricted_viewer")
    async with desk("secret/detector:v0", by="bo") as hands:
        assert "never; V verifies" in hands.text
