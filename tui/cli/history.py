"""`curatory history`: who changed what and when, and what an alias named at a time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from . import documents
from .describers import event_rows
from .options import PATH, json_option, page_options, pass_session, verb
from .output import ALIAS, NAME, number
from .tables import Column, table
from .times import Moment

if TYPE_CHECKING:
    from .session import Session


@verb(short_help="Who changed what, and what was then.")
@click.argument("path", required=False, type=PATH)
@click.option("--by", metavar="USER", help="Only what they did.")
@click.option("--since", type=Moment(), metavar="TIME", help="2026-05-01, 2026-05-01T12:00 (UTC), today, 7d, …")
@click.option("--until", type=Moment(end=True), metavar="TIME", help="Up to then, the whole day included.")
@click.option("--action", "actions", metavar="ACTION", help="Only such: alias, link.add, member, …")
@click.option("--at", type=Moment(end=True), metavar="TIME", help="What a collection's aliases named then.")
@page_options
@json_option
@pass_session
def history(
    session: Session,
    path: str | None,
    by: str | None,
    since: datetime | None,
    until: datetime | None,
    actions: str | None,
    at: datetime | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """The changes of everything, a registry, a collection, a version or a person, newest first.

    What has been deleted still has its history. With --at: what held an alias at that time.

    \b
      curatory history
      curatory history model/detector --since 7d
      curatory history model --by ana --action alias
      curatory history model/detector:prod --at 2026-05-01
    """
    if at is not None:
        if path is None or by or since or until or actions or after:
            raise click.UsageError("--at is asked of one collection, or of one alias: registry/collection[:alias].")
        _held(session, path, at, as_json)
        return
    options: dict[str, Any] = {"by": by, "since": since, "until": until, "actions": actions}
    page = session.store.events.of(path, limit=limit, after=after, **options)
    out = session.out
    if as_json:
        out.json(documents.items([documents.event(one) for one in page], page.after))
        return
    if not page.items:
        out.note("No changes.")
        return
    event_rows(out, page.items, wraps=True)
    if page.after is not None:
        out.note(f"the newest {number(len(page.items), 'change')} · more: --after {page.after}")
    else:
        out.note(number(len(page.items), "change"))


def _held(session: Session, path: str, at: datetime, as_json: bool) -> None:
    """Who held an alias at a moment."""
    from ...store import NotFound

    out = session.out
    collection, colon, alias = path.partition(":")
    found = session.store.aliases.at(collection, at)
    if colon:
        if alias not in found:
            known = ", ".join(found) or "none"
            raise NotFound(f"{collection} had no alias {alias!r} at {at:%Y-%m-%d %H:%M} UTC; it had: {known}.")
        found = {alias: found[alias]}
    if as_json:
        listed = [{"alias": name, "version": version} for name, version in found.items()]
        out.json(documents.items(listed, at=documents.time(at)))
        return
    if not found:
        out.note(f"{collection} had no versions at {out.exact(at)}.")
        return
    rows = [(name, f"v{version}", f"{collection}:v{version}") for name, version in found.items()]
    table(out, [Column("alias", ALIAS, least=10), Column("version"), Column("path", NAME, least=10)], rows)
    out.note(f"as it was at {out.exact(at)}")
