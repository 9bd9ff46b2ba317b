"""Headers of safetensors files: eight bytes that say how long it is, and JSON of so many bytes."""

from __future__ import annotations

import json
import struct
from hashlib import blake2b
from typing import Any, BinaryIO

from .header import KEYS, SIDE, SIDES, TEXT, Header, Tensor, Unreadable, short_name

HEADER = 32 * 1024 * 1024  # bytes of a header that are read
# Its JSON may open so many objects and lists and hold so many values: a few bytes of text can become a hundred times
# as many in memory.
OBJECTS, LISTS, VALUES = 500_000, 1_000_000, 6_000_000
TYPE = 32  # characters of an element type

_ABOUT = "__metadata__"


_OBJECT = object()  # stands first in what a JSON object becomes: a tuple, with all its keys, also those that come twice


def _object(pairs: list[tuple[str, Any]]) -> tuple[Any, ...]:
    """Plain tuples, as `header.Tensor` says. That it is a function also lets other threads go on in between."""
    return (_OBJECT, *((key, tuple(value) if type(value) is list else value) for key, value in pairs))


def _is_object(value: Any) -> bool:
    return type(value) is tuple and bool(value) and value[0] is _OBJECT


def read(stream: BinaryIO) -> Header:
    """Read a header from the beginning of a stream.

    Raises:
        Unreadable: it is cut off, or not what a header can be.
    """
    stream.seek(0)
    head = _exactly(stream, 8)
    if len(head) < 8:
        raise Unreadable("the file is shorter than the eight bytes it begins with")
    size = struct.unpack("<Q", head)[0]
    if size > HEADER:
        raise Unreadable(f"it would be {size:,} bytes long; {HEADER:,} are read at most")
    data = _exactly(stream, size)
    if len(data) < size:
        raise Unreadable(f"it is cut off: of its {size:,} bytes there are {len(data):,}")
    return _header(_parsed(data))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """So many bytes, or all that there are."""
    found = bytearray()
    while len(found) < size and (part := stream.read(size - len(found))):
        found += part
    return bytes(found)


def _parsed(data: bytes) -> tuple[Any, ...]:
    if not data.startswith(b"{"):
        raise Unreadable("it does not begin with a brace")
    for sign, most, what in ((b"{", OBJECTS, "objects"), (b"[", LISTS, "lists"), (b",", VALUES, "values")):
        if data.count(sign) > most:
            raise Unreadable(f"it holds more than {most:,} {what}")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    except RecursionError:
        raise Unreadable("its JSON is nested too deep") from None
    except ValueError:  # also numbers with thousands of digits
        raise Unreadable("it is not JSON") from None


def _header(found: tuple[Any, ...]) -> Header:
    header = Header("safetensors")
    for name, value in found[1:]:
        if name == _ABOUT:
            _about(header, value)
        else:
            header.tensor_count += 1
            header.keep(short_name(name), _tensor(name, value))
    return header


def _about(header: Header, value: Any) -> None:
    if not _is_object(value):
        raise Unreadable("what it says beside its tensors is no object")
    for key, text in value[1:]:
        header.key_count += 1
        name = short_name(key)
        if len(header.metadata) >= KEYS or name in header.metadata:
            continue
        whole = text if isinstance(text, str) else _plain(text)
        header.metadata[name] = whole if len(whole) <= TEXT else f"{whole[:TEXT]}… ({len(whole):,} characters)"
        if len(whole) > TEXT:
            header.digests[name] = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(value: Any) -> str:
    """Only texts belong there; what else there is, in few characters."""
    if _is_object(value):
        return "{…}" if value[1:] else "{}"
    if isinstance(value, tuple):
        return "[…]" if value else "[]"
    return json.dumps(value)


def _tensor(name: str, value: Any) -> Tensor:
    told = f"its tensor {name[:60]!r}"
    if not _is_object(value):
        raise Unreadable(f"{told} is no object")
    about = dict(value[1:])
    kind, shape = about.get("dtype"), about.get("shape")
    if not isinstance(kind, str):
        raise Unreadable(f"{told} has no element type")
    if type(shape) is not tuple or _is_object(shape):
        raise Unreadable(f"{told} has no shape")
    if len(shape) > SIDES:
        raise Unreadable(f"{told} would have {len(shape):,} dimensions")
    for side in shape:
        if type(side) is not int or not 0 <= side <= SIDE:
            raise Unreadable(f"{told} has a shape that there can't be")
    return shape, kind[:TYPE]
