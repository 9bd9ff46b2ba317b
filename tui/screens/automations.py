"""Automations that watch a registry or a collection, and below them the history of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from ...store import MATRIX, Automation, CuratoryError, Delivery, Invalid, Page, Role, Store, Worker, allowed
from .. import automations, wording
from ..actions import ANYWHERE, AUTOMATIONS, BY_ID, Action, bindings, keys_of
from ..dialogs.automation import AutomationDialog, Watched
from ..dialogs.delivery import DeliveryDialog, RedeliverDialog
from ..dialogs.dialog import Confirm
from ..dialogs.webhooks import WebhooksDialog
from ..fetching import fetch, later
from ..widgets.bars import Crumbs, Footer
from ..widgets.rows import Column
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, content, plain, wrapped
from ..widgets.window import PAGE, Row, Source
from .automation_rows import SENT, WATCHING, sent, watching
from .desk import Desk

DEBOUNCE = 0.06  # seconds that the cursor rests before a history is read
PACE = 1.0  # seconds between two looks at deliveries that are pending
_ABOUT_ONE = ("automation_edit", "automation_pause", "automation_test", "automation_remove", "redeliver_failed")


class AutomationsScreen(Desk):
    BINDINGS = bindings(ANYWHERE, AUTOMATIONS)

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self._watched = watched
        self._read_of: int | None = None  # the automation whose history is shown
        self._before: set[int] | None = None  # which there were, while a new one is being made
        self._known = -1  # automations that there are; -1: not read yet

    @property
    def where(self) -> str:
        return AUTOMATIONS

    @property
    def table(self) -> VirtualTable:
        return self.query_one("#automations", VirtualTable)

    @property
    def history(self) -> VirtualTable:
        return self.query_one("#deliveries", VirtualTable)

    @property
    def _automation(self) -> Automation | None:
        row = self.table.row
        return row.record if row is not None else None

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Vertical(classes="automations--box"):
            yield VirtualTable(WATCHING, header=True, id="automations")
        with Vertical(classes="automations--history"):
            yield Static(classes="history--problem")
            yield VirtualTable(SENT, header=True, id="deliveries")
        yield Footer()

    def on_mount(self) -> None:
        words: list[Word] = [(" Automations", "head"), (" of ", ""), (self._watched.title, "path")]
        self.query_one(Crumbs).show([*words, ("   enter shows all of a delivery   esc goes back", "muted")], ())
        self.query_one(".automations--box").border_title = content([(" Automations ", "")])
        self._title("History")
        self.table.focus()
        self.show_footer()
        self.live()
        self.set_interval(PACE, self._tick)

    # -- reading ------------------------------------------------------------------------------------------------

    def live(self) -> None:
        store, path = self.store, self._watched.path
        fetch(self, "automations", lambda: store.automations.list(path), self._show, self._refuse)
        self._expire()

    def _tick(self) -> None:
        """While something is pending, what comes of it is looked for: that is in no event."""
        pending = any(isinstance(row.record, Delivery) and row.record.state == "pending" for row in self.history.known)
        if pending and self.app.screen is self:
            self.live()

    def _show(self, found: Sequence[Automation]) -> None:
        now = self.store.now()
        if bool(found) != bool(self._known) or self._known < 0:
            columns = WATCHING if found else (Column(""),)
            self.table.set_columns(columns, header=bool(found), cursor=bool(found))
        self._known = len(found)
        fresh = next((one.id for one in found if self._before is not None and one.id not in self._before), None)
        self._before = None
        rows = [watching(one, now) for one in found] if found else self._lesson()
        self.table.show(rows, keep=bool(found), seek=fresh)
        box = self.query_one(".automations--box")
        box.set_class(not found, "-empty")
        self.query_one(".automations--history").display = bool(found)
        box.styles.height = len(found) + 3 if found else "1fr"  # no more than it takes: the history gets the rest
        paused = sum(1 for one in found if not one.enabled)
        words = f" {wording.count(len(found), 'automation')}{f' · {paused:,} paused' if paused else ''} "
        box.border_subtitle = content([(words, "")]) if found else ""
        self.show_footer()

    def _lesson(self) -> list[Row]:
        """What an automation is, where there is none yet."""
        key = keys_of(BY_ID["automation_new"], self.desk_app.keys)[0]
        hooks = keys_of(BY_ID["webhooks"], self.desk_app.keys)[0]
        title, width = self._watched.title, max(self.size.width - 6, 20)
        lines: list[Line] = [[("No automation watches ", "muted"), (title, "path"), (" yet.", "muted")], []]
        text = (
            "An automation waits for a change (a version is linked, an alias such as prod is moved, a tag is added), "
            "and then sends a webhook or a Slack message, or runs a command. Everything it sends is kept here, tried "
            "up to five times, and can be sent again."
        )
        lines += [[(part, "")] for part in wrapped(text, width)]
        lines += [
            [],
            [(key, "key"), ("  makes one", "")],
            [(hooks, "key"), ("  lists the webhooks that one can send to, and makes them", "")],
        ]
        return [Row(("lesson", n), ([(" ", ""), *line],), heading=True) for n, line in enumerate(lines)]

    def on_resize(self) -> None:
        if self._known == 0:
            self.call_after_refresh(lambda: self.table.show(self._lesson()))

    @on(VirtualTable.Highlighted, "#automations")
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        number = self._automation.id if self._automation is not None else None
        if number != self._read_of:
            later(self, "history", DEBOUNCE if self._read_of is not None else 0.0, self._read)

    def _read(self) -> None:
        """The history of what is under the cursor."""
        one, store = self._automation, self.store
        self._read_of = one.id if one is not None else None
        self._blame(None)
        self.show_footer()
        self._title("History", one.name if one is not None else "")
        if one is None:
            self.history.show([])
            return
        number, now = one.id, store.now()

        def load(after: str | None, backward: bool, counted: bool) -> Page[Delivery]:
            if backward:
                raise Invalid("A history is read from its newest delivery.")
            return store.deliveries.list(number, limit=PAGE, after=after)

        self.history.read(Source(load, lambda delivery: sent(delivery, max(now, store.now()))))

    def _expire(self) -> None:
        """Read the history again, leaving everything where it is."""
        if self._read_of is None:
            return
        if any(row.heading for row in self.history.known):
            self._read()
        else:
            self.history.expire()

    def _title(self, *words: str) -> None:
        box = self.query_one(".automations--history")
        name: list[Word] = [(" of ", ""), (words[1], "strong")] if words[1:] and words[1] else []
        box.border_title = content([(f" {words[0]}", ""), *name, (" ", "")])

    @on(VirtualTable.Loaded, "#deliveries")
    def _loaded(self) -> None:
        history, box = self.history, self.query_one(".automations--history")
        if not history.total and self._automation is not None and not history.loading_rows:
            key = keys_of(BY_ID["automation_test"], self.desk_app.keys)[0]
            line: Line = [(" It has not run yet.  ", "muted"), (key, "key"), (" sends a test.", "muted")]
            history.show([Row("none", (line,), heading=True)])
            return
        self.show_footer()
        known = [row.record for row in history.known if isinstance(row.record, Delivery)]
        failed, more = sum(1 for one in known if one.state == "failed"), len(known) % PAGE == 0
        words = f" {len(known):,}{'+' if more else ''} {'delivery' if len(known) == 1 else 'deliveries'}"
        words += f" · {failed:,} failed " if failed else " "
        box.border_subtitle = content([(words, "")]) if known else ""

    @on(VirtualTable.Refused)
    def _unread(self, event: VirtualTable.Refused) -> None:
        event.stop()
        self._blame(event.error)

    def _blame(self, error: Exception | None) -> None:
        line = self.query_one(".history--problem", Static)
        line.set_class(error is not None, "-on")
        if error is not None:
            line.update(plain(str(error)))

    @on(VirtualTable.Chosen)
    def _chosen(self, event: VirtualTable.Chosen) -> None:
        """Enter goes from an automation to its history, and from there to all of a delivery."""
        event.stop()
        record = event.row.record if event.row is not None else None
        if isinstance(record, Delivery):
            self.app.push_screen(DeliveryDialog(record, lambda one: self._again([one])))
        elif event.table is self.table and self._automation is not None:
            self.history.focus()

    @on(VirtualTable.Marked)
    def _marked(self) -> None:
        self.show_footer()

    def status(self) -> Line:
        marks = len(self.table.marks) + len(self.history.marks)
        words: list[Word] = [(f"{marks:,} marked", "number"), (" · ", "muted")] if marks else []
        return [*words, self.desk_app.sync_word]

    # -- why not ------------------------------------------------------------------------------------------------

    def reason(self, action: Action) -> str | None:
        permission, registry = action.permission(AUTOMATIONS), self._watched.registry
        if permission is not None and not allowed(Role.parse(registry.role), permission):
            return (
                f"You are {registry.role} of {registry.title}; to {permission.value} takes the role "
                f"{MATRIX[permission].label}. Ask an admin of it ({registry.owner or 'see its members'})."
            )
        if self._automation is None and action.id in _ABOUT_ONE:
            key = keys_of(BY_ID["automation_new"], self.desk_app.keys)[0]
            return f"There is no automation here yet; {key} makes one."
        if action.id == "redeliver" and not self._deliveries:
            return "There is no delivery here to send again."
        return super().reason(action)

    def _refuse(self, error: CuratoryError) -> None:
        self.desk_app.say(str(error), "warning")

    # -- automations --------------------------------------------------------------------------------------------

    @property
    def _chosen_ones(self) -> list[Automation]:
        """What is marked; else what is under the cursor."""
        marked = [row.record for row in self.table.marks.values()]
        return marked or ([self._automation] if self._automation is not None else [])

    def _open(self, dialog: Any) -> None:
        def closed(done: bool | None) -> None:
            if done:
                self.table.clear_marks()
                self.live()

        self.app.push_screen(dialog, closed)

    def do_automation_new(self) -> None:
        known = {row.record.id for row in self.table.known if isinstance(row.record, Automation)}

        def closed(done: bool | None) -> None:
            if done:  # the cursor goes to the new one: what is done next is done to it
                self._before = known
                self.live()

        self.app.push_screen(AutomationDialog(self._watched), closed)

    def do_automation_edit(self) -> None:
        if self._automation is not None:
            self._open(AutomationDialog(self._watched, self._automation))

    def do_automation_pause(self) -> None:
        """Pause those that run; where none does, let them run again."""
        some, store = self._chosen_ones, self.store
        running = [one for one in some if one.enabled]
        enabled, changed = not running, running or some

        def work() -> None:
            with store.batch():
                for one in changed:
                    store.automations.edit(one.id, enabled=enabled)

        def done(_: None) -> None:
            self.table.clear_marks()
            name = changed[0].name if len(changed) == 1 else wording.count(len(changed), "automation")
            undo: Word = (keys_of(BY_ID["undo"], self.desk_app.keys)[0], "key")
            verb = "Runs again: " if enabled else "Paused: "
            self.desk_app.tell([(verb, ""), (name, "strong"), ("   ", ""), undo, (" takes it back", "muted")])
            self.desk_app.look_for_changes()

        fetch(self, "pause", work, done, self._refuse, exclusive=False)

    def do_automation_remove(self) -> None:
        some = self._chosen_ones
        what = some[0].name if len(some) == 1 else wording.count(len(some), "automation")

        def remove(store: Store) -> None:
            for one in some:
                store.automations.remove(one.id)

        self._open(Confirm([("Remove ", ""), (what, "")], "Remove", remove))

    def do_webhooks(self) -> None:
        self.app.push_screen(WebhooksDialog(), lambda _: self.live())

    def do_automation_test(self) -> None:
        one, store, app = self._automation, self.store, self.desk_app
        if one is None or not self._delivers("tests"):
            return
        app.say(f"Testing {one.name} …")

        def work() -> Delivery:
            worker = Worker(store)  # before anything is written: it refuses where the owner's rules can't be read
            try:
                return worker.deliver(store.automations.test(one.id).id)
            finally:
                worker.close()

        def done(found: Delivery) -> None:
            said, severity = automations.result(found)
            app.say(f"Test of {one.name}: {said}", severity)
            self.live()

        fetch(self, "test", work, done, self._refuse, exclusive=False)

    def _delivers(self, what: str) -> bool:
        """Whether this session sends anything itself."""
        if not self.desk_app.courier.allowed:
            self.desk_app.say(
                f"This session delivers nothing (--no-files), so it sends no {what}; `curatory automation work` does, "
                "on a machine of yours.",
                "warning",
            )
        return self.desk_app.courier.allowed

    # -- deliveries ---------------------------------------------------------------------------------------------

    @property
    def _deliveries(self) -> list[Delivery]:
        marked = [row.record for row in self.history.marks.values()]
        row = self.history.row
        return marked or ([row.record] if row is not None else [])

    def do_redeliver(self) -> None:
        self._again(self._deliveries)

    def _again(self, some: Sequence[Delivery]) -> None:
        store, app = self.store, self.desk_app

        def work() -> None:
            for one in sorted(some, key=lambda one: one.id):
                store.deliveries.redeliver(one.id)

        def done(_: None) -> None:
            self.history.clear_marks()
            what = f"Delivery {some[0].id:,}" if len(some) == 1 else wording.count(len(some), "delivery", "deliveries")
            by = "" if app.courier.allowed else " by who delivers: `curatory automation work`"
            app.say(f"{what} will be sent again{by}.")
            app.look_for_changes()
            self.live()

        fetch(self, "redeliver", work, done, self._refuse, exclusive=False)

    def do_redeliver_failed(self) -> None:
        if self._automation is not None:
            self._open(RedeliverDialog(self._automation))

    # -- looking ------------------------------------------------------------------------------------------------

    def do_reload(self) -> None:
        self.desk_app.repaint()
        self.live()

    def do_pane_next(self) -> None:
        (self.table if self.focused is self.history else self.history).focus()

    do_pane_previous = do_pane_next

    def do_out(self) -> None:
        """One layer out: marks, the history, the screen."""
        marked = next((one for one in (self.history, self.table) if one.marks or one.ranging), None)
        if marked is not None:
            marked.clear_marks()
        elif self.focused is self.history:
            self.table.focus()
        else:
            self.app.pop_screen()
