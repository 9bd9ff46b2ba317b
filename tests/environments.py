"""Environments that hold somebody else's package, which ours must never have: made when they are first asked for."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MLFLOW = "3.17.2"


def python_with(package: str, version: str) -> Path:
    """The interpreter of an environment with a version of a package."""
    home = ROOT / f".venv-{package}" / version
    home.parent.mkdir(exist_ok=True)
    with open(home.parent / f"{version}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other test processes want it as well
        if not (home / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--retries", "5", f"{package}=={version}"], check=True, stdin=subprocess.DEVNULL)
            (home / "ready").touch()
    return home / "bin/python"
