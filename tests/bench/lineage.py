"""Lineage on 10 million edges: the store's walk beside the same walk in bare SQL and integers."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from curatory.store import Store, create_store, open_store

from .timing import Row, once, rivals

NODES = 4_000_000


def build(path: Path, edges: int) -> float:
    """A random, growing graph with hubs, put in by bare SQL; returns seconds."""
    store = create_store(path, "ana", organization="acme", team="vision", durable=False)
    connection: Any = store.engine.connection  # type: ignore[attr-defined]
    chance = random.Random(7)

    def made():
        for number in range(edges):
            dst = 2 + number * NODES // edges
            span = 50_000 if number % 10 else max(1, dst - 2)
            yield max(0, dst - 1 - chance.randrange(min(dst, span))), dst, ""

    def fill() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DROP INDEX edge_dst")
        connection.executemany("INSERT OR IGNORE INTO edge VALUES (?, ?, ?)", made())
        connection.execute("CREATE INDEX edge_dst ON edge (dst, src)")
        connection.execute("COMMIT")

    try:
        return once(fill)
    finally:
        store.close()


def walk(connection: Any, start: int, depth: int) -> int:
    seen, level = {start}, [start]
    for _ in range(depth):
        level = [
            node
            for (node,) in connection.execute(
                "SELECT src FROM edge WHERE dst IN (SELECT value FROM json_each(?))", (json.dumps(level),)
            )
            if node not in seen
        ]
        seen.update(level)
    return len(seen)


def measure(path: Path) -> list[Row]:
    store: Store = open_store(path, "ana")
    connection: Any = store.engine.connection  # type: ignore[attr-defined]
    chance = random.Random(11)
    starts = [chance.randrange(NODES // 2, NODES) for _ in range(64)]
    turn = {"bare": 0, "curatory": 0}

    def following(rival: str) -> int:
        turn[rival] += 1
        return starts[turn[rival] % len(starts)]

    try:
        return [
            rivals(
                f"lineage upstream, depth {depth}",
                60,
                "milliseconds",
                bare=lambda d=depth: walk(connection, following("bare"), d),
                curatory=lambda d=depth: store.lineage.graph(following("curatory"), "up", depth=d),
            )
            for depth in (3, 5)
        ]
    finally:
        store.close()
