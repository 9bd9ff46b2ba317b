"""Keyset pages: a cursor is the sort key of the last row shown, so a page costs the same however deep it is."""

from __future__ import annotations

import base64
import json
from typing import Any

from .errors import Invalid

MAX_LIMIT = 1_000


def cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode()


def uncursor(text: str, *types: type) -> list[Any]:
    """The key in a cursor.

    Raises:
        Invalid: it is not one of ours, or of another list.
    """
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode()))
        if (
            isinstance(key, list)
            and len(key) == len(types)
            and all(isinstance(k, t) for k, t in zip(key, types, strict=True))
        ):
            return key
    except ValueError:
        pass
    raise Invalid(
        "This is not a page cursor of this list; give back what `after` held, or leave it out for the first page."
    )


def limit_of(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(f"A page holds 1 to {MAX_LIMIT:,} rows; {limit:,} were asked for")
    return limit
