"""Collections: made by hand, by linking or by logging; one type each; cards, tags, names, deletion."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from curatory.store import Store
from curatory.store.errors import Conflict, Forbidden, Invalid, NotFound

Log = Callable[..., str]


def test_a_collection_is_made_by_hand_empty(store: Store) -> None:
    made = store.collections.create("model/Finetuned Llama-3.2 🦙", "model", description="# 카드", tags=["b", "a", "b"])
    assert (made.path, made.short_path) == (
        "acme/wandb-registry-model/Finetuned Llama-3.2 🦙",
        "model/Finetuned Llama-3.2 🦙",
    )
    assert (made.kind, made.type, made.description, made.tags) == ("portfolio", "model", "# 카드", ("a", "b"))
    assert (made.versions, made.latest, made.next_number, dict(made.aliases)) == (0, None, 0, {})
    assert made.created_by == "ana"
    with pytest.raises(NotFound, match="the collection is empty"):
        store.versions.get("model/Finetuned Llama-3.2 🦙")
    with pytest.raises(Conflict, match="There is a collection .* already. Choose another name"):
        store.collections.create("model/Finetuned Llama-3.2 🦙", "model")


def test_a_collection_is_made_by_the_first_link_and_by_the_first_log(store: Store, log: Log) -> None:
    path = log()
    linked = store.links.add(path, "model/new one")
    assert store.collections.get("model/new one").kind == "portfolio"
    assert store.collections.get(path.rpartition(":")[0]).kind == "sequence"
    assert (linked.number, linked.type) == (0, "model")


def test_what_can_not_be_made_leaves_nothing(store: Store) -> None:
    store.projects.ensure("uncategorized", "vision")
    head = store.events.head()
    for path, type_, options, error, message in [
        ("detector", "model", {}, Invalid, "has no registry in it; it looks like registry/collection"),
        ("nowhere/detector", "model", {}, NotFound, "There is no registry or project 'nowhere'"),
        ("model/detector", "dataset", {}, Invalid, "does not accept artifacts of type 'dataset'; it accepts: model"),
        ("model/detector", "a/b", {}, Invalid, "Invalid artifact type"),
        ("model/a:b", "model", {}, Invalid, "must not contain ':'"),
        ("model/de\u200btector", "model", {}, Invalid, r"U\+200B"),
        ("model/" + "x" * 129, "model", {}, Invalid, "longer than 128"),
        ("model/detector", "model", {"tags": ["a.b"]}, Invalid, "Invalid tag"),
        ("model/detector", "model", {"description": "\0"}, Invalid, r"U\+0000"),
        ("vision/uncategorized/x", "model", {}, Invalid, "come into being when versions are logged"),
    ]:
        with pytest.raises(error, match=message):
            store.collections.create(path, type_, **options)
    assert store.events.head() == head
    assert store.search.collections("model").items == ()


def test_the_type_of_a_registry_collection_stays_and_of_a_source_can_change(store: Store, log: Log) -> None:
    path = log()
    source = path.rpartition(":")[0]
    store.links.add(path, "model/detector")
    with pytest.raises(Invalid, match=r"^Type can only be changed if the artifact collection is a sequence\.$"):
        store.collections.set_type("model/detector", "network")
    assert store.collections.set_type(source, "network").type == "network"
    with pytest.raises(Invalid, match="reserved"):
        store.collections.set_type(source, "wandb-history")
    with pytest.raises(
        Conflict,
        match="^Artifact detector already exists with type 'network'; cannot create another with type 'model'$",
    ):
        log("other")


def test_a_renamed_collection_keeps_everything_and_its_old_name_leads_nowhere(store: Store, log: Log) -> None:
    store.links.add(log(), "model/detector", ["prod"])
    store.collections.create("model/taken", "model")
    renamed = store.collections.rename("model/detector", "탐지기 v2")
    assert (renamed.name, dict(renamed.aliases), renamed.versions) == ("탐지기 v2", {"prod": 0}, 1)
    assert store.versions.get("model/탐지기 v2:prod").number == 0
    with pytest.raises(NotFound, match="artifact collection 'detector' not found in 'acme/wandb-registry-model'"):
        store.collections.get("model/detector")
    with pytest.raises(Conflict, match="There is a collection 'taken'"):
        store.collections.rename("model/탐지기 v2", "taken")
    for bad in ("", "a/b", "a:b", "end ", "x" * 129):
        with pytest.raises(Invalid):
            store.collections.rename("model/taken", bad)
    with pytest.raises(Invalid, match="alphanumeric"):  # what runs log into has a narrower name
        store.collections.rename("vision/uncategorized/detector", "새 이름")
    assert store.collections.rename("model/taken", "Taken").name == "Taken"


def test_a_name_is_found_however_it_was_typed(store: Store) -> None:
    decomposed = unicodedata.normalize("NFD", "탐지기 é")
    made = store.collections.create(f"model/{decomposed}", "model")
    assert made.name == "탐지기 é"
    assert store.collections.get(f"model/{decomposed}").id == store.collections.get("model/탐지기 é").id == made.id
    with pytest.raises(Conflict):
        store.collections.create("model/탐지기 é", "model")
    other = store.collections.create("model/other", "model")
    with pytest.raises(Conflict):
        store.collections.rename(other.path, decomposed)


def test_the_card_is_any_text(store: Store) -> None:
    store.collections.create("model/detector", "model")
    text = "# Summary\r\n\x1b[31m붉은\u202e\t" + "x" * 100_000
    assert store.collections.describe("model/detector", text).description == text
    assert store.collections.describe("model/detector", "").description == ""
    with pytest.raises(Invalid, match=r"U\+0000"):
        store.collections.describe("model/detector", "\0")


def test_deleting_a_registry_collection_takes_the_links_and_leaves_the_versions(store: Store, log: Log) -> None:
    path = log()
    store.links.add(path, "model/detector", ["best"])
    store.collections.remove("model/detector")
    with pytest.raises(NotFound):
        store.collections.get("model/detector")
    assert [one.path for one in store.versions.places(path)] == [path]
    again = store.links.add(path, "model/detector")  # a new one of the same name begins anew
    assert (again.number, again.aliases) == (0, ("latest",))


def test_an_emptied_collection_stays_and_numbers_are_not_used_again(store: Store, log: Log) -> None:
    path = log()
    store.links.add(path, "model/detector")
    store.links.remove("model/detector:v0")
    emptied = store.collections.get("model/detector")
    assert (emptied.versions, emptied.latest, emptied.next_number) == (0, None, 1)
    assert store.links.add(path, "model/detector").number == 1


def test_only_admins_delete_a_collection_that_holds_a_protected_alias(store: Store, log: Log) -> None:
    store.users.add("ben")
    store.registries.create("golden")
    store.members.add("golden", "ben", "member")
    store.registries.protect("golden", "prod")
    store.links.add(log(), "golden/detector", ["prod"])
    ben = store.as_actor("ben")
    with pytest.raises(Forbidden, match="carries the protected alias 'prod', and only registry admins"):
        ben.collections.remove("golden/detector")
    store.registries.unprotect("golden", "prod")
    ben.collections.remove("golden/detector")
    ben.undo.undo()
    store.registries.protect("golden", "prod")
    with pytest.raises(Forbidden):
        ben.undo.redo()


def test_deleting_a_source_collection_deletes_its_versions(store: Store, log: Log) -> None:
    log("one")
    log("two", aliases=["best"])
    source = "vision/uncategorized/detector"
    store.links.add(f"{source}:v0", "model/detector")
    with pytest.raises(Conflict, match=r"detector:v1 has the aliases best. Delete those first"):
        store.collections.remove(source)
    assert store.collections.get(source).versions == 2  # all or none
    store.collections.remove(source, delete_aliases=True)
    with pytest.raises(NotFound):
        store.collections.get(source)
    assert store.collections.get("model/detector").versions == 0
    batch = {event.batch for event in store.events.of(limit=3)}
    assert len(batch) == 1
    assert [event.action for event in store.events.of(limit=3)] == [
        "collection.delete", "version.delete", "version.delete",
    ]  # fmt: skip


def test_a_source_collection_stays_while_a_protected_alias_holds_one_of_its_versions(store: Store, log: Log) -> None:
    path = log()
    store.registries.protect("model", "prod")
    store.links.add(path, "model/detector", ["prod"])
    with pytest.raises(Conflict, match="can't be deleted by anybody"):
        store.collections.remove(path.rpartition(":")[0], delete_aliases=True)
    assert store.versions.get("model/detector:prod").source == path
