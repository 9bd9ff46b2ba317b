"""Deleting registries, projects, collections and versions, and how long versions live."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.store import File, Store
from curatory.tui.dialogs.removing import read_age

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named
from .conftest import Open

REFERENCE = File("a", 1, "x", uri="s3://b/a")


def loose(store: Store) -> None:
    """Two versions that nobody has linked."""
    for number in range(2):
        file = File("a", 1, f"x{number}", uri="s3://b/a")
        store.versions.log([file], "loose", "model", entity="vision", project="labs")


def protected(store: Store) -> None:
    store.registries.protect("model", "prod")


def viewer(store: Store) -> None:
    store.members.add("model", "bo", "viewer")


def kims(store: Store) -> None:
    """A registry of ana's whose admin kim is; and one that she made."""
    store.members.add("secret", "kim", "admin")
    store.as_actor("kim").registries.create("hers")


def admin(store: Store) -> None:
    store.members.set_role("model", "kim", "admin")


def there(path: str) -> Any:
    return lambda store: bool(store.paths.resolve(path))


def ttl(path: str) -> Any:
    return lambda store: store.versions.get(path).ttl


def all_ttls(store: Store) -> set[int]:
    return {one.ttl for one in store.search.versions("vision/labs/loose")}


LOOSE = "vision/labs/loose"
CHANGES = [
    Change("a collection", "model/detector", ("D", "'detector"), ("deletes model/detector with 3 versions", "the versions stay where they were logged"), there("model/detector"), "NotFound"),
    Change("an empty collection, by a member", "model/empty", ("D", "'empty"), ("deletes model/empty",), there("model/empty"), "NotFound", by="kim"),
    Change("all collections that are marked", "model/detector", ("D", "'2"), ("deletes model/detector with 3 versions", "deletes model/empty"), lambda s: s.registries.get("model").collections, 0, at=("asterisk",)),
    Change("a registry", "secret", ("D", "'secret"), ("deletes secret",), there("secret"), "NotFound"),
    Change("a registry one made, as its admin", "hers", ("D", "'hers"), ("deletes hers",), there("hers"), "NotFound", by="kim", first=kims),
    Change("a source project", "vision/labs", ("D", "'labs"), ("deletes vision/labs",), there("vision/labs"), "NotFound"),
    Change("a version nobody linked", f"{LOOSE}:v0", ("D", "'loose:v0"), ("deletes", "its files stay for a day at least"), there(f"{LOOSE}:v0"), "NotFound", first=loose),
    Change("a version with its links", "vision/labs/detector:v1", ("D", "'detector:v1"), ("takes it out of 1 collection too", "its aliases go with it: prod"), lambda s: (s.collections.get("model/detector").versions, s.collections.get("vision/labs/detector").versions), (2, 2)),
    Change("versions that are marked", f"{LOOSE}:v1", ("D", "'2"), ("loose:v0", "loose:v1"), lambda s: s.collections.get(LOOSE).versions, 0, first=loose, at=("asterisk",)),
    Change("an expiry", f"{LOOSE}:v0", ("E", "'30d"), ("lives 30 days",), ttl(f"{LOOSE}:v0"), 30 * 86_400, first=loose),
    Change("never", f"{LOOSE}:v0", ("E", "'never"), ("lives for ever",), ttl(f"{LOOSE}:v0"), -2, first=loose),
    Change("of all that are marked", f"{LOOSE}:v0", ("E", "'12h"), ("v0 lives 12 hours", "v1 lives 12 hours"), all_ttls, {43_200}, first=loose, at=("asterisk",)),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_it_goes_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("not typed", "model/detector", ("D",), "Nothing is deleted until that is typed."),
    Refusal("typed wrongly", "model/detector", ("D", "'detectr"), "Nothing is deleted until that is typed."),
    Refusal("a core registry", "model", ("D", "'model"), "is a core registry and can't be deleted"),
    Refusal("a collection, a viewer", "model/detector", ("D",), "takes the role member", by="bo", first=viewer),
    Refusal("a collection with a protected alias", "model/detector", ("D", "'detector"), "carries the protected alias 'prod'", by="kim", first=protected),
    Refusal("a registry, a member", "model", ("D",), "takes the role admin", by="kim"),
    Refusal("a registry somebody else made", "secret", ("D", "'secret"), "did not create acme/wandb-registry-secret", by="kim", first=kims),
    Refusal("a link", "model/detector:v0", ("D",), "is a link: x unlinks it. Its source is"),
    Refusal("a version under a protected alias", "vision/labs/detector:v1", ("D", "'detector:v1"), "can't be deleted by anybody", first=protected),
    Refusal("an expiry, of a link", "model/detector:v0", ("E", "'30d"), "Cannot set TTL for link artifact"),
    Refusal("an expiry, of what is linked", "vision/labs/detector:v0", ("E", "'30d"), "linked versions don't expire"),
    Refusal("an expiry, nothing said", f"{LOOSE}:v0", ("E",), "Say how long", first=loose),
    Refusal("an expiry, nonsense", f"{LOOSE}:v0", ("E", "'soon"), "Say how long", first=loose),
    Refusal("an expiry that it has", f"{LOOSE}:v0", ("E", "'inherit"), "Nothing would change.", first=loose),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_deleting_is_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


MEANWHILE = [
    Meanwhile("one more is linked", "model/detector", ("D", "'detector"), lambda s: s.links.add("vision/labs/loose:v0", "model/detector"), "with 4 versions", loose),
    Meanwhile("it is linked", f"{LOOSE}:v0", ("D", "'loose:v0"), lambda s: s.links.add(f"{LOOSE}:v0", "model/empty"), "takes it out of 1 collection too", loose),
    Meanwhile("one more collection", "secret", ("D", "'secret"), lambda s: s.collections.create("secret/new", "model"), "with 1 collection"),
]  # fmt: skip


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=named)
async def test_what_comes_into_it_meanwhile_is_not_deleted_unseen(
    desk: Open, small: Store, meanwhile: Meanwhile
) -> None:
    await is_shown_first(desk, small, meanwhile)


async def test_what_it_would_do_is_shown_before_anything_is_typed(desk: Open, small: Store) -> None:
    async with desk("model/detector") as hands:
        await hands.press("D")
        assert "deletes model/detector with 3 versions" in hands.plan
        await hands.click("Delete  ^s")
        assert hands.dialog, "it stays open"
        assert small.collections.get("model/detector")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30d", 2_592_000), ("12h", 43_200), ("2w", 1_209_600), ("6mo", 15_552_000), ("1y", 31_536_000), ("5 m", 300),
     ("NEVER", -2), ("inherit", -1), ("", None), ("d", None), ("-3d", None), ("1.5d", None)],
)  # fmt: skip
def test_ages_are_read(text: str, seconds: int | None) -> None:
    assert read_age(text) == seconds
