"""The nursery: starts the zygote and gets workers from it, inside the serving event loop.

A worker is known by a number of our own and held by its pidfd, so that a signal can never reach a
process that took over the id of one that has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from kg.query.frames import FrameReader
from kg.query.worker import Opening
from kg.query.zygote import MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PAUSE_ABOVE: Final = 1024 * 1024
"""Bytes of one answer that wait for the client before its worker is no longer read."""


_CHANNEL: Final = 512 * 1024
"""Bytes that a worker may send before they are read."""

_GRACE: Final = 5.0
"""Seconds that the processes get to die when the server stops."""


class Worker(asyncio.Protocol):
    """One worker process, seen from the serving side.

    `receive` gets each frame (kind, payload); `lost` is called once, when the process has ended
    and everything it sent has been received.
    """

    def __init__(self, number: int, release: str, nursery: Nursery, *, primed: bool) -> None:
        self.number = number
        self.release = release
        self.primed = primed
        self.status: int | None = None
        self.receive: Callable[[bytes, bytes], None] = _ignore
        self.lost: Callable[[Worker], None] = _ignore_loss
        self._nursery = nursery
        self._frames = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._pid: int | None = None
        self._pidfd: int | None = None
        self._killed = False
        self._drained = False

    # The asyncio protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the channel."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Pass on the frames that are complete."""
        for kind, payload in self._frames.feed(data):
            self.receive(kind, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more comes."""
        del exc
        self._drained = True
        self._settle()

    # What the nursery learns from the zygote

    def born(self, pid: int, pidfd: int) -> None:
        """Take the process; carry out a kill that was asked for before it was known."""
        self._pid, self._pidfd = pid, pidfd
        if self._killed:
            self.signal(signal.SIGKILL)

    def ended(self, status: int) -> None:
        """Note how the process ended, as subprocess counts."""
        self.status = status
        self._close_pidfd()
        self._settle()

    def _settle(self) -> None:
        if self._drained and self.status is not None:
            lost, self.lost = self.lost, _ignore_loss
            lost(self)

    def _close_pidfd(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    @property
    def alive(self) -> bool:
        """Whether nothing is known of its end."""
        return self.status is None and not self._drained

    # What the pool does with it

    def send(self, data: bytes) -> None:
        """Write to the worker's channel."""
        if self._transport is not None:
            self._transport.write(data)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End the process, whatever it does; what it has sent is of no use any more."""
        self._killed = True
        self.signal(signal.SIGKILL)
        if self._transport is not None:
            self._transport.abort()

    def retire(self) -> None:
        """Close the channel: an idle worker then exits by itself."""
        if self._transport is not None:
            self._transport.close()

    def hold(self, waiting: int) -> None:
        """Read on or pause, by the number of bytes that wait for the client."""
        if self._transport is None or self._transport.is_closing():
            return
        if waiting > _PAUSE_ABOVE:
            self._transport.pause_reading()
        elif self._transport.is_reading() is False:
            self._transport.resume_reading()

    def renice(self, value: int) -> None:
        """Lower the process's priority."""
        self._nursery.renice(self, value)

    def cpu(self) -> float:
        """Return the seconds of processor time used so far (clock_getcpuclockid(3))."""
        if self._pid is None:
            return 0.0
        try:
            return time.clock_gettime((~self._pid << 3) | 2)
        except OSError:
            return 0.0


def _ignore(kind: bytes, payload: bytes) -> None:
    """Drop a frame that nobody waits for."""


def _ignore_loss(worker: Worker) -> None:
    """Accept the end of a worker that nobody needs."""


# A worker that is out of memory dies as it should: one line of it is enough. And what the zygote
# imports is not to start threads, for it forks.
_QUIET: Final = {
    "RUST_BACKTRACE": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # The other pools reserve a gibibyte at once, which the limit of a worker would count.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


class Nursery:
    """The zygote's parent; a zygote that is lost is made anew with the next worker."""

    def __init__(self, memory: int, base: str | None, services: tuple[str, ...] = ()) -> None:
        self._memory = memory
        self._services = services
        self._base = base
        self._workers: dict[int, Worker] = {}
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._emptied: asyncio.Future[None] | None = None

    @property
    def workers(self) -> list[Worker]:
        """The workers whose processes exist or are being made."""
        return list(self._workers.values())

    def _start(self) -> None:
        """Start the zygote; it takes the imports of a worker, some 0.2 s, in the background."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        command = [sys.executable, "-m", "kg.query.zygote", str(theirs.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | _QUIET,
        )
        theirs.close()
        self._control = ours
        asyncio.get_running_loop().add_reader(ours, self._listen)

    async def stop(self) -> None:
        """End every worker and the zygote; return when they are gone."""
        for worker in self.workers:
            worker.kill()
        if self._workers:
            self._emptied = asyncio.get_running_loop().create_future()
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE):
                    await self._emptied
        self._disconnect()
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._process = None
        for worker in self.workers:
            worker.ended(-signal.SIGKILL)
            worker.retire()
        self._workers.clear()
        await asyncio.sleep(0)  # the channels close in the next turn of the loop

    def _disconnect(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None

    async def spawn(self, store: Path, release: str, *, primed: bool) -> Worker:
        """Return a worker for a store; it is ready when its `R` frame arrives.

        With `primed` it opens the columns, too, before it is.
        """
        if self._control is None:
            self._start()
        self._count += 1
        worker = Worker(self._count, release, self, primed=primed)
        ours, theirs = socket.socketpair()
        # While the client is served the next piece is on its way; the kernel takes what it allows.
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CHANNEL)
        ours.setblocking(False)
        with theirs:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: worker, ours)
            # From here to the zygote nothing is awaited, so that no worker is known to one alone.
            self._workers[worker.number] = worker
            opening = Opening(str(store), self._memory, self._base, self._services, primed)
            message = {"spawn": worker.number, "opening": opening}
            self._tell(message, [theirs.fileno()])
        return worker

    def renice(self, worker: Worker, value: int) -> None:
        """Ask the zygote, who knows whether the process id is still the worker's."""
        if worker.number in self._workers:
            self._tell({"nice": worker.number, "value": value}, [])

    def _tell(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if self._control is not None:
            with suppress(BrokenPipeError):
                socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)

    def _listen(self) -> None:
        """Take every message that the zygote has sent."""
        while self._control is not None:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE, 1)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data, descriptors = b"", []
            if not data:
                self._lose_zygote()
                return
            self._learn(json.loads(data), descriptors)

    def _learn(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if "spawned" in message:
            worker = self._workers[message["spawned"]]
            worker.born(message["pid"], descriptors[0])
        else:
            self._workers.pop(message["exited"]).ended(message["status"])
            if not self._workers and self._emptied is not None and not self._emptied.done():
                self._emptied.set_result(None)

    def _lose_zygote(self) -> None:
        """The zygote has ended, and the kernel kills its workers with it."""
        self._disconnect()
        if self._process is not None:
            self._process.wait()
            self._process = None
        for worker in self.workers:
            worker.ended(-signal.SIGKILL)
        self._workers.clear()
