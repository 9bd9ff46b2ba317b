"""`curatory tag`: labels on collections and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import PATH, dry_run_option, json_option, noun, pass_session
from .output import TAG, number
from .tables import Column, table
from .writing import carry_out

if TYPE_CHECKING:
    from .session import Session


@noun(short_help="Labels on collections and versions: add, rm, ls.")
def tag() -> None:
    """Labels on collections and, when the path has an alias or vN, on versions.

    A version's tags are the artifact's: the same wherever it is linked.

    \b
      curatory tag add model/detector vision
      curatory tag add model/detector:prod robust fast
      curatory tag ls
    """


@tag.command(short_help="Add tags.")
@click.argument("path", type=PATH)
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def add(session: Session, path: str, tags: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Add tags to a collection or a version.

    \b
      curatory tag add model/detector vision
      curatory tag add model/detector:prod robust fast
    """
    carry_out(
        session,
        lambda store: store.tags.add(path, *tags),
        as_json=as_json,
        dry_run=dry_run,
        nothing="Nothing changed: it has these tags already.",
    )


@tag.command(short_help="Take tags off.")
@click.argument("path", type=PATH)
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def rm(session: Session, path: str, tags: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take tags off a collection or a version.

    \b
      curatory tag rm model/detector:prod fast
    """
    carry_out(session, lambda store: store.tags.remove(path, *tags), as_json=as_json, dry_run=dry_run)


@tag.command(short_help="Tags in use.")
@click.argument("path", required=False, type=PATH)
@json_option
@pass_session
def ls(session: Session, path: str | None, as_json: bool) -> None:
    """Tags in use in a registry, or everywhere, most used first.

    \b
      curatory tag ls
      curatory tag ls model
    """
    used, out = session.store.tags.used(path), session.out
    if as_json:
        out.json(documents.items([{"tag": name, "uses": uses} for name, uses in used]))
        return
    if not used:
        out.note("No tags here. `curatory tag add PATH TAG` adds one.")
        return
    table(out, [Column("tag", TAG, least=10), Column("uses", right=True)], [(name, f"{uses:,}") for name, uses in used])
    out.note(number(len(used), "tag"))
