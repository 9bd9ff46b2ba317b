"""Programs that tests run as other processes and end at any moment.

python -m tests.store.automations.programs changing URL
python -m tests.store.automations.programs working URL THREADS
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from curatory.store import Worker, open_store

ROOT = Path(__file__).parents[3]


@contextmanager
def running(program: str, url: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """One of the programs, which is gone when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.automations.programs", program, url, *args],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def changing(url: str) -> None:
    """Give a version one alias after the other; a line for each that is there."""
    with open_store(url, "ana") as store:
        for number in itertools.count():
            store.aliases.add("model/detector:v0", f"a{number}")
            print(number, flush=True)


def working(url: str, threads: str) -> None:
    """Deliver for ever; whoever is killed is taken for dead after two seconds."""
    with open_store(url, "ana", durable=False) as store:
        worker = Worker(store, threads=int(threads), lease=timedelta(seconds=2))
        print("ready", flush=True)
        worker.run(threading.Event(), pace=0.02)


if __name__ == "__main__":
    {"changing": changing, "working": working}[sys.argv[1]](*sys.argv[2:])
