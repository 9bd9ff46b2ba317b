"""A worker's side of the outbox: what is due is claimed by one worker at a time, tried up to five times, and kept.

A delivery is claimed by one statement, the same on both engines (measured: 8 workers, each row exactly once). Of a
lane, one automation in one collection, only the first that is not done can be claimed, so that order is kept.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import clock
from .records import State

if TYPE_CHECKING:
    from ..engine import Engine
    from ..store import Store
    from .sending import Outcome

TRIES = 5
FIRST_WAIT = 5.0  # seconds until the second try; each later one waits five times as long
LONGEST_WAIT = timedelta(hours=1)  # however long a host asks for
GIVEN_UP = timedelta(days=1)  # after which a host that is not there is not waited for any more
ELSEWHERE = timedelta(minutes=1)  # until a machine that may not send it looks whether another one has
NOWHERE = timedelta(hours=1)  # after which no machine is waited for any more
OPENS = 5  # failures in a row after which a host is left alone
_CIRCUIT = (30.0, 900.0)  # seconds: at first, at most
PROBE = timedelta(seconds=20)  # for the one that is let through to a host that has not answered; longer than its try
_MINE = "WHERE id = :id AND owner = :me AND state = 'pending'"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this worker's for a while."""

    id: int
    automation_id: int
    lane: str
    occasion: dict[str, Any]
    action: dict[str, Any]
    tries: int
    since: str
    test: bool


class Claims:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def due(self) -> bool:
        """Whether a worker has something to do; cheap enough to ask every second."""
        return bool(
            self._engine.value(
                "SELECT 1 FROM delivery WHERE state = 'pending' AND ready = 1 AND lease <= :now LIMIT 1",
                {"now": clock.to_text(self._store.shared_now())},
            )
        )

    def claim(self, owner: str, count: int, lease: timedelta) -> list[Claimed]:
        """Take up to `count` deliveries that are due; nobody else gets them before the lease is over."""
        now = self._store.shared_now()
        with self._engine.write(serial=False):
            ids = self._engine.rows(
                "UPDATE delivery SET owner = :me, lease = :until, tries = tries + 1 WHERE id IN (SELECT id FROM "
                "delivery WHERE state = 'pending' AND ready = 1 AND lease <= :now ORDER BY lease, id LIMIT :n) "
                "AND state = 'pending' AND ready = 1 AND lease <= :now RETURNING id",
                {"me": owner, "until": clock.to_text(now + lease), "now": clock.to_text(now), "n": count},
            )
            return self._claimed(sorted(number for (number,) in ids))

    def claim_one(self, owner: str, number: int, lease: timedelta) -> Claimed | None:
        """Take one delivery, if nobody has it."""
        now = self._store.shared_now()
        with self._engine.write(serial=False):
            taken = self._engine.execute(
                "UPDATE delivery SET owner = :me, lease = :until, tries = tries + 1 WHERE id = :id AND state = "
                "'pending' AND ready = 1 AND lease <= :now",
                {"me": owner, "until": clock.to_text(now + lease), "now": clock.to_text(now), "id": number},
            )
            return self._claimed([number])[0] if taken else None

    def _claimed(self, ids: Sequence[int]) -> list[Claimed]:
        if not ids:
            return []
        rows = self._engine.rows(
            "SELECT id, automation_id, lane, occasion, action, tries, since, test FROM delivery WHERE "
            f"{self._engine.any_of('id', 'ids')} ORDER BY id",
            {"ids": self._engine.pack(list(ids))},
        )
        return [
            Claimed(number, automation, lane, json.loads(occasion), json.loads(action), tries, at, bool(test))
            for number, automation, lane, occasion, action, tries, at, test in rows
        ]

    def closed_until(self, target: str) -> str | None:
        """Until when a host is left alone, because it has not answered; None: it may be asked.

        When its time is over, one delivery is let through to see whether it answers again; the others wait for that.
        """
        host = host_of(target)
        found = self._engine.row("SELECT failures, until FROM circuit WHERE host = :h", {"h": host}) if host else None
        if found is None or found[0] < OPENS:
            return None
        now = self._store.shared_now()
        if found[1] > clock.to_text(now):
            return found[1]
        until = clock.to_text(now + PROBE)
        with self._engine.write(serial=False):
            first = self._engine.execute(
                "UPDATE circuit SET until = :until WHERE host = :h AND until = :was",
                {"h": host, "until": until, "was": found[1]},
            )
        return None if first else until

    def put_back(self, owner: str, claimed: Claimed, until: str) -> None:
        """Leave a delivery for later, without counting a try; one that has waited for a day has failed."""
        if clock.from_text(claimed.since) + GIVEN_UP < self._store.shared_now():
            self._end(owner, claimed, "failed", error="Its host has not answered for a day.")
            return
        error = "Its host has not answered others; it is left alone for a while."
        self._later(owner, claimed, until, counted=False, error=error)

    def settle(self, owner: str, claimed: Claimed, outcome: Outcome, *, target: str, request: str) -> None:
        """Write down what came of a try. The caller is in a serial write transaction.

        Nothing is written where the lease was over and somebody else has it: what they find out counts.
        """
        now = self._store.shared_now()
        told = {
            "target": target, "request": request, "status": outcome.status, "response": _kept(outcome.response),
            "error": "" if outcome.ok else outcome.error,
        }  # fmt: skip
        self._judge_host(target, outcome)
        if outcome.ok:
            self._end(owner, claimed, "finished", **told)
        elif claimed.test:  # whoever tests looks at what comes of it
            self._end(owner, claimed, "failed", **told)
        elif outcome.elsewhere:
            if clock.from_text(claimed.since) + NOWHERE < now:
                self._end(owner, claimed, "failed", **told)
            else:
                self._later(owner, claimed, clock.to_text(now + ELSEWHERE), counted=False, **told)
        elif not outcome.again or claimed.tries >= TRIES:
            self._end(owner, claimed, "failed", **told)
        else:
            wait = FIRST_WAIT * 5 ** (claimed.tries - 1) * random.uniform(0.75, 1.25)
            if outcome.wait is not None:
                wait = max(wait, min(outcome.wait, LONGEST_WAIT.total_seconds()))
            self._later(owner, claimed, clock.to_text(now + timedelta(seconds=wait)), counted=True, **told)

    def _later(self, owner: str, claimed: Claimed, lease: str, *, counted: bool, **told: Any) -> None:
        left = self._engine.execute(
            f"UPDATE delivery SET owner = NULL, lease = :lease, tries = tries - :back, {_setting(told)} {_MINE}",
            told | {"id": claimed.id, "me": owner, "lease": lease, "back": int(not counted)},
        )
        if left and counted:
            keep_try(self._engine, claimed.id, clock.to_text(self._store.shared_now()))

    def _end(self, owner: str, claimed: Claimed, state: State, **told: Any) -> None:
        ended = self._engine.execute(
            f"UPDATE delivery SET state = :state, ready = 0, owner = NULL, ended_at = :at, {_setting(told)} {_MINE}",
            told | {"id": claimed.id, "me": owner, "state": state, "at": clock.to_text(self._store.shared_now())},
        )
        if ended:
            self.next_of(claimed.lane)

    def next_of(self, lane: str) -> None:
        """The next of a lane may be claimed."""
        self._engine.execute(
            "UPDATE delivery SET ready = 1, since = :now WHERE id = (SELECT min(id) FROM delivery WHERE lane = :l AND "
            "state = 'pending')",
            {"l": lane, "now": clock.to_text(self._store.shared_now())},
        )

    def _judge_host(self, target: str, outcome: Outcome) -> None:
        if outcome.status is None and not outcome.dead:  # nobody was asked
            return
        host = host_of(target)
        if not host:
            return
        if not outcome.dead:
            opened = self._engine.rows("DELETE FROM circuit WHERE host = :h RETURNING until", {"h": host})
            for (until,) in opened:  # those that were left until then need not wait for it
                self._engine.execute(
                    "UPDATE delivery SET lease = :now WHERE state = 'pending' AND ready = 1 AND owner IS NULL AND "
                    "lease = :until",
                    {"now": clock.to_text(self._store.shared_now()), "until": until},
                )
            return
        self._engine.execute(
            "INSERT INTO circuit (host, failures, until) VALUES (:h, 1, '') "
            "ON CONFLICT (host) DO UPDATE SET failures = circuit.failures + 1",
            {"h": host},
        )
        failures = self._engine.value("SELECT failures FROM circuit WHERE host = :h", {"h": host})
        if failures >= OPENS:
            wait = min(_CIRCUIT[0] * 2 ** min(failures - OPENS, 10), _CIRCUIT[1])
            until = clock.to_text(self._store.shared_now() + timedelta(seconds=wait))
            self._engine.execute("UPDATE circuit SET until = :u WHERE host = :h", {"u": until, "h": host})

    def taken(self, number: int) -> bool:
        """Whether a worker has a delivery right now."""
        return bool(
            self._engine.value(
                "SELECT 1 FROM delivery WHERE id = :id AND state = 'pending' AND owner IS NOT NULL AND lease > :now",
                {"id": number, "now": clock.to_text(self._store.shared_now())},
            )
        )


def host_of(target: str) -> str:
    """Host and port of a URL, by which a circuit is kept; "" for what has none."""
    with suppress(ValueError):
        return urlsplit(target).netloc.lower()
    return ""


def _kept(text: str) -> str:
    return text.replace("\0", "")


def _setting(told: dict[str, Any]) -> str:
    return ", ".join(f"{name} = " + ("CAST(:status AS BIGINT)" if name == "status" else f":{name}") for name in told)


def keep_try(engine: Engine, number: int, at: str) -> None:
    """Keep what came of a delivery's newest try, before another one takes its place."""
    engine.execute(
        "INSERT INTO delivery_try (delivery_id, at, status, response, error) SELECT id, CAST(:at AS TEXT), status, "
        "response, error FROM delivery WHERE id = :id",
        {"id": number, "at": at},
    )
