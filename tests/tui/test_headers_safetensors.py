"""Headers of safetensors files: what an honest one says, and that a lie is one sentence, never a crash or a flood."""

from __future__ import annotations

import gc
import io
import json
import random
import struct
from contextlib import suppress

import pytest
from curatory.tui.headers import Unreadable, header, kind_of, read, safetensors

TENSORS = {
    "embed.weight": {"dtype": "F16", "shape": [100, 64], "data_offsets": [0, 12_800]},
    "층.1.가중치": {"dtype": "BF16", "shape": [64], "data_offsets": [12_800, 12_928]},
    "step": {"dtype": "I64", "shape": [], "data_offsets": [12_928, 12_936]},
}


def made(document: object) -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return struct.pack("<Q", len(text)) + text


def told(data: bytes) -> header.Header:
    return read(io.BytesIO(data), "a.safetensors")


def test_which_files_have_one() -> None:
    assert [kind_of(path) for path in ("a.safetensors", "b/A.GGUF", "a.bin", "safetensors", "gguf/a")] == [
        "safetensors", "gguf", None, "safetensors", None,
    ]  # fmt: skip


def test_what_a_header_says() -> None:
    found = told(made({"__metadata__": {"format": "pt", "설명": "x" * 1_000}, **TENSORS}) + bytes(12_936))
    assert (found.format, found.tensor_count, found.key_count, found.twice) == ("safetensors", 3, 2, 0)
    assert found.parameters == 6_400 + 64 + 1
    assert list(found.tensors.items()) == [
        ("embed.weight", ((100, 64), "F16")),
        ("층.1.가중치", ((64,), "BF16")),
        ("step", ((), "I64")),
    ]
    assert found.metadata["format"] == "pt"
    assert found.metadata["설명"] == "x" * header.TEXT + "… (1,000 characters)"
    assert set(found.digests) == {"설명"}
    assert found.whole


def test_a_file_without_tensors_is_one_too() -> None:
    assert told(made({})).tensor_count == 0
    assert told(made({})).whole


def test_names_that_come_twice_are_counted_and_the_first_counts() -> None:
    twice = b'{"a":{"dtype":"F32","shape":[2]},"a":{"dtype":"F16","shape":[3]},"b":{"dtype":"F32","shape":[1]}}'
    found = told(made(twice))
    assert (found.tensor_count, found.twice, found.parameters, found.whole) == (3, 1, 6, True)
    assert found.tensors["a"] == ((2,), "F32")


def test_long_names_that_begin_alike_stay_two() -> None:
    found = told(made({"x" * 5_000 + end: {"dtype": "F32", "shape": [1]} for end in "ab"}))
    assert len(found.tensors) == 2
    assert all(len(name) <= header.TEXT + 1 for name in found.tensors)


def tensor(**about: object) -> bytes:
    return made({"a": {"dtype": "F32", "shape": [1]} | about})


LIES = {
    "nothing": (b"", "shorter than the eight bytes"),
    "seven bytes": (b"\1" * 7, "shorter than the eight bytes"),
    "no length": (struct.pack("<Q", 0) + b"{}", "does not begin with a brace"),
    "longer than memory": (struct.pack("<Q", 2**64 - 1) + b"{}", "18,446,744,073,709,551,615 bytes"),
    "cut off": (made(TENSORS)[:60], "cut off"),
    "no JSON": (made(b"{nonsense"), "not JSON"),
    "no UTF-8": (made(b'{"\xff\xfe": 1}'), "not UTF-8"),
    "a list": (made([1]), "does not begin with a brace"),
    "nested": (made(b'{"a":' * 100_000), "nested too deep"),
    "nested lists": (made(b'{"a":' + b"[" * 100_000), "nested too deep"),
    "a number of ten thousand digits": (made(b'{"a":{"dtype":"F32","shape":[' + b"9" * 10_000 + b"]}}"), "not JSON"),
    "a tensor that is a text": (made({"a": "b"}), "no object"),
    "no type": (tensor(dtype=None), "no element type"),
    "a type that is a list": (tensor(dtype=["F32"]), "no element type"),
    "no shape": (tensor(shape=None), "no shape"),
    "a shape that is an object": (tensor(shape={"0": 1}), "no shape"),
    "an empty object as shape": (tensor(shape={}), "no shape"),
    "a negative side": (tensor(shape=[4, -1]), "shape that there can't be"),
    "half a side": (tensor(shape=[1.5]), "shape that there can't be"),
    "a side that is true": (tensor(shape=[True]), "shape that there can't be"),
    "a side without end": (tensor(shape=[2**63]), "shape that there can't be"),
    "no number": (made(b'{"a":{"dtype":"F32","shape":[NaN]}}'), "shape that there can't be"),
    "many dimensions": (tensor(shape=[1] * 9), "9 dimensions"),
    "metadata that is a list": (made({"__metadata__": [1]}), "no object"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_one_sentence(lie: str) -> None:
    data, words = LIES[lie]
    with pytest.raises(Unreadable, match=words):
        told(data)


def test_huge_shapes_are_only_numbers() -> None:
    found = told(tensor(shape=[2**63 - 1] * 8))
    assert found.parameters == (2**63 - 1) ** 8


def test_it_stops_before_text_becomes_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, flood in (("OBJECTS", b"{}"), ("LISTS", b"[]"), ("VALUES", b"1")):
        monkeypatch.setattr(safetensors, name, 50)
        with pytest.raises(Unreadable, match="more than 50"):
            told(made(b'{"a":[' + b",".join([flood] * 60) + b"]}"))
        monkeypatch.undo()
    monkeypatch.setattr(safetensors, "HEADER", 10)
    with pytest.raises(Unreadable, match="10 are read at most"):
        told(made(TENSORS))


def test_of_too_many_tensors_the_first_are_kept_and_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "TENSORS", 2)
    found = told(made(TENSORS))
    assert (len(found.tensors), found.tensor_count, found.parameters) == (2, 3, 6_465)
    assert not found.whole


def test_random_damage_is_never_more_than_a_sentence() -> None:
    chance = random.Random(7)
    honest = made({"__metadata__": {"format": "pt"}, **TENSORS})
    for _ in range(3_000):
        data = bytearray(honest)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.choice((0, 34, 44, 91, 123, 0xFF, chance.randrange(256)))
        with suppress(Unreadable):
            told(bytes(data[: chance.randint(0, len(data))] if chance.random() < 0.3 else data))


def test_what_is_kept_of_many_tensors_is_nothing_the_garbage_collector_walks_through() -> None:
    found = told(made(TENSORS))
    for _ in range(3):  # from the inside out
        gc.collect()
    assert not any(gc.is_tracked(tensor) for tensor in found.tensors.values())
