"""A worker: one process, one store, one query at a time, until its socket is closed.

The zygote calls `work` in the forked child; it never returns there.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any, Final, NoReturn

import zstandard
from pyoxigraph import Store

from kg.errors import AtlasError, WorkspaceError
from kg.query.evaluation import Source, evaluate
from kg.query.frames import DATA, END, HEAD, PIECE, PREFIX, PROBLEM, READY, Head, frame
from kg.query.limits import confine
from kg.query.request import QueryRequest

if TYPE_CHECKING:
    import socket

    from kg.query.formats import Format

_WORTH_COMPRESSING: Final = 1024


class _Identity:
    """The content coding that changes nothing, in the manner of the compressors."""

    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _compressor(coding: str) -> Any:
    if coding == "gzip":
        return zlib.compressobj(level=3, wbits=31)
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    return _Identity()


class Answering:
    """The sink of one query: sends the head when the first piece is full or the body complete."""

    def __init__(self, channel: socket.socket, coding: str) -> None:
        self._channel = channel
        self._coding = coding
        self._pending = bytearray()
        self._compressor: Any = None
        self._head: Head | None = None

    def begin(self, form: Format, *, lasting: bool) -> None:
        """Learn the format of the body."""
        self._head = Head(form.media_type, "identity", lasting, None)

    def write(self, data: bytes, /) -> int:
        """Take what the engine wrote and pass on what fills a piece."""
        self._pending += data
        if len(self._pending) >= PIECE:
            self._send_piece()
        return len(data)

    def flush(self) -> None:
        """Keep what is pending: pieces are sent when they are full."""

    def _send_piece(self) -> None:
        opening = b""
        if self._compressor is None:
            opening = self._opening(self._coding, None)
            self._compressor = _compressor(self._coding)
        piece = self._compressor.compress(bytes(self._pending))
        self._pending.clear()
        self._channel.sendall(opening + (frame(DATA, piece) if piece else b""))

    def _opening(self, coding: str, length: int | None) -> bytes:
        head = self._head
        if head is None:
            raise AssertionError  # pragma: no cover - `begin` comes first
        return frame(HEAD, Head(head.media_type, coding, head.lasting, length).to_json())

    def finish(self) -> None:
        """Send the rest of the body and its end."""
        if self._compressor is not None:
            rest = self._compressor.compress(bytes(self._pending)) + self._compressor.flush()
            self._channel.sendall((frame(DATA, rest) if rest else b"") + frame(END))
            return
        coding = self._coding if len(self._pending) >= _WORTH_COMPRESSING else "identity"
        compressor = _compressor(coding)
        body = compressor.compress(bytes(self._pending)) + compressor.flush()
        self._channel.sendall(self._opening(coding, len(body)) + frame(DATA, body) + frame(END))


def _answer(channel: socket.socket, source: Source, request: QueryRequest) -> None:
    sink = Answering(channel, request.coding)
    try:
        evaluate(source, request, sink)
    except AtlasError as error:
        _complain(channel, error)
    else:
        sink.finish()


def _complain(channel: socket.socket, error: AtlasError) -> None:
    problem = [type(error).__name__, error.detail, error.members]
    channel.sendall(frame(PROBLEM, json.dumps(problem).encode()))


def _receive(channel: socket.socket, size: int) -> bytes:
    """Return exactly `size` bytes, or nothing when the other side has closed."""
    data = bytearray()
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            return b""
        data += piece
    return bytes(data)


def work(channel: socket.socket, store: str, memory: int) -> NoReturn:
    """Open the store, say so, and answer queries until the channel closes; then exit.

    Out of memory the process aborts, whether the engine or Python notices: the pool reads the
    cause from its exit status.
    """
    try:
        source = Source.of(Store.read_only(store))
    except OSError as error:
        _complain(channel, WorkspaceError(f"The store {store} cannot be opened: {error}"))
        os._exit(1)
    confine(memory)
    channel.sendall(frame(READY))
    try:
        while prefix := _receive(channel, PREFIX.size):
            _, size = PREFIX.unpack(prefix)
            _answer(channel, source, QueryRequest.from_json(_receive(channel, size)))
    except MemoryError:
        os.abort()
    except BrokenPipeError:
        pass  # the pool has given this worker up
    os._exit(0)
