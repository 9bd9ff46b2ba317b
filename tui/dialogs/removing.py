"""Deleting, for which the name has to be typed, and how long a version lives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from ...store import Collection, Project, Store, Version
from .. import wording
from ..plans import Work
from ..widgets.text import Line
from .completion import names
from .dialog import PlanDialog, intro, label

_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "mo": 2_592_000, "y": 31_536_000}
_AGE = re.compile(r"(\d+)\s*(mo|[mhdwy])$")


class DeleteDialog(PlanDialog):
    """Delete registries, source projects, collections, or versions at their source."""

    verb = "Delete"
    danger = True

    def __init__(self, subjects: Sequence[Project | Collection | Version]) -> None:
        super().__init__()
        self.subjects = list(subjects)

    def heading(self) -> Line:
        return [("Delete ", ""), (self._what, "")]

    @property
    def _what(self) -> str:
        first = self.subjects[0]
        if len(self.subjects) > 1:
            kind = "versions"
            if isinstance(first, Collection | Project):
                kind = "collections" if isinstance(first, Collection) else "registries"
            return f"{len(self.subjects):,} {kind}"
        return first.title if isinstance(first, Project) else first.name

    @property
    def _typed(self) -> str:
        """What has to be typed first."""
        first = self.subjects[0]
        if len(self.subjects) > 1:
            return str(len(self.subjects))
        return first.short_name if isinstance(first, Project) else first.name

    def fields(self) -> ComposeResult:
        yield label(f"Type {self._typed} to allow it")
        yield Input(id="name", compact=True)

    def missing(self) -> str | None:
        typed = self.query_one("#name", Input).value.strip() == self._typed
        return None if typed else "Nothing is deleted until that is typed. This is what it would do:"

    def work(self) -> Work | str:
        subjects = self.subjects

        def delete(store: Store) -> None:
            for subject in subjects:
                if isinstance(subject, Project) and subject.kind == "project":
                    store.projects.remove(subject.path)
                elif isinstance(subject, Project):
                    store.registries.remove(subject.path)
                elif isinstance(subject, Collection):
                    store.collections.remove(subject.path, delete_aliases=True)
                else:
                    store.versions.remove(subject, delete_aliases=True)

        return delete


class TtlDialog(PlanDialog):
    """How long a source version lives."""

    verb = "Set"

    def __init__(self, versions: Sequence[Version]) -> None:
        super().__init__()
        self.versions = list(versions)

    def heading(self) -> Line:
        return [("Expiry of ", ""), (names(self.versions), "")]

    def fields(self) -> ComposeResult:
        now = wording.lifetime(self.versions[0].ttl)
        yield intro([("now: ", "muted"), (now, ""), ("; counted from when it was logged", "muted")])
        yield label("30d, 12h, 6mo, 1y; never; inherit (as its team says)")
        yield Input(placeholder="30d", id="ttl", compact=True)

    def work(self) -> Work | str:
        seconds = read_age(self.query_one("#ttl", Input).value)
        if seconds is None:
            return "Say how long: a number with m, h, d, w, mo or y; or never; or inherit."
        versions = self.versions

        def expire(store: Store) -> None:
            for version in versions:
                store.versions.set_ttl(version, seconds)

        return expire


def read_age(text: str) -> int | None:
    """`30d` in seconds; never is -2, inherit -1; None when it is none of these."""
    text = text.strip().lower()
    if text in ("never", "inherit"):
        return -2 if text == "never" else -1
    match = _AGE.match(text)
    return int(match[1]) * _UNITS[match[2]] if match else None
