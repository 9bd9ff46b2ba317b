"""Reading bytes once, hashed on the way with both hashes that count: sha256, our address, and md5, W&B's digest.

Sizes are bytes. sha256 is 64 lowercase hex digits; md5 is base64, as W&B's manifests have it.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import io
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from .errors import Invalid, Unavailable

CHUNK = 4 << 20  # bytes read, hashed and written at once
DEPTH = 4  # chunks that may wait for the second hash
SMALL = 1 << 20  # below this a second thread costs more than it saves


StrPath = str | os.PathLike[str]
Progress = Callable[[int, int, str], None]
"""`progress(done, total, path)` in bytes over everything asked for; `path` is what was worked on last."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What some bytes are.

    Attributes:
        known: the store held them already, so storing them cost no space.
    """

    sha256: str
    md5_base64: str
    size: int
    known: bool = field(default=False, compare=False)


class Hash(Protocol):
    def update(self, data: memoryview, /) -> None: ...


class Stopped(Exception):
    """Ends a worker whose result nobody waits for any more. It never leaves the store."""


class Meter:
    """Adds up bytes from many threads; calls back at most 20 times a second, never twice at once.

    An exception from the callback ends the worker it was called from, and by that the whole operation.
    """

    def __init__(
        self, total: int, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self.total = total
        self.done = 0
        self._progress = progress
        self._cancelled = cancelled
        self._stopped = False
        self._next = 0.0
        self._lock = threading.Lock()

    def add(self, size: int, path: str) -> None:
        """Count `size` bytes more (less, when work is thrown away).

        Raises:
            Stopped: somebody cancelled, or another worker failed.
        """
        if self._stopped or (self._cancelled and self._cancelled()):
            self._stopped = True
            raise Stopped
        with self._lock:
            self.done += size
            if self._progress and (now := time.monotonic()) >= self._next:
                self._next = now + 0.05
                try:
                    self._progress(min(self.done, self.total), self.total, path)
                except BaseException:
                    self._stopped = True
                    raise

    def ticker(self, path: str) -> Callable[[int], None]:
        """`add` for one file."""
        return lambda size: self.add(size, path)

    def stop(self) -> None:
        self._stopped = True

    @property
    def stopped(self) -> bool:
        return self._stopped

    def finish(self) -> None:
        """The last word: a callback hears of the end whatever the clock says."""
        if self._progress:
            self._progress(min(self.done, self.total), self.total, "")


def settle(futures: Sequence[Future[Any]], meter: Meter) -> None:
    """Wait until all are done. The first that fails stops the others, and its exception is raised."""
    try:
        settled, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        if waiting or any(future.exception() for future in settled):
            raise Stopped
    except BaseException as reason:  # also Ctrl+C
        meter.stop()
        for future in futures:
            future.cancel()
        if not isinstance(reason, Stopped):
            raise
        # Those that were stopped may be done before the one that stopped them.
        wait(futures)
        errors = (future.exception() for future in futures if not future.cancelled())
        raise next(error for error in errors if error is not None and not isinstance(error, Stopped)) from None


def shown(path: StrPath) -> str:
    """A file name as it may stand in a message: what can't be printed, or isn't UTF-8, becomes an escape."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def pump(
    read: Callable[[memoryview], int],
    write: Callable[[memoryview], object] | None,
    *,
    size: int | None,
    inline: Hash | None,
    aside: Hash,
    tick: Callable[[int], None] | None = None,
) -> int:
    """Read to the end, hash and write every byte once; returns how many there were.

    md5 is the slowest step by far (half the speed of sha256 where the processor helps with that), so it runs
    `aside` in a second thread; reading, the `inline` hash and writing together take about as long. hashlib
    lets go of the interpreter lock, and a ring of DEPTH buffers keeps both threads fed.

    Args:
        read: fills a buffer from its start, returns how many bytes it put there, 0 at the end.
        write: takes all of a buffer.
        size: stop after so many bytes; None: at the end.
    """
    length = CHUNK if size is None else min(CHUNK, size)
    buffers: list[memoryview] = []
    hashing: list[Future[None] | None] = []
    second: ThreadPoolExecutor | None = None
    done = 0
    try:
        for turn in count():
            if done == size:
                break
            slot = turn % DEPTH
            if slot == len(buffers):
                buffers.append(memoryview(bytearray(length)))
                hashing.append(None)
            elif (earlier := hashing[slot]) is not None:
                earlier.result()
            got = read(buffers[slot])
            if not got:
                break
            part = buffers[slot][:got]
            if second is None and got < SMALL:
                aside.update(part)
            else:
                second = second or ThreadPoolExecutor(1, "hash")
                hashing[slot] = second.submit(aside.update, part)
            if inline is not None:
                inline.update(part)
            if write is not None:
                write(part)
            done += got
            if tick is not None:
                tick(got)
    finally:
        if second is not None:
            second.shutdown(wait=True)
    for last in hashing:
        if last is not None:
            last.result()
    return done


def hash_path(path: StrPath, progress: Progress | None = None) -> Blob:
    """What the bytes of a file are, without storing them.

    Raises:
        Invalid: it is not a regular file.
        Unavailable: it can't be read, or changed while it was read.
    """
    meter = Meter(source_size(path), progress)
    with open_source(path) as (file, size):
        blob = take_source(file, size, None, meter, shown(path))
    meter.finish()
    return blob


def write_all(fd: int, data: memoryview) -> None:
    """`os.write`, which may take only a part, until everything is written."""
    while (taken := os.write(fd, data)) < len(data):
        data = data[taken:]


@contextlib.contextmanager
def open_source(path: StrPath) -> Iterator[tuple[io.FileIO, int]]:
    """A regular file, open for reading, and its size."""
    try:
        # Without O_NONBLOCK a pipe would hold us until somebody writes to it.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        found = os.fstat(fd)
        _regular(path, found)
    except BaseException:
        os.close(fd)
        raise
    with open(fd, "rb", buffering=0) as file:
        if found.st_size >= SMALL and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        yield file, found.st_size


def take_source(
    file: io.FileIO, size: int, write: Callable[[memoryview], object] | None, meter: Meter, path: str
) -> Blob:
    """Read a source to its end, hashed and written; an error when it was not the same all the time."""
    sha, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    before = os.fstat(file.fileno())

    def read(buffer: memoryview) -> int:
        try:
            return file.readinto(buffer)
        except OSError as error:
            raise unreadable(path, error) from error

    # A file that says it is empty is read all the same: those of /proc, and on some network disks, are not.
    done = pump(read, write, size=size or None, inline=sha, aside=md5, tick=meter.ticker(path))
    after = os.fstat(file.fileno())
    if (done, after.st_size, after.st_mtime_ns) != (size, size, before.st_mtime_ns):
        raise Unavailable(
            f"{path} changed while it was being read, so nothing of it was kept. Wait until whatever writes "
            f"it is done, or take a copy, and do it again."
        )
    return blob_of(sha.hexdigest(), md5.digest(), size)


def source_size(path: StrPath) -> int:
    try:
        found = os.stat(path)
    except OSError as error:
        raise unreadable(path, error) from error
    _regular(path, found)
    return found.st_size


def _regular(path: StrPath, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise Invalid(f"{shown(path)} is a folder, and a blob is made of one file: give the files in it.")
    if not stat.S_ISREG(found.st_mode):
        raise Invalid(f"{shown(path)} is a pipe, socket or device, not a file: save what it gives to a file first.")


def unreadable(path: StrPath, error: OSError) -> Unavailable:
    reason = {
        errno.ENOENT: "it is not there, or not there any more",
        errno.EACCES: "you have no permission to read it",
        errno.EPERM: "you have no permission to read it",
    }.get(error.errno or 0, error.strerror or str(error))
    return Unavailable(f"{shown(path)} can't be read: {reason}. Put that right and do it again.")


def blob_of(sha256: str, md5: bytes, size: int) -> Blob:
    return Blob(sha256, base64.b64encode(md5).decode(), size)
