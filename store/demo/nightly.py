"""Pretraining: a run a month, checkpoints every night, two thousand in all."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..versions import TTL_INHERITED, Draft
from . import content
from .stage import TODAY, day

if TYPE_CHECKING:
    from datetime import datetime

    from ..records import Run
    from .stage import Stage

NAME = "nightly-checkpoints"
ACTOR = "pretrain-bot"
COUNT = 2_000
_FIRST = day("2025-12-01 03:10")
_KEPT = timedelta(days=180)  # how long checkpoints of the last two months are kept
_STEPS = 500  # between two checkpoints


def nights(stage: Stage) -> None:
    """Every night on the schedule, with its share of the checkpoints."""
    total = (TODAY - _FIRST).days + 1
    for night in range(total):
        first, end = night * COUNT // total, (night + 1) * COUNT // total
        moment = _FIRST + timedelta(days=night, minutes=stage.rng(NAME, night).randrange(50))
        stage.at(moment, lambda first=first, end=end: _night(stage, first, end))


def _night(stage: Stage, first: int, end: int) -> None:
    store = stage.by(ACTOR)
    run = _run(stage, stage.now)
    rows, drafts = [], []
    for number in range(first, end):
        rng = stage.rng(NAME, number)
        step = (number + 1) * _STEPS
        loss = 2.05 + 1.9 * math.exp(-3.6 * number / COUNT) + rng.gauss(0, 0.008)
        values = {"train_loss": round(loss, 4), "val_loss": round(loss * 1.03 + 0.02, 4)}
        rows.append({"step": step, "lr": float(f"{3e-4 * (1 - 0.9 * number / COUNT):.3g}"), **values})
        drafts.append(_draft(stage, number, step, values))
    store.runs.log(run, rows)
    made = store.versions.log_many(drafts, NAME, "model", project="pretraining", entity="language", run=run.id)
    stage.made[NAME] = [made[-1]]


def _draft(stage: Stage, number: int, step: int, values: dict[str, float]) -> Draft:
    recent = TODAY - stage.now < timedelta(days=60)
    metadata: dict[str, Any] = {"step": step, "tokens": step * 524_288, **values, "precision": "bf16"}
    return Draft(
        stage.put({"checkpoint.safetensors": content.checkpoint(step, stage.rng(NAME, "weights", number))}),
        metadata,
        description=f"Milestone at {step:,} steps, kept for good." if (number + 1) % 400 == 0 else "",
        aliases=[f"milestone-{(number + 1) // 400}"] if (number + 1) % 400 == 0 else [],
        tags=["milestone"] if (number + 1) % 400 == 0 else [],
        ttl=int(_KEPT.total_seconds()) if recent and (number + 1) % 400 else TTL_INHERITED,
        step=step,
    )


def _run(stage: Stage, now: datetime) -> Run:
    """The month's run; a new month ends the one before."""
    runs = stage.by(ACTOR).runs
    current = stage.running.get(NAME)
    title = f"pretrain-1b-{now:%Y-%m}"
    if current is not None and current.title == title:
        return current
    if current is not None:
        runs.finish(current)
    config = {"layers": 24, "width": 2048, "heads": 16, "batch_tokens": 524_288, "lr": 3e-4, "schedule": "linear"}
    run = runs.start(
        "pretraining",
        entity="language",
        name=content.run_name(NAME, title),
        title=title,
        config=config | {"resumed_from": current.name if current else None},
        job_type="pretrain",
        group="pretrain-1b",
    )
    for name in ("tokenizer", "instruction-mix"):
        if stage.made.get(name):
            runs.use(run, stage.made[name][-1])
    if current is not None:
        runs.use(run, stage.made[NAME][-1])
    stage.running[NAME] = run
    return run
