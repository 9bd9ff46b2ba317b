"""The registries that one may see; below them the legacy registries of teams, and the projects that runs log into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...store import Project
from ..fetching import fetch
from ..widgets.table import Column
from ..widgets.text import Line
from ..widgets.window import Row
from .pane import Pane

_HEADINGS = {"legacy": "Legacy registries", "project": "Source projects"}


class Registries(Pane):
    title = "Registries"
    number = 1
    columns = (Column("", 1), Column("name"), Column("collections", 6, drop=1, right=True))
    hint = "words  type:model  by:ana"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._wish: int | None = None

    def reload(self) -> None:
        self._fetch(keep=True)

    def live(self) -> None:
        self._fetch(keep=True)

    def choose(self, project: int) -> None:
        """Put the cursor on a registry, now or when it has been read."""
        if not self.table.seek(project):
            self._wish = project

    def _fetch(self, *, keep: bool) -> None:
        filter = self._filter

        def work() -> list[Project]:
            if filter:
                return list(self.store.search.registries(filter, limit=1000))
            return self.store.projects.list()

        fetch(self, "registries", work, lambda found: self._show(found, keep), self.filter.blame)

    def _show(self, projects: list[Project], keep: bool) -> None:
        rows: list[Row] = []
        kind = "registry"
        for project in projects:
            if project.kind != kind:
                kind = project.kind
                if rows:
                    rows.append(Row(("space", kind), ((),), heading=True))
                rows.append(Row(("heading", kind), ([(_HEADINGS[kind], "muted")],), heading=True))
            rows.append(_row(project))
        self.table.show(rows, keep=keep)
        if self._wish is not None and self.table.seek(self._wish):
            self._wish = None

    def empty(self) -> Sequence[Line]:
        return (
            [("No registry is visible to you.", "")],
            [],
            [("n", "key"), (" makes one", "muted")],
        )

    def projects(self) -> list[Any]:
        return [row.record for row in self.table.known if not row.heading]


def _row(project: Project) -> Row:
    sign = (
        ("◐", "warn")
        if project.visibility == "restricted"
        else ("●", "model" if project.kind == "registry" else "muted")
    )
    if project.kind == "project":
        sign = ("○", "muted")
    name = [(project.title if project.kind == "registry" else project.name, "")]
    if project.kind == "legacy":
        name = [(project.entity, "")]
    elif project.kind == "project":
        name.append((f"  {project.entity}", "muted"))
    return Row(
        project.id,
        ([sign], name, [(f"{project.collections:,}", "muted")]),
        project,
    )
