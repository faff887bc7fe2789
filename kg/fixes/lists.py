"""The code lists that values are looked up in: countries, regions and fields of science.

They are what the current imports of vocabularies publish; without them no code is proposed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg import database, imports
from kg.identifiers import Identifiers
from kg.terms import COUNTRY, NUTS, RDFS_LABEL, SKOS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.workspace import Workspace

_LABELLED: Final = """
SELECT c.object, min(c.subject), list(DISTINCT l.object)
FROM {rows} c JOIN {rows} l ON l.subject = c.subject
WHERE c.predicate = ? AND l.predicate IN (?, ?) GROUP BY c.object
"""
_NAMED: Final = "SELECT DISTINCT subject FROM {rows} WHERE predicate = ?"


@dataclass(frozen=True)
class Lists:
    """Code lists.

    `countries` has the IRI by alpha-2 code as the EU writes it, `country_names` that code by folded
    name; `regions` the IRI by NUTS code; `fields` the concept by notation, `field_names` the
    notation by folded label, None for a label that several have.
    """

    countries: Mapping[str, str] = field(default_factory=dict)
    country_names: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    field_names: Mapping[str, str | None] = field(default_factory=dict)


def read_lists(workspace: Workspace, base: str) -> Lists:
    """Return the lists that the current imports `nuts` and `euroscivoc` hold; none is an error."""
    current = imports.current(workspace)
    namespace = Identifiers(base).ontology
    parts: dict[str, list[tuple[str, str, list[str]]]] = {"country": [], "region": [], "field": []}
    with database.small() as connection:
        for name, kind, predicate in (
            ("nuts", "country", f"{namespace}countryCode"),
            ("nuts", "region", f"{namespace}nutsCode"),
            ("euroscivoc", "field", f"{SKOS}notation"),
        ):
            if one := current.get(name):
                text = _LABELLED.format(rows=one.published())
                asked = [predicate, RDFS_LABEL, f"{SKOS}prefLabel"]
                parts[kind] = connection.execute(text, asked).fetchall()
    return Lists(
        countries={code: iri for code, iri, _ in parts["country"] if iri.startswith(COUNTRY)},
        country_names={folded(n): code for code, _, names in parts["country"] for n in names},
        regions={code: iri for code, iri, _ in parts["region"] if iri.startswith(NUTS)},
        fields={notation: iri for notation, iri, _ in parts["field"]},
        field_names=_unique(parts["field"]),
    )


def _unique(rows: list[tuple[str, str, list[str]]]) -> dict[str, str | None]:
    """Return the code of each label; a label of several codes says nothing."""
    found: dict[str, str | None] = {}
    for code, _, names in rows:
        for name in {folded(n) for n in names}:
            found[name] = code if found.get(name, code) == code else None
    return found


def folded(text: str) -> str:
    """Return a text without case, accents and punctuation, to compare names by."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    kept = (c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join("".join(kept).casefold().split())
