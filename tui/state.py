"""What is kept for a person between two visits: where they were and how it looked. Never anything from the store."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from platformdirs import user_state_path


@dataclass(slots=True)
class State:
    """
    Attributes:
        place: the path that was open.
        pane, tab: which had the focus, which was shown.
        orders: list → its order.
        sizes: width class → columns and split, as they were set.
    """

    place: str = ""
    pane: str = "registries"
    tab: str = "overview"
    theme: str = ""
    orders: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, list[int]] = field(default_factory=dict)


def state_file(store: str, actor: str) -> Path:
    """One file for each person and store."""
    name = hashlib.sha256(f"{store}\0{actor}".encode()).hexdigest()[:16]
    return user_state_path("curatory") / f"app-{name}.json"


def read_state(path: Path) -> State:
    """What was kept; a fresh state when there is nothing that can be read."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return State()
    if not isinstance(document, dict):
        return State()
    state = State()
    for one in fields(State):
        value = document.get(one.name)
        if isinstance(value, type(getattr(state, one.name))):
            setattr(state, one.name, value)
    state.orders = {str(key): str(value) for key, value in state.orders.items()}
    state.sizes = {str(key): value for key, value in state.sizes.items() if _three_numbers(value)}
    return state


def _three_numbers(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(type(one) is int for one in value)


def write_state(path: Path, state: State) -> None:
    """Keep it; where that can't be, nothing is lost but the place."""
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(asdict(state)), "utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
