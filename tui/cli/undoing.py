"""`curatory undo` and `curatory redo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import dry_run_option, json_option, pass_session, verb
from .output import DIM
from .tables import Column, table
from .wording import sentence
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Event
    from .session import Session


@verb(short_help="Take a change back.")
@click.argument("event", type=click.IntRange(1), required=False)
@click.option("--list", "listed", is_flag=True, help="What you could take back, newest first.")
@dry_run_option
@json_option
@pass_session
def undo(session: Session, event: int | None, listed: bool, dry_run: bool, as_json: bool) -> None:
    """Take back your newest change, or the event of that number; what was changed as one goes as one.

    Refused, with the reason, when the world has moved on since.

    \b
      curatory undo
      curatory undo --list
      curatory undo 431 --dry-run
    """
    if listed:
        _list(session, as_json, redo=False)
        return
    carry_out(session, lambda store: store.undo.undo(event), as_json=as_json, dry_run=dry_run, batch=False)


@verb(short_help="Do again what was undone.")
@click.argument("event", type=click.IntRange(1), required=False)
@click.option("--list", "listed", is_flag=True, help="What you could do again, newest first.")
@dry_run_option
@json_option
@pass_session
def redo(session: Session, event: int | None, listed: bool, dry_run: bool, as_json: bool) -> None:
    """Do again what you took back last, or what the undo of that number took back.

    \b
      curatory redo
      curatory redo --list
      curatory redo 432
    """
    if listed:
        _list(session, as_json, redo=True)
        return
    carry_out(session, lambda store: store.undo.redo(event), as_json=as_json, dry_run=dry_run)


def _list(session: Session, as_json: bool, *, redo: bool) -> None:
    groups: list[list[Event]] = session.store.undo.stack(redo=redo)
    out = session.out
    if as_json:
        listed = [{"event": group[0].seq, "changes": [documents.event(one) for one in group]} for group in groups]
        out.json(documents.items(listed))
        return
    if not groups:
        out.note(f"There is nothing of {session.store.actor.name}'s to {'redo' if redo else 'undo'}.")
        return
    columns = [Column("event", DIM, right=True), Column("when", DIM, drop=1), Column("what", least=30, wraps=True)]
    rows = []
    for group in groups:
        more = f" (and {len(group) - 1} more, as one)" if len(group) > 1 else ""
        rows.append((str(group[0].seq), out.time(group[0].at), sentence(group[0]) + more))
    table(out, columns, rows)
    command = f"curatory {'redo' if redo else 'undo'} {groups[0][0].seq}"
    out.note(f"{'do the first again' if redo else 'take the first back'}: {command}")
