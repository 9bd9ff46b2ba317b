"""Writing a version's files into a folder, and checking that their bytes are still what they were.

A file has its name in the folder only when it is whole and its sha256 is right. Until then it is
`.<name>.partial` beside it; a killed download leaves that, and the next one hashes what is there and goes on
behind it. Files that are already there with the right bytes are kept as they are.

Nothing is written outside the folder: each part of a path is opened by itself, and no symbolic link is followed.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .blobs import BlobStore
from .errors import Conflict, CuratoryError, Damaged, Unavailable
from .hashing import Meter, Progress, Stopped, StrPath, pump, settle, shown, unreadable, write_all
from .manifests import check_path, check_paths, local_path
from .records import File

THREADS = min(8, (os.cpu_count() or 1) + 2)

_HOPELESS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
_LISTED = 10  # problems that a message names; the report has all


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be written.

    Attributes:
        kind: "damaged": the store (or what a reference points to) no longer has these bytes; "refused":
            something in the folder is in the way.
    """

    path: str
    kind: Literal["damaged", "refused"]
    reason: str


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """What a download did; paths are those of the manifest, sorted.

    Attributes:
        written: now there, and were not before.
        kept: were there already with the right bytes.
        references: entries that were not fetched.
        bytes_written: copied now; what an earlier, killed download had copied is not in it.
        cancelled: it was stopped; what is missing comes with the next download.
    """

    root: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    references: tuple[File, ...]
    problems: tuple[Problem, ...]
    bytes_written: int
    cancelled: bool = False


class DownloadDamaged(Damaged):
    """Some files could not be written because their bytes are gone or altered; `report` says which."""

    def __init__(self, message: str, report: DownloadReport) -> None:
        super().__init__(message)
        self.report = report


class DownloadRefused(Conflict):
    """Some files could not be written because of what is in the folder; `report` says which."""

    def __init__(self, message: str, report: DownloadReport) -> None:
        super().__init__(message)
        self.report = report


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What became of one file's bytes: `problem` is None when they are right. References are not `checked`."""

    file: File
    problem: str | None
    checked: bool = True


def download(
    files: Sequence[File],
    root: StrPath,
    blobs: BlobStore,
    *,
    threads: int = THREADS,
    overwrite: bool = False,
    references: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> DownloadReport:
    """Write manifest entries into a folder, which is made if need be. Every file is tried before an error.

    Args:
        overwrite: replace files that are there with other bytes; without it they are a problem.
        references: also copy what `file://` references point to, when its size and digest are still right.
            They are opened as whoever runs this process: leave it off when that is not who asked.
        cancelled: asked between chunks; True ends the download, and the report says so.

    Raises:
        Invalid: a path leaves the folder, or two entries have the same one; nothing was written.
        DownloadDamaged: at least one file's bytes are missing or altered.
        DownloadRefused: at least one file is in the way, and nothing is damaged.
        Unavailable: the folder can't be written (full, read-only); the next download goes on from there.
    """
    check_paths(check_path(file.path) for file in files)
    skipped = [file for file in files if file.uri is not None and not (references and _is_local(file))]
    wanted = [file for file in files if file.uri is None or (references and _is_local(file))]
    top = Path(root)
    try:
        top.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(top, error) from error
    meter = Meter(sum(file.size for file in wanted), progress, cancelled)
    job = _Job(top, blobs, meter, overwrite, {file.path for file in wanted})
    outcomes: dict[str, _Outcome] = {}
    with ThreadPoolExecutor(threads, "download") as pool:
        futures: dict[Future[_Outcome], File] = {pool.submit(job.fetch, file): file for file in wanted}
        try:
            for future in as_completed(futures):
                with contextlib.suppress(Stopped):
                    outcomes[futures[future].path] = future.result()
        except BaseException:  # also Ctrl+C: workers stop at their next chunk
            meter.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    report = DownloadReport(
        root=top,
        written=tuple(sorted(path for path, done in outcomes.items() if done.state == "written")),
        kept=tuple(sorted(path for path, done in outcomes.items() if done.state == "kept")),
        references=tuple(sorted(skipped, key=lambda file: file.path)),
        problems=tuple(outcomes[path].problem(path) for path in sorted(outcomes) if outcomes[path].is_problem),
        bytes_written=sum(done.copied for done in outcomes.values()),
        cancelled=meter.stopped,
    )
    if not report.cancelled:
        meter.finish()
    _raise_problems(report)
    return report


def verify_files(
    files: Sequence[File], blobs: BlobStore, progress: Progress | None = None, *, threads: int = THREADS
) -> list[FileCheck]:
    """Read the stored bytes of a version again and compare; one result a file, in the order of `files`."""
    sizes = {file.sha256: file.size for file in files if file.sha256 is not None}
    meter = Meter(sum(sizes.values()), progress)
    # Many paths may have the same bytes: these are read once.
    with ThreadPoolExecutor(threads, "verify") as pool:
        futures = {sha256: pool.submit(blobs.verify, sha256, meter=meter) for sha256 in sizes}
        settle(list(futures.values()), meter)
    problems = {sha256: future.result() for sha256, future in futures.items()}
    meter.finish()
    return [_check(file, blobs, problems) for file in files]


def _check(file: File, blobs: BlobStore, problems: dict[str, str | None]) -> FileCheck:
    if file.sha256 is None:
        return FileCheck(file, None if file.uri is not None else _NO_BYTES, checked=file.uri is None)
    problem = problems[file.sha256]
    if problem is None and (size := blobs.size_of(file.sha256)) != file.size:
        problem = f"the manifest says {file.size:,} bytes, and its blob has {size:,}"
    return FileCheck(file, problem)


_NO_BYTES = "the manifest names no stored bytes for it"


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: Literal["written", "kept", "damaged", "refused"]
    reason: str = ""
    copied: int = 0

    @property
    def is_problem(self) -> bool:
        return self.state in ("damaged", "refused")

    def problem(self, path: str) -> Problem:
        return Problem(path, "damaged" if self.state == "damaged" else "refused", self.reason)


class _InTheWay(Exception):
    """This one file can't be written; the others can."""


class _Job:
    """One download; `fetch` runs in many threads."""

    def __init__(self, root: Path, blobs: BlobStore, meter: Meter, overwrite: bool, paths: set[str]) -> None:
        self._root = root
        self._blobs = blobs
        self._meter = meter
        self._overwrite = overwrite
        # Every name that an entry has, folders too: no partial file may have one of these.
        self._taken = {path[:end] for path in paths for end in _ends(path)}

    def fetch(self, file: File) -> _Outcome:
        """Raises: Stopped, or Unavailable where no file can be written any more."""
        self._meter.add(0, file.path)
        *folders, name = file.path.split("/")
        try:
            with self._folder(folders) as folder:
                return self._fetch_into(folder, name, file)
        except _InTheWay as error:
            return _Outcome("refused", str(error))
        except Damaged as error:
            return _Outcome("damaged", str(error))
        except OSError as error:
            if error.errno in _HOPELESS:
                raise _unwritable(self._root, error) from error
            return _Outcome("refused", f"it can't be written: {error.strerror}")

    def _fetch_into(self, folder: int, name: str, file: File) -> _Outcome:
        if self._is_there(folder, name, file):
            return _Outcome("kept")
        with self._open(file) as source, self._partial(folder, name, file.path) as (fd, partial):
            start = os.fstat(fd).st_size
            start = start if start <= file.size else 0
            right = self._copy(source, fd, file, start)
            if not right and start:
                # What an earlier download left was of another version, or the disk's invention.
                start = 0
                right = self._copy(source, fd, file, 0)
            if not right:
                os.unlink(partial, dir_fd=folder)
                raise Damaged(self._altered(file))
            # No fsync: the store still has the bytes, every download checks what is there by its hash, and cp
            # doesn't either. After a power failure the next download finds out and writes it again.
            os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
        return _Outcome("written", copied=file.size - start)

    def _is_there(self, folder: int, name: str, file: File) -> bool:
        """Has the file its right bytes already? Raises _InTheWay where something else must not be replaced."""
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if stat.S_ISDIR(found.st_mode):
            raise _InTheWay("a folder of that name is there: move it away")
        if stat.S_ISREG(found.st_mode) and found.st_size == file.size:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            with open(fd, "rb", buffering=0) as existing:
                check = _Check(file)
                done = pump(
                    existing.readinto,
                    None,
                    size=file.size,
                    inline=None,
                    aside=check.hash,
                    tick=self._meter.ticker(file.path),
                )
                if done == file.size and check.right():
                    return True
                self._meter.add(-done, file.path)
        if not self._overwrite:
            raise _InTheWay("a file with other content is there: move it away, or ask to overwrite")
        return False

    def _open(self, file: File) -> io.FileIO:
        """Raises: Damaged: what the manifest says is not there, or of another size."""
        if file.sha256 is None and file.uri is None:
            raise Damaged(_NO_BYTES)
        try:
            source = _open_referenced(file) if file.sha256 is None else self._blobs.open(file.sha256)
        except CuratoryError as error:
            raise Damaged(str(error)) from error
        if (size := os.fstat(source.fileno()).st_size) != file.size:
            source.close()
            raise Damaged(f"{self._altered(file)}: {size:,} bytes instead of {file.size:,}")
        return source

    def _altered(self, file: File) -> str:
        if file.sha256 is not None:
            return f"blob {file.sha256[:12]}… was altered"
        return f"what {shown(file.uri or '')} points to has changed"

    def _copy(self, source: io.FileIO, fd: int, file: File, start: int) -> bool:
        """Make a partial file whole behind its first `start` bytes; False when the whole is not right."""
        check = _Check(file)
        tick = self._meter.ticker(file.path)
        done = 0

        def read(buffer: memoryview) -> int:
            try:
                return source.readinto(buffer)
            except OSError as error:  # the store's trouble, not the folder's
                raise Damaged(f"its bytes can't be read: {error.strerror}") from error

        def counted(size: int) -> None:
            nonlocal done
            done += size
            tick(size)

        os.lseek(fd, 0, os.SEEK_SET)
        os.truncate(fd, start)
        if start:
            pump(
                lambda data: os.readv(fd, [data]),
                None,
                size=start,
                inline=None,
                aside=check.hash,
                tick=counted,
            )
        source.seek(start)
        pump(
            read,
            lambda data: write_all(fd, data),
            size=file.size - start,
            inline=None,
            aside=check.hash,
            tick=counted,
        )
        if done == file.size and check.right():
            return True
        self._meter.add(-done, file.path)
        return False

    @contextlib.contextmanager
    def _folder(self, parts: Sequence[str]) -> Iterator[int]:
        """A descriptor of a folder below the root, made if need be, reached through no symbolic link."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        fd = os.open(self._root, flags)  # the root itself may be a link: it is what was asked for
        try:
            for part in parts:
                try:
                    below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=fd)
                except FileNotFoundError:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=fd)
                    below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=fd)
                except OSError as error:
                    if error.errno in (errno.ENOTDIR, errno.ELOOP):
                        what = f"{shown(part)} is a file or a symbolic link, not a folder: move it away"
                        raise _InTheWay(what) from error
                    raise
                os.close(fd)
                fd = below
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _partial(self, folder: int, name: str, path: str) -> Iterator[tuple[int, str]]:
        """The partial file, open for reading and writing, locked against other downloads; and its name."""
        partial = _partial_name(name, path, self._taken)
        while True:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            fd = os.open(partial, flags, 0o666, dir_fd=folder)
            try:
                found = os.fstat(fd)
                if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                    raise _InTheWay(f"{shown(partial)} is not a download's: move it away")
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise _InTheWay("another download is writing it: wait for that one") from None
                # The other may have renamed it between our open and our lock: then it is the finished file.
                if _inode(partial, folder) == found.st_ino:
                    yield fd, partial
                    return
            finally:
                os.close(fd)


class _Check:
    """The hash that a file must have: sha256 of what is stored, W&B's base64 md5 of what is referenced."""

    def __init__(self, file: File) -> None:
        self._file = file
        self.hash = hashlib.sha256() if file.sha256 is not None else hashlib.md5(usedforsecurity=False)

    def right(self) -> bool:
        if self._file.sha256 is not None:
            return self.hash.hexdigest() == self._file.sha256
        return base64.b64encode(self.hash.digest()).decode() == self._file.digest


def _partial_name(name: str, path: str, taken: set[str]) -> str:
    """`.<name>.partial`; a hash instead of a name that is too long, or that another entry has for itself."""
    partial = f".{name}.partial"
    beside = path[: len(path) - len(name)]
    if len(os.fsencode(partial)) > 255 or beside + partial in taken:
        return f".{hashlib.sha256(path.encode()).hexdigest()}.partial"
    return partial


def _ends(path: str) -> list[int]:
    """Where each folder of a path, and the path itself, ends."""
    return [n for n, character in enumerate(path) if character == "/"] + [len(path)]


def _inode(name: str, folder: int) -> int | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def _is_local(file: File) -> bool:
    return file.uri is not None and file.uri.startswith("file:")


def _open_referenced(file: File) -> io.FileIO:
    path = local_path(file.uri or "")
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Damaged(f"{shown(path)} is no file any more")
    return open(fd, "rb", buffering=0)


def _unwritable(root: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"The folder {shown(root)} can't be written ({error.strerror}). What is whole stays, and half files are "
        f"continued: make room or choose another folder, and download again."
    )


def _raise_problems(report: DownloadReport) -> None:
    if not report.problems or report.cancelled:
        return
    lines = [f"  {shown(problem.path)}: {problem.reason}" for problem in report.problems[:_LISTED]]
    if len(report.problems) > _LISTED:
        lines.append(f"  … and {len(report.problems) - _LISTED:,} more")
    count, whole = len(report.problems), len(report.written) + len(report.kept)
    listed = "\n".join(lines)
    summary = f"{count:,} of {count + whole:,} files could not be written to {shown(report.root)}"
    if any(problem.kind == "damaged" for problem in report.problems):
        advice = "Restore the damaged ones from a backup, or log them again from where they came"
        raise DownloadDamaged(f"{summary}; the others are there. {advice}:\n{listed}", report)
    raise DownloadRefused(f"{summary}; the others are there:\n{listed}", report)
