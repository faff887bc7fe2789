"""The tables of each property, and the catalogue that describes them.

`p<n>` has subject `s`, object `o` and graph `g`, sorted by subject; `r<n>` the same sorted by
object. Beside the object stand, where a property has them,

- `v`: the numeric value as an integer of 10^-`scale`, if its objects are numbers of several classes
  or have more fraction digits than their numbers hold; NULL for the exceptions that do not fit;
- `lex`: the text, if its objects are strings, so that a search reads one table.

`crowd` counts the rows of subjects (`s`) and objects (`o`) that have many of a property's; `graph`
and `stranger` are the graphs, and the predicates and graphs that are no nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.columns.catalogue import GRAPHS, STRANGERS
from kg.columns.ids import DECIMAL_DIGITS, OTHER_TAG, TAG_BITS, Class

if TYPE_CHECKING:
    import duckdb

_LARGEST: Final = 9_000_000_000_000_000_000
_EXACT: Final = (1 << Class.INTEGER) | (1 << Class.DECIMAL)
_TEXT: Final = (1 << Class.STRING) | (1 << Class.LANG)
# Below this many rows one direction is enough: the table is read in one piece anyway.
_SMALL: Final = 2048
# From this many rows with one subject or object their number is written down.
_CROWD: Final = 128


def build_properties(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the property tables and `property` from `triples` in the attached database `built`."""
    connection.execute(
        "CREATE TABLE built.property (n INTEGER, id BIGINT, iri VARCHAR, count BIGINT,"
        " repeats BIGINT, classes BIGINT, ranked BOOLEAN, subjects BIGINT, objects BIGINT,"
        " reverse BOOLEAN,"
        " lexical BOOLEAN, scale INTEGER, exceptions BIGINT)"
    )
    connection.execute(
        "CREATE TABLE built.crowd (n INTEGER, side VARCHAR, id BIGINT, count BIGINT)"
    )
    rows = connection.execute(_SUMMARY).fetchall()
    for n, (predicate, iri, count, repeats, classes, *statistics) in enumerate(rows):
        scale = _scale(connection, predicate, classes)
        lexical = not classes & ~_TEXT
        exceptions = _tables(connection, n, predicate, count, scale, lexical=lexical)
        connection.execute(
            "INSERT INTO built.property VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                n,
                predicate,
                iri,
                count,
                repeats,
                classes,
                *statistics,
                count > _SMALL,
                lexical,
                scale,
                exceptions,
            ],
        )
        if count >= _CROWD:
            _add_crowds(connection, n)
    connection.execute(f"CREATE TABLE built.graph AS {GRAPHS.format('built.')}")
    connection.execute(f"CREATE TABLE built.stranger AS {STRANGERS.format('built.')}")


_SUMMARY: Final = f"""
    WITH summary AS (
        SELECT p, count(*) AS count, bit_or(CASE WHEN o >> {TAG_BITS} = {OTHER_TAG}
                THEN CAST(1 AS BIGINT) << other.class
                ELSE CAST(1 AS BIGINT) << (o >> {TAG_BITS}) END) AS classes,
            bool_or(o >> {TAG_BITS} = {OTHER_TAG}) AS ranked, approx_count_distinct(s) AS subjects,
            approx_count_distinct(o) AS objects
        FROM built.triples LEFT JOIN built.other ON other.id = o GROUP BY p
    )
    SELECT p, lex, count, (SELECT count(*) FROM built.repeats r WHERE r.p = summary.p), classes,
        ranked, subjects, objects
    FROM summary JOIN built.dictionary d ON d.id = p ORDER BY p
"""


def _add_crowds(connection: duckdb.DuckDBPyConnection, n: int) -> None:
    """Note the subjects and objects that have many rows, which no mean speaks for."""
    for side in "so":
        connection.execute(
            f"INSERT INTO built.crowd SELECT {n}, '{side}', {side}, count(*) FROM built.p{n}"
            f" GROUP BY {side} HAVING count(*) >= {_CROWD}"
        )


def _scale(connection: duckdb.DuckDBPyConnection, predicate: int, classes: int) -> int | None:
    """Return the fraction digits that hold the most values, or None if `v` is not needed."""
    if classes & ~_EXACT:
        return None
    fraction = "length(split_part(d.lex, '.', 2))"
    row = connection.execute(
        f"SELECT max(CASE WHEN o >> {TAG_BITS} = {OTHER_TAG} THEN {fraction} ELSE 0 END),"
        f" max(abs(coalesce(dbl, {_inline_double()}))),"
        f" count(*) FILTER (o >> {TAG_BITS} = {OTHER_TAG})"
        " FROM built.triples LEFT JOIN built.other ON other.id = o"
        " LEFT JOIN built.dictionary d ON d.id = other.id WHERE p = ?",
        [predicate],
    ).fetchone()
    if row is None or (not row[2] and classes != _EXACT):
        return None
    digits = max(row[0], DECIMAL_DIGITS)
    return digits if row[1] * 10**digits < _LARGEST else DECIMAL_DIGITS


def _inline_double() -> str:
    return (
        f"CASE o >> {TAG_BITS} WHEN {int(Class.INTEGER)} THEN CAST(atlas_value(o) AS DOUBLE)"
        " ELSE atlas_value(o) / 1e6 END"
    ).replace("atlas_value", "built.main.atlas_value")


def _value(scale: int) -> str:
    """Return the SQL of an object's value in 10^-scale, NULL where it does not fit 64 bits."""
    integer = f"TRY(built.main.atlas_value(o) * {10**scale})"
    decimal = f"TRY(built.main.atlas_value(o) * {10 ** (scale - DECIMAL_DIGITS)})"
    units = 10 ** (18 - scale)
    exact = f"CASE WHEN units % {units} = 0 THEN TRY(CAST(units // {units} AS BIGINT)) END"
    return (
        f"CASE o >> {TAG_BITS} WHEN {int(Class.INTEGER)} THEN {integer}"
        f" WHEN {int(Class.DECIMAL)} THEN {decimal} ELSE {exact} END"
    )


def _tables(
    connection: duckdb.DuckDBPyConnection,
    n: int,
    predicate: int,
    count: int,
    scale: int | None,
    *,
    lexical: bool,
) -> int:
    """Make the tables of one property and return how many values are exceptions."""
    columns, source = "s, o, g", "built.triples"
    if scale is not None:
        columns += f", CAST({_value(scale)} AS BIGINT) AS v"
        source += " LEFT JOIN built.other ON other.id = o"
    text = ", lex" if lexical else ""
    texts = source + (" JOIN built.dictionary d ON d.id = o" if lexical else "")
    connection.execute(
        f"CREATE TABLE built.p{n} AS SELECT {columns}{text} FROM {texts} WHERE p = ? ORDER BY s, o",
        [predicate],
    )
    if count > _SMALL:
        connection.execute(
            f"CREATE TABLE built.r{n} AS SELECT {columns} FROM {source} WHERE p = ? ORDER BY o, s",
            [predicate],
        )
    if scale is None:
        return 0
    row = connection.execute(f"SELECT count(*) FROM built.p{n} WHERE v IS NULL").fetchone()
    return int(row[0]) if row else 0
