"""The tab under which lineage stands; its drawing is a widget of its own."""

from __future__ import annotations

from ....store import Collection, Store, Version
from .tab import Sheet, Subject, Tab, View


def _load(store: Store, subject: Subject) -> Subject:
    return subject


def _draw(subject: Subject, view: View) -> Sheet:
    return Sheet([])


LINEAGE = Tab("lineage", "Lineage", (Collection, Version), _load, _draw)
