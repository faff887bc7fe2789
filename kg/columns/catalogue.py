"""What a release's columns hold, read once when they are opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.columns.ids import Class

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Property:
    """The tables of a property; `properties` (the module) says what their columns are.

    `ranked` says whether some object has tag 9; `subjects` and `objects` are estimates of how many
    distinct ones there are; `scale` is that of
    the column `v`, None without one; `exceptions` counts the values that `v` does not hold.
    """

    number: int
    id: int
    iri: str
    count: int
    repeats: int
    classes: frozenset[Class]
    ranked: bool
    subjects: int
    objects: int
    reverse: bool
    lexical: bool
    scale: int | None
    exceptions: int


@dataclass(frozen=True)
class Catalogue:
    """The properties by IRI, the graphs' numbers (0 is the default graph), what all terms are.

    `strangers` are the terms that are no node of the graph: predicates and graph names that are
    neither subject nor object. `crowds` are the rows of a property (its number) that have one
    subject (`s`) or object (`o`), where these are many.
    """

    properties: dict[str, Property]
    graphs: frozenset[int]
    repeats: bool
    subject_classes: frozenset[Class]
    node_classes: frozenset[Class]
    triples: int
    strangers: frozenset[int]
    crowds: dict[tuple[int, str, int], int]


GRAPHS: Final = "SELECT g AS id FROM {0}triples UNION SELECT g FROM {0}repeats"
STRANGERS: Final = (
    "SELECT id FROM (SELECT id FROM {0}property UNION " + GRAPHS + ") n"
    " WHERE NOT EXISTS (SELECT 1 FROM {0}triples t WHERE t.s = n.id)"
    " AND NOT EXISTS (SELECT 1 FROM {0}triples t WHERE t.o = n.id)"
)
"""What the tables `graph` and `stranger` are made by; older columns do not have these."""


def open_catalogue(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """Read the catalogue from an opened columns file."""
    rows = connection.execute("SELECT * FROM property ORDER BY n").fetchall()
    properties = {row[2]: _property(row) for row in rows}
    known = _tables(connection)
    graphs = connection.execute(_kept(known, "graph", GRAPHS)).fetchall()
    strangers = connection.execute(_kept(known, "stranger", STRANGERS)).fetchall()
    blank = connection.execute(
        "SELECT count(*) FROM dictionary WHERE id < ?", [int(Class.IRI) << 59]
    ).fetchone()
    subjects = {Class.IRI} | ({Class.BLANK} if blank and blank[0] else set())
    objects = {kind for each in properties.values() for kind in each.classes}
    return Catalogue(
        properties,
        frozenset(row[0] for row in graphs),
        any(each.repeats for each in properties.values()),
        frozenset(subjects),
        frozenset(subjects | objects),
        sum(each.count for each in properties.values()),
        frozenset(row[0] for row in strangers),
        _crowds(connection) if "crowd" in known else {},
    )


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal"
    ).fetchall()
    return {row[0] for row in rows}


def _kept(known: set[str], table: str, made_by: str) -> str:
    return f"SELECT id FROM {table}" if table in known else made_by.format("")


def _crowds(connection: duckdb.DuckDBPyConnection) -> dict[tuple[int, str, int], int]:
    rows = connection.execute("SELECT n, side, id, count FROM crowd").fetchall()
    return {(n, side, number): count for n, side, number, count in rows}


def _property(row: tuple[int, ...]) -> Property:
    classes = frozenset(kind for kind in Class if row[5] & (1 << kind))
    return Property(
        row[0],
        row[1],
        str(row[2]),
        row[3],
        row[4],
        classes,
        bool(row[6]),
        row[7],
        row[8],
        bool(row[9]),
        bool(row[10]),
        row[11],
        row[12],
    )
