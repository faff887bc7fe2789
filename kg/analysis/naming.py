"""Names of classes and properties that the release does not know, and prefixes not declared.

A term is known when the ontology declares it or the release uses it. What the ontology declares and
nothing uses is said apart: it is spelled rightly, and still has no rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.analysis.nearest import close
from kg.analysis.reading import is_nowhere
from kg.prefixes import prefixes
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.analysis.reading import Reading
    from kg.analysis.remarks import Remark
    from kg.analysis.vocabulary import Role, Vocabulary
    from kg.query.syntax import Node


def undeclared(reading: Reading, vocabulary: Vocabulary, base: str) -> Iterator[Remark]:
    """Yield a remark for each prefix that is not declared, with its usual declaration."""
    known = prefixes(base)
    for token in reading.undeclared:
        name, _, local = token.text.partition(":")
        likely = name if name in known else _likely(name, local, vocabulary, known)
        suggestion = None if likely is None else f"PREFIX {name}: <{known[likely]}>"
        yield reading.remark("undeclared-prefix", token, suggestion, prefix=f"{name}:")


def _likely(name: str, local: str, vocabulary: Vocabulary, known: Mapping[str, str]) -> str | None:
    """Return the prefix that may be meant: one whose namespace has the name comes first."""
    terms = {*vocabulary.classes, *vocabulary.properties}
    having = [one for one, namespace in known.items() if namespace + local in terms]
    found = close(name, having, likeness=0.5) or close(name, known)
    return found[0] if found else None


def remarks(reading: Reading, vocabulary: Vocabulary) -> Iterator[Remark]:
    """Yield a remark for each class or property that nothing knows or uses."""
    for node, role in named(reading):
        iri = reading.iri(node)
        if not is_nowhere(iri) and not vocabulary.used(iri, role):
            yield _remark(reading, vocabulary, node, role)


def named(reading: Reading) -> Iterator[tuple[Node, Role]]:
    """Yield the IRIs of the patterns that stand for classes and properties."""
    inside = [group for group in reading.tree.parts if group.kind == "group"]
    if not inside:
        inside = reading.tree.every("template")
    for top in inside:
        for pair in top.within("pair"):
            path, *objects = pair.parts
            iris = [node for node in path.walk() if node.kind == "iri"]
            for node in iris:
                yield node, "property"
            if iris and reading.iri(iris[-1]) == RDF_TYPE and path.within("repeat") == []:
                for node in objects:
                    if node.kind == "iri":
                        yield node, "class"


def _remark(reading: Reading, vocabulary: Vocabulary, node: Node, role: Role) -> Remark:
    iri = reading.iri(node)
    declared = vocabulary.declared.get(iri)
    if declared == role:
        code = f"unused-{role}"
        found = vocabulary.narrower(iri, role)
    elif declared is not None or vocabulary.used(iri, "property" if role == "class" else "class"):
        code, found = f"not-a-{role}", []
    else:
        code, found = f"unknown-{role}", vocabulary.nearest(iri, role)
    suggestion = reading.shown(found[0]) if found else None
    return reading.remark(code, node, suggestion, term=reading.source(node))
