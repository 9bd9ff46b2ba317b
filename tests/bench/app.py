"""The app in a real pseudo-terminal: how soon it paints, what a key costs, and what it keeps.

Beside it in the same run stands a bare Textual app of the same size. CPU is the app's own process; it is what a busy
machine changes least. Bytes are what it writes on the terminal.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curatory.store import File, Store, create_store
from curatory.tui.graph import LaneLayout, arrange, draw, newest_first

from ..tui.app.terminal import Terminal
from . import registry

RUN = "import sys; from curatory.tui.app import run_app; sys.exit(run_app({url!r}, 'ana', {path!r}))"
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("Registries")
Bare().run()
"""
TABLE = """
from textual.app import App
from textual.widgets import DataTable
class Table(App):
    def compose(self):
        yield DataTable(cursor_type="row")
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("name", "latest", "aliases", "updated", "tags", "type")
        table.add_rows([(f"c{n:07}", "-", "-", "now", "", "model") for n in range(1_000)])
        table.focus()
Table().run()
"""
SIZE = (120, 40)
DOWN, PAGE, END = "\x1b[B", "\x1b[6~", "\x1b[F"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU and bytes written."""

    cpu: float
    written: float


def say(name: str, measured: str, budget: str = "", *, over: bool = False) -> None:
    print(f"{name:<46}{measured:<36}{f'  budget {budget}' if budget else ''}{'   OVER' if over else ''}", flush=True)


def cpu(terminal: Terminal) -> float:
    """Seconds of CPU that the app has used."""
    fields = Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(terminal: Terminal) -> float:
    """MB that the app holds."""
    status = Path(f"/proc/{terminal.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1_000


@contextmanager
def app(code: str, shown: str) -> Iterator[Terminal]:
    """An app that has painted; nobody's folders, so that nothing is remembered."""
    with tempfile.TemporaryDirectory(prefix="curatory-home-") as home:
        folders = {"HOME": home, "XDG_STATE_HOME": f"{home}/state", "XDG_CONFIG_HOME": f"{home}/config"}
        with Terminal(code, size=SIZE, environment=folders) as terminal:
            terminal.wait_for(shown, 60)
            yield terminal


def cold(code: str, shown: str) -> tuple[float, float]:
    """Seconds from the start of the process until a word stands on the screen: by the clock, and of CPU."""
    with tempfile.TemporaryDirectory(prefix="curatory-home-") as home:
        folders = {"HOME": home, "XDG_STATE_HOME": f"{home}/state", "XDG_CONFIG_HOME": f"{home}/config"}
        begun = time.perf_counter()
        with Terminal(code, size=SIZE, environment=folders) as terminal:
            while shown.encode() not in terminal.seen and time.perf_counter() - begun < 60:
                terminal.read(0.002, 0.01)
            return time.perf_counter() - begun, cpu(terminal)


def starting(stores: Sequence[tuple[str, Path]], repeat: int = 7) -> None:
    """Cold start until the panes are painted, and until the first row is there, in turns with a bare Textual app."""
    kinds = {"a bare Textual app": (BARE, "Registries")}
    for name, path in stores:
        code = RUN.format(url=str(path), path=None)
        kinds |= {f"{name}: panes": (code, "Registries"), f"{name}: first row": (code, "Datasets")}
    taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(repeat):
        for kind, (code, shown) in kinds.items():
            taken[kind].append(cold(code, shown))
    bare = statistics.median(clock for clock, _ in taken["a bare Textual app"])
    for kind, times in taken.items():
        median = statistics.median(clock for clock, _ in times)
        least, used = min(clock for clock, _ in times), statistics.median(used for _, used in times)
        words = f"{median * 1e3:.0f} ms (least {least * 1e3:.0f}), CPU {used * 1e3:.0f} ms"
        if kind.endswith("app"):
            say(f"cold start, {kind}", words)
        else:
            painted = kind.endswith("panes")  # the budget is for the first picture; rows come from the store
            over = painted and median / bare > 2.5
            say(f"cold start, {kind}", f"{words}, {median / bare:.2f} ×", "2.5 ×" if painted else "", over=over)


def pressed(terminal: Terminal, key: str, times: int) -> Cost:
    """What a key costs each time, the median of its bytes."""
    before = cpu(terminal)
    written = [len(terminal.keys(key)) for _ in range(times)]
    return Cost((cpu(terminal) - before) / times, statistics.median(written))


def keys(path: Path) -> None:
    """Keys in a list of a million rows, beside a stock DataTable of a thousand."""
    budgets = {"cursor down": 700, "page down": 9_000, "to the end": 9_000, "next pane": None, "dialog opens": 110_000}
    with app(RUN.format(url=str(path), path="model"), "c0000000") as terminal:
        terminal.keys("2")
        terminal.keys("j")
        costs = {"cursor down": pressed(terminal, DOWN, 15)}
        scrolled = max(len(terminal.keys(DOWN)) for _ in range(SIZE[1]))  # one of these scrolls half a page
        costs["page down"] = pressed(terminal, PAGE, 15)
        costs["to the end"] = pressed(terminal, END, 1)
        costs["next pane"] = pressed(terminal, "\t", 8)
        terminal.keys("2")
        opened = pressed(terminal, "r", 1)
        closed = pressed(terminal, "\x1b", 1)
        costs |= {"dialog opens": opened, "dialog closes": closed}
        idle = len(terminal.read(3.0))
    with app(TABLE, "c0000000") as table:
        stock = {"cursor down": pressed(table, DOWN, 15), "page down": pressed(table, PAGE, 15)}
    for name, cost in costs.items():
        beside = stock.get(name)
        words = f"{cost.written:,.0f} B, CPU {cost.cpu * 1e3:.0f} ms"
        if beside is not None:
            words += f"   (DataTable of 1,000: {beside.written:,.0f} B, {beside.cpu * 1e3:.0f} ms)"
        budget = budgets.get(name)
        say(
            f"1,000,000 rows, {name}",
            words,
            f"{budget:,} B" if budget else "",
            over=bool(budget and cost.written > budget),
        )
    say("1,000,000 rows, scrolling at the edge", f"{scrolled:,} B", "9,000 B", over=scrolled > 9_000)
    say("1,000,000 rows, idle for 3 s", f"{idle:,} B", "0 B", over=idle > 0)


def lineage(path: Path, nodes: int) -> None:
    """From `i` to the picture in a large graph, beside the pure functions that lay it out."""
    middle = f"vision/training/family:v{nodes // 4}"
    with app(RUN.format(url=str(path), path=middle), "family") as terminal:
        terminal.keys("z")
        for name, key in (("focus graph", "i"), ("two steps further", "++"), ("lanes", "b")):
            before, begun = cpu(terminal), time.perf_counter()
            written = len(terminal.keys(key))
            spent = time.perf_counter() - begun - 0.35  # what `keys` waits for silence
            say(
                f"lineage of {nodes:,} nodes, {name}",
                f"{spent * 1e3:.0f} ms, CPU {(cpu(terminal) - before) * 1e3:.0f} ms, {written:,} B",
            )
    with create_or_open(path) as store:
        graph = store.lineage.graph(middle, "both", depth=3)
        begun = time.perf_counter()
        draw(arrange(graph), width=118)
        say(
            "  of which: arrange and draw it",
            f"{(time.perf_counter() - begun) * 1e3:.0f} ms, {len(graph.nodes):,} nodes",
        )
        graph = store.lineage.graph(middle, "both", depth=12)
        begun = time.perf_counter()
        ordered = sorted(graph.nodes.values(), key=lambda node: str(node.created_at or ""), reverse=True)
        LaneLayout(newest_first([node.key for node in ordered], graph.edges), graph.edges)
        say("  of which: lanes", f"{(time.perf_counter() - begun) * 1e3:.0f} ms, {len(graph.nodes):,} nodes")


def keeping(path: Path, dialogs: int = 300) -> None:
    """What is kept after an hour's worth of dialogs."""
    with app(RUN.format(url=str(path), path="model"), "model-00000") as terminal:
        terminal.keys("2")
        opened, held, at_first = 0, 0.0, 0.0
        while opened < dialogs:
            for key in "rntmSaH?":
                os.write(terminal.fd, key.encode())
                terminal.read(0.15, first=1.0)
                os.write(terminal.fd, b"\x1b")
                terminal.read(0.25, first=1.0)
                opened += 1
                if opened == 50:
                    at_first = memory(terminal)
        held = memory(terminal)
    grown = held - at_first
    say(f"memory after {opened} dialogs", f"{held:.0f} MB, {grown:+.1f} since the 50th", "5 MB", over=grown > 5)


# -- stores ----------------------------------------------------------------------------------------------------


def create_or_open(path: Path) -> Store:
    from curatory.store import open_store

    return open_store(path, "ana")


def many_collections(path: Path, count: int) -> None:
    """A registry of that many collections, put in by bare SQL."""
    store = create_store(path, "ana", organization="acme", team="vision", durable=False)
    project = store.projects.list("registry")[-1]
    now = "2026-01-01T00:00:00.000000Z"
    connection: Any = store.engine.connection  # type: ignore[attr-defined]
    names = (f"c{number:07}" for number in range(count))
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO collection (project_id, kind, name, type, folded, created_at, updated_at) "
        "VALUES (?, 'portfolio', ?, 'model', ?, ?, ?)",
        ((project.id, name, name, now, now) for name in names),
    )
    connection.execute("COMMIT")
    store.close()


def family(path: Path, nodes: int) -> None:
    """Runs and versions, half of each: every run made one version of some of the last fifty."""
    store = create_store(path, "ana", organization="acme", team="vision", durable=False)
    chance = random.Random(3)
    with store.batch():
        made: list[Any] = []
        for number in range(nodes // 2):
            run = store.runs.start("training", title=f"run {number}")
            for _ in range(min(len(made), chance.choice((1, 2, 3, 5)))):
                store.runs.use(run, made[-1 - chance.randrange(min(len(made), 50))])
            files: list[File] = [registry.file_of(number)]
            made.append(store.versions.log(files, "family", "model", project="training", run=run.id))
    store.close()


def run(folder: Path, *, quick: bool) -> None:
    small, large = folder / "store-10000.db", folder / "store-1000000.db"
    if not small.exists():
        registry.build(small, 10_000)
    stores = [("10,000 versions", small)]
    if not quick:
        if not large.exists():
            registry.build(large, 1_000_000)
        stores.append(("1,000,000 versions", large))
    starting(stores)
    many_collections(folder / "long.db", 1_000_000)
    keys(folder / "long.db")
    nodes = 10_000 if quick else 100_000
    family(folder / "family.db", nodes)
    lineage(folder / "family.db", nodes)
    keeping(small)
