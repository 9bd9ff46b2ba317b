"""API keys: what a program shows at the door instead of a person. A key is shown once and kept as its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .clock import from_text, optional, to_text
from .errors import Forbidden, Invalid, NotFound
from .names import check_characters
from .records import Entity
from .store import insert, writes

if TYPE_CHECKING:
    from .store import Store

_USED_AGAIN = timedelta(minutes=1)  # a key in use writes no oftener than that


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, without the key.

    Attributes:
        name: what it is for, as its owner has said.
        used_at: to the minute; None: never.
        revoked_at: None while it opens the door.
    """

    id: int
    user: str
    name: str
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Keys:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    @writes
    def create(self, name: str, *, user: str | None = None) -> tuple[Key, str]:
        """A new key of the actor, or, for an organization's admin, of somebody else.

        Returns:
            Its record, and the key itself: 40 characters, as old clients want it. Nobody can read it again.

        Raises:
            Forbidden, NotFound, Invalid
        """
        name = check_characters(name.strip(), "A key's name")
        if not 0 < len(name) <= 128:
            raise Invalid("A key has a name of up to 128 characters: say what it is for.")
        owner = self._owner(user)
        secret = secrets.token_hex(20)
        with self._store.events.change("key.create", person=owner.id, path=owner.name, name=name) as change:
            key = insert(
                self._engine,
                "api_key",
                user_id=owner.id,
                name=name,
                hash=_hash(secret),
                created_at=change.now,
            )
            change.note(f"api_key/{key}/exists", 0, 1)
        return self._get(key), secret

    @writes
    def revoke(self, key: int) -> Key:
        """Shut the door to a key, for good.

        Raises:
            Forbidden: it is somebody else's, and the actor no admin of their organization.
            NotFound
        """
        found = self._get(key)
        owner = self._owner(found.user)
        with self._store.events.change("key.revoke", person=owner.id, path=owner.name, name=found.name) as change:
            change.set(f"api_key/{key}/exists", 0)
        return self._get(key)

    def list(self, *, user: str | None = None) -> list[Key]:
        """The actor's keys, or somebody's, oldest first; revoked ones too.

        Raises:
            Forbidden, NotFound
        """
        owner = self._owner(user)
        rows = self._engine.rows(f"{_SELECT} WHERE k.user_id = :u ORDER BY k.id", {"u": owner.id})
        return [_record(row) for row in rows]

    def opener(self, secret: str) -> str | None:
        """Whose key that is; None where it opens nothing. Anybody may ask: who has a key has been let in."""
        row = self._engine.row(
            "SELECT k.id, e.name, k.used_at FROM api_key k JOIN entity e ON e.id = k.user_id "
            "WHERE k.hash = :h AND k.removed_at IS NULL AND e.removed_at IS NULL",
            {"h": _hash(secret)},
        )
        if row is None:
            return None
        now = self._store.now()
        used = optional(row[2])
        if used is None or now - used > _USED_AGAIN:
            with self._engine.write(serial=False):
                self._engine.execute(
                    "UPDATE api_key SET used_at = :at WHERE id = :k", {"at": to_text(now), "k": row[0]}
                )
        return row[1]

    def signing(self) -> bytes:
        """What the door signs addresses with: one secret a store, made when it is first asked for."""
        read = "SELECT value FROM meta WHERE key = 'signing'"
        found = self._engine.value(read)
        if found is None:
            with self._engine.write():
                self._engine.execute(
                    "INSERT INTO meta (key, value) VALUES ('signing', :v) ON CONFLICT DO NOTHING",
                    {"v": secrets.token_hex(32)},
                )
                found = self._engine.value(read)
        return bytes.fromhex(found)

    def _get(self, key: int) -> Key:
        row = self._engine.row(f"{_SELECT} WHERE k.id = :k", {"k": key})
        if row is None:
            raise NotFound(f"There is no key {key}. `curatory key ls` lists yours.")
        return _record(row)

    def _owner(self, user: str | None) -> Entity:
        """The user whose keys are asked for, if the actor may."""
        owner = self._store.users.get(user or self._store.actor.name)
        if owner.id != self._store.actor.id and not self._engine.value(
            "SELECT 1 FROM organization_member a JOIN organization_member o ON o.organization_id = a.organization_id "
            "WHERE a.user_id = :me AND a.role = 'admin' AND o.user_id = :u",
            {"me": self._store.actor.id, "u": owner.id},
        ):
            raise Forbidden(
                f"{self._store.actor.name} is not allowed to touch the keys of {owner.name}: only they themselves and "
                "admins of their organization are."
            )
        return owner


_SELECT = (
    "SELECT k.id, e.name, k.name, k.created_at, k.used_at, k.removed_at FROM api_key k "
    "JOIN entity e ON e.id = k.user_id"
)


def _record(row: tuple[Any, ...]) -> Key:
    return Key(*row[:3], created_at=from_text(row[3]), used_at=optional(row[4]), revoked_at=optional(row[5]))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
