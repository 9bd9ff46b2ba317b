"""Parts of a big file that arrive in any order, several at a time, until they are put together."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import Invalid
from .hashing import Blob

if TYPE_CHECKING:
    from .blobs import BlobStore

CHUNK = 1 << 20
_SESSION = re.compile(r"[0-9a-f]{32}")


class Parts:
    """The parts of one file, in a folder of their own beside the blobs."""

    def __init__(self, blobs: BlobStore, session: str) -> None:
        if not _SESSION.fullmatch(session):
            raise Invalid("That is no upload in parts.")
        self._blobs = blobs
        self._folder = _root(blobs) / session

    def put(self, number: int, chunks: Iterable[bytes]) -> str:
        """Keep a part, in place of one that came before; returns its hex md5.

        Raises:
            Unavailable: there is no room.
        """
        md5 = hashlib.md5(usedforsecurity=False)
        draft = self._folder / f"{number}.{secrets.token_hex(4)}.new"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(draft, "wb") as file:
                for chunk in chunks:
                    md5.update(chunk)
                    file.write(chunk)
            os.replace(draft, self._folder / str(number))
        except OSError as error:
            raise self._blobs.unwritable(error) from error
        finally:
            draft.unlink(missing_ok=True)
        return md5.hexdigest()

    def joined(self, numbers: Sequence[int]) -> Blob:
        """The parts as one blob.

        Raises:
            Invalid: one has not arrived.
        """
        missing = [n for n in numbers if not (self._folder / str(n)).is_file()]
        if missing:
            raise Invalid(f"Part {missing[0]} of {len(numbers)} has not arrived: send it again.")
        return self._blobs.put_stream(self._chunks(numbers))

    def _chunks(self, numbers: Sequence[int]) -> Iterator[bytes]:
        for number in numbers:
            with open(self._folder / str(number), "rb", buffering=0) as file:
                while chunk := file.read(CHUNK):
                    yield chunk

    def drop(self) -> None:
        """Remove what has been put together, or given up."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[Parts]:
        """Whoever else wants to put the same parts together waits, in any process."""
        root = _root(self._blobs)
        root.mkdir(parents=True, exist_ok=True)
        lock = root / f"{self._folder.name}.lock"
        fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield self
        finally:
            os.close(fd)


def clean_parts(blobs: BlobStore, older_than: float) -> None:
    """Remove parts that nothing was added to for over `older_than` seconds."""
    limit = time.time() - older_than
    for entry in _root(blobs).glob("*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_mtime <= limit:
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()


def _root(blobs: BlobStore) -> Path:
    return blobs.root / "parts"
