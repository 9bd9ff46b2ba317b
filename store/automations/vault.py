"""Secrets at rest: sealed with a key that is not in the database. Who has only the database can read none of them."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Invalid
from .records import Locked

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from ..store import Store

VARIABLE = "CURATORY_SECRETS_KEY"
FILE_VARIABLE = "CURATORY_SECRETS_KEY_FILE"


class Vault:
    """Seals and opens; the first of its keys seals, all of them open."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def path(self) -> Path:
        """Where the key is, unless it is given in the environment."""
        if given := os.environ.get(FILE_VARIABLE):
            return Path(given).expanduser()
        from platformdirs import user_config_path

        return user_config_path("curatory") / "secrets" / f"{self._store.id}.key"

    def seal(self, owner: int, secrets: dict[str, Any]) -> str:
        """Secrets as text for the database; the key is made when there is none yet.

        Args:
            owner: whose they are: sealed text does not open for anybody else's row.

        Raises:
            Locked: the store has secrets, and their key is not here.
        """
        cipher = self._cipher(make=not self._used())
        return cipher.encrypt(json.dumps([owner, secrets]).encode()).decode()

    def open(self, owner: int, sealed: str) -> dict[str, Any]:
        """What was sealed for an owner.

        Raises:
            Locked: the key is not here, or another one.
        """
        from cryptography.fernet import InvalidToken

        try:
            whose, secrets = json.loads(self._cipher().decrypt(sealed.encode()))
        except InvalidToken:
            raise Locked(f"The key in {self._where()} does not open this store's secrets. {_HELP}") from None
        if whose != owner:
            raise Locked("A secret in the database belongs to another webhook; set it again.")
        return secrets

    def rotate(self) -> int:
        """Seal everything with a new key, and forget the old one; returns how many were sealed again.

        The new key is on the disk before anything is sealed with it, and the old one until nothing is any more: a
        crash in between leaves both.

        Raises:
            Locked: the key is not here.
            Invalid: it is given in the environment, and no new one before it.
        """
        from cryptography.fernet import Fernet

        with self._alone():
            return self._rotated(Fernet.generate_key().decode())

    def _rotated(self, fresh: str) -> int:
        keys, given = self._keys(), bool(os.environ.get(VARIABLE))
        if not keys:
            raise Locked(f"There is no key in {self._where()} to rotate. {_HELP}")
        if given and len(keys) < 2:
            raise Invalid(
                f"The key comes from {VARIABLE}: put a new one before it there, with a comma between them, wherever "
                "the store is used, and rotate again; then the old one can go."
            )
        if not given:
            keys = [fresh, *keys]
            self._write(keys)
        cipher = self._cipher()
        engine = self._store.engine
        assert not engine.in_write, "the old key goes when what it has sealed is committed"
        with engine.write():
            rows = engine.rows("SELECT id, sealed FROM integration WHERE sealed <> ''")
            for number, sealed in rows:
                self.open(number, sealed)
                engine.execute(
                    "UPDATE integration SET sealed = :s WHERE id = :id",
                    {"id": number, "s": cipher.rotate(sealed.encode()).decode()},
                )
        if not given:
            self._write(keys[:1])
        return len(rows)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else on this machine rotates meanwhile."""
        if os.environ.get(VARIABLE):
            yield
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self.path.with_suffix(".lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _used(self) -> bool:
        return bool(self._store.engine.value("SELECT 1 FROM integration WHERE sealed <> '' LIMIT 1"))

    def _cipher(self, *, make: bool = False) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        keys = self._keys()
        if not keys and make:
            with suppress(FileExistsError):
                self._write([Fernet.generate_key().decode()], fresh=True)
            keys = self._keys()
        if not keys:
            raise Locked(f"The key that opens this store's secrets is not in {self._where()}. {_HELP}")
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise Locked(f"The key in {self._where()} can't be read ({error}). {_HELP}") from None

    def _where(self) -> str:
        return VARIABLE if os.environ.get(VARIABLE) else str(self.path)

    def _keys(self) -> list[str]:
        given = os.environ.get(VARIABLE)
        if given:
            return [key.strip() for key in given.split(",") if key.strip()]
        try:
            return self.path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise Locked(f"The key in {self.path} can't be read: {error}") from None

    def _write(self, keys: list[str], *, fresh: bool = False) -> None:
        """Put keys into the file, whole or not at all.

        Raises:
            FileExistsError: `fresh`, and another process was faster.
        """
        path = self.path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
        try:
            with open(number, "w", encoding="ascii") as file:
                file.write("".join(f"{key}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                os.link(name, path)
            else:
                os.replace(name, path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)


_HELP = (
    f"Copy it from the machine where the webhooks were made, or name it in {FILE_VARIABLE}. If it is lost, remove the "
    "webhooks that have secrets and make them again."
)
