"""A plan: a change that has been rehearsed, so that people see what it does before the store carries it out.

The rehearsal and the deed run the same function. If something else has happened between the two, so that it would do
something that was not shown, it is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..store import Conflict, Store
from .automations import will_run
from .consequences import consequences
from .widgets.text import Line

T = TypeVar("T")
Work = Callable[[Store], object]
Warnings = Callable[[Store], Sequence[Line]]


class Surprise(Conflict):
    """Between rehearsal and deed somebody changed what it is about."""


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Attributes:
        work: what the store will do.
        warnings: what else comes of it that is to be seen before it is done.
        lines: what comes of it, in words, then the warnings, then which automations will run.
        effect: fact → what it becomes, and what it was.
        runs: how many of the lines, the last ones, say which automations will run.
        kept: how many of the lines, the last ones, are shown however many there are: warnings and automations.
    """

    work: Work
    warnings: Warnings
    lines: Sequence[Line]
    effect: Mapping[str, Any]
    runs: int = 0
    kept: int = 0


def _nothing(store: Store) -> Sequence[Line]:
    return ()


def rehearse(store: Store, work: Work, warnings: Warnings = _nothing) -> Plan:
    """What a change would do.

    Raises:
        CuratoryError: what the store would refuse it with.
    """
    with store.rehearsal() as changes:
        before = warnings(store)
        work(store)
        runs = _runs(changes)
        lines = _lines(store, changes, before) + runs
        effect = _effect(changes)
    return Plan(work, warnings, lines, effect, len(runs), len(before) + len(runs))


def carry_out(store: Store, plan: Plan) -> None:
    """Do what was rehearsed, as one batch.

    Raises:
        Surprise: it would do something else by now, or something more that was not shown; nothing was done.
        CuratoryError
    """
    with store.batch():
        changes: list[Any] = []
        before = plan.warnings(store)
        store.events.watch(changes)
        try:
            plan.work(store)
        finally:
            store.events.watch(None)
        # the words, too: a collection that is deleted holds what somebody has just put into it
        if _effect(changes) != plan.effect or _lines(store, changes, before) + _runs(changes) != plan.lines:
            raise Surprise("Somebody has changed this since; here is what it would do now.")


def foreseen(store: Store, work: Callable[[], object]) -> list[Line]:
    """Which automations something would set off."""
    with store.rehearsal() as changes:
        work()
        return _runs(changes)


def watched(store: Store, work: Callable[[], T]) -> tuple[T, list[Line]]:
    """Do something, and tell which automations it has set off; in a thread."""
    changes: list[Any] = []
    store.events.watch(changes)
    try:
        return work(), _runs(changes)
    finally:
        store.events.watch(None)


def _lines(store: Store, changes: Iterable[Any], warnings: Sequence[Line]) -> list[Line]:
    return [line for change in changes for line in consequences(store, change)] + list(warnings)


def _runs(changes: Iterable[Any]) -> list[Line]:
    return will_run(name for change in changes for name in change.fires)


# what a thing holds goes by its number; people stand as the last part of what they are members of
_HELD = {
    "collection": ("collection", "alias", "link", "collection_tag"),
    "project": ("project", "member", "accepted_type", "protected_alias"),
    "entity": ("entity", "team_member"),
    "automation": ("automation",),
    "integration": ("integration",),
}
_PEOPLED = ("member", "team_member", "organization_member")


def _effect(changes: Sequence[Any]) -> dict[str, Any]:
    """What becomes of each fact. What is made anew may have another number each time, so it is called new."""
    made = dict.fromkeys(
        tuple(fact.split("/")[:2])
        for change in changes
        for fact in change.after
        if fact.endswith("/exists") and not change.before.get(fact)
    )
    new = {thing: f"new{place}" for place, thing in enumerate(made)}
    logged = {
        fact.split("/")[1]: f"newest{place}"
        for place, fact in enumerate(
            fact
            for change in changes
            for fact in change.after
            if fact.startswith("version/") and fact.endswith("/state") and change.before.get(fact) is None
        )
    }
    names = {(kind, i): name for (maker, i), name in new.items() for kind in _HELD.get(maker, ())}
    names |= {(kind, i): name for i, name in logged.items() for kind in ("version", "version_tag")}
    found: dict[str, Any] = {}
    for change in changes:
        for fact, after in change.after.items():
            kind, owner, rest = (*fact.split("/", 2), "")[:3]
            if kind in _PEOPLED:
                rest = new.get(("entity", rest), rest)
            before = change.before.get(fact)
            if kind == "link":  # number, time and person: the time is never the same twice
                after, before, rest = bool(after), bool(before), logged.get(rest, rest)
            elif kind == "review":  # verdict, comment, person and time
                after, before = after and after[:2], before and before[:2]
            elif kind == "alias":
                after = logged.get(str(after), after)
            found[f"{kind}/{names.get((kind, owner), owner)}/{rest}"] = (before, after)
    return found
