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
SELECT subject[2:-2], predicate[2:-2], md5_number_lower(object),
    CASE WHEN predicate = {type} AND starts_with(object, '<') THEN object[2:-2] END,
    {target}, {graph}
FROM (SELECT subject, predicate,
          line[length(subject) + length(predicate) + 3 : length(line) - {ending}] AS object
      FROM (SELECT line, split_part(line, ' ', 1) AS subject, split_part(line, ' ', 2) AS predicate
            FROM {lines}))
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
    connection: duckdb.DuckDBPyConnection, lines: Sequence[tuple[str, Path]]
) -> None:
    """Make the table `statement` out of each graph's file of compressed N-Quads.

    Its columns are subject and predicate (IRIs), object (a number of 64 bits in its place, for
    objects are long and only told apart), class (the object of rdf:type), target (the dataset of
    TARGETS that the object belongs to) and graph.
    """
    connection.execute(
        "CREATE TABLE statement (subject VARCHAR, predicate VARCHAR, object UBIGINT,"
        " class VARCHAR, target VARCHAR, graph VARCHAR)"
    )
    targets = " ".join(
        f"WHEN starts_with(object, {quoted('<' + namespace)}) THEN {quoted(name)}"
        for name, namespace in TARGETS.items()
    )
    for graph, path in lines:
        insert = _INSERT.format(
            type=quoted(f"<{RDF_TYPE}>"),
            target=f"CASE {targets} END",
            graph=quoted(graph),
            # ` <graph> .`
            ending=len(graph) + 5,
            lines=LINES.format(files=quoted(path)),
        )
        connection.execute(insert)


def write(connection: duckdb.DuckDBPyConnection, base: str, path: Path) -> None:
    """Count the table `statement` and write the statistics as JSON."""
    own = f"starts_with(subject, {quoted(base + 'id/')})"
    connection.execute(
        f"""CREATE TABLE triple AS
        SELECT DISTINCT md5_number_lower(subject) AS subject, predicate, object, class, target,
            {own} AS own
        FROM statement"""
    )
    counted = Statistics(
        whole=_whole(connection),
        entities=_entities(connection),
        graphs=_graphs(connection),
        classes=_classes(connection),
        properties=_properties(connection),
        linksets=_linksets(connection),
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


_MEASURES: Final = """count(*), count(DISTINCT {subject}), count(DISTINCT object),
    count(DISTINCT predicate), count(DISTINCT class)"""


def _whole(connection: duckdb.DuckDBPyConnection) -> Counts:
    query = f"SELECT {_MEASURES.format(subject='subject')} FROM triple"
    (row,) = connection.execute(query).fetchall()
    return Counts(*row)


def _graphs(connection: duckdb.DuckDBPyConnection) -> dict[str, Counts]:
    measures = _MEASURES.format(subject="md5_number_lower(subject)")
    query = f"SELECT graph, {measures} FROM statement GROUP BY graph ORDER BY graph"
    return {graph: Counts(*counts) for graph, *counts in connection.execute(query).fetchall()}


def _entities(connection: duckdb.DuckDBPyConnection) -> int:
    query = "SELECT count(DISTINCT subject) FROM triple WHERE own"
    (row,) = connection.execute(query).fetchall()
    return int(row[0])


def _classes(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    query = """SELECT class, count(*) AS size FROM triple WHERE class IS NOT NULL
        GROUP BY 1 ORDER BY size DESC, 1"""
    return dict(connection.execute(query).fetchall())


def _properties(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    query = "SELECT predicate, count(*) AS size FROM triple GROUP BY 1 ORDER BY size DESC, 1"
    return dict(connection.execute(query).fetchall())


def _linksets(connection: duckdb.DuckDBPyConnection) -> list[Linkset]:
    query = """SELECT target, predicate, count(*) FROM triple WHERE own AND target IS NOT NULL
        GROUP BY ALL ORDER BY ALL"""
    return [Linkset(*row) for row in connection.execute(query).fetchall()]
