"""Which engine a query is for: what is wrong elsewhere, what is much, what is little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from kg.columns import build_from_quads
from kg.sparql.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "PREFIX : <http://ex/>\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine over ten thousand things that know each other."""
    folder = tmp_path_factory.mktemp("routing")
    knows, name = ox.NamedNode("http://ex/knows"), ox.NamedNode("http://ex/name")
    things = [ox.NamedNode(f"http://ex/{number}") for number in range(10_000)]
    quads = [
        ox.Quad(thing, knows, things[(number * 7) % 10_000]) for number, thing in enumerate(things)
    ]
    hub = ox.NamedNode("http://ex/hub")
    quads += [ox.Quad(thing, ox.NamedNode("http://ex/visits"), hub) for thing in things[:4000]]
    club = ox.NamedNode("http://ex/club")
    quads += [ox.Quad(thing, ox.NamedNode("http://ex/visits"), club) for thing in things[:150]]
    quads += [ox.Quad(t, ox.NamedNode("http://ex/visits"), t) for t in things]
    quads += [ox.Quad(thing, name, ox.Literal(thing.value[-3:])) for thing in things]
    build_from_quads(quads, folder)
    with Engine.open(folder) as made:
        yield made


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { :1 ?p ?o }",
        "SELECT ?n { :1 :knows/:name ?n }",
        "SELECT (COUNT(*) AS ?n) { :1 :knows ?x . ?x :knows ?y }",
        "SELECT * { VALUES ?x { :1 :2 } ?x :name ?n OPTIONAL { ?x :knows ?y } }",
        "ASK { :1 :knows* :2 }",
        "SELECT * { :1 :knows* ?y }",
        "SELECT * { ?x :absent*/:absent ?y } LIMIT 5",
        "ASK {}",
        "ASK { ?x :knows ?y }",
        "SELECT * { ?a :knows ?b . ?c :knows ?d . ?e :knows ?f }",
        "DESCRIBE :1",
        "SELECT * { ?x :missing ?y . ?y :name ?n }",
        "SELECT (COUNT(*) AS ?n) { ?x :visits :1 }",
        "SELECT * { ?x :knows ?y . ?y :name ?n } LIMIT 20",
        "SELECT (COUNT(*) AS ?n) { VALUES ?z { :1 :2 } ?x :visits ?z }",
    ],
)
def test_little_goes_to_oxigraph(query: str, engine: Engine) -> None:
    """Look-ups that begin at constants touch few rows."""
    assert engine.advise(PREFIX + query).engine == "oxigraph"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (COUNT(*) AS ?n) { ?x :knows ?y }",
        "SELECT ?x { ?x :name ?n } ORDER BY ?n LIMIT 1",
        "SELECT ?x { ?x :name '1' FILTER NOT EXISTS { ?y :knows ?z } }",
        "SELECT * { ?x :knows+ ?y }",
        "SELECT * { VALUES ?z { :1 } ?x :name ?n MINUS { ?x :knows ?z } }",
        "SELECT (COUNT(*) AS ?n) { ?x :visits :hub }",
        "SELECT * { ?x :knows ?y . ?y :name ?n } LIMIT 5000",
        "SELECT * { ?x :visits :club . ?x :knows ?y }",
        """SELECT * { { SELECT ?x (COUNT(?y) AS ?n) { ?x :knows ?y } GROUP BY ?x }
        OPTIONAL { SELECT ?x (COUNT(?y) AS ?m) { ?x :visits ?y } GROUP BY ?x }
        OPTIONAL { SELECT ?x (COUNT(?y) AS ?k) { ?x :name ?y } GROUP BY ?x } }""",
        "SELECT (COUNT(*) AS ?n) { VALUES ?z { :1 :hub } ?x :visits ?z }",
        "SELECT (COUNT(*) AS ?c) { :hub ^:visits/:name ?n }",
        "SELECT * { ?x :absent* ?y }",
        "SELECT * { ?x (:absent|^:absent)* ?y } LIMIT 5",
        "SELECT * { ?x ^(:absent?/:absent*) ?y FILTER(?x != ?y) } ORDER BY ?x LIMIT 5",
    ],
)
def test_much_goes_to_the_columns(query: str, engine: Engine) -> None:
    """Scans, aggregates over much and EXISTS are for the columns."""
    assert engine.advise(PREFIX + query).engine == "columns"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { GRAPH ?g { { SELECT ?x { :1 :knows ?x } } } }",
        "SELECT * { GRAPH ?g { VALUES ?x { :1 } } }",
        "SELECT * { GRAPH ?g { :1 :knows ?x MINUS { ?x :knows :2 } } }",
        "SELECT * { :1 (:knows|:name) ?x }",
        "SELECT * { :1 :knows/(:knows|^:knows) ?x }",
        "SELECT * { :1 !(:knows|^:knows) ?x }",
        "SELECT * { ?x :knows? 'absent' }",
    ],
)
def test_what_oxigraph_gets_wrong_goes_to_the_columns(query: str, engine: Engine) -> None:
    """A known fault outweighs every estimate."""
    advice = engine.advise(PREFIX + query)

    assert advice.engine == "columns"
    assert "rows" not in advice.reason
