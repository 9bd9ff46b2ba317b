"""What the store hands out about automations. Secrets are in none of these records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ..errors import Unavailable

ScopeKind = Literal["organization", "project", "collection"]
IntegrationKind = Literal["webhook", "slack"]
State = Literal["pending", "finished", "failed"]
Severity = Literal["INFO", "WARN", "ERROR"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """A kind of change that an automation can wait for.

    Attributes:
        name: as it is typed.
        variable: what `${event_type}` becomes.
        words: completes "when …".
        target: what a filter is about: "versions", "collections", or None where nothing can be filtered.
        patterned: whether a pattern can be asked for: of the alias, the tag or the role.
    """

    name: str
    variable: str
    words: str
    target: Literal["versions", "collections"] | None = "versions"
    patterned: bool = False


OCCASIONS: Mapping[str, Occasion] = {
    one.name: one
    for one in (
        Occasion("version.link", "LINK_ARTIFACT", "a version is linked", patterned=True),
        Occasion("version.unlink", "UNLINK_ARTIFACT", "a version is unlinked"),
        Occasion("version.create", "CREATE_ARTIFACT", "a version is logged", patterned=True),
        Occasion("version.delete", "DELETE_ARTIFACT", "a version is deleted"),
        Occasion("alias.add", "ADD_ARTIFACT_ALIAS", "an alias is added", patterned=True),
        Occasion("alias.remove", "REMOVE_ARTIFACT_ALIAS", "an alias is removed", patterned=True),
        Occasion("tag.add", "ADD_ARTIFACT_TAG", "a version is tagged", patterned=True),
        Occasion("tag.remove", "REMOVE_ARTIFACT_TAG", "a version's tag is removed", patterned=True),
        Occasion("collection.create", "CREATE_COLLECTION", "a collection is made", "collections"),
        Occasion("collection.delete", "DELETE_COLLECTION", "a collection is deleted", "collections"),
        Occasion("collection_tag.add", "ADD_COLLECTION_TAG", "a collection is tagged", "collections", True),
        Occasion(
            "collection_tag.remove", "REMOVE_COLLECTION_TAG", "a collection's tag is removed", "collections", True
        ),
        Occasion("role.change", "CHANGE_ROLE", "a role changes", None, True),
        Occasion("migration.end", "END_MIGRATION", "a migration ends", None),
        Occasion("review.sign_off", "SIGN_OFF_REVIEW", "a migration is signed off", None),
    )
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Send a payload to a webhook.

    Attributes:
        integration: the webhook's id.
        template: the payload with `${…}` variables, JSON; "" for the usual one.
    """

    integration: int
    template: str = ""


@dataclass(frozen=True, slots=True)
class Slack:
    """Send a message, shaped as Slack reads it, to a webhook; `${…}` variables in both texts."""

    integration: int
    title: str
    message: str = ""
    severity: Severity = "INFO"


@dataclass(frozen=True, slots=True)
class Command:
    """Run a program where the delivery is made: no shell, the payload on its standard input."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Only keep in the history that it would have run."""


Action = Webhook | Slack | Command | Nothing


@dataclass(frozen=True, slots=True)
class Automation:
    """Something that happens when a registry changes.

    Attributes:
        scope: path of the registry, project or collection that it watches; an organization's name.
        on: the name of an `OCCASIONS`.
        pattern: of the alias, tag or role: a name, one with `*` and `?`, or `~` and a regular expression; "": any.
        filter: in the one filter language; "": all.
        integration: the name of the webhook that the action uses, None where it uses none.
        created_by: None: somebody who is not there any more.
        delivered: when its newest delivery was made or tried; None: never.
    """

    id: int
    name: str
    description: str
    enabled: bool
    scope_kind: ScopeKind
    scope_id: int
    scope: str
    on: str
    pattern: str
    filter: str
    action: Action
    integration: str | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    delivered: datetime | None = None

    @property
    def occasion(self) -> Occasion:
        return OCCASIONS[self.on]

    @property
    def trigger(self) -> str:
        """What it waits for, in words: "an alias is added ~ prod-.*, tag:eu"."""
        parts = [self.occasion.words, self.pattern]
        return " ".join(part for part in parts if part) + (f", {self.filter}" if self.filter else "")


@dataclass(frozen=True, slots=True)
class Integration:
    """Where a team's or an organization's automations send things.

    Attributes:
        entity: the team or organization that it belongs to.
        address: a webhook's URL; of a Slack webhook, whose URL is a secret itself, the host.
        has_token, has_secret: whether they were given; nobody can read them again.
        token_name, secret_name: what they are called in templates, besides ACCESS_TOKEN and SECRET_NAME.
    """

    id: int
    kind: IntegrationKind
    entity: str
    entity_id: int
    name: str
    address: str
    has_token: bool
    has_secret: bool
    token_name: str
    secret_name: str
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One sending of one automation for one change.

    Attributes:
        event: the number of the event in the log; None for a test.
        about: path of what it happened to.
        on: the name of an `OCCASIONS`.
        request: what was sent, secrets left out; "" before the first try.
        status: the answer's HTTP status, or a command's exit status.
        response: how the answer begins.
        error: why the last try did not do.
        due: when the next try is made, while it is pending and not waiting.
        waiting: for those of its lane that are before it.
        lane: deliveries of one lane are made one after the other, in order.
        earlier: what came of the tries before its newest, oldest first; only where one delivery was asked for.
        asked_by: who had it tested or sent again; None: nobody, or somebody who is not there any more.
    """

    id: int
    automation_id: int
    automation: str
    event: int | None
    on: str
    about: str
    state: State
    tries: int
    created_at: datetime
    due: datetime | None
    ended_at: datetime | None
    target: str
    request: str
    status: int | None
    response: str
    error: str
    test: bool
    lane: str
    waiting: bool = False
    asked_by: str | None = None
    earlier: tuple[Try, ...] = ()


@dataclass(frozen=True, slots=True)
class Try:
    """What came of one of a delivery's tries before its newest."""

    at: datetime
    status: int | None
    response: str
    error: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an automation would have done.

    Attributes:
        fired: how often it would have run since `since`.
        capped: only the newest `looked` events were looked through.
        newest: the values of the newest time, as templates see them; those of an example, if there was none.
        payload: what would be sent with them, secrets masked.
        example: `newest` is an example.
    """

    fired: int
    since: datetime
    looked: int
    capped: bool
    newest: Mapping[str, Any] = field(default_factory=dict)
    payload: str = ""
    example: bool = False


class Locked(Unavailable):
    """The key that opens the store's secrets is not on this machine."""
