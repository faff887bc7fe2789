"""Signatures as Standard Webhooks has them."""

from __future__ import annotations

import pytest

from kg.watching.signing import SignatureError, new_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the published example
BODY = b'{"test": 2432232314}'
ID, TIME = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330


def test_the_published_example() -> None:
    """Secret, message and signature of the libraries' own tests."""
    assert sign(SECRET, ID, TIME, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_accepts_it() -> None:
    signature = sign(SECRET, ID, TIME, BODY)

    verify(SECRET, ID, str(TIME), BODY, signature, TIME + 1)
    verify(SECRET, ID, str(TIME), BODY, f"v1,AAAA {signature}", TIME - 1)


@pytest.mark.parametrize(
    ("secret", "name", "time", "body", "now"),
    [
        (new_secret(), ID, str(TIME), BODY, TIME),
        (SECRET, "msg_other", str(TIME), BODY, TIME),
        (SECRET, ID, str(TIME + 1), BODY, TIME),
        (SECRET, ID, str(TIME), BODY + b" ", TIME),
        (SECRET, ID, str(TIME), BODY, TIME + 3600),
        (SECRET, ID, "now", BODY, TIME),
        ("whsec_!", ID, str(TIME), BODY, TIME),
    ],
    ids=["secret", "name", "time", "body", "late", "no time", "no secret"],
)
def test_anything_else_is_refused(secret: str, name: str, time: str, body: bytes, now: int) -> None:
    with pytest.raises(SignatureError):
        verify(secret, name, time, body, sign(SECRET, ID, TIME, BODY), now)


def test_secrets_are_random() -> None:
    assert len({new_secret() for _ in range(10)}) == 10
