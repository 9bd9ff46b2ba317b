"""`curatory verify`, `gc`, `backup` and `stats`: what keeps a store well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import documents
from .options import PATH, dry_run_option, json_option, pass_session, verb
from .output import BAD, DIM, GOOD, number, size
from .progress import bytes_bar, waiting

if TYPE_CHECKING:
    from .session import Session

_SHOWN = 50


@verb(short_help="Hash stored files anew.")
@click.argument("path", required=False, type=PATH)
@json_option
@pass_session
def verify(session: Session, path: str | None, as_json: bool) -> None:
    """Hash stored files anew and say which are not what they were: those of a version, or all.

    Without a path the database's own integrity check runs, too.

    \b
      curatory verify
      curatory verify model/detector:prod
    """
    store, out = session.store, session.out
    with bytes_bar("hashing") as progress:
        checked = store.garbage.verify(path, progress=progress)
    with waiting("checking the database"):
        database = store.engine.check() if path is None else []
    bad = [one for one in checked if one.problem is not None]
    if as_json:
        out.json(
            {
                "ok": not bad and not database,
                "files": len(checked),
                "bytes": sum(one.size for one in checked),
                "problems": [documents.checked(one) for one in bad],
                "database": database,
            }
        )
    else:
        for one in bad[: _SHOWN if out.tty else None]:
            out.line(("✗ " if out.tty else "", BAD), one.path, ": ", one.problem or "")
        if out.tty and len(bad) > _SHOWN:
            out.line((f"… and {len(bad) - _SHOWN:,} more: --json has all", DIM))
        for problem in database:
            out.line(("✗ database: ", BAD), problem)
        if not bad and not database:
            whole = f"{number(len(checked), 'file')}, {size(sum(one.size for one in checked))}"
            also = "" if path else "; the database is sound"
            out.line(("✓ ", GOOD) if out.tty else "", f"{whole}, all as they were{also}")
    if bad or database:
        from ...store import Damaged

        raise Damaged(
            f"{number(len(bad), 'file')} of {len(checked):,} not what they were"
            f"{f', and the database has {len(database)} faults' if database else ''}. "
            "Restore them from a backup, or log them again from where they came."
        )


@verb(short_help="Remove what has expired and what nothing needs.")
@dry_run_option
@json_option
@pass_session
def gc(session: Session, dry_run: bool, as_json: bool) -> None:
    """Delete versions whose time to live has ended, and files that nothing has needed for 24 hours.

    Deliveries of automations that ended more than 90 days ago go as well; what they announced stays in the log.

    \b
      curatory gc --dry-run
      curatory gc
    """
    store, out = session.store, session.out
    with waiting("looking for what nothing needs"):
        done = store.garbage.collect(dry_run=dry_run)
    if as_json:
        out.json(
            {
                "dry_run": done.dry_run,
                "expired": list(done.expired),
                "purged": done.purged,
                "files": done.blobs,
                "bytes": done.bytes,
                "waiting": done.waiting,
                "deliveries": done.deliveries,
            }
        )
        return
    if dry_run:
        out.line("Dry run: nothing was changed. It would have")
    for path in done.expired[: _SHOWN if out.tty else None]:
        out.line(f"deleted {path}, whose time to live has ended", indent=2)
    if out.tty and len(done.expired) > _SHOWN:
        out.line((f"… and {len(done.expired) - _SHOWN:,} more", DIM), indent=2)
    mark = ("✓ ", GOOD) if out.tty and not dry_run else "  " if dry_run else ""
    out.line(
        mark,
        f"removed {number(done.blobs, 'file')} ({size(done.bytes)}); "
        f"{number(len(done.expired), 'version')} expired, {number(done.purged, 'deleted version')} given up for good",
    )
    if done.deliveries:
        out.note(f"{number(done.deliveries, 'delivery', 'deliveries')} that ended over 90 days ago went, too")
    if done.waiting:
        out.note(f"{number(done.waiting, 'file')} that nothing needs wait until 24 hours have passed")


@verb(short_help="Write a consistent copy of the database.")
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
@pass_session
def backup(session: Session, file: str, as_json: bool) -> None:
    """Write a consistent copy of the database to a new file, while others work on.

    Files of versions are beside it, under names that never change their content: copy that folder after.

    \b
      curatory backup /backup/registry-2026-05-01.db
    """
    store, out = session.store, session.out
    with waiting("copying the database"):
        store.engine.backup(file)
    written = Path(file).expanduser().absolute()
    blobs = str(store.blobs.root)
    if as_json:
        out.json({"file": str(written), "size": written.stat().st_size, "blobs": blobs})
        return
    out.line(("✓ ", GOOD) if out.tty else "", f"wrote {written} ({size(written.stat().st_size)})")
    out.note(f"now copy the files: rsync -a {blobs} DESTINATION")


@verb(short_help="How much is in the store, and where it is.")
@click.option("--files", is_flag=True, help="Also count what is in the folder of files.")
@json_option
@pass_session
def stats(session: Session, files: bool, as_json: bool) -> None:
    """How much is in the store that you may see, and where it is.

    \b
      curatory stats
      curatory stats --files
    """
    store, out = session.store, session.out
    facts = store.engine.facts()
    registries = store.search.registries(limit=1, total=True).total
    collections = store.search.collections(limit=1, total=True).total
    versions = store.search.versions(limit=1, total=True).total
    damaged = len(store.garbage.problems(limit=1000))
    document = {
        "engine": facts.get("engine"),
        "engine_version": facts.get("version"),
        "location": facts.get("location"),
        "database_size": facts.get("size"),
        "warnings": list(facts.get("warnings", ())),
        "blobs": str(store.blobs.root),
        "registries": registries,
        "collections": collections,
        "versions": versions,
        "projects": sum(one.kind == "project" for one in store.projects.list()),
        "events": store.events.head(),
        "damaged_files": damaged,
    }
    if files:
        with waiting("counting files"):
            sizes = [length for _, length, _ in store.blobs.stored()]
        document |= {"files": len(sizes), "files_size": sum(sizes)}
    if as_json:
        out.json(document)
        return
    out.pairs(
        [
            ("registries", f"{registries:,}"),
            ("collections", f"{collections:,}"),
            ("linked versions", f"{versions:,}"),
            ("source projects", f"{document['projects']:,}"),
            ("events", f"{document['events']:,}"),
            ("files", f"{document['files']:,}, {size(document['files_size'])}" if files else None),
            ("damaged files", (f"{damaged:,}: curatory verify", BAD) if damaged else None),
            ("engine", f"{facts.get('engine')} {facts.get('version')}"),
            ("database", f"{facts.get('location')} ({size(facts.get('size', 0))})"),
            ("files in", str(store.blobs.root)),
        ]
    )
    for warning in document["warnings"]:
        out.line((f"! {warning}", "yellow"))
