"""The import `updates`: what accepted updates have added to and removed from the sources.

It is an import like others, with two differences. Its statements are those added so far, in the
graph `updates`, each with the update that added it as its record; and `removed.parquet` holds the
statements, exactly as their sources wrote them, that no release is to have. A release therefore is
the statements of the other imports without those removed, and those added, whenever it is built.

Each accepted update makes a new import out of the one before; `log.json` tells of all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg import composition, database, imports, statements
from kg.identifiers import Identifiers
from kg.imports import Import
from kg.statements import IRI, LITERAL, SCHEMA, literal_columns
from kg.terms import XSD_STRING
from kg.workspace import new_folder, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kg.settings import Settings
    from kg.workspace import Workspace

SOURCE: Final = "updates"

Row = tuple[str, str, str, int, str | None, str | None]
"""Subject, predicate, object, kind, datatype and language, as a statement has them."""

_ROW: Final = ("subject", "predicate", "object", "kind", "datatype", "language")
_REMOVED: Final = pa.schema([SCHEMA.field(name) for name in _ROW])
_MATCH: Final = " AND ".join(f"s.{name} IS NOT DISTINCT FROM r.{name}" for name in _ROW)


class State(NamedTuple):
    """The state after an update: everything added and removed so far, and what the update did."""

    added: list[Row]
    removed: list[Row]
    text: str
    holder: str
    added_now: int
    removed_now: int


def current(workspace: Workspace) -> Import | None:
    """Return the current import of updates, if there ever was one."""
    return imports.current(workspace).get(SOURCE)


def additions(workspace: Workspace) -> list[Row]:
    """Return the statements that updates have added."""
    return _rows(current(workspace), "statements")


def removals(workspace: Workspace) -> list[Row]:
    """Return the statements that updates have removed, as their sources wrote them."""
    return _rows(current(workspace), "removed")


def _rows(one: Import | None, name: str) -> list[Row]:
    if one is None:
        return []
    table = pq.read_table(one.file(name), columns=list(_ROW))
    return list(zip(*(table[column].to_pylist() for column in _ROW), strict=True))


def published(one: Import, updates: Import | None) -> str:
    """Return the SQL of what a release takes of an import: without what updates have removed."""
    if updates is None or one.source == SOURCE:
        return one.published()
    return (
        f"(SELECT s.* FROM {one.published()} s ANTI JOIN {updates.table('removed')} r ON {_MATCH})"
    )


def row(quad: Quad) -> Row:
    """Return a quad as the columns of a statement."""
    subject, value = quad.subject, quad.object
    name = subject.value if isinstance(subject, NamedNode) else str(subject)
    if isinstance(value, Literal):
        datatype, language = literal_columns(value.datatype.value, value.language)
        return (name, quad.predicate.value, value.value, LITERAL, datatype, language)
    target = value.value if isinstance(value, NamedNode) else str(value)
    return (name, quad.predicate.value, target, IRI, None, None)


def quad(one: Row) -> Quad:
    """Return the columns of a statement as a quad of the default graph."""
    subject, predicate, value, kind, datatype, language = one
    return Quad(NamedNode(subject), NamedNode(predicate), _term(value, kind, datatype, language))


def _term(value: str, kind: int, datatype: str | None, language: str | None) -> NamedNode | Literal:
    if kind != LITERAL:
        return NamedNode(value)
    if language:
        return Literal(value, language=language)
    return Literal(value, datatype=NamedNode(datatype or XSD_STRING))


def canonical(rows: Iterable[Row]) -> dict[Row, Row]:
    """Return each row as a store would give it back: numbers and dates in one way of writing."""
    stated = list(rows)
    store = Store()
    for number, one in enumerate(stated):
        plain = quad(one)
        graph = NamedNode(f"urn:{number}")
        store.add(Quad(plain.subject, plain.predicate, plain.object, graph))
    return {stated[int(q.graph_name.value[4:])]: row(q) for q in store}


def as_written(workspace: Workspace, wanted: Sequence[Row], memory: int) -> dict[Row, list[Row]]:
    """Return for each canonical row the statements of current imports that a store holds as it.

    Those that updates have added are left out, and so are blank nodes.
    """
    others = [i for i in imports.current(workspace).values() if i.source != SOURCE]
    result: dict[Row, list[Row]] = {one: [] for one in wanted}
    if not others or not wanted:
        return result
    keys = pa.table(
        {"subject": [one[0] for one in wanted], "predicate": [one[1] for one in wanted]}
    )
    parts = " UNION ALL ".join(f"SELECT {', '.join(_ROW)} FROM {i.published()}" for i in others)
    with database.connect(workspace.home / ".partial-spill", memory) as connection:
        connection.register("wanted", keys)
        rows = connection.execute(
            f"SELECT DISTINCT {', '.join(_ROW)} FROM ({parts}) s SEMI JOIN wanted w"
            " ON s.subject = w.subject AND s.predicate = w.predicate"
        ).fetchall()
    for stated, form in canonical(rows).items():
        if form in result:
            result[form].append(stated)
    return result


def write(workspace: Workspace, settings: Settings, rules: str, state: State) -> Import:
    """Write the import of a state, and return it; it is not yet the current one."""
    before = current(workspace)
    log: list[dict[str, Any]] = json.loads(_log(before)) if before else []
    name = f"update-{len(log) + 1}.ru"
    created = composition.now()
    counts = {"added": state.added_now, "removed": state.removed_now}
    log.append({"file": name, "created": created, "holder": state.holder, **counts})
    known = _recorded(before)
    rows = [
        known.get(one) or _statement(one, settings, name, line, created)
        for line, one in enumerate(sorted(state.added, key=repr), 1)
    ]
    removed = sorted(set(state.removed), key=repr)
    key = hashlib.sha256(repr((rows, removed, log, state.text)).encode()).hexdigest()[:12]
    place = workspace.imports / SOURCE / key
    with new_folder(place) as folder:
        composition.write(folder, rows)
        statements.write(removed, folder / "removed.parquet", _REMOVED)
        (folder / name).write_text(state.text, encoding="utf-8")
        (folder / "log.json").write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
        members = Counter(sorted(str(one[7]) for one in rows))
        more = {"created": created, "statements": len(rows), "removed": len(removed)}
        told = composition.manifest(key, SOURCE, settings, rules, members, **more)
        write_manifest(folder, told)
    return Import(place)


def _log(one: Import) -> str:
    return (one.folder / "log.json").read_text(encoding="utf-8")


def _recorded(one: Import | None) -> dict[Row, tuple[object, ...]]:
    """Return the whole statements added before, by their rows: they keep their records."""
    if one is None:
        return {}
    table = pq.read_table(one.file("statements"), columns=SCHEMA.names)
    whole = zip(*(table[name].to_pylist() for name in SCHEMA.names), strict=True)
    return {found[:6]: found for found in whole}


def _statement(
    one: Row, settings: Settings, file: str, line: int, created: str
) -> tuple[object, ...]:
    graph = Identifiers(settings.base).graph(SOURCE)
    return (*one, graph, file, line, None, f"{file}/{one[0]}", created)
