"""Two versions side by side: what they are called, their metadata, their metrics, and their files by digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from ...store import CuratoryError, File, Store, Version
from .. import wording
from ..actions import ANYWHERE, COMPARE, bindings
from ..fetching import fetch
from ..widgets.bars import Crumbs, Footer
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line, content
from ..widgets.window import Row
from .desk import Desk

SAME, CHANGED, ADDED, GONE = " ", "~", "+", "-"
_ROLE = {SAME: "muted", CHANGED: "warn", ADDED: "good", GONE: "bad"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: a name, the two values in words, and how they differ."""

    section: str
    name: str
    old: str
    new: str
    sign: str
    change: str = ""


def compare(store: Store, old: Version, new: Version) -> list[Difference]:
    """All that can be compared, section by section."""
    found = list(_mapped("Version", _facts(old), _facts(new)))
    found += _mapped("Metadata", dict(_leaves(old.metadata)), dict(_leaves(new.metadata)))
    found += _mapped("Metrics", _summary(store, old), _summary(store, new))
    return found + list(_files(store.versions.files(old), store.versions.files(new)))


def _facts(version: Version) -> dict[str, Any]:
    return {
        "aliases": ", ".join(version.aliases),
        "tags": ", ".join(version.tags),
        "digest": version.digest,
        "size": version.size,
        "files": version.file_count,
        "source": wording.short(version.source),
        "run": version.run or "",
        "logged": wording.day_and_time(version.created_at),
        "by": version.created_by or "",
        "description": version.description,
    }


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value


def _summary(store: Store, version: Version) -> dict[str, Any]:
    if not version.run:
        return {}
    try:
        summary = store.runs.get(version.run).summary
    except CuratoryError:
        return {}
    return {key: value for key, value in _leaves(summary) if not key.startswith("_")}


def _mapped(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        sign = SAME if before == after else ADDED if name not in old else GONE if name not in new else CHANGED
        change = ""
        numbers = [one for one in (before, after) if isinstance(one, int | float) and not isinstance(one, bool)]
        if sign == CHANGED and len(numbers) == 2:
            by = numbers[1] - numbers[0]
            change = f"{by:+,.4g}" + (f" ({by / abs(numbers[0]):+.1%})" if numbers[0] else "")
        yield Difference(section, name, _word(before, name in old), _word(after, name in new), sign, change)


def _files(old: Sequence[File], new: Sequence[File]) -> Iterator[Difference]:
    before, after = {file.path: file for file in old}, {file.path: file for file in new}
    moved = {file.digest: file.path for file in old if file.path not in after}
    for path in sorted({**before, **after}):
        one, two = before.get(path), after.get(path)
        if one is not None and two is not None:
            sign = SAME if one.digest == two.digest else CHANGED
            change = "same bytes" if sign == SAME else _grown(two.size - one.size)
            yield Difference("Files", path, wording.size(one.size), wording.size(two.size), sign, change)
        elif two is not None:
            known = moved.get(two.digest)
            yield Difference("Files", path, "", wording.size(two.size), ADDED, f"was {known}" if known else "")
        elif one is not None:
            yield Difference("Files", path, wording.size(one.size), "", GONE)


def _grown(by: int) -> str:
    return f"{'+' if by >= 0 else '-'}{wording.size(abs(by))}"


def _word(value: Any, there: bool) -> str:
    if not there or value is None:
        return "—"
    return f"{value:.6g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)


class CompareScreen(Desk):
    BINDINGS = bindings(ANYWHERE, COMPARE)

    def __init__(self, old: Version, new: Version) -> None:
        super().__init__()
        self._versions = (old, new)
        self._found: list[Difference] = []
        self._all = True

    @property
    def where(self) -> str:
        return COMPARE

    def compose(self) -> ComposeResult:
        old, new = self._versions
        yield Crumbs()
        with Vertical(classes="compare--box"):
            yield VirtualTable(
                (Column("", 1), Column("", 26), Column(old.name), Column(new.name), Column("change", 18, drop=1)),
                header=True,
            )
        yield Footer()

    def on_mount(self) -> None:
        old, new = self._versions
        words: Line = [(" Compare ", "head"), (old.name, "path"), ("  with  ", "muted"), (new.name, "path")]
        self.query_one(Crumbs).show(words, [("esc goes back", "muted")])
        self.query_one(".compare--box").border_title = content([(f" {old.short_path}  ⟷  {new.short_path} ", "")])
        self.query_one(VirtualTable).focus()
        self.show_footer()
        self.live()

    def live(self) -> None:
        store, (old, new) = self.store, self._versions
        fetch(
            self,
            "compare",
            lambda: compare(store, old, new),
            self._show,
            lambda error: self.desk_app.say(str(error), "warning"),
        )

    def _show(self, found: list[Difference]) -> None:
        self._found = found
        rows: list[Row] = []
        section = ""
        for one in found:
            if not self._all and one.sign == SAME:
                continue
            if one.section != section:
                section = one.section
                count = sum(1 for other in found if other.section == section and other.sign != SAME)
                rows.append(Row(("space", section), ((),), heading=True))
                said = wording.count(count, "difference") if count else "the same"
                rows.append(Row(("head", section), ([(section, "head"), (f"  {said}", "muted")],), heading=True))
            role = _ROLE[one.sign]
            value = "" if one.sign == SAME else role
            rows.append(
                Row(
                    (one.section, one.name),
                    (
                        [(one.sign, role)],
                        [(one.name, "muted" if one.sign == SAME else "strong")],
                        [(one.old, value if one.sign == GONE else "")],
                        [(one.new, value)],
                        [(one.change, role)],
                    ),
                    one,
                )
            )
        self.query_one(VirtualTable).show(rows, keep=True)
        different = sum(1 for one in found if one.sign != SAME)
        shown = "all" if self._all else "differences only"
        self.query_one(".compare--box").border_subtitle = content(
            [(f" {wording.count(different, 'difference')} · {shown} ", "")]
        )

    # -- actions ------------------------------------------------------------------------------------------------

    def do_next_difference(self) -> None:
        self._jump(1)

    def do_previous_difference(self) -> None:
        self._jump(-1)

    def _jump(self, by: int) -> None:
        table = self.query_one(VirtualTable)
        rows = table.known
        at = table.cursor + by
        while 0 <= at < len(rows):
            record = rows[at].record
            if isinstance(record, Difference) and record.sign != SAME:
                table.seek(rows[at].key)
                return
            at += by
        self.desk_app.say("No further difference in that direction.")

    def do_only_different(self) -> None:
        self._all = not self._all
        self._show(self._found)
