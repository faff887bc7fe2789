"""Plans by the text of the query, with its constants lifted out.

1. A text that was planned before has its plan at once.
2. Otherwise the text's tokens without the IRIs between < and > and without strings are its
   skeleton; a plan made for another text with this skeleton serves if it differs in nothing but
   constants that the plan has as parameters.
3. An IRI becomes a parameter when its number is all that the plan depends on: the release has it,
   as a node, it is no property and no graph, and its text is nowhere in the SQL.
4. A literal becomes a parameter by its number and its quoted text, once two texts with different
   literals gave the same SQL but for these: what else the plan takes from a literal, a bound or an
   instant, would stand there. Until then the plan serves for the same literals with other IRIs.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pyoxigraph as ox
from pyoxigraph import NamedNode

from kg.columns.canonical import canonical
from kg.columns.ids import OTHER_TAG, TAG_BITS
from kg.sparql.compiler import compiled, sliced_by
from kg.sparql.construct import construct_select
from kg.sparql.context import Context, Dataset, quoted
from kg.sparql.errors import NotCompilable
from kg.sparql.facets import EXACT
from kg.sparql.letters import SIGMAS
from kg.sparql.queries import parse
from kg.sparql.results import Output
from kg.sparql.stored import of_column
from kg.sparql.tokens import tokenise, unescape_code_points
from kg.terms import XSD_STRING, is_iri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.columns.catalogue import Catalogue
    from kg.columns.dictionary import Dictionary
    from kg.sparql.algebra import Query, Select, Term
    from kg.sparql.compiler import Compiler
    from kg.sparql.tokens import Token

# Plans that are kept, and plans with one skeleton.
_KEPT: Final = 512
_ALIKE: Final = 8
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{19}(?![0-9])")


@dataclass(frozen=True)
class Plan:
    """A compiled query: its SQL, its columns, the constants that the release does not have.

    `values` are the constants that the SQL has as parameters, as SQL has them.
    """

    query: Query
    sql: str
    outputs: tuple[Output, ...]
    local: tuple[Term, ...]
    values: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The dataset that a request asks for (SPARQL 1.1 Protocol, section 2.1.4).

    `default` and `named` are graph IRIs and take the place of FROM and FROM NAMED; `union` says
    that without either the default graph is all graphs together.
    """

    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None
    union: bool = True


class Constant(NamedTuple):
    """A constant as the text of a query has it: without datatype, an IRI."""

    text: str
    datatype: str | None = None


@dataclass(frozen=True)
class _Slot:
    """A parameter: where its constant stands, of which sort that must be, and how it is given."""

    places: tuple[int, ...]
    sort: tuple[str | None, int]
    form: Literal["number", "text"]

    def value(self, constant: Constant, number: int | None) -> int | str:
        """Return the parameter's value as SQL."""
        return number if self.form == "number" and number is not None else quoted(constant.text)

    def written(self, sql: str, place: int, constant: Constant, number: int | None) -> str:
        """Return a statement with the parameter in the place of its value."""
        if self.form == "text":
            return sql.replace(quoted(constant.text), f"CAST(${place} AS VARCHAR)")
        return _NUMBER.sub(lambda m: f"${place}" if m[0] == str(number) else m[0], sql)


@dataclass(frozen=True)
class _Lifted:
    """A plan with parameters: which constants of the text are fixed, and which are values.

    `local` says of each constant that the release does not have where it stands if it is a
    parameter. A plan with literals as
    parameters is `proven` once another text gave the very same statement: what else it depended on
    would stand there.
    """

    plan: Plan
    fixed: dict[int, Constant]
    slots: tuple[_Slot, ...] = ()
    local: tuple[int | None, ...] = ()
    proven: bool = False

    def proves(self, other: _Lifted) -> bool:
        """Whether two plans are the same though each literal among their parameters is another."""
        pairs = zip(self.slots, self.plan.values, other.plan.values, strict=False)
        return self.same(other) and all(
            mine != theirs for slot, mine, theirs in pairs if slot.sort[0]
        )

    def same(self, other: _Lifted) -> bool:
        """Whether two plans differ in the values of their parameters at most."""
        return (self.plan.sql, self.fixed, self.slots, self.local) == (
            other.plan.sql,
            other.fixed,
            other.slots,
            other.local,
        )


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
        skeleton, constants = _skeleton(text)
        key = (skeleton, choice, base)
        alike = self.alike.get(key, [])
        for lifted in alike:
            if lifted.proven and (known := self._filled(lifted, constants)) is not None:
                return known
        plan = self._plan(text, choice, base)
        made = self._lift(plan, constants)
        if any(made.proves(lifted) for lifted in alike):
            made = replace(made, proven=True)
        proven = made if made.proven else self._lift(plan, constants, literals=False)
        new = [proven] if made.proven else [proven, made]
        others = [lifted for lifted in alike if not any(lifted.same(each) for each in new)]
        _keep(self.alike, key, [*new, *others][:_ALIKE])
        return proven.plan

    def _filled(self, lifted: _Lifted, constants: Sequence[Constant]) -> Plan | None:
        """Return a plan with other constants, or None if it does not serve for them."""
        if any(constants[place] != constant for place, constant in lifted.fixed.items()):
            return None
        values: list[int | str] = []
        for slot in lifted.slots:
            constant = constants[slot.places[0]]
            if any(constants[place] != constant for place in slot.places):
                return None
            if self._sort(constant) != slot.sort:
                return None
            values.append(slot.value(constant, self._free(constant)))
        local = tuple(
            term if place is None else canonical(_literal(constants[place]))
            for term, place in zip(lifted.plan.local, lifted.local, strict=True)
        )
        return replace(lifted.plan, values=tuple(values), local=local)

    def _free(self, constant: Constant) -> int | None:
        """Return the number of a constant that a plan may depend on by its number alone."""
        if constant.datatype is None:
            if not is_iri(constant.text) or constant.text in self.catalogue.properties:
                return None
            number = self.dictionary.number(NamedNode(constant.text))
            known = number is not None and number not in self.catalogue.graphs
            return number if known and number not in self.catalogue.strangers else None
        return self.dictionary.number(canonical(_literal(constant)))

    def _sort(self, constant: Constant) -> tuple[str | None, int]:
        """Return what must be the same of two constants for one plan: datatype and tag."""
        number = self._free(constant)
        return constant.datatype, -1 if number is None else number >> TAG_BITS

    def _lift(self, plan: Plan, constants: Sequence[Constant], *, literals: bool = True) -> _Lifted:
        """Return a plan with parameters for its IRIs and, if wanted, its literals."""
        if plan.query.form == "CONSTRUCT":
            return _Lifted(plan, dict(enumerate(constants)), (), (None,) * len(plan.local), True)
        sql, slots = plan.sql, list[_Slot]()
        for constant in dict.fromkeys(constants):
            if constant.datatype is not None and not literals:
                continue
            places = tuple(n for n, each in enumerate(constants) if each == constant)
            for slot in self._slots(constant, places, sql):
                sql = slot.written(sql, len(slots) + 1, constant, self._free(constant))
                slots.append(slot)
        lifted = {place for slot in slots for place in slot.places}
        values_of: dict[Term, int] = {
            canonical(_literal(constants[n])): n for n in lifted if constants[n].datatype
        }
        local = tuple(values_of.get(term) for term in plan.local)
        fixed = {n: each for n, each in enumerate(constants) if n not in lifted}
        values = tuple(
            slot.value(constants[slot.places[0]], self._free(constants[slot.places[0]]))
            for slot in slots
        )
        plan = replace(plan, sql=sql, values=values)
        return _Lifted(plan, fixed, tuple(slots), local, proven=not values_of)

    def _slots(self, constant: Constant, places: tuple[int, ...], sql: str) -> list[_Slot]:
        """Return the forms in which a constant can be a parameter of a statement."""
        number, sort = self._free(constant), self._sort(constant)
        by_number = number is not None and str(number) in _NUMBER.findall(sql)
        if constant.datatype is None:
            lifted = by_number and constant.text not in sql
            return [_Slot(places, sort, "number")] if lifted else []
        if number is not None and number >> TAG_BITS == OTHER_TAG:
            return []
        slots = [_Slot(places, sort, "number")] if by_number else []
        if constant.datatype == XSD_STRING and quoted(constant.text) in sql:
            slots.append(_Slot(places, sort, "text"))
        return slots

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


def _skeleton(text: str) -> tuple[tuple[str, ...], tuple[Constant, ...]]:
    """Return a text's tokens without its constants, and these; IRIs of the prologue stay.

    Strings are constants if they are plain or have their datatype as a whole IRI, and no function
    of the query looks into one before it runs, beyond the letter that has two small forms.
    """
    parts: list[str] = []
    constants: list[Constant] = []
    tokens = tokenise(unescape_code_points(text))
    liftable = not any(kind == "word" and word.upper() in _LOOKED_INTO for kind, word, _ in tokens)
    for index, (kind, content, _) in enumerate(tokens):
        if kind == "iri" and not _declared(parts, tokens[index - 1].kind) and parts[-1:] != ["^^"]:
            constants.append(Constant(content))
            content = ""  # noqa: PLW2901 - the IRI's place stays, its text goes
        elif (
            kind == "string"
            and liftable
            and not SIGMAS & set(content)
            and (datatype := _datatype(tokens, index))
        ):
            constants.append(Constant(content, datatype))
            content = ""  # noqa: PLW2901 - as above
        parts.extend((kind, content))
    return tuple(parts), tuple(constants)


# Functions whose arguments the compiler reads.
_LOOKED_INTO: Final = frozenset(
    {"REGEX", "REPLACE", "LANGMATCHES", "STRLANG", "STRDT", "IRI", "URI", "GROUP_CONCAT", "BNODE"}
)


def _datatype(tokens: Sequence[Token], index: int) -> str | None:
    """Return the datatype of a string among tokens, None if it has a language or a short name."""
    after = tokens[index + 1]
    if after.kind == "lang":
        return None
    if after.text != "^^":
        return XSD_STRING
    return tokens[index + 2].text if tokens[index + 2].kind == "iri" else None


def _literal(constant: Constant) -> ox.Literal:
    return ox.Literal(constant.text, datatype=NamedNode(constant.datatype or XSD_STRING))


def _declared(parts: Sequence[str], before: str) -> bool:
    """Whether an IRI stands behind BASE or PREFIX."""
    words = [part.upper() for part in parts[-4:]]
    return words[-1:] == ["BASE"] or (before == "name" and words[:2] == ["WORD", "PREFIX"])


def _final(compiler: Compiler, select: Select, *, ask: bool) -> tuple[str, list[Output]]:
    """Return the outermost SELECT: stored terms as numbers, computed exact numbers as such.

    Whatever else is computed is made into text.
    """
    relation, order = compiler.modified(select)
    end = " LIMIT 1" if ask and select.limit is None else sliced_by(select, order)
    items, outputs = [], []
    for index, (variable, _) in enumerate([] if ask else select.projection):
        column = relation.columns.get(variable)
        if column is None:
            items.append(f"CAST(NULL AS BIGINT) AS c{index}")
            outputs.append(Output(variable.name, "id"))
            continue
        kind = next(iter(column.classes)) if column.form == "native" else None
        computed = kind is not None and kind not in EXACT
        sql = of_column(relation, column).get("lex") if computed else column.sql
        items.append(f"{sql} AS c{index}")
        outputs.append(Output(variable.name, column.form, kind, column.scale))
    return f"SELECT {', '.join(items) or '1 AS c'}{relation.body()}{end}", outputs
