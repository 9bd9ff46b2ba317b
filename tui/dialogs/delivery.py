"""One delivery of an automation with all that is known of it; and sending again what failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from ...store import OCCASIONS, Automation, CuratoryError, Delivery
from .. import automations, wording
from ..fetching import fetch
from ..panes.tabs.tab import text_lines
from ..widgets.forms import Push
from ..widgets.table import VirtualTable
from ..widgets.text import Line, Word, content, plain, wrapped
from ..widgets.window import Row
from .automation import payload
from .dialog import Dialog, intro


class DeliveryDialog(Dialog[None]):
    BINDINGS: ClassVar = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("r", "redeliver", "redeliver", show=False),
    ]
    box_classes = "-wide -tall"

    def __init__(self, delivery: Delivery, redeliver: Callable[[Delivery], None]) -> None:
        """`redeliver`: sends it again."""
        super().__init__()
        self.delivery = delivery
        self._redeliver = redeliver

    def heading(self) -> Line:
        return [(f"Delivery {self.delivery.id:,} of ", ""), (self.delivery.automation, "")]

    def aside(self) -> Line:
        return [("r", "key"), (" sends it again", "muted")]

    def fields(self) -> ComposeResult:
        yield VirtualTable(cursor=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._show)
        self._read()  # a list has it without its earlier tries
        self.set_interval(1.0, self.live)

    def live(self) -> None:
        """While it is pending, what comes of it is looked for."""
        if self.delivery.state == "pending":
            self._read()

    def _read(self) -> None:
        store, number = self.store, self.delivery.id

        def done(found: Delivery) -> None:
            self.delivery = found
            self._show()

        fetch(self, "delivery", lambda: store.deliveries.get(number), done, lambda error: None)

    def _show(self) -> None:
        table = self.query_one(VirtualTable)
        table.show([Row(number, (line,)) for number, line in enumerate(self._lines(table.size.width))], keep=True)

    def _lines(self, width: int) -> list[Line]:
        one, now = self.delivery, self.store.now()
        happened = OCCASIONS[one.on].words if one.on in OCCASIONS else one.on
        words: list[Word] = [("a test of: ", "muted")] if one.test else []
        lines: list[Line] = [
            _field("when", *_moment(one.created_at, now)),
            _field("event", *words, (happened, ""), ("" if one.event is None else f"   event {one.event:,}", "number")),
            _field("about", (wording.short(one.about), "path")),
            _field("to", (one.target or "—", "")),
            _field("state", automations.STATES[one.state], (f"   {wording.count(one.tries, 'try', 'tries')}", "muted")),
        ]
        if one.ended_at is not None:
            lines.append(_field("ended", *_moment(one.ended_at, now)))
        if one.waiting:
            lines.append(_field("next try", ("after those before it", "warn")))
        if one.due is not None:
            wait = (one.due - now).total_seconds()
            lines.append(_field("next try", (f"in {wording.span(wait)}" if wait > 0 else "now", "")))
        if automations.answer(one):
            lines.append(_field("answer", (automations.answer(one), "bad" if one.state == "failed" else "number")))
        if one.error:
            lines += [
                _field("" if number else "error", (part, "bad"))
                for number, part in enumerate(wrapped(one.error, max(width - 14, 20)))
            ]
        if one.asked_by is not None:
            lines.insert(1, _field("asked by", (one.asked_by, "person")))
        if one.earlier:
            lines += [[], [("Earlier tries", "head")]]
            for each in one.earlier:
                lines.append([("  ", ""), *_moment(each.at, now)])
                lines += [[("    ", ""), (part, "bad")] for part in wrapped(each.error, max(width - 6, 20))]
                lines += text_lines(each.response, width, "string", "    ") if each.response else []
        lines += [[], [("Sent", "head"), ("   secrets are left out", "muted")]]
        lines += _laid_out(one.request, width) if one.request else [[("  nothing yet", "muted")]]
        lines += [[], [("Answered", "head")]]
        lines += text_lines(one.response, width, "string", "  ") if one.response else [[("  nothing", "muted")]]
        return lines

    def action_redeliver(self) -> None:
        self._redeliver(self.delivery)
        self.dismiss(None)


def _field(name: str, *words: Word) -> Line:
    return [(f" {name:<10} ", "muted"), *words]


def _moment(moment: datetime, now: datetime) -> list[Word]:
    return [(wording.day_and_time(moment), ""), (f" UTC   {wording.ago(moment, now)}", "muted")]


def _laid_out(text: str, width: int) -> list[Line]:
    """A payload in lines that have room, each part as far in as its line."""
    found: list[Line] = []
    for line in payload(text):
        (whole, role) = line[0]
        margin = " " * (2 + len(whole) - len(whole.lstrip(" ")))
        found += [[(margin + part, role)] for part in wrapped(whole.lstrip(" "), max(width - len(margin) - 2, 12))]
    return found


class RedeliverDialog(Dialog[bool]):
    """Send all that failed again: how much that is, and the safe button has the focus."""

    BINDINGS: ClassVar = [
        Binding("ctrl+s", "apply", "do it", show=False),
        Binding("escape", "cancel", "cancel", show=False),
    ]

    def __init__(self, automation: Automation) -> None:
        super().__init__()
        self.automation = automation
        self._count = 0
        self._busy = False

    def heading(self) -> Line:
        return [("Send failed deliveries of ", ""), (self.automation.name, ""), (" again", "")]

    def fields(self) -> ComposeResult:
        yield intro([("Counting …", "muted")])
        yield Static(id="problem")

    def buttons(self) -> ComposeResult:
        yield Push("cancel", "Cancel  esc")
        yield Push("apply", "Redeliver  ^s")

    def first_focus(self) -> None:
        self.query_one("#push-cancel", Push).focus()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#push-apply", Push).turn(False)
        store, number = self.store, self.automation.id

        def count() -> int:
            found, after = 0, None
            while True:
                page = store.deliveries.list(number, state="failed", limit=1_000, after=after)
                found, after = found + len(page.items), page.after
                if after is None:
                    return found

        fetch(self, "count", count, self._counted, self._refuse)

    def _counted(self, count: int) -> None:
        self._count = count
        line: Line = [("None of its deliveries has failed.", "muted")]
        if count:
            what, order = wording.count(count, "failed delivery", "failed deliveries"), ", in their order" * (count > 1)
            line = [("• ", "muted"), (what, "strong"), (f" will be sent again{order}, as if never tried", "")]
        self.query_one(".dialog--intro", Static).update(content(line))
        self.query_one("#push-apply", Push).turn(count > 0)

    @on(Push.Pushed, "#push-apply")
    def action_apply(self) -> None:
        if self._busy or not self._count:
            return
        self._busy = True
        store, number = self.store, self.automation.id

        def done(count: int) -> None:
            what = wording.count(count, "delivery", "deliveries")
            self.desk_app.say(f"{what} of {self.automation.name} will be sent again.")
            self.dismiss(True)

        fetch(self, "apply", lambda: store.deliveries.redeliver_failed(number), done, self._refuse)

    def _refuse(self, error: CuratoryError) -> None:
        self._busy = False
        self.query_one("#problem", Static).update(plain(str(error)))
