"""`/queries/{name}/parameters/{parameter}`: what a parameter takes, for who fills in a form.

`q=` is what was typed: `resolved` is the one thing that it names, `candidates` are those that it
may mean, and `values` those whose names it is part of, each with what there is of it.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response
from pyoxigraph import NamedNode
from starlette.requests import Request  # noqa: TC002 - FastAPI reads annotations when it starts

from api import lookups
from api.linked import readable, visit
from api.watching import label_of, watching
from kg import savedqueries
from kg.errors import NotFoundError, ParameterError
from kg.matching import concepts
from kg.query.request import QueryRequest
from kg.savedqueries import values
from kg.savedqueries.definition import MOST_ROWS

if TYPE_CHECKING:
    from api.linked import Visit
    from kg.query.pool import QueryPool
    from kg.savedqueries import Parameter, SavedQuery

router = APIRouter(tags=["saved queries"])

_NAMING: Final = frozenset(["technology", "organisation"])
_CANDIDATES: Final = 8
_NEAR: Final = 0.4
_RESERVED: Final = frozenset(["q", "limit"])

QueryPath = Annotated[str, Path(description="A saved query.")]
ParameterPath = Annotated[str, Path(description="One of its parameters.")]
TypedQuery = Annotated[
    str | None, Query(alias="q", max_length=200, description="What was typed so far.")
]
MostQuery = Annotated[int, Query(ge=1, le=100, description="The most values to return.")]


@readable(
    router,
    "/queries/{name}/parameters/{parameter}",
    "The values that a parameter takes, with counts",
    responses={
        200: {
            "description": "The parameter, what `q` resolves to, and values with counts",
            "content": {"application/json": {}},
        },
        400: {"description": "Another parameter of the query is not as it expects"},
        404: {"description": "No such query, or no such parameter of it"},
    },
)
async def parameter_values(
    request: Request,
    name: QueryPath,
    parameter: ParameterPath,
    typed: TypedQuery = None,
    limit: MostQuery = 20,
) -> Response:
    """List the values of a parameter in the current release, the greatest count first.

    A choice counts the rows of the answer with each, when the other parameters that the query needs
    are given.

    Raises:
        NotFoundError: there is no such query or parameter.
        WorkspaceError: nothing is published yet.
    """
    watched, to = watching(request.app), visit(request)
    query = watched.saved(name)
    found = query.parameter(parameter)
    if found is None:
        available = [p.name for p in query.parameters]
        raise NotFoundError(f"{name} has no parameter {parameter!r}", available=available)
    text = (typed or "").strip()
    shown: dict[str, Any] = {"release": to.opened.number, "query": name, **_described(found)}
    if text:
        shown |= {"q": text, **await asyncio.to_thread(_resolved, to, found, text)}
    shown |= await _listed(request, query, found, text, limit)
    return JSONResponse(shown, headers=to.headers("parameter"))


def _described(parameter: Parameter) -> dict[str, Any]:
    return {
        "parameter": parameter.name,
        "type": parameter.kind.name,
        "expected": parameter.kind.expected,
        "required": parameter.required,
        "many": parameter.many,
        "default": parameter.default,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
    }


def _resolved(to: Visit, parameter: Parameter, text: str) -> dict[str, Any]:
    """Return the value that a text stands for, or what it may stand for."""
    vocabulary = watching(to.request.app).vocabulary()
    try:
        term = parameter.kind.read(parameter, text, vocabulary)
    except ParameterError as error:
        found = error.members.get("candidates") or _near(to, parameter, text)
        return {"resolved": None, "reason": error.detail, "candidates": found}
    if not isinstance(term, NamedNode):
        return {"resolved": {"value": term.value}, "candidates": []}
    label = label_of(to.opened, term.value)
    return {"resolved": {"value": term.value, "label": label}, "candidates": []}


def _near(to: Visit, parameter: Parameter, text: str) -> list[dict[str, Any]]:
    """Return what is spelt nearly so."""
    if parameter.kind.name not in _NAMING:
        return []
    matching = lookups.matching(to)
    kind = "concept" if parameter.kind.name == "technology" else "organisation"
    if kind == "concept":
        near = [(m.concept, m.score) for m in concepts.find(matching, text, _CANDIDATES)]
    else:
        near = [(n.row, n.score) for n in concepts.organisations(matching, text, _CANDIDATES)]
    iris = matching.landscape.column(kind, "iri")
    labels = matching.landscape.column(kind, "label")
    return [
        {"id": iris[n], "label": labels[n], "match": round(s, 3)} for n, s in near if s >= _NEAR
    ]


async def _listed(
    request: Request, query: SavedQuery, parameter: Parameter, text: str, limit: int
) -> dict[str, Any]:
    if parameter.values:
        return {"values": await _choices(request, query, parameter), "complete": True}
    base: str = request.app.state.settings.base
    listing = values.listing(parameter, text, limit + 1, base)
    if listing is None:
        return {"values": [], "complete": False}
    found = [
        {
            "value": row["value"]["value"],
            "label": row["label"]["value"][1:],
            "count": int(row["count"]["value"]),
        }
        for row in await _rows(request, listing.text)
    ]
    complete = len(found) <= limit
    return {"counted": listing.counted, "values": found[:limit], "complete": complete}


async def _choices(
    request: Request, query: SavedQuery, parameter: Parameter
) -> list[dict[str, Any]]:
    """Return the words of a choice, with the rows that each gives if the query can be asked."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in _RESERVED:
            given.setdefault(name, []).append(value)
    vocabulary = await asyncio.to_thread(watching(request.app).vocabulary)
    shown: list[dict[str, Any]] = []
    for word in parameter.values:
        try:
            bound = savedqueries.bind(query, {**given, parameter.name: [word]}, vocabulary)
        except ParameterError:
            shown.append({"value": word})
            continue
        rows = await _rows(request, bound.limited(MOST_ROWS))
        shown.append({"value": word, "count": len(rows)})
    return shown


async def _rows(request: Request, text: str) -> list[dict[str, dict[str, str]]]:
    """Return the rows of a query, run where queries from outside are run."""
    pool: QueryPool = request.app.state.queries
    answer = await pool.evaluate(QueryRequest(text))
    body = answer.body
    if body is None:
        body = b"".join([piece async for piece in answer.pieces()])
    found: list[dict[str, dict[str, str]]] = json.loads(body)["results"]["bindings"]
    return found
