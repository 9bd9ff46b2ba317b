"""Legacy model registries: a team's `model-registry` project and its registered models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .errors import Invalid
from .names import LEGACY_PROJECT
from .records import Collection, Project, Version
from .store import writes

if TYPE_CHECKING:
    from .store import Store


class Legacy:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def list(self) -> list[Project]:
        """The legacy registries the actor may see: those of their teams."""
        return self._store.projects.list("legacy")

    @writes
    def ensure(self, team: str) -> Project:
        """A team's legacy registry, made on first use.

        Raises:
            Forbidden: the actor is not a member of the team.
            NotFound: there is no such team.
        """
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
