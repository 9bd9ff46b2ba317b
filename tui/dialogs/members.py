"""Members of a registry: what each effectively is, what was given here, where the rest comes from; and changing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from ...store import CuratoryError, Member, Permission, Project, Role, Store, allowed
from ..fetching import fetch
from ..panes.tabs.people import MEMBER_COLUMNS, member_row
from ..plans import Work
from ..widgets.forms import Choice, Completing, Push
from ..widgets.table import VirtualTable
from ..widgets.text import Line, plain
from . import completion
from .dialog import Dialog, PlanDialog, intro, label

ROLES = tuple((role.label, role.label.replace("_", " ")) for role in Role)


class MembersDialog(Dialog[None]):
    BINDINGS: ClassVar = [
        Binding("escape", "cancel", show=False),
        Binding("a,n", "add", show=False),
        Binding("r", "role", show=False),
        Binding("x,delete", "remove", show=False),
    ]
    box_classes = "-wide -tall"

    def __init__(self, registry: Project) -> None:
        super().__init__()
        self.registry = registry

    @property
    def may(self) -> bool:
        return allowed(Role.parse(self.registry.role), Permission.MANAGE_MEMBERS)

    def heading(self) -> Line:
        return [("Members of ", ""), (self.registry.title, "")]

    def fields(self) -> ComposeResult:
        keys: Line = [
            ("a", "key"), (" add   ", ""), ("enter", "key"), (" role   ", ""), ("x", "key"), (" remove   ", ""),
            ("the highest of registry, team and organization counts", "muted"),
        ]  # fmt: skip
        yield intro(
            keys if self.may else [(f"You are {self.registry.role} here; only admins change members.", "muted")]
        )
        yield VirtualTable(MEMBER_COLUMNS, header=True)
        yield Static(id="problem")

    def on_mount(self) -> None:
        super().on_mount()
        self.live()

    def live(self) -> None:
        store, path = self.store, self.registry.path
        fetch(self, "members", lambda: store.members.list(path), self._show, self._refuse)

    def _show(self, members: list[Member]) -> None:
        self.query_one(VirtualTable).show([member_row(member) for member in members], keep=True)

    def _refuse(self, error: CuratoryError) -> None:
        self.query_one("#problem", Static).update(plain(str(error)))

    @property
    def _member(self) -> Member | None:
        row = self.query_one(VirtualTable).row
        return row.record if row is not None else None

    def _allowed(self) -> bool:
        if not self.may:
            self.desk_app.say(
                f"You are {self.registry.role} of {self.registry.title}; changing members takes the role admin.",
                "warning",
            )
        return self.may

    def action_add(self) -> None:
        if self._allowed():
            self.app.push_screen(RoleDialog(self.registry, None), lambda _: self.live())

    @on(VirtualTable.Chosen)
    def action_role(self) -> None:
        if self._member is not None and self._allowed():
            self.app.push_screen(RoleDialog(self.registry, self._member), lambda _: self.live())

    def action_remove(self) -> None:
        member = self._member
        if member is None or not self._allowed():
            return
        if member.role is None:
            self.desk_app.say(f"{member.name} has no role here: what they are comes from {member.via}.", "warning")
            return
        self.app.push_screen(RemoveMember(self.registry, member), lambda _: self.live())


class RoleDialog(PlanDialog):
    """Give somebody a role, or another one."""

    verb = "Give role"

    def __init__(self, registry: Project, member: Member | None) -> None:
        super().__init__()
        self.registry, self.member = registry, member

    def heading(self) -> Line:
        if self.member is None:
            return [("Add a member to ", ""), (self.registry.title, "")]
        return [("Role of ", ""), (self.member.name, ""), (" in ", ""), (self.registry.title, "")]

    def fields(self) -> ComposeResult:
        store = self.store
        if self.member is None:
            yield label("A user, a service account or a team")
            yield Completing(lambda text: completion.people(store, text), hint="name", id="who")
        yield label("Role")
        role = (self.member.role or self.member.effective) if self.member else "viewer"
        yield Choice(ROLES, role, id="role")

    def work(self) -> Work | str:
        path, role = self.registry.path, self.query_one("#role", Choice).value
        member = self.member
        if member is None:
            who = self.query_one("#who", Completing).text
            if not who:
                return "Say who. Who there is is offered as you type."
            return lambda store: store.members.add(path, who, role)
        if member.role is None:
            return lambda store: store.members.add(path, member.name, role)
        return lambda store: store.members.set_role(path, member.name, role)

    def warnings(self, store: Store) -> Sequence[Line]:
        member = self.member
        if member is None or member.via == "registry":
            return ()
        role = self.query_one("#role", Choice).value
        if Role.parse(role) <= Role.parse(member.effective):
            return ([("stays ", ""), (member.effective, "strong"), (f" all the same, by {member.via}", "warn")],)
        return ()


class RemoveMember(PlanDialog):
    verb = "Remove"

    def __init__(self, registry: Project, member: Member) -> None:
        super().__init__()
        self.registry, self.member = registry, member

    def heading(self) -> Line:
        return [("Remove ", ""), (self.member.name, ""), (" from ", ""), (self.registry.title, "")]

    def first_focus(self) -> None:
        self.query_one("#push-cancel", Push).focus()

    def work(self) -> Work | str:
        path, who = self.registry.path, self.member.name
        return lambda store: store.members.remove(path, who)

    def warnings(self, store: Store) -> Sequence[Line]:
        who = self.member.name
        with store.rehearsal():
            store.members.remove(self.registry.path, who)
            left = next((one for one in store.members.list(self.registry.path) if one.name == who), None)
        if left is None:
            return ([(who, "person"), (" no longer has any access", "warn")],)
        return ([(who, "person"), (" stays ", ""), (left.effective, "strong"), (f" by {left.via}", "")],)
