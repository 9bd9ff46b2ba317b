"""`curatory migrate`: from a team's legacy registry to a registry, planned, carried out and proven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from . import documents
from .failure import Refused
from .options import json_option, noun, pass_session
from .output import BAD, DIM, GOOD, NAME, WARN, Output, number
from .progress import steps_bar
from .saving import save_option, save_plan
from .tables import Column, table

if TYPE_CHECKING:
    from pathlib import Path

    from ...store import Migration, Plan
    from .session import Session

_SHOWN = 20


@noun(short_help="Legacy registries: plan, run, verify, rollback, ls.")
def migrate() -> None:
    """Migrate a team's legacy model registry into a registry of its own. `curatory review` is for what comes then.

    \b
      curatory migrate plan vision
      curatory migrate run vision
      curatory migrate verify vision
    """


@migrate.command(short_help="What a migration will do.")
@click.argument("team")
@save_option("Write it there, too")
@json_option
@pass_session
def plan(session: Session, team: str, save: Path | None, as_json: bool) -> None:
    """What migrating a team will do: collections, everybody's access, what does not fit. Nothing is changed.

    \b
      curatory migrate plan vision
      curatory migrate plan vision --save plan.md
    """
    found, out = session.store.migrations.plan(team), session.out
    if save:
        save_plan(save, found)
    if as_json:
        out.json(documents.plan(found))
        return
    show_plan(out, found)
    if save:
        out.note(f"written: {save}")
    if not found.blocked:
        out.note(f"carry it out: curatory migrate run {found.team}")


def show_plan(out: Output, found: Plan) -> None:
    """A plan for a person."""
    out.line((found.source, NAME), "  →  ", (found.registry, NAME))
    collections, versions = number(len(found.collections), "collection"), number(found.versions, "version")
    out.pairs(
        [
            ("will be made", f"{collections}, {versions}"),
            ("visible to", "those below, and nobody else"),
            ("protected", ", ".join(found.protected) or None),
        ],
        indent=2,
    )
    out.head("Problems")
    if not found.problems:
        out.line("None.", indent=2)
    for one in found.problems:
        bars = "must be mended first: " if one.blocking else ""
        out.line((f"{one.subject}: ", BAD if one.blocking else WARN), f"{one.what}; {bars}{one.deed}", indent=2)
    out.head("Access")
    columns = [Column("who", NAME, least=8), Column("before"), Column("after"), Column("", DIM, least=10, wraps=True)]
    rows = [(one.name, one.before or "none", one.after or "none", one.note) for one in found.people]
    table(out, columns, rows, indent=2)
    if found.automations:
        out.head("Automations")
        for name, target in found.automations:
            out.line((name, NAME), (" copied as ", DIM), (target, NAME), indent=2)
    out.head("Collections")
    if not found.collections:
        out.line("None: the new registry will be empty.", indent=2)
        return
    columns = [
        Column("collection", NAME, least=10),
        Column("becomes", least=8, drop=1),
        Column("versions", right=True),
        Column("aliases", least=8, drop=2),
        Column("tags", least=6, drop=3),
    ]
    shown = found.collections[: _SHOWN if out.tty else None]
    table(
        out,
        columns,
        [
            (
                one.name,
                "" if one.target == one.name else one.target,
                f"{one.versions:,}",
                ", ".join(f"{alias} v{at}" for alias, at in one.aliases.items()),
                ", ".join(one.tags),
            )
            for one in shown
        ],
        indent=2,
    )
    if len(shown) < len(found.collections):
        out.line((f"… and {len(found.collections) - len(shown):,} more: --save plan.md has all", DIM), indent=2)


@migrate.command(short_help="Carry a migration out, or go on with it.")
@click.argument("team")
@json_option
@pass_session
def run(session: Session, team: str, as_json: bool) -> None:
    """Migrate a team, or go on where it was stopped. Its legacy registry is read-only from then on.

    Interrupt it with ctrl+c whenever you like: the same command goes on, `migrate rollback` gives up.

    \b
      curatory migrate run vision
    """
    with migrating_bar("migrating") as progress:
        done = session.store.migrations.run(team, progress)
    if as_json:
        session.out.json(documents.migration(done))
        return
    collections, versions = number(done.collections, "collection"), number(done.versions, "version")
    out = session.out
    out.line(("✓ ", GOOD) if out.tty else "", f"migrated {done.source} to {done.registry}: {collections}, {versions}")
    out.note(f"prove it:  curatory migrate verify {done.team}")
    out.note(f"review it: curatory review ls {done.team}")
    out.note(f"give up:   curatory migrate rollback {done.team}")


@contextmanager
def migrating_bar(what: str) -> Iterator[Callable[[int, int, int, int], None] | None]:
    with steps_bar(what, rate="versions") as advance:
        if advance is None:
            yield None
            return

        def progress(_: int, __: int, done: int, total: int) -> None:
            advance(done, total)

        yield progress


@migrate.command(short_help="Compare both sides from the data.")
@click.argument("team")
@json_option
@pass_session
def verify(session: Session, team: str, as_json: bool) -> None:
    """Compare both sides: versions, digests, aliases, tags, cards, and everybody's access. Ends with 1 if any differs.

    What was changed since on purpose differs, too; the history of the registry says by whom.

    \b
      curatory migrate verify vision
    """
    session.store.paths.redirected = None  # it follows every old path itself; nobody has used one
    with steps_bar("comparing") as progress:
        proof = session.store.migrations.verify(team, progress=progress)
    out = session.out
    if as_json:
        out.json(documents.proof(proof))
    else:
        out.line((proof.migration.source, NAME), "  →  ", (proof.migration.registry, NAME))
        out.pairs([(what, f"{count:,}") for what, count in proof.counts.items()], indent=2)
        for subject, one in proof.differences[: _SHOWN if out.tty else None]:
            said = f"{one.what}: {one.old or 'not there'} → {one.new or 'not there'}"
            out.line(("✗ " if out.tty else "", BAD), (f"{subject}: ", BAD), said)
        if out.tty and len(proof.differences) > _SHOWN:
            out.line((f"… and {len(proof.differences) - _SHOWN:,} more: --json has all", DIM))
        if proof.ok:
            out.line(("✓ ", GOOD) if out.tty else "", "both sides are the same")
    if not proof.ok:
        raise Refused(
            f"{number(len(proof.differences), 'difference')}; `curatory history {proof.migration.registry}` says what "
            "was changed since."
        )


@migrate.command(short_help="Give a migration up.")
@click.argument("team")
@click.option("--confirm", is_flag=True, help="Also give up what was done in the new registry since.")
@json_option
@pass_session
def rollback(session: Session, team: str, confirm: bool, as_json: bool) -> None:
    """Give up a migration that was not signed off: its registry goes, the legacy one is written to again.

    \b
      curatory migrate rollback vision
    """
    gone = session.store.migrations.roll_back(team, confirmed=confirm)
    if as_json:
        session.out.json(documents.migration(gone))
        return
    after = f", {gone.source} is written to again" if gone.source_id is not None else ""
    session.out.line(f"rolled back: {gone.registry} is gone{after}")


@migrate.command(short_help="Migrations, and how far each is.")
@json_option
@pass_session
def ls(session: Session, as_json: bool) -> None:
    """Migrations, and how far each is.

    \b
      curatory migrate ls
    """
    found = session.store.migrations.list()
    if as_json:
        session.out.json(documents.items([documents.migration(one) for one in found]))
        return
    if not found:
        session.out.note("nothing was migrated yet: `curatory migrate plan TEAM` shows what that would do")
        return
    columns = [
        Column("from", NAME, least=10),
        Column("to", least=10, drop=2),
        Column("state"),
        Column("copied", right=True),
        Column("accepted", right=True),
        Column("flagged", right=True, drop=1),
        Column("begun", DIM, drop=3),
    ]
    table(session.out, columns, [_row(session.out, one) for one in found])


def _row(out: Output, one: Migration) -> tuple[Any, ...]:
    tally = one.tally
    return (
        one.source,
        one.registry,
        {"done": "in review", "approved": "signed off"}.get(one.state, one.state),
        f"{one.copied:,} of {one.collections:,}",
        f"{tally.accepted:,} of {tally.total:,}",
        f"{tally.flagged:,}" if tally.flagged else "",
        out.time(one.started_at),
    )
