"""What the store has for what is being typed: targets, versions, aliases, tags, people, paths. All run in a thread."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ...store import Collection, CuratoryError, Entity, Permission, Role, Store, Version, allowed
from .. import wording
from ..widgets.text import Line

Found = Sequence[tuple[str, Line]]
MOST = 30


def _named(text: str) -> str | None:
    """A filter for names that hold a text; what has a meaning in a filter fits any character."""
    text = re.sub(r'[\s()",*?\\]', "?", text.strip())
    return f"name:*{text}*" if text else None


def targets(store: Store, text: str, type: str) -> Found:
    """Collections into which a version of a type can be linked, as registry/collection."""
    head, slash, name = text.partition("/")
    found: list[tuple[str, Line]] = []
    for project in store.projects.list():
        if project.kind == "project" or not allowed(Role.parse(project.role), Permission.LINK):
            continue
        short = project.short_name if project.kind == "registry" else project.path
        if slash and short.casefold() != head.casefold():
            continue
        if (
            not slash
            and head
            and head.casefold() not in short.casefold()
            and head.casefold() not in project.title.casefold()
        ):
            page = store.search.collections(project.path, f'type:"{type}" {_named(head)}', limit=5)
        elif not project.any_type and type not in project.types:
            continue
        else:
            words = " ".join(part for part in (f'type:"{type}"', _named(name)) if part)
            page = store.search.collections(project.path, words, limit=MOST if slash else 8)
        found += [
            (f"{short}/{one.name}", [(f"v{one.latest} " if one.latest is not None else "empty", "muted")])
            for one in page
        ]
    return found[:MOST]


def versions(store: Store, text: str, type: str) -> Found:
    """Versions of source projects of a type, the newest of each collection first."""
    head, colon, _ = text.partition(":")
    found: list[tuple[str, Line]] = []
    if colon:
        try:
            page = store.search.versions(head, limit=MOST)
        except CuratoryError:
            return []
        return [
            (version.path, [(" ".join(version.aliases), "alias"), (f"  {wording.size(version.size)}", "muted")])
            for version in page
        ]
    for project in store.projects.list("project"):
        name = head.rpartition("/")[2]
        if "/" in head and not f"{project.path}/".casefold().startswith(head.rpartition("/")[0].casefold()):
            continue
        words = " ".join(part for part in (f'type:"{type}"', _named(name)) if part)
        for one in store.search.collections(project.path, words, order="-updated", limit=10):
            if one.latest is not None:
                when = wording.ago(one.updated_at, store.now())
                found.append((f"{one.path}:v{one.latest}", [("latest", "latest"), (f"  {when}", "muted")]))
    return found[:MOST]


def sources(store: Store, text: str, type: str) -> Found:
    """Collections of source projects into which a version of a type can be logged, and the projects themselves."""
    head, slash, name = text.rpartition("/")
    found: list[tuple[str, Line]] = []
    for project in store.projects.list("project"):
        if not allowed(Role.parse(project.role), Permission.LOG):
            continue
        if slash and not project.path.casefold().startswith(head.casefold()):
            continue
        if not slash and text.casefold() not in project.path.casefold():
            continue
        words = " ".join(part for part in (f'type:"{type}"', _named(name) if "/" in head else None) if part)
        listed = store.search.collections(project.path, words, order="-updated", limit=10)
        found += [(one.path, [(f"v{one.latest}" if one.latest is not None else "empty", "muted")]) for one in listed]
        found.append((f"{project.path}/", [("a new name in this project", "muted")]))
    return found[:MOST]


def expanded(paths: Sequence[str]) -> list[str]:
    """Paths with `~` as the home folder."""
    return [os.path.expanduser(path) for path in paths]


def local(text: str) -> Found:
    """Files and folders of this machine; hidden ones where they are asked for."""
    folder, _, begun = text.rpartition("/")
    place = os.path.expanduser(f"{folder}/" if folder or text.startswith("/") else ".")
    if "://" in text:
        return []
    try:
        with os.scandir(place) as entries:
            fitting = [
                entry
                for entry in entries
                if entry.name.casefold().startswith(begun.casefold()) and (begun or not entry.name.startswith("."))
            ]
            fitting.sort(key=lambda entry: (not entry.is_dir(), entry.name.casefold()))
            return [_local(text[: len(text) - len(begun)], entry) for entry in fitting[:MOST]]
    except OSError:
        return []


def _local(before: str, entry: os.DirEntry[str]) -> tuple[str, Line]:
    if entry.is_dir():
        return f"{before}{entry.name}/", [("folder", "muted")]
    return before + entry.name, [(wording.size(entry.stat().st_size), "muted")]


def aliases(store: Store, collection: Collection, protected: Sequence[str], text: str) -> Found:
    """Aliases that are there, with the version that holds each; protected ones that nobody holds, too."""
    text = text.lstrip("-").casefold()
    names = {**dict.fromkeys(protected), **dict(collection.aliases)}
    return [
        (
            alias,
            [
                (f"on v{number}" if number is not None else "on no version", "muted"),
                ("  ◆ protected" if alias in protected else "", "protected"),
            ],
        )
        for alias, number in sorted(names.items())
        if text in alias.casefold()
    ]


def tags(store: Store, registry: str, text: str) -> Found:
    text = text.lstrip("-").casefold()
    used = store.tags.used(registry, limit=200)
    return [(tag, [(wording.count(uses, "use"), "muted")]) for tag, uses in used if text in tag.casefold()]


def people(store: Store, text: str) -> Found:
    """Users, service accounts and teams of the organization."""
    return [*users(store, text), *teams(store, text)][:MOST]


def users(store: Store, text: str) -> Found:
    """Users and service accounts of the organization."""
    return _called(store.organizations.people(), text)


def teams(store: Store, text: str) -> Found:
    return _called(store.teams.list(), text)


def _called(some: Sequence[Entity], text: str) -> Found:
    text = text.casefold()
    return [(one.name, [(one.kind, "muted")]) for one in some if text in one.name.casefold()][:MOST]


def types(store: Store, known: Sequence[str], text: str) -> Found:
    return [(type, []) for type in known if text.casefold() in type.casefold()]


def paths(store: Store, text: str) -> Found:
    """Whatever a path could go on to: registries, collections, versions."""
    head, colon, alias = text.partition(":")
    try:
        if colon:
            page = store.search.versions(head, limit=MOST)
            return [
                (f"{head}:{name}", [(f"v{version.number}", "number")])
                for version in page
                for name in (*version.aliases, f"v{version.number}")
                if name.casefold().startswith(alias.casefold())
            ][:MOST]
        registry, slash, name = head.rpartition("/")
        if slash and registry:
            page = store.search.collections(registry, _named(name), limit=MOST)
            return [(f"{registry}/{one.name}", _collection(one)) for one in page]
        projects = [
            (project.short_name if project.kind == "registry" else project.path, [(project.kind, "muted")])
            for project in store.projects.list()
            if name.casefold() in project.title.casefold() or name.casefold() in project.path.casefold()
        ]
        collections = store.search.collections(None, _named(name), limit=10) if name else ()
        return [*projects[:12], *((one.short_path, _collection(one)) for one in collections)]
    except CuratoryError:
        return []


def _collection(one: Collection) -> Line:
    return [(f"v{one.latest}" if one.latest is not None else "empty", "number"), (f"  {one.type}", "type")]


def names(versions: Sequence[Version]) -> str:
    """What an action is about, for a title."""
    if len(versions) == 1:
        return versions[0].name
    return f"{len(versions):,} versions"
