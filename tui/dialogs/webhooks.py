"""Where automations send things: the webhooks that one may use, made, changed and removed.

Their secrets are typed unseen, and nobody sees them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from ...store import Entity, Integration, Store
from .. import wording
from ..fetching import fetch
from ..plans import Work
from ..widgets.forms import Choice, Picker
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line, content
from ..widgets.window import Row
from .dialog import Confirm, PlanDialog, intro, label
from .roster import Roster

Kind = Literal["webhook", "slack"]
KINDS = (("webhook", "webhook: JSON of your own"), ("slack", "Slack: messages"))
COLUMNS = (Column("name", 18), Column("of", 12, drop=2), Column("holds", 13, drop=1), Column("address"))
_NONE = "-"  # typed where a token or secret stood, it takes that away


class WebhooksDialog(Roster):
    BINDINGS: ClassVar = [
        Binding("a,n", "add", show=False),
        Binding("e", "edit", show=False),
        Binding("x,delete", "remove", show=False),
    ]

    def heading(self) -> Line:
        return [("Webhooks that automations may use", "")]

    def fields(self) -> ComposeResult:
        yield intro(
            [
                ("n", "key"), (" new  ", ""), ("enter", "key"), (" change  ", ""), ("x", "key"), (" remove  ", ""),
                ("space", "key"), (" mark", ""),
            ],
        )  # fmt: skip
        yield VirtualTable(COLUMNS, header=True)
        yield Static(id="problem", classes="dialog--label")

    def live(self) -> None:
        fetch(self, "webhooks", self.store.integrations.list, self._show, self.tell)

    def _show(self, found: Sequence[Integration]) -> None:
        self.table.show([_row(one) for one in found], keep=True)
        self.tell(
            "" if found else "There is none yet. Members of a team use its webhooks; everybody the organization's."
        )

    def action_add(self) -> None:
        self.open(WebhookDialog())

    @on(VirtualTable.Chosen)
    def action_edit(self) -> None:
        if self.chosen:
            self.open(WebhookDialog(self.chosen[0]))

    def action_remove(self) -> None:
        chosen: list[Integration] = self.chosen
        if not chosen:
            return

        def remove(store: Store) -> None:
            for one in chosen:
                store.integrations.remove(f"{one.entity}/{one.name}")

        what = chosen[0].name if len(chosen) == 1 else wording.count(len(chosen), "webhook")
        self.open(Confirm([("Remove ", ""), (what, "")], "Remove", remove, danger=True, undoable=False))


class WebhookDialog(PlanDialog):
    """A new webhook, or other words for one that there is."""

    undoable = False

    def __init__(self, webhook: Integration | None = None, kind: Kind = "webhook") -> None:
        self.verb = "Make" if webhook is None else "Save"  # type: ignore[misc]
        super().__init__()
        self.webhook = webhook
        self._kind: Kind = webhook.kind if webhook is not None else kind

    def heading(self) -> Line:
        return [("New webhook", "")] if self.webhook is None else [("Webhook ", ""), (self.webhook.name, "")]

    def fields(self) -> ComposeResult:
        one = self.webhook
        yield label("Name")
        yield Input(one.name if one else "", placeholder="deploys", id="name", compact=True, select_on_focus=False)
        yield label("Whose it is, and what it takes")
        if one is None:
            yield Picker(none="Reading …", id="owner")
            yield Choice(KINDS, self._kind, id="kind")
        else:
            fixed: Line = [(one.entity, "path"), (f"   {dict(KINDS)[one.kind]}", "muted")]
            yield Static(content(fixed), classes="dialog--fixed")
        yield Static(classes="dialog--label", id="about-url")
        shown = one.address if one is not None and one.kind == "webhook" else ""
        yield Input(shown, placeholder="https://…", id="url", compact=True, select_on_focus=False)
        with Vertical(classes="dialog--part", id="secrets"):
            yield label(f"Access token, sent as Authorization: Bearer{_stays(one is not None and one.has_token)}")
            yield Input(password=True, id="token", compact=True)
            yield label(f"Secret that signs what is sent{_stays(one is not None and one.has_secret)}")
            yield Input(password=True, id="secret", compact=True)

    def on_mount(self) -> None:
        self._fit()
        super().on_mount()
        if self.webhook is None:
            store = self.store
            fetch(self, "owners", lambda: [*store.organizations.list(), *store.teams.list()], self._offer)

    def _offer(self, owners: Sequence[Entity]) -> None:
        options = [(one.name, f"{'all of' if one.kind == 'organization' else 'team'} {one.name}") for one in owners]
        self.query_one("#owner", Picker).offer(options, "", none="nobody's: you are in no organization")
        self.replan(0.0)

    @on(Choice.Changed)
    def _fit(self) -> None:
        """Of Slack's webhooks the URL itself is the secret."""
        if self.webhook is None:
            self._kind = "slack" if self.query_one("#kind", Choice).value == "slack" else "webhook"
        slack = self._kind == "slack"
        self.query_one("#secrets").display = not slack
        self.query_one("#url", Input).password = slack
        words = f"URL; it is a secret itself{_stays(self.webhook is not None, gone=False)}" if slack else "URL, https"
        self.query_one("#about-url", Static).update(content([(words, "")]))

    def _typed(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def work(self) -> Work | str:
        one, name, url, kind = self.webhook, self._typed("name"), self._typed("url"), self._kind
        token, secret = (self._typed("token"), self._typed("secret")) if kind == "webhook" else ("", "")
        if one is not None:
            path = f"{one.entity}/{one.name}"
            address = url if url and url != one.address else None
            given = [None if not typed else "" if typed == _NONE else typed for typed in (token, secret)]
            if name == one.name and address is None and given == [None, None]:
                return "Nothing is different yet."
            return lambda store: store.integrations.edit(path, to=name, url=address, token=given[0], secret=given[1])
        owner = self.query_one("#owner", Picker).value
        if not owner:
            return "Reading whose it can be …"
        if not name or not url:
            return f"Give the {'name' if not name else 'URL'}."
        return lambda store: store.integrations.create(
            owner, name, url, kind=kind, token=token or None, secret=secret or None
        )


def _stays(there: bool, *, gone: bool = True) -> str:
    if not there:
        return ""
    return "; empty: it stays" + (f"; {_NONE}: it is taken away" if gone else "")


def _row(one: Integration) -> Row:
    holds = " ".join(what for what, has in (("token", one.has_token), ("secret", one.has_secret)) if has)
    slack = "   Slack" if one.kind == "slack" else ""
    cells: tuple[Line, ...] = (
        [(one.name, "strong")],
        [(one.entity, "path")],
        [(holds, "muted")],
        [(one.address, ""), (slack, "muted")],
    )
    return Row(("webhook", one.id), cells, one)
