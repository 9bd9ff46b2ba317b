"""A run's reports: lines of metrics, of the machine's load and of the console, by their numbers; and its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..store import Invalid, Store

STREAMS = {"wandb-history.jsonl": "history", "wandb-events.jsonl": "events", "output.log": "output"}
SUMMARY = "wandb-summary.json"


def take_stream(store: Store, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Keep one report of a run; sent again it changes nothing.

    Raises:
        Forbidden, NotFound, Invalid
    """
    run = store.runs.get(path)
    for name, part in (document.get("files") or {}).items():
        if not isinstance(part, Mapping) or not isinstance(part.get("content"), list):
            raise Invalid(f"The report's part {name!r} has no list of lines.")
        lines = [line if isinstance(line, str) else json.dumps(line) for line in part["content"]]
        if name in STREAMS and lines:
            store.runs.append(run, STREAMS[name], [line.rstrip("\n") for line in lines], offset=_offset(part))
        elif name == SUMMARY and lines:
            store.runs.set(run, summary=_object(lines[-1]))
    if document.get("complete"):
        code = document.get("exitcode")
        store.runs.finish(run, exit_code=code if isinstance(code, int) else 0)
    elif not document.get("files"):
        store.runs.append(run, "output", [], offset=0)  # only to say that it lives
    return {"exitcode": None, "limits": {}}


def _offset(part: Mapping[str, Any]) -> int:
    offset = part.get("offset", 0)
    if not isinstance(offset, int) or offset < 0:
        raise Invalid("A report's offset is the number of its first line.")
    return offset


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise Invalid(f"The summary is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Invalid("The summary is no JSON object.")
    return found
