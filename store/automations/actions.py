"""What automations do, as JSON and as what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import payload
from .records import Action, Command, Nothing, Slack, Webhook


def said(action: Action) -> dict[str, Any]:
    """An action as JSON."""
    match action:
        case Webhook(integration, template):
            return {"kind": "webhook", "integration": integration, "template": template}
        case Slack(integration, title, message, severity):
            return {
                "kind": "slack", "integration": integration, "title": title, "message": message, "severity": severity,
            }  # fmt: skip
        case Command(argv):
            return {"kind": "command", "argv": list(argv)}
        case Nothing():
            return {"kind": "nothing"}


def action_of(said: Mapping[str, Any]) -> Action:
    """An action from its JSON."""
    match said["kind"]:
        case "webhook":
            return Webhook(said["integration"], said["template"])
        case "slack":
            return Slack(said["integration"], said["title"], said["message"], said["severity"])
        case "command":
            return Command(tuple(said["argv"]))
        case _:
            return Nothing()


def rendered(action: Action, values: Mapping[str, Any], secrets: Mapping[str, str | None] | None = None) -> str:
    """What an action sends; secrets that are not given are masked.

    Raises:
        Invalid: it is too large.
    """
    masked = {"ACCESS_TOKEN": None, "SECRET_NAME": None}
    match action:
        case Webhook(_, template):
            return payload.render(template.strip(), values, masked if secrets is None else secrets)
        case Slack(_, title, message, severity):
            return payload.slack(title, message, severity, values)
        case _:
            return payload.render("", values, {})
