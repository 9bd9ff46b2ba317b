"""Time to live and garbage: what expires, what is kept, and when bytes are really gone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from curatory.store import File, Store
from curatory.store.errors import Invalid, Moved, NotFound

Log = Callable[..., str]
SOURCE = "vision/uncategorized/detector"
DAY = 24 * 3600


def blobs(store: Store) -> set[str]:
    return {sha256 for sha256, _, _ in store.blobs.stored()}


def blob_of(store: Store, path: str) -> str:
    [file] = store.versions.files(path)
    assert file.sha256
    return file.sha256


def age(store: Store, seconds: float = 2 * DAY) -> None:
    """Let the files grow old: their time is the file system's, not the store's clock."""
    for folder, _, names in os.walk(store.blobs.root):
        for name in names:
            os.utime(os.path.join(folder, name), (time.time() - seconds, time.time() - seconds))


def test_a_version_lives_as_long_as_it_says_counted_from_its_creation(store: Store, log: Log, clock) -> None:
    log("one", ttl=3600, aliases=["best"])
    log("two")
    assert store.garbage.collect().expired == ()
    clock.forward(seconds=3500)
    store.versions.set_ttl(f"{SOURCE}:v1", 3550)  # counted from creation, so it is nearly over
    assert store.garbage.collect(dry_run=True).expired == ()
    clock.forward(seconds=120)
    assert store.garbage.collect(dry_run=True).expired == (f"{SOURCE}:v0", f"{SOURCE}:v1")
    assert store.versions.get(f"{SOURCE}:best").number == 0  # a dry run does nothing
    assert store.garbage.collect().expired == (f"{SOURCE}:v0", f"{SOURCE}:v1")
    event = store.events.of(SOURCE, limit=2).items[1]
    assert (event.action, event.subject, event.actor) == ("version.expire", f"{SOURCE}:v0", "ana")
    with pytest.raises(NotFound):
        store.versions.get(f"{SOURCE}:best")
    assert store.garbage.collect().expired == ()
    for bad in (0, -3):
        with pytest.raises(Invalid, match="positive number of seconds"):
            store.versions.set_ttl(log("three"), bad)


def test_a_team_says_how_long_what_says_nothing_lives(store: Store, log: Log, clock) -> None:
    for text, ttl in [("inherits", -1), ("for ever", -2), ("own", 3 * DAY)]:
        log(text, ttl=ttl)
    store.teams.set_default_ttl("vision", DAY)  # the ones that are there, too
    clock.forward(days=2)
    assert store.garbage.collect(dry_run=True).expired == (f"{SOURCE}:v0",)
    store.teams.set_default_ttl("vision", None)
    assert store.garbage.collect().expired == ()
    with pytest.raises(Invalid):
        store.teams.set_default_ttl("vision", 0)


def test_what_a_registry_holds_does_not_expire(store: Store, log: Log, clock) -> None:
    for number in range(3):
        store.links.add(log(f"n{number}", ttl=3600), f"model/c{number}")
    store.teams.set_default_ttl("vision", 60)
    clock.forward(days=400)
    assert store.garbage.collect().expired == ()
    store.links.remove("model/c0:v0")
    assert store.garbage.collect().expired == ()  # unlinking does not bring the time to live back
    store.versions.set_ttl(f"{SOURCE}:v0", 3600)
    assert store.garbage.collect().expired == (f"{SOURCE}:v0",)


def test_deleted_bytes_stay_for_a_day_and_are_gone_after(store: Store, log: Log, clock) -> None:
    kept, gone = blob_of(store, log("kept")), blob_of(store, log("gone"))
    store.versions.remove(f"{SOURCE}:v1")
    removal = store.events.head()
    age(store)
    clock.forward(hours=23)
    report = store.garbage.collect()
    assert (report.purged, report.blobs) == (0, 0)
    assert blobs(store) == {kept, gone}
    clock.forward(hours=2)
    dry = store.garbage.collect(dry_run=True)
    assert (dry.purged, dry.blobs, dry.bytes, dry.dry_run) == (1, 1, 4, True)
    assert blobs(store) == {kept, gone}
    report = store.garbage.collect()
    assert (report.purged, report.blobs, report.bytes, report.waiting) == (1, 1, 4, 0)
    assert blobs(store) == {kept}
    assert store.events.get(store.events.head()).action == "gc.purge"
    with pytest.raises(Moved, match="were removed for good on 2026-01-02"):
        store.undo.undo(removal)
    again = store.garbage.collect()
    assert (again.purged, again.blobs) == (0, 0)
    assert store.audit.verify(tables=True).ok
    assert [checked.problem for checked in store.garbage.verify()] == [None]


def test_what_was_brought_back_in_time_keeps_its_bytes(store: Store, log: Log, clock) -> None:
    path = log("back")
    store.versions.remove(path)
    clock.forward(hours=20)
    store.undo.undo()
    age(store)
    clock.forward(days=3)
    report = store.garbage.collect()
    assert (report.purged, report.blobs) == (0, 0)
    assert store.versions.downloadable(path)
    assert blob_of(store, path) in blobs(store)


def test_bytes_that_another_version_needs_stay(store: Store, log: Log, clock) -> None:
    one, two = log("shared", name="one"), log("shared", name="two")
    shared = blob_of(store, one)
    store.versions.remove(one)
    clock.forward(days=2)
    age(store)
    report = store.garbage.collect()
    assert (report.purged, report.blobs) == (1, 0)
    assert blobs(store) == {shared}
    store.versions.remove(two)
    clock.forward(days=2)
    assert store.garbage.collect().blobs == 1
    assert blobs(store) == set()


def test_bytes_that_were_just_written_again_wait(store: Store, log: Log, clock, tmp_path) -> None:
    path = log("again")
    sha256 = blob_of(store, path)
    store.versions.remove(path)
    clock.forward(days=2)
    age(store)
    file = tmp_path / "again.txt"
    file.write_text("again")
    store.blobs.put_path(file)  # a publish that is under way: its rows are not there yet
    report = store.garbage.collect()
    assert (report.purged, report.blobs, report.waiting) == (1, 0, 1)
    assert blobs(store) == {sha256}
    assert store.versions.log_paths([file], "detector", "model").number == 1
    age(store)
    assert store.garbage.collect().waiting == 0
    assert blobs(store) == {sha256}


def test_an_upload_that_never_ended_is_cleared_away(store: Store) -> None:
    orphan = store.blobs.put_bytes(b"nobody's")
    assert store.garbage.collect().waiting == 1
    age(store)
    assert store.garbage.collect(dry_run=True).blobs == 1
    assert blobs(store) == {orphan.sha256}
    assert store.garbage.collect().blobs == 1
    assert blobs(store) == set()


def test_a_deleted_project_gives_up_what_no_registry_holds(store: Store, log: Log, clock) -> None:
    kept, lost = log("kept"), log("lost")
    store.links.add(kept, "model/detector")
    store.projects.remove("vision/uncategorized")
    assert store.garbage.collect(dry_run=True).expired == ()
    clock.forward(hours=25)
    assert store.garbage.collect().expired == (lost,)
    assert store.garbage.collect().expired == ()
    assert store.versions.get("model/detector").state == "committed"
    assert [event.action for event in store.events.of(limit=1)] == ["version.expire"]
    assert store.audit.verify(tables=True).ok


def test_when_each_file_was_verified_last_is_kept_with_the_result(store: Store, clock, tmp_path) -> None:
    for name in ("b.bin", "a.bin"):
        (tmp_path / name).write_text(f"weights of {name}")
    reference = File("z.mp4", 3, "etag", uri="s3://bucket/z.mp4")
    paths = [str(tmp_path / "a.bin"), str(tmp_path / "b.bin")]
    logged = store.versions.log_paths(paths, "detector", "model")
    one = store.versions.log([*store.versions.files(logged), reference], "mixed", "model")
    assert [(check.path, check.at, check.problem) for check in store.garbage.checks(one)] == [
        ("a.bin", None, None),
        ("b.bin", None, None),
    ]
    before = clock()
    assert [check.at is not None for check in store.garbage.verify(one)] == [True, True]
    first = store.garbage.checks(one)
    assert all(check.at is not None and before < check.at <= clock.time for check in first)
    clock.forward(hours=3)
    blob = store.blobs.path_of(first[0].sha256)
    blob.chmod(0o644)
    blob.write_bytes(b"x" * first[0].size)
    assert store.garbage.checks(one) == first, "nothing is hashed by asking"
    found = {check.path: check for check in store.garbage.verify(logged)}
    again = store.garbage.checks(one)
    assert again == [found["a.bin"], found["b.bin"]], "the same files, so the same answer for the other version"
    assert [check.problem is None for check in again] == [False, True]
    assert store.garbage.checks(one, path="b.bin") == again[1:]
    assert store.garbage.checks(one, path="z.mp4") == store.garbage.checks(one, path="nope") == []
    assert again[0].at is not None
    assert again[0].at > before + timedelta(hours=3)
    assert [(check.sha256, check.at) for check in store.garbage.problems()] == [(again[0].sha256, again[0].at)]


def test_who_sees_a_version_sees_when_it_was_verified(store: Store, log: Log) -> None:
    store.registries.create("secret", visibility="restricted")
    store.links.add(log("one"), "secret/detector")
    for name in ("bo", "lee"):
        store.users.add(name)
    store.members.add("secret", "bo", "restricted_viewer")
    assert len(store.as_actor("bo").garbage.checks("secret/detector:v0")) == 1
    with pytest.raises(NotFound):
        store.as_actor("lee").garbage.checks("secret/detector:v0")
