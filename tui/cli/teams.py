"""`curatory team`: teams and their people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import dry_run_option, json_option, noun, pass_session
from .output import DIM, NAME, duration, number
from .tables import Column, table
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Store
    from .session import Session

ROLES = click.Choice(["admin", "member", "viewer"])


@noun(short_help="Teams: create, ls, add, set, rm, delete.")
def team() -> None:
    """Teams own the projects that versions are logged into.

    \b
      curatory team create vision
      curatory team add vision kim
      curatory team ls vision
    """


@team.command(short_help="Make a team.")
@click.argument("name")
@click.option("--organization", help="Whose.  [default: your only one]")
@dry_run_option
@json_option
@pass_session
def create(session: Session, name: str, organization: str | None, dry_run: bool, as_json: bool) -> None:
    """Make a team, with you as its admin.

    \b
      curatory team create vision
    """
    carry_out(
        session,
        lambda store: store.teams.create(name, organization=organization),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.entity,
    )


@team.command(short_help="Teams, or a team's people.")
@click.argument("name", metavar="[TEAM]", required=False)
@json_option
@pass_session
def ls(session: Session, name: str | None, as_json: bool) -> None:
    """Teams, or a team's people.

    \b
      curatory team ls
      curatory team ls vision
    """
    store, out = session.store, session.out
    found = store.teams.members(name) if name else store.teams.list()
    if as_json:
        out.json(documents.items([documents.entity(one) for one in found]))
        return
    if name:
        columns = [Column("name", NAME, least=10), Column("kind"), Column("role"), Column("e-mail", least=8, drop=1)]
        table(out, columns, [(one.name, one.kind, one.role or "", one.email) for one in found])
        out.note(number(len(found), "member"))
        return
    columns = [
        Column("team", NAME, least=10),
        Column("organization", least=8, drop=1),
        Column("you are"),
        Column("versions live", drop=2),
        Column("made", DIM, drop=3),
    ]
    rows = [
        (
            one.name,
            one.organization or "",
            one.role or "—",
            duration(one.default_ttl) if one.default_ttl else "for ever",
            out.time(one.created_at),
        )
        for one in found
    ]
    table(out, columns, rows)
    out.note(number(len(found), "team"))


@team.command(short_help="Add people.")
@click.argument("name", metavar="TEAM")
@click.argument("users", metavar="USER...", nargs=-1, required=True)
@click.option("--role", type=ROLES, default="member", show_default=True, help="What they are in it.")
@dry_run_option
@json_option
@pass_session
def add(session: Session, name: str, users: tuple[str, ...], role: str, dry_run: bool, as_json: bool) -> None:
    """Add people to a team.

    \b
      curatory team add vision kim ben
      curatory team add vision lee --role viewer
    """
    _set(session, name, users, role, dry_run, as_json)


@team.command("set", short_help="Change a role.")
@click.argument("name", metavar="TEAM")
@click.argument("user")
@click.argument("role", type=ROLES)
@dry_run_option
@json_option
@pass_session
def set_(session: Session, name: str, user: str, role: str, dry_run: bool, as_json: bool) -> None:
    """Change what somebody is in a team: admin, member or viewer.

    \b
      curatory team set vision kim admin
    """
    _set(session, name, (user,), role, dry_run, as_json)


def _set(session: Session, name: str, users: tuple[str, ...], role: str, dry_run: bool, as_json: bool) -> None:
    def work(store: Store) -> None:
        for user in users:
            store.teams.set_member(name, user, role)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(users) > 1)


@team.command(short_help="Take people out of a team.")
@click.argument("name", metavar="TEAM")
@click.argument("users", metavar="USER...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def rm(session: Session, name: str, users: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take people out of a team; access they had through it goes with it. `team delete` deletes the team.

    \b
      curatory team rm vision kim
    """

    def work(store: Store) -> None:
        for user in users:
            store.teams.remove_member(name, user)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(users) > 1)


@team.command(short_help="Delete a team that owns nothing any more.")
@click.argument("name", metavar="TEAM")
@dry_run_option
@json_option
@pass_session
def delete(session: Session, name: str, dry_run: bool, as_json: bool) -> None:
    """Delete a team that owns nothing any more.

    \b
      curatory team delete vision
    """
    carry_out(session, lambda store: store.teams.remove(name), as_json=as_json, dry_run=dry_run)
