"""What `/sparql` says of itself when it is asked no query (SPARQL 1.1 Service Description).

Programs get RDF in the form they accept; a browser gets a page with a form for a query, complete in
itself: no script, no image, no other host.
"""

from __future__ import annotations

import html
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, serialize
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api import pages
from api.answers import CROSS_ORIGIN
from api.linked import visit
from api.pages import policy, stylesheet
from api.representations import HTML, negotiate
from kg import releases
from kg.errors import WorkspaceError
from kg.prefixes import prefixes
from kg.query.formats import GRAPHS, SOLUTIONS
from kg.terms import RDF_TYPE, XSD_INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from kg.workspace import Workspace

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_VOID: Final = "http://rdfs.org/ns/void#"
_RESULTS: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
    "nquads": "N-Quads",
    "trig": "TriG",
    "n3": "N3",
}
_READ: Final = ("turtle", "ntriples", "rdfxml", "jsonld", "n3")
_EXAMPLE: Final = "SELECT * WHERE {\n  ?subject ?predicate ?object\n}\nLIMIT 10\n"
_PROLOGUE: Final = """PREFIX atlas: <{base}ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

"""
_CLUSTERS: Final = """SELECT ?cluster ?label (COUNT(?member) AS ?members) WHERE {
  ?cluster a atlas:Cluster ;
    rdfs:label ?label .
  OPTIONAL { ?cluster atlas:hasMember ?member }
}
GROUP BY ?cluster ?label
ORDER BY DESC(?members) ?label
LIMIT 20
"""


def install(app: FastAPI, *, union: bool) -> None:
    """Have an application's `/sparql` describe itself; `union` if the default graph is one."""

    async def describe(scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(scope, union=union)(scope, receive, send)

    app.state.service_description = describe


def _answer(scope: Scope, *, union: bool) -> Response:
    request = HTTPConnection(scope)
    named = parse_qs(scope["query_string"].decode("latin-1")).get("format", [None])[0]
    form = negotiate(request.headers.get("accept", ""), named)
    headers = {name.decode(): value.decode() for name, value in CROSS_ORIGIN}
    headers |= {"Vary": "accept", "Cache-Control": "no-cache"}
    if form is HTML or form.syntax is None:
        with suppress(WorkspaceError):  # nothing is published: as without releases
            if union:
                return _page(Request(scope))
        headers["Content-Security-Policy"] = policy()
        return Response(_plain_page(scope), headers=headers, media_type="text/html")
    quads = _described(request, union=union)
    body = serialize(quads, format=form.syntax, prefixes={**_used(scope)})
    return Response(body, headers=headers, media_type=form.media_type)


def _used(scope: Scope) -> dict[str, str]:
    known = prefixes(scope["app"].state.settings.base)
    return {**known, "sd": SD, "void": _VOID}


def _described(request: HTTPConnection, *, union: bool) -> Iterator[Quad]:
    endpoint = str(request.url.replace(path="/sparql", query="", fragment=""))
    service, dataset, default = NamedNode(endpoint + "#service"), BlankNode(), BlankNode()

    def says(subject: NamedNode | BlankNode, term: str, value: NamedNode | BlankNode) -> Quad:
        return Quad(subject, NamedNode(SD + term), value)

    def kind(subject: NamedNode | BlankNode, term: str) -> Quad:
        return Quad(subject, NamedNode(RDF_TYPE), NamedNode(SD + term))

    yield kind(service, "Service")
    yield says(service, "endpoint", NamedNode(endpoint))
    for language in ("SPARQL10Query", "SPARQL11Query", "SPARQL11Update"):
        yield says(service, "supportedLanguage", NamedNode(SD + language))
    for form in (*SOLUTIONS, *GRAPHS):
        yield says(service, "resultFormat", NamedNode(_FORMATS + _RESULTS[form.name]))
    for name in _READ:
        yield says(service, "inputFormat", NamedNode(_FORMATS + _RESULTS[name]))
    yield (
        says(service, "feature", NamedNode(SD + "EmptyGraphs"))
        if not union
        else says(service, "feature", NamedNode(SD + "UnionDefaultGraph"))
    )
    yield says(service, "defaultDataset", dataset)
    yield kind(dataset, "Dataset")
    yield says(dataset, "defaultGraph", default)
    yield kind(default, "Graph")
    for graph, quads in _graphs(request).items():
        named = BlankNode()
        content = BlankNode()
        yield says(dataset, "namedGraph", named)
        yield kind(named, "NamedGraph")
        yield says(named, "name", NamedNode(graph))
        yield says(named, "graph", content)
        yield kind(content, "Graph")
        count = Literal(str(quads), datatype=NamedNode(XSD_INTEGER))
        yield Quad(content, NamedNode(_VOID + "triples"), count)


def _graphs(request: HTTPConnection) -> dict[str, int]:
    """Return the published graphs with their sizes; none while nothing is published."""
    workspace: Workspace | None = getattr(request.app.state, "workspace", None)
    release = releases.current(workspace) if workspace is not None else None
    return dict(release.manifest["graphs"]) if release is not None else {}


_OFFERED: Final = (
    ("csv", "CSV"),
    ("json", "JSON"),
    ("xml", "XML"),
    ("tsv", "TSV"),
    ("turtle", "Turtle"),
)


def _page(request: Request) -> Response:
    """Return the page with a form, in the language that the client prefers.

    Raises:
        WorkspaceError: nothing is published.
    """
    to = visit(request)
    query = _PROLOGUE.format(base=to.base) + _CLUSTERS
    shown = {"query": query, "formats": _OFFERED}
    return pages.answer(
        to, "sparql.html", lambda _: shown, request.query_params.get("lang"), vary=["Accept"]
    )


def _plain_page(scope: Scope) -> str:
    """Return a page with a form where there are no releases, and so no other pages."""
    root = html.escape(str(scope.get("root_path", "")).rstrip("/"))
    options = "".join(f'<option value="{name}">{text}</option>' for name, text in _OFFERED)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SPARQL: Cluster Atlas</title>
<style>{stylesheet()}</style>
</head>
<body>
<header>
<nav aria-label="Cluster Atlas">
<a href="{root}/docs">Interface</a>
</nav>
</header>
<main>
<h1>SPARQL</h1>
<form action="{root}/sparql" method="get">
<p><label for="query">Query (SPARQL 1.1)</label>
<textarea id="query" name="query" rows="16" spellcheck="false">
{html.escape(_EXAMPLE)}</textarea></p>
<p><label for="format">As a file</label>
<select id="format" name="format">{options}</select>
<button type="submit">Ask</button></p>
</form>
<p><a href="{root}/sparql?format=ttl">This service as RDF</a></p>
</main>
</body>
</html>
"""
