"""What a cell of a source says, where a loader has made an IRI of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kg.terms import COUNTRY, NUTS

if TYPE_CHECKING:
    from kg.fixes import Lists


class Sourced:
    """Shortens IRIs to the code or key that they were made of."""

    def __init__(self, base: str, lists: Lists) -> None:
        self._entity, self._ontology = f"{base}id/", f"{base}ontology#"
        self._countries = {iri: code for code, iri in lists.countries.items()}
        self._fields = {iri: notation for notation, iri in lists.fields.items()}
        self.cell = lru_cache(maxsize=4_096)(self._cell)

    def _cell(self, value: str | None) -> str | None:
        if value is None or ":" not in value[:6]:
            return value
        if code := self._countries.get(value) or self._fields.get(value):
            return code
        for start in (NUTS, COUNTRY, self._ontology):
            if value.startswith(start):
                return value.removeprefix(start)
        if value.startswith(self._entity):
            key = value.removeprefix(self._entity).partition("/")[2]
            return unquote(key.removeprefix("euroscivoc-"))
        return value
