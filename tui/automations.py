"""Automations in words: what one waits for and does, how its deliveries stand, and what a change of one comes to."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import wording
from .widgets.text import Line, Word

if TYPE_CHECKING:
    from ..store import Action, Automation, Delivery, Store

NAMED = 8  # automations that are named before "and 4 more"
STATES = {"finished": ("✓ finished", "good"), "failed": ("✗ failed", "bad"), "pending": ("… pending", "warn")}


def state(automation: Automation) -> Line:
    return [("● on", "good")] if automation.enabled else [("○ paused", "muted")]


def deed(action: Action, integration: str | None) -> list[Word]:
    """What an action does; `integration` is its webhook's name."""
    from ..store import Command, Slack, Webhook

    match action:
        case Webhook():
            return [("webhook ", "muted"), (integration or "that is gone", "strong" if integration else "bad")]
        case Slack():
            return [("slack ", "muted"), (integration or "that is gone", "strong" if integration else "bad")]
        case Command(argv):
            return [("runs ", "muted"), (shlex.join(argv), "code")]
        case _:
            return [("nothing", "muted")]


def place(automation: Automation) -> str:
    """Where it watches, as people say it."""
    if automation.scope_kind == "organization":
        return f"all of {automation.scope}"
    return wording.short(automation.scope)


def answer(delivery: Delivery) -> str:
    """The status with which a delivery was answered; "" without one."""
    if delivery.status is None:
        return ""
    return str(delivery.status) if "://" in delivery.target else f"exit {delivery.status}"


def result(delivery: Delivery) -> tuple[str, str]:
    """What came of a delivery in a sentence, and how serious that is."""
    said = answer(delivery)
    said = f" ({'HTTP ' if said.isdecimal() else ''}{said})" if said else ""
    if delivery.state == "finished":
        return f"finished{said}", "information"
    if delivery.state == "failed":
        return f"failed{said}: {delivery.error}", "error"
    if delivery.waiting:
        return "waits for those before it", "warning"
    return (f"not yet{said}: {delivery.error}" if delivery.error else "is under way"), "warning"


def will_run(names: Iterable[str]) -> list[Line]:
    """Which automations a change sets off; nothing where it sets off none."""
    found = list(dict.fromkeys(names))
    if not found:
        return []
    will = " automation will run: " if len(found) == 1 else " automations will run: "
    return [[(f"{len(found):,}", "number"), (will, ""), (wording.listed(found, NAMED), "strong")]]


# -- what a change of one comes to ------------------------------------------------------------------------------


def _number(change: Any) -> int:
    return int(next(fact.split("/")[1] for fact in change.after if fact.startswith("automation/")))


def _name(change: Any) -> Word:
    return (str(change.detail.get("name", "")), "strong")


def _made(store: Store, change: Any) -> list[Line]:
    made = store.automations.get(_number(change))
    words: list[Word] = [("makes the automation ", ""), _name(change), ("" if made.enabled else ", paused", "")]
    words += [(": when ", ""), (made.trigger, "strong"), (" in ", ""), (place(made), "path"), (", ", "")]
    return [[*words, *_does(made.action, made.integration)]]


def _does(action: Action, integration: str | None) -> list[Word]:
    from ..store import Command, Nothing, Slack, Webhook

    words = deed(action, integration)
    match action:
        case Webhook() | Slack():
            return [("it sends to the ", ""), *words]
        case Command():
            return [("it ", ""), *words, (" where it is delivered", "muted")]
        case Nothing():
            return [("nothing is sent; its history says when it would have run", "muted")]


def _edited(store: Store, change: Any) -> list[Line]:
    number = _number(change)
    lines: list[Line] = []
    for fact, after in change.after.items():
        before = change.before.get(fact)
        match fact.rpartition("/")[2]:
            case "name":
                lines.append([("renames ", ""), (str(before), "strong"), (" → ", ""), (str(after), "strong")])
            case "description":
                lines.append([("describes ", ""), _name(change), (" anew", "")])
            case "enabled":
                lines.append(
                    [("lets ", "") if after else ("pauses ", ""), _name(change), (" run" if after else "", "")]
                )
            case "definition":
                lines += _redefined(store.automations.get(number), json.loads(before), json.loads(after))
    return lines


def _redefined(now: Automation, old: dict[str, Any], new: dict[str, Any]) -> list[Line]:
    lines: list[Line] = []
    if any(old[key] != new[key] for key in ("on", "pattern", "filter")):
        lines.append([("runs when ", ""), (now.trigger, "strong"), (" in ", ""), (place(now), "path"), (" now", "")])
    if old["action"] != new["action"]:
        same = all(old["action"].get(key) == new["action"].get(key) for key in ("kind", "integration"))
        if same and "integration" in new["action"]:
            lines.append([("sends something else to the ", ""), *deed(now.action, now.integration)])
        else:
            lines.append([("from now on ", ""), *_does(now.action, now.integration)])
    return lines


def _removed(store: Store, change: Any) -> list[Line]:
    return [
        [
            ("removes the automation ", "bad"), _name(change), (" from ", ""), (_place(change), "path"),
            ("; its history stays, and what it has set off and was not sent yet fails", "muted"),
        ]
    ]  # fmt: skip


def _paused(store: Store, change: Any) -> list[Line]:
    verb = "pauses " if change.action == "automation.pause" else "lets run again: "
    return [[(verb, ""), _name(change)]]


def _place(change: Any) -> str:
    return wording.short(str(change.detail.get("path", "")))


def _hooked(store: Store, change: Any) -> list[Line]:
    name: list[Word] = [("the webhook ", ""), (str(change.detail.get("path", "")), "strong")]
    if change.action == "webhook.remove":
        return [[("removes ", "bad"), *name, (" and its secrets, for good", "bad")]]
    return [[("makes " if change.action == "webhook.create" else "changes ", ""), *name]]


CONSEQUENCES = {
    "webhook.create": _hooked,
    "webhook.edit": _hooked,
    "webhook.remove": _hooked,
    "automation.create": _made,
    "automation.edit": _edited,
    "automation.remove": _removed,
    "automation.pause": _paused,
    "automation.resume": _paused,
}
