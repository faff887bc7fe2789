"""Literals as they are written, in a store that keeps only their values: for the scratch store.

The engine keeps the value of numbers, truths, dates and times, and writes it in one form: `01`
comes back as `1`, `"1"^^xsd:int` as an xsd:integer. Where terms count, in DISTINCT, sameTerm, STR,
in matching triples and in the answer, these are others (RDF 1.1 Concepts, section 3.3). So

1. a literal that would come back changed is stored under a datatype of ours that names its own;
2. constants of a query are written likewise in triples and data, and what has to be a value in an
   expression is looked up by a function;
3. in the answer the datatypes have their own names again.

What an expression makes, MIN and MAX among it, has the engine's form: it is a value.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.columns.canonical import canonical
from kg.query.rewriting.writer import Writer
from kg.query.syntax import parse as parse_query
from kg.query.tokens import tokenize, with_booleans

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyoxigraph import BlankNode

    from kg.query.syntax import Node

    Term = NamedNode | BlankNode | Literal | Triple

_TERMS: Final = frozenset(
    ["BOUND", "STR", "SAMETERM", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISTRIPLE", "LANG"]
)
"""Functions that look at a term itself."""
_PASSING: Final = frozenset(["COALESCE", "IF", "DATATYPE", "TRIPLE", "OBJECT", "SAMPLE"])
"""Functions that may return a term which they were given, or its datatype."""
_COUNTING: Final = frozenset(["COUNT", "GROUP_CONCAT"])


class WrittenForms:
    """The forms of literals in one store; `base` resolves relative IRIs of its queries."""

    def __init__(self, base: str) -> None:
        self._base = base
        # Nobody can write it, so nothing else is taken for it.
        self._mark = f"urn:cluster-atlas:written:{secrets.token_hex(16)}:"
        self._value = f"<{self._mark}value>"
        self.used = False
        """Whether the store may hold a literal under a datatype of ours."""

    @property
    def functions(self) -> dict[NamedNode, Callable[..., Term | None]]:
        """The function that `query` and `pattern` write, for the engine."""
        return {NamedNode(f"{self._mark}value"): self._valued}

    def _valued(self, term: Term) -> Term:
        """Return a literal by its own datatype, or that datatype instead of ours."""
        if isinstance(term, Literal) and term.datatype.value.startswith(self._mark):
            datatype = NamedNode(term.datatype.value.removeprefix(self._mark))
            return Literal(term.value, datatype=datatype)
        if isinstance(term, NamedNode):
            return NamedNode(term.value.removeprefix(self._mark))
        if isinstance(term, Triple):
            return Triple(term.subject, term.predicate, self._valued(term.object))
        return term

    def stored(self, term: Term) -> Term:
        """Return what to store for a term."""
        if isinstance(term, Triple):
            return Triple(term.subject, term.predicate, self.stored(term.object))
        if not isinstance(term, Literal) or canonical(term) == term:
            return term
        self.used = True
        return Literal(term.value, datatype=NamedNode(self._mark + term.datatype.value))

    def restored(self, data: bytes) -> bytes:
        """Return an answer in any format with the datatypes by their own names."""
        return data.replace(self._mark.encode(), b"") if self.used else data

    def query(self, text: str) -> str:
        """Return a query, whose escapes are resolved, for the store.

        Raises:
            QuerySyntaxError, QueryRefusedError: it cannot be read.
        """
        tokens = tokenize(text)
        text = with_booleans(text, tokens)
        tree = parse_query(text, tokens)
        written = self._written(text, tree)
        return text[: tree.start] + written + text[tree.end :] if self.used else text

    def pattern(self, prologue: str, text: str) -> str:
        """Return a pattern, template or block of data of an update, with its braces, likewise."""
        head = f"{prologue}SELECT * WHERE "
        query = head + text
        tree = parse_query(query, tokenize(query))
        written = self._written(query, tree)
        return written[len(head) - tree.start :] if self.used else text

    def _written(self, text: str, tree: Node) -> str:
        prologue = tree.parts[0]
        marking = _Marking(text)
        marking.look(tree)
        head = text[prologue.start : prologue.end]

        def literal(writer: Writer, node: Node) -> str | None:
            if id(node) not in marking.terms:
                return None
            return self._constant(head, writer.text[node.start : node.end])

        def value(writer: Writer, node: Node) -> str | None:
            if id(node) not in marking.values:
                return None
            return f"{self._value}({writer.plain(node)})"

        valued = ("var", "call", "aggregate", "tripleterm")
        rules = {"literal": literal, **dict.fromkeys(valued, value)}
        return Writer(text, rules).write(tree)

    def _constant(self, head: str, text: str) -> str | None:
        """Return what to write for a literal in a triple or in data; None if it stays."""
        if text[0] in "\"'" and "^^" not in text:
            return None
        document = f"{head}\n<a:a> <a:a> {text} ."
        (quad,) = parse(document, format=RdfFormat.TURTLE, base_iri=self._base)
        term = self.stored(quad.object)
        return None if term == quad.object else str(term)


class _Marking:
    """Which nodes of a query stand for terms as they are written, and which have to be values."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.terms: set[int] = set()
        self.values: set[int] = set()

    def look(self, node: Node) -> None:
        """Look at a node outside of expressions."""
        match node.kind:
            case "literal":
                self.terms.add(id(node))
            case "expression":
                self._expression(node, as_term=False)
            case "call" | "aggregate":
                self._call(node, as_term=False)
            case "alias":
                self._expression(node.parts[0], as_term=True)
            case "modifier" if node.tag == "ORDER":
                for part in node.parts:
                    if part.kind == "var":
                        self.values.add(id(part))
                    else:
                        self.look(part)
            case _:
                for part in node.parts:
                    self.look(part)

    def _expression(self, node: Node, *, as_term: bool) -> None:
        """Look at an expression; as a term it may be passed on as it is if it is nothing more."""
        if node.kind != "expression":
            self.look(node)
            return
        for part in node.parts:
            alone = as_term and (part.start, part.end) == (node.start, node.end)
            if part.kind == "var" and not alone:
                self.values.add(id(part))
            elif part.kind == "literal" and alone:
                self.terms.add(id(part))
            elif part.kind in {"call", "aggregate"}:
                self._call(part, as_term=alone)
            elif part.kind in {"exists", "tripleterm"}:
                for inner in part.parts:
                    self.look(inner)
                if part.kind == "tripleterm" and not alone:
                    self.values.add(id(part))
            elif part.kind == "expression":
                self._expression(part, as_term=False)

    def _call(self, node: Node, *, as_term: bool) -> None:
        tag = node.tag
        terms = tag in _TERMS | _PASSING | _COUNTING
        for number, part in enumerate(node.parts):
            condition = tag == "IF" and number == 0
            self._expression(part, as_term=terms and not condition)
        if tag in _PASSING and (not as_term or tag == "DATATYPE"):
            self.values.add(id(node))
