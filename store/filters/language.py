"""The filter language that people type: read from left to right, every error with its place.

either  = both ("OR" both)*
both    = one ("AND"? one)*
one     = ("!" | "-" | "NOT")* (word | "phrase" | "(" either ")" | field operator values)
values  = value | "(" value ("," value)* ")"
"""

from __future__ import annotations

import re
import unicodedata

from ..engine import regex
from ..errors import FilterError
from ..names import closest
from .fields import NAMES, Field
from .tree import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_PATTERN,
    MAX_VALUE,
    And,
    Compare,
    Has,
    Node,
    Not,
    Operator,
    Or,
    Place,
    Text,
    Value,
    Word,
    negated,
)
from .values import BadValue, read_value

MAX_LENGTH = 4_000

_KEYWORD = re.compile(r'(AND|OR|NOT)(?=[\s()"]|$)')
_OPERATOR = re.compile(r"!=|>=|<=|[:=<>~]")
_BARE_END = re.compile(r'[\s()"]|!=|[:=<>~]')
_VALUE_END = re.compile(r'[\s()"]')
_ITEM_END = re.compile(r'[,()"]')
_SPACE = re.compile(r"\s*")
_OPS: dict[str, Operator] = {
    ":": "match",
    "=": "eq",
    "!=": "eq",
    ">": "gt",
    ">=": "ge",
    "<": "lt",
    "<=": "le",
    "~": "regex",
}


def parse(text: str) -> Node | None:
    """A filter as a tree; None when there is nothing in it but blanks.

    Raises:
        FilterError: points at the first thing that is wrong and says what to do.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.conditions = 0

    def error(self, message: str, position: int | None = None) -> FilterError:
        return FilterError(message, self.text, min(self.at if position is None else position, len(self.text)))

    def parse(self) -> Node | None:
        if len(self.text) > MAX_LENGTH:
            raise self.error(f"The filter is longer than {MAX_LENGTH:,} characters; make it shorter.", MAX_LENGTH)
        for position, character in enumerate(self.text):
            if character == "\0" or unicodedata.category(character) == "Cs":
                raise self.error(f"A filter can't hold U+{ord(character):04X}; leave it out.", position)
        if not self.text.strip():
            return None
        node = self.either()
        if self.at < len(self.text):
            raise self.error("This ')' closes nothing; take it away, or put it into quotes.")
        return node

    # -- looking ahead ------------------------------------------------------------------------------------------

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match
        self.at = match.end()

    def keyword(self) -> str | None:
        match = _KEYWORD.match(self.text, self.at)
        return match[1] if match else None

    def ends(self) -> bool:
        """Whether nothing more belongs to this bracket."""
        self.skip()
        return self.at >= len(self.text) or self.text[self.at] == ")"

    def upto(self, pattern: re.Pattern[str]) -> str:
        """Take everything before the pattern, or the rest."""
        match = pattern.search(self.text, self.at)
        start, self.at = self.at, match.start() if match else len(self.text)
        return self.text[start : self.at]

    # -- operators ----------------------------------------------------------------------------------------------

    def either(self) -> Node:
        items = [self.both()]
        while not self.ends() and self.keyword() == "OR":
            at = self.at
            self.at += len("OR")
            if self.ends() or self.keyword() in ("OR", "AND"):
                raise self.error('Something must follow OR; complete it, or quote the word: "OR".', at)
            items.append(self.both())
        return items[0] if len(items) == 1 else Or(tuple(items))

    def both(self) -> Node:
        items: list[Node] = []
        while not self.ends():
            keyword, at = self.keyword(), self.at
            if keyword in ("AND", "OR") and not items:
                raise self.error(f'Something must come before {keyword}; complete it, or quote the word: "{keyword}".')
            if keyword == "OR":
                break
            if keyword == "AND":
                self.at += len("AND")
                if self.ends() or self.keyword() in ("OR", "AND"):
                    raise self.error('Something must follow AND; complete it, or quote the word: "AND".', at)
            items.append(self.one())
        return items[0] if len(items) == 1 else And(tuple(items))

    def one(self) -> Node:
        negative = False
        while True:
            at = self.at
            following = self.text[at + 1 : at + 2]
            if self.keyword() == "NOT":
                self.at += len("NOT")
            elif self.text.startswith("!", at) or (
                self.text.startswith("-", at) and following and not following.isspace() and following != ")"
            ):
                self.at += 1
            else:
                break
            negative = not negative
            if self.ends() or self.keyword() in ("OR", "AND"):
                raise self.error("This negates nothing; write what should not be there right after it.", at)
        node = self.positive()
        return negated(node) if negative else node

    def positive(self) -> Node:
        start = self.at
        character = self.text[start]
        if character == "(":
            return self.bracket()
        if character == '"':
            phrase, _ = self.quoted()
            if not phrase.strip():
                raise self.error("There is nothing between these quotes; write what to look for.", start)
            return self.word(phrase, start)
        bare = self.upto(_BARE_END)
        name = bare.lower()
        if not bare:
            sign = _OPERATOR.match(self.text, start)
            raise self.error(f"'{sign[0] if sign else character}' has no field before it; write one, or quote it all.")
        end = self.at
        if name in NAMES or name == "has" or name.startswith("metadata."):
            keys = self.keys(start) if name.startswith("metadata.") else ()
            end = self.at
            self.skip()  # `size > 1G` reads like `size>1G`
            if _OPERATOR.match(self.text, self.at):
                return self.has(start) if name == "has" else self.compare("metadata" if keys else name, keys, start)
            if keys:
                self.at = end
                raise self.error(
                    "metadata.… needs an operator and a value, like metadata.acc>0.9, or has:metadata.acc.", start
                )
            self.at = end
        elif _OPERATOR.match(self.text, end):
            known = ", ".join((*NAMES, "has"))
            raise self.error(
                f"There is no field '{bare}'.{closest(name, (*NAMES, 'has'))} Fields are {known}; "
                'to look for the text itself, quote it all: "a:b".',
                start,
            )
        return self.word(bare, start)

    def bracket(self) -> Node:
        start = self.at
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"Brackets are nested more than {MAX_DEPTH} deep; take some away.")
        self.at += 1
        if self.ends() and self.at < len(self.text):
            raise self.error("There is nothing in these brackets; fill them, or take them away.", start)
        if self.at >= len(self.text):
            raise self.error("This '(' is never closed; add a ')'.", start)
        node = self.either()
        if self.at >= len(self.text):
            raise self.error("This '(' is never closed; add a ')'.", start)
        self.at += 1
        self.depth -= 1
        return node

    # -- leaves -------------------------------------------------------------------------------------------------

    def count(self, position: int, what: str = "") -> Place:
        """Another condition; its place."""
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise self.error(f"A filter holds at most {MAX_CONDITIONS} conditions; make it shorter.", position)
        if len(what) > MAX_VALUE:
            raise self.error(f"This is longer than {MAX_VALUE} characters; make it shorter.", position)
        return Place(self.text, position)

    def word(self, text: str, position: int) -> Word:
        return Word(text, self.count(position, text))

    def quoted(self) -> tuple[str, list[int]]:
        """A quoted text, and where each of its characters stood. Only `\\"` and `\\\\` are escapes."""
        start = self.at
        found: list[str] = []
        places: list[int] = []
        at = start + 1
        while True:
            character = self.text[at : at + 1]
            if not character:
                raise self.error('This " is never closed; add another, or write \\" for the character itself.', start)
            if character == '"':
                break
            places.append(at)
            if character == "\\" and self.text[at + 1 : at + 2] in ('"', "\\") and at + 1 < len(self.text):
                at += 1
            found.append(self.text[at])
            at += 1
        self.at = at + 1
        places.append(at)
        return "".join(found), places

    def keys(self, start: int) -> tuple[str, ...]:
        """The path after `metadata.`; a key in quotes may hold anything."""
        self.at = start + len("metadata.")
        keys: list[str] = []
        while True:
            at = self.at
            if self.text.startswith('"', at):
                key, _ = self.quoted()
            else:
                key = self.upto(_KEY_END)
            if not key:
                raise self.error("A metadata key is missing here; write metadata.<key>, like metadata.acc.", at)
            keys.append(key)
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self.at += 1

    def field(self, name: str, sign: str, position: int) -> Field:
        field = NAMES[name]
        if sign not in field.operators:
            raise self.error(
                f"'{sign}' does not fit {field.name}; it takes {' '.join(field.operators)}, like {field.examples[0]}.",
                position,
            )
        return field

    def compare(self, name: str, keys: tuple[str, ...], start: int) -> Node:
        sign = self.sign()
        if name == "metadata" and not keys:
            raise self.error("metadata needs a key: metadata.<key>, like metadata.acc>0.9.", start)
        field = self.field(name, sign, self.at - len(sign))
        after = self.at
        place = Place(self.text, start)
        self.skip()
        if self.at >= len(self.text) or self.text[self.at] == ")" or self.keyword():
            raise self.error(
                f"{name}{sign} needs a value right after it, like {field.examples[0]}; "
                "a value that is AND, OR or NOT goes into quotes.",
                after,
            )
        op = _OPS[sign]
        if op == "regex":
            values: list[Value] = [Text(self.pattern())]
        elif self.text[self.at] == "(":
            if sign not in (":", "=", "!="):
                raise self.error(f"'{sign}' takes one value; a list goes with : or = or !=.")
            values = [self.read(field, op, *item) for item in self.items()]
        else:
            values = [self.read(field, op, *self.value(_VALUE_END))]
        node = Compare(field.name, op, tuple(values), keys, place)
        return Not(node) if sign == "!=" else node

    def sign(self) -> str:
        match = _OPERATOR.match(self.text, self.at)
        assert match
        self.at = match.end()
        return match[0]

    def value(self, end: re.Pattern[str]) -> tuple[str, bool, int]:
        """One value, whether it was quoted, and where it stood."""
        start = self.at
        if self.text.startswith('"', start):
            return self.quoted()[0], True, start
        return self.upto(end).rstrip(), False, start

    def items(self) -> list[tuple[str, bool, int]]:
        """The values of a list; without quotes, they may hold blanks but no comma."""
        start = self.at
        found: list[tuple[str, bool, int]] = []
        unclosed = self.error("This '(' is never closed; add a ')'.", start)
        while True:
            self.at += 1  # the bracket or a comma
            if self.ends() and not found and self.at < len(self.text):
                raise self.error("There is nothing in these brackets; fill them, or take them away.", start)
            item = self.value(_ITEM_END)
            self.skip()
            if self.at >= len(self.text):
                raise unclosed
            if not item[0] and not item[1]:
                raise self.error("A value is missing here; write one, or take the comma away.", item[2])
            if self.text[self.at] not in ",)":
                raise self.error("A list has commas between its values; quote values that hold brackets or quotes.")
            found.append(item)
            if self.text[self.at] == ")":
                self.at += 1
                return found

    def read(self, field: Field, op: Operator, text: str, quoted: bool, position: int) -> Value:
        self.count(position, text)
        if not text and not quoted:
            raise self.error(f"{field.name} needs a value, like {field.examples[0]}.", position)
        try:
            value = read_value(field, text, op, quoted=quoted)
        except BadValue as error:
            raise self.error(f"{error}.", position) from None
        return value

    def pattern(self) -> str:
        start = self.at
        self.count(start)
        quoted = self.text[start] == '"'
        if quoted:
            pattern, places = self.quoted()
        else:
            end = _pattern_end(self.text, start)
            pattern, places = self.text[start:end], list(range(start, end + 1))
            self.at = end
        if len(pattern) > MAX_PATTERN:
            raise self.error(f"A pattern has at most {MAX_PATTERN} characters; make it shorter.", start)
        if not pattern:
            raise self.error("A pattern is missing here; write what to look for, like name~^det.", start)
        try:
            regex.read(pattern)
        except regex.PatternError as error:
            cut = not quoted and self.text[self.at : self.at + 1].isspace()
            hint = " A pattern with blanks goes into quotes." if cut else ""
            raise self.error(f"The pattern can't be used: {error}.{hint}", places[error.position]) from None
        return pattern

    def has(self, start: int) -> Node:
        sign = self.sign()
        if sign not in (":", "="):
            raise self.error(f"'{sign}' does not fit has; write has:tag.", self.at - len(sign))
        after = self.at
        self.skip()
        if self.at >= len(self.text) or self.text[self.at] == ")" or self.keyword():
            raise self.error("has: needs a field right after it, like has:tag.", after)
        position = self.at
        name = self.upto(_BARE_END).lower()
        keys = self.keys(position) if name.startswith("metadata.") else ()
        field = NAMES.get("metadata" if keys else name)
        if field is None or not field.optional:
            fitting = [one.name for one in dict.fromkeys(NAMES.values()) if one.optional]
            raise self.error(
                f"has: does not work with '{name}'.{closest(name, fitting)} It takes {', '.join(fitting)} "
                "and metadata.<key>.",
                position,
            )
        return Has(field.name, keys, self.count(position))


_KEY_END = re.compile(r'[\s()".]|!=|[:=<>~]')


def _pattern_end(text: str, start: int) -> int:
    """Where a pattern without quotes ends: at a blank, or at a bracket that it didn't open."""
    depth, at, in_class = 0, start, False
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
        elif character.isspace():
            break
        elif in_class:
            in_class = character != "]" or text[at - 1] == "["
        elif character == "[":
            in_class = True
        elif character == "(":
            depth += 1
        elif character == ")":
            if not depth:
                break
            depth -= 1
        at += 1
    return min(at, len(text))
