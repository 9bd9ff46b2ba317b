"""What automations have sent: test, history, redeliver, work, and the rules of this machine."""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from . import documents
from .failure import Refused
from .options import PATH, dry_run_option, json_option, page_options, pass_session, verb, yes_option
from .output import BAD, DIM, GOOD, NAME, WARN, Span, number
from .tables import Column, table
from .times import Moment
from .writing import ask

if TYPE_CHECKING:
    from ...store import Delivery
    from .session import Session

_STATES = {"finished": GOOD, "failed": BAD, "pending": WARN}


@verb(short_help="Send one delivery now, as if something had happened.")
@click.argument("name")
@json_option
@pass_session
def test(session: Session, name: str, as_json: bool) -> None:
    """Send one delivery now: as the last time that it would have run, or with an example. Ends with 1 if it fails.

    \b
      curatory automation test deploy
    """
    from ...store import Worker

    store = session.store
    worker = Worker(store)
    try:
        delivery = worker.deliver(store.automations.test(name).id)
    finally:
        worker.close()
    _show(session, delivery, as_json)
    if delivery.state != "finished":
        raise Refused(f"It did not arrive: {delivery.error}")


@verb(short_help="What was sent, and what came of it.")
@click.argument("name", required=False)
@click.option("--in", "path", type=PATH, help="Of all that watch this place, or what is in it.")
@click.option("--state", type=click.Choice(["pending", "finished", "failed"]), help="Only such.")
@click.option("--since", type=Moment(), metavar="TIME", help="2026-05-01, today, 7d, …")
@click.option("--until", type=Moment(end=True), metavar="TIME", help="Up to then, the whole day included.")
@page_options
@json_option
@pass_session
def history(
    session: Session,
    name: str | None,
    path: str | None,
    state: Any,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """Deliveries, newest first. NAME is an automation, or the number of a delivery to see all of it.

    \b
      curatory automation history
      curatory automation history deploy --state failed --since 7d
      curatory automation history 4711
    """
    store, out = session.store, session.out
    if name is not None and name.isdigit():
        _show(session, store.deliveries.get(int(name)), as_json)
        return
    number_of = store.automations.get(name).id if name is not None else None
    page = store.deliveries.list(number_of, scope=path, state=state, since=since, until=until, limit=limit, after=after)
    if as_json:
        out.json(documents.items([documents.delivery(one) for one in page], page.after))
        return
    if not page.items:
        out.note("no deliveries")
        return
    columns = [
        Column("id", right=True),
        Column("when", DIM),
        Column("automation", NAME, least=8),
        Column("event", drop=2),
        Column("about", least=10, drop=3),
        Column("state"),
        Column("tries", right=True, drop=4),
        Column("came of it", least=8, drop=1),
    ]
    rows: list[tuple[Span, ...]] = []
    for one in page:
        came = (
            "waits for those before it"
            if one.waiting
            else one.error or (str(one.status) if one.status is not None else "")
        )
        event = "test" if one.test else one.on
        state_of = (one.state, _STATES[one.state])
        rows.append(
            (str(one.id), out.time(one.created_at), one.automation, event, one.about, state_of, str(one.tries), came)
        )
    table(out, columns, rows)
    if page.after is not None:
        out.note(f"the newest {_deliveries(len(page.items))} · more: --after {page.after}")


def _show(session: Session, one: Delivery, as_json: bool) -> None:
    out = session.out
    if as_json:
        out.json(documents.one_delivery(one))
        return
    out.line((f"delivery {one.id}", NAME), "  ", (one.state, _STATES[one.state]), (f"  {one.error}", BAD))
    out.pairs(
        [
            ("automation", one.automation),
            ("asked for by", one.asked_by),
            ("event", "a test" if one.event is None else f"{one.on}, event {one.event}"),
            ("about", one.about),
            ("made", out.exact(one.created_at)),
            ("tries", str(one.tries)),
            ("next try", out.exact(one.due) if one.due else "after those before it" if one.waiting else None),
            ("ended", out.exact(one.ended_at) if one.ended_at else None),
            ("to", one.target or None),
            ("status", str(one.status) if one.status is not None else None),
        ],
        indent=2,
    )
    if one.earlier:
        out.head("Earlier tries")
        for each in one.earlier:
            out.line((out.exact(each.at), DIM), "  ", each.error, indent=2)
            if each.response:
                out.block(each.response, indent=4)
    for title, text in (("Sent", one.request), ("Answer", one.response)):
        if text:
            out.head(title)
            out.block(text, indent=2)


@verb(short_help="Send again what is done, or all that failed.")
@click.argument("names", metavar="NUMBER...|NAME", nargs=-1, required=True)
@click.option("--failed", is_flag=True, help="All failed deliveries of the automation NAME.")
@click.option("--since", type=Moment(), metavar="TIME", help="With --failed: only those made since then.")
@click.option("--until", type=Moment(end=True), metavar="TIME", help="With --failed: only those made until then.")
@dry_run_option
@yes_option
@json_option
@pass_session
def redeliver(
    session: Session,
    names: tuple[str, ...],
    failed: bool,
    since: datetime | None,
    until: datetime | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send deliveries again, by their numbers; or with --failed all of an automation that failed.

    \b
      curatory automation redeliver 4711 4712
      curatory automation redeliver deploy --failed --since 2026-05-01
    """
    store = session.store
    if not failed and (since or until or not all(name.isdigit() for name in names)):
        raise click.UsageError("Give the numbers that `automation history` shows, or a name with --failed.")
    if failed and len(names) != 1:
        raise click.UsageError("--failed is of one automation.")
    found = store.automations.get(names[0]) if failed else None
    if found is not None and not dry_run:
        ask(f"Send all failed deliveries of {found.name} again?", yes=yes)
    with store.rehearsal() if dry_run else store.engine.write():
        if found is not None:
            count = store.deliveries.redeliver_failed(found.id, since=since, until=until)
        else:
            count = len([store.deliveries.redeliver(int(name)) for name in dict.fromkeys(names)])
    if as_json:
        session.out.json({"redelivered": count, "dry_run": dry_run})
        return
    if dry_run:
        session.out.line(f"Dry run: nothing was changed. It would have sent {_deliveries(count)} again")
        return
    session.out.line(f"{_deliveries(count)} will be sent again")
    session.out.note("the app, `curatory serve` and `curatory automation work` send them")


def _deliveries(count: int) -> str:
    return number(count, "delivery", "deliveries")


@verb(short_help="Send what is due, for as long as it runs.")
@click.option("--once", is_flag=True, help="Send what is due now, and end.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="So many at once.")
@json_option
@pass_session
def work(session: Session, once: bool, threads: int, as_json: bool) -> None:
    """Send deliveries, until ctrl+c. The app and `curatory serve` do the same while they are open; any number may.

    \b
      curatory automation work
      curatory automation work --once
    """
    from ...store import Worker

    worker = Worker(session.store, threads=threads)
    try:
        if once:
            tries = worker.drain()
            if as_json:
                session.out.json({"tries": tries})
            else:
                session.out.note(f"{number(tries, 'try', 'tries')} made")
            return
        stop = threading.Event()
        session.out.note("sending what comes; ctrl+c ends it, and what is under way is finished first")
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stop.set())
        worker.run(stop)
    finally:
        worker.close()


@verb(short_help="Where webhooks may go from this machine.")
@json_option
@pass_session
def rules(session: Session, as_json: bool) -> None:
    """Where webhooks may go from this machine, and whether commands run on it: what its owner has allowed.

    \b
      curatory automation rules
    """
    from ...store import read_rules

    found, out = read_rules(), session.out
    networks = [str(one) for one in found.networks]
    if as_json:
        out.json(
            {
                "file": str(found.path),
                "commands": found.commands,
                "loopback": found.loopback,
                "networks": networks,
            }
        )
        return
    out.pairs(
        [
            ("public addresses", "by https"),
            ("this machine", "by http and https" if found.loopback else "no"),
            ("private networks", ", ".join(networks) if networks else "no"),
            ("commands", "run" if found.commands else "don't run"),
        ]
    )
    there = "says so" if found.path.exists() else "would say otherwise; it is not there"
    out.note(f"{found.path} {there}. It can hold:")
    for line in ("commands = true", "loopback = true", 'networks = ["10.1.0.0/16"]'):
        out.note(f"  {line}")
