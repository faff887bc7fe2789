"""Every rule, shown to fire and to keep silent, on small graphs: by our engine and by pySHACL.

A case is a folder `cases/<shape file>/<case>/` with `data.ttl` and `expected.csv`: the findings of
that shape file's rules, and no others. IRIs of entities are written without the base.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyshacl
import pytest
import rdflib
from rdflib import RDF, RDFS, SH

from kg import shapes
from kg.ontology import read as read_ontology
from kg.shacl import parse_shapes, read_graph, validate
from kg.shacl.nodes import parse, term_of
from kg.statements import Statement, batches
from kg.terms import DEFAULT_BASE, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CASES = Path(__file__).parent / "cases"
pytestmark = pytest.mark.filterwarnings("ignore:Parsing weird boolean:UserWarning")

FOLDERS = sorted(path.parent for path in CASES.glob("*/*/data.ttl"))
COLUMNS = ("rule", "severity", "focus", "value")

ENTITY = DEFAULT_BASE + "id/"
SHAPES = DEFAULT_BASE + "shapes#"
ATLAS = ontology_namespace(DEFAULT_BASE)

Finding = tuple[str, str, str, str]


def name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def subclass_axioms() -> Iterator[tuple[rdflib.URIRef, rdflib.URIRef, rdflib.URIRef]]:
    for row in read_ontology().subclass_statements(DEFAULT_BASE + "graph/ontology"):
        yield rdflib.URIRef(row.subject), RDFS.subClassOf, rdflib.URIRef(row.object)


# Validation sees them beside the data.
AXIOMS = tuple(subclass_axioms())
AXIOM_TERMS = tuple((term_of(s), term_of(p), term_of(o)) for s, p, o in AXIOMS)
RULES = shapes.rules()


def expected(folder: Path) -> list[Finding]:
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        assert tuple(next(rows)) == COLUMNS
        return sorted((r[0], r[1], r[2], r[3]) for r in rows)


def found_by_pyshacl(folder: Path) -> list[Finding]:
    """What the rules of the case's shape file find, judged by pySHACL."""
    data = read_graph(folder / "data.ttl")
    for axiom in AXIOMS:
        data.add(axiom)
    _, report, _ = pyshacl.validate(data, shacl_graph=shape_file(folder.parent.name))
    results = report.objects(None, SH.result)
    return sorted(finding(report, result) for result in results)


def found_by_sql(folder: Path) -> list[Finding]:
    """What the rules of the case's shape file find, judged by kg.shacl."""
    triples = [*parse(folder / "data.ttl"), *AXIOM_TERMS]
    rows = (
        Statement(s.value, p.value, *o, "urn:graph", "data.ttl", 1, None, "data.ttl")
        for s, p, o in triples
    )
    with duckdb.connect() as connection:
        connection.register("stated", pa.Table.from_batches(batches(rows)))
        connection.execute("CREATE TABLE statement AS SELECT * FROM stated")
        validate(connection, parse_shapes(shape_file(folder.parent.name), DEFAULT_BASE))
        results = connection.execute(
            "SELECT shape, severity, focus, coalesce(value, '') FROM shacl_result"
        ).fetchall()
    return sorted(
        (
            rule.removeprefix(SHAPES),
            severity.removeprefix(str(SH)),
            focus.removeprefix(ENTITY).removeprefix(ATLAS),
            value.removeprefix(ENTITY),
        )
        for rule, severity, focus, value in results
    )


def shape_file(stem: str) -> rdflib.Graph:
    return read_graph(shapes.FOLDER / f"{stem}.ttl")


def finding(report: rdflib.Graph, result: rdflib.term.Node) -> Finding:
    def part(predicate: rdflib.URIRef, prefix: str) -> str:
        value = report.value(result, predicate)
        return "" if value is None else str(value).removeprefix(prefix)

    return (
        part(SH.sourceShape, SHAPES),
        part(SH.resultSeverity, str(SH)),
        part(SH.focusNode, ENTITY).removeprefix(ATLAS),
        part(SH.value, ENTITY),
    )


@pytest.mark.parametrize("judge", [found_by_sql, found_by_pyshacl])
@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_case(folder: Path, judge: Callable[[Path], list[Finding]]) -> None:
    """The rules of one shape file find in the case's data exactly what is expected."""
    assert expected(folder) == judge(folder)


def test_every_rule_fires() -> None:
    """Each rule is expected to find something in one of its file's cases."""
    fired = {(f.parent.name, rule) for f in FOLDERS for rule, *_ in expected(f)}

    assert fired == {(rule.file, rule.iri.removeprefix(SHAPES)) for rule in RULES}


def test_every_rule_keeps_silent() -> None:
    """Each rule meets a node that it is aimed at, in a case in which it finds nothing."""
    silent: set[tuple[str, str]] = set()
    for folder in FOLDERS:
        data = read_graph(folder / "data.ttl")
        aims = aimed_at(data)
        fired = {rule for rule, *_ in expected(folder)}
        silent |= {
            (rule.file, rule.iri)
            for rule in RULES
            if rule.file == folder.parent.name
            and rule.iri.removeprefix(SHAPES) not in fired
            and aims & set(rule.targets)
        }

    assert {(rule.file, rule.iri) for rule in RULES} - silent == set()


def aimed_at(data: rdflib.Graph) -> set[str]:
    """The classes (superclasses included) and properties that a graph uses."""
    graph = rdflib.Graph()
    for axiom in AXIOMS:
        graph.add(axiom)
    classes = {
        str(above)
        for stated in set(data.objects(None, RDF.type))
        for above in graph.transitive_objects(stated, RDFS.subClassOf)
    }
    return classes | {str(predicate) for predicate in data.predicates()}


def test_cases_belong_to_shape_files() -> None:
    """There is a case folder for each shape file and a shape file for each case folder."""
    assert {f.parent.name for f in FOLDERS} == {file.stem for file in shapes.files()}
