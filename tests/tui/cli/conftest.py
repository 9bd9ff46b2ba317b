"""A store with a little of everything, and the command line to try on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from curatory.store import Store, open_store
from curatory.tui.cli.app import cli as program


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Done]


def call(*args: str, code: int | None = 0, input: str | None = None, env: dict[str, str] | None = None) -> Done:
    """Run the command line in this process, and expect an exit code."""
    result = CliRunner().invoke(program, list(args), input=input, env=env)
    done = Done(result.exit_code, result.stdout, result.stderr)
    assert code is None or done.code == code, f"{args}: {done}"
    return done


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own store or log is touched."""
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.delenv("CURATORY_STORE", raising=False)


@pytest.fixture
def cli(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`cli("ls", "model")` as ana; `by="kim"` as somebody else; `code=1` where it must be refused."""

    # nothing here waits for the disk
    monkeypatch.setattr("curatory.store.open_store", partial(open_store, durable=False))

    def run(*args: str, by: str = "ana", **options: Any) -> Done:
        return call("--store", url, "--as", by, *args, **options)

    return run


@pytest.fixture
def shop(store: Store, log: Callable[..., str], tmp_path: Path) -> Store:
    """People: ana admin, kim member, lee viewer. Models: model/detector v0 and v1 (prod), from two runs."""
    store.users.add("kim", email="kim@example.com")
    store.users.add("lee", role="viewer")
    store.teams.set_member("vision", "kim")
    store.members.add("model", "kim", "member")
    run = store.runs.start("training", entity="vision", name="night-1", config={"lr": 0.1})
    store.runs.log(run, [{"loss": 1.0}, {"loss": 0.5}, {"loss": 0.25}])
    log("first", project="training", run=run.id, metadata={"acc": 0.8}, ttl=30 * 86_400)
    store.runs.finish(run)
    second = store.runs.start("training", entity="vision", name="night-2")
    store.runs.use(second, "vision/training/detector:v0")
    log("second", project="training", run=second.id, metadata={"acc": 0.93, "data": {"split": "test"}}, tags=["robust"])
    store.links.add("vision/training/detector:v0", "model/detector", ["prod"])
    store.links.add("vision/training/detector:v1", "model/detector", ["prod", "best"])
    store.registries.protect("model", "prod")
    store.collections.describe("model/detector", "# Detector\n\nFinds things.")
    return store


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with two files."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("bb")
    return folder
