"""Edges between two columns as wires: horizontal from the source, one vertical trunk, horizontal to the target.

Wires that lead from the same sources to the same targets share a trunk; no other wires touch except where they leave
one source or enter one target. Whoever follows a line, up or down and to the right, arrives only where an edge goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from .records import Slot, Step


class Point(NamedTuple):
    """A place between two columns over which wires lead, in a row of its own."""

    row: float


Pin = Slot | Point


@dataclass(slots=True, eq=False)
class Net:
    """All of `sources` lead to all of `targets`, over one trunk.

    Where it `enters` a target's row behind other lines there, those must not be led back by it: it has an arrow head.
    """

    sources: tuple[Pin, ...]
    targets: tuple[Pin, ...]
    top: float = 0
    bottom: float = 0
    track: int = 0
    split: bool = False
    enters: frozenset[Pin] = frozenset()

    @property
    def straight(self) -> bool:
        return self.top == self.bottom


@dataclass(slots=True)
class Gap:
    """What is between two columns.

    Attributes:
        tracks: how many columns of cells the trunks take.
        rows: of all pins; those between the rows of slots are fractions.
        hops: the nets over which a source leads to a target, with the pin that each ends in.
    """

    rows: dict[Pin, float]
    tracks: int = 0
    nets: list[Net] = field(default_factory=list)
    hops: dict[Step, list[tuple[Net, Pin]]] = field(default_factory=dict)


def route(steps: Sequence[Step], rows: Mapping[Slot, int]) -> Gap:
    """Wires for the steps between two columns."""
    gap = Gap({slot: float(rows[slot]) for step in steps for slot in step})
    _connect(gap, steps)
    while True:
        before = _before(gap)
        knot = _knot(gap, before)
        if knot is None:
            break
        _split(gap, knot)
    _assign(gap, before)
    _mark_entries(gap)
    _find_hops(gap, steps)
    return gap


def _connect(gap: Gap, steps: Sequence[Step]) -> None:
    """Nets for all steps: what shares its sources gets one trunk where that saves some, the rest one for each source.

    A source shares one trunk at most, the last on its row: whoever comes from another source must not be led on by it.
    """
    sources: defaultdict[Slot, dict[Slot, None]] = defaultdict(dict)
    targets: defaultdict[Slot, dict[Slot, None]] = defaultdict(dict)
    for a, b in steps:
        sources[b][a] = None
        targets[a][b] = None
    groups: defaultdict[frozenset[Slot], list[Slot]] = defaultdict(list)
    for target, known in sources.items():
        groups[frozenset(known)].append(target)
    slot_at = {gap.rows[a]: a for a in targets}
    across = {slot_at.get(gap.rows[target]): target for target in sources}  # a line straight on is the last on its row
    shared: set[Slot] = set()

    def row(slot: Slot) -> float:
        return gap.rows[slot]

    for group, same in sorted(groups.items(), key=lambda item: (-len(item[0]) * len(item[1]), row(item[1][0]))):
        free = [
            slot
            for slot in sorted(group, key=row)
            if slot not in shared and (across.get(slot) not in targets[slot] or across[slot] in same)
        ]
        spared = sum(len(targets[slot]) == len(same) for slot in free)  # sources that need no trunk of their own then
        if len(free) > 1 and (spared > 1 or (spared and len(same) > 1)):
            gap.nets.append(_measured(gap, Net(tuple(free), tuple(sorted(same, key=row)))))
            shared.update(free)
            for slot in free:
                for target in same:
                    del targets[slot][target]
    for slot in sorted(targets, key=row):
        if targets[slot]:
            gap.nets.append(_measured(gap, Net((slot,), tuple(sorted(targets[slot], key=row)))))


def _measured(gap: Gap, net: Net) -> Net:
    rows = [gap.rows[pin] for pin in (*net.sources, *net.targets)]
    net.top, net.bottom = min(rows), max(rows)
    return net


def _pin(gap: Gap, near: float) -> Pin:
    """A new pin in a row where this gap has nothing, or between two rows."""
    taken = set(gap.rows.values())
    free = [row for row in range(int(min(taken)), int(max(taken)) + 1) if row not in taken]
    row = float(min(free, key=lambda row: abs(row - near), default=-1))
    if row < 0 or abs(row - near) > 2:
        row = float(int(near))
        while row in taken:
            row += 1 / 1024
    pin = Point(row)
    gap.rows[pin] = row
    return pin


def _before(gap: Gap) -> dict[Net, set[Net]]:
    """Which trunks must stand to the left of which."""
    out: defaultdict[Pin, list[Net]] = defaultdict(list)
    into: defaultdict[Pin, list[Net]] = defaultdict(list)
    for net in gap.nets:
        for pin in net.sources:
            out[pin].append(net)
        for pin in net.targets:
            into[pin].append(net)
    before: dict[Net, set[Net]] = {net: set() for net in gap.nets if not net.straight}

    def demand(first: Sequence[Net], then: Sequence[Net]) -> None:
        for net in first:
            if net in before:
                before[net].update(other for other in then if other is not net and other in before)

    left = {gap.rows[pin]: pin for pin in out}
    for pin in into:
        across = left.get(gap.rows[pin])
        if across == pin:
            demand(into[pin], out[pin])
        elif across is not None:
            demand(out[across], into[pin])
    for nets in out.values():
        demand([net for net in nets if len(net.sources) == 1], [net for net in nets if len(net.sources) > 1])
    return before


def _knot(gap: Gap, before: Mapping[Net, set[Net]]) -> Net | None:
    """A net that must stand left of itself, over others; None when there is no such."""
    after: dict[Net, set[Net]] = {net: set() for net in before}
    for net, others in before.items():
        for other in others:
            after[other].add(net)
    left = set(before)
    for out, into in ((before, after), (after, before)):
        todo = [net for net in left if not into[net] & left]
        while todo:
            net = todo.pop()
            left.discard(net)
            todo += [other for other in out[net] & left if not into[other] & left]
    movable = [net for net in gap.nets if net in left and not net.split]
    return max(movable, key=lambda net: len(before[net] & left) * len(after[net] & left), default=None)


def _split(gap: Gap, net: Net) -> None:
    """Lead a net over a pin of its own, so that its two halves can stand where each must."""
    pin = _pin(gap, (net.top + net.bottom) / 2)
    at = gap.nets.index(net)
    halves = Net(net.sources, (pin,), split=True), Net((pin,), net.targets, split=True)
    gap.nets[at : at + 1] = [_measured(gap, half) for half in halves]


def _assign(gap: Gap, before: Mapping[Net, set[Net]]) -> None:
    """Tracks from left to right: what must come first, then what is crossed least."""
    nets = list(before)
    cost = {net: {other: _crossed(gap, net, other) for other in nets if other is not net} for net in nets}
    waiting = dict.fromkeys(nets, 0)
    for others in before.values():
        for other in others:
            waiting[other] += 1
    burden = {net: sum(cost[net].values()) - sum(cost[other][net] for other in cost[net]) for net in nets}
    placed: list[Net] = []
    while waiting:
        net = min((net for net in waiting if not waiting[net]), key=lambda net: (burden[net], net.top))
        del waiting[net]
        for other in waiting:
            burden[other] -= cost[other][net] - cost[net][other]
        for other in before[net]:
            waiting[other] -= 1
        net.track = max(
            (o.track + 1 for o in placed if net in before[o] or (o.top <= net.bottom and net.top <= o.bottom)),
            default=0,
        )
        placed.append(net)
    gap.tracks = max((net.track + 1 for net in nets), default=0)


def _mark_entries(gap: Gap) -> None:
    last: dict[Pin, float] = {}
    first: dict[Pin, float] = {}
    for net in gap.nets:
        for pin in net.sources:
            last[pin] = max(last.get(pin, 0), inf if net.straight else net.track)
        for pin in net.targets:
            first[pin] = min(first.get(pin, inf), -1 if net.straight else net.track)
    for net in gap.nets:
        if len(net.targets) > 1 or any(net.track < last[pin] for pin in net.sources):
            net.enters = frozenset(pin for pin in net.targets if first[pin] < net.track and not net.straight)


def _crossed(gap: Gap, net: Net, other: Net) -> int:
    """How bad it is when one net stands left of another: they cross, or more arrow heads are needed."""
    if net.bottom < other.top or other.bottom < net.top:
        return 0
    crossings = sum(other.top <= gap.rows[pin] <= other.bottom for pin in net.targets)
    crossings += sum(net.top <= gap.rows[pin] <= net.bottom for pin in other.sources)
    return crossings + (len(other.targets) > 1 and len(set(net.targets) & set(other.targets)))


def _find_hops(gap: Gap, steps: Sequence[Step]) -> None:
    out: defaultdict[Pin, list[Net]] = defaultdict(list)
    for net in gap.nets:
        for pin in net.sources:
            out[pin].append(net)

    def way(pin: Pin, target: Pin) -> list[tuple[Net, Pin]] | None:
        for net in out[pin]:
            if target in net.targets:
                return [(net, target)]
        for net in out[pin]:
            for end in net.targets:
                if isinstance(end, Point) and (rest := way(end, target)):
                    return [(net, end), *rest]
        return None

    for source, target in steps:
        found = way(source, target)
        assert found, "every step has a net"
        gap.hops[source, target] = found
