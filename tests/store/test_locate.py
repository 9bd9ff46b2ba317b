"""Where a row stands in a list, on both engines: the page that begins with it begins with it."""

from __future__ import annotations

import pytest
from curatory.store import File, Store

NAMES = ["b", "가나다", "a", "Z", "c d", "a1", "é", "_x"]


@pytest.fixture
def filled(store: Store) -> Store:
    for name in NAMES:
        store.collections.create(f"model/{name}", "model")
    for number in range(5):
        version = store.versions.log([File("w", number + 1, f"e{number}", uri=f"s3://b/{number}")], "det", "model")
        store.links.add(version, "model/b", ["odd"] if number == 3 else ())
    return store


@pytest.mark.parametrize("order", ["name", "-name", "updated", "-updated", "-created"])
def test_every_collection_is_found_where_it_stands(filled: Store, order: str) -> None:
    listed = filled.search.collections("model", order=order).items
    assert len(listed) == len(NAMES)
    for index, collection in enumerate(listed):
        found = filled.search.locate_collection(collection, order=order)
        assert found is not None
        assert found.index == index
        page = filled.search.collections("model", order=order, limit=2, after=found.before)
        assert page.items == listed[index : index + 2]
        turned = order[1:] if order.startswith("-") else f"-{order}"
        back = filled.search.collections("model", order=turned, limit=2, after=found.at)
        assert back.items == tuple(reversed(listed[max(index - 2, 0) : index]))
        assert filled.search.nth_collection("model", index, order=order) == found
    assert filled.search.nth_collection("model", len(listed), order=order) is None


@pytest.mark.parametrize("order", ["-number", "number", "-size", "-linked"])
def test_every_version_is_found_where_it_stands(filled: Store, order: str) -> None:
    collection = filled.collections.get("model/b")
    listed = filled.search.versions("model/b", order=order).items
    for index, version in enumerate(listed):
        found = filled.search.locate_version(collection, version, order=order)
        assert found is not None
        assert found.index == index
        assert filled.search.versions("model/b", order=order, after=found.before).items == listed[index:]
        assert filled.search.nth_version(collection, index, order=order) == found
    assert filled.search.nth_version(collection, len(listed), order=order) is None


def test_a_filter_counts_only_what_fits_and_leaves_out_what_does_not(filled: Store) -> None:
    collection = filled.collections.get("model/b")
    third = filled.versions.get("model/b:v3")
    found = filled.search.locate_version(collection, third, "alias:odd")
    assert found is not None
    assert (found.index, found.before) == (0, None)
    assert filled.search.locate_version(collection, filled.versions.get("model/b:v2"), "alias:odd") is None
    assert filled.search.locate_collection(filled.collections.get("model/a"), "name:b") is None
    assert filled.search.locate_collection(10_000_000) is None


def test_what_one_may_not_see_is_nowhere(filled: Store) -> None:
    filled.users.add("eve")
    filled.registries.create("secret", visibility="restricted")
    hidden = filled.collections.create("secret/x", "model")
    assert filled.search.locate_collection(hidden) is not None
    assert filled.as_actor("eve").search.locate_collection(hidden) is None
