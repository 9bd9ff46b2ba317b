"""`curatory webhook`: where a team's or an organization's automations send things."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import documents
from .failure import Refused
from .options import dry_run_option, json_option, noun, pass_session, yes_option
from .output import DIM, NAME, number
from .tables import Column, table
from .writing import ask, carry_out

if TYPE_CHECKING:
    from ...store import Integration, Store
    from .session import Session


@noun(short_help="Where automations send things: add, ls, edit, rm, rotate-key.")
def webhook() -> None:
    """Webhooks: where a team's or an organization's automations send things. Secrets go in, and never come out.

    \b
      curatory webhook add deploys https://ci.example.com/hook --token
      curatory webhook ls
      curatory webhook edit deploys --secret-file new.txt
    """


def _secret(what: str, file: str | None, prompted: bool) -> str | None:
    """A secret from a file, from standard input for "-", or typed unseen; never from the command's own words."""
    if file is not None and prompted:
        raise click.UsageError(f"--{what} asks, --{what}-file reads: give one of them.")
    if file is not None:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"The {what} can't be read from {file}: {error}") from None
        return text.strip("\r\n")
    return click.prompt(what, hide_input=True, err=True) if prompted else None


_token = click.option("--token", is_flag=True, help="Ask for an access token, sent as Authorization: Bearer.")
_token_file = click.option("--token-file", metavar="FILE", help="Read it from a file; - reads standard input.")
_signs = click.option("--secret", is_flag=True, help="Ask for a secret that signs what is sent.")
_signs_file = click.option("--secret-file", metavar="FILE", help="Read it from a file; - reads standard input.")


@webhook.command(short_help="Make a webhook.")
@click.argument("name")
@click.argument("url")
@click.option("--entity", metavar="NAME", help="The team or organization whose it is; else your organization's.")
@click.option("--slack", is_flag=True, help="It takes Slack's messages; its URL is a secret, and sealed.")
@_token
@_token_file
@_signs
@_signs_file
@dry_run_option
@json_option
@pass_session
def add(
    session: Session,
    name: str,
    url: str,
    entity: str | None,
    slack: bool,
    token: bool,
    token_file: str | None,
    secret: bool,
    secret_file: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a webhook: https, or where the owner of the delivering machine allows it (`curatory automation rules`).

    \b
      curatory webhook add deploys https://ci.example.com/hook --token --secret
      curatory webhook add chat https://hooks.slack.com/services/T0/B0/x \\
          --slack --entity vision
    """
    access, signing = _secret("token", token_file, token), _secret("secret", secret_file, secret)

    def work(store: Store) -> Integration:
        return store.integrations.create(
            entity, name, url, kind="slack" if slack else "webhook", token=access, secret=signing
        )

    carry_out(session, work, as_json=as_json, dry_run=dry_run, document=documents.integration)


@webhook.command(short_help="List webhooks that you may use.")
@click.option("--entity", metavar="NAME", help="Only those of this team or organization.")
@json_option
@pass_session
def ls(session: Session, entity: str | None, as_json: bool) -> None:
    """List the webhooks that you may use; nobody sees their secrets.

    \b
      curatory webhook ls
    """
    found, out = session.store.integrations.list(entity), session.out
    if as_json:
        out.json(documents.items([documents.integration(one) for one in found]))
        return
    if not found:
        out.note("no webhooks yet: `curatory webhook add NAME URL` makes one")
        return
    columns = [
        Column("name", NAME, least=8),
        Column("of"),
        Column("kind", drop=2),
        Column("holds", DIM, drop=1),
        Column("address", least=12, wraps=True),
    ]
    rows = []
    for one in found:
        holds = " ".join(what for what, has in (("token", one.has_token), ("secret", one.has_secret)) if has)
        rows.append((one.name, one.entity, one.kind, holds, one.address))
    table(out, columns, rows)


@webhook.command(short_help="Change a webhook.")
@click.argument("name")
@click.option("--name", "to", metavar="NAME", help="Another name.")
@click.option("--url", help="Another address.")
@_token
@_token_file
@_signs
@_signs_file
@click.option("--no-token", is_flag=True, help="Take the access token away.")
@click.option("--no-secret", is_flag=True, help="Take the secret away.")
@dry_run_option
@json_option
@pass_session
def edit(
    session: Session,
    name: str,
    to: str | None,
    url: str | None,
    token: bool,
    token_file: str | None,
    secret: bool,
    secret_file: str | None,
    no_token: bool,
    no_secret: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Change a webhook. A secret that is replaced still signs beside the new one for a day.

    \b
      curatory webhook edit deploys --secret-file new.txt
    """
    access = "" if no_token else _secret("token", token_file, token)
    signing = "" if no_secret else _secret("secret", secret_file, secret)

    def work(store: Store) -> Integration:
        return store.integrations.edit(name, to=to, url=url, token=access, secret=signing)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, document=documents.integration)


@webhook.command(short_help="Remove a webhook and its secrets.")
@click.argument("name")
@yes_option
@dry_run_option
@json_option
@pass_session
def rm(session: Session, name: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Remove a webhook, and its secrets for good: that can't be undone.

    \b
      curatory webhook rm deploys
    """
    if not dry_run:
        ask(f"Remove the webhook {name} and its secrets for good?", yes=yes)
    carry_out(session, lambda store: store.integrations.remove(name), as_json=as_json, dry_run=dry_run)


@webhook.command("rotate-key", short_help="Seal all secrets with a new key.")
@json_option
@pass_session
def rotate_key(session: Session, as_json: bool) -> None:
    """Seal the secrets of all webhooks with a new key; the old one opens nothing any more.

    Copy the file to every other machine that delivers; until then it can't send what needs a secret, and waits.

    \b
      curatory webhook rotate-key
    """
    count = session.store.integrations.rotate_key()
    path = str(session.store.integrations.vault.path)
    if as_json:
        session.out.json({"webhooks": count, "key": path})
        return
    session.out.line(f"sealed the secrets of {number(count, 'webhook')} with a new key")
    session.out.note(f"it is in {path}, and nowhere else")
