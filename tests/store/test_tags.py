"""Tags: on collections and on versions, never unique, and a version's are the same wherever it is linked."""

from __future__ import annotations

import unicodedata

import pytest
from curatory.store import File, Store
from curatory.store.errors import Invalid, NotFound


@pytest.fixture
def detector(store: Store) -> Store:
    made = store.versions.log([File("w", 1, "e", uri="s3://b/0")], "detector", "model")
    store.links.add(made, "model/detector", ["prod"])
    store.links.add(made, "model/other")
    return store


def test_a_path_with_an_alias_means_the_version(detector: Store) -> None:
    detector.tags.add("model/detector", "card", "b")
    detector.tags.add("model/detector:prod", "robust")
    assert detector.collections.get("model/detector").tags == ("b", "card")
    assert detector.collections.get("model/other").tags == ()
    for path in ("model/detector:v0", "model/other:v0", "vision/uncategorized/detector:v0"):
        assert detector.versions.get(path).tags == ("robust",)
    detector.tags.remove("model/other:v0", "robust")
    assert detector.versions.get("model/detector:v0").tags == ()


def test_adding_twice_is_no_change_and_removing_what_is_not_there_is_refused(detector: Store) -> None:
    detector.tags.add("model/detector", "a", "b", "a")
    head = detector.events.head()
    detector.tags.add("model/detector", "b")
    assert detector.events.head() == head
    with pytest.raises(NotFound, match="acme/wandb-registry-model/detector does not have the tag 'c'"):
        detector.tags.remove("model/detector", "a", "c")
    assert detector.collections.get("model/detector").tags == ("a", "b")  # all or none


def test_tags_are_any_letters_in_one_form(detector: Store) -> None:
    detector.tags.add("model/detector", unicodedata.normalize("NFD", "검증 완료"), "검증 완료", "Prod", "prod")
    assert detector.collections.get("model/detector").tags == ("Prod", "prod", "검증 완료")
    detector.tags.remove("model/detector", unicodedata.normalize("NFD", "검증 완료"))
    assert detector.collections.get("model/detector").tags == ("Prod", "prod")


def test_what_can_not_be_tagged(detector: Store) -> None:
    with pytest.raises(Invalid, match="At most 20"):
        detector.tags.add("model/detector", *[f"t{n}" for n in range(21)])
    with pytest.raises(Invalid, match=r"^Invalid tag\(s\)"):
        detector.tags.add("model/detector", "fine", "a.b")
    with pytest.raises(Invalid, match="acme/wandb-registry-model is neither a collection nor a version"):
        detector.tags.add("model", "a")
    assert detector.collections.get("model/detector").tags == ()


def test_tags_in_use_are_counted_where_one_may_see_them(detector: Store) -> None:
    detector.users.add("ben")
    detector.registries.create("secret", visibility="restricted")
    detector.collections.create("secret/x", "model", tags=["both", "hidden"])
    detector.tags.add("model/detector", "both")
    detector.tags.add("model/detector:v0", "both")  # seen at three places
    assert detector.tags.used() == [("both", 5), ("hidden", 1)]
    assert detector.as_actor("ben").tags.used() == [("both", 3)]
    assert detector.tags.used("secret") == [("both", 1), ("hidden", 1)]
    assert detector.tags.used("model", limit=1) == [("both", 3)]
