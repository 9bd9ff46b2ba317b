"""Lineage: where a version came from and where it went, through the runs between.

The graph is walked level by level with a cap that is said aloud, on integers: a version is twice its id, a run one
more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from .access import role_sql
from .clock import from_text
from .errors import Invalid
from .records import Run, Version

if TYPE_CHECKING:
    from .store import Store

NODE_CAP = 2_000
MAX_DEPTH = 100
Direction = Literal["up", "down", "both"]


def version_node(version: int | None) -> int:
    assert version is not None
    return 2 * version


def run_node(run: int) -> int:
    return 2 * run + 1


@dataclass(frozen=True, slots=True)
class Node:
    """A run or a version in a graph.

    Attributes:
        key: its number in the graph.
        kind: "run" or "version".
        label: a run's title, or `name:vN` of a version at its source.
        path: where to find it; empty for what the actor may not see.
        detail: a version's type, a run's state.
        depth: steps from the start: negative upstream, positive downstream.
        state: "there"; "deleted" for a version or run that was deleted; "hidden" for one the actor may not see.
    """

    key: int
    kind: Literal["run", "version"]
    label: str
    path: str
    detail: str
    depth: int
    state: Literal["there", "deleted", "hidden"]
    created_at: datetime | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """What was found around a start.

    Attributes:
        nodes: by key; the start has depth 0.
        edges: (from, to), in the direction in which data flowed; only between `nodes`.
        capped: there is more than was taken: `cap` nodes.
        deeper: there is more beyond the depth that was asked for.
    """

    start: int
    nodes: dict[int, Node]
    edges: tuple[tuple[int, int], ...]
    capped: bool
    deeper: bool
    cap: int = NODE_CAP

    @property
    def note(self) -> str:
        """What has been left out, in words; empty when nothing was."""
        if self.capped:
            return f"first {self.cap:,} nodes; there are more"
        return "more beyond this depth" if self.deeper else ""


class Lineage:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def start_of(self, target: str | Version | Run) -> int:
        """The node of a version or run.

        Raises:
            NotFound, Ambiguous
            Invalid: the path names neither.
        """
        if isinstance(target, Run):
            return run_node(target.id)
        if isinstance(target, Version):
            return version_node(target.id)
        place = self._store.paths.resolve(target)
        if place.run_id is not None:
            return run_node(place.run_id)
        if place.version_id is None and place.collection_id is not None:
            place = self._store.paths.in_collection(place, "latest")
        if place.version_id is None:
            raise Invalid(f"{target!r} is a {place.kind}; lineage is asked of a version or a run")
        return version_node(place.version_id)

    def graph(
        self, target: str | Version | Run | int, direction: Direction = "both", *, depth: int = 5, cap: int = NODE_CAP
    ) -> Graph:
        """The nodes around a version or run, nearest first.

        Args:
            depth: steps in each direction; a run counts as one.
            cap: the most nodes to take.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        if not 0 <= depth <= MAX_DEPTH:
            raise Invalid(f"The depth of a lineage is 0 to {MAX_DEPTH}; {depth} was asked for")
        if not 1 <= cap <= 100_000:
            raise Invalid(f"A lineage takes 1 to 100,000 nodes; {cap:,} were asked for")
        start = target if isinstance(target, int) else self.start_of(target)
        depths = {start: 0}
        edges: set[tuple[int, int]] = set()
        capped = deeper = False
        ways: list[tuple[str, int]] = []
        if direction in ("up", "both"):
            ways.append(("up", -1))
        if direction in ("down", "both"):
            ways.append(("down", 1))
        if not ways:
            raise Invalid(f"A lineage goes up, down or both; not {direction!r}")
        levels = {way: [start] for way, _ in ways}
        for step in range(1, depth + 1):
            for way, sign in ways:
                levels[way], full = self._level(levels[way], way, sign * step, depths, edges, cap)
                capped = capped or full
        if not capped:
            deeper = any(self._more(levels[way], way, depths) for way, _ in ways)
        nodes = self._nodes(depths)
        inside = tuple(sorted(edge for edge in edges if edge[0] in nodes and edge[1] in nodes))
        return Graph(start, nodes, inside, capped, deeper, cap)

    def _level(
        self, level: Sequence[int], way: str, at: int, depths: dict[int, int], edges: set[tuple[int, int]], cap: int
    ) -> tuple[list[int], bool]:
        """One step from a level; returns the new nodes, and whether the cap stopped it."""
        if not level:
            return [], False
        found: list[int] = []
        limit = cap * 8
        rows = self._edges(level, way, limit=limit)
        for src, dst in rows:
            node = src if way == "up" else dst
            if node not in depths:
                if len(depths) >= cap:
                    return found, True
                depths[node] = at
                found.append(node)
            edges.add((src, dst))
        return found, len(rows) == limit

    def _edges(self, level: Sequence[int], way: str, *, limit: int) -> list[tuple[int, int]]:
        near, far = ("dst", "src") if way == "up" else ("src", "dst")
        return self._engine.rows(
            f"SELECT src, dst FROM edge WHERE {self._engine.any_of(near, 'level')} ORDER BY {near}, {far} LIMIT :limit",
            {"level": self._engine.pack(level), "limit": limit},
        )  # type: ignore[return-value]

    def _more(self, level: Sequence[int], way: str, depths: dict[int, int]) -> bool:
        if not level:
            return False
        return any(
            (src if way == "up" else dst) not in depths
            for src, dst in self._edges(level, way, limit=len(depths) * 8 + 8)
        )

    def _nodes(self, depths: dict[int, int]) -> dict[int, Node]:
        engine = self._engine
        versions = [key // 2 for key in depths if key % 2 == 0]
        runs = [key // 2 for key in depths if key % 2]
        nodes: dict[int, Node] = {}
        if versions:
            aliases = engine.array(
                "SELECT DISTINCT a.alias AS item FROM membership am JOIN alias a ON a.collection_id = am.collection_id "
                "AND a.version_id = am.version_id "
                "JOIN collection ac ON ac.id = am.collection_id AND ac.removed_at IS NULL "
                "JOIN project ap ON ap.id = ac.project_id AND ap.removed_at IS NULL "
                "JOIN entity ae ON ae.id = ap.entity_id "
                f"WHERE am.version_id = v.id AND {role_sql('ap', 'ae')} >= 1 ORDER BY 1"
            )
            blank: list[int] = []
            for i, name, type_, entity, project, number, state, at, role, held in engine.rows(
                "SELECT v.id, c.name, c.type, e.name, p.name, m.number, v.state, v.created_at, "
                f"{self._store.role_sql}, {aliases} "
                "FROM version v JOIN collection c ON c.id = v.collection_id JOIN project p ON p.id = c.project_id "
                "JOIN entity e ON e.id = p.entity_id "
                "LEFT JOIN membership m ON m.version_id = v.id AND m.collection_id = v.collection_id "
                f"WHERE {engine.any_of('v.id', 'ids')}",
                {"ids": engine.pack(versions)} | self._store.me,
            ):
                key = 2 * i
                if not role:
                    blank.append(i)
                    nodes[key] = Node(
                        key,
                        "version",
                        "(not visible to you)",
                        "",
                        "",
                        depths[key],
                        "hidden",
                        from_text(at),
                        _strings(held),
                    )
                    continue
                label = f"{name}:v{number}" if number is not None else name
                gone = state == "deleted"
                nodes[key] = Node(
                    key,
                    "version",
                    label,
                    "" if gone else f"{entity}/{project}/{label}",
                    type_,
                    depths[key],
                    "deleted" if gone else "there",
                    from_text(at),
                    _strings(held),
                )
            links = self._links(blank)
            for i in blank:
                node = nodes[2 * i]
                if i in links:  # seen through a link, though the source is not theirs to see
                    path, type_ = links[i]
                    nodes[2 * i] = replace(node, label=path.rpartition("/")[2], path=path, detail=type_, state="there")
                else:
                    nodes[2 * i] = replace(node, created_at=None)
        if runs:
            for i, name, title, state, entity, project, at, removed, role in engine.rows(
                "SELECT r.id, r.name, r.title, r.state, e.name, p.name, r.created_at, r.removed_at, "
                f"{self._store.role_sql} "
                "FROM run r JOIN project p ON p.id = r.project_id JOIN entity e ON e.id = p.entity_id "
                f"WHERE {engine.any_of('r.id', 'ids')}",
                {"ids": engine.pack(runs)} | self._store.me,
            ):
                key = 2 * i + 1
                if not role:
                    nodes[key] = Node(key, "run", "(not visible to you)", "", "", depths[key], "hidden")
                    continue
                nodes[key] = Node(
                    key,
                    "run",
                    title,
                    "" if removed else f"{entity}/{project}/{name}",
                    state,
                    depths[key],
                    "deleted" if removed else "there",
                    from_text(at),
                )
        return {key: nodes[key] for key in depths if key in nodes}

    def _links(self, versions: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Where versions are linked that the actor sees, the first place of each: path and type."""
        if not versions:
            return {}
        rows = self._engine.rows(
            "SELECT lm.version_id, le.name || '/' || lp.name || '/' || lc.name || ':v' || lm.number, lc.type "
            "FROM membership lm JOIN collection lc ON lc.id = lm.collection_id AND lc.removed_at IS NULL "
            "JOIN project lp ON lp.id = lc.project_id AND lp.removed_at IS NULL JOIN entity le ON le.id = lp.entity_id "
            f"WHERE {self._engine.any_of('lm.version_id', 'ids')} AND {role_sql('lp', 'le')} >= 1 ORDER BY lm.id DESC",
            {"ids": self._engine.pack(versions)} | self._store.me,
        )
        return {version: (path, type_) for version, path, type_ in rows}

    def path(self, source: str | Version | Run, target: str | Version | Run, *, cap: int = 100_000) -> Graph | None:
        """A shortest way that data took from one node to another, or None; walked from both ends.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        start, end = self.start_of(source), self.start_of(target)
        came: dict[int, int] = {start: start}
        goes: dict[int, int] = {end: end}
        down, up = [start], [end]
        meeting = start if start == end else None
        while meeting is None and down and up and len(came) + len(goes) < cap:
            forward = len(down) <= len(up)
            level, near = (down, came) if forward else (up, goes)
            nxt = []
            for src, dst in self._edges(level, "down" if forward else "up", limit=cap):
                old, new = (src, dst) if forward else (dst, src)
                if new not in near:
                    near[new] = old
                    nxt.append(new)
                    if new in (goes if forward else came):
                        meeting = new
                        break
            if forward:
                down = nxt
            else:
                up = nxt
        if meeting is None:
            return None
        nodes = [meeting]
        while nodes[0] != start:
            nodes.insert(0, came[nodes[0]])
        while nodes[-1] != end:
            nodes.append(goes[nodes[-1]])
        found = self._nodes({key: step for step, key in enumerate(nodes)})
        return Graph(start, found, tuple(pairwise(nodes)), False, False, cap)

    def used_by(self, target: str | Version) -> list[Node]:
        """The runs that used a version."""
        graph = self.graph(target, "down", depth=1)
        return [node for node in graph.nodes.values() if node.depth == 1 and node.kind == "run"]


def _strings(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()
