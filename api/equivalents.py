"""What a look-up asks, as SPARQL: to go on from, and to see that nothing else was asked.

Conditions are the same, statement by statement. A text is not: the index knows stems, compounds,
misspelt words and other languages, SPARQL only whether a name has the words; what projects say is
asked for in the words that are really sought (`api.mentions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.matching.conditions import KINDS, READY
from kg.matching.words import written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.matching.conditions import Box, Conditions
    from kg.matching.listings import Sought

PROLOGUE: Final = """PREFIX atlas: <{ontology}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
ABOUT: Final = "atlas:technology|atlas:sector|atlas:field|atlas:masters|atlas:canOffer"
PARTY: Final = (
    "atlas:party|atlas:offeredBy|atlas:organiser|atlas:operatedBy|atlas:hasMember|atlas:holder"
)
_SAME: Final = "(skos:exactMatch|^skos:exactMatch)*"
_WITHIN: Final = f"{_SAME}/(skos:broader/{_SAME})*"
_TIMES: Final = (("start", "begin"), ("end", "end"))


def select(base: str, variables: str, pattern: Iterable[str], order: str, limit: int) -> str:
    """Return a SELECT DISTINCT with a pattern of some lines."""
    where = "\n  ".join(pattern)
    return (
        f"{PROLOGUE.format(ontology=f'{base}ontology#')}"
        f"SELECT DISTINCT {variables} WHERE {{\n  {where}\n}}\nORDER BY {order} LIMIT {limit}"
    )


def containing(variable: str, text: str) -> str:
    """Return a FILTER for texts that have every word of another, in any case."""
    found = [f'CONTAINS(LCASE({variable}), "{word}")' for word in written(text)]
    return f"FILTER({' && '.join(found)})" if found else ""


def things(base: str, kind: str, name: str, text: str, limit: int) -> str:
    """Return what asks for the things of a class whose text in a property has some words."""
    pattern = [f"?thing a atlas:{kind} ; {name} ?text .", containing("?text", text)]
    return select(base, "?thing ?text", filter(None, pattern), "?text ?thing", limit)


def related(base: str, thing: str, name: str, limit: int) -> str:
    """Return what asks for the things that a property of the ontology leads to from one."""
    pattern = [f"<{thing}> atlas:{name} ?thing .", "OPTIONAL { ?thing rdfs:label ?label }"]
    return select(base, "?thing ?label", pattern, "?label ?thing", limit)


def concepts(base: str, text: str | None, broader: str | None, limit: int) -> str:
    """Return what asks for technologies: by a text, below another, or below none."""
    if text:
        return things(base, "Technology", "skos:prefLabel", text, limit)
    below = f"?thing skos:broader <{broader}> ." if broader else "MINUS { ?thing skos:broader ?o }"
    pattern = ["?thing a atlas:Technology ; skos:prefLabel ?text .", below]
    pattern.append('FILTER(LANG(?text) = "en")')
    return select(base, "?thing ?text", pattern, "?text ?thing", limit)


def listing(base: str, sought: Sought, limit: int) -> str:
    """Return what asks for the entries that meet the conditions of a list."""
    pattern = [f"?entry a atlas:{sought.kind} ; rdfs:label ?label ."]
    if sought.types:
        listed = " ".join(f"atlas:{name}" for name in sought.types)
        pattern.append(f"VALUES ?type {{ {listed} }} ?entry a ?type .")
    if sought.text:
        pattern.append(containing("?label", sought.text))
    if sought.technologies:
        listed = " ".join(f"<{t}>" for t in sought.technologies)
        pattern.append(f"VALUES ?technology {{ {listed} }}")
        pattern.append(f"?entry ({ABOUT})/{_WITHIN} ?technology .")
    pattern += _located("?entry", sought.country, sought.region)
    if sought.organisation:
        pattern.append(f"?entry {PARTY} <{sought.organisation}> .")
    if sought.on:
        pattern += valid("?entry", sought.on.isoformat())
    if sought.trl:
        pattern += _ready(sought.trl)
    if sought.bbox:
        pattern += _inside("?entry", sought.bbox)
    return select(base, "?entry ?label", filter(None, pattern), "?label ?entry", limit)


def narrower(variable: str, concepts: Iterable[str]) -> list[str]:
    """Return lines that say which technologies are some, exact matches of them, or narrower."""
    listed = " ".join(f"<{concept}>" for concept in concepts)
    return [f"VALUES ?meant {{ {listed} }}", f"{variable} {_WITHIN} ?meant ."]


def projects(variable: str, asked: Conditions, day: str) -> list[str]:
    """Return lines that say which projects count."""
    pattern = []
    if (programme := asked.programme) is not None:
        parts = "".join(f' || STRSTARTS(STR(?programme), "{programme}{end}")' for end in ".-")
        inside = f"FILTER(?programme = <{programme}>{parts})"
        pattern.append(f"FILTER EXISTS {{ {variable} atlas:programme ?programme {inside} }}")
    if asked.running is not None:
        begun = f'(!BOUND(?begin) || ?begin <= "{day}"^^xsd:date)'
        runs = f'BOUND(?end) && ?end >= "{day}"^^xsd:date && {begun}'
        pattern += [f"OPTIONAL {{ {variable} atlas:{n}Date ?{v} }}" for n, v in _TIMES]
        pattern.append(f"FILTER({runs})" if asked.running else f"FILTER(!({runs}))")
    return pattern


def organisations(variable: str, asked: Conditions) -> list[str]:
    """Return lines that say which organisations meet the conditions on themselves.

    Those on the projects that count are not among them (`projects`).
    """
    pattern = _located(variable, asked.country, asked.region)
    if asked.kind:
        listed = " ".join(f"atlas:{KINDS.get(kind, kind)}" for kind in asked.kind)
        pattern.append(f"VALUES ?kind {{ {listed} }} {variable} a ?kind .")
    if asked.sme is not None:
        there = "" if asked.sme else "NOT "
        pattern.append(f"FILTER {there}EXISTS {{ {variable} atlas:isSme true }}")
    if asked.cluster:
        pattern.append(f"<{asked.cluster}> atlas:hasMember {variable} .")
    if asked.bbox:
        pattern += _inside(variable, asked.bbox)
    if asked.trl is not None:
        classes = " ".join(f"atlas:{name}" for name in sorted(READY))
        pattern.append(f"VALUES ?shown {{ {classes} }} ?entry a ?shown ; {PARTY} {variable} .")
        pattern += _ready(asked.trl)
    return pattern


def _located(variable: str, country: Iterable[str], region: str | None) -> list[str]:
    pattern = []
    if listed := " ".join(f"<{c}>" for c in country):
        pattern.append(f"VALUES ?country {{ {listed} }} {variable} atlas:locatedIn ?country .")
    if region:
        pattern.append(f"{variable} atlas:locatedIn <{region}> .")
    return pattern


def _inside(variable: str, box: Box) -> list[str]:
    across = "&&" if box.west <= box.east else "||"
    high = f"?latitude >= {box.south} && ?latitude <= {box.north}"
    wide = f"?longitude >= {box.west} {across} ?longitude <= {box.east}"
    return [
        f"{variable} atlas:latitude ?latitude ; atlas:longitude ?longitude .",
        f"FILTER({high} && ({wide}))",
    ]


def valid(variable: str, day: str) -> list[str]:
    """Return lines that say what is valid, or takes place, on a day."""
    begun = f'(!BOUND(?begin) || ?begin <= "{day}"^^xsd:date)'
    open_still = f'(!BOUND(?end) || ?end >= "{day}"^^xsd:date)'
    return [
        f"OPTIONAL {{ {variable} atlas:validFrom|atlas:startDate ?begin }}",
        f"OPTIONAL {{ {variable} atlas:validUntil|atlas:endDate ?end }}",
        f"FILTER({begun} && {open_still})",
    ]


def _ready(level: int) -> list[str]:
    return [
        "OPTIONAL { ?entry atlas:trlFrom ?low }",
        "OPTIONAL { ?entry atlas:trlTo ?high }",
        f"FILTER(COALESCE(?low, ?high) <= {level} && COALESCE(?high, ?low) >= {level})",
    ]
