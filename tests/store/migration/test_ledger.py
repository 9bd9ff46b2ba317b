"""The ledger: kill -9 at any step, several processes at once, a hand that stops; nothing doubled, nothing left out."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from curatory.store import Conflict, Forbidden, NotFound, Store, open_store
from curatory.store.migration.sides import Side, side

from .conftest import NEW, OLD, TARGET, Log
from .programs import start

COLLECTIONS = ["detector", "other", "empty"]


def sides(store: Store, path: str) -> dict[str, Side]:
    found = {one.name: side(store, one.id) for one in store.search.collections(path)}
    return {name: one for name, one in found.items() if one}


def check_whole(store: Store, before: dict[str, Side]) -> None:
    """Each collection is there once, as it was."""
    assert store.migrations.get("vision").state == "done"
    after = sides(store, NEW)
    assert set(after) == set(before)
    for name, was in before.items():
        now = after[name]
        assert (now.versions, now.aliases, now.tags, now.description) == (
            was.versions,
            was.aliases,
            was.tags,
            was.description,
        )
    actions = [event.action for event in store.events.of(NEW, actions="migration", limit=1000)]
    assert actions == ["migration.end", *["migration.collection"] * len(before), "migration.start"]
    assert store.migrations.verify("vision").ok
    assert store.audit.verify(tables=True).findings == ()
    assert store.engine.check() == []


def killed(url: str, where: str, at: int) -> bool:
    """Whether it died, rather than coming to its end before that step."""
    with start("dying", url, where, at) as process:
        return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("where", "at", "copied"),
    [
        ("event", 1, None),  # the beginning, taken back
        ("between", 1, 0),
        ("event", 2, 0),  # a collection, taken back
        ("between", 2, 1),
        ("event", 4, 2),
        ("between", 4, 3),  # all copied, not ended
        ("event", 5, 3),  # the end, taken back
    ],
)
def test_killed_at_a_step(legacy: Store, url: str, where: str, at: int, copied: int | None) -> None:
    before = sides(legacy, OLD)
    assert killed(url, where, at)
    with open_store(url, "ana", durable=False) as store:
        found = store.migrations.list()
        assert [one.copied for one in found] == ([] if copied is None else [copied])
        if copied is not None:
            with pytest.raises(Forbidden, match="is being migrated"):
                store.aliases.add(f"{OLD}/detector:v0", "eu")
        store.migrations.run("vision")
        check_whole(store, before)


@pytest.mark.parametrize("at", [2, 5, 9, 12, 16, 21, 25, 28])
def test_killed_at_any_statement(legacy: Store, url: str, at: int) -> None:
    before = sides(legacy, OLD)
    assert killed(url, "statement", at)
    with open_store(url, "boss", durable=False) as store:
        store.migrations.run("vision")
        check_whole(store, before)


def test_killed_again_and_again(legacy: Store, url: str) -> None:
    before = sides(legacy, OLD)
    while killed(url, "between", 2):
        pass
    check_whole(legacy, before)


def lines(process: Any) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in process.stdout]
    assert process.wait() == 0
    process.stdout.close()
    return found


def test_several_at_once(legacy: Store, url: str, logged: Log) -> None:
    version = logged("more")
    for number in range(12):
        legacy.legacy.link_model(version, f"more{number}")
    before = sides(legacy, OLD)
    running = [start("migrating", url, actor) for actor in ("ana", "boss", "ana")]
    told = [line for process in running for line in lines(process)]
    assert {"done": "done"} in told
    assert all("migrated to" in line["message"] for line in told if "refused" in line)
    check_whole(legacy, before)


def test_one_begins_where_another_has_begun(legacy: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and beginning another was faster: its migration is gone on with."""
    other = legacy.as_actor("boss").migrations
    begin = legacy.migrations._begin

    def late(team: str) -> Any:
        other.run(team, lambda copied, *_: copied < 1)
        return begin(team)

    monkeypatch.setattr(legacy.migrations, "_begin", late)
    assert legacy.migrations.run("vision").copied == 3
    assert len(legacy.migrations.list()) == 1


def test_what_is_rolled_back_meanwhile_is_not_gone_on_with(legacy: Store) -> None:
    def progress(copied: int, *_: int) -> None:
        if copied == 1:
            legacy.as_actor("boss").migrations.roll_back("vision")

    with pytest.raises(Conflict, match="was rolled back meanwhile"):
        legacy.migrations.run("vision", progress)
    assert legacy.engine.value("SELECT count(*) FROM migration_item WHERE state = 'done'") == 1
    before = sides(legacy, OLD)
    legacy.migrations.run("vision")
    check_whole(legacy, before)


def test_what_is_linked_meanwhile_is_there_or_was_refused(legacy: Store, url: str) -> None:
    writers = [start("linking", url, 3) for _ in range(2)]
    told: list[dict[str, Any]] = []
    for process in writers:
        assert process.stdout
        told += [json.loads(process.stdout.readline()) for _ in range(4)]
    legacy.migrations.run("vision")
    told += [line for process in writers for line in lines(process)]
    linked = [line for line in told if "id" in line]
    there = {
        (one.id, one.collection, one.number)
        for name in ("busy0", "busy1", "busy2")
        for one in legacy.search.versions(f"{NEW}/{name}", limit=1000)
    }
    assert {(line["id"], line["collection"], line["number"]) for line in linked} == there
    assert {line["kind"] for line in linked} == {"legacy", "registry"}
    for line in told:
        assert "refused" not in line or "Nothing is lost" in line["refused"] or "is read-only" in line["refused"]
    assert legacy.audit.verify(tables=True).findings == ()


def test_a_hand_that_stops(legacy: Store) -> None:
    """Each call copies one more, and is told how far it is in collections and versions."""
    first: list[tuple[int, ...]] = []
    last: list[tuple[int, ...]] = []
    assert legacy.migrations.run("vision", lambda *far: bool(first.append(far))).copied == 0
    for copied in (1, 2, 3):
        stopped = legacy.migrations.run("vision", lambda done, *_, copied=copied: done < copied)
        assert (stopped.state, stopped.copied) == ("running", copied)
        assert [one.name for one in legacy.search.collections(NEW, order="created")] == COLLECTIONS[:copied]
        with pytest.raises(Forbidden, match="is read-only"):
            legacy.collections.describe(f"{NEW}/detector", "x")
        with pytest.raises(Conflict, match="is not all copied yet"):
            legacy.migrations.verify("vision")
        assert legacy.versions.get(f"{OLD}/detector:prod").project_kind == "legacy"
    ended = legacy.migrations.run("vision", lambda *far: last.append(far))
    assert (ended.state, last, first) == ("done", [(3, 3, 5, 5)], [(0, 3, 0, 5)])
    assert ended.ended_at
    assert legacy.versions.get(f"{OLD}/detector:prod").path == f"{TARGET}/detector:v2"


def test_a_migration_is_found_by_every_name_of_it(legacy: Store) -> None:
    legacy.migrations.run("vision")
    legacy.teams.create("audio")
    legacy.legacy.ensure("audio")
    legacy.migrations.run("audio")
    for name in ("vision", "VISION", OLD, f"/{OLD}/", NEW, f"wandb-registry-{NEW}", f"acme/{NEW}", TARGET):
        assert legacy.migrations.get(name).team == "vision", name
    legacy.registries.rename("audio-mr-migrated", "vision")
    assert legacy.migrations.get("vision").team == "vision"
    assert legacy.migrations.get("acme/wandb-registry-vision").team == "audio"
    with pytest.raises(NotFound, match="Migrated: audio, vision"):
        legacy.migrations.get("nothing")
    with pytest.raises(NotFound, match="Migrated: nothing yet"):
        legacy.as_actor("bo").migrations.get("vision")
