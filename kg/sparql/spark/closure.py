"""Closures of paths as a loop of the driver.

Spark's recursive queries keep what they have seen already, so on a cycle they do not end. Here each
round joins only the pairs that the last one found with the steps, and keeps those that are new
(semi-naive evaluation); the loop ends with a round that finds none.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from kg.sparql.spark.dialect import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

_NUMBERS: Final = count()


def without_recursion(
    tree: exp.Expression, session: SparkSession
) -> tuple[exp.Expression, list[str]]:
    """Return the statement with the closures in it evaluated, and the views that hold them.

    Inner closures come first, so that a closure over closures finds them there.
    """
    views = []
    while (found := next(_recursive(tree), None)) is not None:
        view = f"closure{next(_NUMBERS)}"
        frame = _evaluated(found, session, view)
        frame.createOrReplaceTempView(view)
        views.append(view)
        columns = [item.copy() for item in found.expressions]
        found.replace(exp.select(*columns).from_(view))
    return tree, views


def _recursive(tree: exp.Expression) -> Iterator[exp.Expression]:
    """Yield the recursive queries that have no other inside."""
    for select in tree.find_all(exp.Select):
        clause = select.args.get("with_")
        if clause is None or not clause.args.get("recursive"):
            continue
        inner = (
            other.args.get("with_") for other in clause.find_all(exp.Select) if other is not select
        )
        if not any(each is not None and each.args.get("recursive") for each in inner):
            yield select


def _evaluated(select: exp.Expression, session: SparkSession, name: str) -> DataFrame:
    """Return the pairs of `WITH RECURSIVE e AS (steps), c AS (base UNION step) SELECT … FROM c`."""
    steps, closure = select.args["with_"].expressions
    step = closure.this.expression
    base = _distinct(closure.this.this, session, steps)
    session.sql(written(steps.this)).createOrReplaceTempView(f"{name}_e")
    known = base.localCheckpoint()
    fresh = known
    while not fresh.isEmpty():
        fresh.createOrReplaceTempView(f"{name}_c")
        found = session.sql(written(_over(step, name)))
        fresh = found.distinct().exceptAll(known.select(*found.columns)).localCheckpoint()
        known = known.union(fresh).localCheckpoint()
    session.catalog.dropTempView(f"{name}_e")
    session.catalog.dropTempView(f"{name}_c")
    return known


def _distinct(base: exp.Expression, session: SparkSession, steps: exp.Expression) -> DataFrame:
    text = f"WITH e AS ({written(steps.this)}) {written(base)}"
    return session.sql(text).distinct()


def _over(step: exp.Expression, name: str) -> exp.Expression:
    """Return the step over the views of the steps and of the last round."""

    def named(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Table) and node.name in ("e", "c"):
            alias = node.alias or node.name
            return exp.to_table(f"{name}_{node.name}").as_(alias)
        return node

    return step.copy().transform(named)
