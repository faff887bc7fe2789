"""The ASGI extensions by which `api.server` tells the application more than a request."""

from __future__ import annotations

from typing import Final

TRANSPORT: Final = "cluster-atlas.transport"
"""The connection's transport."""

RUN: Final = "cluster-atlas.run"
"""The query's run, if it has begun already."""
