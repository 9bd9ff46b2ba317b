"""Other keys for an action, by its id, from a TOML file:

[keys]
undo = "ctrl+z"
link = "L,l"
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from platformdirs import user_config_path

from .actions import ACTIONS, BY_ID


def default_path() -> Path:
    return user_config_path("curatory") / "keys.toml"


def read_keymap(path: Path) -> tuple[dict[str, str], list[str]]:
    """The keys in a file, and what is wrong with it in words; no file is no keys and nothing wrong."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, [f"{path} can't be read, so the keys are the usual ones: {error}"]
    table = document.get("keys", {})
    if not isinstance(table, dict):
        return {}, [f"{path} has no table [keys]"]
    problems = [f"{path}: there is no action {name!r}" for name in table if name not in BY_ID]
    keymap: dict[str, str] = {}
    for name, keys in table.items():
        if name in BY_ID and isinstance(keys, str) and all(key.strip() for key in keys.split(",")):
            keymap[name] = keys
        elif name in BY_ID:
            problems.append(f"{path}: the keys of {name} are a text such as {BY_ID[name].keys!r}")
    return keymap, problems + clashes(keymap)


def clashes(keymap: dict[str, str]) -> list[str]:
    """Keys that would mean two things in one place."""
    taken: dict[str, str] = {}
    problems = []
    for action in ACTIONS:
        for key in keymap.get(action.id, action.keys).split(","):
            key = key.strip()
            other = taken.setdefault(key, action.id)
            if other != action.id and _meet(other, action.id):
                problems.append(f"{key!r} is both {other} and {action.id}; the first counts")
    return problems


def _meet(one: str, other: str) -> bool:
    first, second = BY_ID[one], BY_ID[other]
    return any(second.fits(place) for place in first.where) or any(first.fits(place) for place in second.where)
