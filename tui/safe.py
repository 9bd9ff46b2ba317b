"""The one way from stored text to a terminal.

Names, tags, cards, metadata and file names were written by somebody, and can hold what steers a terminal or lies
about what is on it. Everything that is shown goes through here: nothing is lost silently, each such character
becomes a visible one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

LONGEST = 4_096  # characters of one line; nobody reads more, and a terminal chokes on megabytes

_LOST = "\ufffd"
# Printable for Python, but empty on a screen: they make two names look alike.
_EMPTY = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0]")
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
# What JSON readers may print as it is: DEL, C1, format and bidirectional characters, line separators, surrogates.
_STEERING = re.compile(
    "[\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bcaf"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def clean(text: object, limit: int = LONGEST) -> str:
    """One line of text: control characters as pictures, what is invisible or steers direction as U+FFFD."""
    line = text if isinstance(text, str) else str(text)
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    if line.isprintable() and not _EMPTY.search(line):
        return line
    return "".join(_shown(line, place, character) for place, character in enumerate(line))


def clean_lines(text: str) -> list[str]:
    """Lines of a longer text; its line breaks and tabs are kept as what they mean."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return [clean(line) for line in plain.split("\n")]


def json_text(document: Any, indent: int | None = 2) -> str:
    """JSON in which no character steers a terminal; any reader gets the same values."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    return _STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _shown(line: str, place: int, character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character == _JOINER:
        return character if _joins(line, place) else _LOST
    if _EMPTY.match(character):
        return character if character == _EMOJI_STYLE and _styles(line, place) else _LOST
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code & 0xFFFE == 0xFFFE:
        return _LOST
    return character


def _joins(line: str, place: int) -> bool:
    """Whether a joiner stands between two parts of one emoji, its only place where something is seen of it."""
    if not 0 < place < len(line) - 1:
        return False
    before, after = line[place - 1], line[place + 1]
    return (before == _EMOJI_STYLE or unicodedata.category(before) in ("So", "Sk")) and unicodedata.category(
        after
    ) == "So"


def _styles(line: str, place: int) -> bool:
    """Whether a variation selector follows a symbol that has an emoji form."""
    if place == 0:
        return False
    before = line[place - 1]
    keycap = before in "0123456789#*" and line[place + 1 : place + 2] == "\u20e3"
    return keycap or (unicodedata.category(before) in ("So", "Sm", "Sk", "Po") and before not in "#*")
