"""`/graph-store`: the SPARQL 1.1 Graph Store HTTP Protocol.

Graphs are named in one of three ways (section 4): `?graph=IRI`, `?default`, or directly by the path
below `/graph-store/`. On the workspace `/graph-store/cordis` is the graph `{base}graph/cordis`; in
scratch mode the graph's IRI is the URL of the request. Reading a graph is a CONSTRUCT through the
query operation, with its formats, limits and validators.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode, urljoin

from fastapi import APIRouter
from pyoxigraph import DefaultGraph, NamedNode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import protocol
from api.authorisation import require
from api.documentbodies import triples
from api.endpoints import Endpoint
from api.routes.sparql import SparqlEndpoint
from api.routes.update import SECONDS, done
from kg.errors import MethodNotAllowedError, NotFoundError, ParameterError
from kg.query.formats import GRAPHS

if TYPE_CHECKING:
    from starlette.datastructures import State
    from starlette.types import Receive, Scope, Send

    from kg.updates import Writer

    GraphName = NamedNode | DefaultGraph

_PATH: Final = "/graph-store"
_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")
_QUERY: Final = SparqlEndpoint()


class Target(NamedTuple):
    """A graph, and the IRI by which relative IRIs in a document sent to it are resolved."""

    graph: GraphName
    base: str


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    state: State = scope["app"].state
    target = _target(request, state.writer)
    if scope["method"] in {"GET", "HEAD"}:
        if target is None:
            raise _unnamed()
        await _read(scope, receive, send, target.graph)
        return
    headers = protocol.headers_of(scope["headers"])
    holder = await require(state, headers, "curator")
    if scope["method"] == "DELETE":
        response = await _delete(state, target, holder)
    else:
        response = await _write(request, state, headers, target, holder)
    await response(scope, receive, send)


def _target(request: Request, writer: Writer) -> Target | None:
    """Return the graph that a request names; None if it names the service itself.

    Raises:
        ParameterError: none, several, or something that names no graph.
    """
    parameters = protocol.parameters_of(request.scope["query_string"], "query string")
    graph = protocol.single(parameters, "graph")
    named = sum(("default" in parameters, graph is not None))
    here = str(request.url.replace(query="", fragment=""))
    below = request.scope["path"].removeprefix(_PATH).removeprefix("/")
    if named > 1 or (named and below):
        raise ParameterError("The graph is named twice; name it by 'graph', 'default' or the path")
    if "default" in parameters:
        return Target(DefaultGraph(), here)
    if graph is not None:
        return _named(urljoin(here, graph))
    return _named(writer.direct(here, below)) if below else None


def _named(iri: str) -> Target:
    try:
        return Target(NamedNode(iri), iri)
    except ValueError as error:
        raise ParameterError(f"{iri!r} names no graph: {error}", parameter="graph") from error


def _unnamed() -> ParameterError:
    return ParameterError("Name a graph: ?graph=<IRI>, ?default, or the path below /graph-store/")


async def _read(scope: Scope, receive: Receive, send: Send, graph: GraphName) -> None:
    writer: Writer = scope["app"].state.writer
    if not await asyncio.to_thread(writer.exists, graph):
        raise NotFoundError(f"There is no graph {graph}", known=writer.known())
    pattern = "?s ?p ?o"
    if isinstance(graph, NamedNode):
        pattern = f"GRAPH {graph} {{ {pattern} }}"
    query = {"query": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"}
    asked = {**scope, "path": "/sparql", "query_string": urlencode(query).encode()}
    await _QUERY(asked, receive, send)


async def _delete(state: State, target: Target | None, holder: str) -> Response:
    if target is None:
        raise _unnamed()
    writer: Writer = state.writer
    if not await asyncio.to_thread(writer.exists, target.graph):
        raise NotFoundError(f"There is no graph {target.graph}", known=writer.known())
    return await done(state, await asyncio.to_thread(writer.drop, target.graph, holder))


async def _write(
    request: Request,
    state: State,
    headers: dict[bytes, bytes],
    target: Target | None,
    holder: str,
) -> Response:
    method, location = request.method, None
    if target is None:
        if method == "PUT":
            raise MethodNotAllowedError("PUT needs a graph", allowed=["POST", "OPTIONS"])
        location = f"{str(request.url.replace(query='')).rstrip('/')}/{uuid.uuid4()}"
        target = _named(state.writer.direct(location, location.rpartition("/")[2]))
    body = await protocol.read_body(request.receive, state.settings.update_bytes, SECONDS)
    found = await asyncio.to_thread(triples, headers, body, target.base)
    writer: Writer = state.writer
    put = writer.put
    keep = method == "POST"
    outcome = await asyncio.to_thread(lambda: put(target.graph, found, holder, keep=keep))
    return await done(state, outcome, location)


router = APIRouter(tags=["SPARQL"])
_ENDPOINT: Final = Endpoint(_answer, _METHODS)
router.routes.append(Route(_PATH, _ENDPOINT, include_in_schema=False))
router.routes.append(Route(_PATH + "/{graph:path}", _ENDPOINT, include_in_schema=False))

_NAMING: Final[list[dict[str, Any]]] = [
    {
        "name": name,
        "in": "query",
        "description": text,
        "schema": {"type": "string"},
        "required": False,
        "allowEmptyValue": True,
    }
    for name, text in (
        ("graph", "The IRI of a graph."),
        ("default", "The default graph: all published graphs together."),
    )
]
_DOCUMENT: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        name: {"schema": {"type": "string"}}
        for name in ("text/turtle", "application/n-triples", "application/rdf+xml")
    },
}
_UNNAMED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "No graph is named, or none that can be; or the document is not read."},
    404: {"description": "There is no such graph; those that there are."},
}
_READ: Final[dict[int | str, dict[str, Any]]] = {
    **_UNNAMED,
    200: {"content": {name: {} for form in GRAPHS for name in form.types[:1]}},
    406: {"description": "No format that the client accepts; those that there are."},
}
_WRITTEN: Final[dict[int | str, dict[str, Any]]] = {
    **_UNNAMED,
    401: {"description": "No token, or none that is known."},
    403: {"description": "The token's role is not curator."},
    408: {"description": "The body of the request does not come."},
    413: {"description": "The body of the request is larger than is read."},
    415: {"description": "The body is in no syntax of RDF that is read."},
    422: {"description": "Rules would be broken: `findings` lists them. Nothing has changed."},
}


@router.get(
    _PATH,
    summary="Read a graph",
    response_class=Response,
    responses=_READ,
    openapi_extra={"parameters": _NAMING},
)
def read_graph() -> None:
    """Return a graph in the format that Accept prefers."""


@router.put(
    _PATH,
    summary="Replace a graph",
    responses=_WRITTEN,
    openapi_extra={"parameters": _NAMING, "requestBody": _DOCUMENT, "security": [{"Bearer": []}]},
)
def replace_graph() -> None:
    """Replace the graph of updates by a document."""


@router.post(
    _PATH,
    summary="Add to a graph",
    responses=_WRITTEN,
    openapi_extra={"parameters": _NAMING, "requestBody": _DOCUMENT, "security": [{"Bearer": []}]},
)
def add_to_graph() -> None:
    """Add a document to the graph of updates."""


@router.delete(
    _PATH,
    summary="Empty a graph",
    responses=_WRITTEN,
    openapi_extra={"parameters": _NAMING, "security": [{"Bearer": []}]},
)
def delete_graph() -> None:
    """Remove the graph of updates."""
