"""What MLflow's models are called here, and of what type they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..migration.naming import fitting
from ..names import alias_name, collection_name, source_name
from .records import Model, Registry, Version


@dataclass(frozen=True, slots=True)
class Named:
    """A model under the names that it has here."""

    model: Model
    target: str
    series: str
    aliases: Mapping[str, str]


def names(registry: Registry) -> Iterator[Named]:
    """Every model with the names that it will have."""
    targets: set[str] = set()
    series: set[str] = set()
    for model in registry.models:
        target = fitting(model.name, collection_name, targets)
        source = fitting(model.name, source_name, series)
        targets.add(target)
        series.add(source)
        aliases: dict[str, str] = {}
        for alias in sorted(model.aliases):
            aliases[alias] = fitting(alias, alias_name, frozenset(aliases.values()))
        yield Named(model, target, source, aliases)


def type_of(model: Model) -> str:
    return "prompt" if model.is_prompt else "model"


def author_of(registry: Registry, version: Version) -> str:
    """Who logged a version: MLflow keeps that with its run."""
    run = registry.runs.get(version.run_id or "")
    return run.author if run is not None else ""
