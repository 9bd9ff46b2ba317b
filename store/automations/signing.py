"""Signatures by which a receiver knows that a payload is ours: W&B's, and the Standard Webhooks'.

Sources: W&B's "Create a webhook automation" (X-Wandb-Signature); standardwebhooks.com, specification 1.0.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"


def secret_bytes(secret: str) -> bytes:
    """What a secret signs with: the bytes behind `whsec_` and base64, else its own text."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def headers(body: bytes, secrets: Sequence[str], *, message: str, seconds: int) -> dict[str, str]:
    """The headers of a signed request; of none, only the ones that name it.

    Args:
        secrets: the one in force first, then one that it has replaced lately: receivers may still know only that.
        message: the same at every try, so that a receiver knows it again.
        seconds: since 1970, of this try.
    """
    found = {"webhook-id": message, "webhook-timestamp": str(seconds)}
    if secrets:
        # As W&B does it: the secret's text as it was given.
        found["X-Wandb-Signature"] = _signed(secrets[0].encode(), body)
        signed = f"{message}.{seconds}.".encode() + body
        found["webhook-signature"] = " ".join(f"v1,{_signed(secret_bytes(one), signed)}" for one in secrets)
    return found


def _signed(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.digest(key, text, "sha256")).decode()
