"""Who may do what: the token of a request against the role that an operation needs (RFC 6750)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import State

    from kg.tokens import Role, Tokens


async def require(state: State, headers: Mapping[bytes, bytes], role: Role) -> str:
    """Return the name of the token's holder; the scratch store, open to this machine, asks nobody.

    `state.tokens` is None where no token is needed; where it is missing nobody gets in.

    Raises:
        UnauthorisedError: no token that is known.
        ForbiddenError: it has another role.
    """
    tokens: Tokens | None = state.tokens
    if tokens is None:
        return "anybody"
    given = headers.get(b"authorization", b"").decode("latin-1")
    found = await asyncio.to_thread(tokens.check, given, role)
    return found.name
