"""Frames between the serving process and a worker: one letter, four bytes of length, the payload.

To the worker:    `Q` a query (`QueryRequest.to_json`).
From the worker:  `R` the store is open;
                  `S` another endpoint is to be asked (JSON: endpoint, query), whereupon it gets
                  the answer as `D` and `E`, or a `P`;
                  then for each query one of
                  `P` a problem (JSON: error, detail, members);
                  `A` an answer, head (`Head.pack`) and body in one;
                  `H` the head of a long one, any number of `D` pieces of its body, and last
                  `E` the body is complete, or `P` it cannot be completed.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from kg import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.errors import AtlasError

QUERY: Final = b"Q"
READY: Final = b"R"
ANSWER: Final = b"A"
HEAD: Final = b"H"
DATA: Final = b"D"
END: Final = b"E"
PROBLEM: Final = b"P"
SERVICE: Final = b"S"

PIECE: Final = 64 * 1024
"""Bytes of body that are worth a frame of their own."""

PREFIX: Final = struct.Struct("!cI")


class Head(NamedTuple):
    """What is known before the body.

    `lasting` says that the same query on the same release has the same answer (it calls neither
    NOW, RAND nor UUID); `engine` says who answers, `oxigraph` or `columns`.
    """

    media_type: str
    coding: str
    lasting: bool
    engine: str = "oxigraph"

    def pack(self, body: bytes = b"") -> bytes:
        """Return the payload of a head, with what is already there of the body."""
        return (
            "\n".join((self.media_type, self.coding, f"{self.lasting:d}", self.engine, "")).encode()
            + body
        )

    @classmethod
    def unpack(cls, payload: bytes) -> tuple[Head, bytes]:
        """Read what `pack` wrote."""
        media_type, coding, lasting, engine, body = payload.split(b"\n", 4)
        head = cls(media_type.decode(), coding.decode(), lasting == b"1", engine.decode())
        return head, body


def problem(error: AtlasError) -> bytes:
    """Return the payload that tells an error; `error_of` reads it."""
    return json.dumps([type(error).__name__, error.detail, error.members]).encode()


def error_of(payload: bytes) -> AtlasError:
    """Return the error that a payload tells, as an object of its class."""
    name, detail, members = json.loads(payload)
    kind: type[AtlasError] = getattr(errors, name)
    return kind(detail, **members)


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    return PREFIX.pack(kind, len(payload)) + payload


class FrameReader:
    """Cuts received bytes into frames.

    A piece of a body is passed on as it arrives, be it only a part of its frame: it is not copied.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._missing = 0

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the kind and the payload of what `data` completes, and the pieces in it."""
        if self._missing:
            yield DATA, data[: self._missing]
            taken = min(self._missing, len(data))
            self._missing -= taken
            data = data[taken:]
        elif self._buffer:
            data = self._buffer + data
        position, size = 0, len(data)
        while size - position >= PREFIX.size:
            kind, length = PREFIX.unpack_from(data, position)
            end = position + PREFIX.size + length
            if end > size and kind != DATA:
                break
            payload = data[position + PREFIX.size : end]
            if payload or kind != DATA:
                yield kind, payload
            position = min(end, size)
            self._missing = end - position
        self._buffer = data[position:]
