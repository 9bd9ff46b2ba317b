"""`curatory review`: what was migrated, collection by collection, until somebody signs it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .failure import Refused
from .options import PATH, dry_run_option, json_option, noun, pass_session
from .output import ALIAS, BAD, DIM, GOOD, NAME, WARN, number, short
from .saving import save_as, save_option
from .tables import Column, table
from .writing import carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from ...store import Item, Migration, Store
    from .session import Session

_VERDICTS = click.Choice(["unreviewed", "accepted", "flagged"])
_STYLES = {"accepted": GOOD, "flagged": BAD, None: DIM}


@noun(short_help="Review what was migrated: ls, show, accept, flag, sign-off.")
def review() -> None:
    """Review what was migrated. The app's screen is quicker: `curatory REGISTRY`, then `P`.

    \b
      curatory review ls vision
      curatory review show vision-mr-migrated/detector
      curatory review accept vision-mr-migrated/detector
      curatory review sign-off vision
    """


def item_of(store: Store, path: str) -> tuple[Migration, Item]:
    """A migrated collection by its path, old or new.

    Raises:
        NotFound, Refused
    """
    registry, slash, name = path.strip("/").rpartition("/")
    if not slash:
        raise Refused(f"{path!r} names no collection of a migrated registry; it looks like registry/collection.")
    migration = store.migrations.get(registry)
    return migration, store.reviews.item(migration, name)


@review.command(short_help="The queue, and how far it is.")
@click.argument("team", metavar="TEAM")
@click.option("--only", type=_VERDICTS, help="Only these.")
@json_option
@pass_session
def ls(session: Session, team: str, only: str | None, as_json: bool) -> None:
    """The queue of a migration: its collections, the verdict on each, and how far it is. TEAM may be a registry, too.

    \b
      curatory review ls vision
      curatory review ls vision --only flagged
    """
    store, out = session.store, session.out
    migration = store.migrations.get(team)
    found: list[Item] = []
    while True:
        part = store.reviews.queue(migration, verdict=only, after=found[-1].id if found else 0)
        found += part
        if len(part) < 1_000:
            break
    if as_json:
        out.json(documents.items([documents.reviewed(one) for one in found], tally=documents.tally(migration.tally)))
        return
    columns = [
        Column("collection", NAME, least=12),
        Column("versions", right=True, drop=3),
        Column("verdict"),
        Column("by", drop=2),
        Column("when", DIM, drop=1),
        Column("comment", least=8, wraps=True),
    ]
    rows = [
        (
            one.target,
            f"{one.versions:,}",
            (one.verdict or "—", _STYLES[one.verdict]),
            one.reviewed_by or "",
            out.time(one.reviewed_at) if one.reviewed_at else "",
            one.comment,
        )
        for one in found
    ]
    if rows:
        table(out, columns, rows)
    out.note(progress_of(migration))


def progress_of(migration: Migration) -> str:
    """`37 of 120 accepted, 2 flagged`."""
    tally = migration.tally
    flagged = f", {tally.flagged:,} flagged" if tally.flagged else ""
    signed = "; signed off" if migration.state == "approved" else ""
    return f"{tally.accepted:,} of {tally.total:,} accepted{flagged}{signed}"


@review.command(short_help="A collection before and now.")
@click.argument("path", type=PATH)
@json_option
@pass_session
def show(session: Session, path: str, as_json: bool) -> None:
    """A migrated collection before and now, and what differs.

    \b
      curatory review show vision-mr-migrated/detector
    """
    store, out = session.store, session.out
    migration, item = item_of(store, path)
    old, new, differences = store.reviews.compare(item)
    if as_json:
        made = {"differences": [documents.difference(one) for one in differences]}
        out.json(documents.reviewed(item) | {"old": documents.side(old), "new": documents.side(new)} | made)
        return
    out.line((item.target, NAME), f"  {item.verdict or 'not reviewed'}", (f"  {item.comment}", WARN))
    out.pairs(
        [
            ("before", old.path),
            ("now", new.path if new else ("it was deleted", BAD)),
            ("versions", f"{len(old.versions):,} → {len(new.versions) if new else 0:,}"),
            ("aliases", (", ".join(f"{alias} v{at}" for alias, at in old.aliases.items()) or "none", ALIAS)),
            ("tags", ", ".join(old.tags) or None),
            ("note", item.note or None),
        ],
        indent=2,
    )
    out.head("Differences")
    if not differences:
        out.line("None.", indent=2)
    for one in differences:
        out.line((f"{one.what}: ", BAD), f"{one.old or 'not there'} → {one.new or 'not there'}", indent=2)
    out.note(f"{progress_of(migration)}; accept it: curatory review accept {short(migration.registry)}/{item.target}")


def _judge(session: Session, paths: tuple[str, ...], verdict: str, comment: str, dry_run: bool, as_json: bool) -> None:
    def work(store: Store) -> None:
        several = [item_of(store, path)[1] for path in paths]
        if verdict == "accept":
            store.reviews.accept(several, comment)
        elif verdict == "flag":
            store.reviews.flag(several, comment)
        else:
            store.reviews.reopen(several)

    carry_out(session, work, as_json=as_json, dry_run=dry_run)


@review.command(short_help="Say that collections are as they should be.")
@click.argument("paths", metavar="PATH...", type=PATH, nargs=-1, required=True)
@click.option("--comment", default="", help="Something worth remembering.")
@dry_run_option
@json_option
@pass_session
def accept(session: Session, paths: tuple[str, ...], comment: str, dry_run: bool, as_json: bool) -> None:
    """Say that collections are as they should be.

    \b
      curatory review accept vision-mr-migrated/detector
    """
    _judge(session, paths, "accept", comment, dry_run, as_json)


@review.command(short_help="Say what is wrong with collections.")
@click.argument("paths", metavar="PATH...", type=PATH, nargs=-1, required=True)
@click.option("--comment", required=True, help="What is wrong.")
@dry_run_option
@json_option
@pass_session
def flag(session: Session, paths: tuple[str, ...], comment: str, dry_run: bool, as_json: bool) -> None:
    """Say what is wrong with collections.

    \b
      curatory review flag vision-mr-migrated/detector --comment "prod is on v1"
    """
    _judge(session, paths, "flag", comment, dry_run, as_json)


@review.command(short_help="Take verdicts off again.")
@click.argument("paths", metavar="PATH...", type=PATH, nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def reopen(session: Session, paths: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take verdicts off again.

    \b
      curatory review reopen vision-mr-migrated/detector
    """
    _judge(session, paths, "reopen", "", dry_run, as_json)


@review.command("sign-off", short_help="Approve the whole.")
@click.argument("team", metavar="TEAM")
@dry_run_option
@json_option
@pass_session
def sign_off(session: Session, team: str, dry_run: bool, as_json: bool) -> None:
    """Approve a migration whose collections were all accepted. Nothing rolls it back then.

    \b
      curatory review sign-off vision
    """
    carry_out(
        session,
        lambda store: store.reviews.sign_off(store.migrations.get(team)),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.migration,
    )


@review.command(short_help="All verdicts, to keep.")
@click.argument("team", metavar="TEAM")
@save_option("Write it there instead")
@json_option
@pass_session
def report(session: Session, team: str, save: Path | None, as_json: bool) -> None:
    """All verdicts of a review, and who signed it off, as Markdown.

    \b
      curatory review report vision
      curatory review report vision --save review.md
    """
    from ..reports import review_markdown

    store, out = session.store, session.out
    migration = store.migrations.get(team)
    items = store.reviews.queue(migration, limit=-1)
    access, signed = store.reviews.access(migration), store.reviews.signed_off(migration)
    text = review_markdown(migration, items, access, signed)
    document = documents.migration(migration) | {
        "items": [documents.reviewed(one) for one in items],
        "access": [{"name": name} | documents.difference(one) for name, one in access],
        "signed_off": {"by": signed[0], "at": signed[1].replace("+00:00", "Z")} if signed else None,
    }
    if save:
        save_as(save, lambda: text, lambda: document)
    if as_json:
        out.json(document)
    elif save:
        out.note(f"written: {save} ({number(len(items), 'collection')})")
    else:
        out.block(text)
