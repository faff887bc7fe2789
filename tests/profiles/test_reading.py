"""Reading profiles: three forms that say the same, and what is no profile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import jsonld
from kg.fixes import Lists
from kg.profiles import kinds, schema, telling
from kg.profiles.facts import Fact, NotAProfileError
from kg.profiles.reading import JSON, JSON_LD, TURTLE, Reader
from kg.statements import IRI
from kg.terms import COUNTRY, DEFAULT_BASE, NUTS, XSD_BOOLEAN, XSD_INTEGER

if TYPE_CHECKING:
    from kg.staging import Rules

ATLAS = DEFAULT_BASE + "ontology#"

CLUSTER = {
    "type": "Cluster",
    "title": {"en": "Light cluster", "de": "Lichtcluster"},
    "country": "DE",
    "region": "DE212",
    "sector": ["photonics"],
    "memberCount": 12,
}
IN_TURTLE = f"""
PREFIX atlas: <{ATLAS}>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
[] a atlas:Cluster ; atlas:title "Light cluster"@en, "Lichtcluster"@de ;
  atlas:country <{COUNTRY}DEU> ; atlas:region <{NUTS}DE212> ;
  atlas:sector <{DEFAULT_BASE}id/technology/photonics> ; atlas:memberCount 12 .
"""
IN_JSON_LD = {
    "@context": f"{DEFAULT_BASE}context.jsonld",
    "@type": "Cluster",
    "title": [
        {"@value": "Light cluster", "@language": "en"},
        {"@value": "Lichtcluster", "@language": "de"},
    ],
    "country": f"{COUNTRY}DEU",
    "region": f"{NUTS}DE212",
    "sector": f"{DEFAULT_BASE}id/technology/photonics",
    "memberCount": 12,
}


@pytest.fixture(scope="module")
def reader(profile_rules: Rules) -> Reader:
    from pyoxigraph import NamedNode, Quad  # noqa: PLC0415

    ontology = profile_rules.ontology
    quads = (Quad(t.subject, NamedNode(t.predicate), t.object) for t in ontology.triples())
    lists = Lists(countries={"DE": f"{COUNTRY}DEU"})
    context = jsonld.context(quads, DEFAULT_BASE)
    return Reader(DEFAULT_BASE, schema.datatypes(ontology), context, lists)


def test_three_forms_say_the_same(reader: Reader) -> None:
    read = [
        reader.read(json.dumps(CLUSTER).encode(), JSON),
        reader.read(json.dumps(IN_JSON_LD).encode(), JSON_LD),
        reader.read(IN_TURTLE.encode(), TURTLE),
    ]

    first = set(read[0].facts)
    assert Fact("country", f"{COUNTRY}DEU", IRI, None) in first
    assert all(one.cls == "Cluster" for one in read)
    assert [{(f.field, f.value, f.kind, f.language) for f in one.facts} for one in read[1:]] == [
        {(f.field, f.value, f.kind, f.language) for f in first}
    ] * 2


def test_what_was_read_can_be_submitted_again(reader: Reader) -> None:
    read = reader.read(json.dumps(CLUSTER).encode(), JSON)
    again = reader.read(json.dumps(telling.as_submitted(read)).encode(), JSON)

    assert set(again.facts) == set(read.facts)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("[]", ""),
        ("{", ""),
        ('{"type": "Project"}', "/type"),
        ('{"type": "Cluster", "secret": 1}', "/secret"),
        ('{"type": "Cluster", "title": "a", "title": "b"}', "/title"),
        ('{"type": "Cluster", "title": ["a", "b"]}', "/title"),
        ('{"type": "Cluster", "title": {"not a tag!": "a"}}', "/title/not a tag!"),
        ('{"type": "Cluster", "country": {"en": "a"}}', "/country"),
        ('{"type": "Cluster", "memberCount": NaN}', ""),
        ('{"type": "Cluster", "title": "a\\u0000b"}', "/title"),
        ("[" * 5000, ""),
    ],
)
def test_what_is_no_profile_says_where(reader: Reader, body: str, place: str) -> None:
    with pytest.raises(NotAProfileError) as caught:
        reader.read(body.encode(), JSON)

    assert caught.value.members["faults"][0]["place"] == place
    assert caught.value.members["faults"][0]["expected"]


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        (JSON_LD, '{"@context": "https://elsewhere.example/c", "@type": "Cluster"}'),
        (JSON_LD, '{"@context": {"@import": "https://elsewhere.example/c"}}'),
        (TURTLE, "<a> <b> <c> . <d> <e> <f> ."),
        (TURTLE, f"[] a <{ATLAS}Project> ."),
        (TURTLE, f'[] a <{ATLAS}Cluster> ; <http://example.org/p> "x" .'),
        (TURTLE, f"[] a <{ATLAS}Cluster> ; <{ATLAS}field> [] ."),
        (TURTLE, "nonsense"),
    ],
)
def test_rdf_is_about_one_profile_and_fetches_nothing(
    reader: Reader, media_type: str, text: str
) -> None:
    with pytest.raises(NotAProfileError):
        reader.read(text.encode(), media_type)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    cls=st.sampled_from([c for k in kinds.KINDS.values() for c in k.classes]),
    content=st.dictionaries(
        st.sampled_from(sorted({f for k in kinds.KINDS.values() for f in k.fields})), values
    ),
)
def test_anything_is_read_or_refused(reader: Reader, cls: str, content: dict[str, Any]) -> None:
    """Whatever JSON comes, the answer is facts that can be written, or one error."""
    try:
        read = reader.read(json.dumps({"type": cls, **content}).encode(), JSON)
    except NotAProfileError:
        return
    for fact in read.facts:
        fact.value.encode("utf-8")
        assert fact.field in kinds.KINDS[read.kind].fields


def test_the_schema_is_one_and_says_what_the_shapes_say(profile_rules: Rules) -> None:
    made = schema.schema(profile_rules.ontology, profile_rules.shapes, DEFAULT_BASE, "de")
    jsonschema.Draft202012Validator.check_schema(made)
    check = jsonschema.Draft202012Validator(made)

    check.validate(CLUSTER)
    for wrong in ({"type": "Cluster"}, CLUSTER | {"memberCount": "many"}, CLUSTER | {"x": 1}):
        assert not check.is_valid(wrong)
    organisation = made["$defs"]["organisation"]["properties"]
    assert organisation["pic"]["pattern"] == "^[0-9]{9}$"
    assert organisation["activityType"]["enum"] == ["PRC", "HES", "REC", "PUB", "OTH"]
    assert made["$defs"]["cluster"]["properties"]["memberCount"]["minimum"] == 0
    assert made["$defs"]["offer"]["required"] == ["type", "title", "party"]


def test_every_field_is_a_property_of_the_ontology(profile_rules: Rules) -> None:
    declared = set(profile_rules.ontology.terms)

    for kind in kinds.KINDS.values():
        assert {ATLAS + name for name in (*kind.fields, *kind.classes)} <= declared


def test_datatypes_are_those_of_the_ontology(profile_rules: Rules) -> None:
    found = schema.datatypes(profile_rules.ontology)

    assert (found["isSme"], found["memberCount"]) == (XSD_BOOLEAN, XSD_INTEGER)
