"""Rules: from some statements follows another, written for people and two engines.

A rule is a Datalog clause over statements.  `Rule.sparql` is its text as a CONSTRUCT query, which
a person reads and any SPARQL engine can run; kg.inference evaluates the same clause as SQL.
kg.axioms makes the rules from the ontology.

The parts: an `Atom` is a triple pattern whose predicate is fixed and, with rdf:type, its object
too; a `Facet` restricts the value of a variable (XML Schema 1.1 Datatypes, section 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from kg.terms import RDF_TYPE, XSD, XSD_DECIMAL, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Variable(NamedTuple):
    """A variable of a rule, named without the question mark."""

    name: str


class Constant(NamedTuple):
    """An IRI (no datatype), or a literal with its lexical form, datatype and language."""

    text: str
    datatype: str | None = None
    language: str | None = None


Argument: TypeAlias = Variable | Constant


class Relation(NamedTuple):
    """What an atom speaks of: a property, or with `of_class` the members of a class."""

    iri: str
    of_class: bool


class Atom(NamedTuple):
    """A triple pattern: `subject predicate object`, where only the predicate is always fixed."""

    subject: Variable
    predicate: str
    object: Argument

    @property
    def relation(self) -> Relation:
        """The property, or the class if the predicate is rdf:type."""
        if self.predicate == RDF_TYPE and isinstance(self.object, Constant):
            return Relation(self.object.text, of_class=True)
        return Relation(self.predicate, of_class=False)


class Facet(NamedTuple):
    """A variable's value has a datatype and, if there is a comparison, stands so to `value`."""

    variable: Variable
    datatype: str
    comparison: str | None = None
    value: str | None = None


# The facets that a rule can check, and the datatypes whose values it can compare.
COMPARISONS: Final = {
    XSD + "minInclusive": ">=",
    XSD + "maxInclusive": "<=",
    XSD + "minExclusive": ">",
    XSD + "maxExclusive": "<",
}
COMPARABLE: Final = frozenset({XSD_INTEGER, XSD_DECIMAL})


@dataclass(frozen=True)
class Rule:
    """If every atom of `body` is stated and every facet holds, `head` follows.

    `axiom` is the axiom that the rule comes from, in OWL 2 functional-style syntax; `prefixes` are
    for the text.
    """

    head: Atom
    body: tuple[Atom, ...]
    facets: tuple[Facet, ...]
    axiom: str
    prefixes: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def sparql(self) -> str:
        """The rule as a SPARQL 1.1 CONSTRUCT query."""
        patterns = " . ".join(map(self._pattern, self.body))
        filters = "".join(f" FILTER({self._condition(facet)})" for facet in self.facets)
        query = f"CONSTRUCT {{ {self._pattern(self.head)} }}\nWHERE {{ {patterns}{filters} }}\n"
        used = sorted(p for p in self.prefixes if f"{p}:" in query)
        return "".join(f"PREFIX {p}: <{self.prefixes[p]}>\n" for p in used) + query

    def _pattern(self, atom: Atom) -> str:
        predicate = "a" if atom.predicate == RDF_TYPE else self._iri(atom.predicate)
        return f"{self._argument(atom.subject)} {predicate} {self._argument(atom.object)}"

    def _argument(self, argument: Argument) -> str:
        if isinstance(argument, Variable):
            return f"?{argument.name}"
        if argument.datatype is None:
            return self._iri(argument.text)
        text = argument.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        if argument.language:
            return f'"{text}"@{argument.language}'
        plain = argument.datatype == XSD_STRING
        return f'"{text}"' if plain else f'"{text}"^^{self._iri(argument.datatype)}'

    def _condition(self, facet: Facet) -> str:
        variable = f"?{facet.variable.name}"
        typed = f"datatype({variable}) = {self._iri(facet.datatype)}"
        compared = f" && {variable} {facet.comparison} {facet.value}" if facet.comparison else ""
        return typed + compared

    def _iri(self, iri: str) -> str:
        return compact(iri, self.prefixes)


def compact(iri: str, prefixes: Mapping[str, str]) -> str:
    """Return an IRI as prefixed name where a prefix fits, else between < and >."""
    for prefix, namespace in prefixes.items():
        name = iri.removeprefix(namespace)
        if name != iri and name.replace("-", "").replace("_", "").isalnum():
            return f"{prefix}:{name}"
    return f"<{iri}>"


def distinct(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules in a fixed order, without tautologies and doubles.

    Two rules that say the same keep the axiom that comes first in the alphabet.
    """
    found: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: (rule.sparql, rule.axiom)):
        if rule.head not in rule.body:
            found.setdefault(rule.sparql, rule)
    return tuple(found.values())
