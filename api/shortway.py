"""The short way of queries: a small one is answered where its bytes are read.

`GET /sparql?…` takes the short way. A request that is byte for byte one that was answered from this
release gets the same bytes again. Any other is given to the pool at once, and when its answer is
short it is written as it comes. Everything else takes the long way, through the application:
errors, long answers, and requests that carry more than this knows of. Both ways make the same
response; the short one costs a tenth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import answers, protocol
from api.extensions import RUN, TRANSPORT
from kg.errors import AtlasError
from kg.query.cache import LeastRecentlyUsed
from kg.query.run import Answer

if TYPE_CHECKING:
    from starlette.datastructures import State

    from api.protocol import Asked
    from kg.query.pool import QueryPool
    from kg.query.run import Run

Kind = TypeVar("Kind", bound="ShortWay")

_START: Final = b"GET /sparql?"
_REQUEST: Final = re.compile(rb"GET /sparql\?([!-~]*) HTTP/1\.1\r\n(.+)", re.DOTALL)
_END: Final = b"\r\n\r\n"
_HELD: Final = 64 * 1024
"""Bytes of further requests that wait for the answer to the one before."""

_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([!-~\x80-\xff \t]*?)[ \t]*")
"""A field line (RFC 9112, section 5; names in RFC 9110, section 5.6.2)."""

_LONG_WAY: Final = frozenset(
    [b"content-length", b"expect", b"if-none-match", b"transfer-encoding", b"upgrade"]
)
"""Fields with which a request takes the long way."""

_BATCH: Final = 16
"""Responses that wait for the end of the event loop's turn before they are written."""

_MANY: Final = 16
"""Small queries in a row after which a connection may be lent to another process."""

_ENTRY: Final = 256
"""Bytes that a kept response takes beside its request and itself."""


def protocol_of(kind: type[Kind], state: State, cache: int) -> type[Kind]:
    """Return the class of a server's connections; `cache` is how many bytes they keep together."""
    shared = {
        "state": state,
        "kept": LeastRecentlyUsed(cache),
        "blocks": LeastRecentlyUsed(_HELD * 16),
        "start": (None, b""),
        "unsent": [],
    }
    return type(kind.__name__, (kind,), shared)


class ShortWay(HttpToolsProtocol):
    """One connection. `protocol_of` makes a class of it that knows what all connections share."""

    state: ClassVar[State]
    kept: ClassVar[LeastRecentlyUsed[tuple[str, bytes]]]
    blocks: ClassVar[LeastRecentlyUsed[dict[bytes, bytes]]]
    start: ClassVar[tuple[object, bytes]]
    unsent: ClassVar[list[ShortWay]]

    _between = True
    _run: Run | None = None
    _asked: Asked
    _request = b""
    _held = b""
    _unsent = b""
    _answered_at = 0.0
    _looks = 0

    # Where the long way begins and ends

    def on_message_begin(self) -> None:
        """Begin a request on the long way."""
        super().on_message_begin()
        self._between = False
        extensions: dict[str, Any] = {TRANSPORT: self.transport}
        if self._run is not None:
            extensions[RUN] = self._run
        self.scope["extensions"] = extensions

    def on_message_complete(self) -> None:
        """Note that the next byte begins a request."""
        super().on_message_complete()
        self._between = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up the query that nobody waits for any more."""
        if self._run is not None:
            run, self._run = self._run, None
            self.state.queries.give_up(run)
        super().connection_lost(exc)

    # The short way

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._waits():
            self._hold(data)
        elif not (self._idle() and self._taken(data)):
            self._long(data)

    def _long(self, data: bytes) -> None:
        """Let the application answer."""
        self._send()  # nothing overtakes an answer
        self._looks = 0
        super().data_received(data)

    def _waits(self) -> bool:
        """Tell whether the answer to the request before is awaited."""
        return self._run is not None

    def _taken(self, data: bytes) -> bool:
        """Answer a request on a way of our own, or begin to; tell whether that could be done."""
        return self._short(data)

    def _idle(self) -> bool:
        """Tell whether nothing is under way on the connection."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self._between and not self.flow.write_paused

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > _HELD:
            self.flow.pause_reading()

    def _short(self, data: bytes) -> bool:
        """Answer a query, or begin to; tell whether that could be done."""
        pool: QueryPool | None = getattr(self.state, "queries", None)
        if not data.startswith(_START) or pool is None or pool.release is None:
            return False
        kept = self.kept.get(data)
        if kept is not None and kept[0] == pool.release:
            self._write(pool.new_id(), kept[1])
            return True
        if self._looks >= _MANY and self._lend(data):
            return True
        asked = self._read(data)
        if asked is None or asked.query is None or asked.lint or asked.at is not None:
            return False
        answer = pool.at_once(asked.query)
        if answer is not None:
            self._looks += 1
            self._respond(data, answer, asked)
            return True
        return self._begin(pool, data, asked)

    def _lend(self, data: bytes) -> bool:
        """Leave the connection to another process, with its next request; tell whether it is so."""
        del data
        return False

    def _read(self, data: bytes) -> Asked | None:
        """Return what a request asks; None if it is not one request, whole and plain."""
        request = _REQUEST.fullmatch(data)
        fields = self._fields(request[2]) if request else None
        if request is None or fields is None:
            return None
        try:
            return protocol.read_get(request[1], fields)
        except AtlasError:
            return None

    def _fields(self, block: bytes) -> dict[bytes, bytes] | None:
        """Return the header fields of a block; a client sends the same one again and again."""
        known = self.blocks.get(block)
        if known is None:
            known = _parsed(block) or {}
            self.blocks.put(block, known, len(block) + _ENTRY)
        return known or None

    def _begin(self, pool: QueryPool, data: bytes, asked: Asked) -> bool:
        if asked.query is None:
            return False
        try:
            run = pool.submit(asked.query)
        except AtlasError:
            return False
        self._unset_keepalive_if_required()
        self._run, self._request, self._asked = run, data, asked
        run.settled = self._settled
        return True

    def _settled(self, run: Run) -> None:
        """The answer is there, or its beginning, or its failure."""
        if run.body is None or run.head is None:
            self._go_long()
            return
        self._run = None
        answer = Answer(run.id, run.release, run.head, run.body)
        self._respond(self._request, answer, self._asked)
        self._go_on()

    def _go_long(self) -> None:
        """Let the application answer the request, with the run as it is."""
        self._long(self._request)
        self._run = None
        self._go_on()

    def _go_on(self) -> None:
        """Take what came while the answer was awaited."""
        held, self._held = self._held, b""
        if held and not self.transport.is_closing():
            self.flow.resume_reading()
            self.data_received(held)

    # Writing

    def _respond(self, request: bytes, answer: Answer, asked: Asked) -> None:
        body = answer.body or b""
        response = b"%b\r\n%b" % (answers.lines(answer, body, asked), body)
        if answer.head.lasting:
            self.kept.put(
                request, (answer.release, response), len(request) + len(response) + _ENTRY
            )
        self._write(answer.id, response)

    def _write(self, query: str, response: bytes) -> None:
        """Write a response of a query: the rest of its fields, a blank line, its body are given."""
        self._put(b"%bx-query-id: %b\r\n%b" % (self._start_lines(), query.encode(), response))

    def _put(self, response: bytes) -> None:
        """Write a whole response."""
        self._unsent += response
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._await_more(self.timeout_keep_alive)
        if not self.unsent:
            self.loop.call_soon(self._send_all)
        self.unsent.append(self)
        if len(self.unsent) >= _BATCH:
            self._send_all()

    def _start_lines(self) -> bytes:
        """Return the lines with which every response begins; they change once a second."""
        fields = self.server_state.default_headers
        if self.start[0] is not fields:
            lines = b"".join([b"%b: %b\r\n" % field for field in fields])
            type(self).start = (fields, b"HTTP/1.1 200 OK\r\n" + lines)
        return self.start[1]

    @classmethod
    def _send_all(cls) -> None:
        """Send what was written in this turn of the event loop.

        Each response wakes its client; the first one woken would have to share the processors with
        the answers to the others.
        """
        unsent = cls.unsent[:]
        cls.unsent.clear()
        for connection in unsent:
            connection._send()  # noqa: SLF001 - of this class

    def _send(self) -> None:
        data, self._unsent = self._unsent, b""
        if data and not self.transport.is_closing():
            self.transport.write(data)

    # How long a connection is kept for further requests

    def _await_more(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless the short way was taken meanwhile: it sets no timers."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._await_more(left)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection after what is to be sent."""
        self._send()
        super().shutdown()


def _parsed(block: bytes) -> dict[bytes, bytes] | None:
    """Return the fields of a plain request; None if it needs the long way."""
    fields: dict[bytes, bytes] = {}
    if not block.endswith(_END):
        return None
    for line in block[: -len(_END)].split(b"\r\n"):
        match = _FIELD.fullmatch(line)
        name = match[1].lower() if match else b""
        if match is None or name in _LONG_WAY or name in fields:
            return None
        fields[name] = match[2]
    connection = fields.pop(b"connection", b"keep-alive")
    return fields if b"host" in fields and connection.lower() == b"keep-alive" else None
