"""The same plans on Spark: equal answers from the same tables, closures on cycles included.

Run by `make test-spark`, which installs the dependency group `spark`; without it, or without Java,
these tests are skipped, with what is missing as the reason. `ATLAS_FUZZ` sets how many random
queries are tried.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from kg import savedqueries
from kg.columns import build_from_quads
from kg.columns.tables import export_tables
from kg.sparql.engine import Engine
from kg.sparql.errors import NotCompilable
from kg.sparql.formats import JSON, N_TRIPLES
from kg.terms import DEFAULT_BASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from kg.store import OpenRelease

pytest.importorskip("pyspark", reason="pyspark is not installed: make test-spark installs it")
pytest.importorskip("sqlglot", reason="sqlglot is not installed: make test-spark installs it")

from kg.sparql.spark.engine import JavaMissingError, SparkEngine, java

pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("ATLAS_FUZZ", "25"))
MOST_ROWS = 500
PREFIX = "PREFIX : <http://ex/>\n"
CYCLIC = [
    "SELECT ?a ?b { ?a :next+ ?b }",
    "SELECT ?a ?b { ?a :next* ?b }",
    "SELECT ?b { :r1 :next+ ?b }",
    "SELECT ?a { ?a (:next|^:q)+ :r2 }",
    "SELECT ?a ?b { ?a (:next/:next)* ?b . ?a :p ?c }",
    "SELECT ?a ?b { ?a ((:next+)|:q)* ?b . ?b :value ?c }",
    "SELECT ?g ?b { GRAPH ?g { :r2 :next+ ?b } }",
    "SELECT ?b { :absent :next* ?b }",
    "ASK { :r1 :next+ :r1 }",
]


def loaded(name: str, path: Path) -> ModuleType:
    """Return a module that is no part of a package."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


COMPARISON = loaded("spark_comparison", ROOT / "benchmarks" / "comparison.py")
QUESTIONS = loaded("spark_questions", ROOT / "benchmarks" / "questions.py")
RANDOM = loaded("spark_random", ROOT / "tests" / "sparql" / "test_differential.py")


class Both:
    """The two engines over the same columns."""

    def __init__(self, columns: Path, tables: Path) -> None:
        export_tables(columns, tables)
        self.duckdb = Engine.open(columns)
        self.spark = SparkEngine(self.duckdb, tables)

    def agree(self, text: str, media_type: str = JSON) -> None:
        """Check that both give the same answer."""
        expected = b"".join(self.duckdb.evaluate(text, media_type))
        found = self.spark.evaluate(text, media_type)

        assert comparable(expected, media_type) == comparable(found, media_type)


def comparable(data: bytes, media_type: str) -> Any:
    """Return an answer as something to compare."""
    if media_type == N_TRIPLES:
        return Counter(data.splitlines())
    answer = json.loads(data)
    return answer["boolean"] if "boolean" in answer else COMPARISON.bag(data)


@pytest.fixture(scope="module", autouse=True)
def _java() -> None:
    """Skip everything where Spark cannot start."""
    try:
        java()
    except JavaMissingError as missing:
        pytest.skip(missing.detail)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The engines over the graph of the differential test: every class of term, cycles, graphs."""
    folder = tmp_path_factory.mktemp("small")
    store = ox.Store()
    store.load(RANDOM.DATA.encode(), format=ox.RdfFormat.TRIG)
    build_from_quads(store, folder / "columns")
    both = Both(folder / "columns", folder / "tables")
    yield both
    both.duckdb.close()


@pytest.fixture(scope="module")
def sample(sample_release: OpenRelease, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The engines over the sample."""
    tables = tmp_path_factory.mktemp("sample")
    both = Both(sample_release.release.folder / "columns", tables)
    yield both
    both.duckdb.close()


@pytest.mark.parametrize("query", CYCLIC)
def test_closures_end_on_cycles(query: str, small: Both) -> None:
    """A path of any length gives each pair once, whatever the cycles."""
    small.agree(PREFIX + query)


def test_construct(small: Both) -> None:
    """A graph is the same triples."""
    small.agree(PREFIX + "CONSTRUCT { ?b :before ?a } WHERE { ?a :next ?b }", N_TRIPLES)


@seed(1)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(query=RANDOM.plain_queries)
def test_random_queries(query: str, small: Both) -> None:
    """Queries of the differential test's grammar have the same answers."""
    text = RANDOM.PROLOGUE + query
    try:
        expected = b"".join(small.duckdb.evaluate(text, JSON))
    except (NotCompilable, RANDOM.QuerySyntaxError):
        return
    if "boolean" in json.loads(expected) or COMPARISON.bag(expected).total() < MOST_ROWS:
        with suppress(NotCompilable):
            small.agree(text)


@pytest.mark.parametrize("name", sorted(QUESTIONS.QUERIES))
def test_analytics(name: str, sample: Both) -> None:
    """The queries that the engines are measured with have the same answers."""
    sample.agree(dict(QUESTIONS.queries())[name])


@pytest.mark.parametrize("name", sorted(savedqueries.discover(DEFAULT_BASE)))
def test_saved_queries(name: str, sample: Both) -> None:
    """Each saved query has the same answer with the examples in its file."""
    query = savedqueries.discover(DEFAULT_BASE)[name]
    sample.agree(savedqueries.Bound(query, query.examples, query.limit).text)
