"""A query as its author sees it: a tree, names in full, places by line and column.

A prefix that is not declared does not end the reading, as it does in the query operation: it is
noted, and stands for what is usual under that name, so that everything else can be looked at too.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, RdfFormat
from pyoxigraph import parse as rdf

from kg.analysis.messages import message
from kg.analysis.remarks import Remark
from kg.prefixes import prefixes
from kg.query.guards import inspect
from kg.query.syntax import check, name_of, parse
from kg.query.tokens import Token, place, tokenize, unescape
from kg.terms import RDF_TYPE, is_iri, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kg.query.syntax import Node

_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_NOWHERE: Final = "urn:cluster-atlas:undeclared:"


@dataclass(frozen=True)
class Reading:
    """A query: its text (escapes resolved), its tree, its prefixes and those that it lacks."""

    text: str
    tree: Node
    base: str
    prefixes: Mapping[str, str]
    undeclared: Sequence[Token]

    @classmethod
    def of(cls, text: str, base: str) -> Reading:
        """Read a query; `base` is the base IRI of the data.

        Raises:
            QuerySyntaxError: the text is no SPARQL query.
            QueryRefusedError: it is an update, asks another endpoint or is nested too deeply.
        """
        text = unescape(text)
        tokens = tokenize(text)
        inspect(text, tokens)
        declared, own_base = _prologue(tokens)
        undeclared = _undeclared(tokens, declared)
        missing = _completed({prefix_of(token.text) for token in undeclared}, base)
        tree = parse(text, [*_declarations(missing), *tokens])
        check(text, tree)
        return cls(text, tree, own_base, {**declared, **missing}, undeclared)

    def source(self, node: Node | Token) -> str:
        """Return the text of a node."""
        return self.text[node.start : node.end]

    def iri(self, node: Node) -> str:
        """Return the IRI that a node of the kind `iri` names, in full."""
        written = self.source(node)
        if written == "a":
            return RDF_TYPE
        if written.startswith("<"):
            return resolved(written[1:-1], self.base) if self.base else written[1:-1]
        name, _, local = written.partition(":")
        return self.prefixes[name] + _LOCAL_ESCAPE.sub(r"\1", local)

    def term(self, node: Node) -> NamedNode | Literal | None:
        """Return the term of a node of the kind `iri` or `literal`; None if it cannot be one."""
        if node.kind == "iri":
            iri = self.iri(node)
            return NamedNode(iri) if is_iri(iri) else None
        return _literal(self, self.source(node))

    def shown(self, iri: str) -> str:
        """Return an IRI as this query may write it: with a prefix that it has, else in full."""
        fitting = [(n, p) for n, p in self.prefixes.items() if p and iri.startswith(p)]
        for name, namespace in sorted(fitting, key=lambda pair: -len(pair[1])):
            if re.fullmatch(r"[A-Za-z0-9_-]+", iri[len(namespace) :]):
                return f"{name}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def names(self, nodes: Iterable[Node]) -> set[str]:
        """Return the names of the variables among nodes and below them."""
        found = (var for node in nodes for var in node.walk() if var.kind == "var")
        return {name_of(self.text, var) for var in found}

    def remark(
        self, code: str, node: Node | Token, suggestion: str | None = None, **values: str
    ) -> Remark:
        """Return a remark about the place of a node."""
        line, column = place(self.text, node.start)
        shown = self.source(node)
        return Remark(code, message(code, **values), line, column, shown, suggestion)


def _literal(reading: Reading, written: str) -> Literal | None:
    """Return a literal (productions [129] to [134]); the engine reads it."""
    declared = "".join(f"@prefix {n}: <{iri}> .\n" for n, iri in reading.prefixes.items())
    turtle = f"{declared}<urn:s> <urn:p> {written} ."
    try:
        [quad] = rdf(turtle, format=RdfFormat.TURTLE)
    except (SyntaxError, ValueError):
        return None
    return quad.object if isinstance(quad.object, Literal) else None


def prefix_of(name: str) -> str:
    """Return the prefix of a prefixed name, without its colon."""
    return name.partition(":")[0]


def _prologue(tokens: Sequence[Token]) -> tuple[dict[str, str], str]:
    """Return the prefixes that a query declares and its base IRI (empty without BASE)."""
    declared: dict[str, str] = {}
    base = ""
    position = 0
    while tokens[position].upper in {"BASE", "PREFIX", "VERSION"}:
        if tokens[position].upper == "VERSION" and tokens[position + 1].kind == "string":
            position += 2
            continue
        width = 2 if tokens[position].upper == "BASE" else 3
        last = tokens[min(position + width, len(tokens)) - 1]
        if last.kind != "iri":  # the parser will say so
            break
        iri = resolved(last.text[1:-1], base) if base else last.text[1:-1]
        if width == 2:  # noqa: PLR2004 - BASE and its IRI
            base = iri
        else:
            declared[prefix_of(tokens[position + 1].text)] = iri
        position += width
    return declared, base


def _undeclared(tokens: Sequence[Token], declared: Mapping[str, str]) -> list[Token]:
    """Return the first name with each prefix that is not declared."""
    found: dict[str, Token] = {}
    for before, token in itertools.pairwise(tokens):
        name = prefix_of(token.text)
        if token.kind == "pname" and name not in declared and before.upper != "PREFIX":
            found.setdefault(name, token)
    return list(found.values())


def _completed(names: Iterable[str], base: str) -> dict[str, str]:
    known = prefixes(base)
    return {name: known.get(name, f"{_NOWHERE}{name}:") for name in sorted(names)}


def is_nowhere(iri: str) -> bool:
    """Tell whether an IRI was made of a prefix that nobody knows."""
    return iri.startswith(_NOWHERE)


def _declarations(missing: Mapping[str, str]) -> list[Token]:
    """Return declarations that stand at the very beginning and take no room."""
    made: list[Token] = []
    for name, iri in missing.items():
        made += [
            Token("word", "PREFIX", 0, 0),
            Token("pname", f"{name}:", 0, 0),
            Token("iri", f"<{iri}>", 0, 0),
        ]
    return made
