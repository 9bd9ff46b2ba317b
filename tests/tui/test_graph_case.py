"""Small graphs to draw, and a reader that follows drawn lines cell by cell; here it is shown to catch wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from curatory.tui.graph import Drawing, Span
from curatory.tui.graph.glyphs import LINES
from rich.cells import split_graphemes

SIDES = {"N": (0, -1), "E": (1, 0), "S": (0, 1), "W": (-1, 0)}
BACK = {"N": "S", "S": "N", "E": "W", "W": "E"}
ARMS = {LINES[arms]: {side for at, side in enumerate("NESW") if arms >> 2 * at & 3} for arms in range(256)}
HEADS = "→↳↱"


@dataclass(frozen=True)
class Node:
    key: int
    kind: str = "version"
    label: str = ""
    detail: str = ""
    depth: int = 0
    state: str = "there"
    aliases: tuple[str, ...] = ()


@dataclass
class Graph:
    start: int
    nodes: dict[int, Node]
    edges: tuple[tuple[int, int], ...]


@dataclass
class Build:
    """A graph, node by node."""

    nodes: dict[int, Node] = field(default_factory=dict)
    edges: list[tuple[int, int]] = field(default_factory=list)

    def version(self, label: str, detail: str = "model", *, aliases: tuple[str, ...] = (), state: str = "there") -> int:
        key = 2 * len(self.nodes) + 2
        self.nodes[key] = Node(key, "version", label, detail, 0, state, aliases)
        return key

    def run(self, label: str, used: Sequence[int] = (), logged: Sequence[int] = (), *, detail: str = "finished") -> int:
        key = 2 * len(self.nodes) + 1
        self.nodes[key] = Node(key, "run", label, detail)
        self.edges += [(version, key) for version in used] + [(key, version) for version in logged]
        return key

    def graph(self, start: int) -> Graph:
        return Graph(start, self.nodes, tuple(self.edges))


def plain(edges: str, start: int = 0, **labels: str) -> Graph:
    """A graph of untyped versions from `0>1 1>2`; a lone number is a node without edges."""
    pairs = [tuple(map(int, edge.split(">"))) for edge in edges.split()]
    keys = sorted({key for pair in pairs for key in pair})
    nodes = {key: Node(key, label=labels.get(f"n{key}", f"n{key}")) for key in keys}
    return Graph(start, nodes, tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2))


def training(runs: int = 30) -> tuple[Build, dict[str, int]]:
    """Datasets, a preprocessing run, fine-tuning runs, their models, an evaluation of each, one report."""
    build = Build()
    coco = build.version("coco:v7", "dataset")
    extra = build.version("augmentations:v2", "dataset")
    held = build.version("held-out:v3", "dataset", aliases=("gold",))
    base = build.version("backbone-large:v4")
    prepared = build.version("prepared:v12", "dataset", aliases=("latest",))
    build.run("preprocess 2026-02", (coco, extra), (prepared,))
    model, metrics = 0, []
    for n in range(runs):
        aliases = ("prod",) if n == 21 else ("latest",) if n == runs - 1 else ()
        model = build.version(f"detector:v{n}", aliases=aliases)
        build.run(f"finetune seed={n}", (prepared, base), (model,), detail="failed" if n in (3, 9) else "finished")
        metrics.append(build.version(f"metrics-{n}:v0", "evaluation"))
        build.run(f"eval {n}", (model, held), (metrics[-1],))
    report = build.version("weekly-report:v9", "report")
    build.run("report", metrics, (report,))
    return build, {"prepared": prepared, "model": model, "report": report, "held": held}


def cells_of(row: Sequence[Span]) -> list[str]:
    """A character a cell; the second cell of a wide one is empty."""
    cells: list[str] = []
    for text, _ in row:
        graphemes = split_graphemes(text)[0]
        for start, end, size in graphemes:
            cells += [text[start:end], *[""] * (size - 1)]
    return cells


def grid_of(drawing: Drawing) -> list[list[str]]:
    grid = [cells_of(row) for row in drawing.window(0, 0, drawing.width, drawing.height)]
    assert all(len(row) == drawing.width for row in grid)
    return grid


def follow(grid: Sequence[Sequence[str]], x: int, y: int) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Follow a line from its first cell in every way a reader could: up, down, to the right, never back to the left.

    Returns:
        the cells of arrow heads that are reached, and all cells passed.

    Raises:
        AssertionError: a line ends in nothing.
    """

    def char(x: int, y: int) -> str:
        return grid[y][x] if 0 <= y < len(grid) and 0 <= x < len(grid[y]) else " "

    ends: set[tuple[int, int]] = set()
    seen: set[tuple[int, int, str]] = set()
    todo = [(x, y, "E")] if char(x, y) != " " else []
    while todo:
        step = x, y, way = todo.pop()
        if step in seen:
            continue
        seen.add(step)
        here = char(x, y)
        if here == "→":
            assert way == "E", f"an arrow entered from the side at {x},{y}"
            ends.add((x, y))
            continue
        if here in HEADS:
            out = {"E"} | ({way} if way != "E" and _goes_on(char, x, y, way) else set())
        else:
            assert here in ARMS, f"the line reaches {here!r} at {x},{y}"
            arms = ARMS[here]
            if BACK[way] in arms:
                out = arms - {BACK[way], "W"}
                assert out or arms == {BACK[way], "W"}, f"the line ends at {x},{y}"
            else:
                crossed = {side for side in SIDES if side not in (way, BACK[way])}
                assert arms == crossed, f"a dead end at {x},{y}"
                out = {way}  # another line crosses over
        todo += [(x + SIDES[side][0], y + SIDES[side][1], side) for side in out]
    return ends, {(x, y) for x, y, _ in seen}


def _goes_on(char: Callable[[int, int], str], x: int, y: int, way: str) -> bool:
    """Whether a trunk goes on behind an arrow head that leads from it to the right."""
    here = char(x, y)
    y += SIDES[way][1]
    while char(x, y) == "━":
        y += SIDES[way][1]
    beyond = char(x, y)
    onward, back = ("↳", "↱") if way == "S" else ("↱", "↳")
    return beyond == onward or (beyond in HEADS and here == back) or BACK[way] in ARMS.get(beyond, ())


def check(drawing: Drawing) -> None:
    """Every line leads from its box to exactly the boxes of its edges; nothing overlaps; rows are as wide as said."""
    grid = grid_of(drawing)
    passed: set[tuple[int, int]] = set()
    boxes = {(x, place.y) for place in drawing.places.values() for x in range(place.x, place.x + place.width)}
    assert len(boxes) == sum(place.width for place in drawing.places.values()), "boxes overlap"
    for key, place in drawing.places.items():
        ends, cells = follow(grid, place.x + place.width, place.y)
        found = {drawing.at(x + 1, y) for x, y in ends}
        assert found == set(drawing.layers.targets(key)), f"from {key} one comes to {found}"
        assert all(drawing.places[other].x == x + 1 for x, y in ends if (other := drawing.at(x + 1, y)) is not None)
        passed |= cells
    lines = {
        (x, y)
        for y, row in enumerate(grid)
        for x, char in enumerate(row)
        if (char in ARMS or char in HEADS) and char != " "
    }
    assert lines - boxes <= passed, "a line that belongs to no edge"
    assert not passed & boxes


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("──→", {(2, 0)}),
        ("─╮\n ╰→", {(2, 1)}),
        ("─┬→\n ╰→", {(2, 0), (2, 1)}),
        ("─│→\n", {(2, 0)}),
        ("─┬→\n─╯ ", {(2, 0)}),
        ("─┬→\n─↳→\n ╰→", {(2, 0), (2, 1), (2, 2)}),
        ("─↳→\n─↱→\n", {(2, 0)}),
    ],
)
def test_the_reader_finds_where_lines_lead(text: str, ends: set[tuple[int, int]]) -> None:
    assert follow(text.split("\n"), 0, 0)[0] == ends


@pytest.mark.parametrize("text", ["──", "─╮\n  ", "─╰→", "─╭→", "─╮\n →"])
def test_the_reader_notices_lines_that_lead_nowhere(text: str) -> None:
    with pytest.raises(AssertionError):
        follow(text.split("\n"), 0, 0)


def lines(text: str) -> str:
    """A drawing written in a test, each row behind a `|`."""
    return "\n".join(row.partition("|")[2] for row in text.splitlines() if "|" in row)
