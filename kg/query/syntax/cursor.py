"""Reading tokens one after the other."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

from kg.errors import QueryRefusedError, QuerySyntaxError
from kg.query.syntax.tree import Node
from kg.query.tokens import DOUBTFUL, place, syntax_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kg.query.tokens import Kind, Token

    Reader = Callable[["Cursor"], Node]

DEEPEST: Final = 60
"""How deep groups and brackets may be nested in a query that has to be parsed here."""


class StrictError(QuerySyntaxError):
    """The grammar does not have it, although the engine would answer it, somehow."""


class Cursor:
    """A place among the tokens, with the prefixes that are declared.

    `group` and `sub_select` read what expressions and groups hold of the modules above them.
    """

    def __init__(
        self, text: str, tokens: Sequence[Token], group: Reader, sub_select: Reader
    ) -> None:
        self.text = text
        self.prefixes: set[str] = set()
        self.group = group
        self.sub_select = sub_select
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The token to be read next."""
        return self._tokens[self._index]

    @property
    def next(self) -> Token:
        """The token after that."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def fail(self, reason: str, token: Token | None = None) -> NoReturn:
        """Raise the syntax error of a token."""
        token = token or self.token
        if token.kind == "iri" and DOUBTFUL.search(token.text):
            # The engine reads `?x<?a&&?b>?y` as two comparisons; the longest token is an IRI.
            self.fail_strictly(reason, token)
        raise syntax_error(self.text, token.start, token.text, reason)

    def fail_strictly(self, reason: str, token: Token | None = None) -> NoReturn:
        """Raise the syntax error of a token that the engine would let through."""
        token = token or self.token
        raise syntax_error(self.text, token.start, token.text, reason, StrictError)

    def take(self) -> Token:
        """Return the next token and pass it."""
        token = self._tokens[self._index]
        self._index += 1
        return token

    def at(self, *marks: str) -> bool:
        """Tell whether one of these marks is next."""
        return self.token.kind == "mark" and self.token.text in marks

    def at_word(self, *words: str) -> bool:
        """Tell whether one of these keywords is next."""
        return self.token.upper in words if self.token.kind == "word" else False

    def at_kind(self, *kinds: Kind) -> bool:
        """Tell whether a token of one of these kinds is next."""
        return self.token.kind in kinds

    def skip(self, *marks: str) -> bool:
        """Pass one of these marks if it is next; tell whether it was."""
        found = self.at(*marks)
        if found:
            self._index += 1
        return found

    def skip_word(self, *words: str) -> bool:
        """Pass one of these keywords if it is next; tell whether it was."""
        found = self.at_word(*words)
        if found:
            self._index += 1
        return found

    def expect(self, mark: str) -> Token:
        """Pass a mark.

        Raises:
            QuerySyntaxError: something else is next.
        """
        if not self.at(mark):
            self.fail(f"{mark!r} was expected")
        return self.take()

    def expect_word(self, word: str) -> Token:
        """Pass a keyword.

        Raises:
            QuerySyntaxError: something else is next.
        """
        if not self.at_word(word):
            self.fail(f"{word} was expected")
        return self.take()

    @contextmanager
    def node(self, kind: str, tag: str = "") -> Iterator[Node]:
        """Yield a node that begins here and ends with the last token passed in the block."""
        begin = self._index
        made = Node(kind, self.token.start, self.token.start, tag)
        yield made
        if self._index > begin:
            made.end = self._tokens[self._index - 1].end

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level deeper.

        Raises:
            QueryRefusedError: it is too deep to be parsed.
        """
        self._depth += 1
        if self._depth > DEEPEST:
            line, column = place(self.text, self.token.start)
            detail = f"Line {line}, column {column}: nested more than {DEEPEST} levels deep"
            raise QueryRefusedError(detail, line=line, column=column, token=self.token.text)
        yield
        self._depth -= 1
