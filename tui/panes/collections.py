"""The collections of a registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.widgets import Static

from ...store import Collection, Page, Project
from .. import wording
from ..widgets.table import Column
from ..widgets.text import Line, Word, content
from ..widgets.window import PAGE, Row
from .pane import Pane


class Collections(Pane):
    title = "Collections"
    number = 2
    orders = ("name", "-updated", "-created")
    columns = (
        Column("name"),
        Column("latest", 5, right=True),
        Column("aliases", 11, drop=1, most=24),
        Column("updated", 9, drop=2, right=True),
        Column("tags", 18, drop=4),
        Column("type", 8, drop=3),
    )

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.registry: Project | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="pane--banner")
        yield from super().compose()

    def announce(self, line: Line) -> None:
        """A line above the list; none where there is nothing to say."""
        banner = self.query_one(".pane--banner", Static)
        banner.display = bool(line)
        banner.update(content(line))

    def open(self, registry: Project | None, *, seek: int | None = None) -> None:
        """Show a registry's collections."""
        before = self.registry
        self.registry = registry
        if registry is None:
            self.show_nothing()
        elif before is not None and before.id == registry.id and seek is None and self.table.total:
            return
        else:
            if before is not None and before.id != registry.id:
                self.filter.clear()
                self._filter = ""
            self._read(seek)

    def reload(self) -> None:
        self._read(self.selected.id if self.selected else None)

    def _read(self, seek: int | None) -> None:
        registry, store = self.registry, self.store
        if registry is None:
            return

        def page(filter: str, order: str, after: str | None, counted: bool) -> Page[Collection]:
            return store.search.collections(
                registry.path, filter or None, order=order, limit=PAGE, after=after, total=counted
            )

        self.read(
            registry.id,
            page,
            self._row,
            locate=lambda filter, order, key: store.search.locate_collection(key, filter or None, order=order),
            nth=lambda filter, order, n: store.search.nth_collection(registry.path, n, filter or None, order=order),
            seek=seek,
        )

    def _row(self, collection: Collection) -> Row:
        latest = f"v{collection.latest}" if collection.latest is not None else "—"
        return Row(
            collection.id,
            (
                [(collection.name, "")],
                [(latest, "number" if collection.latest is not None else "muted")],
                alias_words(list(collection.aliases), self._protected),
                [(wording.ago(collection.updated_at, self.store.now()), "muted")],
                [(f"#{tag} ", "tag") for tag in collection.tags],
                [(collection.type, "type")],
            ),
            collection,
        )

    @property
    def _protected(self) -> Sequence[str]:
        return self.registry.protected_aliases if self.registry else ()

    def about(self) -> Line:
        if self.registry is None:
            return ()
        words: list[Word] = [(f"  of {self.registry.title}", "")]
        if self.order != "name":
            words.append((f"  by {self.order.lstrip('-')}", ""))
        return words

    def empty(self) -> Sequence[Line]:
        if self.registry is None:
            return ([("Choose a registry on the left.", "muted")],)
        if self.registry.kind == "project":
            return ([("Runs have logged nothing here yet.", "")],)
        return (
            [(f"There is no collection in {self.registry.title} yet.", "")],
            [],
            [("n", "key"), ("  makes an empty one", "muted")],
            [("l", "key"), ("  on a version of a source project links it here,", "muted")],
            [("   and makes the collection on the way", "muted")],
        )

    def keys(self) -> list[Any]:
        return [row.key for row in self.table.known]


def alias_words(aliases: Sequence[str], protected: Sequence[str], *, latest: bool = False) -> list[Word]:
    """Aliases with blanks between: protected ones first, with a mark, `latest` last."""
    named = sorted((alias for alias in aliases if alias != "latest"), key=lambda alias: (alias not in protected, alias))
    words: list[Word] = []
    for alias in named:
        if words:
            words.append((" ", ""))
        words.append((f"◆{alias}", "protected") if alias in protected else (alias, "alias"))
    if latest and "latest" in aliases:
        words.append((" latest" if words else "latest", "latest"))
    return words or [("—", "muted")]
