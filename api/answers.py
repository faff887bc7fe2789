"""The header fields of an answer: what it is, from which release, and how long it may be kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from api.protocol import Asked
    from kg.query.pool import Answer

    Headers = list[tuple[bytes, bytes]]

CROSS_ORIGIN: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"etag, link, retry-after, x-engine, x-lint, x-query-id, x-release",
    ),
]
_VARY: Final = (b"vary", b"accept, accept-encoding")
_NOT_KEPT: Final[Headers] = [(b"cache-control", b"no-store"), _VARY]


def tag(release: str | None, asked: Asked) -> bytes:
    """Return the entity tag: weak, because an answer's order and blank nodes may differ."""
    if asked.query is None:
        return b""
    text, dataset, acceptable, _, engine = asked.query.key
    content = f"{release}\0{text}\0{dataset}\0{acceptable}\0{engine}\0{asked.choice.asked}"
    digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f'W/"{digest}"'.encode()


def known(etag: bytes, asked: Asked) -> bool:
    """Tell whether If-None-Match names the tag (weak comparison, RFC 9110, section 8.8.3.2)."""
    return etag.removeprefix(b"W/") in asked.headers.get(b"if-none-match", b"")


def validators(etag: bytes) -> Headers:
    """Return the fields of an answer that may be kept, and has to be asked for again."""
    return [(b"etag", etag), (b"cache-control", b"public, no-cache"), _VARY]


def headers(answer: Answer, asked: Asked, *, safe: bool) -> Headers:
    """Return the fields of an answer, X-Query-Id apart; `safe` is a GET or HEAD."""
    head = answer.head
    found = [
        (b"content-type", asked.choice.media_type(head.media_type).encode()),
        (b"x-release", answer.release.encode()),
        (b"x-engine", head.engine.encode()),
        *CROSS_ORIGIN,
        *(validators(tag(answer.release, asked)) if safe and head.lasting else _NOT_KEPT),
    ]
    if head.coding != "identity":
        found.append((b"content-encoding", head.coding.encode()))
    if answer.body is not None:
        found.append((b"content-length", str(len(answer.body)).encode()))
    return found
