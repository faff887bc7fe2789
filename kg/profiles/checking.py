"""Checking profiles by the shapes, against what is published.

1. The shapes see the profile's statements, the subclass axioms, and what the current release says
   of the things that the profile refers to: their classes, and the country of a region.
2. Only shapes with a target among the profile's classes and properties are evaluated.
3. Most of the time goes into running the many small steps of a validation, however few statements
   there are: so profiles that wait are checked together, by whoever comes first.
"""

from __future__ import annotations

import dataclasses
import re
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from pyoxigraph import NamedNode

from kg import findings, rejections
from kg.database import quiet
from kg.fixes import Fix, fault_of, propose
from kg.profiles import kinds
from kg.shacl import validate
from kg.shacl.shapes import Targets
from kg.statements import IRI, LITERAL, SCHEMA, Statement, batches
from kg.terms import RDF_TYPE, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pyoxigraph import Store

    from kg.fixes import Lists
    from kg.shacl import Shapes
    from kg.staging import Rules

_MOST: Final = 64
"""Profiles that are checked at once."""

_COLUMNS: Final = (
    *("rule", "severity", "component", "subject", "path", "value", "value_kind", "datatype"),
    *("field", "message_en", "message_de", "hint_en", "hint_de", "record"),
)
_SEEN: Final = ("country",)


class Finding(NamedTuple):
    """What a rule says of a profile, in both languages; `fix` is what is proposed.

    The last four are as in the table of findings (kg.findings).
    """

    rule: str
    severity: str
    field: str | None
    value: str | None
    message_en: str
    message_de: str
    hint_en: str | None
    hint_de: str | None
    fix: Fix | None
    component: str
    path: str | None
    kind: int | None
    datatype: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return self._asdict() | {"fix": self.fix._asdict() if self.fix else None}

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Finding:
        """Return what `to_json` made."""
        fix = value["fix"]
        return cls(**value | {"fix": _fix(fix) if fix else None})


def _fix(value: dict[str, Any]) -> Fix:
    also = tuple((one[0], one[1]) for one in value["also"])
    return Fix(**value | {"also": also})


class Checker:
    """Checks profiles; made once, used by many threads at a time."""

    def __init__(self, rules: Rules, base: str, lists: Lists, store: Callable[[], Store]) -> None:
        self._rules = rules
        self._base, self._ours = base, ontology_namespace(base)
        self._lists = lists
        self._store = store
        self._axioms = list(rules.ontology.subclass_statements(f"{base}graph/ontology"))
        self._above = _above(self._axioms)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._waiting: list[tuple[list[Statement], Future[list[Finding]]]] = []
        self._adding = threading.Lock()
        self._checking = threading.Lock()

    def check(self, statements: list[Statement]) -> list[Finding]:
        """Return what the rules say of a profile, the most severe first.

        The statements of a profile have one subject and one record, which no other profile has.
        """
        future: Future[list[Finding]] = Future()
        with self._adding:
            self._waiting.append((statements, future))
        with self._checking:
            if not future.done():
                self._check_waiting()
        return future.result()

    def close(self) -> None:
        """Let go of the memory that the checks take."""
        with self._checking:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _check_waiting(self) -> None:
        while True:
            with self._adding:
                taken, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            if not taken:
                return
            try:
                found = self._found([row for rows, _ in taken for row in rows])
            except BaseException as error:
                for _, future in taken:
                    future.set_exception(error)
                raise
            for rows, future in taken:
                future.set_result(found.get(rows[0].record, []))

    def _found(self, rows: list[Statement]) -> dict[str, list[Finding]]:
        """Return the findings of some profiles by their records."""
        if self._connection is None:
            # One thread: there is hardly any work in a step, and many steps.
            self._connection = quiet(duckdb.connect(config={"threads": 1}))
        connection = self._connection
        _fill(connection, "profile_statement", rows)
        _fill(connection, "profile_context", [*self._axioms, *self._context(rows)])
        found = validate(
            connection,
            self._relevant(rows),
            data="profile_statement",
            context="profile_context",
            into="profile_result",
        )
        findings.place(connection, found, statements="profile_statement", into="profile_finding")
        cells = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM profile_finding").fetchall()
        beside: dict[str, dict[str, str]] = {}
        for row in rows:
            beside.setdefault(row.record, {})[row.predicate.removeprefix(self._ours)] = row.object
        result: dict[str, list[Finding]] = {}
        for cell in cells:
            told = dict(zip(_COLUMNS, cell, strict=True))
            one = self._finding(told, beside.get(told["record"], {}))
            own = result.setdefault(told["record"], [])
            if one not in own:
                own.append(one)
        for row in rows:
            if row.kind == LITERAL and row.field in kinds.LINKS:
                own = result.setdefault(row.record, [])
                if not any((f.field, f.value) == (row.field, row.object) for f in own):
                    own.append(self._unlinked(row))
        return result

    def _finding(self, row: dict[str, Any], beside: dict[str, str]) -> Finding:
        fix = propose(fault_of(row, beside), self._lists, self._ours)
        texts = {name: row[name] for name in ("message_en", "message_de", "hint_en", "hint_de")}
        field = row["field"] or _first_property(row["path"], self._ours)
        # A text where the graph has a link cannot be published, however lenient the rule.
        text = field in kinds.LINKS and row["value"] is not None and row["value_kind"] == LITERAL
        return Finding(
            rule=row["rule"],
            severity="Violation" if text else row["severity"],
            field=field,
            value=row["value"],
            fix=fix,
            component=row["component"],
            path=row["path"],
            kind=row["value_kind"],
            datatype=row["datatype"],
            **texts,
        )

    def _unlinked(self, row: Statement) -> Finding:
        """Return the finding of a text in the place of a link, of which no shape has one."""
        rule = next(r for r in rejections.rules(self._base) if r.iri.endswith("#ReadingIri"))
        told = {
            f"{kind}_{language}": text.replace("…", row.object)
            for kind, texts in (("message", rule.messages), ("hint", rule.hints))
            for language, text in texts.items()
        }
        return Finding(
            rule=rule.iri,
            severity="Violation",
            field=row.field,
            value=row.object,
            fix=None,
            component=self._base + rejections.COMPONENT,
            path=row.predicate,
            kind=row.kind,
            datatype=row.datatype,
            **told,
        )

    def _relevant(self, rows: list[Statement]) -> Shapes:
        """Return the shapes, of which only those with a target here have one."""
        classes = {over for row in rows if row.predicate == RDF_TYPE for over in self._up(row)}
        having = {row.predicate for row in rows}

        def aimed(targets: Targets) -> bool:
            named = having & {*targets.subjects_of, *targets.objects_of}
            return bool(classes & set(targets.classes) or named)

        shapes = self._rules.shapes
        kept = {
            key: shape if aimed(shape.targets) else dataclasses.replace(shape, targets=Targets())
            for key, shape in shapes.by_key.items()
        }
        return dataclasses.replace(shapes, by_key=kept)

    def _up(self, row: Statement) -> set[str]:
        return {row.object, *self._above.get(row.object, ())}

    def _context(self, rows: list[Statement]) -> list[Statement]:
        """Return what is published of the things that profiles refer to."""
        store = self._store()
        linked = {row.object for row in rows if row.kind == IRI and row.predicate != RDF_TYPE}
        seen = [RDF_TYPE, *(self._ours + name for name in _SEEN)]
        return [
            _seen(iri, predicate, quad.object.value)
            for iri in sorted(linked)
            for predicate in seen
            for quad in store.quads_for_pattern(NamedNode(iri), NamedNode(predicate), None)
            if isinstance(quad.object, NamedNode)
        ]


def _first_property(path: str | None, ours: str) -> str | None:
    """Return the local name of the first property of a path, if it is one of ours."""
    found = re.search(re.escape(ours) + r"(\w+)", path or "")
    return found[1] if found else None


def _seen(subject: str, predicate: str, value: str) -> Statement:
    return Statement(subject, predicate, value, IRI, None, None, "", "", 1, None, "")


def _above(axioms: Iterable[Statement]) -> dict[str, set[str]]:
    """Return the classes above each class."""
    direct: dict[str, set[str]] = {}
    for axiom in axioms:
        direct.setdefault(axiom.subject, set()).add(axiom.object)
    found: dict[str, set[str]] = {}
    for cls in direct:
        todo, over = [cls], set[str]()
        while todo:
            more = direct.get(todo.pop(), set()) - over
            over |= more
            todo += more
        found[cls] = over
    return found


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Statement]) -> None:
    filled = pa.Table.from_batches(list(batches(rows)), schema=SCHEMA)
    connection.register("profile_incoming", filled)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM profile_incoming")
    connection.unregister("profile_incoming")
