"""The demonstration: a year of two teams' work in one organization, the same on every machine.

    build_demo("demo.db")
    store = open_store("demo.db", actor=VIEWER)

Everything in it was done through the store's own verbs by the people it names, so its history, undo and lineage are
real. Paths that screenshots and tests rely on are the constants here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

__all__ = [
    "BIG", "BROKEN", "DEEP", "EMOJI", "EMPTY", "GGUF", "HERO", "HERO_VERSION", "KOREAN", "LEGACY", "MANIFEST",
    "NIGHTLY", "OUTSIDER", "REFERENCES", "RESTRICTED", "RESTRICTED_REGISTRY", "TODAY", "VIEWER", "WIDE", "build_demo",
]  # fmt: skip

VIEWER = "ana"
"""Whose eyes the demonstration is seen through: an admin of the organization."""
OUTSIDER = "mateo"
"""Somebody for whom the restricted registry does not exist."""

HERO = "model/detector"
"""A collection with `prod`, `staging`, a long card and a year of history, a rollback in it."""
HERO_VERSION = "model/detector:prod"
DEEP = "evaluation/detector-report:latest"
"""Far downstream: footage, images, labels, backbone, detector, edge build and evaluation lie before it."""
WIDE = "language/assistant/assistant-base:v3"
"""A base model that a sweep and much else was fine-tuned from."""
BROKEN = "vision/parcel-detection/detector:v21"
"""A version that was trained on labels which have been deleted since."""
KOREAN = "음성 모델/음성 인식"
EMOJI = "evaluation/search leaderboard 🏆"
EMPTY = "음성 모델/화자 분리"
"""A collection made by hand that holds nothing yet."""
BIG = "language/pretraining/nightly-checkpoints"
"""Two thousand versions."""
NIGHTLY = f"{BIG}:latest"
MANIFEST = "dataset/damage-photos:v2"
"""Some three hundred files."""
REFERENCES = "dataset/dock-cameras 📷:latest"
"""Only references, nothing stored."""
GGUF = "model/assistant:latest"
RESTRICTED_REGISTRY = "risk-review"
RESTRICTED = "risk-review/assistant-assessment"
LEGACY = ("vision/model-registry", "language/model-registry")
TODAY = "2026-11-20T16:00:00+00:00"
"""When the story ends."""


def build_demo(
    url: str | os.PathLike[str],
    *,
    progress: Callable[[int, int, str], None] | None = None,
    blobs: str | os.PathLike[str] | None = None,
) -> None:
    """Make a store with the demonstration in it. It takes some seconds; afterwards it is a store like any other.

    Args:
        url: where there is no store yet: a file, or `postgresql://…`.
        progress: called with the days told so far, all days, and the month.
        blobs: folder of the files; as `create_store` has it unless given.

    Raises:
        Conflict: there is a store already.
    """
    from .. import create_store
    from .nightly import nights
    from .people import FOUNDER, ORGANIZATION, arrive
    from .stage import START, DemoClock, Stage
    from .story import tell
    from .workload import SERIES, plan

    clock = DemoClock(START)
    store = create_store(url, FOUNDER, organization=ORGANIZATION, team="vision", blobs=blobs, now=clock, durable=False)
    try:
        with store:
            stage = Stage(store, clock)
            arrive(stage)
            tell(stage)
            nights(stage)
            for series in SERIES.values():
                plan(stage, series)
            stage.play(progress)
    except BaseException:
        _take_away(store.engine.name, store.engine.url)
        raise


def _take_away(engine: str, url: str) -> None:
    """Remove a half-told story, which the next attempt would refuse to touch. PostgreSQL keeps it: drop the schema."""
    if engine == "sqlite":
        for end in ("", "-wal", "-shm"):
            Path(url + end).unlink(missing_ok=True)
