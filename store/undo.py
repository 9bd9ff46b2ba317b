"""Undo and redo: the inverse of an event, made from its before and after, refused when the world has moved on.

An undo is itself an event, so it can be undone: that is a redo. What was changed as one batch is undone as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import facts
from .access import TEAM_ROLES, Permission, Role, allowed
from .errors import Forbidden, Invalid, Moved, NotFound
from .events import COLUMNS, record
from .facts import Fact
from .guards import Guards, plain
from .records import Event
from .store import need_organization_admin, writes

if TYPE_CHECKING:
    from .store import Store

# Logging and running are work, not curating: what they made is deleted, not undone.
NOT_UNDOABLE = (
    "version.log",
    "run.",
    "organization.create",
    "project.create",
    "gc.",
    "team.ttl",
    "key.",
    "migration.",
    "webhook.",
)

# Which permission it takes to change a fact in a project.
_PERMISSIONS = {
    "link": Permission.LINK,
    "collection_tag": Permission.EDIT_TAGS,
    "version_tag": Permission.EDIT_TAGS,
    "member": Permission.ASSIGN_ROLES,
    "accepted_type": Permission.EDIT_TYPES,
    "protected_alias": Permission.PROTECT_ALIASES,
    "collection/name": Permission.RENAME_COLLECTION,
    "collection/type": Permission.RENAME_COLLECTION,
    "collection/description": Permission.EDIT_CARD,
    "collection/exists": Permission.DELETE_COLLECTION,
    "project/name": Permission.RENAME_REGISTRY,
    "project/description": Permission.EDIT_REGISTRY,
    "project/visibility": Permission.CHANGE_VISIBILITY,
    "project/any_type": Permission.EDIT_TYPES,
    "project/owner_id": Permission.CHANGE_OWNER,
    "project/exists": Permission.DELETE_REGISTRY,
    "version/description": Permission.EDIT_VERSION,
    "version/metadata": Permission.EDIT_VERSION,
    "version/ttl": Permission.LINK,
    "version/state": Permission.DELETE_VERSION,
    "review": Permission.REVIEW,
    "registry_migration/state": Permission.SIGN_OFF,
}


class Undo:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._guards = Guards(store)

    def stack(self, *, limit: int = 20, redo: bool = False) -> list[list[Event]]:
        """What the actor can undo (or redo), newest first; each item is one event or one batch."""
        wanted = (
            "event.undoes IS NOT NULL AND event.action LIKE 'undo:%'"
            if redo
            else "(event.undoes IS NULL OR event.action LIKE 'redo:%')"
        )
        shut = "".join(f" AND event.action NOT LIKE '{prefix}%'" for prefix in NOT_UNDOABLE)
        groups: list[list[Event]] = []
        before = 1 << 62
        while len(groups) < limit:
            row = self._engine.row(
                f"SELECT {COLUMNS} FROM event WHERE event.actor_id = :me AND {wanted}{shut} AND event.seq < :before "
                "AND NOT EXISTS (SELECT 1 FROM event u WHERE u.undoes = event.seq) ORDER BY event.seq DESC LIMIT 1",
                {"me": self._store.actor.id, "before": before},
            )
            if row is None:
                break
            groups.append(self._with_batch(record(row)))
            before = groups[-1][-1].seq  # a batch has no other events between its own
        return groups

    @writes
    def undo(self, seq: int | None = None) -> list[Event]:
        """Take back an event, with its batch; the actor's own newest change when none is named.

        Returns:
            The events that did it.

        Raises:
            NotFound: there is nothing to undo.
            Moved: something has been changed again since; the message says what, by whom and when.
            Forbidden: the actor may not make the inverse change.
            Invalid: it can't be undone at all, or was undone already.
        """
        if seq is None:
            groups = self.stack(limit=1)
            if not groups:
                raise NotFound(f"There is nothing of {self._store.actor.name}'s to undo.")
            return self._inverse(groups[0], "undo")
        group = self._with_batch(self._standing(seq))
        return self._inverse(group, "redo" if group[0].action.startswith("undo:") else "undo")

    @writes
    def redo(self, seq: int | None = None) -> list[Event]:
        """Do again what was undone; the actor's newest undo when none is named. See `undo`."""
        if seq is None:
            groups = self.stack(limit=1, redo=True)
            if not groups:
                raise NotFound(f"There is nothing of {self._store.actor.name}'s to redo.")
            return self._inverse(groups[0], "redo")
        group = self._with_batch(self._store.events.get(seq))
        if not group[0].action.startswith("undo:"):
            raise Invalid(f"Event {seq} is not an undo, so it can't be redone.")
        return self._inverse(group, "redo")

    def _standing(self, seq: int) -> Event:
        """An event, or the redo by which it stands again."""
        event = again = self._store.events.get(seq)
        while again.undone_by is not None:
            back = self._store.events.get(again.undone_by)
            if back.undone_by is None:
                break
            again = self._store.events.get(back.undone_by)
        return again if again.undone_by is None else event

    def _with_batch(self, event: Event) -> list[Event]:
        """What is taken back with an event: all of its batch that is no work, newest first."""
        if event.action.startswith("webhook."):
            raise Invalid(
                f"Event {event.seq} ({event.action}) can't be taken back: what a webhook's secrets were is not kept. "
                "`curatory webhook` makes it anew or changes it."
            )
        if _is_work(event):
            raise Invalid(
                f"Event {event.seq} ({event.action}) is work, not a change to the registry; "
                "delete what it made instead."
            )
        if event.batch is None:
            return [event]
        rows = self._engine.rows(
            f"SELECT {COLUMNS} FROM event WHERE event.batch = :b ORDER BY event.seq DESC", {"b": event.batch}
        )
        return [one for one in map(record, rows) if not _is_work(one)]

    def _inverse(self, group: Sequence[Event], word: str) -> list[Event]:
        """Apply the inverse of events, newest first, as one."""
        done: list[int] = []
        for event in group:
            if event.undone_by is not None:
                raise Invalid(f"Event {event.seq} was taken back by event {event.undone_by} already.")
        if len(group) == 1:
            done.append(self._take_back(group[0], word))
        else:
            with self._store.batch():
                done += [self._take_back(event, word) for event in group]
        # Who has undone the making of a registry may not see it any more, but may see that.
        return [record(self._engine.rows(f"SELECT {COLUMNS} FROM event WHERE seq = :s", {"s": s})[0]) for s in done]

    def _take_back(self, event: Event, word: str) -> int:
        engine, store = self._engine, self._store
        # Facts are put back in the opposite order: what was made last goes first.
        names = [name for name in _order(event) if not self._guards.stays(event, name)]
        for name in names:
            now = facts.read(engine, name)
            if now != event.after.get(name):
                raise self._moved(event, name)
        with store.events.change(
            f"{word}:{plain(event)}",
            project=event.project_id,
            collection=event.collection_id,
            version=event.version_id,
            person=event.person_id,
        ) as change:
            change.detail = {**event.detail, "of": event.seq}
            change.undoes = event.seq
            for name in names:
                value = event.before.get(name)
                self._refuse(event, name, value)
                self._allow(event, name, value)
            for name in names:
                value = event.before.get(name)
                self._guard(event, name, value)
                change.set(name, value)
        assert change.seq is not None
        return change.seq

    def _moved(self, event: Event, name: str) -> Moved:
        later = self._store.events.of_fact(name, limit=1)
        what = _spoken(name)
        if later and later[0].seq > event.seq:
            since = later[0]
            return Moved(
                f"Event {event.seq} ({event.action} {event.subject}) can't be taken back: {what} was changed again by "
                f"{since.actor} at {since.at:%Y-%m-%d %H:%M} UTC (event {since.seq}, {since.action}). Undo that first."
            )
        return Moved(f"Event {event.seq} ({event.action}) can't be taken back: {what} is not what it was after it.")

    # -- may it be, and can it be -------------------------------------------------------------------------------

    def _refuse(self, event: Event, name: str, value: Any) -> None:
        """Refuse what no undo can bring back."""
        fact = Fact.parse(name)
        if fact.kind == "version" and fact.key == "state" and value == "committed":
            purged = self._engine.value("SELECT purged_at FROM version WHERE id = :v", {"v": fact.owner})
            if purged:
                raise Moved(
                    f"Event {event.seq} can't be taken back: the files of {event.subject} were removed "
                    f"for good on {purged[:10]}."
                )
        if fact.kind == "version" and fact.key == "state" and value == "deleted":
            protected = self._store.versions.protecting(fact.owner)
            if protected:
                raise Moved(
                    f"Event {event.seq} can't be taken back: {event.subject} is linked as {protected[0]} by now, "
                    "which is a protected alias."
                )

    def _allow(self, event: Event, name: str, value: Any) -> None:
        """The same permission that it would take by hand."""
        store = self._store
        fact = Fact.parse(name)
        if fact.kind in ("organization_member", "team_member", "entity"):
            self._allow_people(fact)
            return
        if fact.kind == "automation":
            store.automations.need_inverse(fact.owner, fact.key, value)
            return
        if plain(event) == "version.delete":
            # links and aliases elsewhere went with the version, and come back with it
            fact = Fact("version", event.version_id or 0, "state")
        project = self._project_of(event, fact)
        if plain(event) == "registry.create" and event.after.get(f"project/{project}/exists") == 0:
            self._store.registries.need_maker(project or 0)  # all that it was made with comes back with it
            return
        row = self._engine.row(
            f"SELECT {store.role_sql}, e.name || '/' || p.name, p.kind FROM project p JOIN entity e ON "
            "e.id = p.entity_id WHERE p.id = :p",
            {"p": project} | store.me,
        )
        role = row[0] if row else None
        if row is None or role is None:
            raise NotFound(f"There is no event {event.seq}. `curatory history` lists them.")
        self._allow_registry(fact, value)
        permission = self._permission(fact, project, value)
        if not allowed(role, permission):
            raise Forbidden(
                f"{store.actor.name} is not allowed to {permission.value} in {row[1]}, which taking back "
                f"event {event.seq} would do: "
                f"{store.actor.name} is {Role(role).label} there."
            )

    def _allow_registry(self, fact: Fact, value: Any) -> None:
        """What by hand takes more than a role in the registry."""
        if fact.kind == "project" and fact.key == "visibility" and value == "organization":
            self._store.registries.need_opener(fact.owner)
        if fact.kind == "project" and fact.key == "exists" and not value:
            self._store.registries.need_creator(fact.owner)

    def _permission(self, fact: Fact, project: int | None, value: Any) -> Permission:
        if fact.kind == "alias":
            protected = self._engine.value(
                "SELECT 1 FROM protected_alias WHERE project_id = :p AND alias = :a", {"p": project, "a": fact.key}
            )
            return Permission.EDIT_PROTECTED_ALIASES if protected else Permission.EDIT_ALIASES
        if fact.kind == "link" and value is None:
            return Permission.UNLINK
        if fact.kind == "collection" and fact.key == "exists":
            if value:
                return Permission.CREATE_COLLECTION
            held = self._store.collections.protected_held(fact.owner)
            return Permission.EDIT_PROTECTED_ALIASES if held else Permission.DELETE_COLLECTION
        return _PERMISSIONS.get(fact.kind) or _PERMISSIONS[f"{fact.kind}/{fact.key}"]

    def _allow_people(self, fact: Fact) -> None:
        organization = fact.owner
        if fact.kind != "organization_member":
            row = self._engine.row("SELECT organization_id, kind FROM entity WHERE id = :i", {"i": fact.owner})
            if row and row[0] is not None:
                organization = row[0]
            elif row and row[1] == "user":
                organization = self._store.organizations.get(None).id
            if (
                fact.kind == "team_member"
                and TEAM_ROLES.get(
                    self._engine.value(
                        "SELECT role FROM team_member WHERE team_id = :t AND user_id = :me",
                        {"t": fact.owner, "me": self._store.actor.id},
                    )
                    or "viewer"
                )
                == Role.ADMIN
            ):
                return
        need_organization_admin(self._store, organization, "take that back")

    def _project_of(self, event: Event, fact: Fact) -> int | None:
        if fact.kind in ("project", "member", "accepted_type", "protected_alias"):
            return fact.owner
        if fact.kind in ("collection", "alias", "link", "collection_tag"):
            return self._engine.value("SELECT project_id FROM collection WHERE id = :i", {"i": fact.owner})
        return event.project_id  # what belongs to the artifact was changed through that place

    def _guard(self, event: Event, name: str, value: Any) -> None:
        """Refuse an inverse that would leave something hanging in the air."""
        problem = self._guards.problem(event, name, value)
        if problem:
            raise Moved(f"Event {event.seq} ({event.action} {event.subject}) can't be taken back: {problem}.")


# Containers come back before what they hold, and go after it.
_RANK = {"entity": 0, "project": 1, "collection": 2, "version": 3, "link": 4}


def _is_work(event: Event) -> bool:
    return plain(event).startswith(NOT_UNDOABLE)


def _order(event: Event) -> list[str]:
    def rank(name: str) -> int:
        place = _RANK.get(name.split("/", 1)[0], 5)
        return place if event.before.get(name) else -place

    return sorted(event.after, key=rank)


def _spoken(name: str) -> str:
    fact = Fact.parse(name)
    if fact.kind in ("alias", "collection_tag", "version_tag", "protected_alias", "accepted_type"):
        return f"the {fact.kind.replace('_', ' ')} {fact.key!r}"
    if fact.kind == "review":
        return "the verdict"
    if fact.kind == "link":
        return "the version's place in the collection"
    if fact.kind in ("member", "team_member", "organization_member"):
        return "the role"
    if fact.key == "exists":
        return f"the {fact.kind} itself"
    return f"the {fact.kind}'s {fact.key}"
