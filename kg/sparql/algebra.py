"""The algebra of a query (SPARQL 1.1, section 18.2): expressions, paths, patterns, the query.

Terms are those of pyoxigraph; blank nodes of a query are variables whose name begins with `_:`,
which no text can name. The solution modifiers stay together in one `Select`, because SQL has them
together too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pyoxigraph import Literal, NamedNode

# A literal from outside may be a blank node only in data; a query's blank nodes are variables.
Term: TypeAlias = NamedNode | Literal


class Var(NamedTuple):
    """A variable, without its `?`."""

    name: str

    @property
    def anonymous(self) -> bool:
        """Whether it is a blank node of the query, or made by the translation of a path."""
        return self.name.startswith("_:")


Node: TypeAlias = Var | Term


@dataclass(frozen=True)
class Call:
    """An operator (`+`, `&&`, `in`), a built-in function (`STRLEN`) or a cast (its IRI)."""

    name: str
    args: tuple[Expression, ...]


@dataclass(frozen=True)
class Exists:
    """EXISTS or NOT EXISTS."""

    pattern: Pattern
    negated: bool


@dataclass(frozen=True)
class Aggregate:
    """An aggregate; `argument` is None for COUNT(*)."""

    name: str
    argument: Expression | None
    distinct: bool
    separator: str = " "


Expression: TypeAlias = Var | Term | Call | Exists | Aggregate


@dataclass(frozen=True)
class Inverse:
    """`^path`."""

    path: Path


@dataclass(frozen=True)
class Sequence:
    """`path / path`."""

    parts: tuple[Path, ...]


@dataclass(frozen=True)
class Alternative:
    """`path | path`."""

    parts: tuple[Path, ...]


@dataclass(frozen=True)
class Repeat:
    """`path?`, `path*`, `path+`: from `minimum` steps, to one or without end."""

    path: Path
    minimum: int
    unbounded: bool


@dataclass(frozen=True)
class Negated:
    """`!(iri | ^iri)`: any predicate but these, forwards and backwards."""

    forward: tuple[NamedNode, ...]
    backward: tuple[NamedNode, ...]


Path: TypeAlias = NamedNode | Inverse | Sequence | Alternative | Repeat | Negated


@dataclass(frozen=True)
class Triple:
    """A triple pattern or a property path pattern."""

    subject: Node
    predicate: Var | Path
    object: Node


@dataclass(frozen=True)
class Bgp:
    """Triple patterns next to each other; empty, it has one empty solution."""

    triples: tuple[Triple, ...] = ()


@dataclass(frozen=True)
class Join:
    """Solutions of both sides that agree."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True)
class LeftJoin:
    """OPTIONAL; the condition sees both sides."""

    left: Pattern
    right: Pattern
    condition: Expression | None


@dataclass(frozen=True)
class Filter:
    """The solutions for which the condition's effective boolean value is true."""

    condition: Expression
    pattern: Pattern


@dataclass(frozen=True)
class Union:
    """Solutions of either side."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True)
class Minus:
    """Solutions of the left side that agree with none of the right, sharing a variable."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True)
class Graph:
    """A pattern matched in a named graph."""

    name: Var | NamedNode
    pattern: Pattern


@dataclass(frozen=True)
class Extend:
    """BIND: a new variable, unbound where the expression is in error."""

    pattern: Pattern
    variable: Var
    expression: Expression


@dataclass(frozen=True)
class Values:
    """Inline data; None is UNDEF."""

    variables: tuple[Var, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True)
class Order:
    """One condition of ORDER BY."""

    expression: Expression
    descending: bool


@dataclass(frozen=True)
class Select:
    """A (sub-)SELECT with its solution modifiers.

    `projection` pairs each variable with its expression or None; `group` is None where nothing is
    grouped and empty where all solutions are one group; `values` is inline data joined after
    grouping, as a VALUES clause behind the modifiers is (section 18.2.4.3); REDUCED is read as
    nothing, which section
    18.5 permits.
    """

    pattern: Pattern
    projection: tuple[tuple[Var, Expression | None], ...]
    group: tuple[tuple[Var | None, Expression], ...] | None = None
    having: tuple[Expression, ...] = ()
    order: tuple[Order, ...] = ()
    distinct: bool = False
    limit: int | None = None
    offset: int = 0
    values: Values | None = None


Pattern: TypeAlias = (
    Bgp | Join | LeftJoin | Filter | Union | Minus | Graph | Extend | Values | Select
)


@dataclass(frozen=True)
class Query:
    """A whole query: `form` is SELECT, ASK, CONSTRUCT or DESCRIBE.

    `default` and `named` are the graphs of FROM and FROM NAMED, both None without either; `base` is
    what IRI() resolves against.
    """

    form: str
    select: Select
    template: tuple[Triple, ...] = ()
    described: tuple[Var | NamedNode, ...] = ()
    default: tuple[NamedNode, ...] | None = None
    named: tuple[NamedNode, ...] | None = None
    base: str = ""
