"""Times: aware UTC datetimes outside, ISO-8601 text of fixed width inside, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """`2026-11-22T21:04:05.123456Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)


def optional(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def system_clock() -> datetime:
    return datetime.now(UTC)
