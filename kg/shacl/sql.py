"""The steps of a plan as SQL (DuckDB) over encoded statements.

Relations read, besides those of other steps:

* `shacl_triple(s, p, o, own)`: the distinct statements; `own` is false for context.
* `shacl_term(id, value, kind, datatype, language)`: their terms and those of the shapes.
* `shacl_value(id, valid, family, key, ...)`: the typed literals (`kg.shacl.values`).

An id is a 64-bit hash whose two lowest bits are the term's kind, so that node kinds need no join.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg.database import quoted
from kg.shacl.components import NODE_KINDS
from kg.shacl.lexical import DATATYPES, STRINGS
from kg.shacl.patterns import Translation
from kg.shacl.plan import (
    Check,
    Failing,
    Focus,
    Instances,
    Itself,
    Members,
    Plan,
    Results,
    Step,
    Values,
)
from kg.shacl.results import alone, conforming, counted, qualified, rows, united
from kg.shacl.shapes import Term
from kg.shacl.values import less
from kg.shacl.walk import values_sql
from kg.statements import IRI
from kg.terms import RDF_LANG_STRING, RDF_TYPE, RDFS, SH, XSD

Ids = Callable[[Term], int]
Patterns = Mapping[tuple[str, str], Translation]


class Compiler:
    """Writes steps as SELECT statements.

    Args:
        ids: gives the id of a term that a shape mentions.
        patterns: how RE2 writes each pattern, by pattern and flags; `re2` is None where the
            strings that match were looked up by Python into `shacl_match`.
        matches: the number in `shacl_match` of each such pattern.
    """

    def __init__(
        self, ids: Ids, patterns: Patterns, matches: Mapping[tuple[str, str], int]
    ) -> None:
        self.ids = ids
        self.patterns = patterns
        self.matches = matches

    def iri(self, value: str) -> int:
        """Return the id of an IRI."""
        return self.ids(Term(value, IRI))

    def select(self, step: Step) -> str:  # noqa: PLR0911 - one per kind of step
        """Return the SELECT of a step."""
        match step:
            case Focus():
                return self._focus(step)
            case Values(candidates, path):
                return values_sql(candidates, path, self.iri)
            case Itself(candidates):
                return f"SELECT f, f AS v FROM {candidates}"
            case Members(values):
                return f"SELECT DISTINCT v AS f FROM {values}"
            case Instances():
                return self._instances(step)
            case Check():
                return self._check(step)
            case Results():
                return united(step)
            case Failing(results):
                return f"SELECT DISTINCT root AS f FROM {results}"

    def _focus(self, step: Focus) -> str:
        targets = step.targets
        parts = [f"SELECT f FROM {name}" for name in step.instances]
        parts += [f"SELECT {self.ids(node)}::BIGINT AS f" for node in targets.nodes]
        for column, names in (("s", targets.subjects_of), ("o", targets.objects_of)):
            parts += [
                f"SELECT {column} AS f FROM shacl_triple WHERE own AND p = {self.iri(name)}"
                for name in names
            ]
        return f"SELECT DISTINCT f FROM ({' UNION ALL '.join(parts)})"

    def instances(self, plan: Plan) -> str:
        """Return the SELECT of the SHACL instances of all classes of a plan (section 1.1).

        Its columns are the class `c`, the instance `f`, and whether the data itself types it.
        """
        wanted = sorted({self.iri(s.iri) for s in plan.steps.values() if isinstance(s, Instances)})
        classes = ", ".join(f"({one}::BIGINT)" for one in wanted) or "(NULL::BIGINT)"
        return f"""
            WITH RECURSIVE wanted(c) AS (VALUES {classes}),
            below(c, sub) AS (
                SELECT c, c FROM wanted
                UNION SELECT below.c, t.s FROM shacl_triple t JOIN below ON t.o = below.sub
                WHERE t.p = {self.iri(RDFS + "subClassOf")}
            )
            SELECT b.c, t.s AS f, bool_or(t.own) AS own
            FROM shacl_triple t JOIN below b ON t.o = b.sub
            WHERE t.p = {self.iri(RDF_TYPE)} GROUP BY b.c, t.s
        """

    def _instances(self, step: Instances) -> str:
        own = " AND own" if step.own else ""
        return f"SELECT f FROM shacl_instance WHERE c = {self.iri(step.iri)}{own}"

    # -- constraints -------------------------------------------------------------------------

    def _check(self, check: Check) -> str:
        name = check.constraint.component.removeprefix(SH).removesuffix("ConstraintComponent")
        found = _COMPONENTS[name](self, check)
        columns = f"root, focus, value, predicate, {check.rule}::INTEGER AS rule"
        return f"SELECT {columns}, NULL::VARCHAR AS said FROM ({found})"

    def class_(self, check: Check) -> str:
        """Section 4.1.1: each value node is an instance of the class."""
        return rows(f"{check.values} x ANTI JOIN {check.others[0]} i ON i.f = x.v")

    def datatype(self, check: Check) -> str:
        """Section 4.1.2: each value node is a literal of the datatype and not ill-typed."""
        wanted = check.constraint.terms[0].value
        joined = f"{check.values} x LEFT JOIN shacl_term t ON t.id = x.v"
        wrong = f"t.datatype IS DISTINCT FROM {quoted(wanted)}"
        if wanted.startswith(XSD) and wanted.removeprefix(XSD) in DATATYPES:
            joined += " LEFT JOIN shacl_value a ON a.id = x.v"
            wrong += " OR NOT coalesce(a.valid, false)"
        if wanted == RDF_LANG_STRING:
            wrong += " OR t.language IS NULL"
        return rows(joined, wrong)

    def node_kind(self, check: Check) -> str:
        """Section 4.1.3: each value node is of the kind."""
        kinds = ", ".join(map(str, NODE_KINDS[check.constraint.text]))
        return rows(f"{check.values} x", f"(x.v & 3) NOT IN ({kinds})")

    def min_count(self, check: Check) -> str:
        """Section 4.2.1: at least so many value nodes."""
        return counted(check, check.values, f"coalesce(n, 0) < {check.constraint.number}")

    def max_count(self, check: Check) -> str:
        """Section 4.2.2: at most so many value nodes."""
        return counted(check, check.values, f"coalesce(n, 0) > {check.constraint.number}")

    def _bound(self, check: Check, operator: str, *, lower: bool) -> str:
        bound = check.constraint.terms[0]
        if bound.datatype == XSD + "string":
            return self._string_bound(check, operator, lower=lower)
        ordered = less("b", "a", operator) if lower else less("a", "b", operator)
        joined = (
            f"{check.values} x LEFT JOIN shacl_value a ON a.id = x.v"
            f" LEFT JOIN (SELECT * FROM shacl_value WHERE id = {self.ids(bound)}) b ON true"
        )
        return rows(joined, f"NOT coalesce({ordered}, false)")

    def _string_bound(self, check: Check, operator: str, *, lower: bool) -> str:
        bound = quoted(check.constraint.terms[0].value)
        ordered = f"{bound} {operator} t.value" if lower else f"t.value {operator} {bound}"
        joined = (
            f"{check.values} x LEFT JOIN shacl_term t ON t.id = x.v"
            " LEFT JOIN shacl_value a ON a.id = x.v"
        )
        valid = f"t.datatype IN ({_strings()}) AND coalesce(a.valid, true)"
        return rows(joined, f"NOT coalesce({valid} AND {ordered}, false)")

    def min_exclusive(self, check: Check) -> str:
        """Section 4.3.1: each value node is greater."""
        return self._bound(check, "<", lower=True)

    def min_inclusive(self, check: Check) -> str:
        """Section 4.3.2: each value node is greater or equal."""
        return self._bound(check, "<=", lower=True)

    def max_exclusive(self, check: Check) -> str:
        """Section 4.3.3: each value node is less."""
        return self._bound(check, "<", lower=False)

    def max_inclusive(self, check: Check) -> str:
        """Section 4.3.4: each value node is less or equal."""
        return self._bound(check, "<=", lower=False)

    def min_length(self, check: Check) -> str:
        """Section 4.4.1: the string of each value node has at least so many characters."""
        return self._string(check, f"length(t.value) < {check.constraint.number}")

    def max_length(self, check: Check) -> str:
        """Section 4.4.2: the string of each value node has at most so many characters."""
        return self._string(check, f"length(t.value) > {check.constraint.number}")

    def _string(self, check: Check, wrong: str) -> str:
        """Return the value nodes that are blank, or whose string is wrong."""
        joined = f"{check.values} x JOIN shacl_term t ON t.id = x.v"
        return rows(joined, f"t.kind = 0 OR {wrong}")

    def pattern(self, check: Check) -> str:
        """Section 4.4.3: the string of each value node matches."""
        key = (check.constraint.text, check.constraint.flags)
        written = self.patterns[key].re2
        if written is not None:
            return self._string(check, f"NOT regexp_matches(t.value, {quoted(written)})")
        matching = f"(SELECT id FROM shacl_match WHERE pattern = {self.matches[key]})"
        return rows(f"{check.values} x ANTI JOIN {matching} m ON m.id = x.v")

    def language_in(self, check: Check) -> str:
        """Section 4.4.4: the language of each value node is in one of the ranges."""
        fits = ["false"]
        for each in check.constraint.terms:
            wanted = each.value.lower()
            fits.append(
                "true"
                if wanted == "*"
                else f"lower(t.language) = {quoted(wanted)}"
                f" OR starts_with(lower(t.language), {quoted(wanted + '-')})"
            )
        joined = f"{check.values} x LEFT JOIN shacl_term t ON t.id = x.v"
        return rows(joined, f"t.language IS NULL OR NOT ({' OR '.join(fits)})")

    def unique_lang(self, check: Check) -> str:
        """Section 4.4.5: no language twice; one result for each that is."""
        return f"""
            SELECT x.f AS root, x.f AS focus, NULL::BIGINT AS value, NULL::BIGINT AS predicate
            FROM {check.values} x JOIN shacl_term t ON t.id = x.v WHERE t.language <> ''
            GROUP BY x.f, lower(t.language) HAVING count(*) > 1
        """

    def equals(self, check: Check) -> str:
        """Section 4.5.1: the same values as the other property."""
        other = check.others[0]
        return (
            rows(f"{check.values} x ANTI JOIN {other} y ON y.f = x.f AND y.v = x.v")
            + " UNION ALL "
            + rows(f"{other} x ANTI JOIN {check.values} y ON y.f = x.f AND y.v = x.v")
        )

    def disjoint(self, check: Check) -> str:
        """Section 4.5.2: no value in common with the other property."""
        other = check.others[0]
        return rows(f"{check.values} x SEMI JOIN {other} y ON y.f = x.f AND y.v = x.v")

    def _ordered(self, check: Check, operator: str) -> str:
        """Return one result for each pair of values that is not in order (section 4.5.3)."""
        text = f"""
            WHEN ta.datatype IN ({_strings()}) AND tb.datatype IN ({_strings()})
            THEN coalesce(a.valid, true) AND coalesce(b.valid, true)
                AND ta.value {operator} tb.value
        """
        ordered = less("a", "b", operator).replace("CASE", f"CASE {text}", 1)
        joined = f"""{check.values} x JOIN {check.others[0]} y ON y.f = x.f
            LEFT JOIN shacl_term ta ON ta.id = x.v LEFT JOIN shacl_term tb ON tb.id = y.v
            LEFT JOIN shacl_value a ON a.id = x.v LEFT JOIN shacl_value b ON b.id = y.v"""
        return rows(joined, f"NOT coalesce({ordered}, false)")

    def less_than(self, check: Check) -> str:
        """Section 4.5.3: each value is less than each of the other property."""
        return self._ordered(check, "<")

    def less_than_or_equals(self, check: Check) -> str:
        """Section 4.5.4: each value is at most each of the other property."""
        return self._ordered(check, "<=")

    def not_(self, check: Check) -> str:
        """Section 4.6.1: no value node conforms."""
        return rows(f"{check.values} x ANTI JOIN {check.others[0]} n ON n.f = x.v")

    def node(self, check: Check) -> str:
        """Section 4.7.1: each value node conforms."""
        return rows(f"{check.values} x SEMI JOIN {check.others[0]} n ON n.f = x.v")

    def and_(self, check: Check) -> str:
        """Section 4.6.2: each value node conforms to all."""
        return conforming(check, f"n < {len(check.others)}")

    def or_(self, check: Check) -> str:
        """Section 4.6.3: each value node conforms to one at least."""
        return conforming(check, "n = 0")

    def xone(self, check: Check) -> str:
        """Section 4.6.4: each value node conforms to exactly one."""
        return conforming(check, "n <> 1")

    def qualified_min_count(self, check: Check) -> str:
        """Section 4.7.3: at least so many value nodes conform."""
        wrong = f"coalesce(n, 0) < {check.constraint.number}"
        return counted(check, qualified(check), wrong)

    def qualified_max_count(self, check: Check) -> str:
        """Section 4.7.3: at most so many value nodes conform."""
        wrong = f"coalesce(n, 0) > {check.constraint.number}"
        return counted(check, qualified(check), wrong)

    def closed(self, check: Check) -> str:
        """Section 4.8.1: value nodes have no predicate but those of the shape."""
        allowed = ", ".join(str(self.ids(term)) for term in check.constraint.terms)
        passed = f" AND t.p NOT IN ({allowed})" if allowed else ""
        return f"""
            SELECT x.f AS root, x.f AS focus, t.o AS value, t.p AS predicate
            FROM {check.values} x JOIN shacl_triple t ON t.s = x.v{passed}
        """

    def has_value(self, check: Check) -> str:
        """Section 4.8.2: the term is among the value nodes."""
        wanted = self.ids(check.constraint.terms[0])
        there = f"(SELECT f FROM {check.values} WHERE v = {wanted})"
        return alone(f"{check.candidates} x ANTI JOIN {there} y ON y.f = x.f")

    def in_(self, check: Check) -> str:
        """Section 4.8.3: each value node is one of the terms."""
        if not check.constraint.terms:
            return rows(f"{check.values} x")
        members = ", ".join(f"({self.ids(term)}::BIGINT)" for term in check.constraint.terms)
        return rows(f"{check.values} x ANTI JOIN (VALUES {members}) m(id) ON m.id = x.v")


def _strings() -> str:
    return ", ".join(map(quoted, sorted(STRINGS)))


_COMPONENTS: Final[dict[str, Callable[[Compiler, Check], str]]] = {
    "Class": Compiler.class_,
    "Datatype": Compiler.datatype,
    "NodeKind": Compiler.node_kind,
    "MinCount": Compiler.min_count,
    "MaxCount": Compiler.max_count,
    "MinExclusive": Compiler.min_exclusive,
    "MinInclusive": Compiler.min_inclusive,
    "MaxExclusive": Compiler.max_exclusive,
    "MaxInclusive": Compiler.max_inclusive,
    "MinLength": Compiler.min_length,
    "MaxLength": Compiler.max_length,
    "Pattern": Compiler.pattern,
    "LanguageIn": Compiler.language_in,
    "UniqueLang": Compiler.unique_lang,
    "Equals": Compiler.equals,
    "Disjoint": Compiler.disjoint,
    "LessThan": Compiler.less_than,
    "LessThanOrEquals": Compiler.less_than_or_equals,
    "Not": Compiler.not_,
    "And": Compiler.and_,
    "Or": Compiler.or_,
    "Xone": Compiler.xone,
    "Node": Compiler.node,
    "QualifiedMinCount": Compiler.qualified_min_count,
    "QualifiedMaxCount": Compiler.qualified_max_count,
    "Closed": Compiler.closed,
    "HasValue": Compiler.has_value,
    "In": Compiler.in_,
}
