"""Carrying a change out, or rehearsing it; then saying what was done and how to take it back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..safe import clean
from .documents import written
from .failure import Refused
from .output import DIM, GOOD
from .wording import sentence, undo_command

if TYPE_CHECKING:
    from ...store import Change, Store
    from .session import Session

T = TypeVar("T")

_SHOWN = 20  # of one batch, on a screen


def carry_out(
    session: Session,
    work: Callable[[Store], T],
    *,
    as_json: bool = False,
    dry_run: bool = False,
    batch: bool = False,
    document: Callable[[T], Mapping[str, Any]] | None = None,
    nothing: str = "Nothing changed: it was so already.",
    after: Callable[[T], Sequence[str]] | None = None,
) -> T | None:
    """Do some work and print what it changed.

    Args:
        batch: it is several changes, to be kept and undone as one.
        document: the result in the JSON document.
        nothing: said when nothing differs.
        after: further lines for a person, from the result.

    Returns:
        The work's result; None after a dry run, whose result is not there any more.
    """
    store = session.store
    changes: list[Change] = []
    if dry_run:
        with store.rehearsal() as changes:
            result = work(store)
        _report(session, changes, result, as_json, document, nothing, None, dry_run=True)
        _add(session, result, after, as_json)
        return None
    store.events.watch(changes)
    try:
        if batch:
            with store.batch():
                result = work(store)
        else:
            result = work(store)
    finally:
        store.events.watch(None)
    _report(session, changes, result, as_json, document, nothing, _undoable(store, changes))
    _add(session, result, after, as_json)
    return result


def _add(session: Session, result: T, after: Callable[[T], Sequence[str]] | None, as_json: bool) -> None:
    if after is not None and not as_json:
        for line in after(result):
            session.out.note(line)


def _undoable(store: Store, changes: Sequence[Any]) -> int | None:
    """The event by which the actor can take these changes back; None when they can't be."""
    ours = {change.seq for change in changes}
    if not ours:
        return None
    for group in store.undo.stack(limit=3):
        if any(event.seq in ours for event in group):
            return group[0].seq
    return None


def _report(
    session: Session,
    changes: Sequence[Change],
    result: Any,
    as_json: bool,
    document: Callable[[Any], Mapping[str, Any]] | None,
    nothing: str,
    undo: int | None,
    *,
    dry_run: bool = False,
) -> None:
    out = session.out
    if as_json:
        made = document(result) if document is not None and result is not None else None
        out.json(written(changes, dry_run=dry_run, undo=undo, result=made))
        return
    if not changes:
        out.line(nothing)
        return
    if dry_run:
        out.line("Dry run: nothing was changed. It would have")
    shown = changes if len(changes) <= _SHOWN or not out.tty else changes[:_SHOWN]
    for change in shown:
        if dry_run:
            out.line(sentence(change), indent=2)
        else:
            out.line(("✓ ", GOOD) if out.tty else "", sentence(change))
    if len(shown) < len(changes):
        out.line((f"… and {len(changes) - len(shown):,} more", DIM))
    fires = dict.fromkeys(name for change in changes for name in change.fires)
    if fires:
        out.note(f"{'it would set off' if dry_run else 'set off'}: {', '.join(fires)}")
    if undo is not None:
        out.note(f"undo: {undo_command(undo)}")


# -- asking -------------------------------------------------------------------------------------------------------


def interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, *, yes: bool, flag: str = "--yes") -> None:
    """Go on only when a person says yes; without one, only with the flag.

    Raises:
        Refused
    """
    if yes:
        return
    if not interactive():
        raise Refused(f"{question} Nobody can be asked here; say so with {flag}.")
    if not click.confirm(clean(question), default=False, err=True):
        raise Refused("Nothing was changed.")


def ask_name(what: str, name: str, *, yes: bool) -> None:
    """Go on only when a person has typed the name of what will go.

    Raises:
        Refused
    """
    if yes:
        return
    if not interactive():
        raise Refused(f"{what} Nobody can be asked here; say so with --yes.")
    click.echo(clean(what), err=True)
    typed = click.prompt(f"Type {clean(name)} to go on", default="", show_default=False, err=True)
    if typed.strip() != name:
        raise Refused("That is not its name. Nothing was changed.")
