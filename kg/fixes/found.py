"""The fixes of findings of an import: what they need to be known is looked up there, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kg import database
from kg.fixes.fix import Fault, Fix, local
from kg.fixes.proposing import propose
from kg.identifiers import Identifiers
from kg.statements import IRI, LITERAL
from kg.terms import RDFS_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.fixes.lists import Lists
    from kg.imports import Import

Row = dict[str, Any]

_BESIDE: Final = (
    *("startDate", "endDate", "validFrom", "validUntil", "since", "until"),
    *("latitude", "longitude", "country", "region"),
)
# Rules on whose findings other values of the node throw light.
_COMPARING: Final = (
    *("PeriodOrder", "ValidityOrder", "MembershipPeriod", "RegionInCountry"),
    *("Latitude", "Longitude", "PositionInCountry"),
)
_VALUES: Final = """
SELECT subject, predicate, min(object) FROM {statements}
WHERE subject IN (SELECT unnest($nodes)) AND predicate IN (SELECT unnest($names))
GROUP BY subject, predicate
"""


def fault_of(row: Row, beside: Mapping[str, str] | None = None, label: str | None = None) -> Fault:
    """Return a row of findings, by its columns' names, as a fault."""
    kind = row.get("kind", row.get("value_kind"))
    return Fault(
        rule=local(row["rule"]),
        path=row["path"],
        value=row["value"] or "",
        kind=LITERAL if kind is None else int(kind),
        datatype=row.get("datatype"),
        beside=beside or {},
        label=label,
    )


def proposals(one: Import, rows: Sequence[Row], lists: Lists) -> list[Fix | None]:
    """Return for each row of findings its fix, or None.

    Args:
        one: the import that the findings are of.
        rows: findings with the columns rule, path, subject, value, kind (or value_kind), datatype.
        lists: the code lists (kg.fixes.read_lists).
    """
    namespace = Identifiers(str(one.manifest["base"])).ontology
    beside = _beside(one, [row for row in rows if local(row["rule"]).endswith(_COMPARING)])
    labels = _labels(one, [row for row in rows if _is_field(row)])
    known: dict[tuple[Any, ...], Fix | None] = {}
    found = []
    for row in rows:
        near, label = beside.get(row["subject"]), labels.get(row["value"])
        # Many findings are alike; of those whose node counts, none is.
        like = (row["rule"], row["path"], row["value"], label, row["subject"] if near else None)
        if like not in known:
            known[like] = propose(fault_of(row, near, label), lists, namespace)
        found.append(known[like])
    return found


def _is_field(row: Row) -> bool:
    kind = row.get("kind", row.get("value_kind"))
    return local(row["path"]) == "field" and kind == IRI


def _beside(one: Import, rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    """Return the values that stand beside those of the rows, by node and property."""
    namespace = Identifiers(str(one.manifest["base"])).ontology
    names = [namespace + name for name in _BESIDE]
    found: dict[str, dict[str, str]] = {}
    for node, predicate, value in _look_up(one, {row["subject"] for row in rows}, names):
        found.setdefault(node, {})[local(predicate)] = value
    return found


def _labels(one: Import, rows: Sequence[Row]) -> dict[str, str]:
    """Return the names of the concepts that the rows' values are."""
    found = _look_up(one, {row["value"] for row in rows}, [RDFS_LABEL])
    return {node: value for node, _, value in found}


def _look_up(one: Import, nodes: set[str | None], names: list[str]) -> list[tuple[str, str, str]]:
    wanted = sorted(node for node in nodes if node)
    if not wanted:
        return []
    with database.small() as connection:
        return connection.execute(
            _VALUES.format(statements=one.table("statements")), {"nodes": wanted, "names": names}
        ).fetchall()
