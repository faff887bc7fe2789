"""Facts: what a profile says, property by property, before it has a place in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kg.errors import AtlasError
from kg.identifiers import Identifiers
from kg.statements import IRI, LITERAL, Statement, literal_columns
from kg.terms import RDF_TYPE, RDFS_LABEL, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE: Final = "profiles"
"""The name of the import, of its graph, and of the folder in the workspace."""


class NotAProfileError(AtlasError):
    """What was submitted cannot be read as a profile; `faults` names the places."""

    status = 422
    title = "Not a profile"


class Fact(NamedTuple):
    """One thing that is said: the property's local name, and the term."""

    field: str
    value: str
    kind: int = LITERAL
    datatype: str | None = XSD_STRING
    language: str | None = None


class Facts(NamedTuple):
    """What a profile says of one thing, which is of a kind and has a class, by its local name."""

    kind: str
    cls: str
    facts: tuple[Fact, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"kind": self.kind, "class": self.cls, "facts": [list(fact) for fact in self.facts]}

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Facts:
        """Return what `to_json` made."""
        facts = tuple(Fact(*fact) for fact in value["facts"])
        return cls(value["kind"], value["class"], facts)

    def value(self, field: str) -> str | None:
        """Return the first value of a property."""
        return next((fact.value for fact in self.facts if fact.field == field), None)

    def replaced(self, field: str, value: str, datatype: str) -> Facts:
        """Return the same with another single value of a property."""
        kept = [fact for fact in self.facts if fact.field != field]
        return self._replace(facts=(*kept, Fact(field, value, LITERAL, datatype)))


def statements(
    base: str, identifier: str, iri: str, label: Sequence[Fact], facts: Facts, modified: str
) -> Iterator[Statement]:
    """Yield the statements of a profile; its file is named after it, its keys are the fields."""
    identifiers = Identifiers(base)
    graph, file, ours = identifiers.graph(SOURCE), f"{identifier}.json", identifiers.ontology

    def row(predicate: str, fact: Fact, field: str | None) -> Statement:
        literal = fact.kind == LITERAL
        columns: tuple[str | None, str | None] = (None, None)
        if literal:
            columns = literal_columns(fact.datatype, fact.language)
        return Statement(
            iri, predicate, fact.value, fact.kind, *columns, graph, file, 1, field, identifier,
            modified,
        )  # fmt: skip

    yield row(RDF_TYPE, Fact("type", ours + facts.cls, IRI, None), "type")
    for fact in label:
        yield row(RDFS_LABEL, fact, fact.field)
    for fact in facts.facts:
        yield row(ours + fact.field, fact, fact.field)
