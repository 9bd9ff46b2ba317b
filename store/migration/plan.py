"""The plan of migrating a team's legacy registry: what will be made, who will see it, what does not fit. Read only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import Invalid, NotFound
from ..names import MAX_REGISTRY_NAME, REGISTRY_PREFIX, check_characters, collection_name, fold_key, registry_name
from ..versions import split
from . import people
from .naming import fitting
from .records import Plan, Planned, Problem

if TYPE_CHECKING:
    from ..records import Project
    from ..store import Store

SUFFIX = "-mr-migrated"


def registry_for(team: str) -> str:
    """The name of the registry that takes a team's legacy registry over, without its prefix."""
    return fitting(
        f"{team[: MAX_REGISTRY_NAME - len(SUFFIX)]}{SUFFIX}", registry_name, frozenset(), most=MAX_REGISTRY_NAME
    )


def made(store: Store, team: str, team_id: int, legacy: Project, *, only_blocking: bool = False) -> Plan:
    """The plan for a team.

    Args:
        only_blocking: look for no other problems, which takes long where there are many files.
    """
    organization = store.teams.get(team).organization
    name = registry_for(team)
    collections = tuple(planned(store, legacy.id))
    access, _ = people.planned(store, legacy.id, team_id)
    problems = [*_registry(store, organization or "", name)]
    if not only_blocking:
        problems += _names(collections)
        problems += _aliases(collections)
        problems += _texts(store, legacy.id)
        problems += _bytes(store, legacy.id)
        problems += _people(store, legacy.id)
    return Plan(
        "legacy",
        team,
        legacy.path,
        f"{organization}/{REGISTRY_PREFIX}{name}",
        collections,
        tuple(access),
        tuple(problems),
        legacy.protected_aliases,
        tuple(store.automations.copies(legacy.id)),
    )


def planned(store: Store, legacy: int) -> Iterator[Planned]:
    """A legacy registry's collections, in the order they are copied in, each with the name that it will have."""
    engine = store.engine
    aliases: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for collection, alias, number in engine.rows(
        "SELECT a.collection_id, a.alias, m.number FROM alias a JOIN collection c ON c.id = a.collection_id "
        "JOIN membership m ON m.collection_id = a.collection_id AND m.version_id = a.version_id "
        "WHERE c.project_id = :p AND c.removed_at IS NULL ORDER BY a.alias",
        {"p": legacy},
    ):
        aliases[collection][alias] = number
    taken: set[str] = set()
    for collection, name, kind, count, tags in engine.rows(
        "SELECT c.id, c.name, c.type, (SELECT count(*) FROM membership m WHERE m.collection_id = c.id), "
        f"(SELECT {engine.joined('tag')} FROM collection_tag WHERE collection_id = c.id) "
        "FROM collection c WHERE c.project_id = :p AND c.removed_at IS NULL ORDER BY c.id",
        {"p": legacy},
    ):
        target = fitting(name, collection_name, taken)
        taken.add(target)
        yield Planned(name, target, kind, count, aliases.get(collection, {}), tuple(sorted(split(tags))))


def _registry(store: Store, organization: str, name: str) -> Iterator[Problem]:
    path = f"{organization}/{REGISTRY_PREFIX}{name}"
    if store.engine.value(
        "SELECT 1 FROM project p JOIN entity e ON e.id = p.entity_id WHERE e.key = :e AND p.key = :k "
        "AND p.removed_at IS NULL",
        {"e": fold_key(organization), "k": fold_key(REGISTRY_PREFIX + name)},
    ):
        yield Problem(path, "there is a registry of that name already", "rename or delete it first", blocking=True)


def _names(collections: tuple[Planned, ...]) -> Iterator[Problem]:
    for one in collections:
        if one.target != one.name:
            yield Problem(
                one.name,
                "a registry does not take this name, or another collection has it",
                f"it will be called {one.target!r}; its old path leads there",
            )
    folded = Counter(fold_key(one.name) for one in collections)
    for one in collections:
        if folded[fold_key(one.name)] > 1:
            yield Problem(one.name, "another collection's name differs only in letter case", "both keep their names")


def _aliases(collections: tuple[Planned, ...]) -> Iterator[Problem]:
    for one in collections:
        folded = Counter(alias.casefold() for alias in one.aliases)
        alike = sorted(alias for alias in one.aliases if folded[alias.casefold()] > 1)
        if alike:
            yield Problem(
                one.name, f"aliases that differ only in letter case: {', '.join(alike)}", "all are kept as they are"
            )


def _texts(store: Store, legacy: int) -> Iterator[Problem]:
    for name, text in store.engine.rows(
        "SELECT name, description FROM collection WHERE project_id = :p AND removed_at IS NULL AND description <> ''",
        {"p": legacy},
    ):
        try:
            check_characters(text.replace("\n", " ").replace("\t", " ").replace("\r", " "), "The card")
        except Invalid:
            yield Problem(
                name, "its card holds invisible or control characters", "it is copied; screens show them written out"
            )


def _bytes(store: Store, legacy: int) -> Iterator[Problem]:
    """Versions whose stored files are not there, or known to be damaged."""
    found: dict[str, bool] = {}
    missing: defaultdict[tuple[str, int], int] = defaultdict(int)
    for name, number, sha256, problem in store.engine.rows(
        "SELECT c.name, m.number, n.sha256, b.problem FROM collection c JOIN membership m ON m.collection_id = c.id "
        "JOIN entry n ON n.version_id = m.version_id LEFT JOIN blob b ON b.sha256 = n.sha256 "
        "WHERE c.project_id = :p AND c.removed_at IS NULL AND n.sha256 IS NOT NULL ORDER BY c.id, m.number",
        {"p": legacy},
    ):
        if sha256 not in found:
            found[sha256] = problem is None and store.blobs.has(sha256)
        if not found[sha256]:
            missing[name, number] += 1
    for (name, number), count in missing.items():
        files = "a stored file is" if count == 1 else f"{count} stored files are"
        yield Problem(
            f"{name}:v{number}", f"{files} missing or damaged", "it is copied; putting the bytes back mends both"
        )


def _people(store: Store, legacy: int) -> Iterator[Problem]:
    for name, count in store.engine.rows(
        "SELECT u.name, count(*) FROM collection c JOIN membership m ON m.collection_id = c.id "
        "JOIN entity u ON u.id = m.by_id WHERE c.project_id = :p AND c.removed_at IS NULL "
        "AND u.removed_at IS NOT NULL GROUP BY u.name ORDER BY u.name",
        {"p": legacy},
    ):
        yield Problem(name, f"left; linked {count} of the versions", "stays their author, and gets no access")


def place_of(store: Store, team: str) -> tuple[int, Project]:
    """A team's id and its legacy registry.

    Raises:
        NotFound: there is no such team, or it has no legacy registry.
        Invalid: it is a person's.
    """
    try:
        found = store.teams.get(team)
    except NotFound:
        for one in store.projects.list("legacy"):
            if fold_key(one.entity) == fold_key(team):
                raise Invalid(
                    f"{one.path} is personal: only a team's legacy registry is migrated, and this one stays as it is. "
                    "What belongs into a registry is logged under a team, and linked from there."
                ) from None
        raise
    legacy = store.engine.value(
        "SELECT id FROM project WHERE entity_id = :t AND kind = 'legacy' AND removed_at IS NULL", {"t": found.id}
    )
    if legacy is not None:
        with suppress(NotFound):  # it is not for them
            return found.id, store.projects.by_id(legacy)
    raise NotFound(f"The team {found.name!r} has no legacy registry, so there is nothing to migrate.")
