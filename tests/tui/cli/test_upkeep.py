"""verify, audit, gc, backup and stats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from curatory.store import Store, open_store

from .conftest import Cli


def damage(shop: Store, path: str) -> str:
    """Alter a version's first file in the store."""
    sha256 = shop.versions.files(path)[0].sha256
    assert sha256
    file = shop.blobs.path_of(sha256)
    file.chmod(0o600)
    file.write_bytes(b"x" * file.stat().st_size)
    return sha256


def test_verify_of_all_and_of_one(cli: Cli, shop: Store) -> None:
    assert "2 files, 11 B, all as they were; the database is sound" in cli("verify").out
    assert "1 file, 6 B, all as they were" in cli("verify", "model/detector:v1").out
    document = cli("verify", "--json").document
    assert document == {"ok": True, "files": 2, "bytes": 11, "problems": [], "database": []}


def test_verify_finds_what_was_altered(cli: Cli, shop: Store) -> None:
    sha256 = damage(shop, "model/detector:v1")
    done = cli("verify", code=1)
    assert "was altered" in done.out
    assert "1 file of 2 not what they were" in done.err
    document = cli("verify", "model/detector:v1", "--json", code=1).document
    assert document["problems"][0]["sha256"] == sha256
    assert set(document["problems"][0]) == {"path", "size", "sha256", "problem"}


def test_verify_is_refused_with_a_reason(cli: Cli, shop: Store) -> None:
    assert "not allowed to verify the whole store" in cli("verify", by="kim", code=1).err
    assert "not found" in cli("verify", "model/nope", code=1).err
    cli("verify", "a", "b", code=2)


def test_audit(cli: Cli, shop: Store, tmp_path: Path) -> None:
    anchors = str(tmp_path / "anchors")
    done = cli("audit", "anchor", anchors)
    assert f"anchored event {shop.events.head()} in {anchors}" in done.out
    assert set(cli("audit", "anchor", anchors, "--json").document) == {"file", "store", "event", "hash", "at"}
    assert "events, none altered" in cli("audit", "verify", "--anchor", anchors, "--tables").out
    document = cli("audit", "verify", "--json").document
    assert set(document) == {"ok", "events", "head", "facts", "anchored_event", "findings"}
    assert document["ok"] is True


def test_audit_finds_what_was_altered(cli: Cli, shop: Store, tmp_path: Path) -> None:
    shop.engine.execute("UPDATE collection SET description = 'forged' WHERE name = 'detector' AND kind = 'portfolio'")
    done = cli("audit", "verify", "--tables", code=1)
    assert "unlike: " in done.out
    assert "The history is not what it was: 1 finding" in done.err
    document = cli("audit", "verify", "--tables", "--json", code=1).document
    assert set(document["findings"][0]) == {"kind", "event", "message"}
    anchors = tmp_path / "anchors"
    anchors.write_text("no anchor\n")
    assert "is not an anchor" in cli("audit", "verify", "--anchor", str(anchors), code=1).err
    assert "can't be read" in cli("audit", "verify", "--anchor", str(tmp_path / "none"), code=1).err
    assert "can't be written" in cli("audit", "anchor", str(tmp_path / "no" / "folder"), code=1).err
    cli("audit", "anchor", code=2)
    cli("audit", "verify", "x", code=2)


def test_gc(cli: Cli, shop: Store, log, clock) -> None:
    log("short", name="short", project="training", ttl=60)
    shop.engine.execute("UPDATE version SET created_at = '2020-01-01T00:00:00.000000Z' WHERE ttl = 60")
    done = cli("gc", "--dry-run")
    assert "deleted vision/training/short:v0, whose time to live has ended" in done.out
    assert shop.collections.get("vision/training/short").versions == 1
    document = cli("gc", "--json").document
    assert set(document) == {"dry_run", "expired", "purged", "files", "bytes", "waiting", "deliveries"}
    assert document["expired"] == ["vision/training/short:v0"]
    assert "removed 0 files" in cli("gc").out
    assert "not allowed to collect garbage" in cli("gc", by="kim", code=1).err
    cli("gc", "x", code=2)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_backup_is_a_store(cli: Cli, shop: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    done = cli("backup", str(copy))
    assert f"wrote {copy}" in done.out
    assert "now copy the files: rsync -a" in done.err
    with open_store(copy, "ana") as other:
        assert other.versions.get("model/detector:prod").number == 1
    assert "never overwrites" in cli("backup", str(copy), code=1).err
    assert set(cli("backup", str(tmp_path / "two.db"), "--json").document) == {"file", "size", "blobs"}
    assert "failed" in cli("backup", str(tmp_path / "no" / "folder.db"), code=1).err
    cli("backup", code=2)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_backup_of_postgresql(cli: Cli, shop: Store, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        assert "needs `pg_dump`" in cli("backup", str(tmp_path / "copy"), code=1).err
    else:
        assert cli("backup", str(tmp_path / "copy"), "--json").document["size"] > 0


def test_stats(cli: Cli, shop: Store) -> None:
    document = cli("stats", "--files", "--json").document
    assert set(document) == {
        "engine", "engine_version", "location", "database_size", "warnings", "blobs", "registries", "collections",
        "versions", "projects", "events", "damaged_files", "files", "files_size",
    }  # fmt: skip
    counted = [document[key] for key in ("registries", "collections", "versions", "projects", "files", "files_size")]
    assert counted == [2, 1, 2, 1, 2, 11]
    assert "files" not in json.loads(cli("stats", "--json").out)
    assert "linked versions" in cli("stats").out
    cli("stats", "x", code=2)
