"""Drawings of focus graphs: what they look like, and that a line leads only where an edge goes."""

from __future__ import annotations

import pytest
from curatory.tui.graph import Drawing, arrange, draw
from curatory.tui.graph.draw import SCROLLED_LABEL
from curatory.tui.graph.glyphs import clean, crop, fit
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from .test_graph_case import Build, Graph, Node, cells_of, check, lines, plain, training

DRAWINGS = {
    "one": ("0", 0, "[● n0]"),
    "chain": ("0>1 1>2 2>3", 2, " ● n0 ──→ ● n1 ──→[● n2]──→ ● n3"),
    "diamond": (
        "0>1 0>2 1>3 2>3",
        0,
        """
        |[● n0]─┬─→ ● n1 ─┬─→ ● n3
        |       ╰─→ ● n2 ─╯
        """,
    ),
    "a long edge": (
        "0>1 1>2 2>3 0>3",
        1,
        """
        |       ╭─→[● n1]──→ ● n2 ─╮
        | ● n0 ─┴──────────────────┴─→ ● n3
        """,
    ),
    "long edges that pass one another": (
        "0>1 1>2 2>3 3>4 0>3 0>4 1>4",
        2,
        """
        |       ╭─→ ● n1 ─┬─→[● n2]─↱─→ ● n3 ─╮
        | ● n0 ─┴─────────│─────────┴─────────┼─→ ● n4
        |                 ╰───────────────────╯
        """,
    ),
    "all to all share a trunk": (
        "0>2 0>3 0>4 1>2 1>3 1>4",
        0,
        """
        |[● n0]─┬─→ ● n2
        | ● n1 ─┼─→ ● n3
        |       ╰─→ ● n4
        """,
    ),
    "not all to all do not": (
        "0>3 0>4 1>3 1>5 2>4 2>5 0>5",
        0,
        """
        | ● n1 ───┬───↱─→ ● n3
        |[● n0]─╮ ╰─↱─↱─→ ● n5
        |       ╰───│─┤
        | ● n2 ─────┴─↳─→ ● n4
        """,
    ),
    "an arrow head where a branch could be mistaken": (
        "0>1 0>3 2>3",
        3,
        """
        | ● n0 ─┬─→ ● n1
        | ● n2 ─↳─→[● n3]
        """,
    ),
    "above and below the focus": (
        "0>1 1>2 0>2 2>3 3>4 2>4 4>5",
        2,
        """
        |       ╭─→ ● n1 ─╮         ╭─→ ● n3 ─╮
        | ● n0 ─┴─────────┴─→[● n2]─┴─────────┴─→ ● n4 ──→ ● n5
        """,
    ),
    "not connected": (
        "0>1 2>3 4 1>5",
        1,
        """
        | ● n0 ──→[● n1]──→ ● n5
        |          ● n2 ──→ ● n3
        |          ● n4
        """,
    ),
    "an edge against the flow": ("0>1 1>2 2>1", 1, " ● n0 ──→[● ↺ n1]──→ ● ↺ n2"),
}


@pytest.mark.parametrize(("edges", "start", "expected"), DRAWINGS.values(), ids=list(DRAWINGS))
def test_small_graphs(edges: str, start: int, expected: str) -> None:
    drawing = draw(arrange(plain(edges, start)))
    check(drawing)
    assert drawing.text() == (lines(expected) if "\n" in expected else expected)


def test_wide_characters_keep_their_columns() -> None:
    drawing = draw(arrange(plain("0>1 1>2 0>2", 1, n0="한국어 데이터셋", n1="모델🚀", n2="x")))
    check(drawing)
    assert drawing.text() == lines(
        """
        |                    ╭─→[● 모델🚀]─╮
        | ● 한국어 데이터셋 ─┴─────────────┴─→ ● x
        """
    )


def test_a_fan_is_folded_and_opened() -> None:
    build = Build()
    data = build.version("coco:v1", "dataset")
    build.run("sweep", (data,), [build.version(f"m:v{n}") for n in range(6)])
    folded = arrange(build.graph(data))
    assert draw(folded).text() == "[■ coco:v1]──→ ▶ sweep ──→ ▸ 6 models"
    opened = draw(arrange(build.graph(data), expanded=[key for key in folded.boxes if key < 0]))
    check(opened)
    assert opened.text() == lines(
        """
        |                        ╭─→ ◆ m:v0
        |                        ├─→ ◆ m:v1
        |                        ├─→ ◆ m:v2
        |[■ coco:v1]──→ ▶ sweep ─┼─→ ◆ m:v3
        |                        ├─→ ◆ m:v4
        |                        ╰─→ ◆ m:v5
        """
    )


def test_what_a_box_says_without_colour() -> None:
    build = Build()
    data = build.version("coco:v1", "dataset")
    secret = build.version("(not visible to you)", state="hidden")
    old = build.version("old:v3", state="deleted")
    out = build.version("notes:v2", "report", aliases=("latest", "prod"))
    build.run("train", (data, secret, old), (out,), detail="crashed")
    drawing = draw(arrange(build.graph(out)))
    check(drawing)
    assert drawing.text(cursor=data) == lines(
        """
        |❯■ coco:v1 ──────────────╮
        | ◌ (not visible to you) ─┼─→ ▶ train  crashed ──→[● notes:v2  prod latest]
        | ✗ old:v3 ───────────────╯
        """
    )
    styles = {style for row in drawing.window(0, 0, drawing.width, 3, cursor=data) for _, style in row}
    assert styles == {"", "cursor", "edge", "hidden", "run", "state", "focus", "deleted"}


def test_a_training_graph() -> None:
    build, keys = training()
    drawing = draw(arrange(build.graph(keys["prepared"])), width=166)
    check(drawing)
    assert drawing.text() == lines(
        """
        | ■ coco:v7 ──────╮                                                    ╭─→ ▸ 29 models ────╮
        | ■ augmenta…:v2 ─┴─→ ▶ preprocess… ──→[■ prepared:v12]─┬─→ ▸ 30 runs ─┴─→ ◆ detector:v21 ─┼─→ ▸ 30 runs ──→ ▸ 30 × evalua… ──→ ▶ report ──→ ● weekly-r…:v9
        |                                       ◆ backbone…:v4 ─╯                  ■ held-out:v3 ──╯
        """
    )


def test_lit_edges_are_heavy_and_still_lead_where_they_did() -> None:
    build, keys = training(4)
    layers = arrange(build.graph(keys["prepared"]))
    drawing = draw(layers)
    lit = drawing.lit(layers.upstream(keys["model"]))
    check(lit)
    assert "━" not in drawing.text()
    rows = lit.window(0, 0, lit.width, lit.height)
    heavy = [text for row in rows for text, style in row if style == "edge.on"]
    assert heavy
    assert all("─" not in text for text in heavy)
    assert lit.lit(()).text() == lit.text()


def test_labels_are_cut_to_fit_the_width() -> None:
    build, keys = training()
    layers = arrange(build.graph(keys["prepared"]))
    scrolled = draw(layers, width=40)
    assert max(place.width for place in scrolled.places.values()) <= SCROLLED_LABEL + 2
    for width in range(draw(layers).width + 1, 120, -5):
        drawing = draw(layers, width=width)
        check(drawing)
        assert drawing.width <= width or drawing.text() == scrolled.text()
    assert "augmenta…:v2" in draw(layers, width=166).text()


def test_stored_text_is_cleaned() -> None:
    hostile = "a\x1b]0;x\x07\x9b2J\u202eb\u200bc\r\n\x7f\x00\ud800"
    drawing = draw(arrange(plain("0>1", 0, n0=hostile)))
    check(drawing)
    text = drawing.text().replace("\n", "")
    assert text.isprintable()
    assert "a␛]0;x␇" in text
    assert "SAFE" in draw(arrange(plain("0>1", 0, n0=hostile)), clean=lambda text: "SAFE").text()


def test_moving_and_hitting() -> None:
    drawing = draw(arrange(plain("0>1 0>2 1>3 2>3 4", 0)))
    assert drawing.move(0, "right") == 1
    assert drawing.move(1, "down") == 2
    assert drawing.move(2, "left") == 0
    assert drawing.move(2, "up") == 1
    assert drawing.move(3, "left") in (1, 2)
    assert drawing.move(3, "right") == 3
    assert drawing.move(1, "up") == 1
    for key, place in drawing.places.items():
        assert drawing.at(place.x, place.y) == drawing.at(place.x + place.width - 1, place.y) == key
        assert drawing.nearest(place.x, place.y) == key
    assert drawing.at(-1, 0) is drawing.at(0, 99) is None
    reached = {0}
    for _ in drawing.places:
        reached |= {drawing.move(key, way) for key in reached for way in ("left", "right", "up", "down")}
    assert reached == set(drawing.places)


@st.composite
def dags(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 14))
    label = st.text(st.sampled_from("ab 한🚀é\u0301\u200d\ufe0f\x1b"), max_size=12)
    kinds = st.sampled_from(["there", "there", "deleted", "hidden"])
    nodes = {
        key: Node(key, draw(st.sampled_from(["run", "version"])), draw(label), "model", state=draw(kinds))
        for key in range(count)
    }
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=40)) if pairs else []
    return Graph(draw(st.integers(0, count - 1)), nodes, tuple(edges))


@settings(max_examples=300, deadline=None)
@given(dags(), st.one_of(st.none(), st.integers(1, 120)), st.data())
def test_any_drawing_can_be_followed(graph: Graph, width: int | None, data: st.DataObject) -> None:
    layers = arrange(graph)
    drawing = draw(layers, width=width)
    check(drawing)
    chosen = data.draw(st.sampled_from(sorted(layers.boxes)))
    check(drawing.lit(layers.through(chosen)))


@settings(max_examples=150, deadline=None)
@given(dags(), st.integers(-5, 60), st.integers(-3, 12), st.integers(0, 70), st.integers(0, 12), st.booleans())
def test_a_window_is_a_part_of_the_whole(graph: Graph, x: int, y: int, width: int, height: int, cursor: bool) -> None:
    drawing = draw(arrange(graph))
    chosen = graph.start if cursor else None
    whole = drawing.window(-5, -3, drawing.width + 200, drawing.height + 30, cursor=chosen)
    window = drawing.window(x, y, width, height, cursor=chosen)
    assert len(window) == height
    for row, spans in enumerate(window, y + 3):
        assert sum(cell_len(text) for text, _ in spans) == width
        if row < len(whole):
            part = cells_of(whole[row])[x + 5 : x + 5 + width]
            assert _without_halves(cells_of(spans)) == _without_halves(part)


def _without_halves(cells: list[str]) -> list[str]:
    """A wide character that the edge of a window halves is blank."""
    if cells and cells[0] == "":
        cells = [" ", *cells[1:]]
    if cells and cell_len(cells[-1]) == 2:
        cells = [*cells[:-1], " "]
    return cells


@given(st.text(), st.integers(0, 20), st.sampled_from(["", ":v12", ":한국"]))
def test_cut_text_fits(text: str, width: int, tail: str) -> None:
    cut = fit(clean(text), width, tail)
    assert cell_len(cut) <= width
    assert cut == clean(text) + tail or cell_len(clean(text) + tail) > width


@given(st.text(st.sampled_from("ab 한🚀é\u0301")), st.integers(0, 12), st.integers(0, 12))
def test_cropped_text_is_as_wide_as_asked(text: str, start: int, size: int) -> None:
    assert cell_len(crop(text, start, start + size)) == size


def test_an_edge_between_unknown_nodes_is_ignored() -> None:
    graph = plain("0>1")
    graph.edges += ((0, 77), (78, 1))
    assert draw(arrange(graph)).text() == "[● n0]──→ ● n1"


def test_a_drawing_is_one_column_wide_if_one_wants() -> None:
    drawing: Drawing = draw(arrange(plain("0>1 0>2 1>3 2>3")), width=1)
    check(drawing)
    column = ["".join(text for text, _ in row) for x in range(drawing.width) for row in drawing.window(x, 0, 1, 2)]
    rows = ["".join(column[at::2]) for at in (0, 1)]
    assert rows == ["".join(text for text, _ in row) for row in drawing.window(0, 0, drawing.width, 2)]
