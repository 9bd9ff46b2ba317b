"""`curatory init` and `curatory demo`: stores that weren't there before."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote

import click

from .failure import Refused
from .options import json_option, pass_session, verb
from .output import GOOD, NAME
from .session import Session, default_path

_DEMO_ACTOR = "ana"


@verb(short_help="Make a store.")
@click.option("--organization", default="local", show_default=True, help="Its name, as it stands in paths.")
@click.option("--team", default="lab", show_default=True, help="A first team; only what a team logs can be linked.")
@click.option("--blobs", type=click.Path(file_okay=False), help="Folder of the files.  [default: beside the database]")
@json_option
@pass_session
def init(session: Session, organization: str, team: str, blobs: str | None, as_json: bool) -> None:
    """Make a store, with you as the admin of its organization.

    \b
      curatory init
      curatory --store team.db init --organization acme --team vision
      curatory --store postgresql://user@host/db init --blobs /srv/blobs
    """
    from ...store import create_store

    if session.url == str(default_path()):  # our own place; a folder somebody names may be a slip of the pen
        _make_folder(default_path().parent)
    session.store = create_store(session.url, session.actor, organization=organization, team=team, blobs=blobs)
    out, store = session.out, session.store
    if as_json:
        document = {"store": store.engine.url, "id": store.id, "organization": organization, "team": team}
        out.json(document | {"actor": store.actor.name, "blobs": str(store.blobs.root)})
        return
    out.line(("✓ ", GOOD) if out.tty else "", "made a store at ", (store.engine.url, NAME))
    out.pairs(
        [
            ("organization", f"{organization}, with the registries model and dataset"),
            ("team", team),
            ("you", f"{store.actor.name}, admin of both"),
            ("files in", str(store.blobs.root)),
        ],
        indent=2,
    )
    out.note("next: curatory log FILE --name N --type T, then curatory link N:v0 model/N")


@verb(short_help="Build a store with demonstration data.")
@click.option("--store", "url", metavar="URL", help="Where.  [default: demo/registry.db in the platform's data folder]")
@click.option("--open", "opens", is_flag=True, help="Then look at it; build it only if it isn't there.")
@pass_session
def demo(session: Session, url: str | None, opens: bool) -> None:
    """Build a store with demonstration data: two teams, five registries, a year of history.

    \b
      curatory demo
      curatory demo --open --store /tmp/demo.db
    """
    from ...store import Conflict, build_demo
    from .progress import waiting

    given = url or session.given_url  # never CURATORY_STORE: that is where people keep their own
    where = given or str(default_path().parent / "demo" / "registry.db")
    if "://" not in where:
        _make_folder(Path(where).expanduser().absolute().parent)
    session.given_url, session.actor = where, session.actor or _DEMO_ACTOR
    built = True
    try:
        with waiting("building demonstration data"):
            build_demo(where)
    except Conflict:
        if not opens:
            raise
        built = False
    out = session.out
    if built:
        out.line(("✓ ", GOOD) if out.tty else "", "built a demonstration store at ", (where, NAME))
    if opens:
        from .overview import begin

        begin(session)
    if "://" not in where:
        where = str(Path(where).expanduser().absolute())
    out.note(f"go on with it: export CURATORY_STORE={quote(where)}, and curatory --as {_DEMO_ACTOR} …")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Refused(f"The folder {os.fspath(folder)} can't be made: {error.strerror}.") from error
