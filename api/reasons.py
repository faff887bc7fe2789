"""Why something was found by a text: the terms of its score with the statements behind them.

They have the shape of the explanations of rankings (kg.matching.explanation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import NamedNode

from kg.terms import RDFS_LABEL, SKOS, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from api.linked import Visit

_NAMES: Final = ("legalName", "shortName", "title", "acronym")
_LABELS: Final = {
    RDFS_LABEL: "rdfs:label",
    f"{SKOS}prefLabel": "skos:prefLabel",
    f"{SKOS}altLabel": "skos:altLabel",
}


def term(
    name: str,
    value: float,
    formula: str,
    text: str = "",
    statements: Iterable[dict[str, str]] = (),
    weight: float = 1.0,
) -> dict[str, Any]:
    """Return a term of a score: its value, weight, formula, words for people and statements."""
    said = list(statements)
    return {
        "term": name,
        "value": round(value, 6),
        "weight": round(weight, 6),
        "contribution": round(weight * value, 6),
        "formula": formula,
        "text": text,
        "statements": said,
        "of": len(said),
    }


def named(at: Visit, thing: str, name: str) -> Iterator[dict[str, str]]:
    """Yield the statements of a release by which a thing has a name."""
    ontology = ontology_namespace(at.base)
    shown = _LABELS | {ontology + short: short for short in _NAMES}
    for iri, short in shown.items():
        quads = at.opened.store.quads_for_pattern(NamedNode(thing), NamedNode(iri), None)
        if any(getattr(quad.object, "value", None) == name for quad in quads):
            yield {"subject": thing, "predicate": short, "object": name}


def leading(at: Visit, thing: str, target: str) -> Iterator[dict[str, str]]:
    """Yield the statements of a release by which a thing has another one."""
    ontology = ontology_namespace(at.base)
    quads = at.opened.store.quads_for_pattern(NamedNode(thing), None, NamedNode(target))
    for iri in sorted({quad.predicate.value for quad in quads}):
        if iri.startswith(ontology):
            short = iri.removeprefix(ontology)
            yield {"subject": thing, "predicate": short, "object": target}
