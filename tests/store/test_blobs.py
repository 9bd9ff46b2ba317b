"""The blob store: whole files under their sha256 or nothing, whatever happens in between."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from curatory.store.blobs import BlobStore
from curatory.store.errors import Damaged, Invalid, Unavailable
from curatory.store.hashing import CHUNK, SMALL, Blob, Meter, hash_path, shown

SIZES = [0, 1, 4096, SMALL - 1, SMALL, SMALL + 1, CHUNK, CHUNK + 1, 6 * CHUNK + 17]


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", durable=False)


def expected(data: bytes) -> Blob:
    md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
    return Blob(hashlib.sha256(data).hexdigest(), md5, len(data))


def some_bytes(size: int) -> bytes:
    """Not the same in any two places, so that chunks that change places are noticed."""
    return hashlib.shake_128(b"curatory").digest(size)


def put_file(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def leftovers(store: BlobStore) -> list[str]:
    folder = store.root / "tmp"
    return sorted(os.listdir(folder)) if folder.is_dir() else []


# -- storing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_stored_under_its_sha256(store: BlobStore, tmp_path: Path, size: int) -> None:
    data = some_bytes(size)
    source = put_file(tmp_path / "model.bin", data)
    blob = store.put_path(source)
    assert blob == expected(data)
    assert not blob.known
    assert store.path_of(blob.sha256) == store.root / blob.sha256[:2] / blob.sha256
    assert store.path_of(blob.sha256).read_bytes() == data
    assert source.read_bytes() == data
    assert stat.S_IMODE(store.path_of(blob.sha256).stat().st_mode) == 0o444
    assert leftovers(store) == []
    assert hash_path(source) == blob


@pytest.mark.parametrize("size", SIZES)
def test_a_stream_is_stored_whatever_its_pieces(store: BlobStore, size: int) -> None:
    data = some_bytes(size)
    pieces = [data[i : i + 100_003] for i in range(0, size, 100_003)]
    assert store.put_stream(iter(pieces)) == expected(data)
    assert store.put_stream([b"", *pieces, b""]).known
    assert store.put_stream(io.BytesIO(data)).known
    assert store.put_bytes(bytearray(data)).known
    assert store.open(expected(data).sha256).read() == data


def test_text_is_no_blob(store: BlobStore) -> None:
    with pytest.raises(Invalid, match="not of str"):
        store.put_stream(["text"])  # pyright: ignore[reportArgumentType]
    assert leftovers(store) == []


def test_a_durable_store_stores_the_same(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "deep" / "blobs")
    big, small = some_bytes(5 * CHUNK), b"small"
    assert store.put_path(put_file(tmp_path / "big", big)) == expected(big)
    assert store.put_bytes(small) == expected(small)
    paths = [put_file(tmp_path / "many" / str(n), str(n).encode()) for n in range(50)]
    assert store.put_paths(paths) == [expected(str(n).encode()) for n in range(50)]
    assert len(list(store.stored())) == 52


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a descriptor is can't be seen here")
def test_everything_is_synced_before_it_counts_as_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(fd: int) -> None:
        done.append(f"fsync {os.path.basename(os.readlink(f'/proc/self/fd/{fd}'))}")
        fsync(fd)

    def noted_rename(old: str, new: str) -> None:
        done.append(f"rename {os.path.basename(new)}" if os.path.exists(os.path.dirname(new)) else "no folder")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    store = BlobStore(tmp_path / "blobs")
    blob = store.put_bytes(b"x")
    folder = blob.sha256[:2]
    draft, *rest = done
    assert draft.startswith(f"fsync {os.getpid()}-")
    assert rest == ["no folder", f"rename {blob.sha256}", f"fsync {folder}", "fsync blobs", f"fsync {tmp_path.name}"]
    # Whoever finds a blob can't know whether the one who stored it has come to the fsync yet.
    done.clear()
    assert BlobStore(tmp_path / "blobs").put_bytes(b"x").known
    assert done == [f"fsync {folder}", "fsync blobs", f"fsync {tmp_path.name}"]
    done.clear()
    BlobStore(tmp_path / "blobs", durable=False).put_bytes(b"y")
    assert not [what for what in done if what.startswith("fsync")]


def test_what_is_there_is_found_and_kept_young(store: BlobStore, tmp_path: Path) -> None:
    source = put_file(tmp_path / "a", b"same")
    path = store.path_of(store.put_path(source).sha256)
    os.utime(path, (1000, 1000))
    inode = path.stat().st_ino
    assert store.put_path(source).known
    assert path.stat().st_ino == inode
    assert path.stat().st_mtime > time.time() - 60
    assert leftovers(store) == []


def test_a_truncated_blob_is_replaced_by_the_next_put(store: BlobStore) -> None:
    blob = store.put_bytes(b"whole")
    cut(store.path_of(blob.sha256), 2)
    assert not store.has(blob.sha256, blob.size)
    assert not store.put_bytes(b"whole").known
    assert store.verify(blob.sha256, size=blob.size) is None


def test_many_files_keep_their_order(store: BlobStore, tmp_path: Path) -> None:
    contents = [some_bytes(n % 7) + str(n % 150).encode() for n in range(300)] + [some_bytes(3 * CHUNK)] * 2
    paths = [put_file(tmp_path / "in" / str(n), data) for n, data in enumerate(contents)]
    told: list[tuple[int, int, str]] = []
    blobs = store.put_paths(paths, progress=lambda *what: told.append(what))
    assert blobs == [expected(data) for data in contents]
    total = sum(map(len, contents))
    assert told[-1] == (total, total, "")
    assert all(0 <= done <= total == of for done, of, _ in told)
    assert {sha256 for sha256, _, _ in store.stored()} == {blob.sha256 for blob in blobs}
    assert leftovers(store) == []
    assert all(blob.known for blob in store.put_paths(paths))
    assert store.put_paths([]) == []


def test_one_bad_file_of_many_stops_the_others(store: BlobStore, tmp_path: Path) -> None:
    paths = [put_file(tmp_path / "in" / str(n), str(n).encode()) for n in range(100)]
    with pytest.raises(Unavailable, match="not there"):
        store.put_paths([*paths, tmp_path / "missing"])
    with pytest.raises(Invalid, match="folder"):
        store.put_paths([*paths, tmp_path])
    assert list(store.stored()) == []

    def fail(done: int, total: int, path: str) -> None:
        raise KeyError("stop")

    for _ in range(20):  # whichever of the threads is the first to notice
        with pytest.raises(KeyError):
            store.put_paths(paths, progress=fail)
    assert leftovers(store) == []


def test_eight_threads_store_the_same_bytes(tmp_path: Path) -> None:
    data = some_bytes(2 * CHUNK + 1)
    source = put_file(tmp_path / "a", data)
    with ThreadPoolExecutor(8) as pool:
        stores = [BlobStore(tmp_path / "blobs") for _ in range(4)]
        blobs = list(pool.map(lambda n: stores[n % 4].put_path(source), range(24)))
    assert blobs == [expected(data)] * 24
    assert [(sha256, size) for sha256, size, _ in stores[0].stored()] == [(blobs[0].sha256, len(data))]
    assert stores[0].verify(blobs[0].sha256, size=len(data)) is None
    assert leftovers(stores[0]) == []


def test_progress_counts_up_to_the_size(store: BlobStore, tmp_path: Path) -> None:
    source = put_file(tmp_path / "a", some_bytes(3 * CHUNK))
    told: list[int] = []
    store.put_path(source, progress=lambda done, total, path: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 3 * CHUNK


def test_a_meter_is_not_asked_more_than_twenty_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    told: list[int] = []
    meter = Meter(10_000, lambda done, total, path: told.append(done))
    for _ in range(10_000):  # ten seconds
        now[0] += 0.001
        meter.add(1, "a")
    assert 150 <= len(told) <= 201
    meter.finish()
    assert told[-1] == 10_000


# -- sources that can't be stored ----------------------------------------------------------------------------


def test_what_is_no_file_is_refused(store: BlobStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in [(tmp_path, "folder"), (tmp_path / "pipe", "pipe"), (Path("/dev/null"), "device")]:
        with pytest.raises(Invalid, match=reason):
            store.put_path(path)
        with pytest.raises(Invalid, match=reason):
            hash_path(path)
    with pytest.raises(Unavailable, match="not there"):
        store.put_path(tmp_path / "missing")
    assert leftovers(store) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_so(store: BlobStore, tmp_path: Path) -> None:
    put_file(tmp_path / "secret", b"x").chmod(0)
    with pytest.raises(Unavailable, match="permission"):
        store.put_path(tmp_path / "secret")


@pytest.mark.parametrize("change", ["append", "truncate", "rewrite"])
def test_a_file_that_changes_while_it_is_read_is_not_stored(store: BlobStore, tmp_path: Path, change: str) -> None:
    source = put_file(tmp_path / "a", some_bytes(3 * CHUNK))
    changed = False

    def meddle(done: int, total: int, path: str) -> None:
        nonlocal changed
        if not changed:
            changed = True
            if change == "append":
                with open(source, "ab") as file:
                    file.write(b"more")
            elif change == "truncate":
                os.truncate(source, CHUNK + 5)
            else:
                time.sleep(0.02)  # the clock of a file system may tick only every 10 ms
                with open(source, "r+b") as file:
                    file.write(b"other")

    with pytest.raises(Unavailable, match="changed while it was being read"):
        store.put_path(source, progress=meddle)
    assert list(store.stored()) == []
    assert leftovers(store) == []


def test_a_file_that_says_it_is_empty_and_is_not_is_no_empty_blob(store: BlobStore) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    with pytest.raises(Unavailable, match="changed"):
        store.put_path("/proc/self/status")


def test_a_file_that_vanishes_meanwhile_is_read_to_its_end(store: BlobStore, tmp_path: Path) -> None:
    data = some_bytes(2 * CHUNK)
    source = put_file(tmp_path / "a", data)
    assert store.put_path(source, progress=lambda *_: source.unlink(missing_ok=True)) == expected(data)


def test_names_in_messages_are_printable(store: BlobStore, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m\n")
    with pytest.raises(Unavailable) as caught:
        store.put_path(name)
    assert "caf\\xe9\\x1b[31m\\n" in str(caught.value)
    assert str(caught.value).isprintable()
    assert shown("모델.bin") == "모델.bin"


# -- a store that can't be written ---------------------------------------------------------------------------


def limited(limit: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def run(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]


PUT = """
import sys
from curatory.store.blobs import BlobStore
from curatory.store.errors import Unavailable
store = BlobStore(sys.argv[1])
for put in (store.put_path, lambda path: store.put_paths([path]), lambda path: store.put_stream(open(path, "rb"))):
    try:
        put(sys.argv[2])
    except Unavailable as error:
        print(error)
"""


@pytest.mark.parametrize("size", [200_000, 2 * CHUNK])
def test_a_file_size_limit_leaves_nothing_behind(tmp_path: Path, size: int) -> None:
    source = put_file(tmp_path / "a", some_bytes(size))
    process = run(PUT, tmp_path / "blobs", source, preexec_fn=lambda: limited(100_000))
    said = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    assert len(said) == 3
    assert all("no room in the blob store" in line and "free some space" in line for line in said)
    store = BlobStore(tmp_path / "blobs")
    assert list(store.stored()) == []
    assert leftovers(store) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_nothing_behind(tiny_disk: Path, tmp_path: Path) -> None:
    store = BlobStore(tiny_disk / "blobs")
    kept = store.put_bytes(b"kept")
    big = put_file(tmp_path / "a", some_bytes(2 * CHUNK))
    many = [put_file(tmp_path / "many" / str(n), some_bytes(900_000) + bytes([n])) for n in range(10)]
    with pytest.raises(Unavailable, match=r"8,388,608 bytes are needed and .* are free"):
        store.put_path(big)
    with pytest.raises(Unavailable, match="no room"):
        store.put_stream(iter([big.read_bytes()]))
    with pytest.raises(Unavailable, match="no room"):
        store.put_paths(many)
    assert leftovers(store) == []
    assert store.verify(kept.sha256, size=4) is None
    assert all(store.verify(sha256, size=size) is None for sha256, size, _ in store.stored())


def test_a_store_that_is_no_folder_says_so(tmp_path: Path) -> None:
    put_file(tmp_path / "blobs", b"")
    store = BlobStore(tmp_path / "blobs")
    with pytest.raises(Unavailable, match=r"blob store .* can't be written"):
        store.put_bytes(b"x")
    assert not store.has("0" * 64)


KILLED = """
import sys, time
from curatory.store.blobs import BlobStore
def wait(done, total, path):
    print("half", flush=True)
    time.sleep(600)
BlobStore(sys.argv[1]).put_path(sys.argv[2], progress=wait)
"""


def test_a_killed_put_leaves_only_a_temporary_file(tmp_path: Path) -> None:
    data = some_bytes(3 * CHUNK)
    source = put_file(tmp_path / "a", data)
    process = run(KILLED, tmp_path / "blobs", source)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    store = BlobStore(tmp_path / "blobs")
    assert len(leftovers(store)) == 1
    # It lives: however old its file is, nobody may take it away.
    assert store.clean_tmp(0) == (0, 0)
    process.kill()
    process.communicate(timeout=60)
    assert list(store.stored()) == []
    assert [path.name for path in store.root.iterdir()] == ["tmp"]
    assert store.clean_tmp(3600) == (0, 0)
    assert store.clean_tmp(0) == (1, CHUNK)
    assert leftovers(store) == []
    assert store.put_path(source) == expected(data)


# -- reading -------------------------------------------------------------------------------------------------


def cut(path: Path, size: int) -> None:
    path.chmod(0o644)
    os.truncate(path, size)
    path.chmod(0o444)


def flip(path: Path, at: int) -> None:
    """One bit, and the modification time as it was: as a disk does it."""
    before = path.stat()
    path.chmod(0o644)
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("size", [1, SMALL + 1, 2 * CHUNK])
def test_one_flipped_bit_is_found(store: BlobStore, size: int) -> None:
    blob = store.put_bytes(some_bytes(size))
    assert store.verify(blob.sha256, size=size) is None
    flip(store.path_of(blob.sha256), size - 1)
    problem = store.verify(blob.sha256, size=size)
    assert problem is not None
    assert "altered" in problem


def test_cut_and_missing_blobs_are_found(store: BlobStore) -> None:
    blob = store.put_bytes(b"some bytes")
    path = store.path_of(blob.sha256)
    cut(path, 4)
    assert "4 bytes, not 10" in str(store.verify(blob.sha256, size=10))
    assert "altered" in str(store.verify(blob.sha256))
    path.unlink()
    assert "missing" in str(store.verify(blob.sha256))
    assert not store.has(blob.sha256)
    for read in (store.open, store.size_of):
        with pytest.raises(Damaged, match="missing"):
            read(blob.sha256)


def test_only_a_sha256_is_an_address(store: BlobStore) -> None:
    for address in ("", "ab", "../../../etc/passwd", "A" * 64, "g" * 64, "a" * 65, "a" * 64 + "\n"):
        with pytest.raises(Invalid):
            store.path_of(address)


def test_stored_lists_blobs_and_nothing_else(store: BlobStore) -> None:
    assert list(store.stored()) == []
    blobs = [store.put_bytes(bytes([n])) for n in range(20)]
    put_file(store.root / "ab" / "notes.txt", b"x")
    put_file(store.root / "tmp" / ("c" * 64), b"x")
    put_file(store.root / "ab" / ("c" * 64), b"in the wrong folder")
    found = {sha256: size for sha256, size, mtime in store.stored() if mtime > 0}
    assert found == {blob.sha256: 1 for blob in blobs}


# -- throwing away -------------------------------------------------------------------------------------------


def test_trash_can_be_taken_back_until_it_is_emptied(store: BlobStore) -> None:
    blob = store.put_bytes(b"x")
    os.utime(store.path_of(blob.sha256), (1000, 1000))
    assert store.trash(blob.sha256)
    assert not store.has(blob.sha256)
    assert not store.trash(blob.sha256)
    assert store.empty_trash(3600) == (0, 0)  # the hour starts when it is thrown away, not when it was stored
    assert store.restore(blob.sha256)
    assert store.has(blob.sha256, 1)
    assert not store.restore(blob.sha256)
    assert store.trash(blob.sha256)
    assert store.empty_trash(0) == (1, 1)
    assert not store.restore(blob.sha256)


def test_a_young_blob_is_not_trashed(store: BlobStore) -> None:
    blob = store.put_bytes(b"x")
    assert not store.trash(blob.sha256, idle=3600)
    os.utime(store.path_of(blob.sha256), (1000, 1000))
    store.put_bytes(b"x")  # found to be there: its row is on its way
    assert not store.trash(blob.sha256, idle=3600)
    os.utime(store.path_of(blob.sha256), (1000, 1000))
    assert store.trash(blob.sha256, idle=3600)


def test_a_blob_found_again_just_before_it_is_moved_comes_back(
    store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = store.put_bytes(b"x")
    os.utime(store.path_of(blob.sha256), (1000, 1000))
    rename = os.rename

    def late(old: Path, new: Path) -> None:
        monkeypatch.undo()
        assert store.put_bytes(b"x").known
        rename(old, new)

    monkeypatch.setattr(os, "rename", late)
    assert not store.trash(blob.sha256, idle=3600)
    assert store.has(blob.sha256, 1)


def test_a_blob_stored_again_is_not_doubled_by_restore(store: BlobStore) -> None:
    blob = store.put_bytes(b"x")
    store.trash(blob.sha256)
    assert not store.put_bytes(b"x").known
    assert store.restore(blob.sha256)
    assert store.empty_trash(0) == (0, 0)
    assert store.verify(blob.sha256, size=1) is None
