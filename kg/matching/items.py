"""What is shown of an organisation, project, concept or entry, and the facets of many.

Values that a release does not have are left out or None, never made up.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kg.matching.landscape import Landscape

Facets = dict[str, list[dict[str, Any]]]
_OF_ORGANISATION: Final = (
    *("label", "country", "region", "city", "homepage", "latitude", "longitude"),
    *("pic", "kind", "sme"),
)


def organisation(landscape: Landscape, row: int) -> dict[str, Any]:
    """Return what is shown of an organisation."""
    shown = _shown(landscape, "organisation", row, _OF_ORGANISATION)
    shown["projects"] = int(landscape.experience[row])
    return shown


def project(landscape: Landscape, row: int) -> dict[str, Any]:
    """Return what is shown of a project."""
    names = ("label", "title", "start_date", "end_date", "status", "topic")
    shown = _shown(landscape, "project", row, names)
    shown["participants"] = int(landscape.members.sizes()[row])
    return shown


def concept(landscape: Landscape, row: int) -> dict[str, Any]:
    """Return what is shown of a concept; what its exact matches have counts as its own."""
    shown = _shown(landscape, "concept", row, ("label", "label_de"))
    canonical = int(landscape.canonical[row])
    shown["projects"] = len(landscape.by_topic.row(canonical))
    shown["organisations"] = len(landscape.active_in.row(canonical))
    return shown


def entry(landscape: Landscape, row: int) -> dict[str, Any]:
    """Return what is shown of a cluster, listing, service or event."""
    names = ("label", "label_de", "country", "region", "homepage", "latitude", "longitude")
    shown = _shown(landscape, "entry", row, names)
    optional = (
        *("product", "quantity", "unit", "valid_from", "valid_until"),
        *("start_date", "end_date", "trlfrom_value", "trlto_value", "summary", "reference"),
        *("profile_type", "stage", "ipr", "partner_sought", "contact"),
        *("quality_label", "quality_label_until"),
    )
    # A release that was published before a column was thought of does without.
    known = landscape.tables["entry"].column_names
    more = _shown(landscape, "entry", row, [name for name in optional if name in known])
    named = {"trlfrom_value": "trl_from", "trlto_value": "trl_to"}
    shown |= {named.get(k, k): v for k, v in more.items() if v is not None and k != "id"}
    shown["types"] = landscape.column("entry", "classes")[row] or []
    shown["technologies"] = related(landscape, "entry_technology", "concept", row)
    shown["organisations"] = related(landscape, "entry_organisation", "organisation", row)
    shown["names"] = [
        *_names(landscape, "entry_organisation", "organisation", row),
        *_names(landscape, "entry_entry", "entry", row),
    ]
    return shown


def related(landscape: Landscape, table: str, target: str, row: int) -> list[str]:
    """Return the IRIs that a relation leads to from a row."""
    chosen = landscape.pairs(table, "subject") == row
    iris = landscape.column(target, "iri")
    return [iris[n] for n in landscape.pairs(table, "object")[chosen].tolist()]


def _names(landscape: Landscape, table: str, target: str, row: int) -> list[str]:
    """Return the labels of what a relation leads to from a row."""
    chosen = landscape.pairs(table, "subject") == row
    labels = landscape.column(target, "label")
    return [labels[n] or "" for n in landscape.pairs(table, "object")[chosen].tolist()]


def _shown(landscape: Landscape, table: str, row: int, names: Iterable[str]) -> dict[str, Any]:
    columns = landscape.columns(table, ("iri", *names))
    shown = {name: column[row] for name, column in columns.items()}
    return {"id": shown.pop("iri")} | shown


def organisation_facets(landscape: Landscape, rows: Sequence[int] | Any) -> Facets:
    """Return how many of some organisations each country, region, kind and size has."""
    chosen = np.asarray(rows, np.int64)
    names, codes = landscape.kinds
    counts = np.bincount(codes[chosen], minlength=len(names)).tolist()
    counted = sorted(zip(names, counts, strict=True), key=lambda pair: (-pair[1], pair[0]))
    sme = int(landscape.sme[chosen].sum())
    seated = landscape.seats.of("organisation").counted(chosen)
    country, region = (
        place_facet(landscape, "organisation", name, chosen, seated)
        for name in ("country", "region")
    )
    return {
        "country": country,
        "region": region,
        "kind": [{"value": k, "count": n} for k, n in counted if k and n],
        "sme": [{"value": True, "count": sme}, {"value": False, "count": len(chosen) - sme}],
    }


def place_facet(
    landscape: Landscape,
    table: str,
    name: str,
    rows: Any,
    seated: Any = None,
    most: int = 50,
) -> list[dict[str, Any]]:
    """Return how many rows have a seat in each place that one has, the most frequent first.

    Seats in parts of it and further seats count, as in the condition; `seated` is how many rows
    have a seat in each place, if that is known.
    """
    chosen = np.asarray(rows, np.int64)
    size = landscape.size("place")
    own = np.bincount(landscape.places(table, name)[chosen], minlength=size)
    there = np.flatnonzero(own[:size])
    counts = landscape.seats.of(table).counted(chosen) if seated is None else seated
    order = there[np.argsort(-counts[there], kind="stable")[:most]]
    iris, labels = landscape.column("place", "iri"), landscape.column("place", "label")
    return [
        {"value": iris[n], "label": labels[n], "count": count}
        for n, count in zip(order.tolist(), counts[order].tolist(), strict=True)
    ]


def value_facet(values: Iterable[Any], labels: Mapping[Any, str] | None = None) -> list[Any]:
    """Return how often each value occurs, the most frequent first."""
    counted = Counter(value for value in values if value is not None)
    named = labels or {}
    return [
        {"value": value, "count": count} | ({"label": named[value]} if value in named else {})
        for value, count in sorted(counted.items(), key=lambda pair: (-pair[1], str(pair[0])))
    ]
