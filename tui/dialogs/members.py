"""Members of a registry: what each effectively is, what was given here, where the rest comes from; and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from ...store import Member, Permission, Project, Role, Store, allowed
from .. import wording
from ..fetching import fetch
from ..panes.tabs.people import MEMBER_COLUMNS, member_row
from ..plans import Work
from ..widgets.forms import Choice, Completing
from ..widgets.table import VirtualTable
from ..widgets.text import Line
from . import completion
from .dialog import Confirm, PlanDialog, intro, label
from .roster import Roster

ROLES = tuple((role.label, role.label.replace("_", " ")) for role in Role)


class MembersDialog(Roster):
    BINDINGS: ClassVar = [
        Binding("a,n", "add", show=False),
        Binding("r", "role", show=False),
        Binding("o", "owner", show=False),
        Binding("x,delete", "remove", show=False),
    ]

    def __init__(self, registry: Project) -> None:
        super().__init__()
        self.registry = registry

    @property
    def refusal(self) -> str | None:
        """Why nothing is changed here."""
        registry = self.registry
        if registry.kind != "registry":
            what = "a source project" if registry.kind == "project" else "a legacy registry"
            return f"This is {what}: its people are those of {registry.entity}. Escape, then O, shows the teams."
        if not allowed(Role.parse(registry.role), Permission.MANAGE_MEMBERS):
            return f"You are {registry.role} of {registry.title}; changing members takes the role admin."
        return None

    def heading(self) -> Line:
        return [("Members of ", ""), (self.registry.title, "")]

    def aside(self) -> Line:
        return [("the highest role counts", "muted")]

    def fields(self) -> ComposeResult:
        keys: Line = [
            ("a", "key"), (" add  ", ""), ("enter", "key"), (" role  ", ""), ("o", "key"), (" owner  ", ""),
            ("x", "key"), (" remove  ", ""), ("space", "key"), (" mark", ""),
        ]  # fmt: skip
        yield intro(keys if self.refusal is None else [(self.refusal, "muted")])
        yield VirtualTable(MEMBER_COLUMNS, header=True)
        yield Static(id="problem")

    def live(self) -> None:
        store, path = self.store, self.registry.path
        fetch(self, "members", lambda: store.members.list(path), self._show, self.tell)

    def _show(self, members: list[Member]) -> None:
        self.table.show([member_row(member) for member in members], keep=True)

    def _allowed(self) -> bool:
        if self.refusal is not None:
            self.desk_app.say(self.refusal, "warning")
        return self.refusal is None

    def action_add(self) -> None:
        if self._allowed():
            known = [row.record.name for row in self.table.known if row.record.role is not None]
            self.open(RoleDialog(self.registry, (), known))

    @on(VirtualTable.Chosen)
    def action_role(self) -> None:
        if self.chosen and self._allowed():
            self.open(RoleDialog(self.registry, self.chosen))

    def action_owner(self) -> None:
        members: list[Member] = self.chosen
        if not members or not self._allowed():
            return
        if len(members) > 1 or members[0].kind == "team":
            self.desk_app.say("One person is accountable for a registry: choose one, without marks.", "warning")
            return
        path, who = self.registry.path, members[0].name
        heading: Line = [("Make ", ""), (who, ""), (" the owner of ", ""), (self.registry.title, "")]
        self.open(Confirm(heading, "Make owner", lambda store: store.registries.set_owner(path, who)))

    def action_remove(self) -> None:
        members: list[Member] = self.chosen
        if not members or not self._allowed():
            return
        without = next((member for member in members if member.role is None), None)
        if without is not None:
            via = "the organization" if without.via == "organization" else f"the team {without.via}"
            self.desk_app.say(f"{without.name} has no role here: what they are comes from {via}.", "warning")
            return
        path = self.registry.path

        def remove(store: Store) -> None:
            for member in members:
                store.members.remove(path, member.name)

        heading: Line = [("Remove ", ""), (people(members), ""), (" from ", ""), (self.registry.title, "")]
        self.open(Confirm(heading, "Remove", remove))


class RoleDialog(PlanDialog):
    """Give somebody a role, or give those who are here another one."""

    verb = "Give role"

    def __init__(self, registry: Project, members: Sequence[Member], known: Sequence[str] = ()) -> None:
        super().__init__()
        self.registry, self.members, self.known = registry, list(members), known

    def heading(self) -> Line:
        if not self.members:
            return [("Add a member to ", ""), (self.registry.title, "")]
        return [("Role of ", ""), (people(self.members), ""), (" in ", ""), (self.registry.title, "")]

    def fields(self) -> ComposeResult:
        store = self.store
        role = "viewer"
        if self.members:
            role = self.members[0].role or self.members[0].effective
        else:
            yield label("A user, a service account or a team")
            yield Completing(lambda text: completion.people(store, text), hint="name", id="who")
        yield label("Role")
        yield Choice(ROLES, role, id="role")

    def work(self) -> Work | str:
        path, role = self.registry.path, self.query_one("#role", Choice).value
        members = self.members
        if members:

            def give(store: Store) -> None:
                for member in members:
                    verb = store.members.add if member.role is None else store.members.set_role
                    verb(path, member.name, role)

            return give
        who = self.query_one("#who", Completing).text
        if not who:
            return "Say who. Who there is is offered as you type."
        if who.casefold() in (name.casefold() for name in self.known):
            return f"{who} has a role here already: escape, then enter on their line changes it."
        return lambda store: store.members.add(path, who, role)


def people(members: Sequence[Member]) -> str:
    """Who an action is about, for a title."""
    return members[0].name if len(members) == 1 else wording.count(len(members), "member")
