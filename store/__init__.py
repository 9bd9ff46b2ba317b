"""Everything that is known and everything that may be done with it. No screen, no socket served.

    with open_store("registry.db", actor="alice") as store:
        version = store.versions.get("model/detector:prod")
        store.aliases.add(version, "prod")

A face imports only what is handed out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from .records import Collection, Entity, Event, File, Held, Located, Member, Page, Project, Run, Version
from .store import Store, create_store, open_store, operating_system_user

if TYPE_CHECKING:
    from .audit import Finding, Report
    from .demo import build_demo
    from .deployment import registry_told_by
    from .downloads import DownloadReport
    from .filters import FIELDS, GRAMMAR, Field
    from .garbage import Checked, Collected
    from .lineage import Graph, Node

# Handed out when asked for, so that a small command loads only what it needs.
_LATER = {
    "FIELDS": "filters",
    "GRAMMAR": "filters",
    "Checked": "garbage",
    "Collected": "garbage",
    "DownloadReport": "downloads",
    "Field": "filters",
    "Finding": "audit",
    "Graph": "lineage",
    "Node": "lineage",
    "Report": "audit",
    "build_demo": "demo",
    "registry_told_by": "deployment",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATER[name]}", __name__), name)


__all__ = [
    "FIELDS",
    "GRAMMAR",
    "MATRIX",
    "Ambiguous",
    "Busy",
    "Checked",
    "Collected",
    "Collection",
    "Conflict",
    "CuratoryError",
    "Damaged",
    "DownloadReport",
    "Entity",
    "Event",
    "Field",
    "File",
    "FilterError",
    "Finding",
    "Forbidden",
    "Graph",
    "Held",
    "Invalid",
    "Located",
    "Member",
    "Moved",
    "Node",
    "NotFound",
    "Page",
    "Permission",
    "Project",
    "Report",
    "Role",
    "Run",
    "Store",
    "Unavailable",
    "Version",
    "allowed",
    "build_demo",
    "create_store",
    "open_store",
    "operating_system_user",
    "registry_told_by",
]
