"""Layout: what fits a terminal, what a pipe gets, and words for sizes, times and changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from curatory.store import Store
from curatory.tui.cli import output
from curatory.tui.cli.sparklines import sparkline
from curatory.tui.cli.tables import Column, table
from curatory.tui.cli.times import seconds
from curatory.tui.cli.wording import _WORDINGS, sentence
from rich.cells import cell_len

from .conftest import Cli
from .terminals import lines, on_terminal

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_250_000, "1.2 MB"), (999_999, "1.0 MB"), (10**18, "1000.0 PB")],
)
def test_sizes(count: int, text: str) -> None:
    assert output.size(count) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=3, minutes=59), "3 h ago"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(days=45), "1 mo ago"),
        (timedelta(days=800), "2 y ago"),
        (timedelta(days=-2), "in 2 d"),
    ],
)
def test_times_ago(before: timedelta, text: str) -> None:
    assert output.ago(NOW - before, NOW) == text


def test_durations_and_times() -> None:
    assert output.duration(30 * 86_400) == "30 d"
    assert output.duration(5400) == "1 h 30 min"
    assert output.iso(NOW.replace(microsecond=5)) == "2026-05-01T12:00:00.000005Z"
    assert output.number(1, "person", "people") == "1 person"
    assert output.number(12_340, "version") == "12,340 versions"
    for text, length in (("30d", 30 * 86_400), ("1h30min", 5400), ("2w", 14 * 86_400), ("6mo", 180 * 86_400)):
        assert seconds(text) == length
    for text in ("", "d", "3", "0s", "5m", "-1d", "1d!"):
        assert seconds(text) is None


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("acme/wandb-registry-model/detector", "model/detector"),
        ("acme/wandb-registry-model", "model"),
        ("wandb-registry-model", "model"),
        ("vision/training/detector:v0", "vision/training/detector:v0"),
        ("", ""),
    ],
)
def test_short_paths(path: str, short: str) -> None:
    assert output.short(path) == short


@pytest.mark.parametrize(("text", "width", "shown"), [("검출기", 6, "검출기"), ("검출기", 5, "검출…"), ("abc", 1, "…")])
def test_cutting_counts_columns(text: str, width: int, shown: str) -> None:
    assert output.cut(text, width) == shown
    assert cell_len(output.cut(text, width)) <= width


# -- tables -------------------------------------------------------------------------------------------------------

COLUMNS = [
    Column("name", least=8),
    Column("size", right=True, drop=2),
    Column("tags", least=6, drop=1),
    Column("note"),
]
ROWS = [("검출기 🚀 모델", "1.2 MB", "a, b", "x"), ("detector-with-a-long-name", "9 B", "", "yy")]


def printed(capsys: pytest.CaptureFixture[str], width: int | None) -> list[str]:
    out = output.Output(lambda: NOW)
    out.tty, out.width = width is not None, width
    table(out, COLUMNS, ROWS)
    return capsys.readouterr().out.splitlines()


def test_columns_align_whatever_is_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    head, first, second = printed(capsys, 80)
    place = head.index("tags")
    assert cell_len(first[: first.index("a, b")]) == place
    assert cell_len(first[: first.index("1.2 MB")]) + 6 == cell_len(second[: second.index("9 B")]) + 3


@pytest.mark.parametrize("width", [80, 60, 40, 30, 20, 12])
def test_a_table_fits(capsys: pytest.CaptureFixture[str], width: int) -> None:
    rows = printed(capsys, width)
    assert max(cell_len(row) for row in rows) <= width
    assert all(row.rstrip() == row for row in rows)
    assert rows[1].startswith("검출")


def test_in_a_pipe_nothing_is_cut_and_no_column_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    rows = printed(capsys, None)
    assert "detector-with-a-long-name" in rows[2]
    assert [len(row.split("  ")) > 3 for row in rows]
    assert " -  " in rows[2]


def test_sparklines() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert len(sparkline(list(range(1000)), 24)) == 24
    assert sparkline([1.0] * 5, 8) == "▄▄▄▄▄"
    assert sparkline([1.0, float("nan")], 8) == ""


# -- on a terminal and in a pipe ----------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_colour_only_repeats_what_is_said(url: str, shop: Store) -> None:
    calls = [["--store", url, "--as", "ana", *call] for call in (["ls", "model"], ["show", "model/detector"])]
    colored = on_terminal(calls)
    plain = on_terminal(calls, env={"NO_COLOR": "1"})
    assert b"\x1b[3" in colored
    assert b"\x1b[3" not in plain
    assert lines(colored) == lines(plain)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_times_are_relative_on_a_terminal_only(url: str, shop: Store, cli: Cli) -> None:
    got = b"".join([on_terminal([["--store", url, "--as", "ana", "ls", "model"]])])
    assert b" ago" in got
    assert "2026-01-01T09:00" in cli("ls", "model").out
    assert "ago" not in cli("ls", "model").out


def test_hints_don_t_disturb_who_reads_stdout(cli: Cli, shop: Store) -> None:
    done = cli("tag", "add", "model/detector", "x")
    assert done.out == "tagged model/detector: x\n"
    assert done.err.startswith("undo: curatory undo ")


# -- wording ------------------------------------------------------------------------------------------------------


def test_every_change_of_the_store_has_words(shop: Store) -> None:
    spoken = {event.action for event in shop.events.of(limit=1000)}
    assert spoken <= set(_WORDINGS)


@pytest.mark.parametrize(
    "detail", [{}, {"path": None, "moved": 3, "links": "x", "ttl": "soon", "version": [], "aliases": 7, "name": 1}]
)
def test_an_odd_log_is_still_told(detail: dict[str, object]) -> None:
    for action in (*_WORDINGS, "later.invention", "undo:alias.add", "redo:later.invention", ""):
        change: Any = SimpleNamespace(action=action, detail=detail, before={"alias/1/x": 1}, after={"odd": 1})
        assert isinstance(sentence(change), str)
