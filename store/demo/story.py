"""What people did beside the daily work: decisions, mistakes and how they were put right."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..records import Version
from .people import SPEECH
from .series import Series
from .workload import SERIES, link, log, sweep

if TYPE_CHECKING:
    from .stage import Stage

SWEEP = 36
WITHDRAWN_LABELS = 9  # the version of the labels that had to be deleted


def tell(stage: Stage) -> None:
    """Everything on the schedule, in the order in which it happened."""
    stage.at("2025-11-28 13:20", lambda: stage.by("kim").registries.accept("model", ["tokenizer"]))
    stage.at("2025-12-12 09:00", lambda: _protect_legacy(stage))
    stage.at("2026-01-20 09:30", lambda: stage.by("kim").members.add("model", "ben", "viewer"))
    stage.at("2026-03-31 09:10", lambda: _golden(stage))
    stage.at("2026-04-02 10:05", lambda: _planned_collection(stage))
    stage.at("2026-04-21 08:40", lambda: _shadow_test(stage))
    stage.at("2026-05-06 11:15", lambda: stage.by("nadia").members.set_role("benchmarks", "yuki", "member"))
    stage.at("2026-05-11 12:30", lambda: _rename_registry(stage))
    stage.at("2026-06-01 07:45", lambda: stage.by("ana").organizations.set_role("nadia", "admin"))
    stage.at("2026-06-15 09:20", lambda: _premature_release(stage))
    stage.at("2026-06-24 10:00", lambda: _privacy_deletion(stage))
    stage.at("2026-07-08 13:00", lambda: _approve(stage))
    stage.at("2026-07-30 14:20", lambda: stage.by("kim").members.remove("model", "ben"))
    stage.at("2026-08-11 18:00", lambda: _sweep(stage))
    stage.at("2026-08-19 09:32", lambda: _mistaken_unlink(stage))
    stage.at("2026-08-27 15:40", lambda: stage.by("kim").collections.remove("model/forklift-tracker"))
    stage.at("2026-09-01 06:00", lambda: _launch(stage))
    stage.at("2026-09-02 08:15", lambda: _clean_up(stage))
    stage.at("2026-09-15 12:10", lambda: _license(stage))
    stage.at("2026-09-21 09:00", lambda: stage.by("nadia").registries.set_owner("evaluation", "omar"))
    stage.at("2026-09-30 09:10", lambda: _golden(stage))
    stage.at("2026-10-07 13:50", lambda: _rename_collection(stage))
    stage.at("2026-10-28 13:00", lambda: _approve(stage))
    stage.at("2026-10-29 05:30", lambda: _diarization(stage))
    stage.at("2026-11-10 10:30", lambda: _short_lived(stage))
    stage.at("2026-11-19 16:10", lambda: _candidate(stage))
    stage.at("2026-11-20 09:05", lambda: _candidate_tags(stage))


def newest(stage: Stage, collection: str, back: int = 0) -> Version:
    """The newest version of a collection (or one further back) that is still fit for use."""
    fit = [version for version in stage.linked[collection] if version.id not in stage.withdrawn]
    return fit[-1 - back]


def _protect_legacy(stage: Stage) -> None:
    """The teams' own registries have a protected alias, too."""
    for lead, team in (("kim", "vision"), ("lee", "language")):
        stage.by(lead).legacy.ensure(team)
        stage.by(lead).registries.protect(f"{team}/model-registry", "approved")


def _golden(stage: Stage) -> None:
    stage.by("priya").aliases.add(newest(stage, "dataset/parcel-labels"), "golden")
    stage.by("priya").aliases.add(newest(stage, "dataset/search-benchmark"), "golden")


def _planned_collection(stage: Stage) -> None:
    stage.by("kim").collections.create(
        "model/forklift-tracker",
        "model",
        description="# Forklift tracker\n\nPlanned: tracks from the dock cameras. Depends on the depth estimator.",
        tags=["planned"],
    )


def _shadow_test(stage: Stage) -> None:
    """Five versions are tagged at once, on the wrong day; taken back as one, and done again the morning after."""
    tomas = stage.by("tomas")
    chosen = [newest(stage, "model/reranker", back) for back in range(5)]
    with tomas.batch():
        for version in chosen:
            tomas.tags.add(version, "shadow-test")
    stage.at(stage.now + timedelta(minutes=4), lambda: tomas.undo.undo())
    stage.at(stage.now + timedelta(hours=23), lambda: tomas.undo.redo())


def _rename_registry(stage: Stage) -> None:
    nadia = stage.by("nadia")
    nadia.registries.rename("benchmarks", "evaluation")
    stage.names["benchmarks"] = "evaluation"
    text = (
        "Evaluation results, scorecards and release reports of both teams, formerly `benchmarks`. Any type is welcome."
    )
    nadia.registries.describe("evaluation", text)


def _premature_release(stage: Stage) -> None:
    """`prod` goes to a detector that merges parcels at night; back to the one before within a day."""
    kim = stage.by("kim")
    before = kim.versions.get("model/detector:prod")
    bad = next(
        version
        for version in reversed(stage.linked["model/detector"])
        if version.id != before.id and version.number > before.number
    )
    kim.aliases.add(bad, "prod")

    def roll_back() -> None:
        stage.withdrawn.add(bad.id)
        kim.aliases.add(before, "prod")
        kim.aliases.add(before, "staging")
        kim.tags.add(bad, "regression")
        kim.versions.describe(
            bad,
            "Withdrawn on 16 June. Merges adjacent parcels in night frames: recall at docks 4 to 6 fell "
            "from 0.91 to 0.78. Cause: gain correction was missing from the export of the night frames.",
        )

    stage.at("2026-06-16 05:42", roll_back)


def _privacy_deletion(stage: Stage) -> None:
    """A version of the labels shows faces: deleted at its source, though models were trained on it."""
    priya = stage.by("priya")
    version = next(one for one in stage.made["parcel-labels"] if one.number == WITHDRAWN_LABELS)
    priya.versions.describe(
        version, "Privacy report 2026-118: 17 frames with faces. Deleted; the next version is without."
    )
    priya.versions.remove(version, delete_aliases=True)
    stage.made["parcel-labels"].remove(version)


def _approve(stage: Stage) -> None:
    elena = stage.by("elena")
    for collection in ("risk-review/assistant-assessment", "risk-review/toxicity-filter"):
        elena.aliases.add(newest(stage, collection), "approved")


def _sweep(stage: Stage) -> None:
    """Thirty-six adapters on one base in two nights; the best goes to the registry."""
    series = SERIES["support-adapter"]
    swept: list[Version] = []

    def one(number: int) -> None:
        rng = stage.rng("sweep", number)
        author = ("tomas", "omar", "nadia")[number % 3]
        run = sweep(stage, series, author, number, rng)
        hours = rng.uniform(0.7, 1.4)
        score = round(0.84 + rng.gauss(0, 0.014) + (0.02 if number % 4 == 2 else 0), 4)

        def end() -> None:
            lora = run.config["lora"]
            note = f"Sweep of August: rank {lora['r']}, rate {run.config['lr']:.0e}, dropout {lora['dropout']}."
            more = {"score": score, "note": note, "tags": ["sweep-2026-08"]}
            swept.append(log(stage, series, 100 + number, author, run, hours, rng, **more))
            if len(swept) == SWEEP:
                stage.at(stage.now + timedelta(hours=3), lambda: _link_best(stage, series, swept))

        stage.at(stage.now + timedelta(hours=hours), end)

    for number in range(SWEEP):
        stage.at(stage.now + timedelta(minutes=75 * number), lambda number=number: one(number))


def _link_best(stage: Stage, series: Series, swept: list[Version]) -> None:
    best = max(swept, key=lambda version: (stage.scores[version.id], -version.id))
    linked = link(stage, series, best, "tomas")
    assert linked
    stage.by("tomas").tags.add(linked, "sweep-winner")


def _mistaken_unlink(stage: Stage) -> None:
    mateo = stage.by("mateo")
    version = newest(stage, "model/segmenter", back=2)
    mateo.links.remove(version)
    stage.at(stage.now + timedelta(minutes=2), lambda: mateo.undo.undo())


def _launch(stage: Stage) -> None:
    lee = stage.by("lee")
    lee.aliases.add(lee.versions.get("model/assistant:prod"), "launch 🚀")


def _clean_up(stage: Stage) -> None:
    """Baselines that nobody uses any more leave the registry; their sources stay."""
    kim = stage.by("kim")
    for number in (1, 2):
        version = stage.linked["model/detector"][number]
        if not set(kim.versions.get(version).aliases) & {"prod", "staging"}:
            kim.links.remove(version)
            stage.withdrawn.add(version.id)
    kim.tags.add("model/detector:v0", "deprecated")


def _license(stage: Stage) -> None:
    omar = stage.by("omar")
    version = omar.versions.get("model/embedder:prod")
    omar.versions.set_metadata(
        version, {**version.metadata, "license": {"id": "internal", "reviewed_by": "elena", "reviewed": "2026-09-14"}}
    )


def _rename_collection(stage: Stage) -> None:
    stage.by("mateo").collections.rename("model/depth", "depth-estimator")
    stage.names["depth"] = "depth-estimator"


def _diarization(stage: Stage) -> None:
    stage.by("이서연").collections.create(
        f"{SPEECH}/화자 분리",
        "model",
        description="# 화자 분리\n\n상담사와 고객의 발화를 나누는 모델. 첫 버전은 12월에 등록할 예정입니다.",
        tags=["planned", "ko"],
    )


def _short_lived(stage: Stage) -> None:
    """Two ablations that are not worth keeping get ninety days."""
    mateo = stage.by("mateo")
    with mateo.batch():
        for version in [one for one in stage.made["detector"] if one.number % 2][-3:-1]:
            mateo.versions.set_ttl(version, 90 * 86_400)


def _candidate(stage: Stage) -> None:
    stage.by("mateo").aliases.add(newest(stage, "model/detector"), "candidate")


def _candidate_tags(stage: Stage) -> None:
    stage.by("yuki").tags.add(newest(stage, "model/detector"), "night-shift", "reviewed")
