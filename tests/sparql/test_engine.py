"""The engine as its callers meet it: formats, datasets, limits, refusals."""

from __future__ import annotations

import json
import threading
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from kg.columns import build_from_quads
from kg.errors import NotAcceptableError, QuerySyntaxError, QueryTimeoutError
from kg.sparql.engine import Choice, Engine
from kg.sparql.errors import NotCompilable
from kg.sparql.formats import CSV, FORMATS, JSON, N_TRIPLES, TSV, TURTLE, XML
from kg.sparql.watchdog import WATCHDOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PREFIX = "PREFIX : <http://ex/>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
DATA = """
@prefix : <http://ex/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:a :name "A, \\"quoted\\"\\n<tag> & tab\\t" ; :amount 1.50 , 2 ; :label "eins"@de-AT ; :knows _:x .
_:x :name "\\u00e9 \\U0001D11E" ; :since "2024-02-29"^^xsd:date ; :ok true ; :kind "k"^^:type .
:g1 { :a :knows :b . :b :next :c . :c :next :b }
:g2 { :a :knows :b , :d }
"""


def ask(engine: Engine, query: str, media_type: str = JSON, choice: Choice | None = None) -> bytes:
    """Return a whole answer."""
    return b"".join(engine.evaluate(PREFIX + query, media_type, choice or Choice(union=False)))


@pytest.mark.parametrize("media_type", [JSON, XML, CSV, TSV])
def test_formats_say_the_same_as_the_store(
    media_type: str, engine: Engine, store: ox.Store, compare: Any
) -> None:
    """Every kind of term comes back from every format as the store writes it."""
    query = "SELECT ?s ?p ?o { ?s ?p ?o }"
    form = ox.QueryResultsFormat.from_media_type(media_type)
    theirs = store.query(query).serialize(format=form)
    assert theirs is not None

    mine = ask(engine, query, media_type)

    if media_type == CSV:
        lines = {line.partition(b"_:")[0] for line in theirs.split(b"\r\n")}
        assert lines == {line.partition(b"_:")[0] for line in mine.split(b"\r\n")}
    else:
        expected = compare.read_answer(theirs, media_type)
        found = compare.read_answer(mine, media_type)
        assert compare.fingerprint(expected) == compare.fingerprint(found)


@pytest.mark.parametrize("media_type", [JSON, XML, TSV])
def test_computed_and_unbound_cells(media_type: str, engine: Engine, compare: Any) -> None:
    """Computed values of each class are literals with their datatype, errors are left out."""
    query = """SELECT (1/3 AS ?d) (2e0 AS ?e) (1+1 AS ?i) (1 = 2 AS ?b) ("x"+1 AS ?u)
        (STRLANG("x", "EN") AS ?l) (IRI("http://ex/i") AS ?r) (CONCAT("a", "\\"") AS ?c)
        (xsd:date("2024-01-01") AS ?t) {}"""

    answer = compare.read_answer(ask(engine, query, media_type), media_type)

    (row,) = answer.rows
    texts = {name: term.value for name, term in row.items()}
    assert texts == {
        "d": "0.333333333333333333",
        "e": "2",
        "i": "2",
        "b": "false",
        "l": "x",
        "r": "http://ex/i",
        "c": 'a"',
        "t": "2024-01-01",
    }
    assert row["l"] == ox.Literal("x", language="en")


@pytest.mark.parametrize("media_type", [JSON, XML, TSV])
def test_solutions_without_a_binding_are_rows(
    media_type: str, engine: Engine, compare: Any
) -> None:
    """A row with no value at all is there among others that have some."""
    query = "SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) (UNDEF UNDEF) (UNDEF 2) (UNDEF UNDEF) } }"

    answer = compare.read_answer(ask(engine, query, media_type), media_type)

    assert [sorted(row) for row in answer.rows] == [["a"], [], ["b"], []]


@pytest.mark.parametrize("media_type", [JSON, XML, CSV, TSV])
@pytest.mark.parametrize("found", [True, False])
def test_ask(media_type: str, found: bool, engine: Engine) -> None:  # noqa: FBT001
    """ASK is a truth in every format."""
    query = "ASK { :a :amount 2 }" if found else "ASK { :a :amount 3 }"

    data = ask(engine, query, media_type)

    assert str(found).lower().encode() in data
    if media_type == JSON:
        assert json.loads(data)["boolean"] is found


@pytest.mark.parametrize("media_type", sorted({JSON, XML, CSV, TSV}))
def test_no_solution_is_still_a_document(media_type: str, engine: Engine) -> None:
    """Head and end are written without rows, too."""
    data = ask(engine, "SELECT ?s { ?s :missing ?o }", media_type)

    form = ox.QueryResultsFormat.from_media_type(media_type)
    assert form is not None
    if media_type == CSV:
        assert data == b"s\r\n"
    else:
        assert list(ox.parse_query_results(data, format=form)) == []


@pytest.mark.parametrize("media_type", [N_TRIPLES, TURTLE])
def test_construct(media_type: str, engine: Engine) -> None:
    """Triples are made of the template; impossible and incomplete ones are left out."""
    query = """CONSTRUCT { ?o :of ?s . ?s :is [ :amount ?o ] . ?s :no ?nothing }
        WHERE { ?s :amount ?o }"""

    quads = list(ox.parse(ask(engine, query, media_type), format=ox.RdfFormat.N_TRIPLES))

    assert len(quads) == 4
    assert len({quad.object for quad in quads if quad.predicate.value.endswith("is")}) == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (AVG(?x) AS ?a) (SUM(?x) AS ?s) { VALUES ?x { -1 -2.5 7.25 0.001 } }",
        "SELECT (AVG(?x) AS ?a) (SUM(?x) AS ?s) { VALUES ?x { 1 2 4 } }",
        "SELECT (AVG(?x) AS ?a) (SUM(?x) AS ?s) { VALUES ?x { 0.000000000000000001 -0.1 } }",
        "SELECT (AVG(?x) AS ?a) (SUM(?x) AS ?s) { VALUES ?x { 9000000000000 -0.7 0.1 } }",
        "SELECT (MIN(?x) * 2 AS ?a) (MAX(?x) - 3 AS ?b) { VALUES ?x { -1 1 0.5 } }",
        "SELECT ?x ?y { ?x :knows|:next ?y FILTER(STR(?x) < STR(?y)) }",
        "SELECT DISTINCT ?x ?y { ?x ?p ?y FILTER(!ISBLANK(?x) && STR(?x) < STR(?y)) }",
        "SELECT ?x ?y { ?x :next ?y . ?y ?p ?z FILTER(STR(?x) = STR(?z) && STR(?y) != ?z) }",
        "SELECT DISTINCT ?x ?y { ?x (:knows|(:next+))+ ?y }",
        "SELECT ?x { ?x :name ?n FILTER(CONTAINS(LCASE(?n), 'quoted') && LCASE(?n) != 'q') }",
    ],
)
def test_says_the_same_as_the_store(
    query: str, engine: Engine, store: ox.Store, compare: Any
) -> None:
    """Numbers are exact to their last digit, and what compares numbers of terms compares texts."""
    expected = compare.plain(store.query(PREFIX + query, use_default_graph_as_union=True))

    found = compare.read_answer(ask(engine, query, choice=Choice()), JSON)

    assert expected.rows
    assert sorted(map(str, found.rows)) == sorted(map(str, expected.rows))


def test_group_concat_keeps_the_order_of_a_sorted_sub_select(engine: Engine) -> None:
    """Sorted solutions are concatenated in their order, in every column alike."""
    query = """SELECT (GROUP_CONCAT(STR(?o); SEPARATOR=",") AS ?os)
        (GROUP_CONCAT(STR(?g); SEPARATOR=",") AS ?gs) {
        SELECT DISTINCT ?g ?o { GRAPH ?g { ?s ?p ?o } } ORDER BY DESC(?o) ?g }"""

    (row,) = json.loads(ask(engine, query))["results"]["bindings"]

    graphs = [iri[-2:] for iri in row["gs"]["value"].split(",")]
    assert [iri[-1] for iri in row["os"]["value"].split(",")] == ["d", "c", "b", "b"]
    assert graphs == ["g2", "g1", "g1", "g2"]


def test_default_graph_is_as_asked(engine: Engine) -> None:
    """The default graph is the union, the unnamed one, or what FROM or the request says."""
    query = "SELECT (COUNT(*) AS ?n) {body} {{ ?s :knows ?o }}"
    g1, g2 = "http://ex/g1", "http://ex/g2"

    def count(body: str = "", choice: Choice | None = None) -> int:
        data = json.loads(ask(engine, query.format(body=body), choice=choice))
        return int(data["results"]["bindings"][0]["n"]["value"])

    assert count(choice=Choice()) == 3
    assert count() == 1
    assert count("FROM :g1") == 1
    assert count("FROM :g1 FROM :g2") == 2
    assert count("FROM NAMED :g1") == 0
    assert count("FROM :g1", Choice(default=(g2,))) == 2
    assert count(choice=Choice(default=(g1, g2, "http://ex/absent"))) == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://ex/> { ?s ?p ?o } }",
        "DESCRIBE <http://ex/a>",
        "SELECT (RAND() AS ?r) {}",
        "SELECT (NOW() AS ?r) {}",
        "SELECT * { ?s ?p ?o FILTER(REGEX(?o, '(a)\\\\1')) }",
        "SELECT * { ?s ?p ?o FILTER(<http://ex/f>(?o)) }",
        "SELECT * { GRAPH ?g { SELECT * { ?s ?p ?o } LIMIT 1 } }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { ?s ?p ?x OPTIONAL { ?x ?y ?o } } }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { SELECT * { ?s ?p ?x FILTER(?x = ?o) } } }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { SELECT (STR(?x) AS ?o) { ?s ?p ?x } } }",
    ],
)
def test_refuses_before_it_runs(query: str, engine: Engine) -> None:
    """What is not covered says so and starts nothing."""
    with pytest.raises(NotCompilable):
        engine.evaluate(query, JSON)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # A filter in a group of its own does not see what the OPTIONAL is for (18.2.2.6, 18.2.2.8).
        (":a :amount ?x OPTIONAL { { :a :knows ?y FILTER(?x = 2) } } FILTER(!BOUND(?y))", 2),
        (":a :amount ?x OPTIONAL { :a :knows ?y FILTER(?x = 2) } FILTER(!BOUND(?y))", 1),
        # It sees a variable that both sides have, even where the optional one leaves it unbound.
        (
            """:a :amount ?x OPTIONAL { ?s :knows ?y OPTIONAL { ?s :next ?x } FILTER(?x = 2) }
            FILTER(BOUND(?y))""",
            1,
        ),
        # A text with a language is of no other datatype (17.4.1.7).
        (":a :label ?x . ?s :kind ?y FILTER(?x != ?y)", 1),
        (':a :label ?x FILTER(?x != "one"^^xsd:integer)', 1),
        ('?s :kind ?y FILTER(?y != "k" || ?y = "k")', 0),
        # Whether a day with a zone is one without is open within fourteen hours (XSD 1.1, 3.3.7).
        ('?s :since ?x FILTER(?x = "2024-02-29Z"^^xsd:date || ?x != "2024-02-29Z"^^xsd:date)', 0),
        ('?s :since ?x FILTER(?x != "2024-03-02Z"^^xsd:date)', 1),
        # No operator adds numbers and dates (17.3).
        ("?s :since|:amount ?x BIND(?x + 1 AS ?y) FILTER(BOUND(?y))", 2),
        ("?s :since|:amount ?x BIND(?x + 1 AS ?y) FILTER(!BOUND(?y))", 1),
    ],
)
def test_follows_the_letter(pattern: str, expected: int, engine: Engine) -> None:
    """The number of solutions is the standard's where engines differ."""
    answer = json.loads(ask(engine, f"SELECT * {{ {pattern} }}"))

    assert len(answer["results"]["bindings"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"\u0022"', '"'),
        (r'"a\u005Cnb"', r"a\nb"),
        (r'"\\u005C"', r"\u005C"),
        (r"'''\u0027\\\U0001F46A'''", "'\\\U0001f46a"),
    ],
)
def test_code_points_make_no_other_escape(text: str, expected: str, engine: Engine) -> None:
    """What an escape stands for in a string is not read again (SPARQL 1.2, section 19.2)."""
    answer = json.loads(ask(engine, f"SELECT ({text} AS ?x) {{}}"))

    assert answer["results"]["bindings"][0]["x"]["value"] == expected


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("http://e/x/", "#", "http://e/x/#"),
        ("http://e/x/y?q#f", "", "http://e/x/y?q"),
        ("http://e/x/y", "?", "http://e/x/y?"),
        ("http://e/x/y", "../z#a", "http://e/z#a"),
        ("ex://e/x/y", "z", "ex://e/x/z"),
    ],
)
def test_references_are_resolved(base: str, reference: str, expected: str, engine: Engine) -> None:
    """As RFC 3986, section 5, has it, with empty fragments and any scheme."""
    answer = json.loads(ask(engine, f"BASE <{base}> SELECT (<{reference}> AS ?x) {{}}"))

    assert answer["results"]["bindings"][0]["x"]["value"] == expected


def test_syntax_errors_say_where(engine: Engine) -> None:
    """Line, column and token of the place are members of the error."""
    with pytest.raises(QuerySyntaxError) as caught:
        engine.evaluate("SELECT *\nWHERE { ?s ?p }", JSON)

    assert caught.value.members == {"line": 2, "column": 15, "token": "}"}


def test_unknown_format(engine: Engine) -> None:
    """A format of graphs is none for solutions."""
    with pytest.raises(NotAcceptableError):
        engine.evaluate("SELECT * {}", TURTLE)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Engine]]:
    """A function that opens an engine over many statements in so many MiB."""
    folder: Path = tmp_path_factory.mktemp("large")
    texts = (ox.Literal(f"{number * 7919 % 200_000} {'x' * 90}") for number in range(200_000))
    knows = ox.NamedNode("http://ex/text")
    build_from_quads(
        (
            ox.Quad(ox.NamedNode(f"http://ex/{number}"), knows, text)
            for number, text in enumerate(texts)
        ),
        folder,
    )
    opened: list[Engine] = []

    def make(memory: int) -> Engine:
        for each in opened:
            each.close()
        opened[:] = [Engine.open(folder, memory=memory)]
        return opened[0]

    yield make
    for each in opened:
        each.close()


def test_time_limit(large: Callable[[int], Engine]) -> None:
    """A query that would take for ever is stopped, and another one goes on."""
    engine = large(512)
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?b < ?d) }"

    with pytest.raises(QueryTimeoutError):
        engine.evaluate(endless, JSON, timeout=0.3)

    assert b"200000" in b"".join(engine.evaluate("SELECT (COUNT(*) AS ?n) {?s ?p ?o}", JSON))


def test_no_limit_outlives_an_answer(engine: Engine) -> None:
    """One thread watches the time of all queries, and holds no connection once they are done."""
    before = threading.active_count()
    for _ in range(40):
        chunks = engine.evaluate("SELECT ?a { ?a ?p ?b }", JSON, timeout=60)
        assert b"".join(chunks)
        assert not WATCHDOG.limits
    assert threading.active_count() <= before + 1


def test_memory_limit_spills(large: Callable[[int], Engine]) -> None:
    """In little memory the same answer comes, by spilling to disk."""
    query = """SELECT ?a ?x { ?a <http://ex/text> ?b . BIND(CONCAT(?b, STR(?a), ?b) AS ?x) }
        ORDER BY ?x ?a"""

    answers = [hash(b"".join(large(memory).evaluate(query, TSV))) for memory in (100, 2000)]

    assert answers[0] == answers[1]


def test_streams_from_several_threads(large: Callable[[int], Engine]) -> None:
    """Results are read in pieces, several at once from one engine."""
    engine = large(512)
    sizes = []

    def read() -> None:
        chunks = engine.evaluate("SELECT ?a ?b { ?a ?p ?b }", CSV)
        first = sum(len(chunk) for chunk in islice(chunks, 2))
        sizes.append(first + sum(len(chunk) for chunk in chunks))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sizes) == 3
    assert len(set(sizes)) == 1


def test_every_format_is_named_once() -> None:
    """The formats are those of the recommendation, and N-Triples for graphs."""
    assert set(FORMATS) == {JSON, XML, CSV, TSV, N_TRIPLES}
