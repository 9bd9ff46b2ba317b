"""Automations: what happens when a registry changes. See `OCCASIONS` for what they wait for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .. import clock
from ..access import Permission
from ..errors import Conflict, Invalid, NotFound
from ..events import Change
from ..names import check_characters, fold_key
from ..names import description as checked_description
from ..store import insert, need_organization_admin, writes
from . import outbox, payload
from .actions import action_of, rendered, said
from .matching import candidate, check_filter, check_pattern
from .records import (
    OCCASIONS,
    Action,
    Automation,
    Command,
    Delivery,
    Integration,
    Nothing,
    Preview,
    ScopeKind,
    Slack,
    Webhook,
)
from .scopes import Scope, Scopes
from .trying import LOOKED, Trials

if TYPE_CHECKING:
    from ..paths import Place
    from ..store import Store

_MONTH = timedelta(days=30)
_SELECT = (
    "SELECT a.id, a.name, a.description, a.enabled, a.scope, a.scope_id, a.definition, a.created_at, u.name, "
    "a.updated_at, (SELECT coalesce(d.ended_at, d.created_at) FROM delivery d WHERE d.automation_id = a.id "
    "ORDER BY d.id DESC LIMIT 1), "
    "CASE a.scope WHEN 'organization' THEN e.name WHEN 'project' THEN e.name || '/' || p.name "
    "ELSE e.name || '/' || p.name || '/' || c.name END, p.id "
    "FROM automation a LEFT JOIN collection c ON a.scope = 'collection' AND c.id = a.scope_id "
    "LEFT JOIN project p ON p.id = CASE a.scope WHEN 'project' THEN a.scope_id WHEN 'collection' THEN c.project_id END "
    "JOIN entity e ON e.id = coalesce(p.entity_id, a.scope_id) LEFT JOIN entity u ON u.id = a.created_by"
)


# What is told where it was migrated from; and what there can be in a registry.
_OF_THE_OLD = ("migration.end", "review.sign_off")
_OF_REGISTRIES = [on for on in OCCASIONS if on not in (*_OF_THE_OLD, "version.create", "version.delete", "role.change")]


class Automations:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._scopes = Scopes(store)
        self._trials = Trials(store)

    # -- reading ------------------------------------------------------------------------------------------------

    def get(self, name: str | int) -> Automation:
        """An automation by its name or number.

        Raises:
            NotFound: there is none, or the actor may not see what it watches.
            Invalid: several organizations have one of that name.
        """
        if isinstance(name, int):
            found = self._where("a.id = :id", {"id": name})
        else:
            found = self._where("a.key = :key", {"key": fold_key(name.strip())})
            if not found and name.strip().isdigit():
                found = self._where("a.id = :id", {"id": int(name)})
        if not found:
            raise NotFound(f"There is no automation {name!r}. `curatory automation ls` lists them.")
        if len(found) > 1:
            raise Invalid(f"Several automations are called {name!r}; give the number: {_numbers(found)}.")
        return found[0]

    def list(self, scope: str | None = None, *, inside: bool = True) -> list[Automation]:
        """Automations by name: of everything, or those that watch what a path names.

        Args:
            inside: also those of what is in it, and those further up that watch it as well.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        if scope is None:
            return self._where("1 = 1", {})
        place = self._scopes.at(scope)
        if not inside:
            return self._where("a.scope = :kind AND a.scope_id = :id", {"kind": place.kind, "id": place.id})
        condition, args = self._scopes.touching(place)
        return self._where(condition, args)

    def _where(self, condition: str, args: Mapping[str, Any]) -> list[Automation]:
        rows = self._engine.rows(
            f"{_SELECT} WHERE a.removed_at IS NULL AND (c.id IS NULL OR c.removed_at IS NULL) AND (p.id IS NULL OR "
            f"p.removed_at IS NULL) AND {condition} AND (CASE WHEN p.id IS NULL THEN EXISTS (SELECT 1 FROM "
            "organization_member o WHERE o.user_id = :me AND o.organization_id = coalesce(e.organization_id, e.id)) "
            f"ELSE {self._store.role_sql} >= 1 END) ORDER BY a.key, a.id",
            {**args, **self._store.me},
        )
        return self._records(rows)

    def _records(self, rows: Sequence[Sequence[Any]]) -> list[Automation]:
        definitions = [json.loads(row[6]) for row in rows]
        wanted = sorted({one["action"]["integration"] for one in definitions if "integration" in one["action"]})
        names: dict[int, str] = {}
        if wanted:
            names = {
                row[0]: row[1]
                for row in self._engine.rows(
                    f"SELECT id, name FROM integration WHERE {self._engine.any_of('id', 'ids')}",
                    {"ids": self._engine.pack(wanted)},
                )
            }
        return [_record(row, one, names) for row, one in zip(rows, definitions, strict=True)]

    # -- changing -----------------------------------------------------------------------------------------------

    @writes
    def create(
        self,
        name: str,
        scope: str | Place,
        on: str,
        action: Action,
        *,
        pattern: str = "",
        filter: str = "",
        description: str = "",
        enabled: bool = True,
    ) -> Automation:
        """A new automation.

        Args:
            scope: path of a registry, project or collection; the name of an organization or team for all that is its;
                or the place itself, where a registry could have that name.
            on: the name of an `OCCASIONS`.
            pattern: of the alias, tag or role; of a version that is linked or logged, of one of its aliases.
            filter: of the version or collection, in the one filter language.

        Raises:
            Forbidden: a collection's take the role member, a registry's admin, an organization's its admins.
            Conflict: the name is taken.
            Invalid, NotFound, Ambiguous
        """
        place = self._scopes.at(scope)
        self._scopes.need(place)
        name = self._name(name)
        checked_description(description)
        definition = self._definition(place, on, pattern, filter, action)
        with self._change("automation.create", place, name) as change:
            self._refuse_taken(place.owner, name)
            number = insert(
                self._engine,
                "automation",
                owner_id=place.owner,
                name=name,
                key=fold_key(name),
                description=description,
                enabled=int(enabled),
                scope=place.kind,
                scope_id=place.id,
                definition=definition,
                created_at=change.now,
                created_by=self._store.actor.id,
                updated_at=change.now,
            )
            change.note(f"automation/{number}/exists", 0, 1)
        return self.get(number)

    @writes
    def edit(
        self,
        name: str | int,
        *,
        to: str | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        on: str | None = None,
        pattern: str | None = None,
        filter: str | None = None,
        action: Action | None = None,
    ) -> Automation:
        """Change an automation; what it has set off already goes out as it was. Where it watches stays.

        Raises:
            Forbidden, Conflict, Invalid, NotFound
        """
        found = self.get(name)
        place = self._scopes.of(found)
        self._scopes.need(place)
        with self._change("automation.edit", place, found.name) as change:
            fact = f"automation/{found.id}"
            if to is not None and to != found.name:
                to = self._name(to)
                self._refuse_taken(place.owner, to, but=found.id)
                change.set(f"{fact}/name", to)
            if description is not None:
                change.set(f"{fact}/description", checked_description(description))
            if enabled is not None:
                change.set(f"{fact}/enabled", int(enabled))
            if not (on is None and pattern is None and filter is None and action is None):
                definition = self._definition(
                    place,
                    found.on if on is None else on,
                    found.pattern if pattern is None else pattern,
                    found.filter if filter is None else filter,
                    found.action if action is None else action,
                )
                change.set(f"{fact}/definition", definition)
            if change.after.keys() == {f"{fact}/enabled"}:
                change.action = "automation.resume" if enabled else "automation.pause"
        return self.get(found.id)

    @writes
    def remove(self, name: str | int) -> None:
        """Take an automation away. Its history stays; what it has set off and was not sent yet fails.

        Raises:
            Forbidden, NotFound, Invalid
        """
        found = self.get(name)
        place = self._scopes.of(found)
        self._scopes.need(place, Permission.DELETE_AUTOMATION)
        with self._change("automation.remove", place, found.name) as change:
            change.set(f"automation/{found.id}/exists", 0)

    def copy(self, change: Change, scope: ScopeKind, old: int, new: int) -> int:
        """Give what is new the automations of what it was made from, noted in the caller's change; returns how many.

        Those of the old one keep their names, so the copies get "(migrated)" behind theirs. With a registry go those
        that watch all of its team, for what there can be in a registry.
        """
        found = self._copied(scope, old)
        for _, owner, name, description, enabled, definition, created_at, created_by in found:
            fresh = _free(name, self._taken(owner))
            number = insert(
                self._engine,
                "automation",
                owner_id=owner,
                name=fresh,
                key=fold_key(fresh),
                description=description,
                enabled=enabled,
                scope=scope,
                scope_id=new,
                definition=definition,
                created_at=created_at,
                created_by=created_by,
                updated_at=change.now,
            )
            change.note(f"automation/{number}/exists", 0, 1)
        return len(found)

    def _copied(self, scope: ScopeKind, old: int) -> list[tuple[Any, ...]]:
        select = (
            "SELECT a.id, a.owner_id, a.name, a.description, a.enabled, a.definition, a.created_at, a.created_by "
            "FROM automation a"
        )
        where = "a.scope = :s AND a.scope_id = :id AND a.removed_at IS NULL ORDER BY a.id"
        found = self._engine.rows(f"{select} WHERE {where}", {"s": scope, "id": old})
        wanted = [row for row in found if json.loads(row[5])["on"] not in _OF_THE_OLD]
        if scope == "project":
            team = self._engine.value("SELECT entity_id FROM project WHERE id = :p", {"p": old})
            found = self._engine.rows(f"{select} WHERE {where}", {"s": "organization", "id": team})
            wanted += [row for row in found if json.loads(row[5])["on"] in _OF_REGISTRIES]
        return wanted

    def copies(self, project: int) -> list[tuple[str, str]]:
        """The automations that go along with a registry and its collections, each with the name that its copy gets."""
        rows = self._engine.rows(
            "SELECT id FROM collection WHERE project_id = :p AND removed_at IS NULL ORDER BY id", {"p": project}
        )
        wanted = [row for (number,) in rows for row in self._copied("collection", number)]
        wanted += self._copied("project", project)
        taken = self._taken(wanted[0][1]) if wanted else set()
        found: list[tuple[str, str]] = []
        for row in wanted:
            fresh = _free(row[2], taken)
            taken.add(fold_key(fresh))
            found.append((row[2], fresh))
        return found

    def of_registry(self, project: int) -> list[int]:
        """Numbers of the automations that watch a registry or a collection of it."""
        rows = self._engine.rows(
            "SELECT a.id FROM automation a WHERE a.removed_at IS NULL AND ((a.scope = 'project' AND a.scope_id = :p) "
            "OR (a.scope = 'collection' AND a.scope_id IN (SELECT id FROM collection WHERE project_id = :p))) "
            "ORDER BY a.id",
            {"p": project},
        )
        return [number for (number,) in rows]

    def _taken(self, owner: int) -> set[str]:
        """Compared names of an owner's automations."""
        rows = self._engine.rows("SELECT key FROM automation WHERE owner_id = :o AND removed_at IS NULL", {"o": owner})
        return {key for (key,) in rows}

    # -- trying out ---------------------------------------------------------------------------------------------

    def preview(
        self,
        scope: str | int,
        on: str = "",
        action: Action | None = None,
        *,
        pattern: str = "",
        filter: str = "",
    ) -> Preview:
        """How often an automation would have run in the last month, and what it would have sent the last time.

        A filter is asked of what is there today: what it was then is not kept for every event.

        Args:
            scope: a path, and the rest says what is asked; or the number of an automation.

        Raises:
            Invalid, NotFound, Forbidden
        """
        if isinstance(scope, int):
            found = self.get(scope)
            place, on, pattern, filter, action = (
                self._scopes.of(found), found.on, found.pattern, found.filter, found.action,
            )  # fmt: skip
        else:
            place, action = self._scopes.at(scope), action or Nothing()
        self._scopes.need(place)
        definition = self._definition(place, on, pattern, filter, action)
        one = candidate((0, "", place.kind, place.id, definition))
        since = self._store.now() - _MONTH
        fired, looked, newest = self._trials.past(one, place, clock.to_text(since))
        values = newest or self._trials.example(one, place)
        return Preview(
            fired,
            since,
            min(looked, LOOKED),
            looked > LOOKED,
            values,
            rendered(action, values, self._secrets(action)),
            newest is None,
        )

    def _secrets(self, action: Action) -> dict[str, str | None]:
        """What stands for a webhook's secrets where they are not shown: a mask; nothing for one that is not there."""
        if not isinstance(action, Webhook):
            return {}
        one = self._store.integrations.by_id(action.integration)
        token, secret = None if one.has_token else "", None if one.has_secret else ""
        names = {"ACCESS_TOKEN": token, "SECRET_NAME": secret, one.token_name: token, one.secret_name: secret}
        return {name: value for name, value in names.items() if name}

    def test(self, name: str | int) -> Delivery:
        """Write a delivery as if something had happened, for the newest time it would have run or an example.

        It is sent like any other, by a worker; `Worker.deliver` sends it at once.

        Raises:
            Forbidden, NotFound, Invalid
        """
        found = self.get(name)
        self._scopes.need(self._scopes.of(found))
        values = dict(self.preview(found.id).newest)  # which may take a while, so not in the write
        now = clock.to_text(self._store.shared_now())
        action = json.dumps(said(found.action), ensure_ascii=False)
        row = outbox.delivery(found.id, f"{found.id}:test:{now}", values, action, now)
        row |= {"test": 1, "asked_by": self._store.actor.id}
        with self._engine.write():
            number = self._engine.value(f"{outbox.INSERT} RETURNING id", row)
        return self._store.deliveries.get(number)

    # -- permissions --------------------------------------------------------------------------------------------

    def need_maker(self, number: int) -> None:
        """Refuse unless the actor may make such an automation, removed ones among them.

        Raises:
            NotFound, Forbidden
        """
        row = self._engine.row("SELECT scope, scope_id, owner_id FROM automation WHERE id = :a", {"a": number})
        if row is None:
            raise NotFound(f"There is no automation {number}. `curatory automation ls` lists them.")
        self._scopes.need(self._scopes.by_id(*row))

    def need_inverse(self, number: int, key: str, value: Any) -> None:
        """Refuse an undo that the actor could not make by hand: that takes the webhook, or the right to run commands.

        Raises:
            NotFound, Forbidden, Invalid
        """
        self.need_maker(number)
        if key == "definition":
            row = self._engine.row("SELECT scope, scope_id, owner_id FROM automation WHERE id = :a", {"a": number})
            assert row
            self._check_action(self._scopes.by_id(*row), action_of(json.loads(value)["action"]))

    def made_by_me_or_allowed(self, scope: str | None) -> list[int]:
        """Numbers of the automations whose deliveries the actor may see, removed ones among them."""
        condition, args = ("1 = 1", {}) if scope is None else self._scopes.touching(self._scopes.at(scope))
        rows = self._engine.rows(f"{_SELECT} WHERE {condition} ORDER BY a.id", args)
        found: list[int] = []
        for row in rows:
            owner = self._engine.value("SELECT owner_id FROM automation WHERE id = :a", {"a": row[0]})
            if self._scopes.may(self._scopes.by_id(row[4], row[5], owner)):
                found.append(row[0])
        return found

    # -- checks -------------------------------------------------------------------------------------------------

    def _change(self, action: str, place: Scope, name: str):
        owner = place.id if place.kind == "organization" else None
        return self._store.events.change(
            action, project=place.project, collection=place.collection, person=owner, path=place.path, name=name
        )

    @staticmethod
    def _name(name: str) -> str:
        name = check_characters(name.strip(), "An automation's name")
        if not 0 < len(name) <= 255:
            raise Invalid("An automation has a name of up to 255 characters.")
        if name.isdigit():
            raise Invalid(f"{name} could be the number of an automation or of a delivery; give it a letter, too.")
        return name

    def _refuse_taken(self, owner: int, name: str, *, but: int = 0) -> None:
        if self._engine.value(
            "SELECT 1 FROM automation WHERE owner_id = :o AND key = :k AND removed_at IS NULL AND id <> :but",
            {"o": owner, "k": fold_key(name), "but": but},
        ):
            raise Conflict(f"There is an automation {name!r} already; choose another name, or edit that one.")

    def _definition(self, place: Scope, on: str, pattern: str, filter: str, action: Action) -> str:
        """What it does as it is kept; refused where it can't be done."""
        if on not in OCCASIONS:
            raise Invalid(f"Automations can't wait for {on!r}; they can for: {', '.join(OCCASIONS)}.")
        pattern, filter = pattern.strip(), filter.strip()
        check_pattern(pattern, on)
        check_filter(filter, on, self._engine, self._store.now())
        self._check_action(place, action)
        return json.dumps(
            {"on": on, "pattern": pattern, "filter": filter, "action": said(action)},
            ensure_ascii=False,
            sort_keys=True,
        )

    def _check_action(self, place: Scope, action: Action) -> None:
        match action:
            case Webhook(integration, template):
                used = self._integration(place, integration, "webhook")
                if template.strip():
                    payload.check_template(template, tuple(n for n in (used.token_name, used.secret_name) if n))
            case Slack(integration, title, message, severity):
                self._integration(place, integration, "slack")
                if not title.strip():
                    raise Invalid("A message needs a title.")
                if severity not in ("INFO", "WARN", "ERROR"):
                    raise Invalid(f"There is no severity {severity!r}; there are INFO, WARN and ERROR.")
                payload.check_text(title, "A title")
                payload.check_text(message, "A message")
            case Command(argv):
                if self._engine.name != "sqlite":
                    raise Invalid("Commands are run for embedded stores only; send a webhook instead.")
                if place.owner != self._store.actor.id:  # it runs as somebody else, wherever that is allowed
                    need_organization_admin(self._store, place.owner, "let a command run")
                if not argv or not argv[0].strip() or any("\0" in part for part in argv):
                    raise Invalid("A command is a program and what it is given; there is none.")
            case Nothing():
                pass

    def _integration(self, place: Scope, number: int, kind: str) -> Integration:
        found = self._store.integrations.by_id(number)
        if found.kind != kind:
            raise Invalid(f"{found.name} is a {found.kind} webhook; this takes a {kind} one.")
        owner = self._engine.value(
            "SELECT coalesce(organization_id, id) FROM entity WHERE id = :e", {"e": found.entity_id}
        )
        if owner != place.owner:
            raise Invalid(f"{found.entity}/{found.name} belongs to another organization.")
        return found


def _free(name: str, taken: set[str]) -> str:
    """A name that nobody has yet."""
    fresh, count = name, 1
    while fold_key(fresh) in taken:
        end = " (migrated)" if count == 1 else f" (migrated {count})"
        fresh, count = name[: 255 - len(end)] + end, count + 1
    return fresh


def _numbers(found: Iterable[Automation]) -> str:
    return ", ".join(f"{one.id} ({one.scope})" for one in found)


def _record(row: Sequence[Any], definition: Mapping[str, Any], names: Mapping[int, str]) -> Automation:
    action = action_of(definition["action"])
    return Automation(
        id=row[0],
        name=row[1],
        description=row[2],
        enabled=bool(row[3]),
        scope_kind=row[4],
        scope_id=row[5],
        scope=row[11],
        on=definition["on"],
        pattern=definition["pattern"],
        filter=definition["filter"],
        action=action,
        integration=names.get(definition["action"].get("integration", 0)),
        created_at=clock.from_text(row[7]),
        created_by=row[8],
        updated_at=clock.from_text(row[9]),
        delivered=clock.optional(row[10]),
    )
