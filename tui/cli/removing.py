"""`curatory unlink` and `curatory rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .failure import Refused
from .options import PATH, dry_run_option, json_option, pass_session, verb, yes_option
from .output import short
from .writing import ask, ask_name, carry_out

if TYPE_CHECKING:
    from ...store import Store
    from .session import Session


@verb(short_help="Take versions out of a registry's collection.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@dry_run_option
@json_option
@pass_session
def unlink(session: Session, paths: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Take versions out of a registry's collection. Their sources stay as they are; their numbers are not reused.

    Several are taken out as one, and come back as one.

    \b
      curatory unlink model/detector:v3
      curatory unlink model/detector:v3 model/detector:v4 --dry-run
    """

    def work(store: Store) -> None:
        # what "latest" names moves while they go, so all are looked up first
        for version in [store.versions.get(path) for path in paths]:
            store.links.remove(version)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, batch=len(paths) > 1)


@verb(short_help="Delete versions, collections, runs or projects.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PATH)
@click.option("--aliases", is_flag=True, help="Delete versions although they have aliases.")
@click.option("--versions", is_flag=True, help="Of a run: the versions it logged, too, if nobody linked them.")
@yes_option
@dry_run_option
@json_option
@pass_session
def rm(
    session: Session,
    paths: tuple[str, ...],
    aliases: bool,
    versions: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Delete versions at their source, collections, runs or source projects.

    A deleted version goes from every registry it is linked into. Its files stay for at least 24 hours, in which it
    can be undone. Several are deleted as one: all, or none.

    \b
      curatory rm vision/training/detector:v3
      curatory rm detector:v3 detector:v4 --aliases
      curatory rm model/old-detector --dry-run
      curatory rm vision/training/night-7
    """
    store = session.store
    places = [(path, store.paths.resolve(path)) for path in paths]
    for path, place in places:
        if place.kind == "registry":
            raise Refused(f"{place.path} is a registry: `curatory registry rm {path}` deletes it.")
        if place.kind not in ("version", "collection", "run", "project"):
            raise Refused(f"{path} is a {place.kind}, which is not deleted this way: see `curatory team` and `user`.")
    if not dry_run:
        for path, place in places:
            if place.kind == "project":
                ask_name(f"This deletes the project {place.path} with all its collections.", place.project, yes=yes)
            elif place.kind == "run":
                ask(f"Delete the run {path}? That can't be undone.", yes=yes)

    def work(store: Store) -> list[str]:
        gone: list[str] = []
        found = [(path, place, store.versions.get(path) if place.kind == "version" else None) for path, place in places]
        for path, place, version in found:
            if version is not None:
                gone += store.versions.remove(version, delete_aliases=aliases)
            elif place.kind == "collection":
                store.collections.remove(path, delete_aliases=aliases)
            elif place.kind == "run":
                gone += store.runs.remove(path, delete_versions=versions)
            else:
                store.projects.remove(path)
        return gone

    carry_out(
        session,
        work,
        as_json=as_json,
        dry_run=dry_run,
        batch=len(paths) > 1,
        document=lambda gone: {"also_gone": gone},
        after=lambda gone: [f"with it: {short(path)}" for path in gone],
    )
