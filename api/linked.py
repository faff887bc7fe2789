"""Linked data over HTTP: what all documents about a release have in common.

1. Every answer says its release (`X-Release`), when that was published (`Last-Modified`) and has an
   entity tag made of the release and the form, so that a second visit costs a 304.
2. An address that names its release (`release=`) never changes and may be kept for ever; any other
   is to be asked about again (`no-cache`), for the next release may come at any time.
3. Links say what else there is (Signposting, RFC 8288), where the past is (Memento, RFC 7089).

The server may have any host name: documents are linked below the address by which the client came,
things by their IRIs below the configured base.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import Path, Query
from fastapi.responses import Response
from pyoxigraph import NamedNode

import kg
import loaders
from api import representations
from kg import asof, jsonld
from kg.asof import Archive
from kg.catalogue import OWN_LICENCE
from kg.description import named
from kg.errors import ParameterError
from kg.identifiers import Identifiers
from kg.quads import link, moment, text
from kg.terms import DCTERMS, FOAF, OWL, RDF_TYPE, VOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from fastapi import APIRouter, FastAPI, Request
    from pyoxigraph import Quad

    from api.representations import Form
    from kg.source import Source
    from kg.store import OpenRelease

LANGUAGES: Final = ("en", "de")

ReleaseQuery = Annotated[
    int | None, Query(ge=1, description="A kept release instead of the current one.")
]
NumberPath = Annotated[int, Path(description="The number of a kept release.")]
PageQuery = Annotated[int, Query(ge=1, le=10**9, description="The page of incoming statements.")]
FormatQuery = Annotated[
    str | None,
    Query(alias="format", description="The format by its file name extension, instead of Accept."),
]
LanguageQuery = Annotated[
    str | None, Query(description="The language of pages, instead of Accept-Language: en or de.")
]

Responses = dict[int | str, dict[str, Any]]
TAGGED: Final[Responses] = {304: {"description": "The client has it already (If-None-Match)."}}
"""What every document answers that has an entity tag."""

_CONTEXTS: Final = 4
"""How many JSON-LD contexts are kept; hardly anybody asks for older releases."""

_LASTING: Final = "public, max-age=31536000, immutable"
_CHANGING: Final = "public, no-cache"
_EXPOSED: Final = (
    "ETag, Link, Last-Modified, Location, Memento-Datetime, Repr-Digest, Retry-After, X-Release"
)
# Everything that a URI may hold (RFC 3986, sections 2.2 and 2.3) and the percent sign.
_URI: Final = ":/?#[]@!$&'()*+,;=-._~%"


class Link(NamedTuple):
    """A link to put into the header: where to, which relation, and further attributes."""

    target: str
    relation: str
    attributes: Mapping[str, str] = {}

    def __str__(self) -> str:
        more = "".join(f'; {name}="{value}"' for name, value in self.attributes.items())
        return f'<{uri(self.target)}>; rel="{self.relation}"{more}'


def uri(iri: str) -> str:
    """Return an IRI as a URI (RFC 3987, section 3.1)."""
    return quote(iri, safe=_URI)


class Shelf:
    """What the routes of linked data keep between requests: open releases and what is read of them.

    Each is a function of its release alone.
    """

    def __init__(self, app: FastAPI) -> None:
        self.archive = Archive(app.state.workspace, app.state.serving)
        self._base: str = app.state.settings.base
        self._contexts: dict[tuple[int, str], Mapping[str, Any]] = {}
        self._sources: dict[str, Source] | None = None

    def context(self, opened: OpenRelease) -> Mapping[str, Any]:
        """Return the JSON-LD context of a release's ontology."""
        key = (opened.number, opened.release.manifest["digest"])
        if key not in self._contexts:
            if len(self._contexts) >= _CONTEXTS:
                self._contexts.clear()
            self._contexts[key] = jsonld.context(_ontology(opened, self._base), self._base)
        return self._contexts[key]

    def sources(self) -> Mapping[str, Source]:
        """Return the loaders by name: what there is to say of a graph's licence and origin."""
        if self._sources is None:
            self._sources = {name: loaders.find(name) for name in loaders.names()}
        return self._sources

    def licences(self, graphs: Iterable[str]) -> list[str]:
        """Return the licences of some graphs."""
        names = [graph.removeprefix(self._base + "graph/") for graph in graphs]
        sources = self.sources()
        return sorted({sources[n].licence if n in sources else OWN_LICENCE for n in names})


def _ontology(opened: OpenRelease, base: str) -> Iterable[Quad]:
    graph = NamedNode(Identifiers(base).graph("ontology"))
    return opened.store.quads_for_pattern(None, None, None, graph)


def shelf(app: FastAPI) -> Shelf:
    """Return the application's shelf, made with the first request."""
    if not hasattr(app.state, "shelf"):
        app.state.shelf = Shelf(app)
    found: Shelf = app.state.shelf
    return found


@dataclass(frozen=True)
class Visit:
    """A request, the release that answers it, and whether the address names that release."""

    request: Request
    opened: OpenRelease
    lasting: bool

    @property
    def base(self) -> str:
        """The base IRI of what is described."""
        base: str = self.request.app.state.settings.base
        return base

    @property
    def root(self) -> str:
        """The path below which the application is mounted."""
        return str(self.request.scope.get("root_path", "")).rstrip("/")

    @property
    def site(self) -> str:
        """The address by which the client came, without a slash at its end.

        Raises:
            ParameterError: the Host header cannot be part of an IRI.
        """
        site = str(self.request.base_url).rstrip("/")
        if named(site) is None:
            raise ParameterError("The Host header is not a host name")
        return site

    @property
    def shelf(self) -> Shelf:
        """What is kept between requests."""
        return shelf(self.request.app)

    def local(self, path: str, **parameters: object) -> str:
        """Return the path of another document of the same release, with parameters."""
        if self.lasting:
            parameters["release"] = self.opened.number
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"{self.root}{path}{query}"

    def itself(self, document: str, topic: str) -> Iterator[Quad]:
        """Yield what every document says of itself: its topic, dataset, release and date."""
        release = self.opened.release
        yield link(document, RDF_TYPE, FOAF + "Document")
        yield link(document, FOAF + "primaryTopic", topic)
        yield link(document, VOID + "inDataset", f"{self.base}dataset")
        yield link(document, DCTERMS + "isPartOf", f"{self.base}release/{release.number}")
        yield text(document, OWL + "versionInfo", str(release.number))
        yield moment(document, DCTERMS + "modified", asof.created(release))

    def write(self, form: Form, quads: Iterable[Quad]) -> bytes:
        """Write quads in an RDF form, with the context of the release."""
        reference = self.site + self.local("/context.jsonld")[len(self.root) :]
        return representations.write(
            form, quads, self.base, lambda: self.shelf.context(self.opened), reference
        )

    def headers(
        self, variant: str, links: Iterable[Link] = (), vary: Iterable[str] = ()
    ) -> dict[str, str]:
        """Return the headers of a representation, of which the release has one per `variant`."""
        release = self.opened.release
        manifest = release.manifest
        created, tag = _stamp(release.number, manifest["digest"], asof.created(release))
        headers = {
            "X-Release": str(release.number),
            "ETag": f'"{tag}-{variant}"',
            "Last-Modified": created,
            "Cache-Control": _LASTING if self.lasting else _CHANGING,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": _EXPOSED,
            "X-Content-Type-Options": "nosniff",
        }
        if self.lasting:
            headers["Memento-Datetime"] = created
        return headers | listed(links, vary)

    def answer(
        self,
        make: Callable[[], bytes],
        content_type: str,
        headers: Mapping[str, str],
        status: int = 200,
    ) -> Response:
        """Return a representation; 304 without making it when the client has it already."""
        if status == 200 and unchanged(self.request, headers):  # noqa: PLR2004 - the status's name
            return Response(None, 304, dict(headers))
        return Response(make(), status, dict(headers), content_type)


@lru_cache(maxsize=64)
def _stamp(number: int, digest: str, created: datetime) -> tuple[str, str]:
    """Return when a release was made, as HTTP writes it, and what its entity tags begin with."""
    made = asof.http_date(created)
    content = f"{number} {digest} {made} {kg.__version__}"
    return made, f"{number}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def listed(links: Iterable[Link] = (), vary: Iterable[str] = ()) -> dict[str, str]:
    """Return the headers for links and for what a choice depended on."""
    headers = {}
    if field := ", ".join(map(str, links)):
        headers["Link"] = field
    if names := ", ".join(vary):
        headers["Vary"] = names
    return headers


def visit(request: Request, release: int | None = None) -> Visit:
    """Return a visit to a release, the current one without a number.

    Raises:
        UnknownReleaseError: it is not kept.
        WorkspaceError: nothing was published yet.
    """
    opened = shelf(request.app).archive.open(release)
    return Visit(request, opened, lasting=release is not None)


def unchanged(request: Request, headers: Mapping[str, str]) -> bool:
    """Tell whether the client has the representation (RFC 9110, sections 13.1.2 and 13.1.3)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or headers["ETag"] in known
    since = request.headers.get("if-modified-since")
    if since is None or "Last-Modified" not in headers:
        return False
    try:
        modified = asof.parse_http_date(headers["Last-Modified"])
        return modified <= asof.parse_http_date(since)
    except ParameterError:  # a date that is none is ignored
        return False


def _preflight() -> Response:
    """Answer what a browser asks before a script's request (Fetch, section 3.3.2)."""
    methods = "GET, HEAD, OPTIONS"
    headers = {
        "Allow": methods,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Accept, Accept-Datetime, If-None-Match, If-Range, Range",
        "Access-Control-Max-Age": "86400",
    }
    return Response(None, 204, headers)


_PATH: Final = {
    "name": "path",
    "in": "path",
    "required": True,
    "description": "The rest of the IRI.",
    "schema": {"type": "string"},
}


def in_forms(*forms: Form | str) -> Responses:
    """Return what documents in some forms, or of some media types, answer."""
    types = [form if isinstance(form, str) else form.media_type for form in forms]
    return {**TAGGED, 200: {"content": {name: {} for name in types}}}


def readable(
    router: APIRouter, path: str, summary: str | None = None, **more: Any
) -> Callable[[Any], Any]:
    """Return a decorator that answers GET and HEAD at a path with a function.

    OPTIONS tells the scripts of other sites that they may ask with conditions and moments.
    """
    if path.endswith("{path:path}"):
        # The functions take the path from the request, as it was written.
        more.setdefault("openapi_extra", {"parameters": [_PATH]})

    def register(function: Any) -> Any:
        router.options(path, include_in_schema=False)(_preflight)
        # FastAPI would need an operation of its own for HEAD in the interface's description.
        router.head(path, include_in_schema=False)(function)
        return router.get(path, summary=summary, response_class=Response, **more)(function)

    return register
