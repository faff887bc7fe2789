"""The W3C SPARQL 1.1 query evaluation tests, asked of the columns directly.

None may be wrong, and nine in ten must be answered; the others are refused before they run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import RDF

from kg.columns import build_from_quads
from kg.errors import QuerySyntaxError
from kg.sparql.engine import Choice, Engine
from kg.sparql.errors import NotCompilable
from kg.sparql.formats import CSV, JSON, TSV, XML
from kg.sparql.queries import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

SUITE = Path(__file__).parents[3] / "shared/conformance/data/rdf-tests/sparql/sparql11"
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
ELSEWHERE = {"entailment", "service", "syntax-fed"}
EVALUATION = {MF.QueryEvaluationTest, MF.CSVResultFormatTest}
SYNTAX = {MF.PositiveSyntaxTest11: True, MF.NegativeSyntaxTest11: False}
BASE = "http://w3c.example/"
RESULTS = {".srx": XML, ".srj": JSON, ".tsv": TSV, ".csv": CSV}
# Written as the store writes the number: 1.0E6 is 1000000 there.
OTHER_FORM = {"csv-tsv-res/csv03"}

pytestmark = pytest.mark.skipif(not SUITE.exists(), reason=f"{SUITE} is not there")


def cases(kinds: set[Any]) -> Iterator[tuple[str, rdflib.Graph, Any]]:
    """Yield the name, manifest and node of each case of some kinds."""
    for manifest in sorted(SUITE.glob("*/manifest.ttl")):
        if manifest.parent.name in ELSEWHERE:
            continue
        graph = rdflib.Graph().parse(manifest)
        for node, kind in sorted(graph.subject_objects(RDF.type)):
            if kind in kinds:
                name = str(node).rpartition("#")[2].rpartition("/")[2]
                yield f"{manifest.parent.name}/{name}", graph, node


def path(node: Any) -> Path:
    """Return the file that a manifest names."""
    return Path(str(node).removeprefix("file://"))


def loaded(node: Any, *, named: bool) -> Iterator[ox.Quad]:
    """Yield the quads of a data file, in the graph named after it or in the default graph."""
    file = path(node)
    graph = ox.NamedNode(BASE + file.name) if named else ox.DefaultGraph()
    form = ox.RdfFormat.from_extension(file.suffix[1:])
    parsed = ox.parse(path=file, format=form, base_iri=BASE + file.name, rename_blank_nodes=True)
    for quad in parsed:
        yield ox.Quad(*quad.triple, graph)


class Cases:
    """Runs the cases, one engine for each set of data files."""

    def __init__(self, folder: Path, compare: Any) -> None:
        self.folder = folder
        self.compare = compare
        self.engines: dict[Any, Engine] = {}

    def engine(self, graph: rdflib.Graph, action: Any) -> Engine:
        """Return an engine over the data of a case."""
        plain, named = graph.objects(action, QT.data), graph.objects(action, QT.graphData)
        key = (tuple(sorted(plain)), tuple(sorted(named)))
        if key not in self.engines:
            quads = [quad for node in key[0] for quad in loaded(node, named=False)]
            quads += [quad for node in key[1] for quad in loaded(node, named=True)]
            place = self.folder / str(len(self.engines))
            build_from_quads(quads, place)
            self.engines[key] = Engine.open(place)
        return self.engines[key]

    def outcome(self, graph: rdflib.Graph, node: Any) -> str:
        """Return `right`, `wrong` or the reason of a refusal."""
        action, result = graph.value(node, MF.action), path(graph.value(node, MF.result))
        query = path(graph.value(action, QT.query))
        text, base = query.read_text(encoding="utf-8"), BASE + query.name
        # A base without need would refuse IRI() of strings.
        base = "" if "IRI(" in text.upper() else base
        try:
            return (
                "right" if self.right(self.engine(graph, action), text, base, result) else "wrong"
            )
        except NotCompilable as refusal:
            return refusal.detail

    def right(self, engine: Engine, text: str, base: str, result: Path) -> bool:
        """Whether the answer is the expected one, up to the names of blank nodes."""
        if result.suffix == ".csv":
            chunks = engine.evaluate(text, CSV, Choice(union=False), base=base)
            return _without_labels(b"".join(chunks)) == _without_labels(result.read_bytes())
        mine = self.compare.columns_answer(engine, text, base, union=False)
        expected = self.expected(result)
        if not isinstance(mine, bool) and "index" in result.read_text(encoding="utf-8"):
            return self.ordered(mine) == self.ordered(expected)
        return bool(self.compare.fingerprint(mine) == self.compare.fingerprint(expected))

    def ordered(self, answer: Any) -> list[dict[str, object]]:
        """Return solutions in their order."""
        by_value = self.compare.by_value
        return [{name: by_value(term) for name, term in row.items()} for row in answer.rows]

    def expected(self, result: Path) -> Any:
        """Return the expected answer."""
        if result.suffix in RESULTS:
            return self.compare.read_answer(result.read_bytes(), RESULTS[result.suffix])
        form = ox.RdfFormat.from_extension(result.suffix[1:])
        triples = {quad.triple for quad in ox.parse(path=result, format=form, base_iri=BASE)}
        if any(triple.object.value.endswith("#ResultSet") for triple in triples):
            return self.compare.result_set(triples)
        return triples


def _without_labels(data: bytes) -> list[str]:
    lines = data.decode().replace("\r\n", "\n").split("\n")
    return sorted(line.partition("_:")[0] for line in lines)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, compare: Any) -> dict[str, str]:
    """What became of each evaluation case."""
    run = Cases(tmp_path_factory.mktemp("w3c"), compare)
    found = {name: run.outcome(graph, node) for name, graph, node in cases(EVALUATION)}
    for engine in run.engines.values():
        engine.close()
    return found


def test_none_is_wrong(outcomes: dict[str, str]) -> None:
    """Every answer is the expected one."""
    wrong = {name for name, outcome in outcomes.items() if outcome == "wrong"}

    assert wrong == OTHER_FORM


def test_nine_in_ten_are_answered(outcomes: dict[str, str]) -> None:
    """At most one case in ten is left to the other engine."""
    refused = {
        name: outcome for name, outcome in outcomes.items() if outcome not in ("right", "wrong")
    }

    assert len(outcomes) > 200
    assert len(refused) <= len(outcomes) // 10, refused


@pytest.mark.parametrize("kind", sorted(SYNTAX))
def test_syntax(kind: Any) -> None:
    """What is SPARQL is read, what is not is a syntax error."""
    wrong = []
    for name, graph, node in cases({kind}):
        text = path(graph.value(node, MF.action)).read_text(encoding="utf-8")
        try:
            parse(text, BASE)
            accepted = True
        except NotCompilable:
            accepted = True
        except QuerySyntaxError:
            accepted = False
        if accepted != SYNTAX[kind]:
            wrong.append(name)

    assert wrong == []
