"""What a person reads: lines that fit the terminal, and whole values where something else reads them.

On a terminal times are relative and lines fit; into a pipe nothing is cut, so that grep works. Hints and notes go to
stderr there. Every text passes `safe.clean` here, whoever made it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..safe import LONGEST, clean, clean_lines, json_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Span = str | tuple[str, str]
"""A piece of a line: text, or text and its style. Colour only ever repeats what the words say."""

NAME, ALIAS, TAG, DIM, GOOD, BAD, HEAD, WARN = "cyan", "green", "magenta", "dim", "green", "red", "bold", "yellow"


_LABEL = 24  # columns of the widest label that others align with
_ROOM = 12  # columns that a text beside a label needs at least


class Output:
    """Where a command prints to.

    Attributes:
        tty: stdout is a terminal.
        width: its columns; None: nothing is cut.
    """

    def __init__(self, clock: Callable[[], datetime | None]) -> None:
        self._clock = clock
        self.tty = sys.stdout.isatty()
        self.width = width() if self.tty else None
        self.limit = LONGEST if self.tty else sys.maxsize
        self.margin = 0

    @cached_property
    def _printer(self) -> Console:
        return console(sys.stdout, self.width)

    # -- printing -----------------------------------------------------------------------------------------------

    def line(self, *spans: Span, indent: int = 0, fits: bool = False) -> None:
        """One line, wrapped at words where the terminal ends; `fits`: it was laid out to fit already."""
        self._print(text(*spans, limit=self.limit), indent, fits)

    def blank(self) -> None:
        self.line("")

    def head(self, title: str) -> None:
        """A title over what follows, with a blank line before it."""
        self.blank()
        self.line((title, HEAD))

    def block(self, content: str, indent: int = 0) -> None:
        """Somebody's longer text, as it stands."""
        for line in clean_lines(content.strip("\n")):
            self.line(line, indent=indent)

    def pairs(self, pairs: Iterable[tuple[str, Span | list[Span] | None]], indent: int = 0) -> None:
        """Labels and values in two columns; a pair whose value is None or empty is left out."""
        kept = [(label, value) for label, value in pairs if _says(value)]
        # a label that is far longer than others stands on a line of its own
        lengths = [cells(clean(label)) for label, _ in kept]
        width = max((length for length in lengths if length <= _LABEL), default=0) + 2
        for (label, value), length in zip(kept, lengths, strict=True):
            spans = value if isinstance(value, list) else [value or ""]
            if length > width - 2:
                self.line((label, DIM), indent=indent)
                label, length = "", 0
            self.hanging([(label, DIM), " " * (width - length)], spans, width, indent)

    def hanging(self, lead: list[Span], spans: list[Span], width: int, indent: int = 0) -> None:
        """A line whose first `width` columns are its label; what is wrapped hangs behind them."""
        if self.width is None:
            self.line(*lead, *spans, indent=indent)
            return
        room = self.width - self.margin - indent - width
        if room < _ROOM:
            self.line(*lead, indent=indent)
            self.line(*spans, indent=indent + 2)
            return
        label = text(*lead, limit=self.limit)
        content = text(*spans, limit=self.limit)
        for line in content.wrap(self._printer, room, overflow="fold") or [content]:
            line.rstrip()
            label.pad_left(indent + self.margin)
            self._printer.print(label + line, soft_wrap=True)
            label = text(" " * width)

    def note(self, message: str) -> None:
        """What is not the answer itself: on stderr where the answer is read by something else."""
        if self.tty:
            self.line((message, DIM))
        else:
            sys.stderr.write(clean(message) + "\n")

    def json(self, document: Any) -> None:
        sys.stdout.write(json_text(document) + "\n")

    def _print(self, what: Text, indent: int, fits: bool) -> None:
        indent += self.margin
        what.rstrip()
        if self.width is None or fits:
            lines = [what]
        else:
            lines = list(what.wrap(self._printer, max(_ROOM, self.width - indent), overflow="fold")) or [what]
        for line in lines:
            line.rstrip()
            line.pad_left(indent)
            self._printer.print(line, soft_wrap=True)

    @contextmanager
    def indented(self, columns: int) -> Iterator[None]:
        """Everything printed inside stands so much further right."""
        before = self.margin
        self.margin += columns
        try:
            yield
        finally:
            self.margin = before

    # -- words --------------------------------------------------------------------------------------------------

    def time(self, moment: datetime | None) -> str:
        """Relative on a terminal, ISO-8601 to the second elsewhere."""
        if moment is None:
            return "—"
        if not self.tty:
            return iso(moment.replace(microsecond=0))
        return ago(moment, self._clock() or datetime.now(UTC))

    def exact(self, moment: datetime | None) -> str:
        """The time itself, and on a terminal how long ago that is."""
        if moment is None:
            return "—"
        if not self.tty:
            return iso(moment)
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({self.time(moment)})"


def _says(value: Span | list[Span] | None) -> bool:
    if isinstance(value, list):
        return any(_says(one) for one in value)
    return bool(value[0] if isinstance(value, tuple) else value)


def width() -> int:
    """Columns of the terminal."""
    return max(20, shutil.get_terminal_size().columns)


def console(file: Any, columns: int | None) -> Console:
    """A rich console that reads no markup, and lets a vanished reader be an error."""
    from rich.console import Console

    class Printer(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Printer(
        file=file, width=columns or 1 << 16, markup=False, highlight=False, emoji=False, legacy_windows=False
    )


def text(*spans: Span, limit: int = LONGEST) -> Text:
    """Spans as a rich text; each is cleaned, and none is read as markup."""
    from rich.text import Text

    made = Text(no_wrap=False, end="\n")
    for span in spans:
        content, style = span if isinstance(span, tuple) else (span, "")
        made.append(clean(content, limit), style or None)
    return made


def cells(content: str) -> int:
    """How many columns a cleaned text takes."""
    if content.isascii():
        return len(content)
    from rich.cells import cell_len

    return cell_len(content)


def cut(content: str, width: int) -> str:
    """A text in at most `width` columns, with "…" where something is missing."""
    if cells(content) <= width:
        return content
    if width <= 1:
        return "…"[:width]
    from rich.cells import chop_cells

    return (chop_cells(content, width - 1) or [""])[0].rstrip() + "…"


def iso(moment: datetime) -> str:
    """`2026-01-31T09:00:00Z`; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ago(moment: datetime, now: datetime) -> str:
    """`3 h ago`."""
    seconds = (now - moment).total_seconds()
    if seconds < 0:
        return "just now" if seconds > -60 else f"in {span(int(-seconds))}"
    return "just now" if seconds < 60 else f"{span(int(seconds))} ago"


_UNITS = (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def span(seconds: int) -> str:
    """`30 d`: the largest unit, rounded down."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return "0 s"


def duration(seconds: int) -> str:
    """A time to live, exactly: `30 d`, `1 h 30 min`."""
    parts = []
    for unit, length in _UNITS[2:]:
        if seconds >= length:
            parts.append(f"{seconds // length} {unit}")
            seconds %= length
    return " ".join(parts) or "0 s"


def size(count: int) -> str:
    """`1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while value >= 999.95 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.1f} {units[0]}"


def number(count: int, one: str, many: str | None = None) -> str:
    """`1 version`, `12,340 versions`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def short(path: str) -> str:
    """The form people type: `acme/wandb-registry-model/detector` is `model/detector`."""
    parts = path.split("/")
    for place, part in enumerate(parts[:2]):
        if part.startswith("wandb-registry-"):
            return "/".join([part.removeprefix("wandb-registry-"), *parts[place + 1 :]])
    return path
