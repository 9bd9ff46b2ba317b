"""Reviewing what was migrated: the queue on the left, on the right what is under its cursor, before and now.

Made for one hand: a verdict leads to the next collection that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from ...store import MATRIX, CuratoryError, Item, Migration, NotFound, Project, Role, Store, allowed
from .. import wording
from ..actions import ANYWHERE, BY_ID, REVIEW, Action, bindings, keys_of
from ..comparison import SAME, Difference
from ..comparison.sides import compare_sides
from ..dialogs.dialog import Confirm
from ..fetching import fetch, later
from ..plans import Warnings
from ..safe import clean
from ..widgets.bars import Crumbs, Footer
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, content, fit_ends, width_of
from ..widgets.window import Row
from .compare import compared_columns, lay_out
from .desk import Desk
from .mending import Mending

NAME = 12  # cells that a name has at least
DEBOUNCE = 0.06  # seconds that the cursor rests before a collection is read
_SIGNS = {"accepted": ("✓", "good"), "flagged": ("✗", "bad"), None: ("·", "muted")}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What stands on the right."""

    item: Item
    differences: list[Difference]


class ReviewScreen(Mending, Desk):
    BINDINGS = bindings(ANYWHERE, REVIEW)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012

    def __init__(self, migration: Migration, at: int | None = None) -> None:
        """`at`: the item that it opens on; the first unreviewed unless given."""
        super().__init__()
        self._migration = migration
        self._registry: Project | None = None
        self._at = at
        self._gone = False
        self._shown: _Shown | None = None
        self._width = 0
        self._all = True
        self._verdict: tuple[str, str] | None = None  # the last one that was given here, and on what

    @property
    def where(self) -> str:
        return REVIEW

    @property
    def queue(self) -> VirtualTable:
        return self.query_one("#queue", VirtualTable)

    @property
    def compared(self) -> VirtualTable:
        return self.query_one("#compared", VirtualTable)

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Horizontal(classes="review--columns"):
            with Vertical(classes="review--queue"):
                yield VirtualTable(id="queue")
            with Vertical(classes="review--box"):
                yield VirtualTable(compared_columns(NAME, "before", "now"), header=True, id="compared")
        yield Footer()

    def on_mount(self) -> None:
        self.queue.focus()
        self.show_footer()
        self.live()

    def live(self) -> None:
        """Read the queue and what is under the cursor again; others review, too."""
        store, known, first = self.store, self._migration, self._at

        def work() -> tuple[Migration, Project, list[Item], int | None]:
            migration = next((one for one in store.migrations.list() if one.id == known.id), None)
            if migration is None:
                raise NotFound(f"The migration of {known.source} was rolled back, or is not for you any more.")
            items = store.reviews.queue(migration, limit=-1)
            begin = first
            if begin is None and self._shown is None:
                found = store.reviews.next(migration)
                begin = found.id if found else None
            return migration, store.projects.by_id(migration.registry_id), items, begin

        def done(found: tuple[Migration, Project, list[Item], int | None]) -> None:
            self._migration, self._registry, items, begin = found
            self.queue.show([_queued(item) for item in items], keep=True)
            if begin is not None:
                self._at = None
                self.queue.seek(begin)
            self._say_progress()
            self.show_footer()

        fetch(self, "queue", work, done, self._lost)

    def _lost(self, error: CuratoryError) -> None:
        self._refused(error)
        if isinstance(error, NotFound) and not self._gone:
            self._leave()

    def _leave(self) -> None:
        """It was rolled back; what lies over this screen, such as a dialog, is left first."""
        self._gone = True
        if self.app.screen is self:
            self.app.pop_screen()

    def on_screen_resume(self) -> None:
        if self._gone and self.app.screen is self:
            self.app.pop_screen()

    def reason(self, action: Action) -> str | None:
        registry, permission = self._registry, action.permission(REVIEW)
        if permission is None or registry is None or allowed(Role.parse(registry.role), permission):
            return super().reason(action)
        return (
            f"You are {registry.role} of {registry.title}; to {permission.value} takes the role "
            f"{MATRIX[permission].label}. Ask an admin of it ({registry.owner or 'see its members'})."
        )

    def _say_progress(self) -> None:
        migration, tally = self._migration, self._migration.tally
        words: list[Word] = [(f"{tally.accepted:,} of {tally.total:,} accepted", "good" if tally.accepted else "muted")]
        if tally.flagged:
            words += [("  ", ""), (f"{tally.flagged:,} flagged", "bad")]
        if migration.state == "approved":
            words += [("  ", ""), ("signed off", "strong")]
        elif tally.total and tally.accepted == tally.total:
            key = keys_of(BY_ID["sign_off"], self.desk_app.keys)[0]
            words += [("  ", ""), (key, "key"), (" signs it off", "")]
        head: list[Word] = [(" Review ", "head"), (migration.source, "path"), (" → ", "muted")]
        head += [(wording.short(migration.registry), "path"), ("   ", "")]
        room = self.size.width - (width_of(said) + 2 if (said := self._said(40)) else 0)
        left = next((one + words for one in (head, head[:1]) if width_of(one + words) < room), words)
        self.query_one(Crumbs).show(left, self._said(self.size.width - width_of(left) - 3))
        box = self.query_one(".review--queue")
        box.border_title = content([(" Collections ", "")])
        box.border_subtitle = content([(f" {tally.unreviewed:,} unreviewed ", "")])

    def _said(self, room: int) -> list[Word]:
        """What the last verdict was, in so many cells: it is no toast, since one verdict follows the other."""
        if self._verdict is None:
            return []
        verb, name = self._verdict
        words: list[Word] = [(verb, "good"), (" ", ""), ("", "path")]
        hint: list[Word] = [("   ", ""), *self._key("undo"), (" takes it back", "muted")]
        left = room - width_of(words) - width_of(hint)
        words[-1] = (fit_ends(clean(name), max(left, 8)), "path")
        return words + hint

    def action_act(self, name: str) -> None:
        changes = BY_ID[name].undoable or name in ("undo", "redo", "undo_list")
        if self._verdict is not None and changes:
            self._verdict = None  # what the key takes back is another change from now on
            self._say_progress()
        super().action_act(name)

    # -- what is under the cursor ---------------------------------------------------------------------------------

    @on(VirtualTable.Highlighted, "#queue")
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        item = event.row.record if event.row is not None else None
        if isinstance(item, Item):
            delay = DEBOUNCE if self._shown is not None else 0.0
            later(self, "item", delay, lambda: self._read(item))
        elif not self.queue.total:
            self.compared.show([Row("none", ([("There was nothing to migrate.", "muted")],), heading=True)])

    def _read(self, item: Item) -> None:
        store, migration = self.store, self._migration

        def work() -> _Shown:
            old, new, _ = store.reviews.compare(item)
            return _Shown(item, compare_sides(old, new, store.reviews.access(migration), target=item.target))

        fetch(self, "compare", work, self._show, self._refused)

    def _show(self, shown: _Shown) -> None:
        keep = self._shown is not None and self._shown.item.id == shown.item.id
        self._shown, self._width = shown, self.size.width
        width = max(self.compared.size.width, 20)
        name, rows = lay_out(shown.differences, width, everything=self._all, least=NAME)
        if rows and not rows[0].cells[0]:  # the blank line above a section; nothing stands above the first
            del rows[0]
        if not rows:
            rows = [
                Row(
                    "same",
                    ([("  Nothing differs.  ", "good"), *self._key("accept"), (" accepts it", "")],),
                    heading=True,
                )
            ]
        self.compared.set_columns(compared_columns(name, "before", "now"), header=True)
        self.compared.show(rows, keep=keep)
        item = shown.item
        box = self.query_one(".review--box")
        sign, role = _SIGNS[item.verdict]
        title: list[Word] = [(f" {sign} ", role), (item.target, "strong"), (" ", "")]
        if item.reviewed_by:
            title.append((f"{item.verdict} by {item.reviewed_by} ", "muted"))
        if item.comment:
            title += [("“", "muted"), (item.comment, "warn"), ("” ", "muted")]
        box.border_title = content(title)
        count = sum(1 for one in shown.differences if one.sign != SAME)
        part = "" if self._all else " · differences only"
        note = f" · {item.note}" if item.note else ""
        box.border_subtitle = content([(f" {wording.count(count, 'difference')}{part}{note} ", "")])
        self.show_footer()

    def _key(self, action: str) -> list[Word]:
        return [(keys_of(BY_ID[action], self.desk_app.keys)[0], "key")]

    def on_resize(self, event: events.Resize) -> None:
        if self._shown is not None and event.size.width != self._width:
            self._say_progress()
            self.call_after_refresh(self._show, self._shown)

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        """Enter goes into the comparison, and from there to the very place in the registry."""
        event.stop()
        if event.table is self.queue:
            self.compared.focus()
            return
        path = self._shown.item.path if self._shown else None
        if path is None:
            self.desk_app.say("It is not in the registry any more; the history (H) says since when.", "warning")
            return
        record = event.row.record if event.row is not None else None
        version = f":{record.name}" if isinstance(record, Difference) and record.kind == "version" else ""
        self.desk_app.visit(f"{path}{version if record and record.new != '—' else ''}")

    # -- verdicts -----------------------------------------------------------------------------------------------

    @property
    def _item(self) -> Item | None:
        """What is under the cursor; what stands on the right may lag behind it."""
        row = self.queue.row
        return row.record if row is not None else None

    @property
    def _items(self) -> list[Item]:
        """What is marked; else what is under the cursor."""
        marked = [row.record for row in self.queue.marks.values()]
        return marked or ([self._item] if self._item is not None else [])

    def _judge(self, work: Callable[[Store, Sequence[Item]], object], said: str, *, stay: bool = False) -> None:
        items, store = self._items, self.store
        if not items:
            return

        def done(_: object) -> None:
            self.queue.clear_marks()
            name = items[0].target if len(items) == 1 else wording.count(len(items), "collection")
            self._verdict = (said, name)
            self._say_progress()
            self.live() if stay else self._on(items[-1])

        fetch(self, "judge", lambda: work(store, items), done, self._refused, exclusive=False)

    def _refused(self, error: CuratoryError) -> None:
        if not self._gone:
            self.desk_app.say(str(error), "warning")

    def _on(self, item: Item) -> None:
        """After a verdict: to the next collection without one."""
        self._step(lambda store, migration: store.reviews.next(migration, after=item.id), quiet=True)

    def _step(self, find: Callable[[Store, Migration], Item | None], *, quiet: bool = False) -> None:
        store, migration = self.store, self._migration

        def done(found: Item | None) -> None:
            if found is not None:
                self._at = found.id
            elif not quiet:
                self.desk_app.say("Everything has been reviewed.", "information")
            self.live()

        fetch(self, "step", lambda: find(store, migration), done, self._refused)

    def do_accept(self) -> None:
        self._judge(lambda store, items: store.reviews.accept(items), "accepted")

    def do_reopen(self) -> None:
        self._judge(lambda store, items: store.reviews.reopen(items), "no verdict any more on", stay=True)

    def do_flag(self) -> None:
        from ..dialogs.flag import FlagDialog

        items = self._items
        if items:
            self.app.push_screen(FlagDialog(items), lambda done: self._on(items[-1]) if done else None)

    def do_next_open(self) -> None:
        at = self._item.id if self._item else 0
        self._step(lambda store, migration: store.reviews.next(migration, after=at))

    def do_previous_open(self) -> None:
        at = self._item.id if self._item else 0
        self._step(lambda store, migration: store.reviews.previous(migration, before=at))

    def do_sign_off(self) -> None:
        migration = self._migration
        heading: Line = [("Sign off ", ""), (migration.source, "")]
        self.app.push_screen(Confirm(heading, "Sign off", lambda store: store.reviews.sign_off(migration)))

    def do_roll_back(self) -> None:
        self.app.push_screen(_RollBack(self._migration), lambda done: self._leave() if done else None)

    # -- looking ------------------------------------------------------------------------------------------------

    def do_next_difference(self) -> None:
        self._jump(1)

    def do_previous_difference(self) -> None:
        self._jump(-1)

    def _jump(self, by: int) -> None:
        table = self.compared
        rows = table.known
        at = table.cursor + by if self.focused is table else (0 if by > 0 else len(rows) - 1)
        while 0 <= at < len(rows):
            record = rows[at].record
            if isinstance(record, Difference) and record.sign != SAME:
                table.focus()
                table.seek(rows[at].key)
                return
            at += by
        self.desk_app.say("No further difference in that direction.")

    def do_only_different(self) -> None:
        self._all = not self._all
        if self._shown is not None:
            self._show(self._shown)

    def do_pane_next(self) -> None:
        (self.queue if self.focused is self.compared else self.compared).focus()

    def do_pane_previous(self) -> None:
        self.do_pane_next()

    def do_out(self) -> None:
        if self.queue.marks:
            self.queue.clear_marks()
        elif self.focused is self.compared:
            self.queue.focus()
        else:
            self.app.pop_screen()


def _queued(item: Item) -> Row:
    sign, role = _SIGNS[item.verdict]
    words: list[Word] = [(f"{sign} ", role), (item.target, "muted" if item.verdict == "accepted" else "strong")]
    if item.state == "waiting":
        words.append(("  not copied yet", "warn"))
    elif item.path is None:
        words.append(("  deleted", "bad"))
    return Row(item.id, (words,), item)


class _RollBack(Confirm):
    """Nothing takes it back."""

    undoable = False

    def __init__(self, migration: Migration) -> None:
        registry = migration.registry
        heading: Line = [("Roll the migration of ", ""), (migration.source, ""), (" back", "")]
        super().__init__(
            heading, "Roll back", lambda store: store.migrations.roll_back(registry, confirmed=True), danger=True
        )
        self._migration = migration

    def warnings(self) -> Warnings:
        known = self._migration

        def read(store: Store) -> list[Line]:
            tally = store.reviews.tally(known)
            judged = wording.count(tally.accepted + tally.flagged, "verdict")
            gone: Line = [(f"{judged} and all that was done in it since go, too; u does not take it back", "bad")]
            return [gone, [(known.source, "path"), (" is written to again", "")]] if known.source_id else [gone]

        return read

    def told(self) -> Line:
        known = self._migration
        words: list[Word] = [("the migration of ", ""), (known.source, "path"), (" is rolled back", "")]
        if known.source_id is None:
            return [*words, (" and ", ""), (wording.short(known.registry), "path"), (" is gone", "")]
        words += [(", ", ""), (wording.short(known.registry), "path"), (" is gone, and ", "")]
        return [*words, ("the legacy registry is written to again", "")]
