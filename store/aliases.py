"""Aliases: movable names for one version of a collection, and what they named at any moment of the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from .access import Permission, allowed
from .errors import Forbidden, Invalid, NotFound
from .names import alias_name
from .paths import Place
from .records import Event, Held, Version
from .store import writes

if TYPE_CHECKING:
    from .store import Store


class Aliases:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    @writes
    def add(self, target: str | Version, *aliases: str) -> Version:
        """Give a version aliases; each moves here from the version of the collection that had it.

        Raises:
            Invalid: 'latest' and 'vN' are given automatically.
            Forbidden: the alias is protected, or the actor may not edit aliases here.
        """
        wanted = [alias_name(alias) for alias in dict.fromkeys(aliases)]
        place = self._store.paths.at(target)
        self._store.paths.need(place, Permission.EDIT_ALIASES)
        self.refuse_protected(place, wanted, "add")
        with self._change(place, "alias.add", wanted) as change:
            moved = {}
            for alias in wanted:
                holder = self.holder(place, alias)
                if holder is not None and holder != place.number:
                    moved[alias] = holder
                change.set(f"alias/{place.collection_id}/{alias}", place.version_id)
            if moved:
                change.detail["moved"] = moved
        return self._store.versions.by_place(place)

    @writes
    def remove(self, target: str | Version, *aliases: str) -> Version:
        """Take aliases off a version.

        Raises:
            NotFound: the version does not have it.
            Invalid: 'latest' and 'vN' can't be taken off.
            Forbidden
        """
        wanted = [alias_name(alias) for alias in dict.fromkeys(aliases)]
        place = self._store.paths.at(target)
        self._store.paths.need(place, Permission.EDIT_ALIASES)
        self.refuse_protected(place, wanted, "delete")
        with self._change(place, "alias.remove", wanted) as change:
            for alias in wanted:
                holder = self.holder(place, alias)
                if holder != place.number:
                    where = f" v{holder} has it." if holder is not None else " No version has it."
                    raise NotFound(f"{place.path} does not have the alias {alias!r}.{where}")
                change.set(f"alias/{place.collection_id}/{alias}", None)
        return self._store.versions.by_place(place)

    def holder(self, place: Place, alias: str) -> int | None:
        """The number of the version that has an alias in a collection now."""
        return self._engine.value(
            "SELECT m.number FROM alias a JOIN membership m ON m.collection_id = a.collection_id AND "
            "m.version_id = a.version_id "
            "WHERE a.collection_id = :c AND a.alias = :a",
            {"c": place.collection_id, "a": alias},
        )

    def refuse_protected(self, place: Place, aliases: Sequence[str], what: str) -> None:
        """Refuse aliases that only admins may touch.

        Raises:
            Forbidden: with the official client's words.
        """
        if not aliases or allowed(place.role, Permission.EDIT_PROTECTED_ALIASES):
            return
        protected = [
            alias
            for (alias,) in self._engine.rows(
                "SELECT alias FROM protected_alias WHERE project_id = :p AND "
                f"{self._engine.any_of('alias', 'names')} ORDER BY alias",
                {"p": place.project_id, "names": self._engine.pack(list(aliases))},
            )
        ]
        if not protected:
            return
        listed = ", ".join(protected)
        if what in ("add", "delete"):
            to = "to" if what == "add" else "from"
            raise Forbidden(
                f"You do not have permission to {what} the following alias {to} this artifact: {listed}. "
                f"It is protected; an admin of {place.entity}/{place.project} may."
            )
        raise Forbidden(
            f"You do not have permission to {what} the protected alias {listed}. An admin of "
            f"{place.entity}/{place.project} may."
        )

    # -- the past -----------------------------------------------------------------------------------------------

    def at(self, path: str, moment: datetime) -> dict[str, int]:
        """What the aliases of a collection named at a moment: alias → version number, `latest` among them.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.resolve(path, removed=True)
        if place.collection_id is None:
            raise Invalid(f"{path!r} is not a collection; aliases are a collection's")
        return self._at(place, self._store.events.at(moment))

    def _at(self, place: Place, seq: int) -> dict[str, int]:
        events = self._store.events
        assert place.collection_id is not None
        was = self._store.legacy.was(place.collection_id)
        if was is not None and not events.values_at(f"collection/{place.collection_id}/", seq):
            project = self._engine.value("SELECT project_id FROM collection WHERE id = :c", {"c": was})
            return self._at(replace(place, project_id=project, collection_id=was), seq)
        for container in (f"project/{place.project_id}/", f"collection/{place.collection_id}/"):
            if events.values_at(container, seq).get(f"{container}exists") == 0:
                return {}
        links = f"link/{place.collection_id}/"
        numbers = {int(fact.removeprefix(links)): value[0] for fact, value in events.values_at(links, seq).items()}
        names = f"alias/{place.collection_id}/"
        found = {
            fact.removeprefix(names): numbers[version]
            for fact, version in events.values_at(names, seq).items()
            if version in numbers
        }
        if numbers:
            found["latest"] = max(numbers.values())
        return dict(sorted(found.items()))

    def history(self, path: str, alias: str, *, limit: int = 100) -> list[Event]:
        """Every move of one alias, newest first.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.collection(path, removed=True)
        return self._moves(place, alias, limit)

    def _moves(self, place: Place, alias: str, limit: int) -> list[Event]:
        """An alias's moves, newest first; of a migrated collection also those that were made before."""
        assert place.collection_id is not None
        found = self._store.events.of_fact(f"alias/{place.collection_id}/{alias}", limit=limit)
        was = self._store.legacy.was(place.collection_id) if len(found) < limit else None
        if was is not None:
            found += self._store.events.of_fact(f"alias/{was}/{alias}", limit=limit - len(found))
        return found

    def held(self, path: str, *, limit: int = 200) -> list[Held]:
        """What each alias of a collection names now and named before, from the event log.

        `latest` comes first, then the alias that was moved last. Aliases that were taken off are among them.

        Args:
            limit: how many aliases, those that were moved last.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.collection(path)
        prefixes = self._prefixes(place, "alias")
        names: dict[str, None] = {}
        for prefix, copied in prefixes:
            rows = self._engine.rows(
                "SELECT fact FROM event_fact WHERE fact >= :low AND fact < :high AND seq > :copied GROUP BY fact "
                "ORDER BY max(seq) DESC LIMIT :limit",
                {"low": prefix, "high": prefix[:-1] + "0", "copied": copied, "limit": limit},
            )
            names |= dict.fromkeys(fact.removeprefix(prefix) for (fact,) in rows)
        found = [self._held(place, name, prefixes) for name in list(names)[:limit]]
        latest = self._held_latest(place)
        return [one for one in (latest, *found) if one is not None]

    def _prefixes(self, place: Place, kind: str) -> list[tuple[str, int]]:
        """What the facts of a collection begin with, newest first; those of a migrated one are two collections'.

        With each, the number of the event that copied it there, which moved nothing.
        """
        assert place.collection_id is not None
        selves = self._store.legacy.selves(place.collection_id)
        copied = 0
        if len(selves) > 1:
            made = f"collection/{place.collection_id}/exists"
            copied = self._engine.value("SELECT min(seq) FROM event_fact WHERE fact = :made", {"made": made})
        return [(f"{kind}/{own}/", copied if own == place.collection_id else 0) for own in selves]

    def _held(self, place: Place, name: str, prefixes: Sequence[tuple[str, int]]) -> Held:
        """What one alias named before: the newest holder in its past that is not the one it has now."""
        events = self._moves(place, name, 50)
        facts = [f"{prefix}{name}" for prefix, _ in prefixes]
        holder = next((event.after[fact] for event in events for fact in facts if fact in event.after), None)
        now = None if holder is None else self._place_of(place, holder)[0]
        for event in events:
            before = next((event.before[fact] for fact in facts if event.before.get(fact) is not None), None)
            if before is not None and before != holder:
                return self._told(place, name, now, before, event)
        return Held(name, now)

    def _held_latest(self, place: Place) -> Held | None:
        """`latest` is in no event: it follows the links. It was on the highest number that there was."""
        row = self._engine.row(
            "SELECT version_id, number FROM membership WHERE collection_id = :c ORDER BY number DESC LIMIT 1",
            {"c": place.collection_id},
        )
        if row is None:
            return None
        prefixes = self._prefixes(place, "link")
        came = [
            event
            for prefix, copied in prefixes
            for event in self._store.events.of_fact(f"{prefix}{row[0]}", limit=1)
            if event.seq > copied
        ]
        if not came:
            return Held("latest", row[1])
        lower: list[tuple[int, int]] = []
        for prefix, copied in prefixes:
            # What was linked or unlinked since the one that is latest now came.
            since = self._engine.rows(
                "SELECT fact, max(seq) FROM event_fact WHERE fact >= :low AND fact < :high AND seq > :seq "
                "GROUP BY fact ORDER BY max(seq) DESC",
                {"low": prefix, "high": prefix[:-1] + "0", "seq": max(came[0].seq, copied)},
            )
            for fact, seq in since:
                event = self._store.events.of_fact(fact, until=seq, limit=1)[0]
                before = event.before.get(fact)
                if before is None or event.after.get(fact) is not None:
                    continue
                version = int(fact.removeprefix(prefix))
                if before[0] > row[1]:
                    return self._told(place, "latest", row[1], version, event)
                lower.append((before[0], version))
        lower += self._engine.rows(
            "SELECT number, version_id FROM membership WHERE collection_id = :c AND number < :n "
            "ORDER BY number DESC LIMIT 1",
            {"c": place.collection_id, "n": row[1]},
        )
        if not lower:
            return Held("latest", row[1])
        return self._told(place, "latest", row[1], max(lower)[1], came[0])

    def _told(self, place: Place, name: str, now: int | None, before: int, event: Event) -> Held:
        number, state = self._place_of(place, before)
        return Held(name, now, number, state, event.at, event.actor)

    def _place_of(self, place: Place, version: int) -> tuple[int | None, Literal["there", "unlinked", "deleted"]]:
        """The number that a version has, or had, in a collection, and whether it is still there."""
        number = self._engine.value(
            "SELECT number FROM membership WHERE collection_id = :c AND version_id = :v",
            {"c": place.collection_id, "v": version},
        )
        if number is not None:
            return number, "there"
        for prefix, copied in self._prefixes(place, "link"):
            fact = f"{prefix}{version}"
            for event in self._store.events.of_fact(fact, limit=1):
                if number is None and event.seq > copied:
                    number = (event.before.get(fact) or [None])[0]
        state = self._engine.value("SELECT state FROM version WHERE id = :v", {"v": version})
        return number, "unlinked" if state == "committed" else "deleted"

    def _change(self, place: Place, action: str, aliases: list[str]):
        return self._store.events.change(
            action,
            project=place.project_id,
            collection=place.collection_id,
            version=place.version_id,
            path=place.path.rpartition(":")[0],
            name=f"{place.collection}:v{place.number}",
            aliases=aliases,
        )
