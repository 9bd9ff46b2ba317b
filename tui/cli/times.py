"""Times and spans as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_SPANS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "mo": 30 * 86400, "y": 365 * 86400}
_PART = re.compile(r"(\d{1,6}) ?(s|min|h|d|w|mo|y)", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


def seconds(text: str) -> int | None:
    """`30d`, `12h`, `1h30min` in seconds; None when it is no span."""
    rest, total = text.strip(), 0
    while rest:
        match = _PART.match(rest)
        if not match:
            return None
        total += int(match[1]) * _SPANS[match[2]]
        rest = rest[match.end() :].lstrip()
    return total or None


class Moment(click.ParamType):
    """A time in UTC: a date, a date and time, `today`, `now`, or an age such as `7d`.

    A date alone is its first moment, or with `end` its last.
    """

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self.end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        now = datetime.now(UTC)
        try:
            found = self._read(text, now)
        except (ValueError, OverflowError):
            found = None
        if found is None:
            self.fail(
                f"{text!r} is not a time; write 2026-05-01, 2026-05-01T12:00 (UTC), today, now or an age like 7d.",
                param,
                ctx,
            )
        return found

    def _read(self, text: str, now: datetime) -> datetime | None:
        if text == "now":
            return now
        if text == "today":
            return self._day(now.replace(hour=0, minute=0, second=0, microsecond=0))
        age = seconds(text)
        if age is not None:
            return now - timedelta(seconds=age)
        if date := _DATE.fullmatch(text):
            return self._day(datetime(int(date[1]), int(date[2]), int(date[3]), tzinfo=UTC))
        moment = datetime.fromisoformat(text)
        if "T" not in text and " " not in text:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def _day(self, start: datetime) -> datetime:
        return start + timedelta(days=1, microseconds=-1) if self.end else start
