"""Basic graph patterns: one table per triple pattern, flat, so that DuckDB orders the joins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kg.columns.canonical import canonical
from kg.columns.ids import OTHER_TAG, TAG_BITS, Class
from kg.sparql.algebra import Alternative, Bgp, Inverse, Repeat, Sequence, Triple, Var
from kg.sparql.graphs import GRAPH, Active, graph_list, source
from kg.sparql.joins import join, union
from kg.sparql.paths import Ends, Seeds, closure, constant_seeds, ends, pairs
from kg.sparql.projection import merged
from kg.sparql.relation import Column, Number, Relation
from kg.sparql.temporal import literal_class

if TYPE_CHECKING:
    from kg.columns.catalogue import Property
    from kg.sparql.algebra import Node, Path, Term
    from kg.sparql.context import Context

_IRI = frozenset({Class.IRI})


@dataclass
class Basic:
    """A basic graph pattern under construction.

    `seeds` remembers for a variable the sub-select of a table that binds it, for paths to begin at.
    """

    context: Context
    active: Active
    relation: Relation
    seeds: dict[Var, Seeds] = field(default_factory=dict)


def basic(
    context: Context, active: Active, pattern: Bgp, given: dict[Var, Seeds] | None = None
) -> Relation:
    """Return the relation of a basic graph pattern.

    `given` are the values that variables will be joined with, for paths to begin at.
    """
    building = Basic(context, active, Relation(context), dict(given or {}))
    triples = [flat for triple in pattern.triples for flat in _flat(context, triple)]
    triples.sort(key=lambda triple: isinstance(triple.predicate, Repeat))
    for triple in triples:
        _add(building, triple)
    if active.each and GRAPH not in building.relation.columns:
        _each_graph(building)
    return building.relation


def _each_graph(building: Basic) -> None:
    alias = building.relation.read(graph_list(building.active))
    building.relation.columns[GRAPH] = Column(f"{alias}.g", "id", _IRI | {Class.BLANK})


def _flat(context: Context, triple: Triple) -> list[Triple]:
    """Return a sequence as triples with variables between, an inverse turned (section 18.2.2.4)."""
    match triple.predicate:
        case Inverse(path):
            return _flat(context, Triple(triple.object, path, triple.subject))
        case Sequence(parts):
            inner = [Var(f"_:path{next(context.aliases)}") for _ in parts[1:]]
            stops: list[Node] = [triple.subject, *inner, triple.object]
            steps = zip(stops, parts, stops[1:], strict=False)
            return [flat for step in steps for flat in _flat(context, Triple(*step))]
    return [triple]


def _add(building: Basic, triple: Triple) -> None:
    match triple.predicate:
        case Var() | NamedNode():
            _add_triple(building, triple)
        case Alternative(parts):
            _add_alternatives(building, triple, parts)
        case Repeat():
            _add_closure(building, triple, triple.predicate)
        case path:
            sql = pairs(building.context, building.active, path)
            _add_pairs(building, triple, sql, ends(building.context, path))


def _add_alternatives(building: Basic, triple: Triple, parts: tuple[Path, ...]) -> None:
    branches = [
        basic(
            building.context,
            building.active,
            Bgp((Triple(triple.subject, part, triple.object),)),
            building.seeds,
        )
        for part in parts
    ]
    building.relation = join(building.relation, union(branches))


def _add_triple(building: Basic, triple: Triple) -> None:
    context, relation = building.context, building.relation
    known: Property | None = None
    if isinstance(triple.predicate, Var) and (chosen := _chosen(building, triple.predicate)):
        _add_chosen(building, triple, triple.predicate, chosen)
        return
    if isinstance(triple.predicate, NamedNode):
        known = context.catalogue.properties.get(triple.predicate.value)
        if known is None:
            _add_nothing(building, triple)
            return
    by_object = isinstance(triple.object, NamedNode | Literal)
    reverse = by_object and not isinstance(triple.subject, NamedNode)
    read = source(context, building.active, known, reverse=reverse)
    alias = relation.read(read.sql)
    relation.conditions.extend(condition.format(alias=alias) for condition in read.conditions)
    _graph(building, alias)
    _bind(relation, triple.subject, Column(f"{alias}.s", "id", context.catalogue.subject_classes))
    if isinstance(triple.predicate, Var):
        _bind(relation, triple.predicate, Column(f"{alias}.p", "id", _IRI))
    reversed_table = reverse and known is not None and known.reverse
    _bind(
        relation,
        triple.object,
        _object(context, alias, known, beside=read.beside, reverse=reversed_table),
    )
    if known is not None and not building.active.each:
        _remember(building, triple, known)


def _chosen(building: Basic, predicate: Var) -> list[Property]:
    """Return the properties that inline data lets a predicate be, if that is few of all."""
    seeds = building.seeds.get(predicate)
    if seeds is None or seeds.numbers is None or building.active.graphs is not None:
        return []
    numbers = set(seeds.numbers)
    return [
        known for known in building.context.catalogue.properties.values() if known.id in numbers
    ]


def _add_chosen(building: Basic, triple: Triple, predicate: Var, chosen: list[Property]) -> None:
    """Read the tables of a few properties instead of all triples."""
    context, relation = building.context, building.relation
    selects = [f"SELECT {known.id} AS p, s, o FROM p{known.number}" for known in chosen]
    alias = relation.read(f"({' UNION ALL '.join(selects)})")
    classes = frozenset(kind for known in chosen for kind in known.classes)
    ranked = any(known.ranked for known in chosen)
    _bind(relation, triple.subject, Column(f"{alias}.s", "id", context.catalogue.subject_classes))
    _bind(relation, predicate, Column(f"{alias}.p", "id", _IRI))
    _bind(relation, triple.object, Column(f"{alias}.o", "id", classes, ranked=ranked))


def _object(
    context: Context, alias: str, known: Property | None, *, beside: bool, reverse: bool
) -> Column:
    if known is None:
        every = context.catalogue.properties.values()
        classes = frozenset(kind for each in every for kind in each.classes)
        return Column(f"{alias}.o", "id", classes, ranked=any(each.ranked for each in every))
    lex = f"{alias}.lex" if beside and known.lexical and not reverse else None
    number = None
    if beside and known.scale is not None and not known.exceptions:
        number = Number(f"{alias}.v", known.scale)
    return Column(f"{alias}.o", "id", known.classes, ranked=known.ranked, lex=lex, number=number)


def _remember(building: Basic, triple: Triple, known: Property) -> None:
    read = source(building.context, building.active, known)
    where = " AND ".join(condition.format(alias="x") for condition in read.conditions)
    body = f"FROM {read.sql} x" + (f" WHERE {where}" if where else "")
    for node, side in ((triple.subject, "s"), (triple.object, "o")):
        if isinstance(node, Var):
            building.seeds.setdefault(node, Seeds(f"(SELECT DISTINCT {side} AS n {body})"))


def _add_nothing(building: Basic, triple: Triple) -> None:
    """Bind the variables of a pattern whose predicate the release does not have: no solutions."""
    building.relation.conditions.append("FALSE")
    for node in (triple.subject, triple.object):
        if isinstance(node, Var) and node not in building.relation.columns:
            building.relation.columns[node] = Column("CAST(NULL AS BIGINT)", "id", _IRI)
    if building.active.each and GRAPH not in building.relation.columns:
        _each_graph(building)


def _graph(building: Basic, alias: str) -> None:
    if building.active.each:
        column = Column(f"{alias}.g", "id", _IRI | {Class.BLANK})
        _bind(building.relation, GRAPH, column)


def _bind(relation: Relation, node: Node, column: Column) -> None:
    """Bind a node of a pattern to a column: a constant or a known variable is a condition."""
    if not isinstance(node, Var):
        relation.conditions.append(f"{column.sql} = {relation.context.number(node)}")
    elif node in relation.columns:
        relation.conditions.append(f"{relation.columns[node].sql} = {column.sql}")
        relation.columns[node] = merged(relation.columns[node], column)
    else:
        relation.columns[node] = column


def _add_pairs(building: Basic, triple: Triple, sql: str, classes: Ends) -> None:
    relation = building.relation
    alias = relation.read(f"({sql})")
    _graph(building, alias)
    start = Column(f"{alias}.s", "id", classes.start, ranked=classes.start_ranked)
    end = Column(f"{alias}.o", "id", classes.end, ranked=classes.end_ranked)
    _bind(relation, triple.subject, start)
    _bind(relation, triple.object, end)


def _add_closure(building: Basic, triple: Triple, path: Repeat) -> None:
    """Add `?`, `*` or `+`, begun at whichever end is known (constants before variables)."""
    context, active = building.context, building.active
    seeds, backward = _beginning(building, triple)
    sql = closure(context, active, path, seeds, backward=backward)
    relation = building.relation
    alias = relation.read(f"({sql})")
    _graph(building, alias)
    start, end = _closure_columns(building, triple, path, alias)
    _bind(relation, triple.subject, start)
    _bind(relation, triple.object, end)


def _beginning(building: Basic, triple: Triple) -> tuple[Seeds | None, bool]:
    context, active = building.context, building.active
    for node, backward in ((triple.subject, False), (triple.object, True)):
        if not isinstance(node, Var):
            return constant_seeds(active, context.number(node)), backward
    for node, backward in ((triple.subject, False), (triple.object, True)):
        if isinstance(node, Var) and node in building.seeds and not active.each:
            return building.seeds[node], backward
    return None, False


def _closure_columns(
    building: Basic, triple: Triple, path: Repeat, alias: str
) -> tuple[Column, Column]:
    context = building.context
    step = ends(context, path.path)
    if path.minimum == 0:
        both = step | step.swapped()
        extra = _zero_classes(building, triple)
        step = both | Ends(extra.classes, extra.classes, extra.ranked, extra.ranked)
        local = extra.local
    else:
        local = False
    return (
        Column(f"{alias}.s", "id", step.start, ranked=step.start_ranked, local=local),
        Column(f"{alias}.o", "id", step.end, ranked=step.end_ranked, local=local),
    )


def _zero_classes(building: Basic, triple: Triple) -> Column:
    """Return what a path of no steps may bind: the constant, what the variable has, any node."""
    for node in (triple.subject, triple.object):
        if not isinstance(node, Var):
            number = building.context.number(node)
            classes = frozenset({_class(node)})
            return Column(
                "", "id", classes, ranked=number >> TAG_BITS == OTHER_TAG, local=number < 0
            )
    for node in (triple.subject, triple.object):
        if isinstance(node, Var) and node in building.relation.columns:
            return building.relation.columns[node]
    catalogue = building.context.catalogue
    ranked = any(each.ranked for each in catalogue.properties.values())
    return Column("", "id", catalogue.node_classes, ranked=ranked)


def _class(term: Term) -> Class:
    return Class.IRI if isinstance(term, NamedNode) else literal_class(canonical(term))
