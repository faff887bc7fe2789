"""The landscape: clusters, their networks and projects, as tables that we keep ourselves.

Reads a folder or zip archive of CSV files, or single ones: one file per class, with the columns
listed in loaders._landscape_tables; columns that are not needed may be left out.

1. `key` names the entity: `{base}id/<type>/<key>`. Other files refer to it by this key; where a
   column takes several types, by `<type>/<key>`. Whether it exists is for the shapes to say.
2. `source` names the rows of sources.csv that the facts of a row are taken from. A row without a
   source is rejected: nothing here goes unfounded.
3. Cells that take references hold several of them with `|` between. An empty cell says nothing.
4. Values are passed on as they are written; a code that names no country and a web address that is
   none are rejected alone, the rest of their row goes on.
5. The label to show is the name, else the English title; what only ties two entities together (a
   membership) is labelled with the names of the two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import IdentifierError, SourceError
from kg.source import Source
from kg.statements import IRI, LITERAL, Statement, literal_columns
from kg.terms import NUTS, RDF_TYPE, RDFS_LABEL, XSD
from loaders._countries import countries
from loaders._framing import Table as Frame
from loaders._iris import web_address
from loaders._landscape_tables import COMMON, TABLES, Column, Table
from loaders._members import members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kg.source import Context

SEPARATOR: Final = "|"

_NUTS_CODE = re.compile(r"[A-Z]{2}[0-9A-Z]{0,3}")
_COUNTRIES: Final = countries()


class Record(NamedTuple):
    """A row of a file: where it stands and what its cells hold, by column."""

    table: Table
    file: str
    line: int
    key: str
    cells: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the row itself calls its entity, or ""."""
        return self.cells.get("name") or self.cells.get("title_en", "")


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Yield the statements of every row of every table.

    Raises:
        SourceError: a file is missing or damaged, no table is there, or a column is unknown.
    """
    records = list(_records(paths, context))
    names = {f"{r.table.entity}/{r.key}": r.name for r in records if r.name}
    for record in records:
        yield from _statements(record, names, context)


def _records(paths: Sequence[Path], context: Context) -> Iterator[Record]:
    """Yield the rows that have a key of their own and a source; reject the others."""
    with members(paths) as found:
        files = [member for member in found if member.suffix == ".csv"]
        if not files:
            raise SourceError(f"No table found; expected {_expected(TABLES)}, each as .csv")
        for member in files:
            table = _table(member.name)
            seen: set[str] = set()
            with member.open() as stream:
                frame = Frame(member.name, stream, context)
                _check_columns(frame, table)
                for line, row in frame.rows():
                    cells = dict(zip(frame.columns, (c.strip() for c in row), strict=True))
                    if fault := _fault(cells, seen, table):
                        reason, column = fault
                        text = frame.separator.join(row)
                        context.reject(member.name, line, reason, text, column)
                    else:
                        seen.add(cells["key"])
                        yield Record(table, member.name, line, cells["key"], cells)


def _expected(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))


def _table(file: str) -> Table:
    stem = file.rpartition("/")[2].removesuffix(".csv")
    if stem not in TABLES:
        detail = f"{file}: no table is called {stem!r}; expected {_expected(TABLES)}"
        raise SourceError(detail, file=file)
    return TABLES[stem]


def _columns(table: Table) -> dict[str, Column]:
    return {**COMMON, **table.columns}


def _check_columns(frame: Frame, table: Table) -> None:
    known = {"key": None, "name": None, "kind": None, **_columns(table)}
    unknown = [c for c in frame.columns if c not in known]
    missing = [c for c in ("key", "source") if c not in frame.columns]
    if table.entity == "source":
        missing = [c for c in missing if c == "key"]
    if unknown or missing or len(set(frame.columns)) < len(frame.columns):
        found = ", ".join(frame.columns)
        raise SourceError(
            f"{frame.name}, line 1: columns {found}; expected key and source, each column once, "
            f"of {_expected(known)}",
            file=frame.name,
            line=1,
        )


def _fault(cells: Mapping[str, str], seen: set[str], table: Table) -> tuple[str, str] | None:
    """Return why a row cannot be used and the column at fault, None if it can be used."""
    if not cells["key"]:
        return "no key", "key"
    if cells["key"] in seen:
        return f"another row has the key {cells['key']!r} already", "key"
    if not cells.get("source", "-"):
        return "no source that the facts are taken from", "source"
    allowed = table.classes.split()
    for kind in filter(None, cells.get("kind", "").split(SEPARATOR)):
        if kind not in allowed:
            return f"{kind!r} is no kind; expected {', '.join(allowed)}", "kind"
    return None


def _statements(record: Record, names: Mapping[str, str], context: Context) -> Iterator[Statement]:
    """Yield what a row says."""
    say = _Saying(record, context)
    yield from say.classes()
    yield from say.label(names)
    for name, column in _columns(record.table).items():
        if cell := record.cells.get(name, ""):
            yield from say.cell(name, column, cell)


class _Saying:
    """Makes the statements of one row."""

    def __init__(self, record: Record, context: Context) -> None:
        self.record = record
        self.context = context
        self.subject = context.identifiers.entity(record.table.entity, record.key)

    def classes(self) -> Iterator[Statement]:
        """Yield the classes: those that `kind` names, else the first of the table."""
        kinds = self.record.cells.get("kind") or self.record.table.classes.split()[0]
        for kind in kinds.split(SEPARATOR):
            term = self.context.identifiers.ontology + kind
            yield self._row(RDF_TYPE, (term, IRI, None, None), "kind")

    def label(self, names: Mapping[str, str]) -> Iterator[Statement]:
        """Yield the one label: the name, else a title, else others' names put together."""
        cells = self.record.cells
        titles = [lang for lang in ("en", "de") if cells.get(f"title_{lang}")]
        if name := cells.get("name"):
            yield self._label(name, None, "name")
        elif titles:
            field = f"title_{titles[0]}"
            yield self._label(cells[field], titles[0], field)
        elif columns := self.record.table.label:
            referred = filter(None, map(self._referred, columns))
            parts = [names.get(entity) or entity.rpartition("/")[2] for entity in referred]
            yield self._label(": ".join(parts), None, columns[0])

    def _label(self, text: str, language: str | None, field: str) -> Statement:
        value = (text, LITERAL, *literal_columns(None, language))
        return self._row(RDFS_LABEL, value, field)

    def _referred(self, column: str) -> str:
        cell = self.record.cells.get(column, "")
        types = self.record.table.columns[column].types
        return cell if "/" in cell or not cell else f"{types}/{cell}"

    def cell(self, name: str, column: Column, cell: str) -> Iterator[Statement]:
        """Yield what a cell says; reject a value that cannot be what the column holds."""
        for value in cell.split(SEPARATOR) if column.holds in _MANY else [cell]:
            try:
                said = self._value(column, value.strip())
            except (ValueError, IdentifierError) as error:
                self._reject(name, str(error), value)
            else:
                yield self._row(self.context.identifiers.ontology + column.predicate, said, name)

    def _value(self, column: Column, value: str) -> tuple[str, int, str | None, str | None]:
        if column.holds in _MANY:
            return (self._iri(column, value), IRI, None, None)
        if column.holds in ("en", "de"):
            return (value, LITERAL, *literal_columns(None, column.holds))
        datatype = None if column.holds == "text" else XSD + column.holds
        return (value, LITERAL, *literal_columns(datatype, None))

    def _iri(self, column: Column, value: str) -> str:
        if column.holds == "web":
            return web_address(value)
        if column.holds == "country":
            return _country(value)
        if column.holds == "region":
            return _region(value)
        if column.holds == "role":
            return self.context.identifiers.ontology + _role(value)
        return self._entity(column.types.split(), value)

    def _entity(self, types: list[str], value: str) -> str:
        kind, _, key = value.rpartition("/") if len(types) > 1 else (types[0], "", value)
        if kind not in types:
            raise ValueError(f"{value!r} is no reference; expected one of {'/…, '.join(types)}/…")
        return self.context.identifiers.entity(kind, key)

    def _row(
        self, predicate: str, said: tuple[str, int, str | None, str | None], field: str
    ) -> Statement:
        r = self.record
        graph, record = self.context.graph, f"{r.file}/{r.key}"
        return Statement(self.subject, predicate, *said, graph, r.file, r.line, field, record)

    def _reject(self, column: str, reason: str, text: str) -> None:
        self.context.reject(self.record.file, self.record.line, reason, text, column)


_MANY: Final = ("web", "country", "region", "role", "ref")


def _country(code: str) -> str:
    if code not in _COUNTRIES:
        raise ValueError(f"{code!r} is no country; expected two letters, such as DE, EL or UK")
    return _COUNTRIES[code].iri


def _role(name: str) -> str:
    if not name.isalpha():
        raise ValueError(f"{name!r} is no role; expected one such as Coordinator")
    return f"{name}Role"


def _region(code: str) -> str:
    if not _NUTS_CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no NUTS code; expected one such as DE125")
    return NUTS + code


SOURCE = Source(
    name="landscape",
    title={"en": "Landscape of clusters", "de": "Landschaft der Cluster"},
    description={
        "en": "Clusters, networks of technology centres and their projects, programmes, offers and "
        "requests, collected from public facts; entities called “Example” are made up.",
        "de": "Cluster, Netzwerke von Technologiezentren und ihre Projekte, Programme, Angebote "
        "und Gesuche, aus öffentlichen Fakten gesammelt; „Example“ im Namen heißt erfunden.",
    },
    publisher="Cluster Atlas",
    homepage="https://w3id.org/cluster-atlas/",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    read=read,
    accepts="a folder or zip archive of CSV files called "
    + ", ".join(f"{name}.csv" for name in TABLES),
    uses=("nuts",),
    sample="sample/landscape",
)
