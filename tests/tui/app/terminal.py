"""The app in a real pseudo-terminal: what it writes, byte for byte, and how it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType

import pyte

SETTLED = 0.35  # seconds without a byte: the screen is drawn
ANSWERED = 1.0  # seconds within which a key shows something, also on a busy machine

# What Textual itself writes: colours, cursor places, modes, keyboard protocol, questions about the terminal.
ALLOWED = re.compile(
    rb"\x1b\[[0-9;:]*m"  # SGR
    rb"|\x1b\[[0-9;]*H"  # cursor to a place
    rb"|\x1b\[\?[0-9;]+[hl]"  # modes
    rb"|\x1b\[\?2026\$p|\x1b\[\?2048\$p"  # is there synchronised output, are there size reports
    rb"|\x1b\[[<>=]?[0-9;]*u"  # keyboard protocol
    rb"|\x1b\[[0-9]* q"  # cursor shape
    rb"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # what `y` copies
    rb"|\x1b\]22;[a-z-]*\x1b\\|\x1b\]22;[a-z-]*\x07"  # mouse pointer
    rb"|[\r\n]"
)
# What the emulator would print instead of swallowing.
_UNKNOWN = re.compile(rb"\x1b\[[<>=?][0-9;]*u|\x1b\[\?[0-9;]*\$p|\x1b\]22;[a-z-]*(?:\x1b\\|\x07)")
STEERING = re.compile(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]")


def strange(data: bytes) -> list[bytes]:
    """What is in a byte stream that no allowed sequence explains, with what stands around it."""
    rest = ALLOWED.sub(b"", data)
    found = [rest[max(match.start() - 12, 0) : match.end() + 12] for match in STEERING.finditer(rest)]
    text = rest.decode("utf-8", "replace")
    found += [character.encode() for character in text if character in "\u202e\u202d\u2066\u2067\u2028\u200e\u200f"]
    return found


def seen_on(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Characters with their looks, row by row; of a blank the colour of the ink is not seen."""
    return [[_seen(screen.buffer[row][column]) for column in range(screen.columns)] for row in range(screen.lines)]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    if cell.data in (" ", "") and not (cell.underscore or cell.reverse or cell.strikethrough):
        return (cell.data, cell.bg)
    return tuple(cell)


class Terminal:
    """A program on a pty of a size; keys go in, bytes come out."""

    def __init__(
        self, code: str, *, size: tuple[int, int] = (120, 40), environment: Mapping[str, str] | None = None
    ) -> None:
        self.seen = b""
        self._size = size
        self._status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.environ.update(environment or {}, TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
            os.environ.update(COLUMNS=str(size[0]), LINES=str(size[1]))
            os.execv(sys.executable, [sys.executable, "-c", code])

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, quiet: float = SETTLED, most: float = 30.0, *, first: float = 0.0) -> bytes:
        """What is written until nothing is for a while; `first` is how long to wait for the first byte."""
        found = b""
        end = time.monotonic() + most
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], quiet if found else max(first, quiet))
            if not ready:
                break
            try:
                data = os.read(self.fd, 65_536)
            except OSError:
                break
            if not data:
                break
            found += data
        self.seen += found
        return found

    def wait_for(self, text: str, most: float = 30.0) -> None:
        """Read until a text has been written."""
        end = time.monotonic() + most
        while text.encode() not in ALLOWED.sub(b"", self.seen):
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} never came; last: {ALLOWED.sub(b'', self.seen)[-800:]!r}")
            self.read(0.2, 2.0)
        self.read()

    def keys(self, text: str) -> bytes:
        """Press keys; what comes of it."""
        os.write(self.fd, text.encode())
        return self.read(first=ANSWERED)

    def picture(self) -> list[list[tuple[object, ...]]]:
        """What a terminal shows that was written all of this: characters with their looks, row by row."""
        screen = pyte.Screen(*self._size)
        pyte.ByteStream(screen).feed(_UNKNOWN.sub(b"", self.seen))
        return seen_on(screen)

    def end(self, most: float = 15.0) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            self.read(0.1, 1.0)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("it did not end")
