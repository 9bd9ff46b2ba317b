"""A series of numbers as a line of blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """At most `width` blocks; each the mean of the values it stands for."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    step = max(1.0, len(finite) / width)
    buckets = []
    for n in range(min(width, len(finite))):
        part = finite[int(n * step) : max(int(n * step) + 1, int((n + 1) * step))]
        buckets.append(sum(part) / len(part))
    low, high = min(buckets), max(buckets)
    if high == low or not math.isfinite(high - low):
        return _BLOCKS[3] * len(buckets)
    return "".join(_BLOCKS[min(7, int((value - low) / (high - low) * 8))] for value in buckets)
