"""The HTTP server's protocol: uvicorn's, with the connection's transport within reach.

An answer that cannot be completed must end in a broken connection even if the client reads so
slowly that the server waits for it: closing politely would first send what is buffered. httptools
is the parser, because with it the broken ending is seen over HTTP/1.0 too.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.routes.sparql import TRANSPORT


class HttpProtocol(HttpToolsProtocol):
    """Adds the ASGI extension `cluster-atlas.transport`."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]
