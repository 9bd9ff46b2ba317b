"""Names that a registry of ours takes, for names that it does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container

from ..errors import Invalid
from ..names import MAX_NAME


def fitting(name: str, rule: Callable[[str], str], taken: Container[str], *, most: int = MAX_NAME) -> str:
    """The name itself where a rule takes it and it is free; else the nearest that is.

    Args:
        rule: raises Invalid for what it does not take.
        taken: names that are given to others already, in the form that they are compared in.
    """
    wanted = _kept(name, rule)
    found, number = wanted[:most], 1
    while found in taken:
        number += 1
        tail = f"-{number}"
        found = f"{wanted[: most - len(tail)]}{tail}"
    return found


def _kept(name: str, rule: Callable[[str], str]) -> str:
    try:
        return rule(name)
    except Invalid:
        pass
    text = "".join("-" if _unfit(character) else character for character in unicodedata.normalize("NFC", name))
    text = re.sub(r"-{2,}", "-", text).strip(" -")[:MAX_NAME].strip() or "unnamed"
    try:
        return rule(text)
    except Invalid:  # a narrower rule: what is left in it is plain
        return re.sub(r"[^a-zA-Z0-9_.-]+", "-", text).strip("-") or "unnamed"


def _unfit(character: str) -> bool:
    return character in "/:\\#?%" or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
