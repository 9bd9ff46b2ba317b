"""Real wandb clients, each version in an environment of its own, and a real server for them to talk to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from curatory.store import Store, open_store

from ..environments import ROOT, python_with

SCRIPTS = Path(__file__).parent / "scripts"
NEWEST = "0.31.0"
VERSIONS = (NEWEST, "0.28.0", "0.25.1", "0.22.3", "0.19.11")


def interpreter(version: str) -> Path:
    """The Python that has a version of the client."""
    return python_with("wandb", version)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def client_environment(folder: Path) -> dict[str, str]:
    """An environment in which a client keeps everything it writes in one folder."""
    chosen = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "CURATORY"))}
    for name in ("DIR", "CACHE_DIR", "DATA_DIR", "CONFIG_DIR", "ARTIFACT_DIR"):
        place = folder / f"wandb-{name.lower()}"
        place.mkdir(parents=True, exist_ok=True)
        chosen[f"WANDB_{name}"] = str(place)
    return chosen | {"WANDB_SILENT": "true", "PYTHONUNBUFFERED": "1", "HOME": str(folder)}


@dataclass
class Served:
    """`curatory serve` as a process of its own, and what a client needs to reach it."""

    url: str
    folder: Path
    key: str
    actor: str = "ana"
    options: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def start(self) -> None:
        command = [sys.executable, "-m", "curatory.tui", "--store", self.url, "--as", self.actor, "serve"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), *self.options], stdout=log, stderr=subprocess.STDOUT, cwd=ROOT
            )
        for _ in range(600):
            try:
                if httpx.get(f"{self.address}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def environment(self, name: str = "work") -> dict[str, str]:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        own = {"WANDB_BASE_URL": self.address, "WANDB_API_KEY": self.key, "WANDB_ERROR_REPORTING": "false"}
        return client_environment(folder) | own

    def run(
        self,
        script: Path | str,
        version: str = NEWEST,
        *,
        name: str = "work",
        more: Mapping[str, str] | None = None,
        timeout: float = 240,
    ) -> subprocess.CompletedProcess[str]:
        """A script (its path, or its text) with a client, in a folder of its own."""
        command = [str(interpreter(version)), *([str(script)] if isinstance(script, Path) else ["-c", script])]
        environment = self.environment(name) | dict(more or {})
        return subprocess.run(
            command, cwd=self.folder / name, env=environment, capture_output=True, text=True, timeout=timeout
        )

    def ask(self, query: str, key: str | None = None, **variables: Any) -> Any:
        """The data of a query's answer; what it refuses is raised."""
        answer = self.post(query, key, **variables).json()
        if answer.get("errors"):
            raise Refused(answer["errors"][0]["message"])
        return answer["data"]

    def post(self, query: str, key: str | None = None, **variables: Any) -> httpx.Response:
        document = {"query": query, "variables": variables}
        return httpx.post(f"{self.address}/graphql", json=document, auth=("api", key or self.key), timeout=60)

    def store(self, actor: str | None = None) -> Store:
        return open_store(self.url, actor or self.actor, durable=False)

    def unknown(self) -> list[str]:
        """What clients asked for and the server does not know."""
        return sorted(set(re.findall(r"not known here: (.*)", self.log.read_text())))


class Refused(Exception):
    """A GraphQL error."""
