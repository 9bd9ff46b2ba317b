"""`curatory key`: what a script shows at the door of `curatory serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import json_option, noun, pass_session

if TYPE_CHECKING:
    from ...store import Key
    from .session import Session


@noun(short_help="API keys for wandb clients: create, ls, revoke.")
def key() -> None:
    """API keys: what a script shows at the door of `curatory serve`, in place of a person.

    \b
      curatory key create laptop
      curatory key ls
      curatory key revoke 3
    """


@key.command()
@click.argument("name")
@click.option("--user", metavar="USER", help="For somebody else; admins of their organization may.")
@json_option
@pass_session
def create(session: Session, name: str, user: str | None, as_json: bool) -> None:
    """Make a key and print it: this once, and never again. NAME says what it is for.

    \b
      curatory key create laptop
      curatory key create ci --user build-bot
    """
    made, secret = session.store.keys.create(name, user=user)
    if as_json:
        session.out.json(_document(made) | {"key": secret})
        return
    click.echo(secret)
    session.out.note(f"key {made.id} of {made.user}, for {made.name!r}: it is not shown again. WANDB_API_KEY takes it.")


@key.command("ls")
@click.option("--user", metavar="USER", help="Somebody else's; admins of their organization may.")
@json_option
@pass_session
def ls(session: Session, user: str | None, as_json: bool) -> None:
    """List keys: what each is for, when it was used last. The keys themselves are known to nobody.

    \b
      curatory key ls
    """
    found = session.store.keys.list(user=user)
    if as_json:
        session.out.json(documents.items([_document(one) for one in found]))
        return
    if not found:
        session.out.note("no keys yet: `curatory key create NAME` makes one")
        return
    from .tables import Column, table

    columns = [Column("id", right=True), Column("for"), Column("made"), Column("used"), Column("")]
    rows = [
        [
            str(one.id),
            one.name,
            session.out.time(one.created_at),
            session.out.time(one.used_at) if one.used_at else "never",
            "revoked" if one.revoked_at else "",
        ]
        for one in found
    ]
    table(session.out, columns, rows)


@key.command()
@click.argument("number", type=int)
@json_option
@pass_session
def revoke(session: Session, number: int, as_json: bool) -> None:
    """Shut the door to a key, at once and for good. NUMBER is what `key ls` shows.

    \b
      curatory key revoke 3
    """
    gone = session.store.keys.revoke(number)
    if as_json:
        session.out.json(_document(gone))
    else:
        click.echo(f"revoked key {gone.id} of {gone.user}, {gone.name!r}")


def _document(one: Key) -> dict[str, object]:
    return {
        "id": one.id,
        "user": one.user,
        "name": one.name,
        "created_at": documents.time(one.created_at),
        "used_at": documents.time(one.used_at),
        "revoked_at": documents.time(one.revoked_at),
    }
