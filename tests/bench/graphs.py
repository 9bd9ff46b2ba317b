"""Laying out and drawing lineage: medians of pure functions, no store.

python -m tests.bench.graphs
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, pairwise

from curatory.tui.graph import LaneLayout, arrange, draw, newest_first, outline


@dataclass(frozen=True)
class Node:
    key: int
    kind: str
    label: str
    detail: str
    depth: int = 0
    state: str = "there"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    start: int
    nodes: dict[int, Node]
    edges: tuple[tuple[int, int], ...]


def history(size: int, seed: int = 1) -> tuple[list[int], list[tuple[int, int]]]:
    """Nodes newest first, and edges: about 1.6 a node, mostly to what is recent."""
    chance = random.Random(seed)
    edges = [
        (min(size - 1, node + 1 + int(chance.expovariate(1 / 15))), node)
        for node in range(size - 1)
        for _ in range(chance.choice((1, 1, 1, 2, 3)))
    ]
    return list(range(size)), edges


def training(size: int) -> Graph:
    """Datasets, runs, models, evaluations, reports; the focus is in the middle."""
    chance = random.Random(2)
    nodes: dict[int, Node] = {}
    edges: list[tuple[int, int]] = []
    versions: list[int] = []
    number = count()
    while len(nodes) < size:
        version = chance.random() < 0.5 or len(versions) < 3
        key = 2 * next(number) + (not version)
        if version:
            nodes[key] = Node(
                key, "version", f"detector-{key}:v{key}", chance.choice(("model", "dataset", "evaluation"))
            )
            runs = [other for other in list(nodes)[-20:] if other % 2]
            if runs:
                edges.append((chance.choice(runs), key))
            versions.append(key)
        else:
            nodes[key] = Node(key, "run", f"finetune {key}", "finished")
            edges += [(version, key) for version in set(chance.choices(versions[-60:], k=2))]
    start = versions[len(versions) // 2]
    return Graph(start, nodes, tuple(edges))


def wide(runs: int) -> Graph:
    """One dataset, so many runs with a model and an evaluation each, one report."""
    nodes = {0: Node(0, "version", "coco:v7", "dataset"), 2: Node(2, "run", "report", "finished")}
    edges: list[tuple[int, int]] = []
    for n in range(runs):
        keys = [4 + 4 * n, 5 + 4 * n, 6 + 4 * n, 7 + 4 * n]
        kinds = ("run", "version", "run", "version")
        details = ("finished", "model", "finished", "evaluation")
        nodes |= {
            key: Node(key, kind, f"item-{key}:v1", detail)
            for key, kind, detail in zip(keys, kinds, details, strict=True)
        }
        edges += [(0, keys[0]), *pairwise(keys), (keys[3], 2)]
    return Graph(0, nodes, tuple(edges))


def run(rounds: int = 5) -> dict[str, float]:
    """Measure, print, and return medians in seconds."""
    jobs: dict[str, Callable[[], object]] = {}
    for size in (1_000, 10_000, 100_000):
        keys, edges = history(size)
        layout = LaneLayout(keys, edges)
        middle = size // 2 + 200
        jobs[f"lanes, {size:,} nodes: lay out"] = lambda keys=keys, edges=edges: LaneLayout(keys, edges)
        jobs[f"lanes, {size:,} nodes: 50 rows"] = lambda layout=layout, middle=middle: layout.rows(middle, 50)
        jobs[f"lanes, {size:,} nodes: 50 rows, lit"] = lambda layout=layout, middle=middle: layout.rows(
            middle, 50, selected=middle - 100
        )
    keys, edges = history(10_000)
    jobs["lanes, 10,000 nodes: sort newest first"] = lambda: newest_first(keys, edges)
    for name, graph in (
        ("300 nodes", training(300)),
        ("2,000 nodes", training(2_000)),
        ("10,000 nodes", training(10_000)),
        ("30 runs, 122 nodes", wide(30)),
        ("500 runs, 2,002 nodes", wide(500)),
    ):
        layers = arrange(graph)
        drawing = draw(layers)
        on = layers.through(layers.start)
        jobs[f"focus, {name}: arrange"] = lambda graph=graph: arrange(graph)
        jobs[f"focus, {name}: draw"] = lambda layers=layers: draw(layers, width=200)
        jobs[f"focus, {name}: window 200×50"] = lambda drawing=drawing: drawing.window(
            max(0, drawing.width // 2 - 100), max(0, drawing.height // 2 - 25), 200, 50
        )
        jobs[f"focus, {name}: light edges"] = lambda drawing=drawing, on=on: drawing.lit(on)
        jobs[f"focus, {name}: outline"] = lambda layers=layers: outline(layers)
    unfolded = wide(30)
    opened = [key for key in arrange(unfolded).boxes if key < 0]
    jobs["focus, 30 runs, opened: arrange"] = lambda: arrange(unfolded, expanded=opened)
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - start)
    result = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"median of {rounds}")
    for name, seconds in result.items():
        print(f"  {name:<44}{seconds * 1e3:10.2f} ms")
    keys, edges = history(100_000)
    tracemalloc.start()
    layout = LaneLayout(keys, edges)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"  lanes, 100,000 nodes: memory{held / 1e6:26.1f} MB, {layout.checkpoint_bytes / 1e3:.0f} KB of it checkpoints"
    )
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    run(parser.parse_args().rounds)
