"""Rows for what stands in columns: edges as straight as the order allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from .records import Slot, Step, Via

SWEEPS = 4
STIFF = 40  # how much an edge wants to be straight that is the only one at both ends
STAY = 9  # how much a slot wants to stay when only one side is looked at

Near = dict[Slot, list[tuple[Slot, int]]]
Wish = tuple[int, int]  # row, weight


def place(columns: Sequence[Sequence[Slot]], steps: Sequence[Sequence[Step]]) -> dict[Slot, int]:
    """A row for each slot: in the order of its column, no two of a column in one row, the first row 0."""
    rows: dict[Slot, int] = {slot: at - len(column) // 2 for column in columns for at, slot in enumerate(column)}
    left: Near = {slot: [] for slot in rows}
    right: Near = {slot: [] for slot in rows}
    for step in steps:
        leaving = Counter(a for a, _ in step)
        coming = Counter(b for _, b in step)
        for a, b in step:
            weight = -(-STIFF // max(leaving[a], coming[b])) * (2 if isinstance(a, Via) or isinstance(b, Via) else 1)
            right[a].append((b, weight))
            left[b].append((a, weight))
    stay: Near = {slot: [(slot, STAY)] for slot in rows}
    back = {slot: right[slot] + stay[slot] for slot in rows}
    forth = {slot: left[slot] + stay[slot] for slot in rows}
    both = {slot: left[slot] + right[slot] for slot in rows}
    tries = []
    for near in (left, back, forth):
        _sweep(columns, near, rows, near is back)
        polished = dict(rows)
        for at in range(SWEEPS):
            before = dict(polished)
            _sweep(columns, both, polished, at % 2 == 1)
            if polished == before:
                break
        tries.append(polished)
    rows = min(tries, key=lambda rows: _bent(right, rows))
    top = min(rows.values())
    return {slot: row - top for slot, row in rows.items()}


def _sweep(columns: Sequence[Sequence[Slot]], near: Near, rows: dict[Slot, int], backwards: bool) -> None:
    for column in reversed(columns) if backwards else columns:
        _settle(column, near, rows)


def _bent(right: Near, rows: Mapping[Slot, int]) -> int:
    return sum(weight * abs(rows[slot] - rows[other]) for slot, others in right.items() for other, weight in others)


def _settle(column: Sequence[Slot], near: Mapping[Slot, Sequence[tuple[Slot, int]]], rows: dict[Slot, int]) -> None:
    """Move a column's slots to the middle of their neighbours, without changing their order.

    Slots that want the same rows become a block that moves as one (pool adjacent violators, by weighted medians).
    """
    blocks: list[tuple[int, int, list[Wish]]] = []  # first slot, middle of the wishes, wishes less the place in column
    for at, slot in enumerate(column):
        wishes = [(rows[other] - at, weight) for other, weight in near[slot]] or [(rows[slot] - at, 1)]
        first, middle = at, _median(wishes)
        while blocks and blocks[-1][1] >= middle:
            first, _, more = blocks.pop()
            wishes = more + wishes
            middle = _median(wishes)
        blocks.append((first, middle, wishes))
    ends = [block[0] for block in blocks[1:]] + [len(column)]
    for (first, middle, _), end in zip(blocks, ends, strict=True):
        for at in range(first, end):
            rows[column[at]] = middle + at


def _median(wishes: list[Wish]) -> int:
    """The row with half of the weight on either side; between two such rows, their middle."""
    wishes.sort()
    half = sum(weight for _, weight in wishes)
    passed = 0
    for at, (row, weight) in enumerate(wishes):
        passed += 2 * weight
        if passed == half:
            return (row + wishes[at + 1][0]) // 2
        if passed > half:
            return row
    raise AssertionError("there is always a wish")
