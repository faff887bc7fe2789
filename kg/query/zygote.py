"""The zygote: a process with one thread and no open store, which forks workers.

Forking is safe here because nothing but this loop runs: RocksDB's threads exist only in workers,
which open their store after the fork. It talks over a SOCK_SEQPACKET socket, one message each:

    received  {"spawn": number, "opening": Opening} with the worker's socket attached
    received  {"nice": number, "value": 0..19, below the zygote itself}
    sent      {"spawned": number, "pid": pid} with the pidfd attached
    sent      {"exited": number, "status": as subprocess counts: negative is the signal}

It reaps the workers, so a worker's process id is valid here until its exit is told. When the
serving process ends the kernel kills the zygote, and with it every worker.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, Final, NoReturn

from kg.query.limits import die_with_parent
from kg.query.worker import Opening, columns_of, work

MESSAGE: Final = 64 * 1024


class Zygote:
    """The loop over the control socket and the pidfds of the living workers."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, None)
        self._pids: dict[int, int] = {}
        self._prepared = False

    def run(self) -> None:
        """Serve until the control socket is closed."""
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._reap(key.data, key.fd)
                elif not self._obey():
                    return

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE, 1)
        if not data:
            return False
        message = json.loads(data)
        if "spawn" in message:
            self._spawn(message, descriptors[0])
        else:
            self._renice(message["nice"], message["value"])
        return True

    def _spawn(self, message: dict[str, Any], descriptor: int) -> None:
        number = message["spawn"]
        opening = Opening(*message["opening"])
        if columns_of(opening).is_dir():
            self._prepare()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_worker(parent, opening, descriptor)
        os.close(descriptor)
        pidfd = os.pidfd_open(pid)
        self._pids[number] = pid
        self._selector.register(pidfd, selectors.EVENT_READ, number)
        self._tell({"spawned": number, "pid": pid}, [pidfd])

    def _prepare(self) -> None:
        """Import the other engine once, here: a worker that answers one heavy query is then left.

        The nursery's environment keeps its libraries from starting threads.
        """
        if not self._prepared:
            importlib.import_module("kg.sparql.engine")
            gc.freeze()
            self._prepared = True

    def _become_worker(self, parent: int, opening: Opening, descriptor: int) -> NoReturn:
        """Keep nothing of the zygote but the channel; never return."""
        die_with_parent(parent)
        self._control.close()
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                os.close(key.fd)
        self._selector.close()
        work(socket.socket(fileno=descriptor), opening)

    def _renice(self, number: int, value: int) -> None:
        """Lower a worker's priority below that of the server, which need not be the usual one."""
        value = min(19, os.getpriority(os.PRIO_PROCESS, 0) + value)
        with suppress(OSError, KeyError):  # it may have ended meanwhile
            os.setpriority(os.PRIO_PROCESS, self._pids[number], value)

    def _reap(self, number: int, pidfd: int) -> None:
        _, status = os.waitpid(self._pids.pop(number), 0)
        self._selector.unregister(pidfd)
        os.close(pidfd)
        self._tell({"exited": number, "status": os.waitstatus_to_exitcode(status)}, [])

    def _tell(self, message: dict[str, Any], descriptors: list[int]) -> None:
        socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)


def main() -> None:
    """Run the zygote on the control socket whose descriptor is the first argument."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides when a query ends
    gc.freeze()
    with suppress(BrokenPipeError, ConnectionResetError):
        Zygote(socket.socket(fileno=descriptor)).run()


if __name__ == "__main__":
    main()
