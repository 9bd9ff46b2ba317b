"""The outbox: what is due is claimed by one worker at a time, tried up to five times, and kept either way.

A delivery is claimed by one statement, the same on both engines (measured: 8 workers, each row exactly once). Of a
lane, one automation in one collection, only the first that is not done can be claimed, so that order is kept.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import clock
from ..errors import Invalid, NotFound
from ..pages import cursor, limit_of, uncursor
from ..records import Page
from ..store import writes
from .records import Delivery, State

if TYPE_CHECKING:
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

_COLUMNS = (
    "d.id, d.automation_id, a.name, d.event, d.occasion, d.state, d.tries, d.created_at, d.lease, d.ended_at, "
    "d.target, d.request, d.status, d.response, d.error, d.test, d.lane"
)


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


class Deliveries:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    # -- the worker's -------------------------------------------------------------------------------------------

    def due(self) -> bool:
        """Whether a worker has something to do; cheap enough to ask every second."""
        return bool(
            self._engine.value(
                "SELECT 1 FROM delivery WHERE state = 'pending' AND ready = 1 AND lease <= :now LIMIT 1",
                {"now": clock.to_text(self._store.now())},
            )
        )

    def claim(self, owner: str, count: int, lease: timedelta) -> list[Claimed]:
        """Take up to `count` deliveries that are due; nobody else gets them before the lease is over."""
        now = self._store.now()
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
        now = self._store.now()
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
            "SELECT id, automation_id, lane, occasion, action, tries, since FROM delivery WHERE "
            f"{self._engine.any_of('id', 'ids')} ORDER BY id",
            {"ids": self._engine.pack(list(ids))},
        )
        return [
            Claimed(number, automation, lane, json.loads(occasion), json.loads(action), tries, at)
            for number, automation, lane, occasion, action, tries, at in rows
        ]

    def closed_until(self, target: str) -> str | None:
        """Until when a host is left alone, because it has not answered; None: it is not."""
        return self._engine.value(
            "SELECT until FROM circuit WHERE host = :h AND until > :now",
            {"h": host_of(target), "now": clock.to_text(self._store.now())},
        )

    def put_back(self, owner: str, claimed: Claimed, until: str) -> None:
        """Leave a delivery for later, without counting a try; one that has waited for a day has failed."""
        now = self._store.now()
        if clock.from_text(claimed.since) + GIVEN_UP < now:
            self._end(owner, claimed, "failed", error="Its host has not answered for a day.")
            return
        self._engine.execute(
            "UPDATE delivery SET owner = NULL, lease = :until, tries = tries - 1, error = :error "
            "WHERE id = :id AND owner = :me AND state = 'pending'",
            {
                "id": claimed.id, "me": owner, "until": until,
                "error": "Its host has not answered others; it is left alone for a while.",
            },
        )  # fmt: skip

    def settle(self, owner: str, claimed: Claimed, outcome: Outcome, *, target: str, request: str) -> None:
        """Write down what came of a try. The caller is in a serial write transaction.

        Nothing is written where the lease was over and somebody else has it: what they find out counts.
        """
        told = {"target": target, "request": request, "status": outcome.status, "response": _kept(outcome.response)}
        self._judge_host(target, outcome)
        if outcome.elsewhere:
            self._leave(owner, claimed, outcome.error, target, request)
        elif outcome.ok:
            self._end(owner, claimed, "finished", **told)
        elif not outcome.again or claimed.tries >= TRIES:
            self._end(owner, claimed, "failed", **told, error=outcome.error)
        else:
            wait = FIRST_WAIT * 5 ** (claimed.tries - 1) * random.uniform(0.75, 1.25)
            if outcome.wait is not None:
                wait = max(wait, min(outcome.wait, LONGEST_WAIT.total_seconds()))
            self._engine.execute(
                "UPDATE delivery SET owner = NULL, lease = :lease, target = :target, request = :request, status = "
                "CAST(:status AS BIGINT), response = :response, error = :error "
                "WHERE id = :id AND owner = :me AND state = 'pending'",
                told
                | {
                    "id": claimed.id, "me": owner, "error": outcome.error,
                    "lease": clock.to_text(self._store.now() + timedelta(seconds=wait)),
                },
            )  # fmt: skip

    def _leave(self, owner: str, claimed: Claimed, error: str, target: str, request: str) -> None:
        """Leave a delivery to another machine, without counting a try; where none has come in time, it has failed."""
        now = self._store.now()
        if clock.from_text(claimed.since) + NOWHERE < now:
            self._end(owner, claimed, "failed", target=target, request=request, error=error)
            return
        self._engine.execute(
            "UPDATE delivery SET owner = NULL, lease = :lease, tries = tries - 1, target = :target, "
            "request = :request, error = :error WHERE id = :id AND owner = :me AND state = 'pending'",
            {
                "id": claimed.id, "me": owner, "target": target, "request": request, "error": error,
                "lease": clock.to_text(now + ELSEWHERE),
            },
        )  # fmt: skip

    def _end(self, owner: str, claimed: Claimed, state: State, **told: Any) -> None:
        given = {"target": "", "request": "", "status": None, "response": "", "error": ""} | told
        ended = self._engine.execute(
            "UPDATE delivery SET state = :state, ready = 0, owner = NULL, ended_at = :at, target = :target, request = "
            ":request, status = CAST(:status AS BIGINT), response = :response, error = :error "
            "WHERE id = :id AND owner = :me AND state = 'pending'",
            given | {"id": claimed.id, "me": owner, "state": state, "at": clock.to_text(self._store.now())},
        )
        if ended:
            self._ready(claimed.lane)

    def _ready(self, lane: str) -> None:
        """The next of a lane may be claimed."""
        self._engine.execute(
            "UPDATE delivery SET ready = 1, since = :now WHERE id = (SELECT min(id) FROM delivery WHERE lane = :l AND "
            "state = 'pending')",
            {"l": lane, "now": clock.to_text(self._store.now())},
        )

    def _judge_host(self, target: str, outcome: Outcome) -> None:
        if outcome.status is None and not outcome.dead:  # nobody was asked
            return
        host = host_of(target)
        if not host:
            return
        if not outcome.dead:
            self._engine.execute("DELETE FROM circuit WHERE host = :h", {"h": host})
            return
        self._engine.execute(
            "INSERT INTO circuit (host, failures, until) VALUES (:h, 1, '') "
            "ON CONFLICT (host) DO UPDATE SET failures = circuit.failures + 1",
            {"h": host},
        )
        failures = self._engine.value("SELECT failures FROM circuit WHERE host = :h", {"h": host})
        if failures >= OPENS:
            wait = min(_CIRCUIT[0] * 2 ** min(failures - OPENS, 10), _CIRCUIT[1])
            until = clock.to_text(self._store.now() + timedelta(seconds=wait))
            self._engine.execute("UPDATE circuit SET until = :u WHERE host = :h", {"u": until, "h": host})

    def taken(self, number: int) -> bool:
        """Whether a worker has a delivery right now."""
        return bool(
            self._engine.value(
                "SELECT 1 FROM delivery WHERE id = :id AND state = 'pending' AND owner IS NOT NULL AND lease > :now",
                {"id": number, "now": clock.to_text(self._store.now())},
            )
        )

    # -- people's -----------------------------------------------------------------------------------------------

    def get(self, number: int) -> Delivery:
        """One delivery.

        Raises:
            NotFound: there is none, or the actor may not see its automation.
        """
        row = self._engine.row(
            f"SELECT {_COLUMNS} FROM delivery d JOIN automation a ON a.id = d.automation_id WHERE d.id = :d",
            {"d": number},
        )
        if row is None:
            raise NotFound(f"There is no delivery {number}. `curatory automation history` lists them.")
        self._store.automations.need_maker(row[1])
        return _record(row)

    def list(
        self,
        automation: int | None = None,
        *,
        scope: str | None = None,
        state: State | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[Delivery]:
        """Deliveries, newest first: of one automation, or of all that watch a path or what is in it.

        What was sent can hold metadata and names, so only who may make such automations sees them.

        Raises:
            NotFound, Forbidden, Invalid
        """
        conditions, args = ["1 = 1"], {}
        if automation is not None:
            self._store.automations.need_maker(automation)
            ids = [automation]
        else:
            ids = self._store.automations.made_by_me_or_allowed(scope)
        conditions.append(self._engine.any_of("d.automation_id", "automations"))
        args["automations"] = self._engine.pack(ids)
        if state is not None:
            conditions.append("d.state = :state")
            args["state"] = state
        if since is not None:
            conditions.append("d.created_at >= :since")
            args["since"] = clock.to_text(since)
        if until is not None:
            conditions.append("d.created_at <= :until")
            args["until"] = clock.to_text(until)
        if after is not None:
            conditions.append("d.id < :after")
            args["after"] = uncursor(after, int)[0]
        args["limit"] = limit_of(limit) + 1
        rows = self._engine.rows(
            f"SELECT {_COLUMNS} FROM delivery d JOIN automation a ON a.id = d.automation_id "
            f"WHERE {' AND '.join(conditions)} ORDER BY d.id DESC LIMIT :limit",
            args,
        )
        found = tuple(_record(row) for row in rows[:limit])
        return Page(found, cursor(found[-1].id) if len(rows) > limit else None)

    @writes
    def redeliver(self, number: int) -> Delivery:
        """Make a delivery again that is done, as if it was never tried.

        Raises:
            NotFound, Forbidden
            Invalid: it is still pending.
        """
        one = self.get(number)
        if one.state == "pending":
            raise Invalid(f"Delivery {number} is still pending; it is tried again by itself.")
        self._again([one])
        return self.get(number)

    @writes
    def redeliver_failed(self, automation: int, *, since: datetime | None = None, until: datetime | None = None) -> int:
        """Make all failed deliveries of an automation again, in a span of time, in their order; returns how many.

        Raises:
            NotFound, Forbidden
        """
        count, after = 0, None
        found: list[Delivery] = []
        while True:
            page = self.list(automation, state="failed", since=since, until=until, limit=1000, after=after)
            found += page.items
            count, after = count + len(page), page.after
            if after is None:
                break
        self._again(found)
        return count

    def _again(self, found: Sequence[Delivery]) -> None:
        now = clock.to_text(self._store.now())
        self._engine.many(
            "UPDATE delivery SET state = 'pending', ready = 0, tries = 0, owner = NULL, lease = :now, ended_at = NULL "
            "WHERE id = :id",
            [{"id": one.id, "now": now} for one in found],
        )
        for lane in {one.lane for one in found}:
            taken = self._engine.value(
                "SELECT 1 FROM delivery WHERE lane = :l AND state = 'pending' AND owner IS NOT NULL AND lease > :now",
                {"l": lane, "now": now},
            )
            if taken:  # when that one is done, the first of the lane is next
                continue
            self._engine.execute(
                "UPDATE delivery SET ready = 0 WHERE lane = :l AND state = 'pending' AND ready = 1", {"l": lane}
            )
            self._ready(lane)


def host_of(target: str) -> str:
    """Host and port of a URL, by which a circuit is kept; "" for what has none."""
    with suppress(ValueError):
        return urlsplit(target).netloc.lower()
    return ""


def _kept(text: str) -> str:
    return text.replace("\0", "")


def _record(row: Sequence[Any]) -> Delivery:
    occasion = json.loads(row[4])
    state: State = row[5]
    return Delivery(
        id=row[0],
        automation_id=row[1],
        automation=row[2],
        event=row[3],
        on=occasion["on"],
        about=occasion.get("path", ""),
        state=state,
        tries=row[6],
        created_at=clock.from_text(row[7]),
        due=clock.from_text(row[8]) if state == "pending" else None,
        ended_at=clock.optional(row[9]),
        target=row[10],
        request=row[11],
        status=row[12],
        response=row[13],
        error=row[14],
        test=bool(row[15]),
        lane=row[16],
    )
