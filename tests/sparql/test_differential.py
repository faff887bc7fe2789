"""Random queries, answered by the columns, by Oxigraph and by rdflib.

The columns must agree with Oxigraph, or else with rdflib where Oxigraph departs from the
recommendation; `differences.toml` says where that is known, with the clause. `ATLAS_FUZZ` sets how
many queries are tried.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import tomllib
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from kg.columns import build_from_quads
from kg.errors import QueryRefusedError, QuerySyntaxError
from kg.query.rewriting import rewrite
from kg.query.tokens import tokenize, unescape
from kg.sparql.engine import Choice, Engine
from kg.sparql.errors import NotCompilable
from kg.sparql.queries import parse
from kg.terms import XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _module(path: Path) -> Any:
    """Return a module beside this one, which is none that can be imported by name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("ATLAS_FUZZ", "600"))
SEED = int(os.environ.get("ATLAS_FUZZ_SEED", "1"))
MOST_ROWS = 4000
AGGREGATED = ("r", "s")
DIFFERENCES = tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))["difference"]
LETTER = _module(HERE / "operators.py")
PROLOGUE = f"PREFIX : <http://ex/>\nPREFIX xsd: <{XSD}>\n"
DATA = (HERE / "differential.trig").read_text(encoding="utf-8")

# The grammar ------------------------------------------------------------------------------------

VARIABLES = ("?a", "?b", "?c", "?d")
LITERALS = [
    "1",
    "2",
    "0",
    "-3",
    "1.5",
    "2.0",
    "2.5e0",
    "1e0",
    "true",
    "false",
    '"x"',
    '"abc"',
    '"ABC"',
    '""',
    '"x"@en',
    '"abc"@de',
    '"abc"@en-GB',
    '"2020-01-01"^^xsd:date',
    '"2020-06-01"^^xsd:date',
    '"2020-01-01T00:00:00Z"^^xsd:dateTime',
    '"2020-01-01T12:00:00"^^xsd:dateTime',
    '"2020-01-01T10:00:00+02:00"^^xsd:dateTime',
    '"2021"^^xsd:gYear',
    '"odd"^^:type',
    '"one"^^xsd:integer',
    '"absent"',
]
variables = st.sampled_from(VARIABLES)
pairs = st.sampled_from(["?a ?b", "?a", "?b ?c", "?a ?d", "?d ?c", "?b"])
resources = st.sampled_from([":r1", ":r2", ":r3", ":r4", ":absent"])
predicates = st.sampled_from([":p", ":q", ":name", ":value", ":next", ":when", ":missing"])
literals = st.sampled_from(LITERALS)


def joined(separator: str, parts: st.SearchStrategy[list[str]]) -> st.SearchStrategy[str]:
    """Return texts that are put together of several."""
    return parts.map(separator.join)


def texts(template: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """Return a template filled with drawn parts."""
    return st.fixed_dictionaries(parts).map(lambda drawn: template.format(**drawn))


simple_paths = st.one_of(predicates, texts("^{p}", p=predicates))
paths = st.one_of(
    texts("{p}/{q}", p=simple_paths, q=simple_paths),
    texts("({p}|{q})", p=simple_paths, q=simple_paths),
    texts(
        "{p}{m}",
        p=st.sampled_from([":next", ":q", "(:next|:q)", "(:next/:q)", "(^:next)"]),
        m=st.sampled_from("*+?"),
    ),
    texts("!({p}|{q})", p=predicates, q=simple_paths),
    texts("!{p}", p=predicates),
)
verbs = st.one_of(predicates, predicates, predicates, predicates, variables, paths)
subjects = st.one_of(variables, variables, variables, resources)
objects = st.one_of(variables, variables, variables, resources, literals)
triples = texts("{s} {v} {o} .", s=subjects, v=verbs, o=objects)
# Most patterns have solutions, or nothing would be compared.
likely = st.sampled_from(
    [
        "?a :p ?b .",
        "?a :value ?b .",
        "?a :value ?c .",
        "?a :name ?c .",
        "?a :name ?b .",
        "?b :name ?d .",
        "?a :next ?b .",
        "?b :next ?c .",
        "?a :q ?b .",
        "?b :q ?a .",
        "?a :when ?d .",
        "?a :when ?b .",
        "?a ?d ?b .",
        "?a :next* ?b .",
        "?a (:p|:q) ?b .",
        ":r1 ?b ?c .",
        "?a :p/:q ?c .",
        "?a ^:next ?b .",
    ]
)
basic = joined(" ", st.lists(st.one_of(likely, likely, triples), min_size=1, max_size=3))

operands = st.one_of(variables, variables, literals, resources)


def operations(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return operations, still to be written in one of the forms of operators.py."""
    return st.tuples(*parts).map(lambda drawn: f"⟨{'¦'.join(drawn)}⟩")


def truths(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions of which the effective boolean value is taken."""
    return operations(st.just("truth"), inner)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return expressions over expressions."""
    one = [
        "STR",
        "LANG",
        "DATATYPE",
        "isIRI",
        "isBlank",
        "isLiteral",
        "isNumeric",
        "ABS",
        "CEIL",
        "FLOOR",
        "ROUND",
        "STRLEN",
        "UCASE",
        "LCASE",
        "YEAR",
        "MONTH",
        "DAY",
        "HOURS",
        "MINUTES",
        "xsd:integer",
        "xsd:decimal",
        "xsd:double",
        "xsd:boolean",
        "xsd:string",
        "xsd:dateTime",
        "ENCODE_FOR_URI",
        "MD5",
    ]
    two = [
        "CONTAINS",
        "STRSTARTS",
        "STRENDS",
        "STRBEFORE",
        "STRAFTER",
        "sameTerm",
        "CONCAT",
        "COALESCE",
    ]
    return st.one_of(
        operations(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), inner, inner),
        operations(st.sampled_from(["=", "<", "&&", "||"]), inner, inner),
        operations(st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        operations(st.just("!"), inner),
        texts("(-{x})", x=variables),
        texts("BOUND({x})", x=variables),
        texts("{f}({x})", f=st.sampled_from(one), x=inner),
        texts("{f}({x}, {y})", f=st.sampled_from(two), x=inner, y=inner),
        texts("IF({x}, {y}, {z})", x=truths(inner), y=inner, z=inner),
        operations(st.sampled_from(["IN", "NOT IN"]), inner, inner, inner),
        texts(
            'REGEX({x}, "{r}"{f})',
            x=inner,
            r=st.sampled_from(["b", "^a", "[bx]$", "A.C"]),
            f=st.sampled_from(["", ', "i"']),
        ),
        texts(
            'REPLACE({x}, "b", "{r}")', x=inner, r=st.sampled_from(["-", "[$0]".replace("$0", "")])
        ),
        texts('LANGMATCHES(LANG({x}), "{r}")', x=inner, r=st.sampled_from(["en", "*", "de"])),
        texts("SUBSTR({x}, {n}, {m})", x=inner, n=st.integers(-1, 4), m=st.integers(-1, 3)),
    )


expressions = st.recursive(operands, calls, max_leaves=4)
conditions = truths(expressions)


def groups(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return group contents over group contents."""
    return st.one_of(
        texts("{x} OPTIONAL {{ {y} }}", x=inner, y=inner),
        texts("{x} OPTIONAL {{ {y} FILTER({e}) }}", x=inner, y=inner, e=conditions),
        texts("{{ {x} }} UNION {{ {y} }}", x=inner, y=inner),
        texts("{x} MINUS {{ {y} }}", x=inner, y=inner),
        texts("{x} FILTER({e})", x=inner, e=conditions),
        texts("{x} FILTER {n}EXISTS {{ {y} }}", x=inner, y=basic, n=st.sampled_from(["", "NOT "])),
        texts("{x} FILTER NOT EXISTS {{ {y} FILTER({e}) }}", x=inner, y=basic, e=conditions),
        texts("{x} FILTER({e} || EXISTS {{ {y} }})", x=inner, y=basic, e=conditions),
        texts("{x} BIND({e} AS ?n{i})", x=inner, e=expressions, i=st.integers(0, 99999)),
        texts(
            "{x} VALUES {v} {{ {t} {u} }}",
            x=inner,
            v=variables,
            t=st.one_of(resources, literals),
            u=st.one_of(resources, literals, st.just("UNDEF")),
        ),
        texts(
            "GRAPH {g} {{ {x} }}",
            x=inner,
            g=st.one_of(variables, st.sampled_from([":g1", ":g2", ":absent"])),
        ),
        texts(
            "{x} {{ SELECT {d}{v} WHERE {{ {y} }} }}",
            x=inner,
            y=inner,
            v=pairs,
            d=st.sampled_from(["", "DISTINCT "]),
        ),
        texts(
            "{x} {{ SELECT {v} (COUNT(*) AS ?n{i}) WHERE {{ {y} }} GROUP BY {v} }}",
            x=inner,
            y=inner,
            v=variables,
            i=st.integers(0, 99999),
        ),
        texts("{x} {{ {y} }}", x=inner, y=inner),
    )


bodies = st.recursive(basic, groups, max_leaves=4)
aggregates = st.one_of(
    texts(
        "{f}({d}{e})",
        f=st.sampled_from(["COUNT", "SUM", "MIN", "MAX", "AVG"]),
        e=expressions,
        d=st.sampled_from(["", "", "DISTINCT "]),
    ),
    st.just("COUNT(*)"),
)
queries = st.one_of(
    texts("SELECT * WHERE {{ {x} }}", x=bodies),
    texts("SELECT DISTINCT {v} WHERE {{ {x} }}", x=bodies, v=pairs),
    texts(
        "SELECT {v} ({a} AS ?r) WHERE {{ {x} }} GROUP BY {v}", x=bodies, v=variables, a=aggregates
    ),
    texts("SELECT ({a} AS ?r) ({b} AS ?s) WHERE {{ {x} }}", x=bodies, a=aggregates, b=aggregates),
    texts(
        "SELECT {v} WHERE {{ {x} }} GROUP BY {v} HAVING ({a})",
        x=bodies,
        v=variables,
        a=operations(st.just(">"), aggregates, st.just("1")),
    ),
    texts("SELECT ({e} AS ?r) WHERE {{ {x} }}", x=bodies, e=expressions),
    texts("ASK {{ {x} }}", x=bodies),
)


plain_queries = queries.map(lambda query: LETTER.written(query, LETTER.OWN))
"""The same as they are asked."""


# The engines ------------------------------------------------------------------------------------


class Engines:
    """The three engines over the same data.

    Oxigraph's union of graphs repeats a triple that stands in several, where section 13.1 merges
    them, so its own store holds the merge as default graph.
    """

    def __init__(self, folder: Path) -> None:
        self.store = ox.Store()
        self.store.load(DATA.encode(), format=ox.RdfFormat.TRIG)
        self.merged = ox.Store()
        self.merged.extend(self.store)
        self.merged.extend(ox.Quad(*quad.triple, ox.DefaultGraph()) for quad in self.store)
        build_from_quads(self.store, folder / "columns")
        self.columns = Engine.open(folder / "columns")
        self.dataset = rdflib.Dataset()
        for quad in self.merged:
            graph = self.dataset.default_graph
            if isinstance(quad.graph_name, ox.NamedNode):
                graph = self.dataset.graph(rdflib.URIRef(quad.graph_name.value))
            graph.add(tuple(_to_rdflib(term) for term in quad.triple))


def _to_rdflib(term: Any) -> Any:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    datatype = None if term.language else rdflib.URIRef(term.datatype.value)
    return rdflib.Literal(term.value, lang=term.language, datatype=datatype, normalize=False)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """The engines, opened once."""
    made = Engines(tmp_path_factory.mktemp("differential"))
    with made.columns:
        yield made


def bag(answer: Any, by_value: Any) -> Any:
    """Return an answer as something to compare: a truth, or how often each solution is there."""
    if isinstance(answer, bool):
        return answer
    return Counter(
        frozenset((name, by_value(term)) for name, term in row.items() if name[:3] != "neg")
        for row in answer.rows
    )


def of_rdflib(engines: Engines, query: str) -> Any:
    """Return rdflib's answer, None if it fails."""
    with warnings.catch_warnings():
        # rdflib warns of what it does itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        result = engines.dataset.query(query)
        if result.type == "ASK":
            return bool(result.askAnswer)
        rows = [
            {str(name): _from_rdflib(term) for name, term in row.asdict().items()} for row in result
        ]
    return type("Rows", (), {"rows": rows})


def _from_rdflib(term: Any) -> Any:
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(str(term))
    if term.language:
        return ox.Literal(str(term), language=term.language)
    datatype = ox.NamedNode(str(term.datatype)) if term.datatype else None
    return ox.Literal(str(term), datatype=datatype)


def rewritten(engines: Engines, text: str, *, union: bool) -> str:
    """Return the query without what Oxigraph is known to answer wrongly.

    That are its operators, negated property sets, and what kg.query.rewriting writes differently.
    """
    store = engines.merged if union else engines.store
    text = without_negated_sets(LETTER.written(text, LETTER.LETTER))
    try:
        return rewrite(text, tokenize(unescape(text)), store.query)
    except QueryRefusedError:
        return text


def without_negated_sets(text: str) -> str:
    """Return the query with a variable and a filter for each negated property set.

    Between two known ends Oxigraph counts a triple at most once, where section 18.4 wants each.
    """
    numbers = itertools.count()

    def written(match: re.Match[str]) -> str:
        subject, body, end = match.groups()
        parts = body.strip("()").split("|")
        sides = [
            _excluded(subject, [part for part in parts if part[0] != "^"], end, next(numbers)),
            _excluded(end, [part[1:] for part in parts if part[0] == "^"], subject, next(numbers)),
        ]
        return f"{{ {' UNION '.join(side for side in sides if side)} }}"

    return re.sub(r"(\S+) !(\S+) (\S+) \.", written, text)


def _excluded(subject: str, predicates: list[str], end: str, number: int) -> str:
    if not predicates:
        return ""
    listed = ", ".join(predicates)
    return f"{{ {subject} ?neg{number} {end} . FILTER(?neg{number} NOT IN ({listed})) }}"


def explained(query: str, mine: Any, theirs: Any) -> bool:
    """Whether a known fault of Oxigraph may show in a query, and shows as that fault does."""
    return any(
        re.search(difference["pattern"], query) and SHAPES[difference["shows"]](mine, theirs)
        for difference in DIFFERENCES
    )


def other_literal(mine: Any, theirs: Any) -> bool:
    """Whether aggregates alone differ, by literals of which no operator puts one first."""
    return _aggregates_differ(mine, theirs, LETTER.unordered)


def nearly(mine: Any, theirs: Any) -> bool:
    """Whether aggregates alone differ, by no more than the precision of a float."""
    return _aggregates_differ(mine, theirs, LETTER.near)


def _aggregates_differ(mine: Any, theirs: Any, only: Callable[[Any, Any], bool]) -> bool:
    if isinstance(mine, bool):
        return False
    one, two = (_by_keys(bag) for bag in (mine - theirs, theirs - mine))
    return one.keys() == two.keys() and all(
        only(one[keys].get(name), two[keys].get(name))
        for keys in one
        for name in AGGREGATED
        if one[keys].get(name) != two[keys].get(name)
    )


def _by_keys(bag: Any) -> dict[Any, dict[str, Any]]:
    """Return the aggregates of each group by what it is grouped by."""
    return {frozenset(pair for pair in row if pair[0] not in AGGREGATED): dict(row) for row in bag}


SHAPES = {
    "another": other_literal,
    "nearly": nearly,
}


class Tally(Counter[str]):
    """How many queries were answered, refused and explained."""


TALLY = Tally()


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(query=queries, union=st.booleans())
def test_agrees(query: str, union: bool, engines: Engines, compare: Any) -> None:  # noqa: FBT001 - hypothesis gives it
    """The columns answer as Oxigraph does, or as rdflib where Oxigraph is known to be wrong."""
    drawn = PROLOGUE + query
    text = LETTER.written(drawn, LETTER.OWN)
    try:
        theirs = compare.plain((engines.merged if union else engines.store).query(text))
    except SyntaxError:
        with pytest.raises(QuerySyntaxError):
            parse(text)
        return
    try:
        mine = compare.columns_answer(engines.columns, text, union=union)
    except QuerySyntaxError as error:
        # Oxigraph lets an aggregate take the name of a variable that is in scope (section 19.8).
        assert "variable" in error.detail  # noqa: PT017 - the only difference in syntax
        return
    except NotCompilable:
        TALLY["refused"] += 1
        return
    if not isinstance(mine, bool) and len(mine.rows) > MOST_ROWS:
        return
    TALLY["answered"] += 1
    one, two = bag(mine, compare.by_value), bag(theirs, compare.by_value)
    if one != two:
        store = engines.merged if union else engines.store
        right = rewritten(engines, drawn, union=union)
        theirs = compare.plain(store.query(right, custom_functions=LETTER.FUNCTIONS))
        two = bag(theirs, compare.by_value)
    if one == two:
        return
    if explained(text, one, two):
        TALLY["explained"] += 1
        return
    pytest.fail(_report(engines, compare, text, mine, theirs))


def _report(engines: Engines, compare: Any, text: str, mine: Any, theirs: Any) -> str:
    one, two = bag(mine, compare.by_value), bag(theirs, compare.by_value)
    try:
        third = bag(of_rdflib(engines, text), compare.by_value)
    except Exception as error:  # noqa: BLE001 - rdflib raises what it likes; this is a report
        third = repr(error)
    lines = [text, engines.columns.plan(text, Choice(), "").sql]
    if isinstance(one, bool):
        return "\n".join([*lines, f"columns {one}, oxigraph {two}, rdflib {third}"])
    lines.append(f"only columns: {_short(one - two)}")
    lines.append(f"only oxigraph: {_short(two - one)}")
    agrees = {"columns": third == one, "oxigraph": third == two}
    lines.append(
        f"rdflib agrees with {agrees}: {_short(third) if isinstance(third, Counter) else third}"
    )
    return "\n".join(lines)


def _short(rows: Counter[Any]) -> str:
    shown = [
        ", ".join(f"{name}={term}" for name, term in sorted(row, key=str)) + f" x{count}"
        for row, count in list(rows.items())[:6]
    ]
    return f"{len(rows)} rows " + " | ".join(shown)
