"""Lineage on a screen: a focus graph from left to right, an outline where that is too wide, or lanes like a log's.

What is drawn was laid out in a thread and is not changed any more; only the cursor and the window on it move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ...store import Collection, Graph, Node, Store, Version
from .. import wording
from ..actions import LIST, bindings
from ..fetching import fetch
from ..graph import Drawing, LaneLayout, Layers, OutlineRow, arrange, draw, newest_first, outline
from ..graph.fold import look
from ..graph.glyphs import MARKS
from ..safe import clean
from .text import Line, Paint, Word, fit

OUTLINE_BELOW = 56  # cells; fewer columns than that are no graph
FAR = 12  # steps that lanes go
WAYS: tuple[Literal["both", "up", "down"], ...] = ("both", "up", "down")

_ROLES = {
    "": "", "model": "model", "dataset": "dataset", "run": "run", "other": "type", "deleted": "bad", "hidden": "muted",
    "fold": "warn", "edge": "muted", "edge.on": "strong", "alias": "alias", "state": "warn", "focus": "strong",
    "heading": "muted", "cursor": "strong",
}  # fmt: skip


def _has_words(node: Node, words: Sequence[str]) -> bool:
    text = f"{node.label} {node.path} {node.detail} {' '.join(node.aliases)}".casefold()
    return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read and laid out."""

    graph: Graph
    layers: Layers | None = None
    drawing: Drawing | None = None
    outline: tuple[OutlineRow, ...] = ()
    lanes: LaneLayout | None = None
    note: str = ""
    width: int = 0


class LineageView(ScrollView, can_focus=True):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lineage--cursor"}
    BINDINGS = bindings(LIST)

    class Moved(Message):
        """The cursor stands on another node, or there is another drawing."""

    class Visit(Message):
        """Go to a version in the browser."""

        def __init__(self, path: str) -> None:
            self.path = path
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.way: Literal["both", "up", "down"] = "both"
        self.depth = 3
        self.lanes = False
        self._store: Store | None = None
        self._focus: int | None = None
        self._subject: object = None
        self._cursor: int | None = None
        self._found: _Found | None = None
        self._lit: Drawing | None = None
        self._marks: list[int] = []
        self._expanded: set[int] = set()
        self._back: list[int] = []
        self._forward: list[int] = []
        self._paint: Paint | None = None
        self._problem = ""

    # -- what is shown ------------------------------------------------------------------------------------------

    def show(self, store: Store, subject: Version | Collection, *, delay: float = 0.0) -> None:
        """Put something into the focus."""
        self._store = store
        key = (type(subject), subject.id)
        if key == self._subject and self._found is not None:
            self._read(delay)
            return
        self._subject = key
        self._back.clear()
        self._forward.clear()
        self._expanded.clear()
        self._marks.clear()
        self._focus = self._cursor = None
        target = f"{subject.path}:latest" if isinstance(subject, Collection) else subject
        if isinstance(subject, Collection) and not subject.versions:
            self._fail("An empty collection has no lineage yet.")
            return
        self._read(delay, target)

    def _fail(self, text: str) -> None:
        self._found, self._problem = None, text
        self.virtual_size = Size(self.size.width, 1)
        self.refresh()
        self.post_message(self.Moved())

    def _read(self, delay: float = 0.0, target: str | Version | int | None = None) -> None:
        store, focus = self._store, target if target is not None else self._focus
        if store is None or focus is None:
            return
        width, height = max(self.size.width - 1, 20), self.size.height
        way, depth, lanes = self.way, self.depth, self.lanes
        expanded, keep = frozenset(self._expanded), tuple(self._marks)
        previous = self._found.layers if self._found is not None else None

        def work() -> _Found:
            graph = store.lineage.graph(focus, way, depth=FAR if lanes else depth)
            if lanes:
                nodes = sorted(graph.nodes.values(), key=lambda node: str(node.created_at or ""), reverse=True)
                keys = newest_first([node.key for node in nodes], graph.edges)
                return _Found(graph, lanes=LaneLayout(keys, graph.edges), note=graph.note, width=width)
            layers = arrange(graph, expanded=expanded, keep=keep, previous=previous)
            if width < OUTLINE_BELOW:
                return _Found(
                    graph,
                    layers,
                    outline=tuple(outline(layers, width=width, clean=clean)),
                    note=graph.note,
                    width=width,
                )
            return _Found(
                graph, layers, draw(layers, width=width, height=height, clean=clean), note=graph.note, width=width
            )

        fetch(self, "lineage", work, self._put, lambda error: self._fail(str(error)), delay=delay)

    def _put(self, found: _Found) -> None:
        self._found, self._problem = found, ""
        if found.width != max(self.size.width - 1, 20):
            self.call_after_refresh(self._read)
        self._focus = found.graph.start
        if self._cursor is None or not self._has(self._cursor):
            self._cursor = self._box_of(self._focus)
        self._light()
        self.virtual_size = self._extent()
        self._reveal(center=True)
        self.refresh()
        self.post_message(self.Moved())

    def _box_of(self, key: int | None) -> int | None:
        layers = self._found.layers if self._found else None
        return layers.of.get(key, key) if layers is not None and key is not None else key

    def _has(self, key: int) -> bool:
        found = self._found
        if found is None:
            return False
        if found.lanes is not None:
            return found.lanes.row_of(key) is not None
        return found.layers is not None and key in found.layers.boxes

    def _extent(self) -> Size:
        found = self._found
        if found is None:
            return Size(self.size.width, 1)
        if found.lanes is not None:
            return Size(1, len(found.lanes))
        if found.drawing is not None:
            return Size(max(found.drawing.width, 1), found.drawing.height)
        return Size(1, len(found.outline))

    def _light(self) -> None:
        """Draw the ways through the cursor heavily."""
        found = self._found
        if found is None or found.drawing is None or found.layers is None or self._cursor is None:
            self._lit = None
        elif len(self._marks) == 2:
            one, two = (found.layers.of.get(mark, mark) for mark in self._marks)
            edges = found.layers.between(one, two) or found.layers.between(two, one)
            self._lit = found.drawing.lit(edges)
        else:
            self._lit = found.drawing.lit(found.layers.through(self._cursor))

    @property
    def node(self) -> Sequence[Line]:
        """What stands under the cursor, in two lines."""
        found, key = self._found, self._cursor
        if found is None or key is None:
            return ()
        box = found.layers.boxes.get(key) if found.layers is not None else None
        if box is not None and box.members:
            inside = [found.graph.nodes[member].label for member in box.members[:6]]
            more = f" … {len(box.members) - 6:,} more" if len(box.members) > 6 else ""
            return (
                [(f"{clean(box.label)}: ", "warn"), (", ".join(inside) + more, "")],
                [("enter unfolds them", "muted")],
            )
        node = found.graph.nodes.get(key)
        if node is None:
            return ()
        kind = _ROLES.get(look(node), "")
        first: list[Word] = [(f"{MARKS[look(node)]} {clean(node.label)}", kind), (f"  {node.detail}  ", "muted")]
        first += [(f"{alias} ", "alias") for alias in node.aliases]
        second: list[Word] = []
        if node.created_at is not None:
            second.append((f"{wording.day_and_time(node.created_at)} UTC  ", "muted"))
        second.append((node.path or "not visible to you", "path" if node.path else "muted"))
        if key != self._focus:
            second.append(("  enter puts it into the middle", "muted"))
        elif node.kind == "version":
            second.append(("  enter goes there", "muted"))
        return first, second

    def find(self, text: str, *, onward: bool = False) -> bool:
        """Put the cursor on a node that has these words in its name, path or aliases; whether there is one.

        Args:
            onward: on the next one, even where the cursor's node has them.
        """
        found = self._found
        words = text.casefold().split()
        if found is None or not words:
            return False
        if found.drawing is not None:
            order = sorted(found.drawing.places, key=lambda key: (found.drawing.places[key].column, key))  # type: ignore[union-attr]
        else:
            order = list(self._keys())
        at = (order.index(self._cursor) if self._cursor in order else 0) + onward
        fitting = {self._box_of(key) for key, node in found.graph.nodes.items() if _has_words(node, words)}
        for key in [*order[at:], *order[:at]]:
            if key in fitting:
                self._go(key)
                return True
        return False

    def seen(self) -> Iterator[tuple[int, int, int]]:
        """The nodes that are on the screen: key, column and line in the widget."""
        found, (left, top) = self._found, self.scroll_offset
        if found is None:
            return
        if found.drawing is not None:
            for key, place in found.drawing.places.items():
                if 0 <= place.x - left < self.size.width and 0 <= place.y - top < self.size.height:
                    yield key, place.x - left, place.y - top
            return
        keys = found.lanes.keys if found.lanes is not None else [row.key for row in found.outline]
        for line, key in enumerate(keys[top : top + self.size.height]):
            if key is not None:
                yield key, 0, line

    def choose(self, key: int) -> None:
        """Put the cursor on a node."""
        if self._has(key):
            self._go(key)

    @property
    def about(self) -> Line:
        """What is shown, in words."""
        found = self._found
        if found is None:
            return [(self._problem, "warn")] if self._problem else [("reading…", "muted")]
        nodes = found.graph.nodes
        way = {"both": "both ways", "up": "where it came from", "down": "where it went"}[self.way]
        steps = f"{FAR}" if self.lanes else f"{self.depth}"
        words = [(f" {way} · {steps} steps · {wording.count(len(nodes), 'node')}", "muted")]
        if found.note:
            words.append((f" · {found.note}", "warn"))
        if self._marks:
            words.append(
                (" · path between marks" if len(self._marks) == 2 else " · mark a second node for the path", "number")
            )
        return words

    # -- keys ---------------------------------------------------------------------------------------------------

    def more(self, by: int) -> None:
        self.depth = min(max(self.depth + by, 1), 20)
        self._read()

    def turn(self) -> None:
        self.way = WAYS[(WAYS.index(self.way) + 1) % len(WAYS)]
        self._read()

    def toggle_lanes(self) -> None:
        self.lanes = not self.lanes
        self._cursor = None
        self._read()

    def back(self) -> bool:
        return self._travel(self._back, self._forward)

    def forward(self) -> bool:
        return self._travel(self._forward, self._back)

    def _travel(self, start: list[int], end: list[int]) -> bool:
        if not start or self._focus is None:
            return False
        end.append(self._focus)
        self._cursor = None
        self._read(0.0, start.pop())
        return True

    def move(self, way: Literal["left", "right", "up", "down"]) -> bool:
        """Move the cursor to the next node in a direction; False where there is none."""
        found, old = self._found, self._cursor
        if found is None or old is None:
            return False
        if found.drawing is not None:
            new = found.drawing.move(old, way)
        else:
            keys = self._keys()
            if way in ("left", "right") or old not in keys:
                return False
            new = keys[min(max(keys.index(old) + (1 if way == "down" else -1), 0), len(keys) - 1)]
        if new == old:
            return False
        self._go(new)
        return True

    def _go(self, key: int) -> None:
        self._cursor = key
        self._light()
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def _keys(self) -> Sequence[int]:
        found = self._found
        if found is None:
            return []
        if found.lanes is not None:
            return found.lanes.keys
        return list(dict.fromkeys(row.key for row in found.outline if row.key is not None))

    def action_list_down(self) -> None:
        self.move("down")

    def action_list_up(self) -> None:
        self.move("up")

    def action_list_page_down(self) -> None:
        for _ in range(max(self.size.height - 1, 1)):
            self.move("down")

    def action_list_page_up(self) -> None:
        for _ in range(max(self.size.height - 1, 1)):
            self.move("up")

    def action_list_top(self) -> None:
        while self.move("up"):
            pass

    def action_list_bottom(self) -> None:
        while self.move("down"):
            pass

    def action_list_choose(self) -> None:
        """Put the node into the focus; open a fold; go to what is in the focus already."""
        key, found = self._cursor, self._found
        if key is None or found is None:
            return
        box = found.layers.boxes.get(key) if found.layers is not None else None
        if box is not None and box.members:
            self._expanded.add(key)
            self._cursor = box.members[0]
            self._read()
        elif key == self._focus:
            path = self.cursor_path
            if path:
                self.post_message(self.Visit(path))
        else:
            if self._focus is not None:
                self._back.append(self._focus)
            self._forward.clear()
            self._read(0.0, key)

    def action_list_mark(self) -> None:
        """Mark a node: two marks show the ways between them."""
        if self._cursor is None or self._cursor < 0:
            return
        if self._cursor in self._marks:
            self._marks.remove(self._cursor)
        else:
            self._marks = [*self._marks[-1:], self._cursor]
        self._light()
        self.refresh()
        self.post_message(self.Moved())

    def action_list_range(self) -> None:
        self._marks.clear()
        self._light()
        self.refresh()
        self.post_message(self.Moved())

    def action_list_invert(self) -> None:
        self.action_list_range()

    @property
    def cursor_path(self) -> str:
        """Where the version under the cursor is; empty for a run or what one may not see."""
        if self._found is None or self._cursor is None:
            return ""
        node = self._found.graph.nodes.get(self._cursor)
        return node.path if node is not None and node.kind == "version" else ""

    def on_click(self, event: events.Click) -> None:
        found = self._found
        if found is None:
            return
        x, y = event.x + self.scroll_offset.x, event.y + self.scroll_offset.y
        key: int | None = None
        if found.drawing is not None:
            key = found.drawing.at(x, y)
        elif found.lanes is not None and y < len(found.lanes):
            key = found.lanes.keys[y]
        elif y < len(found.outline):
            key = found.outline[y].key
        if key is None:
            return
        if key == self._cursor and event.chain >= 2:
            self.action_list_choose()
            return
        self._go(key)

    # -- drawing ------------------------------------------------------------------------------------------------

    def _reveal(self, *, center: bool = False) -> None:
        found, key = self._found, self._cursor
        if found is None or key is None:
            return
        if found.drawing is not None:
            place = found.drawing.places.get(key)
            if place is None:
                return
            spot = Region(place.x, place.y, place.width, 1)
        elif found.lanes is not None:
            spot = Region(0, found.lanes.row_of(key) or 0, 1, 1)
        else:
            row = next((number for number, one in enumerate(found.outline) if one.key == key), 0)
            spot = Region(0, row, 1, 1)
        if center:
            y = max(spot.y - self.size.height // 2, 0)
            x = max(spot.x + spot.width // 2 - self.size.width // 2, 0)
            self.scroll_to(x, y, animate=False, force=True)
            return
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        left, width = self.scroll_offset.x, max(self.size.width, 1)
        y = top if top <= spot.y < top + height else max(spot.y - height // 2, 0)
        inside = left <= spot.x and spot.right <= left + width
        x = left if inside else max(spot.x + spot.width // 2 - width // 2, 0)
        self.scroll_to(x, y, animate=False, force=True)

    def on_resize(self) -> None:
        if self._focus is not None:
            self._read(0.05)

    def notify_style_update(self) -> None:
        self._paint = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        if self._paint is None:
            self._paint = Paint(self.app.theme_variables, self.background_colors[1])
        width, base, found = self.size.width, self.rich_style, self._found
        if found is None:
            text = f" {clean(self._problem)}" if y == 0 else ""
            return Strip([Segment(fit(text, width), base + self._paint.styles["muted"])], width)
        x, line = self.scroll_offset.x, self.scroll_offset.y + y
        if found.lanes is not None:
            words, current = self._lane(found, line, width)
        elif found.drawing is not None:
            drawing = self._lit or found.drawing
            words, current = drawing.window(x, line, width, 1, cursor=self._cursor)[0], False
        else:
            row = found.outline[line] if line < len(found.outline) else None
            words = list(row.spans) if row is not None else []
            current = row is not None and row.key is not None and row.key == self._cursor
        return self._strip(words, width, base, current)

    def _lane(self, found: _Found, line: int, width: int) -> tuple[list[tuple[str, str]], bool]:
        assert found.lanes is not None
        rows = found.lanes.rows(line, 1, selected=self._cursor)
        if not rows:
            return [], False
        row = rows[0]
        node = found.graph.nodes[row.key]
        kind = look(node)
        words = [(" ", "")]
        for place, cell in enumerate(row.cells):
            if place == row.at:
                words.append((MARKS[kind], kind))
            else:
                words.append((cell.glyph, "edge.on" if cell.on else "edge"))
        words.append(("  ", ""))
        words.append((clean(node.label), kind))
        if node.aliases:
            words.append(("  " + clean(" ".join(node.aliases)), "alias"))
        words.append((f"  {clean(node.detail)}", "edge"))
        return words, row.key == self._cursor

    def _strip(self, words: Sequence[tuple[str, str]], width: int, base: Style, current: bool) -> Strip:
        assert self._paint is not None
        cursor = Style(bgcolor=self.get_component_rich_style("lineage--cursor").bgcolor)
        if current:
            base = base + cursor
        segments = []
        for text, style in words:
            look = base + self._paint.styles[_ROLES.get(style, "")]
            if style == "cursor":
                look = look + cursor + Style(bold=True)
            segments.append(Segment(text, look))
        return Strip(segments).crop(0, width).extend_cell_length(width, base)
