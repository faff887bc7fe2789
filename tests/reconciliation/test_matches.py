"""When a candidate is certain: by identifier, or by name and place with nothing against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kg.reconciliation import evaluation
from kg.reconciliation.entities import CLUSTER, KINDS, ORGANISATION, PLACE, TECHNOLOGY
from kg.reconciliation.index import Index
from kg.reconciliation.queries import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.reconciliation.entities import Entity

    Make = Callable[..., Entity]

KIND = frozenset({ORGANISATION})
ACME = {"country": "ITA", "city": "roma", "postcode": "00100", "web": "acme.it"}


@pytest.fixture
def index(entity: Make) -> Index:
    """Return an index of a few entities."""
    entities = [
        entity("1", "Acme S.p.A.", ORGANISATION, "ACM", pic="900000001", vat="IT123456", **ACME),
        entity("2", "Acme GmbH", pic="900000002", vat="DE777777", country="DEU", city="kiel"),
        entity("3", "Oxford University", vat="GB1234567", country="GBR", city="oxford"),
        entity("4", "Department of Physics", vat="GB1234567", country="GBR", city="oxford"),
        entity("5", "Stadtwerke", country="DEU", city="ulm", postcode="89073"),
        entity("6", "Stadtwerke", country="DEU", city="ulm", postcode="89073"),
        entity("7", "Acme", CLUSTER, country="ITA", city="roma", web="acme-cluster.it"),
        entity("8", "fuel cells", TECHNOLOGY),
        entity("9", "Ulm", PLACE, code="DE144", country="DEU"),
    ]
    return Index(entities, lambda _: None)


def ask(index: Index, text: str, kinds: frozenset[str] | None = KIND, **evidence: str) -> str:
    """Return the key of the first candidate, with an exclamation mark if it is certain."""
    stated = {name: (value,) for name, value in evidence.items()}
    found = index.search(Query(text, kinds, evidence=stated))
    assert [c for c in found[1:] if c.match] == []
    return found[0].entity.iri[-1] + ("!" if found[0].match else "") if found else ""


@pytest.mark.parametrize(
    ("text", "evidence", "found"),
    [
        ("acme spa", {}, "1"),
        ("acme spa", {"country": "ITA"}, "1"),
        ("acme spa", {"country": "ITA", "city": "Roma"}, "1"),
        ("acme spa", {"country": "ITA", "city": "Roma", "postcode": "00100"}, "1!"),
        ("ACME", {"country": "ITA", "web": "http://www.acme.it"}, "1!"),
        ("acme ag", {"country": "ITA", "web": "http://www.acme.it"}, "1"),
        ("acme", {"country": "ITA", "web": "http://www.acme.it", "city": "Milano"}, "1"),
        ("acmee", {"country": "ITA", "web": "http://www.acme.it"}, "1"),
        ("ACM", {"country": "ITA", "web": "http://www.acme.it"}, "1"),
        ("acme", {"country": "ITA", "web": "acme.it", "pic": "900000009"}, "1"),
        ("acme", {"pic": "900000002"}, "2!"),
        ("", {"pic": "900000002"}, "2!"),
        ("Something else entirely", {"pic": "900000002"}, "2"),
        ("900000002", {}, "2!"),
        ("acme gmbh", {"vat": "DE 777.777"}, "2!"),
        ("", {"vat": "DE777777"}, "2"),
        ("Oxford University", {"vat": "GB1234567"}, "3!"),
        ("Physics", {"vat": "GB1234567"}, "4"),
        ("Stadtwerke", {"country": "DEU", "city": "Ulm", "postcode": "89073"}, "5"),
        ("Xyzzy", {"country": "DEU"}, ""),
    ],
)
def test_certain_matches(index: Index, text: str, evidence: dict[str, str], found: str) -> None:
    assert ask(index, text, **evidence) == found


def test_labels_are_certain_when_their_type_was_asked_for(index: Index) -> None:
    assert ask(index, "Fuel Cells", None) == "8"
    assert ask(index, "Fuel Cells", frozenset({TECHNOLOGY})) == "8!"
    assert ask(index, "ulm", frozenset({PLACE})) == "9!"
    assert ask(index, "", frozenset({PLACE}), code="de144") == "9!"
    assert ask(index, "fuel cells", frozenset()) == ""


def test_types_are_a_wish_where_they_are_not_strict(index: Index) -> None:
    found = index.search(Query("acme", frozenset({CLUSTER}), strict=False))

    assert [c.entity.kind for c in found][:2] == [CLUSTER, ORGANISATION]
    assert not found[0].match
    assert len(index.search(Query("acme", limit=1))) == 1


def test_features_say_why(index: Index) -> None:
    stated = {"country": ("Italy", "ITA"), "vat": ("IT999999",)}
    first = index.search(Query("acme srl", KIND, evidence=stated))[0]

    assert first.features == {"name": 1.0, "legal_form": 0.0, "country": 1.0, "vat": False}
    assert first.score < 70


def test_namesakes_are_those_with_a_name_or_vat_number_in_common(index: Index) -> None:
    assert [e.iri[-1] for e in index.namesakes()] == ["1", "2", "3", "4", "5", "6"]


def test_suggestions_begin_with_what_was_typed(index: Index) -> None:
    assert [e.iri[-1] for e in index.suggest("univ ox")] == ["3"]
    assert [e.iri[-1] for e in index.suggest("acm", frozenset({CLUSTER}))] == ["7"]
    assert list(index.suggest("  ")) == []


def test_an_index_may_be_empty() -> None:
    empty = Index([], lambda _: None)

    assert empty.search(Query("anything")) == []
    assert list(empty.suggest("a")) == []


@pytest.mark.parametrize("change", evaluation.CHANGES)
def test_changed_names_lead_to_their_organisation(sample_index: Index, change: str) -> None:
    """On the sample, the first candidate is right for at least 98 of 100 changed names."""
    asked = evaluation.organisations(sample_index, 150, seed=7)
    found = evaluation.first(sample_index, asked, change, 7, ("country",))

    assert found.share >= 0.98, [(name, entity.label) for name, entity in found.missed]


@pytest.mark.parametrize(
    "evidence", [(), ("country",), ("country", "city"), ("country", "web"), ("vat", "country")]
)
def test_organisations_held_out_are_not_matched(
    sample_index: Index, evidence: tuple[str, ...]
) -> None:
    """No organisation is matched automatically with another when it is not in the graph itself."""
    asked = {e.iri: e for e in sample_index.namesakes()}
    asked |= {e.iri: e for e in evaluation.organisations(sample_index, 60, seed=3)}
    wrong = list(evaluation.wrong(sample_index, asked.values(), evidence))

    assert [(w.asked.label, w.matched.label) for w in wrong if not w.again] == []
    assert {e.kind for e in sample_index.entities} == set(KINDS)


def test_a_held_out_half_of_the_sample_is_not_matched(sample_index: Index) -> None:
    """In an index of one half, no name of the other half is a certain match."""
    organisations = [e for e in sample_index.entities if e.kind == ORGANISATION]
    half = Index(organisations[::2], sample_index.place)
    for entity in organisations[1::8]:
        stated = {n: entity.evidence[n] for n in ("country", "city") if n in entity.evidence}
        found = half.search(Query(entity.label, KIND, evidence=stated))

        assert [c.entity.label for c in found if c.match] == []
