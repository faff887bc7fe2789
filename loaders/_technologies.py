"""Technologies as people write them, made into concepts.

A technology is known by its key in the scheme of the atlas (`laser-technology`), by any label of
that scheme in any of its languages (`Lasertechnik`; case, accents and punctuation do not count), by
its EuroSciVoc notation, or by the IRI of a EuroSciVoc concept.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import pyoxigraph

from kg.ontology import FOLDER
from kg.terms import EUROSCIVOC, RDFS_LABEL, SKOS, rebase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kg.source import Context

_FILE: Final = "technologies.ttl"
# The better kind of name wins where two concepts share one.
_NAMES: Final = (SKOS + "prefLabel", RDFS_LABEL, SKOS + "altLabel")
_BREAK = re.compile(r"[\W_]+")


def technology(name: str, context: Context) -> str:
    """Return the IRI of the concept that a source calls `name`.

    Raises:
        ValueError: no scheme that is loaded has it.
    """
    if name.startswith(EUROSCIVOC):
        return name
    notation = name.rpartition("/")[2]
    if found := _scheme(context.identifiers.base).get(folded(name)):
        return found
    if found := context.code("euroscivoc", notation):
        return found
    raise ValueError(
        f"{name!r} is no technology of the scheme and no notation of EuroSciVoc; expected one such "
        "as photonics"
    )


def folded(name: str) -> str:
    """Return a name without case, accents and punctuation.

    >>> folded("Mikro- und Nanoelektronik")
    'mikro und nanoelektronik'
    """
    apart = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in apart if not unicodedata.combining(c))
    return _BREAK.sub(" ", letters).strip()


@cache
def _scheme(base: str) -> Mapping[str, str]:
    """Return the concepts of the scheme by key and label, both folded."""
    text = rebase((FOLDER / _FILE).read_text("utf-8"), base)
    triples = list(pyoxigraph.parse(text.encode(), format=pyoxigraph.RdfFormat.TURTLE))
    prefix = f"{base}id/technology/"
    found: dict[str, str] = {}
    for t in triples:
        iri = str(getattr(t.subject, "value", ""))
        if iri.startswith(prefix):
            found.setdefault(folded(iri.removeprefix(prefix)), iri)
    for name in _NAMES:
        for t in triples:
            iri = str(getattr(t.subject, "value", ""))
            if t.predicate.value == name and iri.startswith(prefix):
                found.setdefault(folded(str(getattr(t.object, "value", ""))), iri)
    return found
