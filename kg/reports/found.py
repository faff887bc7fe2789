"""The findings of imports, read where they are, a statement of SQL for each question.

Rows come in the order of severity, rule and place. The first thousands are asked for by themselves,
which needs no sorting of the others; only who goes on waits for the whole order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from kg import database, rejections
from kg.database import quoted
from kg.errors import NotFoundError
from kg.fixes import proposals
from kg.identifiers import Identifiers
from kg.reports.sourced import Sourced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from kg.fixes import Lists
    from kg.imports import Import

Row = dict[str, Any]

FIRST: Final = 5_000
_CHUNK: Final = 5_000
_SEVERITY: Final = "array_position(['Violation', 'Warning', 'Info'], severity)"
COLUMNS: Final = (
    *("rule", "severity", "component", "subject", "path", "value"),
    *("file", "line", "field", "record", "message", "hint"),
    *("source", "stated", "fix", "fix_confidence", "fix_property", "fix_also", "fix_reason"),
)
"""What every row of a report has; the columns from `fix` on are empty where nothing is proposed."""

_STORED: Final = (*COLUMNS[:14], "kind", "datatype", "language")
BY_PLACE: Final = "file, line, field, subject, value, component, path, message"
# One result after the other, each with all of its cells.
BY_RESULT: Final = "component, subject, path, value, datatype, language, file, line, field"


class RuleCount(NamedTuple):
    """How often a rule was broken: different results, and the records that they lie in."""

    severity: str
    rule: str
    findings: int
    records: int
    example: str


class SourceCount(NamedTuple):
    """What was found in the import of a source: different results by severity."""

    source: str
    id: str
    violations: int
    warnings: int
    infos: int
    quarantined: int


class Found:
    """The findings of some imports, in a language; to be closed.

    Raises:
        NotFoundError: there is no import.
    """

    def __init__(self, imports: list[Import], language: str, lists: Lists) -> None:
        self.language = language
        if not imports:
            raise NotFoundError("Nothing was imported yet; load a source first")
        self.base = str(imports[0].manifest["base"])
        self._imports = {one.source: one for one in imports}
        self._lists = lists
        self._sourced = Sourced(self.base, lists)
        self._connection = database.small()
        parts = [self._part(one) for one in imports]
        self._table = f"({' UNION ALL BY NAME '.join(parts)})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def _part(self, one: Import) -> str:
        language = self.language
        told = f"message_{language} AS message, hint_{language} AS hint, value_kind AS kind"
        known = f"SELECT *, {told}, {quoted(one.source)} AS source FROM"
        return (
            f"{known} {one.table('findings')} UNION ALL BY NAME {known} {rejections.findings(one)}"
        )

    def rules(self) -> list[RuleCount]:
        """Return the rules that were broken, the most severe first, then the most frequent."""
        rows = self._connection.execute(
            "SELECT severity, rule, count(DISTINCT (component, subject, path, value)),"
            " count(DISTINCT coalesce(record, concat(file, '#', line))), min(message)"
            f" FROM {self._table} GROUP BY severity, rule ORDER BY {_SEVERITY}, 3 DESC, rule"
        ).fetchall()
        return [RuleCount(*row) for row in rows]

    def sources(self) -> list[SourceCount]:
        """Return what was found in each import, by source."""
        counted = dict.fromkeys(self._imports, (0, 0, 0))
        rows = self._connection.execute(
            f"SELECT source, {', '.join(map(_counted, ('Violation', 'Warning', 'Info')))}"
            f" FROM {self._table} GROUP BY source"
        ).fetchall()
        counted |= {source: tuple(counts) for source, *counts in rows}
        return [
            SourceCount(name, one.id, *counted[name], self._quarantined(one))
            for name, one in sorted(self._imports.items())
        ]

    def _quarantined(self, one: Import) -> int:
        text = f"SELECT count(*) FROM {one.table('quarantine')}"
        return int(self._connection.execute(text).fetchall()[0][0])

    def rule_iri(self, rule: str) -> str:
        """Return the IRI of a rule that was broken, given by IRI or local name.

        Raises:
            NotFoundError: it was not broken.
        """
        rows = self._connection.execute(f"SELECT DISTINCT rule FROM {self._table}").fetchall()
        known: list[str] = sorted(iri for (iri,) in rows)
        hits = [iri for iri in known if rule in {iri, name_of(iri)}]
        if not hits:
            names = [name_of(iri) for iri in known]
            raise NotFoundError(f"This import has no finding of the rule {rule!r}", rules=names)
        return hits[0]

    def total(self, rule: str | None) -> int:
        """Return how many findings there are, each cell of one counted."""
        where, values = _where(rule)
        rows = self._connection.execute(f"SELECT count(*) FROM {self._table} {where}", values)
        return int(rows.fetchall()[0][0])

    def rows(self, rule: str | None, limit: int, order: str = BY_PLACE) -> Iterator[Row]:
        """Yield findings by severity, rule and place or result, with what is proposed."""
        first = min(limit or FIRST, FIRST)
        given = 0
        for row in self._asked(rule, order, f"LIMIT {first}"):
            given += 1
            yield row
        if given == FIRST and limit != FIRST:
            most = f"LIMIT {limit - FIRST}" if limit else ""
            yield from self._asked(rule, order, f"{most} OFFSET {FIRST}")

    def _asked(self, rule: str | None, order: str, most: str) -> Iterator[Row]:
        where, values = _where(rule)
        cursor = self._connection.cursor().execute(
            f"SELECT {', '.join(_STORED)} FROM {self._table} {where}"
            f" ORDER BY {_SEVERITY}, rule, {order} {most}",
            values,
        )
        while chunk := cursor.fetchmany(_CHUNK):
            yield from self._with_fixes([dict(zip(_STORED, row, strict=True)) for row in chunk])

    def _with_fixes(self, rows: list[Row]) -> list[Row]:
        """Add to each row what the source states, and what is proposed."""
        for source in {row["source"] for row in rows}:
            of_source = [row for row in rows if row["source"] == source]
            found = proposals(self._imports[source], of_source, self._lists)
            for row, fix in zip(of_source, found, strict=True):
                row["stated"] = self._sourced.cell(row["stated"] or row["value"])
                row["fix"] = self._sourced.cell(fix.value) if fix else None
                row["fix_confidence"] = fix.confidence if fix else None
                row["fix_property"] = (fix.predicate or row["path"]) if fix else None
                row["fix_also"] = [list(other) for other in fix.also] if fix else None
                row["fix_reason"] = getattr(fix, f"reason_{self.language}") if fix else None
        return rows

    @property
    def property_names(self) -> Sourced:
        """What shortens IRIs to what a source writes."""
        return self._sourced

    @property
    def ontology(self) -> str:
        """The namespace of our own terms."""
        return Identifiers(self.base).ontology


def _counted(severity: str) -> str:
    return (
        f"count(DISTINCT (rule, component, subject, path, value)) FILTER (severity = '{severity}')"
    )


def _where(rule: str | None) -> tuple[str, list[str]]:
    return ("WHERE rule = ?", [rule]) if rule else ("", [])


def name_of(iri: str) -> str:
    """Return the local name of a rule."""
    return iri.rpartition("#")[2]


def identity(row: Row) -> tuple[Any, ...]:
    """Return what the cells of one result have in common."""
    names = ("rule", "component", "subject", "path", "value", "datatype", "language")
    return tuple(row[name] for name in names)
