"""Serves a workspace as `atlas serve` does, for the tests that need a server of their own.

    python sparql_server.py HOME

prints the port, then serves until it is killed.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from api.app import create_app
from api.server import configure
from kg.settings import Settings
from kg.workspace import Workspace


def main() -> None:
    settings = Settings(home=Path(sys.argv[1]))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        print(bound.getsockname()[1], flush=True)  # noqa: T201
        app = create_app(settings, Workspace(settings.home))
        config = configure(app, log_level="warning")
        uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    main()
