"""Migrating a registry into this one: planned, carried out with a ledger, proven from the data, reviewed by people."""

from __future__ import annotations

from .records import Access, Difference, Item, Migration, Plan, Planned, Problem, Proof, Side, SideVersion, Tally

__all__ = [
    "Access",
    "Difference",
    "Item",
    "Migration",
    "Plan",
    "Planned",
    "Problem",
    "Proof",
    "Side",
    "SideVersion",
    "Tally",
]
