"""Signatures of deliveries, as Standard Webhooks 1.0 has them (symmetric, HMAC-SHA256).

What is signed is `<webhook-id>.<webhook-timestamp>.<body>`; the header has `v1,<base64>`. A secret
is `whsec_` and the base64 of 32 random bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

from kg.errors import AtlasError

PREFIX: Final = "whsec_"
TOLERANCE: Final = 300
"""Seconds by which the clocks of sender and receiver may differ."""


class SignatureError(AtlasError):
    """A delivery that was not signed with this secret, or long ago."""

    status = 401
    title = "Signature not accepted"


def new_secret() -> str:
    """Return a new secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, delivery: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`.

    Raises:
        SignatureError: the secret is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise SignatureError("The secret is whsec_ and base64") from None
    signed = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def verify(
    secret: str, delivery: str, timestamp: str, body: bytes, signature: str, now: float
) -> None:
    """Check a delivery as its receiver does; `signature` may hold several, for a changed secret.

    Raises:
        SignatureError: none of them is right, or the time is too far from `now`.
    """
    if not timestamp.isdecimal() or abs(int(timestamp) - now) > TOLERANCE:
        raise SignatureError("The time of the delivery is too far from now", timestamp=timestamp)
    expected = sign(secret, delivery, int(timestamp), body)
    if not any(hmac.compare_digest(expected, given) for given in signature.split(" ")):
        raise SignatureError("The signature is not right")
