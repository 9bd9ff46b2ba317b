"""Legacy model registries, and whether the new registry is on."""

from __future__ import annotations

import pytest
from curatory.store import File, Store
from curatory.store.errors import Invalid, NotFound
from curatory.store.legacy import registry_is_on

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


ON = [
    ("local", {}, True),
    ("multi-tenant", {}, True),
    ("multi-tenant", {"version": "0.1"}, True),
    ("dedicated", {"version": "0.59.2"}, False),
    ("dedicated", {"version": "0.59.1", "switched_on": True}, False),
    ("dedicated", {"version": "0.59.2", "switched_on": True}, True),
    ("dedicated", {"version": "0.70.0"}, False),
    ("dedicated", {"version": "1.0.0", "switched_on": True}, True),
    ("self-managed", {"version": "0.59.2"}, False),
    ("self-managed", {"version": "0.59.1", "environment": {"ENABLE_REGISTRY_UI": "true"}}, False),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": "true"}}, True),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": " TRUE "}}, True),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": "false"}}, False),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": "1"}}, False),
    ("self-managed", {"version": "0.69.9", "environment": {}}, False),
    ("self-managed", {"version": "0.70.0"}, True),
    ("self-managed", {"version": "v0.70.0-rc1"}, True),
    ("self-managed", {"version": "0.70"}, True),
    ("self-managed", {"version": "0.9.0", "environment": {"ENABLE_REGISTRY_UI": "true"}}, False),
    ("self-managed", {"version": "1.2.3", "environment": {"ENABLE_REGISTRY_UI": "false"}}, True),
]  # fmt: skip


@pytest.mark.parametrize(("deployment", "options", "on"), ON)
def test_whether_the_registry_is_on(deployment: str, options: dict, on: bool) -> None:
    assert registry_is_on(deployment, **options) is on


@pytest.mark.parametrize(
    ("deployment", "version", "message"),
    [
        ("cloud", "1.0", "There is no deployment 'cloud'"),
        ("dedicated", "", "'' is not a server version; it looks like 0.59.2"),
        ("self-managed", "new", "'new' is not a server version"),
    ],
)
def test_what_can_not_be_answered_is_refused(deployment: str, version: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        registry_is_on(deployment, version=version)
