"""Everything that is known and everything that may be done with it. No screen, no socket served.

    with open_store("registry.db", actor="alice") as store:
        version = store.versions.get("model/detector:prod")
        store.aliases.add(version, "prod")

A face imports only what is handed out here.
"""

from __future__ import annotations

from .access import MATRIX, Permission, Role, allowed
from .errors import (
    Ambiguous,
    Busy,
    Conflict,
    CuratoryError,
    Damaged,
    FilterError,
    Forbidden,
    Invalid,
    Moved,
    NotFound,
    Unavailable,
)
from .records import Collection, Entity, Event, File, Member, Page, Project, Run, Version
from .store import Store, create_store, open_store, operating_system_user

__all__ = [
    "MATRIX",
    "Ambiguous",
    "Busy",
    "Collection",
    "Conflict",
    "CuratoryError",
    "Damaged",
    "Entity",
    "Event",
    "File",
    "FilterError",
    "Forbidden",
    "Invalid",
    "Member",
    "Moved",
    "NotFound",
    "Page",
    "Permission",
    "Project",
    "Role",
    "Run",
    "Store",
    "Unavailable",
    "Version",
    "allowed",
    "create_store",
    "open_store",
    "operating_system_user",
]
