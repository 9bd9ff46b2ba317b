"""GGUF headers: what an honest one says is shown, and one that lies or is cut off gives one line."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from curatory.store import Store
from curatory.tui.dialogs.tensors import header_lines
from curatory.tui.headers import Unreadable, gguf, header

from .conftest import Open

INT32, UINT32, FLOAT, BOOL, STRING, ARRAY, UINT64 = 5, 4, 6, 7, 8, 9, 10


class Writer:
    """Writes headers as the format says."""

    def __init__(self, order: str = "<") -> None:
        self.order = order

    def number(self, code: str, value: float) -> bytes:
        return struct.pack(self.order + code, value)

    def text(self, text: str) -> bytes:
        data = text.encode()
        return self.number("Q", len(data)) + data

    def value(self, kind: int, value: Any) -> bytes:
        if kind == STRING:
            return self.text(value)
        if kind == ARRAY:
            inner, items = value
            head = self.number("I", inner) + self.number("Q", len(items))
            return head + b"".join(self.value(inner, item) for item in items)
        return self.number({INT32: "i", UINT32: "I", FLOAT: "f", BOOL: "?", UINT64: "Q"}[kind], value)

    def header(
        self,
        metadata: dict[str, tuple[int, Any]],
        tensors: dict[str, tuple[tuple[int, ...], int]],
        *,
        version: int = 3,
    ) -> bytes:
        found = b"GGUF" + self.number("I", version) + self.number("Q", len(tensors)) + self.number("Q", len(metadata))
        for key, (kind, value) in metadata.items():
            found += self.text(key) + self.number("I", kind) + self.value(kind, value)
        for name, (shape, kind) in tensors.items():
            found += self.text(name) + self.number("I", len(shape))
            found += b"".join(self.number("Q", side) for side in shape) + self.number("I", kind) + self.number("Q", 0)
        return found


METADATA = {
    "general.architecture": (STRING, "llama"),
    "general.name": (STRING, "도우미 \x1b]0;pwn\x07"),
    "general.license": (STRING, "apache-2.0"),
    "general.file_type": (UINT32, 15),
    "llama.context_length": (UINT32, 8192),
    "llama.rope.freq_base": (FLOAT, 500_000.0),
    "tokenizer.add_bos": (BOOL, True),
    "tokenizer.tokens": (ARRAY, (STRING, [f"t{number}" for number in range(32_000)])),
    "tokenizer.scores": (ARRAY, (FLOAT, [0.0] * 32_000)),
    "few": (ARRAY, (INT32, [1, -2])),
    "nested": (ARRAY, (ARRAY, [(INT32, [1]), (STRING, ["a", "b"])])),
    "template": (STRING, "x" * 10_000),
    "large": (UINT64, 2**63),
}
TENSORS = {"token_embd.weight": ((64, 32_000), 12), "norm.weight": ((64,), 0), "odd": ((2, 2, 2), 99)}
HONEST = Writer().header(METADATA, TENSORS)


def told(data: bytes) -> list[str]:
    return ["".join(word for word, _ in line) for line in header_lines(io.BytesIO(data), "a.gguf")]


@pytest.mark.parametrize(("version", "order"), [(2, "<"), (3, "<"), (3, ">")])
def test_what_a_header_says(version: int, order: str) -> None:
    found = gguf.read(io.BytesIO(Writer(order).header(METADATA, TENSORS, version=version) + bytes(500)))
    assert found.format == f"GGUF {version}"
    assert found.metadata["general.architecture"] == "llama"
    assert found.metadata["llama.context_length"] == 8192
    assert found.metadata["tokenizer.add_bos"] is True
    assert found.metadata["tokenizer.tokens"] == "32,000 items"
    assert found.metadata["tokenizer.scores"] == "32,000 items"
    assert found.metadata["few"] == "[1, -2]"
    assert found.metadata["nested"] == "[[1], [a, b]]"
    assert found.metadata["template"] == "x" * header.TEXT + "… (10,000 bytes)"
    assert found.metadata["large"] == 2**63
    assert list(found.tensors.items()) == [
        ("token_embd.weight", ((64, 32_000), "Q4_K")),
        ("norm.weight", ((64,), "F32")),
        ("odd", ((2, 2, 2), "type 99")),
    ]
    assert found.parameters == 64 * 32_000 + 64 + 8


def test_what_one_wants_to_know_stands_first() -> None:
    lines = told(HONEST)
    assert lines[0] == "GGUF 3  3 tensors  2,048,072 parameters"
    assert lines[3:7] == [
        "architecture   llama",
        "context length 8,192",
        "quantisation   Q4_K_M",
        "licence        apache-2.0",
    ]
    assert any("token_embd.weight" in line and "Q4_K" in line and "64 × 32000" in line for line in lines)


HEAD = b"GGUF" + struct.pack("<I", 3)
KEY = struct.pack("<Q", 1) + b"k"
LIES = {
    "nothing": b"",
    "another format": b"PK\3\4" * 20,
    "version 1": b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
    "version of the future": b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
    "more keys than bytes": HEAD + struct.pack("<QQ", 0, 2**63) + bytes(100),
    "more tensors than bytes": HEAD + struct.pack("<QQ", 2**64 - 1, 0) + bytes(100),
    "a key without end": HEAD + struct.pack("<QQQ", 0, 1, 2**63) + bytes(100),
    "a text without end": HEAD + struct.pack("<QQ", 0, 1) + KEY + struct.pack("<IQ", STRING, 2**64 - 1) + bytes(9),
    "an array without end": HEAD + struct.pack("<QQ", 0, 1) + KEY + struct.pack("<IIQ", ARRAY, 0, 2**60) + bytes(9),
    "no such type": HEAD + struct.pack("<QQ", 0, 1) + KEY + struct.pack("<I", 77) + bytes(9),
    "arrays in arrays": HEAD + struct.pack("<QQ", 0, 1) + KEY + struct.pack("<I", ARRAY) + struct.pack("<IQ", 9, 1) * 5_000,
    "many dimensions": HEAD + struct.pack("<QQ", 1, 0) + KEY + struct.pack("<I", 2**32 - 1) + bytes(40),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_gives_one_line(lie: str) -> None:
    lines = told(LIES[lie])
    assert len(lines) == 1
    assert lines[0].startswith("The GGUF header can't be read: ")


def test_a_header_that_is_cut_off_anywhere_gives_one_line() -> None:
    small = Writer().header({key: METADATA[key] for key in ("general.name", "few", "nested")}, TENSORS)
    for length in range(len(small)):
        assert len(told(small[:length])) == 1, length
    assert len(told(small)) > 5


def test_random_damage_never_raises() -> None:
    chance = random.Random(7)
    small = Writer().header({key: METADATA[key] for key in ("general.name", "few", "nested", "large")}, TENSORS)
    for _ in range(3_000):
        data = bytearray(small)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(8, len(data))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        told(bytes(data))


def test_it_stops_where_no_header_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf, "HEADER", 10_000)
    assert "larger than 10,000 bytes" in told(HONEST)[0]
    monkeypatch.undo()
    monkeypatch.setattr(gguf, "STEPS", 1_000)
    with pytest.raises(Unreadable, match="more than 1,000 values"):
        gguf.read(io.BytesIO(HONEST))


async def test_it_is_shown_for_a_file_of_a_version(desk: Open, small: Store, tmp_path: Path) -> None:
    file, broken = tmp_path / "assistant.gguf", tmp_path / "broken.GGUF"
    file.write_bytes(HONEST + bytes(10_000))
    broken.write_bytes(HONEST[:300])
    version = small.versions.log_paths([file, broken], "assistant", "model", entity="vision", project="labs")
    small.links.add(version, "model/assistant")
    async with desk("model/assistant:v0") as hands:
        hands.browser.details.choose_tab("files")
        await hands.press("4", "home", "enter")
        assert "GGUF 3" in hands.text
        assert "Q4_K_M" in hands.text
        assert "도우미" in hands.text
        assert "\x1b" not in hands.text
        await hands.press("escape", "down", "enter")
        assert "The GGUF header can't be read" in hands.text


def test_names_that_come_twice_are_counted_and_told() -> None:
    one = Writer().header({}, {"a": ((2,), 0)})
    tensor = one[len(Writer().header({}, {})) :]
    data = HEAD + struct.pack("<QQ", 3, 0) + tensor * 3
    found = gguf.read(io.BytesIO(data))
    assert (found.tensor_count, found.twice, found.parameters, list(found.tensors)) == (3, 2, 6, ["a"])
    assert any("2 tensors have names that another one had before" in line for line in told(data))


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (ARRAY, (STRING, ["a"] * 50), (STRING, ["a"] * 49 + ["b"])),
        (ARRAY, (FLOAT, [0.0] * 50), (FLOAT, [0.0] * 49 + [1.0])),
        (STRING, "x" * 5_000, "x" * 4_999 + "y"),
    ],
)
def test_values_that_are_shown_alike_are_told_apart(kind: int, old: Any, new: Any) -> None:
    before, same, after = (
        gguf.read(io.BytesIO(Writer().header({"k": (kind, value)}, {}))) for value in (old, old, new)
    )
    assert before.metadata == after.metadata
    assert before.digests == same.digests
    assert before.digests != after.digests
    assert set(before.digests) == {"k"}


def test_a_side_that_no_tensor_has_is_no_shape() -> None:
    lines = told(HEAD + struct.pack("<QQ", 1, 0) + KEY + struct.pack("<IQIQ", 1, 2**64 - 1, 0, 0))
    assert lines == ["The GGUF header can't be read: a tensor of it has a shape that there can't be."]
