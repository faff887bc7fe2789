"""A place among the tokens of a query, with the prologue that names are resolved by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from pyoxigraph import Literal, NamedNode

from kg.sparql.algebra import Bgp, Term, Var
from kg.sparql.tokens import Token, syntax_error, tokenise, unescape, unescape_code_points
from kg.terms import RDF_TYPE, XSD, XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, is_iri, resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.sparql.algebra import Pattern

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDF_FIRST = NamedNode(RDF + "first")
RDF_REST = NamedNode(RDF + "rest")
RDF_NIL = NamedNode(RDF + "nil")
_NUMBERS = {"integer": XSD_INTEGER, "decimal": XSD_DECIMAL, "double": XSD + "double"}


@dataclass
class Cursor:
    """Reads tokens one after the other; every `take…` moves on, every `at…` only looks.

    `labels` maps a blank node label to the number of the basic graph pattern that it was used in,
    `block` numbers these patterns, `anonymous` counts the variables made for blank nodes.
    `group` and `sub_select` read what the modules before them in the order of import need.
    """

    text: str
    base: str = ""
    tokens: list[Token] = field(default_factory=list)
    index: int = 0
    prefixes: dict[str, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    block: int = 0
    anonymous: int = 0
    aggregates_allowed: bool = False
    depth: int = 0
    group: Callable[[Cursor], Pattern] = field(default=lambda _cursor: Bgp())
    sub_select: Callable[[Cursor], Pattern] = field(default=lambda _cursor: Bgp())

    def __post_init__(self) -> None:
        self.text = unescape_code_points(self.text)
        self.tokens = tokenise(self.text)

    @property
    def token(self) -> Token:
        """The token here."""
        return self.tokens[self.index]

    def fail(self, expected: str = "", token: Token | None = None) -> NoReturn:
        """Raise the syntax error for the token here, or for one that was read before."""
        place = token or self.token
        raise syntax_error(self.text, place.position, place.text, expected)

    def at(self, *marks: str) -> bool:
        """Whether one of these punctuation marks is here."""
        token = self.tokens[self.index]
        return token.kind == "mark" and token.text in marks

    def at_word(self, *words: str) -> bool:
        """Whether one of these keywords (upper case) is here."""
        token = self.tokens[self.index]
        return token.kind == "word" and token.text.upper() in words

    def at_kind(self, *kinds: str) -> bool:
        """Whether a token of one of these kinds is here."""
        return self.tokens[self.index].kind in kinds

    def take(self) -> Token:
        """Return the token here and go on."""
        token = self.tokens[self.index]
        self.index += 1
        return token

    def eat(self, *marks: str) -> bool:
        """Pass a punctuation mark if one of these is here."""
        found = self.at(*marks)
        self.index += found
        return found

    def eat_word(self, *words: str) -> bool:
        """Pass a keyword if one of these is here."""
        found = self.at_word(*words)
        self.index += found
        return found

    def expect(self, mark: str) -> None:
        """Pass this punctuation mark, which must be here."""
        if not self.eat(mark):
            self.fail(f"'{mark}'")

    def expect_word(self, word: str) -> None:
        """Pass this keyword, which must be here."""
        if not self.eat_word(word):
            self.fail(word)

    def var(self) -> Var:
        """Read a variable."""
        if not self.at_kind("var"):
            self.fail("a variable")
        return Var(self.take().text)

    def fresh(self) -> Var:
        """Return a new anonymous variable."""
        self.anonymous += 1
        return Var(f"_:{self.anonymous}")

    def at_iri(self) -> bool:
        """Whether an IRI or prefixed name is here."""
        return self.at_kind("iri", "name")

    def iri(self) -> NamedNode:
        """Read an IRI or prefixed name (productions [136], [137])."""
        token = self.take()
        if token.kind == "iri":
            return NamedNode(self.resolve(token))
        if token.kind != "name":
            self.fail("an IRI", token)
        prefix, _, local = token.text.partition(":")
        if prefix not in self.prefixes:
            self.fail(f"a declared prefix, not '{prefix}:'", token)
        return NamedNode(self.prefixes[prefix] + unescape(local))

    def resolve(self, token: Token) -> str:
        """Return the IRI of an `iri` token against the base (RFC 3986, section 5)."""
        if is_iri(token.text):
            return token.text
        if not self.base:
            self.fail("an absolute IRI, for there is no BASE", token)
        try:
            return resolved(token.text, self.base)
        except ValueError:
            self.fail("a reference that can be resolved", token)

    def verb_iri(self) -> NamedNode:
        """Read an IRI where `a` stands for rdf:type."""
        if self.token.kind == "word" and self.token.text == "a":
            self.take()
            return NamedNode(RDF_TYPE)
        return self.iri()

    def at_literal(self) -> bool:
        """Whether a literal is here (a sign before a number is for the caller)."""
        return self.at_kind("string", *_NUMBERS) or self.at_word("TRUE", "FALSE")

    def literal(self) -> Literal:
        """Read a literal (productions [129] to [134])."""
        token = self.take()
        if token.kind in _NUMBERS:
            return Literal(token.text, datatype=NamedNode(_NUMBERS[token.kind]))
        if token.kind == "word":
            return Literal(token.text.lower(), datatype=NamedNode(XSD_BOOLEAN))
        if self.at_kind("lang"):
            return Literal(token.text, language=self.take().text)
        if self.eat("^^"):
            return Literal(token.text, datatype=self.iri())
        return Literal(token.text)

    def signed_number(self) -> Literal:
        """Read a number with its sign as one literal, as inside triples and VALUES."""
        sign = self.take().text
        if not self.at_kind(*_NUMBERS):
            self.fail("a number")
        token = self.take()
        return Literal(sign + token.text, datatype=NamedNode(_NUMBERS[token.kind]))

    def constant(self) -> Term | None:
        """Read an IRI, literal or signed number; None if there is none here."""
        if self.at_iri():
            return self.iri()
        if self.at_literal():
            return self.literal()
        if self.at("+", "-"):
            return self.signed_number()
        return None
