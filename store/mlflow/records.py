"""What MLflow keeps of a model registry, in one form whether it was read from a file or from a server.

Source: MLflow 3.17's tables and its REST API 2.0. Times are aware UTC datetimes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

PROMPT, PROMPT_TEXT = "mlflow.prompt.is_prompt", "mlflow.prompt.text"
DELETED = "Deleted_Internal"  # the stage of a deleted version, whose row stays


@dataclass(frozen=True, slots=True)
class Dataset:
    """An input of a run.

    Attributes:
        source: a URI, or JSON that holds one.
        context: what it was used for, such as "training".
    """

    name: str
    digest: str
    source_type: str
    source: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that logged a version.

    Attributes:
        status: RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.
        metrics: the last value of each; what JSON has no number for as "NaN", "Infinity" or "-Infinity".
        deleted: it is in MLflow's trash.
    """

    id: str
    name: str
    author: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    artifact_uri: str
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A model version.

    Attributes:
        source: what it was registered from: a URI, `runs:/…`, `models:/m-…` or `models:/name/number` of a copy.
        storage: where its files are; a URI, a path, or `runs:/…`.
    """

    number: int
    created_at: datetime
    updated_at: datetime | None
    description: str
    stage: str
    source: str
    storage: str
    run_id: str | None
    status: str
    status_message: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model, or a prompt.

    Attributes:
        aliases: alias → version number.
        deleted: numbers of versions that were deleted; a server does not tell them.
    """

    name: str
    description: str
    created_at: datetime
    updated_at: datetime | None
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    deleted: tuple[int, ...] = ()

    @property
    def is_prompt(self) -> bool:
        return self.tags.get(PROMPT, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could not be read, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registry:
    """All of a registry.

    Attributes:
        address: where it was read from, without anybody's password.
        runs: id → the run, of those that logged a version.
        login: user and password that the address held, for who fetches files; never shown or stored.
    """

    address: str
    models: tuple[Model, ...]
    runs: Mapping[str, Run]
    skipped: tuple[Skipped, ...] = ()
    login: tuple[str, str] | None = field(default=None, repr=False, compare=False)


def moment(milliseconds: int | str | None) -> datetime | None:
    """MLflow's times are milliseconds since 1970; a server writes them as text.

    None for what no calendar has: a run's times are whatever its script gave, such as nanoseconds.
    """
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None
    except (ValueError, OverflowError, OSError):
        return None


def known(milliseconds: int | str | None) -> datetime:
    """A time that must be there; the beginning of time where it is not."""
    return moment(milliseconds) or datetime.fromtimestamp(0, UTC)


def metric(value: float | str) -> float | str:
    """A metric as JSON can hold it."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
