"""All that differs between two versions: what they are called, metadata, metrics, files by digest, tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...store import CuratoryError, File, Store, Version
from .. import wording
from .difference import ADDED, CHANGED, GONE, SAME, Difference, mapped
from .tensors import Known, tensors


def compare(store: Store, old: Version, new: Version, known: Known | None = None) -> list[Difference]:
    """All that can be compared, section by section.

    Args:
        known: headers that were read before; those that are read now are put there.
    """
    found = list(mapped("Version", _facts(old), _facts(new)))
    found += mapped("Metadata", dict(_leaves(old.metadata)), dict(_leaves(new.metadata)))
    found += mapped("Metrics", _summary(store, old), _summary(store, new))
    before, after = store.versions.files(old), store.versions.files(new)
    found += _files(before, after)
    return found + list(tensors(store, (old, new), (before, after), {} if known is None else known))


def _facts(version: Version) -> dict[str, Any]:
    return {
        "aliases": ", ".join(version.aliases),
        "tags": ", ".join(version.tags),
        "digest": version.digest,
        "size": version.size,
        "files": version.file_count,
        "source": wording.short(version.source),
        "run": version.run or "",
        "logged": wording.day_and_time(version.created_at),
        "by": version.created_by or "",
        "description": version.description,
    }


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value


def _summary(store: Store, version: Version) -> dict[str, Any]:
    if not version.run:
        return {}
    try:
        summary = store.runs.get(version.run).summary
    except CuratoryError:
        return {}
    return {key: value for key, value in _leaves(summary) if not key.startswith("_")}


def _files(old: Sequence[File], new: Sequence[File]) -> Iterator[Difference]:
    before, after = {file.path: file for file in old}, {file.path: file for file in new}
    moved = {file.digest: file.path for file in old if file.path not in after}
    for path in sorted({**before, **after}):
        one, two = before.get(path), after.get(path)
        if one is not None and two is not None:
            sign = SAME if one.digest == two.digest else CHANGED
            change = "same bytes" if sign == SAME else _grown(two.size - one.size)
            yield Difference("Files", path, wording.size(one.size), wording.size(two.size), sign, change)
        elif two is not None:
            known = moved.get(two.digest)
            yield Difference("Files", path, "", wording.size(two.size), ADDED, f"was {known}" if known else "")
        elif one is not None:
            yield Difference("Files", path, wording.size(one.size), "", GONE)


def _grown(by: int) -> str:
    if not by:
        return "other bytes"
    return f"{'+' if by >= 0 else '-'}{wording.size(abs(by))}"
