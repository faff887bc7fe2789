"""Staging: from files to an import, read, chosen, validated and with what is bad set aside.

1. The loader's statements go to `statements.parquet` as they come, what it could not use to
   `rejects.parquet`.
2. Records with a term that cannot be RDF (an IRI with a blank in it, a language tag that is none)
   are rejected whole.
3. Of contradicting values of a functional property one is chosen (kg.choice).
4. The shapes are checked over what remains; the findings get their cells.
5. A record in which a violation lies is quarantined whole. What refers to it is then found by the
   same shapes, so 4 and 5 repeat until no violation is left.

Nothing is dropped in silence: each record of the source ends as published, quarantined or rejected,
and the manifest's counts add up.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

import kg
from kg import (
    choice,
    contradictions,
    database,
    imports,
    ontology,
    quarantine,
    shapes,
    statements,
)
from kg.database import quoted
from kg.errors import SourceError
from kg.identifiers import Identifiers
from kg.imports import Import
from kg.progress import Stages, silent
from kg.shacl import parse_shapes
from kg.source import Context
from kg.terms import SKOS
from kg.workspace import new_folder, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from kg.ontology import Ontology
    from kg.progress import Progress
    from kg.settings import Settings
    from kg.shacl import Shapes
    from kg.source import Source
    from kg.statements import Statement
    from kg.workspace import Workspace

# The distinct terms are few: only where one cannot be written are the rows looked at. They are a
# table of their own, for in one statement the patterns would be matched before the DISTINCT.
_NAMED: Final = """
CREATE TEMP TABLE named AS
SELECT DISTINCT subject AS term FROM {statements}
UNION ALL SELECT DISTINCT predicate FROM {statements}
UNION ALL SELECT DISTINCT object FROM {statements} WHERE kind <> 2
"""
_ILLEGAL: Final = """
CREATE TABLE illegal AS SELECT term, reason FROM (
  SELECT term, CASE WHEN starts_with(term, '_:') THEN 'a blank node without an IRI in its place'
    WHEN regexp_matches(term, $illegal) THEN concat('not an IRI: ', term) END AS reason
  FROM named
  UNION ALL
  SELECT language, concat('not a language tag (BCP 47): ', language)
  FROM (SELECT DISTINCT language FROM {statements} WHERE language IS NOT NULL)
  WHERE NOT regexp_full_match(language, '[A-Za-z]{{1,8}}(-[A-Za-z0-9]{{1,8}})*')
  UNION ALL
  SELECT DISTINCT object, 'a NUL character in a value' FROM {statements}
  WHERE contains(object, chr(0)))
WHERE reason IS NOT NULL
"""
_UNWRITABLE: Final = """
CREATE TABLE unwritable AS
SELECT file, line, any_value(field) AS field, record, any_value(reason) AS reason
FROM {statements} s JOIN illegal i
  ON i.term = s.subject OR i.term = s.predicate OR i.term = s.object OR i.term = s.language
GROUP BY file, line, record
"""
# No scheme in front, or a character that neither SPARQL nor N-Triples allows between < and >.
_ILLEGAL_IRI: Final = r"^[^A-Za-z_]|^[^:]*$|[\x00-\x20<>\"{}|^`\\]"


@dataclass(frozen=True)
class Rules:
    """What an import is judged by: the ontology and the shapes."""

    ontology: Ontology
    shapes: Shapes
    digest: str


def read_rules(base: str) -> Rules:
    """Read the ontology and the shapes that come with the package, for a base IRI.

    Raises:
        OntologyError: the ontology cannot be read.
        ShapeError: a shape is not well-formed.
    """
    files = [*sorted(ontology.FOLDER.glob("*.ttl")), *shapes.files()]
    digest = hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]
    return Rules(ontology.read(base=base), parse_shapes(shapes.read(base=base), base), digest)


def fingerprint(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return name, size and SHA-256 of each file given, folders by their files.

    Raises:
        SourceError: a path does not exist or cannot be read, or there is no file at all.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise SourceError("No file to read was given", paths=[str(p) for p in paths])
    return [_fingerprint(file) for file in files]


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise SourceError(f"{path} does not exist", path=str(path))
    return sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]


def _fingerprint(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            value = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}", path=str(file)) from None
    return {"name": file.name, "size": file.stat().st_size, "sha256": value}


def _code_digest(source: Source) -> str:
    """Return a digest of the loader's module and the private modules beside it."""
    module = Path(inspect.getfile(source.read))
    parts = [module, *sorted(module.parent.glob("_*.py"))]
    return hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()[:16]


def _key(
    source: Source,
    files: list[dict[str, Any]],
    settings: Settings,
    rules: Rules,
    others: dict[str, Import],
) -> dict[str, Any]:
    return {
        "source": source.name,
        "base": settings.base,
        "version": kg.__version__,
        "loader": _code_digest(source),
        "rules": rules.digest,
        "files": files,
        "context": {name: other.id for name, other in others.items()},
    }


def load(
    workspace: Workspace,
    source: Source,
    paths: Sequence[Path],
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> tuple[Import, bool]:
    """Import files, make the import its source's current one; return it and whether it is new.

    The same files read by the same code under the same rules are not read twice. The caller holds
    the writer's lock.

    Raises:
        SourceError: a file cannot be read at all.
        WorkspaceError: the disk or memory did not suffice.
    """
    others = _used(workspace, source)
    key = _key(source, fingerprint(paths), settings, rules, others)
    place = workspace.imports / source.name / _id(key)
    fresh = not place.exists()
    if fresh:
        with new_folder(place) as folder:
            _Staging(source, settings, rules, others, folder, Stages(progress)).run(paths, key)
    done = Import(place)
    imports.select(workspace, done)
    return done, fresh


@contextmanager
def rehearse(
    workspace: Workspace,
    source: Source,
    paths: Sequence[Path],
    settings: Settings,
    rules: Rules,
    progress: Progress = silent,
) -> Iterator[Import]:
    """Yield what `load` would import; it is gone when the block ends, the workspace untouched."""
    others = _used(workspace, source)
    key = _key(source, fingerprint(paths), settings, rules, others)
    with TemporaryDirectory(prefix="atlas-") as name:
        folder = Path(name)
        _Staging(source, settings, rules, others, folder, Stages(progress)).run(paths, key)
        yield Import(folder)


def _used(workspace: Workspace, source: Source) -> dict[str, Import]:
    """Return the current imports of the sources that the loader says it uses."""
    return {n: i for n, i in imports.current(workspace).items() if n in source.uses}


def _id(key: dict[str, Any]) -> str:
    text = json.dumps(key, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Staging:
    """One run from files to a finished folder; each method is a step of the module's list."""

    source: Source
    settings: Settings
    rules: Rules
    others: dict[str, Import]
    folder: Path
    stages: Stages

    def run(self, paths: Sequence[Path], key: dict[str, Any]) -> None:
        with self.stages.stage("read"):
            members = self._read(paths)
        with database.connect(self.folder / "spill", self.settings.memory) as connection:
            with self.stages.stage("choose"):
                self._reject_unwritable(connection)
                self._choose(connection)
            with self.stages.stage("validate"):
                self._judge(connection)
            counts = self._count(connection)
        write_manifest(self.folder, self._manifest(key, members, counts))

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _read(self, paths: Sequence[Path]) -> list[str]:
        context = Context(
            identifiers=Identifiers(self.settings.base),
            graph=Identifiers(self.settings.base).graph(self.source.name),
            codes=self._codes(),
            progress=lambda done, total: self.stages.progress("read", done, total),
        )
        members: dict[str, None] = {}
        rows = _noting_files(self.source.read(paths, context), members)
        statements.write(rows, self._file("statements"))
        members.update(dict.fromkeys(r.file for r in context.rejects))
        statements.write(context.rejects, self._file("rejects"), statements.REJECT_SCHEMA)
        return list(members)

    def _codes(self) -> dict[str, dict[str, str]]:
        return {name: _notations(other) for name, other in self.others.items()}

    def _reject_unwritable(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Move records that no RDF document could hold from the statements to the rejects."""
        stated = f"read_parquet({quoted(self._file('statements'))})"
        connection.execute(_NAMED.format(statements=stated))
        connection.execute(_ILLEGAL.format(statements=stated), {"illegal": _ILLEGAL_IRI})
        if not _size(connection, "illegal"):
            return
        connection.execute(_UNWRITABLE.format(statements=stated))
        kept = f"SELECT s.* FROM {stated} s ANTI JOIN unwritable u ON s.record = u.record"
        self._rewrite(connection, "statements", kept)
        told = f"SELECT * FROM read_parquet({quoted(self._file('rejects'))})"
        new = "SELECT file, line, NULL, reason, coalesce(field, '') FROM unwritable"
        self._rewrite(connection, "rejects", f"({told}) UNION ALL ({new}) ORDER BY file, line")

    def _rewrite(self, connection: duckdb.DuckDBPyConnection, name: str, rows: str) -> None:
        beside = self._file(f"{name}-new")
        _copy(connection, rows, beside)
        beside.rename(self._file(name))

    def _choose(self, connection: duckdb.DuckDBPyConnection) -> None:
        stated = imports.numbered(self._file("statements"))
        choice.choose(connection, stated, self.rules.ontology.functional_properties)
        _copy(connection, "SELECT * FROM alternative", self._file("alternatives"))

    def _judge(self, connection: duckdb.DuckDBPyConnection) -> None:
        _insert_ontology(connection, self.rules.ontology, self.settings.base)
        told = [f"SELECT * FROM {other.published()}" for other in self.others.values()]
        context = " UNION ALL ".join(["SELECT * FROM ontology", *told])
        relation = imports.chosen(imports.numbered(self._file("statements")), "alternative")
        quarantine.judge(connection, self.rules.shapes, relation, context)
        contradictions.report(connection, self.settings.base)
        _copy(connection, "SELECT * FROM finding", self._file("findings"))
        _copy(connection, "SELECT * FROM quarantine ORDER BY file, line", self._file("quarantine"))

    def _count(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        stated = f"read_parquet({quoted(self._file('statements'))})"
        rejects = f"read_parquet({quoted(self._file('rejects'))})"
        rows = connection.execute(_RECORDS.format(statements=stated, rejects=rejects)).fetchall()
        found = connection.execute(_SEVERITIES).fetchall()
        names = ("records", "published", "quarantined", "rejected")
        return {
            "statements": _size(connection, stated),
            "alternatives": _size(connection, "alternative"),
            "rejects": _size(connection, rejects),
            "records": {file: dict(zip(names, counts, strict=True)) for file, *counts in rows},
            "findings": dict(found),
        }

    def _manifest(
        self, key: dict[str, Any], members: list[str], counts: dict[str, Any]
    ) -> dict[str, Any]:
        created = datetime.now(UTC).isoformat(timespec="seconds")
        head = {"id": _id(key), "created": created, **key, "members": members}
        return {**head, **counts, "seconds": self.stages.seconds}


# Counted are the source's rows, by the line on which each begins: a row may hold several records
# (a project's names its topic and call). A reject on a line that states something is a cell of it.
_RECORDS: Final = """
WITH row AS (SELECT DISTINCT file, line FROM {statements}),
  stated AS (SELECT file, count(*) AS records FROM row GROUP BY file),
  held AS (SELECT file, count(DISTINCT line) AS quarantined FROM quarantine GROUP BY file),
  refused AS (SELECT file, count(*) AS rejected FROM {rejects} r
    ANTI JOIN row ON r.file = row.file AND r.line = row.line GROUP BY file)
SELECT file, coalesce(records, 0) + coalesce(rejected, 0),
  coalesce(records, 0) - coalesce(quarantined, 0), coalesce(quarantined, 0), coalesce(rejected, 0)
FROM stated FULL JOIN held USING (file) FULL JOIN refused USING (file) ORDER BY file
"""
_SEVERITIES: Final = """
SELECT severity, count(DISTINCT (rule, subject, path, value)) FROM finding GROUP BY severity
ORDER BY array_position(['Violation', 'Warning', 'Info'], severity)
"""


def _insert_ontology(connection: duckdb.DuckDBPyConnection, ontology: Ontology, base: str) -> None:
    rows = ontology.statements(Identifiers(base).graph("ontology"))
    tables = [pa.Table.from_batches([batch]) for batch in statements.batches(rows)]
    connection.register("ontology_rows", pa.concat_tables(tables))
    connection.execute("CREATE TEMP TABLE ontology AS SELECT * FROM ontology_rows")
    connection.unregister("ontology_rows")


def _noting_files(rows: Iterator[Statement], members: dict[str, None]) -> Iterator[Statement]:
    """Pass statements on, noting the names of the files that they come from, in order."""
    last = None
    for row in rows:
        if row[7] is not last:
            last = row[7]
            members[last] = None
        yield row


def _notations(vocabulary: Import) -> dict[str, str]:
    """Return the concept of each skos:notation that a vocabulary's import states."""
    with database.connect(vocabulary.folder / "spill", 256) as connection:
        rows = connection.execute(
            f"SELECT object, min(subject) FROM {vocabulary.published()} WHERE predicate = ?"
            " GROUP BY object",
            [SKOS + "notation"],
        ).fetchall()
    return dict(rows)


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, path: Path) -> None:
    connection.execute(f"COPY ({rows}) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)")


def _size(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(count)
