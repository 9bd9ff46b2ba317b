"""A legacy registry that is always the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from curatory.store import File, Migration, Store, Version

NEW, OLD = "vision-mr-migrated", "vision/model-registry"
TARGET = f"acme/wandb-registry-{NEW}"

Log = Callable[..., Version]


@pytest.fixture
def logged(store: Store) -> Log:
    """Log a version without bytes into vision/labs."""

    def make(text: str, entity: str = "vision") -> Version:
        files = [File("w", 1, f"{text}==", uri=f"s3://b/{text}")]
        return store.versions.log(files, "net", "model", project="labs", entity=entity)

    return make


@pytest.fixture
def legacy(store: Store, logged: Log) -> Store:
    """vision: ana admin, kim member, lee viewer; boss is an admin of the organization, bo nothing.

    detector: v0 and v2 (prod, protected), a card and a tag; other: v0, v1, v2; empty.
    """
    for user in ("kim", "lee", "bo"):
        store.users.add(user)
    store.users.add("boss", role="admin")
    store.teams.set_member("vision", "kim")
    store.teams.set_member("vision", "lee", "viewer")
    for number in range(3):
        version = logged(str(number))
        store.legacy.link_model(version, "detector", ["prod"])
        store.legacy.link_model(version, "other")
    store.links.remove(f"{OLD}/detector:v1")
    store.tags.add(f"{OLD}/detector", "robust")
    store.collections.describe(f"{OLD}/detector", "# Card")
    store.collections.create(f"{OLD}/empty", "model")
    store.registries.protect(OLD, "prod")
    return store


@pytest.fixture
def migrated(legacy: Store) -> tuple[Store, Migration]:
    return legacy, legacy.migrations.run("vision")
