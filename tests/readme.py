"""The parts of the README that say what the code says. `python -m tests.readme` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from curatory.store import OCCASIONS, VARIABLES
from curatory.store.filters import FIELDS, GRAMMAR
from curatory.tui.actions import ACTIONS, HEADINGS

_SPOKEN = {
    "question_mark": "?", "slash": "/", "colon": ":", "plus": "+", "minus": "-", "asterisk": "*", "comma": ",",
    "left_square_bracket": "[", "right_square_bracket": "]", "full_stop": ".", "equals_sign": "=", "less_than_sign": "<",
    "greater_than_sign": ">", "vertical_line": "\\|", "apostrophe": "'", "backslash": "\\",
}  # fmt: skip
README = Path(__file__).resolve().parents[1] / "README.md"
_LETTERS = {"registries": "R", "collections": "C", "versions": "V"}


def grammar() -> str:
    rows = ["| write | finds |", "|---|---|"]
    rows += [f"| {_code(form)} | {meaning.replace('|', chr(92) + '|')} |" for form, meaning in GRAMMAR]
    rows += ["", "| field | of | | meaning | for example |", "|---|---|:-:|---|---|"]
    for field in FIELDS.values():
        names = ", ".join(f"`{name}`" for name in (field.name, *field.aliases))
        targets = " ".join(_LETTERS[target] for target in field.targets)
        examples = " ".join(f"`{example}`" for example in field.examples[:2])
        rows.append(f"| {names} | {targets} | {'✓' if field.optional else ''} | {field.meaning} | {examples} |")
    rows += ["", "R registries, C collections, V versions; ✓ may be missing, so `has:` makes sense."]
    return "\n".join(rows)


def keys() -> str:
    rows = ["| key | does | |", "|---|---|:-:|"]
    for heading in HEADINGS:
        rows.append(f"| **{heading}** | | |")
        for action in ACTIONS:
            if action.heading == heading:
                pressed = " ".join(f"`{_SPOKEN.get(key.strip(), key.strip())}`" for key in action.keys.split(",")[:2])
                rows.append(f"| {pressed} | {action.help} | {'↶' if action.undoable else ''} |")
    return "\n".join(rows)


def occasions() -> str:
    rows = ["| `--on` | when | `${event_type}` | pattern of | filter of |", "|---|---|---|---|---|"]
    for one in OCCASIONS.values():
        what = one.name.partition(".")[0]
        of = {"version": "an alias that it has", "role": "the role"}.get(
            what, f"the {'tag' if 'tag' in what else what}"
        )
        target = (one.target or "").removesuffix("s")
        rows.append(f"| `{one.name}` | {one.words} | `{one.variable}` | {of if one.patterned else ''} | {target} |")
    return "\n".join(rows)


def variables() -> str:
    rows = ["| variable | becomes |", "|---|---|"]
    rows += [f"| `${{{name}}}` | {meaning} |" for name, meaning in VARIABLES.items()]
    return "\n".join(rows)


def _code(form: str) -> str:
    return " ".join(f"`{part}`" for part in re.split(r"\s{2,}", form))


PARTS = {"grammar": grammar, "keys": keys, "occasions": occasions, "variables": variables}


def written(text: str) -> str:
    """The README with every such part as the code has it."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- {name}: begin[^>]*-->\n).*?(<!-- {name}: end -->)"
        text, found = re.subn(pattern, lambda m, part=part: f"{m[1]}{part()}\n{m[2]}", text, flags=re.S)
        if not found:
            raise ValueError(f"README.md has no part {name!r}")
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
