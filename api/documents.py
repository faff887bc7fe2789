"""The document about a thing: its address in each form, what it says of itself, and its links.

- `{base}id/<type>/<key>` is described at `/page/<type>/<key>` (HTML) and, in every RDF syntax, at
  `/data/<type>/<key>.<extension>`.
- Any other IRI that a release knows is described at `/about?iri=<IRI>`, whose form is negotiated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from api import linked, pages
from api.linked import Link
from api.pages import Alternate
from api.representations import HTML, RDF_FORMS
from kg.description import Description, describe, exists, labels, value
from kg.errors import NotFoundError
from kg.quads import link, text, typed
from kg.terms import DCTERMS, OWL, RDF_TYPE, XSD_BOOLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from fastapi import Request
    from fastapi.responses import Response
    from pyoxigraph import Quad, Store

    from api.linked import Visit
    from api.representations import Form
    from kg.store import OpenRelease

HYDRA: Final = "http://www.w3.org/ns/hydra/core#"
PROFILE_TYPES: Final = 5
"""How many classes the header names at most."""

# What may stand in a path (RFC 3986, section 3.3); a percent sign is kept.
_PATH: Final = "/%:@!$&'()*+,;=~-._"


class PageMissingError(NotFoundError):
    """There is a description, but not that many pages of incoming statements."""


def resolve(store: Store, base: str, request: Request, prefix: str) -> str:
    """Return the IRI that a request's path stands for, the path as it was sent.

    An IRI may have been written with more or fewer percent signs than ours has; the forms are tried
    from the one that was sent on.
    """
    return resolved(store, base + prefix.lstrip("/") + raw_path(request, prefix))


def raw_path(request: Request, prefix: str) -> str:
    """Return what follows a prefix in the path of a request, with the percent signs as sent."""
    raw: bytes = request.scope["raw_path"]
    return raw.decode("latin-1").partition(prefix)[2]


def resolved(store: Store, iri: str) -> str:
    """Return the form of an IRI that a store knows, else the IRI as it is."""
    plain = unquote(iri)
    segments = (quote(unquote(segment), safe=":") for segment in iri.split("/"))
    candidates = (iri, "/".join(segments), plain)
    return next((one for one in candidates if exists(store, one)), iri)


def path(visit: Visit, iri: str, form: Form) -> tuple[str, dict[str, object]]:
    """Return path and parameters of the document about an IRI in a form."""
    entity = visit.base + "id/"
    if iri.startswith(entity):
        rest = quote(iri.removeprefix(entity), safe=_PATH)
        return (f"/page/{rest}" if form is HTML else f"/data/{rest}.{form.extension}"), {}
    return "/about", {"iri": iri, "format": form.extension}


def href(visit: Visit, iri: str, form: Form, page: int = 1) -> str:
    """Return where the document about an IRI is, below the host."""
    place, parameters = path(visit, iri, form)
    if page > 1:
        parameters["page"] = page
    return visit.local(place, **parameters)


def url(visit: Visit, iri: str, form: Form, page: int = 1) -> str:
    """Return the whole address of the document about an IRI."""
    return visit.site + href(visit, iri, form, page).removeprefix(visit.root)


def alternates(visit: Visit, iri: str, page: int = 1) -> list[Alternate]:
    """Return the RDF documents about an IRI."""
    return [Alternate(f.name, f.media_type, href(visit, iri, f, page)) for f in RDF_FORMS]


def described_by(visit: Visit, iri: str) -> list[Link]:
    """Return the links from a thing to its documents, and to its past."""
    return [
        *(
            Link(href(visit, iri, f), "describedby", {"type": f.media_type})
            for f in (*RDF_FORMS, HTML)
        ),
        *_past(visit, iri),
    ]


def _past(visit: Visit, iri: str) -> list[Link]:
    """Return the links of a Memento (RFC 7089, section 2.2)."""
    original = original_of(visit, iri)
    timemap = f"{visit.root}/timemap?iri={quote(iri, safe='')}"
    return [
        Link(original, "original timegate"),
        Link(timemap, "timemap", {"type": "application/link-format"}),
    ]


def original_of(visit: Visit, iri: str) -> str:
    """Return the address at which a thing's past can be negotiated."""
    entity = visit.base + "id/"
    if iri.startswith(entity):
        return f"{visit.root}/id/{quote(iri.removeprefix(entity), safe=_PATH)}"
    return f"{visit.root}/about?iri={quote(iri, safe='')}"


def _links(visit: Visit, description: Description, form: Form) -> list[Link]:
    """Return the links of a document (Signposting, https://signposting.org/FAIR/)."""
    iri, page = description.iri, description.page
    found = [Link(iri, "describes"), Link(iri, "cite-as")]
    others = [f for f in (*RDF_FORMS, HTML) if f is not form]
    relation = "describedby" if form is HTML else "alternate"
    for other in others:
        to = "alternate" if other is HTML else relation
        found.append(Link(href(visit, iri, other, page), to, {"type": other.media_type}))
    found.append(Link(visit.local("/catalog"), "collection"))
    found += [Link(one, "license") for one in visit.shelf.licences(description.graphs)]
    found += [Link(one, "type") for one in description.types[:PROFILE_TYPES]]
    if page > 1:
        found.append(Link(href(visit, iri, form), "first"))
        found.append(Link(href(visit, iri, form, page - 1), "prev"))
    if description.more:
        found.append(Link(href(visit, iri, form, page + 1), "next"))
    return found + _past(visit, iri)


def _itself(visit: Visit, description: Description, form: Form) -> Iterator[Quad]:
    """Yield what a document says of itself: its topic, release, graphs, licences and pages."""
    iri, page = description.iri, description.page
    this = url(visit, iri, form, page)
    yield from visit.itself(this, iri)
    for graph in description.graphs:
        yield link(this, DCTERMS + "source", graph)
    for licence in visit.shelf.licences(description.graphs):
        yield link(this, DCTERMS + "license", licence)
    if page > 1 or description.more:
        yield link(this, RDF_TYPE, HYDRA + "PartialCollectionView")
        yield link(this, HYDRA + "first", url(visit, iri, form))
    if page > 1:
        yield link(this, HYDRA + "previous", url(visit, iri, form, page - 1))
    if description.more:
        yield link(this, HYDRA + "next", url(visit, iri, form, page + 1))


def answer(
    visit: Visit,
    iri: str,
    form: Form,
    page: int = 1,
    language: str | None = None,
    vary: tuple[str, ...] = (),
) -> Response:
    """Return the document about an IRI in a form; a tombstone when an older release has it.

    Raises:
        NotFoundError: no release that is kept has it, or it has no such page.
        ParameterError: there are no pages in the language named.
    """
    description = describe(visit.opened.store, iri, page)
    if description is None:
        if page > 1 and exists(visit.opened.store, iri):
            raise PageMissingError(f"{iri} has fewer than {page} pages", iri=iri)
        return gone(visit, iri, form, language, vary)
    found = _links(visit, description, form)
    if form is HTML:
        return pages.answer(
            visit,
            "entity.html",
            lambda chosen: _page(visit, description, chosen),
            language,
            alternates=alternates(visit, iri, page),
            links=found,
            vary=vary,
        )
    return visit.answer(
        lambda: visit.write(form, (*_itself(visit, description, form), *description.quads)),
        form.content_type,
        visit.headers(form.extension, found, vary),
    )


def _page(visit: Visit, description: Description, chosen: str) -> Mapping[str, Any]:
    quads = (*description.outgoing, *description.incoming)
    words = sorted({value(q.predicate) for q in quads})
    named = replace(description, labels=(*description.labels, *labels(visit.opened.store, words)))
    iri, page = description.iri, description.page
    return {
        "name": pages.thing(visit, named, iri, chosen),
        "iri": iri,
        "types": [pages.thing(visit, named, one, chosen) for one in description.types],
        "outgoing": pages.rows(visit, named, description.outgoing, chosen, incoming=False),
        "incoming": pages.rows(visit, named, description.incoming, chosen, incoming=True),
        "licences": visit.shelf.licences(description.graphs),
        "page": page,
        "previous": href(visit, iri, HTML, page - 1) if page > 1 else None,
        "next": href(visit, iri, HTML, page + 1) if description.more else None,
    }


def gone(
    visit: Visit, iri: str, form: Form, language: str | None = None, vary: tuple[str, ...] = ()
) -> Response:
    """Return the tombstone of what a later release dropped, as 410.

    Raises:
        NotFoundError: no release that is kept has it.
    """
    found = None if visit.lasting else visit.shelf.archive.last_with(iri)
    if found is None:
        where = f"Release {visit.opened.number}" if visit.lasting else "No release that is kept"
        raise NotFoundError(f"{where} says anything of {iri}", iri=iri)
    last, after = found
    description = describe(last.store, iri)
    assert description is not None  # noqa: S101 - last_with looked
    past = linked.Visit(visit.request, last, lasting=True)
    links = [Link(href(past, iri, form), "latest-version"), *_past(visit, iri)]
    if form is HTML:
        return pages.answer(
            visit,
            "tombstone.html",
            lambda chosen: {
                "name": pages.thing(past, description, iri, chosen),
                "iri": iri,
                "after": after,
                "last": last.number,
                "href": href(past, iri, HTML),
            },
            language,
            links=links,
            vary=vary,
            status=410,
        )
    return visit.answer(
        lambda: visit.write(
            form, _tombstone(visit, description, last, after, url(past, iri, form))
        ),
        form.content_type,
        visit.headers(f"{form.extension}-gone", links, vary),
        status=410,
    )


def _tombstone(
    visit: Visit, description: Description, last: OpenRelease, after: int, address: str
) -> Iterator[Quad]:
    """Yield what remains to be said of a thing that is gone."""
    iri, release = description.iri, f"{visit.base}release/"
    yield typed(iri, OWL + "deprecated", "true", XSD_BOOLEAN)
    yield link(iri, DCTERMS + "hasVersion", address)
    yield from labels(last.store, [iri])
    yield link(address, DCTERMS + "isPartOf", f"{release}{last.number}")
    yield link(address, DCTERMS + "isReplacedBy", f"{release}{after}")
    yield text(address, OWL + "versionInfo", str(last.number))
