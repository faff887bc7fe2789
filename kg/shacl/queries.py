r"""The SPARQL queries of a shapes graph (sections 5 and 6), read and checked.

1. Collect the prefixes along `sh:prefixes/owl:imports*/sh:declare` (5.2.1), and put the path of
   the shape in the place of `$PATH`, which is legal as a predicate only (5.3.1).
2. Refuse what appendix A forbids, because values that are bound beforehand would not reach it:
   MINUS, SERVICE, VALUES, `AS` a variable that may be bound beforehand, and sub-SELECTs that do
   not hand on these variables. FROM is refused as well: there is one data graph.

A query is parsed once, whatever the number of focus nodes it is evaluated for. rdflib evaluates
it and not Oxigraph, which rewrites literals ("05" to 5): a query may ask for what is written.
"""

from __future__ import annotations

import functools
import re
from types import MethodType
from typing import TYPE_CHECKING, Any, Final

import rdflib
from pyparsing import ParseException, ParseResults
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql import operators
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import SPARQLError

from kg.shacl import paths
from kg.shacl.patterns import PatternError, translate
from kg.shacl.shapes import NOT_HANDED_ON
from kg.terms import OWL, RDF, RDFS, SH, XSD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdflib.plugins.sparql.sparql import Query as Algebra

    from kg.shacl.nodes import ShapesGraph
    from kg.shacl.shapes import Query, Term

_KNOWN: Final = {"rdf": RDF, "rdfs": RDFS, "owl": OWL, "sh": SH, "xsd": XSD}
_PATH: Final = re.compile(r"[$?]PATH\b")
_AROUND: Final = ("SelectQuery", "AskQuery", "Slice", "Distinct", "Reduced")
_REFUSED: Final = {
    "MinusGraphPattern": "MINUS",
    "ServiceGraphPattern": "SERVICE",
    "InlineData": "VALUES",
    "ValuesClause": "VALUES",
    "DatasetClause": "FROM",
}


class QueryError(ValueError):
    """The text is no query that a shape can have; says why."""


def prefixes(graph: ShapesGraph, shape: Term, node: Term) -> str:
    """Return the PREFIX lines for the query at `node`.

    Raises:
        ShapeError: a declaration is incomplete, or two of them contradict each other.
    """
    found: dict[str, str] = {}
    todo = graph.values(node, SH + "prefixes")
    seen: set[Term] = set()
    while todo:
        ontology = todo.pop()
        if ontology in seen:
            continue
        seen.add(ontology)
        todo += graph.values(ontology, OWL + "imports")
        for each in graph.values(ontology, SH + "declare"):
            prefix, namespace = (
                graph.one(each, SH + name, shape) for name in ("prefix", "namespace")
            )
            if prefix is None or namespace is None:
                raise graph.fault(shape, "sh:declare needs sh:prefix and sh:namespace", each)
            if found.setdefault(prefix.value, namespace.value) != namespace.value:
                raise graph.fault(shape, "sh:prefixes must give a prefix one namespace", prefix)
    lines = {**_KNOWN, **found}
    return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in lines.items())


def with_path(text: str, path: paths.Path | None) -> str:
    """Return the query with the path of a property shape in the place of `$PATH`.

    Raises:
        QueryError: PATH stands elsewhere than for a predicate.
    """
    if path is None or not _PATH.search(text):
        return text
    tree = _translated(text).algebra
    predicates = sum(each == rdflib.Variable("PATH") for each in _predicates(tree))
    if predicates < sum(1 for each in _variables(tree) if each == "PATH"):
        raise QueryError("$PATH may stand for a predicate only")
    own = paths.text(path)
    written = f"<{own}>" if isinstance(path, paths.Predicate) else f"({own})"
    return _PATH.sub(lambda _: written, text)


def check(query: Query) -> None:
    """Check a query against SPARQL's grammar and the restrictions of appendix A.

    Raises:
        QueryError: it breaks one; says which.
    """
    parsed = _parsed(query.text)
    wanted, form = ("AskQuery", "ASK") if query.ask else ("SelectQuery", "SELECT")
    if parsed[1].name != wanted:
        raise QueryError(f"it must be a query of the form {form}")
    declared = {part.prefix or "" for part in parsed[0] if part.name == "PrefixDecl"}
    unknown = sorted(set(_prefixes(parsed)) - declared)
    if unknown:
        raise QueryError(f"the prefix {unknown[0]}: is not declared (sh:prefixes)")
    for part in _parts(parsed):
        _check_part(part, set(query.bound))
    algebra = prepared(query.text)
    if not query.ask and rdflib.Variable("this") not in algebra.algebra.PV:
        raise QueryError("a SELECT must project $this")
    handed_on = {rdflib.Variable(name) for name in query.bound if name not in NOT_HANDED_ON}
    for inner in _selects(algebra.algebra):
        if not handed_on <= set(inner.PV):
            names = ", ".join(sorted(f"${name}" for name in handed_on - set(inner.PV)))
            raise QueryError(f"a sub-SELECT must project {names}")


def _check_part(part: CompValue, bound: set[str]) -> None:
    if part.name in _REFUSED:
        raise QueryError(f"{_REFUSED[part.name]} is not allowed in a shape (appendix A)")
    named = _of(part, "var" if part.name in ("Bind", "GroupAs") else "evar")
    if named is not None and str(named) in bound:
        raise QueryError(f"AS ?{named} is not allowed, its value is given (appendix A)")


@functools.lru_cache(maxsize=256)
def prepared(text: str) -> Algebra:
    """Return the algebra of a query, its regular expressions those of XPath.

    Raises:
        QueryError: the text is no query of SPARQL 1.1.
    """
    query = _translated(text)
    for part in _parts(query.algebra):
        if part.name == "Builtin_REGEX":
            part._evalfn = MethodType(_regex, part)  # noqa: SLF001 - rdflib has no other way
        if _of(part, "triples"):
            part["triples"] = [(s, _exact(p), o) for s, p, o in part["triples"]]
    return query


def _regex(call: Any, _context: Any) -> rdflib.Literal:
    """REGEX as XPath's fn:matches has it; rdflib asks Python, whose dialect is another."""
    text, pattern = operators.string(call.text), operators.string(call.pattern)
    try:
        written = translate(str(pattern), str(call.flags) if call.flags else "").python
    except PatternError as error:
        raise SPARQLError(str(error)) from error
    return rdflib.Literal(re.search(written, text) is not None)


def _parsed(text: str) -> Any:
    try:
        return parseQuery(text)
    except ParseException as error:
        raise QueryError(f"it is not SPARQL: {error}") from error


def _translated(text: str) -> Algebra:
    parsed = _parsed(text)
    for part in list(_parts(parsed)):
        _amend(part)
    try:
        return translateQuery(parsed)
    # rdflib raises plain exceptions for what the grammar's notes forbid, e.g. BIND on a variable
    # that is in scope already.
    except Exception as error:
        raise QueryError(f"it is not SPARQL: {error}") from error


def _amend(part: CompValue) -> None:
    """Write a part of a parsed query so that rdflib takes it as SPARQL 1.1 has it.

    It drops a FILTER whose constant is false, and counts variables that only a FILTER names among
    those of SELECT * (sections 18.2.2.2 and 18.2.1 of SPARQL 1.1).
    """
    if part.name == "Filter" and _is_falsy(part.expr):
        part["expr"] = _parsed("ASK { FILTER (!true) }")[1].where.part[0].expr
    if part.name in ("SelectQuery", "SubSelect") and not part.projection:
        seen = sorted(set(_in_scope(part.where)))
        if not seen:
            raise QueryError("SELECT * has no variable in its scope")
        part["projection"] = [CompValue("vars", var=rdflib.Variable(name)) for name in seen]


def _is_falsy(expression: Any) -> bool:
    """Tell whether an expression is a constant that rdflib takes for none."""
    while isinstance(expression, CompValue) and list(expression) == ["expr"]:
        if expression.name.startswith("Unary"):
            return False
        expression = expression.expr
    return isinstance(expression, rdflib.Literal) and not expression


class _Once(MulPath):
    """A repeated path that yields each pair once, as SPARQL 1.1 has it (section 18.4)."""

    def eval(self, graph: Any, subj: Any = None, obj: Any = None, first: bool = True) -> Any:  # noqa: FBT001, FBT002 - rdflib's signature
        return dict.fromkeys(super().eval(graph, subj, obj, first))


def _exact(path: Any) -> Any:
    """Return a path with every repetition in it yielding its pairs once."""
    match path:
        case MulPath():
            return _Once(_exact(path.path), path.mod)
        case InvPath():
            return InvPath(_exact(path.arg))
        case SequencePath() | AlternativePath():
            return type(path)(*map(_exact, path.args))
    return path


def _in_scope(node: Any) -> Iterator[str]:
    """Yield the variables that a group pattern can bind (SPARQL 1.1, section 18.2.1)."""
    if isinstance(node, rdflib.Variable):
        yield str(node)
    elif isinstance(node, CompValue):
        match node.name:
            case "Filter":
                return
            case "Bind":
                yield str(node.var)
            case "SubSelect" if node.projection:
                yield from (str(_of(each, "var") or _of(each, "evar")) for each in node.projection)
            case "SubSelect":
                yield from _in_scope(node.where)
            case _:
                for value in node.values():
                    yield from _in_scope(value)
    elif isinstance(node, list | tuple | ParseResults):
        for each in node:
            yield from _in_scope(each)


# -- walking through what rdflib makes of a query ----------------------------------------------


def _parts(node: Any) -> Iterator[CompValue]:
    """Yield every named part of a parsed query or of an algebra."""
    if isinstance(node, CompValue):
        yield node
        node = [value for key, value in node.items() if key != "_vars"]
    if isinstance(node, list | tuple | ParseResults):
        for each in node:
            yield from _parts(each)


def _of(part: CompValue, key: str) -> Any:
    """Return what a part has for a key, None without it; rdflib's own `get` returns the key."""
    return part[key] if key in part else None  # noqa: SIM401


def _prefixes(parsed: Any) -> Iterator[str]:
    """Yield the prefixes that the names in a parsed query use."""
    for part in _parts(parsed):
        if part.name == "pname":
            yield str(_of(part, "prefix") or "")


def _selects(algebra: Any) -> Iterator[CompValue]:
    """Yield the sub-SELECTs of the pattern of a query."""
    while algebra.name in _AROUND:
        algebra = algebra.p
    for part in _parts(algebra.p if algebra.name == "Project" else algebra):
        if part.name == "Project":
            yield part


def _variables(node: Any) -> Iterator[str]:
    if isinstance(node, rdflib.Variable):
        yield str(node)
    elif isinstance(node, CompValue):
        for key, value in node.items():
            if key not in ("_vars", "PV"):
                yield from _variables(value)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _variables(each)


def _predicates(algebra: Any) -> Iterator[Any]:
    """Yield the predicates of all triple patterns."""
    for part in _parts(algebra):
        yield from (triple[1] for triple in _of(part, "triples") or ())


def named_predicates(text: str) -> set[str] | None:
    """Return the predicates that the patterns of a query name, None if it can match any."""
    found: set[str] = set()
    algebra = prepared(text).algebra
    if uses_graphs(text) or not all(_collect(each, found) for each in _predicates(algebra)):
        return None
    return found


def uses_graphs(text: str) -> bool:
    """Tell whether a query looks into a named graph."""
    return any(part.name == "Graph" for part in _parts(prepared(text).algebra))


def _collect(predicate: Any, found: set[str]) -> bool:
    """Add what a predicate names; tell whether it can match nothing else."""
    collect = functools.partial(_collect, found=found)
    match predicate:
        case rdflib.URIRef():
            found.add(str(predicate))
            return True
        case InvPath():
            return _collect(predicate.arg, found)
        case SequencePath():
            # Between steps a path of no length joins nodes that the other steps name.
            steps: list[Any] = [
                each.path if isinstance(each, MulPath) and each.zero else each
                for each in predicate.args
            ]
            anchored = not all(map(_may_stay, predicate.args))
            return anchored and all(map(collect, steps))
        case AlternativePath():
            return all(map(collect, predicate.args))
        case MulPath(zero=False):
            return _collect(predicate.path, found)
    # A variable, a negated set, or a path of no length, which joins every node with itself.
    return False


def _may_stay(path: Any) -> bool:
    return isinstance(path, MulPath) and path.zero
