"""Programs that tests run as other processes.

    python -m tests.store.migration.programs PROGRAM URL [ARGUMENT …]

Each reports in JSON lines; a line is written only after the verb it tells of has returned.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curatory.store import CuratoryError, File, open_store
from curatory.store.engine import postgres, sqlite
from curatory.store.events import Events

from ..workers import say

ROOT = Path(__file__).parents[3]


def start(program: str, url: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.migration.programs", program, url, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def dying(url: str, where: str, at: str) -> None:
    """Migrate, and kill -9 itself at some step.

    Args:
        where: "begun" (nothing is copied), "between" (collections), "event" (one was just written), or "statement".
    """
    left = int(at)

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(owner: Any, name: str) -> None:
        plain = getattr(owner, name)

        def stepping(self: Any, *arguments: Any) -> Any:
            done = plain(self, *arguments)
            step()
            return done

        setattr(owner, name, stepping)

    with open_store(url, "ana", durable=False) as store:
        if where == "event":
            after(Events, "append")
        if where == "statement":
            for engine in (sqlite.SQLite, postgres.Postgres):
                after(engine, "execute")
                after(engine, "many")
        store.migrations.run("vision", (lambda *_: step()) if where == "between" else None)
        say(done="migrated", left=left)


def migrating(url: str, actor: str) -> None:
    """Migrate; another process may be faster, or take it back."""
    with open_store(url, actor, durable=False) as store:
        try:
            say(done=store.migrations.run("vision").state)
        except CuratoryError as error:
            say(refused=type(error).__name__, message=str(error))


def linking(url: str, times: str) -> None:
    """Link new versions the old way, on and on, until some have come where the registry was migrated to."""
    with open_store(url, "kim", durable=False) as store:
        beyond = 0
        for number in range(10_000):
            if beyond >= int(times):
                break
            files = [File("w", 1, secrets.token_hex(8), uri=f"s3://b/{number}")]
            version = store.versions.log(files, "busy", "model", project="labs", entity="vision")
            try:
                link = store.legacy.link_model(version, f"busy{number % 3}", ["newest"])
            except CuratoryError as error:
                say(refused=str(error))
                continue
            say(id=link.id, collection=link.collection, number=link.number, kind=link.project_kind)
            beyond += link.project_kind == "registry"


PROGRAMS: dict[str, Callable[..., None]] = {program.__name__: program for program in (dying, migrating, linking)}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
