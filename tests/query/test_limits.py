"""A worker is cut off from the network, even if a query came past the guards."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource, socket
from pyoxigraph import Store
from kg.query.limits import confine
confine(512 * 1024 * 1024)
try:
    socket.socket()
except PermissionError as error:
    print("socket:", error.strerror)
try:
    Store().query("ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
except OSError as error:
    print("service refused")
print(resource.getrlimit(resource.RLIMIT_DATA)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


def test_no_socket_can_be_made() -> None:
    """Neither by Python nor by the engine."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert result.stdout.splitlines() == [
        "socket: Permission denied",
        "service refused",
        f"{512 * 1024 * 1024} 0",
    ]
