"""Importing MLflow's registry into one of ours, with the ledger, the proof and the review that every migration has.

Each registered model becomes a collection of a restricted registry, and a series of the same name and numbers in a
source project of the team; its runs and datasets come with it. One model is one transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..access import Role
from ..errors import Conflict, Forbidden, Invalid
from ..migration import Access, Migration, Plan, Planned, Problem, ledger, people
from ..migration.naming import fitting
from ..migration.sides import loaded
from ..names import REGISTRY_PREFIX, collection_name, fold_key, registry_name
from ..store import writes
from . import read
from .artifacts import Artifacts
from .copying import UNVERIFIED, Copy
from .names import Named, author_of, names, type_of
from .records import Model, Registry, Skipped

if TYPE_CHECKING:
    from ..records import File
    from ..store import Store

Progress = Callable[[int, int, int, int], bool | None]


class Imports:
    """Of the team's admins and the organization's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def read(self, address: str) -> Registry:
        """What is there to import; see `mlflow.read`."""
        return read(address)

    # -- the plan -----------------------------------------------------------------------------------------------

    def plan(self, source: str | Registry, team: str, name: str = "mlflow") -> Plan:
        """What importing would make. Nothing is changed.

        Args:
            source: an address that `mlflow.read` takes, or what it gave.
            name: the registry's.

        Raises:
            Forbidden, NotFound, and what `mlflow.read` raises.
        """
        registry, name = read(source) if isinstance(source, str) else source, registry_name(name)
        team_id, organization = self._team(team)
        named = list(names(registry))
        admins = people.through_the_organization(self._store, team_id)
        rows = self._engine.rows("SELECT id, name FROM entity WHERE kind IN ('user', 'service') AND removed_at IS NULL")
        everybody = {row[0]: row[1] for row in rows}
        seeing = sorted({*admins, self._store.actor.id}, key=lambda who: everybody.get(who, ""))
        return Plan(
            "mlflow",
            team,
            registry.address,
            f"{organization}/{REGISTRY_PREFIX}{name}",
            tuple(
                Planned(
                    one.model.name,
                    one.target,
                    type_of(one.model),
                    len(one.model.versions),
                    {one.aliases[alias]: number for alias, number in sorted(one.model.aliases.items())},
                )
                for one in named
            ),
            tuple(
                Access(everybody[who], "user", None, "admin", "organization" if who in admins else "registry")
                for who in seeing
            ),
            tuple(self._problems(registry, named, organization, name)),
        )

    def _team(self, team: str) -> tuple[int, str]:
        found = self._store.teams.get(team)
        organization = found.organization or ""
        if found.role != "admin" and self._store.actor.id not in people.through_the_organization(self._store, found.id):
            raise Forbidden(
                f"{self._store.actor.name} is not allowed to import into {team}: only the team's admins and the "
                "organization's are. Ask one of them."
            )
        return found.id, organization

    def _problems(self, registry: Registry, named: list[Named], organization: str, name: str) -> Iterator[Problem]:
        known = self._registry(organization, name)
        if known is not None and self._begun(registry.address, known) is None:
            yield Problem(
                f"{organization}/{REGISTRY_PREFIX}{name}", "there is a registry of that name already",
                "choose another with --registry", blocking=True,
            )  # fmt: skip
        lower = Counter(fold_key(one.model.name) for one in named)
        for one in named:
            model = one.model
            if one.target != model.name:
                yield Problem(model.name, "a registry does not take this name", f"it will be called {one.target!r}")
            if lower[fold_key(model.name)] > 1:
                yield Problem(model.name, "another name differs only in letter case", "both are kept")
            renamed = {old: new for old, new in one.aliases.items() if old != new}
            for old, new in renamed.items():
                yield Problem(f"{model.name}@{old}", "it can't be an alias here", f"it will be {new!r}")
            if model.deleted:
                listed = ", ".join(f"v{number}" for number in model.deleted)
                yield Problem(model.name, f"deleted versions: {listed}", "their numbers stay empty")
        for author, count in sorted(self._strangers(registry).items()):
            yield Problem(
                author, f"is not known here; logged {count} of the versions",
                f"{self._store.actor.name} stands in; the name is kept in the metadata",
            )  # fmt: skip
        for skipped in registry.skipped:
            yield Problem(skipped.what, skipped.reason, "it is imported as far as it could be read")

    def _strangers(self, registry: Registry) -> Counter[str]:
        known = self._people()
        found: Counter[str] = Counter()
        for model in registry.models:
            for version in model.versions:
                author = author_of(registry, version)
                if author and fold_key(author) not in known:
                    found[author] += 1
        return found

    def _people(self) -> dict[str, int]:
        rows = self._engine.rows("SELECT key, id FROM entity WHERE kind IN ('user', 'service') AND removed_at IS NULL")
        return {row[0]: row[1] for row in rows}

    def _registry(self, organization: str, name: str) -> int | None:
        return self._engine.value(
            "SELECT p.id FROM project p JOIN entity e ON e.id = p.entity_id WHERE e.key = :e AND p.key = :k "
            "AND p.removed_at IS NULL",
            {"e": fold_key(organization), "k": fold_key(REGISTRY_PREFIX + registry_name(name))},
        )

    def _begun(self, address: str, registry: int) -> int | None:
        return self._engine.value(
            "SELECT id FROM registry_migration WHERE kind = 'mlflow' AND source = :s AND registry_id = :r "
            "AND state <> 'rolled back'",
            {"s": address, "r": registry},
        )

    def unverified(self, migration: Migration) -> Iterator[Skipped]:
        """The versions of an import whose files could not all be taken, and why. For callers that got it from here."""
        for target, origin in self._engine.rows(
            "SELECT target, origin FROM migration_item WHERE migration_id = :m AND origin IS NOT NULL ORDER BY id",
            {"m": migration.id},
        ):
            for version in loaded(origin).versions:
                if UNVERIFIED in version.tags:
                    told = json.loads(version.metadata)["mlflow"]
                    yield Skipped(f"{target}:v{version.number}", told.get("not_verified", ""))

    # -- doing it -----------------------------------------------------------------------------------------------

    def run(
        self, source: str | Registry, team: str, name: str = "mlflow", progress: Progress | None = None
    ) -> Migration:
        """Import, or go on with what was begun. Models that are new since the last time are added to it.

        Raises:
            Forbidden, NotFound, Invalid, and what `mlflow.read` raises
            Conflict: it was signed off already.
        """
        registry = read(source) if isinstance(source, str) else source
        named = {one.model.name: one for one in names(registry)}
        migration = self._begin(registry, team, name, list(named.values()))
        waiting = ledger.items(self._store, migration.id, state="waiting")
        done, count = migration.copied, migration.versions - sum(one.versions for one in waiting)
        if progress and progress(done, migration.collections, count, migration.versions) is False:
            return migration
        with _artifacts(self._store, registry) as artifacts:
            for item in waiting:
                one = named.get(item.name)
                if one is None:
                    raise Conflict(
                        f"{item.name} has been renamed or deleted at its source since; roll back, and begin anew."
                    )
                files = {version.number: artifacts.of(one.model, version) for version in one.model.versions}
                self._copy(migration, item.id, one, registry, files)
                done, count = done + 1, count + item.versions
                if progress and progress(done, migration.collections, count, migration.versions) is False:
                    return ledger.again(self._store, migration.id)
        return self._store.migrations.end(migration)

    @writes
    def _begin(self, registry: Registry, team: str, name: str, named: list[Named]) -> Migration:
        store = self._store
        intended = self.plan(registry, team, name)
        team_id, organization = self._team(team)
        known = self._registry(organization, name)
        begun = self._begun(registry.address, known) if known is not None else None
        if begun is not None:
            return self._more(begun, named)
        for problem in intended.problems:
            if problem.blocking:
                raise Invalid(
                    f"{intended.source} can't be imported: {problem.subject}: {problem.what}; {problem.deed}."
                )
        return ledger.begin(
            store,
            ledger.Beginning(
                kind="mlflow",
                source=registry.address,
                team=team_id,
                registry=intended.registry,
                description=f"Imported from {registry.address}",
                owner=store.actor.id,
                members={store.actor.id: Role.ADMIN},
                people={one.name: one.after for one in intended.people},
                lines=_lines(named),
            ),
        )

    def _more(self, migration: int, named: list[Named]) -> Migration:
        """What was imported before; what is new at its source are further lines of the ledger, or lines once more."""
        found = ledger.again(self._store, migration)
        known = {item.name: item for item in ledger.items(self._store, migration)}
        new = [one for one in named if one.model.name not in known]
        grown = {
            known[one.model.name].id: len(one.model.versions)
            for one in named
            if one.model.name in known and self._has_grown(known[one.model.name].id, one.model)
        }
        if not (new or grown) or found.state == "running":
            return found
        if found.state == "approved":
            raise Conflict(f"The import from {found.source} was signed off; take the sign-off back first to add to it.")
        taken = {item.target for item in ledger.items(self._store, migration)}
        for place, one in enumerate(new):
            new[place] = replace(one, target=fitting(one.target, collection_name, taken))
            taken.add(new[place].target)
        ledger.add(self._store, migration, _lines(new))
        self._engine.many(
            "UPDATE migration_item SET state = 'waiting', versions = :v WHERE id = :id",
            [{"id": item, "v": count} for item, count in grown.items()],
        )
        with (
            self._store.legacy.thawed(),
            self._store.events.change(
                "migration.start",
                project=found.registry_id,
                path=found.registry,
                source=found.source,
                collections=len(new),
            ) as change,
        ):
            change.set(f"registry_migration/{migration}/state", "running")
            for item in grown:  # what was reviewed is another thing now
                change.set(f"review/{item}/verdict", None)
        return ledger.again(self._store, migration)

    def _has_grown(self, item: int, model: Model) -> bool:
        """Whether a model has versions that were not there when it was imported."""
        origin = self._engine.value("SELECT origin FROM migration_item WHERE id = :id", {"id": item})
        known = {version.number for version in loaded(origin).versions} if origin is not None else set()
        return origin is not None and any(version.number not in known for version in model.versions)

    @writes
    def _copy(
        self,
        migration: Migration,
        number: int,
        one: Named,
        registry: Registry,
        files: Mapping[int, tuple[list[File], str]],
    ) -> None:
        """One model, with its series, its runs and their datasets."""
        item = ledger.item(self._store, number)
        if item.state != "waiting":  # another process was faster
            return
        with self._store.legacy.thawed():
            Copy(self._store, migration, item, one, registry, files, self._people()).carry_out()


def _lines(named: Iterable[Named]) -> tuple[ledger.Line, ...]:
    return tuple(ledger.Line(one.model.name, one.target, len(one.model.versions)) for one in named)


@contextmanager
def _artifacts(store: Store, registry: Registry) -> Iterator[Artifacts]:
    if not registry.address.startswith("http"):
        # MLflow is mostly started beside its file, and that is where its relative paths begin.
        home = Path(registry.address.removeprefix("sqlite:///")).parent
        yield Artifacts(store.blobs, registry.runs, None, home)
        return
    import os

    from .server import Client

    with Client(registry.address, os.environ, registry.login) as client:
        yield Artifacts(store.blobs, registry.runs, client)
