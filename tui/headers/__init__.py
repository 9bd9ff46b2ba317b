"""What the headers of weights files say: names, shapes and types of tensors, and what is written beside them.

Nothing here is shown, and nothing is believed: a header can be large, cut off, or lie about everything.

    header = read(stream, "model.safetensors")
"""

from __future__ import annotations

from typing import BinaryIO

from . import gguf, safetensors
from .header import Header, Tensor, Unreadable, Value, shown

_READERS = {"safetensors": safetensors.read, "gguf": gguf.read}


def kind_of(path: str) -> str | None:
    """Which of the two formats a file of this name has; None: neither."""
    ending = path.rpartition(".")[2].casefold()
    return ending if ending in _READERS else None


def read(stream: BinaryIO, path: str) -> Header:
    """Read the header at the beginning of a stream that can seek.

    Raises:
        Unreadable: it is cut off, or not what a header can be.
        KeyError: files of this name have no header that is known.
    """
    return _READERS[kind_of(path) or ""](stream)


__all__ = ["Header", "Tensor", "Unreadable", "Value", "kind_of", "read", "shown"]
