"""Who may do what in a registry, and where each role comes from."""

from __future__ import annotations

from ....store import CuratoryError, Member, Project, Store
from ...widgets.table import Column
from ...widgets.window import Row
from .tab import Sheet, Tab, View

_SIGNS = {"user": "·", "service": "⚙", "team": "≡", "organization": "○"}


def _load(store: Store, registry: Project) -> list[Member] | str:
    try:
        return store.members.list(registry.path)
    except CuratoryError as error:
        return str(error)


def member_row(member: Member) -> Row:
    given = member.role or "—"
    via = "" if member.via == "registry" else f"by {member.via}"
    return Row(
        (member.kind, member.name),
        (
            [
                (f"{_SIGNS[member.kind]} ", "muted"),
                (member.name, "person"),
                ("  owner" if member.owner else "", "warn"),
            ],
            [(member.effective, "strong")],
            [(given, "" if member.role else "muted")],
            [(via, "muted")],
        ),
        member,
    )


MEMBER_COLUMNS = (
    Column("who"),
    Column("effective", 17),
    Column("given here", 17, drop=2),
    Column("comes from", 16, drop=1),
)


def _draw(found: list[Member] | str, view: View) -> Sheet:
    if isinstance(found, str):
        return Sheet([], empty=([(found, "warn")],))
    empty = ([("Nobody has been added yet.", "")], [], [("m", "key"), (" adds people and teams", "muted")])
    return Sheet([member_row(member) for member in found], MEMBER_COLUMNS, header=True, cursor=True, empty=empty)


PEOPLE = Tab("people", "Members", (Project,), _load, _draw)
