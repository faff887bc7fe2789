"""A worker: one process, one store, one query at a time, until its socket is closed.

The zygote calls `work` in the forked child; it never returns there.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from pyoxigraph import Store

from kg.errors import AtlasError, WorkspaceError
from kg.query.codings import compressor, encoded
from kg.query.columns import Columns
from kg.query.evaluation import OXIGRAPH, Source, evaluate
from kg.query.frames import (
    ANSWER,
    DATA,
    END,
    HEAD,
    PIECE,
    PROBLEM,
    READY,
    SERVICE,
    FrameReader,
    Head,
    error_of,
    frame,
    problem,
)
from kg.query.limits import confine
from kg.query.request import QueryRequest
from kg.query.services import Services

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from kg.query.formats import Format

_LATER_PIECE: Final = 2 * PIECE
"""The first piece is to come soon; after it larger ones cost less. It fits into the channel."""


class Answering:
    """The sink of one query: sends the head when the first piece is full or the body complete."""

    def __init__(self, channel: socket.socket, coding: str) -> None:
        self._channel = channel
        self._coding = coding
        self._pending: list[bytes] = []
        self._size = 0
        self._enough = PIECE
        self._compressor: Any = None
        self._head = Head("", "identity", lasting=False)

    def begin(self, form: Format, *, lasting: bool, engine: str = OXIGRAPH) -> None:
        """Learn the format of the body."""
        self._head = Head(form.media_type, "identity", lasting, engine)

    def write(self, data: bytes, /) -> int:
        """Take what the engine wrote and pass on what fills a piece."""
        self._pending.append(data)
        self._size += len(data)
        if self._size >= self._enough:
            self._send_piece()
        return len(data)

    def flush(self) -> None:
        """Keep what is pending: pieces are sent when they are full."""

    def _taken(self) -> bytes:
        data = b"".join(self._pending)
        self._pending.clear()
        self._size = 0
        return data

    def _send_piece(self) -> None:
        opening = b""
        if self._compressor is None:
            self._compressor = compressor(self._coding)
            opening = frame(HEAD, self._head._replace(coding=self._coding).pack())
            self._enough = _LATER_PIECE
        piece = self._compressor.compress(self._taken())
        self._channel.sendall(opening + (frame(DATA, piece) if piece else b""))

    def finish(self) -> None:
        """Send the rest of the body and its end."""
        if self._compressor is not None:
            rest = self._compressor.compress(self._taken()) + self._compressor.flush()
            self._channel.sendall((frame(DATA, rest) if rest else b"") + frame(END))
            return
        coding, body = encoded(self._coding, self._taken())
        head = self._head._replace(coding=coding)
        self._channel.sendall(frame(ANSWER, head.pack(body)))


def _answer(channel: socket.socket, source: Source, request: QueryRequest) -> None:
    sink = Answering(channel, request.coding)
    try:
        evaluate(source, request, sink)
    except AtlasError as error:
        channel.sendall(frame(PROBLEM, problem(error)))
    else:
        sink.finish()


def _ask(channel: socket.socket, endpoint: str, query: str) -> bytes:
    """Have the serving process ask another endpoint, and wait.

    Raises:
        ServiceFailedError: it did not answer well.
    """
    channel.sendall(frame(SERVICE, json.dumps([endpoint, query]).encode()))
    frames, answer = FrameReader(), bytearray()
    while data := channel.recv(PIECE):
        for kind, payload in frames.feed(data):
            if kind == PROBLEM:
                raise error_of(payload)
            if kind == END:
                return bytes(answer)
            answer += payload
    raise BrokenPipeError


class Opening(NamedTuple):
    """What a worker opens: a store, the bytes of memory it may take, the base of relative IRIs.

    `services` are the endpoints that SERVICE may ask. With `primed` the columns are opened before
    the first query comes, for the sake of its first byte: the store is open in no time, they are
    not, and they take some 20 MB.
    """

    store: str
    memory: int
    base: str | None
    services: Sequence[str] = ()
    primed: bool = False


def columns_of(opening: Opening) -> Path:
    """Return where the columns of the same release are, if it has any."""
    return Path(opening.store).parent / "columns"


def _columns(opening: Opening) -> Columns | None:
    """Return the columns beside the store; they spill before the process meets its own limit."""
    folder = columns_of(opening)
    return Columns(folder, opening.memory // (2 * 1024 * 1024)) if folder.is_dir() else None


def _completed(source: Source, opening: Opening) -> Source:
    """Return the source with its columns, which a release may have got since it was opened."""
    if source.columns is not None or not source.union:
        return source
    return replace(source, columns=_columns(opening))


def work(channel: socket.socket, opening: Opening) -> NoReturn:
    """Open the store, say so, and answer queries until the channel closes; then exit.

    Out of memory the process aborts, whether the engine or Python notices: the pool reads the
    cause from its exit status.
    """
    try:
        store = Store.read_only(opening.store)
        source = Source.of(store, opening.base, _columns(opening))
        if opening.services:
            services = Services(tuple(opening.services), partial(_ask, channel))
            source = replace(source, services=services)
    except OSError as error:
        told = WorkspaceError(f"The store {opening.store} cannot be opened: {error}")
        channel.sendall(frame(PROBLEM, problem(told)))
        os._exit(1)
    confine(opening.memory)
    if opening.primed and source.columns is not None:
        source.columns.prime()
    channel.sendall(frame(READY))
    frames = FrameReader()
    try:
        while data := channel.recv(PIECE):
            for _, payload in frames.feed(data):
                source = _completed(source, opening)
                _answer(channel, source, QueryRequest.from_json(payload))
    except MemoryError:
        os.abort()
    except BrokenPipeError:
        pass  # the pool has given this worker up
    os._exit(0)
