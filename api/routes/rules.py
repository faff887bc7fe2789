"""`/shapes`: the rules by which findings are told, each at its own IRI.

A rule's IRI has a fragment (`{base}shapes#ProjectPeriodOrder`), so its document is `/shapes` itself
and no redirect is needed (Cool URIs for the Semantic Web, section 4.1). As RDF it is the shapes
graph with which imports are validated; the rules that are no shapes (kg.rulebook) are described in
the same terms, without a target.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph
from fastapi import APIRouter, Request
from fastapi.responses import Response  # noqa: TC002 - FastAPI reads annotations when it starts
from pyoxigraph import Literal, NamedNode, Quad

from api import pages
from api.linked import FormatQuery, LanguageQuery, Link, Visit, in_forms, readable, visit
from api.pages import Alternate
from api.representations import FORMS, HTML, RDF_FORMS, negotiate
from kg import rulebook, shapes
from kg.prefixes import shortened
from kg.terms import RDF_TYPE, RDFS_LABEL, SH, ontology_namespace, rebase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.shapes import Rule

router = APIRouter(tags=["linked data"])

_WORDS: Final = {
    "en": {
        "title": "Rules",
        "intro": "What imports and profiles are checked for. A violation keeps a record from being "
        "published; warnings and hints only tell.",
        "reading": "Reading and contradictions",
        "message": "Message",
        "hint": "What to do",
        "of": "Looks at",
        "path": "Property",
        "Violation": "Violation",
        "Warning": "Warning",
        "Info": "Hint",
    },
    "de": {
        "title": "Regeln",
        "intro": "Worauf Importe und Profile geprüft werden. Eine Verletzung hält einen Datensatz "
        "von der Veröffentlichung ab; Warnungen und Hinweise teilen nur etwas mit.",
        "reading": "Lesen und Widersprüche",
        "message": "Meldung",
        "hint": "Was zu tun ist",
        "of": "Betrifft",
        "path": "Eigenschaft",
        "Violation": "Verletzung",
        "Warning": "Warnung",
        "Info": "Hinweis",
    },
}


@lru_cache(maxsize=4)
def _rules(base: str) -> list[Rule]:
    """Return the rules, which are part of the code and do not change while it runs."""
    return rulebook.every(base)


def _quads(base: str) -> Iterator[Quad]:
    """Yield the shapes graph, and what there is to say of the rules that are no shapes."""
    for file in shapes.files():
        text = rebase(file.read_text(encoding="utf-8"), base)
        for quad in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE):
            yield Quad(*quad.triple)
    for rule in _rules(base):
        if rule.file == "reading":
            yield from _described(rule, base)


def _described(rule: Rule, base: str) -> Iterator[Quad]:
    node, hint = NamedNode(rule.iri), ontology_namespace(base) + "hint"
    yield Quad(node, NamedNode(RDF_TYPE), NamedNode(f"{SH}Shape"))
    yield Quad(node, NamedNode(f"{SH}severity"), NamedNode(rule.severity))
    texts = ((RDFS_LABEL, rule.names), (f"{SH}message", rule.messages), (hint, rule.hints))
    for predicate, by_language in texts:
        for language, text in by_language.items():
            yield Quad(node, NamedNode(predicate), Literal(text, language=language))


def _content(to: Visit, chosen: str) -> Mapping[str, Any]:
    """Return what the template needs: the rules by file, in a language."""
    words = _WORDS[chosen]
    groups = [
        {
            "id": f"file-{file}",
            "title": words.get(file, file),
            "rules": [_entry(to, rule, chosen) for rule in rules],
        }
        for file, rules in groupby(_rules(to.base), key=lambda rule: rule.file)
    ]
    return {"iri": f"{to.base}shapes", "groups": groups, "texts": words}


def _entry(to: Visit, rule: Rule, chosen: str) -> dict[str, Any]:
    return {
        "id": rule.iri.rpartition("#")[2],
        "label": rule.names[chosen],
        "severity": _WORDS[chosen].get(rule.severity.removeprefix(SH), ""),
        "comment": rule.descriptions.get(chosen, ""),
        "message": rule.messages[chosen],
        "hint": rule.hints[chosen],
        "targets": [(shortened(t, to.base), _href(to, t)) for t in rule.targets],
        "path": rule.path or "",
    }


def _href(to: Visit, iri: str) -> str | None:
    return pages.href(to, iri, known=False)[0]


@readable(router, "/shapes", "The rules by which findings are told", responses=in_forms(*FORMS))
def rules(request: Request, named: FormatQuery = None, lang: LanguageQuery = None) -> Response:
    """Describe every rule with its message and hint, as a page or in an RDF syntax."""
    to = visit(request)
    form = negotiate(request.headers.get("accept", ""), named)
    alternates = [
        Alternate(f.name, f.media_type, to.local("/shapes", format=f.extension)) for f in RDF_FORMS
    ]
    links = [
        Link(f"{to.base}shapes", "describes"),
        *(
            Link(a.href, "alternate", {"type": a.media_type})
            for a in alternates
            if a.media_type != form.media_type
        ),
    ]
    vary = () if named else ("Accept",)
    if form is HTML:
        return pages.answer(
            to,
            "shapes.html",
            lambda chosen: _content(to, chosen),
            lang,
            alternates=alternates,
            links=links,
            vary=vary,
        )
    headers = to.headers(f"shapes-{form.extension}", links, vary)
    return to.answer(lambda: to.write(form, _quads(to.base)), form.content_type, headers)
