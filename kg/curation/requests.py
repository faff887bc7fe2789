"""Requests: what a curator asks for, made into decisions by what an import says.

A curator names a finding by its rule and record, and by column and value where these leave several.
The decision needs all of them, so they are looked up among the findings; without a rule, among the
statements. A value that is the result of an earlier repair is traced back to the source's own.
What a loader rejected is of no record yet: decisions about it are for every record of the source.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kg import database, ontology, rejections
from kg.curation.corrections import is_reading
from kg.curation.decisions import Decision
from kg.errors import NotFoundError, ParameterError
from kg.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.curation.decisions import Kind
    from kg.imports import Import

_MOST: Final = 20
_NEAR: Final = 3
_LOCAL: Final = re.compile("[#/]")
_PLACES: Final = """
SELECT DISTINCT rule, file, record, field, subject, path, coalesce(stated, value) AS value,
  message_en
FROM {findings}
WHERE rule = $rule AND (record IS NOT NULL OR contains(rule, '#Reading') AND field IS NOT NULL)
"""
_CELLS: Final = """
SELECT DISTINCT NULL AS rule, file, record, field, NULL AS subject, NULL AS path, object AS value,
  NULL AS message_en
FROM {statements} WHERE field IS NOT NULL
"""
_COLUMNS: Final = ("rule", "file", "record", "field", "subject", "path", "value", "message")


class Request(NamedTuple):
    """What a curator asks for; `everywhere` means every record of the source."""

    kind: Kind
    why: str = ""
    rule: str | None = None
    record: str | None = None
    field: str | None = None
    value: str | None = None
    new: str | None = None
    until: str | None = None
    subject: str | None = None
    path: str | None = None
    everywhere: bool = False


def decide(one: Import, asked: Request) -> list[Decision]:
    """Return the decisions that a request means for an import; they are not kept yet.

    Raises:
        ParameterError: the request is not complete, or leaves several cells to be repaired.
        NotFoundError: the import has no such finding, record or value.
    """
    if asked.kind == "choose":
        return [_choice(one, asked)]
    if asked.kind == "reject":
        return [_rejection(one, asked)]
    if not (asked.rule or asked.field):
        detail = "Which finding? Its rule is missing, or the column and the value"
        raise ParameterError(detail, parameter="rule")
    unread = is_reading(rule_iri(one, asked.rule))
    if unread and asked.kind == "waive":
        raise ParameterError("What could not be read cannot be let in; repair it", parameter="kind")
    if not (asked.record or asked.everywhere or unread):
        detail = "Which record? Name it, or ask for every record of the source"
        raise ParameterError(detail, parameter="record")
    found = _places(one, asked)
    if not found:
        raise NotFoundError("The import has no such finding or value", **_told(asked))
    if asked.everywhere or unread:
        found = _everywhere(found)
    if asked.kind == "repair" and len({(p["file"], p["field"], p["value"]) for p in found}) > 1:
        cells = [{name: p[name] for name in ("record", "field", "value")} for p in found[:_MOST]]
        raise ParameterError("Several cells are meant; name column and value", cells=cells)
    return [_decision(one, asked, place) for place in found]


def withdrawals(every: Sequence[Decision], key: str, why: str) -> list[Decision]:
    """Return what takes a decision back, or all those of one act, by the id or its beginning.

    There are none if nothing has that id.

    Raises:
        ParameterError: it is taken back already, or takes another one back itself.
    """
    meant = [d for d in every if key in (d.id, d.id.rpartition("-")[0])]
    undone = {d.undoes for d in every}
    left = [d for d in meant if d.kind != "undo" and d.id not in undone]
    if meant and not left:
        raise ParameterError(f"{key} is taken back already; decide anew", parameter="decision")
    return [Decision("", "undo", d.source, "", "", why, undoes=d.id) for d in left]


def rule_iri(one: Import, rule: str | None) -> str | None:
    """Return the IRI of a rule given by IRI or by the name after its #."""
    base = str(one.manifest["base"])
    return rule if rule is None or is_iri(rule) else f"{base}shapes#{rule}"


def found_in(one: Import, rule: str) -> str:
    """Return the SQL of the findings that a rule is among: those of the rules, or the rejects."""
    reading = is_reading(rule_iri(one, rule))
    return rejections.findings(one) if reading else one.table("findings")


def _told(asked: Request) -> dict[str, Any]:
    names = ("rule", "record", "field", "value")
    return {name: value for name in names if (value := getattr(asked, name)) is not None}


def _places(one: Import, asked: Request) -> list[dict[str, Any]]:
    text = _PLACES.format(findings=found_in(one, asked.rule or ""))
    values: dict[str, Any] = {"rule": rule_iri(one, asked.rule)}
    if not asked.rule:
        text, values = _CELLS.format(statements=one.table("statements")), {}
    text = f"SELECT * FROM ({text}) WHERE true"
    for name in ("record", "field", "value"):
        if (value := getattr(asked, name)) is not None:
            text, values = f"{text} AND {name} = ${name}", {**values, name: value}
    with database.small() as connection:
        rows = connection.execute(f"{text} ORDER BY ALL", values).fetchall()
    return [_original(one, dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _original(one: Import, place: dict[str, Any]) -> dict[str, Any]:
    """Return a place with the value that the source itself has there."""
    if place["value"] is None or not one.file("repairs").exists():
        return place
    text = f"SELECT value FROM {one.table('repairs')} WHERE record = ? AND field = ? AND new = ?"
    with database.small() as connection:
        rows = connection.execute(text, [place[n] for n in ("record", "field", "value")]).fetchall()
    return {**place, "value": rows[0][0]} if rows else place


def _everywhere(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return places without their records, each once."""
    if any(place["value"] is None for place in found):
        raise ParameterError("What is missing is decided record by record", parameter="everywhere")
    plain = [{**p, "record": None, "subject": None} for p in found]
    return list({(p["file"], p["field"], p["value"]): p for p in plain}.values())


def _decision(one: Import, asked: Request, place: dict[str, Any]) -> Decision:
    missing = asked.kind == "repair" and place["value"] is None
    if missing and not asked.path and not is_iri(place["path"] or ""):
        detail = "Of which property is the value to be added? Name it"
        raise ParameterError(detail, parameter="property")
    return Decision(
        id="",
        kind=asked.kind,
        source=one.source,
        who="",
        when="",
        why=asked.why or place["message"] or "",
        rule=place["rule"],
        file=place["file"],
        record=place["record"],
        field=place["field"],
        subject=asked.subject or place["subject"] if missing else None,
        path=_path(one, asked.path) or place["path"] if missing else None,
        value=place["value"],
        new=asked.new,
        until=asked.until,
    )


def _path(one: Import, path: str | None) -> str | None:
    """Return the IRI of a property given by IRI or local name.

    Raises:
        ParameterError: neither the ontology nor the import has it; it names the nearest.
    """
    if path is None:
        return None
    known = _properties(one)
    if path in known:
        return path
    names: dict[str, str] = {}
    for iri in known:  # those of the ontology come first
        names.setdefault(_LOCAL.split(iri)[-1], iri)
    if path in names:
        return names[path]
    near = get_close_matches(_LOCAL.split(path)[-1], names, _NEAR)
    detail = f"There is no property {path!r}; expected one of the ontology, by name or IRI"
    if near:
        detail += "; perhaps " + ", ".join(near)
    raise ParameterError(detail, parameter="property", candidates=[names[n] for n in near])


def _properties(one: Import) -> list[str]:
    """Return the IRIs of the ontology's properties, then of others that the import states."""
    found = ontology.read(base=str(one.manifest["base"]))
    declared = [iri for iri, term in found.own_terms.items() if term.kind.endswith("property")]
    text = f"SELECT DISTINCT predicate FROM {one.table('statements')} ORDER BY 1"
    with database.small() as connection:
        return declared + [iri for (iri,) in connection.execute(text).fetchall()]


def _rejection(one: Import, asked: Request) -> Decision:
    text = f"SELECT any_value(file) FROM {one.table('statements')} WHERE record = ?"
    with database.small() as connection:
        [(file,)] = connection.execute(text, [asked.record]).fetchall()
    if file is None:
        raise NotFoundError(f"The import has no record {asked.record!r}", record=asked.record)
    rule = rule_iri(one, asked.rule)
    return Decision(
        "", "reject", one.source, "", "", asked.why, rule=rule, file=file, record=asked.record
    )


def _choice(one: Import, asked: Request) -> Decision:
    path = _path(one, asked.path)
    text = (
        f"SELECT DISTINCT object FROM {one.table('statements')} WHERE subject = ? AND predicate = ?"
    )
    with database.small() as connection:
        rows = connection.execute(f"{text} ORDER BY ALL", [asked.subject, path]).fetchall()
    stated = [value for (value,) in rows]
    if asked.value not in stated:
        detail = f"No record states {asked.value!r} for {path} of {asked.subject}"
        raise NotFoundError(detail, stated=stated[:_MOST])
    why = asked.why or f"of {len(stated)} values that records state"
    return Decision(
        "", "choose", one.source, "", "", why, subject=asked.subject, path=path, value=asked.value
    )
