"""The shipped landscape: every fact has a source, every class is in use, nothing is unusable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest

import loaders
from kg import shapes, statements
from kg.ontology import read as read_ontology
from kg.shacl import parse_shapes, validate
from kg.statements import LITERAL, Statement
from kg.terms import DEFAULT_BASE, RDF_TYPE, RDFS, RDFS_LABEL, SH
from loaders._landscape_tables import COMMON, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

SAMPLE = Path(loaders.__file__).parent / "sample"
ATLAS = DEFAULT_BASE + "ontology#"
GRAPH = DEFAULT_BASE + "graph/ontology"


@pytest.fixture(scope="module")
def landscape(load: Callable[..., Any]) -> list[Statement]:
    loaded = load("landscape", SAMPLE / "landscape")

    assert loaded.rejects == []
    return [Statement(*s) for s in loaded.statements]


@pytest.fixture(scope="module")
def others(load: Callable[..., Any]) -> list[Statement]:
    """The other samples: regions and countries, fields of science, projects of CORDIS."""
    found: list[Statement] = []
    for name in ("nuts", "euroscivoc", "cordis"):
        files = [p for p in sorted((SAMPLE / name).iterdir()) if p.suffix != ".md"]
        found += [Statement(*s) for s in load(name, *files).statements]
    return found


def typed(rows: Iterable[Statement]) -> dict[str, set[str]]:
    """The subjects of each class."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.predicate == RDF_TYPE:
            found.setdefault(row.object, set()).add(row.subject)
    return found


def stated(rows: Iterable[Statement], predicate: str) -> set[str]:
    return {row.subject for row in rows if row.predicate == predicate}


def test_every_entity_has_a_source(landscape: list[Statement]) -> None:
    """Whatever is no source itself says which source its facts are taken from."""
    entities = {row.subject for row in landscape}
    sources = typed(landscape)[ATLAS + "Source"]

    assert entities - sources - stated(landscape, ATLAS + "statedBy") == set()
    assert {r.object for r in landscape if r.predicate == ATLAS + "statedBy"} == sources


def test_every_entity_has_one_label(landscape: list[Statement]) -> None:
    """Lists show each entity once."""
    labelled = [row.subject for row in landscape if row.predicate == RDFS_LABEL]

    assert sorted(labelled) == sorted({row.subject for row in landscape})


def test_what_is_made_up_says_so(landscape: list[Statement]) -> None:
    """What comes from the source of examples is marked as illustrative and called an example."""
    example = DEFAULT_BASE + "id/source/example"
    made_up = {r.subject for r in landscape if r.object == example}
    called = {
        r.subject for r in landscape if r.predicate == RDFS_LABEL and r.object.startswith("Example")
    }

    assert made_up == stated(landscape, ATLAS + "illustrative") == called


def test_titles_are_in_both_languages(landscape: list[Statement]) -> None:
    """What has a title or a description has it in English and in German."""
    for predicate in (ATLAS + "title", ATLAS + "description"):
        rows = [row for row in landscape if row.predicate == predicate and row.kind == LITERAL]
        english, german = (
            {row.subject for row in rows if row.language == language} for language in ("en", "de")
        )

        assert english == german


def test_sample_uses_every_class(landscape: list[Statement], others: list[Statement]) -> None:
    """Each class of what is published has a member in the sample, or a subclass has one.

    Decisions of curators are kept in the workspace and not published.
    """
    ontology = read_ontology()
    used = set(typed([*landscape, *others, *ontology.statements(GRAPH)]))
    axioms = {(row.subject, row.object) for row in ontology.subclass_statements(GRAPH)}
    while above := {sup for sub, sup in axioms if sub in used} - used:
        used |= above
    classes = {iri for iri, term in ontology.own_terms.items() if term.kind == "class"}
    decisions = {sub for sub, sup in axioms if sup == ATLAS + "Decision"} | {ATLAS + "Decision"}

    assert classes - used - decisions == set()


def test_tables_speak_of_declared_terms() -> None:
    """Each class and property that a table can state is one of the ontology."""
    said = {
        name
        for table in TABLES.values()
        for column in (*COMMON.values(), *table.columns.values())
        for name in (column.predicate, *table.classes.split())
    }

    assert {ATLAS + name for name in said} - set(read_ontology().own_terms) == set()


def test_sample_has_every_table() -> None:
    """The sample shows each table, so that whoever adds rows finds the columns."""
    files = {path.stem for path in (SAMPLE / "landscape").glob("*.csv")}

    assert files == set(TABLES)


def test_sample_has_no_violation(landscape: list[Statement], others: list[Statement]) -> None:
    """Nothing shipped goes into quarantine, and nothing that it refers to is unknown."""
    context = [
        row
        for row in (*others, *read_ontology().statements(GRAPH))
        if row.predicate in (RDF_TYPE, RDFS + "subClassOf")
    ]
    with duckdb.connect() as connection:
        for name, rows in (("data", landscape), ("context", context)):
            table = pa.Table.from_batches(statements.batches(rows))
            connection.register(f"{name}_rows", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_rows")
        rules = parse_shapes(shapes.read(), DEFAULT_BASE)
        found = validate(connection, rules, data="data", context="context").by_shape()

    assert [shape for shape, severity, _ in found if severity == SH + "Violation"] == []
    assert [shape for shape, _, _ in found if shape.endswith("Known")] == []
