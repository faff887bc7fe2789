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
| said | JSON: the messages of this result alone, each with its language; NULL for the rule's |
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
    inlined,
    make_plan,
    reads,
    renamed,
)
from kg.shacl.results import NO_RESULTS, RESULT_COLUMNS
from kg.shacl.shapes import Term
from kg.shacl.sql import Compiler
from kg.statements import IRI
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.shacl.shapes import Shapes

_SEE_NOTHING: Final = frozenset(
    f"{SH}{name}ConstraintComponent"
    for name in ("MinCount", "QualifiedMinCount", "HasValue", "Equals")
)
"""Components that find something where there are no value nodes."""
_NOTHING: Final = "shacl_nothing"
_RULE_COLUMNS: Final = (
    *(("shape", "VARCHAR"), ("component", "VARCHAR"), ("severity", "VARCHAR")),
    *(("path", "VARCHAR"), ("place", "INTEGER")),
)
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
        ShapeError: a query of the shapes reports a failure.
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
        self.inlined = inlined(plan)
        self.left = Counter(
            read for name in plan.steps if name not in self.inlined for read in self._reads(name)
        )
        self.left.update(plan.roots)
        self.made: set[str] = set()

    def prepare(self, data: str, context: str | None) -> None:
        """Encode the statements and make the table of those that Python matches."""
        predicates = _predicates(self.plan)
        constants = _constants(self.plan)
        self.ids = encode(self.connection, data, context, constants, predicates)
        self.compiler = Compiler(self.ids, self.patterns, self.matches)
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE shacl_match(pattern INTEGER, id BIGINT)"
        )
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_NOTHING}(f BIGINT, v BIGINT, {RESULT_COLUMNS})"
        )
        instances = self.compiler.instances(self.plan)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE shacl_instance AS {instances}")
        classes = self.connection.execute("SELECT c, bool_or(own) FROM shacl_instance GROUP BY c")
        self.classes: dict[int, bool] = dict(classes.fetchall())

    def steps(self) -> None:
        """Make the relation of each step that can have rows; drop each after its last reader."""
        for name in self.plan.steps:
            if name in self.inlined:
                continue
            if self._has_rows(name):
                self._make(name)
            for read in self._reads(name):
                self._release(read)

    def _reads(self, name: str) -> set[str]:
        """Return the relations that a step reads, itself or by what is written into it."""
        found: set[str] = set()
        for read in reads(self.plan.steps[name]):
            found |= self._reads(read) if read in self.inlined else {read}
        return found

    def _there(self, name: str) -> bool:
        """Tell whether a relation can have rows, once its turn has come."""
        return name in self.made or (name in self.inlined and self._has_rows(name))

    def _has_rows(self, name: str) -> bool:
        """Tell whether a step can have rows, as far as its inputs show.

        Most classes of a shapes graph have no instance in one import, and most constraints find
        nothing: what follows from no rows need not be run.
        """
        step, there = self.plan.steps[name], self._there
        match step:
            case Focus(targets, instances):
                named = targets.nodes or targets.subjects_of or targets.objects_of
                return bool(named) or any(map(there, instances))
            case Instances(iri, own):
                identity = self.ids.iri(iri)
                return identity in self.classes and (self.classes[identity] or not own)
            case Values(relation, _) | Itself(relation) | Members(relation) | Failing(relation):
                return there(relation)
            case Check():
                component = step.constraint.component
                inputs = step.candidates if component in _SEE_NOTHING else step.values
                # A SELECT finds the values for itself.
                query = step.constraint.query
                selects = query is not None and not query.ask
                return there(step.candidates) and (selects or there(inputs))
            case Results(checks, lifted):
                return any(map(there, (*checks, *(each.results for each in lifted))))

    def _make(self, name: str) -> None:
        step = self._resolved(name)
        if isinstance(step, Check) and step.constraint.query:
            from kg.shacl import asking  # noqa: PLC0415 - see kg.shacl.declared

            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({RESULT_COLUMNS})")
            rule = self.plan.rules[step.rule]
            asking.evaluate(self.connection, self.shapes, rule, step, self.ids, name)
            self.made.add(name)
            return
        select = self.compiler.select(step)
        made = self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}")
        if made.fetchall()[0][0] > 0:
            self.made.add(name)
        else:
            self.connection.execute(f"DROP TABLE {name}")

    def _resolved(self, name: str) -> Step:
        """Return a step with SQL in the place of the names of relations."""
        step = self.plan.steps[name]
        if isinstance(step, Results | Focus):
            step = _present(step, self._there)
        step = renamed(step, self._text)
        if isinstance(step, Check):
            self._match(step)
        return step

    def _text(self, name: str) -> str:
        """Return the SQL of a relation: its table, its SELECT, or a table without rows."""
        if name in self.made:
            return name
        if self._there(name):
            return f"({self.compiler.select(self._resolved(name))})"
        return _NOTHING

    def _release(self, name: str) -> None:
        """Count one reader less; the last one takes the relation with it."""
        self.left[name] -= 1
        if self.left[name] == 0:
            self._drop(name)

    def _drop(self, name: str) -> None:
        if name in self.made:
            self.made.remove(name)
            self.connection.execute(f"DROP TABLE {name}")

    def _match(self, check: Check) -> None:
        """Let Python match the distinct strings that a pattern needs that RE2 cannot say."""
        key = (check.constraint.text, check.constraint.flags)
        if check.constraint.component != _PATTERN or key not in self.matches:
            return
        compiled = re.compile(self.patterns[key].python)
        rows = self.connection.execute(
            f"SELECT id, value FROM shacl_term"
            f" WHERE kind > 0 AND id IN (SELECT v FROM {check.values} x) AND id NOT IN"
            f" (SELECT id FROM shacl_match WHERE pattern = {self.matches[key]})"
        ).fetchall()
        found = [identity for identity, value in rows if compiled.search(value)]
        self.connection.execute(
            f"INSERT INTO shacl_match SELECT {self.matches[key]}, unnest($1::BIGINT[])", [found]
        )

    def finish(self, into: str) -> int:
        """Make the table of results with terms in place of ids; return how many there are."""
        self._store_rules()
        parts = [f"SELECT * FROM {name}" for name in self.plan.roots if name in self.made]
        union = " UNION ALL ".join(parts) or NO_RESULTS
        order = "r.place, f.value, path, v.value, v.datatype, v.language, x.rule"
        self.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE {into} AS
            SELECT (row_number() OVER (ORDER BY {order}) - 1)::INTEGER AS result, x.rule,
                r.shape, r.component, r.severity, f.value AS focus, f.kind AS focus_kind,
                f.datatype AS focus_datatype, f.language AS focus_language,
                coalesce(p.value, r.path) AS path, v.value AS value, v.kind AS value_kind,
                v.datatype AS datatype, v.language AS language, x.said
            FROM ({union}) x JOIN shacl_rule r ON r.rule = x.rule
            JOIN shacl_term f ON f.id = x.focus
            LEFT JOIN shacl_term v ON v.id = x.value
            LEFT JOIN shacl_term p ON p.id = x.predicate
            ORDER BY result
        """)
        return int(self.connection.execute(f"SELECT count(*) FROM {into}").fetchall()[0][0])

    def _store_rules(self) -> None:
        """Make shacl_rule; `place` is the order of rules by shape and component."""
        named = [(rule.shape.key, rule.constraint.component) for rule in self.plan.rules]
        places = {name: place for place, name in enumerate(sorted(set(named)))}
        columns = [
            [shape for shape, _ in named],
            [component for _, component in named],
            [rule.shape.severity for rule in self.plan.rules],
            [paths.text(rule.shape.path) if rule.shape.path else None for rule in self.plan.rules],
            [places[name] for name in named],
        ]
        unnested = ", ".join(
            f"unnest(${at}::{kind}[]) AS {name}" for at, (name, kind) in enumerate(_RULE_COLUMNS, 1)
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE shacl_rule AS"
            f" SELECT unnest(range({len(named)}))::INTEGER AS rule, {unnested}",
            columns,
        )

    def clear(self) -> None:
        """Drop every relation of the run."""
        for name in list(self.made):
            self._drop(name)
        for name in (*TABLES, _NOTHING, "shacl_rule"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")


def _present(step: Results | Focus, there: Callable[[str], bool]) -> Results | Focus:
    """Return the step without the parts that have no rows."""
    if isinstance(step, Focus):
        return Focus(step.targets, tuple(filter(there, step.instances)))
    return Results(
        tuple(filter(there, step.checks)),
        tuple(each for each in step.lifted if there(each.results)),
    )


def _patterns(
    connection: duckdb.DuckDBPyConnection, plan: Plan
) -> dict[tuple[str, str], Translation]:
    """Return every pattern of the plan; what RE2 refuses is left to Python."""
    found: dict[tuple[str, str], Translation] = {}
    for _, constraint in plan.rules:
        if constraint.component == _PATTERN:
            found[constraint.text, constraint.flags] = translate(constraint.text, constraint.flags)
    written = [each.re2 for each in found.values() if each.re2 is not None]
    if _accepted(connection, written):
        return found
    return {
        key: each if each.re2 and _accepted(connection, [each.re2]) else each._replace(re2=None)
        for key, each in found.items()
    }


def _accepted(connection: duckdb.DuckDBPyConnection, patterns: list[str]) -> bool:
    """Tell whether RE2 takes all patterns: too large a one would abort the whole statement."""
    matched = ", ".join(f"regexp_matches('', {quoted(each)})" for each in patterns)
    try:
        connection.execute(f"SELECT {matched or 'true'}").fetchall()
    except duckdb.Error:
        return False
    return True


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
            case Check() if step.constraint.component == _CLOSED:
                return None
            case Check() if step.constraint.query:
                from kg.shacl import asking  # noqa: PLC0415 - see kg.shacl.declared

                named = asking.predicates_of(plan.rules[step.rule])
                if named is None:
                    return None
                found |= named
    return sorted(found)
