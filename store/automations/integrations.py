"""Webhooks of a team or an organization: where its automations send things. Secrets go in, and never come out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import clock
from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..names import fold_key
from ..records import Entity
from ..store import insert, need_organization_admin, writes
from .records import Integration, IntegrationKind
from .rules import check_url, read_rules
from .vault import Vault

if TYPE_CHECKING:
    from ..events import Change
    from ..store import Store

_NAME = re.compile(r"[-\w]+( +[-\w]+)*")
_SECRET_NAME = re.compile(r"[A-Za-z0-9_]+")
FORMER_SIGNS = timedelta(days=1)  # how long a replaced secret still signs beside the new one
_SELECT = (
    "SELECT i.id, i.kind, e.name, e.id, i.name, i.address, i.has_token, i.has_secret, i.token_name, i.secret_name, "
    "i.created_at, u.name FROM integration i JOIN entity e ON e.id = i.entity_id "
    "LEFT JOIN entity u ON u.id = i.created_by"
)


class Integrations:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self.vault = Vault(store)

    def list(self, entity: str | None = None) -> list[Integration]:
        """The webhooks that the actor may use, or those of one team or organization, by name."""
        condition, args = "1 = 1", {}
        if entity is not None:
            condition, args = "i.entity_id = :entity", {"entity": self._entity(entity).id}
        rows = self._engine.rows(
            f"{_SELECT} WHERE i.removed_at IS NULL AND {condition} AND {_USABLE} ORDER BY e.key, i.name, i.id",
            args | {"me": self._store.actor.id},
        )
        return [_record(row) for row in rows]

    def get(self, name: str) -> Integration:
        """A webhook by its name, or `entity/name` where several have that.

        Raises:
            NotFound
            Invalid: several teams have one of that name.
        """
        entity, _, short = name.rpartition("/")
        found = [
            one for one in self.list() if one.name == short and (not entity or fold_key(one.entity) == fold_key(entity))
        ]
        if not found:
            raise NotFound(f"There is no webhook {name!r}. `curatory webhook ls` lists those that you may use.")
        if len(found) > 1:
            raise Invalid(
                f"Several have a webhook {name!r}: {', '.join(f'{one.entity}/{one.name}' for one in found)}. Say which."
            )
        return found[0]

    def by_id(self, number: int) -> Integration:
        """A webhook that the actor may use.

        Raises:
            NotFound
        """
        row = self._engine.row(
            f"{_SELECT} WHERE i.id = :id AND i.removed_at IS NULL AND {_USABLE}",
            {"id": number, "me": self._store.actor.id},
        )
        if row is None:
            raise NotFound("That webhook is not there any more. `curatory webhook ls` lists those that you may use.")
        return _record(row)

    @writes
    def create(
        self,
        entity: str | None,
        name: str,
        url: str,
        *,
        kind: IntegrationKind = "webhook",
        token: str | None = None,
        secret: str | None = None,
        token_name: str = "",
        secret_name: str = "",
    ) -> Integration:
        """A new webhook of a team, or of the actor's organization for None.

        Args:
            url: https. Of a Slack webhook it is a secret itself, and sealed.
            token: sent as `Authorization: Bearer …`.
            secret: signs what is sent; `whsec_…` as Standard Webhooks write one, or any text.

        Raises:
            Forbidden: only the team's and the organization's admins make webhooks.
            Invalid, Conflict, NotFound
            Locked: the key that seals secrets is not on this machine.
        """
        owner = self._entity(entity)
        self._need_admin(owner.id, owner.name, "make a webhook")
        name = self._name(name)
        check_url(url, read_rules())
        self._refuse_taken(owner.id, owner.name, name)
        for one in (token_name, secret_name):
            if one and not _SECRET_NAME.fullmatch(one):
                raise Invalid(f"A secret's name has letters, digits and '_' only; {one!r} has others.")
        secrets = _secrets(url if kind == "slack" else None, token, secret)
        with self._store.events.change(
            "webhook.create", person=owner.id, path=f"{owner.name}/{name}", name=name
        ) as change:
            number = insert(
                self._engine,
                "integration",
                entity_id=owner.id,
                kind=kind,
                name=name,
                address=_shown(url, kind),
                has_token=int(bool(token)),
                has_secret=int(bool(secret)),
                token_name=token_name,
                secret_name=secret_name,
                created_at=change.now,
                created_by=self._store.actor.id,
            )
            if secrets:
                self._seal(number, secrets)
            change.note(f"integration/{number}/exists", 0, 1)
        return self.by_id(number)

    @writes
    def edit(
        self,
        name: str,
        *,
        to: str | None = None,
        url: str | None = None,
        token: str | None = None,
        secret: str | None = None,
    ) -> Integration:
        """Change a webhook; None leaves a thing as it is, "" takes a token or secret away.

        A secret that is replaced still signs beside the new one for a day, so that receivers can change over.

        Raises:
            Forbidden, Invalid, Conflict, NotFound, Locked
        """
        found = self.get(name)
        self._need_admin(found.entity_id, found.entity, "change a webhook")
        with self._store.events.change(
            "webhook.edit", person=found.entity_id, path=f"{found.entity}/{found.name}", name=found.name
        ) as change:
            if to is not None and to != found.name:
                to = self._name(to)
                self._refuse_taken(found.entity_id, found.entity, to)
                change.set(f"integration/{found.id}/name", to)
            fresh = _secrets(url if found.kind == "slack" else None, token, secret)
            if url is not None:
                check_url(url, read_rules())
                self._refuse_taking_along(found, url, token, secret)
                self._engine.execute(
                    "UPDATE integration SET address = :a WHERE id = :id", {"a": _shown(url, found.kind), "id": found.id}
                )
            if url is not None and _shown(url, found.kind) != found.address and not fresh:
                self._revised(found.id, change, ["url"])
            if fresh:
                secrets = self.secrets(found.id)
                if secret is not None and secrets.get("secret"):
                    secrets["former"] = secrets["secret"]
                    secrets["former_until"] = clock.to_text(self._store.now() + FORMER_SIGNS)
                secrets |= fresh
                self._seal(found.id, {key: value for key, value in secrets.items() if value})
                self._engine.execute(
                    "UPDATE integration SET has_token = :t, has_secret = :s WHERE id = :id",
                    {"t": int(bool(secrets.get("token"))), "s": int(bool(secrets.get("secret"))), "id": found.id},
                )
                self._revised(found.id, change, sorted({*fresh, *(["url"] if url is not None else [])}))
        return self.by_id(found.id)

    @writes
    def remove(self, name: str) -> None:
        """Take a webhook away, and its secrets for good.

        Raises:
            Conflict: automations use it.
            Forbidden, NotFound, Invalid
        """
        found = self.get(name)
        self._need_admin(found.entity_id, found.entity, "remove a webhook")
        used = self.users(found.id)
        if used:
            raise Conflict(
                f"{found.entity}/{found.name} is used by {len(used)} automation(s): {', '.join(used[:5])}. Remove or "
                "change those first."
            )
        path = f"{found.entity}/{found.name}"
        with self._store.events.change("webhook.remove", person=found.entity_id, path=path, name=found.name) as change:
            self._engine.execute(
                "UPDATE integration SET sealed = '', has_token = 0, has_secret = 0 WHERE id = :id", {"id": found.id}
            )
            change.set(f"integration/{found.id}/exists", 0)

    def users(self, number: int) -> list[str]:
        """Names of the automations that use a webhook."""
        return [
            name
            for name, definition in self._engine.rows(
                "SELECT name, definition FROM automation WHERE removed_at IS NULL ORDER BY key"
            )
            if json.loads(definition)["action"].get("integration") == number
        ]

    def rotate_key(self) -> int:
        """Seal all secrets with a new key; returns how many webhooks have some.

        Raises:
            Forbidden: only admins of an organization do.
            Locked, Invalid
        """
        if not any(one.role == "admin" for one in self._store.organizations.list()):
            raise Forbidden(
                f"{self._store.actor.name} is not allowed to change the key of the secrets: only admins of the "
                "organization are. Ask one of them."
            )
        return self.vault.rotate()

    # -- the worker's -------------------------------------------------------------------------------------------

    def secrets(self, number: int) -> dict[str, Any]:
        """What a webhook's secrets are. For sending only.

        Raises:
            Locked
        """
        sealed = self._engine.value("SELECT sealed FROM integration WHERE id = :id", {"id": number})
        return self.vault.open(number, sealed) if sealed else {}

    def signing(self, secrets: dict[str, Any]) -> list[str]:
        """The secrets that sign now, the one in force first."""
        found = [secrets["secret"]] if secrets.get("secret") else []
        if found and secrets.get("former") and secrets["former_until"] > clock.to_text(self._store.now()):
            found.append(secrets["former"])
        return found

    # -- checks -------------------------------------------------------------------------------------------------

    def _entity(self, name: str | None) -> Entity:
        if name is None:
            return self._store.organizations.get(None)
        for organization in self._store.organizations.list():
            if fold_key(name) in (fold_key(organization.name), fold_key(organization.title)):
                return organization
        return self._store.teams.get(name)

    def _need_admin(self, entity: int, name: str, what: str) -> None:
        row = self._engine.row("SELECT kind, organization_id FROM entity WHERE id = :e", {"e": entity})
        assert row
        if row[0] == "team":
            role = self._engine.value(
                "SELECT role FROM team_member WHERE team_id = :t AND user_id = :me",
                {"t": entity, "me": self._store.actor.id},
            )
            if role == "admin":
                return
        need_organization_admin(self._store, entity if row[1] is None else row[1], f"{what} of {name}")

    def _revised(self, number: int, change: Change, what: list[str]) -> None:
        """What a secret or an address is stays out of the log (addresses hold keys, too); that it changed does not."""
        revision = self._engine.value("SELECT revision FROM integration WHERE id = :id", {"id": number})
        change.set(f"integration/{number}/revision", revision + 1)
        change.detail["changed"] = what

    @staticmethod
    def _refuse_taking_along(found: Integration, url: str, token: str | None, secret: str | None) -> None:
        """Who may change an address may not thereby have the secrets sent to themselves."""
        old, new = urlsplit(found.address), urlsplit(url)
        if (old.scheme, old.netloc) == (new.scheme, new.netloc):
            return
        kept = [what for what, has, given in (
            ("token", found.has_token, token), ("secret", found.has_secret, secret),
        ) if has and given is None]  # fmt: skip
        if kept:
            raise Invalid(
                f"{found.name} goes to another host now, and its {' and '.join(kept)} were given for the old one: give "
                "new ones along with the address, or take them away."
            )

    @staticmethod
    def _name(name: str) -> str:
        name = name.strip()
        if len(name) > 64 or not _NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} is no name for a webhook: up to 64 letters, digits, '-' and '_', with single words between "
                "spaces."
            )
        return name

    def _refuse_taken(self, entity: int, owner: str, name: str) -> None:
        if self._engine.value(
            "SELECT 1 FROM integration WHERE entity_id = :e AND name = :n AND removed_at IS NULL",
            {"e": entity, "n": name},
        ):
            raise Conflict(f"{owner} has a webhook {name!r} already; choose another name, or edit that one.")

    def _seal(self, number: int, secrets: dict[str, Any]) -> None:
        self._engine.execute(
            "UPDATE integration SET sealed = :s WHERE id = :id", {"s": self.vault.seal(number, secrets), "id": number}
        )


# Members of a team use its webhooks, everybody of an organization the organization's.
_USABLE = (
    "(EXISTS (SELECT 1 FROM team_member t WHERE t.team_id = i.entity_id AND t.user_id = :me) OR EXISTS (SELECT 1 FROM "
    "organization_member o WHERE o.user_id = :me AND (o.organization_id = i.entity_id OR (o.role = 'admin' AND "
    "o.organization_id = e.organization_id))))"
)


def _secrets(url: str | None, token: str | None, secret: str | None) -> dict[str, str]:
    for value, what in ((token, "An access token"), (secret, "A secret")):
        if value is not None and (len(value) > 4096 or not value.isprintable() or value != value.strip()):
            raise Invalid(f"{what} is one line of at most 4,096 characters, with no spaces around it.")
    if token is not None and not token.isascii():
        raise Invalid("An access token is sent in a header, so it has only ASCII characters.")
    given = {"url": url, "token": token, "secret": secret}
    return {key: value for key, value in given.items() if value is not None}


def _shown(url: str, kind: IntegrationKind) -> str:
    parts = urlsplit(url)
    return url if kind == "webhook" else f"{parts.scheme}://{parts.netloc}/…"


def _record(row: Sequence[Any]) -> Integration:
    return Integration(
        id=row[0],
        kind=row[1],
        entity=row[2],
        entity_id=row[3],
        name=row[4],
        address=row[5],
        has_token=bool(row[6]),
        has_secret=bool(row[7]),
        token_name=row[8],
        secret_name=row[9],
        created_at=clock.from_text(row[10]),
        created_by=row[11],
    )
