"""Hashing a version's files anew: what is said when all is well and when not, and what the Files tab then shows."""

from __future__ import annotations

from pathlib import Path

from curatory.store import Checked, Store
from curatory.tui.screens.curating import verified

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


async def test_a_damaged_file_is_named_and_marked(desk: Open, small: Store) -> None:
    spoil(small, "model/detector:v1")
    async with desk("model/detector:v1") as hands:
        hands.browser.details.choose_tab("files")
        await hands.press("4", "V")
        assert any("1 of 1 file damaged. weights.bin: " in toast for toast in hands.toasts)
        assert "✗ weights.bin" in hands.text
        await hands.press("3", "up", "4")
        assert "v2" in hands.text.splitlines()[0]
        assert "✗" not in hands.text, "another version's file is sound"
    assert [one.path for one in small.garbage.verify("model/detector:v1") if one.problem] == ["weights.bin"]


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
