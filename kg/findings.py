"""Findings: the results of a validation tied to the cells of the source that they rest on.

A result rests on statements, and a statement knows the file, line, field and record that it was
read from. Which statements those are follows from the result:

1. It has a value: the statement that says so, read along the shape's path from the focus node to
   the value. A statement that several rows repeat has several places, and the finding has all.
2. It has none, but values are what is wrong (too many, a language twice): all that contribute.
3. A value is missing: the record that says first what the focus node is (its rdf:type), and the
   field of that file from which the predicate is filled, none if another file fills it.
4. The node as a whole is wrong: the first statement of each property that the rule looks at.
5. Anything else (a path without bounds, no such statement): the same record as in 3, no field.

The table of findings has one row per place; a focus node that the statements do not mention (an
sh:targetNode of the shapes) leaves file, line, field and record NULL.

| column | holds |
|---|---|
| rule | IRI of the shape; of the nearest named one around it if it has none |
| component | IRI of the constraint component |
| severity | Violation, Warning or Info; the IRI of any other |
| subject, path | focus node; predicate or path, NULL without one |
| value, value_kind, datatype, language | the value node; NULL without one |
| message_en, message_de, hint_en, hint_de | the sentences, placeholders filled in |
| file, line, field, record, stated | the place, and the value as it is stated there |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kg import findingrules
from kg.database import quoted
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    import duckdb

    from kg.shacl import Validation

COLUMNS: Final = (
    *("rule", "component", "severity", "subject", "path"),
    *("value", "value_kind", "datatype", "language"),
    *("message_en", "message_de", "hint_en", "hint_de"),
    *("file", "line", "field", "record", "stated"),
)
_SEVERITY_ORDER: Final = "array_position(['Violation', 'Warning', 'Info'], severity)"
_TABLES: Final = (
    *("finding_rule", "finding_step", "finding_node", "finding_feed"),
    *("finding_seek", "finding_place"),
)


class RuleSummary(NamedTuple):
    """How often a rule was broken: different results, the places and the records they lie in."""

    severity: str
    rule: str
    findings: int
    places: int
    records: int
    message_en: str
    message_de: str


class Finding(NamedTuple):
    """One finding at one of its places; the module docstring describes the columns."""

    rule: str
    component: str
    severity: str
    subject: str
    path: str | None
    value: str | None
    value_kind: int | None
    datatype: str | None
    language: str | None
    message_en: str
    message_de: str
    hint_en: str | None
    hint_de: str | None
    file: str | None
    line: int | None
    field: str | None
    record: str | None
    stated: str | None


def place(
    connection: duckdb.DuckDBPyConnection,
    validation: Validation,
    *,
    statements: str = "statement",
    into: str = "finding",
    feeds: Mapping[str, tuple[str, str]] | None = None,
) -> int:
    """Make the table of findings from the table of results.

    Args:
        connection: where both tables and the statements are.
        validation: what `kg.shacl.validate` returned; its table is still there.
        statements: the relation that was validated, with the columns of `kg.statements`.
        into: the name of the (temporary) table of findings.
        feeds: which file and field fill a predicate; learned from the statements without it.

    Returns:
        How many rows the table has.
    """
    try:
        findingrules.store_rules(connection, validation)
        findingrules.store_feeds(connection, statements, feeds)
        _seek(connection, validation, statements)
        _place(connection, validation, statements)
        _join(connection, validation, into)
    finally:
        for name in _TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    return int(connection.execute(f"SELECT count(*) FROM {into}").fetchall()[0][0])


# -- from results to statements ---------------------------------------------------------------

_SEEK_COLUMNS: Final = "result, rule, node, value, value_kind, datatype, language"


def _seek(connection: duckdb.DuckDBPyConnection, validation: Validation, statements: str) -> None:
    """Make finding_place: the places of the statements that results rest on.

    Walks all paths at once, a step at a time; `node` is where a result's walk has come to.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE finding_seek AS SELECT result, rule, focus AS node, value,"
        f" value_kind, datatype, language, 0 AS number FROM {validation.table}"
        " WHERE rule IN (SELECT rule FROM finding_step)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE finding_place(result INTEGER, file VARCHAR, line INTEGER,"
        " field VARCHAR, record VARCHAR, stated VARCHAR)"
    )
    longest = connection.execute("SELECT max(number) FROM finding_step").fetchall()[0][0]
    for number in range((longest if longest is not None else -1) + 1):
        _arrive(connection, statements, number)
        if number < longest:
            _walk(connection, statements, number)
    _arrive_closed(connection, validation, statements)
    _arrive_nodes(connection, validation, statements)


def _stepped(statements: str, number: int, *, last: bool, inverse: bool) -> str:
    """Return the FROM clause that joins walks at `number` with the statements of their step."""
    end = "object" if inverse else "subject"
    return f"""
        (SELECT k.*, p.predicate FROM finding_seek k JOIN finding_step p ON p.rule = k.rule
            AND p.number = k.number
            WHERE k.number = {number} AND p.last = {last} AND p.inverse = {inverse}) n
        JOIN {statements} s ON s.predicate = n.predicate AND s.{end} = n.node
    """


def _arrive(connection: duckdb.DuckDBPyConnection, statements: str, number: int) -> None:
    """Take the places of the statements with which walks end."""
    ends = {
        False: "s.object = n.value AND s.kind = n.value_kind"
        " AND s.datatype IS NOT DISTINCT FROM n.datatype"
        " AND lower(s.language) IS NOT DISTINCT FROM lower(n.language)",
        True: "s.subject = n.value",
    }
    for inverse, end in ends.items():
        joined = _stepped(statements, number, last=True, inverse=inverse)
        connection.execute(
            "INSERT INTO finding_place SELECT DISTINCT"
            " n.result, s.file, s.line, s.field, s.record, s.object"
            f" FROM {joined} WHERE n.value IS NULL OR {end}"
        )


def _walk(connection: duckdb.DuckDBPyConnection, statements: str, number: int) -> None:
    """Lead the walks that do not end here to the nodes of the next step."""
    for inverse, start in ((False, "object"), (True, "subject")):
        joined = _stepped(statements, number, last=False, inverse=inverse)
        connection.execute(
            f"INSERT INTO finding_seek SELECT DISTINCT n.result, n.rule, s.{start}, n.value,"
            f" n.value_kind, n.datatype, n.language, {number + 1} FROM {joined}"
        )


def _arrive_closed(
    connection: duckdb.DuckDBPyConnection, validation: Validation, statements: str
) -> None:
    """Take the places of statements whose predicate a closed shape does not allow."""
    connection.execute(f"""
        INSERT INTO finding_place
        SELECT DISTINCT r.result, s.file, s.line, s.field, s.record, s.object
        FROM {validation.table} r JOIN finding_rule u ON u.rule = r.rule AND u.closed
        JOIN {statements} s ON s.subject = r.focus AND s.predicate = r.path
            AND s.object = r.value AND s.kind = r.value_kind
            AND s.datatype IS NOT DISTINCT FROM r.datatype
            AND lower(s.language) IS NOT DISTINCT FROM lower(r.language)
    """)


def _arrive_nodes(
    connection: duckdb.DuckDBPyConnection, validation: Validation, statements: str
) -> None:
    """Take the first statement of each property that a rule about a whole node looks at."""
    connection.execute(f"""
        INSERT INTO finding_place
        WITH asked AS (
            SELECT r.result, r.focus, n.predicate
            FROM {validation.table} r JOIN finding_node n ON n.rule = r.rule
        ), cell AS (
            SELECT s.subject, s.predicate,
                min((s.file, s.line, coalesce(s.field, ''), s.record, s.object)) AS first
            FROM {statements} s SEMI JOIN asked a
                ON a.focus = s.subject AND a.predicate = s.predicate
            GROUP BY s.subject, s.predicate
        )
        SELECT a.result, first[1], first[2], nullif(first[3], ''), first[4], first[5]
        FROM asked a JOIN cell c ON c.subject = a.focus AND c.predicate = a.predicate
    """)


def _place(connection: duckdb.DuckDBPyConnection, validation: Validation, statements: str) -> None:
    """Give every other result the record that says first what its focus node is.

    Where no statement is about the node, that is the first one that mentions it.
    """
    typed = f"CASE s.predicate WHEN {quoted(RDF_TYPE)} THEN 0 ELSE 1 END"
    for end, rank in (("subject", typed), ("object", "2")):
        lost = f"FROM {validation.table} WHERE result NOT IN (SELECT result FROM finding_place)"
        if connection.execute(f"SELECT 1 {lost} LIMIT 1").fetchall():
            _place_lost(connection, f"SELECT result, rule, focus {lost}", statements, end, rank)


def _place_lost(
    connection: duckdb.DuckDBPyConnection, lost: str, statements: str, end: str, rank: str
) -> None:
    connection.execute(f"""
        INSERT INTO finding_place
        WITH lost AS ({lost}), first AS (
            SELECT s.{end} AS node, min(({rank}, s.file, s.line, s.record)) AS cell
            FROM {statements} s SEMI JOIN lost ON lost.focus = s.{end} GROUP BY s.{end}
        ), fed AS (
            SELECT u.rule, f.file, arg_min(f.field, list_position(u.fed, f.predicate)) AS field
            FROM finding_rule u JOIN finding_feed f ON list_contains(u.fed, f.predicate)
            GROUP BY u.rule, f.file
        )
        SELECT lost.result, cell[2], cell[3], fed.field, cell[4], NULL
        FROM lost JOIN first ON first.node = lost.focus
        LEFT JOIN fed ON fed.rule = lost.rule AND fed.file = cell[2]
    """)


def _join(connection: duckdb.DuckDBPyConnection, validation: Validation, into: str) -> None:
    """Make the table of findings of results, rules and places."""
    said = f"SELECT 1 FROM {validation.table} WHERE said IS NOT NULL LIMIT 1"
    sentence = _message if connection.execute(said).fetchall() else _filled
    # The sentences are filled in after sorting, so that the sort moves few columns.
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {into} AS
        SELECT r.iri AS rule, r.component, r.severity, r.focus AS subject, r.path,
            r.value, r.value_kind, r.datatype, r.language,
            {sentence("message_en")} AS message_en, {sentence("message_de")} AS message_de,
            {_filled("hint_en")} AS hint_en, {_filled("hint_de")} AS hint_de,
            r.file, r.line, r.field, r.record, r.stated
        FROM (
            SELECT r.* EXCLUDE (severity), u.* EXCLUDE (rule), p.* EXCLUDE (result)
            FROM {validation.table} r JOIN finding_rule u ON u.rule = r.rule
            LEFT JOIN finding_place p ON p.result = r.result
            ORDER BY {_SEVERITY_ORDER.replace("severity", "u.severity")}, r.rule,
                p.file, p.line, p.field, r.result
        ) r
    """)


def _message(column: str) -> str:
    """Return the SQL of a finding's sentence: what a query says itself, else the rule's."""
    said = "from_json(r.said, '[[\"VARCHAR\"]]')"
    choices = (f"starts_with(lower(x[2]), '{column[-2:]}')", "x[2] = ''", "true")
    own = ", ".join(f"list_filter({said}, lambda x: {choice})[1][1]" for choice in choices)
    return f"CASE WHEN r.said IS NULL THEN {_filled(column)} ELSE coalesce({own}) END"


def _filled(column: str) -> str:
    """Return the SQL that fills in what differs from result to result."""
    filled = f"r.{column}"
    for name, value in (("path", "r.path"), ("this", "r.focus"), ("value", "r.value")):
        filled = f"replace({filled}, '{{${name}}}', coalesce({value}, ''))"
    return filled


# -- reading ----------------------------------------------------------------------------------


def write(connection: duckdb.DuckDBPyConnection, findings: str, path: FilePath) -> None:
    """Write a table of findings as Parquet."""
    connection.execute(
        f"COPY (SELECT {', '.join(COLUMNS)} FROM {findings}) TO {quoted(path)}"
        " (FORMAT parquet, COMPRESSION zstd)"
    )


def summary(connection: duckdb.DuckDBPyConnection, findings: str) -> list[RuleSummary]:
    """Return every rule that was broken, the most severe first, then the most frequent.

    Args:
        connection: where to read.
        findings: a table of findings, or the SQL that reads a file of them.
    """
    rows = connection.execute(f"""
        SELECT severity, rule,
            count(DISTINCT (component, subject, path, value, datatype, language)) AS findings,
            count(*), count(DISTINCT record), min(message_en), min(message_de)
        FROM {findings} GROUP BY severity, rule ORDER BY {_SEVERITY_ORDER}, findings DESC, rule
    """).fetchall()
    return [RuleSummary(*row) for row in rows]


def select(
    connection: duckdb.DuckDBPyConnection,
    findings: str,
    *,
    limit: int | None = None,
    **equal: str | int,
) -> Iterator[Finding]:
    """Yield findings as they are stored, without waiting for the last of them.

    Args:
        connection: where to read; it is busy until the last finding was taken.
        findings: a table of findings, or the SQL that reads a file of them.
        limit: the most to yield.
        **equal: columns and the value that each must have, e.g. `severity="Violation"`.

    Raises:
        ValueError: there is no column of that name.
    """
    unknown = set(equal) - set(COLUMNS)
    if unknown:
        raise ValueError(f"no column {min(unknown)!r}, expected one of {', '.join(COLUMNS)}")
    wanted = " AND ".join(f"{name} = ${name}" for name in equal) or "true"
    most = "" if limit is None else f"LIMIT {int(limit)}"
    connection.execute(f"SELECT {', '.join(COLUMNS)} FROM {findings} WHERE {wanted} {most}", equal)
    while rows := connection.fetchmany(1000):
        yield from (Finding(*row) for row in rows)
