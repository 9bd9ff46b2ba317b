"""`curatory alias`: movable names of versions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from . import documents
from .describers import event_rows
from .options import PATH, dry_run_option, json_option, noun, pass_session
from .output import ALIAS, NAME
from .tables import Column, table
from .times import Moment
from .writing import carry_out

if TYPE_CHECKING:
    from .session import Session


@noun(short_help="Movable names of versions: add, rm, ls, history.")
def alias() -> None:
    """Movable names of versions.

    An alias names one version of a collection; given to another version it moves there.

    \b
      curatory alias add model/detector:v14 prod
      curatory alias rm model/detector:v14 staging
      curatory alias ls model/detector
    """


@alias.command(short_help="Give a version aliases; they move here.")
@click.argument("path", type=PATH)
@click.argument("aliases", metavar="ALIAS...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def add(session: Session, path: str, aliases: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Give a version aliases. An alias that another version has moves here.

    \b
      curatory alias add model/detector:v14 prod
      curatory alias add model/detector:latest prod eu --dry-run
    """
    carry_out(
        session,
        lambda store: store.aliases.add(path, *aliases),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.version,
        nothing="Nothing changed: it has these aliases already.",
    )


@alias.command(short_help="Take aliases off a version.")
@click.argument("path", type=PATH)
@click.argument("aliases", metavar="ALIAS...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def rm(session: Session, path: str, aliases: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take aliases off a version.

    \b
      curatory alias rm model/detector:v14 staging
      curatory alias rm model/detector:staging staging
    """
    carry_out(
        session,
        lambda store: store.aliases.remove(path, *aliases),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.version,
    )


@alias.command(short_help="A collection's aliases, now or at a time.")
@click.argument("collection", type=PATH)
@click.option("--at", type=Moment(end=True), metavar="TIME", help="As they were at a time: 2026-05-01, 7d, …")
@json_option
@pass_session
def ls(session: Session, collection: str, at: datetime | None, as_json: bool) -> None:
    """A collection's aliases and the versions that they name, now or at a time.

    \b
      curatory alias ls model/detector
      curatory alias ls model/detector --at 2026-05-01
    """
    store, out = session.store, session.out
    if at is None:
        one = store.collections.get(collection)
        found = dict(one.aliases) | ({"latest": one.latest} if one.latest is not None else {})
    else:
        found = store.aliases.at(collection, at)
    if as_json:
        listed = [{"alias": name, "version": number} for name, number in found.items()]
        out.json(documents.items(listed, at=documents.time(at)))
        return
    if not found:
        out.note("No aliases." if at is None else f"No aliases at {out.exact(at)}.")
        return
    rows = [(name, f"v{number}", f"{collection}:v{number}") for name, number in found.items()]
    table(out, [Column("alias", ALIAS, least=10), Column("version"), Column("path", NAME, least=10)], rows)
    if at is not None:
        out.note(f"as it was at {out.exact(at)}")


@alias.command(short_help="Every move of one alias.")
@click.argument("collection", type=PATH)
@click.argument("name", metavar="ALIAS")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many at most.")
@json_option
@pass_session
def history(session: Session, collection: str, name: str, limit: int, as_json: bool) -> None:
    """Every move of one alias, newest first.

    \b
      curatory alias history model/detector prod
    """
    events = session.store.aliases.history(collection, name, limit=limit)
    if as_json:
        session.out.json(documents.items([documents.event(one) for one in events]))
        return
    event_rows(session.out, events, wraps=True)
