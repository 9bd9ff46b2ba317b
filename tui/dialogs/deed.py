"""What an automation does, as fields: the kind, where it is sent to, and what is sent."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from ...store import USUAL, VARIABLES, Action, Command, Integration, Nothing, Slack, Webhook
from ..widgets.forms import Area, Choice, Picker
from ..widgets.text import content
from .dialog import label

Severity = Literal["INFO", "WARN", "ERROR"]
WEBHOOK, SLACK, COMMAND, NOTHING = "webhook", "slack", "command", "nothing"
KINDS = ((WEBHOOK, "webhook"), (SLACK, "Slack message"), (COMMAND, "command"), (NOTHING, "nothing, only count"))
SEVERITIES = (("INFO", "info"), ("WARN", "warning"), ("ERROR", "error"))
_TEMPLATE = json.dumps(json.loads(USUAL), indent=2)
_OF_MESSAGES = [name for name in VARIABLES if name.lower() == name or "<" in name]


def _kind(action: Action | None) -> str:
    match action:
        case Slack():
            return SLACK
        case Command():
            return COMMAND
        case Nothing():
            return NOTHING
        case _:
            return WEBHOOK


def _severity(value: str) -> Severity:
    return "ERROR" if value == "ERROR" else "WARN" if value == "WARN" else "INFO"


def _variables(names: Sequence[str]) -> str:
    return " ".join(f"${{{name}}}" for name in names)


class Deed(Vertical):
    """
    Attributes:
        known: the webhooks that may be used; None while they are being read.
    """

    def __init__(self, action: Action | None) -> None:
        super().__init__(classes="dialog--part")
        self._given = action
        self.known: Sequence[Integration] | None = None

    def compose(self) -> ComposeResult:
        given = self._given
        yield label("Then")
        yield Choice(KINDS, _kind(given), id="kind")
        with Vertical(classes="dialog--part", id="with-integration"):
            yield Static(
                content([("Sent to", ""), ("   ^n", "key"), (" makes a webhook", "muted")]), classes="dialog--label"
            )
            yield Picker(none="Reading …", id="integration")
        with Vertical(classes="dialog--part", id=f"with-{WEBHOOK}"):
            yield label(f"What is sent, JSON. In its strings: {_variables(list(VARIABLES))}")
            template = given.template if isinstance(given, Webhook) else ""
            yield Area(template or _TEMPLATE, id="template")
        with Vertical(classes="dialog--part", id=f"with-{SLACK}"):
            said = given if isinstance(given, Slack) else Slack(0, "${artifact_version_string}: ${event_type}")
            yield label(f"Title. In it and in the message: {_variables(_OF_MESSAGES)}")
            yield Input(said.title, compact=True, select_on_focus=False, id="title")
            yield label("Message")
            yield Area(said.message, id="message")
            yield label("How serious it is")
            yield Choice(SEVERITIES, said.severity, id="severity")
        with Vertical(classes="dialog--part", id=f"with-{COMMAND}"):
            yield label("Program and what it is given; no shell reads it, the payload is on its standard input")
            argv = shlex.join(given.argv) if isinstance(given, Command) else ""
            yield Input(argv, placeholder="/usr/local/bin/deploy --now", compact=True, select_on_focus=False, id="argv")

    def on_mount(self) -> None:
        self._fit()

    @property
    def kind(self) -> str:
        return self.query_one("#kind", Choice).value

    def offer(self, known: Sequence[Integration], chosen: Integration | None = None) -> None:
        """The webhooks that there are to choose from."""
        self.known = known
        if chosen is not None:
            self.query_one("#integration", Picker).value = str(chosen.id)
        self._fit()

    @on(Choice.Changed)
    def _fit(self) -> None:
        """Show the fields of the kind that is chosen, and the webhooks that fit it."""
        kind = self.kind
        for name in (WEBHOOK, SLACK, COMMAND):
            self.query_one(f"#with-{name}").display = name == kind
        self.query_one("#with-integration").display = kind in (WEBHOOK, SLACK)
        if self.known is None or kind not in (WEBHOOK, SLACK):
            return
        picker, given = self.query_one("#integration", Picker), self._given
        value = picker.value or (str(given.integration) if isinstance(given, Webhook | Slack) else "")
        options = [(str(one.id), f"{one.entity}/{one.name}  {one.address}") for one in self._fitting()]
        picker.offer(options, value, none="there is none yet")

    def _fitting(self) -> list[Integration]:
        return [one for one in self.known or () if one.kind == self.kind]

    def action(self) -> Action | str:
        """What the fields ask for; or, in words, what is missing yet."""
        match self.kind:
            case "nothing":
                return Nothing()
            case "command":
                return self._command()
        if self.known is None:
            return "Reading which webhooks there are …"
        if not self._fitting():
            what = "Slack webhook" if self.kind == SLACK else "webhook"
            return f"There is no {what} yet that you may use: ctrl+n makes one. “Nothing” counts without sending."
        number = int(self.query_one("#integration", Picker).value)
        if self.kind == WEBHOOK:
            template = self.query_one("#template", Area).text
            return Webhook(number, "" if template.strip() in ("", _TEMPLATE) else template)
        title, message = self.query_one("#title", Input).value.strip(), self.query_one("#message", Area).text
        return Slack(number, title, message.strip(), _severity(self.query_one("#severity", Choice).value))

    def _command(self) -> Action | str:
        try:
            argv = shlex.split(self.query_one("#argv", Input).value)
        except ValueError as error:
            return f"That is no whole command yet: {error}."
        return Command(tuple(argv)) if argv else "Give the program that is run."
