"""The header fields of an answer: what it is, from which release, and how long it may be kept."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from api.protocol import Asked
    from kg.query.frames import Head
    from kg.query.run import Answer

    Headers = list[tuple[bytes, bytes]]

_EXPOSED: Final = (
    b"content-location, etag, link, memento-datetime, retry-after, "
    b"x-engine, x-lint, x-not-loaded, x-query-id, x-release"
)
CROSS_ORIGIN: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
]
_VARY: Final = (b"vary", b"accept, accept-encoding, accept-datetime")
_FOREVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_KEPT: Final = (b"cache-control", b"public, no-cache")
_NOT_KEPT: Final[Headers] = [(b"cache-control", b"no-store"), _VARY]


def tag(release: str | None, asked: Asked) -> bytes:
    """Return the entity tag: weak, because an answer's order and blank nodes may differ."""
    if asked.query is None:
        return b""
    query = asked.query
    content = f"{release}\0{query.text}\0{query.dataset or ''}\0{query.engine}\0{asked.choice.name}"
    digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f'W/"{digest}"'.encode()


def known(etag: bytes, asked: Asked) -> bool:
    """Tell whether If-None-Match names the tag (weak comparison, RFC 9110, section 8.8.3.2)."""
    return etag.removeprefix(b"W/") in asked.headers.get(b"if-none-match", b"")


def validators(etag: bytes, asked: Asked) -> Headers:
    """Return the fields of an answer that may be kept.

    It has to be asked for again, unless its address names the release.
    """
    return [(b"etag", etag), _FOREVER if isinstance(asked.at, int) else _KEPT, _VARY]


def headers(answer: Answer, asked: Asked, *, safe: bool) -> Headers:
    """Return the fields of an answer, X-Query-Id apart; `safe` is a GET or HEAD."""
    kept = safe and answer.head.lasting
    found = _shared(answer.release, answer.head, asked.choice.media_type(answer.head.media_type))
    found += validators(tag(answer.release, asked), asked) if kept else _NOT_KEPT
    if answer.body is not None:
        found.append((b"content-length", str(len(answer.body)).encode()))
    return found


def lines(answer: Answer, body: bytes, asked: Asked) -> bytes:
    """Return the same as lines of a response to a GET, for a complete answer."""
    head = answer.head
    shared = _shared_lines(answer.release, head, asked.choice.media_type(head.media_type))
    etag = b"etag: %b\r\n" % tag(answer.release, asked) if head.lasting else b""
    return b"%b%bcontent-length: %d\r\n" % (shared, etag, len(body))


def _shared(release: str, head: Head, media_type: str) -> Headers:
    """Return the fields that many answers share."""
    found = [
        (b"content-type", media_type.encode()),
        (b"x-release", release.partition("-")[0].encode()),
        (b"x-engine", head.engine.encode()),
        *CROSS_ORIGIN,
    ]
    if head.coding != "identity":
        found.append((b"content-encoding", head.coding.encode()))
    return found


@lru_cache(maxsize=256)
def _shared_lines(release: str, head: Head, media_type: str) -> bytes:
    fields = _shared(release, head, media_type)
    fields += [_KEPT, _VARY] if head.lasting else _NOT_KEPT
    return b"".join([b"%b: %b\r\n" % field for field in fields])
