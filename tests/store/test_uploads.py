"""Versions on their way: what has arrived, what is asked for, and what becomes of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import md5
from typing import Any

import pytest
from curatory.store import (
    Conflict,
    File,
    Forbidden,
    Invalid,
    NotFound,
    Parts,
    Store,
    Upload,
    Version,
    manifest_json,
)
from curatory.store.manifests import manifest_digest

A, B = b"aaaa", b"bbbbbb"


def of(data: bytes) -> str:
    return b64encode(md5(data).digest()).decode()


def files(**contents: bytes) -> list[File]:
    return [File(path.replace("_", "."), len(data), of(data)) for path, data in sorted(contents.items())]


def begin(store: Store, entries: list[File], **options: Any) -> Upload | Version:
    options = {"project": "p", "entity": "vision"} | options
    return store.uploads.begin(options.pop("name", "detector"), "model", manifest_digest(entries), **options)


def upload(store: Store, **contents: bytes) -> Upload:
    found = begin(store, files(**contents))
    assert isinstance(found, Upload)
    return found


def send(store: Store, at: Upload, path: str, data: bytes) -> None:
    store.uploads.receive(at.id, path, of(data), store.blobs.put_bytes(data))


def manifest(entries: list[File], births: dict[str, str] | None = None) -> str:
    document = manifest_json(entries, births)
    for entry in document["contents"].values():
        entry["local_path"] = "/home/somebody/secret/place"
    return json.dumps(document)


def test_from_the_first_byte_to_a_version_is_one_event(store: Store) -> None:
    run = store.runs.start("p", entity="vision", name="r1")
    entries = files(a_txt=A, b_txt=B)
    found = begin(
        store, entries, run=run.id, aliases=["latest", "best"], tags=["t"], metadata={"x": 1}, description="d"
    )
    assert isinstance(found, Upload)
    head = store.events.head()
    assert store.uploads.wanted(found, [("a.txt", of(A)), ("b.txt", of(B))]) == [True, True]
    send(store, found, "a.txt", A)
    send(store, found, "b.txt", B)
    store.uploads.put_manifest(found.id, manifest(entries))
    assert store.events.head() == head, "what is on its way is no change"
    version = store.uploads.commit(found.id)
    assert store.events.head() == head + 1
    assert (version.number, version.aliases, version.tags) == (0, ("best", "latest"), ("t",))
    assert (version.metadata, version.description, version.run) == ({"x": 1}, "d", "vision/p/r1")
    assert [(file.path, file.size) for file in store.versions.files(version)] == [("a.txt", 4), ("b.txt", 6)]
    assert [one.path for one in store.runs.logged(run)] == [version.path]
    assert store.uploads.commit(found.id).id == version.id, "once more changes nothing"
    assert store.uploads.incomplete(version.project_id) == []
    assert store.audit.verify(tables=True).ok


def test_one_that_died_is_shown_and_completed_by_the_next(store: Store) -> None:
    first = upload(store, a_txt=A, b_txt=B)
    send(store, first, "a.txt", A)
    (shown,) = store.uploads.incomplete(first.project_id)
    assert (shown.path, shown.files, shown.size, shown.by) == ("vision/p/detector", 1, 4, "ana")
    with pytest.raises(Invalid, match="its manifest has not arrived"):
        store.uploads.commit(first.id)
    store.uploads.put_manifest(first.id, manifest(files(a_txt=A, b_txt=B)))
    with pytest.raises(Invalid, match=r"b\.txt did not arrive"):
        store.uploads.commit(first.id)
    again = upload(store, a_txt=A, b_txt=B)
    assert again.id == first.id
    assert store.uploads.wanted(again, [("a.txt", of(A)), ("b.txt", of(B))]) == [False, True]
    send(store, again, "b.txt", B)
    assert store.uploads.commit(again.id).number == 0
    with pytest.raises(NotFound):
        store.collections.get("vision/p/other")


def test_no_collection_is_made_by_what_never_comes(store: Store) -> None:
    upload(store, a_txt=A)
    with pytest.raises(NotFound):
        store.collections.get("vision/p/detector")


def test_the_same_content_is_the_version_that_is_there(store: Store, log: Callable[..., str]) -> None:
    path = log("weights", project="p")
    entries = store.versions.files(path)
    run = store.runs.start("p", entity="vision", name="r2")
    found = begin(store, entries, aliases=["again"], run=run.id, description="ignored", metadata={"y": 1})
    assert isinstance(found, Version)
    assert (found.path, "again" in found.aliases, found.description, found.metadata) == (path, True, "", {})
    assert [one.path for one in store.runs.logged(run)] == [path]


def test_bytes_of_the_same_series_are_not_asked_for_again(store: Store, log: Callable[..., str]) -> None:
    log("weights", project="p")
    found = upload(store, model_txt=b"weights", new_txt=B)
    assert store.uploads.wanted(found, [("model.txt", of(b"weights")), ("new.txt", of(B))]) == [False, True]


def test_who_knows_a_digest_does_not_get_the_bytes(store: Store, log: Callable[..., str]) -> None:
    log("secret weights", project="p")
    entries = files(stolen_txt=b"secret weights")
    found = begin(store, entries, project="elsewhere", entity="ana", name="thief")
    assert isinstance(found, Upload)
    assert store.uploads.wanted(found, [("stolen.txt", of(b"secret weights"))]) == [True]
    store.uploads.put_manifest(found.id, manifest(entries))
    with pytest.raises(Invalid, match="did not arrive"):
        store.uploads.commit(found.id)


def test_bytes_of_an_older_version_are_taken_only_from_where_one_may_read(
    store: Store, log: Callable[..., str]
) -> None:
    secret = store.versions.get(log("secret weights", project="p"))
    store.users.add("kim")
    entries = files(mine_txt=b"secret weights")
    for actor, allowed in (("ana", True), ("kim", False)):
        mine = store.as_actor(actor)
        found = begin(mine, entries, project="own", entity=actor, name="copy")
        assert isinstance(found, Upload)
        mine.uploads.put_manifest(found.id, manifest(entries, {"mine.txt": "birth"}))
        births = {"birth": secret.id}.get
        if allowed:
            assert mine.uploads.commit(found.id, births).number == 0
        else:
            with pytest.raises(Invalid, match="did not arrive"):
                mine.uploads.commit(found.id, births)


def test_what_is_not_what_was_announced_is_refused(store: Store) -> None:
    found = upload(store, a_txt=A)
    with pytest.raises(Invalid, match="arrived with the md5"):
        store.uploads.receive(found.id, "a.txt", of(A), store.blobs.put_bytes(B))
    with pytest.raises(Invalid, match="can't be used in a version"):
        send(store, found, "../a.txt", A)
    send(store, found, "a.txt", A)
    store.uploads.put_manifest(found.id, manifest(files(a_txt=A, c_txt=A)))
    send(store, found, "c.txt", A)
    with pytest.raises(Invalid, match="has the digest"):
        store.uploads.commit(found.id)
    with pytest.raises(Invalid, match="no JSON"):
        store.uploads.put_manifest(found.id, "{")


def test_paths_of_the_clients_disk_are_not_kept(store: Store) -> None:
    found = upload(store, a_txt=A)
    store.uploads.put_manifest(found.id, manifest(files(a_txt=A)))
    kept = store.engine.value("SELECT manifest FROM upload WHERE id = :u", {"u": found.id})
    assert "secret/place" not in kept
    send(store, found, "a.txt", A)
    version = store.uploads.commit(found.id)
    assert "secret" not in str(store.versions.files(version))


def test_a_link_asked_for_early_is_made_when_it_arrives(store: Store) -> None:
    found = upload(store, a_txt=A)
    assert store.uploads.link(found.id, "acme/wandb-registry-model/det", ["prod"]) is None
    send(store, found, "a.txt", A)
    store.uploads.put_manifest(found.id, manifest(files(a_txt=A)))
    store.uploads.commit(found.id)
    assert store.versions.get("model/det:prod").source == "vision/p/detector:v0"
    late = store.uploads.link(found.id, "acme/wandb-registry-model/other", [])
    assert late is not None
    assert late.path == "acme/wandb-registry-model/other:v0"


def test_only_who_may_log_there(store: Store) -> None:
    store.users.add("kim")
    kim = store.as_actor("kim")
    with pytest.raises((Forbidden, NotFound)):
        begin(kim, files(a_txt=A))
    found = upload(store, a_txt=A)
    with pytest.raises(NotFound):
        kim.uploads.commit(found.id)
    assert kim.uploads.incomplete(found.project_id) == []
    store.legacy.ensure("vision")
    with pytest.raises(Invalid, match="is a registry"):
        begin(store, files(a_txt=A), project="model-registry")


def test_a_name_of_another_type_is_refused_before_a_byte_is_sent(store: Store, log: Callable[..., str]) -> None:
    log("weights", project="p", type="dataset")
    with pytest.raises(Conflict, match="already exists with type 'dataset'"):
        upload(store, a_txt=A)


def test_clients_names_lead_to_it(store: Store) -> None:
    found = begin(store, files(a_txt=A), client_id="c1", series_id="s1")
    assert isinstance(found, Upload)
    known = store.uploads.by_client("c1")
    assert known is not None
    assert (known.id, known.version) == (found.id, None)
    assert store.uploads.by_client("c2") is None


def test_garbage_leaves_what_arrives_alone_and_gives_up_at_last(store: Store, clock: Any) -> None:
    found = upload(store, a_txt=A)
    send(store, found, "a.txt", A)
    store.garbage.collect(grace=timedelta(0))
    assert store.uploads.received(found.id, "a.txt") == of(A)
    assert store.blobs.has(store.blobs.put_bytes(A).sha256)
    clock.forward(days=15)
    store.garbage.collect(grace=timedelta(0))
    assert store.uploads.incomplete(found.project_id) == []
    assert store.audit.verify(tables=True).ok


def test_empty_and_reserved_are_for_clients_only(store: Store) -> None:
    found = store.uploads.begin("job-x", "job", manifest_digest([]), project="p", entity="vision")
    assert isinstance(found, Upload)
    store.uploads.put_manifest(found.id, manifest([]))
    assert store.uploads.commit(found.id).file_count == 0
    with pytest.raises(Invalid, match="at least one file"):
        store.versions.log([], "empty", "model")
    with pytest.raises(Invalid, match="reserved"):
        store.versions.log([File("a", 1, of(A), uri="s3://b/a")], "x", "job")


def test_parts_in_any_order_come_to_one_blob(store: Store) -> None:
    parts = Parts(store.blobs, "0" * 32)
    with pytest.raises(Invalid, match="Part 1 of 2 has not arrived"):
        parts.joined([1, 2])
    assert parts.put(2, [B]) == md5(B).hexdigest()
    parts.put(1, [b"broken"])
    parts.put(1, [A[:2], A[2:]])
    with parts.locked() as mine:
        blob = mine.joined([1, 2])
        mine.drop()
    assert store.blobs.open(blob.sha256).read() == A + B
    with pytest.raises(Invalid):
        Parts(store.blobs, "../../etc")
