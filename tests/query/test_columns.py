"""The columns answer what is for them, as Oxigraph would; what they do not cover is not lost."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from pyoxigraph import Store

from kg.errors import ParameterError, QueryRefusedError, QuerySyntaxError
from kg.query.columns import Columns, promising
from kg.query.evaluation import Source, evaluate
from kg.query.request import Acceptable, Dataset, QueryRequest

if TYPE_CHECKING:
    from pathlib import Path

    from kg.query.formats import Format
    from kg.query.request import EngineName

ATLAS = "PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>"
FOR_COLUMNS = {
    "aggregate": "SELECT ?type (COUNT(*) AS ?n) { ?s a ?type } GROUP BY ?type",
    "sum": f"""{ATLAS} SELECT ?country (SUM(?net) AS ?sum) {{ ?p atlas:organisation ?o ;
        atlas:netEcContribution ?net . ?o atlas:country ?country }} GROUP BY ?country""",
    "not exists": f"""{ATLAS} SELECT DISTINCT ?o {{ ?o a atlas:Organisation
        FILTER NOT EXISTS {{ ?o atlas:participatesIn/atlas:field ?f }} }}""",
    "graph": "SELECT ?g (COUNT(?s) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
}


class Kept:
    """Keeps an answer and who gave it."""

    def __init__(self) -> None:
        self.data = b""
        self.engine = ""

    def begin(self, form: Format, *, lasting: bool, engine: str = "oxigraph") -> None:
        """Learn who answers."""
        assert form.name == "csv"
        assert lasting
        self.engine = engine

    def write(self, data: bytes, /) -> int:
        """Keep a piece."""
        self.data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def rows(self) -> list[tuple[tuple[str, str], ...]]:
        """Return the solutions, whatever the order of rows and columns."""
        table = csv.DictReader(io.StringIO(self.data.decode(), newline=""))
        return sorted(tuple(sorted(row.items())) for row in table)


@pytest.fixture(scope="module")
def source(sample_home: Path) -> Source:
    release = sample_home / "current"
    return Source.of(
        Store.read_only(str(release / "store")), None, Columns(release / "columns", 512)
    )


def ask(source: Source, text: str, engine: EngineName = "auto") -> Kept:
    kept = Kept()
    evaluate(source, QueryRequest(text, acceptable=Acceptable("csv", "csv"), engine=engine), kept)
    return kept


@pytest.mark.parametrize("name", FOR_COLUMNS)
def test_both_engines_give_the_same_solutions(source: Source, name: str) -> None:
    by_columns = ask(source, FOR_COLUMNS[name], "columns")
    by_oxigraph = ask(source, FOR_COLUMNS[name], "oxigraph")

    assert (by_columns.engine, by_oxigraph.engine) == ("columns", "oxigraph")
    assert by_columns.rows() == by_oxigraph.rows()
    assert by_columns.rows()


def test_the_query_decides(source: Source) -> None:
    """An aggregate over everything is for the columns, a look-up for Oxigraph."""
    look_up = "SELECT ?p ?o { <https://w3id.org/cluster-atlas/id/project/101056957> ?p ?o }"

    assert ask(source, FOR_COLUMNS["aggregate"]).engine == "columns"
    assert ask(source, look_up).engine == "oxigraph"


def test_what_the_columns_do_not_cover_goes_to_oxigraph(source: Source) -> None:
    """Unless the columns were asked for: then the reason is told."""
    text = "SELECT (COUNT(*) AS ?n) (SHA512('x') AS ?hash) { ?s ?p ?o }"

    assert ask(source, text).engine == "oxigraph"
    with pytest.raises(QueryRefusedError, match="Not covered by the columns"):
        ask(source, text, "columns")
    with pytest.raises(QueryRefusedError, match="what is new"):
        ask(source, "ASK { << ?s ?p ?o >> ?q ?x }", "columns")
    with pytest.raises(QuerySyntaxError):
        ask(source, "ASK { << ?s ?p >> }", "columns")


def test_a_graph_without_an_absolute_name_is_told(source: Source) -> None:
    request = QueryRequest(FOR_COLUMNS["aggregate"], Dataset(default=("no iri",)))

    with pytest.raises(ParameterError, match="names no graph"):
        evaluate(source, request, Kept())


def test_a_release_without_columns_says_so(source: Source) -> None:
    plain = Source.of(source.store)

    assert ask(plain, FOR_COLUMNS["aggregate"]).engine == "oxigraph"
    with pytest.raises(QueryRefusedError, match="no columns"):
        ask(plain, FOR_COLUMNS["aggregate"], "columns")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * { ?x :p ?y }", True),
        ("SELECT * { ?x a :Class ; :name ?n FILTER(CONTAINS(?n, 'x')) }", True),
        ("SELECT * WHERE { ?x (:p|^:q)/:r ?y . OPTIONAL { ?y :s ?z } }", True),
        ("SELECT * { ?x !:p ?y . :a :p ?x }", True),
        ("SELECT (COUNT(*) AS ?n) { :a :p ?x }", True),
        ("SELECT * { ?x :p ?y } LIMIT 100000 OFFSET 7", True),
        ("PREFIX : <http://x/COUNT#> PREFIX y: <urn:y> SELECT * { :a :p ?y }", False),
        ("BASE <http://x/> # with COUNT\nSELECT * { <a> :p ?y }", False),
        ("SELECT * { :a :p ?y }", False),
        ("SELECT * { ?x :p/:q <urn:x> ; :r ?y }", False),
        ("SELECT * { ?x :p ?y ; :r ?z , 'text' }", False),
        ("SELECT * { VALUES ?x { :a } ?x :p ?y }", False),
        ("SELECT * { ?x :p '", False),
        ("SELECT * { ?x :p ?y } LIMIT 100000", True),
        ("SELECT * { ?x :p ?y } LIMIT 100", False),
        ("SELECT * { :a :p ?y } LIMIT 100000", False),
        ("SELECT * { ?x :p* ?y } LIMIT 5", True),
        ("SELECT * { ?x (:p|^:p)? ?y } LIMIT 5", True),
        ("SELECT * { :a :p* ?y } LIMIT 5", False),
        ("SELECT * { ?x :p ?y FILTER(?y * 2 > 3) } LIMIT 5", False),
        ("ASK {}", False),
        ("ASK { FILTER(1 = 2) }", False),
    ],
)
def test_what_is_looked_at(query: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """Queries without a constant to begin at, or with a word of much work, may be for columns."""
    assert promising(query) is expected
