"""Requests that leave the machine: only to hosts that the operator named, and never further in.

1. `ATLAS_WEBHOOK_HOSTS` names hosts (https, port 443) or origins such as `http://hooks.test:8080`.
2. The name is resolved once. If any of its addresses is not public the request is refused, unless
   `ATLAS_WEBHOOK_PRIVATE` says otherwise; the connection goes to the address that was looked at, so
   that a name cannot mean another one a moment later. TLS still checks the certificate of the name.
3. Redirections are answers like any other: not followed. No proxy is used, no cookie is kept.
4. Of the answer only status and Retry-After are read, within a time limit for all of it.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from kg.errors import AtlasError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.settings import Settings

SECONDS: Final = 10.0
_PORTS: Final = {"https": 443, "http": 80}
_LONGEST: Final = 2000
_URL = re.compile(r"[!-~]+")
_TRANSLATED: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutgoingError(AtlasError):
    """An address to which nothing may be sent; `allowed` names those that the operator allows."""

    status = 403
    title = "Address not allowed"


class Origin(NamedTuple):
    """Scheme, host and port (RFC 6454)."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if _PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


class Reply(NamedTuple):
    """What came back: a status, and after how many seconds to try again if it says so."""

    status: int
    retry_after: int | None


@dataclass(frozen=True)
class Allowed:
    """Where requests may go: to which origins, and whether to addresses that are not public."""

    origins: frozenset[Origin] = frozenset()
    private: bool = False

    @classmethod
    def by(cls, settings: Settings) -> Allowed:
        """Return what the settings allow.

        Raises:
            OutgoingError: one of them is no host and no origin.
        """
        named = (name.strip() for name in settings.webhook_hosts.split(","))
        origins = frozenset(
            _origin(name if "://" in name else f"https://{name}") for name in named if name
        )
        return cls(origins, settings.webhook_private)

    def check(self, url: str) -> Origin:
        """Return the origin of an address.

        Raises:
            OutgoingError: it is none to which something may be sent.
        """
        origin = _origin(url)
        if origin not in self.origins:
            allowed = sorted(map(str, self.origins))
            detail = f"{origin} is not among the hosts that the operator allows"
            raise OutgoingError(detail, allowed=allowed)
        return origin


def _origin(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutgoingError(f"{url!r} is no address: {error}") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _PORTS or not host or len(url) > _LONGEST or not _URL.fullmatch(url):
        raise OutgoingError(f"{url[:100]!r} is no https address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise OutgoingError("An address holds no user, no password and no fragment")
    return Origin(parts.scheme, host, _PORTS[parts.scheme] if port is None else port)


def public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None or any(address in net for net in _TRANSLATED):
            return False
        if inner is not None:
            return public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(origin: Origin, *, private: bool) -> str:
    """Return the address to connect to.

    Raises:
        OutgoingError: one of those that the name has is not public.
        OSError: the name has none.
    """
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OutgoingError(f"{origin.host} is no name of a host") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not private and not public(ipaddress.ip_address(address.partition("%")[0])):
            raise OutgoingError(f"{origin.host} is {address}, which is no public address")
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked at, in the name of a host."""

    def __init__(self, origin: Origin, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(origin.host, origin.port, timeout=SECONDS)
        self._address = address
        self._context = context

    def connect(self) -> None:
        """Connect to the address, whatever the name means by now."""
        self.sock = socket.create_connection((self._address, self.port), SECONDS)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)

    def abandon(self) -> None:
        """End the request from another thread."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


def post(allowed: Allowed, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Send a body and return what came back.

    Raises:
        OutgoingError: nothing may be sent there.
        OSError, http.client.HTTPException: nobody answered in time, or not in HTTP.
    """
    origin = allowed.check(url)
    address = resolve(origin, private=allowed.private)
    context = ssl.create_default_context() if origin.scheme == "https" else None
    connection = _Pinned(origin, address, context)
    timer = threading.Timer(2 * SECONDS, connection.abandon)
    timer.daemon = True
    timer.start()
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        return Reply(response.status, _seconds(response.getheader("Retry-After")))
    finally:
        timer.cancel()
        connection.close()


def _seconds(text: str | None) -> int | None:
    """Return Retry-After if it is a number (RFC 9110, section 10.2.3); a date is left alone."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else None
