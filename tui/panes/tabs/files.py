"""The files of a version, and when each was verified last."""

from __future__ import annotations

from dataclasses import dataclass

from ....store import Checked, File, Store, Version
from ... import wording
from ...widgets.table import Column
from ...widgets.text import Line
from ...widgets.window import Row
from .tab import Sheet, Tab, View


@dataclass(frozen=True, slots=True)
class _Found:
    """
    Attributes:
        checks: path → when the stored file was verified last, and what that has shown.
    """

    files: list[File]
    checks: dict[str, Checked]


def _load(store: Store, version: Version) -> _Found:
    return _Found(store.versions.files(version), {one.path: one for one in store.garbage.checks(version)})


def _draw(found: _Found, view: View) -> Sheet:
    rows = []
    for file in found.files:
        check = found.checks.get(file.path)
        bad = check is not None and check.problem is not None
        rows.append(
            Row(
                file.path,
                (
                    _path(file.path),
                    [(wording.size(file.size), "number")],
                    _mark(check, view),
                    _problem(check, view) if check is not None and bad else _address(file),
                ),
                file,
            )
        )
    columns = (
        Column("file"),
        Column("size", 9, right=True),
        Column("verified", 9),
        Column("sha256 or reference", 20, drop=1),
    )
    return Sheet(rows, columns, header=True, cursor=True, empty=([("This version holds no file.", "muted")],))


def _mark(check: Checked | None, view: View) -> Line:
    """`✓ 3 h`, in nine cells; of a reference nothing, since its bytes are elsewhere."""
    if check is None:
        return [("—", "muted")]
    if check.problem is not None:
        return [("✗ damaged", "bad")]
    if check.at is None:
        return [("never", "muted")]
    return [("✓ ", "good"), (wording.ago(check.at, view.now).removesuffix(" ago"), "muted")]


def _problem(check: Checked, view: View) -> Line:
    problem = (check.problem or "").removeprefix(f"blob {check.sha256[:12]}… ")  # whose it is stands in the row
    words = [(problem, "bad")]
    if check.at is not None:
        words.append((f", seen {wording.ago(check.at, view.now)}", "muted"))
    return words


def _path(path: str) -> Line:
    folder, slash, name = path.rpartition("/")
    return [(folder + slash, "muted"), (name, "")]


def _address(file: File) -> Line:
    return [(file.uri, "link")] if file.uri else [((file.sha256 or file.digest)[:12], "muted")]


FILES = Tab("files", "Files", (Version,), _load, _draw)
