"""`curatory log` and `curatory link`: making versions, and putting them where people look for them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import documents
from .failure import Refused
from .options import PATH, dry_run_option, json_option, pass_session, verb
from .output import number, size
from .progress import bytes_bar
from .times import seconds
from .writing import carry_out

if TYPE_CHECKING:
    from ...store import Run, Store, Version
    from .session import Session

LEGACY = "model-registry"


def read_metadata(path: str) -> dict[str, Any]:
    """A JSON object from a file, or from stdin for "-".

    Raises:
        Refused
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        values = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error.strerror) if isinstance(error, OSError) else f"it is no JSON: {error}"
        raise Refused(f"The metadata in {path} can't be read: {reason}.") from error
    if not isinstance(values, dict):
        raise Refused(f"The metadata in {path} must be a JSON object of names and values.")
    return values


def time_to_live(text: str) -> int:
    """Seconds; -1 for "inherit", -2 for "never".

    Raises:
        UsageError
    """
    fixed = {"inherit": -1, "never": -2}
    if text in fixed:
        return fixed[text]
    found = seconds(text)
    if found is None:
        raise click.UsageError(f"{text!r} is no time to live; write 30d, 12h, 2w, never or inherit.")
    return found


@verb(short_help="Log files or references as a version.")
@click.argument("sources", metavar="PATH...", nargs=-1, required=True)
@click.option("--name", required=True, help="The artifact's name.")
@click.option("--type", "kind", required=True, help="Its type, such as model or dataset.")
@click.option("--project", default="uncategorized", show_default=True, help="The source project; made if need be.")
@click.option("--entity", help="Whose project.  [default: your first team]")
@click.option("--alias", "aliases", multiple=True, metavar="A", help="Besides latest; may be repeated.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="A label; may be repeated.")
@click.option("--metadata", metavar="FILE", help="A JSON object; - is stdin.")
@click.option("--description", default="", help="What it is.")
@click.option("--ttl", default="inherit", show_default=True, metavar="SPAN", help="30d, 12h, never, inherit.")
@click.option("--run", "run_name", metavar="NAME", help="The run that made it; recorded now if it isn't there.")
@click.option("--use", "used", multiple=True, metavar="PATH", type=PATH, help="A version that the run used.")
@json_option
@pass_session
def log(
    session: Session,
    sources: tuple[str, ...],
    name: str,
    kind: str,
    project: str,
    entity: str | None,
    aliases: tuple[str, ...],
    tags: tuple[str, ...],
    metadata: str | None,
    description: str,
    ttl: str,
    run_name: str | None,
    used: tuple[str, ...],
    as_json: bool,
) -> None:
    """Log files, folders or references as one version of an artifact.

    The same content is logged once. A reference such as s3://bucket/key is kept, never fetched. NAME=PATH gives
    a file another name.

    \b
      curatory log model.safetensors config.json --name detector --type model
      curatory log data/ --name coco --type dataset --metadata about.json
      curatory log s3://bucket/train --name big --type dataset --ttl 30d
      curatory log out/ --name det --type model --run n7 --use dataset/coco:v3
    """
    options: dict[str, Any] = {
        "project": project,
        "entity": entity,
        "aliases": aliases,
        "tags": tags,
        "metadata": read_metadata(metadata) if metadata else {},
        "description": description,
        "ttl": time_to_live(ttl),
    }

    def work(store: Store) -> Version:
        run = None
        started = False
        if run_name or used:
            run, started = _run(store, project, entity, run_name)
            options["run"] = run.id
        state = "failed"
        try:
            if run is not None:
                for path in used:
                    store.runs.use(run, path)
            with bytes_bar("storing") as progress:
                version = store.versions.log_paths(sources, name, kind, progress=progress, **options)
            state = "finished"
            return version
        finally:
            if run is not None and started:
                store.runs.finish(run, state=state, exit_code=int(state != "finished"))

    carry_out(
        session,
        work,
        as_json=as_json,
        document=documents.version,
        nothing="Nothing changed: a version with exactly this content is there already.",
        after=lambda version: [
            f"{version.path}: {number(version.file_count, 'file')}, {size(version.size)}, digest {version.digest}",
            f"link it: curatory link {version.path} REGISTRY/COLLECTION",
        ],
    )


def _run(store: Store, project: str, entity: str | None, name: str | None) -> tuple[Run, bool]:
    """The run of that name, and whether it was begun just now."""
    from ...store import NotFound

    if name is not None:
        try:
            return store.runs.get(f"{entity or store.users.home()}/{project}/{name}"), False
        except NotFound:
            pass
    return store.runs.start(project, entity=entity, name=name), True


@verb(short_help="Put a version into a registry's collection.")
@click.argument("source", type=PATH)
@click.argument("target", type=PATH)
@click.option("--alias", "aliases", multiple=True, metavar="A", help="Besides latest; may be repeated.")
@dry_run_option
@json_option
@pass_session
def link(session: Session, source: str, target: str, aliases: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Put a version into a registry's collection, which is made where it is missing. No bytes are copied.

    Its time to live is switched off: what a registry holds does not expire.

    \b
      curatory link vision/training/detector:v12 model/detector
      curatory link detector:latest model/detector --alias prod --alias eu
      curatory link detector:latest model/detector --alias prod --dry-run
    """

    def work(store: Store) -> Version:
        parts = target.strip("/").split("/")
        if len(parts) == 3 and parts[1] == LEGACY:
            store.legacy.ensure(parts[0])  # a team's legacy registry comes into being when it is first linked to
        return store.links.add(source, target, aliases)

    carry_out(
        session,
        work,
        as_json=as_json,
        dry_run=dry_run,
        document=documents.version,
        nothing="Nothing changed: it is linked there already, with these aliases.",
    )
