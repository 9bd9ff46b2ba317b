"""`curatory registry` and `curatory protect`: who sees a registry, what it takes, which aliases are protected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import PATH, dry_run_option, json_option, noun, pass_session, verb, yes_option
from .output import number
from .writing import ask, ask_name, carry_out, interactive

if TYPE_CHECKING:
    from ...store import Project, Store
    from .session import Session

VISIBILITY = click.Choice(["organization", "restricted"])


@noun(short_help="Registries: create, edit, rm.")
def registry() -> None:
    """Registries: shelves of collections that people share.

    \b
      curatory registry create golden --visibility restricted --type dataset
      curatory registry edit golden --accept model
      curatory registry rm golden
    """


@registry.command(short_help="Make a custom registry.")
@click.argument("name")
@click.option("--visibility", type=VISIBILITY, default="organization", show_default=True, help="Who sees it.")
@click.option("--type", "types", multiple=True, metavar="T", help="A type it takes; may be repeated.  [default: any]")
@click.option("--description", default="", help="What it is for.")
@click.option("--organization", help="Whose.  [default: your only one]")
@dry_run_option
@json_option
@pass_session
def create(
    session: Session,
    name: str,
    visibility: str,
    types: tuple[str, ...],
    description: str,
    organization: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a custom registry; you become its admin and owner.

    \b
      curatory registry create golden
      curatory registry create golden --visibility restricted --type dataset
    """
    carry_out(
        session,
        lambda store: store.registries.create(
            name, visibility=visibility, types=types, description=description, organization=organization
        ),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.project,
    )


@registry.command(short_help="Rename, describe, open, hide; types and owner.")
@click.argument("path", type=PATH)
@click.option("--name", help="A new name; the old one then leads nowhere.")
@click.option("--description", help="A new description.")
@click.option("--visibility", type=VISIBILITY, help="Who sees it.")
@click.option("--confirm", is_flag=True, help="Agree that more people will see it.")
@click.option("--accept", multiple=True, metavar="T", help="A type it also takes; may be repeated. It stays for good.")
@click.option("--accept-any", is_flag=True, help="Take every type.")
@click.option("--accept-only", is_flag=True, help="Take only what it holds now, and what --accept adds.")
@click.option("--owner", metavar="USER", help="Who is accountable.")
@dry_run_option
@json_option
@pass_session
def edit(
    session: Session,
    path: str,
    name: str | None,
    description: str | None,
    visibility: str | None,
    confirm: bool,
    accept: tuple[str, ...],
    accept_any: bool,
    accept_only: bool,
    owner: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Change a registry. Several changes are made as one, and undone as one.

    \b
      curatory registry edit golden --accept model --owner kim
      curatory registry edit golden --visibility organization --confirm
      curatory registry edit golden --name silver --description "second best"
    """
    if accept_any and (accept or accept_only):
        raise click.UsageError("--accept-any takes every type; --accept and --accept-only take some.")
    wanted = [name, description, visibility, owner]
    if all(one is None for one in wanted) and not (accept or accept_any or accept_only):
        raise click.UsageError("Nothing to change was given; see --help.")
    if visibility == "organization" and not dry_run:
        confirm = _opened(session.store, path, confirm)

    def work(store: Store) -> Project:
        one = store.registries.get(path)
        if description is not None:
            one = store.registries.describe(path, description)
        if visibility is not None:
            one = store.registries.set_visibility(path, visibility, confirmed=confirm or dry_run)
        if accept_only:
            one = store.registries.accept_only(path, accept)
        elif accept:
            one = store.registries.accept(path, accept)
        if accept_any:
            one = store.registries.accept_any(path)
        if owner is not None:
            one = store.registries.set_owner(path, owner)
        if name is not None:  # last, for then the path leads nowhere
            one = store.registries.rename(path, name)
        return one

    many = sum(one is not None for one in wanted) + bool(accept or accept_only) + accept_any > 1
    carry_out(
        session, work, as_json=as_json, dry_run=dry_run, batch=many, document=documents.project,
    )  # fmt: skip


def _opened(store: Store, path: str, confirm: bool) -> bool:
    """Whether somebody agreed to who will newly see a registry; the store refuses without."""
    if confirm or store.registries.get(path).visibility == "organization" or not interactive():
        return confirm
    people = store.registries.newly_seeing(path)
    who = f"{', '.join(people[:20])}{' …' if len(people) > 20 else ''}" or "nobody"
    ask(f"{number(len(people), 'person', 'people')} will newly see {path}: {who}. Go on?", yes=False, flag="--confirm")
    return True


@registry.command(short_help="Delete a custom registry.")
@click.argument("path", type=PATH)
@yes_option
@dry_run_option
@json_option
@pass_session
def rm(session: Session, path: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Delete a custom registry with its collections. The versions stay in the projects they were logged to.

    \b
      curatory registry rm golden
      curatory registry rm golden --dry-run
      curatory registry rm golden --yes
    """
    one = session.store.registries.get(path)
    if not dry_run:
        what = f"This deletes the registry {one.path} with {number(one.collections, 'collection')}."
        ask_name(what, one.short_name, yes=yes)
    carry_out(session, lambda store: store.registries.remove(path), as_json=as_json, dry_run=dry_run)


@verb(short_help="Let only admins touch an alias.")
@click.argument("path", metavar="REGISTRY", type=PATH)
@click.argument("aliases", metavar="ALIAS...", nargs=-1, required=True)
@click.option("--off", is_flag=True, help="Make it an ordinary alias again.")
@dry_run_option
@json_option
@pass_session
def protect(session: Session, path: str, aliases: tuple[str, ...], off: bool, dry_run: bool, as_json: bool) -> None:
    """Let only a registry's admins put an alias on a version or take it off.

    \b
      curatory protect model prod
      curatory protect model prod --off
    """

    def work(store: Store) -> Project:
        change = store.registries.unprotect if off else store.registries.protect
        return [change(path, alias) for alias in aliases][-1]

    carry_out(
        session,
        work,
        as_json=as_json,
        dry_run=dry_run,
        batch=len(aliases) > 1,
        document=documents.project,
        nothing="Nothing changed: it is protected already.",
    )
