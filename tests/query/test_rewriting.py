"""What the engine gets wrong is answered rightly, or refused with what to write instead.

A case is a folder: `query.rq` over `cases/data.trig`, and `answer.tsv` (its rows in order) or
`refused.txt` (what the reason must say).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, RdfFormat, Store

from kg.errors import QueryRefusedError
from kg.query.evaluation import Source, run
from kg.query.request import WHOLE
from kg.query.rewriting import rewrite, suspicious
from kg.query.tokens import tokenize

CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="module")
def source() -> Source:
    """The data of all cases."""
    store = Store()
    store.load(path=CASES / "data.trig", format=RdfFormat.TRIG)
    return Source.of(store)


def answer(source: Source, query: str) -> str:
    results = run(source, query, WHOLE)
    assert isinstance(results, QuerySolutions | QueryBoolean)
    text = results.serialize(format=QueryResultsFormat.TSV)
    assert text is not None
    head, *rows = text.decode().splitlines()
    return "\n".join([head, *sorted(rows)]) + "\n"


@pytest.mark.parametrize("case", sorted(p.parent.name for p in CASES.glob("*/query.rq")))
def test_cases(source: Source, case: str) -> None:
    """The answer is the standard's, whatever the engine would say."""
    query = (CASES / case / "query.rq").read_text(encoding="utf-8")
    refused = CASES / case / "refused.txt"
    if refused.exists():
        with pytest.raises(QueryRefusedError) as caught:
            run(source, query, WHOLE)
        assert refused.read_text(encoding="utf-8").strip() in caught.value.detail
    else:
        expected = (CASES / case / "answer.tsv").read_text(encoding="utf-8")
        assert answer(source, query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s a ?c FILTER(?s != ?c) } GROUP BY ?s",
        "SELECT * { ?s <p:a>/<p:b>+ ?o }",
        "SELECT (2 * 3 AS ?x) {}",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o OPTIONAL { ?o ?q ?z } }",
    ],
)
def test_what_is_right_is_not_even_parsed(query: str) -> None:
    """Most queries hold nothing that the engine could get wrong."""
    assert not suspicious(tokenize(query))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { GRAPH ?g { ?s ?p ?o OPTIONAL { ?s <p:q> ?z } FILTER EXISTS { ?s ?a ?b } } }",
        "SELECT * { ?s <p:a>* ?o . ?o (<p:a>|<p:b>)+ ?z }",
        "ASK { ?s <p:a>|<p:b> ?o }",
        "SELECT * { ?s ?p ?o FILTER NOT EXISTS { ?s <p:a>|<p:b> ?o } }",
        "SELECT (COUNT(*) AS ?n) (SUM(?x) AS ?m) { ?s ?p ?x }",
        "SELECT (1 AS ?n) (?n * 2 AS ?m) {}",
    ],
)
def test_what_the_engine_gets_right_stays_as_it_is(source: Source, query: str) -> None:
    """To the last character."""
    written = rewrite(query, tokenize(query), lambda text: run(source, text, WHOLE))

    assert written == query
