"""`curatory member`: who may do what in a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .describers import role_words
from .options import PATH, dry_run_option, json_option, noun, pass_session
from .output import DIM, NAME, number
from .tables import Column, table
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Store
    from .session import Session


class RoleType(click.ParamType):
    """A registry role, however it is spelled."""

    name = "role"
    roles = ("restricted_viewer", "viewer", "member", "admin")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        role = value.strip().lower().replace("-", "_").replace(" ", "_")
        if role not in self.roles:
            self.fail(f"{value!r} is not a role; roles are {', '.join(self.roles)}.", param, ctx)
        return role


ROLE = RoleType()


@noun(short_help="Who may do what in a registry: add, set, rm, ls.")
def member() -> None:
    """Who may do what in a registry. The highest of organization, registry and team roles counts.

    \b
      curatory member add golden kim --role member
      curatory member set golden kim admin
      curatory member ls golden
    """


@member.command(short_help="Add people or teams.")
@click.argument("path", metavar="REGISTRY", type=PATH)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--role", type=ROLE, help="restricted_viewer, viewer, member or admin.")
@dry_run_option
@json_option
@pass_session
def add(session: Session, path: str, names: tuple[str, ...], role: str | None, dry_run: bool, as_json: bool) -> None:
    """Add people, service accounts or whole teams to a registry.

    \b
      curatory member add golden kim
      curatory member add golden vision ben --role viewer
    """

    def work(store: Store) -> None:
        for name in names:
            store.members.add(path, name, role)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(names) > 1)


@member.command("set", short_help="Change a role.")
@click.argument("path", metavar="REGISTRY", type=PATH)
@click.argument("name")
@click.argument("role", type=ROLE)
@dry_run_option
@json_option
@pass_session
def set_(session: Session, path: str, name: str, role: str, dry_run: bool, as_json: bool) -> None:
    """Change a member's role: restricted_viewer, viewer, member or admin.

    \b
      curatory member set golden kim admin
    """
    carry_out(
        session,
        lambda store: store.members.set_role(path, name, role),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.member,
        nothing="Nothing changed: that is their role already.",
    )


@member.command(short_help="Remove members.")
@click.argument("path", metavar="REGISTRY", type=PATH)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@dry_run_option
@json_option
@pass_session
def rm(session: Session, path: str, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Remove members. What they have through the organization or a team stays.

    \b
      curatory member rm golden kim
    """

    def work(store: Store) -> None:
        for name in names:
            store.members.remove(path, name)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(names) > 1)


@member.command(short_help="Everyone who has access, and why.")
@click.argument("path", metavar="REGISTRY", type=PATH)
@json_option
@pass_session
def ls(session: Session, path: str, as_json: bool) -> None:
    """Everyone who has access to a registry, and why.

    \b
      curatory member ls golden
    """
    found, out = session.store.members.list(path), session.out
    if as_json:
        out.json(documents.items([documents.member(one) for one in found]))
        return
    columns = [
        Column("member", NAME, least=10),
        Column("kind", drop=2),
        Column("may act as", least=10),
        Column("given here", drop=1),
        Column("because of", DIM, least=8),
    ]
    rows = [
        (
            f"{one.name} (owner)" if one.owner else one.name,
            one.kind,
            role_words(one.effective),
            role_words(one.role) or "—",
            one.via,
        )
        for one in found
    ]
    table(out, columns, rows)
    out.note(number(len(found), "member"))
