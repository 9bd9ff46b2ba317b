"""What differs between the tensors of two versions, told from the headers of their weights files.

A file's header says all there is to compare: names, shapes, types, and what is written beside them. Bytes that are the
same are not read; bytes that are not here, or not for this person, are said to be so.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...store import CuratoryError, File, Forbidden, Store, Version
from .. import wording
from ..headers import Header, Tensor, Unreadable, kind_of, read, shown
from .difference import ADDED, CHANGED, GONE, NOTE, SAME, Difference, mapped

SECTION, TENSOR = "Tensors", "tensor"
FILES = 64  # weights files whose headers are read
LISTED = 200_000  # tensors that differ, of all files together
KEPT = 400_000  # tensors whose headers are kept for the next time

Known = dict[str, Header]
"""sha256 → header: what is stored never changes."""

_NUMBER = re.compile(r"(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pair:
    """A weights file of the one version and of the other, as far as both have it."""

    old: File | None
    new: File | None

    @property
    def name(self) -> str:
        if self.old is None or self.new is None:
            return (self.new or self.old or _NOTHING).path
        return self.new.path if self.old.path == self.new.path else f"{self.old.path} → {self.new.path}"

    @property
    def same(self) -> bool:
        return self.old is not None and self.new is not None and self.old.digest == self.new.digest


_NOTHING = File("", 0, "")


def pairs(old: Sequence[File], new: Sequence[File]) -> list[Pair]:
    """Which weights files belong together: of the same path, else of the same bytes, else the last two of a kind."""
    before = {file.path: file for file in old if kind_of(file.path)}
    after = {file.path: file for file in new if kind_of(file.path)}
    found = [Pair(before.pop(path), after.pop(path)) for path in sorted(before.keys() & after.keys())]
    for path, file in sorted(before.items()):
        twin = next((one for one in after.values() if one.digest == file.digest), None)
        if twin is not None:
            found.append(Pair(before.pop(path), after.pop(twin.path)))
    for kind in ("gguf", "safetensors"):
        ones = [file for file in before.values() if kind_of(file.path) == kind]
        others = [file for file in after.values() if kind_of(file.path) == kind]
        if len(ones) == len(others) == 1:
            found.append(Pair(before.pop(ones[0].path), after.pop(others[0].path)))
    found += [Pair(file, None) for file in before.values()] + [Pair(None, file) for file in after.values()]
    return sorted(found, key=lambda pair: pair.name)


def tensors(
    store: Store, versions: tuple[Version, Version], files: tuple[Sequence[File], Sequence[File]], known: Known
) -> Iterator[Difference]:
    """A section for each weights file."""
    found = pairs(*files)
    if not found:
        return
    refusal = _refusal(store, versions) if any(not pair.same for pair in found) else None
    if refusal is not None:
        yield _note(refusal)
    read_now = listed = unlisted = 0
    for pair in found:
        if pair.same:
            yield Difference(SECTION, "tensors", sign=SAME, change="same bytes", of=pair.name)
        elif refusal is None and read_now < FILES:
            read_now += 1
            for one in _pair(store, versions, pair, known):
                if one.kind != TENSOR:
                    yield one
                elif listed < LISTED:
                    listed += 1
                    yield one
                else:
                    unlisted += 1
    if unlisted:
        words = wording.count(unlisted, "further tensor that differs is", "further tensors that differ are")
        yield _note(f"{words} not listed.")
    if refusal is None and (left := sum(1 for pair in found if not pair.same) - read_now):
        words = wording.count(left, "further weights file that differs", "further weights files that differ")
        yield _note(f"Not read: the headers of {words}.")


def _refusal(store: Store, versions: Sequence[Version]) -> str | None:
    """Why this person may not look into the files."""
    try:
        for version in versions:
            store.versions.downloadable(version)
    except Forbidden as error:
        return f"Tensors are not compared: {error}"
    return None


def _note(text: str, of: str = "") -> Difference:
    return Difference(SECTION, text, sign=NOTE, of=of)


def _pair(store: Store, versions: tuple[Version, Version], pair: Pair, known: Known) -> Iterator[Difference]:
    headers: list[Header | None] = []
    problems = []
    for version, file in zip(versions, (pair.old, pair.new), strict=True):
        try:
            headers.append(None if file is None else _header(store, file, known))
        except (Unreadable, CuratoryError) as error:
            problems.append(_note(f"v{version.number}: {error}", pair.name))
    yield from problems or header_differences(headers[0], headers[1], pair.name, versions)


def _header(store: Store, file: File, known: Known) -> Header:
    if file.sha256 is None:
        raise Unreadable(f"a reference; its bytes are not in the store: {file.uri or file.path}")
    if file.sha256 in known:
        return known[file.sha256]
    try:
        with store.blobs.open(file.sha256) as stream:
            header = read(io.BufferedReader(stream), file.path)
    except Unreadable as error:
        raise Unreadable(f"the header can't be read: {error}.") from None
    except OSError as error:
        raise Unreadable(f"the file can't be read: {error.strerror or 'a fault of the disk'}.") from None
    known[file.sha256] = header
    while len(known) > 2 and sum(len(one.tensors) for one in known.values()) > KEPT:
        del known[next(iter(known))]
    return header


def header_differences(
    old: Header | None, new: Header | None, of: str, versions: tuple[Version, Version] | None = None
) -> Iterator[Difference]:
    """What differs between two headers: how much there is in all, what is written beside, and tensor by tensor."""
    before: Mapping[str, Tensor] = old.tensors if old else {}
    after: Mapping[str, Tensor] = new.tensors if new else {}
    found = list(_tensors(before, after, of))
    added, gone, changed = (sum(1 for one in found if one.sign == sign) for sign in (ADDED, GONE, CHANGED))
    [count] = mapped(
        SECTION, _one("tensors", old and old.tensor_count), _one("tensors", new and new.tensor_count), of=of
    )
    told = [f"{sign}{number:,}" for sign, number in ((ADDED, added), (GONE, gone), (CHANGED, changed)) if number]
    beside = list(_beside(old, new, of)) if old and new else []
    if not found and not beside:
        told = ["other values"]
    elif not found:
        told = ["same shapes"]
    sign = CHANGED if found and count.sign == SAME else count.sign
    yield Difference(SECTION, "tensors", count.old, count.new, sign, " ".join(told), of)
    yield from mapped(
        SECTION, _one("parameters", old and old.parameters), _one("parameters", new and new.parameters), of=of
    )
    yield from beside
    for number, header in enumerate((old, new)):
        which = f"v{versions[number].number}" if versions else ("the old", "the new")[number]
        if header and header.twice:
            yield _note(f"In {which}, {header.twice:,} names of tensors come again; the first of each is compared.", of)
        if header and not header.whole:
            kept = wording.count(len(header.tensors), "tensor")
            yield _note(f"Of {which}, only the first {kept} are compared.", of)
    yield from found


def _one(name: str, value: int | None) -> dict[str, int]:
    return {} if value is None else {name: value}


def _tensors(before: Mapping[str, Tensor], after: Mapping[str, Tensor], of: str) -> Iterator[Difference]:
    """Only those that differ: of a hundred thousand that are the same, their number says enough."""
    different = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    for name in sorted(different, key=_natural):
        one, two = before.get(name), after.get(name)
        sign = ADDED if one is None else GONE if two is None else CHANGED
        words = ""
        if one is not None and two is not None:
            kinds = ["shape"] * (one[0] != two[0]) + ["type"] * (one[1] != two[1])
            words = f"other {', '.join(kinds)}"
        yield Difference(SECTION, name, _told(one), _told(two), sign, words, of, TENSOR)


def _told(tensor: Tensor | None) -> str:
    if tensor is None:
        return "—"
    shape, kind = tensor
    return f"{kind} {'×'.join(str(side) for side in shape) or 'scalar'}"


def _beside(old: Header, new: Header, of: str) -> Iterator[Difference]:
    """The header's own metadata, as far as it differs."""
    before = {name: shown(value) for name, value in old.metadata.items()}
    after = {name: shown(value) for name, value in new.metadata.items()}
    if old.format != new.format:
        before, after = {"format": old.format, **before}, {"format": new.format, **after}
    for one in mapped(SECTION, before, after, of=of, kind="header"):
        if one.sign != SAME:
            yield one
        elif old.digests.get(one.name) != new.digests.get(one.name):  # long, and alike only as far as it is shown
            yield Difference(SECTION, one.name, one.old, one.new, CHANGED, "other content", of, "header")


def _natural(name: str) -> tuple[str | int, ...]:
    """Layer 2 before layer 10."""
    return tuple(int(part) if part.isdecimal() and part.isascii() else part for part in _NUMBER.split(name))
