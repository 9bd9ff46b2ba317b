"""The README says what the code says: its tables, its commands, its pictures."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from curatory.tui.cli.app import COMMANDS, cli

from .readme import README, written

TEXT = README.read_text(encoding="utf-8")


def test_its_tables_are_those_of_the_code() -> None:
    assert written(TEXT) == TEXT, "run `python -m tests.readme`"


def test_its_pictures_are_there_and_every_picture_is_shown() -> None:
    shown = set(re.findall(r"\]\((screenshots/[^)]+\.svg)\)", TEXT))
    folder = Path(README).parent / "screenshots"
    assert shown <= {f"screenshots/{path.name}" for path in folder.glob("*.svg")}


@pytest.mark.parametrize("line", re.findall(r"^curatory (?!--store)(\S.*?)(?:\s+#.*)?$", TEXT, flags=re.M))
def test_the_commands_it_shows_can_be_understood(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("cert.pem", "key.pem"):
        Path(file).touch()
    name, *words = shlex.split(line)
    assert name in COMMANDS
    context = cli.make_context("curatory", ["--store", "nowhere", name, *words], resilient_parsing=False)
    command = cli.get_command(context, name)
    assert command
    while hasattr(command, "get_command"):
        inner = command.get_command(context, words[0])  # type: ignore[attr-defined]
        assert inner, words
        command, words = inner, words[1:]
    command.make_context(name, words, parent=context)  # raises a usage error for what does not fit
