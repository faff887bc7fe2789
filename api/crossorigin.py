"""Leave for pages of other sites to read what is answered here, errors included (Fetch, CORS).

Everything that may be read without a token is public, and a token is sent by who has it, never by a
browser of its own accord: so every response says so that does not say something narrower itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.answers import CROSS_ORIGIN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class CrossOrigin:
    """An ASGI application around another one; it looks at the heads of responses alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                given = {name.lower() for name, _ in headers}
                if CROSS_ORIGIN[0][0] not in given:
                    message["headers"] = [*headers, *(f for f in CROSS_ORIGIN if f[0] not in given)]
            await send(message)

        await self._app(scope, receive, sending)
