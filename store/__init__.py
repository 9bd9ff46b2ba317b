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
from .events import Change
from .records import Collection, Entity, Event, File, Held, Located, Member, Page, Project, Run, Version
from .store import Store, create_store, open_store, operating_system_user

if TYPE_CHECKING:
    from .audit import Finding, Report
    from .automations import (
        OCCASIONS,
        USUAL,
        VARIABLES,
        Action,
        Automation,
        Command,
        Delivery,
        Integration,
        Locked,
        NotAllowed,
        Nothing,
        Occasion,
        Preview,
        Rules,
        Slack,
        Webhook,
        Worker,
        read_rules,
    )
    from .demo import build_demo
    from .deployment import registry_told_by
    from .downloads import DownloadReport
    from .engine.automaton import matcher
    from .filters import FIELDS, GRAMMAR, Field
    from .garbage import Checked, Collected
    from .keys import Key
    from .lineage import Graph, Node
    from .manifests import manifest_json
    from .migration import Access, Difference, Item, Migration, Plan, Planned, Problem, Proof, Side, SideVersion, Tally
    from .parts import Parts
    from .uploads import Upload

# Handed out when asked for, so that a small command loads only what it needs.
_LATER = {
    "Access": "migration",
    "Action": "automations",
    "Automation": "automations",
    "Checked": "garbage",
    "Collected": "garbage",
    "Command": "automations",
    "Delivery": "automations",
    "Difference": "migration",
    "DownloadReport": "downloads",
    "FIELDS": "filters",
    "Field": "filters",
    "Finding": "audit",
    "GRAMMAR": "filters",
    "Graph": "lineage",
    "Integration": "automations",
    "Item": "migration",
    "Key": "keys",
    "Locked": "automations",
    "Migration": "migration",
    "Node": "lineage",
    "NotAllowed": "automations",
    "Nothing": "automations",
    "OCCASIONS": "automations",
    "Occasion": "automations",
    "Parts": "parts",
    "Plan": "migration",
    "Planned": "migration",
    "Preview": "automations",
    "Problem": "migration",
    "Proof": "migration",
    "Report": "audit",
    "Rules": "automations",
    "Side": "migration",
    "SideVersion": "migration",
    "Slack": "automations",
    "Tally": "migration",
    "USUAL": "automations",
    "Upload": "uploads",
    "VARIABLES": "automations",
    "Webhook": "automations",
    "Worker": "automations",
    "build_demo": "demo",
    "manifest_json": "manifests",
    "matcher": "engine.automaton",
    "read_rules": "automations",
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
    "OCCASIONS",
    "USUAL",
    "VARIABLES",
    "Access",
    "Action",
    "Ambiguous",
    "Automation",
    "Busy",
    "Change",
    "Checked",
    "Collected",
    "Collection",
    "Command",
    "Conflict",
    "CuratoryError",
    "Damaged",
    "Delivery",
    "Difference",
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
    "Integration",
    "Invalid",
    "Item",
    "Key",
    "Located",
    "Locked",
    "Member",
    "Migration",
    "Moved",
    "Node",
    "NotAllowed",
    "NotFound",
    "Nothing",
    "Occasion",
    "Page",
    "Parts",
    "Permission",
    "Plan",
    "Planned",
    "Preview",
    "Problem",
    "Project",
    "Proof",
    "Report",
    "Role",
    "Rules",
    "Run",
    "Side",
    "SideVersion",
    "Slack",
    "Store",
    "Tally",
    "Unavailable",
    "Upload",
    "Version",
    "Webhook",
    "Worker",
    "allowed",
    "build_demo",
    "create_store",
    "manifest_json",
    "matcher",
    "open_store",
    "operating_system_user",
    "read_rules",
    "registry_told_by",
]
