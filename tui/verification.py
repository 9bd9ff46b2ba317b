"""How far a version's stored files were verified, in words; the same on screens and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..store import Checked


@dataclass(frozen=True, slots=True)
class Verification:
    """
    Attributes:
        files: how many stored files there are.
        damaged: how many were not what they had been.
        never: how many were never verified.
        oldest: when the one was verified whose time lies longest back; None: none was.
    """

    files: int
    damaged: int
    never: int
    oldest: datetime | None

    @property
    def serious(self) -> bool:
        return self.damaged > 0


def verification(checks: Sequence[Checked]) -> Verification:
    times = [check.at for check in checks if check.at is not None]
    return Verification(
        len(checks),
        sum(1 for check in checks if check.problem is not None),
        len(checks) - len(times),
        min(times, default=None),
    )


def in_words(found: Verification, when: Callable[[datetime], str], how: str) -> str:
    """`all 12 files, oldest 3 h ago`.

    Args:
        when: a time in words.
        how: what verifies them.
    """
    if not found.files:
        return "nothing to verify: no bytes of it are in the store"
    if found.oldest is None:
        return f"never; {how}"
    age = when(found.oldest)
    done = found.files - found.never
    if found.damaged:
        rest = f"; {found.never:,} never verified" if found.never else ""
        return f"{found.damaged:,} of {_files(found.files)} damaged, oldest look {age}{rest}"
    if found.never:
        return f"{done:,} of {_files(found.files)}, oldest {age}; {found.never:,} never, {how}"
    return f"its one file, {age}" if done == 1 else f"all {_files(done)}, oldest {age}"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
