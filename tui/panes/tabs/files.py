"""The files of a version."""

from __future__ import annotations

from ....store import File, Store, Version
from ... import wording
from ...widgets.table import Column
from ...widgets.window import Row
from .tab import Sheet, Tab, View


def _load(store: Store, version: Version) -> list[File]:
    return store.versions.files(version)


def _draw(files: list[File], view: View) -> Sheet:
    rows = [
        Row(
            file.path,
            (
                _path(file.path),
                [(wording.size(file.size), "number")],
                [(file.uri, "link")] if file.uri else [((file.sha256 or file.digest)[:12], "muted")],
            ),
            file,
        )
        for file in files
    ]
    columns = (Column("file"), Column("size", 9, right=True), Column("sha256 or reference", 20, drop=1))
    return Sheet(rows, columns, header=True, cursor=True, empty=([("This version holds no file.", "muted")],))


def _path(path: str) -> list[tuple[str, str]]:
    folder, slash, name = path.rpartition("/")
    return [(folder + slash, "muted"), (name, "")] if slash else [(path, "")]


FILES = Tab("files", "Files", (Version,), _load, _draw)
