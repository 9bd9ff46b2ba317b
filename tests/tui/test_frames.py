"""Of a new picture only the differing cells are written, and the terminal then shows all of it."""

from __future__ import annotations

import pyte
import pytest
from curatory.tui.frames import Frame
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from .app.terminal import seen_on

WIDTH, HEIGHT = 24, 4
STYLES = [
    None,
    *map(
        Style.parse,
        [
            "bold",
            "red",
            "bold red on blue",
            "on #102030",
            "dim",
            "bold dim",
            "underline #aabbcc",
            "reverse",
            "italic on blue",
            "strike red",
        ],
    ),
    Style(overline=True),
]


class Screen:
    """A frame and the terminal it writes to, or that is painted without one."""

    def __init__(self, colors: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self.frame, self.colors = Frame(), colors
        self.terminal = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.terminal)

    def show(self, *rows: list[Segment]) -> str:
        written = self.frame.draw([(y, 0, row) for y, row in enumerate(rows)], (WIDTH, HEIGHT), self.colors)
        self.stream.feed(written)
        return written

    def paint(self, *rows: list[Segment]) -> None:
        """What Textual writes of the same rows, each word with its whole style."""
        for y, row in enumerate(rows):
            self.stream.feed(f"\x1b[{y + 1};1H")
            for text, style, _ in row:
                self.stream.feed(f"\x1b[{Strip.render_ansi(style, self.colors)}m{text}\x1b[0m" if style else text)

    @property
    def seen(self) -> list[list[tuple[object, ...]]]:
        return seen_on(self.terminal)


def full(text: str, style: Style | None = None) -> list[Segment]:
    return [Segment(text, style), Segment(" " * (WIDTH - cell_len(text)))]


def test_nothing_is_written_for_what_is_shown_already() -> None:
    screen = Screen()
    assert screen.show(full("hello", STYLES[3]))
    assert screen.show(full("hello", STYLES[3])) == ""


def test_only_the_cells_that_differ_are_written() -> None:
    screen = Screen()
    screen.show(full("version 12 of 40"))
    assert screen.show(full("version 13 of 40")) == "\x1b[1;10H3"


def test_a_look_is_changed_by_what_differs_in_it() -> None:
    screen = Screen()
    written = screen.show(
        [Segment("a", Style.parse("bold red on blue")), Segment("b", Style.parse("bold green on blue"))]
    )
    assert written == "\x1b[1;1H\x1b[1;31;44ma\x1b[32mb\x1b[0m"


def test_blanks_keep_whatever_ink_is_in_the_pen() -> None:
    written = Screen().show([Segment("a", Style.parse("red")), Segment(" "), Segment("b", Style.parse("red"))])
    assert written == "\x1b[1;1H\x1b[31ma b\x1b[0m"


def test_after_something_else_has_written_everything_is_written_again() -> None:
    screen = Screen()
    first = screen.show(full("hello"))
    screen.frame.forget()
    assert screen.show(full("hello")) == first


def test_another_size_is_another_picture() -> None:
    screen = Screen()
    screen.show(full("hello"))
    assert "hello" in screen.frame.draw([(0, 0, full("hello"))], (WIDTH, HEIGHT + 1), screen.colors)


@pytest.mark.parametrize(
    ("before", "after"),
    [("한글 이름", "a한글이름"), ("한글", "x글"), ("ab", "한"), ("한", "ab"), ("a한b", "한ab"), ("글글글", " 글글 ")],
)
def test_wide_characters_are_never_left_by_half(before: str, after: str) -> None:
    screen, fresh = Screen(), Screen()
    screen.show(full(before))
    screen.show(full(after))
    fresh.paint(full(after))
    assert screen.seen == fresh.seen


def test_a_row_whose_width_terminals_disagree_about_is_written_whole_each_time() -> None:
    screen = Screen()
    rocket = full("go \N{ROCKET} on")
    assert screen.show(rocket) == screen.show(rocket) != ""
    assert screen.show(full("go")) != "", "nothing is known of the row"
    fresh = Screen()
    fresh.paint(full("go"))
    assert screen.seen[0] == fresh.seen[0]


words = st.text("ab cd한글✓─", min_size=0, max_size=9)
rows = st.lists(st.tuples(words, st.sampled_from(STYLES)), max_size=5)
frames = st.lists(st.lists(rows, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5)


def _row(parts: list[tuple[str, Style | None]]) -> list[Segment]:
    """Segments in exactly the width, whatever was drawn."""
    segments: list[Segment] = []
    left = WIDTH
    for text, style in parts:
        while cell_len(text) > left:
            text = text[:-1]
        segments.append(Segment(text, style))
        left -= cell_len(text)
    return [*segments, Segment(" " * left)]


BOLD, LINED = Style(bold=True), Style(underline=True, color="#aabbcc")


@example([[[("a", BOLD), (" ", LINED)], [], [], []]], ColorSystem.TRUECOLOR)
@example([[[("a", LINED), (" ", BOLD), ("b", None)], [], [], []]], ColorSystem.STANDARD)
@settings(max_examples=400, deadline=None)
@given(frames, st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]))
def test_whatever_was_shown_before_the_terminal_shows_the_new_picture(
    pictures: list[list[list[tuple[str, Style | None]]]], colors: ColorSystem
) -> None:
    screen = Screen(colors)
    for picture in pictures:
        shown = [_row(parts) for parts in picture]
        screen.show(*shown)
        fresh = Screen(colors)
        fresh.paint(*shown)
        assert screen.seen == fresh.seen
        plain = ["".join(segment.text for segment in row) for row in shown]
        assert fresh.terminal.display == plain
