"""Versions: logging them, the same content twice, what may be edited, and deleting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from curatory.store import File, Store
from curatory.store.drafts import Draft
from curatory.store.errors import Conflict, Forbidden, Invalid, NotFound

Log = Callable[..., str]
SOURCE = "vision/uncategorized/detector"


def reference(number: int) -> list[File]:
    """A manifest that needs no bytes."""
    return [File("weights", 10, f"etag-{number}", uri=f"s3://bucket/{number}")]


def test_a_version_is_what_was_logged(store: Store, tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("hello")
    metadata = {"acc": 0.5, "깊이": {"list": [1, None, True, "x"]}}
    made = store.versions.log_paths(
        [tmp_path / "w.txt"], "detector", "model", metadata=metadata, description="# d", tags=["b", "a"],
        aliases=["best", "latest"], step=7, ttl=3600,
    )  # fmt: skip
    assert made.digest == "30c689c488bc1aa5fbab07a669af0305"  # what the official client computes for this file
    assert (made.path, made.short_path, made.name) == (f"{SOURCE}:v0", f"{SOURCE}:v0", "detector:v0")
    assert (made.size, made.file_count, made.state) == (5, 1, "committed")
    assert (made.metadata, made.description, made.tags, made.ttl) == (metadata, "# d", ("a", "b"), 3600)
    assert (made.aliases, made.is_link, made.source) == (("best", "latest"), False, made.path)
    assert (made.created_by, made.linked_by, made.run) == ("ana", "ana", None)
    [file] = store.versions.files(made)
    assert (file.path, file.size, file.digest) == ("w.txt", 5, "XUFAKrxLKna5cZ2REBfFkg==")
    assert store.versions.get(made) == made


def test_numbers_count_up_and_latest_is_the_newest(store: Store) -> None:
    numbers = [store.versions.log(reference(n), "detector", "model").number for n in range(12)]
    assert numbers == list(range(12))
    assert store.versions.get(SOURCE).number == store.versions.get(f"{SOURCE}:latest").number == 11
    assert store.versions.get(f"{SOURCE}:v3").aliases == ()


def test_the_same_content_is_the_same_version_whatever_else_was_said(store: Store) -> None:
    first = store.versions.log(reference(0), "detector", "model", metadata={"a": 1}, tags=["x"])
    head = store.events.head()
    again = store.versions.log(reference(0), "detector", "model", metadata={"a": 2}, description="other")
    assert again == first
    assert store.events.head() == head  # nothing changed
    aliased = store.versions.log(reference(0), "detector", "model", aliases=["best"])
    assert (aliased.number, aliased.aliases) == (0, ("best", "latest"))
    assert store.versions.log(reference(0), "other", "model").id != first.id  # only within one artifact


def test_the_same_content_after_deletion_is_a_new_version(store: Store) -> None:
    first = store.versions.log(reference(0), "detector", "model")
    store.versions.remove(first)
    again = store.versions.log(reference(0), "detector", "model")
    assert (again.number, again.id != first.id) == (1, True)


def test_many_are_logged_in_order_all_or_none(store: Store) -> None:
    drafts = [Draft(reference(n % 3), aliases=[f"a{n}"]) for n in range(5)]
    made = store.versions.log_many(drafts, "detector", "model")
    assert [one.number for one in made] == [0, 1, 2, 0, 1]
    assert store.versions.get(f"{SOURCE}:a3").number == 0
    assert dict(store.collections.get(SOURCE).aliases) == {"a0": 0, "a1": 1, "a2": 2, "a3": 0, "a4": 1}
    head = store.events.head()
    with pytest.raises(Invalid, match="version number"):
        store.versions.log_many([Draft(reference(8)), Draft(reference(9), aliases=["v1"])], "detector", "model")
    with pytest.raises(Invalid, match="there is nothing to log"):
        store.versions.log_many([Draft(reference(8)), Draft([])], "more", "model")
    assert store.versions.log_many([], "none", "model") == []
    assert store.events.head() == head
    assert [one.name for one in store.search.collections("vision/uncategorized").items] == ["detector"]


@pytest.mark.parametrize(
    ("name", "type_", "options", "message"),
    [
        ("a b", "model", {}, "alphanumeric"),
        ("탐지기", "model", {}, "alphanumeric"),
        ("a", "job", {}, "reserved"),
        ("a", "model", {"aliases": ["latest", "v1"]}, "version number"),
        ("a", "model", {"tags": ["a.b"]}, "Invalid tag"),
        ("a", "model", {"metadata": {f"k{n}": n for n in range(101)}}, "more than 100 metadata keys"),
        ("a", "model", {"metadata": {"a": float("inf")}}, "infinite"),
        ("a", "model", {"description": "\0"}, r"U\+0000"),
        ("a", "model", {"ttl": 0}, "positive number of seconds"),
        ("a", "model", {"ttl": -3}, "positive number of seconds"),
        ("a", "model", {"project": "wandb-registry-new"}, "a registry's name"),
        ("a", "model", {"project": "model-registry"}, "legacy registry"),
        ("a", "model", {"project": "a/b"}, "cannot contain characters '/'"),
    ],
)
def test_what_can_not_be_logged(request, name: str, type_: str, options: dict, message: str) -> None:
    store: Store = request.getfixturevalue("shared")
    head = store.events.head()
    with pytest.raises(Invalid, match=message):
        store.versions.log(reference(0), name, type_, **options)
    assert store.events.head() == head


def test_an_organization_logs_nothing_and_a_person_not_for_another(store: Store) -> None:
    store.users.add("ben")
    with pytest.raises(Forbidden, match="acme is an organization: it owns registries"):
        store.versions.log(reference(0), "a", "model", entity="acme")
    with pytest.raises(Forbidden, match="create a project of ben"):
        store.versions.log(reference(0), "a", "model", entity="ben")
    with pytest.raises(NotFound, match="no user, team or organization 'nobody'"):
        store.versions.log(reference(0), "a", "model", entity="nobody")
    ben = store.as_actor("ben")
    assert ben.versions.log(reference(0), "a", "model").path == "ben/uncategorized/a:v0"  # in no team: their own
    with pytest.raises(NotFound):
        store.versions.get("ben/uncategorized/a")  # not even the organization's admin looks in there


def test_one_name_is_one_type_and_a_collection_of_links_is_not_logged_into(store: Store) -> None:
    made = store.versions.log(reference(0), "detector", "model")
    with pytest.raises(Conflict, match="already exists with type 'model'; cannot create another with type 'dataset'"):
        store.versions.log(reference(1), "detector", "dataset")
    store.links.add(made, "vision/uncategorized/best")
    with pytest.raises(Conflict, match="vision/uncategorized/best holds links"):
        store.versions.log(reference(1), "best", "model")


def test_what_belongs_to_the_artifact_is_edited_everywhere_at_once(store: Store) -> None:
    made = store.versions.log(reference(0), "detector", "model")
    store.links.add(made, "model/one")
    store.links.add(made, "model/two")
    store.versions.describe("model/one:v0", "새 설명")
    store.versions.set_metadata("model/two:v0", {"a": [1.5]})
    store.tags.add("model/one:v0", "robust")
    places = store.versions.places(made)
    assert [one.short_path for one in places] == [f"{SOURCE}:v0", "model/one:v0", "model/two:v0"]
    assert {(one.description, str(one.metadata), one.tags) for one in places} == {
        ("새 설명", "{'a': [1.5]}", ("robust",))
    }
    assert [one.is_link for one in places] == [False, True, True]
    assert {one.source for one in places} == {f"{SOURCE}:v0"}
    with pytest.raises(Invalid, match="metadata keys"):
        store.versions.set_metadata(made, {f"k{n}": n for n in range(101)})
    assert store.versions.set_metadata(made, {f"k{n}": n for n in range(100)}).metadata["k99"] == 99


def test_a_version_with_aliases_is_deleted_with_them_or_not_at_all(store: Store) -> None:
    made = store.versions.log(reference(0), "detector", "model", aliases=["best"])
    store.versions.log(reference(1), "detector", "model")
    store.links.add(made, "model/one", ["good"])
    store.links.add(made, "model/two")
    with pytest.raises(Conflict, match=rf"{SOURCE}:v0 has the aliases best. Delete those first"):
        store.versions.remove(made)
    assert store.versions.remove(made, delete_aliases=True) == [
        "acme/wandb-registry-model/one:v0",
        "acme/wandb-registry-model/two:v0",
    ]
    for path in (f"{SOURCE}:v0", f"{SOURCE}:best", "model/one:v0", "model/one:good", "model/two"):
        with pytest.raises(NotFound):
            store.versions.get(path)
    assert store.versions.get(SOURCE).number == 1  # latest is the highest that remains
    assert store.versions.log(reference(2), "detector", "model").number == 2


def test_a_link_is_not_deleted_and_a_protected_one_by_nobody(store: Store) -> None:
    made = store.versions.log(reference(0), "detector", "model")
    link = store.links.add(made, "model/detector", ["prod"])
    with pytest.raises(Invalid, match="is a link to .*detector:v0. Unlink it here, or delete the source"):
        store.versions.remove(link)
    store.registries.protect("model", "prod")
    with pytest.raises(
        Conflict, match="can't be deleted by anybody: it is linked as wandb-registry-model/detector:prod"
    ):
        store.versions.remove(made, delete_aliases=True)
    store.aliases.remove("model/detector:v0", "prod")
    assert store.versions.remove(made) == ["acme/wandb-registry-model/detector:v0"]


def test_a_deletion_does_not_tell_of_registries_that_one_may_not_see(store: Store) -> None:
    store.users.add("ben")
    store.teams.set_member("vision", "ben")
    made = store.versions.log(reference(0), "detector", "model")
    store.registries.create("secret", visibility="restricted")
    store.registries.protect("secret", "prod")
    store.links.add(made, "secret/hidden", ["prod"])
    store.links.add(made, "model/detector")
    ben = store.as_actor("ben")
    with pytest.raises(Conflict, match="can't be deleted by anybody") as refused:
        ben.versions.remove(made)
    assert "secret" not in str(refused.value)
    store.aliases.remove("secret/hidden:prod", "prod")
    assert ben.versions.remove(made) == ["acme/wandb-registry-model/detector:v0"]
    assert "secret" not in str(ben.events.of(limit=1).items[0])


def test_a_record_that_has_grown_old_is_looked_up_anew(store: Store) -> None:
    made = store.versions.log(reference(0), "detector", "model")
    link = store.links.add(made, "model/detector")
    store.collections.rename("model/detector", "finder")
    assert store.versions.get(link).path == "acme/wandb-registry-model/finder:v0"
    store.links.remove(link)
    with pytest.raises(NotFound, match="'acme/wandb-registry-model/detector:v0' is not there any more"):
        store.versions.get(link)


def test_bytes_are_kept_once_and_references_not_at_all(store: Store, log: Log) -> None:
    log("the same", name="one")
    log("the same", name="two")
    store.versions.log(reference(0), "three", "model")
    assert len(list(store.blobs.stored())) == 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    """One store for what leaves no trace."""
    from curatory.store import create_store

    folder = tmp_path_factory.mktemp("shared")
    made = create_store(folder / "registry.db", "ana", organization="acme", team="vision", durable=False)
    yield made
    made.close()
