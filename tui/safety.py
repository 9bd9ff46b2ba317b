"""What must hold whatever a store or a terminal sends: output is filtered, crashes are quiet, the server stays shut.

Everything private of Textual that has to be touched is touched here; tests notice when it changes.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from platformdirs import user_log_path
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.content import Content
from textual.drivers import _writer_thread
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from .frames import Frame, Span
from .safe import clean

# What steers a terminal or turns text around; `clean` has made them visible long before, this is the second lock.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")

_SHORT_QUEUE = 2  # frames; thirty of them are seconds of stale pictures on a slow link


class ControlFilter(LineFilter):
    """Takes what steers a terminal out of every line that is painted, and every hyperlink."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [_harmless(segment) for segment in segments]


def _harmless(segment: Segment) -> Segment:
    text, style, control = segment
    if _STEERING.search(text):
        text = _STEERING.sub("\ufffd", text)
    if style is not None and style.link:
        style = style.update_link(None)
    return Segment(text, style, None if control else control)


def patch_textual() -> None:
    """Mend what 8.2.8 gets wrong.

    A cache keeps a thousand dead widgets; a queue holds thirty stale frames; and for a line that changes, every line
    of every widget is rendered, also those that others cover.
    """
    plain: Any = StylesCache.__dict__["get_inner_outer"]
    if not isinstance(plain, classmethod):
        StylesCache.get_inner_outer = classmethod(lru_cache(1024)(plain.__wrapped__))  # type: ignore[assignment]
    _writer_thread.MAX_QUEUED_WRITES = _SHORT_QUEUE  # type: ignore[misc]
    Compositor._render_chops = render_chops  # type: ignore[method-assign]


def render_chops(
    compositor: Compositor, crop: Region, is_rendered_line: Callable[[int], bool]
) -> list[dict[int, Strip | None]]:
    """What Textual's own does, front to back, but only the lines that are wanted and not covered yet."""
    cuts = compositor.cuts
    chops: list[dict[int, Strip | None]] = [
        dict.fromkeys(line[:-1]) if is_rendered_line(y) else {} for y, line in enumerate(cuts)
    ]
    wanted = {
        y: {start for start, end in zip(cuts[y], cuts[y][1:], strict=False) if start < crop.right and end > crop.x}
        for y in crop.line_range
        if y < len(cuts) and is_rendered_line(y)
    }
    for widget, (region, clip) in compositor.visible_widgets.items():
        area = region.intersection(clip)
        if not area or not crop.overlaps(area):
            continue
        first, last = area.column_span
        lines = [y for y in area.line_range if any(first <= cut < last for cut in wanted.get(y, ()))]
        if not lines:
            continue
        top = lines[0]
        seen = Region(area.x - region.x, top - region.y, area.width, lines[-1] + 1 - top)
        strips = widget.render_lines(seen)
        for y in lines:
            inside = [cut for cut in cuts[y] if first <= cut <= last]
            parts = strips[y - top].divide([cut - area.x for cut in inside[1:]])
            for cut, part in zip(inside, parts, strict=False):
                if cut in wanted[y]:
                    wanted[y].remove(cut)
                    chops[y][cut] = part
            if not wanted[y]:
                del wanted[y]
        if not wanted:
            break
    return chops


class Thrifty(CompositorUpdate):
    """A compositor's update of which only the cells are written that the terminal does not show yet."""

    def __init__(self, update: LayoutUpdate | ChopsUpdate, frame: Frame, size: tuple[int, int]) -> None:
        self._update, self._frame, self._size = update, frame, size

    def render_segments(self, console: Console) -> str:
        colors = console._color_system or ColorSystem.TRUECOLOR
        return self._frame.draw(_spans(self._update), self._size, colors)


def thrifty(update: Any, frame: Frame, size: tuple[int, int]) -> Any:
    """The same update, written thriftily where it is one of a screen."""
    return Thrifty(update, frame, size) if isinstance(update, LayoutUpdate | ChopsUpdate) else update


def _spans(update: LayoutUpdate | ChopsUpdate) -> Iterator[Span]:
    if isinstance(update, LayoutUpdate):
        for row, strips in enumerate(update.strips, update.region.y):
            yield row, update.region.x, [segment for strip in strips for segment in strip]
        return
    for row, first, last in update.spans:
        for end, (column, strip) in zip(update.chop_ends[row], update.chops[row].items(), strict=False):
            if strip is None or column > last or end <= first:
                continue
            whole = first <= column < last and end <= last
            yield row, column, list(strip if whole else strip.crop(0, min(end, last) - column))


def title_border(widget: Widget, title: Content, subtitle: Content) -> None:
    """Write into a border and paint only its lines anew: Textual paints the whole pane for every cursor key."""
    width, height = widget.size
    if getattr(widget, "_border_title", None) != title:
        widget._border_title = title  # type: ignore[attr-defined]
        widget.refresh(Region(-1, -1, width + 2, 1))
    before = getattr(widget, "_border_subtitle", None)
    if before != subtitle:
        widget._border_subtitle = subtitle  # type: ignore[attr-defined]
        room = max(subtitle.cell_length, before.cell_length if before is not None else 0) + 4  # it stands on the right
        widget.refresh(Region(max(width + 1 - room, -1), height, min(room, width + 2), 1))


def over_ssh(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody else's terminal is at the other end; CURATORY_REMOTE=1 or 0 says so where that can't be seen."""
    said = environment.get("CURATORY_REMOTE")
    if said in ("0", "1"):
        return said == "1"
    return any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def report_crash(error: BaseException, folder: Path | None = None) -> str:
    """Write a traceback without local variables to the log; return the one line that people see."""
    incident = secrets.token_hex(4)
    path = (folder or user_log_path("curatory")) / "crash.log"
    text = "".join(traceback.format_exception(error))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        os.chmod(path, 0o600)
        record = logging.LogRecord("curatory", logging.ERROR, __file__, 0, "incident %s\n%s", (incident, text), None)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        handler.emit(record)
        handler.close()
        kept = f"The details are in {path}"
    except OSError:
        kept = "The details could not be written to a log"
    return clean(f"Curatory has stopped on an error of its own ({type(error).__name__}), incident {incident}. {kept}.")


def say_crash(line: str) -> None:
    """The one line, after the screen has been given back."""
    print(line, file=sys.stderr)
