"""Difference: the quads that a release gains and loses when few imports change.

It is what a whole publication would make of the new imports, without what follows by rules, against
what the store of the last release holds:

1. The subjects of which a changed import states something else than before are touched, and those
   of which an update has removed something.
2. All that the current imports and the ontology state of the touched subjects is merged as in
   kg.publishing, each triple in the first of its graphs, and compared with the store's quads of
   these subjects.
3. The provenance of the changed imports is compared likewise.

Terms are compared in the form that the store gives them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import pyarrow as pa
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg import amendments, provenance
from kg.maintenance import DifferenceTooLargeError
from kg.statements import LITERAL, SCHEMA
from kg.terms import XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from kg.identifiers import Identifiers
    from kg.imports import Import
    from kg.ontology import Ontology
    from kg.source import Source

    Imports: TypeAlias = Mapping[str, Import]
    Row: TypeAlias = tuple[str, str, str, int, str | None, str | None, str]

QUADS: Final = pa.schema(list(SCHEMA)[:7])
COLUMNS: Final = ", ".join(QUADS.names)
MERGED: Final = f"""
SELECT {COLUMNS.removesuffix(", graph")}, min(graph) AS graph FROM ({{parts}})
GROUP BY {COLUMNS.removesuffix(", graph")}
"""
"""Each triple once, in the first graph that states it."""

_NONE: Final = f"(SELECT {COLUMNS} FROM nothing)"
_TOUCHED: Final = f"""
SELECT subject FROM (SELECT {COLUMNS} FROM {{old}} EXCEPT SELECT {COLUMNS} FROM {{new}})
UNION ALL
SELECT subject FROM (SELECT {COLUMNS} FROM {{new}} EXCEPT SELECT {COLUMNS} FROM {{old}})
"""
_OF_TOUCHED: Final = "(SELECT * FROM {rows} WHERE subject IN (SELECT subject FROM touched))"


class Difference(NamedTuple):
    """The quads that come and those that go; none is in both."""

    come: set[Quad]
    gone: set[Quad]

    @property
    def size(self) -> int:
        """How many quads it has."""
        return len(self.come) + len(self.gone)


class Making(NamedTuple):
    """What a release is made of: the imports by source, the ontology, the loaders by name."""

    imports: Imports
    ontology: Ontology
    identifiers: Identifiers
    sources: Mapping[str, Source]

    def rows(self, source: str) -> str:
        """Return the SQL of what a source's import publishes; of none, no rows."""
        one = self.imports.get(source)
        return amendments.published(one, self.imports.get(amendments.SOURCE)) if one else _NONE


def between(
    connection: duckdb.DuckDBPyConnection, before: Store, old: Making, new: Making, most: int
) -> Difference:
    """Return how the stated quads and the provenance of a release change.

    Args:
        connection: An empty database.
        before: The store of the release that was made of `old`.
        old: What the last release was made of.
        new: What the next one is to be made of; the ontology and the base IRI are the same.
        most: How many quads may come or go.

    Raises:
        DifferenceTooLargeError: there are more, or the changed imports themselves are large.
    """
    return _Comparison(connection, before, old, new, most).difference()


class _Comparison:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        before: Store,
        old: Making,
        new: Making,
        most: int,
    ) -> None:
        self._connection = connection
        self._before = before
        self._old = old
        self._new = new
        self._most = most
        sources = sorted({*old.imports, *new.imports})
        self._changed = [s for s in sources if _key(old, s) != _key(new, s)]
        self._kept = [s for s in sources if s not in self._changed]

    def difference(self) -> Difference:
        self._refuse_large()
        self._connection.register("incoming", QUADS.empty_table())
        self._connection.execute("CREATE TABLE nothing AS SELECT * FROM incoming")
        self._connection.unregister("incoming")
        self._touch()
        stated = (_canonical(self._stated()), self._stated_before())
        traced = (self._provenance(self._new), self._provenance(self._old))
        come = (stated[0] - stated[1]) | (traced[0] - traced[1])
        gone = (stated[1] - stated[0]) | (traced[1] - traced[0])
        self._refuse(len(come) + len(gone))
        return Difference(come, gone)

    def _refuse(self, size: int) -> None:
        if size > self._most:
            detail = f"The change has more than {self._most} quads"
            raise DifferenceTooLargeError(detail, most=self._most)

    def _refuse_large(self) -> None:
        """Refuse imports whose comparison alone would take long."""
        for making in (self._old, self._new):
            found = [making.imports[s] for s in self._changed if s in making.imports]
            self._refuse(sum(int(one.manifest["statements"]) for one in found) // 10)

    # The statements -----------------------------------------------------------------------------

    def _touch(self) -> None:
        """Make the table `touched` of the subjects whose statements have to be looked at."""
        parts = [
            _TOUCHED.format(old=self._old.rows(source), new=self._new.rows(source))
            for source in self._changed
        ]
        if amendments.SOURCE in self._changed:
            lists = [self._removed(self._old), self._removed(self._new)]
            parts += [f"SELECT subject FROM ({a} EXCEPT {b})" for a, b in (lists, lists[::-1])]
        self._connection.execute(
            f"CREATE TABLE touched AS SELECT DISTINCT subject FROM ({' UNION ALL '.join(parts)})"
        )
        ((size,),) = self._connection.execute("SELECT count(*) FROM touched").fetchall()
        self._refuse(size)

    def _removed(self, making: Making) -> str:
        updates = making.imports.get(amendments.SOURCE)
        columns = COLUMNS.removesuffix(", graph")
        table = updates.table("removed") if updates else "nothing"
        return f"SELECT {columns} FROM {table}"

    def _subjects(self) -> list[str]:
        rows = self._connection.execute("SELECT subject FROM touched ORDER BY subject").fetchall()
        return [subject for (subject,) in rows]

    def _stated(self) -> Iterable[Row]:
        """Return all that is stated of the touched subjects, as rows of quads."""
        self._connection.execute("CREATE TABLE taught AS SELECT * FROM nothing")
        touched = set(self._subjects())
        graph = self._new.identifiers.graph("ontology")
        taught = [list(s[:7]) for s in self._new.ontology.statements(graph) if s.subject in touched]
        if taught:
            self._connection.executemany("INSERT INTO taught VALUES (?,?,?,?,?,?,?)", taught)
        parts = [_OF_TOUCHED.format(rows=self._new.rows(source)) for source in self._new.imports]
        selected = [f"SELECT {COLUMNS} FROM {part}" for part in ("taught", *parts)]
        merged = MERGED.format(parts=" UNION ALL ".join(selected))
        return self._connection.execute(merged).fetchall()

    def _stated_before(self) -> set[Quad]:
        identifiers = self._new.identifiers
        made = {NamedNode(identifiers.graph(name)) for name in ("inferred", "provenance")}
        return {
            quad
            for subject in self._subjects()
            for quad in self._before.quads_for_pattern(NamedNode(subject), None, None, None)
            if quad.graph_name not in made
        }

    # The provenance -----------------------------------------------------------------------------

    def _provenance(self, making: Making) -> set[Quad]:
        """Return the provenance of the changed imports, and what else may have changed of it."""
        self._connection.execute("CREATE OR REPLACE TABLE quad AS SELECT * FROM nothing")
        rows: list[Row] = []
        for source in [*self._changed, *self._kept]:
            one = making.imports.get(source)
            if one is None:
                continue
            published = making.rows(source)
            if source in self._changed:
                rows += provenance.describe(making.identifiers, one, making.sources.get(source))
            elif amendments.SOURCE in self._changed:
                published = _OF_TOUCHED.format(rows=published)
            else:
                continue
            provenance.derive(self._connection, making.identifiers, one, published)
        rows += self._connection.execute("FROM quad").fetchall()
        return _canonical(rows)


def _key(making: Making, source: str) -> str | None:
    one = making.imports.get(source)
    return one.id if one else None


def _canonical(rows: Iterable[Row]) -> set[Quad]:
    """Return rows as quads with their terms as a store gives them back."""
    store = Store()
    store.extend(map(_quad, rows))
    return set(store)


def _quad(row: Row) -> Quad:
    subject, predicate, value, kind, datatype, language, graph = row
    plain = NamedNode(datatype or XSD_STRING) if kind == LITERAL and not language else None
    term = (
        Literal(value, datatype=plain, language=language) if kind == LITERAL else NamedNode(value)
    )
    return Quad(NamedNode(subject), NamedNode(predicate), term, NamedNode(graph))
