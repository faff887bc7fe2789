"""CORDIS: the projects of the EU's framework programmes for research, with their participants.

Reads the downloads of all years: the zip archive, the folder it unpacks to or single files of it,
as CSV (tables are known by their columns, not by their file names) or as XML, one file per project.

1. Every member is listed and recognised by its header before a record is read.
2. Tables are read one after the other, projects first.
3. A record becomes statements by the columns of loaders._cordis_columns.

Licence: Commission Decision 2011/833/EU (reuse with attribution), CC BY 4.0.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from kg.errors import SourceError
from kg.source import Source
from loaders import _cordis_columns as columns
from loaders._cordis_statements import Statements
from loaders._cordis_xml import NotAProjectError, read_projects, xml_tables
from loaders._framing import Table
from loaders._members import Member, members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from kg.source import Context
    from kg.statements import Statement
    from loaders._cordis_rows import Layout, Row

# Members of official archives that hold nothing for the graph.
UNREAD: Final = ("webItem", "information", "readme")


# Tables without which a download says hardly anything; any other that cannot be read is rejected.
_NEEDED: Final = ("project", "organization")


class _File(NamedTuple):
    """A CSV file whose table is known."""

    member: Member
    table: columns.Table
    layout: Layout


def read(paths: Sequence[Path], context: Context) -> Iterator[Statement]:
    """Return the statements of CORDIS downloads: zip archives, folders, CSV or XML files.

    Raises:
        SourceError: a file is missing, damaged, not UTF-8 or of an unknown layout.
    """
    return cast("Iterator[Statement]", chain.from_iterable(_records(paths, context)))


def _records(paths: Sequence[Path], context: Context) -> Iterator[Iterable[Row]]:
    """Yield the statements of one record after the other."""
    with members(paths) as found:
        files = [f for m in found if m.suffix in {".csv", ".tsv"} and (f := _recognise(m, context))]
        documents = [m for m in found if m.suffix == ".xml"]
        if not files and not documents:
            names = ", ".join(m.name for m in found[:5])
            raise SourceError(
                f"No CORDIS file among {len(found)} files ({names}); expected project.csv and "
                "organization.csv, or XML files of projects",
                found=[m.name for m in found],
            )
        _check_complete(files)
        statements = Statements(context)
        progress = _Progress(context, sum(m.size for m in (*(f.member for f in files), *documents)))
        yield from _read_tables(files, statements, context, progress)
        yield from _read_documents(documents, statements, context, progress)
        yield statements.described()


class _Progress:
    """Adds up the bytes of the members read so far."""

    def __init__(self, context: Context, total: int) -> None:
        self._context = context
        self._total = total
        self._before = 0

    def within(self, done: int) -> None:
        """Report how far the current member is read."""
        self._context.progress(self._before + done, self._total)

    def ended(self, size: int) -> None:
        """Report that a member of this size is read."""
        self._before += size
        self.within(0)


def _read_tables(
    files: list[_File], statements: Statements, context: Context, progress: _Progress
) -> Iterator[Iterable[Row]]:
    """Yield the statements of CSV files; participants that projects list if no file has them."""
    listed = all(f.table is not columns.ORGANIZATION for f in files)
    for file in sorted(files, key=lambda f: columns.TABLES.index(f.table)):
        name = file.member.name
        record = statements.of(file.table, file.layout, listed=listed)
        with file.member.open() as stream:
            for line, cells in Table(name, stream, context, progress.within).rows():
                yield record(name, line, cells)
        progress.ended(file.member.size)


def _read_documents(
    documents: list[Member], statements: Statements, context: Context, progress: _Progress
) -> Iterator[Iterable[Row]]:
    """Yield the statements of XML files; one that is no project is rejected as a whole.

    Raises:
        SourceError: not one of them is a project.
    """
    tables = [(t, statements.of(t.table, t.layout)) for t in xml_tables()]
    errors = []
    for member in documents:
        try:
            with member.open() as stream:
                projects = read_projects(stream)
            progress.ended(member.size)
        except NotAProjectError as error:
            context.reject(member.name, error.line, str(error))
            progress.ended(member.size)
            errors.append(f"{member.name}, line {error.line}: {error}")
            continue
        for project in projects:
            for table, record in tables:
                for line, cells in table.records(project):
                    yield record(member.name, line, cells)
    if errors and len(errors) == len(documents):
        raise SourceError(f"No XML file is a CORDIS project; {errors[0]}", found=errors[:10])


def _recognise(member: Member, context: Context) -> _File | None:
    """Find out by its columns which table a CSV file holds.

    Raises:
        SourceError: it is called as a table is, or given by itself, but has other columns.
    """
    stem = member.name.rpartition("/")[2].rpartition(".")[0]
    if stem in UNREAD:
        return None
    try:
        with member.open() as stream:
            header = Table(member.name, stream, context).columns
    except SourceError as error:
        if not member.container or stem in _NEEDED:
            raise
        context.reject(member.name, 1, error.detail)
        return None
    for table in columns.TABLES:
        layout = table.layout(header)
        if all(name in layout.position for name in table.known_by):
            _check_unique(member, header)
            return _File(member, table, layout)
    expected = [t for t in columns.TABLES if t.name == stem] or [*columns.TABLES]
    reason = f"unknown layout: columns {', '.join(header)}; expected " + " or ".join(
        f"{', '.join(t.known_by)} ({t.name})" for t in expected
    )
    if member.container and len(expected) > 1:
        context.reject(member.name, 1, reason)
        return None
    raise SourceError(f"{member.name}: {reason}", file=member.name, found=header)


def _check_unique(member: Member, header: list[str]) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SourceError(
            f"{member.name}: column {', '.join(twice)} is there more than once", file=member.name
        )


def _check_complete(files: list[_File]) -> None:
    """See to it that an archive or folder has projects and organisations.

    The layouts before 2021 list the participants with their project.
    """
    for container in sorted({f.member.container for f in files} - {""}):
        tables = {f.table.name: f for f in files if f.member.container == container}
        project = tables.get("project")
        listed = project and "participants" in project.layout.position
        for name in ("project", *(() if listed else ("organization",))):
            if name not in tables:
                held = ", ".join(f.member.name for f in tables.values())
                raise SourceError(
                    f"{container} lacks {name}.csv; found {held}", file=f"{name}.csv", found=held
                )


SOURCE = Source(
    name="cordis",
    title={"en": "CORDIS: EU research projects", "de": "CORDIS: EU-Forschungsprojekte"},
    description={
        "en": "Projects of the EU's framework programmes for research and innovation with their "
        "participants, programmes, calls, topics and fields of science.",
        "de": "Projekte der EU-Rahmenprogramme für Forschung und Innovation mit Beteiligten, "
        "Programmen, Aufrufen, Themen und Wissenschaftsgebieten.",
    },
    publisher="Publications Office of the European Union",
    homepage="https://cordis.europa.eu/",
    licence="https://creativecommons.org/licenses/by/4.0/",
    read=read,
    accepts="the zip archive of CSV or XML files, the folder it unpacks to, or single files",
    uses=("euroscivoc", "nuts"),
    sample="sample/cordis/cordis-sample.zip",
)
