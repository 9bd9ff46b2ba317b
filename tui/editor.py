"""A text in the person's own editor. Only for a local terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path


def edit(text: str, name: str) -> str | None:
    """The text as it was saved; None when no editor could be run."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="curatory-") as folder:
        path = Path(folder) / name
        path.write_text(text, "utf-8")
        try:
            subprocess.run([*command, str(path)], check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return path.read_text("utf-8", errors="replace")
