"""What sets an automation off, and what doesn't: kinds of change, scopes, patterns, filters, undo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from curatory.store import OCCASIONS, Nothing, Store

from .conftest import MODEL


def watch(store: Store, scope: str = "acme") -> None:
    """One automation for each kind, named by it."""
    for on in OCCASIONS:
        store.automations.create(f"{scope} {on}", scope, on, Nothing())


def fired(store: Store, scope: str = "acme") -> list[tuple[str, str]]:
    """What was set off since the last call: kind and what it was about, in order."""
    rows = store.engine.rows(
        "SELECT d.id, a.name FROM delivery d JOIN automation a ON a.id = d.automation_id WHERE d.state = 'pending' "
        "AND a.name LIKE :scope ORDER BY d.id",
        {"scope": f"{scope} %"},
    )
    found = [(name.removeprefix(f"{scope} "), store.deliveries.get(number).about) for number, name in rows]
    store.engine.execute("UPDATE delivery SET state = 'finished', ready = 0")
    return found


def test_each_kind_of_change_is_what_it_is(linked: Store, logged: Callable) -> None:
    watch(linked)
    detector = f"{MODEL}/detector"
    version = logged("2")
    assert fired(linked) == [("version.create", "vision/labs/net:v2")]
    linked.links.add(version, "model/detector", ["prod"])
    assert fired(linked) == [("version.link", f"{detector}:v2"), ("alias.add", f"{detector}:v2")]
    linked.aliases.add("model/detector:v1", "prod")
    assert fired(linked) == [("alias.remove", f"{detector}:v2"), ("alias.add", f"{detector}:v1")]
    linked.aliases.add("model/detector:v1", "prod")
    assert fired(linked) == [], "nothing changed"
    linked.tags.add("model/detector:v1", "robust")
    assert fired(linked) == [("tag.add", f"{detector}:v1")]
    linked.tags.remove("model/detector:v1", "robust")
    assert fired(linked) == [("tag.remove", f"{detector}:v1")]
    linked.tags.add("model/detector", "eu")
    linked.tags.remove("model/detector", "eu")
    assert fired(linked) == [("collection_tag.add", detector), ("collection_tag.remove", detector)]
    linked.links.remove("model/detector:v1")
    assert set(fired(linked)) == {("version.unlink", f"{detector}:v1"), ("alias.remove", f"{detector}:v1")}
    linked.collections.create("model/new", "model")
    assert fired(linked) == [("collection.create", f"{MODEL}/new")]
    linked.collections.remove("model/new")
    assert fired(linked) == [("collection.delete", f"{MODEL}/new")]
    linked.users.add("kim")
    assert fired(linked) == [("role.change", "acme")]
    linked.members.add("model", "kim", "member")
    assert fired(linked) == [("role.change", MODEL)]
    linked.members.remove("model", "kim")
    assert fired(linked) == [("role.change", MODEL)]
    linked.versions.remove("vision/labs/net:v0", delete_aliases=True)
    assert ("version.delete", "vision/labs/net:v0") in fired(linked)
    linked.collections.describe("model/detector", "a card")
    linked.versions.describe("model/detector:v2", "a note")
    assert fired(linked) == [], "there is no such kind"


def test_what_is_undone_and_redone_happens_as_well(linked: Store) -> None:
    linked.aliases.add("model/detector:v0", "prod")
    watch(linked)
    linked.aliases.add("model/detector:v1", "prod")
    fired(linked)
    linked.undo.undo()
    assert fired(linked) == [("alias.remove", f"{MODEL}/detector:v1"), ("alias.add", f"{MODEL}/detector:v0")]
    linked.undo.redo()
    assert fired(linked) == [("alias.remove", f"{MODEL}/detector:v0"), ("alias.add", f"{MODEL}/detector:v1")]


def test_a_migration_is_news_when_it_ends_and_when_it_is_signed_off(linked: Store, logged: Callable) -> None:
    linked.legacy.link_model(logged("0"), "detector", ["prod"])
    watch(linked)
    linked.migrations.run("vision")
    new = "acme/wandb-registry-vision-mr-migrated"
    assert [one for one in fired(linked) if one[0] != "role.change"] == [("migration.end", new)]
    linked.reviews.accept(linked.reviews.item(linked.migrations.get("vision"), "detector"))
    assert fired(linked) == []
    linked.reviews.sign_off(linked.migrations.get("vision"))
    assert fired(linked) == [("review.sign_off", new)]
    linked.undo.undo()
    assert fired(linked) == [], "taking a sign-off back ends nothing"


def test_scopes_are_what_they_hold(linked: Store, logged: Callable) -> None:
    linked.registries.create("other")
    for scope in ("acme", "vision", "model", "model/detector", "vision/labs"):
        linked.automations.create(scope, scope, "version.link", Nothing())
        linked.automations.create(f"{scope} logged", scope, "version.create", Nothing())

    def names() -> set[str]:
        found = {one.automation for one in linked.deliveries.list(state="pending", limit=1000)}
        linked.engine.execute("UPDATE delivery SET state = 'finished', ready = 0")
        return found

    version = logged("7")
    assert names() == {"acme logged", "vision logged", "vision/labs logged"}
    linked.links.add(version, "model/detector")
    assert names() == {"acme", "model", "model/detector"}
    linked.links.add(version, "model/made-later")
    assert names() == {"acme", "model"}, "a registry's covers what is made later"
    linked.links.add(version, "other/x")
    assert names() == {"acme"}


def test_an_artifacts_tag_sets_off_each_automation_once_at_a_place_it_watches(linked: Store) -> None:
    version = linked.versions.get("model/detector:v0")
    linked.links.add(version, "model/second")
    linked.automations.create("all", "acme", "tag.add", Nothing())
    linked.automations.create("second", "model/second", "tag.add", Nothing())
    linked.automations.create("source", "vision/labs", "tag.add", Nothing())
    linked.tags.add("model/detector:v0", "robust")
    about = {one.automation: one.about for one in linked.deliveries.list()}
    assert about == {
        "all": f"{MODEL}/detector:v0", "second": f"{MODEL}/second:v0", "source": "vision/labs/net:v0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "alias", "fits"),
    [
        ("prod", "prod", True), ("prod", "Prod", False), ("prod", "prod-eu", False), ("prod*", "prod-eu", True), ("prod*", "my-prod", False),
        ("prod?", "prod", False), ("prod?", "prod1", True), ("*", "x", True), ("", "x", True),
        ("~^prod-(eu|us)$", "prod-eu", True), ("~^prod-(eu|us)$", "prod-eus", False), ("~rod", "prod", True),
        ("a.c", "abc", False), ("배포*", "배포-서울", True),
    ],
)  # fmt: skip
def test_patterns(linked: Store, pattern: str, alias: str, fits: bool) -> None:
    linked.automations.create("a", "model", "alias.add", Nothing(), pattern=pattern)
    linked.aliases.add("model/detector:v0", alias)
    assert len(linked.deliveries.list()) == int(fits)


def test_a_pattern_that_is_made_to_stall_does_not(linked: Store) -> None:
    linked.automations.create("a", "model", "alias.add", Nothing(), pattern="~^(a+)+$")
    linked.aliases.add("model/detector:v0", "a" * 100 + "b")
    assert len(linked.deliveries.list()) == 0


def test_of_a_link_the_pattern_is_of_the_aliases_that_it_was_given(linked: Store, logged: Callable) -> None:
    linked.automations.create("a", "model", "version.link", Nothing(), pattern="prod")
    linked.links.add(logged("5"), "model/detector")
    assert len(linked.deliveries.list()) == 0
    linked.links.add(logged("6"), "model/detector", ["x", "prod"])
    assert len(linked.deliveries.list()) == 1


def test_of_a_role_the_pattern_is_what_somebody_is_now(linked: Store) -> None:
    linked.users.add("kim")
    linked.automations.create("made", "model", "role.change", Nothing(), pattern="admin")
    linked.automations.create("gone", "model", "role.change", Nothing(), pattern="removed")
    linked.members.add("model", "kim", "member")
    assert len(linked.deliveries.list()) == 0
    linked.members.set_role("model", "kim", "admin")
    linked.members.remove("model", "kim")
    assert [one.automation for one in linked.deliveries.list()] == ["gone", "made"]


@pytest.mark.parametrize(
    ("filter", "numbers"),
    [
        ("metadata.acc>0.85", [1]),
        ("metadata.acc<=0.85", [0]),
        ("type:model", [0, 1]),
        ("type:dataset", []),
        ("tag:gold", []),
        ("version:0 OR version:1", [0, 1]),
        ("!name:det*", []),
        ("by:ana source:vision/net", []),
        ("registry:model size>1GB", []),
    ],
)
def test_filters_are_asked_of_the_version_at_its_place(linked: Store, filter: str, numbers: list[int]) -> None:
    linked.automations.create("a", "model", "alias.add", Nothing(), filter=filter)
    for number in range(2):
        linked.aliases.add(f"model/detector:v{number}", f"x{number}")
    assert [one.about for one in linked.deliveries.list()][::-1] == [f"{MODEL}/detector:v{n}" for n in numbers]


def test_filters_see_what_the_change_has_made_and_what_it_took_away(linked: Store, logged: Callable) -> None:
    linked.automations.create("a", "model", "tag.add", Nothing(), filter="tag:gold alias:latest")
    linked.automations.create("b", "model", "version.unlink", Nothing(), filter="metadata.acc>0.85 version:1")
    linked.automations.create("c", "model", "collection_tag.add", Nothing(), filter="tag:eu name:det*")
    linked.tags.add("model/detector:v0", "gold")
    linked.tags.add("model/detector:v1", "gold")
    linked.links.remove("model/detector:v0")
    linked.links.remove("model/detector:v1")
    assert [(one.automation, one.about) for one in linked.deliveries.list()][::-1] == [
        ("a", f"{MODEL}/detector:v1"), ("b", f"{MODEL}/detector:v1"),
    ]  # fmt: skip
    linked.tags.add("model/detector", "eu")
    assert linked.deliveries.list().items[0].automation == "c"


def test_a_paused_automation_and_another_registry_hear_nothing(linked: Store) -> None:
    linked.automations.create("a", "model", "alias.add", Nothing(), enabled=False)
    linked.automations.create("b", "dataset", "alias.add", Nothing())
    linked.aliases.add("model/detector:v0", "prod")
    assert len(linked.deliveries.list()) == 0


def test_metadata_in_a_payload_is_what_the_template_asks_for_and_no_more(linked: Store, hook) -> None:
    from curatory.store import Webhook

    linked.automations.create("a", "model", "alias.add", Webhook(hook.id, '{"acc": "${artifact_metadata.acc}"}'))
    linked.versions.set_metadata("model/detector:v0", {"acc": 0.5, "secret": "x" * 1000})
    linked.aliases.add("model/detector:v0", "prod")
    kept = linked.engine.value("SELECT occasion FROM delivery")
    assert '"metadata": {"acc": 0.5}' in kept
    assert "xxx" not in kept


def test_what_goes_with_a_registry_is_deleted_with_it_and_comes_back(linked: Store) -> None:
    watch(linked)
    linked.registries.create("speech")
    linked.links.add("model/detector:v0", "speech/first")
    linked.collections.create("speech/other", "model")
    fired(linked)
    linked.registries.remove("speech")
    deleted = fired(linked)
    assert {what for what in deleted if what[0].startswith("collection")} == {
        ("collection.delete", "acme/wandb-registry-speech/first"),
        ("collection.delete", "acme/wandb-registry-speech/other"),
    }
    linked.undo.undo()
    assert [what for what in fired(linked) if what[0] == "collection.create"] == [
        ("collection.create", "acme/wandb-registry-speech/first"),
        ("collection.create", "acme/wandb-registry-speech/other"),
    ]


def test_a_teams_roles_are_the_teams_and_the_organizations(linked: Store) -> None:
    watch(linked)
    watch(linked, "vision")
    linked.users.add("kim")
    assert fired(linked) == [("role.change", "acme")]
    linked.engine.execute("UPDATE delivery SET state = 'finished', ready = 0")
    linked.teams.set_member("vision", "kim", "member")
    assert (fired(linked, "vision"),) == ([("role.change", "vision")],)
    linked.teams.set_member("vision", "kim", "admin")
    assert fired(linked) == [("role.change", "vision")]
