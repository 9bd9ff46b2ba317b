"""What a header says, whichever format it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

TENSORS = 200_000  # that are kept; of more only how many there are
KEYS = 500  # that are kept
TEXT = 400  # characters of a name or a value that are kept
SIDES = 8  # dimensions of a tensor
SIDE = 2**63 - 1  # the longest side

Value = int | float | bool | str


class Unreadable(Exception):
    """Says in words that follow "can't be read:" what is wrong with a header."""


# A shape and a type. Plain tuples of numbers and texts: the garbage collector forgets those, and a hundred thousand of
# anything else would make it hold up the screen each time it looks through them.
Tensor = tuple[tuple[int, ...], str]


@dataclass(slots=True)
class Header:
    """
    Attributes:
        format: as people call it.
        metadata: the first keys, each value as it is shown.
        digests: of values that are shown abridged: key → a hash of the whole value.
        tensors: name → the first tensor of that name; the first names.
        tensor_count, key_count, parameters: of all.
        twice: how many tensors have a name that another one had before.
    """

    format: str
    tensor_count: int = 0
    key_count: int = 0
    parameters: int = 0
    twice: int = 0
    metadata: dict[str, Value] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether every tensor was kept."""
        return len(self.tensors) + self.twice == self.tensor_count

    def keep(self, name: str, tensor: Tensor) -> None:
        """Count a tensor, and keep it while there are not too many."""
        self.parameters += prod(tensor[0])
        if name in self.tensors:
            self.twice += 1
        elif len(self.tensors) < TENSORS:
            self.tensors[name] = tensor


def short_name(name: str) -> str:
    """A long name without its middle, so that names that begin alike are still told apart."""
    return name if len(name) <= TEXT else f"{name[: TEXT // 2]}…{name[-TEXT // 2 :]}"


def shown(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else value
