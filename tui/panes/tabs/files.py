"""The files of a version."""

from __future__ import annotations

from dataclasses import dataclass

from ....store import File, Store, Version
from ... import wording
from ...widgets.table import Column
from ...widgets.text import Line
from ...widgets.window import Row
from .tab import Sheet, Tab, View

DAMAGED = 10_000  # damaged files of a store that are asked for


@dataclass(frozen=True, slots=True)
class _Found:
    """
    Attributes:
        problems: sha256 → what was wrong with the file when it was verified last.
    """

    files: list[File]
    problems: dict[str, str]


def _load(store: Store, version: Version) -> _Found:
    bad = store.garbage.problems(limit=DAMAGED)
    return _Found(store.versions.files(version), {one.sha256: one.problem or "" for one in bad})


def _draw(found: _Found, view: View) -> Sheet:
    rows = []
    for file in found.files:
        problem = found.problems.get(file.sha256 or "")
        rows.append(
            Row(
                file.path,
                (
                    _path(file.path, damaged=problem is not None),
                    [(wording.size(file.size), "number")],
                    [(problem, "bad")] if problem is not None else _address(file),
                ),
                file,
            )
        )
    columns = (Column("file"), Column("size", 9, right=True), Column("sha256 or reference", 20, drop=1))
    return Sheet(rows, columns, header=True, cursor=True, empty=([("This version holds no file.", "muted")],))


def _path(path: str, *, damaged: bool) -> Line:
    folder, slash, name = path.rpartition("/")
    return [("✗ " if damaged else "", "bad"), (folder + slash, "muted"), (name, "")]


def _address(file: File) -> Line:
    return [(file.uri, "link")] if file.uri else [((file.sha256 or file.digest)[:12], "muted")]


FILES = Tab("files", "Files", (Version,), _load, _draw)
