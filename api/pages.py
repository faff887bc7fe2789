"""Pages for people: HTML in two languages, complete in itself.

Every value is escaped by the template engine; an address becomes a link only if it is ours or
begins with http or https. The one style sheet stands in the page and is named by its hash in the
Content-Security-Policy, which allows nothing else: no script, no image, no other host.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from api import accept
from api.linked import LANGUAGES, Link
from api.representations import HTML
from api.words import WORDS
from kg import asof
from kg.description import value as node_text
from kg.errors import ParameterError
from kg.prefixes import shortened
from kg.terms import (
    RDF_TYPE,
    XSD,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DATE_TIME,
    XSD_DECIMAL,
    XSD_INTEGER,
    XSD_STRING,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fastapi.responses import Response
    from pyoxigraph import Quad

    from api.linked import Visit
    from kg.description import Description

# Datatypes that a reader sees without being told.
_PLAIN: Final = frozenset(
    {XSD_STRING, XSD_BOOLEAN, XSD_INTEGER, XSD_DECIMAL, XSD_DATE, XSD_DATE_TIME, XSD + "gYear"}
)
_PATH: Final = "/%:@!$&'()*+,;=~-._"


_LICENCE: Final = re.compile(
    r"https?://creativecommons\.org/(licenses/[a-z-]+|publicdomain/zero)/([0-9.]+)/?"
)


class Shown(NamedTuple):
    """A value as a page shows it; `href` is None for what is no link."""

    text: str
    href: str | None = None
    language: str | None = None
    note: str | None = None
    graphs: Sequence[str] = ()
    external: bool = False


class Row(NamedTuple):
    """A property with its values."""

    predicate: Shown
    values: Sequence[Shown]


class Alternate(NamedTuple):
    """Another form of the page."""

    name: str
    media_type: str
    href: str


def language(visit: Visit, named: str | None) -> str:
    """Return the language of a page: the one named in the address, or the one that is preferred.

    Raises:
        ParameterError: there is no page in the language named.
    """
    if named is None:
        return accept.language(visit.request.headers.get("accept-language", ""), LANGUAGES)
    if named not in LANGUAGES:
        detail = f"There are no pages in {named!r}"
        raise ParameterError(detail, parameter="lang", allowed=list(LANGUAGES))
    return named


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["licence"] = licence
    environment.filters["number"] = number
    return environment


def licence(iri: str) -> str:
    """Return what people call a licence; its address if it is none of Creative Commons."""
    found = _LICENCE.fullmatch(iri)
    if found is None:
        return iri
    kind, version = found.groups()
    return f"CC0 {version}" if kind == "publicdomain/zero" else f"CC {kind[9:].upper()} {version}"


def number(value: int) -> str:
    """Return a whole number with thin spaces between the thousands: read so in every language."""
    return f"{value:,}".replace(",", "\u202f")


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """Return the style sheet of every page."""
    return resources.files("api").joinpath("templates/atlas.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def policy() -> str:
    """Return the Content-Security-Policy of a page with that style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    )


def answer(
    visit: Visit,
    template: str,
    make: Callable[[str], Mapping[str, Any]],
    named_language: str | None,
    *,
    alternates: Sequence[Alternate] = (),
    links: Iterable[Link] = (),
    vary: Iterable[str] = (),
    status: int = 200,
    variant: str = "html",
) -> Response:
    """Return a page; `make` gives what the template needs for a reader of a language.

    `variant` names what the page depends on beside its address, its release and the language.

    Raises:
        ParameterError: there is no page in the language named.
    """
    chosen = language(visit, named_language)
    named = [] if named_language else ["Accept-Language"]
    headers = visit.headers(f"{variant}-{chosen}", links, [*vary, *named])
    headers |= {"Content-Language": chosen, "Content-Security-Policy": policy()}

    def body() -> bytes:
        shared = _shared(visit, chosen) | {"alternates": alternates, "licences": ()}
        text = _environment().get_template(template).render(shared | dict(make(chosen)))
        return text.encode()

    return visit.answer(body, HTML.content_type, headers, status)


def _shared(visit: Visit, chosen: str) -> dict[str, Any]:
    other = next(one for one in LANGUAGES if one != chosen)
    query = [(k, v) for k, v in visit.request.query_params.multi_items() if k != "lang"]
    parts = "".join(f"{quote(k, safe='')}={quote(v, safe='')}&" for k, v in query)
    release = visit.opened.release
    return {
        "visit": visit,
        "language": chosen,
        "words": WORDS[chosen],
        "css": Markup(stylesheet()),  # noqa: S704 - our own file
        "other_language": other,
        "other_href": f"?{parts}lang={other}",
        "created": asof.created(release).isoformat(),
        "older": visit.opened is not visit.request.app.state.serving.current(),
    }


def href(visit: Visit, iri: str, *, known: bool) -> tuple[str | None, bool]:
    """Return where a page links to for an IRI, and whether that is another host.

    `known` says that the release describes it. Nothing but http and https is linked.
    """
    entity, term = visit.base + "id/", visit.base + "ontology#"
    if iri.startswith(entity):
        return visit.local("/page/" + quote(iri.removeprefix(entity), safe=_PATH)), False
    if iri.startswith(term):
        fragment = quote(iri.removeprefix(term), safe=_PATH)
        return f"{visit.local('/ontology')}#{fragment}", False
    if known or iri.startswith(visit.base):
        return visit.local("/about", iri=iri), False
    return (iri, True) if iri.lower().startswith(("http://", "https://")) else (None, False)


def thing(visit: Visit, description: Description, iri: str, chosen: str) -> Shown:
    """Return an IRI by its label, linked."""
    found = description.label(iri, chosen)
    target, external = href(visit, iri, known=found is not None)
    if found is None:
        plain = shortened(iri, visit.base).removeprefix(visit.base)
        return Shown(plain, target, external=external)
    text, spoken = found
    return Shown(text, target, _other(spoken, chosen), external=external)


def _other(spoken: str, chosen: str) -> str | None:
    """Return a text's language when a reader has to be told of it."""
    return spoken if spoken and spoken != chosen else None


def rows(
    visit: Visit, description: Description, quads: Iterable[Quad], chosen: str, *, incoming: bool
) -> list[Row]:
    """Return statements as the rows of a table, one for each property."""
    found = []
    ordered = sorted(quads, key=lambda q: (q.predicate.value != RDF_TYPE, q.predicate.value))
    for predicate, group in groupby(ordered, key=lambda q: q.predicate.value):
        graphs: dict[object, list[str]] = {}
        for quad in group:
            node = quad.subject if incoming else quad.object
            name = node_text(quad.graph_name).rpartition("/")[2]
            graphs.setdefault(node, []).append(name)
        values = [
            _value(visit, description, node, chosen)._replace(graphs=tuple(sorted(names)))
            for node, names in graphs.items()
        ]
        ordered_values = sorted(values, key=lambda v: v.text.casefold())
        found.append(Row(thing(visit, description, predicate, chosen), ordered_values))
    return found


def _value(visit: Visit, description: Description, node: object, chosen: str) -> Shown:
    if isinstance(node, NamedNode):
        return thing(visit, description, node.value, chosen)
    if isinstance(node, Literal):
        datatype = node.datatype.value
        plain = node.language or datatype in _PLAIN
        note = None if plain else shortened(datatype, visit.base)
        return Shown(node.value, language=node.language, note=note)
    return Shown(str(node))
