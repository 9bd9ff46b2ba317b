"""A newcomer's first five minutes, in a real terminal: find a model, see where it came from, move `prod`, undo, quit."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from curatory.store import open_store
from curatory.store.demo import HERO, HERO_VERSION, VIEWER, build_demo

MOST = 40.0  # seconds that anything may take on a busy machine
NAME = f"curatory-newcomer-{os.getpid()}"  # of the socket and the session


class Screen:
    """A program in tmux, on a server of its own: keys go in, what is on the screen comes out."""

    def __init__(self, command: list[str], environment: dict[str, str], size: tuple[int, int] = (120, 40)) -> None:
        self._environment = environment
        line = f"{shlex.join(command)}; echo it ended with $?; exec sleep 600"
        self._tmux("new-session", "-d", "-s", NAME, "-x", str(size[0]), "-y", str(size[1]), line)

    def _tmux(self, *words: str) -> str:
        call = ["tmux", "-u", "-L", NAME, "-f", "/dev/null", *words]
        done = subprocess.run(call, env=self._environment, capture_output=True, text=True, timeout=MOST, check=False)
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr}"
        return done.stdout

    @property
    def text(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", NAME)

    def end(self) -> None:
        self._tmux("kill-server")

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", NAME, *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-t", NAME, "-l", text)

    def wait(self, *texts: str) -> str:
        """Wait until all that is on the screen, and the screen at rest."""
        end = time.monotonic() + MOST
        before, now = "", self.text
        while before != now or not all(text in now for text in texts):
            assert time.monotonic() < end, f"{texts} never came; there was:\n{now}"
            time.sleep(0.1)
            before, now = now, self.text
        return now

    def press_until(self, key: str, text: str) -> None:
        """Press a key again and again until something is there, as one walks down a list."""
        for _ in range(40):
            if text in self.wait():
                return
            self.press(key)
        raise AssertionError(f"{text!r} was not found by {key}:\n{self.text}")


@pytest.fixture
def demo(tmp_path: Path) -> str:
    url = str(tmp_path / "demo.db")
    build_demo(url)
    return url


@pytest.fixture
def screen(demo: str, tmp_path: Path) -> Iterator[Screen]:
    """The app as it is started from a shell, on the demonstration."""
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing: the newcomer's first five minutes can't be walked")
        pytest.skip("TMUX IS MISSING: the newcomer's first five minutes were not walked")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TMUX", "TMUX_PANE", "COLUMNS", "LINES")
        and not name.startswith(("SSH_", "CURATORY_", "TEXTUAL", "XDG_"))
    }
    with tempfile.TemporaryDirectory(prefix="tmux-") as sockets:
        environment = kept | {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": sockets}
        shown = Screen([sys.executable, "-m", "curatory.tui", "--store", demo, "--as", VIEWER], environment)
        try:
            yield shown
        finally:
            shown.end()


def test_a_newcomers_first_five_minutes(screen: Screen, demo: str) -> None:
    with open_store(demo, VIEWER) as store:
        prod, start = store.versions.get(HERO_VERSION).number, store.events.head()
        assert {one.name: one.role for one in store.members.list("model")}["grace"] == "viewer"
    other = prod - 1

    # the app opens, and its footer says what can be done
    screen.wait("1 Registries", "Models", "/ filter", "? help", f"{VIEWER} · admin")

    # find a model by its name
    screen.press("C-p")
    screen.wait("Search")
    screen.type("detector")
    screen.wait("model/detector  collection")
    screen.press("Enter")
    screen.wait("acme ▸ Models ▸ detector", "Parcel detector", "Versions  of detector")

    # look at another version of it, and where that came from
    screen.press("3")
    screen.press_until("j", f"detector ▸ v{other}")
    screen.press("i")
    lineage = screen.wait("made from", "parcel-labels:v", "vision-backbone:v", "both ways")
    assert "parcel-labels" in lineage.split("made from")[1]

    # move prod to it: the dialog first says what will come of that
    screen.press("3")
    screen.wait("a alias")
    screen.press("a")
    screen.wait(f"Aliases of detector:v{other}", "Set aliases")
    screen.type("prod")
    screen.wait(f"moves prod v{prod} → v{other}")
    with open_store(demo, VIEWER) as store:
        assert store.events.head() == start, "what is only shown changes nothing"
    screen.press("C-s")
    screen.wait("Done: ", "u takes it back")
    with open_store(demo, VIEWER) as store:
        assert store.versions.get(HERO_VERSION).number == other

    # that was a mistake
    screen.press("u")
    screen.wait("Undo: ", "U does it again")
    with open_store(demo, VIEWER) as store:
        assert store.versions.get(HERO_VERSION).number == prod

    # give somebody a role
    screen.press("m")
    screen.wait("Members of Models", "grace", "comes from")
    screen.press_until("j", "▌· grace")
    screen.press("Enter")
    screen.wait("Role of grace in Models", "Give role")
    screen.press("Right")
    screen.wait("grace: viewer → member in model")
    screen.press("C-s")
    screen.wait("Done: grace")
    screen.press("Escape")
    screen.wait("detector ▸ v")
    screen.press_until("Escape", "1 Registries")

    # and leave
    screen.press("q")
    screen.wait("it ended with 0")

    with open_store(demo, VIEWER) as store:
        events = [event for event in store.events.of(None, limit=20) if event.seq > start]
        assert [event.action for event in reversed(events)] == ["alias.add", "undo:alias.add", "member.role"]
        assert {event.actor for event in events} == {VIEWER}
        assert store.aliases.at(HERO, store.now())["prod"] == prod
        assert {one.name: one.role for one in store.members.list("model")}["grace"] == "member"
        assert store.audit.verify().ok
