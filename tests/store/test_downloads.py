"""Downloads: whole and right files under their names or none, however a download ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from curatory.store.blobs import BlobStore
from curatory.store.downloads import DownloadDamaged, DownloadRefused, download, verify_files
from curatory.store.errors import Conflict, Damaged, Invalid, Unavailable
from curatory.store.hashing import CHUNK, hash_path
from curatory.store.records import File


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", durable=False)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def stored(blobs: BlobStore, path: str, data: bytes) -> File:
    blob = blobs.put_bytes(data)
    return File(path, blob.size, blob.md5_base64, sha256=blob.sha256)


def some_bytes(size: int) -> bytes:
    return hashlib.shake_128(b"curatory").digest(size)


def there(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def alter(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)


def test_files_are_written_and_then_kept(blobs: BlobStore, target: Path) -> None:
    contents = {f"f{n}/{n % 3}/x{n}.bin": some_bytes(n * 1000) for n in range(60)}
    contents["big"] = some_bytes(3 * CHUNK + 5)
    files = [stored(blobs, path, data) for path, data in contents.items()]
    told: list[tuple[int, int, str]] = []
    report = download(files, target, blobs, progress=lambda *what: told.append(what))
    assert there(target) == contents
    total = sum(map(len, contents.values()))
    assert report.written == tuple(sorted(contents))
    assert (report.kept, report.references, report.problems) == ((), (), ())
    assert (report.bytes_written, report.cancelled, report.root) == (total, False, target)
    assert told[-1] == (total, total, "")
    assert all(0 <= done <= total == of for done, of, _ in told)
    again = download(files, target, blobs)
    assert again.kept == tuple(sorted(contents))
    assert (again.written, again.bytes_written) == ((), 0)


def test_a_downloaded_file_is_an_ordinary_file(blobs: BlobStore, target: Path) -> None:
    download([stored(blobs, "a", b"x")], target, blobs)
    (target / "a").write_bytes(b"mine now")
    assert blobs.verify(hashlib.sha256(b"x").hexdigest()) is None


def test_an_empty_manifest_makes_an_empty_folder(blobs: BlobStore, target: Path) -> None:
    assert download([], target, blobs).written == ()
    assert list(target.iterdir()) == []


def test_other_content_is_not_overwritten_unasked(blobs: BlobStore, target: Path) -> None:
    files = [stored(blobs, "same-size", b"12345"), stored(blobs, "other-size", b"12345"), stored(blobs, "new", b"n")]
    target.mkdir()
    (target / "same-size").write_bytes(b"54321")
    (target / "other-size").write_bytes(b"1")
    with pytest.raises(DownloadRefused, match="2 of 3 files could not be written") as caught:
        download(files, target, blobs)
    assert isinstance(caught.value, Conflict)
    assert [problem.path for problem in caught.value.report.problems] == ["other-size", "same-size"]
    assert caught.value.report.written == ("new",)
    assert there(target) == {"same-size": b"54321", "other-size": b"1", "new": b"n"}
    report = download(files, target, blobs, overwrite=True)
    assert (report.written, report.kept) == (("other-size", "same-size"), ("new",))
    assert there(target) == {"same-size": b"12345", "other-size": b"12345", "new": b"n"}


def test_damaged_blobs_are_all_reported_and_the_others_written(blobs: BlobStore, target: Path) -> None:
    names = ("flipped", "cut", "missing", "fine")
    files = [stored(blobs, name, name.encode() * 3) for name in names]
    files.append(File("nowhere", 1, "x"))
    paths = {file.path: blobs.path_of(file.sha256) for file in files if file.sha256}
    alter(paths["flipped"], b"FLIPPED" * 3)
    alter(paths["cut"], b"c")
    paths["missing"].unlink()
    with pytest.raises(DownloadDamaged) as caught:
        download(files, target, blobs)
    assert isinstance(caught.value, Damaged)
    report = caught.value.report
    assert {problem.path: problem.kind for problem in report.problems} == dict.fromkeys(
        ("cut", "flipped", "missing", "nowhere"), "damaged"
    )
    assert there(target) == {"fine": b"fine" * 3}
    message = str(caught.value)
    assert "4 of 5 files" in message
    for reason in ("was altered: 1 bytes instead of 9", "is missing from the store", "names no stored bytes"):
        assert reason in message


def test_a_long_list_of_problems_is_cut_in_the_message_only(blobs: BlobStore, target: Path) -> None:
    files = [File(f"f{n:02}", 1, "x", sha256=f"{n:064x}") for n in range(25)]
    with pytest.raises(DownloadDamaged, match="and 15 more") as caught:
        download(files, target, blobs)
    assert len(caught.value.report.problems) == 25


# -- going on ------------------------------------------------------------------------------------------------

STOPPED = """
import sys, time
from curatory.store.blobs import BlobStore
from curatory.store.downloads import download
from curatory.store.records import File
calls = 0
def wait():
    global calls
    calls += 1
    if calls == 3:  # before the file, after its first chunk, after its second
        print("half", flush=True)
        time.sleep(600)
    return False
file = File("deep/model.bin", int(sys.argv[3]), "", sha256=sys.argv[4])
download([file], sys.argv[2], BlobStore(sys.argv[1]), cancelled=wait)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_is_gone_on_with(blobs: BlobStore, target: Path, how: signal.Signals) -> None:
    data = some_bytes(4 * CHUNK)
    file = stored(blobs, "deep/model.bin", data)
    command = [sys.executable, "-c", STOPPED, str(blobs.root), str(target), str(file.size), str(file.sha256)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    with pytest.raises(DownloadRefused, match="another download"):
        download([file], target, blobs)
    process.send_signal(how)
    if how == signal.SIGINT:  # the worker sleeps on; what matters is what is on the disk
        process.kill()
    process.communicate(timeout=60)
    assert there(target) == {"deep/.model.bin.partial": data[: 2 * CHUNK]}
    report = download([file], target, blobs)
    assert report.written == ("deep/model.bin",)
    assert report.bytes_written == 2 * CHUNK
    assert there(target) == {"deep/model.bin": data}


def test_a_cancelled_download_says_so_and_is_gone_on_with(blobs: BlobStore, target: Path) -> None:
    data = some_bytes(4 * CHUNK)
    files = [stored(blobs, "model.bin", data), stored(blobs, "x", b"x")]
    calls = iter([False, False, True])
    report = download(files, target, blobs, threads=1, cancelled=lambda: next(calls, True))
    assert report.cancelled
    assert report.written == ()
    assert there(target) == {".model.bin.partial": data[: 2 * CHUNK]}
    assert download(files, target, blobs).written == ("model.bin", "x")
    assert there(target) == {"model.bin": data, "x": b"x"}


def test_an_error_in_the_progress_callback_ends_the_download(blobs: BlobStore, target: Path) -> None:
    def interrupt(done: int, total: int, path: str) -> None:
        raise KeyboardInterrupt

    files = [stored(blobs, str(n), some_bytes(n)) for n in range(1, 500)]
    with pytest.raises(KeyboardInterrupt):
        download(files, target, blobs, progress=interrupt)
    whole = {path: data for path, data in there(target).items() if not path.startswith(".")}
    assert len(whole) < len(files)
    assert all(data == some_bytes(int(path)) for path, data in whole.items())


@pytest.mark.parametrize("left", [b"some other version's bytes", b"x" * CHUNK, some_bytes(2 * CHUNK + 10), b""])
def test_a_partial_file_of_something_else_is_written_anew(blobs: BlobStore, target: Path, left: bytes) -> None:
    data = some_bytes(2 * CHUNK)
    file = stored(blobs, "model.bin", data)
    target.mkdir()
    (target / ".model.bin.partial").write_bytes(left)
    told: list[int] = []
    report = download([file], target, blobs, progress=lambda done, total, path: told.append(done))
    assert report.bytes_written == len(data)
    assert there(target) == {"model.bin": data}
    assert told[-1] == len(data)


def test_a_whole_partial_file_needs_only_its_name(blobs: BlobStore, target: Path) -> None:
    file = stored(blobs, "model.bin", b"whole")
    target.mkdir()
    (target / ".model.bin.partial").write_bytes(b"whole")
    assert download([file], target, blobs).bytes_written == 0
    assert there(target) == {"model.bin": b"whole"}


def test_a_damaged_blob_leaves_no_partial_file_that_would_be_gone_on_with(blobs: BlobStore, target: Path) -> None:
    file = stored(blobs, "model.bin", b"right")
    assert file.sha256 is not None
    alter(blobs.path_of(file.sha256), b"wrong")
    target.mkdir()
    (target / ".model.bin.partial").write_bytes(b"ri")
    with pytest.raises(DownloadDamaged):
        download([file], target, blobs)
    assert there(target) == {}


def test_two_downloads_at_once_do_not_mix(blobs: BlobStore, target: Path) -> None:
    file = stored(blobs, "model.bin", b"x")
    target.mkdir()
    with open(target / ".model.bin.partial", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadRefused, match="another download is writing it"):
            download([file], target, blobs)
    assert download([file], target, blobs).written == ("model.bin",)


# -- never outside the folder --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a\0b"])
def test_paths_out_of_the_folder_are_refused_before_anything_is_written(
    blobs: BlobStore, target: Path, path: str
) -> None:
    with pytest.raises(Invalid):
        download([stored(blobs, "fine", b"x"), stored(blobs, path, b"x")], target, blobs)
    assert not target.exists()


def test_two_entries_of_one_name_are_refused(blobs: BlobStore, target: Path) -> None:
    with pytest.raises(Invalid, match="Two files"):
        download([stored(blobs, "a", b"x"), stored(blobs, "a", b"y")], target, blobs)
    with pytest.raises(Invalid, match="both a file and the folder"):
        download([stored(blobs, "a", b"x"), stored(blobs, "a/b", b"y")], target, blobs)


def test_links_in_the_folder_are_not_followed(blobs: BlobStore, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_bytes(b"untouched")
    target.mkdir()
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "victim")
    (target / ".partly.partial").symlink_to(outside / "victim")
    os.link(outside / "victim", target / ".hard.partial")
    os.mkfifo(target / ".pipe.partial")
    files = [stored(blobs, path, b"new") for path in ("folder/x", "file", "partly", "hard", "pipe", "fine")]
    for overwrite in (False, True):
        with pytest.raises(DownloadRefused) as caught:
            download(files, target, blobs, overwrite=overwrite)
        refused = {problem.path for problem in caught.value.report.problems}
        assert refused == {"folder/x", "partly", "hard", "pipe"} | (set() if overwrite else {"file"})
    assert there(outside) == {"victim": b"untouched"}
    assert not (target / "file").is_symlink()  # overwriting replaces the link, not what it points to
    assert (target / "file").read_bytes() == b"new"


def test_the_folder_itself_may_be_a_link(blobs: BlobStore, target: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target.symlink_to(tmp_path / "real")
    download([stored(blobs, "a/b", b"x")], target, blobs)
    assert there(tmp_path / "real") == {"a/b": b"x"}


def test_files_and_folders_in_the_way_are_said(blobs: BlobStore, target: Path) -> None:
    (target / "a").mkdir(parents=True)
    (target / "b").write_bytes(b"")
    files = [stored(blobs, "a", b"x"), stored(blobs, "b/c", b"x")]
    with pytest.raises(DownloadRefused, match="a folder of that name is there"):
        download(files, target, blobs, overwrite=True)
    assert there(target) == {"b": b""}


def test_names_that_leave_no_room_for_partial_are_written(blobs: BlobStore, target: Path) -> None:
    contents = {"x" * 255: b"1", "d/" + "모" * 85: b"2", ".a.partial": b"3", "a": b"4", ".b.partial/c": b"5", "b": b"6"}
    download([stored(blobs, path, data) for path, data in contents.items()], target, blobs)
    assert there(target) == contents


def test_a_name_that_the_disk_refuses_is_one_problem_of_many(blobs: BlobStore, target: Path) -> None:
    with pytest.raises(DownloadRefused, match="1 of 2 files"):
        download([stored(blobs, "x" * 256, b"x"), stored(blobs, "y", b"x")], target, blobs)
    assert there(target) == {"y": b"x"}


# -- references ----------------------------------------------------------------------------------------------


def test_references_are_reported_and_not_fetched(blobs: BlobStore, target: Path, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"local bytes")
    blob = hash_path(local)
    remote = File("remote", 7, "etag", uri="s3://bucket/key")
    here = File("here", blob.size, blob.md5_base64, uri=local.as_uri())
    files = [remote, here, stored(blobs, "a", b"x")]
    report = download(files, target, blobs)
    assert (report.references, report.written) == ((here, remote), ("a",))
    report = download(files, target, blobs, references=True)
    assert (report.references, report.written, report.kept) == ((remote,), ("here",), ("a",))
    assert there(target) == {"a": b"x", "here": b"local bytes"}


def test_a_reference_that_has_changed_is_damaged(blobs: BlobStore, target: Path, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"local bytes")
    blob = hash_path(local)
    files = [
        File(path, blob.size, blob.md5_base64, uri=uri)
        for path, uri in {
            "altered": local.as_uri(),
            "gone": (tmp_path / "gone").as_uri(),
            "folder": tmp_path.as_uri(),
            "elsewhere": "file://elsewhere/x",
        }.items()
    ]
    local.write_bytes(b"OTHER bytes")
    with pytest.raises(DownloadDamaged) as caught:
        download(files, target, blobs, references=True)
    reasons = {problem.path: problem.reason for problem in caught.value.report.problems}
    assert "has changed" in reasons["altered"]
    assert "not there" in reasons["gone"]
    assert "no file any more" in reasons["folder"]
    assert "file of this machine" in reasons["elsewhere"]
    assert there(target) == {}


# -- a folder that can't be written --------------------------------------------------------------------------

FULL = """
import sys
from curatory.store.blobs import BlobStore
from curatory.store.downloads import download
from curatory.store.errors import Unavailable
from curatory.store.records import File
file = File("model.bin", int(sys.argv[3]), "", sha256=sys.argv[4])
try:
    download([file], sys.argv[2], BlobStore(sys.argv[1]))
except Unavailable as error:
    print(error)
"""


def test_a_full_disk_keeps_what_is_half_there(blobs: BlobStore, target: Path) -> None:
    data = some_bytes(2 * CHUNK)
    file = stored(blobs, "model.bin", data)
    limit = CHUNK + 1000

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-c", FULL, str(blobs.root), str(target), str(file.size), str(file.sha256)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=limited).stdout
    assert "can't be written" in said
    assert "make room" in said
    assert there(target) == {".model.bin.partial": data[:limit]}
    assert download([file], target, blobs).bytes_written == len(data) - limit
    assert there(target) == {"model.bin": data}


def test_a_folder_that_cannot_be_made_says_so(blobs: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="can't be written"):
        download([stored(blobs, "a", b"x")], tmp_path / "file" / "below", blobs)


# -- verifying -----------------------------------------------------------------------------------------------


def test_every_file_of_a_version_is_verified(blobs: BlobStore) -> None:
    files = [stored(blobs, name, name.encode()) for name in ("fine", "flipped", "cut", "missing", "size")]
    files.append(File("twin", 7, "", sha256=files[1].sha256))
    files.append(File("ref", 7, "etag", uri="s3://bucket/key"))
    files.append(File("nothing", 7, "x"))
    files[4] = File("size", 99, "", sha256=files[4].sha256)
    paths = [blobs.path_of(file.sha256) for file in files[:4] if file.sha256]
    alter(paths[1], b"FLIPPED")
    alter(paths[2], b"c")
    paths[3].unlink()
    told: list[tuple[int, int, str]] = []
    checks = verify_files(files, blobs, lambda *what: told.append(what))
    assert [check.file for check in checks] == files
    assert [check.checked for check in checks] == [True] * 6 + [False, True]
    assert [check.problem is None for check in checks] == [True, False, False, False, False, False, True, False]
    assert checks[1].problem == checks[5].problem
    assert "99 bytes" in str(checks[4].problem)
    assert told
    assert verify_files([], blobs) == []


def test_an_error_in_the_progress_callback_ends_verifying(blobs: BlobStore) -> None:
    def interrupt(done: int, total: int, path: str) -> None:
        raise KeyError("stop")

    files = [stored(blobs, str(n), some_bytes(n)) for n in range(1, 100)]
    for _ in range(20):
        with pytest.raises(KeyError):
            verify_files(files, blobs, interrupt)
