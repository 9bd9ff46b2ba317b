"""Regular expressions that both engines read alike, in time linear in the text.

PostgreSQL and Python disagree on `$`, `.`, `\\w`, `{,3}` and more, and Python's matcher takes exponential time on
`(a+)+b`. So a pattern is read here, once: for PostgreSQL it is written anew in words that have one meaning there,
for SQLite it is run by the small machine in `automaton`, which never goes back.

The subset: literals, `.` (any character but a newline), `* + ? {m} {m,} {m,n}`, `[…]` and `[^…]`, `|`, `(…)` and
`(?:…)`, `^ $ \\A \\Z` (the ends of the whole text), `\\b \\B`, `\\d \\s \\w` and their negations,
`\\n \\t \\r \\f \\v`, and `\\` before punctuation. `\\d` is 0-9; `\\w` is A-Z, a-z, 0-9, `_` and every
character beyond ASCII.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..errors import Invalid

MAX_DEPTH = 50
MAX_COUNT = 255  # PostgreSQL's own limit
MAX_SIZE = 1_000  # what {m,n} written out may add

_LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]


class PatternError(Invalid):
    """A pattern is outside the subset.

    Attributes:
        position: offset in the pattern of the first thing that is wrong.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


# -- the tree -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of sorted, disjoint ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between characters: "start", "end", "word" (a word's edge) or "inside" (not one)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Series:
    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    item: Pattern
    low: int
    high: int | None


Pattern = Chars | Edge | Series | Choice | Repeat


def _ranges(pairs: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _others(ranges: Ranges) -> Ranges:
    """Every other character. U+0000 is left out: no text in a store holds it, and PostgreSQL can't name it."""
    found, low = [], 1
    for first, last in ranges:
        if first > low:
            found.append((low, first - 1))
        low = max(low, last + 1)
    if low <= _LAST:
        found.append((low, _LAST))
    return tuple(found)


def _single(ranges: Ranges) -> int | None:
    """The code point, where there is only one."""
    return ranges[0][0] if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else None


_DIGIT = _ranges([(0x30, 0x39)])
_SPACE = _ranges([(0x09, 0x0D), (0x20, 0x20)])
WORD = _ranges([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0x80, _LAST)])
_CLASSES = {
    "d": _DIGIT,
    "D": _others(_DIGIT),
    "s": _SPACE,
    "S": _others(_SPACE),
    "w": WORD,
    "W": _others(WORD),
}
_EDGES = {"b": Edge("word"), "B": Edge("inside"), "A": Edge("start"), "Z": Edge("end")}
_CONTROLS = {"n": 0x0A, "t": 0x09, "r": 0x0D, "f": 0x0C, "v": 0x0B}
_ANY = _others(((0x0A, 0x0A),))


# -- reading --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def read(pattern: str) -> Pattern:
    """A pattern as a tree.

    Raises:
        PatternError: it is not in the subset, or too big.
    """
    reader = _Reader(pattern)
    tree = reader.choice(0)
    if reader.at < len(pattern):
        raise PatternError("this ')' closes nothing; write \\) for the character itself", reader.at)
    if _size(tree) > MAX_SIZE + len(pattern):
        raise PatternError(
            f"the pattern's repetitions come to more than {MAX_SIZE:,} characters; use smaller counts", 0
        )
    return tree


def escape(text: str) -> str:
    """A pattern that matches just this text."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)


_SPECIAL = frozenset("\\.^$*+?{}[]()|-")


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def choice(self, depth: int) -> Pattern:
        if depth > MAX_DEPTH:
            raise PatternError(f"brackets are nested more than {MAX_DEPTH} deep", self.at)
        items = [self.series(depth)]
        while self.peek() == "|":
            self.at += 1
            items.append(self.series(depth))
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def series(self, depth: int) -> Pattern:
        items: list[Pattern] = []
        while (c := self.peek()) and c not in "|)":
            items.append(self.repeated(self.atom(depth)))
        return items[0] if len(items) == 1 else Series(tuple(items))

    def repeated(self, item: Pattern) -> Pattern:
        start = self.at
        counts = self.counts()
        if counts is None:
            return item
        # `(\b|a)*` says nothing more than its parts, and PostgreSQL can't manage more than a few of them.
        if isinstance(item, Edge) or (counts[1] != 1 and _has_edge(item)):
            raise PatternError(r"this repeats a place (^ $ \b \B \A \Z); keep places out of repetitions", start)
        if (counts[1] not in (1, None) or counts[0] > 1) and _may_be_empty(item):
            # PostgreSQL takes seconds to read `(a?){100}`.
            raise PatternError("this counts something that may be empty; repeat it with * or +", start)
        if self.peek() == "?":
            self.at += 1  # lazy: what is found is the same
        if self.peek() == "+":
            raise PatternError("'+' after a repetition (possessive) is not supported; leave it out", self.at)
        if self.peek() in ("*", "?", "{") and self.peek():
            raise PatternError("a repetition of a repetition: put the first into brackets", self.at)
        return Repeat(item, *counts)

    def counts(self) -> tuple[int, int | None] | None:
        c = self.peek()
        if c in ("*", "+", "?") and c:
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[c]
        if c != "{":
            return None
        start = self.at
        end = self.pattern.find("}", start)
        inner = self.pattern[start + 1 : end] if end > 0 else ""
        low, comma, high = inner.partition(",")
        numbers = [n for n in (low, high) if n]
        if not numbers or not all(n.isascii() and n.isdigit() and len(n) < 9 for n in numbers):
            raise PatternError("'{' begins a repetition like {2} or {2,5}; write \\{ for the character itself", start)
        least = int(low or 0)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > MAX_COUNT:
            raise PatternError(f"repetitions go up to {MAX_COUNT}", start)
        if most is not None and most < least:
            raise PatternError("the smaller count comes first", start)
        self.at = end + 1
        return least, most

    def atom(self, depth: int) -> Pattern:
        start, c = self.at, self.peek()
        self.at += 1
        if c == "(":
            return self.group(start, depth)
        if c == "[":
            return Chars(self.bracket(start))
        if c == ".":
            return Chars(_ANY)
        if c == "^":
            return Edge("start")
        if c == "$":
            return Edge("end")
        if c == "\\":
            if self.peek() in _EDGES and self.peek():
                self.at += 1
                return _EDGES[self.pattern[self.at - 1]]
            return Chars(self.escaped(start))
        if c in "*+?{":
            raise PatternError(f"'{c}' has nothing before it to repeat; write \\{c} for the character itself", start)
        return Chars(((ord(c), ord(c)),))

    def group(self, start: int, depth: int) -> Pattern:
        if self.peek() == "?":
            if self.pattern[self.at : self.at + 2] != "?:":
                raise PatternError(
                    "only ( ) and (?: ) groups are supported: no look-ahead, look-behind, names or flags", start
                )
            self.at += 2
        inner = self.choice(depth + 1)
        if self.peek() != ")":
            raise PatternError("this '(' is never closed; write \\( for the character itself", start)
        self.at += 1
        return inner

    def escaped(self, start: int) -> Ranges:
        """What a backslash and the character after it stand for; `at` is on that character."""
        c = self.peek()
        if not c:
            raise PatternError("a single \\ at the end; write \\\\ for the character itself", start)
        self.at += 1
        if c in _CLASSES:
            return _CLASSES[c]
        if c in _CONTROLS:
            return ((_CONTROLS[c], _CONTROLS[c]),)
        if c.isdigit():
            raise PatternError(f"\\{c}: references back to a group are not supported", start)
        if c.isalpha():
            raise PatternError(
                f"\\{c} is not supported; letters that may follow \\ are b d s w B D S W A Z n t r f v", start
            )
        return ((ord(c), ord(c)),)

    def bracket(self, start: int) -> Ranges:
        negated = self.peek() == "^"
        self.at += negated
        found: list[tuple[int, int]] = []
        first = True
        while (c := self.peek()) != "]" or first:
            if not c:
                raise PatternError("this '[' is never closed; write \\[ for the character itself", start)
            if c == "[" and self.pattern[self.at + 1 : self.at + 2] in (":", ".", "="):
                raise PatternError(r"[: :] classes are not supported; use \d, \s, \w or write the range", self.at)
            if c == "]":
                raise PatternError("[] holds no character; write [\\]] for the bracket itself", start)
            first = False
            item_at = self.at
            low = self.member()
            if self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                first_code, last_code = _single(low), _single(high)
                if first_code is None or last_code is None:
                    raise PatternError("a range goes from one character to another; write \\- for the dash", item_at)
                if first_code > last_code:
                    raise PatternError("this range is backwards: its first character comes after its last", item_at)
                found.append((first_code, last_code))
            else:
                found.extend(low)
        self.at += 1
        ranges = _ranges(found)
        return _others(ranges) if negated else ranges

    def member(self) -> Ranges:
        start, c = self.at, self.peek()
        self.at += 1
        return self.escaped(start) if c == "\\" else ((ord(c), ord(c)),)


def _has_edge(tree: Pattern) -> bool:
    match tree:
        case Edge():
            return True
        case Series(items) | Choice(items):
            return any(map(_has_edge, items))
        case Repeat(item):
            return _has_edge(item)
    return False


def _may_be_empty(tree: Pattern) -> bool:
    match tree:
        case Chars():
            return False
        case Edge():
            return True
        case Series(items):
            return all(map(_may_be_empty, items))
        case Choice(items):
            return any(map(_may_be_empty, items))
        case Repeat(item, low):
            return low == 0 or _may_be_empty(item)


def _size(tree: Pattern) -> int:
    match tree:
        case Chars() | Edge():
            return 1
        case Series(items) | Choice(items):
            return 1 + sum(map(_size, items))
        case Repeat(item, low, high):
            return 1 + _size(item) * max(low + 1 if high is None else high, 1)


# -- for PostgreSQL -------------------------------------------------------------------------------------------------


def to_postgres(pattern: str) -> str:
    """The same pattern as PostgreSQL's advanced regular expressions say it, whatever the collation."""
    # The empty group keeps a pattern's start from being read as options.
    return "(?:)" + _write(read(pattern))


def _write(tree: Pattern) -> str:
    match tree:
        case Chars(ranges):
            return _write_chars(ranges)
        case Edge(kind):
            return _POSTGRES_EDGES[kind]
        case Series(items):
            return "".join(_write(item) if not isinstance(item, Choice) else f"(?:{_write(item)})" for item in items)
        case Choice(items):
            return "|".join(_write(item) or "(?:)" for item in items)
        case Repeat(item, low, high):
            if high == 0:
                return "(?:)"
            return f"(?:{_write(item)}){{{low},{'' if high is None else high}}}"


def _write_chars(ranges: Ranges) -> str:
    if not ranges:
        return r"(?=a)(?!a)"  # no character at all
    single = _single(ranges)
    if single is not None:
        return _code(single)
    return "[" + "".join(_code(a) if a == b else f"{_code(a)}-{_code(b)}" for a, b in ranges) + "]"


def _code(code: int) -> str:
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_W = _write_chars(WORD)
_POSTGRES_EDGES = {
    "start": r"\A",
    "end": r"\Z",
    "word": f"(?:(?<={_W})(?!{_W})|(?<!{_W})(?={_W}))",
    "inside": f"(?:(?<={_W})(?={_W})|(?<!{_W})(?!{_W}))",
}
