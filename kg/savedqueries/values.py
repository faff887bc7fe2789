"""Which values a parameter takes that names a thing, with how much there is of each.

A value counts what a query can find with it: a technology its projects, a country or region the
organisations there, an organisation its projects. What counts nothing is not listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import Literal

from kg.terms import rebase

if TYPE_CHECKING:
    from kg.savedqueries.definition import Parameter


class Listing(NamedTuple):
    """The query for the values of a parameter, and what it counts, in English."""

    text: str
    counted: str


class _Counted(NamedTuple):
    cls: str
    pattern: str
    counted: str


_COUNTED: Final = {
    "technology": _Counted("Technology", "?one atlas:field ?value", "projects"),
    "country": _Counted("Country", "?one atlas:country ?value", "organisations"),
    "region": _Counted(
        "Region", "?one atlas:locatedIn ?value ; a atlas:Organisation", "organisations"
    ),
    "organisation": _Counted("Organisation", "?value atlas:participatesIn ?one", "projects"),
}

LISTED: Final = frozenset(_COUNTED)
"""The kinds of parameter whose values are listed."""

_QUERY: Final = """PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?value ?label ?count WHERE {{
  {{ SELECT ?value (COUNT(DISTINCT ?one) AS ?count) WHERE {{ {pattern} }} GROUP BY ?value }}
  {{ SELECT ?value (MIN(CONCAT(?place, STR(?name))) AS ?label) WHERE {{
       ?value a atlas:{cls} ; rdfs:label ?name
       BIND(IF(LANG(?name) IN ("", "en"), "0", "1") AS ?place) }} GROUP BY ?value }}{match}
}}
ORDER BY DESC(?count) ?label ?value LIMIT {limit}"""

_MATCH: Final = """
  {{ SELECT DISTINCT ?value WHERE {{
    VALUES ?naming {{ rdfs:label skos:prefLabel skos:altLabel atlas:shortName }}
    ?value a atlas:{cls} ; ?naming ?other
    FILTER(CONTAINS(LCASE(STR(?other)), LCASE({text}))) }} }}"""


def listing(parameter: Parameter, text: str, limit: int, base: str) -> Listing | None:
    """Return the query for values that a text is part of the name of, the greatest count first.

    None for a kind that names no thing. The columns are value, label and count; a label begins with
    a digit, by which those in English come first.

    Raises:
        ValueError: the text is no Unicode text.
    """
    found = _COUNTED.get(parameter.kind.name)
    if found is None:
        return None
    match = _MATCH.format(cls=found.cls, text=Literal(text)) if text else ""
    query = rebase(_QUERY, base).format(
        pattern=found.pattern, cls=found.cls, match=match, limit=limit
    )
    return Listing(query, found.counted)
