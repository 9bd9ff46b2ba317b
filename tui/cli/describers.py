"""Pieces of lines that several commands print: aliases, tags, roles, events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .output import DIM, Output, Span, number
from .tables import Column, table
from .wording import sentence

if TYPE_CHECKING:
    from ...store import Event, Version


def role_words(role: str | None) -> str:
    return (role or "").replace("_", " ")


def joined(names: Iterable[str], most: int = 0) -> str:
    """`a, b, c`, or `a, b +3` when only so many are shown."""
    listed = list(names)
    if most and len(listed) > most:
        return f"{', '.join(listed[:most])} +{len(listed) - most}"
    return ", ".join(listed)


def marks(version: Version) -> str:
    """The aliases of a version, `latest` at the end."""
    return joined([*(alias for alias in version.aliases if alias != "latest"), *_latest(version)])


def _latest(version: Version) -> Sequence[str]:
    return ("latest",) if "latest" in version.aliases else ()


def event_rows(
    out: Output, events: Sequence[Event], indent: int = 0, *, wraps: bool = False, most: int | None = None
) -> None:
    """Events as lines: number, when, who, what.

    Args:
        wraps: what is long goes on in further lines.
        most: so many lines; the same done many times in a row is one of them.
    """
    if not events:
        out.line(("nothing yet", DIM), indent=indent)
        return
    columns = [
        Column("event", DIM, right=True, drop=2),
        Column("when", DIM, drop=1),
        Column("who", least=10),
        Column("what", least=24, wraps=wraps),
    ]
    runs: list[list[Event]] = []
    for event in events:
        if most is not None and runs and _alike(runs[-1][-1], event):
            runs[-1].append(event)
        else:
            runs.append([event])
    rows: list[Sequence[Span]] = []
    for run in runs[:most]:
        event = run[0]
        undone = f" (taken back by {event.undone_by})" if event.undone_by else ""
        times = f" (and {number(len(run) - 1, 'time')} more there)" if len(run) > 1 else ""
        rows.append((str(event.seq), out.time(event.at), event.actor, sentence(event) + undone + times))
    table(out, columns, rows, indent=indent)


def _alike(one: Event, other: Event) -> bool:
    same = one.actor == other.actor and one.action == other.action
    return same and one.collection_id is not None and one.collection_id == other.collection_id
