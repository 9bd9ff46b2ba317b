"""Changes to automations and to the webhooks they use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...store import Action, Automation, Conflict, Invalid, NotFound, Nothing, Slack, Webhook
from . import automations, conditions
from .base import Object, Told, number_of

_SCOPES: Mapping[str, tuple[str, ...]] = {
    "PROJECT": ("Project", "ProjectInternalId"),
    "ARTIFACT_COLLECTION": ("ArtifactSequence", "ArtifactPortfolio", "ArtifactCollection"),
    "ENTITY": ("Entity", "Organization", "Team"),
}
_KINDS = {"PROJECT": "project", "ARTIFACT_COLLECTION": "collection", "ENTITY": "organization"}


class AutomationChanges(Object):
    def create_filter_trigger(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """A new automation; clients take 409 for "there is one of that name"."""
        occasion = conditions.occasion_of(input["triggering_event_type"])
        pattern, filter = conditions.read(input.get("event_filter"), occasion)
        action = _action(input["triggered_action_type"], input.get("triggered_action_config"))
        scope = self._scope(input["scope_type"], input["scope_id"])
        try:
            made = self._store.automations.create(
                input["name"],
                scope,
                occasion.name,
                action,
                pattern=pattern,
                filter=filter,
                description=input.get("description") or "",
                enabled=input.get("enabled") is not False,
            )
        except Conflict as error:
            raise Told(409, str(error)) from None
        return {"__typename": "CreateFilterTriggerPayload", "trigger": automations.Trigger(self._call, made)}

    def update_filter_trigger(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is said anew. A client says everything again: what it says as it was shown stays as it is."""
        number = number_of(input["id"], "Trigger")
        try:
            found = self._store.automations.get(number)
        except NotFound as error:
            raise Told(404, str(error)) from None
        self._refuse_moved(found, input)
        on = pattern = filter = None
        if _condition(found) != (input.get("triggering_event_type"), _tree(input.get("event_filter"))):
            occasion = found.occasion
            if input.get("triggering_event_type"):
                occasion = conditions.occasion_of(input["triggering_event_type"])
                on = occasion.name
            if input.get("event_filter"):
                pattern, filter = conditions.read(input["event_filter"], occasion)
        action: Action | None = None
        if input.get("triggered_action_type"):
            action = _action(input["triggered_action_type"], input.get("triggered_action_config"))
        made = self._store.automations.edit(
            number,
            to=input.get("name"),
            description=input.get("description"),
            enabled=input.get("enabled"),
            on=on,
            pattern=pattern,
            filter=filter,
            action=None if action is None or _same(action, found.action) else action,
        )
        return {"__typename": "UpdateFilterTriggerPayload", "trigger": automations.Trigger(self._call, made)}

    def delete_trigger(self, input: Mapping[str, Any]) -> dict[str, Any]:
        self._store.automations.remove(number_of(input["trigger_id"], "Trigger"))
        return {"__typename": "DeleteTriggerPayload", "success": True}

    def create_generic_webhook_integration(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """A new webhook. Its secrets are kept with it, so there is nothing that a client could refer to."""
        if input.get("access_token_ref") or input.get("secret_ref"):
            raise Invalid(
                "Curatory keeps a webhook's token and secret with the webhook, not by names of their own: make it with "
                "`curatory webhook add`, which asks for them."
            )
        made = self._store.integrations.create(input.get("entity_name"), input["name"], input["url_endpoint"])
        node = automations.integration(self._call, made)
        return {"__typename": "CreateGenericWebhookIntegrationPayload", "integration": node}

    def _scope(self, kind: str, text: str) -> Any:
        """What an automation watches, as the store takes it."""
        number = _scope_number(kind, text)
        if kind == "PROJECT":
            return self._store.projects.by_id(number).path
        if kind == "ARTIFACT_COLLECTION":
            return self._store.collections.by_id(number).path
        return self._store.paths.entity(self._store.users.name_of(number))

    @staticmethod
    def _refuse_moved(found: Automation, input: Mapping[str, Any]) -> None:
        kind, text = input.get("scope_type"), input.get("scope_id")
        if kind and text and (_KINDS.get(kind), _scope_number(kind, text)) != (found.scope_kind, found.scope_id):
            raise Invalid(
                f"An automation watches what it was made for: {found.name!r} stays at {found.scope}. Make a new one "
                "there, and delete this one."
            )


def _scope_number(kind: str, text: str) -> int:
    if kind not in _SCOPES:
        raise Invalid(f"Curatory has no scope {kind}. It has: {', '.join(_SCOPES)}.")
    return number_of(text, *_SCOPES[kind])


def _action(kind: str, config: Mapping[str, Any] | None) -> Action:
    """What a client wants done.

    Raises:
        Invalid: it is nothing that is done here.
    """
    config = config or {}
    match kind:
        case "GENERIC_WEBHOOK":
            said = config.get("generic_webhook_action_input") or {}
            template = said.get("request_payload")
            return Webhook(_integration(said), "" if template in (None, "null") else template)
        case "NOTIFICATION":
            said = config.get("notification_action_input") or {}
            title, message = said.get("title") or "", said.get("message") or ""
            return Slack(_integration(said), title, message, said.get("severity") or "INFO")
        case "NO_OP":
            return Nothing()
    raise Invalid(f"Curatory has no action {kind}. It has: GENERIC_WEBHOOK, NOTIFICATION, NO_OP.")


def _integration(said: Mapping[str, Any]) -> int:
    return number_of(said.get("integration_id") or "", "GenericWebhookIntegration", "SlackIntegration")


def _same(asked: Action, found: Action) -> bool:
    """Whether an action is the one that a client was shown."""
    if isinstance(asked, Webhook) and isinstance(found, Webhook):
        shown = automations.payload(found.template)
        return asked.integration == found.integration and _tree(asked.template) == _tree(shown)
    return asked == found


def _condition(found: Automation) -> tuple[str, Any]:
    """Event and filter as a client was shown them."""
    if found.on not in conditions.NAMES:
        return "", None
    shown = conditions.shown(found)
    return shown["eventType"], _tree(json.loads(shown["filter"])["filter"])


def _tree(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
