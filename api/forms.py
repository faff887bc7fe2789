"""The forms of an answer to a look-up: JSON, JSON-LD, CSV, XLSX and GeoJSON.

1. JSON has everything; JSON-LD is a schema.org ItemList with what that vocabulary knows.
2. A table has a column for what is one value in every item that has it; lists are joined by `; `.
3. GeoJSON (RFC 7946) has a feature for each item, without geometry where there is no place.
4. Where the next page is, and the same in SPARQL, the header says with every form.
"""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote_plus, urlencode

from pydantic_core import to_json

from api import accept
from api.linked import Link
from api.representations import JSON_LD, Form
from kg.cells import cell
from kg.errors import NotAcceptableError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.linked import Visit

JSON: Final = Form("json", "application/json", None, "JSON")
CSV: Final = Form("csv", "text/csv", None, "CSV")
GEO_JSON: Final = Form("geojson", "application/geo+json", None, "GeoJSON")
XLSX: Final = Form(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    None,
    "Excel",
)
FORMS: Final = (JSON, JSON_LD, CSV, XLSX, GEO_JSON)
_SCHEMA: Final = "https://schema.org/"
_LONGEST_LINK: Final = 4000


@dataclass(frozen=True)
class Page:
    """Which items of which release: where the page begins, and how many it may have."""

    at: Visit
    begin: int
    limit: int


@dataclass(frozen=True)
class Answer:
    """What was found: how many in all, the items of the page, facets, and what else there is."""

    total: int
    items: Sequence[Mapping[str, Any]]
    facets: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    sparql: str = ""


class Written(NamedTuple):
    """An answer as it is sent: its bytes, and the links that go with it."""

    body: bytes
    links: tuple[Link, ...]


def write(answer: Answer, form: Form, shown: Page, name: str) -> Written:
    """Return an answer in a form; `name` is that of the look-up."""
    return Written(_WRITERS[form.extension](answer, shown, name), _links(answer, shown))


def begun(answer: Answer, shown: Page) -> Answer:
    """Return an answer whose page begins before its end.

    Raises:
        ParameterError: the cursor is beyond what was found.
    """
    if shown.begin and shown.begin >= answer.total:
        detail = f"The cursor is past the end: it is after item {shown.begin} of {answer.total}"
        raise ParameterError(detail, parameter="cursor", total=answer.total)
    return answer


def _links(answer: Answer, shown: Page) -> tuple[Link, ...]:
    """Return the links to the next page and to a SPARQL query, as far as a header can be."""
    found = []
    if after := following(answer, shown):
        found.append(Link(after, "next"))
    if answer.sparql:
        more = {"title": "To go on from, in SPARQL", "type": "application/sparql-results+json"}
        found.append(Link(_address(answer, shown), "related", more))
    return tuple(link for link in found if len(link.target) <= _LONGEST_LINK)


def _address(answer: Answer, shown: Page) -> str:
    # Most lines of a query are the same in all answers.
    query = "%0A".join(map(_quoted, answer.sparql.split("\n")))
    release = f"&release={shown.at.opened.number}" if shown.at.lasting else ""
    return f"{shown.at.root}/sparql?query={query}{release}"


_quoted: Final = lru_cache(maxsize=1024)(quote_plus)


def chosen(header: str, named: str | None) -> Form:
    """Return the form that `format=` names, or else the one that the Accept header prefers.

    Raises:
        NotAcceptableError: there is no such form.
    """
    if named:
        found = next((f for f in FORMS if named in {f.extension, f.media_type}), None)
        if found is None:
            extensions = [f.extension for f in FORMS]
            raise NotAcceptableError(f"There is no format {named!r}", available=extensions)
        return found
    best = accept.media_type(header, tuple(f.media_type for f in FORMS))
    if best is None:
        available = [f.media_type for f in FORMS]
        raise NotAcceptableError(f"Nothing is available as {header!r}", available=available)
    return next(f for f in FORMS if f.media_type == best)


def following(answer: Answer, shown: Page) -> str | None:
    """Return the address of the next page; None after the last one."""
    end = shown.begin + len(answer.items)
    if not answer.items or end >= answer.total:
        return None
    cursor = base64.urlsafe_b64encode(f"{shown.at.opened.number}.{end}".encode()).decode()
    kept = [(k, v) for k, v in shown.at.request.query_params.multi_items() if k != "cursor"]
    return f"{shown.at.request.url.path}?{urlencode([*kept, ('cursor', cursor.rstrip('='))])}"


def _document(answer: Answer, shown: Page) -> dict[str, Any]:
    document = {
        "release": shown.at.opened.number,
        "query": answer.query,
        "total": answer.total,
        "items": answer.items,
        "facets": answer.facets,
        **answer.more,
        "next": following(answer, shown),
    }
    if answer.sparql:
        document["sparql"] = {"query": answer.sparql, "href": _address(answer, shown)}
    return document


def _serialised(document: Any) -> bytes:
    """Return a document as JSON: as pydantic writes it, in a sixth of the time."""
    return to_json(document)


def _json(answer: Answer, shown: Page, name: str) -> bytes:
    del name
    return _serialised(_document(answer, shown))


def _json_ld(answer: Answer, shown: Page, name: str) -> bytes:
    context = {
        "@vocab": _SCHEMA,
        "atlas": f"{shown.at.base}ontology#",
        "label": "name",
        "score": "atlas:score",
        "homepage": {"@id": "url", "@type": "@id"},
        "country": {"@id": "atlas:country", "@type": "@id"},
        "region": {"@id": "atlas:region", "@type": "@id"},
        "explanation": {"@id": "atlas:explanation", "@type": "@json"},
        "release": {"@id": "isPartOf", "@type": "@id"},
        "next": {"@id": "http://www.w3.org/ns/hydra/core#next", "@type": "@id"},
        "sparql": {"@id": "relatedLink", "@type": "@id"},
    }
    shared = set(context) | {"latitude", "longitude"}
    after = following(answer, shown)
    elements = [
        {
            "@type": "ListItem",
            "position": shown.begin + n,
            "item": {"@id": item["id"]}
            | {k: v for k, v in item.items() if k in shared and v is not None},
        }
        for n, item in enumerate(answer.items, 1)
    ]
    document = {
        "@context": context,
        "@id": str(shown.at.request.url),
        "@type": "ItemList",
        "name": name,
        "numberOfItems": answer.total,
        "release": f"{shown.at.base}release/{shown.at.opened.number}",
        "itemListElement": elements,
    }
    if after:
        document["next"] = after
    if answer.sparql:
        document["sparql"] = _address(answer, shown)
    return _serialised(document)


def _columns(answer: Answer) -> list[str]:
    """Return the names of what is one value in every item that has it.

    Without items those that every item has: what reads tables stumbles over one without a column.
    """
    if not answer.items:
        return ["id", "label"]
    names = dict.fromkeys(key for item in answer.items for key in item)
    return [n for n in names if not any(isinstance(i.get(n), dict) for i in answer.items)]


def _joined(value: Any) -> Any:
    """Return a list as one text, other values as they are."""
    if isinstance(value, list | tuple):
        return "; ".join(str(_named(part)) for part in value)
    return value


def _named(part: Any) -> Any:
    """Return a thing in a list by its name: a table has no room for more."""
    return part.get("label") or part.get("id", "") if isinstance(part, dict) else part


def _csv(answer: Answer, shown: Page, name: str) -> bytes:
    del shown, name
    out = io.StringIO()
    writer = csv.writer(out)
    columns = [c for c in _columns(answer) if c != "explanation"]
    writer.writerow(columns)
    writer.writerows([cell(_joined(item.get(c))) for c in columns] for item in answer.items)
    return out.getvalue().encode()


def _xlsx(answer: Answer, shown: Page, name: str) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - no other form needs it

    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    columns = [c for c in _columns(answer) if c != "explanation"]
    sheet.append(columns)
    for item in answer.items:
        values = (_joined(item.get(c)) for c in columns)
        sheet.append([v if isinstance(v, bool) else cell(v) for v in values])
    about = book.create_sheet("about")
    about.append(["release", shown.at.opened.number])
    about.append(["total", answer.total])
    about.append(["address", str(shown.at.request.url)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _geo_json(answer: Answer, shown: Page, name: str) -> bytes:
    features = [_feature(item) for item in answer.items]
    document = {
        "type": "FeatureCollection",
        "name": name,
        "release": shown.at.opened.number,
        "total": answer.total,
        "next": following(answer, shown),
        "features": features,
    }
    return _serialised(document)


def _feature(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as a feature (RFC 7946, section 3.2); without a place its geometry is null."""
    where = [item.get("longitude"), item.get("latitude")]
    placed = None not in where and all(x == x for x in where)  # noqa: PLR0124 - NaN is not itself
    properties = {k: v for k, v in item.items() if k not in {"id", "explanation"}}
    geometry = {"type": "Point", "coordinates": where} if placed else None
    return {"type": "Feature", "id": item["id"], "geometry": geometry, "properties": properties}


_WRITERS: Final = {
    "json": _json,
    "jsonld": _json_ld,
    "csv": _csv,
    "xlsx": _xlsx,
    "geojson": _geo_json,
}
"""What writes each form: the answer, its page and the name of the look-up become bytes."""
