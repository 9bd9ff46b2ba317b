"""SQL for one value against one column, the same on both engines. Nothing here knows a table.

What an engine can't be trusted to do alike is done otherwise: letter case of ASCII by `lower()` (both engines keep
to ASCII in the "C" collation), of everything else by character classes; globs over folded text by regular expressions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..clock import to_text
from ..engine import Engine, regex
from ..folding import fold, variants
from .tree import Age, Boolean, Compare, Day, Moment, Number, Operator, Text, Value

_SIGNS: dict[Operator, str] = {"match": "=", "eq": "=", "count": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_WILD = re.compile(r"([*?])")
_ANY_TEXT = {"*": r"[\s\S]*", "?": r"[\s\S]"}
_ANY_LINE = {"*": r"[^\n]*", "?": r"[^\n]"}
_EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)

EVERY = "1 = 1"
NONE = "1 = 0"


def any_of(parts: Iterable[str]) -> str:
    parts = list(parts)
    return NONE if not parts else parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def all_of(parts: Iterable[str]) -> str:
    parts = list(parts)
    return EVERY if not parts else parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


class Conditions:
    """Makes conditions and keeps their arguments, named f1, f2 … in order."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self.engine = engine
        self.now = now
        self.args: dict[str, Any] = {}

    def arg(self, value: Any) -> str:
        name = f"f{len(self.args) + 1}"
        self.args[name] = value
        return name

    # -- text ---------------------------------------------------------------------------------------------------

    def exact(self, column: str, values: Sequence[str]) -> str:
        if not values:
            return NONE
        if len(values) == 1:
            return f"{column} = :{self.arg(values[0])}"
        return self.engine.any_of(column, self.arg(self.engine.pack(list(dict.fromkeys(values)))))

    def glob(self, column: str, pattern: str) -> str:
        pattern = re.sub(r"\*+", "*", pattern)
        if pattern.count("*") <= 2:
            return self.engine.glob(column, self.arg(self.engine.glob_pattern(pattern)))
        # An engine's own glob goes back for every star; the regular expressions don't.
        return self.regex(column, glob_regex(pattern, regex.escape))

    def regex(self, column: str, pattern: str) -> str:
        return self.engine.regex(column, self.arg(self.engine.regex_pattern(pattern)))

    def contains(self, column: str, text: str) -> str:
        return self.engine.contains(column, self.arg(text)) if text else f"{column} IS NOT NULL"

    def contains_word(self, column: str, word: str) -> str:
        """The word is in a column that isn't kept folded, letter case not counting."""
        folded = fold(word)
        if folded.isascii():
            return self.engine.contains(f"lower({column})", self.arg(folded))
        return self.regex(column, any_case(word))

    def text(self, column: str, node: Compare) -> str:
        """A column whose letter case counts."""
        texts = _texts(node.values)
        match node.op:
            case "regex":
                return any_of(self.regex(column, one.text) for one in texts)
            case "contains":
                return any_of(self.contains(column, one.text) for one in texts)
            case "gt" | "ge" | "lt" | "le":
                return any_of(f"{column} {_SIGNS[node.op]} :{self.arg(one.text)}" for one in texts)
        parts = [self.glob(column, one.text) for one in texts if one.glob]
        if plain := [one.text for one in texts if not one.glob]:
            parts.insert(0, self.exact(column, plain))
        return any_of(parts)

    def folded(self, column: str, node: Compare, folding: Callable[[str], str]) -> str:
        """A column that is kept folded by `folding`, for `:`."""
        texts = _texts(node.values)
        parts = [self.regex(column, rf"\A{glob_regex(one.text, literal(folding))}\Z") for one in texts if one.glob]
        if plain := [folding(one.text) for one in texts if not one.glob]:
            parts.insert(0, self.exact(column, plain))
        return any_of(parts)

    def first_line(self, column: str, node: Compare) -> str:
        """The first line of a folded column, for `:`."""
        return any_of(self._first_line(column, one) for one in _texts(node.values))

    def _first_line(self, column: str, value: Text) -> str:
        if value.glob:
            return self.regex(column, rf"\A{glob_regex(value.text, literal(fold), _ANY_LINE)}\n")
        # Text that begins with the line and its end: between that, and the same with the next character.
        line = fold(value.text)
        return f"({column} >= :{self.arg(line + chr(10))} AND {column} < :{self.arg(line + chr(11))})"

    def first_line_contains(self, column: str, word: str) -> str:
        folded = fold(word)
        # The plain search is fast and leaves little for the exact one.
        return all_of(
            (self.engine.contains(column, self.arg(folded)), self.regex(column, rf"\A[^\n]*{regex.escape(folded)}"))
        )

    def later_lines(self, column: str, value: Text) -> str:
        """The text is in a folded column after its first line."""
        wanted = glob_regex(value.text, literal(fold)) if value.glob else regex.escape(fold(value.text))
        exact = self.regex(column, rf"\A[^\n]*\n[\s\S]*{wanted}")
        return exact if value.glob else all_of((self.contains(column, fold(value.text)), exact))

    # -- numbers and times --------------------------------------------------------------------------------------

    def number(self, column: str, node: Compare) -> str:
        numbers = [value.number for value in node.values if isinstance(value, Number)]
        if node.op in ("match", "eq") and len(numbers) > 1:
            whole = [int(number) for number in numbers if number == int(number)]
            return self.engine.any_of(column, self.arg(self.engine.pack(whole))) if whole else NONE
        return any_of(f"{column} {_SIGNS[node.op]} :{self.arg(number)}" for number in numbers)

    # -- metadata -----------------------------------------------------------------------------------------------

    def json(self, column: str, node: Compare) -> str:
        """A value inside a JSON column. Lists and objects are equal to nothing."""
        path = self.arg(self.engine.json_path(node.keys))
        return any_of(self._json(column, path, node.op, value) for value in node.values)

    def _json(self, column: str, path: str, op: Operator, value: Value) -> str:
        parts = []
        if isinstance(value, Number):
            number = self.engine.json_value(column, path, "number")
            parts.append(f"{number} {_SIGNS[op]} :{self.arg(float(value.number))}")
        elif isinstance(value, Boolean):
            parts.append(f"{self.engine.json_value(column, path, 'boolean')} = {int(value.truth)}")
        # `:3` and `=3` fit the text "3" too; more and less than 3 are numbers only.
        if isinstance(value, (Number, Boolean)) and value.text is not None and op in ("match", "eq"):
            value = Text(value.text)
        if isinstance(value, Text):
            text = self.engine.json_value(column, path, "text")
            parts.append(self.text(text, Compare("", op, (value,))))
        return any_of(parts)

    def time(self, column: str, node: Compare) -> str:
        return any_of(self._time(column, node.op, value) for value in node.values)

    def _time(self, column: str, op: Operator, value: Value) -> str:
        if isinstance(value, Age):
            # "Younger than" is later than, and what is just so old is not older.
            then = self.arg(to_text(self._ago(value.span)))
            return f"{column} {'<' if op in ('lt', 'le') else '>='} :{then}"
        if isinstance(value, Day):
            midnight = self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            value = Moment(midnight - timedelta(days=value.ago), midnight - timedelta(days=value.ago - 1))
        assert isinstance(value, Moment)
        if op in ("match", "eq"):
            return f"({column} >= :{self.arg(to_text(value.start))} AND {column} < :{self.arg(to_text(value.end))})"
        # After a day is after all of it, before a day is before all of it.
        bound = value.end if op in ("gt", "le") else value.start
        return f"{column} {'>=' if op in ('gt', 'ge') else '<'} :{self.arg(to_text(bound))}"

    def _ago(self, span: timedelta) -> datetime:
        try:
            return max(self.now.astimezone(UTC) - span, _EARLIEST)
        except OverflowError:
            return _EARLIEST


def _texts(values: Iterable[Value]) -> list[Text]:
    return [value for value in values if isinstance(value, Text)]


def glob_regex(pattern: str, piece: Callable[[str], str], wild: Mapping[str, str] = _ANY_TEXT) -> str:
    """A glob as a regular expression; `piece` writes what stands between its wild cards."""
    parts = _WILD.split(re.sub(r"\*+", "*", pattern))
    return "".join(wild[part] if part in wild else piece(part) for part in parts if part)


def literal(folding: Callable[[str], str]) -> Callable[[str], str]:
    """Writes text as the regular expression of its folded form."""
    return lambda text: regex.escape(folding(text))


def any_case(text: str) -> str:
    """A regular expression for a word in text that is not folded: either letter case, composed or not."""
    folded = fold(text)
    forms = dict.fromkeys((folded, unicodedata.normalize("NFD", folded)))
    return f"(?:{'|'.join(''.join(map(_one_of, form)) for form in forms)})"


def _one_of(character: str) -> str:
    found = variants(character)
    return regex.escape(character) if len(found) == 1 else f"[{found}]"
