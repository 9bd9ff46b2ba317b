"""Fewer boxes: nodes that are alike become one, and what is beyond the cap too.

Nodes are alike when they stand in the same column, look the same and have the same neighbours, where a fold counts as
one neighbour: thirty runs that each made a model are folded together with the thirty models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .records import Box, Edge, NodeLike, neighbours

ALIKE = 5  # fewer are not folded
STAND_OUT = 3  # so many with an alias of their own are shown beside their fold
LEAST_CAP = 5

_MANY = {"model": "models", "dataset": "datasets", "run": "runs", "other": "versions"}
_FAILED = ("failed", "crashed", "killed")


@dataclass(slots=True)
class Folded:
    """The boxes, their columns, the edges between them, and the box of each node."""

    boxes: dict[int, Box]
    columns: dict[int, int]
    edges: list[Edge]
    of: dict[int, int]


def look(node: NodeLike) -> str:
    """The style of a node, which says what it is."""
    if node.state in ("deleted", "hidden"):
        return node.state
    if node.kind == "run":
        return "run"
    detail = node.detail.casefold()
    return next((name for name in ("model", "dataset") if name in detail), "other")


def box(node: NodeLike, fold: int | None = None, loops: bool = False) -> Box:
    label, tail = node.label, ""
    if node.kind == "run":
        notes = () if node.state != "there" or node.detail in ("", "finished") else (node.detail,)
    else:
        notes = tuple(sorted(node.aliases, key=lambda alias: alias == "latest"))
        head, colon, version = label.rpartition(":")
        if colon and len(version) <= 8:
            label, tail = head, ":" + version
    return Box(node.key, look(node), label, tail, notes, fold=fold, loops=loops)


def fold(
    nodes: Mapping[int, NodeLike],
    edges: Sequence[Edge],
    columns: Mapping[int, int],
    start: int,
    *,
    expanded: Collection[int] = (),
    keep: Collection[int] = (),
    cap: int,
    loops: Collection[int] = (),
    known: Collection[int] = (),
) -> Folded:
    """Fold what is alike, then what is too much.

    Args:
        expanded: folds that are shown as their members.
        keep: nodes that are never folded as alike: those of a path, marks.
        cap: the most boxes; what is nearest to the start stays.
        loops: nodes at the ends of edges that were left out.
        known: boxes that were shown before, which stay rather than others as near.
    """
    boxes: dict[int, Box] = {}
    of: dict[int, int] = {}
    shown = {start, *keep, *loops}
    for members in _alike(nodes, edges, columns, {start, *loops}):
        key = ~min(members)
        named = [member for member in members if any(alias != "latest" for alias in nodes[member].aliases)]
        alone = set(named) if len(named) <= STAND_OUT else set()
        rest = [member for member in members if member not in alone and member not in shown]
        if key in expanded:
            boxes.update((member, box(nodes[member], key)) for member in members)
        elif len(rest) > 1:
            boxes[key] = Box(key, "fold", _title(nodes, rest), notes=_failed(nodes, rest), members=tuple(rest))
            of.update(dict.fromkeys(rest, key))
    for key, node in nodes.items():
        if key not in of:
            boxes.setdefault(key, box(node, loops=key in loops))
            of[key] = key
    at = {key: columns[item.members[0] if item.members else key] for key, item in boxes.items()}
    folded = Folded(boxes, at, _lifted(edges, of), of)
    return folded if len(boxes) <= cap else _capped(folded, nodes, start, max(cap, LEAST_CAP), set(known) | shown)


def _lifted(edges: Iterable[Edge], of: Mapping[int, int]) -> list[Edge]:
    lifted = dict.fromkeys((of[a], of[b]) for a, b in edges)
    return [(a, b) for a, b in lifted if a != b]


def _alike(
    nodes: Mapping[int, NodeLike], edges: Sequence[Edge], columns: Mapping[int, int], alone: Collection[int]
) -> list[list[int]]:
    """Groups of at least `ALIKE`, split until all in a group have neighbours in the same groups."""
    sources, targets = neighbours(nodes, edges)
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for key, node in nodes.items():
        style = look(node)
        groups[-1 - key if key in alone else (columns[key], style, style == "other" and node.detail)].append(key)
    name = dict.fromkeys(nodes, 0)
    names = 0
    while True:
        for members in groups.values():
            if len(members) < ALIKE:
                for key in members:
                    names += 1
                    name[key] = names
            else:
                names += 1
                name.update(dict.fromkeys(members, names))
        big = [members for members in groups.values() if len(members) >= ALIKE]
        groups = defaultdict(list)
        for members in big:
            for key in members:
                near = frozenset(name[a] for a in sources[key]), frozenset(name[b] for b in targets[key])
                groups[name[key], near].append(key)
        if len(groups) == len(big):
            return big


def _title(nodes: Mapping[int, NodeLike], members: Sequence[int]) -> str:
    node = nodes[members[0]]
    style = look(node)
    count = f"{len(members):,}"
    if style == "hidden":
        return f"{count} hidden"
    if style == "deleted":
        return f"{count} deleted"
    if style == "other" and node.detail:
        return f"{count} × {node.detail}"
    return f"{count} {_MANY[style]}"


def _failed(nodes: Mapping[int, NodeLike], members: Sequence[int]) -> tuple[str, ...]:
    failed = sum(look(nodes[key]) == "run" and nodes[key].detail in _FAILED for key in members)
    return (f"{failed:,} failed",) if failed else ()


def _capped(folded: Folded, nodes: Mapping[int, NodeLike], start: int, cap: int, known: Collection[int]) -> Folded:
    """Only what is nearest to the start; the rest as one fold a column, and one beyond each end."""
    order = _nearest(folded, start, known)
    take = cap
    while True:
        kept = order[:take]
        lowest = min(folded.columns[key] for key in kept)
        highest = max(folded.columns[key] for key in kept)
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for key in order[take:]:
            groups[min(max(folded.columns[key], lowest - 1), highest + 1)].append(key)
        over = len(kept) + len(groups) - cap
        if over <= 0 or take == 1:
            break
        take = max(1, take - over)
    boxes = {key: folded.boxes[key] for key in kept}
    columns = {key: folded.columns[key] for key in kept}
    lift = {key: key for key in kept}
    for column, keys in groups.items():
        members = tuple(member for key in keys for member in folded.boxes[key].members or (key,))
        key = ~min(members)
        if len(members) == 1:
            key = members[0]
            boxes[key] = folded.boxes[key]
        elif len(keys) == 1:
            boxes[key] = folded.boxes[key]
        else:
            boxes[key] = Box(key, "fold", f"{len(members):,} more", members=members, rest=True)
        columns[key] = column
        lift.update(dict.fromkeys(keys, key))
    of = {key: lift[shown] for key, shown in folded.of.items()}
    return Folded(boxes, columns, _lifted(folded.edges, lift), of)


def _nearest(folded: Folded, start: int, known: Collection[int]) -> list[int]:
    """All boxes by their distance from the start; among those as far, what was known, then the newest."""
    sources, targets = neighbours(folded.boxes, folded.edges)

    def first(key: int) -> tuple[bool, int]:
        return key not in known, -abs(key)

    order: list[int] = []
    seen: set[int] = set()
    for level in ([start], sorted(folded.boxes, key=lambda key: (abs(folded.columns[key]), first(key)))):
        todo = [key for key in level if key not in seen]
        while todo:
            seen.update(todo)
            order += todo
            todo = sorted({near for key in todo for near in sources[key] + targets[key]} - seen, key=first)
    return order
