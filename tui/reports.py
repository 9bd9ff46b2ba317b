"""Plans and reviews of migrations as Markdown, for who was not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .safe import clean

if TYPE_CHECKING:
    from ..store import Difference, Item, Migration, Plan


def plan_markdown(plan: Plan) -> str:
    """A plan: what will be made, who will see it, what does not fit."""
    return "\n".join(_plan(plan)) + "\n"


def _plan(plan: Plan) -> Iterator[str]:
    yield f"# Migrating {_cell(plan.source)}"
    yield ""
    held = f"{len(plan.collections):,} collections, {plan.versions:,} versions"
    yield f"Into the registry {_cell(plan.registry)}: {held}."
    yield ""
    yield "## Problems"
    yield ""
    if plan.problems:
        yield "| | what | what is done about it |"
        yield "|---|---|---|"
        for one in plan.problems:
            bars = "**must be mended first:** " if one.blocking else ""
            yield f"| {_cell(one.subject)} | {_cell(one.what)} | {bars}{_cell(one.deed)} |"
    else:
        yield "None."
    yield ""
    yield "## Access"
    yield ""
    yield "| who | before | after | |"
    yield "|---|---|---|---|"
    for person in plan.people:
        yield f"| {_cell(person.name)} | {person.before or '—'} | {person.after or '—'} | {_cell(person.note)} |"
    yield ""
    yield f"Protected aliases: {_cell(', '.join(plan.protected)) or 'none'}."
    yield ""
    if plan.automations:
        yield "## Automations"
        yield ""
        for name, target in plan.automations:
            yield f"- {_cell(name)}, copied as {_cell(target)}"
        yield ""
    yield "## Collections"
    yield ""
    yield "| collection | becomes | type | versions | aliases | tags |"
    yield "|---|---|---|--:|---|---|"
    for each in plan.collections:
        aliases = ", ".join(f"{alias} → v{number}" for alias, number in each.aliases.items())
        becomes = "the same" if each.target == each.name else _cell(each.target)
        yield (
            f"| {_cell(each.name)} | {becomes} | {_cell(each.type)} | {each.versions:,} | {_cell(aliases)} | "
            f"{_cell(', '.join(each.tags))} |"
        )


def review_markdown(
    migration: Migration,
    items: Sequence[Item],
    access: Sequence[tuple[str, Difference]],
    signed: tuple[str, str] | None,
) -> str:
    """A review: the verdict on each collection, and who signed the whole off."""
    return "\n".join(_review(migration, items, access, signed)) + "\n"


def _review(
    migration: Migration,
    items: Sequence[Item],
    access: Sequence[tuple[str, Difference]],
    signed: tuple[str, str] | None,
) -> Iterator[str]:
    tally = migration.tally
    yield f"# Review of {_cell(migration.source)}"
    yield ""
    yield f"Migrated to {_cell(migration.registry)} by {_cell(migration.started_by)}, {migration.started_at:%Y-%m-%d}."
    yield ""
    yield f"**Signed off** by {_cell(signed[0])}, {signed[1][:10]}." if signed else "**Not signed off.**"
    yield ""
    judged = f"{tally.accepted:,} accepted, {tally.flagged:,} flagged, {tally.unreviewed:,} not reviewed"
    yield f"{judged}, of {tally.total:,}."
    if access:
        yield ""
        yield "| who | before | now |"
        yield "|---|---|---|"
        for name, one in access:
            yield f"| {_cell(name)} | {one.old or '—'} | {one.new or '—'} |"
    yield ""
    yield "| collection | verdict | by | when | comment | note |"
    yield "|---|---|---|---|---|---|"
    for item in items:
        when = f"{item.reviewed_at:%Y-%m-%d}" if item.reviewed_at else ""
        yield (
            f"| {_cell(item.target)} | {item.verdict or 'not reviewed'} | {_cell(item.reviewed_by or '')} | {when} | "
            f"{_cell(item.comment)} | {_cell(item.note)} |"
        )


def _cell(text: str) -> str:
    """Somebody's text on one line of a table, without markup."""
    escaped = clean(" ".join(text.split()))
    for sign in "\\|*_`<[":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped
