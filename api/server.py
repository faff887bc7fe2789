"""The HTTP server's protocol: uvicorn's, with ways of our own for what is asked most.

Four things are added to uvicorn's httptools protocol:

1. The connection's transport is within reach of the application. An answer that cannot be completed
   must end in a broken connection even if the client reads so slowly that the server waits for it:
   closing politely would first send what is buffered.
2. Small queries are answered at once (`api.shortway`).
3. A look-up that ranks is passed on to a process for them (`api.lookuppool`), if there is one.
4. A connection that asks one small query after another is lent to a process beside this one, so
   that more than one processor answers them (`api.tellers`).
"""

from __future__ import annotations

import re
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import uvicorn

from api.lookupprocess import ROUTES
from api.shortway import ShortWay, protocol_of
from api.tellers import Tellers

if TYPE_CHECKING:
    import asyncio

    from fastapi import FastAPI

    from api.lookuppool import LookUpPool, Question

_LOOK_UPS: Final = tuple(f"GET /{name}?".encode() for name in ROUTES)
_LOOK_UP: Final = re.compile(rb"GET /\w+\?[!-~]* HTTP/1\.1\r\n(.+)", re.DOTALL)
_FORWARDED: Final = (b"forwarded", b"x-forwarded-")
"""Fields of proxies: what they mean depends on who sent them, which another process cannot see."""


def configure(app: FastAPI, **options: Any) -> uvicorn.Config:
    """Return the server's configuration; `options` are uvicorn's."""
    settings = app.state.settings
    app.state.tellers = Tellers(settings.tellers, settings.cache_bytes // 8, options)
    bound = protocol_of(HttpProtocol, app.state, settings.cache_bytes // 4)
    bound.looking_up = weakref.WeakSet()
    return uvicorn.Config(app, http=bound, **options)


class HttpProtocol(ShortWay):
    """One connection to the serving process."""

    looking_up: ClassVar[weakref.WeakSet[HttpProtocol]]

    _question: Question | None = None
    _pending: bytes | None = None
    _stays = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, and what was read of it before."""
        super().connection_made(transport)
        if self._pending is not None:
            self._answered_at = self.loop.time()
            self._await_more(self.timeout_keep_alive)
            if self._pending:
                self.data_received(self._pending)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up the look-up that nobody waits for any more."""
        if self._question is not None:
            self.state.lookups.give_up(self._question)
        self._tellers.forget(self)
        super().connection_lost(exc)

    def _waits(self) -> bool:
        return self._run is not None or self._question is not None

    def _taken(self, data: bytes) -> bool:
        return self._short(data) or self._look_up(data)

    # Tellers

    @property
    def _tellers(self) -> Tellers:
        tellers: Tellers = self.state.tellers
        return tellers

    def _lend(self, data: bytes) -> bool:
        self._looks = 0
        if self._stays or self._unsent or self.scheme == "https":
            return False
        written = self.transport.get_write_buffer_size() == 0
        return written and self._tellers.lend(self, data)

    def successor(self, data: bytes, *, stays: bool) -> Self:
        """Return the protocol that goes on where a teller has left this connection.

        `data` was read already; with `stays` it is not lent again.
        """
        made = type(self)(self.config, self.server_state, self.app_state, self.loop)
        made._pending, made._stays = data, stays  # noqa: SLF001 - of this class
        return made

    # Look-ups

    def _look_up(self, data: bytes) -> bool:
        """Pass a look-up on to a process for them; tell whether that could be done."""
        pool: LookUpPool | None = getattr(self.state, "lookups", None)
        request = _LOOK_UP.fullmatch(data) if data.startswith(_LOOK_UPS) else None
        fields = self._fields(request[1]) if request else None
        if pool is None or fields is None or any(f.startswith(_FORWARDED) for f in fields):
            return False
        known = pool.known(data)
        if known is not None:
            self._unset_keepalive_if_required()
            self._answer(known)
            return True
        busy = any(not each._idle() for each in self.looking_up if each is not self)  # noqa: SLF001
        self._question = pool.ask(data, self._looked_up, busy=busy)
        if self._question is None:
            self.looking_up.add(self)
            return False
        self._unset_keepalive_if_required()
        self._request = data
        return True

    def _looked_up(self, response: bytes | None) -> None:
        """The response is there, or the process has failed."""
        self._question = None
        if response is None:
            self._long(self._request)
        else:
            self._answer(response)
        self._go_on()

    def _answer(self, response: bytes) -> None:
        """Write a response with the fields that the server adds."""
        status, rest = response.split(b"\r\n", 1)
        lines = b"".join([b"%b: %b\r\n" % f for f in self.server_state.default_headers])
        self._put(b"%b\r\n%b%b" % (status, lines, rest))
