"""The versions of a collection, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from ...store import Collection, Page, Version
from .. import wording
from ..widgets.table import Column
from ..widgets.text import Line
from ..widgets.window import PAGE, Row
from .collections import alias_words
from .pane import Pane


class Versions(Pane):
    title = "Versions"
    number = 3
    orders = ("-number", "number", "-size", "-created", "-linked")
    columns = (
        Column("version", 6),
        Column("aliases"),
        Column("size", 8, drop=2, right=True),
        Column("added", 9, drop=1, right=True),
        Column("by", 8, drop=3),
    )
    hint = "alias:prod  size>1GB  metadata.acc>0.9  linked>7d"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.collection: Collection | None = None
        self.protected: Sequence[str] = ()

    def open(self, collection: Collection | None, protected: Sequence[str] = (), *, seek: int | None = None) -> None:
        """Show a collection's versions."""
        before = self.collection
        self.collection, self.protected = collection, protected
        if collection is None:
            self.show_nothing()
        elif before is not None and before.id == collection.id and seek is None:
            if collection != before:
                self.table.expire()
                self.retitle()
        else:
            if before is not None and before.id != collection.id:
                self.filter.clear()
                self._filter = ""
            self._read(seek)

    def reload(self) -> None:
        self._read(self.selected.id if self.selected else None)

    def _read(self, seek: int | None) -> None:
        collection, store = self.collection, self.store
        if collection is None:
            return

        def page(filter: str, order: str, after: str | None, counted: bool) -> Page[Version]:
            return store.search.versions(
                collection.path, filter or None, order=order, limit=PAGE, after=after, total=counted
            )

        self.read(
            collection.id,
            page,
            self._row,
            locate=lambda filter, order, key: store.search.locate_version(collection, key, filter or None, order=order),
            nth=lambda filter, order, n: store.search.nth_version(collection, n, filter or None, order=order),
            seek=seek,
        )

    def _row(self, version: Version) -> Row:
        words = alias_words(version.aliases, self.protected, latest=True)
        words += [(f" #{tag}", "tag") for tag in version.tags]
        return Row(
            version.id,
            (
                [(f"v{version.number}", "number")],
                words,
                [(wording.size(version.size), "muted")],
                [(wording.ago(version.linked_at, self.store.now()), "muted")],
                [(version.linked_by or version.created_by or "", "person")],
            ),
            version,
        )

    def about(self) -> Line:
        if self.collection is None:
            return ()
        order = "" if self.order == "-number" else f"  by {self.order.lstrip('-')}"
        return [(f"  of {self.collection.name}{order}", "")]

    def empty(self) -> Sequence[Line]:
        if self.collection is None:
            return ([("Choose a collection above.", "muted")],)
        return (
            [(f"{self.collection.name} is empty.", "")],
            [],
            [("l", "key"), (f"  links a version of type {self.collection.type} into it", "muted")],
        )
