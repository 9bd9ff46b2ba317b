"""Timing that can be believed on a shared machine: rivals take turns in one run, medians, and the load beside them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured operation: seconds by rival, and the aim that its ratio is held against."""

    name: str
    seconds: Mapping[str, float]
    aim: str = ""

    def ratio(self, of: str, to: str) -> float:
        return self.seconds[of] / self.seconds[to]


def rivals(name: str, repeat: int, aim: str = "", **calls: Callable[[], object]) -> Row:
    """The median seconds of each call; they take turns, so that whatever disturbs one disturbs all."""
    for call in calls.values():
        for _ in range(min(3, repeat)):
            call()
    taken: dict[str, list[float]] = {rival: [] for rival in calls}
    for _ in range(repeat):
        for rival, call in calls.items():
            start = time.perf_counter()
            call()
            taken[rival].append(time.perf_counter() - start)
    return Row(name, {rival: statistics.median(times) for rival, times in taken.items()}, aim)


def once(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def shown(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} µs"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def load() -> str:
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} (1 min), {five:.1f} (5 min) on {os.cpu_count()} cores"
