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

from kg.database import quoted
from kg.shacl import paths
from kg.shacl.encode import TABLES, encode
from kg.shacl.foreign import evaluate, named_predicates
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
from kg.shacl.sql import NO_RESULTS, RESULT_COLUMNS, Compiler
from kg.statements import IRI
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kg.shacl.shapes import Shapes

_SEE_NOTHING: Final = frozenset(
    f"{SH}{name}ConstraintComponent"
    for name in ("MinCount", "QualifiedMinCount", "HasValue", "Equals")
)
"""Components that find something where there are no value nodes."""
_PATTERN: Final = SH + "PatternConstraintComponent"
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
        # A view reads its candidates whenever somebody reads the view.
        self.left.update(s.candidates for s in plan.steps.values() if isinstance(s, Itself))
        self.made: dict[str, str] = {}

    def prepare(self, data: str, context: str | None) -> None:
        """Encode the statements and make the table of those that Python matches."""
        predicates = _predicates(self.shapes, self.plan)
        constants = _constants(self.plan)
        self.ids = encode(self.connection, data, context, constants, predicates)
        self.compiler = Compiler(self.ids, self.patterns, self.matches)
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE shacl_match(pattern INTEGER, id BIGINT)"
        )
        instances = self.compiler.instances(self.plan)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE shacl_instance AS {instances}")
        classes = self.connection.execute("SELECT c, bool_or(own) FROM shacl_instance GROUP BY c")
        self.classes: dict[int, bool] = dict(classes.fetchall())

    def steps(self) -> None:
        """Make the relation of each step that can have rows; drop each after its last reader."""
        for name, step in self.plan.steps.items():
            if self._has_rows(step):
                self._make(name, step)
            for read in set(_read(step)):
                self._release(read)

    def _has_rows(self, step: Step) -> bool:
        """Tell whether a step can have rows, as far as its inputs show.

        Most classes of a shapes graph have no instance in one import, and most constraints find
        nothing: what follows from no rows need not be run.
        """
        there = self.made
        match step:
            case Focus(targets, instances):
                named = targets.nodes or targets.subjects_of or targets.objects_of
                return bool(named) or any(name in there for name in instances)
            case Instances(iri, own):
                identity = self.ids.iri(iri)
                return identity in self.classes and (self.classes[identity] or not own)
            case Values(candidates, _) | Itself(candidates):
                return candidates in there
            case Members(relation) | Failing(relation):
                return relation in there
            case Check():
                name = step.constraint.component
                inputs = step.candidates if name in _SEE_NOTHING else step.values
                # pySHACL looks for itself.
                return step.candidates in there and (inputs in there or step.constraint.foreign)
            case Results(checks, lifted):
                return any(part in there for part in (*checks, *(each.results for each in lifted)))

    def _make(self, name: str, step: Step) -> None:
        if isinstance(step, Results | Focus):
            step = _present(step, self.made)
        for read in set(_read(step)) - self.made.keys():
            self._make_empty(read)
        if isinstance(step, Check):
            if step.constraint.foreign:
                self._foreign(name, step)
                return
            self._match(step)
        self._create(name, self.compiler.select(step), view=isinstance(step, Itself))

    def _make_empty(self, name: str) -> None:
        """Make the relation of a step without rows, for a step that reads it nonetheless."""
        step = self.plan.steps[name]
        pairs = isinstance(step, Values | Itself)
        columns = "f BIGINT, v BIGINT" if pairs else "f BIGINT"
        columns = RESULT_COLUMNS if isinstance(step, Check | Results) else columns
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
        self.made[name] = "TABLE"

    def _create(self, name: str, select: str, *, view: bool) -> None:
        kind = "VIEW" if view else "TABLE"
        made = self.connection.execute(f"CREATE OR REPLACE TEMP {kind} {name} AS {select}")
        if view or made.fetchall()[0][0] > 0:
            self.made[name] = kind
        else:
            self.connection.execute(f"DROP TABLE {name}")

    def _release(self, name: str) -> None:
        """Count one reader less; the last one takes the relation with it."""
        self.left[name] -= 1
        if self.left[name] == 0 and not isinstance(self.plan.steps[name], Itself):
            self._drop(name)

    def _drop(self, name: str) -> None:
        kind = self.made.pop(name, None)
        if kind:
            self.connection.execute(f"DROP {kind} {name}")

    def _match(self, check: Check) -> None:
        """Let Python match the distinct strings that a pattern needs that RE2 cannot say."""
        key = (check.constraint.text, check.constraint.flags)
        if check.constraint.component != _PATTERN or key not in self.matches:
            return
        compiled = re.compile(self.patterns[key].python)
        rows = self.connection.execute(
            f"SELECT id, value FROM shacl_term"
            f" WHERE kind > 0 AND id IN (SELECT v FROM {check.values}) AND id NOT IN"
            f" (SELECT id FROM shacl_match WHERE pattern = {self.matches[key]})"
        ).fetchall()
        found = [identity for identity, value in rows if compiled.search(value)]
        self.connection.execute(
            f"INSERT INTO shacl_match SELECT {self.matches[key]}, unnest($1::BIGINT[])", [found]
        )

    def _foreign(self, name: str, check: Check) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({RESULT_COLUMNS})")
        self.made[name] = "TABLE"
        rule = self.plan.rules[check.rule]
        evaluate(self.connection, self.shapes, rule, check, self.ids, name)

    def finish(self, into: str) -> int:
        """Make the table of results with terms in place of ids; return how many there are."""
        self._store_rules()
        parts = [f"SELECT * FROM {name}" for name in self.plan.roots if name in self.made]
        union = " UNION ALL ".join(parts) or NO_RESULTS
        order = "r.shape, r.component, f.value, path, v.value, v.datatype, v.language, x.rule"
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
        """)
        return int(self.connection.execute(f"SELECT count(*) FROM {into}").fetchall()[0][0])

    def _store_rules(self) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE shacl_rule(rule INTEGER, shape VARCHAR,"
            " component VARCHAR, severity VARCHAR, path VARCHAR)"
        )
        rows = [_rule_row(number, rule) for number, rule in enumerate(self.plan.rules)]
        if rows:
            self.connection.execute(f"INSERT INTO shacl_rule VALUES {', '.join(rows)}")

    def clear(self) -> None:
        """Drop every relation of the run."""
        for name in list(reversed(self.made)):
            self._drop(name)
        for name in (*TABLES, "shacl_rule"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")


def _rule_row(number: int, rule: Rule) -> str:
    path = quoted(paths.text(rule.shape.path)) if rule.shape.path else "NULL"
    named = (rule.shape.key, rule.constraint.component, rule.shape.severity)
    return f"({number}, {', '.join(map(quoted, named))}, {path})"


def _present(step: Results | Focus, made: Collection[str]) -> Results | Focus:
    """Return the step without the parts that have no rows."""
    if isinstance(step, Focus):
        return Focus(step.targets, tuple(name for name in step.instances if name in made))
    return Results(
        tuple(name for name in step.checks if name in made),
        tuple(each for each in step.lifted if each.results in made),
    )


def _patterns(
    connection: duckdb.DuckDBPyConnection, plan: Plan
) -> dict[tuple[str, str], Translation]:
    """Return every pattern of the plan; what RE2 refuses is left to Python."""
    found: dict[tuple[str, str], Translation] = {}
    for _, constraint in plan.rules:
        if constraint.component == _PATTERN:
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
            for each in lifted:
                yield from (name for name in each if name is not None)
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


def _predicates(shapes: Shapes, plan: Plan) -> list[str] | None:
    """Return the predicates that the plan looks at, None for all."""
    found: set[str] = set()
    for step in plan.steps.values():
        match step:
            case Focus(targets, _):
                found.update((*targets.subjects_of, *targets.objects_of))
            case Values(_, path):
                found.update(paths.predicates(path))
            case Check() if step.constraint.component == _CLOSED:
                return None
            case Check() if step.constraint.foreign:
                named = named_predicates(shapes, plan.rules[step.rule])
                if named is None:
                    return None
                found |= named
    return sorted(found)
