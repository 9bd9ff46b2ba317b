"""The files of a version, where they can be reached: on this machine's disk, or through MLflow's server."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from ..errors import CuratoryError
from ..records import File
from .records import PROMPT_TEXT, Model, Run, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..blobs import BlobStore
    from .server import Client

MAX_FILES = 100_000
SERVED = "/api/2.0/mlflow-artifacts/artifacts"


class Artifacts:
    """Fetches files into the blob store.

    Args:
        client: of the server that the registry was read from; None where it was read from a file.
        home: the folder that relative paths begin at; None where nobody knows it.
    """

    def __init__(
        self, blobs: BlobStore, runs: Mapping[str, Run], client: Client | None, home: Path | None = None
    ) -> None:
        self._blobs, self._runs, self._client, self._home = blobs, runs, client, home

    def of(self, model: Model, version: Version) -> tuple[list[File], str]:
        """The files of a version, and why they are not verified; empty where each was read and hashed.

        What can't be reached becomes one reference to where it is.
        """
        if model.is_prompt:
            blob = self._blobs.put_bytes(version.tags.get(PROMPT_TEXT, "").encode())
            return [File("prompt.txt", blob.size, blob.md5_base64, blob.sha256)], ""
        place = version.storage or version.source
        try:
            place = self.place(version)
            found = list(self._fetched(place))
            if found:
                return found, ""
            reason = "there are no files"
        except (OSError, ValueError, CuratoryError) as error:  # a ValueError: no address, or no path, can be that
            reason = str(error)
        return [reference(place or "unknown:")], reason

    def place(self, version: Version) -> str:
        """Where a version's files are, with `runs:/…` followed to the run's own folder.

        Raises:
            CuratoryError: it leads out of that.
        """
        storage = version.storage or version.source
        if not storage.startswith("runs:/"):
            return storage
        run, _, rest = storage.removeprefix("runs:/").partition("/")
        found = self._runs.get(run)
        if found is None or not found.artifact_uri:
            return storage
        return f"{found.artifact_uri.rstrip('/')}/{_within(rest, storage)}"

    def _fetched(self, place: str) -> Iterator[File]:
        if not place:
            raise CuratoryError("MLflow does not say where its files are")
        parts = urlsplit(place)
        if parts.scheme in ("", "file"):
            if self._client is not None and not self._client.here:
                raise CuratoryError("it is on the server's own disk")  # or a server could have ours read out
            if parts.scheme and parts.netloc not in ("", "localhost"):
                raise CuratoryError(f"{place} is on another machine's disk")
            yield from self._local(self._path(unquote(parts.path) if parts.scheme else place))
        elif parts.scheme == "mlflow-artifacts" and self._client is not None:
            yield from self._served(_within(parts.path.lstrip("/"), place))
        else:
            raise CuratoryError(f"{parts.scheme}: can't be reached from here")

    def _path(self, place: str) -> Path:
        """A path on this disk. What holds an absolute one is not known, so that any `..` may lead out of it."""
        if place.startswith("/"):
            if ".." in place.split("/"):
                raise CuratoryError(f"{place} leads out of its folder")
            return Path(place)
        if self._home is None:
            raise CuratoryError(f"{place} begins at a folder that only the server knows")
        return self._home / _within(place, place)

    def _local(self, root: Path) -> Iterator[File]:
        if not os.path.lexists(root):
            raise CuratoryError(f"{root} is not there")
        inside = _resolved(root)
        if root.is_symlink() and not inside.is_relative_to(root.parent.resolve()):
            raise CuratoryError(f"{root} leads out of its folder, to {inside}")
        for path, file in _walked(root, inside):
            blob = self._blobs.put_path(file)
            name = path.name if path == root else path.relative_to(root).as_posix()
            yield File(name, blob.size, blob.md5_base64, blob.sha256)

    def _served(self, place: str) -> Iterator[File]:
        assert self._client is not None
        folders, count = [""], 0
        while folders:
            folder = folders.pop()
            listed = self._client.get(SERVED, {"path": f"{place}/{folder}".rstrip("/")}).json().get("files", ())
            for one in listed:
                name = f"{folder}/{one['path'].rpartition('/')[2]}".lstrip("/")
                count += 1
                if count > MAX_FILES or ".." in name.split("/"):
                    raise CuratoryError(f"{place} has more than {MAX_FILES:,} files, or one with a name that can't be")
                if one.get("is_dir"):
                    folders.append(name)
                    continue
                with self._client.stream(f"{SERVED}/{quote(f'{place}/{name}')}") as content:
                    blob = self._blobs.put_stream(content)
                yield File(name, blob.size, blob.md5_base64, blob.sha256)


def _walked(root: Path, inside: Path) -> Iterator[tuple[Path, Path]]:
    """Every file of a folder (or the one file), by its path there and by where it really is, in a fixed order.

    Links are followed as far as they stay inside.

    Raises:
        CuratoryError: one does not, or something else is there that can't be taken. All of it or nothing: a version
            that silently lacks a file is no copy of it.
    """
    waiting: list[tuple[Path, tuple[Path, ...]]] = [(root, ())]
    links = 0
    while waiting:
        path, above = waiting.pop()
        real = _resolved(path)
        if not real.is_relative_to(inside):
            raise CuratoryError(f"{path} leads out of its folder, to {real}")
        if real in above:
            raise CuratoryError(f"{path} leads back to {real}, which it is in")
        links += path.is_symlink()
        if links > MAX_FILES:  # a few folders full of links to each other are endless
            raise CuratoryError(f"{root} has more than {MAX_FILES:,} links")
        mode = real.stat().st_mode
        if stat.S_ISDIR(mode):
            below = (*above, real)
            waiting += [(path / name, below) for name in sorted(os.listdir(real), reverse=True)]
        elif stat.S_ISREG(mode):
            yield path, real
        else:
            raise CuratoryError(f"{path} is neither a file nor a folder")


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError:
        raise CuratoryError(f"{path} leads to what is not there") from None
    except (RuntimeError, OSError) as error:  # links in a circle are the former up to Python 3.12
        if isinstance(error, OSError) and error.errno != errno.ELOOP:
            raise
        raise CuratoryError(f"{path} is a link that leads to itself") from None


def _within(path: str, shown: str) -> str:
    """A relative path without its `..`.

    Raises:
        CuratoryError: it leads out of the folder that it begins at.
    """
    if ".." not in path.split("/"):
        return path
    found = normpath(path.lstrip("/"))
    if found.split("/")[0] == "..":
        raise CuratoryError(f"{shown} leads out of its folder")
    return "" if found == "." else found


def reference(uri: str, state: str = "") -> File:
    """Where bytes are that nobody has read: its digest is of its address, and of what is known of their state."""
    mark = base64.b64encode(hashlib.md5(f"{uri}\0{state}".encode()).digest()).decode()
    return File(_name_of(uri), 0, mark, uri=uri if ":" in uri else f"file://{uri}")


def _name_of(uri: str) -> str:
    return unquote(uri.rstrip("/").rpartition("/")[2]) or "model"
