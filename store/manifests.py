"""What a version consists of: manifest entries, where they come from, and which ones are allowed.

A manifest maps relative paths to bytes or references. Its digest says whether two versions hold the same, and
is computed as W&B does, so that both sides agree on what is a new version. Only `store_sources` reads
bytes; the rest looks at names and sizes, and nothing asks a network.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .blobs import BlobStore
from .errors import Invalid, Unavailable
from .hashing import Blob, Progress, hash_path, shown
from .records import File

SCHEMES = ("s3", "gs", "az", "abfs", "abfss", "https", "http", "file", "hdfs", "hf")
"""What a reference may begin with, before `://`. None of them is fetched."""

MAX_PATH = 2000  # UTF-8 bytes of a manifest path: it is part of a key, and PostgreSQL's index rows end at 2,704
MAX_KEYS = 100  # top-level keys of metadata, as W&B has it
MAX_DEPTH = 64  # metadata in metadata: every JSON reader on the way (SQLite, jsonb, a browser) must get through

MAX_FOLDERS = 200  # in each other; nobody means more, and each one costs a level of the stack

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SECRET = re.compile(r"(?i)(x-(amz|goog)-(signature|credential|security-token)|awsaccesskeyid|sig|signature|.*token)")


@dataclass(frozen=True, slots=True)
class Source:
    """Where one manifest entry comes from.

    Attributes:
        path: in the manifest; relative, with forward slashes.
        local: the file to read: to store its bytes, or, with `uri`, only to hash them.
        uri: where a reference points; None when bytes are stored.
        size: bytes; of a remote reference what the caller knows, 0 when nobody knows.
        digest: of a remote reference, its etag, where the caller knows it.
    """

    path: str
    local: Path | None = None
    uri: str | None = None
    size: int = 0
    digest: str | None = None

    def entry(self, blob: Blob | None = None) -> File:
        """The manifest entry. `blob`: of `local`, from `put_path`, or `hash_path` for a reference to a file.

        A remote reference without an etag has its URI as digest, as W&B's has when checksums are off: it is
        then the same as long as it points to the same place, whatever is there.
        """
        if self.local is None:
            return File(self.path, self.size, self.digest or self.uri or "", uri=self.uri)
        if blob is None:
            raise ValueError(f"{self.path} is a local file and needs its blob")
        sha256 = blob.sha256 if self.uri is None else None
        return File(self.path, blob.size, blob.md5_base64, sha256=sha256, uri=self.uri)


# -- manifests -----------------------------------------------------------------------------------------------


def manifest_digest(files: Iterable[File]) -> str:
    """W&B's artifact digest: hex md5 over paths and entry digests. Metadata and aliases are not in it."""
    digest = hashlib.md5(b"wandb-artifact-manifest-v1\n", usedforsecurity=False)
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.path}:{file.digest}\n".encode())
    return digest.hexdigest()


def manifest_json(files: Iterable[File], births: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The manifest as W&B's clients read and write it (version 1, storage layout V2).

    Args:
        births: path → id of the artifact that first held the bytes, where the reader needs it to fetch them.
    """
    contents: dict[str, dict[str, Any]] = {}
    for file in sorted(files, key=lambda file: file.path):
        entry: dict[str, Any] = {"digest": file.digest}
        if births and file.path in births:
            entry["birthArtifactID"] = births[file.path]
        if file.uri is not None:
            entry["ref"] = file.uri
        if file.extra:
            entry["extra"] = dict(file.extra)
        # A reference of unknown size has 0 here and none there.
        if file.size or file.uri is None:
            entry["size"] = file.size
        contents[file.path] = entry
    return {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": contents,
    }


def files_from_manifest(document: str | bytes | Mapping[str, Any]) -> list[File]:
    """The entries of a W&B manifest, sorted by path.

    Stored files come without `sha256`: a manifest knows md5 only, and whoever stored the bytes knows both.
    Any scheme is taken in a `ref`, since W&B's client tracks any; credentials are refused all the same.

    Raises:
        Invalid: that is no version 1 manifest, or an entry breaks a rule.
    """
    if not isinstance(document, Mapping):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"The manifest is no JSON: {error}.") from None
    if not isinstance(document, Mapping) or document.get("version") != 1:
        version = document.get("version") if isinstance(document, Mapping) else None
        raise Invalid(f"Expected manifest version 1, got {version!r}.")
    contents = document.get("contents")
    if not isinstance(contents, Mapping):
        raise Invalid('The manifest has no "contents": an object of paths and entries is expected there.')
    files = [_file_of(path, entry) for path, entry in contents.items()]
    check_paths(file.path for file in files)
    return sorted(files, key=lambda file: file.path)


def _file_of(path: str, entry: Any) -> File:
    name = check_path(path)
    if not isinstance(entry, Mapping):
        raise Invalid(f"The manifest's entry for {name} is no object.")
    digest, size, uri, extra = (entry.get(key) for key in ("digest", "size", "ref", "extra"))
    if not isinstance(digest, str) or not digest or _CONTROL.search(digest) or _SURROGATE.search(digest):
        raise Invalid(f"The manifest's entry for {name} has no digest: a text without control characters is needed.")
    if size is None and uri is not None:
        size = 0
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 63:
        raise Invalid(f"The manifest's entry for {name} has no size: a number of bytes is needed.")
    if uri is not None:
        if not isinstance(uri, str):
            raise Invalid(f"The manifest's entry for {name} has a ref that is no text.")
        check_uri(uri, schemes=None)
    if extra is not None and not isinstance(extra, Mapping):
        raise Invalid(f'The manifest\'s entry for {name} has an "extra" that is no object.')
    return File(name, size, digest, uri=uri, extra=check_json(extra or {}, f"extra of {name}"))


# -- paths and references ------------------------------------------------------------------------------------


def check_path(path: str) -> str:
    """A manifest path, if it is one: relative, with forward slashes, never out of the folder it is put into.

    Raises:
        Invalid: absolute, empty parts, `.` or `..`, control characters, not UTF-8, or too long.
    """
    name = f"The file name {shown(path)!r}" if len(path) < 200 else f"The file name {shown(path[:200])!r}…"
    if _SURROGATE.search(path):
        raise Invalid(f"{name} isn't UTF-8: rename the file.")
    if _CONTROL.search(path):
        raise Invalid(f"{name} has control characters in it: rename the file.")
    if path.startswith("/"):
        raise Invalid(f"{name} is absolute: paths in a version are relative.")
    if not path or any(part in ("", ".", "..") for part in path.split("/")):
        raise Invalid(f"{name} can't be used in a version: no part of it may be empty, '.' or '..'.")
    if len(path.encode()) > MAX_PATH:
        raise Invalid(f"{name} is longer than {MAX_PATH:,} bytes: use shorter names or fewer folders.")
    return path


def check_paths(paths: Iterable[str]) -> None:
    """Paths that can lie beside each other in one folder.

    Raises:
        Invalid: one comes twice, or is a file and a folder at once.
    """
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            raise Invalid(f"Two files are called {shown(path)}: give one of them another name.")
        seen.add(path)
    for path in seen:
        end = path.find("/")
        while end >= 0:
            if path[:end] in seen:
                file = shown(path[:end])
                raise Invalid(f"{file} is both a file and the folder of {shown(path)}: rename one of them.")
            end = path.find("/", end + 1)


def check_uri(uri: str, schemes: Sequence[str] | None = SCHEMES) -> str:
    """A reference, if it may be kept. `schemes`: which are allowed; None: any, and none at all.

    Raises:
        Invalid: another scheme, nothing behind it, unprintable characters, or credentials in it. The message
            never repeats a credential.
    """
    if _SURROGATE.search(uri) or _CONTROL.search(uri) or uri != uri.strip():
        raise Invalid(f"The reference {shown(uri[:80])!r} has characters in it that no URI has: percent-encode them.")
    try:
        parts = urlsplit(uri)
        secret = parts.password is not None or (parts.scheme in ("http", "https") and parts.username is not None)
    except ValueError as error:
        raise Invalid(f"The reference {shown(uri[:80])!r} is no URI: {error}.") from None
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if secret or any(_SECRET.fullmatch(key) for key, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise Invalid(
            f"The reference to {shown(place)} has credentials in it, and everybody who sees a version sees "
            f"its references: leave them out. Whoever downloads uses their own."
        )
    if schemes is not None and (parts.scheme not in schemes or not (parts.netloc or parts.path.strip("/"))):
        allowed = ", ".join(f"{scheme}://" for scheme in schemes)
        raise Invalid(f"The reference {shown(place)} can't be used: it must begin with one of {allowed}")
    return uri


def local_path(uri: str) -> Path:
    """The file that a `file://` reference means. Raises: Invalid: it is none, or on another host."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise Invalid(f"{shown(uri)} doesn't name a file of this machine: file:///absolute/path does.")
    return Path(unquote(parts.path))


# -- sources -------------------------------------------------------------------------------------------------


def collect(arguments: Sequence[str | os.PathLike[str]]) -> list[Source]:
    """What to put into a version, from command-line arguments, sorted by manifest path.

        model.bin              a file, by its own name
        data/                  what is in a folder, by its path below that folder
        s3://bucket/key        a reference, by the last part of its path
        file:///mnt/train      a reference to a file, or to every file below a folder
        weights.bin=model.bin  any of these by another name; of a folder the name of the folder it is put into
        raw/=model.bin         … or into a folder, by its own name

    An argument that exists as it stands is never taken for `name=path`.

    Raises:
        Invalid: nothing to log, a rule of `check_path`, `check_paths` or `check_uri`, something that is
            neither file nor folder, or symbolic links that lead nowhere, in circles, or twice to one folder.
        Unavailable: it is not there or can't be looked at.
    """
    sources = [source for argument in arguments for source in _sources(os.fspath(argument))]
    if not sources:
        raise Invalid("There is nothing to log: give files, folders or references.")
    origins: dict[str, Source] = {}
    for source in sources:
        other = origins.setdefault(check_path(source.path), source)
        if other is not source:
            raise Invalid(
                f"Two sources are called {shown(source.path)}: {_origin(other)} and {_origin(source)}. Give "
                f"one another name, as NAME=SOURCE."
            )
    check_paths(origins)
    return sorted(sources, key=lambda source: source.path)


def _origin(source: Source) -> str:
    return shown(source.uri or source.local or source.path)


def _sources(argument: str) -> Iterator[Source]:
    name, target = None, argument
    if not _URI.match(argument) and "=" in argument and not os.path.lexists(argument):
        name, _, target = argument.partition("=")
        if not name.strip("/") or not target:
            raise Invalid(f"{shown(argument)} is not there, and no NAME=SOURCE either: both sides are needed.")
    if not _URI.match(target):
        yield from _local_sources(name, Path(target), reference=False)
        return
    check_uri(target)
    if target.startswith("file:"):
        yield from _local_sources(name, local_path(target), reference=True)
        return
    last = unquote(urlsplit(target).path.rstrip("/").rpartition("/")[2])
    if not last and (name is None or name.endswith("/")):
        raise Invalid(f"The reference {shown(target)} has no name of its own: give one, as NAME={shown(target)}.")
    yield Source(_named(name, last), uri=target)


def _named(name: str | None, own: str) -> str:
    if name is None:
        return own
    return name + own if name.endswith("/") else name


def _local_sources(name: str | None, path: Path, *, reference: bool) -> Iterator[Source]:
    found = _look(path)
    if stat.S_ISDIR(found.st_mode):
        prefix = f"{name.rstrip('/')}/" if name else ""
        below = list(_walk(path, "", [(found.st_dev, found.st_ino)], {}))
        if not below:
            raise Invalid(f"There is nothing to log: the folder {shown(path)} has no files in it.")
    else:
        # The name as it was given: `.` and `..` and links are the file system's business, not the manifest's.
        prefix, below = "", [(_named(name, path.name), path, found.st_size)]
    for relative, file, size in below:
        check_path(prefix + relative)  # before the path becomes a URI, which needs UTF-8
        uri = Path(os.path.abspath(file)).as_uri() if reference else None
        yield Source(prefix + relative, local=file, uri=uri, size=size)


_Place = tuple[int, int]  # device and inode of a folder


def _walk(folder: Path, prefix: str, above: list[_Place], linked: dict[_Place, str]) -> Iterator[tuple[str, Path, int]]:
    """(path below the start, file, size) of every file, sorted. `linked`: folders that links have led to."""
    if len(above) > MAX_FOLDERS:
        raise Invalid(f"{shown(folder)[:80]}… is more than {MAX_FOLDERS} folders deep: log them as an archive.")
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _unseen(folder, error) from error
    for entry in found:
        path, relative = Path(entry.path), prefix + entry.name
        seen = _look(path)
        if not stat.S_ISDIR(seen.st_mode):
            yield relative, path, seen.st_size
            continue
        place = (seen.st_dev, seen.st_ino)
        if place in above:
            raise Invalid(f"{shown(path)} is a symbolic link to a folder it is in itself: remove the link.")
        if entry.is_symlink():
            # Links to folders full of links to folders grow without end, with no circle anywhere.
            if place in linked:
                both = f"{shown(path)} and {shown(linked[place])}"
                raise Invalid(f"{both} are symbolic links to one folder: remove one of them.")
            linked[place] = entry.path
        yield from _walk(path, f"{relative}/", [*above, place], linked)


def _look(path: Path) -> os.stat_result:
    """What a path is, after symbolic links; a file or a folder, or an error."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise _unseen(path, error) from error
    except ValueError:  # a NUL in it
        raise Invalid(f"{shown(path)} is no file name.") from None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise Invalid(f"{shown(path)} is a pipe, socket or device: leave it out, or save what it gives to a file.")
    return found


def _unseen(path: Path, error: OSError) -> Invalid | Unavailable:
    if path.is_symlink():
        return Invalid(f"{shown(path)} is a symbolic link that leads nowhere ({error.strerror}): mend or remove it.")
    if isinstance(error, FileNotFoundError):
        return Unavailable(f"{shown(path)} is not there: check the name.")
    return Unavailable(f"{shown(path)} can't be looked at ({error.strerror}): put that right and do it again.")


def store_sources(sources: Sequence[Source], blobs: BlobStore, *, progress: Progress | None = None) -> list[File]:
    """Store what is local, hash what is referenced here; the manifest entries, in the order of `sources`.

    Raises:
        Invalid, Unavailable: as `BlobStore.put_paths`, for the first file that fails.
    """
    stored = [source for source in sources if source.local is not None and source.uri is None]
    hashed = [source for source in sources if source.local is not None and source.uri is not None]
    total = sum(source.size for source in (*stored, *hashed))
    before = 0

    def tell(done: int, _: int, path: str) -> None:
        if progress is not None:
            progress(min(before + done, total), total, path)

    found = blobs.put_paths([source.local for source in stored if source.local is not None], progress=tell)
    entries = {source.path: source.entry(blob) for source, blob in zip(stored, found, strict=True)}
    before = sum(source.size for source in stored)
    for source in hashed:
        assert source.local is not None
        entries[source.path] = source.entry(hash_path(source.local, tell))
        before += source.size
    return [entries.get(source.path) or source.entry() for source in sources]


# -- metadata ------------------------------------------------------------------------------------------------


def check_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as it is stored: a copy in plain JSON types, with NaN as None.

    Raises:
        Invalid: more than 100 keys at the top, an infinite number, or a rule of `check_json`.
    """
    if not isinstance(metadata, Mapping):
        raise Invalid(f"Cannot parse {type(metadata)} as artifact metadata: names and values are needed.")
    if len(metadata) > MAX_KEYS:
        raise Invalid(f"Artifact must not have more than {MAX_KEYS} metadata keys.")
    return check_json(metadata, "metadata")


def check_json(values: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A copy in plain JSON types that SQLite, PostgreSQL and a browser all read the same; NaN becomes None.

    Arrays and numbers of numeric libraries are taken by their `tolist`, dates by their ISO form.

    Raises:
        Invalid: a key that is no text or has a double quote (no path can name it), NUL or half a surrogate
            pair (jsonb has neither), an infinite number, something JSON doesn't have, or too many levels.
    """
    return _plain_object(values, what, 1)


def _plain_object(values: Mapping[Any, Any], where: str, depth: int) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise Invalid(f"The key {key!r} of {where} is no text: only texts are keys in JSON.")
        name = _plain_text(key, f"a key of {where}")
        if '"' in name:
            raise Invalid(f"The key {name!r} of {where} has a double quote in it: use a key without.")
        plain[name] = _plain(value, f"{where}.{shown(name)}", depth)
    return plain


def _plain(value: Any, where: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Invalid(f"{where[:80]}… goes deeper than {MAX_DEPTH} levels: flatten it, or log it as a file.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value, where)
    if isinstance(value, int):
        if abs(value) > sys.float_info.max:
            raise Invalid(f"{where} is too large a number: no database holds more than {sys.float_info.max:.1e}.")
        return int(value)
    if isinstance(value, float):
        if math.isinf(value):
            raise Invalid(f"{where} is infinite, which JSON doesn't have: leave it out, or say it as a text.")
        return None if math.isnan(value) else float(value)
    if isinstance(value, Mapping):
        return _plain_object(value, where, depth + 1)
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{n}]", depth + 1) for n, item in enumerate(value)]
    if isinstance(value, date):
        return value.isoformat()
    if callable(convert := getattr(value, "tolist", None)):
        return _plain(convert(), where, depth + 1)
    raise Invalid(
        f"{where} is of type {type(value).__name__}, which JSON doesn't have: use texts, numbers, true, "
        f"false, null, lists and objects."
    )


def _plain_text(text: str, where: str) -> str:
    if "\0" in text or _SURROGATE.search(text):
        raise Invalid(f"{where} has a NUL or half a surrogate pair in it ({text[:40]!a}): remove it.")
    return str.__str__(text)
