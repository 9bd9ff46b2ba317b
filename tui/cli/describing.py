"""`curatory describe` and `curatory ttl`: what may be edited of what is otherwise immutable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .failure import Refused
from .options import PATH, dry_run_option, json_option, pass_session, verb
from .publishing import read_metadata, time_to_live
from .writing import carry_out, interactive

if TYPE_CHECKING:
    from ...store import Store
    from .session import Session


@verb(short_help="Write a card, a description or metadata.")
@click.argument("path", type=PATH)
@click.argument("text", required=False)
@click.option("--file", "source", metavar="FILE", help="Take the text from a file; - is stdin.")
@click.option("--metadata", metavar="FILE", help="Replace a version's metadata by this JSON object; - is stdin.")
@dry_run_option
@json_option
@pass_session
def describe(
    session: Session,
    path: str,
    text: str | None,
    source: str | None,
    metadata: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write the card of a collection, or the description of a version or registry.

    Without a text it opens your editor.

    \b
      curatory describe model/detector --file README.md
      curatory describe model/detector:v14 "trained on the night set"
      curatory describe model/detector
      curatory describe model/detector:v14 --metadata scores.json
    """
    if sum(one is not None for one in (text, source, metadata)) > 1:
        raise click.UsageError("Give a text, --file or --metadata, not several of them.")
    place = session.store.paths.resolve(path)
    if metadata is not None:
        if place.kind != "version":
            raise Refused(f"{path} is a {place.kind}; only versions have metadata. Add ':latest' or another alias.")
        values = read_metadata(metadata)
        carry_out(session, lambda store: store.versions.set_metadata(path, values), as_json=as_json, dry_run=dry_run)
        return
    if place.kind not in ("version", "collection", "registry"):
        raise Refused(f"{path} is a {place.kind}; registries, collections and versions have descriptions.")
    content = _text(session.store, path, place.kind, text, source)

    def work(store: Store) -> Any:
        noun = {"version": store.versions, "collection": store.collections, "registry": store.registries}[place.kind]
        return noun.describe(path, content)

    carry_out(session, work, as_json=as_json, dry_run=dry_run, nothing="Nothing changed: it says exactly that already.")


def _text(store: Store, path: str, kind: str, text: str | None, source: str | None) -> str:
    if text is not None:
        return text
    if source is not None:
        try:
            if source == "-":
                return sys.stdin.read()
            return Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise Refused(f"{source} can't be read: {reason}.") from error
    if not interactive():
        raise Refused("There is no editor without a terminal; give the text, or --file.")
    noun = {"version": store.versions, "collection": store.collections, "registry": store.registries}[kind]
    before = noun.get(path).description
    edited = click.edit(before, extension=".md", require_save=True)
    if edited is None or edited.rstrip("\n") == before.rstrip("\n"):
        raise Refused("Nothing was changed: the text was left as it was.")
    return edited.rstrip("\n")


@verb(short_help="How long a version lives.")
@click.argument("path", type=PATH)
@click.argument("span", metavar="SPAN")
@dry_run_option
@json_option
@pass_session
def ttl(session: Session, path: str, span: str, dry_run: bool, as_json: bool) -> None:
    """How long a version lives, counted from when it was made; or, with a team's name, all its versions.

    SPAN is 30d, 12h, 2w, 6mo, never, or inherit (as the team says). What a registry holds does not expire.

    \b
      curatory ttl vision/training/detector:v3 30d
      curatory ttl vision/training/detector:v3 inherit
      curatory ttl vision 90d
    """
    length = time_to_live(span)
    place = session.store.paths.resolve(path)
    if place.kind == "team":
        if length == -1:
            raise Refused("A team inherits from nobody; give a span, or never.")
        carry_out(
            session,
            lambda store: store.teams.set_default_ttl(place.entity, None if length == -2 else length),
            as_json=as_json,
            dry_run=dry_run,
        )
        return
    if place.kind not in ("version", "collection"):
        raise Refused(f"{path} is a {place.kind}; versions have a time to live, and teams one for theirs.")
    carry_out(session, lambda store: store.versions.set_ttl(path, length), as_json=as_json, dry_run=dry_run)
