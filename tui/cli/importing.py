"""`curatory import`: somebody else's registry, into one of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import documents
from .migrating import migrating_bar, show_plan
from .options import dry_run_option, json_option, noun, pass_session
from .output import DIM, GOOD, WARN, number
from .progress import waiting
from .saving import save_option, save_plan

if TYPE_CHECKING:
    from pathlib import Path

    from .session import Session

_SHOWN = 20


@noun("import", short_help="From elsewhere: mlflow.")
def import_() -> None:
    """Import a registry from elsewhere. What was imported is proven and reviewed as every migration is.

    \b
      curatory import mlflow mlflow.db --team vision --dry-run
      curatory import mlflow http://mlflow:5000 --team vision
    """


@import_.command(short_help="MLflow's model registry, from its file or its server.")
@click.argument("address", metavar="URL|FILE")
@click.option("--team", required=True, help="Whose source project takes the runs and versions.")
@click.option("--registry", "name", default="mlflow", show_default=True, help="The registry that is made.")
@save_option("Write the plan there")
@dry_run_option
@json_option
@pass_session
def mlflow(
    session: Session, address: str, team: str, name: str, save: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Import MLflow's models, versions, aliases, stages, runs, datasets and prompts; MLflow is only read.

    Files are copied and hashed where they can be reached; a version whose files can't be is tagged `unverified`.
    The same command goes on after an interruption, and adds what is new. A server's credentials are taken from
    MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN.

    \b
      curatory import mlflow mlflow.db --team vision --dry-run
      curatory import mlflow http://mlflow:5000 --team vision
    """
    store, out = session.store, session.out
    with waiting("reading MLflow"):
        found = store.imports.read(address)
    if dry_run or save:
        plan = store.imports.plan(found, team, name)
        if save:
            save_plan(save, plan)
        if dry_run:
            out.json(documents.plan(plan)) if as_json else show_plan(out, plan)
        if save and not as_json:
            out.note(f"written: {save}")
        if dry_run:
            return
    with migrating_bar("importing") as progress:
        done = store.imports.run(found, team, name, progress)
    unread = list(store.imports.unverified(done))
    if as_json:
        listed = [{"version": one.what, "reason": one.reason} for one in unread]
        out.json(documents.migration(done) | {"unverified": listed})
        return
    collections, versions = number(done.collections, "collection"), number(done.versions, "version")
    out.line(("✓ ", GOOD) if out.tty else "", f"imported {done.source} to {done.registry}: {collections}, {versions}")
    for one in unread[: _SHOWN if out.tty else None]:
        out.line((f"{one.what}: ", WARN), f"not verified, its files were not taken: {one.reason}", indent=2)
    if out.tty and len(unread) > _SHOWN:
        out.line((f"… and {len(unread) - _SHOWN:,} more: `--json` has all", DIM), indent=2)
    out.note(f"prove it:  curatory migrate verify {name}")
    out.note(f"review it: curatory review ls {name}")
    out.note(f"give up:   curatory migrate rollback {name}")
