"""What a user calls a place, technology, organisation or other entry: by IRI, code, key or name.

One thing must be meant; otherwise the error names the candidates. Names are compared without case,
diacritics and spelling of umlauts; a misspelt name gets the nearest ones as candidates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.errors import NotFoundError, ParameterError
from kg.matching import concepts
from kg.matching.translation import glossary
from kg.matching.words import dice, fold, trigrams
from kg.terms import COUNTRY, NUTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.matching.index import Matching
    from kg.matching.landscape import Landscape

# ISO 3166-1 codes and those that the institutions of the European Union write instead.
_EU_CODES: Final = {"GB": "UK", "GR": "EL"}
_CERTAIN: Final = 0.95
_CANDIDATES: Final = 8
_LIKE: Final = 0.5
_ALPHA_2: Final = 2
_ALPHA_3: Final = 3


def place(landscape: Landscape, text: str, parameter: str) -> str:
    """Return the IRI of a country or region: by IRI, country code, NUTS code or name.

    Raises:
        ParameterError: there is none, or several of that name.
    """
    rows, iris = landscape.rows("place"), landscape.column("place", "iri")
    code = _EU_CODES.get(text.upper(), text.upper())
    guesses = [text, NUTS + code]
    if len(text) == _ALPHA_3 and text.isalpha():
        guesses.append(COUNTRY + code)
    # A country's own code comes before the region of NUTS that bears the same.
    by_code = [n for n, c in enumerate(landscape.column("place", "code")) if c == code]
    if len(text) == _ALPHA_2 and by_code:
        return str(iris[by_code[0]])
    found = [guess for guess in guesses if guess in rows]
    if found:
        return found[0]
    english = {fold(word): meaning for _, word, meaning in glossary()}.get(fold(text), text)
    named = _places(landscape, text) or _places(landscape, english)
    return str(iris[_one(landscape, "place", named, text, parameter)])


def _places(landscape: Landscape, text: str) -> list[int]:
    """Return the places of a name; of those within each other that are called the same, one."""
    named = _named(landscape, "place", text, ("label", "label_de"))
    inner = {n for row in named for n in landscape.below(row, landscape.parts) if n != row}
    return [row for row in named if row not in inner]


def technology(matching: Matching, text: str, parameter: str, base: str) -> str:
    """Return the IRI of a concept: by IRI, slug, notation or label in any language.

    Raises:
        ParameterError: there is none; it names the nearest.
    """
    landscape = matching.landscape
    rows, iris = landscape.rows("concept"), landscape.column("concept", "iri")
    for guess in (text, f"{base}id/technology/{text}"):
        if guess in rows:
            return guess
    notations = landscape.column("concept", "notation")
    if text.isdigit() and text in notations:
        return str(iris[notations.index(text)])
    found = concepts.find(matching, text, _CANDIDATES)
    if found and found[0].score >= _CERTAIN:
        return str(iris[found[0].concept])
    candidates = [m.concept for m in found]
    raise _not_one(landscape, "concept", candidates, text, parameter)


def organisation(matching: Matching, text: str, parameter: str, base: str) -> str:
    """Return the IRI of an organisation: by IRI, key, PIC or name.

    Raises:
        ParameterError: there is none, or several of that name; it names the nearest.
    """
    landscape = matching.landscape
    guesses = (text, f"{base}id/organisation/{text}")
    found = [g for g in guesses if g in landscape.rows("organisation")]
    if found:
        return found[0]
    iris, pics = landscape.column("organisation", "iri"), landscape.column("organisation", "pic")
    if text.isdigit() and text in pics:
        return str(iris[pics.index(text)])
    near = concepts.organisations(matching, text, _CANDIDATES)
    certain = [n.row for n in near if n.score >= _CERTAIN]
    if len(certain) == 1:
        return str(iris[certain[0]])
    if certain:
        raise _not_one(landscape, "organisation", certain, text, parameter, several=True)
    likely = [n.row for n in near if n.score > 0]
    raise _not_one(landscape, "organisation", likely, text, parameter)


def entry(landscape: Landscape, text: str, kind: str, parameter: str, base: str) -> str:
    """Return the IRI of an entry of a kind (`Cluster`): by IRI, key or name.

    Raises:
        ParameterError: there is none, or several of that name.
    """
    for guess in (text, f"{base}id/{kind.lower()}/{text}"):
        if guess in landscape.rows("entry"):
            return guess
    named = _named(landscape, "entry", text, ("label", "label_de"))
    row = _one(landscape, "entry", named, text, parameter)
    return str(landscape.column("entry", "iri")[row])


def known(landscape: Landscape, table: str, kind: str, key: str, base: str) -> int:
    """Return the row of a thing by its IRI or its key in the path.

    Raises:
        NotFoundError: there is none in this release.
    """
    rows = landscape.rows(table)
    for guess in (key, f"{base}id/{kind}/{key}"):
        if guess in rows:
            return rows[guess]
    raise NotFoundError(f"This release has no {kind} {key!r}", key=key)


def known_organisation(matching: Matching, key: str, base: str) -> int:
    """Return the row of an organisation by its IRI or its key in the path.

    Raises:
        NotFoundError: there is none in this release; it names those that are called nearly so.
    """
    landscape = matching.landscape
    try:
        return known(landscape, "organisation", "organisation", key, base)
    except NotFoundError as error:
        near = [n.row for n in concepts.organisations(matching, key, _CANDIDATES)]
        candidates = _candidates(landscape, "organisation", near)
        raise NotFoundError(error.detail, key=key, candidates=candidates) from None


def _named(landscape: Landscape, table: str, text: str, names: Iterable[str]) -> list[int]:
    wanted = fold(text)
    columns = [landscape.column(table, name) for name in names]
    rows = range(landscape.size(table))
    return [n for n in rows if any(c[n] and fold(c[n]) == wanted for c in columns)]


def _nearest(landscape: Landscape, table: str, text: str) -> list[int]:
    """Return the rows whose labels are most like a text, the likest first."""
    asked = trigrams(fold(text))
    named = set(landscape.tables[table].column_names).intersection(("label", "label_de"))
    columns = [landscape.column(table, name) for name in named]
    likened = [
        (max((dice(asked, trigrams(fold(c[n]))) for c in columns if c[n]), default=0.0), n)
        for n in range(landscape.size(table))
    ]
    found = sorted((-like, n) for like, n in likened if like >= _LIKE)
    return [n for _, n in found[:_CANDIDATES]]


def _one(landscape: Landscape, table: str, rows: list[int], text: str, parameter: str) -> int:
    if len(rows) != 1:
        raise _not_one(landscape, table, rows, text, parameter, several=bool(rows))
    return rows[0]


def _not_one(
    landscape: Landscape,
    table: str,
    rows: list[int],
    text: str,
    parameter: str,
    *,
    several: bool = False,
) -> ParameterError:
    """Return the error for a name that means nothing, or several things, with what may be meant."""
    candidates = _candidates(landscape, table, rows or _nearest(landscape, table, text))
    what = "means several things" if several else "is not known"
    detail = f"{parameter}: {text!r} {what} in this release; expected {_EXPECTED[table]}"
    if candidates:
        detail += "; perhaps " + ", ".join(str(c["label"] or c["id"]) for c in candidates)
    return ParameterError(detail, parameter=parameter, candidates=candidates)


_EXPECTED: Final = {
    "place": "a country or NUTS code, a name or an IRI",
    "concept": "a technology by label, slug, notation or IRI",
    "organisation": "an organisation by PIC, key, name or IRI",
    "entry": "a key, a name or an IRI",
}


def _candidates(landscape: Landscape, table: str, rows: list[int]) -> list[dict[str, str]]:
    iris, labels = landscape.column(table, "iri"), landscape.column(table, "label")
    return [{"id": iris[n], "label": labels[n]} for n in rows[:_CANDIDATES]]
