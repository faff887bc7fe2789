"""The rules' own page over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib
from rdflib import RDF, SH

from kg import rulebook
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def test_every_rule_has_a_page_in_both_languages_and_rdf(ask: Ask) -> None:
    """The IRI of each rule leads to a section of the page, and to a shape in RDF."""
    graph = rdflib.Graph().parse(data=ask("/shapes", {"Accept": "text/turtle"}).text, format="ttl")
    pages = {lang: ask("/shapes", {"Accept": "text/html"}, lang=lang).text for lang in ("en", "de")}

    for rule in rulebook.every(DEFAULT_BASE):
        node = rdflib.URIRef(rule.iri)
        assert (node, SH.severity, rdflib.URIRef(rule.severity)) in graph
        assert (node, RDF.type, None) in graph
        for page in pages.values():
            assert f'id="{rule.iri.rpartition("#")[2]}"' in page
