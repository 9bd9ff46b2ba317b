"""What the terminal shows, cell by cell: of a new picture only the cells that differ are written.

Textual repaints whole widgets, each word with its full style: 10 to 40 KB for a key that changes two lines. Over SSH
those bytes are what one waits for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

Span = tuple[int, int, Sequence[Segment]]  # row, column, what stands there

_NEAR = 5  # unchanged cells that are cheaper to write again than to step over
_RESET = "\x1b[0m"
_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 6: 25, 7: 27, 8: 28, 9: 29}  # SGR code → what ends it
_SEEN_ON_BLANKS = frozenset((4, 7, 9))  # underline, reverse, strike
_SGR = {
    "bold": 1, "dim": 2, "italic": 3, "underline": 4, "blink": 5, "blink2": 6, "reverse": 7, "conceal": 8, "strike": 9,
    "underline2": 21, "frame": 51, "encircle": 52, "overline": 53,
}  # fmt: skip


class Look:
    """How a cell looks: attributes as SGR codes, and the codes of its two colours ("" where it is the terminal's)."""

    __slots__ = ("attributes", "background", "foreground")

    def __init__(self, attributes: frozenset[int], foreground: str, background: str) -> None:
        self.attributes, self.foreground, self.background = attributes, foreground, background

    def on_blanks(self) -> Look:
        """What is seen of it where nothing is written."""
        return self if self.attributes & _SEEN_ON_BLANKS else _look(frozenset(), "", self.background)


@lru_cache(4096)
def _look(attributes: frozenset[int], foreground: str, background: str) -> Look:
    return Look(attributes, foreground, background)


_NOTHING = _look(frozenset(), "", "")


@lru_cache(4096)
def look_of(style: Style | None, colors: ColorSystem) -> tuple[Look, Look]:
    """How a style looks, on characters and on blanks; the same objects for the same look."""
    if style is None:
        return _NOTHING, _NOTHING
    attributes = frozenset(code for name, code in _SGR.items() if getattr(style, name))
    found = _look(attributes, _codes(style.color, colors, True), _codes(style.bgcolor, colors, False))
    return found, found.on_blanks()


def _codes(color: Color | None, colors: ColorSystem, foreground: bool) -> str:
    if color is None:
        return ""
    text = ";".join(color.downgrade(colors).get_ansi_codes(foreground))
    return "" if text in ("39", "49") else text


@lru_cache(8192)
def change(old: Look, new: Look, blank: bool) -> str:
    """The shortest that makes the one look of the other; on a blank, what can't be seen may stay as it is."""
    wanted = new.attributes
    had = old.attributes
    gone = (had & _SEEN_ON_BLANKS) - wanted if blank else had - wanted
    if any(code not in _OFF for code in gone):
        return _RESET + change(_NOTHING, new, blank)
    codes: list[str] = []
    ended = {_OFF[code] for code in gone}
    codes += [str(code) for code in sorted(ended)]
    kept = {code for code in had if _OFF.get(code) not in ended}
    codes += [str(code) for code in sorted(wanted - kept)]
    if new.foreground != old.foreground and not blank:
        codes.append(new.foreground or "39")
    if new.background != old.background:
        codes.append(new.background or "49")
    if not codes:
        return ""
    if new is _NOTHING and not blank:
        return _RESET
    return f"\x1b[{';'.join(codes)}m"


@lru_cache(8192)
def _after(old: Look, new: Look, blank: bool) -> Look:
    """What is in force after a change; on a blank, also what was left as it was."""
    if not blank:
        return new
    return _look(old.attributes - _SEEN_ON_BLANKS, old.foreground, new.background)


@lru_cache(8192)
def _wide(character: str) -> bool | None:
    """Whether a character takes two cells in every terminal; None where terminals are not of one mind."""
    code = ord(character)
    if code < 0x300 or 0x370 <= code < 0x483 or 0x2010 <= code < 0x2028 or 0x2190 <= code < 0x231A:
        return False
    if 0x2400 <= code < 0x25FD or 0x2800 <= code < 0x2900 or code in (0x2713, 0x2717, 0x276F, 0xFFFD, 0x27F7):
        return False
    if 0xAC00 <= code <= 0xD7A3 or 0x4E00 <= code <= 0x9FFF or 0x3041 <= code <= 0x30FF or 0x3400 <= code <= 0x4DBF:
        return True
    return None


class Frame:
    """The cells of a terminal of one size, as far as they are known."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._texts: list[list[str | None]] = []
        self._looks: list[list[Look]] = []

    def forget(self) -> None:
        """Something else has written on the terminal: nothing is known of it."""
        self._size = (0, 0)

    def draw(self, spans: Iterable[Span], size: tuple[int, int], colors: ColorSystem) -> str:
        """What has to be written so that the terminal shows these spans; it is shown then.

        Args:
            size: columns and rows.
        """
        if size != self._size:
            width, height = self._size = size
            self._texts = [[None] * width for _ in range(height)]
            self._looks = [[_NOTHING] * width for _ in range(height)]
        pen = _Pen()
        for row, column, segments in spans:
            if 0 <= row < size[1]:
                self._span(pen, row, column, segments, colors)
        return pen.end()

    def _span(self, pen: _Pen, row: int, column: int, segments: Sequence[Segment], colors: ColorSystem) -> None:
        texts: list[str | None] = []
        looks: list[Look] = []
        doubtful = False
        for text, style, _ in segments:
            look, on_blanks = look_of(style, colors)
            if text.isascii():
                texts += text
                looks += [on_blanks if character == " " else look for character in text]
                continue
            for character in text:
                wide = _wide(character)
                if wide:
                    texts += (character, "")
                    looks += (look, look)
                elif wide is None:
                    doubtful = True
                else:
                    texts.append(character)
                    looks.append(on_blanks if character == " " else look)
        if doubtful:
            self._whole(pen, row, column, segments, colors)
            return
        width = self._size[0]
        del texts[max(width - column, 0) :], looks[max(width - column, 0) :]
        known, held = self._texts[row], self._looks[row]
        end = column + len(texts)
        if known[column:end] == texts and held[column:end] == looks:
            return
        for first, last in _runs(known[column:end], texts, held[column:end], looks):
            pen.move(row, column + first)
            for place in range(first, last):
                text = texts[place]
                if text:
                    pen.write(text, looks[place])
            if column + last < width and known[column + last] == "":
                known[column + last] = None  # half of a wide character was overwritten
            if column + first > 0 and known[column + first] == "":
                known[column + first - 1] = None
        known[column:end] = texts
        held[column:end] = looks

    def _whole(self, pen: _Pen, row: int, column: int, segments: Sequence[Segment], colors: ColorSystem) -> None:
        """Write a span with characters of doubtful width as it is; where its cells end up is not known."""
        pen.move(row, column)
        for text, style, _ in segments:
            pen.write(text, look_of(style, colors)[0], blank=False)
        known = self._texts[row]
        known[column:] = [None] * len(known[column:])


def _runs(
    old: Sequence[str | None], new: Sequence[str | None], was: Sequence[Look], will: Sequence[Look]
) -> list[tuple[int, int]]:
    """Where two rows of cells differ, from and to; what is nearly next to each other is one."""
    found: list[tuple[int, int]] = []
    start = end = -1
    for place, text in enumerate(new):
        if text == old[place] and will[place] is was[place]:
            continue
        if start >= 0 and place - end <= _NEAR:
            end = place + 1
            continue
        if start >= 0:
            found.append((start, end))
        start, end = place, place + 1
    if start >= 0:
        found.append((start, end))
    return [_around_wide(new, first, last) for first, last in found]


def _around_wide(cells: Sequence[str | None], first: int, last: int) -> tuple[int, int]:
    """A run that begins and ends with whole characters."""
    while first > 0 and cells[first] == "":
        first -= 1
    while last < len(cells) and cells[last] == "":
        last += 1
    return first, last


class _Pen:
    """Writes cells, and knows what is in force."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._look = _NOTHING

    def move(self, row: int, column: int) -> None:
        self._parts.append(f"\x1b[{row + 1};{column + 1}H")

    def write(self, text: str, look: Look, *, blank: bool | None = None) -> None:
        if blank is None:
            blank = text == " " and not look.attributes
        if look is not self._look:
            codes = change(self._look, look, blank)
            if codes:
                self._parts.append(codes)
            self._look = _after(self._look, look, blank)
        self._parts.append(text)

    def end(self) -> str:
        if self._look is not _NOTHING:
            self._parts.append(_RESET)
        return "".join(self._parts)
