"""Who may do what: the permission matrix as one table, and the effective role as one piece of SQL.

Source: W&B Registry's "Configure registry access" page. Where it contradicts itself, accepted types are edited by
admins only, and the highest of organization, registry and team roles wins.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import cast

from .errors import Forbidden, Invalid
from .records import RoleName


class Role(IntEnum):
    """A role in a registry; a team's member, viewer and admin count the same in that team's projects."""

    RESTRICTED_VIEWER = 1
    VIEWER = 2
    MEMBER = 3
    ADMIN = 4

    @property
    def label(self) -> RoleName:
        return cast(RoleName, self.name.lower())

    @classmethod
    def parse(cls, name: str | Role) -> Role:
        """A role from its name; '-', '_' and a space are the same.

        Raises:
            Invalid: there is no such role.
        """
        if isinstance(name, Role):
            return name
        try:
            return cls[name.strip().upper().replace("-", "_").replace(" ", "_")]
        except KeyError:
            raise Invalid(f"There is no role {name!r}; roles are restricted_viewer, viewer, member and admin") from None


class Permission(Enum):
    """Something one may do, with the words that complete "… is not allowed to"."""

    VIEW = "view it"
    SEARCH = "search it"
    VIEW_SETTINGS = "view its settings and members"
    USE = "use this version in a run"
    DOWNLOAD = "download its files"
    CREATE_AUTOMATION = "create an automation"
    DELETE_AUTOMATION = "delete an automation"
    CREATE_COLLECTION = "create a collection"
    EDIT_CARD = "edit the collection's card"
    EDIT_VERSION = "edit the version's description or metadata"
    EDIT_TAGS = "add or delete tags"
    EDIT_ALIASES = "add or delete aliases"
    EDIT_PROTECTED_ALIASES = "add or delete a protected alias on a version"
    PROTECT_ALIASES = "define protected aliases"
    LINK = "link a version"
    UNLINK = "unlink a version"
    DELETE_COLLECTION = "delete a collection"
    RENAME_COLLECTION = "rename a collection"
    RENAME_REGISTRY = "rename the registry"
    EDIT_REGISTRY = "edit the registry's description"
    EDIT_TYPES = "edit accepted artifact types"
    CHANGE_VISIBILITY = "change the registry's visibility"
    MANAGE_MEMBERS = "add or remove members"
    ASSIGN_ROLES = "assign or change roles"
    CHANGE_OWNER = "change the owner"
    DELETE_REGISTRY = "delete the registry"
    REVIEW = "review a migrated collection"
    SIGN_OFF = "sign a migration off"
    # in source projects
    LOG = "log versions or runs"
    DELETE_VERSION = "delete a version"
    EDIT_TTL = "change how long a version lives"


MATRIX: dict[Permission, Role] = {
    Permission.VIEW: Role.RESTRICTED_VIEWER,
    Permission.SEARCH: Role.RESTRICTED_VIEWER,
    Permission.VIEW_SETTINGS: Role.RESTRICTED_VIEWER,
    Permission.USE: Role.VIEWER,
    Permission.DOWNLOAD: Role.VIEWER,
    Permission.CREATE_AUTOMATION: Role.MEMBER,
    Permission.DELETE_AUTOMATION: Role.MEMBER,
    Permission.CREATE_COLLECTION: Role.MEMBER,
    Permission.EDIT_CARD: Role.MEMBER,
    Permission.EDIT_VERSION: Role.MEMBER,
    Permission.EDIT_TAGS: Role.MEMBER,
    Permission.EDIT_ALIASES: Role.MEMBER,
    Permission.EDIT_PROTECTED_ALIASES: Role.ADMIN,
    Permission.PROTECT_ALIASES: Role.ADMIN,
    Permission.LINK: Role.MEMBER,
    Permission.UNLINK: Role.MEMBER,
    Permission.DELETE_COLLECTION: Role.MEMBER,
    Permission.RENAME_COLLECTION: Role.MEMBER,
    Permission.RENAME_REGISTRY: Role.MEMBER,
    Permission.EDIT_REGISTRY: Role.ADMIN,
    Permission.EDIT_TYPES: Role.ADMIN,
    Permission.CHANGE_VISIBILITY: Role.ADMIN,
    Permission.MANAGE_MEMBERS: Role.ADMIN,
    Permission.ASSIGN_ROLES: Role.ADMIN,
    Permission.CHANGE_OWNER: Role.ADMIN,
    Permission.DELETE_REGISTRY: Role.ADMIN,
    Permission.REVIEW: Role.MEMBER,
    Permission.SIGN_OFF: Role.ADMIN,
    Permission.LOG: Role.MEMBER,
    Permission.DELETE_VERSION: Role.MEMBER,
    Permission.EDIT_TTL: Role.MEMBER,
}


def allowed(role: Role | int | None, permission: Permission) -> bool:
    """Whether a role carries a permission."""
    return role is not None and role >= MATRIX[permission]


def need(role: int, permission: Permission, actor: str, where: str) -> None:
    """Refuse with the role that would be enough.

    Raises:
        Forbidden
    """
    if not allowed(role, permission):
        raise Forbidden(
            f"{actor} is not allowed to {permission.value} in {where}: that needs the role "
            f"{MATRIX[permission].label}, {actor} is {Role(role).label}. Ask an admin of {where}."
        )


TEAM_ROLES = {"viewer": Role.VIEWER, "member": Role.MEMBER, "admin": Role.ADMIN}


def role_sql(p: str = "p", e: str = "e", me: str = ":me", floor: str = ":floor") -> str:
    """SQL: the effective role of the user `me` in project `p` of entity `e`; NULL: it does not exist for them.

    `floor` is what everybody of the organization is in a registry that is visible to it.
    """
    return f"""(SELECT max(given.role) FROM (
    SELECT role FROM member WHERE project_id = {p}.id AND entity_id = {me}
    UNION ALL
    SELECT g.role FROM team_member t JOIN member g ON g.entity_id = t.team_id
        WHERE t.user_id = {me} AND g.project_id = {p}.id
    UNION ALL
    SELECT CASE WHEN o.role = 'admin' THEN 4 WHEN {p}.visibility = 'organization' THEN {floor} END
        FROM organization_member o
        WHERE o.user_id = {me} AND o.organization_id = coalesce({e}.organization_id, {e}.id)
    UNION ALL
    SELECT CASE t.role WHEN 'admin' THEN 4 WHEN 'member' THEN 3 ELSE 2 END
        FROM team_member t WHERE t.user_id = {me} AND t.team_id = {p}.entity_id
    UNION ALL
    SELECT 4 WHERE {p}.entity_id = {me}) AS given)"""


def floor(kind: str) -> int:
    """What a user or a service account is by organization visibility alone."""
    return Role.MEMBER if kind == "service" else Role.RESTRICTED_VIEWER
