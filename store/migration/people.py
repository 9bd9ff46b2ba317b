"""Who may do what in a project: everybody's effective role, from the data, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..access import Role, floor, role_sql
from .records import Access

if TYPE_CHECKING:
    from ..store import Store


def roles(store: Store, project: int) -> dict[int, tuple[str, str, str]]:
    """Person's id → name, kind and effective role in a project, of everybody who has one there."""
    everyone = f"CASE u.kind WHEN 'service' THEN {int(floor('service'))} ELSE {int(floor('user'))} END"
    rows = store.engine.rows(
        f"SELECT u.id, u.name, u.kind, {role_sql(me='u.id', floor=everyone)} "
        "FROM entity u, project p JOIN entity e ON e.id = p.entity_id "
        "WHERE p.id = :p AND u.kind IN ('user', 'service') AND u.removed_at IS NULL ORDER BY u.key",
        {"p": project},
    )
    return {who: (name, kind, Role(role).label) for who, name, kind, role in rows if role}


def through_the_organization(store: Store, team: int) -> set[int]:
    """The ids of those who reach everything of a team because they are admins of its organization."""
    rows = store.engine.rows(
        "SELECT o.user_id FROM organization_member o JOIN entity t ON t.organization_id = o.organization_id "
        "WHERE t.id = :t AND o.role = 'admin'",
        {"t": team},
    )
    return {who for (who,) in rows}


def planned(store: Store, legacy: int, team: int) -> tuple[list[Access], dict[int, Role]]:
    """Everybody's access before and after, and the roles that are to be given for that (by id)."""
    admins = through_the_organization(store, team)
    rows = store.engine.rows("SELECT user_id, role FROM team_member WHERE team_id = :t", {"t": team})
    in_team = {row[0]: row[1] for row in rows}
    people: list[Access] = []
    given: dict[int, Role] = {}
    for who, (name, kind, before) in roles(store, legacy).items():
        note = ""
        if who in in_team:
            given[who] = Role.parse(in_team[who])
        if who in admins:
            note = "an admin of the organization: reaches every registry of it, before and after"
        elif kind == "service":
            note = "a service account"
        after = "admin" if who in admins else given[who].label if who in given else None
        people.append(Access(name, kind, before, after, "team" if who in in_team else "organization", note))
    return people, given
