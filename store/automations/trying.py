"""Trying an automation out on the past: how often it would have run, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import clock
from ..errors import Invalid
from ..events import COLUMNS, record
from . import outbox
from .happenings import Happening, Reader
from .matching import Candidate, Fired, Matcher
from .records import OCCASIONS
from .scopes import Scope

if TYPE_CHECKING:
    from ..store import Store

LOOKED = 50_000  # events that are looked through, the newest


class Trials:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def past(self, one: Candidate, place: Scope, since: str) -> tuple[int, int, dict[str, Any] | None]:
        """How often it would have run since a time, how many events that was looked for in, and the newest's values."""
        conditions, args = ["event.at >= :since"], {"since": since, "limit": LOOKED + 1}
        if place.project is not None and not one.on.startswith("tag."):
            conditions.append("event.project_id = :p")
            args["p"] = place.project
        rows = self._engine.rows(
            f"SELECT {COLUMNS} FROM event WHERE {' AND '.join(conditions)} ORDER BY event.seq DESC LIMIT :limit", args
        )
        reader, matcher = Reader(self._engine), Matcher(self._store)
        fired, newest = 0, None
        for row in rows[:LOOKED]:
            event = record(row)
            happenings = [h for h in reader.read(event, event.project_id, event.collection_id) if h.on == one.on]
            if not happenings:
                continue
            matcher.candidates(happenings)
            for happening in happenings:
                for hit in matcher.fired((one,), happening):
                    if hit.problem:
                        raise Invalid(hit.problem)
                    fired += 1
                    newest = newest or outbox.values(self._store, hit, event.actor, clock.to_text(event.at))
        return fired, len(rows), newest

    def example(self, one: Candidate, place: Scope) -> dict[str, Any]:
        """Values to show where nothing has happened yet: of the newest version there, if there is one."""
        on = one.on
        occasion = OCCASIONS[on]
        name = {"alias": "prod", "tag": "example", "collection_tag": "example", "role": "member"}.get(
            on.split(".")[0], ""
        )
        happening = Happening(on, name=name)
        if occasion.target is not None and place.project is not None:
            row = self._engine.row(
                "SELECT version_id, collection_id FROM membership WHERE project_id = :p "
                + ("AND collection_id = :c " if place.collection else "")
                + "ORDER BY id DESC LIMIT 1",
                {"p": place.project} | ({"c": place.collection} if place.collection else {}),
            )
            if row:
                happening = Happening(on, version=row[0] if occasion.target == "versions" else None, name=name)
                fired = Fired(one, happening, place.project, row[1])
                return outbox.values(self._store, fired, self._store.actor.name, clock.to_text(self._store.now()))
        owners = (place.id,) if place.kind == "organization" else ()
        fired = Fired(one, Happening(on, owners=owners, name=name), place.project, place.collection)
        return outbox.values(self._store, fired, self._store.actor.name, clock.to_text(self._store.now()))
