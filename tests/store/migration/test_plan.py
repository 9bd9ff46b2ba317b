"""Planning: every problem is told, with what will be done about it, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from curatory.store import Conflict, Invalid, NotFound, Plan, Problem, Store
from curatory.store.engine import schema

from .conftest import NEW, OLD, TARGET, Log

TABLES = [
    match[1]
    for statement in (*schema.TABLES, *schema.DOOR, *schema.MIGRATION)
    if (match := re.match(r"CREATE TABLE (\w+)", statement))
]


def tables(store: Store) -> dict[str, list[str]]:
    return {table: sorted(map(str, store.engine.rows(f"SELECT * FROM {table}"))) for table in TABLES}


def problems(plan: Plan) -> dict[str, Problem]:
    assert len(plan.problems) == len({one.subject for one in plan.problems})
    return {one.subject: one for one in plan.problems}


def renamed(store: Store, name: str, to: str) -> None:
    """As no verb would name it."""
    with store.engine.write():
        assert store.engine.execute("UPDATE collection SET name = :to WHERE name = :name", {"name": name, "to": to})


def test_a_plan_tells_all_and_changes_nothing(legacy: Store) -> None:
    legacy.aliases.add(f"{OLD}/detector:v0", "Prod", "eu")
    before = tables(legacy)
    plan = legacy.migrations.plan("Vision")
    assert tables(legacy) == before
    assert "registry_migration" in before
    assert (plan.kind, plan.team, plan.source, plan.registry) == ("legacy", "vision", OLD, TARGET)
    assert (plan.versions, plan.protected, plan.blocked) == (5, ("prod",), False)
    assert [(one.name, one.target, one.versions, one.aliases, one.tags) for one in plan.collections] == [
        ("detector", "detector", 2, {"Prod": 0, "eu": 0, "prod": 2}, ("robust",)),
        ("other", "other", 3, {}, ()),
        ("empty", "empty", 0, {}, ()),
    ]
    assert [(one.name, one.before, one.after, one.via) for one in plan.people] == [
        ("ana", "admin", "admin", "team"),
        ("boss", "admin", "admin", "organization"),
        ("kim", "member", "member", "team"),
        ("lee", "viewer", "viewer", "team"),
    ]
    found = problems(plan)["detector"]
    assert (found.what, found.deed) == (
        "aliases that differ only in letter case: Prod, prod",
        "all are kept as they are",
    )


def test_the_name_is_taken(legacy: Store) -> None:
    legacy.registries.create(NEW.title())
    [problem] = legacy.migrations.plan("vision").problems
    assert (problem.subject, problem.blocking) == (TARGET, True)
    before = tables(legacy)
    with pytest.raises(Invalid, match="there is a registry of that name already; rename or delete it first"):
        legacy.migrations.run("vision")
    assert tables(legacy) == before
    legacy.collections.create(f"{OLD}/still", "model")
    legacy.registries.rename(NEW.title(), "another")
    assert not legacy.migrations.plan("vision").blocked
    assert legacy.migrations.run("vision").collections == 4


def test_teams_with_the_longest_names(legacy: Store) -> None:
    """What is cut off may have been all that told two teams apart: the second waits until the first is renamed."""
    teams = ["t" * 127 + letter for letter in "ab"]
    for team in teams:
        legacy.teams.create(team)
        legacy.legacy.ensure(team)
    first = legacy.migrations.run(teams[0])
    assert len(first.registry.rpartition("/")[2]) == 128
    with pytest.raises(Invalid, match="rename or delete it first"):
        legacy.migrations.run(teams[1])
    legacy.registries.rename(first.registry, "first")
    assert legacy.migrations.run(teams[1]).state == "done"
    assert legacy.migrations.get(teams[0]).registry == "acme/wandb-registry-first"


def test_bytes_that_are_missing_or_damaged(legacy: Store, log: Callable[..., str]) -> None:
    paths = [log(f"bytes {n}", name="bytes", entity="vision", project="labs") for n in range(4)]
    for path in paths:
        legacy.legacy.link_model(path, "bytes")
    legacy.legacy.link_model(paths[3], "sound")
    legacy.links.remove(f"{OLD}/bytes:v3")
    held = [legacy.blobs.path_of(file.sha256 or "") for path in paths for file in legacy.versions.files(path)]
    for path in held[:2]:
        path.chmod(0o600)
    held[0].unlink()
    held[1].write_text("BYTES 1")
    assert [one.problem for one in legacy.garbage.verify() if one.problem]
    found = problems(legacy.migrations.plan("vision"))
    assert set(found) == {"bytes:v0", "bytes:v1"}
    assert found["bytes:v1"].what == "a stored file is missing or damaged"
    assert not any(one.blocking for one in found.values())
    legacy.migrations.run("vision")
    assert legacy.migrations.verify("vision").ok
    assert legacy.versions.files(f"{NEW}/bytes:v0") == legacy.versions.files(paths[0])


def test_people_who_left(legacy: Store, logged: Log) -> None:
    legacy.as_actor("kim").legacy.link_model(logged("kim's"), "kims", ["prod2"])
    legacy.as_actor("kim").legacy.link_model(logged("kim's"), "other")
    legacy.users.remove("kim")
    legacy.users.add("kim")  # another one of that name
    plan = legacy.migrations.plan("vision")
    assert [(one.subject, one.what, one.deed) for one in plan.problems] == [
        ("kim", "left; linked 2 of the versions", "stays their author, and gets no access")
    ]
    assert "kim" not in {one.name for one in plan.people}
    legacy.migrations.run("vision")
    assert legacy.versions.get(f"{NEW}/kims:v0").linked_by == "kim"
    with pytest.raises(NotFound):
        legacy.as_actor("kim").registries.get(NEW)
    assert legacy.migrations.verify("vision").ok


def test_cards_with_hidden_characters(legacy: Store) -> None:
    text = "seen \u202e hidden \x1b[31m"
    legacy.collections.describe(f"{OLD}/other", text)
    legacy.collections.describe(f"{OLD}/empty", "lines\n\tand tabs\r\n한글")
    [problem] = legacy.migrations.plan("vision").problems
    assert (problem.subject, problem.what) == ("other", "its card holds invisible or control characters")
    legacy.migrations.run("vision")
    assert legacy.collections.get(f"{NEW}/other").description == text


NAMES = {
    "a:b": "a-b",
    "a/b": "a-b",
    "a/b/c/d": "a-b-c-d",
    "x ": "x",
    " y": "y",
    "": "unnamed",
    " ": "unnamed",
    "//": "unnamed",
    "d\x1b[31m": "d-[31m",
    "e\u200b": "e",
    "cafe\u0301": "caf\u00e9",
    "line\nline": "line-line",
    "y" * 200: "y" * 128,
    "detector:prod": "detector-prod",
    "other/": "other-2",
}


def test_names_that_do_not_fit(legacy: Store) -> None:
    for name, target in NAMES.items():
        renamed(legacy, "empty", name)
        plan = legacy.migrations.plan("vision")
        assert [(one.name, one.target) for one in plan.collections] == [
            ("detector", "detector"),
            ("other", "other"),
            (name, target),
        ]
        assert [(one.subject, one.deed) for one in plan.problems] == [
            (name, f"it will be called {target!r}; its old path leads there")
        ]
        migration = legacy.migrations.run("vision")
        assert legacy.migrations.verify("vision").ok, name
        item = legacy.reviews.queue(migration)[2]
        assert (item.name, item.note) == (name, f"was called {name!r}")
        assert legacy.reviews.compare(item)[2] == []
        assert target in [one.name for one in legacy.search.collections(NEW, target)]
        if name in (" y", "y" * 200, "d\x1b[31m", "e\u200b"):  # what a path can say leads on
            assert legacy.collections.get(f"{OLD}/{name}").name == target
        legacy.migrations.roll_back("vision")
        renamed(legacy, name, "empty")
    assert legacy.audit.verify(tables=True).findings == ()


def test_names_that_differ_in_letter_case_only(legacy: Store) -> None:
    legacy.collections.rename(f"{OLD}/empty", "Detector")
    plan = legacy.migrations.plan("vision")
    assert {one.subject: one.deed for one in plan.problems} == dict.fromkeys(
        ("detector", "Detector"), "both keep their names"
    )
    legacy.migrations.run("vision")
    assert (legacy.collections.get(f"{OLD}/Detector").versions, legacy.collections.get(f"{OLD}/detector").versions) == (
        0,
        2,
    )


def test_names_that_come_to_the_same(legacy: Store) -> None:
    for name, to in (("detector", "a/b"), ("other", "a:b"), ("empty", "a-b")):
        renamed(legacy, name, to)
    plan = legacy.migrations.plan("vision")
    assert len({one.target for one in plan.collections}) == 3
    legacy.migrations.run("vision")
    assert {one.name for one in legacy.search.collections(NEW)} == {one.target for one in plan.collections}
    assert legacy.migrations.verify("vision").ok


def test_what_can_not_be_planned(legacy: Store) -> None:
    with pytest.raises(NotFound, match="no team 'nobody'"):
        legacy.migrations.plan("nobody")
    legacy.teams.create("audio")
    with pytest.raises(NotFound, match="has no legacy registry"):
        legacy.migrations.plan("audio")
    legacy.legacy.ensure("audio")
    assert legacy.migrations.run("audio").collections == 0
    assert legacy.migrations.verify("audio").ok
    legacy.migrations.run("vision", lambda *_: False)
    with pytest.raises(Conflict, match="is being migrated to .*: `curatory migrate run vision` goes on"):
        legacy.migrations.plan("vision")
    legacy.migrations.run("vision")
    with pytest.raises(Conflict, match="was migrated to"):
        legacy.migrations.plan("vision")


def test_a_personal_legacy_registry_is_not_migrated(legacy: Store) -> None:
    legacy.legacy.ensure("ana")
    for verb in (legacy.migrations.plan, legacy.migrations.run):
        with pytest.raises(Invalid, match="^ana/model-registry is personal: only a team's legacy registry is migrated"):
            verb("Ana")
    with pytest.raises(NotFound, match="no team 'ana'"):  # nobody is told of what is not for them
        legacy.as_actor("bo").migrations.plan("ana")
