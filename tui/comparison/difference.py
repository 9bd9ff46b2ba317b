"""One difference between two versions, and those between values that have names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SAME, CHANGED, ADDED, GONE, NOTE = " ", "~", "+", "-", "!"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: a name, the two values in words, and how they differ; or a note, which is a sentence.

    Attributes:
        of: which file of the version the section is about, where there is a section for each.
        kind: what the name is the name of, where a section holds several kinds.
    """

    section: str
    name: str
    old: str = ""
    new: str = ""
    sign: str = SAME
    change: str = ""
    of: str = ""
    kind: str = ""

    @property
    def is_note(self) -> bool:
        return self.sign == NOTE


def mapped(
    section: str, old: Mapping[str, Any], new: Mapping[str, Any], *, of: str = "", kind: str = ""
) -> Iterator[Difference]:
    """Values by name, in the order in which they come."""
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        sign = SAME if before == after else ADDED if name not in old else GONE if name not in new else CHANGED
        change = ""
        numbers = [one for one in (before, after) if isinstance(one, int | float) and not isinstance(one, bool)]
        if sign == CHANGED and len(numbers) == 2:
            by = numbers[1] - numbers[0]
            change = f"{by:+,.4g}" + (f" ({by / abs(numbers[0]):+.1%})" if numbers[0] else "")
        yield Difference(section, name, _word(before, name in old), _word(after, name in new), sign, change, of, kind)


def _word(value: Any, there: bool) -> str:
    if not there or value is None:
        return "—"
    return f"{value:.6g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
