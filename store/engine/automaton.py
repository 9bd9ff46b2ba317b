"""Regular expressions for SQLite: a machine that reads a text once and never goes back.

It keeps all places of the pattern that the text so far may have led to, and remembers each step that it works out,
so a step is worked out once and looked up from then on. No pattern makes it slower than linear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from .regex import WORD, Chars, Choice, Edge, Pattern, Repeat, Series, read

_NOTHING, _OTHER, _WORDLY = 0, 1, 2  # what is on one side of a place: the text's end, a character, a word character


@dataclass(slots=True, eq=False)
class _State:
    """All places in the pattern that the text read so far may have led to.

    Attributes:
        verdict: True once the pattern was found, False once it can't be, None while that is open.
    """

    places: frozenset[int]
    before: int
    verdict: bool | None = None
    steps: dict[str, _State] = field(default_factory=dict)


_FOUND = _State(frozenset(), _OTHER, True)
_LOST = _State(frozenset(), _OTHER, False)


class Matcher:
    """A pattern, ready to be looked for. Steps once taken are kept, up to `kept` of them."""

    kept = 50_000

    def __init__(self, pattern: str) -> None:
        # A place of the automaton: characters and the next place, an edge and the next, or only next places.
        self._nodes: list[tuple[Chars | Edge | None, tuple[int, ...]]] = [(None, ())]  # 0: found
        self._first = self._add(read(pattern), 0)
        reachable = {
            place
            for after in (_NOTHING, _OTHER, _WORDLY)
            for before in (_OTHER, _WORDLY)
            for place in self._closure((self._first,), before, after)
        }
        self._anchored = not any(place == 0 or isinstance(self._nodes[place][0], Chars) for place in reachable)
        self._reset()

    def _reset(self) -> None:
        self._count = 0
        self._states: dict[tuple[frozenset[int], int], _State] = {}
        self._start = self._state(frozenset((self._first,)), _NOTHING)

    def search(self, text: str) -> bool:
        """Whether the pattern is found anywhere in the text."""
        state = self._start
        for character in text:
            try:
                state = state.steps[character]
            except KeyError:
                state = self._step(state, character)
            if state.verdict is not None:
                return state.verdict
        return 0 in self._closure(state.places, state.before, _NOTHING)

    def _add(self, tree: Pattern, after: int) -> int:
        """Add the places of a tree that leads to `after`; return its first."""
        match tree:
            case Chars() | Edge():
                return self._node(tree, (after,))
            case Series(items):
                for item in reversed(items):
                    after = self._add(item, after)
                return after
            case Choice(items):
                return self._node(None, tuple(self._add(item, after) for item in items))
            case Repeat(item, low, high):
                first = after
                if high is None:
                    first = self._node(None, ())
                    self._nodes[first] = (None, (self._add(item, first), after))
                else:
                    for _ in range(high - low):
                        first = self._node(None, (self._add(item, first), after))
                for _ in range(low):
                    first = self._add(item, first)
                return first

    def _node(self, what: Chars | Edge | None, after: tuple[int, ...]) -> int:
        self._nodes.append((what, after))
        return len(self._nodes) - 1

    def _closure(self, places: Iterable[int], before: int, after: int) -> set[int]:
        """Places reachable without reading a character, knowing what is on both sides."""
        seen: set[int] = set()
        open_ = list(places)
        while open_:
            place = open_.pop()
            if place in seen:
                continue
            seen.add(place)
            what, following = self._nodes[place]
            if what is None or (isinstance(what, Edge) and _holds(what.kind, before, after)):
                open_.extend(following)
        return seen

    def _step(self, state: _State, character: str) -> _State:
        code = ord(character)
        kind = _WORDLY if _within(code, WORD) else _OTHER
        places = self._closure(state.places, state.before, kind)
        if 0 in places:
            following = _FOUND
        else:
            reached = {
                self._nodes[place][1][0]
                for place in places
                if isinstance(what := self._nodes[place][0], Chars) and _within(code, what.ranges)
            }
            if not self._anchored:
                reached.add(self._first)
            following = self._state(frozenset(reached), kind) if reached else _LOST
        if self._count >= self.kept:
            self._reset()  # other threads may be walking the old states: they stay whole, only forgotten
        self._count += 1
        state.steps[character] = following
        return following

    def _state(self, places: frozenset[int], before: int) -> _State:
        return self._states.setdefault((places, before), _State(places, before))


def _within(code: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def _holds(kind: str, before: int, after: int) -> bool:
    if kind == "start":
        return before == _NOTHING
    if kind == "end":
        return after == _NOTHING
    edge = (before == _WORDLY) != (after == _WORDLY)
    return edge if kind == "word" else not edge


@lru_cache(maxsize=128)
def matcher(pattern: str) -> Matcher:
    """The matcher of a pattern; the latest are kept."""
    return Matcher(pattern)
