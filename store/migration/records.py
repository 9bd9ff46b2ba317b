"""What a migration hands out: plans, its ledger, the two sides of a collection, and what differs. Frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["legacy", "mlflow"]
State = Literal["running", "done", "approved", "rolled back"]
Verdict = Literal["accepted", "flagged"]


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody is before and after.

    Attributes:
        kind: "user" or "service".
        before, after: effective roles; None: it does not exist for them.
        via: where the role before comes from: "team", "organization" or "registry".
        note: what is peculiar about them, for who reads the plan.
    """

    name: str
    kind: str
    before: str | None
    after: str | None
    via: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A collection that will be made.

    Attributes:
        name: what it is called at its source.
        target: what it will be called.
        versions: how many it holds.
        aliases: alias → version number.
    """

    name: str
    target: str
    type: str
    versions: int
    aliases: Mapping[str, int]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that can't be taken over as it is, and what will be done about it.

    Attributes:
        blocking: nothing is migrated until somebody has mended it.
    """

    subject: str
    what: str
    deed: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a migration will do. Making one changes nothing.

    Attributes:
        source: path or address of what is migrated.
        registry: path of the registry that will be made.
        protected: aliases that only admins move, before and after.
        automations: those that are copied, each with the name that its copy gets.
    """

    kind: Kind
    team: str
    source: str
    registry: str
    collections: tuple[Planned, ...]
    people: tuple[Access, ...]
    problems: tuple[Problem, ...]
    protected: tuple[str, ...] = ()
    automations: tuple[tuple[str, str], ...] = ()

    @property
    def versions(self) -> int:
        return sum(one.versions for one in self.collections)

    @property
    def blocked(self) -> bool:
        return any(problem.blocking for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the review of a migration is, in collections."""

    accepted: int
    flagged: int
    total: int

    @property
    def unreviewed(self) -> int:
        return self.total - self.accepted - self.flagged


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration, from its beginning on.

    Attributes:
        state: "running" until all is copied; "approved" once it was signed off, after which nothing rolls it back.
        until: when its write pause should be over.
        collections, copied: how many there are, and how many are there already.
        versions: in all its collections.
    """

    id: int
    kind: Kind
    team: str
    source: str
    source_id: int | None
    registry: str
    registry_id: int
    state: State
    started_at: datetime
    started_by: str
    until: datetime
    ended_at: datetime | None
    collections: int
    copied: int
    versions: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the ledger, and of the review's queue: one collection.

    Attributes:
        name: at its source. target: as it was made.
        path: where it is now; None while it is waiting, and when it has been deleted since.
        note: what was done about a problem of it.
        comment: of who reviewed it.
    """

    id: int
    migration: int
    name: str
    target: str
    path: str | None
    state: Literal["waiting", "done"]
    versions: int
    note: str
    copied_at: datetime | None
    verdict: Verdict | None
    comment: str
    reviewed_by: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SideVersion:
    """A version as it stands on one side.

    Attributes:
        artifact: the id of what is linked there; None where the other side never had ids of ours.
    """

    number: int
    artifact: int | None
    digest: str
    at: datetime
    by: str | None
    description: str
    metadata: str
    tags: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Side:
    """A collection as it stands on one side, old or new."""

    path: str
    name: str
    type: str
    description: str
    tags: tuple[str, ...]
    aliases: Mapping[str, int]
    versions: tuple[SideVersion, ...]
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same on both sides.

    Attributes:
        what: e.g. "alias prod", "v3", "the card".
        old, new: in words; None where it is not there.
    """

    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What comparing both sides showed.

    Attributes:
        counts: what was compared → how many.
        differences: with the collection (or person) that each is of.
    """

    migration: Migration
    counts: Mapping[str, int]
    differences: tuple[tuple[str, Difference], ...]

    @property
    def ok(self) -> bool:
        return not self.differences
