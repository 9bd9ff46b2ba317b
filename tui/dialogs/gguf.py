"""What the header of a GGUF file says, read piece by piece: a header can be large, and can lie about everything."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from math import prod
from typing import BinaryIO

from .. import wording
from ..widgets.text import Line

HEADER = 100_000_000  # bytes within which a header has to end
STEPS = 2_000_000  # values that are walked over
TEXT = 400  # bytes of a string that are kept
NAME = 65_535  # bytes that a key or a name may have
FEW = 8  # items of an array that are shown; of a longer one only how many there are
DEPTH = 4  # arrays in arrays
SIDES = 8  # dimensions of a tensor
MOST_KEYS, MOST_TENSORS = 500, 5_000  # that are shown

_UINT8, _STRING, _ARRAY = 0, 8, 9
_SCALARS = {
    _UINT8: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
_QUANTISATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
}  # fmt: skip

Value = int | float | bool | str


class Unreadable(Exception):
    """Says in a sentence what is wrong with a header."""


@dataclass(slots=True)
class Tensor:
    name: str
    shape: tuple[int, ...]
    type: str


@dataclass(slots=True)
class Header:
    """
    Attributes:
        metadata: the first keys, each value as it is shown.
        tensors: the first of them; `tensor_count` and `parameters` are of all.
    """

    version: int
    tensor_count: int
    key_count: int
    metadata: dict[str, Value] = field(default_factory=dict)
    tensors: list[Tensor] = field(default_factory=list)
    parameters: int = 0


def read_header(stream: BinaryIO) -> Header:
    """Read a header from the beginning of a stream that can seek.

    Raises:
        Unreadable: it is cut off, or not what a header can be.
    """
    return _Reader(stream).header()


class _Reader:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)
        self._at = stream.seek(0)
        self._order = "<"
        self._steps = 0

    def header(self) -> Header:
        if self._size < 4 or self._take(4) != b"GGUF":
            raise Unreadable("it does not begin with the letters GGUF")
        version = self._number("I")
        if version and not version & 0xFFFF:  # written on a machine of the other byte order
            self._order = ">"
            version = int.from_bytes(version.to_bytes(4, "little"), "big")
        if version not in (2, 3):
            raise Unreadable(f"it is of version {version:,}; versions 2 and 3 can be read")
        header = Header(version, self._number("Q"), self._number("Q"))
        self._expect(header.key_count, 13, "keys")
        for number in range(header.key_count):
            key = self._name()
            value = self._value(self._number("I"), 0)
            if number < MOST_KEYS:
                header.metadata[key] = value
        self._expect(header.tensor_count, 24, "tensors")
        for number in range(header.tensor_count):
            tensor = self._tensor()
            header.parameters += prod(tensor.shape)
            if number < MOST_TENSORS:
                header.tensors.append(tensor)
        return header

    # -- pieces -------------------------------------------------------------------------------------------------

    def _tensor(self) -> Tensor:
        name = self._name()
        sides = self._number("I")
        if sides > SIDES:
            raise Unreadable(f"a tensor of it would have {sides:,} dimensions")
        shape = tuple(self._number("Q") for _ in range(sides))
        kind = self._number("I")
        self._skip(8)  # where its data are
        return Tensor(name, shape, _TYPES.get(kind, f"type {kind}"))

    def _value(self, kind: int, depth: int) -> Value:
        if kind in _SCALARS:
            return self._scalar(kind)
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY:
            return self._array(depth + 1)
        raise Unreadable(f"a value in it is of the type {kind:,}, which there is not")

    def _array(self, depth: int) -> str:
        if depth > DEPTH:
            raise Unreadable(f"arrays in it are nested more than {DEPTH} deep")
        kind, count = self._number("I"), self._number("Q")
        width = struct.calcsize(_SCALARS[kind]) if kind in _SCALARS else 8 if kind == _STRING else 12
        self._expect(count, width, "items in an array")
        if count <= FEW:
            return f"[{', '.join(shown(self._value(kind, depth)) for _ in range(count))}]"[: TEXT * 2]
        if kind in _SCALARS:
            self._skip(count * width)
        else:
            for _ in range(count):
                if kind == _STRING:
                    self._skip(self._number("Q"))
                else:
                    self._value(kind, depth)
        return wording.count(count, "item")

    def _scalar(self, kind: int) -> Value:
        if kind == 7:
            return self._take(1) != b"\0"
        return self._number(_SCALARS[kind])

    def _name(self) -> str:
        length = self._number("Q")
        if length > NAME:
            raise Unreadable(f"a name in it would have {length:,} bytes")
        return self._take(length).decode("utf-8", "replace")[:TEXT]

    def _text(self) -> str:
        length = self._number("Q")
        kept = self._take(min(length, TEXT)).decode("utf-8", "replace")
        if length <= TEXT:
            return kept
        self._skip(length - TEXT)
        return f"{kept.rstrip(chr(0xFFFD))}… ({wording.size(length)})"

    # -- bytes --------------------------------------------------------------------------------------------------

    def _number(self, code: str) -> int:
        return struct.unpack(self._order + code, self._take(struct.calcsize("<" + code)))[0]

    def _take(self, length: int) -> bytes:
        self._advance(length)
        data = self._stream.read(length)
        if len(data) < length:
            raise Unreadable(f"it is cut off after {wording.count(self._at - length + len(data), 'byte')}")
        return data

    def _skip(self, length: int) -> None:
        self._advance(length)
        self._stream.seek(self._at)

    def _advance(self, length: int) -> None:
        """Be further on; not behind the end, and not further than a header may go."""
        self._steps += 1
        if self._steps > STEPS:
            raise Unreadable(f"it has more than {STEPS:,} values")
        if self._at + length > self._size:
            raise Unreadable(f"it is cut off: after byte {self._at:,} there should be {length:,} more")
        self._at += length
        if self._at > HEADER:
            raise Unreadable(f"it is larger than {wording.size(HEADER)}")

    def _expect(self, count: int, least: int, what: str) -> None:
        if count * least > self._size - self._at:
            raise Unreadable(f"it would hold {count:,} {what}, for which the file is too short")


# -- as lines --------------------------------------------------------------------------------------------------


def shown(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else value


def gguf_lines(stream: BinaryIO) -> list[Line]:
    """What there is to see of a header; of one that can't be read, why."""
    try:
        header = read_header(stream)
    except Unreadable as error:
        return [[(f"The GGUF header can't be read: {error}.", "warn")]]
    lines: list[Line] = [
        [
            (f"GGUF {header.version}  ", "head"),
            (wording.count(header.tensor_count, "tensor"), "number"),
            (f"  {header.parameters:,} parameters", "number"),
        ],
        [],
    ]
    lines += [[(f"{name:<15}", "muted"), (text, "strong")] for name, text in _summary(header.metadata)]
    if header.metadata:
        lines += [[], [("Metadata", "head"), (f"  {wording.count(header.key_count, 'key')}", "muted")]]
    width = min(max((len(key) for key in header.metadata), default=0), 44)
    for key, value in header.metadata.items():
        lines.append([(f"{key:<{width}}  ", "path"), (shown(value), "string" if isinstance(value, str) else "number")])
    if header.key_count > MOST_KEYS:
        lines.append([(f"… only the first {MOST_KEYS:,} keys are shown", "warn")])
    if header.tensors:
        lines += [[], [("Tensors", "head")]]
    width = min(max((len(tensor.name) for tensor in header.tensors), default=0), 60)
    for tensor in header.tensors:
        shape = " × ".join(str(side) for side in tensor.shape) or "scalar"
        lines.append([(f"{tensor.name:<{width}}  ", "path"), (f"{tensor.type:<8}", "type"), (shape, "number")])
    if header.tensor_count > MOST_TENSORS:
        lines.append([(f"… only the first {MOST_TENSORS:,} tensors are shown", "warn")])
    return lines


def _summary(metadata: dict[str, Value]) -> list[tuple[str, str]]:
    """What one wants to know first, as far as it is there."""
    kind = metadata.get("general.architecture")
    quantisation = metadata.get("general.file_type")
    if isinstance(quantisation, int):
        quantisation = _QUANTISATIONS.get(quantisation, f"file type {quantisation}")
    found = {
        "name": metadata.get("general.name"),
        "architecture": kind,
        "size": metadata.get("general.size_label"),
        "context length": metadata.get(f"{kind}.context_length"),
        "quantisation": quantisation,
        "licence": metadata.get("general.license"),
    }
    return [(name, shown(value)) for name, value in found.items() if value is not None]
