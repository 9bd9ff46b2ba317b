"""Deliveries as people see them: what was sent and what came of it; and sending again.

Who sends them: `claims`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import clock
from ..errors import Invalid, NotFound
from ..pages import cursor, limit_of, uncursor
from ..records import Page
from ..store import writes
from .claims import Claims, keep_try
from .records import Delivery, State, Try

if TYPE_CHECKING:
    from ..store import Store

_COLUMNS = (
    "d.id, d.automation_id, a.name, d.event, d.occasion, d.state, d.tries, d.created_at, d.lease, d.ended_at, "
    "d.target, d.request, d.status, d.response, d.error, d.test, d.lane, asked.name, d.ready"
)
_FROM = "FROM delivery d JOIN automation a ON a.id = d.automation_id LEFT JOIN entity asked ON asked.id = d.asked_by"


class Deliveries:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self.claims = Claims(store)

    def get(self, number: int) -> Delivery:
        """One delivery, with what came of its earlier tries; those before it was sent again, too.

        Raises:
            NotFound: there is none, or the actor may not see its automation.
        """
        row = self._engine.row(
            f"SELECT {_COLUMNS} {_FROM} WHERE d.id = :d",
            {"d": number},
        )
        if row is None:
            raise NotFound(f"There is no delivery {number}. `curatory automation history` lists them.")
        self._store.automations.need_maker(row[1])
        tries = self._engine.rows(
            "SELECT at, status, response, error FROM delivery_try WHERE delivery_id = :d ORDER BY id", {"d": number}
        )
        return replace(_record(row), earlier=tuple(Try(clock.from_text(at), *came) for at, *came in tries))

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
            f"SELECT {_COLUMNS} {_FROM} WHERE {' AND '.join(conditions)} ORDER BY d.id DESC LIMIT :limit",
            args,
        )
        found = tuple(_record(row) for row in rows[:limit])
        return Page(found, cursor(found[-1].id) if len(rows) > limit else None)

    @writes
    def redeliver(self, number: int) -> Delivery:
        """Make a delivery again that is done, as if it was never tried; one that is due later is due now.

        Raises:
            NotFound, Forbidden
            Invalid: others are before it, it is being sent, or its automation was removed.
        """
        one = self.get(number)
        if self._engine.value(
            "SELECT 1 FROM automation WHERE id = :a AND removed_at IS NOT NULL", {"a": one.automation_id}
        ):
            raise Invalid(f"The automation {one.automation} was removed; nothing is sent for it any more.")
        if one.state != "pending":
            self._again([one])
        elif one.waiting:
            raise Invalid(f"Delivery {number} waits for those before it in its collection; they are sent in order.")
        elif self.claims.taken(number):
            raise Invalid(f"Delivery {number} is being sent right now.")
        else:
            now = clock.to_text(self._store.shared_now())
            self._engine.execute("UPDATE delivery SET lease = :now WHERE id = :id", {"now": now, "id": number})
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
        now = clock.to_text(self._store.shared_now())
        for one in found:
            keep_try(self._engine, one.id, clock.to_text(one.ended_at or self._store.shared_now()))
        self._engine.many(
            "UPDATE delivery SET state = 'pending', ready = 0, tries = 0, owner = NULL, lease = :now, ended_at = NULL, "
            "asked_by = :me WHERE id = :id",
            [{"id": one.id, "now": now, "me": self._store.actor.id} for one in found],
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
            self.claims.next_of(lane)

    def forget(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove the deliveries that ended before a time; returns how many. What they announced stays in the log."""
        condition, args = "state <> 'pending' AND ended_at < :before", {"before": clock.to_text(before)}
        if dry_run:
            return self._engine.value(f"SELECT count(*) FROM delivery WHERE {condition}", args)
        with self._engine.write(serial=False):
            return self._engine.execute(f"DELETE FROM delivery WHERE {condition}", args)


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
        due=clock.from_text(row[8]) if state == "pending" and row[18] else None,
        ended_at=clock.optional(row[9]),
        target=row[10],
        request=row[11],
        status=row[12],
        response=row[13],
        error=row[14],
        test=bool(row[15]),
        lane=row[16],
        asked_by=row[17],
        waiting=state == "pending" and not row[18],
    )
