"""`curatory collection`: series of versions, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .options import PATH, dry_run_option, json_option, noun, pass_session
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Collection, Store
    from .session import Session


@noun(short_help="Collections: create, edit, rm.")
def collection() -> None:
    """Collections: named series of versions. Linking and logging make them, too.

    \b
      curatory collection create model/detector --type model
      curatory collection edit model/detector --name spotter
      curatory collection rm model/detector
    """


@collection.command(short_help="Make an empty collection.")
@click.argument("path", type=PATH)
@click.option("--type", "kind", required=True, help="The one type that it takes, for good.")
@click.option("--description", default="", help="Its card, in Markdown.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="A label; may be repeated.")
@dry_run_option
@json_option
@pass_session
def create(
    session: Session, path: str, kind: str, description: str, tags: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Make an empty collection in a registry.

    \b
      curatory collection create model/detector --type model --tag vision
    """
    carry_out(
        session,
        lambda store: store.collections.create(path, kind, description=description, tags=tags),
        as_json=as_json,
        dry_run=dry_run,
        document=documents.collection,
    )


@collection.command(short_help="Rename, describe, change the type.")
@click.argument("path", type=PATH)
@click.option("--name", help="A new name; the old one then leads nowhere.")
@click.option("--description", help="A new card, in Markdown.")
@click.option("--type", "kind", help="Another type; only where versions are logged.")
@dry_run_option
@json_option
@pass_session
def edit(
    session: Session,
    path: str,
    name: str | None,
    description: str | None,
    kind: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Change a collection. Several changes are made as one, and undone as one.

    \b
      curatory collection edit model/detector --name spotter
      curatory collection edit vision/training/detector --type model-fp16
    """
    wanted = [one for one in (name, description, kind) if one is not None]
    if not wanted:
        raise click.UsageError("Nothing to change was given; see --help.")

    def work(store: Store) -> Collection:
        one = store.collections.get(path)
        if description is not None:
            one = store.collections.describe(path, description)
        if kind is not None:
            one = store.collections.set_type(path, kind)
        if name is not None:  # last, for then the path leads nowhere
            one = store.collections.rename(path, name)
        return one

    carry_out(
        session,
        work,
        as_json=as_json,
        dry_run=dry_run,
        batch=len(wanted) > 1,
        document=documents.collection,
    )


@collection.command(short_help="Delete collections.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option("--aliases", is_flag=True, help="Delete logged versions although they have aliases.")
@dry_run_option
@json_option
@pass_session
def rm(session: Session, paths: tuple[str, ...], aliases: bool, dry_run: bool, as_json: bool) -> None:
    """Delete collections. From a registry the links go and the versions stay; at the source its versions go, too.

    \b
      curatory collection rm model/detector
      curatory collection rm model/detector model/segmenter --dry-run
    """

    def work(store: Store) -> None:
        for path in paths:
            store.collections.remove(path, delete_aliases=aliases)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(paths) > 1)
