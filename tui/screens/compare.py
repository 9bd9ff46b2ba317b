"""Two versions side by side, section by section; what differs is found with two keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from ...store import Version
from .. import wording
from ..actions import ANYWHERE, COMPARE, bindings
from ..comparison import ADDED, CHANGED, GONE, NOTE, SAME, Difference, Known, compare
from ..fetching import fetch
from ..safe import clean
from ..widgets.bars import Crumbs, Footer
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line, Word, content, fit_dotted, fit_ends, width_of, wrapped
from ..widgets.window import Row
from .desk import Desk

NAME = 26  # cells that a name has at least
_ROLE = {SAME: "muted", CHANGED: "warn", ADDED: "good", GONE: "bad", NOTE: "warn"}


class CompareScreen(Desk):
    BINDINGS = bindings(ANYWHERE, COMPARE)

    def __init__(self, old: Version, new: Version) -> None:
        super().__init__()
        self._versions = (old, new)
        self._found: list[Difference] = []
        self._known: Known = {}
        self._all = True
        self._width = 0

    @property
    def where(self) -> str:
        return COMPARE

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Vertical(classes="compare--box"):
            yield VirtualTable(self._columns(NAME), header=True)
        yield Footer()

    def _columns(self, name: int) -> tuple[Column, ...]:
        old, new = self._versions
        return compared_columns(name, old.name, new.name)

    def on_mount(self) -> None:
        old, new = self._versions
        words: Line = [(" Compare ", "head"), (old.name, "path"), ("  with  ", "muted"), (new.name, "path")]
        self.query_one(Crumbs).show(words, [("esc goes back", "muted")])
        self.query_one(".compare--box").border_title = content([(f" {old.short_path}  ⟷  {new.short_path} ", "")])
        self.query_one(VirtualTable).focus()
        self.show_footer()
        self.live()

    def live(self) -> None:
        store, (old, new), known = self.store, self._versions, self._known
        fetch(
            self,
            "compare",
            lambda: compare(store, old, new, known),
            self._show,
            lambda error: self.desk_app.say(str(error), "warning"),
        )

    def on_resize(self, event: events.Resize) -> None:
        if self._found and event.size.width != self._width:
            self._show(self._found)

    def _show(self, found: list[Difference]) -> None:
        """Lay it out; in a thread, since a model can have a hundred thousand tensors."""
        self._found, self._width = found, self.size.width
        everything, width = self._all, max(self._width - 2, 20)

        def done(laid_out: tuple[int, list[Row]]) -> None:
            name, rows = laid_out
            table = self.query_one(VirtualTable)
            columns = self._columns(name)
            if table.columns != columns:
                table.set_columns(columns, header=True)
            table.show(rows, keep=True)
            different = sum(1 for one in found if one.sign not in (SAME, NOTE))
            shown = "all" if everything else "differences only"
            self.query_one(".compare--box").border_subtitle = content(
                [(f" {wording.count(different, 'difference')} · {shown} ", "")]
            )

        fetch(self, "layout", lambda: lay_out(found, width, everything=everything), done)

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


def compared_columns(name: int, old: str, new: str) -> tuple[Column, ...]:
    """A sign, a name of so many cells, the value on both sides, and how it changed."""
    return (Column("", 1), Column("", name), Column(old), Column(new), Column("change", 18, drop=1))


def lay_out(found: Sequence[Difference], width: int, *, everything: bool, least: int = NAME) -> tuple[int, list[Row]]:
    """The width of the names, and the rows; names keep their ends, a third of the screen is theirs at most."""
    shown = [one for one in found if everything or one.sign != SAME]
    most = max(least, width // 3)
    name = max(least, min(most, max((width_of([(one.name, "")]) for one in shown if not one.is_note), default=0)))
    return name, list(_rows(found, shown, name, width))


def _rows(found: Sequence[Difference], shown: Sequence[Difference], name: int, width: int) -> Iterator[Row]:
    different = Counter((one.section, one.of) for one in found if one.sign not in (SAME, NOTE))
    noted = {(one.section, one.of) for one in found if one.is_note}
    before: tuple[str, str] | None = None
    for one in shown:
        section = (one.section, one.of)
        if section != before:
            before = section
            count = different[section]
            said = wording.count(count, "difference") if count else "" if section in noted else "the same"
            yield Row(("space", *section), ((),), heading=True)
            words: list[Word] = [(one.section, "head"), (f"  {said}", "muted")]
            if one.of:
                words.insert(1, (f"  {one.of}", "path"))
            yield Row(("head", *section), (words,), heading=True)
        if one.is_note:
            for number, line in enumerate(wrapped(clean(one.name), width - 6)):
                yield Row(("note", *section, one.name, number), ([(f"  {line}", "warn")],), heading=True)
        else:
            yield _row(one, name)


def _row(one: Difference, name: int) -> Row:
    role = _ROLE[one.sign]
    shortened = fit_dotted if one.kind == "tensor" else fit_ends
    value = "" if one.sign == SAME else role
    return Row(
        (one.section, one.of, one.kind, one.name),
        (
            _cell(one.sign, role),
            _cell(shortened(clean(one.name), name), "muted" if one.sign == SAME else "strong"),
            _cell(one.old, value if one.sign == GONE else ""),
            _cell(one.new, value),
            _cell(one.change, role),
        ),
        one,
    )


@lru_cache(maxsize=4_096)
def _cell(text: str, role: str) -> Line:
    """One for many, and tuples only: of a hundred thousand rows the garbage collector has little to walk through."""
    return ((text, role),)
