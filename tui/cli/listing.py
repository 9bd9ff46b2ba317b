"""`curatory ls` and `curatory search`: lists of registries, projects, collections, versions, files and runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from . import documents
from .describers import joined, marks, role_words
from .failure import Refused
from .options import PATH, json_option, page_options, pass_session, verb
from .output import ALIAS, DIM, NAME, TAG, Output, Span, number, size
from .tables import Column, table

if TYPE_CHECKING:
    from ...store import Collection, File, Page, Project, Run, Store, Version
    from .session import Session

KINDS = ("registries", "collections", "versions")


@verb(short_help="List registries, collections, versions or files.")
@click.argument("path", required=False, type=PATH)
@click.option("--all", "everything", is_flag=True, help="Source projects and legacy registries, too.")
@click.option("--runs", is_flag=True, help="A project's runs instead of its collections.")
@click.option("--filter", "query", metavar="QUERY", help="Only what fits; the language of `curatory search`.")
@click.option("--order", metavar="KEY", help="name, updated, created; of versions number, size, linked; '-' descends.")
@click.option("--total", is_flag=True, help="Count all that there is.")
@page_options
@json_option
@pass_session
def ls(
    session: Session,
    path: str | None,
    everything: bool,
    runs: bool,
    query: str | None,
    order: str | None,
    total: bool,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List what is below a path: registries without one, then collections, versions, and the files of a version.

    \b
      curatory ls
      curatory ls model --filter tag:prod --order -updated
      curatory ls model/detector
      curatory ls model/detector:prod
      curatory ls vision/training --runs
    """
    store = session.store
    page: dict[str, Any] = {"limit": limit, "after": after}
    options: dict[str, Any] = page | {"total": total} | ({"order": order} if order else {})
    plain = query is None and order is None and after is None
    if path is None:
        if everything:
            _need_plain(plain, "--all")
            _print(session, as_json, store.projects.list(), "projects")
        else:
            _print(session, as_json, store.search.registries(query, **options), "registries")
        return
    place = store.paths.resolve(path)
    if runs:
        _need_plain(query is None and order is None, "--runs")
        _print(session, as_json, store.runs.list(path, **page), "runs")
    elif place.kind == "version":
        _need_plain(plain, "the files of a version")
        _print(session, as_json, store.versions.files(path), "files")
    elif place.kind == "collection":
        _print(session, as_json, store.search.versions(path, query, **options), "versions")
    elif place.kind in ("registry", "legacy", "project"):
        _print(session, as_json, store.search.collections(path, query, **options), "collections")
        if place.kind == "project" and not as_json and len(store.runs.list(path, limit=1)):
            session.out.note(f"its runs: curatory ls {path} --runs")
    elif place.kind == "run":
        raise Refused(f"{path} is a run: `curatory show {path}` says what it used and made.")
    else:
        _need_plain(plain, f"the projects of {place.entity}")
        _print(session, as_json, [one for one in store.projects.list() if one.entity == place.entity], "projects")


def _need_plain(plain: bool, what: str) -> None:
    if not plain:
        raise click.UsageError(f"{what} can't be filtered, ordered or gone on with.")


@verb(short_help="Find registries, collections or versions.")
@click.argument("query", required=False)
@click.option("--in", "path", metavar="PATH", type=PATH, help="Only in this registry, project or collection.")
@click.option("--kind", type=click.Choice(KINDS), help="What to find.  [default: collections, or what QUERY is about]")
@click.option("--order", metavar="KEY", help="name, updated, created; of versions number, size, linked; '-' descends.")
@click.option("--total", is_flag=True, help="Count all that there is.")
@click.option("--fields", is_flag=True, help="Explain the language instead, with examples.")
@page_options
@json_option
@pass_session
def search(
    session: Session,
    query: str | None,
    path: str | None,
    kind: str | None,
    order: str | None,
    total: bool,
    fields: bool,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """Find registries, collections or versions by words and fields.

    A query that begins with '-' stands behind --.

    \b
      curatory search detector
      curatory search 'tag:prod updated>7d'
      curatory search 'metadata.acc>0.9 !alias:latest' --in model
      curatory search 'type:(model, dataset) has:description' --kind registries
      curatory search --fields
    """
    if fields:
        _explain(session, as_json)
        return
    if query is None:
        raise click.UsageError("What to search for? Give a QUERY; `curatory search --fields` explains them.")
    options: dict[str, Any] = {"limit": limit, "after": after, "total": total} | ({"order": order} if order else {})
    found, kind = _find(session.store, kind, path, query, options)
    _print(session, as_json, found, kind, found=True)


def _find(
    store: Store, kind: str | None, path: str | None, query: str, options: dict[str, Any]
) -> tuple[Page[Any], str]:
    """The page, and of which kind; unless that is given, the first that knows the query's fields."""
    from ...store import FilterError

    if kind == "registries":
        if path is not None:
            raise click.UsageError("--in narrows collections and versions; registries are in nothing.")
        return store.search.registries(query, **options), kind
    if kind is None:
        inside = path is not None and store.paths.resolve(path).kind == "collection"
        try:
            kind = "versions" if inside else "collections"
            # a query that collections don't understand may be one for versions
            store.search.condition(query, kind)
        except FilterError:
            store.search.condition(query, "versions")
            kind = "versions"
    find = store.search.versions if kind == "versions" else store.search.collections
    return find(path, query, **options), kind


def _explain(session: Session, as_json: bool) -> None:
    from ...store import FIELDS, GRAMMAR

    out = session.out
    if as_json:
        out.json(
            {
                "grammar": [{"form": form, "meaning": meaning} for form, meaning in GRAMMAR],
                "fields": [
                    {
                        "name": one.name,
                        "kind": one.kind,
                        "of": list(one.targets),
                        "meaning": one.meaning,
                        "examples": list(one.examples),
                    }
                    for one in FIELDS.values()
                ],
            }
        )
        return
    out.line("What a query can say:")
    out.pairs(((form, meaning) for form, meaning in GRAMMAR), indent=2)
    out.head("Fields")
    columns = [
        Column("field", NAME),
        Column("of", DIM, drop=1),
        Column("example", ALIAS),
        Column("meaning", least=20, wraps=True),
    ]
    rows = [(one.name, joined(one.targets), one.examples[0], one.meaning) for one in FIELDS.values()]
    table(out, columns, rows, indent=2)


# -- printing -----------------------------------------------------------------------------------------------------


def _print(
    session: Session, as_json: bool, listed: Page[Any] | Sequence[Any], kind: str, *, found: bool = False
) -> None:
    """A list in either form, with an honest count. `found` ones are from anywhere, so their paths are shown."""
    rows: Sequence[Any] = listed if isinstance(listed, list) else listed.items  # type: ignore[union-attr]
    after, total = getattr(listed, "after", None), getattr(listed, "total", None)
    show, document, one = _LISTS[kind]
    out = session.out
    if as_json:
        more = {"kind": kind} if found else {}
        out.json(documents.items([document(row) for row in rows], after, total, **more))
        return
    if not rows:
        out.note(f"No {kind} {'found' if found else 'here'}.")
        return
    if show in (collections, versions):
        show(out, rows, found or not out.tty)
    else:
        show(out, rows)
    if after is not None:
        shown = f"the first {number(len(rows), one, kind)}" if total is None else f"{len(rows):,} of {total:,} {kind}"
        out.note(f"{shown} · more: --after {after}")
    elif total is not None and total != len(rows):
        out.note(f"the last {len(rows):,} of {total:,} {kind}")
    else:
        out.note(number(len(rows), one, kind))


def projects(out: Output, rows: Sequence[Project]) -> None:
    """Registries; with --all also legacy registries and source projects, under their full paths."""
    mixed = any(one.kind != "registry" for one in rows)
    columns = [
        Column("project" if mixed else "registry", NAME, least=32),
        Column("kind" if mixed else "title", drop=2, least=8),
        Column("collections", right=True),
        Column("visible to", drop=4),
        Column("you are", drop=5),
        Column("types", drop=3, least=14),
        Column("owner", DIM, drop=1),
    ]
    table(
        out,
        columns,
        [
            (
                one.short_name if one.kind == "registry" else one.path,
                one.kind if mixed else one.title if one.title != one.short_name else "",
                f"{one.collections:,}",
                one.visibility,
                role_words(one.role),
                "any" if one.any_type else joined(one.types, 2 if out.tty else 0),
                one.owner or "",
            )
            for one in rows
        ],
    )


def collections(out: Output, rows: Sequence[Collection], paths: bool = False) -> None:
    """Collections by name, or by path where they are looked at from afar."""
    columns = [
        Column("collection", NAME, least=32),
        Column("type", drop=3, least=8),
        Column("versions", right=True, drop=2),
        Column("latest", drop=4),
        Column("aliases", ALIAS, least=16, drop=5),
        Column("tags", TAG, least=14, drop=1),
        Column("changed", DIM, drop=6),
    ]
    table(
        out,
        columns,
        [
            (
                one.short_path if paths else one.name,
                one.type,
                f"{one.versions:,}",
                f"v{one.latest}" if one.latest is not None else "",
                joined(named_versions(one), 2 if out.tty else 0),
                joined(one.tags, 2 if out.tty else 0),
                out.time(one.updated_at),
            )
            for one in rows
        ],
    )


def named_versions(one: Collection) -> list[str]:
    """`prod→v14`, the newest versions first: those are looked for."""
    return [f"{alias}→v{number}" for alias, number in sorted(one.aliases.items(), key=lambda pair: (-pair[1], pair[0]))]


def versions(out: Output, rows: Sequence[Version], paths: bool = False) -> None:
    """Versions by name, or by path where they are looked at from afar."""
    paths = paths or len({one.collection_id for one in rows}) > 1
    columns = [
        Column("version", NAME, least=32),
        Column("aliases", ALIAS, least=16, drop=6),
        Column("tags", TAG, least=14, drop=2),
        Column("size", right=True, drop=5),
        Column("files", right=True, drop=1),
        Column("state", drop=4),
        Column("put here", DIM, drop=7),
        Column("by", drop=3, least=8),
    ]
    table(
        out,
        columns,
        [
            (
                one.short_path if paths else one.name,
                marks(one),
                joined(one.tags, 2 if out.tty else 0),
                size(one.size),
                f"{one.file_count:,}",
                "" if one.state == "committed" else one.state,
                out.time(one.linked_at),
                one.linked_by or "",
            )
            for one in rows
        ],
    )


def files(out: Output, rows: Sequence[File], checked: Sequence[Span] | None = None) -> None:
    """Files of a version; `checked` says of each when it was verified last."""
    verified = [] if checked is None else [Column("verified", DIM, least=8)]
    columns = [Column("file", NAME, least=20), Column("size", right=True), Column("reference", DIM, least=16, drop=1)]
    digest = [] if out.tty else [Column("digest")]
    # new columns come last: what is cut from the output of today stays where it was
    table(
        out,
        [*columns, *digest, *verified],
        [
            (one.path, size(one.size), one.uri or "", *([one.digest] if digest else []), *([check] if verified else []))
            for one, check in zip(rows, checked or [""] * len(rows), strict=True)
        ],
    )


def runs_(out: Output, rows: Sequence[Run]) -> None:
    columns = [
        Column("run", NAME, least=10),
        Column("title", least=10),
        Column("state"),
        Column("job", drop=2, least=6),
        Column("by", drop=1, least=6),
        Column("started", DIM, drop=3),
    ]
    table(
        out,
        columns,
        [
            (
                one.name,
                one.title if one.title != one.name else "",
                one.state,
                one.job_type,
                one.created_by or "",
                out.time(one.created_at),
            )
            for one in rows
        ],
    )


# kind → how it is printed, its JSON document, and what one of it is called
_LISTS: dict[str, tuple[Callable[..., None], Callable[[Any], documents.Document], str]] = {
    "registries": (projects, documents.project, "registry"),
    "projects": (projects, documents.project, "project"),
    "collections": (collections, documents.collection, "collection"),
    "versions": (versions, documents.version, "version"),
    "files": (files, documents.file, "file"),
    "runs": (runs_, documents.run, "run"),
}
