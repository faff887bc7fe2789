"""From shapes to steps on relations, without a word of SQL.

`shape(S, candidates)` becomes a relation of results. Its rows carry the `root`, the candidate
whose conformance the row breaks, so that sh:not, sh:and, sh:or, sh:xone, sh:node and qualified
shapes only ask which candidates are a root (section 3.4: a node conforms if it has no results).

Every step makes one relation and names those it reads; equal steps are made once. What one other
step alone reads need not be a table: `inlined` names the steps that are written into their
reader, so that all checks of a shape and of its property shapes are one statement.

| step | columns | holds |
|---|---|---|
| Focus | f | the focus nodes that targets select (section 2.1.3) |
| Values | f, v | the value nodes of each candidate along a path (section 3.4) |
| Itself | f, v | each candidate as its own value node: node shapes |
| Members | f | the distinct value nodes: the candidates of a nested shape |
| Instances | f | the SHACL instances of a class (section 1.1) |
| Check | root, focus, value, predicate, rule, said | what one constraint finds |
| Results | the same | what a shape finds: its checks and its property shapes' results |
| Failing | f | the roots among results: the nodes that do not conform |
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from kg.shacl.paths import Path, Predicate, pushed
from kg.shacl.shapes import Targets
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kg.shacl.shapes import Constraint, Shape, Shapes, Text


@dataclass(frozen=True)
class Focus:
    """The focus nodes of `targets`; `instances` are the relations of its classes."""

    targets: Targets
    instances: tuple[str, ...]


@dataclass(frozen=True)
class Values:
    """The value nodes of `candidates` along `path`, in which only predicates are inverted."""

    candidates: str
    path: Path


@dataclass(frozen=True)
class Itself:
    """Each candidate as its own value node."""

    candidates: str


@dataclass(frozen=True)
class Members:
    """The distinct value nodes of `values`."""

    values: str


@dataclass(frozen=True)
class Instances:
    """The SHACL instances of a class; with `own` only those that the data itself types."""

    iri: str
    own: bool


@dataclass(frozen=True)
class Check:
    """One constraint of one shape on its value nodes.

    `others` are the relations that the component reads beside `values`: instances of the class,
    values of the compared property, or the failing nodes of the shapes it refers to; `siblings`
    the failing nodes of sibling shapes.
    """

    rule: int
    constraint: Constraint
    candidates: str
    values: str
    others: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()


class Lifted(NamedTuple):
    """Results of a property shape, and the values that lead from candidates to its roots."""

    values: str | None
    results: str


@dataclass(frozen=True)
class Results:
    """All results of one shape on its candidates."""

    checks: tuple[str, ...]
    lifted: tuple[Lifted, ...]


@dataclass(frozen=True)
class Failing:
    """The nodes among the roots of `results`."""

    results: str


Step: TypeAlias = Focus | Values | Itself | Members | Instances | Check | Results | Failing


class Rule(NamedTuple):
    """A constraint of a shape: what a result points back to."""

    shape: Shape
    constraint: Constraint

    @property
    def messages(self) -> tuple[Text, ...]:
        """What the constraint says itself, else what the shape says (sections 2.1.5 and 5.3.2)."""
        return self.constraint.messages or self.shape.messages


@dataclass
class Plan:
    """The steps in the order in which they run, and where the results of the targets end up."""

    steps: dict[str, Step] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)


_MOST_PARTS = 200
_COMPARING = frozenset(
    f"{SH}{name}ConstraintComponent"
    for name in ("Equals", "Disjoint", "LessThan", "LessThanOrEquals")
)


def make_plan(shapes: Shapes) -> Plan:
    """Return the plan that validates all targets of `shapes`."""
    planner = _Planner(shapes)
    for shape in shapes.targeted:
        if not shape.deactivated:
            candidates = planner.focus(shape.targets)
            planner.plan.roots.append(planner.results(shape, candidates))
    return planner.plan


def reads(step: Step) -> Iterator[str]:
    """Yield the relations that a step reads."""
    match step:
        case Focus(_, instances):
            yield from instances
        case Values(relation, _) | Itself(relation) | Members(relation) | Failing(relation):
            yield relation
        case Check():
            yield from (step.candidates, step.values, *step.others, *step.siblings)
        case Results(checks, lifted):
            yield from checks
            for each in lifted:
                yield from (name for name in each if name is not None)


def renamed(step: Step, name: Callable[[str], str]) -> Step:
    """Return a step with `name` applied to every relation that it reads."""
    match step:
        case Focus(targets, instances):
            return Focus(targets, tuple(map(name, instances)))
        case Values(candidates, path):
            return Values(name(candidates), path)
        case Itself(relation) | Members(relation) | Failing(relation):
            return type(step)(name(relation))
        case Check():
            return replace(
                step,
                candidates=name(step.candidates),
                values=name(step.values),
                others=tuple(map(name, step.others)),
                siblings=tuple(map(name, step.siblings)),
            )
        case Results(checks, lifted):
            return Results(
                tuple(map(name, checks)),
                tuple(
                    Lifted(values if values is None else name(values), name(results))
                    for values, results in lifted
                ),
            )
    return step


def inlined(plan: Plan) -> set[str]:
    """Return the steps that are written into the step that reads them instead of being tables.

    These are each candidate as its own value node, values that one check reads, the checks that
    SQL makes, and the results of a property shape that only the shape around it reads, as long as
    the statement does not become too long: planning it takes more than its length.
    """
    readers = _readers(plan)
    found = set[str]()
    parts: Counter[str] = Counter()
    for name, step in plan.steps.items():
        above = readers.get(name, [])
        match step:
            case Itself():
                found.add(name)
            case Values() if len(above) == 1:
                found.add(name)
            case Check() if step.constraint.query is None:
                found.add(name)
            case Results():
                parts[name] += len(step.checks)
                alone = len(above) == 1 and name not in plan.roots
                lifted = alone and isinstance(plan.steps[above[0]], Results)
                if lifted and parts[above[0]] + parts[name] <= _MOST_PARTS:
                    parts[above[0]] += parts[name]
                    found.add(name)
    return found


def _readers(plan: Plan) -> dict[str, list[str]]:
    """Return the steps that read each relation, one that reads it twice named twice."""
    readers: dict[str, list[str]] = {}
    for name, step in plan.steps.items():
        for read in reads(step):
            readers.setdefault(read, []).append(name)
    return readers


class _Planner:
    """Makes the steps of one plan, each once."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.plan = Plan()
        self.names: dict[Step, str] = {}
        self.numbers: dict[tuple[str, int], int] = {}

    def add(self, step: Step) -> str:
        """Return the name of a step's relation; an equal step is not made again."""
        if step not in self.names:
            name = f"shacl_{len(self.names)}_{type(step).__name__.lower()}"
            self.names[step] = name
            self.plan.steps[name] = step
        return self.names[step]

    def focus(self, targets: Targets) -> str:
        """Return the focus nodes of targets."""
        instances = tuple(self.add(Instances(iri, own=True)) for iri in targets.classes)
        if targets == Targets(classes=targets.classes) and len(instances) == 1:
            return instances[0]
        return self.add(Focus(targets, instances))

    def results(self, shape: Shape, candidates: str) -> str:
        """Return the results of `shape` on `candidates`."""
        values = self._values(shape, candidates)
        checks = [
            self._check(shape, number, candidates, values)
            for number in range(len(shape.constraints))
        ]
        lifted = [self._lifted(shape, key, candidates, values) for key in shape.properties]
        return self.add(Results(tuple(checks), tuple(each for each in lifted if each)))

    def _values(self, shape: Shape, candidates: str) -> str:
        if shape.path is None:
            return self.add(Itself(candidates))
        return self.add(Values(candidates, pushed(shape.path)))

    def _lifted(self, shape: Shape, key: str, candidates: str, values: str) -> Lifted | None:
        inner = self.shapes[key]
        if inner.deactivated:
            return None
        if shape.path is None:
            return Lifted(None, self.results(inner, candidates))
        return Lifted(values, self.results(inner, self.add(Members(values))))

    def _check(self, shape: Shape, number: int, candidates: str, values: str) -> str:
        constraint = shape.constraints[number]
        return self.add(
            Check(
                rule=self._rule(shape, number),
                constraint=constraint,
                candidates=candidates,
                values=values,
                others=self._others(constraint, candidates, values),
                siblings=tuple(self._failing(key, values) for key in constraint.siblings),
            )
        )

    def _rule(self, shape: Shape, number: int) -> int:
        place = (shape.key, number)
        if place not in self.numbers:
            self.numbers[place] = len(self.plan.rules)
            self.plan.rules.append(Rule(shape, shape.constraints[number]))
        return self.numbers[place]

    def _others(self, constraint: Constraint, candidates: str, values: str) -> tuple[str, ...]:
        if constraint.component == SH + "ClassConstraintComponent":
            return (self.add(Instances(constraint.terms[0].value, own=False)),)
        if constraint.component in _COMPARING:
            compared = Predicate(constraint.terms[0].value)
            return (self.add(Values(candidates, compared)),)
        return tuple(self._failing(key, values) for key in constraint.shapes)

    def _failing(self, key: str, values: str) -> str:
        """Return which value nodes do not conform to a shape; a deactivated one takes all."""
        shape = self.shapes[key]
        if shape.deactivated:
            return self.add(Failing(self.add(Results((), ()))))
        members = self.add(Members(values))
        return self.add(Failing(self.results(shape, members)))
