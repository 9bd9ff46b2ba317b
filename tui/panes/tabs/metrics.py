"""What the run measured that logged a version: a curve for each metric, drawn in braille."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....store import CuratoryError, Run, Store, Version
from ...widgets.chart import braille
from ...widgets.text import Line
from .tab import Sheet, Tab, View, field_line, lines

HEIGHT = 5  # lines of a curve
MOST = 40  # curves


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
    empty: list[Line] = [
        [("No run logged this version, or none that you may see.", "muted")],
        [],
        [
            ("Metrics come from the run: ", "muted"),
            ("run.log({...})", "code"),
            (" before ", "muted"),
            ("log_artifact", "code"),
        ],
    ]
    if run is None:
        return Sheet([], empty=empty)
    curves = _curves(found.history)
    said: list[Line] = [
        [(f" {run.title}", "head"), (f"  {run.state}", "good" if run.state == "finished" else "warn")],
        field_line("run", (run.path, "run")),
    ]
    width = max(min(view.width - 14, 100), 12)
    for name, points in list(curves.items())[:MOST]:
        values = [value for _, value in points]
        low, high = min(values), max(values)
        said += [
            [],
            [
                (f" {name}", "strong"),
                (f"  {values[-1]:.5g}", "number"),
                (f"   {low:.4g} … {high:.4g}, {len(values):,} points", "muted"),
            ],
        ]
        for number, line in enumerate(braille(points, width, HEIGHT)):
            label = f"{high:.3g}" if number == 0 else f"{low:.3g}" if number == HEIGHT - 1 else ""
            said.append([(f"{label:>9} ┤", "muted"), (line, "model")])
    rest = {key: value for key, value in run.summary.items() if key not in curves and not str(key).startswith("_")}
    if rest:
        said += [[], [(" Summary", "head")]]
        said += [field_line(str(key), (str(value), "number"), width=20) for key, value in list(rest.items())[:60]]
    if run.config:
        said += [[], [(" Config", "head")]]
        said += [field_line(str(key), (str(value), ""), width=20) for key, value in list(run.config.items())[:60]]
    if len(said) == 2:
        said += [[], [(" The run has logged no metrics.", "muted")]]
    return Sheet(lines(said))


def _curves(history: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Metric → (step, value), of what has at least two numbers."""
    found: dict[str, list[tuple[float, float]]] = {}
    for number, row in enumerate(history):
        step = row.get("_step", number)
        for key, value in row.items():
            if not key.startswith("_") and isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(key, []).append((float(step), float(value)))
    return {key: points for key, points in sorted(found.items()) if len(points) > 1}


METRICS = Tab("metrics", "Metrics", (Version,), _load, _draw)
