"""Servers that die, clients that come in crowds, files that are many or big."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from curatory.store import Store

from .clients import NEWEST, Served, interpreter

MANY = """
import wandb
from pathlib import Path
Path("many").mkdir()
for n in range({count}):
    Path(f"many/f{{n:04}}.bin").write_bytes(f"file {{n}}".encode() * {size})
with wandb.init(project="p", entity="vision", id="{run}") as run:
    run.log({{"step": 1}})
    artifact = wandb.Artifact("many", "dataset")
    artifact.add_dir("many")
    logged = run.log_artifact(artifact).wait()
    run.link_artifact(logged, "acme/wandb-registry-dataset/many")
"""


def _waited(until: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def _arrived(store: Store) -> int:
    found = [one for project in store.projects.list("project") for one in store.uploads.incomplete(project.id)]
    return sum(one.files for one in found)


def _whole(store: Store, count: int) -> None:
    version = store.versions.get("dataset/many:v0")
    files = store.versions.files(version)
    assert len(files) == count
    assert all(store.blobs.verify(file.sha256 or "", size=file.size) is None for file in files[:: max(1, count // 50)])
    assert [one.number for one in store.search.versions("vision/p/many").items] == [0]
    assert store.audit.verify(tables=True).ok


def test_two_thousand_files(served: Served) -> None:
    done = served.run(MANY.format(count=2_000, size=1, run="r1"))
    assert done.returncode == 0, done.stderr
    with served.store() as store:
        _whole(store, 2_000)
    fetch = (
        "import wandb, os; root = wandb.Api().artifact('acme/wandb-registry-dataset/many:latest').download('got');"
        "assert len(os.listdir(root)) == 2000; assert open(root + '/f1999.bin').read() == 'file 1999'"
    )
    assert served.run(fetch).returncode == 0


def test_the_server_is_killed_in_the_middle_of_an_upload_and_the_client_finishes(served_on: Served) -> None:
    with served_on.store() as store:
        command = [str(interpreter(NEWEST)), "-c", MANY.format(count=400, size=2_000, run="r1")]
        environment = served_on.environment()
        client = subprocess.Popen(command, cwd=served_on.folder / "work", env=environment, stderr=subprocess.PIPE)
        _waited(lambda: _arrived(store) >= 40)
        assert served_on.stop(signal.SIGKILL) == -signal.SIGKILL
        assert 0 < _arrived(store) < 400
        time.sleep(1)
        served_on.start()
        _, errors = client.communicate(timeout=240)
        assert client.returncode == 0, errors.decode()
        _whole(store, 400)
        assert store.runs.get("vision/p/r1").state == "finished"


def test_an_upload_that_dies_is_incomplete_and_completed_by_the_next(served: Served) -> None:
    command = [str(interpreter(NEWEST)), "-c", MANY.format(count=600, size=2_000, run="r1")]
    with served.store() as store:
        client = subprocess.Popen(
            command, cwd=served.folder, env=served.environment(), start_new_session=True, stderr=subprocess.DEVNULL
        )
        _waited(lambda: _arrived(store) >= 40)
        os.killpg(client.pid, signal.SIGKILL)
        client.wait()
        subprocess.run(["pkill", "-9", "-s", str(client.pid)], check=False)  # its service, in a group of its own
        project = store.projects.get("vision/p")
        (left,) = store.uploads.incomplete(project.id)
        assert left.path == "vision/p/many"
        assert store.search.collections("vision/p").items == ()
        Path(served.folder / "work").mkdir(exist_ok=True)
        done = served.run(MANY.format(count=600, size=2_000, run="r2"))
        assert done.returncode == 0, done.stderr
        _whole(store, 600)
        assert store.uploads.incomplete(project.id) == []


@pytest.mark.slow
def test_fifty_clients_at_once(serving: Callable[..., Served], url: str) -> None:
    served = serving(url)
    script = """
import sys, wandb
from pathlib import Path
name = sys.argv[1]
Path(f"{name}.txt").write_text(name)
with wandb.init(project="crowd", entity="vision", id=name, settings=wandb.Settings(init_timeout=600)) as run:
    for step in range(20):
        run.log({"loss": 1 / (step + 1)})
    artifact = wandb.Artifact("crowd", "model")
    artifact.add_file(f"{name}.txt")
    run.link_artifact(run.log_artifact(artifact), "acme/wandb-registry-model/crowd", aliases=[f"of-{name}"])
"""
    python = str(interpreter(NEWEST))
    environment = served.environment()
    assert served.process is not None
    memory = Path(f"/proc/{served.process.pid}/status")
    most: list[int] = []  # kB that the server has held at most, in each of two crowds
    for crowd in ("c", "d"):
        clients = [
            subprocess.Popen([python, "-c", script, f"{crowd}{n}"], cwd=served.folder / "work", env=environment)
            for n in range(50)
        ]
        seen: list[int] = []
        while any(client.poll() is None for client in clients):
            seen.append(int(memory.read_text().split("VmRSS:")[1].split()[0]))
            time.sleep(1)
        assert [client.returncode for client in clients] == [0] * 50
        most.append(max(seen))
    with served.store() as store:
        runs = store.runs.list("vision/crowd").items
        assert len(runs) == 100
        assert {run.state for run in runs} == {"finished"}
        assert {len(store.runs.history(run)) for run in runs} == {20}
        links = store.search.versions("model/crowd", limit=200).items
        assert sorted(link.number for link in links) == list(range(100))
        assert {alias for link in links for alias in link.aliases} == {
            *(f"of-{crowd}{n}" for crowd in "cd" for n in range(50)),
            "latest",
        }
        assert store.audit.verify(tables=True).ok
    print(f"at most {most} kB")
    assert most[1] - most[0] < 20_000, "the second crowd finds room in what the first has left"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_file_of_more_than_two_gigabytes_in_parts(served: Served) -> None:
    script = """
import hashlib, os, wandb
block = os.urandom(1 << 20)
with open("big.bin", "wb") as file:
    for n in range(2_300):
        file.write(n.to_bytes(8, "big") + block[8:])
with wandb.init(project="p", entity="vision") as run:
    artifact = wandb.Artifact("big", "model")
    artifact.add_file("big.bin")
    run.log_artifact(artifact).wait()
root = wandb.Api().artifact("vision/p/big:v0").download("got", skip_cache=True)
digests = [hashlib.file_digest(open(name, "rb"), "md5").hexdigest() for name in ("big.bin", root + "/big.bin")]
assert digests[0] == digests[1], digests
"""
    done = served.run(script, timeout=800)
    assert done.returncode == 0, done.stderr
    assert list((served.folder / "blobs" / "parts").glob("*/*")) == []
