"""A Markdown card as lines: headings, lists, quotes, code and emphasis; links show where they lead and lead nowhere."""

from __future__ import annotations

import re

from rich.cells import cell_len

from ...safe import clean, clean_lines
from ...widgets.text import Line, Word, fit, wrapped

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_BULLET = re.compile(r"(\s*)([-*+]|\d{1,3}[.)])\s+(.*)$")
_RULE = re.compile(r"\s*([-*_])(\s*\1){2,}\s*$")
_SPAN = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*|__[^_]+__|(?<!\w)[*_][^*_]+[*_](?!\w)|!?\[[^\]]*\]\([^)]*\))")
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)]*)\)$")


def card_lines(text: str, width: int) -> list[Line]:
    """A card in so many cells."""
    found: list[Line] = []
    paragraph: list[str] = []
    rows: list[list[str]] = []
    fenced = False

    def flush() -> None:
        if paragraph:
            found.extend(_flow(" ".join(paragraph), width, " "))
            paragraph.clear()

    for line in [*clean_lines(text), ""]:
        if rows and not line.lstrip().startswith("|"):
            found += _table(rows)
            rows.clear()
        if line.lstrip().startswith("```"):
            flush()
            fenced = not fenced
        elif fenced or (line.startswith("    ") and not paragraph):
            flush()
            found.append([("  │ ", "muted"), (line, "code")])
        elif not line.strip():
            flush()
            if found and found[-1]:
                found.append([])
        elif match := _HEADING.match(line):
            flush()
            if found and found[-1]:
                found.append([])
            found.append([(" " + _bare(match[2]), "head")])
        elif _RULE.match(line):
            flush()
            found.append([(" " + "─" * max(min(width - 2, 60), 1), "muted")])
        elif match := _BULLET.match(line):
            flush()
            sign = "•" if match[2] in "-*+" else match[2]
            indent = " " * (1 + len(match[1]))
            found.extend(_flow(match[3], width, f"{indent}{sign} "))
        elif line.lstrip().startswith(">"):
            flush()
            found.extend(
                [("  ┃ ", "muted"), (part, "italic")] for part in wrapped(line.lstrip()[1:].strip(), width - 5)
            )
        elif line.lstrip().startswith("|"):
            flush()
            rows.append([_bare(cell.strip()) for cell in line.strip().strip("|").split("|")])
            continue
        else:
            paragraph.append(line.strip())
    flush()
    while found and not found[-1]:
        found.pop()
    return found


def _table(rows: list[list[str]]) -> list[Line]:
    """A table with its columns under each other; the line below its head is drawn."""
    widths = [
        min(max((cell_len(row[at]) for row in rows if at < len(row) and not _ruled(row)), default=1), 40)
        for at in range(max(map(len, rows)))
    ]
    found: list[Line] = []
    for number, row in enumerate(rows):
        if _ruled(row):
            found.append([(" " + "  ".join("─" * width for width in widths), "muted")])
            continue
        cells = [fit(cell, width) for cell, width in zip(row, widths, strict=False)]
        found.append([(" " + "  ".join(cells), "strong" if number == 0 else "")])
    return found


def _ruled(row: list[str]) -> bool:
    return all(cell and not cell.strip(":-") for cell in row)


def _flow(text: str, width: int, first: str) -> list[Line]:
    """A paragraph with emphasis in it, wrapped; later lines stand under the first one's text."""
    words: list[Word] = []
    for part in _SPAN.split(text):
        words += _emphasis(part)
    plain = "".join(word for word, _ in words)
    roles = [role for word, role in words for _ in word]
    found: list[Line] = []
    at = 0
    for number, line in enumerate(wrapped(plain, max(width - len(first) - 1, 8))):
        at = plain.index(line, at) if line else at
        pieces: list[Word] = [(first if number == 0 else " " * len(first), "muted" if first.strip() else "")]
        start = at
        for place in range(at, at + len(line)):
            if place + 1 == at + len(line) or roles[place + 1] != roles[place]:
                pieces.append((plain[start : place + 1], roles[place]))
                start = place + 1
        at += len(line)
        found.append(pieces)
    return found


def _emphasis(part: str) -> list[Word]:
    if not part:
        return []
    if link := _LINK.match(part):
        return (
            [(link[1] or link[2], "link"), (f" ({clean(link[2])})", "muted")]
            if link[1] != link[2]
            else [(link[2], "link")]
        )
    if len(part) > 2 and part[0] == part[-1] == "`":
        return [(part[1:-1], "code")]
    if len(part) > 4 and part[:2] == part[-2:] and part[:2] in ("**", "__"):
        return [(part[2:-2], "strong")]
    if len(part) > 2 and part[0] == part[-1] and part[0] in "*_":
        return [(part[1:-1], "italic")]
    return [(part, "")]


def _bare(text: str) -> str:
    return "".join(word for part in _SPAN.split(text) for word, _ in _emphasis(part))
