"""Signed addresses: the client sends and fetches bytes without its key, so the address itself says what it may do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

HOURS = 24  # a big upload over a slow line, and what a client keeps in a queue meanwhile


class Refused(Exception):
    """An address was altered, made for something else, or has expired."""


class Signer:
    """Signs and reads addresses.

    Args:
        secret: shared by every process that serves the same store.
        hours: how long an address works.
    """

    def __init__(self, secret: bytes, *, hours: float = HOURS) -> None:
        self._secret = secret
        self._seconds = int(hours * 3600)

    def address(self, base: str, kind: str, name: str, claims: Mapping[str, Any]) -> str:
        return f"{base}/storage/{kind}/{quote(name, safe='/')}?token={self.sign(kind, claims)}"

    def sign(self, kind: str, claims: Mapping[str, Any]) -> str:
        body = _encode(json.dumps({**claims, "exp": int(time.time()) + self._seconds}, ensure_ascii=False).encode())
        return f"{body}.{_encode(self._mac(kind, body))}"

    def read(self, kind: str, token: str) -> dict[str, Any]:
        """What an address says.

        Raises:
            Refused
        """
        body, _, mac = token.partition(".")
        try:
            given = _decode(mac)
            if not hmac.compare_digest(given, self._mac(kind, body)):
                raise Refused("This address was not made by this server, or not for this.")
            claims = json.loads(_decode(body))
        except ValueError:
            raise Refused("This address was not made by this server.") from None
        if claims["exp"] < time.time():
            raise Refused("This address has expired: ask for a new one.")
        return claims

    def _mac(self, kind: str, body: str) -> bytes:
        return hmac.digest(self._secret, f"{kind}.{body}".encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
