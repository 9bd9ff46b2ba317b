"""Small files in the formats that models and datasets really come in, byte for byte the same on every machine."""

from __future__ import annotations

import csv
import io
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Tensor = tuple[str, str, tuple[int, ...]]
"""A tensor to be: name, element type as safetensors calls it, shape."""

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1, "I32": 4, "I64": 8}
_GGML = {"F32": 0, "F16": 1, "I8": 24}
_ALIGNMENT = 32


def size_of(tensor: Tensor) -> int:
    """Bytes of a tensor's data."""
    size = _BYTES[tensor[1]]
    for length in tensor[2]:
        size *= length
    return size


def safetensors(tensors: Sequence[Tensor], metadata: Mapping[str, str], rng: random.Random) -> bytes:
    """Length of the header (8 bytes, little-endian), the header as JSON padded to 8 bytes, the tensors' data."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    offset = 0
    for tensor in tensors:
        end = offset + size_of(tensor)
        header[tensor[0]] = {"dtype": tensor[1], "shape": list(tensor[2]), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(_data(tensor, rng) for tensor in tensors)


def _data(tensor: Tensor, rng: random.Random) -> bytes:
    """Weights: small numbers around nought, a pattern of 64 repeated, since it is their header that is looked at."""
    count = size_of(tensor) // _BYTES[tensor[1]]
    kind = {"F64": "d", "F32": "f", "F16": "e", "I8": "b", "U8": "B", "I32": "i", "I64": "q"}.get(tensor[1])
    if kind is None or kind in "bBiq":
        return rng.randbytes(size_of(tensor))
    some = min(count, 64)
    pattern = struct.pack(f"<{some}{kind}", *(round(rng.uniform(-0.08, 0.08), 4) for _ in range(some)))
    return (pattern * (count // some + 1))[: size_of(tensor)]


def gguf(tensors: Sequence[Tensor], metadata: Mapping[str, Any], rng: random.Random) -> bytes:
    """GGUF, version 3: magic, counts, typed keys and values, what the tensors are, their data aligned to 32 bytes."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    head += [_string(key) + _value(value) for key, value in metadata.items()]
    offset = 0
    data: list[bytes] = []
    for tensor in tensors:
        name, kind, shape = tensor
        head.append(_string(name) + struct.pack("<I", len(shape)))
        head.append(struct.pack(f"<{len(shape)}Q", *reversed(shape)))  # fastest dimension first
        head.append(struct.pack("<IQ", _GGML[kind], offset))
        part = _data(tensor, rng)
        data.append(part + b"\0" * (-len(part) % _ALIGNMENT))
        offset += len(data[-1])
    start = b"".join(head)
    return start + b"\0" * (-len(start) % _ALIGNMENT) + b"".join(data)


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Any) -> bytes:
    """A GGUF value with its type before it."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    items = [_value(item) for item in value]  # each has its own type of 4 bytes before it, which an array says once
    kind = items[0][:4] if items else struct.pack("<I", 8)
    return struct.pack("<I", 9) + kind + struct.pack("<Q", len(items)) + b"".join(item[4:] for item in items)


def png(width: int, height: int, pixel: Callable[[int, int], tuple[int, int, int]]) -> bytes:
    """An RGB picture. Stored, not compressed: what a compressor makes of it depends on its version."""
    raw = b"".join(b"\0" + bytes(c for x in range(width) for c in pixel(x, y)) for y in range(height))
    if len(raw) > 0xFFFF:
        raise ValueError("one stored block holds 65,535 bytes")
    block = b"\x01" + struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF) + raw
    packed = b"\x78\x01" + block + struct.pack(">I", zlib.adler32(raw))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8 with a header line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def document(value: Any) -> bytes:
    """JSON for people: indented, in the order given."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def lines(values: Iterable[Mapping[str, Any]]) -> bytes:
    """JSON, one object a line."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


def tokenizer(words: Sequence[str], name: str) -> bytes:
    """A byte-pair tokenizer in the `tokenizer.json` layout: characters, merges, special tokens."""
    special = ["<unk>", "<s>", "</s>", "<pad>", "<|user|>", "<|assistant|>"]
    vocabulary: dict[str, int] = {token: n for n, token in enumerate(special)}
    for character in sorted({character for word in words for character in word}):
        vocabulary.setdefault(character, len(vocabulary))
    merges: list[list[str]] = []
    for word in words:
        for end in range(2, len(word) + 1):
            if word[:end] not in vocabulary:
                vocabulary[word[:end]] = len(vocabulary)
                merges.append([word[: end - 1], word[end - 1]])
    return document(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": n, "content": token, "special": True} for n, token in enumerate(special)],
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Whitespace"},
            "decoder": {"type": "BPEDecoder", "suffix": "</w>"},
            "model": {"type": "BPE", "unk_token": "<unk>", "vocab": vocabulary, "merges": merges},
            "name": name,
        }
    )
