"""Real terminals for tests: what reaches one is bytes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence

SGR = re.compile(r"\x1b\[[0-9;]*m")

_DRIVER = """
import ast, sys
from curatory.tui.cli.app import cli
for arguments in ast.literal_eval(sys.argv[1]):
    try:
        cli.main(arguments, prog_name="curatory")
    except SystemExit as end:
        if end.code not in (0, 1):
            print("ENDED", arguments, end.code)
"""


def on_terminal(
    calls: Sequence[Sequence[str]], *, columns: int = 80, env: dict[str, str] | None = None, stderr: bool = False
) -> bytes:
    """Run calls one after the other in one process whose stdout is a terminal; what the terminal got.

    `stderr`: that, too, with its progress bars.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", _DRIVER, repr([list(call) for call in calls])],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave if stderr else subprocess.PIPE,
        env=environment | {"TERM": "xterm-256color"} | (env or {}),
    )
    os.close(slave)
    got = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        got += part
    errors = process.stderr.read() if process.stderr else b""
    process.wait()
    os.close(master)
    assert process.returncode == 0, errors
    assert b"ENDED" not in got, got[got.index(b"ENDED") :][:200]
    return got


def lines(got: bytes) -> list[str]:
    """The lines on a terminal, without colours."""
    return [SGR.sub("", line) for line in got.decode().replace("\r\n", "\n").split("\n")]
