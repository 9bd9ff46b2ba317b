"""A line of work, version by version: a run that uses and makes something, a link, a promotion."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import cards, content, curves
from .assistant import ASSISTANT
from .language import LANGUAGE
from .parcels import PARCELS
from .people import SPEECH, present
from .series import Series
from .stage import day, soon, working_hours
from .vision import VISION

if TYPE_CHECKING:
    from ..records import Run, Version
    from .stage import Stage

SERIES = {series.name: series for series in (*PARCELS, *VISION, *ASSISTANT, *LANGUAGE)}
TRAINING = ("train", "anneal", "fine-tune")
_HOURS = {"train": (3.0, 13.0), "anneal": (20.0, 60.0), "fine-tune": (2.0, 6.0), "label": (30.0, 70.0)}

LEGACY = {
    "detector": "Parcel Detector",
    "segmenter": "Pallet Segmenter",
    "label-reader": "Label Reader",
    "reranker": "Search Reranker",
    "intent-classifier": "Intent Classifier",
    "assistant-gguf": "Support Assistant",
}
_LEGACY_UNTIL = day("2026-06-01")
_FAILURES = ("CUDA out of memory, tried to allocate 2.31 GiB", "loss is NaN at step 412", "node lost, exit code 137")


def plan(stage: Stage, series: Series) -> None:
    """Put every version of a line that follows its own rhythm on the schedule."""
    if series.after:
        return
    rng = stage.rng(series.name, "plan")
    start, end = day(series.start), day(series.end)
    gap = (end - start) / max(series.count - 1, 1)
    for number in range(series.count):
        shift = gap * rng.uniform(-0.25, 0.25) if 0 < number < series.count - 1 else timedelta(0)
        moment = working_hours(start + gap * number + shift, rng, seoul=series.seoul)
        stage.at(moment, lambda number=number: begin(stage, series, number))


def begin(stage: Stage, series: Series, number: int) -> None:
    """Somebody starts a run; one in twelve trainings fails first."""
    rng = stage.rng(series.name, number)
    staying = present(series.authors, stage.now + timedelta(days=5))  # nobody begins what they can't finish
    there = [name for name in present(series.authors, stage.now) if name in staying]
    there = there or ["kim" if series.entity == "vision" else "lee"]
    author = there[0] if rng.random() < 0.5 else rng.choice(there)
    if series.job in TRAINING and rng.random() < 0.09:
        _start_failing(stage, series, number, author, rng)
    run = _start(stage, series, author, f"{series.name}-{number + 1:03}", number, content.config(series, number, rng))
    hours = rng.uniform(*_HOURS.get(series.job, (0.3, 2.0)))
    stage.at(stage.now + timedelta(hours=hours), lambda: _finish(stage, series, number, author, run, hours, rng))


def _start(
    stage: Stage, series: Series, author: str, title: str, number: int, config: dict[str, Any], group: str = ""
) -> Run:
    store = stage.by(author)
    run = store.runs.start(
        series.project,
        entity=series.entity,
        name=content.run_name(series.path, title),
        title=title,
        config=config,
        job_type=series.job,
        group=group or f"{series.name}-{stage.now:%Y}-q{(stage.now.month + 2) // 3}",
    )
    for name in (*series.inputs, *([series.sometimes] if series.sometimes and number % 4 == 3 else [])):
        if stage.made.get(name):
            store.runs.use(run, stage.made[name][-1])
    return run


def _start_failing(stage: Stage, series: Series, number: int, author: str, rng: random.Random) -> None:
    title = f"{series.name}-{number + 1:03}-a"
    run = _start(stage, series, author, title, number, content.config(series, number, rng))
    hours = rng.uniform(0.2, 1.5)
    failure = rng.choice(_FAILURES)

    def fail() -> None:
        rows = _rows(series, rng, run, hours, round(series.low * 0.7, 4), steps=rng.randint(8, 30))
        _stream(stage, author, run, series, rows, failure)
        if "node lost" in failure:
            stage.by(author).runs.finish(run, exit_code=137, state="crashed")
        else:
            stage.by(author).runs.finish(run, exit_code=1)

    stage.at(stage.now + timedelta(hours=hours), fail)


def _rows(
    series: Series, rng: random.Random, run: Run, hours: float, score: float, steps: int = 0
) -> list[dict[str, Any]]:
    return curves.training(
        rng,
        steps=steps or rng.randint(50, 160),
        metric=series.metric,
        reached=score,
        start=run.created_at,
        hours=hours,
        epochs=run.config["epochs"],
        rate=run.config["lr"],
        higher=series.higher,
    )


def _stream(stage: Stage, author: str, run: Run, series: Series, rows: list[dict[str, Any]], failed: str = "") -> None:
    runs = stage.by(author).runs
    runs.log(run, rows)
    runs.append(run, "output", curves.console(rows, series.metric, run.created_at, failed=failed), offset=0)


def _finish(stage: Stage, series: Series, number: int, author: str, run: Run, hours: float, rng: random.Random) -> None:
    version = log(stage, series, number, author, run, hours, rng)
    for other in SERIES.values():
        if other.after == series.name and (number + 1) % other.each == 0:
            then = stage.now + timedelta(hours=rng.uniform(0.5, 5))
            stage.at(then, lambda other=other: begin(stage, other, (number + 1) // other.each - 1))
    if series.name in LEGACY and stage.now < _LEGACY_UNTIL and number % 3 == 0:
        stage.at(soon(stage.now, rng), lambda: _register(stage, series, version, author))
    if series.link and number % series.every == 0:
        then = soon(stage.now + timedelta(minutes=40), rng, seoul=series.seoul)
        stage.at(then, lambda: link(stage, series, version, author))


def log(
    stage: Stage, series: Series, number: int, author: str, run: Run, hours: float, rng: random.Random, **given: Any
) -> Version:
    """What a run made, with its metrics, and the run's end. `given` comes before what would be made up."""
    store = stage.by(author)
    score = given.get("score") or series.score(number, rng)
    steps = 1
    if series.job in TRAINING:
        rows = _rows(series, rng, run, hours, score)
        steps = len(rows)
        _stream(stage, author, run, series, rows)
    elif series.metric:
        store.runs.log(run, [{series.metric: score, "duration_s": round(hours * 3600, 1)}])
    made = content.files(series, number, score, rng, stage.now)
    metadata = content.metadata(series, number, score, rng, stage.now, hours)
    best = series.metric and _is_best(stage, series, score)
    version = store.versions.log(
        stage.put(made) if isinstance(made, dict) else made,
        series.name,
        series.type,
        project=series.project,
        entity=series.entity,
        run=run.id,
        metadata=metadata,
        description=given.get("note") or _note(stage, series, number, score, metadata),
        aliases=["best"] if best else [],
        tags=given.get("tags") or _tags(series, number, rng),
        ttl=series.ttl,
        step=steps - 1,
    )
    store.runs.finish(run)
    stage.made.setdefault(series.name, []).append(version)
    stage.scores[version.id] = score
    return version


def _note(stage: Stage, series: Series, number: int, score: float, metadata: dict[str, Any]) -> str:
    """What the author says of a version: their own words at first, what has changed later."""
    if number < len(series.notes):
        return series.notes[number]
    before = stage.made[series.name][-1]
    if series.type == "dataset":
        more = metadata["samples"] - before.metadata["samples"]
        collected = metadata["collected"]
        return f"{more:+,} samples over v{before.number}, collected {collected['from']} to {collected['to']}."
    used = [stage.made[name][-1].name for name in series.inputs if stage.made.get(name)]
    change = score - stage.scores[before.id]
    return f"On {' and '.join(used)}. {series.metric} {score:.4f}, {change:+.4f} against v{before.number}."


def _is_best(stage: Stage, series: Series, score: float) -> bool:
    before = [stage.scores[version.id] for version in stage.made.get(series.name, [])]
    return not before or (score > max(before) if series.higher else score < min(before))


def _tags(series: Series, number: int, rng: random.Random) -> list[str]:
    if number == 0:
        return ["baseline"]
    return (
        rng.sample(("reviewed", "night-shift", "ablation", "long-run", "cross-site"), 1) if rng.random() < 0.3 else []
    )


def _register(stage: Stage, series: Series, version: Version, author: str) -> None:
    """The way it was done before: into the team's own model registry."""
    store = stage.by(author)
    linked = store.legacy.link_model(version, LEGACY[series.name], ["production"] if version.number % 2 == 0 else [])
    if linked.number == 0:
        text = f"{series.summary}\n\nOwner: {series.authors[0]}. Deployments read the alias `production`."
        store.collections.describe(f"{linked.entity}/{linked.project}/{linked.collection}", text)


def link(stage: Stage, series: Series, version: Version, author: str) -> Version | None:
    """Into the registry; the first one brings the collection's card and tags with it."""
    if version.id in stage.withdrawn or not present((author,), stage.now):
        return None
    store, path = stage.by(author), stage.target(series.link)
    linked = store.links.add(version, path)
    known = stage.linked.setdefault(series.link, [])
    known.append(linked)
    if len(known) == 1:
        store.collections.describe(path, cards.card(stage, series))
        if series.tags:
            store.tags.add(path, *series.tags)
    elif len(known) % 6 == 0:
        store.collections.describe(path, cards.card(stage, series))
    if series.promoted:
        _promote(stage, series, linked, len(known))
    return linked


def keeper(series: Series) -> str:
    """Who may move the protected aliases of a line's collection."""
    if series.link.startswith(SPEECH):
        return "이서연"
    return "kim" if series.entity == "vision" else "lee"


def _promote(stage: Stage, series: Series, version: Version, count: int) -> None:
    """`staging` at once, by the release robot; `prod` for every third, some days later, by the lead."""
    rng = stage.rng(series.name, "promote", version.number)
    lead = keeper(series)
    robot = lead if series.link.startswith(SPEECH) or not present(("release-bot",), stage.now) else "release-bot"

    def staging() -> None:
        stage.by(robot).aliases.add(version, "staging")

    def prod() -> None:
        if version.id not in stage.withdrawn:
            stage.by(lead).aliases.add(version, "prod", f"{stage.now:%Y.%m}")

    stage.at(stage.now + timedelta(minutes=rng.uniform(4, 90)), staging)
    if count % 3 == 1:
        stage.at(working_hours(stage.now + timedelta(days=rng.uniform(2, 6)), rng, seoul=series.seoul), prod)


def sweep(stage: Stage, series: Series, author: str, number: int, rng: random.Random) -> Run:
    """One run of the sweep over adapter settings: the same base, the same data, other numbers."""
    rank, rate = (8, 16, 32, 64)[number % 4], (5e-5, 1e-4, 2e-4)[number // 4 % 3]
    config = content.config(series, number, rng) | {
        "lr": rate,
        "lora": {"r": rank, "alpha": 2 * rank, "dropout": (0.0, 0.05, 0.1)[number // 12]},
        "sweep": "bayes",
    }
    title = f"sweep-r{rank}-lr{rate:.0e}-{number + 1:02}"
    return _start(stage, series, author, title, number=0, config=config, group="sweep-2026-08")
