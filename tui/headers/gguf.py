"""What the header of a GGUF file says, read piece by piece: a header can be large, and can lie about everything."""

from __future__ import annotations

import io
import struct
from hashlib import blake2b
from typing import BinaryIO

from .header import KEYS, SIDE, SIDES, TEXT, Header, Tensor, Unreadable, Value, short_name, shown

HEADER = 100_000_000  # bytes within which a header has to end
STEPS = 3_000_000  # values that are walked over
NAME = 65_535  # bytes that a key or a name may have
FEW = 8  # items of an array that are shown; of a longer one only how many there are
DEPTH = 4  # arrays in arrays
CHUNK = 1 << 20  # bytes that are read at once of what is left out

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


def read(stream: BinaryIO) -> Header:
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
        self._hash: blake2b | None = None  # of the value that is being read
        self._abridged = False

    def header(self) -> Header:
        if self._size < 4 or self._take(4) != b"GGUF":
            raise Unreadable("it does not begin with the letters GGUF")
        version = self._number("I")
        if version and not version & 0xFFFF:  # written on a machine of the other byte order
            self._order = ">"
            version = int.from_bytes(version.to_bytes(4, "little"), "big")
        if version not in (2, 3):
            raise Unreadable(f"it is of version {version:,}; versions 2 and 3 can be read")
        header = Header(f"GGUF {version}", self._number("Q"), self._number("Q"))
        self._expect(header.key_count, 13, "keys")
        for number in range(header.key_count):
            key = self._name()
            kind = self._number("I")
            self._hash, self._abridged = blake2b(digest_size=16), False
            value = self._value(kind, 0)
            if number < KEYS and key not in header.metadata:
                header.metadata[key] = value
                if self._abridged:
                    header.digests[key] = self._hash.digest()
            self._hash = None
        self._expect(header.tensor_count, 24, "tensors")
        for _ in range(header.tensor_count):
            header.keep(self._name(), self._tensor())
        return header

    # -- pieces -------------------------------------------------------------------------------------------------

    def _tensor(self) -> Tensor:
        sides = self._number("I")
        if sides > SIDES:
            raise Unreadable(f"a tensor of it would have {sides:,} dimensions")
        shape = tuple(self._number("Q") for _ in range(sides))
        if any(side > SIDE for side in shape):
            raise Unreadable("a tensor of it has a shape that there can't be")
        kind = self._number("I")
        self._skip(8)  # where its data are
        return shape, _TYPES.get(kind, f"type {kind}")

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
            text = f"[{', '.join(shown(self._value(kind, depth)) for _ in range(count))}]"
            self._abridged |= len(text) > TEXT * 2
            return text[: TEXT * 2]
        self._abridged = True
        if kind in _SCALARS:
            self._skip(count * width)
        else:
            for _ in range(count):
                if kind == _STRING:
                    self._skip(self._number("Q"))
                else:
                    self._value(kind, depth)
        return f"{count:,} item{'' if count == 1 else 's'}"

    def _scalar(self, kind: int) -> Value:
        if kind == 7:
            return self._take(1) != b"\0"
        return self._number(_SCALARS[kind])

    def _name(self) -> str:
        length = self._number("Q")
        if length > NAME:
            raise Unreadable(f"a name in it would have {length:,} bytes")
        return short_name(self._take(length).decode("utf-8", "replace"))

    def _text(self) -> str:
        length = self._number("Q")
        kept = self._take(min(length, TEXT)).decode("utf-8", "replace")
        if length <= TEXT:
            return kept
        self._abridged = True
        self._skip(length - TEXT)
        return f"{kept.rstrip(chr(0xFFFD))}… ({length:,} bytes)"

    # -- bytes --------------------------------------------------------------------------------------------------

    def _number(self, code: str) -> int:
        return struct.unpack(self._order + code, self._take(struct.calcsize("<" + code)))[0]

    def _take(self, length: int) -> bytes:
        self._advance(length)
        data = self._stream.read(length)
        if len(data) < length:
            raise Unreadable(f"it is cut off after byte {self._at - length + len(data):,}")
        if self._hash is not None:
            self._hash.update(data)
        return data

    def _skip(self, length: int) -> None:
        """Leave out so many bytes; of a value they still count, so that two can be told apart."""
        self._advance(length)
        if self._hash is None:
            self._stream.seek(self._at)
            return
        while length and (part := self._stream.read(min(length, CHUNK))):
            self._hash.update(part)
            length -= len(part)

    def _advance(self, length: int) -> None:
        """Be further on; not behind the end, and not further than a header may go."""
        self._steps += 1
        if self._steps > STEPS:
            raise Unreadable(f"it has more than {STEPS:,} values")
        if self._at + length > self._size:
            raise Unreadable(f"it is cut off: after byte {self._at:,} there should be {length:,} more")
        self._at += length
        if self._at > HEADER:
            raise Unreadable(f"it is larger than {HEADER:,} bytes")

    def _expect(self, count: int, least: int, what: str) -> None:
        if count * least > self._size - self._at:
            raise Unreadable(f"it would hold {count:,} {what}, for which the file is too short")
