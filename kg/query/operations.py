"""The operations of a SPARQL 1.1 update, and what has to be written differently in them.

An update is cut at the tokens: templates and patterns are what stands between braces, operations
are what stands between semicolons. The engine, which has the grammar, decides whether it is one.

1. LOAD and SERVICE, which would fetch an address, are refused before anything is evaluated. Where
   the caller wants it, LOAD SILENT is read instead, to be carried out as a load that has failed
   (SPARQL 1.1 Update, section 3.1.4).
2. The dataset of the protocol request (SPARQL 1.1 Protocol, section 2.2.3) is written into each
   operation with a pattern, as USING and USING NAMED; `DELETE WHERE P` becomes `DELETE P WHERE P`.
3. Patterns that the engine evaluates wrongly are rewritten as those of queries are.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from pyoxigraph import NamedNode

from kg.errors import ParameterError, QueryRefusedError, QuerySyntaxError
from kg.query.rewriting import rewrite, suspicious
from kg.query.syntax import StrictError
from kg.query.tokens import place, syntax_error, tokenize, unescape, with_booleans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kg.query.evaluation import Results
    from kg.query.request import Dataset
    from kg.query.tokens import Token

    Ask = Callable[[str], Results]

Kind = Literal["insert data", "delete data", "modify", "graphs", "load"]

MANAGEMENT: Final = frozenset(["CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"])


class NotFetchedError(QueryRefusedError):
    """LOAD or SERVICE: nothing is fetched from here."""

    status = 403


_REFUSED: Final = {
    "LOAD": "nothing is fetched from here; send the document to the graph store instead",
    "SERVICE": (
        "no other endpoint is asked from here; ask it yourself and give its answer in VALUES"
    ),
}


@dataclass
class Operation:
    """One operation; texts as they stand, templates and patterns with their braces.

    `graph` is the IRI after WITH, `using` the USING clauses. Of an operation on whole graphs there
    is only `text`; INSERT DATA and DELETE DATA have their quads in `insert` and `delete`; LOAD
    SILENT has in `graph` what it would have loaded.
    """

    kind: Kind
    prologue: str
    text: str
    delete: str | None = None
    insert: str | None = None
    where: str | None = None
    graph: str | None = None
    using: list[str] = field(default_factory=list)

    def written(self) -> str:
        """Return the operation as SPARQL, without its prologue."""
        if self.kind != "modify":
            return self.text
        pieces = [
            f"WITH {self.graph}" if self.graph else "",
            f"DELETE {self.delete}" if self.delete else "",
            f"INSERT {self.insert}" if self.insert else "",
            *self.using,
            f"WHERE {self.where}",
        ]
        return " ".join(piece for piece in pieces if piece)


def refuse(text: str, tokens: Sequence[Token], *, silent_loads: bool = False) -> None:
    """Refuse what would fetch an address, LOAD SILENT perhaps apart.

    Raises:
        NotFetchedError: LOAD or SERVICE, with its place.
    """
    for token, following in itertools.pairwise(tokens):
        if silent_loads and token.upper == "LOAD" and following.upper == "SILENT":
            continue
        if token.upper in _REFUSED:
            line, column = place(text, token.start)
            detail = f"Line {line}, column {column}, at {token.text!r}: {_REFUSED[token.upper]}"
            raise NotFetchedError(detail, line=line, column=column, token=token.text)


def read(text: str, *, silent_loads: bool = False) -> list[Operation]:
    """Return the operations of an update; LOAD SILENT is one only with `silent_loads`.

    Raises:
        QuerySyntaxError: it is made of something else than tokens, or braces do not match.
        NotFetchedError: it would fetch an address.
    """
    text = unescape(text)
    tokens = tokenize(text)
    refuse(text, tokens, silent_loads=silent_loads)
    return _Reader(with_booleans(text, tokens), tokens).read()


class _Reader:
    """The tokens of an update under the reader's eyes."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._index = 0

    def read(self) -> list[Operation]:
        found: list[Operation] = []
        prologue = ""
        while True:
            prologue += self._prologue()
            if self._kind() == "end":
                return found
            found.append(self._operation(prologue))
            if self._kind() != "end":
                self._expect(";")

    def _kind(self) -> str:
        return self._tokens[self._index].kind

    def _word(self) -> str:
        return self._tokens[self._index].upper

    def _take(self) -> Token:
        token = self._tokens[self._index]
        if token.kind == "end":
            raise syntax_error(self._text, token.start, "", "the update is not complete")
        self._index += 1
        return token

    def _expect(self, wanted: str) -> Token:
        token = self._tokens[self._index]
        if wanted not in (token.text, token.upper):
            reason = f"{wanted!r} was expected"
            raise syntax_error(self._text, token.start, token.text, reason)
        return self._take()

    def _prologue(self) -> str:
        start = self._tokens[self._index].start
        end = start
        while self._word() in {"BASE", "PREFIX", "VERSION"}:
            self._take()
            while self._kind() in {"pname", "iri", "string"}:
                end = self._take().end
        return self._text[start:end] + "\n" if end > start else ""

    def _operation(self, prologue: str) -> Operation:
        start = self._tokens[self._index].start
        word = self._word()
        if word in MANAGEMENT:
            while self._kind() != "end" and self._tokens[self._index].text != ";":
                self._take()
            made = Operation("graphs", prologue, "")
        elif word in {"INSERT", "DELETE", "WITH"}:
            made = self._modification(prologue)
        elif word == "LOAD":
            made = self._load(prologue)
        else:
            token = self._tokens[self._index]
            reason = "INSERT, DELETE or an operation on graphs was expected"
            raise syntax_error(self._text, token.start, token.text, reason)
        made.text = self._text[start : self._tokens[self._index - 1].end]
        return made

    def _load(self, prologue: str) -> Operation:
        self._take()
        self._expect("SILENT")
        made = Operation("load", prologue, "", graph=self._iri())
        if self._word() == "INTO":
            self._take()
            self._expect("GRAPH")
            self._iri()
        return made

    def _modification(self, prologue: str) -> Operation:
        made = Operation("modify", prologue, "")
        if self._word() == "WITH":
            self._take()
            made.graph = self._iri()
        if self._word() == "DELETE":
            self._take()
            if self._word() == "WHERE":
                self._take()
                made.delete = made.where = self._braces()
                return made
            if self._word() == "DATA":
                self._take()
                made.kind, made.delete = "delete data", self._braces()
                return made
            made.delete = self._braces()
        if self._word() == "INSERT":
            self._take()
            if self._word() == "DATA" and made.delete is None and made.graph is None:
                self._take()
                made.kind, made.insert = "insert data", self._braces()
                return made
            made.insert = self._braces()
        self._pattern(made)
        return made

    def _pattern(self, made: Operation) -> None:
        while self._word() == "USING":
            start = self._take().start
            if self._word() == "NAMED":
                self._take()
            self._iri()
            made.using.append(self._text[start : self._tokens[self._index - 1].end])
        self._expect("WHERE")
        made.where = self._braces()

    def _iri(self) -> str:
        token = self._take()
        if token.kind not in {"iri", "pname"}:
            raise syntax_error(self._text, token.start, token.text, "an IRI was expected")
        return token.text

    def _braces(self) -> str:
        start = self._expect("{").start
        depth = 1
        while depth:
            token = self._take()
            depth += (token.text == "{") - (token.text == "}")
        return self._text[start : token.end]


def on_dataset(operation: Operation, dataset: Dataset) -> None:
    """Have an operation's pattern see the dataset of the protocol request.

    Raises:
        ParameterError: the operation names a dataset itself (Protocol, section 2.2.3), or a graph
            is not named by an absolute IRI.
    """
    if not dataset or operation.kind != "modify":
        return
    if operation.graph or operation.using:
        detail = "The update names its dataset (USING or WITH), and so do the parameters"
        raise ParameterError(detail, parameter="using-graph-uri")
    operation.using = [
        *(f"USING {_named(name)}" for name in dataset.default),
        *(f"USING NAMED {_named(name)}" for name in dataset.named),
    ]


def _named(name: str) -> NamedNode:
    try:
        return NamedNode(name)
    except ValueError as error:
        raise ParameterError(f"{name!r} names no graph: {error}", value=name) from error


def make_right(operation: Operation, ask: Ask) -> None:
    """Rewrite the pattern of an operation if the engine would evaluate it wrongly.

    `ask` evaluates a query on the store before the operation.

    Raises:
        QueryRefusedError: it cannot be written so that the engine evaluates it rightly.
    """
    if operation.kind != "modify" or not suspicious(tokenize(operation.where or "")):
        return
    datasets = " ".join(clause.replace("USING", "FROM", 1) for clause in _upper(operation.using))
    head = f"{operation.prologue}SELECT * {datasets} WHERE "
    query = head + (operation.where or "")
    try:
        written = rewrite(query, tokenize(query), ask)
    except StrictError:
        raise
    except QuerySyntaxError:
        return  # the engine has the last word
    operation.where = written[len(head) :]


def _upper(clauses: list[str]) -> list[str]:
    return ["USING" + clause[len("USING") :] for clause in clauses]
