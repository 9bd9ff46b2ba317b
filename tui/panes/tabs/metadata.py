"""The metadata of a version as a tree that can be folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....store import Store, Version
from ...widgets.text import Word
from ...widgets.window import Row
from .tab import Sheet, Tab, View

MOST = 5_000  # rows; a larger tree is for `curatory show --json`


def _load(store: Store, version: Version) -> Mapping[str, Any]:
    return version.metadata


def _draw(metadata: Mapping[str, Any], view: View) -> Sheet:
    rows: list[Row] = []
    for row in _rows(metadata, "", 0, view.folded):
        rows.append(row)
        if len(rows) == MOST:
            rows.append(Row("more", ([(f" … only the first {MOST:,} are shown", "warn")],), heading=True))
            break
    empty = (
        [("This version has no metadata.", "muted")],
        [],
        [("curatory describe", "code"), (" or a run can give it some", "muted")],
    )
    return Sheet(rows, cursor=True, empty=empty)


def _rows(value: Any, path: str, depth: int, folded: set[str]) -> Iterator[Row]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, inner in items:
        place = f"{path}.{key}" if path else str(key)
        indent = "  " * depth
        if isinstance(inner, Mapping | list) and inner:
            shut = place in folded
            count = f"  {len(inner):,}" if shut or isinstance(inner, list) else ""
            yield Row(
                place,
                ([(f"{indent}{'▸' if shut else '▾'} ", "muted"), (str(key), "strong"), (count, "muted")],),
                "node",
            )
            if not shut:
                yield from _rows(inner, place, depth + 1, folded)
        else:
            yield Row(place, ([(f"{indent}  {key}", "path"), (": ", "muted"), _value(inner)],), "leaf")


def _value(value: Any) -> Word:
    if isinstance(value, bool) or value is None:
        return ({True: "true", False: "false", None: "null"}[value], "warn")
    if isinstance(value, int | float):
        return (f"{value:,}" if isinstance(value, int) else f"{value:.10g}", "number")
    if isinstance(value, Mapping | list):
        return ("{}" if isinstance(value, Mapping) else "[]", "muted")
    return (str(value), "string")


METADATA = Tab("metadata", "Metadata", (Version,), _load, _draw)
