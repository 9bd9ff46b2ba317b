"""`curatory audit`: whether the history is what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import json_option, noun, pass_session
from .output import BAD, DIM, GOOD, number
from .progress import steps_bar, waiting

if TYPE_CHECKING:
    from .session import Session

_SHOWN = 50


@noun(short_help="Is the history what it was: verify, anchor.")
def audit() -> None:
    """Is the history what it was? Each event is chained to the one before by a hash.

    \b
      curatory audit verify
      curatory audit anchor /media/usb/anchors
      curatory audit verify --anchor /media/usb/anchors --tables
    """


@audit.command(short_help="Recompute the chain of hashes.")
@click.option("--anchor", metavar="FILE", help="Also hold it against anchors written before.")
@click.option("--tables", is_flag=True, help="Also compare everything in the store with what the history says.")
@json_option
@pass_session
def verify(session: Session, anchor: str | None, tables: bool, as_json: bool) -> None:
    """Find events that were edited, removed, replaced or cut off.

    \b
      curatory audit verify
      curatory audit verify --anchor /media/usb/anchors --tables
    """
    with steps_bar("checking the history") as progress:
        report = session.store.audit.verify(anchor=anchor, tables=tables, progress=progress)
    out = session.out
    if as_json:
        findings = [{"kind": one.kind, "event": one.seq, "message": one.message} for one in report.findings]
        out.json(
            {
                "ok": report.ok,
                "events": report.events,
                "head": report.head,
                "facts": report.facts,
                "anchored_event": report.anchor,
                "findings": findings,
            }
        )
    elif report.ok:
        compared = f"; {number(report.facts, 'fact')} compared with the tables" if tables else ""
        out.line(("✓ ", GOOD) if out.tty else "", f"{number(report.events, 'event')}, none altered{compared}")
        out.pairs([("head", report.head), ("anchored", f"event {report.anchor}" if report.anchor else None)], indent=2)
        if anchor is None:
            out.note("A log rewritten as a whole shows only against an anchor: curatory audit anchor FILE")
    else:
        for one in report.findings[: _SHOWN if out.tty else None]:
            out.line(("✗ " if out.tty else "", BAD), (f"{one.kind}: ", BAD), one.message)
        if out.tty and len(report.findings) > _SHOWN:
            out.line((f"… and {len(report.findings) - _SHOWN:,} more: --json has all", DIM))
    if not report.ok:
        from ...store import Damaged

        raise Damaged(f"The history is not what it was: {number(len(report.findings), 'finding')}.")


@audit.command(short_help="Write down where the chain ends now.")
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
@pass_session
def anchor(session: Session, file: str, as_json: bool) -> None:
    """Add the end of the chain to a file. Keep that where whoever owns the store can't write.

    \b
      curatory audit anchor /media/usb/anchors
    """
    with waiting("checking the history"):
        entry = session.store.audit.anchor(file)
    out = session.out
    if as_json:
        anchored = {"store": entry["store"], "event": entry["seq"], "hash": entry["hash"], "at": entry["at"]}
        out.json({"file": file} | anchored)
        return
    out.line(("✓ ", GOOD) if out.tty else "", f"anchored event {entry['seq']} in {file}")
    out.note(f"check it later: curatory audit verify --anchor {file}")
