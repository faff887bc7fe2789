"""Assembly: from what a loader reads, or has read, to the folder of a finished import.

1. The statements of the loader go to `statements.parquet` as they come, what it could not use to
   `rejects.parquet`. Where a curator has corrected cells that were rejected, the files are read
   again, and lines with such cells are taken from that (kg.curation.corrections).
2. Repairs that curators have decided on this source change the statements (kg.curation.repairs);
   `repairs.parquet` has what they changed.
3. Records with a term that cannot be RDF (an IRI with a blank in it, a language tag that is none)
   are rejected whole.
4. Of contradicting values of a functional property one is chosen (kg.choice).
5. The shapes are checked over what remains; the findings get their cells.
6. A record in which a violation lies is quarantined whole, unless a curator has waived it. What
   refers to it is then found by the same shapes, so 5 and 6 repeat until no violation is left.

Where 2 or 3 change what was read, `stated.parquet` and `unread.parquet` keep it, so that the import
can be made again under other decisions. `decisions.parquet` tells how often each one was used,
`waived.parquet` which findings were waived.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kg import choice, contradictions, database, imports, quarantine, statements
from kg.curation import corrections, repairs
from kg.database import quoted
from kg.identifiers import Identifiers
from kg.source import Context
from kg.terms import SKOS, XSD_STRING
from kg.workspace import write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from kg.curation.decisions import Decision
    from kg.imports import Import
    from kg.ontology import Ontology
    from kg.progress import Stages
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.statements import Statement

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


def import_id(key: dict[str, Any]) -> str:
    """Return the name of the import that is made of what a key names."""
    text = json.dumps(key, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Assembly:
    """One run from files to a finished folder; each method is a step of the module's list."""

    settings: Settings
    rules: Rules
    others: dict[str, Import]
    decisions: Sequence[Decision]
    folder: Path
    stages: Stages

    def run(self, source: Source, paths: Sequence[Path], key: dict[str, Any]) -> None:
        """Make the import of files; `key` is what it is made of."""
        with self.stages.stage("read"):
            members, silent_rows = self._read(source, paths)
            self._read_corrected(source, paths)
        self._finish(key, members, silent_rows)

    def again(self, one: Import, key: dict[str, Any]) -> None:
        """Begin with what an import has read instead of with files."""
        with self.stages.stage("read"):
            for name, first in _AS_READ.items():
                there = one.file(first) if one.file(first).exists() else one.file(name)
                _link(there, self._file(name))
            for name in corrections.FILES:
                if one.file(name).exists():
                    _link(one.file(name), self._file(name))
        counts = one.manifest["records"]
        silent_rows = {file: n for file in counts if (n := counts[file].get("nothing", 0))}
        self._finish(key, one.manifest["members"], silent_rows)

    def _finish(
        self, key: dict[str, Any], members: list[str], silent_rows: Mapping[str, int]
    ) -> None:
        with database.connect(self.folder / "spill", self.settings.memory) as connection:
            repairs.register(connection, self.decisions)
            with self.stages.stage("repair"):
                self._correct(connection)
                self._repair(connection)
            with self.stages.stage("choose"):
                self._reject_unwritable(connection)
                self._choose(connection)
            with self.stages.stage("validate"):
                self._judge(connection)
            counts = self._count(connection, silent_rows)
            if self.decisions:
                counts["decisions_used"] = self._tell_decisions(connection)
        write_manifest(self.folder, self._manifest(key, members, counts))

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _read(self, source: Source, paths: Sequence[Path]) -> tuple[list[str], Mapping[str, int]]:
        """Return the names of the files in the download, and their rows that say nothing."""
        context = self._context(source)
        members: dict[str, None] = {}
        rows = _noting_files(source.read(paths, context), members)
        statements.write(rows, self._file("statements"))
        members.update(dict.fromkeys(r.file for r in context.rejects))
        statements.write(context.rejects, self._file("rejects"), statements.REJECT_SCHEMA)
        return list(members), context.silent

    def _read_corrected(self, source: Source, paths: Sequence[Path]) -> None:
        """Read again where decisions correct cells that were rejected."""
        made = corrections.of(self.decisions)
        if not made:
            return
        table = pq.read_table(self._file("rejects")).to_pylist()
        fitting = corrections.fitting(made, (statements.Reject(**row) for row in table))
        if fitting:
            context = replace(self._context(source), corrections=fitting)
            corrections.keep(context, source.read(paths, context), self.folder)

    def _context(self, source: Source) -> Context:
        return Context(
            identifiers=Identifiers(self.settings.base),
            graph=Identifiers(self.settings.base).graph(source.name),
            codes=self._codes(),
            progress=lambda done, total: self.stages.progress("read", done, total),
        )

    def _codes(self) -> dict[str, dict[str, str]]:
        return {name: _notations(other) for name, other in self.others.items()}

    def _correct(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take corrected lines from the second reading."""
        merged = corrections.merge(connection, self.folder)
        if merged:
            self._keep_read()
        for name, rows in merged.items():
            self._rewrite(connection, name, rows)

    def _keep_read(self) -> None:
        """Keep what was read under other names, before it is changed for the first time."""
        for name, first in _AS_READ.items():
            if not self._file(first).exists():
                _link(self._file(name), self._file(first))

    def _repair(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Replace the statements that repairs change; the file `stated` keeps what was read."""
        stated = imports.numbered(self._file("statements"))
        if not any(d.kind == "repair" for d in self.decisions):
            return
        if not repairs.fit(connection, stated, XSD_STRING):
            return
        self._keep_read()
        self._rewrite(connection, "statements", repairs.REPAIRED.format(stated=stated))
        _copy(connection, f"SELECT * FROM {repairs.TABLE}", self._file("repairs"))

    def _reject_unwritable(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Move records that no RDF document could hold from the statements to the rejects."""
        stated = f"read_parquet({quoted(self._file('statements'))})"
        connection.execute(_NAMED.format(statements=stated))
        connection.execute(_ILLEGAL.format(statements=stated), {"illegal": _ILLEGAL_IRI})
        if not _size(connection, "illegal"):
            return
        connection.execute(_UNWRITABLE.format(statements=stated))
        self._keep_read()
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
        functional = self.rules.ontology.functional_properties
        choice.choose(connection, stated, functional, _CHOSEN)
        _copy(connection, "SELECT * FROM alternative", self._file("alternatives"))

    def _judge(self, connection: duckdb.DuckDBPyConnection) -> None:
        _insert_ontology(connection, self.rules.ontology, self.settings.base)
        told = [f"SELECT * FROM {other.published()}" for other in self.others.values()]
        context = " UNION ALL ".join(["SELECT * FROM ontology", *told])
        relation = imports.chosen(imports.numbered(self._file("statements")), "alternative")
        quarantine.judge(connection, self.rules.shapes, relation, context, _WAIVED, _REJECTED)
        contradictions.report(connection, self.settings.base, _CHOSEN)
        _copy(connection, "SELECT * FROM finding", self._file("findings"))
        _copy(connection, "SELECT * FROM quarantine ORDER BY file, line", self._file("quarantine"))

    def _tell_decisions(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Write each decision with how often it was used; return the counts by kind."""
        stated = f"read_parquet({quoted(self._file('statements'))})"
        parts = [_NONE]
        if self._file("repairs").exists():
            parts.append(f"SELECT decision FROM {repairs.TABLE}")
        if self._file("corrected-lines").exists():
            parts.append(f"SELECT decision FROM ({corrections.made(self.folder)})")
        table = f"({' UNION ALL '.join(parts)})"
        connection.execute(_USED.format(repaired=table, stated=stated))
        _copy(connection, "SELECT * FROM used ORDER BY number", self._file("decisions"))
        _copy(connection, "SELECT DISTINCT * FROM waived ORDER BY ALL", self._file("waived"))
        rows = connection.execute(_KINDS_USED).fetchall()
        return {kind: int(count) for kind, count in rows}

    def _count(
        self, connection: duckdb.DuckDBPyConnection, silent_rows: Mapping[str, int]
    ) -> dict[str, Any]:
        stated = f"read_parquet({quoted(self._file('statements'))})"
        rejects = f"read_parquet({quoted(self._file('rejects'))})"
        rows = connection.execute(_RECORDS.format(statements=stated, rejects=rejects)).fetchall()
        found = connection.execute(_SEVERITIES).fetchall()
        names = ("records", "published", "quarantined", "rejected")
        return {
            "statements": _size(connection, stated),
            "alternatives": _size(connection, "alternative"),
            "rejects": _size(connection, rejects),
            "records": _with_silent(
                {file: dict(zip(names, counts, strict=True)) for file, *counts in rows},
                silent_rows,
            ),
            "findings": dict(found),
        }

    def _manifest(
        self, key: dict[str, Any], members: list[str], counts: dict[str, Any]
    ) -> dict[str, Any]:
        created = datetime.now(UTC).isoformat(timespec="seconds")
        head = {"id": import_id(key), "created": created, **key, "members": members}
        return {**head, **counts, "seconds": self.stages.seconds}


# Counted are the source's rows, by the line on which each begins: a row may hold several records
# (a project's names its topic and call). A reject on a line that states something is a cell of it.
_RECORDS: Final = """
WITH row AS (SELECT DISTINCT file, line FROM {statements}),
  stated AS (SELECT file, count(*) AS records FROM row GROUP BY file),
  aside AS (SELECT file, line, min(round) < 0 AS by_curator FROM quarantine GROUP BY file, line),
  held AS (SELECT file, count(*) FILTER (NOT by_curator) AS quarantined,
    count(*) FILTER (by_curator) AS turned FROM aside GROUP BY file),
  refused AS (SELECT file, count(*) AS rejected FROM {rejects} r
    ANTI JOIN row ON r.file = row.file AND r.line = row.line GROUP BY file)
SELECT file, coalesce(records, 0) + coalesce(rejected, 0),
  coalesce(records, 0) - coalesce(quarantined, 0) - coalesce(turned, 0),
  coalesce(quarantined, 0), coalesce(rejected, 0) + coalesce(turned, 0)
FROM stated FULL JOIN held USING (file) FULL JOIN refused USING (file) ORDER BY file
"""
_SEVERITIES: Final = """
SELECT severity, count(DISTINCT (rule, subject, path, value)) FROM finding GROUP BY severity
ORDER BY array_position(['Violation', 'Warning', 'Info'], severity)
"""


# What an import keeps of what was read, where decisions or unusable terms changed it.
_AS_READ: Final = {"statements": "stated", "rejects": "unread"}
_CHOSEN: Final = "(SELECT subject, path, value FROM decision WHERE kind = 'choose')"
_WAIVED: Final = "(SELECT * FROM decision WHERE kind = 'waive')"
_REJECTED: Final = "(SELECT * FROM decision WHERE kind = 'reject')"
_NONE: Final = "SELECT NULL::VARCHAR AS decision WHERE false"
_USED: Final = """
CREATE TEMP TABLE used AS
WITH count AS (
  SELECT decision, count(*) AS times FROM {repaired} GROUP BY decision
  UNION ALL SELECT decision, count(DISTINCT (record, field, stated)) FROM waived GROUP BY decision
  UNION ALL SELECT d.id, count(DISTINCT q.record) FROM decision d JOIN quarantine q
    ON q.record = d.record AND q.round < 0 WHERE d.kind = 'reject' GROUP BY d.id
  UNION ALL SELECT d.id, count(*) FROM decision d JOIN {stated} s
    ON s.subject = d.subject AND s.predicate = d.path AND s.object = d.value
    WHERE d.kind = 'choose' GROUP BY d.id
)
SELECT d.*, coalesce(c.times, 0) AS times FROM decision d LEFT JOIN count c ON c.decision = d.id
"""
_KINDS_USED: Final = """
SELECT CASE times WHEN 0 THEN 'unused' ELSE kind END AS kind, count(*) FROM used
GROUP BY 1 ORDER BY 1
"""


def _with_silent(
    records: dict[str, dict[str, int]], silent_rows: Mapping[str, int]
) -> dict[str, dict[str, int]]:
    """Return the counts by file with the rows that say nothing which the graph holds."""
    none = {"records": 0, "published": 0, "quarantined": 0, "rejected": 0}
    for file, count in sorted(silent_rows.items()):
        counts = records.setdefault(file, dict(none))
        counts["records"] += count
        counts["nothing"] = count
    return records


def _link(file: Path, name: Path) -> None:
    """Give a file, which nobody changes, another name; copy it where that cannot be."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)


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
