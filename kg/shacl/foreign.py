"""What SQL does not cover, evaluated by pySHACL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from kg.shacl.plan import Check, Rule
    from kg.shacl.shapes import Shapes


def evaluate(
    connection: duckdb.DuckDBPyConnection, shapes: Shapes, rule: Rule, check: Check, into: str
) -> None:
    """Insert what pySHACL finds for one constraint into the relation `into`."""
    raise NotImplementedError
