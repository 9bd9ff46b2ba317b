"""Bytes, addressed by their sha256, as plain files in one folder. No database is involved.

    root/ab/abcdef…    a blob, mode 0444; the folder is the first two of the 64 hex digits
    root/tmp/          what is being written now, or was when somebody died
    root/parts/        parts of big files that arrive over a network, a folder a file
    root/trash/        blobs that nothing refers to any more, until the trash is emptied

A blob appears under its name only when it is whole: written to `tmp`, fsynced, renamed, folder fsynced.
Callers store blobs first and rows that refer to them after, so that a crash leaves at most a blob nobody
refers to. The modification time of a blob is when it was last stored, or found to be there already; whoever
sweeps the store must leave young blobs alone, since their rows may not be written yet.

Sizes are bytes, times are seconds since the epoch, ages are seconds. sha256 is 64 lowercase hex digits; md5
is base64, as W&B's manifests have it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from .errors import CuratoryError, Damaged, Invalid, Unavailable
from .hashing import (
    SMALL,
    Blob,
    Meter,
    Progress,
    StrPath,
    blob_of,
    open_source,
    pump,
    settle,
    shown,
    source_size,
    take_source,
    unreadable,
    write_all,
)

SMALL_THREADS = 8  # small files wait for fsync, not for a processor; waiting together they share journal commits
GROUP = 16  # small files that one thread stores in a row: handing over each one costs as much as storing it
WRITEBACK = 16 << 20  # bytes after which the disk is set to work, so that the fsync at the end finds little left
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BlobStore:
    """A folder of blobs. Any number of threads and processes may use one at the same time.

    Args:
        durable: what is stored survives a power failure once a verb returns. False skips every fsync: for
            demo data and tests.
    """

    def __init__(self, root: StrPath, *, durable: bool = True) -> None:
        self.root = Path(root)
        self.durable = durable
        self._tmp = self.root / "tmp"
        self._trash = self.root / "trash"
        self._synced: set[str] = set()  # fan-out folders whose own entry in `root` is on disk

    # -- storing ---------------------------------------------------------------------------------------------

    def put_path(self, path: StrPath, *, progress: Progress | None = None) -> Blob:
        """Store a file's bytes; the file is read once and left alone.

        Raises:
            Invalid: it is not a regular file.
            Unavailable: it can't be read, it changed while it was read, or the store can't be written (full,
                no permission). Nothing is left behind.
        """
        meter = Meter(source_size(path), progress)
        folders: set[str] = set()
        blob = self._put(path, meter, folders)
        self._sync(folders)
        meter.finish()
        return blob

    def put_paths(self, paths: Sequence[StrPath], *, progress: Progress | None = None) -> list[Blob]:
        """Store many files in threads, with one fsync a folder at the end; blobs in the order of `paths`.

        Raises:
            Invalid, Unavailable: as `put_path`, for the first file that fails; the others are stopped. Blobs
                that were whole by then stay, as nobody's.
        """
        sizes = [source_size(path) for path in paths]
        small = [n for n, size in enumerate(sizes) if size < SMALL]
        big = [n for n, size in enumerate(sizes) if size >= SMALL]
        meter = Meter(sum(sizes), progress)
        folders: set[str] = set()
        blobs: dict[int, Blob] = {}

        def put(group: Sequence[int]) -> None:
            for n in group:
                blobs[n] = self._put(paths[n], meter, folders)

        # A big file keeps two processors busy by itself.
        with (
            ThreadPoolExecutor(SMALL_THREADS, "put") as waiters,
            ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), "put-big") as workers,
        ):
            futures = [workers.submit(put, [n]) for n in big]
            futures += [waiters.submit(put, small[i : i + GROUP]) for i in range(0, len(small), GROUP)]
            settle(futures, meter)
            if self.durable:
                list(waiters.map(self._sync_folder, sorted(folders)))
        self._sync(folders, contents=False)
        meter.finish()
        return [blobs[n] for n in range(len(paths))]

    def put_bytes(self, data: bytes | bytearray | memoryview) -> Blob:
        """Store bytes from memory. Raises: Unavailable: the store can't be written."""
        view = memoryview(data).cast("B")
        return self._put_stream([view], len(view))

    def put_stream(self, source: BinaryIO | Iterable[bytes | bytearray | memoryview]) -> Blob:
        """Store what a binary file object or an iterable of bytes yields, to its end.

        Raises:
            Unavailable: the store can't be written. What the source itself raises comes through unchanged;
                nothing is left behind either way.
        """
        return self._put_stream(source, None)

    def _put_stream(self, source: BinaryIO | Iterable[bytes | bytearray | memoryview], size: int | None) -> Blob:
        """`size`: where it is known, no more memory is taken than that."""
        read = _reader(source)
        folders: set[str] = set()
        with self._draft() as draft:
            sha, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
            size = pump(read, draft.write, size=size, inline=sha, aside=md5)
            blob = self._place(draft, blob_of(sha.hexdigest(), md5.digest(), size), folders)
        self._sync(folders)
        return blob

    # -- reading ---------------------------------------------------------------------------------------------

    def path_of(self, sha256: str) -> Path:
        """Where a blob is, or would be. Raises: Invalid: that is no sha256."""
        if not _SHA256.fullmatch(sha256):
            raise Invalid(f"{shown(sha256)[:80]!r} is no blob's address: that is 64 lowercase hex digits.")
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str, size: int | None = None) -> bool:
        """Is it there, and of that size if one is given? Its bytes are not looked at: `verify` does that."""
        found = _stat(self.path_of(sha256))
        return found is not None and size in (None, found.st_size)

    def size_of(self, sha256: str) -> int:
        """Raises: Damaged: the blob is missing."""
        found = _stat(self.path_of(sha256))
        if found is None:
            raise Damaged(_missing(sha256))
        return found.st_size

    def open(self, sha256: str) -> io.FileIO:
        """The bytes, unbuffered, from the start. Raises: Damaged: missing. Unavailable: it can't be read."""
        path = self.path_of(sha256)
        try:
            return open(path, "rb", buffering=0)
        except FileNotFoundError:
            raise Damaged(_missing(sha256)) from None
        except OSError as error:
            raise unreadable(path, error) from error

    def verify(
        self,
        sha256: str,
        progress: Progress | None = None,
        *,
        size: int | None = None,
        meter: Meter | None = None,
    ) -> str | None:
        """Read a blob and say what is wrong with it; None when it is what it was.

        Args:
            size: what its manifests say; a difference is told without reading.
            meter: counts instead of `progress`, where this is one of many.
        """
        found = _stat(self.path_of(sha256))
        if found is None:
            return _missing(sha256)
        if size is not None and found.st_size != size:
            return f"blob {sha256[:12]}… has {found.st_size:,} bytes, not {size:,}: it was cut or altered"
        counter = meter or Meter(found.st_size, progress)
        sha = hashlib.sha256()
        try:
            with self.open(sha256) as file:
                pump(file.readinto, None, size=None, inline=None, aside=sha, tick=counter.ticker(sha256))
        except (OSError, CuratoryError) as error:
            return f"blob {sha256[:12]}… can't be read: {error}"
        if meter is None:
            counter.finish()
        if sha.hexdigest() != sha256:
            return f"blob {sha256[:12]}… was altered: its bytes now have the sha256 {sha.hexdigest()[:12]}…"
        return None

    def stored(self) -> Iterator[tuple[str, int, float]]:
        """(sha256, size, modification time) of every blob, by folders, in no order within one."""
        for folder in sorted(_entries(self.root), key=lambda entry: entry.name):
            if re.fullmatch("[0-9a-f]{2}", folder.name) and folder.is_dir():
                for entry in _entries(folder.path):
                    if _SHA256.fullmatch(entry.name) and entry.name.startswith(folder.name):
                        with contextlib.suppress(FileNotFoundError):  # trashed meanwhile
                            found = entry.stat(follow_symlinks=False)
                            yield entry.name, found.st_size, found.st_mtime

    # -- throwing away ---------------------------------------------------------------------------------------

    def trash(self, sha256: str, *, idle: float = 0) -> bool:
        """Move a blob into the trash; False when it is not there, or was stored again within `idle` seconds.

        The caller has made sure that nothing refers to it, in a transaction that keeps it so. No fsync: a
        move that a power failure forgets is a blob nobody refers to, as before.
        """
        path, aside = self.path_of(sha256), self._trash / sha256
        if not _idle(path, idle):
            return False
        with self._writing():
            self._trash.mkdir(exist_ok=True)
            try:
                os.rename(path, aside)
            except FileNotFoundError:
                return False
            # Somebody may have stored the same bytes between the look and the rename: they then touched this
            # very file, rely on it, and it goes back. Whoever comes after the rename stores their own copy.
            if not _idle(aside, idle):
                self.restore(sha256)
                return False
            os.utime(aside)  # its time in the trash starts now
        return True

    def restore(self, sha256: str) -> bool:
        """Take a blob out of the trash again; False when it is not in there."""
        path, aside = self.path_of(sha256), self._trash / sha256
        with self._writing():
            found = _stat(aside)
            if found is None:
                return False
            if self.has(sha256, found.st_size):
                aside.unlink(missing_ok=True)
                return True
            path.parent.mkdir(exist_ok=True)
            os.utime(aside)
            os.rename(aside, path)
        self._sync({sha256[:2]})
        return True

    def empty_trash(self, older_than: float) -> tuple[int, int]:
        """Delete what has been in the trash for over `older_than` seconds: (files, bytes) that are gone."""
        return self._sweep(self._trash, older_than)

    def clean_tmp(self, older_than: float) -> tuple[int, int]:
        """Delete what dead writers left in `tmp` over `older_than` seconds ago: (files, bytes) that are gone.

        A living writer holds a lock on its file, and is left alone however long it takes.
        """
        return self._sweep(self._tmp, older_than)

    # -- inside ----------------------------------------------------------------------------------------------

    def _put(self, path: StrPath, meter: Meter, folders: set[str]) -> Blob:
        with open_source(path) as (file, size), self._draft(size) as draft:
            return self._place(draft, take_source(file, size, draft.write, meter, shown(path)), folders)

    @contextlib.contextmanager
    def _draft(self, size: int = 0) -> Iterator[_Draft]:
        """A new file in `tmp`, open for writing and locked; gone afterwards unless it was renamed."""
        with self._writing():
            name = os.path.join(self._tmp, f"{os.getpid()}-{secrets.token_hex(8)}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            try:
                fd = os.open(name, flags, 0o600)
            except FileNotFoundError:
                self._create()
                fd = os.open(name, flags, 0o600)
        try:
            with self._writing():
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if size >= SMALL:
                    disk = os.fstatvfs(fd)
                    if size > (free := disk.f_bavail * disk.f_frsize):
                        raise OSError(errno.ENOSPC, f"{size:,} bytes are needed and {free:,} are free")
            yield _Draft(self, fd, name)
        finally:
            os.close(fd)
            with contextlib.suppress(OSError):
                os.unlink(name)

    def _create(self) -> None:
        new = [folder for folder in self.root.parents if not folder.exists()]
        self._tmp.mkdir(parents=True, exist_ok=True)
        if self.durable:
            for folder in new:
                _fsync_folder(folder.parent)

    def _place(self, draft: _Draft, blob: Blob, folders: set[str]) -> Blob:
        """Give a draft its name; `folders` collects what must be fsynced before the blob counts as stored."""
        folder = blob.sha256[:2]
        target = os.path.join(self.root, folder, blob.sha256)
        # Also for a blob that is there: the one who renamed it may not have come to the fsync yet.
        folders.add(folder)
        with self._writing():
            found = _stat(target)
            # One of another size was cut: the new one takes its place.
            if found is not None and found.st_size == blob.size:
                # One that was swept meanwhile, or is somebody else's and can't be touched, is stored again.
                with contextlib.suppress(FileNotFoundError, PermissionError):
                    os.utime(target)
                    return replace(blob, known=True)
            os.fchmod(draft.fd, 0o444)
            if self.durable:
                os.fsync(draft.fd)
            try:
                os.rename(draft.name, target)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.rename(draft.name, target)
        return blob

    def _sync(self, folders: set[str], *, contents: bool = True) -> None:
        """Put names on disk: those in fan-out folders, and those of folders that are new."""
        if not self.durable:
            return
        with self._writing():
            if contents:
                for folder in folders:
                    _fsync_folder(self.root / folder)
            if not folders <= self._synced:
                _fsync_folder(self.root)
                if not self._synced:
                    _fsync_folder(self.root.parent)
                self._synced |= folders

    def _sync_folder(self, folder: str) -> None:
        with self._writing():
            _fsync_folder(self.root / folder)

    def _sweep(self, folder: Path, older_than: float) -> tuple[int, int]:
        files = freed = 0
        limit = time.time() - older_than
        for entry in _entries(folder):
            # What somebody else removed first, or only they may remove, is not ours to complain about.
            with self._writing(), contextlib.suppress(FileNotFoundError, PermissionError):
                found = entry.stat(follow_symlinks=False)
                if found.st_mtime <= limit and stat.S_ISREG(found.st_mode) and not _locked(entry.path):
                    os.unlink(entry.path)
                    files += 1
                    freed += found.st_size
        return files, freed

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns what the operating system refuses in here into an error that says what to do."""
        try:
            yield
        except OSError as error:
            raise self.unwritable(error) from error

    def unwritable(self, error: OSError) -> Unavailable:
        where = shown(self.root)
        if error.errno in _FULL:
            return Unavailable(
                f"There is no room in the blob store {where} ({error.strerror}). Nothing of this file was "
                f"kept: free some space, or raise the quota or file size limit, and do it again."
            )
        return Unavailable(
            f"The blob store {where} can't be written ({error.strerror}). Nothing of this file was kept: "
            f"check that its disk is there and that you may write to it, and do it again."
        )


class _Draft:
    """A file in `tmp` that is being written, and its name there."""

    def __init__(self, store: BlobStore, fd: int, name: str) -> None:
        self.fd = fd
        self.name = name
        self._store = store
        self._written = self._started = 0

    def write(self, data: memoryview) -> None:
        try:
            write_all(self.fd, data)
        except OSError as error:
            raise self._store.unwritable(error) from error
        self._written += len(data)
        if self._written - self._started >= WRITEBACK and self._store.durable and hasattr(os, "posix_fadvise"):
            # Linux answers "won't need it" by starting to write what is dirty, without waiting.
            os.posix_fadvise(self.fd, self._started, self._written - self._started, os.POSIX_FADV_DONTNEED)
            self._started = self._written


def _reader(source: BinaryIO | Iterable[bytes | bytearray | memoryview]) -> Callable[[memoryview], int]:
    """Whole buffers from a source that may give little at a time."""
    taken = getattr(source, "read", None)
    chunks = iter(lambda: taken(SMALL), b"") if taken else iter(source)
    rest = memoryview(b"")

    def read(buffer: memoryview) -> int:
        nonlocal rest
        filled = 0
        while filled < len(buffer):
            while not rest:
                chunk = next(chunks, None)
                if chunk is None:
                    return filled
                if not isinstance(chunk, bytes | bytearray | memoryview):
                    kind = type(chunk).__name__
                    raise Invalid(f"A blob is made of bytes, not of {kind}: open files in binary mode.")
                rest = memoryview(chunk).cast("B")
            part = rest[: len(buffer) - filled]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            rest = rest[len(part) :]
        return filled

    return read


# -- small things --------------------------------------------------------------------------------------------


def _missing(sha256: str) -> str:
    return f"blob {sha256[:12]}… is missing from the store"


def _stat(path: StrPath) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def _idle(path: Path, seconds: float) -> bool:
    found = _stat(path)
    return found is not None and time.time() - found.st_mtime >= seconds


def _entries(folder: StrPath) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(folder, error) from error


def _locked(path: str) -> bool:
    """Does a living writer hold this temporary file?"""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _fsync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
