"""Manifests: digests that W&B agrees with, and what may be put into a version."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from curatory.store.blobs import BlobStore
from curatory.store.errors import Invalid, Unavailable
from curatory.store.hashing import hash_path
from curatory.store.manifests import (
    MAX_PATH,
    Source,
    check_metadata,
    check_path,
    check_uri,
    collect,
    files_from_manifest,
    local_path,
    manifest_digest,
    manifest_json,
    store_sources,
)
from curatory.store.records import File

HELLO = "XUFAKrxLKna5cZ2REBfFkg=="


def put_file(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def paths(sources: list[Source]) -> list[str]:
    return [source.path for source in sources]


# -- manifests -----------------------------------------------------------------------------------------------


def test_the_digest_is_that_of_wandb(tmp_path: Path) -> None:
    blob = hash_path(put_file(tmp_path / "w.txt", b"hello"))
    assert blob.md5_base64 == HELLO
    assert manifest_digest([File("w.txt", 5, HELLO)]) == "30c689c488bc1aa5fbab07a669af0305"


def test_the_digest_knows_no_order_but_paths_and_bytes() -> None:
    a, b = File("a", 1, "x"), File("b", 1, "y")
    assert manifest_digest([a, b]) == manifest_digest([b, a])
    assert manifest_digest([a, b]) != manifest_digest([File("a", 1, "y"), File("b", 1, "x")])
    assert manifest_digest([a]) == manifest_digest([File("a", 7, "x", extra={"k": 1})])


def test_a_manifest_goes_to_wandb_and_back() -> None:
    files = [
        File("a.bin", 3, "digest-a"),
        File("b/ref", 0, "s3://bucket/key", uri="s3://bucket/key"),
        File("c/모델", 7, "etag", uri="gs://bucket/m", extra={"etag": "etag", "alg": "XXH128"}),
    ]
    document = manifest_json(reversed(files), births={"a.bin": "QXJ0"})
    assert document == {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": {
            "a.bin": {"digest": "digest-a", "birthArtifactID": "QXJ0", "size": 3},
            "b/ref": {"digest": "s3://bucket/key", "ref": "s3://bucket/key"},
            "c/모델": {
                "digest": "etag",
                "ref": "gs://bucket/m",
                "extra": {"etag": "etag", "alg": "XXH128"},
                "size": 7,
            },
        },
    }
    assert files_from_manifest(document) == files
    assert files_from_manifest(json.dumps(document)) == files
    assert files_from_manifest(json.dumps(document).encode()) == files


def test_references_of_any_scheme_are_taken_from_a_manifest() -> None:
    contents = {
        "x": {"digest": "d", "ref": "wandb-artifact://1234/x", "size": 1},
        "y": {"digest": "d", "ref": "/nfs/y"},
    }
    assert len(files_from_manifest({"version": 1, "contents": contents})) == 2


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "no JSON"),
        (b"\xff", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "version 1"),
        ({"version": 2, "contents": {}}, "Expected manifest version 1, got 2"),
        ({"version": 1}, "contents"),
        ({"version": 1, "contents": {"../x": {"digest": "d", "size": 1}}}, "'..'"),
        ({"version": 1, "contents": {"x": []}}, "no object"),
        ({"version": 1, "contents": {"x": {"size": 1}}}, "no digest"),
        ({"version": 1, "contents": {"x": {"digest": "a\nb", "size": 1}}}, "no digest"),
        ({"version": 1, "contents": {"x": {"digest": "d"}}}, "no size"),
        ({"version": 1, "contents": {"x": {"digest": "d", "size": -1}}}, "no size"),
        ({"version": 1, "contents": {"x": {"digest": "d", "size": True}}}, "no size"),
        ({"version": 1, "contents": {"x": {"digest": "d", "size": 1, "ref": 1}}}, "no text"),
        ({"version": 1, "contents": {"x": {"digest": "d", "size": 1, "ref": "https://u:p@h/x"}}}, "credentials"),
        ({"version": 1, "contents": {"x": {"digest": "d", "size": 1, "extra": [1]}}}, "extra"),
        ({"version": 1, "contents": {"x": {"digest": "d", "size": 1, "extra": {"a": "\0"}}}}, "NUL"),
        (
            {"version": 1, "contents": {"x": {"digest": "d", "size": 1}, "x/y": {"digest": "d", "size": 1}}},
            "both a file and the folder",
        ),
    ],
)
def test_what_is_no_manifest_is_refused(document: Any, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        files_from_manifest(document)


# -- paths and references ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a", "a/b.txt", ".hidden", "a b/ç/모델", "...", "a..b", "-x", "a=b", "x" * MAX_PATH])
def test_ordinary_paths_are_taken(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("..", "'..'"),
        ("a/../b", "'..'"),
        ("./a", "'.'"),
        ("a//b", "empty"),
        ("a/", "empty"),
        ("a\nb", "control characters"),
        ("a\x1b[31m", "control characters"),
        ("a\0", "control characters"),
        ("a\x9b31m", "control characters"),
        ("caf\udce9", "UTF-8"),
        ("é" * (MAX_PATH // 2 + 1), "longer"),
    ],
)
def test_paths_that_could_do_harm_are_refused(path: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        check_path(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/key?versionId=3",
        "gs://bucket/a/b",
        "az://container/blob",
        "abfss://container@account.dfs.core.windows.net/x",
        "https://example.org/a.bin",
        "file:///mnt/data",
    ],
)
def test_references_to_known_places_are_taken(uri: str) -> None:
    assert check_uri(uri) == uri


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("ftp://host/x", "begin with one of s3://"),
        ("javascript://x/y", "begin with one of"),
        ("s3://", "begin with one of"),
        ("https://ana:hunter2@example.org/x", "credentials"),
        ("https://hunter2@example.org/x", "credentials"),
        ("s3://bucket/x?X-Amz-Signature=hunter2", "credentials"),
        ("https://account.blob.core.windows.net/x?sv=1&sig=hunter2", "credentials"),
        ("https://example.org/x?access_token=hunter2", "credentials"),
        ("https://[broken/x", "no URI"),
        ("s3://bucket/a\nb", "characters"),
        (" s3://bucket/a", "characters"),
    ],
)
def test_references_that_must_not_be_kept_are_refused(uri: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        check_uri(uri)
    assert "hunter2" not in str(caught.value)


def test_a_file_reference_is_a_path_of_this_machine() -> None:
    assert local_path("file:///mnt/a%20b") == Path("/mnt/a b")
    assert local_path("file://localhost/mnt/a") == Path("/mnt/a")
    for uri in ("file://elsewhere/mnt/a", "file:relative", "https://example.org/a"):
        with pytest.raises(Invalid):
            local_path(uri)


# -- sources -------------------------------------------------------------------------------------------------


def test_files_folders_and_references_become_sources(tmp_path: Path) -> None:
    put_file(tmp_path / "model.bin", b"12345")
    for name in ("b.txt", "a/z.txt", "a/b/c.txt", ".hidden"):
        put_file(tmp_path / "data" / name)
    (tmp_path / "data" / "empty").mkdir()
    sources = collect([tmp_path / "model.bin", str(tmp_path / "data"), "s3://bucket/some/weights%20v2.bin?versionId=7"])
    assert paths(sources) == [".hidden", "a/b/c.txt", "a/z.txt", "b.txt", "model.bin", "weights v2.bin"]
    assert sources[4] == Source("model.bin", local=tmp_path / "model.bin", size=5)
    assert sources[5] == Source("weights v2.bin", uri="s3://bucket/some/weights%20v2.bin?versionId=7")


def test_sources_can_be_given_other_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put_file(tmp_path / "model.bin")
    put_file(tmp_path / "data" / "x" / "a.txt")
    assert paths(collect(["weights.bin=model.bin"])) == ["weights.bin"]
    assert paths(collect(["raw/=model.bin"])) == ["raw/model.bin"]
    assert paths(collect(["raw=data", "raw/m=model.bin"])) == ["raw/m", "raw/x/a.txt"]
    assert paths(collect(["raw/=data"])) == ["raw/x/a.txt"]
    assert paths(collect(["w=s3://bucket/k?a=b", "in/=gs://bucket/k"])) == ["in/k", "w"]
    put_file(tmp_path / "lr=0.1.bin")
    assert paths(collect(["lr=0.1.bin"])) == ["lr=0.1.bin"]
    for argument in ("=model.bin", "/=model.bin", "a="):
        with pytest.raises(Invalid, match="NAME=SOURCE"):
            collect([argument])
    with pytest.raises(Invalid, match=r"'\.\.'"):
        collect(["../x=model.bin"])
    with pytest.raises(Invalid, match="absolute"):
        collect(["/x=model.bin"])
    with pytest.raises(Unavailable, match="not there"):
        collect(["x=missing"])


def test_nothing_to_log_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    put_file(tmp_path / "a")
    for arguments in ([], [tmp_path / "empty"], [tmp_path / "a", tmp_path / "empty"]):
        with pytest.raises(Invalid, match="nothing to log"):
            collect(arguments)
    with pytest.raises(Invalid, match="no name of its own"):
        collect(["s3://bucket"])


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    put_file(tmp_path / "one" / "model.bin")
    put_file(tmp_path / "two" / "model.bin")
    with pytest.raises(Invalid, match=r"Two sources are called model\.bin: .*one/model\.bin and .*two/model\.bin"):
        collect([tmp_path / "one", tmp_path / "two" / "model.bin"])
    with pytest.raises(Invalid, match="Two sources"):
        collect([tmp_path / "one", "s3://bucket/model.bin"])
    with pytest.raises(Invalid, match="both a file and the folder"):
        collect([f"model.bin/x={tmp_path}/one/model.bin", tmp_path / "two"])


def test_links_to_files_are_followed(tmp_path: Path) -> None:
    target = put_file(tmp_path / "store" / "blob", b"123")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "model.bin").symlink_to(target)
    assert collect([tmp_path / "data"]) == [Source("model.bin", local=tmp_path / "data" / "model.bin", size=3)]
    (tmp_path / "data" / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Invalid, match="leads nowhere"):
        collect([tmp_path / "data"])


def test_a_link_to_itself_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(Invalid, match="leads nowhere"):
        collect([tmp_path])


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    put_file(tmp_path / "v3" / "a.txt")
    (tmp_path / "latest").symlink_to("v3")
    assert paths(collect([tmp_path])) == ["latest/a.txt", "v3/a.txt"]
    (tmp_path / "newest").symlink_to("v3")
    with pytest.raises(Invalid, match="symbolic links to one folder"):
        collect([tmp_path])


@pytest.mark.parametrize("target", [".", "..", "../.."])
def test_links_in_circles_are_refused(tmp_path: Path, target: str) -> None:
    put_file(tmp_path / "top" / "a" / "b" / "x")
    (tmp_path / "top" / "a" / "b" / "again").symlink_to(target)
    with pytest.raises(Invalid, match="a folder it is in itself"):
        collect([tmp_path / "top"])


def test_folders_without_end_are_refused(tmp_path: Path) -> None:
    put_file(tmp_path.joinpath("a", *["b"] * 150, "x"))
    assert len(collect([tmp_path])) == 1
    put_file(tmp_path.joinpath("a", *["b"] * 250, "x"))
    with pytest.raises(Invalid, match="more than 200 folders deep"):
        collect([tmp_path])


def test_names_that_are_not_utf8_are_refused_printably(tmp_path: Path) -> None:
    try:
        put_file(Path(os.fsdecode(os.fsencode(tmp_path) + b"/data/caf\xe9.txt")))
    except OSError:
        pytest.skip("this file system has no such names")
    for argument in (tmp_path / "data", (tmp_path / "data").as_uri()):
        with pytest.raises(Invalid, match="UTF-8") as caught:
            collect([argument])
        assert "caf\\\\xe9.txt" in str(caught.value) or "caf\\xe9.txt" in str(caught.value)
        str(caught.value).encode()


def test_control_characters_in_names_are_refused(tmp_path: Path) -> None:
    put_file(tmp_path / "a\nb")
    with pytest.raises(Invalid, match="control characters") as caught:
        collect([tmp_path])
    assert str(caught.value).isprintable()


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for argument in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(Invalid, match="pipe, socket or device"):
            collect([argument])


def test_file_references_are_expanded_and_hashed(tmp_path: Path) -> None:
    put_file(tmp_path / "a b.txt", b"hello")
    put_file(tmp_path / "sub" / "c.txt", b"hello")
    blobs = BlobStore(tmp_path / "blobs", durable=False)
    uri = (tmp_path / "sub").as_uri()
    sources = collect([(tmp_path / "a b.txt").as_uri(), f"in={uri}", "s3://bucket/k"])
    assert paths(sources) == ["a b.txt", "in/c.txt", "k"]
    files = store_sources(sources, blobs)
    assert files == [
        File("a b.txt", 5, HELLO, uri=(tmp_path / "a b.txt").as_uri()),
        File("in/c.txt", 5, HELLO, uri=f"{uri}/c.txt"),
        File("k", 0, "s3://bucket/k", uri="s3://bucket/k"),
    ]
    assert list(blobs.stored()) == []


def test_sources_are_stored_and_become_entries(tmp_path: Path) -> None:
    put_file(tmp_path / "data" / "w.txt", b"hello")
    put_file(tmp_path / "data" / "big", b"0" * 3_000_000)
    ref = put_file(tmp_path / "ref", b"123456")
    blobs = BlobStore(tmp_path / "blobs", durable=False)
    told: list[tuple[int, int, str]] = []
    files = store_sources(collect([tmp_path / "data", ref.as_uri()]), blobs, progress=lambda *what: told.append(what))
    assert [(file.path, file.size, file.sha256 is None) for file in files] == [
        ("big", 3_000_000, False),
        ("ref", 6, True),
        ("w.txt", 5, False),
    ]
    assert all(blobs.has(file.sha256, file.size) for file in files if file.sha256)
    assert told[-1][:2] == (3_000_011, 3_000_011)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)


def test_a_remote_reference_can_have_size_and_etag() -> None:
    source = Source("k", uri="s3://bucket/k", size=12, digest="etag")
    assert source.entry() == File("k", 12, "etag", uri="s3://bucket/k")


# -- metadata ------------------------------------------------------------------------------------------------


class Array:
    """As numeric libraries' arrays and scalars are."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def tolist(self) -> Any:
        return self._values


def test_metadata_becomes_plain_json() -> None:
    plain = check_metadata(
        {
            "nan": float("nan"),
            "deep": [{"nan": float("nan")}, (1, 2)],
            "array": Array([1.5, float("nan")]),
            "scalar": Array(3),
            "day": datetime(2026, 1, 2, tzinfo=UTC),
            "text": "모델 😀",
            "flag": True,
            "none": None,
            "big": 10**30,
        }
    )
    assert plain == {
        "nan": None,
        "deep": [{"nan": None}, [1, 2]],
        "array": [1.5, None],
        "scalar": 3,
        "day": "2026-01-02T00:00:00+00:00",
        "text": "모델 😀",
        "flag": True,
        "none": None,
        "big": 10**30,
    }
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_metadata_is_copied() -> None:
    given = {"a": {"b": [1]}}
    plain = check_metadata(given)
    given["a"]["b"].append(2)
    assert plain == {"a": {"b": [1]}}


def test_metadata_has_at_most_100_keys() -> None:
    assert len(check_metadata({str(n): n for n in range(100)})) == 100
    with pytest.raises(Invalid) as caught:
        check_metadata({str(n): n for n in range(101)})
    assert str(caught.value) == "Artifact must not have more than 100 metadata keys."
    assert check_metadata({"deep": {str(n): n for n in range(1000)}})


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def circle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ([1], "metadata"),
        ({"a": float("inf")}, r"metadata\.a is infinite"),
        ({"a": [0, {"b": float("-inf")}]}, r"metadata\.a\[1\]\.b is infinite"),
        ({1: 2}, "no text"),
        ({"a": {None: 2}}, "no text"),
        ({'a"b': 1}, "double quote"),
        ({"a": {'"': 1}}, "double quote"),
        ({"a": "x\0y"}, "NUL"),
        ({"a\0": 1}, "NUL"),
        ({"a": ["\ud800"]}, "surrogate"),
        ({"a": {"\udfff": 1}}, "surrogate"),
        ({"a": object()}, "type object"),
        ({"a": {1, 2}}, "type set"),
        ({"a": b"bytes"}, "type bytes"),
        ({"a": 10**400}, "too large"),
        (nested(66), "deeper than 64"),
        (circle(), "deeper than 64"),
    ],
)
def test_metadata_that_a_database_cannot_hold_is_refused(metadata: Any, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        check_metadata(metadata)
    str(caught.value).encode()


def test_metadata_may_be_64_levels_deep() -> None:
    assert check_metadata(nested(64)) == nested(64)
