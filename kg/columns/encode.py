"""Statements as numbers: the dictionary of each tag, then the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.columns.ids import COMPARABLE, DATATYPES, OFFSET, OTHER_TAG, TAG_BITS, Class
from kg.terms import XSD_BOOLEAN, XSD_DATE, XSD_DECIMAL, XSD_INTEGER

if TYPE_CHECKING:
    import duckdb

# Texts that a number stands for by itself; everything else of these datatypes gets tag 9.
_INTEGER: Final = (
    f"CASE WHEN datatype = '{XSD_INTEGER}' AND regexp_full_match(object, '0|-?[1-9][0-9]{{0,16}}')"
    f" THEN {(Class.INTEGER << TAG_BITS) + OFFSET} + CAST(object AS BIGINT) END"
)
_DECIMAL: Final = (
    f"CASE WHEN datatype = '{XSD_DECIMAL}' AND regexp_full_match(object,"
    r" '(0|-?[1-9][0-9]{0,10})(\.[0-9]{0,5}[1-9])?|-0\.[0-9]{0,5}[1-9]')"
    f" THEN {(Class.DECIMAL << TAG_BITS) + OFFSET}"
    " + CAST(CAST(object AS DECIMAL(18, 6)) * CAST(1000000 AS DECIMAL(20, 0)) AS BIGINT) END"
)
_BOOLEAN: Final = (
    f"CASE WHEN datatype = '{XSD_BOOLEAN}' AND object IN ('true', 'false')"
    f" THEN {Class.BOOLEAN << TAG_BITS} + CAST(object = 'true' AS BIGINT) END"
)
_DATE: Final = (
    f"CASE WHEN datatype = '{XSD_DATE}'"
    " AND regexp_full_match(object, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND object >= '0001'"
    f" THEN {(Class.DATE << TAG_BITS) + OFFSET}"
    " + date_diff('day', DATE '1970-01-01', TRY_CAST(object AS DATE)) END"
)
_INLINE: Final = f"coalesce({_INTEGER}, {_DECIMAL}, {_BOOLEAN}, {_DATE})"
_STRING: Final = DATATYPES[Class.STRING]
_LANG: Final = DATATYPES[Class.LANG]

# name of the tag's dictionary: tag, columns that make a term
_DICTIONARIES: Final = {
    "blank": (Class.BLANK, "lex"),
    "iri": (Class.IRI, "lex"),
    "string": (Class.STRING, "lex"),
    "lang": (Class.LANG, "lex, language"),
    "other": (OTHER_TAG, "datatype, lex"),
}


def encode_statements(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the statements of the view `canonical_quads` into rows of numbers, in temporary tables.

    These are committed one by one: the row number of a sorted table is the rank, and a table has
    its final row numbers only then.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW inline_quads AS SELECT *, CASE WHEN kind = 2 AND datatype NOT"
        f" IN ('{_STRING}', '{_LANG}') THEN {_INLINE} END AS inline FROM canonical_quads"
    )
    for name, source in _sources().items():
        _dictionary(connection, name, source)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE encoded AS {_rows()}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE grouped AS"
        " SELECT p, s, o, min(g) AS g, max(g) AS last FROM encoded GROUP BY p, s, o"
    )


def store_statements(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `dictionary`, `other`, `triples` and `repeats` in the attached database `built`."""
    _make_dictionary(connection)
    _make_other(connection)
    _split_repeats(connection)
    for table in ("encoded", "grouped", *(f"rank_{name}" for name in _DICTIONARIES)):
        connection.execute(f"DROP TABLE {table}")


def _sources() -> dict[str, str]:
    """Return for each dictionary the relation of its texts, with repetitions."""
    literal = "FROM inline_quads WHERE kind = 2"
    return {
        "blank": (
            "SELECT subject AS lex FROM canonical_quads WHERE starts_with(subject, '_:')"
            " UNION ALL SELECT object FROM canonical_quads WHERE kind = 0"
            " UNION ALL SELECT graph FROM canonical_quads WHERE starts_with(graph, '_:')"
        ),
        "iri": (
            "SELECT subject AS lex FROM canonical_quads WHERE NOT starts_with(subject, '_:')"
            " UNION ALL SELECT DISTINCT predicate FROM canonical_quads"
            " UNION ALL SELECT object FROM canonical_quads WHERE kind = 1 UNION ALL"
            " SELECT DISTINCT graph FROM canonical_quads WHERE NOT starts_with(graph, '_:')"
        ),
        "string": f"SELECT object AS lex {literal} AND datatype = '{_STRING}'",
        "lang": f"SELECT object AS lex, language {literal} AND datatype = '{_LANG}'",
        "other": (
            f"SELECT object AS lex, datatype {literal}"
            f" AND datatype NOT IN ('{_STRING}', '{_LANG}') AND inline IS NULL"
        ),
    }


def _dictionary(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    """Rank the texts of one tag; the row number of a sorted table is the rank."""
    tag, columns = _DICTIONARIES[name]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sorted_{name} AS"
        f" SELECT DISTINCT {columns} FROM ({source}) ORDER BY {columns}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE rank_{name} AS"
        f" SELECT {tag << TAG_BITS} + rowid AS id, {columns} FROM sorted_{name} ORDER BY rowid"
    )
    connection.execute(f"DROP TABLE sorted_{name}")


def _make_dictionary(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE built.dictionary"
        " (id BIGINT NOT NULL, lex VARCHAR NOT NULL, language VARCHAR, datatype VARCHAR)"
    )
    tails = {"lang": "language, NULL", "other": "NULL, datatype"}
    for name in _DICTIONARIES:
        tail = tails.get(name, "NULL, NULL")
        # What follows an insertion of no rows is not seen before the commit (DuckDB 2.0.0).
        if not connection.execute(f"SELECT 1 FROM rank_{name} LIMIT 1").fetchall():
            continue
        connection.execute(
            f"INSERT INTO built.dictionary SELECT id, lex, {tail} FROM rank_{name} ORDER BY id"
        )


def _make_other(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `other`: class and values of the literals with tag 9.

    `units` is an integer or decimal in 10^-18; `dbl` a number as a double; `moment` microseconds
    since 1970 in UTC, or the year of a gYear; `zoned` whether the text has a time zone.
    """
    connection.execute(
        f"""
        CREATE TABLE built.other AS
        WITH typed AS (
            SELECT *, {_units()} AS units, {_double()} AS dbl, {_moment()} AS moment,
                regexp_matches(lex, '(Z|[+-][0-9][0-9]:[0-9][0-9])$') AS zoned
            FROM rank_other
        )
        SELECT id, CAST({_class()} AS UTINYINT) AS class, units,
            coalesce(dbl, CASE WHEN units IS NOT NULL THEN CAST(lex AS DOUBLE) END) AS dbl,
            moment, zoned
        FROM typed ORDER BY id
        """
    )


def _units() -> str:
    return (
        f"CASE WHEN datatype = '{XSD_INTEGER}' AND regexp_full_match(lex, '-?[0-9]{{1,19}}')"
        " THEN CAST(lex AS HUGEINT) * 1000000000000000000"
        f" WHEN datatype = '{XSD_DECIMAL}'"
        r" AND regexp_full_match(lex, '-?[0-9]{1,20}(\.[0-9]{1,18})?') THEN TRY("
        "CAST(replace(lex, '.', '') AS HUGEINT)"
        " * CAST('1' || repeat('0', 18 - length(split_part(lex, '.', 2))) AS HUGEINT)) END"
    )


def _double() -> str:
    floats = f"'{DATATYPES[Class.DOUBLE]}', '{DATATYPES[Class.FLOAT]}'"
    return (
        f"CASE WHEN datatype IN ({floats}) AND regexp_full_match(lex, 'NaN|-?INF|-?[0-9.]+') THEN"
        f" CASE WHEN datatype = '{DATATYPES[Class.FLOAT]}'"
        " THEN CAST(TRY_CAST(lex AS FLOAT) AS DOUBLE) ELSE TRY_CAST(lex AS DOUBLE) END END"
    )


def _moment() -> str:
    """Return the SQL of a date's or dateTime's instant; only regular texts have one here."""
    pattern = (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?"
        r"(Z|[+-][0-9]{2}:[0-9]{2})?"
    )
    zone = "regexp_extract(lex, '[+-][0-9]{2}:[0-9]{2}$')"
    minutes = f"(CAST({zone}[2:3] AS BIGINT) * 60 + CAST({zone}[5:6] AS BIGINT))"
    shift = (
        f"CASE WHEN NOT contains({zone}, ':') THEN 0"
        f" WHEN {zone}[1] = '-' THEN -{minutes} ELSE {minutes} END"
    )
    local = r"TRY_CAST(regexp_replace(lex, '(Z|[+-][0-9]{2}:[0-9]{2})$', '') AS TIMESTAMP)"
    return (
        f"CASE WHEN datatype IN ('{XSD_DATE}', '{DATATYPES[Class.DATE_TIME]}')"
        f" AND lex >= '0001' AND regexp_full_match(lex, '{pattern}')"
        f" THEN epoch_us({local}) - 60000000 * ({shift})"
        f" WHEN datatype = '{DATATYPES[Class.YEAR]}' AND regexp_full_match(lex, '[0-9]{{4}}')"
        " THEN CAST(lex AS BIGINT) END"
    )


def _class() -> str:
    comparable = ", ".join(f"'{iri}'" for iri in COMPARABLE)
    temporal = {Class.DATE: XSD_DATE, Class.DATE_TIME: DATATYPES[Class.DATE_TIME]}
    moments = "".join(
        f" WHEN datatype = '{iri}' THEN CASE WHEN moment IS NOT NULL THEN {int(kind)}"
        f" ELSE {_irregular()} END"
        for kind, iri in (temporal | {Class.YEAR: DATATYPES[Class.YEAR]}).items()
    )
    return (
        f"CASE WHEN datatype = '{XSD_INTEGER}' THEN {_number(Class.INTEGER, 'units')}"
        f" WHEN datatype = '{XSD_DECIMAL}' THEN {_number(Class.DECIMAL, 'units')}"
        f" WHEN datatype = '{DATATYPES[Class.DOUBLE]}' THEN {_number(Class.DOUBLE, 'dbl')}"
        f" WHEN datatype = '{DATATYPES[Class.FLOAT]}' THEN {_number(Class.FLOAT, 'dbl')}"
        f" WHEN datatype = '{XSD_BOOLEAN}' THEN {int(Class.ILL_TYPED)}{moments}"
        f" WHEN datatype IN ({comparable}) THEN {int(Class.COMPARABLE)}"
        f" ELSE {int(Class.UNKNOWN)} END"
    )


def _number(kind: Class, value: str) -> str:
    """Return the class of a number: numbers that look like one but have no value are beyond."""
    return (
        f"CASE WHEN {value} IS NOT NULL THEN {int(kind)}"
        r" WHEN regexp_full_match(lex, '[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?')"
        f" THEN {int(Class.BEYOND)} ELSE {int(Class.ILL_TYPED)} END"
    )


def _irregular() -> str:
    """Return the class of a date without an instant: beyond it if it may still be a date."""
    return (
        f"CASE WHEN regexp_matches(lex, '^-?[0-9]{{4,}}') THEN {int(Class.BEYOND)}"
        f" ELSE {int(Class.UNKNOWN)} END"
    )


def _rows() -> str:
    """Return the statements as numbers; each kind of object joins its own dictionary."""
    objects = {
        "kind = 0": ("o.id", "JOIN rank_blank o ON q.object = o.lex"),
        "kind = 1": ("o.id", "JOIN rank_iri o ON q.object = o.lex"),
        f"kind = 2 AND q.datatype = '{_STRING}'": (
            "o.id",
            "JOIN rank_string o ON q.object = o.lex",
        ),
        f"kind = 2 AND q.datatype = '{_LANG}'": (
            "o.id",
            "JOIN rank_lang o ON q.object = o.lex AND q.language = o.language",
        ),
        f"kind = 2 AND q.datatype NOT IN ('{_STRING}', '{_LANG}') AND inline IS NULL": (
            "o.id",
            "JOIN rank_other o ON q.object = o.lex AND q.datatype = o.datatype",
        ),
        "inline IS NOT NULL": ("q.inline", ""),
    }
    selects = [
        f"SELECT q.subject, q.predicate, {value} AS o, q.graph FROM inline_quads q {join}"
        f" WHERE {condition}"
        for condition, (value, join) in objects.items()
    ]
    names = "(SELECT id, lex FROM rank_iri UNION ALL SELECT id, lex FROM rank_blank)"
    return (
        f"SELECT p.id AS p, s.id AS s, o, coalesce(g.id, 0) AS g"
        f" FROM ({' UNION ALL '.join(selects)}) q"
        f" JOIN {names} s ON q.subject = s.lex JOIN rank_iri p ON q.predicate = p.lex"
        f" LEFT JOIN {names} g ON q.graph = g.lex"
    )


def _split_repeats(connection: duckdb.DuckDBPyConnection) -> None:
    """Put each triple with its first graph into `triples`, with its others into `repeats`."""
    connection.execute(
        "CREATE TABLE built.triples AS SELECT p, s, o, g FROM grouped ORDER BY p, s, o"
    )
    connection.execute(
        "CREATE TABLE built.repeats AS SELECT DISTINCT e.p, e.s, e.o, e.g FROM encoded e"
        " JOIN (SELECT * FROM grouped WHERE g < last) r"
        " ON e.p = r.p AND e.s = r.s AND e.o = r.o AND e.g > r.g"
    )
