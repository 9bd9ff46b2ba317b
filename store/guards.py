"""Guards of undo: what an inverse would leave hanging in the air, in words that say why it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .facts import Fact
from .names import fold_key
from .records import Event

if TYPE_CHECKING:
    from .store import Store


def plain(event: Event) -> str:
    """What was done, whether it was done, undone or redone."""
    return event.action.split(":")[-1]


class Guards:
    def __init__(self, store: Store) -> None:
        self._engine = store.engine

    def stays(self, event: Event, name: str) -> bool:
        """Whether a fact is left as it is: a version's time to live stays off while another link holds the version."""
        fact = Fact.parse(name)
        if plain(event) != "link.add" or (fact.kind, fact.key) != ("version", "ttl") or event.before.get(name) == -2:
            return False
        return bool(self._links(fact.owner, but=event.collection_id))

    def problem(self, event: Event, name: str, value: Any) -> str | None:
        """Why a fact of an event can't be given its old value now, None if it can."""
        fact = Fact.parse(name)
        return self._place_gone(event, fact) or self._hanging(event, fact, value)

    def _place_gone(self, event: Event, fact: Fact) -> str | None:
        """What a fact belongs to has been deleted since, and is not what comes back."""
        value = self._engine.value
        if fact.kind in ("project", "member", "accepted_type", "protected_alias"):
            if fact.key == "exists" or event.project_id is None:  # a person comes back with every role they had
                return None
            gone = value("SELECT removed_at FROM project WHERE id = :p", {"p": fact.owner})
            return "the registry is not there any more" if gone else None
        if fact.kind in ("alias", "link", "collection_tag", "collection"):
            source = self._source(event.version_id)
            if fact.kind == "collection" and fact.key == "exists":
                return None
            if plain(event) in ("version.delete", "version.expire") and fact.owner != source:
                return None  # links elsewhere went with the version, and come back with it
            return "the collection is not there any more" if self._removed(fact.owner) else None
        if fact.kind in ("version", "version_tag") and fact.key != "state":
            state = value("SELECT state FROM version WHERE id = :v", {"v": fact.owner})
            return "the version has been deleted since" if state == "deleted" else None
        return None

    def _hanging(self, event: Event, fact: Fact, value: Any) -> str | None:
        if fact.kind == "collection" and fact.key == "exists" and not value:
            return self._not_empty(event, fact)
        if fact.kind == "collection" and fact.key in ("exists", "name"):
            return self._name_taken(fact, value)
        if fact.kind == "project":
            return self._project_problem(event, fact, value)
        if fact.kind in ("link", "alias"):
            return self._version_gone(fact, value) if value is not None else self._still_named(event, fact)
        if fact.kind == "version":
            return self._version_problem(fact, value)
        if fact.kind == "accepted_type" and value is None:
            return self._type_used(event, fact)
        return self._person_problem(event, fact, value)

    def _not_empty(self, event: Event, fact: Fact) -> str | None:
        if self._engine.value(
            "SELECT p.removed_at FROM collection c JOIN project p ON p.id = c.project_id WHERE c.id = :c",
            {"c": fact.owner},
        ):
            return "its registry is not there any more"
        if plain(event) == "collection.delete":  # which takes its links with it, by hand too
            return None
        count = self._engine.value("SELECT count(*) FROM membership WHERE collection_id = :c", {"c": fact.owner})
        return f"the collection holds {count} version(s) by now" if count else None

    def _project_problem(self, event: Event, fact: Fact, value: Any) -> str | None:
        engine = self._engine
        if fact.key == "any_type" and not value:
            accepted = {
                name.split("/", 2)[2]
                for name, kept in event.before.items()
                if name.startswith("accepted_type/") and kept
            }
            for (kind,) in engine.rows(
                "SELECT DISTINCT type FROM collection c WHERE project_id = :p AND removed_at IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM accepted_type a WHERE a.project_id = c.project_id AND a.type = c.type) ORDER BY type",
                {"p": fact.owner},
            ):
                if kind not in accepted:
                    return f"it holds collections of the type {kind!r} by now"
        if fact.key == "exists" and not value and plain(event) not in ("registry.delete", "project.delete"):
            count = engine.value(
                "SELECT count(*) FROM collection WHERE project_id = :p AND removed_at IS NULL", {"p": fact.owner}
            )
            return f"the registry holds {count} collection(s) by now" if count else None
        if fact.key == "name" or (fact.key == "exists" and value):
            name = (
                value
                if fact.key == "name"
                else engine.value("SELECT name FROM project WHERE id = :p", {"p": fact.owner})
            )
            taken = engine.value(
                "SELECT 1 FROM project o JOIN project p ON p.id = :p WHERE o.entity_id = p.entity_id AND o.id <> p.id "
                "AND o.removed_at IS NULL AND o.key = :key",
                {"p": fact.owner, "key": fold_key(name)},
            )
            return "another registry has its name by now" if taken else None
        return None

    def _name_taken(self, fact: Fact, value: Any) -> str | None:
        row = self._engine.row("SELECT project_id, name FROM collection WHERE id = :c", {"c": fact.owner})
        assert row
        name = value if fact.key == "name" else row[1]
        if self._engine.value(
            "SELECT 1 FROM collection WHERE project_id = :p AND name = :n AND removed_at IS NULL AND id <> :c",
            {"p": row[0], "n": name, "c": fact.owner},
        ):
            return f"another collection is called {name!r} by now"
        if self._engine.value("SELECT removed_at FROM project WHERE id = :p", {"p": row[0]}) is not None:
            return "its registry is not there any more"
        return None

    def _version_gone(self, fact: Fact, value: Any) -> str | None:
        version = int(fact.key) if fact.kind == "link" else value
        state = self._engine.value("SELECT state FROM version WHERE id = :v", {"v": version})
        if fact.kind == "link" and state == "deleted":
            return "the version has been deleted since"
        if fact.kind == "alias" and not self._engine.value(
            "SELECT 1 FROM membership WHERE collection_id = :c AND version_id = :v", {"c": fact.owner, "v": version}
        ):
            return "the version that had the alias is not in the collection any more"
        return None

    def _still_named(self, event: Event, fact: Fact) -> str | None:
        """An alias that would name what is no longer there."""
        if fact.kind == "alias":
            return None
        for (alias,) in self._engine.rows(
            "SELECT alias FROM alias WHERE collection_id = :c AND version_id = :v ORDER BY alias",
            {"c": fact.owner, "v": int(fact.key)},
        ):
            if f"alias/{fact.owner}/{alias}" not in event.before:  # or it goes back to where it was
                return f"it has the alias {alias!r} by now"
        return None

    def _version_problem(self, fact: Fact, value: Any) -> str | None:
        if fact.key == "ttl" and value != -2 and self._links(fact.owner):
            return "it is linked in a registry by now, and linked versions don't expire"
        if fact.key == "state" and value == "committed" and self._removed(self._source(fact.owner)):
            return "its collection is not there any more"
        if fact.key == "state" and value == "deleted":
            count = self._engine.value("SELECT count(*) FROM membership WHERE version_id = :v", {"v": fact.owner})
            return f"it is linked in {count} more place(s) by now" if count else None
        return None

    def _type_used(self, event: Event, fact: Fact) -> str | None:
        every = self._engine.value("SELECT any_type FROM project WHERE id = :p", {"p": fact.owner})
        if event.before.get(f"project/{fact.owner}/any_type", every):
            return None
        used = self._engine.value(
            "SELECT count(*) FROM collection WHERE project_id = :p AND type = :t AND removed_at IS NULL",
            {"p": fact.owner, "t": fact.key},
        )
        return f"{used} collection(s) of that type are there by now" if used else None

    def _person_problem(self, event: Event, fact: Fact, value: Any) -> str | None:
        value_of = self._engine.value
        if fact.kind == "entity" and fact.key == "exists":
            return self._name_of_person_taken(fact) if value else self._has_something(fact)
        if fact.kind not in ("member", "team_member", "organization_member"):
            return None
        if (
            value is not None
            and value_of("SELECT removed_at FROM entity WHERE id = :e", {"e": int(fact.key)}) is not None
        ):
            return "they are not in the store any more"
        going = 0 in (event.before.get(f"entity/{who}/exists") for who in (fact.owner, fact.key))
        if fact.kind == "member" or value == "admin" or (fact.kind == "team_member" and going):
            return None
        where, who = {"team_member": ("team_id", "team"), "organization_member": ("organization_id", "organization")}[
            fact.kind
        ]
        admins = self._engine.rows(
            f"SELECT user_id FROM {fact.kind} WHERE {where} = :o AND role = 'admin'", {"o": fact.owner}
        )
        return f"the {who} would be left without an admin" if admins == [(int(fact.key),)] else None

    def _name_of_person_taken(self, fact: Fact) -> str | None:
        name = self._engine.value(
            "SELECT p.name FROM entity p JOIN entity o ON o.key = p.key AND o.id <> p.id AND o.removed_at IS NULL "
            "WHERE p.id = :e",
            {"e": fact.owner},
        )
        return f"the name {name!r} is taken by now" if name is not None else None

    def _has_something(self, fact: Fact) -> str | None:
        """What a person or a team has got since it was made."""
        args = {"e": fact.owner}
        owned = self._engine.value("SELECT count(*) FROM project WHERE entity_id = :e AND removed_at IS NULL", args)
        held = self._engine.value("SELECT count(*) FROM member WHERE entity_id = :e", args)
        if owned or held:
            return f"they have {owned} project(s) and {held} role(s) in registries by now"
        if self._engine.value("SELECT 1 FROM team_member WHERE user_id = :e", args):
            return "they are in a team by now"
        if self._engine.value("SELECT 1 FROM team_member WHERE team_id = :e", args):
            return "there are others in it by now"
        return None

    def _links(self, version: int, *, but: int | None = None) -> int:
        """In how many collections a version is linked, that one left out."""
        return self._engine.value(
            "SELECT count(*) FROM membership m JOIN version v ON v.id = m.version_id "
            "JOIN collection c ON c.id = m.collection_id AND c.removed_at IS NULL "
            "JOIN project p ON p.id = c.project_id AND p.removed_at IS NULL "
            "WHERE v.id = :v AND m.collection_id <> v.collection_id AND m.collection_id <> :but",
            {"v": version, "but": but or 0},
        )

    def _source(self, version: int | None) -> int | None:
        return self._engine.value("SELECT collection_id FROM version WHERE id = :v", {"v": version or 0})

    def _removed(self, collection: int | None) -> bool:
        """Whether a collection, or the project it is in, has been deleted."""
        return bool(
            self._engine.value(
                "SELECT coalesce(c.removed_at, p.removed_at) FROM collection c JOIN project p ON p.id = c.project_id "
                "WHERE c.id = :c",
                {"c": collection},
            )
        )
