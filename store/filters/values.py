"""How a value that somebody typed is read: numbers, sizes, times, ages, metadata."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from .fields import Field
from .tree import Age, Boolean, Day, Moment, Number, Operator, Text, Value

LARGEST = 2**63 - 1  # what both engines keep in an integer

_NUMBER = re.compile(r"\d+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_SIZE = re.compile(r"(\d{1,19}(?:\.\d{1,9})?) ?([kmgtp]i?)?b?", re.ASCII | re.IGNORECASE)
_AGE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(s|min|h|d|w|mo|y)", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d{0,3})?)?(Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_UNITS |= {f"{unit}i": 1024**power for power, unit in enumerate("kmgtp", 1)}
_SPANS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "mo": 30 * 86400, "y": 365 * 86400}


class BadValue(ValueError):
    """A value does not read as its field's kind; the message says what would."""


def read_value(field: Field, text: str, op: Operator, *, quoted: bool) -> Value:
    """A value as typed for a field. `*` and `?` are wild cards where `:` stands before a value without quotes.

    Raises:
        BadValue: with a message that says what is wrong and what would be right.
    """
    match field.kind:
        case "number":
            return read_number(field.name, text)
        case "size":
            return read_size(text)
        case "time":
            return read_time(field.name, text, op)
        case "metadata" if not quoted:
            return _read_scalar(text, op)
    wild = op == "match" and not quoted and ("*" in text or "?" in text)
    if field.choices and not wild and text not in field.choices:
        raise BadValue(f"{field.name} is one of {', '.join(field.choices)}; '{text}' is not")
    if field.name == "source" and text.count("/") > 2:
        raise BadValue("a source is written collection, project/collection or entity/project/collection")
    return Text(text, wild)


def read_number(name: str, text: str) -> Number:
    digits = text[1:] if name == "version" and text[:1] == "v" else text
    if not _NUMBER.fullmatch(digits):
        if name == "version":
            raise BadValue(
                f"'{text}' is not a version number like 3 or v3; a name like latest is an alias: alias:latest"
            )
        raise BadValue(f"'{text}' is not a whole number")
    number = int(digits)
    if number > LARGEST:
        raise BadValue(f"{text} is too large; numbers go up to {LARGEST}")
    return Number(number)


def read_size(text: str) -> Number:
    match = _SIZE.fullmatch(text)
    if not match:
        raise BadValue(
            f"'{text}' is not a size; write bytes, or a number with k, M, G, T (1000s) or KiB, MiB, GiB, TiB (1024s)"
        )
    size = int(Decimal(match[1]) * _UNITS[(match[2] or "").lower()])
    if size > LARGEST:
        raise BadValue(f"{text} is too large; sizes go up to {LARGEST} bytes")
    return Number(size)


def read_time(name: str, text: str, op: Operator) -> Moment | Day | Age:
    if text in ("today", "yesterday"):
        return Day(("today", "yesterday").index(text))
    if age := _AGE.fullmatch(text):
        if op == "eq":
            raise BadValue(f"an age is never exact; write {name}>{text} (within) or {name}<{text} (before)")
        return Age(timedelta(seconds=float(age[1]) * _SPANS[age[2]]))
    if moment := read_moment(text):
        return moment
    if re.fullmatch(r"\d+(\.\d+)?m", text, re.ASCII):
        raise BadValue(f"'{text}' could be minutes or months; write {text}in or {text}o")
    raise BadValue(
        f"'{text}' is not a time; write 2026, 2026-05, 2026-05-01, 2026-05-01T12:00, today, yesterday "
        f"or an age like {name}>7d (units s min h d w mo y)"
    )


def read_moment(text: str) -> Moment | None:
    """A date or time in UTC, as exact as it was written; None if it is neither."""
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        start = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
            int((fraction or "0").ljust(6, "0")), tzinfo=UTC,
        )  # fmt: skip
        if fraction:
            end = start + timedelta(microseconds=1)
        elif second:
            end = start + timedelta(seconds=1)
        elif minute:
            end = start + timedelta(minutes=1)
        elif day:
            end = start + timedelta(days=1)
        elif month:
            end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        else:
            end = start.replace(year=start.year + 1)
        if zone and zone != "Z":
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
            start, end = start - shift, end - shift
    except (ValueError, OverflowError):
        return None
    # Text in the database orders like time only in years of four digits.
    return Moment(start, end) if start.year >= 1000 else None


def _read_scalar(text: str, op: Operator) -> Value:
    if text in ("true", "false"):
        if op not in ("match", "eq"):
            raise BadValue(f"'{text}' is neither more nor less than anything; use : or =")
        return Boolean(text == "true", text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise BadValue(f"{text} is too large for a number; put it into quotes if it is text")
        return Number(number, text)
    return Text(text, op == "match" and ("*" in text or "?" in text))
