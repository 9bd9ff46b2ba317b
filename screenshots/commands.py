"""Pictures of the command line: the real commands on a real terminal, at the moment where the demonstration ends."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

# A clock that stands still, or "3 h ago" would change with every day.
_CHILD = """
import sys
from datetime import datetime
from curatory.store import open_store
from curatory.store.demo import TODAY
open_store.__kwdefaults__["now"] = lambda: datetime.fromisoformat(TODAY)
from curatory.tui.__main__ import main
main()
"""
_THEME = TerminalTheme(
    (24, 26, 31),
    (208, 212, 220),
    [
        (40, 44, 52),
        (224, 108, 117),
        (152, 195, 121),
        (229, 192, 123),
        (97, 175, 239),
        (198, 120, 221),
        (86, 182, 194),
        (208, 212, 220),
    ],
    [
        (92, 99, 112),
        (224, 108, 117),
        (152, 195, 121),
        (229, 192, 123),
        (97, 175, 239),
        (198, 120, 221),
        (86, 182, 194),
        (255, 255, 255),
    ],
)

WIDTH = 100
PICTURES: dict[str, list[list[str]]] = {
    "overview": [["overview"]],
    "list": [["ls", "model"]],
    "search": [["search", "metadata.map50>0.9 alias:*", "--kind", "versions", "--limit", "8"]],
    "show": [["show", "model/detector:prod"]],
    "history": [["history", "model/detector", "--limit", "12"], ["history", "model/detector", "--at", "2026-10-20"]],
    "lineage": [["lineage", "model/detector:prod", "--up", "--depth", "6"]],
    "curate": [
        ["alias", "add", "model/detector:v19", "prod", "--dry-run"],
        ["alias", "add", "model/detector:v19", "prod"],
        ["undo"],
    ],
    "refused": [
        ["--as", "mateo", "show", "risk-review"],
        ["search", "metadata.acc>"],
        ["--as", "mateo", "alias", "add", "model/detector:v19", "prod"],
    ],
}


def run(store: Path, words: list[str]) -> str:
    """What a command prints on a terminal, with its colours."""
    main, child = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "COLUMNS": str(WIDTH),
        "LINES": "50",
        "CURATORY_STORE": store.name,
    }
    actor = [] if "--as" in words else ["--as", "ana"]
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, *actor, *words],
        stdin=child,
        stdout=child,
        stderr=child,
        env=environment,
        cwd=store.parent,
    ):
        os.close(child)
        taken = io.BytesIO()
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # Linux's way of saying that the terminal was closed
                break
            if not part:
                break
            taken.write(part)
    os.close(main)
    # The folder is a temporary one, with another name each time.
    return taken.getvalue().decode().replace("\r\n", "\n").replace(f"{store.parent}/", "~/")


def draw(name: str, store: Path, folder: Path) -> Path:
    """One picture, as an SVG file."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for number, words in enumerate(PICTURES[name]):
        shown = " ".join(f"'{word}'" if re.search(r"[ <>*!]", word) else word for word in words)
        if number:
            console.print()
        console.print(Text.assemble(("$ ", "dim"), (f"curatory {shown}", "bold")))
        console.print(Text.from_ansi(run(store, words).rstrip("\n")))
    path = folder / f"{name}.svg"
    svg = console.export_svg(title="curatory", theme=_THEME, unique_id=f"curatory-{name}")
    path.write_text(still(svg), encoding="utf-8")
    return path


_LEADING = re.compile(r'x="([\d.]+)" (y="[\d.]+") textLength="([\d.]+)"([^>]*)>((?:&#160;)+)')
_CELL = 12.2  # Rich's width of a character, in units of the picture


def still(svg: str) -> str:
    """The same picture, fetching no font, and with spaces as places: some viewers drop them at the start of a text."""

    def moved(found: re.Match[str]) -> str:
        spaces = found[5].count("&") * _CELL
        x, length = float(found[1]) + spaces, max(0.0, float(found[3]) - spaces)
        return f'x="{x:.1f}" {found[2]} textLength="{length:.1f}"{found[4]}>'

    return _LEADING.sub(moved, re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S))
