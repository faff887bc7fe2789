"""Small queries are answered in the serving process, as a worker would, and no others are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.query import small
from kg.query.codings import compressor
from kg.query.evaluation import OXIGRAPH, Source, evaluate
from kg.query.formats import FORMATS, Format
from kg.query.request import Acceptable, Dataset, QueryRequest

EXAMPLE = "http://example.org/"
S = f"<{EXAMPLE}s0>"

SMALL = [
    f"SELECT * {{ {S} ?p ?o }}",
    f"select ?o where {{ {S} <{EXAMPLE}p> ?o . }} limit 5 # why not",
    f"SELECT $p ?o WHERE{{{S} ?p ?o}}",
    f"# first\nPREFIX ex: <{EXAMPLE}> PREFIX : <{EXAMPLE}>\nASK {{ ex:s0 a :Thing }}",
    'SELECT ?s { ?s ?p "value 3" }',
    'ASK { ?s ?p "wert"@de }',
    f'ASK {{ ?s ?p "3"^^<{EXAMPLE}int> }}',
    f"CONSTRUCT WHERE {{ {S} ?p ?o }}",
    f"DESCRIBE {S}",
    "SELECT * { ?s ?p ?o } LIMIT 999",
    "ASK { ?s ?p ?o }",
    f"SELECT * {{ ?s ?p {S} }} LIMIT 100000",
    f"PREFIX ex: <{EXAMPLE}> SELECT * {{ ex:s0 ex:p.q ?o}}",
]
OTHERS = [
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o }",
    "SELECT * { ?s <p> ?o } LIMIT 1000",
    "SELECT DISTINCT ?p { ?s ?p ?o }",
    "SELECT * { ?s ?p ?s }",
    "SELECT ?x { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o } ORDER BY ?o",
    "SELECT * { ?s ?p ?o } OFFSET 1000000",
    "SELECT * { ?s ?p ?o . ?o ?q ?r }",
    "SELECT * { ?s ?p ?o FILTER(?o = 1) }",
    "SELECT * { ?s <p>* ?o }",
    "SELECT * { ?s <p>/<q> ?o }",
    "SELECT * { ?s ^<p> ?o }",
    "SELECT * { ?s !<p> ?o }",
    "SELECT * { ?s ?p ?o, 1 }",
    "SELECT * { ?s ?p [] }",
    "SELECT * { ?s ?p _:b }",
    "SELECT * { ?s ?p (1 2) }",
    "SELECT * FROM <x:g> { ?s ?p ?o }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { SERVICE <x:s> { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o } VALUES ?s { 1 }",
    "SELECT * { ?s ?p ?o } GROUP BY ?s",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o . ?o ?q ?r }",
    "DESCRIBE ?s { ?s ?p ?o }",
    "DELETE WHERE { ?s ?p ?o }",
    "INSERT DATA { <a:s> <a:p> <a:o> }",
    r"SELECT * { ?s ?p \u0022x\u0022 }",
    "SELECT * { ?s ?p ?o } # " + "x" * 5000,
    "",
]


class Body:
    """The sink of an answer that a worker would give."""

    def __init__(self) -> None:
        self.data = b""
        self.form: Format | None = None

    def begin(self, form: Format, *, lasting: bool, engine: str = OXIGRAPH) -> None:
        """Learn the format."""
        assert lasting
        assert engine == OXIGRAPH
        self.form = form

    def write(self, data: bytes, /) -> int:
        """Take bytes."""
        self.data += data
        return len(data)

    def flush(self) -> None:
        """Do nothing."""


def source(count: int) -> Source:
    """A store with one subject that has `count` statements, and others with one."""
    store = Store()
    graph = NamedNode(EXAMPLE + "graph")
    predicate = NamedNode(EXAMPLE + "p")
    for number in range(count):
        literal = Literal(f"value {number}")
        store.add(Quad(NamedNode(EXAMPLE + "s0"), predicate, literal, graph))
        store.add(Quad(NamedNode(f"{EXAMPLE}s{number}"), predicate, Literal(number), graph))
    return Source.of(store, EXAMPLE)


@pytest.fixture(scope="module")
def few() -> Source:
    return source(20)


@pytest.mark.parametrize("text", SMALL)
def test_a_small_query_is_answered_as_by_a_worker(few: Source, text: str) -> None:
    """The bytes are the same in every format."""
    for table in FORMATS["solutions"]:
        for graph in FORMATS["graph"]:
            accepted = Acceptable(table.name, table.name, graph.name)
            request = QueryRequest(text, acceptable=accepted)
            body = Body()
            evaluate(few, request, body)
            found = small.answer(few, request)

            assert found is not None
            assert found[1] == body.data
            assert body.form is not None
            assert found[0].media_type == body.form.media_type
            assert found[0].lasting


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_not_known_to_be_small_is_for_a_worker(few: Source, text: str) -> None:
    """Whether it computes, joins, skips, or is no query at all."""
    assert not small.small(text)
    assert small.answer(few, QueryRequest(text)) is None


@pytest.mark.parametrize(
    "request_",
    [
        QueryRequest(
            "SELECT * { ?s ?p ?o } LIMIT 1", Dataset(default=("http://example.org/graph",))
        ),
        QueryRequest("SELECT * { ?s ?p ?o } LIMIT 1", engine="columns"),
        QueryRequest(f"ASK {{ {S} ?p ?o }}", acceptable=Acceptable(None, None, "turtle")),
        QueryRequest("ASK { unknown:prefix ?p ?o }"),
    ],
)
def test_what_only_a_worker_can_tell_is_for_a_worker(few: Source, request_: QueryRequest) -> None:
    """A dataset, another engine, and whatever is an error."""
    assert small.answer(few, request_) is None


@pytest.mark.parametrize("text", [f"SELECT * {{ {S} ?p ?o }}", f"CONSTRUCT WHERE {{ {S} ?p ?o }}"])
def test_an_answer_that_grows_large_is_given_up(text: str) -> None:
    """In every format, whatever a row takes in it."""
    many = source(3000)
    for table in FORMATS["solutions"]:
        for graph in FORMATS["graph"]:
            accepted = Acceptable(table.name, table.name, graph.name)

            assert small.answer(many, QueryRequest(text, acceptable=accepted)) is None


def test_a_coding_is_used_where_it_is_worth_it(few: Source) -> None:
    """As in the answers of workers."""
    text = f"SELECT * {{ {S} ?p ?o }}"
    plain = small.answer(few, QueryRequest(text))
    packed = small.answer(few, QueryRequest(text, coding="gzip"))
    short = small.answer(few, QueryRequest(f"ASK {{ {S} ?p ?o }}", coding="gzip"))

    assert plain is not None
    assert packed is not None
    assert short is not None
    made = compressor("gzip")
    assert packed[1][10:] == (made.compress(plain[1]) + made.flush())[10:]
    assert [found[0].coding for found in (plain, packed, short)] == ["identity", "gzip", "identity"]


@given(st.text("SELECTa*{}?<>:.#\n \"'@^5-_$\\|/()[]", max_size=60))
def test_no_text_is_taken_for_small_that_is_more(rest: str) -> None:
    """Whatever stands around one pattern, the engine reads it as one too, or as no query."""
    store = Store()
    for text in (rest, "SELECT * {" + rest + "}", "SELECT * { ?s ?p ?o }" + rest):
        if small.small(text):
            try:
                store.query(text, base_iri=EXAMPLE)
            except SyntaxError:
                continue
            assert not any(word in text.partition("#")[0] for word in ("(", "[", "|", "/ "))


def test_a_long_text_is_looked_at_quickly() -> None:
    """Nothing in the pattern backtracks over what it has taken; else this would not end."""
    for part in (" ", "# ", "?x ", "#\n", "PREFIX : <a> ", "x.", "x-"):
        for head in ("", "SELECT ", "SELECT * { ?s ?p ?o } ", "ASK { ?s ?p x:"):
            assert not small.small((head + part * 4000)[:4000] + "\n|")
