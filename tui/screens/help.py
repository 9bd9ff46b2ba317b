"""`?`: every key, what it does here, and why one of them would be refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.app import ComposeResult
from textual.containers import Vertical

from ..actions import ANYWHERE, HELP, LIST, Action, bindings, by_heading, keys_of
from ..widgets.bars import Crumbs, Footer
from ..widgets.filter import FilterLine
from ..widgets.table import Column, VirtualTable
from ..widgets.text import content, width_of, wrapped
from ..widgets.window import Row
from .desk import Desk

_FILTERS = (
    ("word", "text in the name, a tag, an alias or the description"),
    ('"two words"', "a phrase"),
    ("tag:prod  alias:latest  type:dataset  by:ana", "fields; several with commas in brackets: tag:(a, b)"),
    ("updated>7d  created:2026-05  linked<2w", "ages and dates"),
    ("size>1.5GB  files>100  metadata.acc>0.9", "numbers, of versions"),
    ("name~^det  digest:3f2a  has:run", "patterns, beginnings, what is there"),
    ("!tag:wip   x OR y   ( … )", "not, either, brackets"),
)


class HelpScreen(Desk):
    BINDINGS = bindings(ANYWHERE)

    def __init__(self, pane: str, reason: Callable[[Action], str | None]) -> None:
        super().__init__()
        self._pane = pane
        self._reason = reason
        self._filter = ""

    @property
    def where(self) -> str:
        return HELP

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Vertical(classes="help--box"):
            yield FilterLine("type to find a key")
            yield VirtualTable((Column("keys", 14, right=True), Column("what it does")), cursor=True)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(".help--box").border_title = content([(f" Keys, in the {self._pane} and everywhere ", "")])
        self.query_one(Crumbs).show([(" Help", "head"), ("   / finds a key   esc goes back", "muted")], ())
        self._show()
        self.query_one(VirtualTable).focus()
        self.show_footer()

    def key_slash(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        self._filter = event.text.casefold()
        self._show()

    def on_filter_line_left(self) -> None:
        self.query_one(VirtualTable).focus()

    def do_out(self) -> None:
        if self.query_one(FilterLine).clear():
            self.query_one(VirtualTable).focus()
        else:
            self.app.pop_screen()

    def do_help(self) -> None:
        self.app.pop_screen()

    def _show(self) -> None:
        self.query_one(VirtualTable).show(list(self._rows()))

    def _rows(self) -> Iterator[Row]:
        for heading, some in by_heading().items():
            rows = [self._row(action) for action in some if self._fits(action)]
            if rows:
                yield Row(("space", heading), ((),), heading=True)
                yield Row(("heading", heading), ([(heading, "head")],), heading=True)
                for row in rows:
                    yield from self._wrapped(row)
        rows = [
            Row(("filter", text), ([("", "")], [(f"{text:<46} ", "code"), (meaning, "")]))
            for text, meaning in _FILTERS
            if self._filter in f"{text} {meaning}".casefold()
        ]
        if rows:
            yield Row("space", ((),), heading=True)
            yield Row("filters", ([("The filter language, after /", "head")],), heading=True)
            yield from rows

    def _wrapped(self, row: Row) -> Iterator[Row]:
        """A row, and below it what is too long for its line."""
        keys, words = row.cells
        room = self.query_one(VirtualTable).size.width - 19
        if room < 30 or width_of(words) <= room:
            yield row
            return
        parts: list[tuple[str, str]] = [(part, role) for text, role in words for part in wrapped(text.strip(), room)]
        yield Row(row.key, (keys, [parts[0]]), row.record)
        for number, part in enumerate(parts[1:]):
            yield Row((row.key, number), ([(" " * 15, ""), part],), heading=True)

    def on_resize(self) -> None:
        if self.is_mounted:
            self.call_after_refresh(self._show)

    def _fits(self, action: Action) -> bool:
        text = f"{' '.join(keys_of(action, self.desk_app.keys))} {action.label} {action.help} {action.id}"
        return self._filter in text.casefold()

    def _row(self, action: Action) -> Row:
        keys = "  ".join(keys_of(action, self.desk_app.keys))
        here = LIST in action.where or ANYWHERE in action.where or action.fits(self._pane)
        refusal = self._reason(action) if here and LIST not in action.where else None
        words = [(action.help, "" if here and refusal is None else "muted")]
        if not here:
            words.append((f"  in {', '.join(action.where)}", "muted"))
        elif refusal is not None:
            words.append((f"  {refusal}", "warn"))
        return Row(action.id, ([(keys, "key" if here and refusal is None else "muted")], words), action)
