"""The power fails: the disk as it may be found afterwards, built from every write, truncation and sync of SQLite's.

The store itself runs on a SQLite whose files are recorded (a VFS of apsw). An image is all that was synced up to a
moment, and of what was written after the last sync a random part, some of it torn between sectors of 512 bytes.
What it can't show: other processes (the VFS has no shared memory, so the file is locked for one), and disks that lie.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from curatory.store import CuratoryError, Store, create_store, open_store
from curatory.store.engine import sqlite

from .workers import check_whole

apsw = pytest.importorskip("apsw")

SECTOR = 512
IMAGES = 240
_names = count()


@dataclass(frozen=True, slots=True)
class Operation:
    """What was done to a file: "write", "truncate" (to `offset`) or "sync"."""

    kind: str
    offset: int = 0
    data: bytes = b""


@dataclass(slots=True)
class Disk:
    """Everything that was done to the database and its log, in order, and when what was acknowledged."""

    operations: list[tuple[str, Operation]] = field(default_factory=list)
    acknowledged: list[tuple[int, int, int]] = field(default_factory=list)  # operations until then, version, collection

    def put(self, version: Any) -> None:
        self.acknowledged.append((len(self.operations), version.id, version.collection_id))


class _File(apsw.VFSFile):
    def __init__(self, recorder: _Recorder, name: Any, flags: list[int]) -> None:
        path = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self.suffix = {"registry.db": "", "registry.db-wal": "-wal"}.get(
            path.rpartition("/")[2]
        )  # None: a temporary file
        self.recorder = recorder
        super().__init__("", name, flags)

    def _record(self, *operation: Any) -> None:
        if self.suffix is not None:
            self.recorder.disk.operations.append((self.suffix, Operation(*operation)))

    def xWrite(self, data: bytes, offset: int) -> None:
        self._record("write", offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._record("truncate", newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._record("sync")
        super().xSync(flags)


class _Recorder(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.name = f"recorder-{next(_names)}"
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        return _File(self, name, flags)


class _Connection:
    """What the engine uses of a sqlite3 connection, on apsw."""

    def __init__(self, path: Path, vfs: str) -> None:
        self.database = apsw.Connection(str(path), vfs=vfs)
        self.execute("PRAGMA locking_mode=exclusive")
        self.execute("PRAGMA wal_autocheckpoint=60")  # pages: checkpoints happen, and are cut through

    def execute(self, sql: str, args: Mapping[str, Any] | None = None) -> Any:
        rows = list(self.database.execute(sql, args or None))
        return SimpleNamespace(fetchall=lambda: rows, fetchone=lambda: rows[0], rowcount=self.database.changes())

    def executemany(self, sql: str, args: Iterable[Mapping[str, Any]]) -> None:
        self.database.executemany(sql, args)

    def create_function(self, name: str, count: int, function: Any, deterministic: bool) -> None:
        self.database.create_scalar_function(name, function, count, deterministic=deterministic)

    @property
    def in_transaction(self) -> bool:
        return self.database.in_transaction

    def rollback(self) -> None:
        self.execute("ROLLBACK")

    def close(self) -> None:
        self.database.close()


@contextmanager
def recorded(path: Path, monkeypatch: pytest.MonkeyPatch, *, durable: bool) -> Iterator[tuple[Store, Disk]]:
    """The store, on a disk that is recorded while the block runs."""
    disk = Disk()
    recorder = _Recorder(disk)
    plain = sqlite.sqlite3
    with monkeypatch.context() as patched:
        patched.setattr(
            sqlite,
            "sqlite3",
            SimpleNamespace(
                connect=lambda path, **_: _Connection(path, recorder.name),
                Error=plain.Error,
                OperationalError=plain.OperationalError,
                IntegrityError=plain.IntegrityError,
                sqlite_version=plain.sqlite_version,
                sqlite_version_info=plain.sqlite_version_info,
            ),
        )
        with open_store(path, "ana", durable=durable) as store:
            mode = store.engine.value("PRAGMA journal_mode"), store.engine.value("PRAGMA synchronous")
            assert mode == ("wal", 2 if durable else 0)
            yield store, disk
            recorder.disk = Disk()  # closing cleans up; the power has failed before


def work(store: Store, disk: Disk, folder: Path, seed: int) -> None:
    """A day in a registry: versions logged, linked, tagged, in batches and alone, aliases moved and taken back."""
    at = random.Random(seed)
    file = folder / "file"
    for n in range(25):
        file.write_text(f"{seed} {n} {'x' * at.randrange(200)}")
        text = "a description that is searched " * at.randrange(40)
        version = store.versions.log_paths([file], "detector", "model", description=text, metadata={"n": n})
        disk.put(version)
        with store.batch():
            linked = store.links.add(version, "model/detector", ["prod"])
            store.tags.add(linked, f"tag-{n % 3}")
        disk.put(linked)
        if n % 5 == 4:
            with store.batch():
                many = [store.links.add(version, f"model/many-{n}-{k}", [f"a{k}"]) for k in range(12)]
            for link in many:
                disk.put(link)
        if n % 7 == 6:
            store.aliases.add(f"model/detector:v{n - 1}", "prod")
            store.undo.undo()


def images(base: bytes, disk: Disk, at: random.Random) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Disks as they may be found: how many operations had been done by then, and the files."""
    synced = {"": bytearray(base), "-wal": bytearray()}
    waiting: dict[str, list[Operation]] = {"": [], "-wal": []}
    first = disk.acknowledged[0][0]
    cuts = sorted(at.randrange(first, len(disk.operations)) for _ in range(IMAGES))
    done = 0
    for cut in cuts:
        for suffix, operation in disk.operations[done:cut]:
            if operation.kind == "sync":
                for earlier in waiting[suffix]:
                    _apply(synced[suffix], earlier)
                waiting[suffix].clear()
            else:
                waiting[suffix].append(operation)
        done = cut
        found = {}
        for suffix in synced:
            content = bytearray(synced[suffix])
            likely = at.choice((0.0, 0.3, 0.5, 0.9, 1.0))
            for operation in waiting[suffix]:
                if at.random() < likely:
                    torn = operation.kind == "write" and at.random() < 0.3
                    _apply(content, operation, at if torn else None)
            found[suffix] = bytes(content)
        yield cut, found


def _apply(content: bytearray, operation: Operation, torn: random.Random | None = None) -> None:
    if operation.kind == "truncate":
        del content[operation.offset :]
        return
    start, data = operation.offset, operation.data
    while data:
        length = min(len(data), SECTOR - start % SECTOR)
        if torn is None or torn.random() < 0.5:
            if len(content) < start:
                content.extend(bytes(start - len(content)))
            content[start : start + length] = data[:length]
        start, data = start + length, data[length:]


def outcome(path: Path, files: dict[str, bytes], wanted: list[tuple[int, int, int]], *, thorough: bool) -> str:
    """What is found when the power is back: "ok", "lost" (acknowledged work is missing) or "broken"."""
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    for suffix, content in files.items():
        if content:
            path.with_name(path.name + suffix).write_bytes(content)
    try:
        with open_store(path, "ana") as store:
            if store.engine.rows("PRAGMA integrity_check") != [("ok",)]:
                return "broken"
            places = set(store.engine.rows("SELECT version_id, collection_id FROM membership"))
            if not {(version, collection) for _, version, collection in wanted} <= places:
                return "lost"
            if not store.audit.verify().ok:
                return "broken"
            if thorough:
                check_whole(store, [])
    except (CuratoryError, AssertionError) as error:
        print(error)  # shown if the test fails
        return "broken"
    return "ok"


def outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, durable: bool, seed: int = 1
) -> tuple[dict[str, int], Disk]:
    path = tmp_path / "registry.db"
    create_store(path, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    base = path.read_bytes()
    with recorded(path, monkeypatch, durable=durable) as (store, disk):
        work(store, disk, tmp_path, seed)
    (tmp_path / "image").mkdir()
    found: dict[str, int] = {"ok": 0, "lost": 0, "broken": 0}
    for n, (cut, files) in enumerate(images(base, disk, random.Random(seed))):
        wanted = [acknowledged for acknowledged in disk.acknowledged if acknowledged[0] <= cut]
        found[outcome(tmp_path / "image" / "registry.db", files, wanted, thorough=n % 8 == 0)] += 1
    return found, disk


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_no_acknowledged_work_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    found, disk = outcomes(tmp_path, monkeypatch, durable=True, seed=seed)
    assert sum(kind == "sync" for kind in (operation.kind for _, operation in disk.operations)) > 60
    assert any(suffix == "" and operation.kind == "write" for suffix, operation in disk.operations), "no checkpoint"
    assert found == {"ok": IMAGES, "lost": 0, "broken": 0}


def test_the_images_have_teeth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not wait for the disk does lose work in them."""
    found, disk = outcomes(tmp_path, monkeypatch, durable=False)
    assert not any(operation.kind == "sync" for _, operation in disk.operations)
    print(found)
    assert found["lost"] + found["broken"] > IMAGES // 2
