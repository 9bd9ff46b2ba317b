"""Every place where a version stands, and the runs that used it."""

from __future__ import annotations

from dataclasses import dataclass

from ....store import CuratoryError, Store, Version
from ... import wording
from ...widgets.table import Column
from ...widgets.window import Row
from ..collections import alias_words
from .tab import Sheet, Tab, View


@dataclass(frozen=True, slots=True)
class _Found:
    here: Version
    places: list[Version]
    runs: list[tuple[str, str, str]]


def _load(store: Store, version: Version) -> _Found:
    try:
        runs = [(node.label, node.path, node.detail) for node in store.lineage.used_by(version)]
    except CuratoryError:
        runs = []
    return _Found(version, store.versions.places(version), runs)


def _draw(found: _Found, view: View) -> Sheet:
    rows: list[Row] = []
    for place in found.places:
        here = place.path == found.here.path
        rows.append(
            Row(
                place.path,
                (
                    [
                        ("◆ " if not place.is_link else "↳ ", "model"),
                        (place.short_path, "path"),
                        (" here" if here else "", "muted"),
                    ],
                    alias_words(place.aliases, (), latest=True),
                    [(wording.ago(place.linked_at, view.now), "muted")],
                    [(place.linked_by or "", "person")],
                ),
                place,
            )
        )
    if found.runs:
        rows.append(Row("space", ((),), heading=True))
        rows.append(Row("runs", ([("used by", "muted")],), heading=True))
        rows += [
            Row(path or label, ([("▶ ", "run"), (path or label, "run")], [(state, "muted")], (), ()))
            for label, path, state in found.runs
        ]
    columns = (
        Column("place"),
        Column("aliases", 16, drop=1),
        Column("since", 9, drop=2, right=True),
        Column("by", 8, drop=3),
    )
    return Sheet(rows, columns, header=True, cursor=True)


LINKS = Tab("links", "Links", (Version,), _load, _draw)
