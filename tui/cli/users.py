"""`curatory user`: people and service accounts of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import dry_run_option, json_option, noun, pass_session
from .output import DIM, NAME, number
from .tables import Column, table
from .teams import ROLES
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Store
    from .session import Session


@noun(short_help="Users and service accounts: add, ls, set, rm.")
def user() -> None:
    """People and service accounts, and what they are in the organization.

    \b
      curatory user add kim --email kim@example.com
      curatory user add ci --service --team vision
      curatory user ls
    """


@user.command(short_help="Add somebody.")
@click.argument("name")
@click.option("--role", type=ROLES, default="member", show_default=True, help="What they are in the organization.")
@click.option("--email", default="", help="They can be called by it, too.")
@click.option("--service", is_flag=True, help="A service account: for programs, not for people.")
@click.option("--team", help="The one team that a service account is tied to.")
@click.option("--organization", help="Which.  [default: your only one]")
@dry_run_option
@json_option
@pass_session
def add(
    session: Session,
    name: str,
    role: str,
    email: str,
    service: bool,
    team: str | None,
    organization: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add a person or a service account to the organization.

    People are who the operating system says they are: NAME is their login.

    \b
      curatory user add kim --email kim@example.com
      curatory user add ci --service --team vision
    """
    carry_out(
        session,
        lambda store: store.users.add(
            name, role=role, email=email, service=service, team=team, organization=organization
        ),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.entity,
    )


@user.command(short_help="Everyone.")
@click.option("--organization", help="Which.  [default: your only one]")
@json_option
@pass_session
def ls(session: Session, organization: str | None, as_json: bool) -> None:
    """Everyone in the organization, with their role in it.

    \b
      curatory user ls
    """
    found, out = session.store.organizations.people(organization), session.out
    if as_json:
        out.json(documents.items([documents.entity(one) for one in found]))
        return
    columns = [
        Column("name", NAME, least=10),
        Column("kind"),
        Column("role"),
        Column("team", least=8, drop=2),
        Column("e-mail", least=12, drop=1),
        Column("since", DIM, drop=3),
    ]
    rows = [(one.name, one.kind, one.role or "", one.team or "", one.email, out.time(one.created_at)) for one in found]
    table(out, columns, rows)
    out.note(number(len(found), "person or account", "people and accounts"))


@user.command("set", short_help="Change an organization role.")
@click.argument("name")
@click.argument("role", type=ROLES)
@click.option("--organization", help="Which.  [default: your only one]")
@dry_run_option
@json_option
@pass_session
def set_(session: Session, name: str, role: str, organization: str | None, dry_run: bool, as_json: bool) -> None:
    """Change what somebody is in the organization: admin, member or viewer.

    \b
      curatory user set kim admin
    """
    carry_out(
        session,
        lambda store: store.organizations.set_role(name, role, organization),
        as_json=as_json,
        dry_run=dry_run,
        nothing="Nothing changed: that is their role already.",
    )


@user.command(short_help="Remove people.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def rm(session: Session, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Remove people or service accounts from the store. What they did stays in the history.

    \b
      curatory user rm kim
    """

    def work(store: Store) -> None:
        for name in names:
            store.users.remove(name)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(names) > 1)
