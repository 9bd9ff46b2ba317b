"""A real MLflow in an environment of its own: a registry filled through its client, and a server on it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ...environments import MLFLOW, python_with


@dataclass(frozen=True)
class Filled:
    """A registry as MLflow's client made it.

    Attributes:
        file: its database. told: what the client answers of it.
    """

    file: Path
    told: dict[str, Any]


def client(address: str, folder: Path, *more: str, script: str = "") -> str:
    """Run a script with MLflow's client; what it printed last."""
    command = [
        str(python_with("mlflow", MLFLOW)),
        *(["-c", script] if script else [str(Path(__file__).parent / "fill.py")]),
    ]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW")} | {"HOME": str(folder)}
    done = subprocess.run(
        [*command, address, str(folder), *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout.splitlines()[-1] if done.stdout else ""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Made once; nobody changes it."""
    folder = tmp_path_factory.mktemp("mlflow")
    told = client(f"sqlite:///{folder}/mlflow.db", folder)
    return Filled(folder / "mlflow.db", json.loads(told))


@pytest.fixture
def own(filled: Filled, tmp_path: Path) -> Path:
    """A copy of the database that a test may change."""
    return Path(shutil.copy(filled.file, tmp_path / "own.db"))


@pytest.fixture(scope="session")
def server(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server on a copy of the same registry; its address and database."""
    folder = tmp_path_factory.mktemp("served")
    database = Path(shutil.copy(filled.file, folder / "served.db"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(python_with("mlflow", MLFLOW)),
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        f"sqlite:///{database}",
    ]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--workers", "1"],
        cwd=folder, env=os.environ | {"HOME": str(folder)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                if httpx.get(f"{address}/health", timeout=5).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.3)
        yield address, database
    finally:
        os.killpg(process.pid, 9)
        process.wait()
