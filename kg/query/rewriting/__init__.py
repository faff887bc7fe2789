r"""Writing differently what the engine evaluates wrongly or refuses although it is legal.

What the engine (Oxigraph 0.5) does, and what is written instead; everything else stays as it is:

| pattern | the engine | instead | module |
|---|---|---|---|
| `GRAPH ?g { … }` with a sub-query, VALUES, MINUS | loses `?g` | a UNION over the graphs | graphs |
| `GRAPH ?g { … FILTER(BOUND(?g)) }` | finds `?g` bound | a UNION over the graphs | graphs |
| `GRAPH <absent> { VALUES … }` | has solutions | none | graphs |
| `?s p\\|q ?o` | drops duplicates | a UNION over the alternatives | paths |
| `<absent> p* ?o` | has no solution | the one of length zero | paths |
| `(COUNT(*) AS ?n) (?n * 2 AS ?m)` | is refused | the expression for the variable | aliases |
| `EXISTS { SELECT * { FILTER(?outer …) } }` | hides `?outer` | the group alone | existence |
| `BNODE(?label)` | one node for all solutions | a label of each solution's own | labels |
| `REGEX(?o, "[ ]\\w", "x")` | has classes and flags of its own | what means the same | regexes |
| `COUNT(?n + 1)` | is an error if one is | what counts the others | aggregates |
| `GROUP_CONCAT(?o)` of one language | keeps its tag | `STR(GROUP_CONCAT(?o))` | aggregates |

A query in which none of these can occur, which its tokens tell, is not even parsed here.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from kg.errors import QueryRefusedError
from kg.query.rewriting import aggregates
from kg.query.rewriting.aliases import Aliases
from kg.query.rewriting.existence import Existence, check_assignments
from kg.query.rewriting.graphs import Graphs
from kg.query.rewriting.labels import Labels
from kg.query.rewriting.paths import Paths
from kg.query.rewriting.regexes import Regexes
from kg.query.rewriting.writer import LONGEST, Writer
from kg.query.syntax import Node, parse
from kg.query.tokens import DOUBTFUL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kg.query.rewriting.graphs import Ask
    from kg.query.tokens import Token

__all__ = ["rewrite", "suspicious"]


def suspicious(tokens: Sequence[Token]) -> bool:
    """Tell from the tokens whether something in a query might have to be rewritten."""
    aliases = 0
    exists = False
    for before, token in itertools.pairwise(tokens):
        if token.kind == "mark":
            if token.text in _MARKS or (token.text in {"*", "!"} and _in_path(before, token)):
                return True
        elif token.kind == "word":
            upper = token.upper
            aliases += upper == "AS"
            exists |= upper == "EXISTS"
            if upper in _WORDS or (exists and upper in {"SELECT", "BIND"}):
                return True
        elif token.kind == "iri" and DOUBTFUL.search(token.text):
            return True
    return aliases > 1 or aggregates.counts_expressions(tokens)


_MARKS: Final = frozenset(["|", "?", "<<(", "{|", "~"])
_WORDS: Final = frozenset(["GRAPH", "BNODE", "GROUP_CONCAT", "REGEX", "REPLACE"])


def _in_path(before: Token, token: Token) -> bool:
    """Tell whether a mark can belong to a path, by the token before it."""
    if token.text == "!":
        return before.kind in {"var", "iri", "pname", "bnode"} or before.text in {";", "/", "|"}
    return before.kind in {"iri", "pname"} or before.text in {")", "a"}


def rewrite(text: str, tokens: Sequence[Token], ask: Ask) -> str:
    """Return a query that the engine evaluates as the standard says.

    `ask` evaluates a query on the dataset of this one.

    Raises:
        QuerySyntaxError: it cannot be parsed.
        QueryRefusedError: it cannot be written so that the engine evaluates it rightly: the reason,
            and what to write instead.
    """
    tree = parse(text, tokens)
    check_assignments(text, tree)
    paths, labels, regexes = Paths(text, tree), Labels(text, tree), Regexes(text)
    rules: dict[str, Callable[[Writer, Node], str | None]] = {
        "graph": Graphs(text, tree, ask).write,
        "triples": paths.write,
        "path": paths.write_path,
        "projection": Aliases(text, tree).write,
        "select": Existence(text, tree).write,
        "call": lambda writer, node: regexes.write(writer, node) or labels.write(writer, node),
        "group": labels.write_group,
        "aggregate": aggregates.write,
    }
    written = Writer(text, rules).write(tree)
    if len(written) > LONGEST and written != text:
        detail = f"Written for the engine, the query has more than {LONGEST} characters"
        raise QueryRefusedError(detail)
    return text[: tree.start] + written + text[tree.end :]
