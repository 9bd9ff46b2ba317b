"""What a version can be compared with: the one before, what an alias of its collection holds, and what it held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ...store import CuratoryError, Held, Store, Version
from .. import wording
from ..fetching import fetch
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line, Word, plain
from ..widgets.window import Row
from .dialog import Dialog, intro

MOST = 200  # aliases, those that were moved last

State = Literal["there", "unlinked", "deleted", "itself", "none"]


@dataclass(frozen=True, slots=True)
class Counterpart:
    """Something to compare a version with.

    Attributes:
        alias: which alias holds or held it; empty for the version before.
        past: the alias holds it no longer.
        number: of the version; None where it is not known.
        at, by: when the alias left it, and who moved it.
    """

    alias: str
    past: bool
    number: int | None
    state: State
    at: datetime | None = None
    by: str | None = None
    taken_off: bool = False


def counterparts(store: Store, version: Version) -> list[Counterpart]:
    """The version before first, then alias by alias what it holds and what it held before.

    Raises:
        CuratoryError: the collection is not there any more.
    """
    path = _collection(version)
    older = store.search.versions(path, f"version<{version.number}", limit=1).items
    found = [
        Counterpart("", False, older[0].number, "there") if older else Counterpart("", False, None, "none"),
    ]
    for held in store.aliases.held(path, limit=MOST):
        found += _of(held, version)
    return found


def _of(held: Held, version: Version) -> Iterator[Counterpart]:
    if held.now is not None:
        yield Counterpart(held.alias, False, held.now, "itself" if held.now == version.number else "there")
    if held.at is not None:
        state: State = "itself" if held.before == version.number and held.state == "there" else held.state
        yield Counterpart(held.alias, True, held.before, state, held.at, held.by, held.now is None)


def _collection(version: Version) -> str:
    return f"{version.entity}/{version.project}/{version.collection}"


class CompareWith(Dialog[Version]):
    """Ends with the version that was chosen."""

    box_classes = "-wide -tall"

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version

    def heading(self) -> Line:
        return [("Compare ", ""), (self.version.name, ""), (" with", "")]

    def fields(self) -> ComposeResult:
        yield intro([("enter", "key"), (" opens the comparison", "muted")])
        yield VirtualTable((Column("what", 24), Column("version", 8, right=True), Column("")), header=True)
        yield Static(id="problem", classes="dialog--label")

    def on_mount(self) -> None:
        super().on_mount()
        self.live()

    def live(self) -> None:
        store, version = self.store, self.version
        fetch(self, "counterparts", lambda: counterparts(store, version), self._show, self._refuse)

    def _show(self, found: Sequence[Counterpart]) -> None:
        now = self.store.now()
        self.query_one(VirtualTable).show([_row(one, now) for one in found], keep=True)
        aliases = {one.alias for one in found if one.alias not in ("", "latest")}
        if not any(one.state == "there" for one in found):
            self._say(f"There is nothing else in {self.version.collection} to compare it with.")
        elif len(aliases) >= MOST:
            self._say(f"Of the aliases, only the {MOST:,} that were moved last.")
        else:
            self._say("")

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        if event.row is None:
            return
        one: Counterpart = event.row.record
        refusal = _refusal(one, self.version)
        if refusal is not None:
            self._say(refusal)
            return
        store, path = self.store, f"{_collection(self.version)}:v{one.number}"
        fetch(self, "version", lambda: store.versions.get(path), self.dismiss, self._refuse)

    def _refuse(self, error: CuratoryError) -> None:
        self._say(str(error))

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(plain(text))


def _refusal(one: Counterpart, version: Version) -> str | None:
    """Why there is nothing to compare with, in a sentence."""
    name = f"{version.collection}:v{one.number}" if one.number is not None else "What it held"
    match one.state:
        case "none":
            return f"{version.name} is the first version of {version.collection} that there is."
        case "itself":
            return f"{name} is this version itself."
        case "unlinked":
            return f"{name} was unlinked from {version.collection}; there is nothing left here to compare with."
        case "deleted":
            return f"{name} was deleted at its source; there is nothing left to compare with."
    return None


def _row(one: Counterpart, now: datetime) -> Row:
    usable = one.state == "there"
    what: Line
    if not one.alias:
        what = [("the version before", "" if usable else "muted")]
    else:
        what = [(one.alias, "alias" if usable else "muted"), (" before" if one.past else " now", "muted")]
    number = f"v{one.number}" if one.number is not None else "—"
    return Row(
        (one.alias, one.past),
        (what, [(number, "number" if usable else "muted")], _told(one, now)),
        one,
    )


def _told(one: Counterpart, now: datetime) -> list[Word]:
    words: list[Word] = {
        "none": [("there is none", "muted")],
        "itself": [("this version", "muted")],
        "unlinked": [("unlinked", "warn")],
        "deleted": [("deleted", "warn")],
    }.get(one.state, [])
    if one.at is not None:
        words += [("  " if words else "", ""), ("taken off " if one.taken_off else "moved ", "muted")]
        words += [(wording.ago(one.at, now), ""), (" by ", "muted"), (one.by or "somebody", "person")]
        if one.state in ("there", "itself"):  # where the line is not long already
            words.append((f"  {wording.day_and_time(one.at)}", "muted"))
    return words
