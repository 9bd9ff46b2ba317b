"""The focus graph as indented text, for panes too narrow for columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import glyphs
from .draw import Span, box_spans
from .glyphs import Clean
from .records import Layers

SEEN = "↑ see above"
LEAST = 12  # cells kept for a box, however deep it stands


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A line of the outline; `key` is None in a heading, `again` says that the box and what follows stand above."""

    key: int | None
    spans: tuple[Span, ...]
    again: bool = False

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.spans)


def outline(layers: Layers, *, width: int = 60, clean: Clean = glyphs.clean) -> list[OutlineRow]:
    """The focus, then what led to it and what came of it as trees, a repeated box without what follows it.

    Args:
        width: no row is wider; what is too deep for it is drawn less deep.
    """
    rows = [OutlineRow(layers.start, box_spans(layers.boxes[layers.start], width, clean, "focus"))]
    shown = {layers.start}
    for title, near in (("made from", layers.sources), ("led to", layers.targets)):
        if near(layers.start):
            rows.append(OutlineRow(None, ((glyphs.fit(title, width), "heading"),)))
            rows += _tree(layers, near, shown, width, clean)
    rest = [key for key in layers.boxes if key not in shown]
    if rest:
        rows.append(OutlineRow(None, ((glyphs.fit("also here", width), "heading"),)))
        rows += [OutlineRow(key, box_spans(layers.boxes[key], width, clean)) for key in rest]
    return rows


def _tree(
    layers: Layers, near: Callable[[int], Sequence[int]], shown: set[int], width: int, clean: Clean
) -> list[OutlineRow]:
    rows: list[OutlineRow] = []
    todo = [(key, "", at == 0) for at, key in enumerate(reversed(near(layers.start)))]
    while todo:
        key, indent, last = todo.pop()
        again = key in shown and bool(near(key))
        guide = indent + ("╰─ " if last else "├─ ")
        guide = guide[max(0, len(guide) - max(width - LEAST, 0)) :]
        room = width - len(guide)
        note = "  " + SEEN if again and room > LEAST + len(SEEN) else " ↑" if again and room > 3 else ""
        spans = (guide, "edge"), *box_spans(layers.boxes[key], room - len(note), clean), (note, "note")
        rows.append(OutlineRow(key, tuple(span for span in spans if span[0]), again))
        if key not in shown:
            shown.add(key)
            deeper = indent + ("   " if last else "│  ")
            todo += [(other, deeper, at == 0) for at, other in enumerate(reversed(near(key)))]
    return rows
