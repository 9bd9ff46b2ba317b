"""The order of what stands in each column: few crossings, and as before where that makes none."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from .records import Edge, Slot, Step, Via

SWEEPS = 4
Near = Mapping[Slot, Sequence[Slot]]


def chains(edges: Sequence[Edge], columns: Mapping[int, int]) -> dict[Edge, tuple[Slot, ...]]:
    """The slots that each edge passes: long edges share their way with those of the same source, or target."""
    long = [edge for edge in edges if columns[edge[1]] - columns[edge[0]] > 1]
    leaving = Counter(a for a, _ in long)
    coming = Counter(b for _, b in long)
    routes: dict[Edge, tuple[Slot, ...]] = {}
    for a, b in edges:
        side, end = ("to", b) if coming[b] > leaving[a] else ("from", a)
        between = range(columns[a] + 1, columns[b])
        routes[a, b] = (a, *(Via(side, end, column) for column in between), b)
    return routes


def order(
    columns: Mapping[int, int], routes: Mapping[Edge, Sequence[Slot]], start: int, ranks: Mapping[Slot, float]
) -> tuple[list[list[Slot]], list[list[Step]]]:
    """The slots of each column from top to bottom, and the steps between each column and the next."""
    first = min(columns.values())
    count = max(columns.values()) - first + 1
    steps: list[dict[Step, None]] = [{} for _ in range(count - 1)]
    at: dict[Slot, int] = {key: column - first for key, column in columns.items()}
    near: dict[Slot, list[Slot]] = {key: [] for key in columns}
    for route in routes.values():
        for a, b in pairwise(route):
            for slot in (a, b):
                if isinstance(slot, Via):
                    at[slot] = slot.column - first
                    near.setdefault(slot, [])
            if (a, b) not in steps[at[a]]:
                steps[at[a]][a, b] = None
                near[a].append(b)
                near[b].append(a)
    slots: list[list[Slot]] = [[] for _ in range(count)]
    for slot in _walk(start, near):
        slots[at[slot]].append(slot)
    for column in slots:
        column.sort(key=lambda slot: ranks.get(slot, 1))
        _gather(column, near)
    left: Near = {slot: [other for other in others if at[other] < at[slot]] for slot, others in near.items()}
    right: Near = {slot: [other for other in others if at[other] > at[slot]] for slot, others in near.items()}
    best, fewest = slots, _crossings(slots, right)
    for sweep in range(SWEEPS if fewest else 0):
        slots = [list(column) for column in slots]
        forward = sweep % 2 == 0
        for here in range(1, count) if forward else range(count - 2, -1, -1):
            _by_barycentre(slots[here], slots[here - 1 if forward else here + 1], left if forward else right)
        crossings = _crossings(slots, right)
        if crossings < fewest:
            best, fewest = slots, crossings
        if not fewest:
            break
    if fewest:
        _swap(best, left, right)
    return best, [list(step) for step in steps]


def _walk(start: int, near: Near) -> Iterable[Slot]:
    """Everything, depth first from the start: what belongs together comes together."""
    seen: set[Slot] = set()
    for root in (start, *near):
        stack: list[Slot] = [root]
        while stack:
            slot = stack.pop()
            if slot not in seen:
                seen.add(slot)
                yield slot
                stack += reversed(near[slot])


def _gather(column: list[Slot], near: Near) -> None:
    """Put those with the same neighbours next to the first of them."""
    first: dict[frozenset[Slot], int] = {}
    place = {slot: first.setdefault(frozenset(near[slot]), at) for at, slot in enumerate(column)}
    column.sort(key=place.__getitem__)


def _by_barycentre(column: list[Slot], beside: Sequence[Slot], near: Near) -> None:
    """Sort by the mean place of the neighbours; a slot without any stays where it is."""
    place = {slot: at for at, slot in enumerate(beside)}
    mean = {slot: sum(place[other] for other in near[slot]) / len(near[slot]) for slot in column if near[slot]}
    ordered = iter(sorted(mean, key=mean.__getitem__))
    column[:] = [next(ordered) if slot in mean else slot for slot in column]


def _crossings(slots: Sequence[Sequence[Slot]], right: Near) -> int:
    total = 0
    for column, beside in pairwise(slots):
        place = {slot: at for at, slot in enumerate(beside)}
        ends: list[int] = []
        for slot in column:
            targets = sorted(place[other] for other in right[slot])
            total += sum(len(ends) - bisect_left(ends, end + 1) for end in targets)
            for end in targets:
                insort(ends, end)
    return total


def _swap(slots: list[list[Slot]], left: Near, right: Near) -> None:
    """Swap neighbours in a column as long as that removes crossings, in a few passes."""
    for _ in range(SWEEPS):
        swapped = False
        for here, column in enumerate(slots):
            places = [
                {slot: at for at, slot in enumerate(slots[beside])} if 0 <= beside < len(slots) else {}
                for beside in (here - 1, here + 1)
            ]
            ends = {
                slot: [
                    sorted(place[other] for other in near[slot])
                    for near, place in zip((left, right), places, strict=True)
                ]
                for slot in column
            }
            for at in range(len(column) - 1):
                upper, lower = ends[column[at]], ends[column[at + 1]]
                gain = sum(_above(u, w) - _above(w, u) for u, w in zip(lower, upper, strict=True))
                if gain > 0:
                    column[at], column[at + 1] = column[at + 1], column[at]
                    swapped = True
        if not swapped:
            return


def _above(upper: Sequence[int], lower: Sequence[int]) -> int:
    """How many pairs of ends do not cross when the first is drawn above, but would below."""
    return sum(len(lower) - bisect_left(lower, end + 1) for end in upper)
