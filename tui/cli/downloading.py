"""`curatory get`: a version's files, whole and checked, in a folder."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..safe import clean
from .failure import Refused, say
from .options import PATH, json_option, pass_session, verb
from .output import BAD, DIM, GOOD, NAME, number, size
from .progress import bytes_bar

if TYPE_CHECKING:
    from ...store import DownloadReport, Version
    from .session import Session

_SHOWN = 10


@verb(short_help="Download a version's files.")
@click.argument("path", type=PATH)
@click.option("--root", metavar="DIR", help="Where to.  [default: artifacts/COLLECTION:vN]")
@click.option("--file", "patterns", multiple=True, metavar="GLOB", help="Only these files; may be repeated.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there with other content.")
@click.option("--references", is_flag=True, help="Copy what file:// references point to, too.")
@json_option
@pass_session
def get(
    session: Session,
    path: str,
    root: str | None,
    patterns: tuple[str, ...],
    overwrite: bool,
    references: bool,
    as_json: bool,
) -> None:
    """Download a version's files. Each is checked; what an interrupted download left is gone on with.

    \b
      curatory get model/detector:prod
      curatory get model/detector:prod --root /models/detector --overwrite
      curatory get model/detector:v14 --file '*.json'
    """
    store = session.store
    version = store.versions.get(path)
    folder = Path(root).expanduser() if root else default_root(version)
    chosen = (lambda file: any(fnmatchcase(file.path, pattern) for pattern in patterns)) if patterns else None
    failure: Any = None
    try:
        with bytes_bar("downloading") as progress:
            report = store.versions.download(
                version,
                folder,
                chosen=chosen,
                overwrite=overwrite,
                references=references,
                progress=progress,
            )
    except Exception as error:  # what was written is reported even when a file could not be
        report, failure = getattr(error, "report", None), error
        if report is None:
            raise
    if patterns and not (report.written or report.kept or report.references or report.problems):
        raise Refused(f"{version.path} has no file like {' or '.join(patterns)}; `curatory ls {path}` lists them.")
    if as_json:
        session.out.json(_document(version, report))
    else:
        _show(session, version, report)
    if failure is not None:
        say("error", str(failure))
        raise click.exceptions.Exit(1)


def default_root(version: Version) -> Path:
    """`artifacts/detector:v14`, as W&B's client does; whatever the collection is called, it stays one folder."""
    name = clean(version.name).replace("/", "_")
    return Path("artifacts") / (name if name.strip(".") else f"_{name}")


def _document(version: Version, report: DownloadReport) -> dict[str, Any]:
    return {
        "version": version.path,
        "root": str(report.root),
        "written": list(report.written),
        "kept": list(report.kept),
        "references": [{"path": one.path, "uri": one.uri} for one in report.references],
        "problems": [{"path": one.path, "kind": one.kind, "reason": one.reason} for one in report.problems],
        "bytes_written": report.bytes_written,
    }


def _show(session: Session, version: Version, report: DownloadReport) -> None:
    out = session.out
    written = f"{number(len(report.written), 'file')} written ({size(report.bytes_written)})"
    kept = f", {len(report.kept):,} kept as they were" if report.kept else ""
    good = not report.problems
    out.line((("✓ ", GOOD) if good else ("✗ ", BAD)) if out.tty else "", f"{version.path}: {written}{kept}")
    # the folder alone on its line, for `cd "$(curatory get … | tail -1)"`
    if report.references:
        out.note(f"{number(len(report.references), 'reference')} not copied:")
        for one in report.references[:_SHOWN]:
            out.note(f"  {one.path} → {one.uri}")
        if len(report.references) > _SHOWN:
            out.note(f"  … and {len(report.references) - _SHOWN:,} more: curatory ls {version.path}")
    out.line((str(report.root), NAME if good else DIM))
