"""The tellers of a server, seen from the serving process.

How a connection gets to one and back:

1. A connection that has asked many small queries one after another is lent with its next request,
   if more such connections are here than there. The first that could be lent has a teller started.
2. A teller gives a connection back with the request that it does not answer. It then stays here.
3. Before another release is served the tellers give everything back and end, so that nobody gets
   an answer from the release before after one from the new; others are started when there is need.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from api import lending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PATIENCE: Final = 10.0
"""Seconds that a teller may take to give everything back, or to end."""

# The engine asks for many small pieces of memory at a time: to keep more of them at hand saves a
# tenth of a look-up. The C library takes this when a process starts, and not later.
_ALLOCATOR: Final = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=200"}

_OPTIONS: Final = ("date_header", "headers", "log_level", "server_header", "timeout_keep_alive")
"""The options of the server that concern responses."""


class Connection(Protocol):
    """What is lent."""

    transport: asyncio.Transport

    def successor(self, data: bytes, *, stays: bool) -> Self:
        """Return a connection like this one that begins with `data`."""


class Teller:
    """One teller; `lost` is called when its process ends."""

    def __init__(self, opening: Mapping[str, Any], lost: Callable[[Teller], None]) -> None:
        self.ready = False
        self.lent: dict[int, Connection] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost = lost
        self._count = 0
        self._returning: set[asyncio.Task[None]] = set()
        self._control, theirs = lending.channel()
        command = [sys.executable, "-m", "api.teller", str(theirs.fileno()), str(os.getpid())]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                [*command, json.dumps(opening)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=_ALLOCATOR | os.environ,
            )
        asyncio.get_running_loop().add_reader(self._control, self._listen)

    def lend(self, connection: Connection, data: bytes) -> bool:
        """Lend a connection with its next request; tell whether that could be done."""
        self._count += 1
        try:
            lending.pass_on(
                self._control, lending.CONNECTION, self._count, data, connection.transport
            )
        except OSError:
            return False
        self.lent[self._count] = connection
        return True

    def rest(self) -> None:
        """Let it give everything back and end."""
        try:
            lending.send(self._control, lending.REST)
        except OSError:
            self.process.kill()

    def close(self) -> None:
        """End it, and with it the connections that it has."""
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._rests()

    def _rests(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _listen(self) -> None:
        with suppress(BlockingIOError):
            while message := lending.receive(self._control):
                self._learn(message)
            self.close()
            self._lost(self)

    def _learn(self, message: lending.Message) -> None:
        if message.kind == lending.OPEN:
            self.ready = True
        elif message.kind == lending.DONE:
            self._rests()
        elif message.kind == lending.ENDED:
            self.lent.pop(message.number, None)
        elif message.descriptor is not None:
            stays = message.kind == lending.BACK
            connection = self.lent.pop(message.number).successor(message.data, stays=stays)
            task = asyncio.get_running_loop().create_task(_back(connection, message.descriptor))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)


async def _back(connection: Connection, descriptor: int) -> None:
    """Have the event loop serve a connection again."""
    made = socket.socket(fileno=descriptor)
    protocol: Any = connection
    await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, made)


class Tellers:
    """At most `most` tellers; nothing is lent before `use` and after `rest`."""

    def __init__(self, most: int, cache: int, options: Mapping[str, Any]) -> None:
        self._most = most
        self._cache = cache
        self._options = {name: options[name] for name in _OPTIONS if name in options}
        self._opening: dict[str, Any] | None = None
        self._tellers: list[Teller] = []
        self._ending: set[Teller] = set()
        self._regular: set[Connection] = set()

    def use(self, store: Path, release: str, base: str) -> None:
        """Let tellers that are started from now on answer from a release."""
        self._opening = {
            "store": str(store),
            "release": release,
            "base": base,
            "cache": self._cache,
            "options": self._options,
        }

    def lend(self, connection: Connection, data: bytes) -> bool:
        """Lend a connection that has asked many small queries, with its next one, if that helps.

        Tell whether it is gone.
        """
        self._regular.add(connection)
        if self._opening is None or len(self._regular) == 1:
            return False
        if len(self._tellers) < self._most and all(teller.ready for teller in self._tellers):
            self._tellers.append(Teller(self._opening, self._lose))
        ready = [teller for teller in self._tellers if teller.ready]
        teller = min(ready, key=lambda each: len(each.lent), default=None)
        if teller is None or len(teller.lent) + 1 >= len(self._regular):
            return False
        lent = teller.lend(connection, data)
        if lent:
            self._regular.discard(connection)
        return lent

    def forget(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        self._regular.discard(connection)

    async def rest(self) -> None:
        """Let all tellers give everything back and end; return when none answers any more."""
        self._opening = None
        tellers, self._tellers = self._tellers, []
        self._ending.update(tellers)
        for teller in tellers:
            teller.rest()
        if tellers:
            await asyncio.wait([teller.done for teller in tellers], timeout=_PATIENCE)
        for teller in tellers:
            if not teller.done.done():
                teller.process.kill()

    async def stop(self) -> None:
        """End all tellers and their connections; return when they are gone."""
        self._opening = None
        tellers = {*self._tellers, *self._ending}
        self._tellers.clear()
        self._ending.clear()
        for teller in tellers:
            teller.close()
        for teller in tellers:
            await asyncio.to_thread(_wait, teller.process)

    def _lose(self, teller: Teller) -> None:
        """A teller has ended; one that never was ready is not tried again with this release."""
        if teller in self._tellers:
            self._tellers.remove(teller)
            if not teller.ready:
                self._opening = None
        self._ending.discard(teller)
        asyncio.get_running_loop().run_in_executor(None, _wait, teller.process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process that is about to end has ended."""
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
