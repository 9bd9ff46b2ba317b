"""A team's legacy registry in the app: it is curated like the others, and its people are the team's."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import Store

from .acting import Change, Refusal, is_refused, lives_through, named
from .conftest import Open

LEGACY = "vision/model-registry"


def registered(store: Store) -> None:
    store.legacy.link_model("vision/labs/detector:v0", "best", ["eu"])


def aliases(store: Store) -> dict[str, Any]:
    return dict(store.collections.get(f"{LEGACY}/best").aliases)


def protected(store: Store) -> tuple[str, ...]:
    return store.registries.get(LEGACY).protected_aliases


def versions(name: str) -> Any:
    return lambda store: store.collections.get(f"{LEGACY}/{name}").versions


CHANGES = [
    Change("an alias", f"{LEGACY}/best:v0", ("a", "', prod"), ("puts prod on v0",), aliases, {"eu": 0, "prod": 0}, first=registered),
    Change("a link", "vision/labs/detector:v1", ("l", f"'{LEGACY}/best"), ("as best:v1", "moves latest v0 → v1"), versions("best"), 2, first=registered),
    Change("a link that makes a registered model", "vision/labs/detector:v1", ("l", f"'{LEGACY}/other"), ("makes the collection other of type model",), versions("other"), 1, first=registered),
    Change("unlinked", f"{LEGACY}/best:v0", ("x",), ("takes eu off v0", "its source stays"), versions("best"), 0, first=registered),
    Change("a protected alias", LEGACY, ("S", "'prod"), ("prod: only admins may move it",), protected, ("prod",), first=registered),
    Change("a registered model", f"{LEGACY}/best", ("n", "'other", "tab", "ctrl+u", "'model"), ("makes the collection vision/model-registry/other of type model",), versions("other"), 0, first=registered),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_a_legacy_registry_is_curated_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("members", LEGACY, ("m", "a"), "its people are those of vision", first=registered),
    Refusal("deleting it", LEGACY, ("D",), "A team's legacy registry is not deleted", first=registered),
    Refusal("its name", LEGACY, ("r", "ctrl+u", "'other"), "its name is what tells that it is one", first=registered),
    Refusal("another type than models", f"{LEGACY}/best", ("n", "'other", "tab", "ctrl+u", "'dataset"), "does not contain 'model'", first=registered),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_it_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)
