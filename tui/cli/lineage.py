"""`curatory lineage`: where a version came from and where it went, as a tree, as dot or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ..safe import clean
from . import documents
from .failure import Refused
from .options import PATH, pass_session, verb
from .output import ALIAS, BAD, DIM, HEAD, NAME, Output, Span

if TYPE_CHECKING:
    from ...store import Graph, Node, Store
    from .session import Session

_WIDE = 12  # of one level, on a screen


@verb(short_help="Where a version came from, and where it went.")
@click.argument("path", type=PATH)
@click.option("--up", is_flag=True, help="Only what it came from.")
@click.option("--down", is_flag=True, help="Only where it went.")
@click.option("--depth", type=click.IntRange(0, 100), default=5, show_default=True, help="Steps; a run counts as one.")
@click.option("--to", "target", metavar="PATH", type=PATH, help="A shortest way between the two, whichever came first.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing on a screen.")
@click.option("--format", "form", type=click.Choice(["tree", "dot", "json"]), default="tree", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@pass_session
def lineage(
    session: Session,
    path: str,
    up: bool,
    down: bool,
    depth: int,
    target: str | None,
    everything: bool,
    form: str,
    as_json: bool,
) -> None:
    """Where a version or run came from, and where it went.

    \b
      curatory lineage model/detector:prod
      curatory lineage model/detector:prod --up --depth 10
      curatory lineage model/detector:prod --to dataset/coco:v3
      curatory lineage model/detector:prod --format dot | dot -Tsvg > lineage.svg
    """
    store, out = session.store, session.out
    if up and down:
        up = down = False
    way: Literal["up", "down", "both"] = "up" if up else "down" if down else "both"
    graph = store.lineage.graph(path, way, depth=depth) if target is None else _between(store, path, target)
    if as_json or form == "json":
        out.json(documents.graph(graph))
    elif form == "dot":
        print(dot(graph))
    elif target is not None:
        _chain(out, graph)
    else:
        _draw(out, graph, way, everything or not out.tty)


def _between(store: Store, path: str, target: str) -> Graph:
    graph = store.lineage.path(path, target) or store.lineage.path(target, path)
    if graph is None:
        raise Refused(f"Nothing leads from {path} to {target}, nor back.")
    return graph


# -- the tree -----------------------------------------------------------------------------------------------------


def _draw(out: Output, graph: Graph, way: str, whole: bool) -> None:
    start = graph.nodes[graph.start]
    out.line(*_label(start))
    inputs: dict[int, list[int]] = {}
    outputs: dict[int, list[int]] = {}
    for source, goal in graph.edges:
        inputs.setdefault(goal, []).append(source)
        outputs.setdefault(source, []).append(goal)
    for title, edges, wanted in (("came from", inputs, "up"), ("went into", outputs, "down")):
        if way not in (wanted, "both"):
            continue
        out.head(title.capitalize())
        if not edges.get(graph.start):
            out.line(("nothing that is recorded", DIM), indent=2)
            continue
        _Tree(out, graph, edges, 1 if wanted == "down" else -1, whole).draw()
    if graph.note:
        out.note(f"({graph.note})")


class _Tree:
    """One direction, from the start outwards. A node that was drawn before is only named again."""

    def __init__(self, out: Output, graph: Graph, edges: dict[int, list[int]], sign: int, whole: bool) -> None:
        self._out = out
        self._graph = graph
        self._edges = edges
        self._sign = sign
        self._whole = whole
        self._drawn = {graph.start}

    def draw(self) -> None:
        # by hand: a lineage may be deeper than Python's own stack likes
        pending: list[tuple[str, list[int]]] = [("", self._children(self._graph.start))]
        while pending:
            guides, children = pending[-1]
            if not children:
                pending.pop()
                continue
            key = children.pop(0)
            last = not children
            elbow = "└─ " if last else "├─ "
            if key < 0:
                self._out.line((f"  {guides}{elbow}", DIM), (f"… {-key:,} more: --all", DIM))
                continue
            node = self._graph.nodes[key]
            again = key in self._drawn and bool(self._children(key))
            self._line(guides + elbow, node, again)
            if not again:
                self._drawn.add(key)
                pending.append((guides + ("   " if last else "│  "), self._children(key)))

    def _children(self, key: int) -> list[int]:
        """The next nodes outwards; a negative number stands for how many were folded."""
        found = [
            other
            for other in self._edges.get(key, ())
            if self._graph.nodes[other].depth * self._sign > 0 and other != key
        ]
        if self._whole or len(found) <= _WIDE:
            return found
        return [*found[: _WIDE - 1], -(len(found) - _WIDE + 1)]

    def _line(self, guides: str, node: Node, again: bool) -> None:
        spans: list[Span] = [(f"  {guides}", DIM), *_label(node)]
        if again:
            spans.append(("  (see above)", DIM))
        self._out.line(*spans)


def _label(node: Node) -> list[Span]:
    """A node in words: what it is, what it is called, what became of it."""
    spans: list[Span] = [("run " if node.kind == "run" else "", DIM), (node.label, HEAD if node.depth == 0 else NAME)]
    if node.detail:
        spans.append((f"  {node.detail}", DIM))
    if node.aliases:
        spans.append((f"  {', '.join(node.aliases[:4])}", ALIAS))
    if node.state == "deleted":
        spans.append(("  deleted", BAD))
    return spans


def _chain(out: Output, graph: Graph) -> None:
    """A way from one node to another, a line a step."""
    goes = dict(graph.edges)
    key: int | None = graph.start
    first = True
    while key is not None:
        out.line(("" if first else "→ ", DIM), *_label(graph.nodes[key]), indent=0 if first else 2)
        first = False
        key = goes.get(key)


# -- dot ----------------------------------------------------------------------------------------------------------


def dot(graph: Graph) -> str:
    """The graph for Graphviz."""
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in graph.nodes.values():
        look = "shape=ellipse" if node.kind == "run" else "shape=box"
        if node.state != "there":
            look += ", style=dashed"
        elif node.key == graph.start:
            look += ", penwidth=2"
        lines.append(f"  n{node.key} [label={quoted(node.label)}, tooltip={quoted(node.path)}, {look}];")
    lines += [f"  n{source} -> n{goal};" for source, goal in graph.edges]
    if graph.note:
        lines.append(f"  label={quoted(graph.note)};")
    return "\n".join([*lines, "}"])


def quoted(text: str) -> str:
    """A dot string in which nothing is markup, an escape or a control character."""
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
