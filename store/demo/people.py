"""Who is at acme, when they came and what they may do; the registries they set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from .stage import day

if TYPE_CHECKING:
    from .stage import Stage

ORGANIZATION = "acme"
FOUNDER = "ana"
SPEECH = "음성 모델"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the organization, or a service account.

    Attributes:
        teams: team → role in it.
        joined, left: days; "" for never.
        team: the one team that a service account is tied to.
    """

    name: str
    joined: str
    teams: dict[str, str] = field(default_factory=dict)
    role: str = "member"
    left: str = ""
    service: bool = False
    team: str | None = None

    def present(self, moment: datetime) -> bool:
        return day(self.joined) < moment and (not self.left or moment < day(self.left))


PEOPLE = (
    Person("kim", "2025-11-24 09:00", {"vision": "admin"}),
    Person("lee", "2025-11-24 09:05", {"language": "admin"}),
    Person("priya", "2025-11-24 09:10", {"vision": "member"}),
    Person("mateo", "2025-12-01 08:30", {"vision": "member"}),
    Person("tomas", "2025-12-01 08:40", {"language": "member"}),
    Person("nadia", "2025-12-08 09:00", {"vision": "member", "language": "member"}),
    Person("yuki", "2026-01-12 08:15", {"vision": "member"}),
    Person("ben", "2026-01-19 09:30", {"vision": "member"}, left="2026-07-31 15:00"),
    Person("이서연", "2026-02-02 08:00", {"language": "member"}),
    Person("elena", "2026-02-16 09:00", {"language": "viewer"}),
    Person("omar", "2026-03-02 08:45", {"language": "member"}),
    Person("grace", "2026-03-16 09:20", role="viewer"),
    Person("release-bot", "2025-12-09 10:00", service=True),
    Person("pretrain-bot", "2025-11-28 10:00", service=True, team="language"),
)
BY_NAME = {person.name: person for person in PEOPLE}


def present(names: tuple[str, ...], moment: datetime) -> list[str]:
    """Those of some people who are there at a moment."""
    return [name for name in names if BY_NAME[name].present(moment)]


def arrive(stage: Stage) -> None:
    """Everybody's coming and going, and the registries, on the schedule."""
    stage.at("2025-11-24 08:30", lambda: found_registries(stage))
    for person in PEOPLE:
        stage.at(person.joined, lambda person=person: _join(stage, person))
    stage.at("2025-11-24 11:00", lambda: _appoint(stage))
    stage.at("2025-12-09 10:20", lambda: _add(stage, "kim", "model", "release-bot", "admin"))
    stage.at("2026-02-10 02:00", lambda: _speech(stage))
    stage.at("2026-01-20 13:00", lambda: _benchmarks(stage))
    stage.at("2026-03-09 09:30", lambda: _risk(stage))
    stage.at("2026-03-17 10:00", lambda: _add(stage, "ana", "model", "grace", "viewer"))
    stage.at("2026-03-23 15:10", lambda: _restrict(stage))
    stage.at("2026-07-31 15:00", lambda: _leave(stage, "ben"))


def found_registries(stage: Stage) -> None:
    """The second team; the core registries are there from the beginning."""
    ana = stage.by(FOUNDER)
    ana.teams.create("language")
    for alias in ("prod", "staging"):
        ana.registries.protect("model", alias)
    ana.registries.protect("dataset", "golden")
    for registry in ("model", "dataset"):
        for team in ("vision", "language"):
            ana.members.add(registry, team, "member")


def _join(stage: Stage, person: Person) -> None:
    ana = stage.by(FOUNDER)
    email = "" if person.service else f"{_latin(person.name)}@acme.example"
    ana.users.add(person.name, role=person.role, email=email, service=person.service, team=person.team)
    for team, role in person.teams.items():
        ana.teams.set_member(team, person.name, role)


def _latin(name: str) -> str:
    return {"이서연": "seoyeon.lee"}.get(name, name)


def _appoint(stage: Stage) -> None:
    for registry, name in (("model", "kim"), ("model", "lee"), ("dataset", "priya")):
        _add(stage, FOUNDER, registry, name, "admin")
    stage.by(FOUNDER).registries.set_owner("model", "kim")
    stage.by(FOUNDER).registries.set_owner("dataset", "priya")


def _add(stage: Stage, actor: str, registry: str, name: str, role: str) -> None:
    stage.by(actor).members.add(registry, name, role)


def _speech(stage: Stage) -> None:
    seoyeon = stage.by("이서연")
    seoyeon.registries.create(
        SPEECH,
        types=["model"],
        description="창고 음성 주문과 상담 녹취에 쓰는 한국어 음성 인식·합성 모델. "
        "운영 배포는 `prod` 별칭만 사용합니다.",
    )
    seoyeon.registries.protect(SPEECH, "prod")
    seoyeon.members.add(SPEECH, "language", "member")
    seoyeon.members.add(SPEECH, "kim", "viewer")


def _benchmarks(stage: Stage) -> None:
    nadia = stage.by("nadia")
    nadia.registries.create(
        "benchmarks",
        description="Evaluation results, scorecards and release reports of both teams. Any artifact type is welcome.",
    )
    for team in ("vision", "language"):
        nadia.members.add("benchmarks", team, "member")
    nadia.members.add("benchmarks", "yuki", "viewer")


def _risk(stage: Stage) -> None:
    elena = stage.by("elena")
    elena.registries.create(
        "risk-review",
        types=["model", "risk-assessment"],
        description="Models under review before they talk to customers, with the assessment that belongs to each.",
    )
    elena.registries.protect("risk-review", "approved")
    elena.members.add("risk-review", "lee", "member")


def _restrict(stage: Stage) -> None:
    """Findings about models in review are for the reviewers: elena closes the registry and names who stays."""
    elena = stage.by("elena")
    elena.registries.set_visibility("risk-review", "restricted")
    elena.members.add("risk-review", "tomas", "member")
    elena.members.add("risk-review", "omar", "viewer")


def _leave(stage: Stage, name: str) -> None:
    """An internship ends: first out of the registry by its admin, then out of the store."""
    stage.by(FOUNDER).users.remove(name)
