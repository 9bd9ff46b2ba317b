"""The door for wandb's client: what a script waits for, and how much of that is the server's.

The real client runs in its own process; beside its wall time stands how long the server had at least one of its
requests in hand. What is left is the client's own.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curatory.gateway import Door, started
from curatory.store import File, Store, create_store

from ..gateway.clients import NEWEST, client_environment, interpreter

_SCRIPT = """
import json, os, sys, time
from pathlib import Path
import wandb
timings = {}
def timed(name, call):
    start = time.perf_counter()
    result = call()
    timings[name] = (time.time() - (time.perf_counter() - start), time.time())
    return result
"""
SMALL = """
Path("one.txt").write_text("weights")
run = timed("init", lambda: wandb.init(project="bench", entity="vision"))
artifact = wandb.Artifact("small", "model"); artifact.add_file("one.txt")
logged = timed("log", lambda: run.log_artifact(artifact).wait())
timed("link", lambda: run.link_artifact(logged, "acme/wandb-registry-model/small"))
timed("finish", run.finish)
"""
MANY = """
Path("many").mkdir()
for n in range(2000): Path(f"many/f{n:04}.txt").write_text(f"file {n}")
run = wandb.init(project="bench", entity="vision")
artifact = wandb.Artifact("many", "model"); artifact.add_dir("many")
logged = timed("log", lambda: run.log_artifact(artifact).wait())
timed("link", lambda: run.link_artifact(logged, "acme/wandb-registry-model/many"))
run.finish()
timed("download", lambda: wandb.Api().artifact("vision/bench/many:v0").download("many-got"))
"""
BIG = """
block = os.urandom(1 << 20)
with open("big.bin", "wb") as file:
    for n in range(2048): file.write(n.to_bytes(8, "big") + block[8:])
run = wandb.init(project="bench", entity="vision")
artifact = wandb.Artifact("big", "model"); artifact.add_file("big.bin")
logged = timed("log", lambda: run.log_artifact(artifact).wait())
run.finish()
timed("download", lambda: wandb.Api().artifact("vision/bench/big:v0").download("big-got"))
"""
LISTED = """
api = wandb.Api()
found = api.registries("acme").collections(filter={"name": {"$regex": "^listed"}}).versions(per_page=500)
timed("list", lambda: print(sum(1 for _ in found), file=sys.stderr))
"""


class Watch:
    """An ASGI wrapper that remembers when requests were in hand."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.spans: list[tuple[float, float]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        start = time.time()
        try:
            await self._app(scope, receive, send)
        finally:
            self.spans.append((start, time.time()))

    def within(self, first: float, last: float) -> tuple[float, int]:
        """Seconds in which at least one request was in hand, and how many began then."""
        covered, reached = 0.0, first
        mine = sorted((max(a, first), min(b, last)) for a, b in self.spans if b > first and a < last)
        for start, end in mine:
            covered += max(0.0, end - max(start, reached))
            reached = max(reached, end)
        return covered, len(mine)


def run(folder: Path, *, quick: bool) -> None:
    folder = folder / "door"
    folder.mkdir()
    with create_store(folder / "registry.db", "ana", organization="acme", team="vision") as store:
        _fill(store, 2_000 if quick else 10_000)
        with _watched(store) as (address, watch):
            cases = [("one small artifact", SMALL), ("2,000 files", MANY)]
            if not quick:
                cases.append(("a file of 2 GiB", BIG))
            cases.append((f"registries().collections().versions() over {2_000 if quick else 10_000:,}", LISTED))
            for name, script in cases:
                timings = _timings(folder, address, script)
                print(name)
                for step, (first, last) in timings.items():
                    server, requests = watch.within(first, last)
                    told = f"{last - first:7.2f} s, of which the server {server:6.2f} s in {requests:,} requests"
                    print(f"  {step:<10} {told}", flush=True)


def _fill(store: Store, versions: int) -> None:
    with store.batch():
        for n in range(0, versions, 500):
            drafts = [File("model.bin", 1_000, f"{m:022}==", uri=f"s3://bucket/{m}") for m in range(n, n + 500)]
            for draft in drafts:
                logged = store.versions.log([draft], f"listed{n // 500}", "model", project="listed", entity="vision")
                store.links.add(logged, f"model/listed{n // 500}")


@contextmanager
def _watched(store: Store) -> Iterator[tuple[str, Watch]]:
    watches: list[Watch] = []

    def watched(door: Door) -> Watch:
        watches.append(Watch(door.app))
        return watches[0]

    with started(store, lambda _: "ana", wrapped=watched) as (address, _):
        yield address, watches[0]


def _timings(folder: Path, address: str, script: str) -> dict[str, tuple[float, float]]:
    work = folder / f"work-{time.time_ns()}"
    work.mkdir()
    environment = client_environment(work) | {"WANDB_BASE_URL": address, "WANDB_API_KEY": "k" * 40}
    done = subprocess.run(
        [str(interpreter(NEWEST)), "-c", f"{_SCRIPT}{script}\nprint(json.dumps(timings))"],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
