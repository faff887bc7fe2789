"""Validating statements against shapes: plan, encode, run, and leave the results as a table.

The table of results (temporary, `shacl_result` unless named otherwise) has one row per result:

| column | holds |
|---|---|
| result | number of the result, from 0, in the order of shape, component, focus node and value |
| rule | number of the constraint in `Validation.rules` |
| shape, component, severity | the source shape (`_:label` for a blank node) and two IRIs |
| focus, focus_kind, focus_datatype, focus_language | the focus node |
| path | the predicate's IRI, or the path as SPARQL writes it; NULL without one |
| value, value_kind, datatype, language | the value node; NULL without one |
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import duckdb

from kg.shacl import paths
from kg.shacl.encode import TABLES, encode
from kg.shacl.foreign import evaluate
from kg.shacl.patterns import Translation, translate
from kg.shacl.plan import (
    Check,
    Failing,
    Focus,
    Instances,
    Itself,
    Members,
    Plan,
    Results,
    Rule,
    Step,
    Values,
    make_plan,
)
from kg.shacl.shapes import Term
from kg.shacl.sql import RESULT_COLUMNS, Compiler, quoted
from kg.statements import IRI
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.shacl.shapes import Shapes

_CLOSED: Final = SH + "ClosedConstraintComponent"


@dataclass(frozen=True)
class Validation:
    """What a validation found: a table of results behind the questions everybody asks."""

    connection: duckdb.DuckDBPyConnection = field(repr=False, compare=False)
    shapes: Shapes = field(repr=False)
    table: str
    rules: tuple[Rule, ...] = field(repr=False)
    count: int

    @property
    def conforms(self) -> bool:
        """Tell whether there are no results (section 3.4 of the recommendation)."""
        return self.count == 0

    def by_shape(self) -> list[tuple[str, str, int]]:
        """Return shape, severity and number of results, the most frequent first."""
        return self.connection.execute(
            f"SELECT shape, severity, count(*) FROM {self.table}"
            " GROUP BY shape, severity ORDER BY 3 DESC, 1, 2"
        ).fetchall()


def validate(
    connection: duckdb.DuckDBPyConnection,
    shapes: Shapes,
    *,
    data: str = "statement",
    context: str | None = None,
    into: str = "shacl_result",
) -> Validation:
    """Validate the statements of a relation.

    Args:
        connection: where the relations are and the table of results is made.
        shapes: what `parse_shapes` read.
        data: a table or view with subject, predicate, object, kind, datatype and language as in
            `kg.statements`; repeated statements and blank nodes are welcome.
        context: another one whose statements classes and paths can see, but whose subjects are
            no focus nodes by class or predicate.
        into: the name of the table of results.

    Returns:
        The table and what its rules are.

    Raises:
        ShapeError: pySHACL cannot evaluate a constraint that SQL does not cover.
    """
    plan = make_plan(shapes)
    run = _Run(connection, shapes, plan)
    try:
        run.prepare(data, context)
        run.steps()
        count = run.finish(into)
    finally:
        run.clear()
    return Validation(connection, shapes, into, tuple(plan.rules), count)


class _Run:
    """One validation while it runs."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, shapes: Shapes, plan: Plan) -> None:
        self.connection = connection
        self.shapes = shapes
        self.plan = plan
        self.patterns = _patterns(connection, plan)
        self.matches = {
            key: number
            for number, (key, written) in enumerate(self.patterns.items())
            if written.re2 is None
        }
        self.left = Counter(name for step in plan.steps.values() for name in set(_read(step)))
        self.left.update(plan.roots)

    def prepare(self, data: str, context: str | None) -> None:
        """Encode the statements and make the table of those that Python matches."""
        ids = encode(self.connection, data, context, _constants(self.plan), _predicates(self.plan))
        self.compiler = Compiler(ids, self.patterns, self.matches)
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE shacl_match(pattern INTEGER, id BIGINT)"
        )

    def steps(self) -> None:
        """Make the relation of each step, and drop each when nothing reads it any more."""
        for name, step in self.plan.steps.items():
            if isinstance(step, Check) and step.constraint.foreign:
                self._foreign(name, step)
            else:
                if isinstance(step, Check):
                    self._match(step)
                kind = "VIEW" if isinstance(step, Itself) else "TABLE"
                self.connection.execute(
                    f"CREATE OR REPLACE TEMP {kind} {name} AS {self.compiler.select(step)}"
                )
            for read in set(_read(step)):
                self._release(read)

    def _release(self, name: str) -> None:
        """Forget one reader of a relation; a view reads its own relation until it goes."""
        self.left[name] -= 1
        step = self.plan.steps[name]
        if self.left[name] == 0 and not isinstance(step, Focus | Members | Itself):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _match(self, check: Check) -> None:
        """Let Python match the distinct strings that a pattern needs that RE2 cannot say."""
        key = (check.constraint.text, check.constraint.flags)
        if key not in self.matches or not check.constraint.component.endswith("PatternConstraintComponent"):
            return
        compiled = re.compile(self.patterns[key].python)
        rows = self.connection.execute(
            f"SELECT id, value FROM shacl_term WHERE kind > 0 AND id IN (SELECT v FROM {check.values})"
            f" AND id NOT IN (SELECT id FROM shacl_match WHERE pattern = {self.matches[key]})"
        ).fetchall()
        found = [identity for identity, value in rows if compiled.search(value)]
        self.connection.execute(
            f"INSERT INTO shacl_match SELECT {self.matches[key]}, unnest($1::BIGINT[])", [found]
        )

    def _foreign(self, name: str, check: Check) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({RESULT_COLUMNS})")
        evaluate(self.connection, self.shapes, self.plan.rules[check.rule], check, name)

    def finish(self, into: str) -> int:
        """Make the table of results with terms in place of ids; return how many there are."""
        self._store_rules()
        parts = [f"SELECT * FROM {name}" for name in self.plan.roots]
        union = " UNION ALL ".join(parts) or f"SELECT * FROM {self._empty()}"
        order = "r.shape, r.component, f.value, path, v.value, v.datatype, v.language, x.root, u.rule"
        self.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE {into} AS
            SELECT (row_number() OVER (ORDER BY {order}) - 1)::INTEGER AS result, x.rule,
                r.shape, r.component, r.severity, f.value AS focus, f.kind AS focus_kind,
                f.datatype AS focus_datatype, f.language AS focus_language,
                coalesce(p.value, r.path) AS path, v.value AS value, v.kind AS value_kind,
                v.datatype AS datatype, v.language AS language
            FROM ({union}) x JOIN shacl_rule r ON r.rule = x.rule
            JOIN shacl_term f ON f.id = x.focus
            LEFT JOIN shacl_term v ON v.id = x.value
            LEFT JOIN shacl_term p ON p.id = x.predicate
            ORDER BY result
        """.replace("u.rule", "x.rule"))
        return int(self.connection.execute(f"SELECT count(*) FROM {into}").fetchall()[0][0])

    def _empty(self) -> str:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE shacl_empty ({RESULT_COLUMNS})")
        return "shacl_empty"

    def _store_rules(self) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE shacl_rule(rule INTEGER, shape VARCHAR,"
            " component VARCHAR, severity VARCHAR, path VARCHAR)"
        )
        rows = [
            "({}, {}, {}, {}, {})".format(
                number,
                quoted(shape.key),
                quoted(constraint.component),
                quoted(shape.severity),
                quoted(paths.text(shape.path)) if shape.path else "NULL",
            )
            for number, (shape, constraint) in enumerate(self.plan.rules)
        ]
        if rows:
            self.connection.execute(f"INSERT INTO shacl_rule VALUES {', '.join(rows)}")

    def clear(self) -> None:
        """Drop every relation of the run."""
        for name, step in reversed(self.plan.steps.items()):
            kind = "VIEW" if isinstance(step, Itself) else "TABLE"
            self.connection.execute(f"DROP {kind} IF EXISTS {name}")
        for name in (*TABLES, "shacl_rule", "shacl_empty"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")


def _patterns(
    connection: duckdb.DuckDBPyConnection, plan: Plan
) -> dict[tuple[str, str], Translation]:
    """Return every pattern of the plan; what RE2 refuses is left to Python."""
    found: dict[tuple[str, str], Translation] = {}
    for _, constraint in plan.rules:
        if constraint.component == SH + "PatternConstraintComponent":
            written = translate(constraint.text, constraint.flags)
            if written.re2 is not None and not _accepted(connection, written.re2):
                written = written._replace(re2=None)
            found[constraint.text, constraint.flags] = written
    return found


def _accepted(connection: duckdb.DuckDBPyConnection, pattern: str) -> bool:
    """Tell whether RE2 takes a pattern: too large a one would abort the whole statement."""
    try:
        connection.execute(f"SELECT regexp_matches('', {quoted(pattern)})").fetchall()
    except duckdb.Error:
        return False
    return True


def _read(step: Step) -> Iterator[str]:
    """Yield the relations that a step reads."""
    match step:
        case Focus(_, instances):
            yield from instances
        case Values(candidates, _) | Itself(candidates):
            yield candidates
        case Members(values):
            yield values
        case Check():
            yield from (step.candidates, step.values, *step.others, *step.siblings)
        case Results(checks, lifted):
            yield from checks
            for values, results in lifted:
                yield from (results,) if values is None else (values, results)
        case Failing(results):
            yield results


def _constants(plan: Plan) -> Iterator[Term]:
    """Yield the terms that the SQL of the plan mentions by id."""
    for step in plan.steps.values():
        match step:
            case Focus(targets, _):
                yield from targets.nodes
                for name in (*targets.subjects_of, *targets.objects_of):
                    yield Term(name, IRI)
            case Instances(iri, _):
                yield Term(iri, IRI)
            case Values(_, path):
                for name in paths.predicates(path):
                    yield Term(name, IRI)
            case Check():
                yield from step.constraint.terms


def _predicates(plan: Plan) -> list[str] | None:
    """Return the predicates that the plan looks at, None for all."""
    found: set[str] = set()
    for step in plan.steps.values():
        match step:
            case Focus(targets, _):
                found.update((*targets.subjects_of, *targets.objects_of))
            case Values(_, path):
                found.update(paths.predicates(path))
            case Check() if step.constraint.component == _CLOSED or step.constraint.foreign:
                return None
    return sorted(found)
