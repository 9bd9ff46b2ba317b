"""A line of work: one artifact that a team makes again and again, better each time."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A line of work.

    Attributes:
        kind: what its files are; see `content.KINDS`.
        authors: who works on it, as long as they are there; the first leads it.
        start, end, count: when the first and about when the last version is made, and how many there are.
        after, each: instead, one for every `each`-th version of another line, soon after it.
        inputs: lines whose newest version each run uses.
        sometimes: a line whose newest version every fourth run uses as well.
        metric, low, high: the main result, from the first version to the last; `metric` empty: not measured.
        link, every: the collection that every so-manieth version is linked into; "" for none.
        promoted: `staging` and `prod` move along in that collection.
        ttl: seconds that a version lives; -1 as its team says.
        title, summary, use, limits: what the collection's card says.
        notes: what the author wrote about the first versions.
        fixed: metadata that does not change from version to version.
    """

    name: str
    type: str
    entity: str
    project: str
    kind: str
    authors: tuple[str, ...]
    title: str
    summary: str
    use: str
    limits: str
    notes: tuple[str, ...]
    start: str = ""
    end: str = "2026-11-17"
    count: int = 0
    after: str = ""
    each: int = 1
    job: str = "train"
    inputs: tuple[str, ...] = ()
    sometimes: str = ""
    metric: str = ""
    low: float = 0.0
    high: float = 0.0
    link: str = ""
    every: int = 1
    promoted: bool = False
    ttl: int = -1
    tags: tuple[str, ...] = ()
    architecture: str = ""
    parameters: int = 0
    fixed: dict[str, object] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where its versions are logged."""
        return f"{self.entity}/{self.project}/{self.name}"

    @property
    def seoul(self) -> bool:
        """Whether its people work in Seoul."""
        return self.project == "speech"

    @property
    def higher(self) -> bool:
        """Whether more of its metric is better."""
        return self.high >= self.low

    def score(self, number: int, rng: random.Random) -> float:
        """What version `number` reaches: quick progress at first, slower later, never quite steady."""
        expected = max(self.count, 12)
        done = 1 - math.exp(-3.2 * number / expected)
        value = self.low + (self.high - self.low) * done
        return round(value + rng.gauss(0, 0.02) * abs(self.high - self.low), 4)
