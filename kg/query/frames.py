"""Frames between the serving process and a worker: one letter, four bytes of length, the payload.

To the worker:    `Q` a query (`QueryRequest.to_json`).
From the worker:  `R` the store is open;
                  then for each query either `P` a problem (JSON: error, detail, members), or
                  `H` the head (JSON: `Head`), any number of `D` pieces of the body, and last
                  `E` the body is complete, or `P` it cannot be completed.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

QUERY: Final = b"Q"
READY: Final = b"R"
HEAD: Final = b"H"
DATA: Final = b"D"
END: Final = b"E"
PROBLEM: Final = b"P"

PIECE: Final = 64 * 1024
"""Bytes of body that are worth a frame of their own."""

PREFIX: Final = struct.Struct("!cI")


@dataclass(frozen=True, slots=True)
class Head:
    """What is known before the body.

    `length` is the body's size when it is already complete; `lasting` says that the same query on
    the same release has the same answer (it calls neither NOW, RAND nor UUID).
    """

    media_type: str
    coding: str
    lasting: bool
    length: int | None

    def to_json(self) -> bytes:
        """Return the payload of a head frame."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Head:
        """Read the payload of a head frame."""
        return cls(**json.loads(data))


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    return PREFIX.pack(kind, len(payload)) + payload


class FrameReader:
    """Cuts received bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the kind and the payload of each frame that `data` completes."""
        buffer = self._buffer
        buffer += data
        position = 0
        while len(buffer) - position >= PREFIX.size:
            kind, size = PREFIX.unpack_from(buffer, position)
            end = position + PREFIX.size + size
            if len(buffer) < end:
                break
            yield kind, bytes(buffer[position + PREFIX.size : end])
            position = end
        del buffer[:position]
