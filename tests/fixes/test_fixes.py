"""Fixes: what is proposed, how good that is, and that nothing is proposed without ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import imports
from kg.fixes import FLOOR, Fault, Lists, proposals, propose, read_lists
from kg.fixes.evaluation import measure, table, total
from kg.statements import IRI, LITERAL
from kg.terms import COUNTRY, DEFAULT_BASE, XSD, XSD_BOOLEAN, XSD_DATE, XSD_DATE_TIME, XSD_DECIMAL
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from kg.fixes import Fix

ATLAS = DEFAULT_BASE + "ontology#"


@pytest.fixture(scope="module")
def lists(sample_home: Path) -> Lists:
    return read_lists(Workspace(sample_home), DEFAULT_BASE)


def of(
    name: str, value: str, datatype: str | None = None, lists: Lists | None = None
) -> Fix | None:
    fault = Fault("Rule", ATLAS + name, value, datatype=datatype)
    return propose(fault, lists or Lists(), ATLAS)


@pytest.mark.parametrize(
    ("name", "datatype", "value", "right"),
    [
        ("startDate", XSD_DATE, "31.12.2024", "2024-12-31"),
        ("startDate", XSD_DATE, "3. März 2024", "2024-03-03"),
        ("startDate", XSD_DATE, "March 3rd, 2024", "2024-03-03"),
        ("startDate", XSD_DATE, "45657", "2024-12-31"),
        ("startDate", XSD_DATE, "2024-31-12", "2024-12-31"),
        ("startDate", XSD_DATE, "2024-02-30", None),
        ("modified", XSD_DATE_TIME, "31.12.2024 8:05", "2024-12-31T08:05:00"),
        ("foundedYear", XSD + "gYear", "since 1999", "1999"),
        ("totalCost", XSD_DECIMAL, "1.234.567,89", "1234567.89"),
        ("totalCost", XSD_DECIMAL, "1,234,567.89 EUR", "1234567.89"),
        ("totalCost", XSD_DECIMAL, "-500", "500"),
        ("totalCost", XSD_DECIMAL, "1.5E6", "1500000"),
        ("totalCost", XSD_DECIMAL, "1O0", "100"),
        ("totalCost", XSD_DECIMAL, "=1+1", None),
        ("isSme", XSD_BOOLEAN, "ja", "true"),
        ("isSme", XSD_BOOLEAN, "perhaps", None),
        ("latitude", XSD_DECIMAL, "52°31'12\"N", "52.52"),
        ("latitude", XSD_DECIMAL, "52,52", "52.52"),
        ("latitude", XSD_DECIMAL, "152.5", None),
        ("position", None, "52,52;13,40", "52.52,13.40"),
        ("pic", None, "999 984 059", "999984059"),
        ("vatNumber", None, "VAT: DE 129.515.865", "DE129515865"),
        ("grantDoi", None, "https://doi.org/10.3030/101", "10.3030/101"),
        ("homepage", None, "htp:/www.example.org/a", "http://www.example.org/a"),
        ("homepage", None, "info@example.org", None),
        ("status", None, "SINGED", "SIGNED"),
        ("role", None, "Cordinator", "coordinator"),
    ],
)
def test_what_is_proposed(name: str, datatype: str | None, value: str, right: str | None) -> None:
    fix = of(name, value, datatype)

    assert (fix and fix.value) == right
    assert fix is None or (FLOOR <= fix.confidence <= 1 and fix.reason_en != fix.reason_de)


def test_an_ambiguous_day_is_less_sure() -> None:
    """03/04 is the third of April to most, the fourth of March to some."""
    clear, open_ = of("startDate", "31/12/2024", XSD_DATE), of("startDate", "03/04/2024", XSD_DATE)

    assert clear is not None
    assert open_ is not None
    assert open_.confidence < clear.confidence


def test_codes_are_looked_up(lists: Lists) -> None:
    """The answer is of the kind that was found: a code for a text, an IRI for an IRI."""
    found = of("country", "Germny", lists=lists)
    iri = propose(Fault("CountryCode", ATLAS + "country", COUNTRY + "GB", IRI), lists, ATLAS)

    assert (found and found.value) == "DE"
    assert (iri and iri.value) == COUNTRY + "GBR"
    assert of("country", "XH", lists=lists) is None
    assert of("nutsCode", "GR30", lists=lists).value == "EL30"  # type: ignore[union-attr]
    assert of("nutsCode", "DE999", lists=lists) is None


def test_exchanged_values_are_exchanged_together() -> None:
    beside = {"latitude": "11.57", "longitude": "48.14", "country": COUNTRY + "DEU"}
    fix = propose(Fault("PositionInCountry", None, "x", IRI, None, beside), Lists(), ATLAS)

    assert fix is not None
    assert (fix.predicate, fix.value) == (ATLAS + "latitude", "48.14")
    assert fix.also == ((ATLAS + "longitude", "11.57"),)


def test_precision_and_recall_at_the_floor(lists: Lists) -> None:
    """On damage of 46 kinds with known truth, repairable or not."""
    measured = measure(lists)
    precision, recall = total(measured)

    assert precision >= 0.98, table(measured)
    assert recall >= 0.95, table(measured)
    assert len(measured) > 40


def test_findings_of_an_import_get_theirs(sample_home: Path, lists: Lists) -> None:
    one = imports.find(Workspace(sample_home), "cordis")
    row = {
        "rule": "x#ProjectStartDate",
        "path": ATLAS + "startDate",
        "subject": "urn:none",
        "value": "31.12.2024",
        "kind": LITERAL,
        "datatype": XSD_DATE,
    }

    first, second = proposals(one, [row, row | {"value": "soon"}], lists)

    assert first is not None
    assert first.value == "2024-12-31"
    assert second is None


@given(
    st.text(max_size=40),
    st.sampled_from(["country", "nutsCode", "pic", "homepage", "position", "role", "title"]),
    st.sampled_from([XSD_DATE, XSD_DECIMAL, XSD_BOOLEAN, XSD_DATE_TIME, None]),
)
def test_any_text_is_fixed_or_left(text: str, name: str, datatype: str | None) -> None:
    """Nothing raises, and a fix is never the value itself."""
    fix = propose(Fault("TextEncoding", ATLAS + name, text, datatype=datatype), Lists(), ATLAS)

    assert fix is None or (fix.value != text and FLOOR <= fix.confidence <= 1)
