"""A focus graph in columns: what led to the focus on its left, what came of it on its right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .fold import fold
from .order import chains, order
from .place import place
from .records import Edge, GraphLike, Layers, NodeLike, Slot, neighbours, reached

CAP = 150


def arrange(
    graph: GraphLike,
    *,
    expanded: Collection[int] = (),
    keep: Collection[int] = (),
    cap: int = CAP,
    previous: Layers | None = None,
) -> Layers:
    """Lay a graph out.

    Args:
        expanded: keys of folds that are opened.
        keep: nodes that are not folded with those like them: marks, a path.
        cap: the most boxes, at least 5; what is farther from the focus is counted in folds whose `rest` is true. To see
            more of it, ask again with a higher cap.
        previous: how the graph looked before; what it had stays in its order.
    """
    nodes = graph.nodes
    edges = [edge for edge in dict.fromkeys(graph.edges) if edge[0] in nodes and edge[1] in nodes]
    forward, back = _without_cycles(nodes, edges)
    folded = fold(
        nodes,
        forward,
        _columns(nodes, forward, graph.start),
        graph.start,
        expanded=expanded,
        keep=keep,
        cap=cap,
        loops={key for edge in back for key in edge},
        known=previous.boxes if previous else (),
    )
    columns = _dense(folded.columns)
    routes = chains(folded.edges, columns)
    slots, steps = order(columns, routes, graph.start, _ranks(previous))
    return Layers(
        graph.start,
        folded.boxes,
        tuple(folded.edges),
        tuple(map(tuple, slots)),
        tuple(map(tuple, steps)),
        routes,
        place(slots, steps),
        folded.of,
        tuple(back),
    )


def _without_cycles(nodes: Mapping[int, NodeLike], edges: Sequence[Edge]) -> tuple[list[Edge], list[Edge]]:
    """The edges without those that close a cycle, and those: a run may log again the version that it used."""
    targets = neighbours(nodes, edges)[1]
    back: set[Edge] = set()
    done: set[int] = set()
    for root in sorted(nodes, key=lambda key: nodes[key].depth):
        if root in done:
            continue
        open_: dict[int, None] = {root: None}
        stack = [iter(targets[root])]
        while stack:
            key = next(reversed(open_))
            for near in stack[-1]:
                if near in open_:
                    back.add((key, near))
                elif near not in done:
                    open_[near] = None
                    stack.append(iter(targets[near]))
                    break
            else:
                done.add(key)
                del open_[key]
                stack.pop()
    return [edge for edge in edges if edge not in back], [edge for edge in edges if edge in back]


def _columns(nodes: Mapping[int, NodeLike], edges: Sequence[Edge], start: int) -> dict[int, int]:
    """The column of each node; 0 is the focus, every edge goes to a higher one.

    Ancestors stand as far left of the focus as their longest way to it, descendants as far right as their longest way
    from it; what is neither stands by its own depth and close to what came of it.
    """
    sources, targets = neighbours(nodes, edges)
    order = _topological(nodes, sources, targets)
    left = {start: 0}
    for key in reversed(order):
        for near in targets[key]:
            if near in left:
                left[key] = max(left.get(key, 0), left[near] + 1)
    columns: dict[int, int] = {}
    for key in order:
        if key in left:
            columns[key] = -left[key]
        else:
            columns[key] = max((columns[near] + 1 for near in sources[key]), default=nodes[key].depth)
    own = nodes.keys() - left.keys() - reached(start, targets)
    for key in reversed(order) if own else ():
        if key in own and targets[key]:
            columns[key] = min(columns[near] for near in targets[key]) - 1
    return columns


def _topological(
    keys: Iterable[int], sources: Mapping[int, Sequence[int]], targets: Mapping[int, Sequence[int]]
) -> list[int]:
    waiting = {key: len(sources[key]) for key in keys}
    order = [key for key, count in waiting.items() if not count]
    for key in order:
        for near in targets[key]:
            waiting[near] -= 1
            if not waiting[near]:
                order.append(near)
    return order


def _dense(columns: Mapping[int, int]) -> dict[int, int]:
    """Numbered without gaps; what was left or right of the focus stays there."""
    used = sorted(set(columns.values()))
    zero = sum(column < 0 for column in used)
    number = {column: at - zero for at, column in enumerate(used)}
    return {key: number[column] for key, column in columns.items()}


def _ranks(previous: Layers | None) -> dict[Slot, float]:
    """Where slots stood, from 0 at the top of their column to 1."""
    if previous is None:
        return {}
    return {slot: at / len(column) for column in previous.columns for at, slot in enumerate(column)}
