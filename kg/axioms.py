"""Rules made from axioms: what OWL 2 lets one conclude by joining statements.

The axioms and what they become (OWL 2 Profiles, section 4.3, names the rules of OWL 2 RL in
brackets; here an expression on the left of an axiom may nest, so one rule replaces several):

| axiom | conclusion |
|---|---|
| SubClassOf, EquivalentClasses (cax-sco, cax-eqc) | members of the left are members of the right |
| SubObjectPropertyOf, SubDataPropertyOf (prp-spo1, prp-eqp) | the wider property holds too |
| a property chain (prp-spo2) | the property holds between the ends |
| InverseObjectProperties, Symmetric, Transitive (prp-inv, prp-symp, prp-trp) | as they say |
| domain and range (prp-dom, prp-rng) | the class of subject and object |

1. The left side may be a class, an intersection, a union (one rule each), someValuesFrom with a
   class or a datatype with facets, hasValue or hasSelf: `_conditions` turns it into atoms.
2. The right side may be a class, an intersection, hasValue or allValuesFrom: `_conclusions`.
   Other right sides (that something exists, a union) give no statement and hence no rule.
3. A property that a class has hasSelf with is the class written as a property: in a chain it
   becomes a condition on the class, and it is itself never concluded.
4. Disjointness, functional properties and cardinalities conclude contradictions or equality, not
   statements: HermiT (kg.reasoning) and the shapes see to them.
5. Only conclusions in our own namespace and in SKOS become rules.  The superclasses that the
   alignments give (org:Organization, prov:Activity, ...) stay in the ontology graph: each would
   repeat every entity once more per vocabulary, and a query can go through rdfs:subClassOf.
"""

from __future__ import annotations

from itertools import count, product
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

from kg.functional_syntax import axiom, chain, expression
from kg.rules import (
    COMPARABLE,
    COMPARISONS,
    Argument,
    Atom,
    Constant,
    Facet,
    Rule,
    Variable,
    distinct,
)
from kg.statements import literal_columns
from kg.terms import OWL, RDF_TYPE, RDFS, SKOS, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kg.ontology import Node, Ontology


class _Same(NamedTuple):
    """Two variables stand for the same thing; resolved when the rule is made."""

    left: Variable
    right: Variable


Condition: TypeAlias = Atom | Facet | _Same
Conjunction: TypeAlias = tuple[Condition, ...]
Conclusion: TypeAlias = tuple[Atom, Conjunction]

_X: Final = Variable("x")
_Y: Final = Variable("y")
# How the variables of a finished rule are called, in the order in which they appear.
_NAMES: Final = "xyzuvw"


def rules(ontology: Ontology) -> tuple[Rule, ...]:
    """Return the rules that follow from the axioms of an ontology, in a fixed order."""
    return distinct(_Translation(ontology).rules())


class _Translation:
    """Goes through the axioms of one ontology and yields their rules."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._scope = (ontology.namespace, SKOS)
        self._fresh = count()
        self._selves = self._self_properties()

    def rules(self) -> Iterator[Rule]:
        yield from self._class_axioms()
        yield from self._property_axioms()
        yield from self._chains()
        yield from self._characteristics()
        yield from self._domains_and_ranges()

    def _self_properties(self) -> dict[Node, list[Node]]:
        """Return each property that some class has hasSelf with, and those classes."""
        found: dict[Node, list[Node]] = {}
        for named, node in self._ontology.pairs(RDFS + "subClassOf"):
            if isinstance(named, NamedNode) and self._ontology.object(node, OWL + "hasSelf"):
                found.setdefault(self._property(node), []).append(named)
        return found

    def _property(self, restriction: Node) -> Node:
        return self._ontology.objects(restriction, OWL + "onProperty")[0]

    # Axioms -------------------------------------------------------------------------------------

    def _class_axioms(self) -> Iterator[Rule]:
        for left, right in self._ontology.pairs(RDFS + "subClassOf"):
            yield from self._subclass(left, right, self._text("SubClassOf", left, right))
        for left, right in self._ontology.pairs(OWL + "equivalentClass"):
            text = self._text("EquivalentClasses", left, right)
            yield from self._subclass(left, right, text)
            yield from self._subclass(right, left, text)

    def _subclass(self, left: Node, right: Node, text: str) -> Iterator[Rule]:
        for body in self._conditions(left, _X):
            yield from self._concluding(self._conclusions(right, _X), body, text)

    def _property_axioms(self) -> Iterator[Rule]:
        for left, right in self._ontology.pairs(RDFS + "subPropertyOf"):
            yield from self._subproperty(left, right, self._text("SubPropertyOf", left, right))
        for left, right in self._ontology.pairs(OWL + "equivalentProperty"):
            text = self._text("EquivalentProperties", left, right)
            yield from self._subproperty(left, right, text)
            yield from self._subproperty(right, left, text)
        for left, right in self._ontology.pairs(OWL + "inverseOf"):
            if isinstance(left, NamedNode):
                yield from self._inverse(left, right)

    def _subproperty(self, left: Node, right: Node, text: str) -> Iterator[Rule]:
        for body in self._links(left, _X, _Y):
            yield from self._rule(self._linked(right, _X, _Y), body, text)

    def _inverse(self, left: Node, right: Node) -> Iterator[Rule]:
        text = self._text("InverseObjectProperties", left, right)
        for one, other in ((left, right), (right, left)):
            for body in self._links(one, _X, _Y):
                yield from self._rule(self._linked(other, _Y, _X), body, text)

    def _chains(self) -> Iterator[Rule]:
        for whole, steps in self._ontology.pairs(OWL + "propertyChainAxiom"):
            parts = self._ontology.items(steps)
            text = (
                f"SubPropertyOf({chain(self._ontology, parts)} {expression(self._ontology, whole)})"
            )
            ends = [_X, *(self._variable() for _ in parts)]
            links = map(self._links, parts, ends, ends[1:])
            for body in product(*links):
                yield from self._rule(self._linked(whole, _X, ends[-1]), sum(body, ()), text)

    def _characteristics(self) -> Iterator[Rule]:
        for node in self._typed("SymmetricProperty"):
            text = self._text("SymmetricObjectProperty", node)
            for body in self._links(node, _X, _Y):
                yield from self._rule(self._linked(node, _Y, _X), body, text)
        for node in self._typed("TransitiveProperty"):
            text = self._text("TransitiveObjectProperty", node)
            middle = self._variable()
            for first, second in product(
                self._links(node, _X, middle), self._links(node, middle, _Y)
            ):
                yield from self._rule(self._linked(node, _X, _Y), first + second, text)

    def _domains_and_ranges(self) -> Iterator[Rule]:
        for name, kind, member in (("domain", "Domain", _X), ("range", "Range", _Y)):
            for node, members in self._ontology.pairs(RDFS + name):
                data = OWL + "DatatypeProperty" in self._ontology.types(node)
                text = self._text(f"{'Data' if data else 'Object'}Property{kind}", node, members)
                for body in self._links(node, _X, _Y):
                    yield from self._concluding(self._conclusions(members, member), body, text)

    def _typed(self, kind: str) -> Iterator[Node]:
        for node, found in self._ontology.pairs(RDF_TYPE):
            if found.value == OWL + kind:
                yield node

    # Expressions --------------------------------------------------------------------------------

    def _conditions(self, node: Node, about: Variable) -> list[Conjunction]:
        """Return what makes `about` a member of a class: one conjunction for each way."""
        if isinstance(node, NamedNode):
            thing = node.value == OWL + "Thing"
            return [()] if thing else [(Atom(about, RDF_TYPE, Constant(node.value)),)]
        if members := self._members(node, "intersectionOf"):
            ways = product(*(self._conditions(member, about) for member in members))
            return [sum(way, ()) for way in ways]
        if members := self._members(node, "unionOf"):
            return [way for member in members for way in self._conditions(member, about)]
        if self._ontology.objects(node, OWL + "onProperty"):
            return self._restriction(node, about)
        return []

    def _restriction(self, node: Node, about: Variable) -> list[Conjunction]:
        property_ = self._property(node)
        if filler := self._ontology.object(node, OWL + "someValuesFrom"):
            other = self._variable()
            ways = product(self._links(property_, about, other), self._filler(filler, other))
            return [first + second for first, second in ways]
        if value := self._ontology.object(node, OWL + "hasValue"):
            return self._links(property_, about, _constant(value))
        if self._ontology.object(node, OWL + "hasSelf"):
            return self._links(property_, about, about)
        return []

    def _filler(self, node: Node, about: Variable) -> list[Conjunction]:
        datatype = self._ontology.object(node, OWL + "onDatatype")
        if datatype is None:
            plain = isinstance(node, NamedNode) and node.value.startswith(XSD)
            return [(Facet(about, node.value),)] if plain else self._conditions(node, about)
        restrictions = self._ontology.objects(node, OWL + "withRestrictions")
        facets = [
            Facet(about, datatype.value, COMPARISONS.get(predicate), value.value)
            for item in restrictions
            for facet in self._ontology.items(item)
            for predicate, value in self._ontology.properties(facet)
        ]
        checkable = datatype.value in COMPARABLE and all(facet.comparison for facet in facets)
        return [tuple(facets)] if checkable else []

    def _links(self, node: Node, subject: Variable, value: Argument) -> list[Conjunction]:
        """Return what makes a property hold between two things."""
        if classes := self._selves.get(node):
            same = _Same(subject, value) if isinstance(value, Variable) else None
            members = [Atom(subject, RDF_TYPE, Constant(c.value)) for c in classes]
            return [(same, member) for member in members] if same else []
        atom = self._linked(node, subject, value)
        return [(atom,)] if atom else []

    def _linked(self, node: Node, subject: Variable, value: Argument) -> Atom | None:
        """Return the statement of a property or of an inverse; None where it cannot be one."""
        if isinstance(node, NamedNode):
            return Atom(subject, node.value, value)
        named = self._ontology.object(node, OWL + "inverseOf")
        if isinstance(named, NamedNode) and isinstance(value, Variable):
            return Atom(value, named.value, subject)
        return None

    def _conclusions(self, node: Node, about: Variable) -> list[Conclusion]:
        """Return what follows for a member of a class, each with the conditions it adds."""
        if isinstance(node, NamedNode):
            return [(Atom(about, RDF_TYPE, Constant(node.value)), ())]
        if members := self._members(node, "intersectionOf"):
            return [found for member in members for found in self._conclusions(member, about)]
        if value := self._ontology.object(node, OWL + "hasValue"):
            atom = self._linked(self._property(node), about, _constant(value))
            return [(atom, ())] if atom else []
        if filler := self._ontology.object(node, OWL + "allValuesFrom"):
            other = self._variable()
            links = self._links(self._property(node), about, other)
            found = self._conclusions(filler, other)
            return [(head, link + more) for link in links for head, more in found]
        return []

    def _members(self, node: Node, name: str) -> list[Node]:
        head = self._ontology.object(node, OWL + name)
        return self._ontology.items(head) if head else []

    # Rules --------------------------------------------------------------------------------------

    def _concluding(
        self, conclusions: Sequence[Conclusion], body: Conjunction, text: str
    ) -> Iterator[Rule]:
        for head, more in conclusions:
            yield from self._rule(head, body + more, text)

    def _rule(self, head: Atom | None, body: Conjunction, text: str) -> Iterator[Rule]:
        """Yield the rule, if its head is a statement that we conclude."""
        if head is None or not head.relation.iri.startswith(self._scope):
            return
        if NamedNode(head.relation.iri) in self._selves:
            return
        names = _names(body)
        if head.subject not in names or (
            isinstance(head.object, Variable) and head.object not in names
        ):
            return
        atoms = tuple(_renamed(part, names) for part in body if isinstance(part, Atom))
        facets = tuple(
            part._replace(variable=names[part.variable]) for part in body if isinstance(part, Facet)
        )
        yield Rule(_renamed(head, names), atoms, facets, text, self._ontology.prefixes)

    def _variable(self) -> Variable:
        return Variable(f"fresh{next(self._fresh)}")

    def _text(self, kind: str, *nodes: Node) -> str:
        return axiom(kind, self._ontology, nodes)


def _constant(value: Node) -> Constant:
    if isinstance(value, Literal):
        return Constant(value.value, *literal_columns(value.datatype.value, value.language))
    return Constant(value.value)


def _names(body: Conjunction) -> dict[Argument, Variable]:
    """Return the name in the finished rule of each variable that the atoms of a body bind."""
    stands_for = {part.right: part.left for part in body if isinstance(part, _Same)}
    names: dict[Argument, Variable] = {}
    for variable in _variables(body):
        origin = variable
        while origin in stands_for and stands_for[origin] != origin:
            origin = stands_for[origin]
        names.setdefault(origin, _name(len(set(names.values()))))
        names[variable] = names[origin]
    return names


def _variables(body: Conjunction) -> Iterator[Variable]:
    for part in body:
        if isinstance(part, Atom):
            yield part.subject
            if isinstance(part.object, Variable):
                yield part.object
        elif isinstance(part, _Same):
            yield from part


def _name(number: int) -> Variable:
    return Variable(_NAMES[number] if number < len(_NAMES) else f"v{number}")


def _renamed(atom: Atom, names: Mapping[Argument, Variable]) -> Atom:
    return Atom(names[atom.subject], atom.predicate, names.get(atom.object, atom.object))
