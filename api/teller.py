"""A teller: a process beside the serving one that answers small queries.

It is lent connections that ask one small query after another (api.tellers), opens the store of one
release, and answers as the serving process would, on the same short way. A request that is not a
small query goes back with its connection, unanswered. It never outlives its parent or its release.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import uvicorn
from pyoxigraph import Store

from api import lending
from api.shortway import ShortWay, protocol_of
from kg.query.limits import die_with_parent
from kg.query.near import Near

if TYPE_CHECKING:
    from starlette.datastructures import State

    from api.protocol import Asked
    from kg.query.pool import QueryPool

_SECOND: Final = 1.0


class Opening(NamedTuple):
    """What a teller opens, how much it keeps, and the server's options for responses."""

    store: str
    release: str
    base: str | None
    cache: int
    options: dict[str, Any]


class Teller:
    """The connections that are here, and the one way to the serving process."""

    def __init__(self, control: socket.socket, opening: Opening) -> None:
        self._control = control
        self._borrowed: dict[int, Borrowed] = {}
        self._over = asyncio.Event()
        self.resting = False
        near = Near(Store.read_only(opening.store), opening.release, opening.base)
        state = cast("State", SimpleNamespace(queries=near))
        self._protocol = protocol_of(Borrowed, state, opening.cache)
        self._config = uvicorn.Config(_nothing, http=self._protocol, **opening.options)
        self._config.load()
        self._server = uvicorn.Server(self._config)

    async def run(self) -> None:
        """Answer until the serving process wants it no more."""
        asyncio.get_running_loop().add_reader(self._control, self._obey)
        await self._server.on_tick(0)
        self._tell(lending.OPEN)
        while not self._over.is_set():
            await self._server.on_tick(0)  # makes the date of the responses
            with suppress(TimeoutError):
                async with asyncio.timeout(_SECOND):
                    await self._over.wait()

    def _obey(self) -> None:
        with suppress(BlockingIOError):
            while message := lending.receive(self._control):
                if message.descriptor is None:
                    self._rest()
                else:
                    self._take(message, message.descriptor)
            asyncio.get_running_loop().remove_reader(self._control)
            self._over.set()

    def _take(self, message: lending.Message, descriptor: int) -> None:
        connection = self._protocol(self._config, self._server.server_state, {})
        connection.begin(self, message.number, message.data)
        self._borrowed[message.number] = connection
        loop = asyncio.get_running_loop()
        self._server.server_state.tasks.add(
            loop.create_task(_connected(connection, descriptor, self._server.server_state.tasks))
        )

    def _rest(self) -> None:
        self.resting = True
        for connection in list(self._borrowed.values()):
            connection.rest()
        self._tell(lending.DONE)
        self._leave()

    def give_back(self, connection: Borrowed, data: bytes) -> None:
        """Return a connection with a request that is not for here."""
        kind = lending.UNUSED if self.resting else lending.BACK
        self._borrowed.pop(connection.number, None)
        with suppress(OSError):  # the serving process is gone, and so are we
            lending.pass_on(self._control, kind, connection.number, data, connection.transport)
        self._leave()

    def ended(self, connection: Borrowed) -> None:
        """Tell that a connection is no more, unless it was given back."""
        if self._borrowed.pop(connection.number, None) is not None:
            self._tell(lending.ENDED, connection.number)
            self._leave()

    def _leave(self) -> None:
        if self.resting and not self._borrowed:
            self._over.set()

    def _tell(self, kind: bytes, number: int = 0) -> None:
        with suppress(OSError):
            lending.send(self._control, kind, number)


class Borrowed(ShortWay):
    """A connection that is here for small queries.

    Nothing is read while an answer waits to be written, so that it can be given back at any time.
    """

    number: int
    _here = False
    _teller: Teller
    _first: bytes

    def begin(self, teller: Teller, number: int, data: bytes) -> None:
        """Learn what was read of it before."""
        self._teller, self.number, self._first = teller, number, data

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the request with which it came."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._here = True
        self.transport.set_write_buffer_limits(high=0)
        self.data_received(self._first)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the serving process know."""
        super().connection_lost(exc)
        self._teller.ended(self)

    def data_received(self, data: bytes) -> None:
        """Answer, or keep what was read until the answer before is written."""
        if self.flow.write_paused:
            self._hold(data)
        elif self._teller.resting:
            self._long(data)
        else:
            super().data_received(data)

    def resume_writing(self) -> None:
        """Go on: everything is written."""
        super().resume_writing()
        if self._teller.resting and not self._held:
            self.rest()
        self._go_on()

    def rest(self) -> None:
        """Go back, as soon as everything is written; one that is still to come does so then."""
        if not self._here:
            return
        self._send()
        if not self.flow.write_paused and not self.transport.is_closing():
            self._teller.give_back(self, b"")

    def _begin(self, pool: QueryPool, data: bytes, asked: Asked) -> bool:
        """Begin nothing: there are no workers here."""
        del pool, data, asked
        return False

    def _long(self, data: bytes) -> None:
        self._send()
        if self.flow.write_paused:
            self._hold(data)
        elif not self.transport.is_closing():
            self._teller.give_back(self, data)


async def _connected(connection: Borrowed, descriptor: int, tasks: set[asyncio.Task[None]]) -> None:
    """Have the event loop serve a connection."""
    made = socket.socket(fileno=descriptor)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, made)
    task = asyncio.current_task()
    if task is not None:
        tasks.discard(task)


async def _nothing(_scope: object, _receive: object, _send: object) -> None:
    """Stand for the application, which is in the other process."""


async def _run(control: socket.socket, opening: Opening) -> None:
    teller = Teller(control, opening)
    gc.collect()
    gc.freeze()
    await teller.run()


def main() -> None:
    """Run a teller: the descriptor of its channel, its parent and its opening are the arguments."""
    descriptor, parent, opening = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides
    factory = uvicorn.Config(_nothing).get_loop_factory()
    with (
        socket.socket(fileno=descriptor) as control,
        asyncio.Runner(loop_factory=factory) as runner,
    ):
        runner.run(_run(control, Opening(**opening)))


if __name__ == "__main__":
    main()
