"""Old paths and the past of what was migrated: everything that could be said before can be said after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from curatory.store import Conflict, Forbidden, NotFound, Store

from .conftest import NEW, OLD, TARGET, Log


@pytest.fixture
def told(legacy: Store) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    legacy.paths.redirected = lambda old, new: found.append((old, new))
    return found


def test_every_form_of_a_path(legacy: Store, told: list[tuple[str, str]]) -> None:
    before = {
        form: legacy.versions.get(form).number
        for form in (f"{OLD}/detector", f"{OLD}/detector:latest", f"{OLD}/detector:v0", f"{OLD}/detector:prod",
                     "Vision/Model-Registry/other:v1", "model-registry/detector:prod", "detector:prod", "other")
    }  # fmt: skip
    legacy.migrations.run("vision")
    assert told == []
    for form, number in before.items():
        told.clear()
        version = legacy.versions.get(form)
        assert (version.number, version.project_kind) == (number, "registry"), form
        name = version.collection
        assert told == ([(f"{OLD}/{name}", f"{TARGET}/{name}")] if "/" in form else []), form
    assert legacy.collections.get("detector").path == f"{TARGET}/detector"
    assert legacy.paths.resolve("detector").path == f"{TARGET}/detector"
    legacy.collections.rename(f"{NEW}/other", "another")
    assert legacy.versions.get("other").path == f"{TARGET}/another:v2"
    for missing in (f"{OLD}/detector:v1", f"{OLD}/detector:eu", f"{OLD}/nothing"):
        with pytest.raises(NotFound):
            legacy.versions.get(missing)


def test_a_path_leads_wherever_the_collection_goes(legacy: Store, logged: Log) -> None:
    legacy.migrations.run("vision")
    legacy.collections.rename(f"{NEW}/detector", "finder")
    legacy.registries.rename(NEW, "models")
    legacy.links.add(logged("new"), "models/detector")  # another one under the old name
    assert legacy.versions.get(f"{OLD}/detector:prod").short_path == "models/finder:v2"
    assert legacy.links.add(logged("more"), f"{OLD}/detector").short_path == "models/finder:v3"
    assert legacy.legacy.link_model(logged("old way"), "detector").short_path == "models/finder:v4"
    assert legacy.versions.get("models/detector").number == 0
    assert legacy.versions.get("detector").short_path == "models/detector:v0"
    legacy.collections.remove("models/finder")
    assert legacy.versions.get(f"{OLD}/detector:prod").path == f"{OLD}/detector:v2"
    with pytest.raises(Forbidden, match="it was migrated to acme/wandb-registry-models"):
        legacy.links.add(logged("more"), f"{OLD}/detector")
    legacy.undo.undo()
    assert legacy.versions.get(f"{OLD}/detector:prod").short_path == "models/finder:v2"


def test_who_sees_only_one_side(legacy: Store, logged: Log) -> None:
    legacy.migrations.run("vision")
    legacy.teams.set_member("vision", "bo")
    legacy.members.remove(NEW, "kim")
    for user in ("bo", "kim"):
        by = legacy.as_actor(user)
        assert by.versions.get(f"{OLD}/detector:prod").path == f"{OLD}/detector:v2"
        with pytest.raises(Forbidden, match="is read-only"):
            by.links.add("vision/labs/net:v1", f"{OLD}/detector")
        with pytest.raises(NotFound):
            by.registries.get(NEW)
    legacy.users.add("new")
    legacy.members.add(NEW, "new", "member")
    by = legacy.as_actor("new")
    with pytest.raises(NotFound):
        by.versions.get(f"{OLD}/detector:prod")
    assert by.versions.get(f"{NEW}/detector:prod").number == 2


def test_a_team_that_was_not_migrated_is_as_it_was(legacy: Store, told: list[tuple[str, str]], logged: Log) -> None:
    legacy.teams.create("audio")
    source = logged("a", entity="audio")
    legacy.legacy.link_model(source, "speaker", ["prod"])
    legacy.migrations.run("vision")
    assert legacy.aliases.add("audio/model-registry/speaker:v0", "eu").path == "audio/model-registry/speaker:v0"
    assert legacy.legacy.link_model(source, "another").path == "audio/model-registry/another:v0"
    assert told == []


def told_of(store: Store, path: str) -> dict[str, Any]:
    return {
        "held": store.aliases.held(path),
        "events": [one.seq for one in store.events.of(path, limit=1000)],
        **{f"v{n}": [one.seq for one in store.events.of(f"{path}:v{n}", limit=1000)] for n in range(4)},
        **{alias: [one.seq for one in store.aliases.history(path, alias)] for alias in ("prod", "eu", "gone")},
    }


def test_the_past_goes_with_it(legacy: Store, logged: Log) -> None:
    """What was unlinked, taken off, moved or deleted at its source before."""
    path, moments = f"{OLD}/detector", list[datetime]()
    for change in (
        lambda: legacy.aliases.add(f"{path}:v0", "eu", "gone"),
        lambda: legacy.aliases.add(f"{path}:v2", "eu"),
        lambda: legacy.aliases.remove(f"{path}:v0", "gone"),
        lambda: legacy.links.add(logged("3"), path, ["eu"]),
        lambda: legacy.versions.remove("vision/labs/net:v3", delete_aliases=True),
    ):
        moments.append(legacy.now())
        change()
    moments.append(legacy.now())
    before, named = told_of(legacy, path), [legacy.aliases.at(path, moment) for moment in moments]
    assert [one.alias for one in before["held"]] == ["latest", "eu", "gone", "prod"]
    head = legacy.events.head()
    legacy.migrations.run("vision")
    for where in (path, f"{NEW}/detector"):
        after = told_of(legacy, where)
        assert after.pop("held") == before["held"]
        assert {key: [seq for seq in found if seq <= head] for key, found in after.items()} == {
            key: found for key, found in before.items() if key != "held"
        }
        assert [legacy.aliases.at(where, moment) for moment in moments] == named
    legacy.aliases.add(f"{path}:v0", "prod")
    legacy.links.remove(f"{path}:v2")
    held = {one.alias: one for one in legacy.aliases.held(path)}
    assert [one.alias for one in legacy.aliases.held(path)] == ["latest", "prod", "eu", "gone"]
    assert (held["prod"].now, held["prod"].before, held["prod"].state) == (0, 2, "unlinked")
    assert (held["latest"].now, held["latest"].before, held["latest"].state) == (0, 2, "unlinked")


def test_the_past_goes_with_what_was_migrated_again(legacy: Store) -> None:
    before, moment = legacy.aliases.held(f"{OLD}/detector"), legacy.now()
    legacy.migrations.run("vision")
    legacy.aliases.add(f"{NEW}/detector:v0", "prod")
    legacy.migrations.roll_back("vision", confirmed=True)
    assert legacy.aliases.held(f"{OLD}/detector") == before
    legacy.migrations.run("vision")
    assert legacy.aliases.held(f"{OLD}/detector") == before
    assert legacy.aliases.at(f"{NEW}/detector", moment) == {"latest": 2, "prod": 2}
    assert legacy.aliases.at(f"{NEW}/detector", legacy.now()) == {"latest": 2, "prod": 2}


def test_a_deletion_before_that_is_undone_after(legacy: Store) -> None:
    """What comes back comes back on both sides, and goes on both when that is redone."""
    legacy.registries.unprotect(OLD, "prod")
    before = {name: legacy.collections.get(f"{OLD}/{name}").versions for name in ("detector", "other")}
    legacy.versions.remove("vision/labs/net:v2")
    seq = legacy.events.head()
    legacy.migrations.run("vision")
    assert legacy.migrations.verify("vision").counts["versions"] == 3
    legacy.aliases.add(f"{NEW}/detector:v0", "taken")
    [event] = legacy.undo.undo(seq)
    assert legacy.versions.get(f"{OLD}/detector:prod").path == f"{TARGET}/detector:v2"
    assert {name: legacy.collections.get(f"{NEW}/{name}").versions for name in before} == before
    assert [one.what for _, one in legacy.migrations.verify("vision").differences] == ["alias taken"]
    legacy.undo.undo(event.seq)
    assert legacy.migrations.verify("vision").counts["versions"] == 3
    legacy.undo.undo(legacy.events.head())
    assert legacy.versions.get(f"{OLD}/other").number == 2
    assert legacy.audit.verify(tables=True).findings == ()


def test_an_unlinking_is_not_undone_with_a_deletion(legacy: Store) -> None:
    """Deleted after the migration: it comes back where it was at that moment, and nowhere else."""
    legacy.migrations.run("vision")
    legacy.links.remove(f"{NEW}/other:v1")
    legacy.versions.remove("vision/labs/net:v1")
    legacy.undo.undo()
    assert [one.number for one in legacy.search.versions(f"{NEW}/other", order="number")] == [0, 2]


def test_a_deletion_undone_in_the_middle(legacy: Store) -> None:
    """It comes back where it was copied without it, and is copied where it was not copied yet."""
    legacy.versions.remove("vision/labs/net:v0")
    seq = legacy.events.head()
    legacy.migrations.run("vision", lambda copied, *_: copied < 1)
    legacy.undo.undo(seq)
    legacy.migrations.run("vision")
    assert legacy.migrations.verify("vision").ok
    assert {legacy.versions.get(f"{OLD}/{name}:v0").project_kind for name in ("detector", "other")} == {"registry"}


def test_a_protected_alias_that_nobody_could_take_off_does_not_hold_a_version_for_ever(legacy: Store) -> None:
    legacy.migrations.run("vision")
    source = legacy.versions.get(f"{NEW}/detector:prod").source
    with pytest.raises(Conflict, match="protected alias"):
        legacy.versions.remove(source, delete_aliases=True)
    legacy.aliases.remove(f"{NEW}/detector:v2", "prod")
    legacy.versions.remove(source, delete_aliases=True)
    assert legacy.collections.get(f"{NEW}/detector").versions == 1
    assert legacy.audit.verify(tables=True).findings == ()
