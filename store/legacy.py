"""Legacy model registries: a team's `model-registry` project and its registered models."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import facts
from .errors import Forbidden, Invalid, Moved
from .names import LEGACY_PROJECT
from .records import Collection, Project, Version
from .store import writes

if TYPE_CHECKING:
    from .events import Change
    from .store import Store


class Legacy:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._thawed = threading.local()

    def list(self) -> list[Project]:
        """The legacy registries the actor may see: those of their teams."""
        return self._store.projects.list("legacy")

    @writes
    def ensure(self, team: str) -> Project:
        """A team's legacy registry, or the actor's own, made on first use.

        Raises:
            Forbidden: the actor is not a member of the team.
            NotFound: there is no such team.
        """
        if team != self._store.actor.name:
            self._store.teams.get(team)
        place = self._store.projects.ensure(LEGACY_PROJECT, team, kind="legacy")
        assert place.project_id is not None
        return self._store.projects.by_id(place.project_id)

    @writes
    def link_model(self, source: str | Version, name: str, aliases: Sequence[str] = ()) -> Version:
        """Link a model into the legacy registry of the team that owns it; the old way, kept working.

        Args:
            name: the registered model's name alone.

        Raises:
            Invalid: a path was given, or the artifact is not a model.
        """
        if "/" in name:
            raise Invalid(
                "Please provide only the name of the registered model. Do not append the entity or project name."
            )
        place = self._store.paths.version(self._store.versions.get(source).source)
        self.ensure(place.entity)
        return self._store.links.add(source, f"{place.entity}/{LEGACY_PROJECT}/{name}", aliases)

    def models(self, team: str) -> Sequence[Collection]:
        """A team's registered models by name, at most 1,000.

        Raises:
            NotFound
        """
        return self._store.search.collections(f"{team}/{LEGACY_PROJECT}", limit=1000).items

    # -- after and during a migration ---------------------------------------------------------------------------

    def moved_to(self, collection: int) -> int | None:
        """The collection that has taken the place of a legacy registry's, once all of that was migrated."""
        return self._engine.value(
            "SELECT i.target_id FROM migration_item i JOIN registry_migration g ON g.id = i.migration_id "
            "WHERE i.source_id = :c AND g.state IN ('done', 'approved')",
            {"c": collection},
        )

    def was(self, collection: int) -> int | None:
        """The collection of a legacy registry whose place a collection has taken."""
        return self._engine.value(
            "SELECT i.source_id FROM migration_item i JOIN registry_migration g ON g.id = i.migration_id "
            "WHERE i.target_id = :c AND g.state <> 'rolled back'",
            {"c": collection},
        )

    def selves(self, collection: int) -> Sequence[int]:
        """A collection, and the one whose place it has taken: those that its history is of."""
        was = self.was(collection)
        return (collection,) if was is None else (collection, was)

    def refuse_frozen(self, project: int) -> None:
        """Refuse a change in a legacy registry that was migrated, or on either side of a migration under way.

        Raises:
            Forbidden: says why, and until when.
        """
        if getattr(self._thawed, "on", False):
            return
        row = self._engine.row(
            "SELECT g.state, g.source, e.name || '/' || p.name, g.created_at, g.until, g.ended_at, t.name, "
            "g.registry_id FROM registry_migration g JOIN project p ON p.id = g.registry_id "
            "JOIN entity e ON e.id = p.entity_id JOIN entity t ON t.id = g.team_id "
            "WHERE (g.source_id = :p AND g.state <> 'rolled back') OR (g.registry_id = :p AND g.state = 'running')",
            {"p": project},
        )
        if row is None:
            return
        state, source, registry, began, until, ended, team, target = row
        if state == "running":
            late = self._store.events.next_time() > until
            when = f"{until[11:16]} UTC" if until[:10] == began[:10] else f"{until[:10]} {until[11:16]} UTC"
            raise Forbidden(
                f"{registry if project == target else source} is read-only: {source} is being migrated to {registry} "
                f"since {began[:10]} {began[11:16]} UTC, until {when} at most. "
                + (
                    f"That is over: `curatory migrate run {team}` goes on, `curatory migrate rollback {team}` gives up."
                    if late
                    else "Nothing is lost; try again then."
                )
            )
        raise Forbidden(
            f"{source} is read-only: it was migrated to {registry} on {ended[:10]}, and stays as it was for good. "
            f"Change it there."
        )

    def undoing(self, change: Change) -> None:
        """Hold an undo or redo to what a migration has decided since.

        What comes back in a legacy registry comes back in what has taken its place, too, as it would have been copied.

        Raises:
            Moved: a verdict after the sign-off, or a registry whose migration was rolled back.
        """
        value = self._engine.value
        for fact in list(change.after):
            kind, owner, key = fact.split("/", 2)
            if kind == "review":
                row = self._engine.row(
                    "SELECT g.state, g.source FROM migration_item i JOIN registry_migration g "
                    "ON g.id = i.migration_id WHERE i.id = :id",
                    {"id": int(owner)},
                )
                if row and row[0] in ("approved", "rolled back"):
                    done = "signed off" if row[0] == "approved" else row[0]
                    raise Moved(f"The migration of {row[1]} was {done} since: its verdicts stay as they are.")
            if (kind, key) == ("project", "exists") and change.after[fact]:
                source = value(
                    "SELECT source FROM registry_migration WHERE registry_id = :p AND state = 'rolled back'",
                    {"p": int(owner)},
                )
                if source:
                    raise Moved(f"That can't be brought back: the migration of {source} was rolled back since.")
            if kind in ("link", "alias") and change.after[fact] is not None:
                self._follow(change, kind, int(owner), key)

    def _follow(self, change: Change, kind: str, source: int, key: str) -> None:
        target = self._engine.value(  # what was done after the copy says itself what it did there
            "SELECT i.target_id FROM migration_item i JOIN registry_migration g ON g.id = i.migration_id "
            "JOIN collection c ON c.id = i.target_id AND c.removed_at IS NULL "
            "JOIN event_fact f ON f.fact = 'collection/' || c.id || '/exists' "
            "WHERE i.source_id = :c AND g.state <> 'rolled back' GROUP BY i.target_id HAVING min(f.seq) > :seq",
            {"c": source, "seq": change.undoes},
        )
        fact = f"{kind}/{target}/{key}"
        if target is not None and fact not in change.after and facts.read(self._engine, fact) is None:
            change.set(fact, change.after[f"{kind}/{source}/{key}"])

    @contextmanager
    def thawed(self) -> Iterator[None]:
        """What a migration itself writes in this thread."""
        self._thawed.on = True
        try:
            yield
        finally:
            self._thawed.on = False
