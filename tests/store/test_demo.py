"""The demonstration: the same each time, whole, and holding everything that screenshots and other tests count on."""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from curatory.store import Conflict, NotFound, Store, Version, demo, open_store
from curatory.store.demo import build_demo

TODAY = datetime.fromisoformat(demo.TODAY)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One demonstration on SQLite for the whole module; nobody changes it."""
    url = tmp_path_factory.mktemp("demo") / "demo.db"
    build_demo(url)
    return url


@pytest.fixture(scope="module")
def ana(built: Path) -> Iterator[Store]:
    with open_store(built, demo.VIEWER) as store:
        yield store


def log_of(store: Store) -> list[tuple[Any, ...]]:
    return store.engine.rows("SELECT seq, at, actor, action, detail, hash FROM event ORDER BY seq")


def told(version: Version) -> tuple[Any, ...]:
    """What a version says, whichever engine keeps it."""
    return (
        version.id, version.path, version.type, version.digest, version.size, version.file_count, version.description,
        version.metadata, version.ttl, version.aliases, version.tags, version.source, version.run,
        version.created_at, version.created_by, version.updated_at, version.linked_at, version.linked_by,
    )  # fmt: skip


def bytes_of(store: Store, path: str, name: str) -> bytes:
    file = next(file for file in store.versions.files(path) if file.path == name)
    assert file.sha256
    with store.blobs.open(file.sha256) as opened:
        return opened.read()


# -- the same each time --------------------------------------------------------------------------------------


def test_two_builds_tell_the_same_story(ana: Store, tmp_path: Path) -> None:
    build_demo(tmp_path / "again.db")
    with open_store(tmp_path / "again.db", demo.VIEWER) as again:
        assert again.id != ana.id
        first, second = log_of(ana), log_of(again)
        assert len(first) == len(second)
        assert next(((a, b) for a, b in zip(first, second, strict=True) if a != b), None) is None
        for sql in (
            "SELECT version_id, path, digest, size, sha256, uri FROM entry ORDER BY version_id, path",
            "SELECT id, collection_id, digest, metadata, description, ttl, created_at FROM version ORDER BY id",
            "SELECT run_id, stream, number, content FROM run_line ORDER BY run_id, stream, number",
            "SELECT id, name, title, config, summary FROM run ORDER BY id",
            "SELECT src, dst, at FROM edge ORDER BY src, dst",
        ):
            assert ana.engine.rows(sql) == again.engine.rows(sql)


def test_postgresql_holds_the_same(ana: Store, postgres_url: str, tmp_path: Path) -> None:
    build_demo(postgres_url, blobs=tmp_path / "blobs")
    with open_store(postgres_url, demo.VIEWER) as other:
        assert other.audit.verify(tables=True).ok
        assert log_of(other)[-1] == log_of(ana)[-1]  # the hash of the last event stands for all
        for path in (demo.HERO_VERSION, demo.DEEP, demo.WIDE, demo.MANIFEST, demo.REFERENCES, demo.GGUF, demo.NIGHTLY):
            assert told(ana.versions.get(path)) == told(other.versions.get(path))
        wide = other.lineage.graph(other.versions.get(demo.WIDE), "down", depth=1)
        assert wide == ana.lineage.graph(ana.versions.get(demo.WIDE), "down", depth=1)


def test_a_store_that_is_there_is_left_alone(built: Path) -> None:
    before = built.read_bytes()
    with pytest.raises(Conflict, match="There is a store"):
        build_demo(built)
    assert built.read_bytes() == before


def test_an_interrupted_build_can_be_started_again(tmp_path: Path) -> None:
    def interrupt(done: int, total: int, month: str) -> None:
        if done > total // 8:
            raise KeyboardInterrupt

    for _ in range(2):  # the second is not refused because of what the first has left
        with pytest.raises(KeyboardInterrupt):
            build_demo(tmp_path / "demo.db", progress=interrupt)
        with pytest.raises(NotFound):
            open_store(tmp_path / "demo.db", demo.VIEWER)


# -- whole -----------------------------------------------------------------------------------------------------


def test_it_is_a_store_like_any_other(built: Path, ana: Store) -> None:
    report = ana.audit.verify(tables=True)
    assert report.ok, report.findings[:3]
    assert ana.engine.check() == []
    assert ana.engine.value("PRAGMA synchronous") == 2
    assert ana.engine.value("PRAGMA journal_mode") == "wal"


def test_every_file_is_what_its_manifest_says(ana: Store) -> None:
    held = ana.engine.rows("SELECT DISTINCT sha256, size FROM entry WHERE sha256 IS NOT NULL")
    assert len(held) > 3_000
    assert [problem for sha, size in held if (problem := ana.blobs.verify(sha, size=size))] == []
    assert ana.garbage.problems() == []
    assert {sha for sha, _, _ in ana.blobs.stored()} == {sha for sha, _ in held}


def test_time_only_goes_forward_and_ends_today(ana: Store) -> None:
    moments = [datetime.fromisoformat(at) for (at,) in ana.engine.rows("SELECT at FROM event ORDER BY seq")]
    assert moments == sorted(moments)
    assert moments[0] < datetime(2025, 11, 25, tzinfo=UTC)
    assert datetime(2026, 11, 20, tzinfo=UTC) < moments[-1] <= TODAY


# -- what it holds ---------------------------------------------------------------------------------------------


def test_people(ana: Store) -> None:
    kinds = Counter(entity.kind for entity in ana.organizations.people())
    assert kinds == {"user": 12, "service": 2}
    assert [team.name for team in ana.teams.list()] == ["language", "vision"]
    assert {entity.role for entity in ana.organizations.people()} == {"admin", "member", "viewer"}
    actors = Counter(actor for (actor,) in ana.engine.rows("SELECT actor FROM event"))
    assert len(actors) >= 12
    assert sum(count > 100 for count in actors.values()) >= 8


def test_counts(ana: Store) -> None:
    registries = ana.registries.list()
    assert [registry.title for registry in registries[:2]] == ["Datasets", "Models"]
    assert len(registries) == 5
    assert sum(registry.visibility == "restricted" for registry in registries) == 1
    assert sum(registry.any_type for registry in registries) == 1
    assert 35 <= sum(registry.collections for registry in registries) <= 45
    memberships = ana.engine.value("SELECT count(*) FROM membership")
    assert ana.collections.get(demo.BIG).versions == 2_000
    assert 550 <= memberships - 2_000 <= 750
    assert ana.engine.value("SELECT count(*) FROM run") > 300


def test_legacy_registries_have_registered_models(ana: Store) -> None:
    assert {project.path for project in ana.legacy.list()} == set(demo.LEGACY)
    for team in ("vision", "language"):
        models = ana.legacy.models(team)
        assert len(models) >= 3
        assert all(model.versions for model in models)
        assert any("production" in model.aliases for model in models)


def test_the_restricted_registry_is_not_there_for_others(built: Path, ana: Store) -> None:
    assert ana.registries.get(demo.RESTRICTED_REGISTRY).visibility == "restricted"
    assert ana.collections.get(demo.RESTRICTED).versions > 0
    with open_store(built, demo.OUTSIDER) as other:
        with pytest.raises(NotFound):
            other.registries.get(demo.RESTRICTED_REGISTRY)
        with pytest.raises(NotFound):
            other.collections.get(demo.RESTRICTED)
        assert other.collections.get(demo.HERO).versions


def test_the_hero(ana: Store) -> None:
    hero = ana.collections.get(demo.HERO)
    assert {"prod", "staging"} <= set(hero.aliases)
    assert hero.aliases["staging"] > hero.aliases["prod"]
    assert hero.versions >= 15
    assert "| version |" in hero.description
    moves = ana.aliases.history(demo.HERO, "prod")
    numbers = [ana.aliases.at(demo.HERO, event.at)["prod"] for event in moves]
    assert len(numbers) >= 6
    assert any(later < earlier for later, earlier in pairwise(numbers)), "no rollback"


@pytest.mark.parametrize("path", [demo.KOREAN, demo.EMOJI])
def test_names_in_every_script(ana: Store, path: str) -> None:
    found = ana.collections.get(path)
    assert not found.name.isascii()
    assert found.versions > 0
    assert found.description


def test_an_empty_collection(ana: Store) -> None:
    assert ana.collections.get(demo.EMPTY).versions == 0


def test_a_version_with_many_files(ana: Store) -> None:
    assert 290 <= ana.versions.get(demo.MANIFEST).file_count <= 320


def test_references_point_outside(ana: Store) -> None:
    files = ana.versions.files(demo.REFERENCES)
    assert files
    assert all(file.uri and file.uri.startswith("s3://") and file.sha256 is None and file.size for file in files)


def test_some_versions_do_not_live_for_ever(ana: Store) -> None:
    (count,) = ana.engine.rows("SELECT count(*) FROM version WHERE ttl > 0")[0]
    assert count > 20
    assert ana.engine.value("SELECT count(*) FROM event WHERE detail LIKE '%ttl_cleared%'") > 0


def test_something_of_everything_has_happened(ana: Store) -> None:
    actions = Counter(action for (action,) in ana.engine.rows("SELECT action FROM event"))
    for action in (
        "alias.add", "collection.create", "collection.delete", "collection.describe", "collection.rename", "link.add",
        "link.remove", "member.add", "member.remove", "member.role", "redo:tag.add", "registry.accept",
        "registry.owner", "registry.rename", "registry.visibility", "run.use", "tag.add", "team.member",
        "undo:link.remove", "undo:tag.add", "user.remove", "user.role", "version.delete", "version.metadata",
        "version.ttl",
    ):  # fmt: skip
        assert actions[action], action
    batches = ana.engine.rows("SELECT batch, count(*) FROM event WHERE batch IS NOT NULL GROUP BY batch")
    assert any(count == 5 for _, count in batches)


# -- lineage ---------------------------------------------------------------------------------------------------


def test_lineage_is_deep(ana: Store) -> None:
    for path in (demo.HERO_VERSION, demo.DEEP):
        graph = ana.lineage.graph(ana.versions.get(path), "up", depth=100)
        assert min(node.depth for node in graph.nodes.values()) <= -6
        types = {node.detail for node in graph.nodes.values() if node.kind == "version"}
        assert {"dataset", "model"} <= types
    types |= {ana.versions.get(demo.DEEP).type}
    assert types == {"dataset", "model", "evaluation", "report"}


def test_lineage_has_a_wide_level(ana: Store) -> None:
    graph = ana.lineage.graph(ana.versions.get(demo.WIDE), "down", depth=2)
    assert sum(node.depth == 1 and node.kind == "run" for node in graph.nodes.values()) >= 30
    assert sum(node.depth == 2 and node.kind == "version" for node in graph.nodes.values()) >= 30


def test_lineage_has_a_broken_edge(ana: Store) -> None:
    graph = ana.lineage.graph(ana.versions.get(demo.BROKEN), "up", depth=2)
    gone = [node for node in graph.nodes.values() if node.state == "deleted"]
    assert [node.kind for node in gone] == ["version"]
    assert gone[0].depth == -2


# -- runs ------------------------------------------------------------------------------------------------------


def test_runs_have_configurations_and_curves(ana: Store) -> None:
    path = ana.versions.get(demo.HERO_VERSION).run
    assert path
    run = ana.runs.get(path)
    assert run.config["optimizer"]["name"] == "adamw"
    rows = ana.runs.history(run)
    assert 50 <= len(rows) <= 200
    assert [row["_step"] for row in rows] == list(range(len(rows)))
    assert rows[-1]["train/loss"] < rows[0]["train/loss"] / 3
    assert rows[-1]["val/map50"] > rows[0]["val/map50"]
    assert run.summary["val/map50"] == rows[-1]["val/map50"] == ana.versions.get(demo.HERO_VERSION).metadata["map50"]
    assert ana.runs.lines(run, "output")


def test_runs_end_in_different_ways(ana: Store) -> None:
    states = Counter(state for (state,) in ana.engine.rows("SELECT state FROM run"))
    assert {"finished", "failed", "crashed", "running"} <= set(states)
    assert states["finished"] > 300


# -- files, read by code of their own --------------------------------------------------------------------------


def read_safetensors(data: bytes) -> dict[str, Any]:
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    assert (8 + length) % 8 == 0
    widths = {"F32": 4, "F16": 2, "I8": 1}
    at = 0
    for name, tensor in header.items():
        if name == "__metadata__":
            assert all(isinstance(value, str) for value in tensor.values())
            continue
        begin, end = tensor["data_offsets"]
        size = widths[tensor["dtype"]]
        for dimension in tensor["shape"]:
            size *= dimension
        assert (begin, end - begin) == (at, size)
        at = end
    assert len(data) == 8 + length + at
    return header


class Reader:
    """Takes little-endian values from bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> Any:
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def text(self) -> str:
        length = self.take("Q")
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def value(self, kind: int) -> Any:
        if kind == 9:
            inner, count = self.take("I"), self.take("Q")
            return [self.value(inner) for _ in range(count)]
        plain: dict[int, Callable[[], Any]] = {
            4: lambda: self.take("I"),
            6: lambda: self.take("f"),
            7: lambda: self.take("?"),
            8: self.text,
        }
        return plain[kind]()


def read_gguf(data: bytes) -> tuple[dict[str, Any], dict[str, list[int]]]:
    reader = Reader(data)
    assert data[:4] == b"GGUF"
    reader.at = 4
    assert reader.take("I") == 3
    tensors, keys = reader.take("Q"), reader.take("Q")
    found = {reader.text(): reader.value(reader.take("I")) for _ in range(keys)}
    shapes: dict[str, list[int]] = {}
    end = 0
    for _ in range(tensors):
        name = reader.text()
        shapes[name] = [reader.take("Q") for _ in range(reader.take("I"))]
        kind, offset = reader.take("I"), reader.take("Q")
        assert offset % found["general.alignment"] == 0
        assert offset >= end
        size = {0: 4, 1: 2}[kind]
        for dimension in shapes[name]:
            size *= dimension
        end = offset + size
    start = -(-reader.at // 32) * 32
    assert start + end <= len(data) < start + end + 32
    return found, shapes


def entries(store: Store, ending: str) -> list[tuple[str, str]]:
    """(path, sha256) of every stored file whose name ends so."""
    return [
        (path, sha)
        for path, sha in store.engine.rows("SELECT DISTINCT path, sha256 FROM entry WHERE sha256 IS NOT NULL")
        if path.endswith(ending)
    ]


def test_every_safetensors_file_can_be_read(ana: Store) -> None:
    found = entries(ana, ".safetensors")
    assert len(found) > 2_200
    for _, sha in found:
        with ana.blobs.open(sha) as file:
            assert len(read_safetensors(file.read())) > 2


def test_every_gguf_file_can_be_read(ana: Store) -> None:
    found = entries(ana, ".gguf")
    assert len(found) >= 8
    for _, sha in found:
        with ana.blobs.open(sha) as file:
            keys, shapes = read_gguf(file.read())
        assert keys["general.architecture"] == "llama"
        assert shapes["token_embd.weight"] == [keys["llama.embedding_length"], len(keys["tokenizer.ggml.tokens"])]


def test_pictures_tables_and_documents_can_be_read(ana: Store) -> None:
    kinds = Counter(Path(path).suffix for (path,) in ana.engine.rows("SELECT path FROM entry"))
    assert {".safetensors", ".gguf", ".csv", ".json", ".jsonl", ".md", ".png", ".mp4", ".tar"} <= set(kinds)
    name = next(file.path for file in ana.versions.files(demo.MANIFEST) if file.path.endswith(".png"))
    picture = bytes_of(ana, demo.MANIFEST, name)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    (length,) = struct.unpack(">I", picture[33:37])
    assert len(zlib.decompress(picture[41 : 41 + length])) == height * (1 + 3 * width)
    rows = list(csv.DictReader(io.StringIO(bytes_of(ana, demo.MANIFEST, "claims.csv").decode())))
    assert {row["photo"] for row in rows} < {file.path for file in ana.versions.files(demo.MANIFEST)}
    tokenizer = json.loads(bytes_of(ana, "model/tokenizer:latest", "tokenizer.json"))
    assert tokenizer["model"]["vocab"]["배송"] > 0
    assert all("".join(pair) in tokenizer["model"]["vocab"] for pair in tokenizer["model"]["merges"])
    assert bytes_of(ana, demo.HERO_VERSION, "README.md").startswith(b"# Parcel detector\n")
