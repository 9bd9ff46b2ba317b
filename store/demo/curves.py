"""Metric curves: what a training run logs, step by step, on its way to a given result."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from typing import Any


def training(
    rng: random.Random,
    *,
    steps: int,
    metric: str,
    reached: float,
    start: datetime,
    hours: float,
    epochs: int,
    rate: float,
    higher: bool = True,
) -> list[dict[str, Any]]:
    """Rows of a training run: losses, a validation metric that ends at `reached`, the learning rate, the hardware.

    Args:
        higher: whether more of the metric is better; of an error rate it is not.
    """
    loss, floor = rng.uniform(1.9, 2.8), rng.uniform(0.12, 0.3)
    pace = rng.uniform(4.0, 6.5)
    first = reached * rng.uniform(0.25, 0.4) if higher else reached * rng.uniform(3.5, 5.0)
    began = start.timestamp()
    rows: list[dict[str, Any]] = []
    for step in range(steps):
        done = (step + 1) / steps
        shape = math.exp(-pace * done)
        wobble = rng.gauss(0, 0.03) * (1 - 0.7 * done)
        train = floor + (loss - floor) * shape * (1 + wobble) + abs(rng.gauss(0, 0.006))
        validation = floor * 1.18 + (loss - floor) * shape * 1.05 + 0.03 * done * done + rng.gauss(0, 0.008)
        value = reached + (first - reached) * math.exp(-pace * 1.1 * done)
        value += rng.gauss(0, 0.012 * abs(reached)) * (1 - done)
        rows.append(
            {
                "epoch": round(epochs * done, 2),
                "train/loss": round(train, 4),
                "val/loss": round(validation, 4),
                f"val/{metric}": reached if step == steps - 1 else _held(value, reached, higher),
                "lr": float(f"{_rate(done, rate):.3g}"),
                "gpu/utilization": round(min(99.0, 88 + rng.gauss(0, 4)), 1),
                "_runtime": round(hours * 3600 * done, 1),
                "_timestamp": round(began + hours * 3600 * done, 3),
            }
        )
    return rows


def _held(value: float, reached: float, higher: bool) -> float:
    """A value on the way: neither below nought nor past the best that the run reaches."""
    return round(min(value, reached) if higher else max(value, reached), 4) if value > 0 else 0.0


def _rate(done: float, peak: float) -> float:
    """The usual schedule: five per cent of warm-up, then half a cosine down to a hundredth."""
    if done < 0.05:
        return peak * done / 0.05
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - 0.05) / 0.95)))


def console(rows: list[dict[str, Any]], metric: str, start: datetime, *, failed: str = "") -> list[str]:
    """What the training script printed: one line a tenth of the way, and how it ended."""
    every = max(1, len(rows) // 10)
    lines = [f"{start:%H:%M:%S} seed fixed, {len(rows)} evaluation steps planned"]
    for row in rows[::every]:
        at = start + timedelta(seconds=row["_runtime"])
        lines.append(
            f"{at:%H:%M:%S} epoch {row['epoch']:>6.2f}  loss {row['train/loss']:.4f}  "
            f"val {row['val/loss']:.4f}  {metric} {row[f'val/{metric}']:.4f}  lr {row['lr']:.2e}"
        )
    end = start + timedelta(seconds=rows[-1]["_runtime"])
    last = rows[-1][f"val/{metric}"]
    lines.append(f"{end:%H:%M:%S} " + (failed or f"finished, {metric} {last:.4f}"))
    return lines
