"""A team: its people and what they are in it, and how long its versions live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input, Static

from ...store import Entity, Store
from .. import wording
from ..fetching import fetch
from ..plans import Work
from ..widgets.forms import Choice, Completing
from ..widgets.table import Column, VirtualTable
from ..widgets.text import Line
from ..widgets.window import Row
from . import completion
from .dialog import Confirm, PlanDialog, intro, label
from .organization import ROLES, entities, entity_row
from .removing import read_age
from .roster import Roster

COLUMNS = (Column("who"), Column("is", 9), Column("e-mail", 24, drop=1))


class TeamDialog(Roster):
    BINDINGS: ClassVar = [
        Binding("a,n", "add", show=False),
        Binding("r", "role", show=False),
        Binding("E", "expiry", show=False),
        Binding("x,delete", "remove", show=False),
    ]

    def __init__(self, team: Entity) -> None:
        super().__init__()
        self.team = team

    def heading(self) -> Line:
        return [("Team ", ""), (self.team.name, "")]

    def fields(self) -> ComposeResult:
        keys: Line = [
            ("a", "key"), (" add  ", ""), ("enter", "key"), (" role  ", ""), ("x", "key"), (" take out  ", ""),
            ("E", "key"), (" expiry  ", ""), ("space", "key"), (" mark", ""),
        ]  # fmt: skip
        yield intro(keys)
        yield VirtualTable(COLUMNS, header=True)
        yield Static(id="problem", classes="dialog--label")

    def live(self) -> None:
        store, name = self.store, self.team.name
        fetch(self, "team", lambda: (store.teams.get(name), store.teams.members(name)), self._show, self.tell)

    def _show(self, found: tuple[Entity, list[Entity]]) -> None:
        self.team, people = found
        self.table.show([_row(one) for one in people], keep=True)
        self.tell(f"Its versions live {_lives(self.team)} unless they say otherwise.")

    def action_add(self) -> None:
        self.open(TeamRole(self.team, ()))

    @on(VirtualTable.Chosen)
    def action_role(self) -> None:
        if self.chosen:
            self.open(TeamRole(self.team, self.chosen))

    def action_expiry(self) -> None:
        self.open(TeamExpiry(self.team))

    def action_remove(self) -> None:
        chosen: list[Entity] = self.chosen
        team = self.team.name

        def remove(store: Store) -> None:
            for one in chosen:
                store.teams.remove_member(team, one.name)

        if chosen:
            heading: Line = [("Take ", ""), (entities(chosen), ""), (" out of the team ", ""), (team, "")]
            self.open(Confirm(heading, "Take out", remove))


class TeamRole(PlanDialog):
    """Put somebody into a team, or change what its people are in it."""

    verb = "Give role"

    def __init__(self, team: Entity, people: Sequence[Entity]) -> None:
        super().__init__()
        self.team, self.people = team, list(people)

    def heading(self) -> Line:
        if not self.people:
            return [("Add somebody to the team ", ""), (self.team.name, "")]
        return [("Role of ", ""), (entities(self.people), ""), (" in the team ", ""), (self.team.name, "")]

    def fields(self) -> ComposeResult:
        store = self.store
        if not self.people:
            yield label("A user or a service account")
            yield Completing(lambda text: completion.users(store, text), hint="name", id="who")
        yield label("Role")
        yield Choice(ROLES, (self.people[0].role if self.people else None) or "member", id="role")

    def work(self) -> Work | str:
        team, role = self.team.name, self.query_one("#role", Choice).value
        names = [one.name for one in self.people] or [self.query_one("#who", Completing).text]
        if not names[0]:
            return "Say who. Who there is is offered as you type."

        def give(store: Store) -> None:
            for name in names:
                store.teams.set_member(team, name, role)

        return give


class TeamExpiry(PlanDialog):
    """How long a team's versions live unless they say otherwise."""

    verb = "Set"
    undoable = False

    def __init__(self, team: Entity) -> None:
        super().__init__()
        self.team = team

    def heading(self) -> Line:
        return [("How long versions of ", ""), (self.team.name, ""), (" live", "")]

    def fields(self) -> ComposeResult:
        yield intro([("now: ", "muted"), (_lives(self.team), ""), ("; counted from when each was logged", "muted")])
        yield label("30d, 12h, 6mo, 1y; or never")
        yield Input(placeholder="90d", id="ttl", compact=True)

    def work(self) -> Work | str:
        seconds, team = read_age(self.query_one("#ttl", Input).value), self.team.name
        if seconds is None or seconds == -1:
            return "Say how long: a number with m, h, d, w, mo or y; or never. A team inherits from nobody."
        return lambda store: store.teams.set_default_ttl(team, seconds if seconds > 0 else None)


def _row(one: Entity) -> Row:
    who, role, _, email = entity_row(one).cells
    return Row((one.kind, one.id), (who, role, email), one)


def _lives(team: Entity) -> str:
    return wording.lifetime(team.default_ttl) if team.default_ttl else "for ever"
