"""What there is in a release, counted for VoID (Describing Linked Datasets, W3C 2011, section 4).

A triple counts once however many graphs it stands in; a graph counts its own triples. The counts
are taken from the N-Quads of the release by DuckDB, so they are those of the dumps.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from kg import terms
from kg.database import quoted
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

TARGETS: Final = {
    "euroscivoc": terms.EUROSCIVOC,
    "nuts": terms.NUTS,
    "nace": terms.NACE,
    "country": terms.COUNTRY,
}
"""The datasets to which links are counted, by the beginning of their IRIs."""

LINES: Final = (
    "read_csv({files}, header = false, delim = '', quote = '', escape = '', compression = 'gzip',"
    " columns = {{'line': 'VARCHAR'}}, max_line_size = 16777216, buffer_size = 33554432)"
)
"""The SQL that reads compressed N-Quads line by line."""

# In N-Quads neither subject nor predicate holds a blank, and the graph has a known length.
_INSERT: Final = """
INSERT INTO statement
SELECT subject[2:-2], predicate[2:-2],
    line[length(subject) + length(predicate) + 3 : length(line) - {ending}], {graph}
FROM (SELECT line, split_part(line, ' ', 1) AS subject, split_part(line, ' ', 2) AS predicate
      FROM {lines})
"""


class Counts(NamedTuple):
    """How much of it there is."""

    triples: int
    subjects: int
    objects: int
    properties: int
    classes: int


class Linkset(NamedTuple):
    """How many triples of a property lead from our things to another dataset's."""

    target: str
    predicate: str
    triples: int


@dataclass(frozen=True)
class Statistics:
    """The counts of a release: of all of it, of each graph, class and property, and of links."""

    whole: Counts
    entities: int
    graphs: dict[str, Counts]
    classes: dict[str, int]
    properties: dict[str, int]
    linksets: list[Linkset]


def create_statements(
    connection: duckdb.DuckDBPyConnection, lines: Sequence[tuple[str | None, Path]]
) -> None:
    """Make the table `statement` out of each graph's file of compressed N-Quads.

    Its columns are subject and predicate (IRIs), object (as N-Quads writes it) and graph.
    """
    columns = "subject VARCHAR, predicate VARCHAR, object VARCHAR, graph VARCHAR"
    connection.execute(f"CREATE TABLE statement ({columns})")
    for graph, path in lines:
        # ` <graph> .`
        ending = len(graph or "") + 5
        source = LINES.format(files=quoted(path))
        connection.execute(_INSERT.format(ending=ending, graph=quoted(graph), lines=source))


def write(connection: duckdb.DuckDBPyConnection, base: str, path: Path) -> None:
    """Count the table `statement` and write the statistics as JSON."""
    distinct = "SELECT DISTINCT subject, predicate, object FROM statement"
    connection.execute(f"CREATE TABLE triple AS {distinct}")
    counted = Statistics(
        whole=_whole(connection),
        entities=_entities(connection, base),
        graphs=_graphs(connection),
        classes=_classes(connection),
        properties=_properties(connection),
        linksets=_linksets(connection, base),
    )
    path.write_text(json.dumps(asdict(counted), ensure_ascii=False, indent=1), encoding="utf-8")


def read(path: Path) -> Statistics:
    """Read what `write` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Statistics(
        whole=Counts(*found["whole"]),
        entities=found["entities"],
        graphs={graph: Counts(*counts) for graph, counts in found["graphs"].items()},
        classes=found["classes"],
        properties=found["properties"],
        linksets=[Linkset(*linkset) for linkset in found["linksets"]],
    )


_MEASURES: Final = f"""count(*), count(DISTINCT subject), count(DISTINCT object),
    count(DISTINCT predicate), count(DISTINCT object) FILTER (predicate = {quoted(RDF_TYPE)})"""


def _whole(connection: duckdb.DuckDBPyConnection) -> Counts:
    (row,) = connection.execute(f"SELECT {_MEASURES} FROM triple").fetchall()
    return Counts(*row)


def _graphs(connection: duckdb.DuckDBPyConnection) -> dict[str, Counts]:
    query = f"SELECT graph, {_MEASURES} FROM statement GROUP BY graph ORDER BY graph"
    return {graph: Counts(*counts) for graph, *counts in connection.execute(query).fetchall()}


def _entities(connection: duckdb.DuckDBPyConnection, base: str) -> int:
    query = "SELECT count(DISTINCT subject) FROM triple WHERE starts_with(subject, ?)"
    (row,) = connection.execute(query, [base + "id/"]).fetchall()
    return int(row[0])


def _classes(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    query = """SELECT object[2:-2], count(*) AS size FROM triple
        WHERE predicate = ? AND starts_with(object, '<') GROUP BY 1 ORDER BY size DESC, 1"""
    return dict(connection.execute(query, [RDF_TYPE]).fetchall())


def _properties(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    query = "SELECT predicate, count(*) AS size FROM triple GROUP BY 1 ORDER BY size DESC, 1"
    return dict(connection.execute(query).fetchall())


def _linksets(connection: duckdb.DuckDBPyConnection, base: str) -> list[Linkset]:
    query = """SELECT predicate, count(*) FROM triple
        WHERE starts_with(subject, ?) AND starts_with(object, ?) GROUP BY 1 ORDER BY 1"""
    return [
        Linkset(target, predicate, count)
        for target, namespace in TARGETS.items()
        for predicate, count in connection.execute(
            query, [base + "id/", "<" + namespace]
        ).fetchall()
    ]
