"""Legacy model registries."""

from __future__ import annotations

import pytest
from curatory.store import File, Store
from curatory.store.errors import Invalid, NotFound

MODELS = "vision/model-registry"


def log(store: Store, name: str = "detector", type: str = "model") -> str:
    return store.versions.log([File("w", 1, "e", uri=f"s3://b/{name}")], name, type, entity="vision").path


def test_a_model_is_linked_the_old_way(store: Store) -> None:
    assert store.legacy.list() == []
    link = store.legacy.link_model(log(store), "Old Detector", ["prod"])
    assert (link.path, link.project_kind, link.aliases) == (f"{MODELS}/Old Detector:v0", "legacy", ("prod", "latest"))
    assert [model.name for model in store.legacy.models("vision")] == ["Old Detector"]
    [registry] = store.legacy.list()
    assert (registry.path, registry.kind, registry.title) == (MODELS, "legacy", "model-registry")
    head = store.events.head()
    assert store.legacy.ensure("vision") == registry
    assert store.events.head() == head


def test_only_models_and_only_a_plain_name(store: Store) -> None:
    with pytest.raises(Invalid, match="^You can only use this method for 'model' artifacts"):
        store.legacy.link_model(log(store, "coco", "dataset"), "coco")
    assert store.legacy.link_model(log(store, "net", "my-model-v2"), "net").type == "my-model-v2"
    for name in ("a/b", f"{MODELS}/x"):
        with pytest.raises(
            Invalid,
            match="^Please provide only the name of the registered model. Do not append the entity or project name.$",
        ):
            store.legacy.link_model(log(store), name)


def test_a_legacy_registry_is_not_turned_into_something_else(store: Store) -> None:
    before = store.legacy.ensure("vision")
    for refused in (
        lambda: store.registries.rename(MODELS, "new"),
        lambda: store.registries.accept(MODELS, ["dataset"]),
        lambda: store.registries.accept_only(MODELS, ["dataset"]),
        lambda: store.registries.accept_any(MODELS),
        lambda: store.registries.set_visibility(MODELS, "organization", confirmed=True),
        lambda: store.projects.remove(MODELS),
    ):
        with pytest.raises(Invalid, match="legacy registry|is a registry"):
            refused()
    assert store.registries.get(MODELS) == before


def test_no_source_project_takes_the_name_of_a_legacy_registry(store: Store) -> None:
    with pytest.raises(Invalid, match="legacy registry"):
        store.projects.ensure("Model-Registry", "vision")
    assert store.legacy.ensure("vision").kind == "legacy"


def test_a_teams_legacy_registry_is_its_own(store: Store) -> None:
    store.legacy.link_model(log(store), "old")
    store.users.add("ben")
    ben = store.as_actor("ben")
    assert ben.legacy.list() == []
    with pytest.raises(NotFound):
        ben.legacy.models("vision")
    store.teams.create("speech")
    with pytest.raises(NotFound):
        store.legacy.models("speech")
    store.legacy.ensure("speech")
    with pytest.raises(Invalid, match="^linking is only allowed within the same team"):
        store.links.add(log(store), "speech/model-registry/old")
