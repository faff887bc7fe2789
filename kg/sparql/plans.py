"""Plans by the text of the query, with its constants lifted out.

1. A text that was planned before has its plan at once.
2. Otherwise the text's tokens without the IRIs between < and > are its skeleton; a plan made for
   another text with this skeleton serves if it differs in nothing but IRIs that the plan has as
   parameters.
3. An IRI becomes a parameter when its number is all that the plan depends on: the release has it,
   as a node, it is no property and no graph, and its text is nowhere in the SQL.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import NamedNode

from kg.sparql.compiler import compiled, sliced_by
from kg.sparql.construct import construct_select
from kg.sparql.context import Context, Dataset
from kg.sparql.errors import NotCompilable
from kg.sparql.facets import struct
from kg.sparql.queries import parse
from kg.sparql.results import Output
from kg.sparql.stored import of_column
from kg.sparql.tokens import tokenise, unescape_code_points
from kg.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.columns.catalogue import Catalogue
    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Query, Select, Term
    from kg.sparql.compiler import Compiler

# Plans that are kept, and plans with one skeleton.
_KEPT: Final = 512
_ALIKE: Final = 8
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{19}(?![0-9])")


@dataclass(frozen=True)
class Plan:
    """A compiled query: its SQL, its columns, the constants that the release does not have.

    `values` are the numbers of the IRIs that the SQL has as parameters.
    """

    query: Query
    sql: str
    outputs: tuple[Output, ...]
    local: tuple[Term, ...]
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The dataset that a request asks for (SPARQL 1.1 Protocol, section 2.1.4).

    `default` and `named` are graph IRIs and take the place of FROM and FROM NAMED; `union` says
    that without either the default graph is all graphs together.
    """

    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None
    union: bool = True


@dataclass(frozen=True)
class _Lifted:
    """A plan with parameters: which IRIs of the text are fixed, and which stand for each value."""

    plan: Plan
    fixed: dict[int, str]
    parameters: tuple[tuple[int, ...], ...]


@dataclass
class Plans:
    """The plans over one release."""

    catalogue: Catalogue
    dictionary: Dictionary
    kept: OrderedDict[tuple[str, Choice, str], Plan] = field(default_factory=OrderedDict)
    alike: OrderedDict[object, list[_Lifted]] = field(default_factory=OrderedDict)

    def plan(self, text: str, choice: Choice, base: str = "") -> Plan:
        """Return the plan of a query.

        Raises:
            QuerySyntaxError: not SPARQL.
            NotCompilable: not covered.
        """
        key = (text, choice, base)
        found = self.kept.get(key)
        if found is None:
            found = self._similar(text, choice, base)
            _keep(self.kept, key, found)
        return found

    def _similar(self, text: str, choice: Choice, base: str) -> Plan:
        skeleton, iris = _skeleton(text)
        key = (skeleton, choice, base)
        alike = self.alike.get(key, [])
        for lifted in alike:
            values = self._values(lifted, iris)
            if values is not None:
                return replace(lifted.plan, values=values)
        plan = self._plan(text, choice, base)
        lifted = self._lift(plan, iris)
        _keep(self.alike, key, [lifted, *alike][:_ALIKE])
        return lifted.plan

    def _values(self, lifted: _Lifted, iris: Sequence[str]) -> tuple[int, ...] | None:
        """Return the parameters' values for other IRIs, or None if the plan does not serve."""
        if any(iris[place] != iri for place, iri in lifted.fixed.items()):
            return None
        values = []
        for places in lifted.parameters:
            number = self._free(iris[places[0]])
            if number is None or any(iris[place] != iris[places[0]] for place in places):
                return None
            values.append(number)
        return tuple(values)

    def _free(self, iri: str) -> int | None:
        """Return the number of an IRI that a plan may depend on by its number alone."""
        if not is_iri(iri) or iri in self.catalogue.properties:
            return None
        number = self.dictionary.number(NamedNode(iri))
        known = number is not None and number not in self.catalogue.graphs
        return number if known and number not in self.catalogue.strangers else None

    def _lift(self, plan: Plan, iris: Sequence[str]) -> _Lifted:
        if plan.query.form == "CONSTRUCT":
            return _Lifted(plan, dict(enumerate(iris)), ())
        numbers = {iri: self._free(iri) for iri in set(iris)}
        written = set(_NUMBER.findall(plan.sql))
        chosen = {
            iri: str(number)
            for iri, number in numbers.items()
            if number is not None and str(number) in written and iri not in plan.sql
        }
        order = list(chosen)
        positions = {number: f"${order.index(iri) + 1}" for iri, number in chosen.items()}
        sql = _NUMBER.sub(lambda match: positions.get(match[0], match[0]), plan.sql)
        places = {iri: tuple(n for n, each in enumerate(iris) if each == iri) for iri in order}
        fixed = {n: iri for n, iri in enumerate(iris) if iri not in chosen}
        values = tuple(int(chosen[iri]) for iri in order)
        return _Lifted(
            replace(plan, sql=sql, values=values), fixed, tuple(places[iri] for iri in order)
        )

    def _plan(self, text: str, choice: Choice, base: str) -> Plan:
        query = parse(text, base)
        if query.form == "DESCRIBE":
            raise NotCompilable("DESCRIBE is not compiled")
        context = Context(self.catalogue, self.dictionary, self._dataset(query, choice), query.base)
        select = construct_select(query) if query.form == "CONSTRUCT" else query.select
        sql, outputs = _final(compiled(context), select, ask=query.form == "ASK")
        return Plan(query, sql, tuple(outputs), tuple(context.local))

    def _dataset(self, query: Query, choice: Choice) -> Dataset:
        default, named = choice.default, choice.named
        if default is None and named is None and query.default is not None:
            default = tuple(graph.value for graph in query.default)
            named = tuple(graph.value for graph in query.named or ())
        if default is None and named is None:
            return Dataset() if choice.union else Dataset(frozenset({0}))
        return Dataset(self._graphs(default or ()), self._graphs(named or ()))

    def _graphs(self, iris: Sequence[str]) -> frozenset[int]:
        found = (self.dictionary.number(NamedNode(iri)) for iri in iris)
        return frozenset(number for number in found if number is not None)


def _keep(kept: OrderedDict[Any, Any], key: object, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)


def _skeleton(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a text's tokens without the IRIs, and the IRIs; those of the prologue stay."""
    parts: list[str] = []
    iris: list[str] = []
    tokens = tokenise(unescape_code_points(text))
    for index, (kind, content, _) in enumerate(tokens):
        if kind == "iri" and not _declared(parts, tokens[index - 1].kind):
            iris.append(content)
            content = ""  # noqa: PLW2901 - the IRI's place stays, its text goes
        parts.extend((kind, content))
    return tuple(parts), tuple(iris)


def _declared(parts: Sequence[str], before: str) -> bool:
    """Whether an IRI stands behind BASE or PREFIX."""
    words = [part.upper() for part in parts[-4:]]
    return words[-1:] == ["BASE"] or (before == "name" and words[:2] == ["WORD", "PREFIX"])


def _final(compiler: Compiler, select: Select, *, ask: bool) -> tuple[str, list[Output]]:
    """Return the outermost SELECT: stored terms as numbers, computed values as texts."""
    relation, order = compiler.modified(select)
    items, outputs = [], []
    for index, (variable, _) in enumerate([] if ask else select.projection):
        column = relation.columns.get(variable)
        if column is None:
            items.append(f"CAST(NULL AS BIGINT) AS c{index}")
            outputs.append(Output(variable.name, "id"))
        elif column.form == "number":
            items.append(f"{struct(of_column(relation, column))} AS c{index}")
            outputs.append(Output(variable.name, "term"))
        elif column.form == "native":
            (kind,) = column.classes
            items.append(f"{of_column(relation, column).get('lex')} AS c{index}")
            outputs.append(Output(variable.name, "native", kind))
        else:
            items.append(f"{column.sql} AS c{index}")
            outputs.append(Output(variable.name, column.form))
    end = " LIMIT 1" if ask and select.limit is None else sliced_by(select, order)
    return f"SELECT {', '.join(items) or '1 AS c'}{relation.body()}{end}", outputs
