"""Lists of runs, as a client's MongoDB-like filter takes them and its order wants them."""

from __future__ import annotations

import json
import operator as operator_
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...store import Invalid, matcher
from ...store import Run as Record
from . import runs
from .base import Call, from_json, slice_, time

MAX_RUNS = 10_000  # that a filter is tried on


def listed(
    call: Call, project: str, filters: str | None, order: str | None, first: int | None, after: str | None
) -> dict[str, Any]:
    found = matching(call, project, filters, order)
    return slice_(found, lambda one: runs.Run(call, one), first, after)


def matching(call: Call, project: str, filters: str | None, order: str | None) -> list[Record]:
    """A project's runs that a client's filter takes; newest first unless ordered."""
    found: list[Record] = []
    cursor: str | None = None
    while len(found) < MAX_RUNS:
        part = call.store.runs.list(project, limit=1000, after=cursor)
        found += part.items
        cursor = part.after
        if cursor is None:
            break
    wanted = from_json(filters, "filter")
    if wanted:
        found = [one for one in found if _takes(wanted, one)]
    keys = (order or "-created_at").split(",")
    found.sort(key=lambda one: one.id, reverse=keys[0].strip().startswith("-"))  # of what is alike, as it was made
    for key in reversed(keys):
        name = key.strip().lstrip("+-")
        found.sort(key=lambda one: _sortable(_value(one, name)), reverse=key.strip().startswith("-"))
    return found


def _value(run: Record, name: str) -> Any:
    """What a filter's or an order's name means of a run."""
    plain = {
        "name": run.name,
        "display_name": run.title,
        "displayName": run.title,
        "state": run.state,
        "group": run.group,
        "jobType": run.job_type,
        "job_type": run.job_type,
        "tags": list(run.tags),
        "username": run.created_by,
        "user": run.created_by,
        "createdAt": time(run.created_at),
        "created_at": time(run.created_at),
        "heartbeat_at": time(run.heartbeat_at),
        "heartbeatAt": time(run.heartbeat_at),
        "updated_at": time(run.heartbeat_at),
        "notes": run.notes,
        "description": run.notes,
        "duration": (run.heartbeat_at - run.created_at).total_seconds(),
    }
    if name in plain:
        return plain[name]
    head, _, rest = name.partition(".")
    if head in ("config", "summary_metrics", "summaryMetrics", "summary"):
        value: Any = run.config if head == "config" else run.summary
        for part in rest.split("."):
            if not isinstance(value, Mapping):
                return None
            if part == "value" and "value" not in value:
                continue
            value = value.get(part)
        return value
    return None


def _sortable(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool) or value is None:
        return (0, 0 if not value else 1)
    if isinstance(value, int | float):
        return (1, value)
    return (2, value if isinstance(value, str) else json.dumps(value, sort_keys=True))


def _takes(wanted: Mapping[str, Any], run: Record) -> bool:
    """Whether a MongoDB-like filter takes a run."""
    for name, condition in wanted.items():
        match name:
            case "$and":
                taken = all(_takes(one, run) for one in condition)
            case "$or":
                taken = any(_takes(one, run) for one in condition)
            case "$nor":
                taken = not any(_takes(one, run) for one in condition)
            case "$not":
                taken = not _takes(condition, run)
            case _:
                taken = _holds(_value(run, name), condition)
        if not taken:
            return False
    return True


def _holds(value: Any, condition: Any) -> bool:
    if not isinstance(condition, Mapping):
        return value == condition or (isinstance(value, list) and condition in value)
    return all(_compared(value, operator, operand) for operator, operand in condition.items())


def _compared(value: Any, operator: str, operand: Any) -> bool:
    match operator:
        case "$eq":
            return _holds(value, operand)
        case "$ne":
            return not _holds(value, operand)
        case "$in":
            return any(_holds(value, one) for one in operand)
        case "$nin":
            return not any(_holds(value, one) for one in operand)
        case "$exists":
            return (value is not None) == bool(operand)
        case "$regex":
            return isinstance(value, str) and matcher(operand).search(value)
        case "$not":
            return not _holds(value, operand)
        case "$gt" | "$gte" | "$lt" | "$lte":
            return _ordered(value, operator, operand)
    raise Invalid(f"The operator {operator!r} is not known in a filter over runs.")


def _ordered(value: Any, operator: str, operand: Any) -> bool:
    if isinstance(operand, str):
        value, operand = _moment(value), _moment(operand)
    if value is None or isinstance(value, bool) or not isinstance(value, type(operand) | int | float):
        return False
    compared = {"$gt": operator_.gt, "$gte": operator_.ge, "$lt": operator_.lt, "$lte": operator_.le}
    return compared[operator](value, operand)


def _moment(value: Any) -> Any:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
