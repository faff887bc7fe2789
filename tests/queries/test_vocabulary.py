"""How countries, regions, technologies and organisations are found by what people call them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import ParameterError
from kg.identifiers import Identifiers
from kg.savedqueries import Parameter, Vocabulary
from kg.savedqueries.kinds import KINDS
from kg.terms import COUNTRY, DEFAULT_BASE, EUROSCIVOC, NUTS

if TYPE_CHECKING:
    from kg.savedqueries.kinds import Term

ID = DEFAULT_BASE + "id/"
PHOTONICS = ID + "technology/photonics"
HAHN_SCHICKARD = ID + "organisation/998872439"


def look_up(vocabulary: Vocabulary, kind: str, text: str) -> Term:
    parameter = Parameter("thing", KINDS[kind], {"en": "A thing", "de": "Ein Ding"})
    return parameter.kind.read(parameter, text, vocabulary)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("country", "DE", COUNTRY + "DEU"),
        ("country", "de", COUNTRY + "DEU"),
        ("country", "DEU", COUNTRY + "DEU"),
        ("country", "Germany", COUNTRY + "DEU"),
        ("country", COUNTRY + "DEU", COUNTRY + "DEU"),
        ("country", "EL", COUNTRY + "GRC"),
        ("country", "GR", COUNTRY + "GRC"),
        ("country", "UK", COUNTRY + "GBR"),
        ("country", "GB", COUNTRY + "GBR"),
        ("region", "DE1", NUTS + "DE1"),
        ("region", "de125", NUTS + "DE125"),
        ("region", "DE", COUNTRY + "DEU"),
        ("region", "Oberbayern", NUTS + "DE21"),
        ("region", NUTS + "DE21", NUTS + "DE21"),
        ("region", COUNTRY + "DEU", COUNTRY + "DEU"),
        ("technology", "photonics", PHOTONICS),
        ("technology", "Photonik", PHOTONICS),
        ("technology", "PHOTONIK", PHOTONICS),
        ("technology", "photonique", PHOTONICS),
        ("technology", PHOTONICS, PHOTONICS),
        ("technology", "MEMS", ID + "technology/microsystems-technology"),
        ("organisation", "998872439", HAHN_SCHICKARD),
        ("organisation", HAHN_SCHICKARD, HAHN_SCHICKARD),
        (
            "organisation",
            "Hahn-Schickard-Gesellschaft fur angewandte Forschung eV",
            HAHN_SCHICKARD,
        ),
    ],
)
def test_found(vocabulary: Vocabulary, kind: str, text: str, expected: str) -> None:
    """Codes, names in any language and case, and IRIs lead to the same thing."""
    assert look_up(vocabulary, kind, text) == pyoxigraph.NamedNode(expected)


def test_notation_is_found(vocabulary: Vocabulary) -> None:
    """A EuroSciVoc notation is found as the concept with that skos:notation."""
    found = look_up(vocabulary, "technology", "25")

    assert found.value.startswith(EUROSCIVOC)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("country", "XX", "two or three letters"),
        ("country", "Atlantis", "no country in this release has that name"),
        ("region", "DE9ZZ", "no region in this release has that name"),
        ("technology", "flying carpets", "no technology in this release has that name"),
        ("technology", "http://example.org/none", "the IRI of a technology in this release"),
        ("technology", "http://example.org/no one", "an absolute IRI"),
        ("technology", HAHN_SCHICKARD, "the IRI of a technology in this release"),
        ("organisation", "000000000", "no organisation in this release has that name"),
    ],
)
def test_not_found(vocabulary: Vocabulary, kind: str, text: str, expected: str) -> None:
    """What is not there is refused with what was expected."""
    with pytest.raises(ParameterError, match=expected) as caught:
        look_up(vocabulary, kind, text)

    assert caught.value.members["parameter"] == "thing"


def test_similar_names_are_offered(vocabulary: Vocabulary) -> None:
    """A part of a name finds nothing, but names what holds it."""
    with pytest.raises(ParameterError, match="similar: ") as caught:
        look_up(vocabulary, "organisation", "hahn-schickard")

    assert HAHN_SCHICKARD in [c["id"] for c in caught.value.members["candidates"]]


@pytest.mark.parametrize(
    ("kind", "text", "label"),
    [
        ("technology", "photonnics", "photonics"),
        ("technology", "Artifical inteligence", "artificial intelligence"),
        ("region", "Thuringn", "Thüringen"),
    ],
)
def test_the_nearest_names_are_offered(
    vocabulary: Vocabulary, kind: str, text: str, label: str
) -> None:
    """A misspelt name is in none; those that are most like it are named, the likest first."""
    with pytest.raises(ParameterError, match=f"similar: {label}") as caught:
        look_up(vocabulary, kind, text)

    assert caught.value.members["candidates"][0]["label"] == label


def test_nothing_is_offered_for_what_is_like_nothing(vocabulary: Vocabulary) -> None:
    with pytest.raises(ParameterError) as caught:
        look_up(vocabulary, "technology", "qqqqqqqq xyxyxy")

    assert caught.value.members["candidates"] == []


def test_countries_are_offered(vocabulary: Vocabulary) -> None:
    """An unknown code is answered with the codes that there are."""
    with pytest.raises(ParameterError) as caught:
        look_up(vocabulary, "country", "XX")

    assert {"AT", "DE", "EL", "UK"} <= set(caught.value.members["allowed"])


TWO = """
PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
INSERT DATA { GRAPH <urn:g> {
  <urn:a> a atlas:Organisation ; rdfs:label "Institute of Optics" ; atlas:shortName "IO" .
  <urn:b> a atlas:Organisation ; rdfs:label "institute of optics" ; atlas:shortName "IO" .
  <urn:t> a atlas:Technology ; skos:prefLabel "optics"@en .
  <urn:u> a atlas:Technology ; skos:prefLabel "Optics"@en ; skos:exactMatch <urn:t> .
  <https://w3id.org/cluster-atlas/id/technology/light> a atlas:Technology ;
    skos:prefLabel "OPTICS"@en ; skos:exactMatch <urn:t> .
} }
"""


@pytest.fixture
def two() -> Vocabulary:
    """Return a vocabulary in which names are shared."""
    store = pyoxigraph.Store()
    store.update(TWO)
    return Vocabulary(store, Identifiers(DEFAULT_BASE), date(2024, 7, 1))


@pytest.mark.parametrize("text", ["INSTITUTE OF OPTICS", "IO", "io"])
def test_ambiguous_name_lists_the_candidates(two: Vocabulary, text: str) -> None:
    """A name that two have is refused with both."""
    with pytest.raises(ParameterError, match="several have that name") as caught:
        look_up(two, "organisation", text)

    assert [c["id"] for c in caught.value.members["candidates"]] == ["urn:a", "urn:b"]


def test_name_as_written_comes_first(two: Vocabulary) -> None:
    """Of names that differ in case, the one that is written just so is meant."""
    assert look_up(two, "organisation", "institute of optics").value == "urn:b"


def test_exact_matches_are_one(two: Vocabulary) -> None:
    """Concepts that match exactly are the same to the user; the atlas's own stands for them."""
    assert look_up(two, "technology", "oPtIcS").value == ID + "technology/light"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["country", "region", "technology", "organisation"]),
    text=st.text(min_size=1)
    | st.lists(st.sampled_from(['"', "\\", "}", "{0}", "://", ">", "\\u0022", "\n", "a"])).map(
        "".join
    ),
)
def test_no_name_breaks_a_look_up(two: Vocabulary, kind: str, text: str) -> None:
    """Whatever is looked up is found, or is not: the look-up itself cannot be broken."""
    try:
        found = look_up(two, kind, text)
    except ParameterError as error:
        assert error.members["parameter"] == "thing"  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(found, pyoxigraph.NamedNode)
