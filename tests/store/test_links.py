"""Links: a version put into collections, what it brings with it, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from curatory.store import File, Store
from curatory.store.drafts import TTL_NEVER
from curatory.store.errors import Conflict, Forbidden, Invalid, NotFound

Log = Callable[..., str]
SOURCE = "vision/uncategorized/detector"


@pytest.fixture
def three(store: Store) -> list[str]:
    """Three versions of a detector, by path."""
    return [
        store.versions.log([File("w", 1, f"etag-{n}", uri=f"s3://b/{n}")], "detector", "model").path for n in range(3)
    ]


def test_every_collection_counts_its_own_versions_and_the_newest_link_is_latest(store: Store, three: list[str]) -> None:
    one = [store.links.add(path, "model/one").number for path in reversed(three)]
    two = [store.links.add(path, "model/two").number for path in three[:1]]
    assert (one, two) == ([0, 1, 2], [0])
    assert [store.versions.get(f"model/one:v{n}").source for n in range(3)] == three[::-1]
    assert [store.versions.get(f"model/one:v{n}").aliases for n in range(3)] == [(), (), ("latest",)]
    link = store.versions.get("model/one")
    assert (link.is_link, link.path, link.source) == (True, "acme/wandb-registry-model/one:v2", three[0])
    assert [v.short_path for v in store.versions.places(three[0])] == [f"{SOURCE}:v0", "model/one:v2", "model/two:v0"]


def test_a_link_to_a_link_is_a_link_to_its_source(store: Store, three: list[str]) -> None:
    first = store.links.add(three[0], "model/one")
    second = store.links.add("model/one:v0", "model/two")
    assert (second.source, second.id) == (three[0], first.id)
    store.links.remove(first)
    assert store.versions.get("model/two").source == three[0]


def test_linking_again_only_adds_aliases(store: Store, three: list[str]) -> None:
    first = store.links.add(three[0], "model/one", ["a"])
    store.links.add(three[1], "model/one", ["b"])
    head = store.events.head()
    assert store.links.add(three[0], "model/one") == store.versions.get(first)
    assert store.links.add(three[0], "model/one", ["latest", "a"]).aliases == ("a",)
    assert store.events.head() == head
    again = store.links.add(three[0], "model/one", ["b", "c"])
    assert (again.number, again.aliases, again.linked_at) == (0, ("a", "b", "c"), first.linked_at)
    assert store.events.head() == head + 1
    assert store.events.get(head + 1).action == "alias.add"
    assert store.versions.get("model/one").number == 1


def test_unlinked_and_linked_again_is_a_new_number(store: Store, three: list[str]) -> None:
    for path in three:
        store.links.add(path, "model/one")
    store.aliases.add("model/one:v2", "prod")
    store.links.remove("model/one:prod")
    assert store.versions.get("model/one").number == 1  # latest went to the highest that remains
    with pytest.raises(NotFound, match="its newest version is v1"):
        store.versions.get("model/one:prod")
    assert store.versions.get(three[2]).aliases == ("latest",)  # the source is as it was
    assert store.links.add(three[2], "model/one").number == 3
    assert store.links.add(three[2], "model/one").aliases == ("latest",)  # the alias did not come back


def test_what_can_not_be_linked(store: Store, three: list[str]) -> None:
    store.users.add("ben")
    ben = store.as_actor("ben")
    store.members.add("model", "ben", "member")
    mine = ben.versions.log([File("w", 1, "e", uri="s3://b/x")], "own", "model").path
    store.organizations.create("other")
    store.teams.create("speech", organization="acme")
    store.projects.ensure("p", "speech")
    dataset = store.versions.log([File("w", 1, "e", uri="s3://b/y")], "coco", "dataset").path
    store.collections.create("acme/model/one", "model")
    store.registries.create("any", organization="acme")
    store.links.add(three[0], "any/nets")
    head = store.events.head()
    foreign = "linking is only allowed within the same team or to a collection in your organization's registry."
    for actor, source, target, options, error, message in [
        (ben, mine, "acme/model/one", {}, Invalid, f"^{foreign} It was logged under a person"),
        (store, three[0], "other/model/one", {}, Invalid, f"^{foreign}$"),
        (store, three[0], "speech/p/one", {}, Invalid, f"^{foreign}$"),
        (store, dataset, "acme/model/one", {}, Invalid, "of type 'model'; .*coco:v0 is of type 'dataset'"),
        (store, dataset, "acme/model/new", {}, Invalid, "does not accept artifacts of type 'dataset'"),
        (store, dataset, "any/nets", {}, Invalid, "holds artifacts of type 'model'"),
        (store, three[1], SOURCE, {}, Invalid, "holds what runs log into it; link into a registry's collection"),
        (store, three[0], "acme/model/one:prod", {}, Invalid, "Aliases are given apart"),
        (store, three[0], "one", {}, Invalid, "it looks like registry/collection"),
        (store, three[0], "acme/model/one", {"aliases": ["v3"]}, Invalid, "is a version number"),
        (store, three[0], "acme/model/one", {"aliases": ["a/b"]}, Invalid, "^Aliases must not contain any"),
        (store, three[0], "acme/model/on\u200be", {}, Invalid, "invisible"),
        (store, f"{SOURCE}:v9", "acme/model/one", {}, NotFound, "its newest version is v2"),
        (store, three[0], "nowhere/one", {}, NotFound, "There is no registry or project 'nowhere'"),
    ]:  # fmt: skip
        with pytest.raises(error, match=message):
            actor.links.add(source, target, **options)
    assert store.events.head() == head
    assert store.collections.get("acme/model/one").next_number == 0


def test_linking_within_the_team_is_allowed(store: Store, three: list[str]) -> None:
    link = store.links.add(three[0], "vision/uncategorized/best ones")
    assert (link.is_link, link.path) == (True, "vision/uncategorized/best ones:v0")


def test_what_is_no_link_is_not_unlinked(store: Store, three: list[str]) -> None:
    with pytest.raises(Invalid, match=rf"^Artifact '{three[0]}' is not a linked artifact and cannot be unlinked\."):
        store.links.remove(three[0])


def test_a_protected_alias_holds_a_link(store: Store, three: list[str]) -> None:
    store.users.add("ben")
    store.teams.set_member("vision", "ben")
    store.members.add("model", "ben", "member")
    store.registries.protect("model", "prod")
    ben = store.as_actor("ben")
    with pytest.raises(
        Forbidden, match="^You do not have permission to add the following alias to this artifact: prod"
    ):
        ben.links.add(three[0], "model/one", ["good", "prod"])
    with pytest.raises(NotFound):
        store.collections.get("model/one")  # nothing of it was kept
    store.links.add(three[0], "model/one", ["prod"])
    with pytest.raises(
        Forbidden, match="^You do not have permission to unlink a version with the protected alias prod"
    ):
        ben.links.remove("model/one:prod")
    ben.links.add(three[1], "model/one", ["good"])
    ben.links.remove("model/one:good")
    store.links.remove("model/one:prod")
    store.links.add(three[0], "model/one")
    store.users.add("kim")
    with pytest.raises(Forbidden, match="kim is not allowed to use this version in a run in acme/wandb-registry-model"):
        store.as_actor("kim").links.add("model/one", "model/two")
    with pytest.raises(
        Forbidden, match="^You do not have permission to unlink the artifact 'acme/wandb-registry-model/one:v2'"
    ):
        store.as_actor("kim").links.remove("model/one")


def test_linking_switches_the_time_to_live_off_and_says_so_and_unlinking_does_not_restore_it(
    store: Store, three: list[str]
) -> None:
    def detail() -> object:
        return store.events.get(store.events.head()).detail.get("ttl_cleared")

    store.versions.set_ttl(three[0], 3600)
    link = store.links.add(three[0], "model/one")
    assert (link.ttl, detail()) == (TTL_NEVER, 3600)
    store.links.remove(link)
    assert store.versions.get(three[0]).ttl == TTL_NEVER
    store.links.add(three[0], "model/two")
    assert detail() is None
    store.links.add(three[1], "model/one")
    assert (store.versions.get(three[1]).ttl, detail()) == (TTL_NEVER, None)  # it would have lived for ever
    store.teams.set_default_ttl("vision", 7200)
    store.links.add(three[2], "model/one")
    assert (store.versions.get(three[2]).ttl, detail()) == (TTL_NEVER, 7200)  # as its team says
    with pytest.raises(
        Invalid,
        match="^Cannot set TTL for link artifact. Unlink the artifact first then set the TTL for the source artifact$",
    ):
        store.versions.set_ttl("model/one", 60)
    with pytest.raises(Conflict, match="linked versions don't expire. Unlink it first"):
        store.versions.set_ttl(three[2], 60)
    assert store.versions.set_ttl(three[2], TTL_NEVER).ttl == TTL_NEVER
    store.links.remove("model/one")
    assert store.versions.set_ttl(three[2], 60).ttl == 60
