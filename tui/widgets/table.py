"""A table of any length: it draws the lines that are seen, and reads the pages that they are on.

The cursor belongs to a row's key, not to its place: what others insert or delete never moves it to another row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..actions import LIST, bindings
from ..fetching import fetch
from .rows import Column, Fitted, Look, fitted, header_strip, row_strip
from .text import Paint, fit
from .window import HEAD, Found, Paged, Row, Source, Window

MOST = 10_000  # rows that are marked at once


class VirtualTable(ScrollView, can_focus=True):
    """See the module. `cursor` is an index; `None` rows are still being read and drawn as dots."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor", "table--held", "table--marked"}
    BINDINGS = bindings(LIST)

    cursor: var[int] = var(0, init=False)

    class Highlighted(Message):
        """The cursor stands on another row, or the row has changed."""

        def __init__(self, table: VirtualTable, row: Row | None) -> None:
            self.table, self.row = table, row
            super().__init__()

        @property
        def control(self) -> VirtualTable:
            return self.table

    class Chosen(Highlighted):
        """Enter, or a second click."""

    class Loaded(Message):
        """Rows have been read, so counts may be others."""

        def __init__(self, table: VirtualTable) -> None:
            self.table = table
            super().__init__()

        @property
        def control(self) -> VirtualTable:
            return self.table

    class Marked(Loaded):
        """The marks are others now."""

    class Limited(Marked):
        """There were more rows to mark than are marked at once."""

    class Refused(Message):
        """The rows could not be read."""

        def __init__(self, table: VirtualTable, error: Exception) -> None:
            self.table, self.error = table, error
            super().__init__()

    def __init__(
        self,
        columns: Sequence[Column] = (Column(""),),
        *,
        header: bool = False,
        cursor: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.has_header = header
        self.has_cursor = cursor
        self.marks: dict[Hashable, Row] = {}
        self.loading_rows = False
        self._window = Window([])
        self._source: Source | None = None
        self._key: Hashable | None = None
        self._seek: Hashable | None = None
        self._anchor: int | None = None
        self._paint: Paint | None = None
        self._strips: dict[tuple[int, bool, bool], tuple[Row | None, Strip]] = {}
        self._fitting: tuple[int, Fitted] = (-1, ())

    # -- rows ---------------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return self._window.total

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        row = self._window.row(self.cursor)
        return None if row is None or row.heading else row

    @property
    def known(self) -> list[Row]:
        return self._window.known()

    @property
    def ranging(self) -> bool:
        return self._anchor is not None

    def show(self, rows: Sequence[Row], *, keep: bool = False, seek: Hashable | None = None) -> None:
        """Show rows that are all known; `keep` leaves the cursor on its key, `seek` is a key that it goes to."""
        self._source = None
        self.loading_rows = False
        self.workers.cancel_group(self, "rows")
        self._replace(Window(rows), keep=keep)
        self._seek = seek
        self._settle()

    def read(self, source: Source, *, seek: Hashable | None = None) -> None:
        """Show what a source has; `seek` is where the cursor goes, wherever that is in the list."""
        self._source = source
        self._replace(Window(), keep=False)
        self._seek = seek
        self.loading_rows = True
        self._ensure(fresh=True)

    def expire(self) -> None:
        """Read again what is looked at, leaving everything where it is."""
        source, window = self._source, self._window
        if source is None:
            return
        window.expire()
        if not window.anchored:
            self._ensure(fresh=True)
            return
        near = [row.key for row in map(window.row, self._around()) if row is not None]

        def work() -> Found | None:
            return next(filter(None, map(source.locate, near)), None)

        def done(found: Found | None) -> None:
            if window is self._window:
                window.anchor(found) if found is not None else window.forget_middle()
                self._ensure(fresh=True)

        fetch(self, "rows", work, done, self._failed)

    def _around(self) -> list[int]:
        """The cursor's place and those near it, the nearest first."""
        return [self.cursor, *(place for by in range(1, 20) for place in (self.cursor + by, self.cursor - by))]

    def _replace(self, window: Window, *, keep: bool) -> None:
        self._window = window
        self._strips.clear()
        if keep:
            return
        self.marks.clear()
        self._anchor = None
        self._key = self._seek = None
        self.set_reactive(VirtualTable.cursor, 0)
        self.scroll_to(0, 0, animate=False, force=True)

    def _ensure(self, *, fresh: bool = False, anew: bool = True) -> None:
        """Read the next page that is needed for what is seen, until there is none; `anew` where it may begin there."""
        source, window = self._source, self._window
        if source is None:
            return
        top, height = self._top, max(self._height, 20)
        seek = self._seek
        if seek is not None and window.total and window.index_of(seek) is None:
            self._begin_at(lambda: source.locate(seek))
            return
        if anew and window.far(top, top + height):
            self._begin_at(lambda: source.nth(top))
            return
        wanted = window.wanted(top - height, top + 2 * height)
        if wanted is None:
            return

        def work() -> tuple[Paged, list[Row]]:
            counted = fresh or (wanted.number == 0 and wanted.chain == HEAD)
            page = source.load(wanted.after, wanted.backward, counted)
            return page, [source.row(item) for item in page.items]

        def done(found: tuple[Paged, list[Row]]) -> None:
            if window is not self._window:
                return
            page, rows = found
            window.put(wanted, rows, page.after, page.total)
            self.loading_rows = False
            self._settle()
            self._ensure()

        fetch(self, "rows", work, done, self._failed)

    def _begin_at(self, look: Callable[[], Found | None]) -> None:
        """Go on reading at a row in the middle, once it is known where that is."""
        window = self._window

        def done(found: Found | None) -> None:
            if window is not self._window:
                return
            if found is not None:
                window.anchor(found)
                if self._seek is not None:
                    self.set_reactive(VirtualTable.cursor, found.index)
                    self._key, self._seek = self._seek, None
                    self.scroll_to(y=max(found.index - self._height // 2, 0), animate=False, force=True)
            self._seek = None
            self._ensure(anew=found is not None)

        fetch(self, "rows", look, done, self._failed)

    def _failed(self, error: Exception) -> None:
        self.loading_rows = False
        self.post_message(self.Refused(self, error))

    def _settle(self) -> None:
        """After rows came: keep the cursor on its key, at the same height on the screen."""
        self._strips.clear()
        self.virtual_size = Size(self.size.width, self.total + self.has_header)
        wish = self._seek if self._seek is not None else self._key
        place = self._window.index_of(wish) if wish is not None else None
        if place is not None and self._seek is not None:
            self._seek = None
            self._move(place)
        elif place is not None and place != self.cursor:
            down = place - self.cursor
            self.set_reactive(VirtualTable.cursor, place)
            self.scroll_to(y=self.scroll_offset.y + down, animate=False, force=True)
        elif self.cursor >= self.total:
            self.set_reactive(VirtualTable.cursor, max(self.total - 1, 0))
        if self.has_cursor:
            row = self._window.row(self.cursor)
            if row is not None and row.heading:
                self.set_reactive(VirtualTable.cursor, self._selectable(self.cursor, 1))
            row = self.row
            self._key = row.key if row else None
            self.post_message(self.Highlighted(self, row))
        for key in [key for key in self.marks if self._window.index_of(key) is None and self._source is None]:
            del self.marks[key]
        self.post_message(self.Loaded(self))
        self.refresh()

    # -- the cursor ---------------------------------------------------------------------------------------------

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _height(self) -> int:
        return self.size.height - self.has_header

    def seen(self) -> Iterator[tuple[Row, int]]:
        """The rows that can be chosen and are on the screen, each with its line in the widget."""
        for line in range(self.has_header, self.size.height):
            row = self._window.row(line - self.has_header + self._top)
            if row is not None and not row.heading:
                yield row, line

    def seek(self, key: Hashable) -> bool:
        """Put the cursor on a row that has been read."""
        place = self._window.index_of(key)
        if place is None:
            return False
        self._move(place)
        return True

    def _selectable(self, index: int, step: int) -> int:
        """The nearest row in a direction that is not a heading."""
        place = index
        while 0 <= place < self.total:
            row = self._window.row(place)
            if row is None or not row.heading:
                return place
            place += step
        return self._selectable(index, -step) if step > 0 else self.cursor

    def _move(self, index: int) -> None:
        if not self.total:
            return
        index = min(max(index, 0), self.total - 1)
        index = self._selectable(index, 1 if index >= self.cursor else -1)
        old = self.cursor
        if self._anchor is not None:
            self._mark_range(index)
        self.set_reactive(VirtualTable.cursor, index)
        row = self.row
        self._key = row.key if row else None
        if not self._reveal(index, index - old):
            for line in (old, index):
                self._refresh_row(line)
        if index != old or row is None:
            self.post_message(self.Highlighted(self, row))
        self._ensure()

    def _refresh_row(self, index: int) -> None:
        y = index - self._top + self.has_header
        if self.has_header <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _reveal(self, index: int, step: int) -> bool:
        """Scroll to a row that is outside: half a page at a time, so that most keys repaint two lines."""
        top, height = self._top, max(self._height, 1)
        if top <= index < top + height:
            return False
        goal = index - height // 2
        if step < 0 and index < height // 2:
            goal = 0
        self.scroll_to(y=max(min(goal, self.total - height), 0), animate=False, force=True)
        return True

    def _step(self, by: int) -> None:
        if self.has_cursor:
            self._move(self.cursor + by)
        else:
            self.scroll_to(y=self._top + by, animate=False, force=True)

    def action_list_down(self) -> None:
        self._step(1)

    def action_list_up(self) -> None:
        self._step(-1)

    def action_list_page_down(self) -> None:
        self._step(max(self._height - 1, 1))

    def action_list_page_up(self) -> None:
        self._step(-max(self._height - 1, 1))

    def action_list_top(self) -> None:
        self._step(-self.total)

    def action_list_bottom(self) -> None:
        self._step(self.total)

    def action_list_choose(self) -> None:
        self.post_message(self.Chosen(self, self.row))

    # -- marks --------------------------------------------------------------------------------------------------

    def action_list_mark(self) -> None:
        """Mark the row, and go to the next one."""
        row = self.row
        if row is None:
            return
        if self.marks.pop(row.key, None) is None:
            self.marks[row.key] = row
        self._anchor = None
        self.post_message(self.Marked(self))
        self._refresh_row(self.cursor)
        self._move(self.cursor + 1)

    def action_list_range(self) -> None:
        """Begin or end a range: moving marks everything on the way."""
        if self._anchor is not None:
            self._anchor = None
        elif self.row is not None:
            self._anchor = self.cursor
            self._mark_range(self.cursor)
        self.post_message(self.Marked(self))

    def _mark_range(self, index: int) -> None:
        assert self._anchor is not None
        low, high = sorted((self._anchor, index))
        if high - low < MOST and all(self._window.row(place) is not None for place in range(low, high + 1)):
            self._mark(self._window.row(place) for place in range(low, high + 1))
        else:
            self._read_on(low, high, self._mark)

    def _mark(self, rows: Iterable[Row | None]) -> None:
        self.marks.update((row.key, row) for row in rows if row is not None and not row.heading)
        self._strips.clear()
        self.post_message(self.Marked(self))
        self.refresh()

    def action_list_invert(self) -> None:
        """Mark what is not marked, in the whole list."""

        def invert(rows: Sequence[Row]) -> None:
            marked, self.marks = self.marks, {}
            self._mark(row for row in rows if row.key not in marked)

        self._read_on(0, self.total - 1, invert)

    def _read_on(self, first: int, last: int, then: Callable[[Sequence[Row]], None]) -> None:
        """Read rows that may not have been looked at yet, at most `MOST`, and go on with them."""
        source, window = self._source, self._window
        if source is None:
            then([row for place in range(first, last + 1) if (row := window.row(place)) is not None])
            return
        count = min(last + 1 - first, MOST)

        def work() -> list[Row]:
            found = source.nth(first) if first else None
            after = found.before if found is not None else None
            rows: list[Row] = []
            while len(rows) < count:
                page = source.load(after, False, False)
                rows += [source.row(item) for item in page.items]
                after = page.after
                if after is None:
                    break
            return rows[:count]

        def done(rows: list[Row]) -> None:
            if window is self._window:
                then(rows)
                if count < last + 1 - first:
                    self.post_message(self.Limited(self))

        fetch(self, "marks", work, done, self._failed)

    def clear_marks(self) -> None:
        self.marks.clear()
        self._anchor = None
        self.post_message(self.Marked(self))
        self.refresh()

    # -- the mouse ----------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        index = event.y - self.has_header + self._top
        if not self.has_cursor or event.y < self.has_header or index >= self.total:
            return
        if event.ctrl:
            self._move(index)
            self.action_list_mark()
        elif index == self.cursor and event.chain >= 2:
            self.post_message(self.Chosen(self, self.row))
        else:
            self._move(index)

    # -- drawing ------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        self._paint = None
        self._strips.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        self._strips.clear()
        self.virtual_size = Size(self.size.width, self.total + self.has_header)
        if self.has_cursor:
            self._reveal(self.cursor, 0)
        self._ensure()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._refresh_row(self.cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._ensure()

    def render_line(self, y: int) -> Strip:
        if self._paint is None:
            self._paint = Paint(self.app.theme_variables, self.background_colors[1])
        width = self.size.width
        base = self.rich_style
        if self.has_header and y == 0:
            return header_strip(self._columns(width), width, base + self._paint.styles["muted"])
        index = y - self.has_header + self._top
        if index >= self.total:
            return Strip.blank(width, base)
        row = self._window.row(index)
        current = self.has_cursor and index == self.cursor
        marked = row is not None and row.key in self.marks
        state = (index, current and (1 + self.has_focus) == 2, current)
        cached = self._strips.get(state)
        if cached is not None and cached[0] is row and not marked:
            return cached[1]
        strip = self._draw(row, width, base, current, marked)
        if not marked:
            self._strips[state] = (row, strip)
        return strip

    def _columns(self, width: int) -> Fitted:
        """The columns that there is room for."""
        if self._fitting[0] != width:
            self._fitting = (width, fitted(self.columns, width))
        return self._fitting[1]

    def set_columns(self, columns: Sequence[Column], *, header: bool = False, cursor: bool = True) -> None:
        self.columns, self.has_header, self.has_cursor = tuple(columns), header, cursor
        self._fitting = (-1, ())
        self._strips.clear()

    def _draw(self, row: Row | None, width: int, base: Style, current: bool, marked: bool) -> Strip:
        assert self._paint is not None
        styles = self._paint.styles
        if row is None:
            return Strip([Segment(fit("  ·", width), base + styles["muted"])], width)
        held = current and self.has_focus
        background = base
        if marked:
            background = base + Style(bgcolor=self.get_component_rich_style("table--marked", partial=False).bgcolor)
        if current:
            name = "table--cursor" if held else "table--held"
            background = base + Style(bgcolor=self.get_component_rich_style(name).bgcolor)
        gutter = ("✓", "number") if marked else ("▌" if held else " ", "head")
        return row_strip(row, self._columns(width), width, Look(styles, background, gutter, held))
