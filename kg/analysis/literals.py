"""Literals that nothing matches because language tag or datatype differ (RDF 1.1, section 3.3).

`"Photonics"`, `"Photonics"@en` and `"Photonics"@de` are three terms. Where a pattern, or a FILTER
with `=`, asks a property for one that it has not, the same text is looked up with the other tags
and datatypes; each look-up is one step in the store's index.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.analysis.reading import Reading
    from kg.analysis.remarks import Remark
    from kg.analysis.vocabulary import Vocabulary
    from kg.query.syntax import Node

_LANGUAGES: Final = ("en", "de", "fr", "it", "es", "pl", "mul")
_DATATYPES: Final = (
    "string",
    "integer",
    "decimal",
    "date",
    "gYear",
    "boolean",
    "anyURI",
    "dateTime",
    "double",
)


class Use(NamedTuple):
    """A literal and the property whose values it is compared with."""

    literal: Node
    verb: Node


def remarks(reading: Reading, vocabulary: Vocabulary) -> Iterator[Remark]:
    """Yield a remark for each literal that its property has with another tag or datatype only."""
    for use in _uses(reading):
        iri, term = reading.iri(use.verb), reading.term(use.literal)
        if not isinstance(term, Literal) or not vocabulary.used(iri, "property"):
            continue
        if vocabulary.has_value(iri, term):
            continue
        values = {"term": reading.source(use.verb), "literal": reading.source(use.literal)}
        if iri in vocabulary.things:
            yield reading.remark("literal-for-thing", use.literal, **values)
            continue
        other = next((o for o in _others(term) if vocabulary.has_value(iri, o)), None)
        if other is not None:
            tags = term.language or other.language
            code = "language-mismatch" if tags else "datatype-mismatch"
            yield reading.remark(code, use.literal, written(reading, other), **values)


def written(reading: Reading, term: Literal) -> str:
    """Return a literal as the query may write it."""
    text = str(Literal(term.value))
    if term.language:
        return f"{text}@{term.language}"
    if term.datatype.value == XSD + "string":
        return text
    if term.datatype.value in {XSD + "integer", XSD + "boolean"}:
        return term.value
    return f"{text}^^{reading.shown(term.datatype.value)}"


def _others(term: Literal) -> Iterator[Literal]:
    """Yield literals with the same text."""
    for datatype in _DATATYPES:
        yield Literal(term.value, datatype=NamedNode(XSD + datatype))
    for language in _LANGUAGES:
        yield Literal(term.value, language=language)


def _uses(reading: Reading) -> Iterator[Use]:
    for group in reading.tree.within("group"):
        verbs: dict[str, Node] = {}
        for pair in (p for t in group.every("triples") for p in t.within("pair")):
            path, *objects = pair.parts
            verb = _last(path)
            if verb is None:
                continue
            for value in objects:
                if value.kind == "literal":
                    yield Use(value, verb)
                elif value.kind == "var":
                    verbs[reading.source(value)[1:]] = verb
        for test in group.every("filter"):
            yield from _compared(reading, test, verbs)


def _last(path: Node) -> Node | None:
    """Return the property whose values are at the end of a path, if it is one."""
    last = path.parts[0]
    if last.kind == "sequence":
        last = last.parts[-1]
    return last if last.kind == "iri" else None


def _compared(reading: Reading, test: Node, verbs: dict[str, Node]) -> Iterator[Use]:
    """Yield literals that stand beside `=` with a variable on its other side."""
    for expression in test.within("expression"):
        for left, right in zip(expression.parts, expression.parts[1:], strict=False):
            variable, literal = (left, right) if left.kind == "var" else (right, left)
            between = reading.text[left.end : right.start].strip()
            if variable.kind != "var" or literal.kind != "literal" or between != "=":
                continue
            if re.match(r"\s*[-+*/]", reading.text[right.end : expression.end]):
                continue
            name = reading.source(variable)[1:]
            if name in verbs:
                yield Use(literal, verbs[name])
