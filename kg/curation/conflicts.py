"""Conflicts: what records of a source say differently about one entity, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kg import database

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.curation.decisions import Decision
    from kg.imports import Import

_CONTESTED: Final = """
WITH contested AS (SELECT DISTINCT subject, predicate FROM {alternatives})
SELECT subject, predicate FROM contested
WHERE ($subject IS NULL OR subject = $subject) AND ($path IS NULL OR predicate = $path)
ORDER BY subject, predicate LIMIT $limit OFFSET $offset
"""
_TOTAL: Final = """
SELECT count(*) FROM (SELECT DISTINCT subject, predicate FROM {alternatives})
WHERE ($subject IS NULL OR subject = $subject) AND ($path IS NULL OR predicate = $path)
"""
_SIDES: Final = """
WITH page AS ({page}), chosen AS (
  SELECT subject, predicate, any_value(chosen) AS chosen FROM {alternatives} GROUP BY ALL
)
SELECT s.subject, s.predicate, s.object, s.object = c.chosen AS holds, count(*) AS records,
  max(s.modified) AS modified,
  list({{'file': s.file, 'line': s.line, 'record': s.record}} ORDER BY s.file, s.line)[:10]
FROM {statements} s SEMI JOIN page p ON s.subject = p.subject AND s.predicate = p.predicate
JOIN chosen c ON c.subject = s.subject AND c.predicate = s.predicate
GROUP BY ALL ORDER BY s.subject, s.predicate, holds DESC, records DESC, s.object
"""
_LABELS: Final = """
SELECT subject, min(object) FROM {statements}
WHERE predicate = 'http://www.w3.org/2000/01/rdf-schema#label'
  AND subject IN (SELECT unnest($subjects)) GROUP BY subject
"""


def conflicts(
    one: Import,
    decisions: Iterable[Decision],
    *,
    subject: str | None = None,
    path: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> dict[str, Any]:
    """Return the contradictions of an import, with the values of each, the one that holds first.

    Args:
        one: the import.
        decisions: those that hold for its source.
        subject: only contradictions about this entity.
        path: only contradictions about this property.
        limit: the most contradictions; `total` counts all.
        offset: how many to pass over.
    """
    tables = {"alternatives": one.table("alternatives"), "statements": one.table("statements")}
    chosen = {"subject": subject, "path": path}
    page = _CONTESTED.format(**tables)
    with database.small() as connection:
        [(total,)] = connection.execute(_TOTAL.format(**tables), chosen).fetchall()
        rows = connection.execute(
            _SIDES.format(page=page, **tables), {**chosen, "limit": limit, "offset": offset}
        ).fetchall()
        subjects = sorted({row[0] for row in rows})
        labels = dict(
            connection.execute(_LABELS.format(**tables), {"subjects": subjects}).fetchall()
        )
    decided = {(d.subject, d.path): d.id for d in decisions if d.kind == "choose"}
    items: dict[tuple[str, str], dict[str, Any]] = {}
    for entity, prop, value, holds, records, modified, places in rows:
        item = items.setdefault(
            (entity, prop),
            {"entity": entity, "label": labels.get(entity), "property": prop,
             "decision": decided.get((entity, prop)), "values": []},
        )  # fmt: skip
        item["values"].append(
            {"value": value, "holds": holds, "records": records, "modified": modified,
             "places": places}
        )  # fmt: skip
    return {"total": total, "conflicts": list(items.values())}
