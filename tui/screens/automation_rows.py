"""Automations and their deliveries as rows of a table."""

from __future__ import annotations

from datetime import datetime

from ...store import Automation, Delivery
from .. import automations, wording
from ..widgets.rows import Column
from ..widgets.text import Word
from ..widgets.window import Row

WATCHING = (
    Column("", 8),
    Column("name", 14, most=24),
    Column("when", 0),
    Column("does", 17, drop=1, most=32),
    Column("watches", 16, drop=3, most=24),
    Column("last", 10, drop=2, right=True),
)
SENT = (
    Column("when", 10, right=True),
    Column("", 10),
    Column("what", 14, drop=2, most=18),
    Column("event", 7, drop=3, right=True),
    Column("tries", 5, drop=4, right=True),
    Column("answer", 6, drop=1),
    Column("about"),
)


def watching(one: Automation, now: datetime) -> Row:
    when = wording.ago(one.delivered, now) if one.delivered is not None else "never"
    return Row(
        one.id,
        (
            automations.state(one),
            [(one.name, "strong" if one.enabled else "muted")],
            [(one.trigger, "" if one.enabled else "muted")],
            automations.deed(one.action, one.integration),
            [(automations.place(one), "path")],
            [(when, "muted")],
        ),
        one,
    )


def sent(one: Delivery, now: datetime) -> Row:
    words: list[Word] = [(wording.short(one.about), "path")]
    if one.waiting:
        words.append(("  waits for those before it", "muted"))
    if one.state == "pending" and one.due is not None and one.due > now:
        words.append((f"  again in {wording.span((one.due - now).total_seconds())}", "muted"))
    if one.error and one.state != "finished":
        words.append((f"  {one.error}", "bad" if one.state == "failed" else "warn"))
    return Row(
        one.id,
        (
            [(wording.ago(one.created_at, now), "muted")],
            [automations.STATES[one.state]],
            [("test " if one.test else "", "code"), (one.on, "")],
            [("" if one.event is None else f"{one.event:,}", "number")],
            [(f"{one.tries:,}", "muted" if one.tries < 2 else "warn")],
            [(automations.answer(one), "good" if one.state == "finished" else "bad")],
            words,
        ),
        one,
    )
