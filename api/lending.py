"""Messages with which two processes of the server pass connections, over a SOCK_SEQPACKET socket.

to the teller    `C` a connection is lent: its number, what was read of it; its socket attached
`R` rest: give everything back, answer nothing more
from the teller  `O` the store is open
`B` a connection is given back, as it was lent: it asks for more than a look
`U` the same, because the teller rests: it may be lent again
`E` the connection of that number has ended
`D` nothing more is answered here
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import asyncio

CONNECTION: Final = b"C"
REST: Final = b"R"
OPEN: Final = b"O"
BACK: Final = b"B"
UNUSED: Final = b"U"
ENDED: Final = b"E"
DONE: Final = b"D"

_LARGEST: Final = 512 * 1024
"""Bytes of a message; the event loop reads no more than half as much at a time."""

_PREFIX: Final = struct.Struct("!cI")


class Message(NamedTuple):
    """One message; `descriptor` is the connection's, owned by whoever received it."""

    kind: bytes
    number: int
    data: bytes
    descriptor: int | None


def channel() -> tuple[socket.socket, socket.socket]:
    """Return the two ends; the first does not block, the second waits until it can send."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
    ours.setblocking(False)
    return ours, theirs


def send(end: socket.socket, kind: bytes, number: int = 0, data: bytes = b"") -> None:
    """Send a message without a connection.

    Raises:
        OSError: the other process is gone, or has too many messages to read.
    """
    end.send(_PREFIX.pack(kind, number) + data)


def receive(end: socket.socket) -> Message | None:
    """Return the next message, None if there will be no more.

    Raises:
        BlockingIOError: there is none yet.
    """
    try:
        received, descriptors, _, _ = socket.recv_fds(end, _LARGEST, 1, socket.MSG_DONTWAIT)
    except ConnectionResetError:
        return None
    if not received:
        return None
    kind, number = _PREFIX.unpack_from(received)
    descriptor = descriptors[0] if descriptors else None
    return Message(kind, number, received[_PREFIX.size :], descriptor)


def pass_on(
    end: socket.socket, kind: bytes, number: int, data: bytes, transport: asyncio.Transport
) -> None:
    """Send a connection, with what was read of it, and let go of it here.

    Nothing may wait to be written to it.

    Raises:
        OSError: as `send`; the connection stays.
    """
    descriptor = os.dup(transport.get_extra_info("socket").fileno())
    try:
        socket.send_fds(end, [_PREFIX.pack(kind, number), data], [descriptor])
    finally:
        os.close(descriptor)
    transport.abort()  # closes our descriptor of it; the other process has its own
