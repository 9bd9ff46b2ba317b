"""Reviewing what was migrated: a queue of collections, a verdict on each, and the sign-off of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..access import Permission, Role, need
from ..errors import Conflict, Invalid, NotFound
from ..names import description
from ..store import writes
from . import ledger, proof
from .records import Difference, Item, Migration, Side, Tally, Verdict
from .sides import differences

if TYPE_CHECKING:
    from ..store import Store

MAX_COMMENT = 2_000


class Reviews:
    """Verbs take items or their numbers. Who may review: the registry's members; who signs off: its admins."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    # -- the queue ----------------------------------------------------------------------------------------------

    def queue(
        self, migration: Migration, *, verdict: str | None = None, after: int = 0, limit: int = 1_000
    ) -> list[Item]:
        """The collections of a migration in order.

        Args:
            verdict: only those "unreviewed", "accepted" or "flagged".
            after: behind that item's number.
        """
        return ledger.items(self._store, migration.id, verdict=verdict, after=after, limit=limit)

    def item(self, migration: Migration, name: str) -> Item:
        """A collection of a migration by its name, old or new, or its path.

        Raises:
            NotFound
        """
        wanted = name.rpartition("/")[2]
        for one in ledger.items(self._store, migration.id):
            if wanted in (one.name, one.target) or (one.path or "").rpartition("/")[2] == wanted:
                return one
        raise NotFound(f"There is no collection {name!r} in the migration of {migration.source}.")

    def again(self, item: Item) -> Item:
        """An item as it is now."""
        return ledger.item(self._store, item.id)

    def next(self, migration: Migration, after: int = 0) -> Item | None:
        """The next unreviewed collection, from the start again at the end; None when there is none."""
        for begin in (after, 0):
            found = ledger.items(self._store, migration.id, state="done", verdict="unreviewed", after=begin, limit=1)
            if found:
                return found[0]
        return None

    def previous(self, migration: Migration, before: int) -> Item | None:
        """The unreviewed collection before, from the end again at the start."""
        number = self._engine.value(
            "SELECT coalesce(max(CASE WHEN id < :before THEN id END), max(id)) FROM migration_item "
            "WHERE migration_id = :m AND state = 'done' AND verdict IS NULL",
            {"m": migration.id, "before": before},
        )
        return ledger.item(self._store, number) if number is not None else None

    def tally(self, migration: Migration) -> Tally:
        """How far it is."""
        return ledger.again(self._store, migration.id).tally

    def compare(self, item: Item) -> tuple[Side, Side | None, list[Difference]]:
        """A collection before and now, and what differs; the new one is None where it has been deleted since.

        Raises:
            NotFound: the actor may not see it.
        """
        self._role(item)
        old, new = proof.sides(self._store, item)
        return old, new, list(differences(old, new, target=item.target))

    def access(self, migration: Migration) -> list[tuple[str, Difference]]:
        """Whose role in the registry is not what it was before the migration."""
        return list(proof.access(self._store, migration))

    # -- verdicts -----------------------------------------------------------------------------------------------

    def accept(self, items: Item | Sequence[Item], comment: str = "") -> list[Item]:
        """Say that collections are as they should be.

        Raises:
            Forbidden, NotFound
            Conflict: it is not copied yet, or the migration was signed off.
        """
        return self._judge(items, "accepted", comment)

    def flag(self, items: Item | Sequence[Item], comment: str) -> list[Item]:
        """Say that something is wrong with collections, and what.

        Raises:
            Forbidden, NotFound, Conflict
            Invalid: it is not said what.
        """
        if not comment.strip():
            raise Invalid("Say what is wrong with it: a flag needs a comment.")
        return self._judge(items, "flagged", comment)

    def reopen(self, items: Item | Sequence[Item]) -> list[Item]:
        """Take verdicts off again."""
        return self._judge(items, None, "")

    @writes
    def _judge(self, items: Item | Sequence[Item], verdict: Verdict | None, comment: str) -> list[Item]:
        several = [items] if isinstance(items, Item) else list(items)
        comment = description(comment.strip())
        if len(comment) > MAX_COMMENT:
            raise Invalid(f"A comment takes at most {MAX_COMMENT:,} characters; this one has {len(comment):,}.")
        if len(several) == 1:
            return [self._judge_one(several[0], verdict, comment)]
        with self._store.batch():
            return [self._judge_one(one, verdict, comment) for one in several]

    def _judge_one(self, given: Item, verdict: Verdict | None, comment: str) -> Item:
        store = self._store
        item, migration = self.again(given), ledger.again(store, given.migration)
        need(self._role(item), Permission.REVIEW, store.actor.name, migration.registry)
        if item.state == "waiting":
            raise Conflict(f"{item.target} is not copied yet: `curatory migrate run {migration.team}` goes on.")
        if migration.state == "approved":
            raise Conflict(
                f"The migration of {migration.source} was signed off; take the sign-off back first to change a verdict."
            )
        target = self._engine.value("SELECT target_id FROM migration_item WHERE id = :id", {"id": item.id})
        with store.events.change(
            {"accepted": "review.accept", "flagged": "review.flag", None: "review.reopen"}[verdict],
            project=migration.registry_id,
            collection=target,
            path=f"{migration.registry}/{item.target}",
            **({"comment": comment} if comment else {}),
        ) as change:
            said = [verdict, comment, store.actor.id, change.now] if verdict else None
            was = self._engine.row("SELECT verdict, comment FROM migration_item WHERE id = :id", {"id": item.id})
            if was != (verdict, comment):  # the same again is no new decision
                change.set(f"review/{item.id}/verdict", said)
        return self.again(item)

    def _role(self, item: Item) -> int:
        """What the actor is in the registry that an item is in."""
        role = self._engine.value(
            f"SELECT {self._store.role_sql} FROM registry_migration g JOIN project p ON p.id = g.registry_id "
            "JOIN entity e ON e.id = p.entity_id WHERE g.id = :m AND p.removed_at IS NULL",
            {"m": item.migration} | self._store.me,
        )
        if not role:
            raise NotFound("That migration is not there any more, or not for you.")
        return role

    # -- the sign-off -------------------------------------------------------------------------------------------

    @writes
    def sign_off(self, migration: Migration) -> Migration:
        """Approve the whole: every collection was accepted, and nothing rolls the migration back any more.

        Raises:
            Forbidden: only the registry's admins may.
            Conflict: it is not all copied or not all accepted; the message says what is open.
        """
        store = self._store
        now = ledger.again(store, migration.id)
        registry = store.projects.by_id(now.registry_id)
        need(Role.parse(registry.role), Permission.SIGN_OFF, store.actor.name, registry.path)
        if now.state != "done":
            raise Conflict(
                f"The migration of {now.source} is "
                + {"running": "not all copied yet.", "approved": "signed off already."}.get(now.state, f"{now.state}.")
            )
        if now.tally.unreviewed or now.tally.flagged:
            raise Conflict(
                f"{_left(now.tally)}; `curatory review ls {now.team}` shows the queue. All must be accepted first."
            )
        with store.events.change(
            "review.signoff", project=now.registry_id, path=now.registry, source=now.source, collections=now.collections
        ) as change:
            change.set(f"registry_migration/{now.id}/state", "approved")
        return ledger.again(store, now.id)

    def signed_off(self, migration: Migration) -> tuple[str, str] | None:
        """By whom and when (ISO-8601) a migration was signed off; None when it was not, or that was taken back."""
        for event in self._store.events.of_fact(f"registry_migration/{migration.id}/state", limit=1):
            if event.after.get(f"registry_migration/{migration.id}/state") == "approved":
                return event.actor, event.at.isoformat()
        return None


def _left(tally: Tally) -> str:
    """`1 collection is not reviewed and 2 are flagged`."""
    said: list[str] = []
    for number, what in ((tally.unreviewed, "not reviewed"), (tally.flagged, "flagged")):
        if number:
            noun = "" if said else " collection" if number == 1 else " collections"
            said.append(f"{number:,}{noun} {'is' if number == 1 else 'are'} {what}")
    return " and ".join(said)
