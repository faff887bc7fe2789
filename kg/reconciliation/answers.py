"""The messages of the Reconciliation Service API 0.2 that go out.

Each function returns what `json.dumps` writes; section numbers are those of the specification.
Identifiers of entities and types are their IRIs.
"""

from __future__ import annotations

from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from kg.errors import NotFoundError
from kg.reconciliation import properties
from kg.reconciliation.entities import CLUSTER, KINDS, ORGANISATION, PLACE, TECHNOLOGY
from kg.reconciliation.names import words
from kg.reconciliation.queries import kind_of
from kg.terms import COUNTRY, ontology_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyoxigraph import Store

    from kg.reconciliation.entities import Entity
    from kg.reconciliation.index import Index
    from kg.reconciliation.queries import Extension, Query
    from kg.reconciliation.scoring import Candidate

SUGGESTED: Final = 20
"""How many suggestions an answer holds; further ones are asked for with a cursor."""

PREVIEW: Final = {"width": 430, "height": 220}

_NAMES: Final = {
    ORGANISATION: "Organisation",
    CLUSTER: "Cluster",
    TECHNOLOGY: "Technology",
    PLACE: "Place (region or country)",
}
_PREVIEWED: Final = ("shortName", "pic", "vatNumber", "city", "region", "country", "homepage",
                     "sector", "nutsCode", "partOf", "broader", "notation")  # fmt: skip


def manifest(base: str, site: str, version: str) -> dict[str, Any]:
    """Return the service manifest (section 3); `site` is the address by which the client came."""

    def suggest(kind: str) -> dict[str, str]:
        return {
            "service_url": site,
            "service_path": f"/reconcile/suggest/{kind}",
            "flyout_service_path": f"/reconcile/flyout/{kind}?id=${{id}}",
        }

    return {
        "versions": ["0.2"],
        "name": "Cluster Atlas",
        "identifierSpace": f"{base}id/",
        "schemaSpace": ontology_namespace(base),
        "documentation": f"{site}/docs",
        "serviceVersion": version,
        "defaultTypes": [type_(kind, base) for kind in KINDS],
        "view": {"url": f"{site}/about?iri={{{{id}}}}"},
        "feature_view": {"url": f"{site}/reconcile/features#{{{{id}}}}"},
        "preview": {"url": f"{site}/reconcile/preview?id={{{{id}}}}", **PREVIEW},
        "suggest": {kind: suggest(kind) for kind in ("entity", "property", "type")},
        "extend": {
            "propose_properties": {"service_url": site, "service_path": "/reconcile/properties"},
            "property_settings": [
                {
                    "name": "limit",
                    "label": "Limit",
                    "type": "number",
                    "default": 0,
                    "help_text": "The most values per entity (0 for all)",
                }
            ],
        },
    }


def type_(kind: str, base: str) -> dict[str, str]:
    """Return a type."""
    return {"id": ontology_namespace(base) + kind, "name": _NAMES[kind]}


def results(index: Index, batch: Mapping[str, Query], base: str) -> dict[str, Any]:
    """Return the answer to a batch of queries (section 4.3)."""
    return {
        key: {"result": [_candidate(c, index, base) for c in index.search(query)]}
        for key, query in batch.items()
    }


def _candidate(candidate: Candidate, index: Index, base: str) -> dict[str, Any]:
    entity = candidate.entity
    found = {
        "id": entity.iri,
        "name": entity.label,
        "type": [type_(entity.kind, base)],
        "score": round(candidate.score, 2),
        "match": candidate.match,
        "features": [{"id": name, "value": value} for name, value in candidate.features.items()],
    }
    description = describe(entity, index)
    return found | ({"description": description} if description else {})


def describe(entity: Entity, index: Index) -> str:
    """Return what tells an entity from its namesakes, in a line."""
    parts = [*entity.secondary][:1]
    parts += [city.title() for city in entity.evidence.get("city", ())[:1]]
    for country in entity.evidence.get("country", ())[:1]:
        if country != entity.iri:
            known = index.by_iri.get(country)
            parts.append(known.label if known else country.removeprefix(COUNTRY))
    parts += [f"{n.upper()} {v}" for n in ("pic", "ror") for v in entity.evidence.get(n, ())]
    return ", ".join(parts)


def extended(store: Store, index: Index, base: str, asked: Extension) -> dict[str, Any]:
    """Return the values that a data extension query asks for (section 7.3).

    An entity or a property that is not known has empty cells.
    """
    found = {name: properties.find(name) for name in asked.properties}
    meta = [_meta(name, one, base) for name, one in found.items()]
    rows = {
        iri: {
            name: properties.values(store, index, base, iri, one, asked.properties[name])
            if one
            else []
            for name, one in found.items()
        }
        for iri in asked.ids
    }
    return {"meta": meta, "rows": rows}


def _meta(name: str, one: properties.Property | None, base: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": name, "name": one.name if one else name}
    return shown | ({"type": type_(one.values, base)} if one and one.values else {})


def proposed(type_id: str | None, limit: int | None) -> dict[str, Any]:
    """Return the properties that can be fetched for entities of a type (section 7.1)."""
    kind = kind_of(type_id) if type_id else None
    found = [p for p in properties.PROPERTIES.values() if kind is None or kind in p.kinds]
    if type_id and kind is None:
        found = []
    answer: dict[str, Any] = {"properties": [{"id": p.id, "name": p.name} for p in found[:limit]]}
    return answer | ({"type": type_id} if type_id else {}) | ({"limit": limit} if limit else {})


def suggested_entities(index: Index, prefix: str, cursor: int, base: str) -> dict[str, Any]:
    """Return entities whose names have words that begin like those typed (section 6)."""
    shown = []
    iri = index.by_iri.get(prefix.strip())
    found = iter([iri]) if iri else index.suggest(prefix)
    for entity in islice(found, cursor, cursor + SUGGESTED):
        one = {"id": entity.iri, "name": entity.label, "notable": [type_(entity.kind, base)]}
        description = describe(entity, index)
        shown.append(one | ({"description": description} if description else {}))
    return {"result": shown}


def suggested_properties(prefix: str, cursor: int) -> dict[str, Any]:
    """Return properties whose name or identifier begins like the words typed (section 6)."""
    found = [p for p in properties.PROPERTIES.values() if _begins(prefix, f"{p.name} {p.id}")]
    shown = [{"id": p.id, "name": p.name} for p in found[cursor : cursor + SUGGESTED]]
    return {"result": shown}


def suggested_types(prefix: str, cursor: int, base: str) -> dict[str, Any]:
    """Return types whose name begins like the words typed (section 6)."""
    found = [type_(kind, base) for kind in KINDS if _begins(prefix, _NAMES[kind])]
    return {"result": found[cursor : cursor + SUGGESTED]}


def _begins(prefix: str, text: str) -> bool:
    own = words(text)
    return all(any(word.startswith(asked) for word in own) for asked in words(prefix))


def preview(store: Store, index: Index, base: str, iri: str) -> str:
    """Return the HTML preview of an entity (section 5).

    Raises:
        NotFoundError: there is no such entity.
    """
    entity = index.by_iri.get(iri)
    if entity is None:
        raise NotFoundError(f"{iri[:200]!r} is no entity that can be reconciled", id=iri[:200])
    rows = "".join(_row(store, index, base, iri, name) for name in _PREVIEWED)
    label = escape(entity.label)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{label}</title>'
        "<style>body{font:13px/1.4 sans-serif;margin:8px}h1{font-size:16px;margin:0 0 4px}"
        "th{text-align:left;padding-right:1em;font-weight:normal;color:#555}</style></head>"
        f"<body><h1>{label}</h1><p>{escape(_NAMES[entity.kind])}</p><table>{rows}</table>"
        f"<p><small>{escape(iri)}</small></p></body></html>"
    )


def _row(store: Store, index: Index, base: str, iri: str, name: str) -> str:
    one = properties.PROPERTIES[name]
    cells = properties.values(store, index, base, iri, one, 3)
    if not cells:
        return ""
    text = ", ".join(str(cell.get("name") or next(iter(cell.values()))) for cell in cells)
    return f"<tr><th>{escape(one.name)}</th><td>{escape(text)}</td></tr>"


def flyout(html_id: str, html: str) -> dict[str, str]:
    """Return a flyout: a few words of HTML about something suggested (section 6.4)."""
    return {"id": html_id, "html": html}


def entity_flyout(index: Index, iri: str) -> dict[str, str]:
    """Return the flyout of an entity.

    Raises:
        NotFoundError: there is no such entity.
    """
    entity = index.by_iri.get(iri)
    if entity is None:
        raise NotFoundError(f"{iri[:200]!r} is no entity that can be reconciled", id=iri[:200])
    told = escape(describe(entity, index))
    return flyout(iri, f"<p><b>{escape(entity.label)}</b><br>{_NAMES[entity.kind]}<br>{told}</p>")


def property_flyout(property_id: str) -> dict[str, str]:
    """Return the flyout of a property.

    Raises:
        NotFoundError: there is no such property.
    """
    one = properties.find(property_id)
    if one is None:
        known = list(properties.PROPERTIES)
        raise NotFoundError(f"There is no property {property_id[:200]!r}", known=known)
    kinds = ", ".join(sorted(one.kinds))
    return flyout(property_id, f"<p><b>{escape(one.name)}</b><br>{escape(kinds)}</p>")


def type_flyout(type_id: str) -> dict[str, str]:
    """Return the flyout of a type.

    Raises:
        NotFoundError: there is no such type.
    """
    kind = kind_of(type_id)
    if kind is None:
        raise NotFoundError(f"There is no type {type_id[:200]!r}", known=list(KINDS))
    return flyout(type_id, f"<p><b>{escape(_NAMES[kind])}</b></p>")
