"""`/ontology`: the ontology of the release; `/context.jsonld`: its terms for JSON-LD.

A term's IRI has a fragment (`{base}ontology#Organisation`), so its document is `/ontology` itself
and no redirect is needed (Cool URIs for the Semantic Web, section 4.1). The ontology comes out of
the release, from the graph `{base}graph/ontology`: data and terms always belong together.
"""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads annotations when it starts
from pyoxigraph import NamedNode, Quad

from api import pages, vocabularypage
from api.linked import (
    FormatQuery,
    LanguageQuery,
    Link,
    ReleaseQuery,
    Visit,
    in_forms,
    readable,
    visit,
)
from api.pages import Alternate
from api.representations import FORMS, HTML, RDF_FORMS, Form, negotiate
from kg.errors import NotFoundError
from kg.identifiers import Identifiers
from kg.terms import OWL

router = APIRouter(tags=["linked data"])

_CONTEXT: Final = "application/ld+json"


def _quads(to: Visit) -> list[Quad]:
    """Return the ontology's graph, what belongs together side by side.

    Raises:
        NotFoundError: the release has no ontology.
    """
    graph = NamedNode(Identifiers(to.base).graph("ontology"))
    found = sorted(to.opened.store.quads_for_pattern(None, None, None, graph), key=str)
    if not found:
        raise NotFoundError(f"Release {to.opened.number} has no ontology")
    return found


def _alternates(to: Visit) -> list[Alternate]:
    return [
        Alternate(f.name, f.media_type, to.local("/ontology", format=f.extension))
        for f in RDF_FORMS
    ]


def _links(to: Visit, form: Form) -> list[Link]:
    others = [a for a in _alternates(to) if a.media_type != form.media_type]
    return [
        Link(f"{to.base}ontology", "describes"),
        *(Link(a.href, "alternate", {"type": a.media_type}) for a in others),
        Link(to.local("/catalog"), "collection"),
        *(Link(one, "license") for one in to.shelf.licences([f"{to.base}graph/ontology"])),
    ]


def _answer(to: Visit, named: str | None, lang: str | None) -> Response:
    form = negotiate(to.request.headers.get("accept", ""), named)
    vary = () if named else ("Accept",)
    if form is HTML:
        return pages.answer(
            to,
            "ontology.html",
            lambda chosen: vocabularypage.content(to, _quads(to), chosen),
            lang,
            alternates=_alternates(to),
            links=_links(to, form),
            vary=vary,
        )
    document = f"{to.site}{to.local('/ontology', format=form.extension).removeprefix(to.root)}"
    headers = to.headers(form.extension, _links(to, form), vary)
    return to.answer(
        lambda: to.write(form, (*to.itself(document, f"{to.base}ontology"), *_quads(to))),
        form.content_type,
        headers,
    )


@readable(router, "/ontology", "The ontology of a release", responses=in_forms(*FORMS))
def ontology(
    request: Request,
    release: ReleaseQuery = None,
    named: FormatQuery = None,
    lang: LanguageQuery = None,
) -> Response:
    """Describe every term, as a page or in an RDF syntax."""
    return _answer(visit(request, release), named, lang)


@readable(router, "/ontology/{version}", "A version of the ontology", responses=in_forms(*FORMS))
def version_of(
    request: Request,
    version: Annotated[str, Path(description="The version, such as 1.0.0.")],
    named: FormatQuery = None,
    lang: LanguageQuery = None,
) -> Response:
    """Describe the terms if the current release has that version of the ontology.

    Raises:
        NotFoundError: it has another one.
    """
    to = visit(request)
    own = NamedNode(f"{to.base}ontology")
    known = [
        quad.object.value
        for quad in to.opened.store.quads_for_pattern(own, NamedNode(OWL + "versionIRI"), None)
        if isinstance(quad.object, NamedNode)
    ]
    if f"{own.value}/{version}" not in known:
        raise NotFoundError(f"The ontology's version is not {version!r}", versions=known)
    return _answer(to, named, lang)


@readable(
    router,
    "/context.jsonld",
    "The JSON-LD context",
    responses=in_forms(_CONTEXT),
)
def context(request: Request, release: ReleaseQuery = None) -> Response:
    """Return the context that the JSON-LD documents of a release refer to."""
    to = visit(request, release)

    def body() -> bytes:
        return json.dumps(to.shelf.context(to.opened), ensure_ascii=False, indent=1).encode()

    return to.answer(body, _CONTEXT, to.headers("context"))
