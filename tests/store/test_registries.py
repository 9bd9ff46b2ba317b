"""Registries: the two every organization begins with, custom ones, accepted types, visibility, owner, deletion."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from curatory.store import Store
from curatory.store.errors import Conflict, Forbidden, Invalid, NotFound

Log = Callable[..., str]


def test_every_organization_begins_with_models_and_datasets(store: Store) -> None:
    datasets, models = store.registries.list()
    assert (models.title, models.path, models.types) == ("Models", "acme/wandb-registry-model", ("model",))
    assert (datasets.title, datasets.path, datasets.types) == ("Datasets", "acme/wandb-registry-dataset", ("dataset",))
    for one in (models, datasets):
        assert (one.core, one.any_type, one.visibility, one.owner, one.role) == (
            True,
            False,
            "organization",
            "ana",
            "admin",
        )


def test_a_core_registry_stays_as_it_is_but_for_added_types(store: Store) -> None:
    head = store.events.head()
    for refused in (
        lambda: store.registries.rename("model", "models-2"),
        lambda: store.registries.describe("model", "text"),
        lambda: store.registries.set_visibility("model", "restricted"),
        lambda: store.registries.accept_any("model"),
        lambda: store.registries.remove("model"),
    ):
        with pytest.raises(Conflict, match="acme/wandb-registry-model is a core registry and can't be"):
            refused()
    with pytest.raises(Invalid, match="acme/wandb-registry-model is a registry, not a source project"):
        store.projects.remove("model")
    assert store.events.head() == head
    assert store.registries.accept("model", ["network", "model"]).types == ("model", "network")


def test_a_custom_registry_is_what_it_was_made_to_be(store: Store) -> None:
    store.users.add("ben")
    made = store.as_actor("ben").registries.create(
        "Golden 모델 🏆", visibility="restricted", types=["table", "dataset", "table"], description="# For **all**"
    )
    assert (made.name, made.short_name, made.title) == (
        "wandb-registry-Golden 모델 🏆", "Golden 모델 🏆", "Golden 모델 🏆",
    )  # fmt: skip
    assert (made.visibility, made.types, made.any_type, made.description) == (
        "restricted", ("dataset", "table"), False, "# For **all**",
    )  # fmt: skip
    assert (made.owner, made.created_by, made.role, made.core) == ("ben", "ben", "admin", False)
    assert [(m.name, m.role) for m in store.members.list("golden 모델 🏆")] == [("ana", None), ("ben", "admin")]
    assert store.registries.create("open").any_type
    assert [one.short_name for one in store.registries.list()] == ["dataset", "model", "Golden 모델 🏆", "open"]


def test_a_name_is_unique_in_the_organization_whatever_its_case_and_composition(store: Store) -> None:
    store.registries.create("탐지 Réseau")
    store.organizations.create("other")
    for name in ("탐지 réseau", unicodedata.normalize("NFD", "탐지 Réseau"), "wandb-registry-탐지 RÉSEAU"):
        with pytest.raises(Conflict, match="already exists in organization 'acme', please use a different name.$"):
            store.registries.create(name, organization="acme")
    with pytest.raises(Conflict, match="Registry 'Model' already exists"):
        store.registries.create("Model", organization="acme")
    assert store.registries.create("탐지 Réseau", organization="other").entity == "other"
    store.registries.remove("acme/탐지 Réseau")
    assert store.registries.create("탐지 réseau", organization="acme").short_name == "탐지 réseau"


def test_what_can_not_be_made(store: Store) -> None:
    head = store.events.head()
    for options, message in [
        ({"visibility": "public"}, "Invalid visibility 'public': must be 'organization' or 'restricted'"),
        ({"types": ["a/b"]}, "Invalid artifact type 'a/b'"),
        ({"types": ["job"]}, "reserved"),
        ({"description": "a\0b"}, r"U\+0000"),
        ({"organization": "nobody's"}, None),
    ]:
        with pytest.raises(Invalid if message else NotFound, match=message):
            store.registries.create("new", **options)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="cannot contain characters '/'"):
        store.registries.create("a/b")
    assert store.events.head() == head


def test_a_renamed_registry_is_found_by_its_new_name_only(store: Store, log: Log) -> None:
    store.registries.create("golden")
    store.links.add(log(), "golden/detector")
    renamed = store.registries.rename("golden", "Silver")
    assert renamed.name == "wandb-registry-Silver"
    assert store.versions.get("silver/detector").path == "acme/wandb-registry-Silver/detector:v0"
    with pytest.raises(NotFound, match="There is no registry or project 'golden'"):
        store.registries.get("golden")
    with pytest.raises(NotFound):
        store.versions.get("golden/detector")
    assert store.registries.rename("silver", "SILVER").short_name == "SILVER"  # its own name is not taken
    store.registries.create("golden")
    with pytest.raises(Conflict, match="already exists"):
        store.registries.rename("silver", "Golden")


def test_accepted_types_are_only_ever_added(store: Store, log: Log) -> None:
    store.registries.create("any")
    store.links.add(log(), "any/detector")
    assert store.registries.get("any").types == ("model",)  # in use
    with pytest.raises(
        Conflict,
        match="^Cannot update artifact types when `allows_all_artifact_types` is True. Set it to False first.$",
    ):
        store.registries.accept("any", ["dataset"])
    narrowed = store.registries.accept_only("any", ["dataset"])
    assert (narrowed.any_type, narrowed.types) == (False, ("dataset", "model"))
    with pytest.raises(Invalid, match="^Cannot remove artifact type: 'model' that has been saved to the registry$"):
        store.registries.reject("any", "model")
    assert store.registries.accept("any", ["table", "table", "model"]).types == ("dataset", "model", "table")
    assert store.registries.accept_any("any").types == ("dataset", "model", "table")  # what was saved is kept


def test_a_type_that_is_not_accepted_is_not_linked(store: Store, log: Log) -> None:
    store.registries.create("golden", types=["dataset"])
    head = store.events.head()
    path = log()
    for refused in (
        lambda: store.links.add(path, "golden/detector"),
        lambda: store.collections.create("golden/detector", "model"),
    ):
        with pytest.raises(Invalid, match="does not accept artifacts of type 'model'; it accepts: dataset"):
            refused()
    assert [event.action for event in store.events.of(limit=store.events.head() - head)] == [
        "version.log",
        "project.create",
    ]
    store.registries.accept("golden", ["model"])
    assert store.links.add(path, "golden/detector").type == "model"


def test_visibility_opens_only_for_organization_admins_who_know_who_will_see(store: Store) -> None:
    for name in ("ben", "kim", "lee", "max"):
        store.users.add(name)
    store.teams.create("speech")
    store.teams.set_member("speech", "lee")
    ben = store.as_actor("ben")
    ben.registries.create("secret")
    ben.members.add("secret", "speech")
    assert ben.registries.set_visibility("secret", "restricted").visibility == "restricted"
    with pytest.raises(Forbidden, match="can't be made visible to the organization"):
        ben.registries.set_visibility("secret", "organization", confirmed=True)
    assert store.registries.newly_seeing("secret") == ["kim", "max"]
    with pytest.raises(Conflict, match="^2 people would newly see acme/wandb-registry-secret: kim, max. Confirm"):
        store.registries.set_visibility("secret", "organization")
    assert store.registries.set_visibility("secret", "organization", confirmed=True).visibility == "organization"
    assert store.registries.newly_seeing("secret") == []
    with pytest.raises(Invalid, match="Invalid visibility 'team'"):
        store.registries.set_visibility("secret", "team")


def test_the_owner_is_anybody_with_a_role_and_gets_no_permission(store: Store) -> None:
    for name in ("ben", "kim"):
        store.users.add(name)
    store.registries.create("golden", visibility="restricted")
    store.members.add("golden", "ben", "restricted_viewer")
    assert store.registries.set_owner("golden", "ben").owner == "ben"
    assert store.as_actor("ben").registries.get("golden").role == "restricted_viewer"
    assert [m.name for m in store.members.list("golden") if m.owner] == ["ben"]
    with pytest.raises(Conflict, match="kim has no role in acme/wandb-registry-golden; add them as a member first"):
        store.registries.set_owner("golden", "kim")


def test_protected_aliases_are_defined_for_a_registry(store: Store) -> None:
    store.registries.create("golden")
    store.registries.protect("golden", "Staging")
    assert store.registries.protect("golden", "Production").protected_aliases == ("Production", "Staging")
    assert store.registries.get("model").protected_aliases == ()
    assert store.registries.unprotect("golden", "Staging").protected_aliases == ("Production",)
    with pytest.raises(Conflict, match="'Staging' is not a protected alias of acme/wandb-registry-golden"):
        store.registries.unprotect("golden", "Staging")
    with pytest.raises(Invalid, match="latest"):
        store.registries.protect("golden", "latest")
    with pytest.raises(Invalid, match="vision/uncategorized is a source project, not a registry"):
        store.registries.protect(store.projects.ensure("uncategorized", "vision").path, "prod")


def test_deleting_a_registry_leaves_the_versions_where_they_were_logged(store: Store, log: Log) -> None:
    path = log()
    store.registries.create("golden")
    store.links.add(path, "golden/detector", ["best"])
    store.registries.remove("golden")
    for gone in ("golden", "golden/detector", "golden/detector:best"):
        with pytest.raises(NotFound):
            store.paths.resolve(gone)
    assert store.versions.places(path) == [store.versions.get(path)]
    assert store.versions.downloadable(path)
    assert [one.short_name for one in store.registries.list()] == ["dataset", "model"]


def test_an_admin_deletes_the_registries_they_made(store: Store) -> None:
    for name in ("ben", "kim"):
        store.users.add(name)
    store.as_actor("ben").registries.create("bens")
    store.members.add("bens", "kim", "admin")
    with pytest.raises(Forbidden, match="kim did not create acme/wandb-registry-bens"):
        store.as_actor("kim").registries.remove("bens")
    store.as_actor("ben").registries.remove("bens")


def test_protected_aliases_are_read_by_themselves_where_the_registry_may_be_seen(store: Store) -> None:
    for alias in ("prod", "eu"):
        store.registries.protect("model", alias)
    model = store.projects.get("model")
    assert store.projects.protected_aliases(model.id) == model.protected_aliases == ("eu", "prod")
    secret = store.registries.create("secret", visibility="restricted")
    store.users.add("eve")
    with pytest.raises(NotFound):
        store.as_actor("eve").projects.protected_aliases(secret.id)
