"""`curatory run`: the seed's quickstart, byte for byte, and how a script runs there."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from curatory.store import create_store, open_store

from .clients import NEWEST, ROOT, SCRIPTS, client_environment, interpreter


@pytest.fixture
def url(tmp_path: Path) -> str:
    create_store(tmp_path / "registry.db", "ana", organization="acme", team="vision", durable=False).close()
    return str(tmp_path / "registry.db")


def _command(url: str, *command: str) -> list[str]:
    return [sys.executable, "-m", "curatory.tui", "--store", url, "--as", "ana", "run", "--", *command]


def _run(url: str, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = client_environment(folder) | {"PYTHONPATH": str(ROOT / ".venv/namespace")}
    return subprocess.run(
        _command(url, *command), cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )


@pytest.mark.parametrize("version", [NEWEST, "0.28.0"])
def test_the_quickstart_unchanged(url: str, tmp_path: Path, version: str) -> None:
    script = tmp_path / "quickstart.py"
    script.write_text((SCRIPTS / "quickstart.txt").read_text().replace("<ORG>", "acme"))
    done = _run(url, tmp_path, str(interpreter(version)), str(script))
    assert done.returncode == 0, done.stderr
    with open_store(url, "ana") as store:
        link = store.versions.get("model/registry-quickstart-collection:latest")
        assert (link.number, link.source) == (0, "vision/registry_quickstart/gemma-finetuned-3twsov9e:v0")
        (file,) = store.versions.files(link)
        assert file.sha256 is not None
        assert store.blobs.open(file.sha256).read() == (tmp_path / "my_model.txt").read_bytes()
        run = store.runs.get(link.run or "")
        assert (run.state, run.exit_code) == ("finished", 0)
        assert store.runs.history(run)[0]["acc"] == run.summary["acc"]
        assert [one.path for one in store.runs.logged(run)] == [link.source]
        actions = [(event.actor, event.action) for event in store.events.of(limit=100).items]
        assert [one for one in actions if one[1] in ("link.add", "version.log", "run.start")] == [
            ("ana", "link.add"),
            ("ana", "version.log"),
            ("ana", "run.start"),
        ]
        assert store.audit.verify(tables=True).ok
    assert "linked   model/registry-quickstart-collection:v0" in done.stderr
    assert "open     curatory model/registry-quickstart-collection:v0" in done.stderr


def test_output_and_exit_status_are_the_scripts_own(url: str, tmp_path: Path) -> None:
    done = _run(url, tmp_path, sys.executable, "-c", "import sys; print('mine'); sys.exit(7)")
    assert (done.returncode, done.stdout) == (7, "mine\n")
    assert done.stderr == "curatory: nothing was logged\n"


def test_a_program_that_is_not_there(url: str, tmp_path: Path) -> None:
    done = _run(url, tmp_path, "no-such-program")
    assert done.returncode == 1
    assert "There is no program 'no-such-program'" in done.stderr


def test_signals_go_to_the_script_which_decides(url: str, tmp_path: Path) -> None:
    script = (
        "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(9))\nprint('up', flush=True)\ntime.sleep(60)"
    )
    process = subprocess.Popen(
        _command(url, sys.executable, "-c", script), stdout=subprocess.PIPE, env=client_environment(tmp_path), cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 9


def test_a_script_that_is_killed_ends_as_in_a_shell(url: str, tmp_path: Path) -> None:
    done = _run(url, tmp_path, sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert done.returncode == 128 + 9


def test_the_client_is_sent_nowhere_else(url: str, tmp_path: Path) -> None:
    names = "WANDB_BASE_URL WANDB_APP_URL WANDB_API_KEY WANDB_ERROR_REPORTING WANDB_IDENTITY_TOKEN_FILE NO_PROXY"
    script = f"import os\nfor n in {names.split()!r}: print(n, os.environ.get(n))"
    environment = client_environment(tmp_path) | {
        "WANDB_BASE_URL": "https://api.wandb.ai",
        "WANDB_API_KEY": "k" * 40,
        "WANDB_IDENTITY_TOKEN_FILE": "/etc/token",
        "NO_PROXY": "intern.example",
    }
    done = subprocess.run(
        _command(url, sys.executable, "-c", script), env=environment, capture_output=True, text=True, cwd=ROOT
    )
    seen = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert seen["WANDB_BASE_URL"].startswith("http://127.0.0.1:")
    assert seen["WANDB_APP_URL"] == seen["WANDB_BASE_URL"]
    assert seen["WANDB_API_KEY"] not in ("k" * 40, "None")
    assert (seen["WANDB_ERROR_REPORTING"], seen["WANDB_IDENTITY_TOKEN_FILE"]) == ("false", "None")
    assert seen["NO_PROXY"] == "intern.example,127.0.0.1,localhost"


def test_the_door_is_shut_when_the_script_has_ended(url: str, tmp_path: Path) -> None:
    import httpx

    done = _run(url, tmp_path, sys.executable, "-c", "import os; print(os.environ['WANDB_BASE_URL'])")
    with pytest.raises(httpx.ConnectError):
        httpx.get(done.stdout.strip() + "/healthz")


def test_a_run_that_dies_without_a_word_is_there_all_the_same(url: str, tmp_path: Path) -> None:
    script = "import wandb, os; r = wandb.init(project='p', id='dies'); r.log({'a': 1}); os.kill(os.getpid(), 9)"
    done = _run(url, tmp_path, str(interpreter(NEWEST)), "-c", script)
    assert done.returncode == 128 + 9
    end = time.monotonic() + 20
    with open_store(url, "ana") as store:
        while not store.runs.history("vision/p/dies") and time.monotonic() < end:
            time.sleep(0.2)
        assert store.runs.get("vision/p/dies").name == "dies"
