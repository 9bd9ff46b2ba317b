"""Automations and the webhooks they use, as the client reads them: triggers and integrations.

Only such are shown as the client has words for: one that waits for something of Curatory's own, or that runs a command,
would make it refuse the whole list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...store import Automation, Integration, Invalid, NotFound, Nothing, Slack, Webhook
from ...store import Project as Record
from . import artifacts, collections, conditions, people, projects
from .base import Call, Object, from_json, gid, size_of, slice_, time

# What automations the door knows, in the client's own words for it.
FEATURES = (
    "AUTOMATION_ACTION_NO_OP",
    "AUTOMATION_EVENT_ADD_ARTIFACT_TAG",
    "AUTOMATION_EVENT_ADD_COLLECTION_TAG",
    "AUTOMATION_EVENT_REMOVE_ARTIFACT_TAG",
    "AUTOMATION_EVENT_REMOVE_COLLECTION_TAG",
    "AUTOMATION_EVENT_UNLINK_ARTIFACT",
    "AUTOMATION_SCOPE_ENTITY",
    "QUERY_AUTOMATIONS_ON_ENTITY",
)


class Trigger(Object):
    """An automation."""

    def __init__(self, call: Call, record: Automation) -> None:
        super().__init__(call)
        self._record = record

    def id(self) -> str:
        return gid("Trigger", self._record.id)

    def created_at(self) -> str | None:
        return time(self._record.created_at)

    def updated_at(self) -> str | None:
        return time(self._record.updated_at)

    def name(self) -> str:
        return self._record.name

    def description(self) -> str | None:
        return self._record.description or None

    def enabled(self) -> bool:
        return self._record.enabled

    def created_by(self) -> people.User | None:
        return artifacts.user(self._call, self._record.created_by)

    def scope(self) -> Object:
        number = self._record.scope_id
        if self._record.scope_kind == "collection":
            return collections.node(self._call, self._store.collections.by_id(number))
        if self._record.scope_kind == "project":
            return projects.Project(self._call, self._store.projects.by_id(number))
        return people.Entity(self._call, self._record.scope)

    def triggering_condition(self) -> dict[str, Any]:
        return conditions.shown(self._record)

    def triggered_action(self) -> dict[str, Any]:
        match self._record.action:
            case Webhook(integration, template):
                return {
                    "__typename": "GenericWebhookTriggeredAction",
                    "integration": self._integration(integration, GenericWebhookIntegration),
                    "requestPayload": payload(template),
                }
            case Slack(integration, title, message, severity):
                return {
                    "__typename": "NotificationTriggeredAction",
                    "integration": self._integration(integration, SlackIntegration),
                    "title": title,
                    "message": message,
                    "severity": severity,
                }
            case _:
                return {"__typename": "NoOpTriggeredAction", "noOp": True}

    def _integration(self, number: int, kind: type[_Integration]) -> _Integration:
        """With its name alone where it is a team's that the viewer is not in."""
        try:
            return kind(self._call, number, self._store.integrations.by_id(number))
        except NotFound:
            return kind(self._call, number, None, self._record.integration or "")


class _Integration(Object):
    interfaces = ("Integration",)

    def __init__(self, call: Call, number: int, record: Integration | None, name: str = "") -> None:
        super().__init__(call)
        self._number = number
        self._record = record
        self._name = record.name if record else name

    def id(self) -> str:
        return gid(self.kind(), self._number)

    def created_at(self) -> str | None:
        return time(self._record.created_at) if self._record else None


class GenericWebhookIntegration(_Integration):
    """A webhook."""

    def name(self) -> str:
        return self._name

    def url_endpoint(self) -> str:
        return self._record.address if self._record else ""


class SlackIntegration(_Integration):
    """A Slack webhook; what its channel is only Slack knows, so it goes by the name it was given here."""

    def team_name(self) -> str:
        return self._record.entity if self._record else ""

    def channel_name(self) -> str:
        return self._name


def integration(call: Call, record: Integration) -> _Integration:
    kind = SlackIntegration if record.kind == "slack" else GenericWebhookIntegration
    return kind(call, record.id, record)


def integrations(call: Call, entity: str, kind: str, first: int | None, after: str | None) -> dict[str, Any]:
    """The webhooks that automations of an entity can use: a team's own, then its organization's; a person's all."""
    owners = {entity}
    if kind == "team":
        owners.add(call.store.teams.get(entity).organization or entity)
    found = [one for one in call.store.integrations.list() if one.entity in owners or kind in ("user", "service")]
    found.sort(key=lambda one: one.entity != entity)
    return {"__typename": "IntegrationConnection"} | slice_(found, lambda one: integration(call, one), first, after)


def payload(template: str) -> str | None:
    """A template as the client takes one: a JSON object, or None."""
    try:
        return template if isinstance(json.loads(template), Mapping) else None
    except ValueError:
        return None


def watching(call: Call) -> dict[str, list[Automation]]:
    """The automations of projects and what is in them, by the path of the project."""
    found: dict[str, list[Automation]] = {}
    for one in visible(call):
        if one.scope_kind != "organization":
            found.setdefault("/".join(one.scope.split("/")[:2]), []).append(one)
    return found


def visible(call: Call, scope: str | None = None) -> list[Automation]:
    """The automations that the viewer sees and that the client can read."""
    return [
        one
        for one in call.store.automations.list(scope)
        if one.on in conditions.NAMES and isinstance(one.action, Webhook | Slack | Nothing)
    ]


def of_project(call: Call, project: Record) -> list[Trigger]:
    return [Trigger(call, one) for one in watching(call).get(project.path, [])]


def of_entity(
    call: Call, entity: str, first: int | None, after: str | None, order: str | None, filters: str | None
) -> dict[str, Any]:
    """An entity's own automations and those of its projects.

    Raises:
        Invalid: they are asked for by something else than their name.
    """
    wanted = from_json(filters, "filter") or {}
    name = wanted.pop("name", None)
    if isinstance(name, Mapping) and name.keys() == {"$eq"}:
        name = name["$eq"]
    if wanted or not isinstance(name, str | None):
        raise Invalid('Automations are found by their name: {"name": …}.')
    found = [one for one in visible(call) if one.scope.split("/")[0] == entity and (name is None or one.name == name)]
    if (order or "").lstrip("+-") in ("createdAt", "created_at"):
        found.sort(key=lambda one: one.id)
    if (order or "").startswith("-"):
        found.reverse()
    return slice_(found, lambda one: Trigger(call, one), first, after)


def projects_first(call: Call, records: Sequence[Record], first: int | None, after: str | None) -> dict[str, Any]:
    """Projects with their automations: those that have some are all on the first page.

    Clients look for automations by walking projects, and stop at the first page in which there are none.
    """
    found = watching(call)
    ordered = sorted(records, key=lambda one: one.path not in found)
    start = int(after) if after and after.isdigit() else 0
    size = size_of(first) if start else max(size_of(first), sum(one.path in found for one in ordered))

    def node(one: Record) -> projects.Project:
        return projects.Project(call, one, [Trigger(call, each) for each in found.get(one.path, ())])

    return {"__typename": "ProjectConnection"} | slice_(ordered, node, size, after)
