"""How calls end: exit codes and stderr of the real program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from curatory.store import Store
from curatory.tui.cli import failure

from .conftest import Cli, call

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture(params=["sqlite"])
def url(tmp_path: Path) -> str:
    return str(tmp_path / "registry.db")


def program(url: str, *args: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "curatory.tui", "--store", url, "--as", "ana", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_done_refused_and_usage(url: str) -> None:
    done = program(url, "ls", "model")
    assert (done.returncode, done.stderr) == (0, "1 collection\n")
    done = program(url, "ls", "nope")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: There is nothing called 'nope' here.\n"
    done = program(url, "ls", "--nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: curatory ls" in done.stderr
    assert done.stderr.count("error:") == 1


def test_the_installed_command_is_the_same(url: str) -> None:
    command = Path(sys.executable).with_name("curatory")
    if not command.exists():
        pytest.skip("the package is not installed")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("curatory ")


def test_a_reader_that_has_gone_is_no_error(url: str) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "curatory.tui", "--store", url, "--as", "ana", "history", "--json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_help_into_a_closed_pipe_is_quiet(url: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "curatory.tui", "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert done.stderr == ""


def test_interrupted(url: str, shop: Store) -> None:
    head = shop.events.head()
    command = [sys.executable, "-m", "curatory.tui", "--store", url, "--as", "ana", "describe", "model/detector"]
    with subprocess.Popen(
        [*command, "--file", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        time.sleep(1.5)  # it reads its stdin by then; before, it would end the same
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr is not None
        assert process.stderr.read().strip() == "interrupted"
    assert shop.events.head() == head


def test_a_terminal_without_unicode_gets_something_else(url: str, shop: Store) -> None:
    shop.collections.create("model/검출기", "model")
    done = program(url, "ls", "model", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "model/???" in done.stdout


# -- crashes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours in `ls`."""
    from curatory.tui.cli import listing

    def fault(*_: object, **__: object) -> None:
        password = "hunter2"
        raise RuntimeError(f"of {len(password)} letters")

    monkeypatch.setattr(listing.ls, "callback", fault)


@pytest.mark.usefixtures("broken")
def test_a_crash_is_one_line_and_a_log(cli: Cli, tmp_path: Path) -> None:
    done = cli("ls", code=70)
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("error: something broke inside Curatory (RuntimeError, incident ")
    log = tmp_path / "xdg_state_home" / "curatory" / "crashes.log"
    assert str(log) in line
    kept = log.read_text()
    assert "RuntimeError: of 7 letters" in kept
    assert line.partition("incident ")[2][:8] in kept
    assert "hunter2" not in kept.replace('password = "hunter2"', "")
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("broken")
def test_a_crash_is_told_although_it_can_t_be_logged(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    done = cli("ls", code=70)
    assert "RuntimeError" in done.err
    assert "could not be written" in done.err
    assert len(done.err.splitlines()) == 1


def test_two_crashes_are_both_in_the_log(tmp_path: Path) -> None:
    failure.crash(ValueError("one"))
    failure.crash(ValueError("two"))
    kept = (tmp_path / "xdg_state_home" / "curatory" / "crashes.log").read_text()
    assert kept.count("--- incident ") == 2


# -- what is no store ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "There is no store at"),
        (b"hello" * 100, "is not a Curatory store"),
        (b"SQLite format 3\0" + b"x" * 600, ""),
    ],
)
def test_files_that_are_no_store(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "other.db"
    file.write_bytes(content)
    done = call("--store", str(file), "ls", code=1)
    assert done.err.startswith("error: ")
    assert reason in done.err
    assert file.read_bytes() == content
