"""What a process may do: the operator's limits, and how a worker binds itself to them.

Linux only: prctl(2), setrlimit(2), seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2

_SOCKET_CALL: Final = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Of each machine the audit architecture and the number of socket(2)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What queries from outside may take; times in seconds, memory in bytes.

    `lane` workers are kept ready for small queries; a query that used `threshold` seconds of CPU
    is heavy and leaves the lane. At most `heavy` of these exist at once; of them only one less than
    there are processors runs at a time, each for `slice` seconds. `services` are the endpoints that
    SERVICE may ask.
    """

    timeout: float = 30.0
    timeout_max: float = 120.0
    memory: int = 1024 * 1024 * 1024
    lane: int = 8
    heavy: int = 8
    queue: int = 64
    threshold: float = 0.02
    slice: float = 0.2
    cache: int = 64 * 1024 * 1024
    services: tuple[str, ...] = ()


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; exit if it already has."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def confine(memory: int) -> None:
    """Bound the memory of this process, and cut it off from the network.

    RLIMIT_DATA counts what is allocated and not the store's mapped files. No new socket can be
    made from here on: a second wall behind the refusal of SERVICE.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _forbid_sockets()


def _forbid_sockets() -> None:
    """Let socket(2) fail with EACCES; where filters are unknown the first wall stands alone."""
    known = _SOCKET_CALL.get(platform.machine())
    if known is None:
        return
    architecture, number = known
    libc = ctypes.CDLL(None, use_errno=True)
    program = _program(architecture, number)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)


def _program(architecture: int, number: int) -> bytes:
    """Return the filter (struct sock_filter[]): of this architecture one call fails, else allow."""
    load, jump_equal, answer = 0x20, 0x15, 0x06
    allow, deny = 0x7FFF0000, 0x00050000 | 13
    steps = (
        (load, 0, 0, 4),
        (jump_equal, 0, 3, architecture),
        (load, 0, 0, 0),
        (jump_equal, 0, 1, number),
        (answer, 0, 0, deny),
        (answer, 0, 0, allow),
    )
    return b"".join(struct.pack("HBBI", *step) for step in steps)
