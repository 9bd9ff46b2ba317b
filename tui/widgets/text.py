"""Words with a meaning, on their way from a record to a widget: the only form in which stored text reaches one.

A `Line` is a sequence of (text, role). Roles say what a word is, not how it looks; `Paint` knows how a theme shows it.
Every text passes `clean` here, and none is ever read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.color import Color as RichColor
from rich.style import Style as RichStyle
from textual.color import Color, ColorParseError
from textual.content import Content

from ..safe import clean

Word = tuple[str, str]
Line = Sequence[Word]

# role → (theme variable, attributes)
ROLES: Mapping[str, tuple[str, str]] = {
    "": ("foreground", ""),
    "strong": ("foreground", "bold"),
    "muted": ("muted", ""),
    "head": ("primary", "bold"),
    "alias": ("success", "bold"),
    "latest": ("primary", ""),
    "protected": ("warning", "bold"),
    "tag": ("secondary", ""),
    "number": ("accent", ""),
    "type": ("secondary", ""),
    "path": ("primary", ""),
    "key": ("accent", "bold"),
    "person": ("primary", ""),
    "good": ("success", ""),
    "warn": ("warning", ""),
    "bad": ("error", ""),
    "string": ("success", ""),
    "link": ("primary", "underline"),
    "italic": ("foreground", "italic"),
    "tab": ("primary", "bold underline"),
    "code": ("accent", ""),
    "dataset": ("success", ""),
    "model": ("primary", ""),
    "run": ("accent", ""),
    "off": ("muted", "dim"),
    "curve": ("primary", ""),
}


class Paint:
    """How a theme shows each role."""

    def __init__(self, variables: Mapping[str, str], background: Color) -> None:
        self._colors = {name: _color(variables.get(name, "")) for name in {color for color, _ in ROLES.values()}}
        foreground = self._colors["foreground"] or Color(200, 200, 200)
        if foreground.ansi is None and background.ansi is None:
            self._colors["muted"] = foreground.blend(background, 0.42)
        else:
            self._colors["muted"] = None
        self.styles = {role: self._style(*look) for role, look in ROLES.items()}

    def _style(self, color: str, attributes: str) -> RichStyle:
        found = self._colors.get(color)
        dim = color == "muted" and found is None
        return RichStyle(
            color=found.rich_color if found is not None else RichColor.default(),
            bold="bold" in attributes or None,
            italic="italic" in attributes or None,
            underline="underline" in attributes or None,
            dim=True if dim else None,
        )


def _color(text: str) -> Color | None:
    try:
        return Color.parse(text)
    except ColorParseError:
        return None


def content(*lines: Line) -> Content:
    """Lines for a widget that shows text; never markup."""
    joined: list[str | tuple[str, str]] = []
    for number, line in enumerate(lines):
        if number:
            joined.append("\n")
        joined += [(clean(text), _tcss(role)) for text, role in line]
    return Content.assemble(*joined)


def _tcss(role: str) -> str:
    color, attributes = ROLES[role]
    if color == "muted":
        return "$foreground 58%"
    return f"{attributes} ${color}".strip()


def plain(text: str) -> Content:
    return Content(clean(text))


def width_of(line: Line) -> int:
    return sum(cell_len(clean(text)) for text, _ in line)


def fit(text: str, width: int) -> str:
    """Text in exactly so many cells: cut with an ellipsis, or filled with blanks."""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    return set_cell_size(text, max(width - 1, 0)) + ("…" if width > 0 else "")


def fit_ends(text: str, width: int) -> str:
    """Text in at most so many cells, without its middle: of paths and names of tensors the end says most."""
    if cell_len(text) <= width:
        return text
    head = text[: _fitting(text, max((width - 1) // 3, 0))] if width > 3 else ""
    left, place = width - 1 - cell_len(head), len(text)
    while place and left >= (size := get_character_cell_size(text[place - 1])):
        left, place = left - size, place - 1
    return f"{head}…{text[place:]}"


def fit_dotted(name: str, width: int) -> str:
    """A dotted name in at most so many cells: `m.l.3.s.q_proj.weight`. Numbers stay, they tell the layers apart."""
    parts = name.split(".")
    left = cell_len(name)
    for place, part in enumerate(parts[:-1]):
        if left <= width:
            break
        if not part.isdecimal():
            parts[place] = part[:1]
            left -= cell_len(part) - cell_len(part[:1])
    return fit_ends(".".join(parts), width)


def wrapped(text: str, width: int) -> list[str]:
    """One line of text as lines of at most so many cells, broken at blanks where there are any."""
    width = max(width, 4)
    lines: list[str] = []
    line, used = "", 0
    for word in _words(text):
        size = cell_len(word)
        if used + size > width and line:
            lines.append(line.rstrip())
            line, used = "", 0
            word = word.lstrip()
            size = cell_len(word)
        while size > width:
            head = set_cell_size(word, width)
            taken = len(head.rstrip(" ")) or _fitting(word, width)
            lines.append(word[:taken])
            word = word[taken:]
            size = cell_len(word)
        line += word
        used += size
    lines.append(line.rstrip())
    return lines


def _fitting(text: str, width: int) -> int:
    used = 0
    for place, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return max(place, 1)
    return len(text)


def _words(text: str) -> Iterable[str]:
    """Words, each with the blanks before it."""
    start = 0
    for place in range(1, len(text)):
        if text[place].isspace() and not text[place - 1].isspace():
            yield text[start:place]
            start = place
    if text:
        yield text[start:]
