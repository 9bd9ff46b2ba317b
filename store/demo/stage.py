"""Where the story is played: a clock that is set, actors who act through their own view of the store, a schedule."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..records import File, Run, Version

if TYPE_CHECKING:
    from ..store import Store

START = datetime(2025, 11, 24, 8, 0, tzinfo=UTC)
TODAY = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
_SEED = "acme"

Act = Callable[[], object]
Progress = Callable[[int, int, str], None]


def day(text: str) -> datetime:
    """`2026-03-02` or `2026-03-02 14:30`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class DemoClock:
    """A clock that is set, never backwards; each look at it is a little later."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=137)
        return self.time

    def set(self, moment: datetime) -> None:
        self.time = max(self.time, moment)


class Stage:
    """The schedule of a year, and what it has made so far.

    Attributes:
        made: versions by the name they were logged under, in order; deleted ones are taken out.
        linked: versions by the collection they were linked into, in order.
        scores: version id → its main metric.
        names: what is called otherwise later, by what it was called first.
        running: runs that go on from day to day, by what they make.
        withdrawn: ids of versions that must not be promoted any more.
    """

    def __init__(self, store: Store, clock: DemoClock) -> None:
        self.store = store
        self.clock = clock
        self.made: dict[str, list[Version]] = {}
        self.linked: dict[str, list[Version]] = {}
        self.scores: dict[int, float] = {}
        self.names = {"benchmarks": "benchmarks", "depth": "depth"}
        self.running: dict[str, Run] = {}
        self.withdrawn: set[int] = set()
        self._actors: dict[str, Store] = {}
        self._queue: list[tuple[datetime, int, Act]] = []
        self._count = 0
        self._stored: dict[bytes, File] = {}

    def by(self, name: str) -> Store:
        """The store as somebody sees it."""
        if name not in self._actors:
            self._actors[name] = self.store.as_actor(name)
        return self._actors[name]

    @property
    def now(self) -> datetime:
        """The time on stage; unlike a look at the clock this does not move it."""
        return self.clock.time

    def target(self, link: str) -> str:
        """A collection's path as it is called now."""
        return link.format(**self.names)

    def rng(self, *about: object) -> random.Random:
        """Chance of one's own, so that a change in one line of work leaves the others as they were."""
        return random.Random("/".join(map(str, (_SEED, *about))))

    def at(self, moment: datetime | str, act: Act) -> None:
        """Put something on the schedule; what would be after the last day does not happen."""
        when = day(moment) if isinstance(moment, str) else moment
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, act))

    def play(self, progress: Progress | None = None) -> None:
        """Everything in the order of time, what is scheduled on the way too."""
        days = (TODAY - START).days
        for done in range(0, days + 1, 7):
            end = START + timedelta(days=done + 7)
            if progress:
                progress(done, days, f"{START + timedelta(days=done):%B %Y}")
            # A week is one transaction. Fewer would be slower: PostgreSQL walks past every older state of a row that
            # one transaction has changed again and again, and each event changes the head of the log.
            with self.store.engine.write():
                while self._queue and self._queue[0][0] <= min(end, TODAY):
                    when, _, act = heapq.heappop(self._queue)
                    self.clock.set(when)
                    act()
        if progress:
            progress(days, days, "")

    def put(self, files: Mapping[str, bytes]) -> list[File]:
        """Bytes into the blob store; the manifest entries for them."""
        return [self._put(path, data) for path, data in sorted(files.items())]

    def _put(self, path: str, data: bytes) -> File:
        known = self._stored.get(data) if len(data) < 1024 else None
        if known is None:
            blob = self.store.blobs.put_bytes(data)
            known = File(path, blob.size, blob.md5_base64, sha256=blob.sha256)
            if len(data) < 1024:
                self._stored[data] = known
        return File(path, known.size, known.digest, sha256=known.sha256)


def working_hours(moment: datetime, rng: random.Random, *, seoul: bool = False) -> datetime:
    """The same day, or the next that is no weekend, at a time somebody would be at work: in Europe unless in Seoul."""
    if moment.weekday() > 4:
        moment += timedelta(days=7 - moment.weekday())
    hour = rng.randint(0, 8) if seoul else rng.randint(7, 15)
    return moment.replace(hour=hour, minute=rng.randint(0, 59), second=rng.randint(0, 59), microsecond=0)


def soon(moment: datetime, rng: random.Random, *, seoul: bool = False) -> datetime:
    """The next time after a moment at which somebody is at work again."""
    then = working_hours(moment, rng, seoul=seoul)
    while then <= moment:
        then = working_hours(then + timedelta(days=1), rng, seoul=seoul)
    return then
