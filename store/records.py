"""What the store hands out: frozen records. Times are aware UTC datetimes, sizes are bytes, roles are names.

A record is what was true when it was read; verbs take records or paths, and look again before they change anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")

RoleName = Literal["restricted_viewer", "viewer", "member", "admin"]


def maker(record: type[T]) -> Callable[..., T]:
    """A constructor for a frozen record that takes its fields in order, for lists.

    A frozen dataclass sets each field through `object.__setattr__`, ten times the price of setting it; so the fields
    are set on a twin that is not frozen and has the same slots, which then becomes the record.
    """
    twin = make_dataclass(f"_{record.__name__}", [(f.name, Any) for f in fields(record)], slots=True)  # type: ignore[arg-type]

    def make(*values: Any) -> T:
        made = twin(*values)
        made.__class__ = record
        return made

    return make


@dataclass(frozen=True, slots=True)
class Entity:
    """A user, a service account, a team or an organization.

    Attributes:
        kind: "user", "service", "team" or "organization".
        organization: the organization a team or a service account belongs to; a user's first; None for itself.
        team: the one team a team-scoped service account is tied to.
        role: the organization role ("admin", "member", "viewer"), where people of one organization were listed.
        default_ttl: seconds that a team's versions live unless they say otherwise; None: for ever.
    """

    id: int
    kind: Literal["user", "service", "team", "organization"]
    name: str
    title: str = ""
    email: str = ""
    organization: str | None = None
    team: str | None = None
    role: str | None = None
    default_ttl: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A workspace of an entity: source project, registry or legacy model registry.

    Attributes:
        name: the path segment; of a registry it starts with "wandb-registry-".
        role: what the reading actor effectively is in it.
        types: accepted artifact types; with `any_type`, those in use.
        collections: how many collections it holds.
    """

    id: int
    kind: Literal["project", "registry", "legacy"]
    entity: str
    name: str
    description: str
    visibility: Literal["organization", "restricted", "team"]
    owner: str | None
    core: bool
    any_type: bool
    types: tuple[str, ...]
    protected_aliases: tuple[str, ...]
    collections: int
    role: RoleName
    created_at: datetime
    created_by: str | None
    updated_at: datetime

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.name}"

    @property
    def title(self) -> str:
        """What people call it: "Models" and "Datasets" for the core registries, else the name without its prefix."""
        if self.core:
            return {"model": "Models", "dataset": "Datasets"}.get(self.short_name, self.short_name)
        return self.short_name

    @property
    def short_name(self) -> str:
        return self.name.removeprefix("wandb-registry-") if self.kind == "registry" else self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """A named series of versions inside a project.

    Attributes:
        kind: "sequence" when runs log into it, "portfolio" when versions are linked into it.
        latest: the number that `latest` points to, None when it is empty.
        versions: how many versions it holds now.
        aliases: alias → version number, without `latest` and `vN`.
    """

    id: int
    kind: Literal["sequence", "portfolio"]
    entity: str
    project: str
    project_id: int
    project_kind: Literal["project", "registry", "legacy"]
    name: str
    type: str
    description: str
    tags: tuple[str, ...]
    aliases: Mapping[str, int]
    versions: int
    latest: int | None
    next_number: int
    created_at: datetime
    created_by: str | None
    updated_at: datetime

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.project}/{self.name}"

    @property
    def short_path(self) -> str:
        """The form people type: registries by their own name, other projects in full."""
        if self.project_kind == "registry":
            return f"{self.project.removeprefix('wandb-registry-')}/{self.name}"
        return self.path


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable artifact at one place: its own sequence, or a collection it is linked into.

    What belongs to the artifact is the same at every place (digest, metadata, tags, description, size, TTL);
    what belongs to the place is its number, aliases, and when and by whom it was put there.

    Attributes:
        id: the artifact, the same at every place.
        digest: W&B's manifest digest, hex md5.
        ttl: seconds from `created_at` after which it is deleted; -1 as its team says, -2 never.
        source: path of the place it was logged to; equal to `path` unless this is a link.
        state: "pending" (an upload is not finished), "committed" or "deleted".
        run: path of the run that logged it.
        metadata_json: its metadata as JSON text; `metadata` is the object.
    """

    id: int
    membership_id: int
    collection_id: int
    project_id: int
    project_kind: Literal["project", "registry", "legacy"]
    entity: str
    project: str
    collection: str
    number: int
    type: str
    state: Literal["pending", "committed", "deleted"]
    digest: str
    size: int
    file_count: int
    description: str
    metadata_json: str
    ttl: int
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    is_link: bool
    source: str
    run: str | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    linked_at: datetime
    linked_by: str | None

    @property
    def metadata(self) -> dict[str, Any]:
        """A fresh copy; most lists never look at it."""
        return json.loads(self.metadata_json)

    @property
    def name(self) -> str:
        return f"{self.collection}:v{self.number}"

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.project}/{self.collection}:v{self.number}"

    @property
    def short_path(self) -> str:
        if self.project_kind == "registry":
            return f"{self.project.removeprefix('wandb-registry-')}/{self.name}"
        return self.path


@dataclass(frozen=True, slots=True)
class File:
    """An entry of a manifest.

    Attributes:
        path: relative, with forward slashes.
        digest: base64 md5 of the bytes; for a reference its etag, or what the client gave.
        sha256: address of the bytes in the blob store; None for a reference.
        uri: where a reference points; None for stored bytes.
    """

    path: str
    size: int
    digest: str
    sha256: str | None = None
    uri: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution that logs metrics, uses and produces versions.

    Attributes:
        name: the id in its path; `title` is what people call it.
        summary: the last value of each metric.
        exit_code: None while it runs.
    """

    id: int
    entity: str
    project: str
    project_id: int
    name: str
    title: str
    state: Literal["running", "finished", "failed", "crashed", "killed"]
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    job_type: str
    group: str
    notes: str
    created_at: datetime
    created_by: str | None
    heartbeat_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    tags: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"{self.entity}/{self.project}/{self.name}"


@dataclass(frozen=True, slots=True)
class Member:
    """Who may do what in a registry, and why.

    Attributes:
        role: the role given to this user or team itself; None when it comes only from elsewhere.
        effective: the highest of all.
        via: where the effective role comes from: "registry", "organization", or a team's name.
        owner: accountable for the registry; no extra permission.
    """

    name: str
    kind: Literal["user", "service", "team", "organization"]
    role: RoleName | None
    effective: RoleName
    via: str
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One change: who made it and when, what was before and after.

    Attributes:
        seq: its place in the log, without gaps.
        action: e.g. "alias.add"; the noun first.
        detail: names as they were then, for people: "path", "version", "alias", …
        before, after: fact → value; a fact's key names one cell of the store, e.g. "alias/12/prod".
        batch: id shared by changes that were made as one and are undone as one.
        undoes: the event that this one takes back.
        undone_by: the event that took this one back; doing it again is a further event.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    batch: str | None
    undoes: int | None
    hash: str
    project_id: int | None
    collection_id: int | None
    version_id: int | None
    person_id: int | None
    undone_by: int | None = None

    @property
    def subject(self) -> str:
        """What it happened to, as it was called then."""
        return str(self.detail.get("path", ""))


@dataclass(frozen=True, slots=True)
class Located:
    """Where a row stands in a list.

    Attributes:
        index: how many rows stand before it.
        before: as `after=`, for the page that begins with the row; None when it is the first.
        at: as `after=`, for the page that begins behind it; in the opposite order, for the rows before it.
    """

    index: int
    before: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Held:
    """What an alias names, and what it named before.

    Attributes:
        now: the number of the version that has it; None: nobody.
        before: the number of another version that had it last; None: there was none.
        state: of that version: "there", "unlinked" from the collection, or "deleted" at its source.
        at, by: when it left that version, and who moved it.
    """

    alias: str
    now: int | None
    before: int | None = None
    state: Literal["there", "unlinked", "deleted"] = "there"
    at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a longer list.

    Attributes:
        after: give it back as `after=` for the next page; None on the last.
        total: how many there are in all, where that was asked for.
    """

    items: tuple[T, ...]
    after: str | None
    total: int | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
