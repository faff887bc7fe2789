"""`/.well-known/void` and `/catalog`: what there is, and where to fetch it.

`/.well-known/void` (VoID, section 7.2) is where harvesters begin; `/catalog` has the DCAT-AP
description and, for people, the page that the server begins with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import pages
from api.linked import (
    FormatQuery,
    LanguageQuery,
    Link,
    NumberPath,
    ReleaseQuery,
    Visit,
    in_forms,
    readable,
    visit,
)
from api.pages import Alternate, Shown
from api.representations import HTML, RDF_FORMS, Form, negotiate
from kg import catalogue, distribution
from kg.catalogue import Catalogue
from kg.description import Description, labels

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(tags=["linked data"])

_CLASSES = 40
"""How many classes the page lists, the largest first."""


def described(to: Visit) -> Catalogue:
    """Return the catalogue of a release; its dumps are made if nobody asked for them before.

    Raises:
        BusyError: they are being made by somebody else and take long.
    """
    memory = to.request.app.state.settings.memory
    made = distribution.of(to.opened, to.base, memory)
    return Catalogue(to.opened, made, to.shelf.sources(), to.base, to.site)


def _void_links(to: Visit, form: Form) -> list[Link]:
    place = "/.well-known/void"
    others = [f for f in RDF_FORMS if f is not form]
    return [
        Link(f"{to.base}dataset", "describes"),
        *(
            Link(to.local(place, format=f.extension), "alternate", {"type": f.media_type})
            for f in others
        ),
        Link(to.local("/catalog"), "collection"),
    ]


@readable(
    router,
    "/.well-known/void",
    "The VoID description of a release",
    responses=in_forms(*RDF_FORMS),
)
def well_known_void(
    request: Request, release: ReleaseQuery = None, named: FormatQuery = None
) -> Response:
    """Describe the dataset: counts, partitions, links to other datasets, dumps and endpoint."""
    to = visit(request, release)
    form = negotiate(request.headers.get("accept", ""), named, RDF_FORMS)
    headers = to.headers(form.extension, _void_links(to, form), () if named else ("Accept",))
    return to.answer(
        lambda: to.write(form, catalogue.void(described(to))), form.content_type, headers
    )


def _alternates(to: Visit) -> list[Alternate]:
    return [
        Alternate(f.name, f.media_type, to.local("/catalog", format=f.extension)) for f in RDF_FORMS
    ]


def _catalog_links(to: Visit, form: Form, known: Catalogue) -> list[Link]:
    relation = "describedby" if form is HTML else "alternate"
    others = [a for a in _alternates(to) if a.media_type != form.media_type]
    links = [Link(f"{to.base}catalog", "describes"), Link(f"{to.base}dataset", "cite-as")]
    links += [Link(a.href, relation, {"type": a.media_type}) for a in others]
    links.append(Link(to.local("/.well-known/void"), "describedby"))
    links += [
        Link(known.url(file), "item", {"type": file.content_type}) for file in known.files(None)
    ]
    links += [Link(one, "license") for one in to.shelf.licences(known.graphs)]
    links += [Link("http://www.w3.org/ns/dcat#Catalog", "type")]
    return links


@readable(router, "/catalog", "The DCAT-AP catalogue", responses=in_forms(*RDF_FORMS, HTML))
def catalog(
    request: Request,
    release: ReleaseQuery = None,
    named: FormatQuery = None,
    lang: LanguageQuery = None,
) -> Response:
    """Describe the catalogue, the dataset of each source and the files, or show them as a page."""
    to = visit(request, release)
    form = negotiate(request.headers.get("accept", ""), named)
    known, vary = described(to), () if named else ("Accept",)
    links = _catalog_links(to, form, known)
    if form is HTML:
        return pages.answer(
            to,
            "catalogue.html",
            lambda chosen: _page(to, known, chosen),
            lang,
            alternates=_alternates(to),
            links=links,
            vary=vary,
        )
    headers = to.headers(form.extension, links, vary)
    return to.answer(lambda: to.write(form, catalogue.dcat(known)), form.content_type, headers)


def _page(to: Visit, known: Catalogue, chosen: str) -> Mapping[str, Any]:
    counted = known.distribution.statistics()
    classes = list(counted.classes.items())[:_CLASSES]
    named = labels(to.opened.store, (iri for iri, _ in classes))
    names = Description("", (), (), tuple(named), 1, more=False)
    return {
        "iri": known.dataset,
        "title": catalogue.TITLE[chosen],
        "description": catalogue.DESCRIPTION[chosen],
        "licences": to.shelf.licences(known.graphs),
        "triples": to.opened.release.manifest["quads"],
        "whole": _files(known, None),
        "graphs": [_graph(known, graph, chosen) for graph in known.graphs],
        "classes": [
            {"shown": pages.thing(to, names, iri, chosen), "count": count} for iri, count in classes
        ],
    }


def _graph(known: Catalogue, graph: str, chosen: str) -> Mapping[str, Any]:
    title, licence = known.title(graph), known.licence(graph)
    text, source = title.get(chosen) or title["en"], known.source(graph)
    return {
        "shown": Shown(text, source.homepage, external=True) if source else Shown(text),
        "triples": known.distribution.statistics().graphs[graph].triples,
        "licence": Shown(pages.licence(licence), licence, external=True),
        "files": _files(known, graph),
    }


def _files(known: Catalogue, graph: str | None) -> list[dict[str, Any]]:
    return [
        {"name": file.name, "href": known.url(file), "size": file.size}
        for file in known.files(graph)
    ]


@readable(router, "/dataset", "The dataset", status_code=303)
def dataset(request: Request) -> RedirectResponse:
    """Answer 303 with the description of the dataset, which is no document."""
    return RedirectResponse(visit(request).local("/.well-known/void"), 303)


@readable(router, "/release/{number}", "A release", status_code=303)
def release_of(request: Request, number: NumberPath) -> RedirectResponse:
    """Answer 303 with the catalogue as of a release.

    Raises:
        UnknownReleaseError: it is not kept.
    """
    return RedirectResponse(visit(request, number).local("/catalog"), 303)
