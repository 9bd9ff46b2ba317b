"""Automations: something happens when a registry changes.

A change sets facts (`happenings`), automations are matched against them (`matching`), deliveries are written in the
same transaction (`outbox`), and sent by whoever is there (`worker`, `deliveries`, `sending`).
"""

from __future__ import annotations

from .payload import USUAL, VARIABLES, check_template
from .records import (
    OCCASIONS,
    Action,
    Automation,
    Command,
    Delivery,
    Integration,
    Locked,
    Nothing,
    Occasion,
    Preview,
    Slack,
    Webhook,
)
from .rules import NotAllowed, Rules, read_rules
from .worker import Worker

__all__ = (
    "OCCASIONS",
    "USUAL",
    "VARIABLES",
    "Action",
    "Automation",
    "Command",
    "Delivery",
    "Integration",
    "Locked",
    "NotAllowed",
    "Nothing",
    "Occasion",
    "Preview",
    "Rules",
    "Slack",
    "Webhook",
    "Worker",
    "check_template",
    "read_rules",
)
