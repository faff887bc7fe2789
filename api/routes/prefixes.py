"""`/prefixes`: the prefixes that documents are written in, for queries and for programs."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads annotations when it starts

from api import accept
from api.linked import FormatQuery, Visit, in_forms, readable, visit
from kg.errors import NotAcceptableError
from kg.prefixes import prefixes, prologue

router = APIRouter(tags=["linked data"])

_TYPES: Final = {
    "json": "application/json",
    "sparql": "application/sparql-query",
    "ttl": "text/turtle",
    "txt": "text/plain",
}


def _chosen(to: Visit, named: str | None) -> str:
    available = list(_TYPES.values())
    if named is not None:
        if named not in _TYPES:
            raise NotAcceptableError(f"There is no format {named!r}", available=list(_TYPES))
        return _TYPES[named]
    found = accept.media_type(to.request.headers.get("accept", ""), tuple(available))
    if found is None:
        raise NotAcceptableError("Prefixes are JSON, SPARQL or Turtle", available=available)
    return found


def _body(media_type: str, base: str) -> bytes:
    if media_type == "application/json":
        return json.dumps(prefixes(base), indent=1).encode()
    if media_type == "text/turtle":
        lines = (f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes(base).items())
        return "".join(lines).encode()
    return prologue(base).encode()


@readable(router, "/prefixes", "The prefixes", responses=in_forms(*_TYPES.values()))
def all_prefixes(request: Request, named: FormatQuery = None) -> Response:
    """Return the prefixes as JSON, as the prologue of a SPARQL query, or for Turtle."""
    to = visit(request)
    media_type = _chosen(to, named)
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    headers = to.headers(media_type.rpartition("/")[2], vary=() if named else ("Accept",))
    return to.answer(lambda: _body(media_type, to.base), media_type + charset, headers)
