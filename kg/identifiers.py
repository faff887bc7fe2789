"""Identifiers: how the IRIs of entities, graphs and imports are made.

1. An entity is `{base}id/<type>/<key>`; the key is the source's own, percent-encoded where an IRI
   path segment needs it (RFC 3986, section 2.3: only unreserved characters stay).
2. A named graph is `{base}graph/<source>`.
3. A blank node of a source becomes `{base}id/.well-known/genid/<source>/<label>` (RDF 1.1 Concepts,
   section 3.5: skolemisation), so that differences, undo and descriptions work.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from kg.errors import IdentifierError
from kg.terms import ontology_namespace

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True)
class Identifiers:
    """Mints IRIs below one base IRI, which ends in `/` or `#`."""

    base: str

    @property
    def ontology(self) -> str:
        """The namespace of our own terms."""
        return ontology_namespace(self.base)

    def entity(self, kind: str, key: str) -> str:
        """Return the IRI of the entity of a kind (`project`) with the source's key (`101056957`).

        Raises:
            IdentifierError: the key is empty.
        """
        if not key:
            raise IdentifierError(f"An empty key identifies no {kind}", kind=kind)
        safe = key if _PLAIN_KEY.fullmatch(key) else quote(key, safe="")
        return f"{self.base}id/{kind}/{safe}"

    def graph(self, name: str) -> str:
        """Return the IRI of the named graph of a source, or of `inferred`, `provenance`."""
        return f"{self.base}graph/{name}"

    def skolem(self, source: str, label: str) -> str:
        """Return the IRI that stands for a blank node of a source."""
        return f"{self.base}.well-known/genid/{source}/{quote(label, safe='')}"

    def import_file(self, source: str, import_id: str, file: str) -> str:
        """Return the IRI of a file of an import."""
        return f"{self.base}import/{source}/{import_id}/{quote(file)}"


def slug(text: str) -> str:
    """Return a readable ASCII key of a name: `Bayern Innovativ GmbH` → `bayern-innovativ-gmbh`.

    Raises:
        IdentifierError: nothing of the text can be kept.
    """
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    result = _NOT_SLUG.sub("-", folded.decode().lower()).strip("-")
    if not result:
        raise IdentifierError(f"{text!r} has no letter or digit to make a key of", text=text)
    return result
