"""Maintenance: what follows stays right when few statements come and go.

kg.inference evaluates all rules over all statements; this module starts from what has changed
(delete and rederive: Gupta, Mumick and Subrahmanian 1993, section 4):

1. What followed from a statement that is gone is in doubt, unless a rule still gives it from stated
   statements alone; what followed from something in doubt is in doubt as well.
2. Everything in doubt is taken away; what a rule gives from the rest comes back.
3. From what came, and came back, follows more, until nothing new follows.

Both reach the same fixed point; a test holds them against each other. The work grows with the
change and not with the store, and ends with an error when it would not.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from kg.errors import AtlasError
from kg.rules import Constant, Relation, Variable
from kg.terms import RDF_TYPE, XSD_BOOLEAN, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyoxigraph import Store

    from kg.rules import Argument, Atom, Facet, Rule

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
_Bindings: TypeAlias = dict[Variable, Term]

_BOOLEANS: Final = {"1": "true", "0": "false"}


class DifferenceTooLargeError(AtlasError):
    """A change that is not small: the release is to be made as a whole."""

    status = 500
    title = "Difference too large"


class Conclusions(NamedTuple):
    """What has to come to and go from the inferred graph."""

    come: set[Triple]
    gone: set[Triple]


def maintain(
    before: Store,
    after: Store,
    graphs: Mapping[str, NamedNode],
    rules: Sequence[Rule],
    change: Conclusions,
    most: int,
) -> Conclusions:
    """Bring the inferred graph of a store up to date, and return how it has changed.

    Args:
        before: The store as it was, whose inferred graph was complete; it is only read.
        after: A copy of it in which the stated graphs are changed already.
        graphs: The graphs `inferred`, written here, and `provenance`, of which nothing follows.
        rules: What to conclude by.
        change: The triples that some stated graph has now and none had before, and the reverse.
        most: How many statements may be looked at.

    Raises:
        DifferenceTooLargeError: more would have to be looked at; `after` is then of no use.
    """
    return _Maintenance(before, after, graphs, rules, most).run(change)


class _State:
    """A store as the rules see it: triples by pattern, without those of some graphs."""

    def __init__(self, store: Store, hidden: set[NamedNode], budget: _Budget) -> None:
        self._store = store
        self._hidden = hidden
        self._budget = budget

    def matching(
        self, subject: Term | None, predicate: NamedNode, value: Term | None
    ) -> Iterator[Triple]:
        """Yield the triples of a pattern, a triple of several graphs several times."""
        if isinstance(subject, Literal | Triple):
            return
        for quad in self._store.quads_for_pattern(subject, predicate, value, None):
            self._budget.spend()
            if quad.graph_name not in self._hidden:
                yield quad.triple

    def has(self, triple: Triple) -> bool:
        """Tell whether a triple is in one of the graphs."""
        return any(self.matching(triple.subject, triple.predicate, triple.object))


class _Budget:
    """How many statements may still be looked at."""

    def __init__(self, most: int) -> None:
        self._left = most

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise DifferenceTooLargeError("The change touches too much for a small release")


class _Maintenance:
    def __init__(
        self,
        before: Store,
        after: Store,
        graphs: Mapping[str, NamedNode],
        rules: Sequence[Rule],
        most: int,
    ) -> None:
        budget = _Budget(most)
        aside = {graphs["provenance"]}
        self._store = after
        self._inferred = graphs["inferred"]
        self._before = _State(before, aside, budget)
        self._after = _State(after, aside, budget)
        self._stated = _State(after, aside | {self._inferred}, budget)
        self._by_condition: dict[Relation, list[tuple[Rule, int]]] = defaultdict(list)
        self._by_head: dict[Relation, list[Rule]] = defaultdict(list)
        for rule in rules:
            self._by_head[rule.head.relation].append(rule)
            for place, atom in enumerate(rule.body):
                self._by_condition[atom.relation].append((rule, place))

    def run(self, change: Conclusions) -> Conclusions:
        repeated = {t for t in change.come if self._concluded(t)}
        doubtful = self._doubtful(change.gone)
        self._take(repeated | doubtful)
        back = {t for t in (doubtful - repeated) | change.gone if self._follows(t, self._after)}
        self._give(back)
        new = self._consequences((change.come - repeated) | back)
        come = back | new
        gone = repeated | doubtful
        return Conclusions(come - gone, gone - come)

    # Taking away --------------------------------------------------------------------------------

    def _doubtful(self, gone: Iterable[Triple]) -> set[Triple]:
        """Return the conclusions that may have lost what they followed from."""
        doubtful: set[Triple] = set()
        waiting = list(gone)
        while waiting:
            for head in self._heads(waiting.pop(), self._before):
                if head in doubtful or not self._concluded(head):
                    continue
                if not self._follows(head, self._stated):
                    doubtful.add(head)
                    waiting.append(head)
        return doubtful

    def _concluded(self, triple: Triple) -> bool:
        return self._quad(triple) in self._store

    def _quad(self, triple: Triple) -> Quad:
        return Quad(triple.subject, triple.predicate, triple.object, self._inferred)

    def _take(self, triples: Iterable[Triple]) -> None:
        for triple in triples:
            self._store.remove(self._quad(triple))

    # Giving back, and more ----------------------------------------------------------------------

    def _give(self, triples: Iterable[Triple]) -> None:
        self._store.extend(map(self._quad, triples))

    def _follows(self, triple: Triple, state: _State) -> bool:
        """Tell whether some rule gives a triple from the state of a store."""
        for rule in self._by_head[_relation(triple)]:
            bindings = _unified(rule.head, triple, {})
            if bindings is not None and any(True for _ in _solutions(rule, None, bindings, state)):
                return True
        return False

    def _consequences(self, come: Iterable[Triple]) -> set[Triple]:
        """Add all that follows from triples that have come; return what was added."""
        added: set[Triple] = set()
        waiting = list(come)
        while waiting:
            found = set(self._heads(waiting.pop(), self._after))
            new = [head for head in found if not self._after.has(head)]
            self._give(new)
            added.update(new)
            waiting += new
        return added

    def _heads(self, triple: Triple, state: _State) -> Iterator[Triple]:
        """Yield what the rules conclude from a triple together with the state of a store."""
        for rule, place in self._by_condition[_relation(triple)]:
            bindings = _unified(rule.body[place], triple, {})
            if bindings is None:
                continue
            for solution in _solutions(rule, place, bindings, state):
                subject = solution[rule.head.subject]
                if isinstance(subject, NamedNode | BlankNode):
                    value = _bound(rule.head.object, solution)
                    if value is not None:
                        yield Triple(subject, NamedNode(rule.head.predicate), value)


def _relation(triple: Triple) -> Relation:
    if triple.predicate.value == RDF_TYPE and isinstance(triple.object, NamedNode):
        return Relation(triple.object.value, of_class=True)
    return Relation(triple.predicate.value, of_class=False)


def _solutions(
    rule: Rule, place: int | None, bindings: _Bindings, state: _State
) -> Iterator[_Bindings]:
    """Yield the bindings that fulfil a rule's body, given some; the atom at `place` is fulfilled.

    May yield the same bindings several times.
    """
    rest = [atom for number, atom in enumerate(rule.body) if number != place]
    for solution in _joined(rest, bindings, state):
        if all(_holds(facet, solution[facet.variable]) for facet in rule.facets):
            yield solution


def _joined(atoms: list[Atom], bindings: _Bindings, state: _State) -> Iterator[_Bindings]:
    if not atoms:
        yield bindings
        return
    first = max(atoms, key=lambda atom: _boundness(atom, bindings))
    rest = [atom for atom in atoms if atom is not first]
    subject = _bound(first.subject, bindings)
    value = _bound(first.object, bindings)
    for triple in state.matching(subject, NamedNode(first.predicate), value):
        extended = _unified(first, triple, bindings)
        if extended is not None:
            yield from _joined(rest, extended, state)


def _boundness(atom: Atom, bindings: _Bindings) -> tuple[bool, int]:
    """Rate an atom: those with a bound variable first, since constants alone select little."""
    arguments = (atom.subject, atom.object)
    variable = any(isinstance(a, Variable) and a in bindings for a in arguments)
    return variable, sum(_bound(a, bindings) is not None for a in arguments)


def _bound(argument: Argument, bindings: Mapping[Variable, Term]) -> Term | None:
    return bindings.get(argument) if isinstance(argument, Variable) else _term(argument)


def _term(constant: Constant) -> Term:
    """Return a constant as the store holds it, where 1 is true and 0 is false."""
    if constant.datatype is None:
        return NamedNode(constant.text)
    if constant.language:
        return Literal(constant.text, language=constant.language)
    if constant.datatype == XSD_BOOLEAN:
        text = _BOOLEANS.get(constant.text, constant.text)
        return Literal(text, datatype=NamedNode(XSD_BOOLEAN))
    return Literal(constant.text, datatype=NamedNode(constant.datatype or XSD_STRING))


def _unified(atom: Atom, triple: Triple, bindings: _Bindings) -> _Bindings | None:
    """Return the bindings under which an atom is the triple, None where it cannot be."""
    extended = dict(bindings)
    for argument, term in ((atom.subject, triple.subject), (atom.object, triple.object)):
        if isinstance(argument, Constant):
            if _term(argument) != term:
                return None
        elif extended.setdefault(argument, term) != term:
            return None
    return extended


def _holds(facet: Facet, term: Term) -> bool:
    """Tell whether a facet holds of a term, as kg.inference has it."""
    if not isinstance(term, Literal) or term.datatype.value != facet.datatype:
        return False
    if facet.comparison is None:
        return True
    try:
        value, limit = Decimal(term.value), Decimal(facet.value or "")
    except InvalidOperation:
        return False
    return {
        ">=": value >= limit,
        "<=": value <= limit,
        ">": value > limit,
        "<": value < limit,
    }[facet.comparison]
