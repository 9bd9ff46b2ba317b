"""Aliases: one name for one version of a collection; moved, taken off, protected; and `latest` and `vN` by themselves."""

from __future__ import annotations

import pytest
from curatory.store import File, Store
from curatory.store.errors import Forbidden, Invalid, NotFound


@pytest.fixture
def detector(store: Store) -> Store:
    """model/detector with v0, v1 and v2."""
    for n in range(3):
        made = store.versions.log([File("w", 1, f"etag-{n}", uri=f"s3://b/{n}")], "detector", "model")
        store.links.add(made, "model/detector")
    return store


def held(store: Store, path: str = "model/detector") -> dict[str, int]:
    return dict(store.collections.get(path).aliases)


def test_an_alias_names_one_version_and_moves(detector: Store) -> None:
    assert detector.aliases.add("model/detector:v0", "prod", "good", "prod").aliases == ("good", "prod")
    assert detector.aliases.add("model/detector:v1", "prod").aliases == ("prod",)
    assert held(detector) == {"good": 0, "prod": 1}
    event = detector.events.get(detector.events.head())
    assert (event.detail["moved"], event.detail["aliases"]) == ({"prod": 0}, ["prod"])
    assert detector.versions.get("model/detector:prod").number == 1


def test_an_alias_belongs_to_its_collection(detector: Store) -> None:
    detector.links.add("model/detector:v0", "model/other", ["prod"])
    detector.aliases.add("model/detector:v1", "prod")
    assert (held(detector), held(detector, "model/other")) == ({"prod": 1}, {"prod": 0})
    assert detector.versions.get("vision/uncategorized/detector:v1").aliases == ()


def test_an_alias_is_taken_off_the_version_that_has_it(detector: Store) -> None:
    detector.aliases.add("model/detector:v0", "prod", "good")
    assert detector.aliases.remove("model/detector:prod", "prod").aliases == ("good",)
    for path, message in [
        ("model/detector:v1", "detector:v1 does not have the alias 'good'. v0 has it."),
        ("model/detector:v0", "detector:v0 does not have the alias 'prod'. No version has it."),
    ]:
        with pytest.raises(NotFound, match=message):
            detector.aliases.remove(path, message.split("'")[1])
    head = detector.events.head()
    with pytest.raises(NotFound):
        detector.aliases.remove("model/detector:v0", "good", "prod")  # all or none
    assert (held(detector), detector.events.head()) == ({"good": 0}, head)


def test_letters_count_as_they_are(detector: Store) -> None:
    detector.aliases.add("model/detector:v0", "Prod", "생산 중", "prod", "🚀", "a\\b%_'\"")
    detector.aliases.add("model/detector:v1", "prod")
    assert held(detector) == {"Prod": 0, "prod": 1, "생산 중": 0, "🚀": 0, "a\\b%_'\"": 0}
    for alias, number in held(detector).items():
        assert detector.versions.get(f"model/detector:{alias}").number == number


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_latest_and_numbers_are_given_by_themselves(detector: Store, verb: str) -> None:
    for alias in ("latest", "v0", "v99", "v007"):
        with pytest.raises(Invalid, match="given automatically|always names the newest"):
            getattr(detector.aliases, verb)("model/detector:v0", alias)
    assert detector.versions.get("model/detector").number == 2
    assert detector.versions.get("model/detector:v01").number == 1
    with pytest.raises(NotFound, match=r"'detector:v3' not found in .* It has no aliases; its newest version is v2\."):
        detector.versions.get("model/detector:v3")


def test_a_protected_alias_is_for_admins(detector: Store) -> None:
    detector.users.add("ben")
    detector.members.add("model", "ben", "member")
    ben = detector.as_actor("ben")
    ben.aliases.add("model/detector:v0", "prod")
    detector.registries.protect("model", "prod")
    where = "It is protected; an admin of acme/wandb-registry-model may."
    with pytest.raises(Forbidden) as refused:
        ben.aliases.add("model/detector:v1", "good", "prod")
    assert (
        str(refused.value) == f"You do not have permission to add the following alias to this artifact: prod. {where}"
    )
    with pytest.raises(Forbidden) as refused:
        ben.aliases.remove("model/detector:v0", "prod")
    assert (
        str(refused.value)
        == f"You do not have permission to delete the following alias from this artifact: prod. {where}"
    )
    assert held(detector) == {"prod": 0}
    detector.aliases.add("model/detector:v1", "prod")
    detector.registries.unprotect("model", "prod")
    ben.aliases.remove("model/detector:v1", "prod")


def test_who_may_not_write_at_the_source_still_edits_aliases_of_the_link(detector: Store) -> None:
    detector.users.add("ben")
    detector.members.add("model", "ben", "member")
    ben = detector.as_actor("ben")
    with pytest.raises(NotFound):
        ben.aliases.add("vision/uncategorized/detector:v0", "x")
    assert ben.aliases.add("model/detector:v0", "x").aliases == ("x",)


def test_the_moves_of_one_alias_are_listed_newest_first(detector: Store) -> None:
    for number in (0, 1, 2):
        detector.aliases.add(f"model/detector:v{number}", "prod")
    detector.aliases.add("model/detector:v0", "other")
    detector.links.remove("model/detector:prod")
    history = detector.aliases.history("model/detector", "prod")
    assert [(event.action, event.detail["name"]) for event in history] == [
        ("link.remove", "detector:v2"),
        ("alias.add", "detector:v2"),
        ("alias.add", "detector:v1"),
        ("alias.add", "detector:v0"),
    ]


def before(store: Store, path: str = "model/detector") -> dict[str, tuple[int | None, int | None, str]]:
    return {one.alias: (one.now, one.before, one.state) for one in store.aliases.held(path)}


def test_what_an_alias_named_before_with_when_and_by_whom(detector: Store) -> None:
    detector.users.add("kim")
    detector.members.add("model", "kim", "member")
    detector.aliases.add("model/detector:v0", "prod", "생산 중")
    assert before(detector) == {"latest": (2, 1, "there"), "prod": (0, None, "there"), "생산 중": (0, None, "there")}
    detector.as_actor("kim").aliases.add("model/detector:v2", "prod")
    move = detector.events.get(detector.events.head())
    latest, prod, _ = detector.aliases.held("model/detector")
    assert (latest.alias, latest.now, latest.before) == ("latest", 2, 1)
    assert (prod.alias, prod.now, prod.before, prod.by, prod.at) == ("prod", 2, 0, "kim", move.at)
    detector.undo.undo(move.seq)
    assert before(detector)["prod"] == (0, 2, "there")


def test_an_alias_that_was_taken_off_tells_what_it_named(detector: Store) -> None:
    detector.aliases.add("model/detector:v1", "prod")
    detector.aliases.remove("model/detector:v1", "prod")
    assert before(detector)["prod"] == (None, 1, "there")
    detector.aliases.add("model/detector:v1", "prod")
    assert before(detector)["prod"] == (1, None, "there"), "the same version again is not another one"


def test_what_an_alias_named_may_be_gone(detector: Store) -> None:
    for number in (0, 1):
        detector.aliases.add(f"model/detector:v{number}", f"old{number}")
        detector.aliases.add("model/detector:v2", f"old{number}")
    detector.links.remove("model/detector:v0")
    detector.versions.remove("vision/uncategorized/detector:v1")
    assert before(detector) == {
        "latest": (2, 1, "deleted"),
        "old0": (2, 0, "unlinked"),
        "old1": (2, 1, "deleted"),
    }


def test_latest_falls_back_when_its_version_goes(detector: Store) -> None:
    detector.links.remove("model/detector:v2")
    assert before(detector) == {"latest": (1, 2, "unlinked")}
    [one] = detector.aliases.held("model/detector")
    assert one.at == detector.events.get(detector.events.head()).at
    detector.links.remove("model/detector:v1")
    detector.links.remove("model/detector:v0")
    assert before(detector) == {}, "an empty collection has no latest"


def test_what_aliases_held_is_for_those_who_see_the_collection(detector: Store) -> None:
    detector.registries.create("secret", visibility="restricted")
    detector.links.add("vision/uncategorized/detector:v0", "secret/detector", ["prod"])
    detector.users.add("bo")
    assert len(detector.aliases.held("secret/detector")) == 2
    with pytest.raises(NotFound):
        detector.as_actor("bo").aliases.held("secret/detector")


def test_of_many_aliases_those_that_moved_last_are_told(detector: Store) -> None:
    for number in range(6):
        detector.aliases.add("model/detector:v0", f"build-{number}")
    assert [one.alias for one in detector.aliases.held("model/detector", limit=2)] == ["latest", "build-5", "build-4"]
