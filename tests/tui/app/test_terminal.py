"""In a real terminal: hostile text does nothing, a crash says one line, a hangup leaves the store whole."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from curatory.store import Nothing, Store
from curatory.tui.safety import over_ssh

from .terminal import Terminal, strange

HOSTILE = (
    "\x1b]0;pwn\x07 \x1b]0;pwn\x1b\\ \x1b[2J \x9b2J \x9d0;x\x9c \x1b]52;c;cHduCg==\x07 \x1b[6n \x00 \x7f \b \r \u202eevil\u202c "
    "\u200b \x1bPq\x1b\\ \x0e \x85 \x1b[31mred [@click=app.quit]x[/] [/] [a=' [bold]b[/bold] \ufeff"
)
RUN = "import sys; from curatory.tui.app import run_app; sys.exit(run_app({url!r}, 'ana', {path!r}))"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Folders of nobody's."""
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    return {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.fixture
def hostile(small: Store, tmp_path: Path) -> Store:
    """A store in which everything that is text is hostile; names by the back door, since the front one refuses them."""
    engine = small.engine
    small.versions.set_metadata(
        "model/detector:v2", {HOSTILE.replace("\0", ""): HOSTILE.replace("\0", ""), "list": [HOSTILE.replace("\0", "")]}
    )
    small.versions.describe("model/detector:v2", "description")
    for place in ("model", "acme"):
        small.automations.create(place, place, "tag.add", Nothing())
    with engine.write():
        for statement in (
            "UPDATE collection SET name = :t || id, description = '# ' || :t || char(10) || '- ' || :t WHERE kind = 'portfolio'",
            "UPDATE project SET name = 'wandb-registry-' || :t || id, description = :t WHERE kind = 'registry' AND core = 0",
            "UPDATE version SET description = :t",
            "UPDATE entry SET path = :t || '.json'",
            "UPDATE entity SET name = :t || id WHERE name IN ('kim', 'bo')",
            "INSERT INTO version_tag (version_id, tag) SELECT id, :t FROM version",
            "UPDATE alias SET alias = :t",
            "UPDATE automation SET name = :t",
        ):
            engine.execute(statement, {"t": HOSTILE.replace("/", "|")})
    return small


def test_hostile_text_is_only_text_wherever_one_goes(hostile: Store, home: dict[str, str]) -> None:
    code = RUN.format(url=hostile.engine.url, path=None)
    with Terminal(code, environment=home) as terminal:
        terminal.wait_for("Registries")
        for keys in (
            "\x1b[B", "\x1b[B", "\x1b[A", "\r", "\r", "\r", "]", "]", "]", "]", "]", "]", "]", "3", "a", "\x1b", "t", "x\x1b", "\x1b",
            "e", "\x1b", "l", "model/", "\x1b", "x", "\x1b", "2", "c", "D", "\x1b", "r", "\x1b", "m", "\x1b", "S", "\x1b", "H", "\r", "\x1b", "\x1b",
            "?", "\x1b", "Z", "\x1b", "3", "c", "\x1b", "C", "\x1b", "M", "\x1b", "O", "\x1b[F", "\r", "\x1b", "\x1b", "2", "p", "pwn", "\x1b", "3", "d", "\x1b", "\x0f", "\x1b", "E", "\x1b", "\x10", "pwn", "\x1b", ":", "model/", "\x1b[B", "\x1b", "/", "pwn", "\x1b", "1", "A", "n", "pwn", "\x1b", "e", "\x1b", "x", "\x1b", "t", "\t", "\r", "\x1b", "\x1b", "\x1b", "3", "y", "Y", "u", "i", "b", "P", "\x1b",
        ):  # fmt: skip
            terminal.keys(keys)
        os.write(terminal.fd, b"\x11")
        assert terminal.end() == 0
    assert strange(terminal.seen) == []
    assert b"pwn" in terminal.seen, "it was shown"


def test_a_crash_says_one_line_with_no_values_in_it(small: Store, home: dict[str, str]) -> None:
    code = (
        "import sys; from curatory.tui import app; from curatory.tui.screens.browser import Browser\n"
        "def do_order(self): token = 'hunter2'; raise RuntimeError('\\x1b]0;pwn\\x07' + token[:0])\n"
        "Browser.do_order = do_order\n"
        f"sys.exit(app.run_app({small.engine.url!r}, 'ana', 'model/detector'))"
    )
    with Terminal(code, environment=home | {"XDG_STATE_HOME": home["XDG_STATE_HOME"]}) as terminal:
        terminal.wait_for("detector")
        terminal.keys("o")
        assert terminal.end() == 1
    assert b"incident" in terminal.seen
    assert b"hunter2" not in terminal.seen
    assert b"Traceback" not in terminal.seen
    assert strange(terminal.seen) == []


def test_a_hangup_ends_it_and_the_store_is_whole(small: Store, home: dict[str, str]) -> None:
    with Terminal(RUN.format(url=small.engine.url, path="model/detector"), environment=home) as terminal:
        terminal.wait_for("detector")
        os.kill(terminal.pid, signal.SIGHUP)
        terminal.end()
    assert small.audit.verify().ok


def test_what_is_remote_can_be_said() -> None:
    ssh = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
    assert [over_ssh(found) for found in ({}, ssh, {"SSH_TTY": "/dev/pts/1"})] == [False, True, True]
    assert not over_ssh(ssh | {"CURATORY_REMOTE": "0"})
    assert over_ssh({"CURATORY_REMOTE": "1"})


def test_over_ssh_no_mouse_is_tracked_and_nothing_blinks(small: Store, home: dict[str, str]) -> None:
    environment = home | {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
    with Terminal(RUN.format(url=small.engine.url, path="model/detector"), environment=environment) as terminal:
        terminal.wait_for("detector")
        terminal.keys("a")
        assert b"\x1b[?1003h" not in terminal.seen
        assert terminal.read(1.5) == b"", "idle writes nothing"
        terminal.keys("\x1b")
        terminal.keys("\x10seg")
        assert terminal.read(1.5) == b"", "nor does the palette"
        terminal.keys("\x1b")
        os.write(terminal.fd, b"q")
        assert terminal.end() == 0


def test_bytes_per_key_are_within_the_budgets(small: Store, home: dict[str, str]) -> None:
    with small.batch():
        for number in range(300):
            small.collections.create(f"model/c{number:03}", "model")
    with Terminal(RUN.format(url=small.engine.url, path="model"), environment=home) as terminal:
        terminal.wait_for("c000")
        terminal.keys("2j")
        down = len(terminal.keys("j"))
        page = max(len(terminal.keys("\x1b[6~")) for _ in range(3))
        scroll = max(len(terminal.keys("j")) for _ in range(25))
        dialog = len(terminal.keys("r"))
        terminal.keys("\x1b")
        terminal.keys("\t")
        idle = terminal.read(1.6)
        os.write(terminal.fd, b"q")
        terminal.end()
    assert 0 < down <= 700
    assert 0 < page <= 9_000
    assert 0 < scroll <= 9_000
    assert 0 < dialog <= 110_000
    assert idle == b""


def test_what_is_written_piece_by_piece_looks_like_the_whole(small: Store, home: dict[str, str]) -> None:
    for number in range(60):
        small.collections.create(f"model/{'감지기' if number % 3 else 'c'}{number:03}", "model")
    walk = (
        "2",
        "j",
        "\x1b[6~",
        "3",
        "\t",
        "]",
        "]",
        "2",
        "G",
        "k",
        "k",
        "z",
        "j",
        "z",
        "?",
        "j",
        "\x1b",
        "r",
        "\x1b",
        "/c0",
        "\x1b",
        "g",
        "H",
        "j",
    )
    with Terminal(RUN.format(url=small.engine.url, path="model"), environment=home) as terminal:
        terminal.wait_for("c000")
        for keys in walk:
            terminal.keys(keys)
        piecewise = terminal.picture()
        before = len(terminal.seen)
        terminal.keys("\x1b[15~")  # f5 writes every cell again
        assert len(terminal.seen) - before > 4_000
        whole = terminal.picture()
        os.write(terminal.fd, b"\x11")
        terminal.end()
    assert piecewise == whole


def test_keys_that_arrive_together_do_what_they_do_one_by_one(small: Store, home: dict[str, str]) -> None:
    with Terminal(RUN.format(url=small.engine.url, path="model"), environment=home) as terminal:
        terminal.wait_for("detector")
        terminal.keys("2jrother\x15empty-too\r")  # to the collections, down to “empty”, rename, another name
        terminal.wait_for("takes it back")
        terminal.keys(":model/detector:prod\r")
        terminal.keys("4]]Hq")
        os.write(terminal.fd, b"\x1b\x1bq")
        terminal.end()
    assert [one.name for one in small.search.collections("model")] == ["detector", "empty-too"]
