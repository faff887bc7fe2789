"""What `/sparql` says of itself when it is asked no query (SPARQL 1.1 Service Description).

Programs get RDF in the form they accept; a browser gets a page with a form for a query, complete in
itself: no script, no image, no other host.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, serialize
from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.answers import CROSS_ORIGIN
from api.representations import HTML, negotiate
from kg import releases
from kg.prefixes import prefixes, prologue
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
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
)
_EXAMPLE: Final = "SELECT * WHERE {\n  ?subject ?predicate ?object\n}\nLIMIT 10\n"


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
        headers["Content-Security-Policy"] = _POLICY
        return Response(_page(scope), headers=headers, media_type="text/html")
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


def _page(scope: Scope) -> str:
    base = scope["app"].state.settings.base
    query = html.escape(prologue(base) + _EXAMPLE)
    options = "".join(
        f'<option value="{name}">{html.escape(text)}</option>'
        for name, text in (
            ("csv", "CSV"),
            ("json", "JSON"),
            ("xml", "XML"),
            ("tsv", "TSV"),
            ("turtle", "Turtle"),
        )
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Cluster Atlas: SPARQL</title>
<style>
body {{ font: 1rem/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
textarea {{ box-sizing: border-box; font: 0.9rem/1.4 monospace; height: 24rem; width: 100% }}
label {{ display: block; margin: 1rem 0 0.3rem }}
</style>
</head>
<body>
<h1>Cluster Atlas: SPARQL</h1>
<form action="/sparql" method="get">
<label for="query">Query (SPARQL 1.1)</label>
<textarea id="query" name="query" spellcheck="false">{query}</textarea>
<label for="format">Format</label>
<select id="format" name="format">{options}</select>
<button type="submit">Ask</button>
</form>
<p><a href="/docs">The interface</a> · <a href="/sparql?format=ttl">This service as RDF</a>
· <a href="/prefixes">Prefixes</a></p>
</body>
</html>
"""
