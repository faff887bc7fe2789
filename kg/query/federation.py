"""Asking other endpoints, from the serving process: only those allowed, and nothing beyond them.

1. An endpoint is asked if its IRI is, character by character, one that the operator wrote.
2. Its host is looked up once, and the connection goes to an address that was found. If it is a name
   its addresses have to be public ones, so that nobody who owns the name reaches this machine or
   its neighbours; `localhost`, or an address in the IRI itself, is what the operator wrote.
3. No redirect is followed, nothing is asked twice, no cookie or credential is sent.
4. An answer has to be 200, in the JSON format of results, whole (its length is known, or it comes
   in chunks) and not longer than `LARGEST`. The time limit is that of the query.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

import httptools

from kg.errors import ServiceFailedError
from kg.watching.outgoing import public

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of an answer."""

_PIECE: Final = 64 * 1024
_JSON: Final = frozenset([b"application/sparql-results+json", b"application/json"])
_OK: Final = 200
_PORTS: Final = {"http": 80, "https": 443}


class Federation:
    """The endpoints that may be asked."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = allowed

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def ask(self, endpoint: str, query: str) -> bytes:
        """Return an endpoint's answer to a SELECT query, as JSON results.

        Raises:
            ServiceFailedError: it is not allowed, cannot be reached, or does not answer well.
        """
        if endpoint not in self._allowed:
            raise ServiceFailedError(f"The endpoint {endpoint} is not allowed")
        target = urlsplit(endpoint)
        try:
            return await self._asked(target, _request(target, query))
        except (OSError, asyncio.IncompleteReadError, httptools.HttpParserError) as error:
            raise ServiceFailedError(f"The endpoint {endpoint} failed: {error}") from error
        except ServiceFailedError as error:
            raise ServiceFailedError(f"The endpoint {endpoint} {error.detail}") from None

    async def _asked(self, target: SplitResult, request: bytes) -> bytes:
        host, port = target.hostname or "", target.port or _PORTS[target.scheme]
        secure = target.scheme == "https"
        reader, writer = await asyncio.open_connection(
            await _address(host, port),
            port,
            ssl=self._tls if secure else None,
            server_hostname=host if secure else None,
        )
        try:
            writer.write(request)
            answer = _Response()
            parser = httptools.HttpResponseParser(answer)
            while not answer.complete:
                data = await reader.read(_PIECE)
                if not data:
                    raise ServiceFailedError("ended its answer before it was complete")
                parser.feed_data(data)
                answer.judge(parser.get_status_code())
            return bytes(answer.body)
        finally:
            writer.close()
            with suppress(OSError):
                writer.transport.abort()


def _request(target: SplitResult, query: str) -> bytes:
    body = urlencode({"query": query}).encode()
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {target.netloc}",
        "User-Agent: cluster-atlas",
        "Accept: application/sparql-results+json",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        "",
    ]
    return "\r\n".join(lines).encode("ascii") + body


async def _address(host: str, port: int) -> str:
    """Return the address of a host.

    Raises:
        ServiceFailedError: a name leads to an address that is not public.
    """
    with suppress(ValueError):
        return str(ip_address(host))
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if host != "localhost" and not all(public(ip_address(a.partition("%")[0])) for a in addresses):
        raise ServiceFailedError("has an address that is not public")
    return addresses[0]


class _Response:
    """What httptools tells of a response."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._begun = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._begun = True

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.complete = True

    def judge(self, status: int) -> None:
        """Look at what is there.

        Raises:
            ServiceFailedError: it is not what was asked for, or too much.
        """
        if not self._begun:
            return
        kind = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if status != _OK:
            moved = b"location" in self._headers
            reason = "; redirects are not followed" if moved else ""
            raise ServiceFailedError(f"answered {status}{reason}")
        if kind not in _JSON or b"content-encoding" in self._headers:
            raise ServiceFailedError(f"answered {kind.decode('latin-1')!r}, not JSON results")
        if len(self.body) > LARGEST:
            raise ServiceFailedError(f"answered more than {LARGEST} bytes")
