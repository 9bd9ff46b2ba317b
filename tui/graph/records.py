"""What is laid out, and what a layout is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Edge = tuple[int, int]


class NodeLike(Protocol):
    """A node of `store.lineage.Graph`."""

    @property
    def key(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...


class GraphLike(Protocol):
    """A graph of `store.lineage`: keys are not negative, edges go the way data flowed."""

    @property
    def start(self) -> int: ...
    @property
    def nodes(self) -> Mapping[int, NodeLike]: ...
    @property
    def edges(self) -> Sequence[Edge]: ...


class Via(NamedTuple):
    """A place that a long edge passes in a column between its ends.

    Edges that share a source ("from") or a target ("to") pass together.
    """

    side: str
    end: int
    column: int


Slot = int | Via  # what stands in a column: a box or a passing edge
Step = tuple[Slot, Slot]


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or a fold of several.

    Attributes:
        key: the node's; a fold's is `~` of its oldest member's, so it is negative and outlives refreshes.
        kind: the style: model, dataset, run, other, deleted, hidden or fold.
        label: as it is stored: clean it before it is shown.
        tail: the end of the label that is kept when it is cut: `:v12`.
        notes: aliases; a run's state unless it finished; how many runs of a fold failed.
        members: keys of the nodes in a fold, empty for a node.
        fold: the key of the opened fold to which a node belongs; collapse that to fold it again.
        rest: a fold made because the cap was reached, not because its members are alike.
        loops: an edge goes back from here, against the flow; it is not drawn.
    """

    key: int
    kind: str
    label: str
    tail: str = ""
    notes: tuple[str, ...] = ()
    members: tuple[int, ...] = ()
    fold: int | None = None
    rest: bool = False
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Layers:
    """Boxes in columns, data flowing from left to right.

    Attributes:
        start: the focus.
        boxes: by key.
        edges: between boxes.
        columns: what stands in each, from top to bottom.
        steps: between each column and the next.
        chains: the slots that an edge passes, its ends included.
        rows: the row of each slot; a drawing may put more rows between.
        of: the box that shows a node.
        back: edges of the graph that go against the flow and are not drawn.
    """

    start: int
    boxes: dict[int, Box]
    edges: tuple[Edge, ...]
    columns: tuple[tuple[Slot, ...], ...]
    steps: tuple[tuple[Step, ...], ...]
    chains: dict[Edge, tuple[Slot, ...]]
    rows: dict[Slot, int]
    of: dict[int, int]
    back: tuple[Edge, ...]
    _near: tuple[dict[int, list[int]], dict[int, list[int]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_near", neighbours(self.boxes, self.edges))

    def sources(self, key: int) -> list[int]:
        """The boxes from which data flows straight into this one."""
        return self._near[0].get(key, [])

    def targets(self, key: int) -> list[int]:
        return self._near[1].get(key, [])

    def upstream(self, key: int) -> frozenset[Edge]:
        """All edges over which data came here."""
        return frozenset((a, b) for b in reached(key, self._near[0]) for a in self.sources(b))

    def downstream(self, key: int) -> frozenset[Edge]:
        return frozenset((a, b) for a in reached(key, self._near[1]) for b in self.targets(a))

    def through(self, key: int) -> frozenset[Edge]:
        """All edges over which data came here or goes from here."""
        return self.upstream(key) | self.downstream(key)

    def between(self, source: int, target: int) -> frozenset[Edge]:
        """The edges of all ways from one box to another; empty when there is none."""
        return self.downstream(source) & self.upstream(target)


def neighbours(keys: Iterable[int], edges: Iterable[Edge]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Sources and targets by key."""
    sources: dict[int, list[int]] = {key: [] for key in keys}
    targets: dict[int, list[int]] = {key: [] for key in sources}
    for a, b in edges:
        sources[b].append(a)
        targets[a].append(b)
    return sources, targets


def reached(start: int, near: Mapping[int, Collection[int]]) -> set[int]:
    """What can be reached over `near`, the start included."""
    seen = {start}
    todo = [start]
    while todo:
        for key in near.get(todo.pop(), ()):
            if key not in seen:
                seen.add(key)
                todo.append(key)
    return seen
