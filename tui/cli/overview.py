"""`curatory overview`, and `curatory` alone: what is there, what is new, what needs attention, what to do next."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import documents
from .describers import event_rows, role_words
from .options import json_option, pass_session, verb
from .output import BAD, DIM, HEAD, NAME, WARN, number
from .tables import Column, table

if TYPE_CHECKING:
    from ...store import Collection, Store
    from .session import Session

_NEWEST, _LOOKED_AT = 6, 60


@verb(short_help="What is there, what is new, what needs attention.")
@json_option
@pass_session
def overview(session: Session, as_json: bool) -> None:
    """What is there, what is new, what needs attention.

    \b
      curatory overview
      curatory overview --json
    """
    if as_json:
        session.out.json(_document(session.store))
    else:
        _show(session)


def begin(session: Session) -> None:
    """What `curatory` without a command does. A person who has no store yet is told how to get one."""
    from ...store import NotFound

    try:
        session.store  # noqa: B018
    except NotFound as error:
        if "://" in session.url or Path(session.url).exists():
            raise  # there is a store, but not for this actor
        _welcome(session, str(error))
        return
    if session.out.tty and sys.stdin.isatty():
        _open(session)
    else:
        _show(session)


@click.command(hidden=True)
@click.argument("path")
@pass_session
def place(session: Session, path: str) -> None:
    """What `curatory PATH` does: open the app there; without a terminal, show it."""
    session.store.paths.resolve(path)
    if session.out.tty and sys.stdin.isatty():
        _open(session, path)
        return
    from .showing import show

    click.get_current_context().invoke(show, path=path, as_json=False)


def _open(session: Session, path: str | None = None) -> None:
    """Hand the terminal over to the app."""
    url, actor, files = session.url, session.actor, session.files
    session.close()
    from ..app import run_app

    click.get_current_context().exit(run_app(url, actor, path, files=files))


def _welcome(session: Session, why: str) -> None:
    out = session.out
    out.line(("Curatory", HEAD), ": a registry for models, datasets and any other artifact.")
    out.blank()
    out.line(why)
    out.blank()
    out.line("Look around first, in a store with demonstration data:")
    out.line(("curatory demo --open", NAME), indent=2)
    out.line("Make your own:")
    out.line(("curatory init", NAME), indent=2)
    out.line("Every command, with examples:")
    out.line(("curatory --help", NAME), indent=2)


def _attention(store: Store) -> dict[str, int]:
    """What somebody should look at, by kind, without what is fine."""
    homes = [store.actor.name, *(team.name for team in store.teams.list() if team.role)]
    found = {
        "pending_uploads": sum(
            len(store.uploads.incomplete(project.id))
            for project in store.projects.list("project")
            if project.entity in homes
        ),
        "damaged_files": len(store.garbage.problems()),
    }
    return {kind: count for kind, count in found.items() if count}


def _document(store: Store) -> documents.Document:
    organizations = store.organizations.list()
    return {
        "store": store.engine.url,
        "actor": store.actor.name,
        "organizations": [{"name": one.name, "role": one.role} for one in organizations],
        "teams": [{"name": one.name, "role": one.role} for one in store.teams.list() if one.role],
        "registries": [documents.project(one) for one in store.registries.list()],
        "legacy_registries": [documents.project(one) for one in store.legacy.list()],
        "newest": [documents.event(one) for one in store.events.of(limit=_NEWEST)],
        "attention": _attention(store),
    }


def _show(session: Session) -> None:
    store, out = session.store, session.out
    for organization in store.organizations.list():
        spans = [
            (organization.name, HEAD),
            (f"   {store.actor.name} · {organization.role}", ""),
            ("   " + store.engine.url, DIM),
        ]
        out.line(*spans)
    if not store.organizations.list():
        out.line((store.actor.name, HEAD), " belongs to no organization", ("   " + store.engine.url, DIM))
    out.head("Registries")
    registries = store.registries.list()
    columns = [
        Column("registry", NAME, least=24),
        Column("title", drop=2, least=8),
        Column("collections", right=True),
        Column("visible to", drop=1),
        Column("you are", drop=3),
    ]
    rows = [
        (
            one.short_name,
            one.title if one.title != one.short_name else "",
            f"{one.collections:,}",
            one.visibility,
            role_words(one.role),
        )
        for one in registries
    ]
    table(out, columns, rows, indent=2)
    if not registries:
        out.line("None that you may see. An admin adds you with `curatory member add`.", indent=2)
    legacy = store.legacy.list()
    if legacy:
        out.line(
            (f"and {number(len(legacy), 'legacy registry', 'legacy registries')}: curatory ls --all", DIM), indent=2
        )
    out.head("Newest changes")
    event_rows(out, list(store.events.of(limit=_LOOKED_AT)), indent=2, most=_NEWEST)
    _show_attention(session)
    _next(session, sum(one.collections for one in registries))


def _show_attention(session: Session) -> None:
    out, found = session.out, _attention(session.store)
    if not found:
        return
    out.head("Needs attention")
    if count := found.get("pending_uploads"):
        out.line(("! ", WARN), f"{number(count, 'upload')} not finished", indent=2)
    if count := found.get("damaged_files"):
        out.line(("! ", BAD), f"{number(count, 'stored file')} not what they were: curatory verify", indent=2)


def _next(session: Session, collections: int) -> None:
    out = session.out
    if collections:
        first = _example(session.store)
        if out.tty and first is not None:
            out.blank()
            registry = first.short_path.rpartition("/")[0]
            out.note(f"next: curatory ls {registry} · curatory show {first.short_path} · curatory search QUERY")
        return
    out.head("Nothing is here yet")
    out.line("Log something, and link it into a registry:", indent=2)
    out.line(("curatory log model.bin --name detector --type model", NAME), indent=4)
    out.line(("curatory link detector:v0 model/detector --alias prod", NAME), indent=4)


def _example(store: Store) -> Collection | None:
    return next(iter(store.search.collections(order="-updated", limit=1)), None)
