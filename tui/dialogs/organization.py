"""The organization: its people with what they are in it, and its teams; each changed by a plan."""

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
from ..widgets.text import Line, plain
from ..widgets.window import Row
from . import completion
from .dialog import Confirm, PlanDialog, intro, label
from .roster import Roster

ROLES = (("admin", "admin"), ("member", "member"), ("viewer", "viewer"))
COLUMNS = (Column("who"), Column("is", 9), Column("of team", 16, drop=2), Column("e-mail", 24, drop=1))
SIGNS = {"user": "·", "service": "⚙", "team": "≡"}


class OrganizationDialog(Roster):
    BINDINGS: ClassVar = [
        Binding("a", "add", show=False),
        Binding("n", "team", show=False),
        Binding("r", "role", show=False),
        Binding("x,delete", "remove", show=False),
    ]

    def heading(self) -> Line:
        return [("Organization", "")]

    def fields(self) -> ComposeResult:
        keys: Line = [
            ("a", "key"), (" add  ", ""), ("n", "key"), (" new team  ", ""), ("enter", "key"), (" role, or team  ", ""),
            ("x", "key"), (" remove  ", ""), ("space", "key"), (" mark", ""),
        ]  # fmt: skip
        yield intro(keys)
        yield VirtualTable(COLUMNS, header=True)
        yield Static(id="problem")

    def live(self) -> None:
        store = self.store

        def work() -> tuple[Entity, list[Entity], list[Entity]]:
            place = store.organizations.get(None)
            return place, store.organizations.people(place.name), store.teams.list(place.name)

        fetch(self, "organization", work, self._show, self.tell)

    def _show(self, found: tuple[Entity, list[Entity], list[Entity]]) -> None:
        place, people, teams = found
        box = self.query_one(".dialog--box")
        box.border_title = plain(f" {place.name}: people and teams ")
        rows = [_heading("People and service accounts"), *(entity_row(one) for one in people)]
        rows += [Row("space", ((),), heading=True), _heading("Teams; what you are in each")]
        self.table.show([*rows, *(entity_row(one) for one in teams)], keep=True)

    def action_add(self) -> None:
        self.open(NewPerson())

    def action_team(self) -> None:
        self.open(NewTeam())

    @on(VirtualTable.Chosen)
    def action_role(self) -> None:
        from .team import TeamDialog

        chosen: list[Entity] = self.chosen
        if chosen and chosen[0].kind == "team":
            self.app.push_screen(TeamDialog(chosen[0]), lambda _: self.live())
        elif chosen:
            self.open(OrganizationRole([one for one in chosen if one.kind != "team"]))

    def action_remove(self) -> None:
        chosen: list[Entity] = self.chosen
        if not chosen:
            return

        def remove(store: Store) -> None:
            for one in chosen:
                if one.kind == "team":
                    store.teams.remove(one.name)
                else:
                    store.users.remove(one.name)

        self.open(Confirm([("Remove ", ""), (entities(chosen), "")], "Remove", remove, danger=True))


class NewPerson(PlanDialog):
    """A person or a service account."""

    verb = "Add"

    def heading(self) -> Line:
        return [("Add somebody to the organization", "")]

    def fields(self) -> ComposeResult:
        store = self.store
        yield label("Name: of a person, their login")
        yield Input(placeholder="kim", id="name", compact=True)
        yield label("What they are")
        yield Choice((("person", "a person"), ("service", "a service account")), "person", id="kind")
        yield label("In the organization")
        yield Choice(ROLES, "member", id="role")
        yield label("E-mail; they can be called by it, too")
        yield Input(id="email", compact=True)
        yield label("The one team that a service account is tied to, if any")
        yield Completing(lambda text: completion.teams(store, text), id="team")

    def work(self) -> Work | str:
        name = self.query_one("#name", Input).value.strip()
        if not name:
            return "Give the name."
        role, service = self.query_one("#role", Choice).value, self.query_one("#kind", Choice).value == "service"
        email, team = self.query_one("#email", Input).value.strip(), self.query_one("#team", Completing).text or None
        return lambda store: store.users.add(name, role=role, email=email, service=service, team=team)


class OrganizationRole(PlanDialog):
    """What people are in the organization."""

    verb = "Give role"

    def __init__(self, people: Sequence[Entity]) -> None:
        super().__init__()
        self.people = list(people)

    def heading(self) -> Line:
        return [("Role of ", ""), (entities(self.people), ""), (" in the organization", "")]

    def fields(self) -> ComposeResult:
        yield label("Admins are admins everywhere; viewers make no registries")
        yield Choice(ROLES, self.people[0].role or "member", id="role")

    def work(self) -> Work | str:
        role, people = self.query_one("#role", Choice).value, self.people

        def give(store: Store) -> None:
            for one in people:
                store.organizations.set_role(one.name, role)

        return give


class NewTeam(PlanDialog):
    verb = "Make"

    def heading(self) -> Line:
        return [("New team", "")]

    def fields(self) -> ComposeResult:
        yield label("Name; it begins the paths of what the team logs")
        yield Input(placeholder="vision", id="name", compact=True)

    def work(self) -> Work | str:
        name = self.query_one("#name", Input).value.strip()
        return (lambda store: store.teams.create(name)) if name else "Give it a name."


def entity_row(one: Entity) -> Row:
    return Row(
        (one.kind, one.id),
        (
            [(f"{SIGNS[one.kind]} ", "muted"), (one.name, "person")],
            [(one.role or "—", "strong" if one.role else "muted")],
            [(one.team or "", "")],
            [(one.email or (_lives(one) if one.kind == "team" else ""), "muted")],
        ),
        one,
    )


def _lives(team: Entity) -> str:
    return f"versions live {wording.lifetime(team.default_ttl)}" if team.default_ttl else ""


def _heading(text: str) -> Row:
    return Row(("heading", text), ([(text, "head")],), heading=True)


def entities(some: Sequence[Entity]) -> str:
    """Who an action is about, for a title."""
    return some[0].name if len(some) == 1 else wording.count(len(some), "of them", "of them")
