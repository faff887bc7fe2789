"""Random data and shapes: pySHACL finds the same, result for result.

What differences.toml holds pySHACL wrong about is not generated: values without an order between
them, inverses of sequences, lengths of blank nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SH, XSD, BNode, Graph, Literal, Namespace
from rdflib.collection import Collection

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Callable

EX = Namespace("http://example.org/")
NODES = [*(EX[f"n{number}"] for number in range(5)), BNode("b0"), BNode("b1")]
TEXTS = [Literal("a"), Literal("abc"), Literal("a", lang="en"), Literal("b", lang="de")]
NUMBERS = [
    Literal(form, datatype=datatype, normalize=False)
    for form, datatype in (
        *(("1", XSD.integer), ("01", XSD.integer), ("2", XSD.integer), ("2.0", XSD.decimal)),
        *(("2.5", XSD.decimal), ("-1", XSD.integer), ("1e1", XSD.double)),
    )
]
PREDICATES = [EX.p, EX.q, EX.r]
CLASSES = [EX.A, EX.B, EX.C]


class Maker:
    """Makes a data graph and a shapes graph out of one source of chance.

    With `numeric` all values are numbers, and the components are those that compare; without it
    the values are nodes and texts, and the components are all others.
    """

    def __init__(self, chance: random.Random, *, numeric: bool) -> None:
        self.chance = chance
        self.numeric = numeric
        self.values = NUMBERS if numeric else [*NODES, *TEXTS]
        self.shapes = Graph()
        self.count = 0

    def data(self) -> Graph:
        """Return a data graph."""
        graph = Graph()
        graph.add((EX.B, RDFS.subClassOf, EX.A))
        for node in NODES:
            for kind in self.chance.sample(CLASSES, self.chance.randint(0, 2)):
                graph.add((node, RDF.type, kind))
            for predicate in PREDICATES:
                for _ in range(self.chance.randint(0, 3)):
                    graph.add((node, predicate, self.chance.choice(self.values)))
        return graph

    def target(self) -> None:
        """Add a shape with a target."""
        shape = self.shape(2)
        kinds = [
            (SH.targetClass, CLASSES),
            (SH.targetSubjectsOf, PREDICATES),
            (SH.targetNode, NODES[:5]),
        ]
        predicate, choices = self.chance.choice(kinds)
        self.shapes.add((shape, predicate, self.chance.choice(choices)))

    def list(self, members: list[Any]) -> BNode:
        """Add a list of members and return its head."""
        head = BNode()
        Collection(self.shapes, head, members)
        return head

    def path(self, depth: int = 2) -> Any:
        """Add a path and return its node."""
        draw = self.chance.random()
        if draw < 0.6 or depth == 0:
            return self.chance.choice(PREDICATES)
        if draw < 0.75:
            return self.list([self.path(depth - 1), self.path(depth - 1)])
        node = BNode()
        if draw < 0.82 and not self.numeric:
            self.shapes.add((node, SH.inversePath, self.chance.choice(PREDICATES)))
        elif draw < 0.9 or self.numeric:
            both = self.list([self.path(depth - 1), self.path(depth - 1)])
            self.shapes.add((node, SH.alternativePath, both))
        else:
            kind = self.chance.choice([SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath])
            self.shapes.add((node, kind, self.path(depth - 1)))
        return node

    def shape(self, depth: int, *, property_shape: bool | None = None) -> Any:
        """Add a shape and return its node."""
        self.count += 1
        node = EX[f"s{self.count}"]
        is_property = self.numeric or self.chance.random() < 0.6
        if property_shape or (property_shape is None and is_property):
            self.shapes.add((node, RDF.type, SH.PropertyShape))
            self.shapes.add((node, SH.path, self.path()))
            simple = self.compared() if self.numeric else {**self.plain(), **self.counted()}
        else:
            self.shapes.add((node, RDF.type, SH.NodeShape))
            simple = self.plain()
        nested = self.nested(depth) if depth and not self.numeric else {}
        for name in self.chance.sample([*simple, *nested], self.chance.randint(1, 3)):
            value = {**simple, **nested}[name]()
            self.shapes.add((node, SH[name], value))
        return node

    def compared(self) -> dict[str, Callable[[], Any]]:
        """The components that compare, with makers of their values."""
        bounds = ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive")
        pairs = ("lessThan", "lessThanOrEquals", "equals", "disjoint")
        return {
            **{name: lambda: self.chance.choice(NUMBERS) for name in bounds},
            **{name: lambda: self.chance.choice(PREDICATES) for name in pairs},
            "in": lambda: self.list(self.chance.sample(NUMBERS, 3)),
            "hasValue": lambda: self.chance.choice(NUMBERS),
            "datatype": lambda: self.chance.choice([XSD.integer, XSD.decimal]),
        }

    def plain(self) -> dict[str, Callable[[], Any]]:
        """The components that any shape can have."""
        kinds = [SH.IRI, SH.Literal, SH.BlankNodeOrIRI, SH.IRIOrLiteral]
        return {
            "class": lambda: self.chance.choice(CLASSES),
            "nodeKind": lambda: self.chance.choice(kinds),
            "datatype": lambda: self.chance.choice([XSD.string, RDF.langString]),
            "pattern": lambda: Literal(self.chance.choice(["^a", "n[0-2]$", "org"])),
            "hasValue": lambda: self.chance.choice([*NODES[:5], *TEXTS]),
            "in": lambda: self.list(self.chance.sample([*NODES[:5], *TEXTS], 4)),
            "equals": lambda: self.chance.choice(PREDICATES),
            "disjoint": lambda: self.chance.choice(PREDICATES),
            "closed": lambda: Literal(True),
            "languageIn": lambda: self.list([Literal("en")]),
        }

    def counted(self) -> dict[str, Callable[[], Any]]:
        """Those of property shapes only."""
        return {
            "minCount": lambda: Literal(self.chance.randint(0, 3)),
            "maxCount": lambda: Literal(self.chance.randint(0, 3)),
            "uniqueLang": lambda: Literal(True),
        }

    def nested(self, depth: int) -> dict[str, Callable[[], Any]]:
        """Those that refer to shapes."""

        def two() -> Any:
            return self.list([self.shape(depth - 1), self.shape(depth - 1)])

        return {
            "not": lambda: self.shape(depth - 1),
            "node": lambda: self.shape(depth - 1, property_shape=False),
            "property": lambda: self.shape(depth - 1, property_shape=True),
            "and": two,
            "or": two,
            "xone": two,
        }


def _compare(
    maker: Maker,
    by_sql: Callable[[Graph, Graph], Graph],
    by_pyshacl: Callable[[Graph, Graph], Graph],
    results: Callable[[Graph], Counter[Any]],
) -> None:
    data = maker.data()
    maker.target()
    maker.target()
    mine, theirs = (results(judge(data, maker.shapes)) for judge in (by_sql, by_pyshacl))

    assert theirs == mine, maker.shapes.serialize(format="turtle")


@settings(
    derandomize=True,
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chance=st.randoms(use_true_random=True))
def test_shapes_of_nodes_and_texts(
    chance: random.Random, by_sql: Any, by_pyshacl: Any, results: Any
) -> None:
    """All components but the comparing ones, nested, on all forms of paths."""
    _compare(Maker(chance, numeric=False), by_sql, by_pyshacl, results)


@settings(
    derandomize=True,
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chance=st.randoms(use_true_random=True))
def test_shapes_that_compare_numbers(
    chance: random.Random, by_sql: Any, by_pyshacl: Any, results: Any
) -> None:
    """Bounds, pairs and exact terms on numbers of several types."""
    _compare(Maker(chance, numeric=True), by_sql, by_pyshacl, results)
