"""What the run measured that logged a version: a curve for each metric, side by side where there is room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import isfinite
from typing import Any

from rich.cells import cell_len

from ....store import CuratoryError, Run, Store, Version
from ...safe import clean
from ...widgets.chart import area
from ...widgets.text import Line, Word, fit, width_of
from .tab import Sheet, Tab, View, field_line, lines

HEIGHT = 5  # lines of a curve
LEAST = 46  # cells of a curve with its labels, before another one stands beside it
LABEL = 8  # cells of the labels on the left
MOST = 60  # curves

Curve = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Found:
    run: Run | None
    history: list[dict[str, Any]]


def _load(store: Store, version: Version) -> _Found:
    if not version.run:
        return _Found(None, [])
    try:
        run = store.runs.get(version.run)
        return _Found(run, store.runs.history(run))
    except CuratoryError:
        return _Found(None, [])


def _draw(found: _Found, view: View) -> Sheet:
    run = found.run
    if run is None:
        return Sheet([], empty=_EMPTY)
    curves = dict(list(_curves(found.history).items())[:MOST])
    state = "good" if run.state == "finished" else "warn"
    said: list[Line] = [
        [(f" {run.title}", "head"), (f"  {run.state}", state), (f"   {run.path}", "run")],
        [],
        *_grid(curves, view.width),
    ]
    rest = {key: value for key, value in run.summary.items() if key not in curves and not str(key).startswith("_")}
    said += _values("Summary", rest, "number") + _values("Config", run.config, "")
    if len(said) == 2:
        said.append([(" The run has logged no metrics.", "muted")])
    return Sheet(lines(said))


_EMPTY: list[Line] = [
    [("No run logged this version, or none that you may see.", "muted")],
    [],
    [
        ("Metrics come from the run: ", "muted"),
        ("run.log({...})", "code"),
        (" before ", "muted"),
        ("log_artifact", "code"),
    ],
]


def _values(title: str, values: Mapping[str, Any], role: str) -> list[Line]:
    if not values:
        return []
    shown = [field_line(str(key), (str(value), role), width=20) for key, value in list(values.items())[:60]]
    return [[(f" {title}", "head")], *shown, []]


def _grid(curves: Mapping[str, Curve], width: int) -> Iterator[Line]:
    """The curves in as many columns as are wide enough."""
    across = min(max((width - 1) // LEAST, 1), max(len(curves), 1), 4)
    each = (width - 1) // across
    boxes = [_box(name, points, each) for name, points in curves.items()]
    for start in range(0, len(boxes), across):
        for parts in zip_longest(*boxes[start : start + across], fillvalue=()):
            line: list[Word] = [(" ", "")]
            for number, part in enumerate(parts):
                line += part
                if number + 1 < len(parts):
                    line.append((" " * max(each - width_of(part), 0), ""))
            yield line


def _box(name: str, points: Curve, width: int) -> list[Line]:
    """A curve with its name, its last value, its ends on the left and its steps below, in so many cells."""
    values = [value for _, value in points]
    low, high = min(values), max(values)
    room = max(width - LABEL - 3, 8)
    last = f"  {values[-1]:.5g}"
    name = clean(name)
    title: Line = [(fit(name, min(cell_len(name), width - len(last) - 2)), "strong"), (last, "number")]
    ticks = {0: high, HEIGHT - 1: low}
    if HEIGHT % 2:
        ticks[HEIGHT // 2] = (high + low) / 2
    rows: list[Line] = []
    for number, curve in enumerate(area(points, room, HEIGHT)):
        label = f"{ticks[number]:.3g}" if number in ticks else ""
        rows.append([(f"{label:>{LABEL}} {'┤' if label else '│'}", "muted"), *curve])
    first, end = f"{points[0][0]:,.0f}", f"{points[-1][0]:,.0f}"
    steps = f"{first}{end:>{max(room - len(first), len(end) + 1)}}"
    return [title, *rows, [(" " * (LABEL + 2) + steps, "muted")], []]


def _curves(history: Sequence[dict[str, Any]]) -> dict[str, Curve]:
    """Metric → (step, value) by step, of what has at least two numbers."""
    found: dict[str, Curve] = {}
    for number, row in enumerate(history):
        step = row.get("_step", number)
        for key, value in row.items():
            number_like = isinstance(value, int | float) and not isinstance(value, bool)
            if number_like and not key.startswith("_") and isfinite(value):
                found.setdefault(key, []).append((float(step), float(value)))
    return {key: sorted(points) for key, points in sorted(found.items()) if len(points) > 1}


METRICS = Tab("metrics", "Metrics", (Version,), _load, _draw)
