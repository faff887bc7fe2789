"""Processes that answer look-ups, so that as many as there are processors are answered at a time.

Ranking takes a processor for some milliseconds, and the serving process has one interpreter, which
it needs for everybody else too. When a look-up arrives while another is under way, processes are
started (`api.lookupprocess`); until they are ready, and should they fail, look-ups are answered in
the serving process as before.

1. A request goes to a process as it came from the client, and its response comes back whole. A
   process has one request at a time; further ones wait in their order.
2. A look-up that takes longer than a query may is ended with its process.
3. After ten minutes without a look-up the processes are ended.
4. A request that is byte for byte one that was answered today from the current release gets the
   same response again. It is kept compressed, a tenth of its size, so that many are.
5. All processes follow the link to the current release by themselves, so that a switch of the
   release is the same for each of them.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections import deque
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Final

from zstandard import ZstdCompressor, ZstdDecompressor

from api import problems
from api.lookupprocess import READY
from kg.errors import AtlasError, BusyError, QueryTimeoutError
from kg.matching.landscape import today
from kg.query.cache import LeastRecentlyUsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.settings import Settings

    Settled = Callable[[bytes | None], None]

_Moment = tuple[str, date]
_OK: Final = b"HTTP/1.1 200 "
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHANNEL: Final = 512 * 1024
_LARGEST: Final = 1024 * 1024
"""Bytes of a response that is kept: compressing a larger one would hold up everybody else."""

_IDLE: Final = 600.0
"""Seconds without a look-up after which processes are ended."""

_PAUSE: Final = 30.0
"""Seconds before processes are started again after one has failed to become ready."""


class Question:
    """A look-up that a client waits for; `settled` gets the response, or None to answer it here."""

    def __init__(self, request: bytes, settled: Settled, moment: _Moment) -> None:
        self.request = request
        self.settled = settled
        self.moment = moment


class LookUpPool:
    """The processes and the look-ups that wait for them, inside the serving event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._processes: list[_Process] = []
        self._waiting: deque[Question] = deque()
        self._current = settings.home / "current"
        self._kept: LeastRecentlyUsed[tuple[_Moment, bytes]]
        self._kept = LeastRecentlyUsed(settings.cache_bytes // 4)
        self._compress = ZstdCompressor(level=1).compress
        self._expand = ZstdDecompressor().decompress
        self._not_before = 0.0
        self._asked_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @property
    def pids(self) -> list[int]:
        """The processes that are ready."""
        return [p.pid for p in self._processes if p.ready]

    def known(self, request: bytes) -> bytes | None:
        """Return the response that a request was given already, if it still holds."""
        kept = self._kept.get(request)
        return self._expand(kept[1]) if kept is not None and kept[0] == self.moment() else None

    def moment(self) -> _Moment:
        """Return what a response holds for: the link to the current release, and the day."""
        try:
            return str(self._current.readlink()), today()
        except OSError:
            return "", today()

    def keep(self, question: Question, response: bytes) -> None:
        """Keep a response that is of the release that was current when it was asked for."""
        number = question.moment[0].rpartition("/")[2].encode()
        head = response[: response.find(_HEAD_END) + 2].lower()
        named = b"\r\nx-release: %b\r\n" % number in head
        if named and response.startswith(_OK) and len(response) <= _LARGEST:
            small = self._compress(response)
            size = len(question.request) + len(small)
            self._kept.put(question.request, (question.moment, small), size)

    def ask(self, request: bytes, settled: Settled, *, busy: bool) -> Question | None:
        """Have a request answered; None if it must be answered in this process.

        `busy` says that another look-up is under way in this process.
        """
        self._asked_at = asyncio.get_running_loop().time()
        ready = [p for p in self._processes if p.ready]
        if not ready:
            if busy and not self._processes:
                self.grow()
            return None
        question = Question(request, settled, self.moment())
        free = [p for p in ready if p.question is None]
        if free:
            # Who asks again finds the answer where it was kept, if that process is free.
            best = ready[hash(request) % len(ready)]
            (best if best.question is None else free[0]).take(question)
        elif len(self._waiting) >= self._settings.query_queue:
            detail = f"{len(self._waiting)} look-ups wait already"
            _soon(question, failure(BusyError(detail, retry_after=1)))
        else:
            self._waiting.append(question)
        return question

    def give_up(self, question: Question) -> None:
        """Forget a question that nobody waits for any more."""
        question.settled = _ignore
        with suppress(ValueError):
            self._waiting.remove(question)

    def grow(self) -> None:
        """Start a process if there may be one more; the next one starts when it is ready."""
        late = asyncio.get_running_loop().time() >= self._not_before
        if late and not self._stopped and len(self._processes) < self._settings.lookup_processes:
            if not self._processes:
                self._look_after(_IDLE)
            self._processes.append(_Process(self, self._settings))

    def _look_after(self, seconds: float) -> None:
        """End the processes when nobody has asked for long; look again when that may be."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.end_idle)

    def end_idle(self) -> None:
        """End the processes if nobody has asked for long."""
        left = self._asked_at + _IDLE - asyncio.get_running_loop().time()
        if left > 0:
            self._look_after(left)
            return
        processes, self._processes = self._processes, []
        for process in processes:
            process.kill()

    def free(self, process: _Process) -> None:
        """Give a process that has nothing to do the look-up that waits longest."""
        if self._waiting and process.ready:
            process.take(self._waiting.popleft())

    def lost(self, process: _Process) -> None:
        """Forget a process that has ended; without any, what waits is answered here."""
        if process not in self._processes:
            return  # it was ended on purpose
        self._processes.remove(process)
        if not process.ready:
            self._not_before = asyncio.get_running_loop().time() + _PAUSE
        self.grow()
        if not self.pids:
            waiting, self._waiting = self._waiting, deque()
            for question in waiting:
                question.settled(None)

    async def stop(self) -> None:
        """End the processes."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        processes, self._processes = self._processes, []
        for process in processes:
            process.kill()
        for process in processes:
            await process.gone()


class _Process(asyncio.Protocol):
    """One process, seen from the serving side."""

    def __init__(self, pool: LookUpPool, settings: Settings) -> None:
        self.ready = False
        self.question: Question | None = None
        self._pool = pool
        self._seconds = settings.query_timeout
        self._received = bytearray()
        self._needed: int | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reaped: asyncio.Future[int] | None = None
        ours, theirs = socket.socketpair()
        with theirs:
            for each in (ours, theirs):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CHANNEL)
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "api.lookupprocess", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        if self._process.stdin is not None:
            self._process.stdin.write(settings.model_dump_json().encode())
            self._process.stdin.close()
        ours.setblocking(False)
        self._connecting = asyncio.ensure_future(
            asyncio.get_running_loop().connect_accepted_socket(lambda: self, ours)
        )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    # The asyncio protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the channel, and ask the process to get ready."""
        self._transport = transport  # type: ignore[assignment]
        request = f"GET {READY} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        self.take(Question(request, self._prepared, self._pool.moment()))

    def data_received(self, data: bytes) -> None:
        """Take a piece of a response."""
        self._received += data
        if self._needed is None:
            end = self._received.find(_HEAD_END)
            length = _LENGTH.search(self._received, 0, max(end, 0))
            if end >= 0:
                self._needed = end + len(_HEAD_END) + (int(length[1]) if length else 0)
        if self._needed is not None and len(self._received) >= self._needed:
            response, self._received, self._needed = bytes(self._received), bytearray(), None
            if self.question is not None:
                self._pool.keep(self.question, response)
            self._settle(response)
            self._pool.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended: what it was asked is answered in the serving process."""
        del exc
        self.kill()
        self._settle(None)
        self._pool.lost(self)
        self._reaped = asyncio.ensure_future(asyncio.to_thread(self._process.wait))

    # What the pool does with it

    def take(self, question: Question) -> None:
        """Ask the process a question; it has no other."""
        self.question = question
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._too_long) if self.ready else None
        if self._transport is not None:
            self._transport.write(question.request)

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        if self._transport is not None:
            self._transport.abort()

    async def gone(self) -> None:
        """Wait until the process has ended."""
        await (self._reaped or asyncio.to_thread(self._process.wait))

    def _prepared(self, response: bytes | None) -> None:
        self.ready = response is not None and response.startswith(_OK)
        if self.ready:
            self._pool.grow()
        elif response is not None:
            self.kill()

    def _too_long(self) -> None:
        detail = f"The look-up took more than {self._seconds:g} s"
        self._settle(failure(QueryTimeoutError(detail)))
        self.kill()

    def _settle(self, response: bytes | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        question, self.question = self.question, None
        if question is not None:
            question.settled(response)


def failure(error: AtlasError) -> bytes:
    """Return the whole response for an error, as the application would make it."""
    response = problems.error_response(error)
    status = f"HTTP/1.1 {response.status_code} {error.title}\r\n".encode()
    fields = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
    return b"%b%baccess-control-allow-origin: *\r\n\r\n%b" % (status, fields, bytes(response.body))


def _soon(question: Question, response: bytes) -> None:
    """Settle a question after the caller has got it."""
    asyncio.get_running_loop().call_soon(lambda: question.settled(response))


def _ignore(response: bytes | None) -> None:
    """Drop a response that nobody waits for."""
