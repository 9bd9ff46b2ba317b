"""`curatory show`: everything about one registry, collection, version, run, team or person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from ..safe import clean
from ..verification import Verification, in_words, verification
from . import documents
from .describers import event_rows, joined, marks, role_words
from .listing import collections, files, versions
from .options import PATH, json_option, pass_session, verb
from .output import ALIAS, BAD, DIM, GOOD, HEAD, NAME, TAG, Output, Span, cells, duration, iso, number, size
from .sparklines import sparkline
from .tables import Column, table

if TYPE_CHECKING:
    from ...store import Checked, Collection, Project, Run, Store, Version
    from .session import Session

_FILES, _VERSIONS, _METRICS = 10, 8, 12  # of a longer list, on a screen
_DEEP, _KEY, _LONG = 4, 24, 400  # metadata: levels, columns of a key, characters of a value


@verb(short_help="Everything about one thing.")
@click.argument("path", type=PATH)
@json_option
@pass_session
def show(session: Session, path: str, as_json: bool) -> None:
    """Everything about a registry, collection, version, run, project, team or person.

    \b
      curatory show model
      curatory show model/detector
      curatory show model/detector:prod
      curatory show vision/training/night-7 --json
    """
    store, out = session.store, session.out
    place = store.paths.resolve(path)
    if place.kind == "version":
        _version(store, out, store.versions.get(path), as_json)
    elif place.kind == "collection":
        _collection(store, out, store.collections.get(path), as_json)
    elif place.kind == "run":
        _run(store, out, store.runs.get(path), as_json)
    elif place.project_id is not None:
        _project(store, out, store.projects.get(path), as_json)
    else:
        _entity(store, out, place.kind, path, as_json)


# -- versions -----------------------------------------------------------------------------------------------------


def _version(store: Store, out: Output, one: Version, as_json: bool) -> None:
    manifest = store.versions.files(one)
    places = store.versions.places(one)
    checks = {check.path: check for check in store.garbage.checks(one)}
    if as_json:
        listed = [documents.file(file) | documents.verified(checks.get(file.path)) for file in manifest]
        links = [
            {
                "path": place.path,
                "aliases": list(place.aliases),
                "linked_at": documents.time(place.linked_at),
                "linked_by": place.linked_by,
            }
            for place in places
            if place.is_link
        ]
        out.json(documents.version(one) | {"manifest": listed, "links": links})
        return
    out.line((one.short_path, HEAD), ("   " + marks(one), ALIAS))
    found = verification(list(checks.values()))
    other = [place for place in places if place.membership_id != one.membership_id]
    out.pairs(
        [
            ("type", one.type),
            ("state", None if one.state == "committed" else (one.state, BAD)),
            ("tags", (joined(one.tags), TAG)),
            ("size", f"{size(one.size)} in {number(one.file_count, 'file')}"),
            ("digest", one.digest),
            ("verified", (_verified(out, one, found), BAD if found.serious else "")),
            ("source", (one.source, NAME) if one.is_link else None),
            ("also at", [(joined(place.short_path for place in other if place.path != one.source), NAME)]),
            ("run", (one.run, NAME) if one.run else None),
            ("lives", _life(one.ttl)),
            ("made", _when(out, one.created_at, one.created_by)),
            (
                "put here",
                _when(out, one.linked_at, one.linked_by) if one.is_link else None,
            ),
        ],
        indent=2,
    )
    if one.description:
        out.head("Description")
        out.block(one.description, indent=2)
    _show_tree(out, "Metadata", one.metadata)
    out.head("Files")
    shown = manifest if not out.tty else manifest[:_FILES]
    with out.indented(2):
        files(out, shown, [_checked(out, checks.get(file.path)) for file in shown])
    if len(shown) < len(manifest):
        out.line((f"… and {len(manifest) - len(shown):,} more: curatory ls {one.short_path}", DIM), indent=2)


def _verified(out: Output, one: Version, found: Verification) -> str:
    return in_words(found, out.time, f"curatory verify {one.short_path}")


def _checked(out: Output, check: Checked | None) -> Span:
    """When a file was verified last, and with what result; nothing for a reference."""
    if check is None:
        return ""
    if check.at is None:
        return "never"
    return (f"damaged: {check.problem}", BAD) if check.problem is not None else out.time(check.at)


def _when(out: Output, moment: datetime, by: str | None) -> str:
    return f"{out.exact(moment)} by {by or 'somebody who left'}"


def _life(ttl: int) -> str | None:
    if ttl == -2:
        return "for ever"
    return "as long as its team says" if ttl == -1 else f"{duration(ttl)} from when it was made"


def _show_tree(out: Output, title: str, values: Mapping[str, Any]) -> None:
    """Nested values under a title: keys of one level stand in one column."""
    if not values:
        return
    out.head(title)
    _branch(out, values, 0)


def _branch(out: Output, values: Mapping[str, Any], level: int) -> None:
    plain = [key for key, value in values.items() if not _opens(value, level)]
    widths = [cells(clean(key)) for key in plain]
    width = max((one for one in widths if one <= _KEY), default=0) + 2
    for key, value in values.items():
        if _opens(value, level):
            out.line((key, DIM), indent=2 + 2 * level)
            _branch(out, value, level + 1)
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if out.tty and len(text) > _LONG:
            text = f"{text[:_LONG]}…"
        pad = " " * max(2, width - cells(clean(key)))
        out.hanging([(key, DIM), pad], [text], cells(clean(key)) + len(pad), 2 + 2 * level)


def _opens(value: Any, level: int) -> bool:
    """Whether a value is shown as a branch; what is deeper becomes JSON."""
    return isinstance(value, Mapping) and bool(value) and level < _DEEP


def _indented(out: Output, show: Callable[[Output, Any], None], rows: Any) -> None:
    with out.indented(2):
        show(out, rows)


# -- collections --------------------------------------------------------------------------------------------------


def _collection(store: Store, out: Output, one: Collection, as_json: bool) -> None:
    newest = store.search.versions(one.path, limit=_VERSIONS)
    if as_json:
        out.json(documents.collection(one) | {"newest": [documents.version(version) for version in newest]})
        return
    out.line((one.short_path, HEAD), f"   {number(one.versions, 'version')}")
    out.pairs(
        [
            ("type", one.type),
            ("holds", "links" if one.kind == "portfolio" else "what is logged into it"),
            ("tags", (joined(one.tags), TAG)),
            ("made", _when(out, one.created_at, one.created_by)),
            ("changed", out.exact(one.updated_at)),
        ],
        indent=2,
    )
    if one.description:
        out.head("Card")
        out.block(one.description, indent=2)
    else:
        out.note(f"  no card yet: curatory describe {one.short_path}")
    if one.aliases:
        out.head("Aliases")
        protected = set(store.projects.get(f"{one.entity}/{one.project}").protected_aliases)
        rows: list[tuple[Span, ...]] = [
            (alias, f"v{version}", ("protected", DIM) if alias in protected else "")
            for alias, version in sorted(one.aliases.items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        table(out, [Column("alias", ALIAS, least=10), Column("version"), Column("", drop=1)], rows, indent=2)
    if one.kind == "sequence":
        _incomplete(store, out, one.project_id, one.name)
    out.head("Versions")
    if not newest.items:
        where = "log into it" if one.kind == "sequence" else f"curatory link SOURCE {one.short_path}"
        out.line(f"None yet: {where}", indent=2)
        return
    _indented(out, versions, newest.items)
    if newest.after is not None:
        out.line((f"… and {one.versions - len(newest.items):,} more: curatory ls {one.short_path}", DIM), indent=2)


def _incomplete(store: Store, out: Output, project: int, name: str | None = None) -> None:
    """Versions that never came whole."""
    uploads = store.uploads.incomplete(project, name=name)
    if not uploads:
        return
    out.head("Incomplete")
    for upload in uploads:
        arrived = f"  {number(upload.files, 'file')}, {size(upload.size)} arrived"
        out.line((upload.path, BAD), arrived, (f"  {out.time(upload.updated_at)} by {upload.by}", DIM), indent=2)
    out.note("  logging the same again completes it")


# -- registries and projects --------------------------------------------------------------------------------------


def _project(store: Store, out: Output, one: Project, as_json: bool) -> None:
    from ...store import Forbidden

    page = store.search.collections(one.path, order="-updated", limit=_VERSIONS)
    try:
        members = store.members.list(one.path)
    except Forbidden:
        members = []
    if as_json:
        more = {
            "members": [documents.member(member) for member in members],
            "newest": [documents.collection(collection) for collection in page],
        }
        if one.kind == "project":
            more["runs"] = [documents.run(run) for run in store.runs.list(one.path, limit=_VERSIONS)]
        out.json(documents.project(one) | more)
        return
    out.line((one.short_name if one.kind == "registry" else one.path, HEAD), f"   {one.title}" if one.core else "")
    people = number(len(members), "member")
    out.pairs(
        [
            ("path", (one.path, NAME)),
            ("kind", {"registry": "registry", "legacy": "legacy registry", "project": "source project"}[one.kind]),
            ("visible to", one.visibility),
            ("owner", one.owner),
            ("you are", role_words(one.role)),
            ("types", "any" if one.any_type and one.kind == "registry" else joined(one.types)),
            ("protected", (joined(one.protected_aliases), ALIAS)),
            ("members", f"{people}: curatory member ls {one.short_name}" if one.kind == "registry" else people),
            ("made", _when(out, one.created_at, one.created_by)),
        ],
        indent=2,
    )
    if one.description:
        out.head("Description")
        out.block(one.description, indent=2)
    if one.kind == "project":
        _incomplete(store, out, one.id)
    out.head("Collections")
    if page.items:
        _indented(out, collections, page.items)
        if page.after is not None:
            more_of = one.collections - len(page.items)
            out.line((f"… and {more_of:,} more: curatory ls {one.short_name}", DIM), indent=2)
    else:
        out.line("None yet: curatory link SOURCE REGISTRY/COLLECTION makes one", indent=2)


# -- runs ---------------------------------------------------------------------------------------------------------


def _run(store: Store, out: Output, one: Run, as_json: bool) -> None:
    graph = store.lineage.graph(one, "both", depth=1)
    used = [node for node in graph.nodes.values() if node.depth < 0]
    made = [node for node in graph.nodes.values() if node.depth > 0]
    history = store.runs.history(one)
    if as_json:
        documents_of = [
            {"path": node.path or None, "label": node.label, "type": node.detail, "state": node.state} for node in used
        ]
        made_of = [
            {"path": node.path or None, "label": node.label, "type": node.detail, "state": node.state} for node in made
        ]
        stored = [
            {"path": file.path, "size": file.size, "digest": file.digest, "at": iso(at)}
            for file, at in store.runs.files(one)
        ]
        more = {"inputs": documents_of, "outputs": made_of, "steps": len(history), "files": stored}
        out.json(documents.run(one) | more)
        return
    out.line((one.path, HEAD), f"   {one.title}" if one.title != one.name else "")
    out.pairs(
        [
            ("state", (one.state, GOOD if one.state == "finished" else BAD if one.state != "running" else "")),
            ("exit code", str(one.exit_code) if one.exit_code else None),
            ("job", one.job_type),
            ("group", one.group),
            ("tags", (joined(one.tags), TAG)),
            ("started", _when(out, one.created_at, one.created_by)),
            ("ended", out.exact(one.ended_at) if one.ended_at else None),
        ],
        indent=2,
    )
    if one.notes:
        out.head("Notes")
        out.block(one.notes, indent=2)
    for title, nodes in (("Used", used), ("Made", made)):
        if nodes:
            out.head(title)
            for node in nodes:
                state = "" if node.state == "there" else f"  {node.state}"
                out.line((node.path or node.label, NAME), (f"  {node.detail}{state}", DIM), indent=2)
    stored = store.runs.files(one)
    if stored:
        out.head("Files")
        for file, _ in stored:
            out.line((file.path, NAME), (f"  {size(file.size)}", DIM), indent=2)
    _show_tree(out, "Config", one.config)
    _metrics(out, one, history)


def _metrics(out: Output, run: Run, history: list[dict[str, Any]]) -> None:
    """Last values, with their course beside them."""
    series: dict[str, list[float]] = {}
    for row in history:
        for key, value in row.items():
            if not key.startswith("_") and isinstance(value, (int, float)) and not isinstance(value, bool):
                series.setdefault(key, []).append(float(value))
    names = [key for key in (*series, *run.summary) if not key.startswith("_")]
    names = list(dict.fromkeys(names))
    if not names:
        return
    out.head("Metrics")
    shown = names if not out.tty else names[:_METRICS]
    rows = [
        (
            key,
            _value(run.summary.get(key, series[key][-1] if key in series else "")),
            sparkline(series.get(key, []), 24),
        )
        for key in shown
    ]
    columns = [Column("metric", NAME, least=12), Column("last", right=True, least=8), Column("course", DIM, drop=1)]
    table(out, columns, rows, indent=2)
    if len(shown) < len(names):
        out.line((f"… and {len(names) - len(shown):,} more: --json has all", DIM), indent=2)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# -- people -------------------------------------------------------------------------------------------------------


def _entity(store: Store, out: Output, kind: str, name: str, as_json: bool) -> None:
    if kind == "team":
        one, people = store.teams.get(name), store.teams.members(name)
    elif kind == "organization":
        one, people = store.organizations.get(name), store.organizations.people(name)
    else:
        one, people = store.users.get(name), []
    owned = [project for project in store.projects.list() if project.entity == one.name]
    newest = list(store.events.of(name, limit=_VERSIONS))
    if as_json:
        more = {
            "members": [documents.entity(person) for person in people],
            "projects": [documents.project(project) for project in owned],
            "newest": [documents.event(event) for event in newest],
        }
        out.json(documents.entity(one) | more)
        return
    out.line((one.name, HEAD), f"   {'service account' if one.kind == 'service' else one.kind}")
    out.pairs(
        [
            ("e-mail", one.email),
            ("organization", one.organization),
            ("team", one.team),
            ("you are" if kind in ("team", "organization") else "role", one.role),
            ("versions live", duration(one.default_ttl) if one.default_ttl else None),
            ("since", out.exact(one.created_at)),
            ("members", joined((f"{person.name} ({person.role})" for person in people), 12 if out.tty else 0)),
            ("projects", joined((project.path for project in owned), 12 if out.tty else 0)),
        ],
        indent=2,
    )
    out.head("Newest changes")
    event_rows(out, newest, indent=2)
