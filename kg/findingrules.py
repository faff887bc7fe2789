"""What the rules that were broken look at, as tables: their sentences and ways to statements.

| table | columns |
|---|---|
| finding_rule | rule, iri, severity, fed, closed, message_en, message_de, hint_en, hint_de |
| finding_step | rule, number, predicate, inverse, last: a step of the way to a value |
| finding_node | rule, predicate: what a rule about a whole node looks at |
| finding_feed | predicate, file, field: the field that fills a predicate in a file |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.shacl import messages
from kg.shacl.paths import predicates
from kg.shacl.reach import MISSING, involved, steps_of
from kg.terms import SH

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from kg.shacl import Validation

_CLOSED: Final = SH + "ClosedConstraintComponent"


def store_rules(connection: duckdb.DuckDBPyConnection, validation: Validation) -> None:
    """Make finding_rule (the sentences), finding_step and finding_node (ways to statements)."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE finding_rule(rule INTEGER, iri VARCHAR, severity VARCHAR,"
        " fed VARCHAR[], closed BOOLEAN, message_en VARCHAR, message_de VARCHAR,"
        " hint_en VARCHAR, hint_de VARCHAR)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE finding_step(rule INTEGER, number INTEGER,"
        " predicate VARCHAR, inverse BOOLEAN, last BOOLEAN)"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE finding_node(rule INTEGER, predicate VARCHAR)")
    used = connection.execute(f"SELECT DISTINCT rule FROM {validation.table}").fetchall()
    numbers = sorted(number for (number,) in used)
    rows = [_rule_row(validation, number) for number in numbers]
    steps = [step for number in numbers for step in steps_of(validation.rules[number], number)]
    if rows:
        connection.executemany("INSERT INTO finding_rule VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    nodes = [
        (number, predicate)
        for number in numbers
        for predicate in sorted(involved(validation.shapes, validation.rules[number]))
    ]
    if nodes:
        connection.executemany("INSERT INTO finding_node VALUES (?, ?)", nodes)
    if steps:
        connection.executemany("INSERT INTO finding_step VALUES (?, ?, ?, ?, ?)", steps)


def _rule_row(validation: Validation, number: int) -> tuple[object, ...]:
    rule = validation.rules[number]
    missing = rule.constraint.component in MISSING and rule.shape.path is not None
    return (
        number,
        validation.shapes.named(rule.shape.key),
        rule.shape.severity.removeprefix(SH),
        list(predicates(rule.shape.path)) if missing and rule.shape.path else [],
        rule.constraint.component == _CLOSED,
        *(messages.template(rule, language) for language in ("en", "de")),
        *(messages.hint(rule, language) for language in ("en", "de")),
    )


def store_feeds(
    connection: duckdb.DuckDBPyConnection,
    statements: str,
    feeds: Mapping[str, tuple[str, str]] | None,
) -> None:
    """Make finding_feed: the field that fills a predicate in a file."""
    if feeds is None:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE finding_feed AS"
            f" SELECT predicate, file, min(field) AS field FROM {statements}"
            " WHERE predicate IN (SELECT unnest(fed) FROM finding_rule) AND field IS NOT NULL"
            " GROUP BY predicate, file"
        )
        return
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE finding_feed(predicate VARCHAR, file VARCHAR, field VARCHAR)"
    )
    rows = [(predicate, *cell) for predicate, cell in sorted(feeds.items())]
    if rows:
        connection.executemany("INSERT INTO finding_feed VALUES (?, ?, ?)", rows)
