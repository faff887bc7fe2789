"""The shipped clusters, profiles and services: complete, founded, and enough for what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest

import loaders
from kg import shapes, statements
from kg.ontology import read as read_ontology
from kg.shacl import parse_shapes, validate
from kg.statements import Statement
from kg.terms import COUNTRY, DEFAULT_BASE, EUROSCIVOC, NUTS, RDF_TYPE, RDFS, RDFS_LABEL, SH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

PATHS = {source.name: path for source, path in loaders.samples()}
SOURCES = ("clusters", "partnering", "services")
ATLAS = DEFAULT_BASE + "ontology#"
ID = DEFAULT_BASE + "id/"
GRAPH = DEFAULT_BASE + "graph/ontology"

Loading = dict[str, list[Statement]]


@pytest.fixture(scope="module")
def loaded(load: Callable[..., Any]) -> Loading:
    """Return the statements of each sample, of the regions and of the landscape."""
    found: Loading = {}
    for name in (*SOURCES, "nuts", "landscape"):
        result = load(name, PATHS[name])

        assert result.rejects == []
        found[name] = [Statement(*s) for s in result.statements]
    return found


@pytest.fixture(scope="module")
def shipped(loaded: Loading) -> list[Statement]:
    """Return what the three samples state together."""
    return [row for name in SOURCES for row in loaded[name]]


def subjects(rows: Iterable[Statement], predicate: str, value: str | None = None) -> set[str]:
    return {r.subject for r in rows if r.predicate == predicate and value in (None, r.object)}


def values(rows: Iterable[Statement], predicate: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.predicate == ATLAS + predicate:
            found.setdefault(row.subject, set()).add(row.object)
    return found


def test_every_entity_has_type_and_one_label(shipped: list[Statement]) -> None:
    """Lists show each entity once, under one name."""
    labels = {(row.subject, row.object) for row in shipped if row.predicate == RDFS_LABEL}

    assert subjects(shipped, RDF_TYPE) == {row.subject for row in shipped}
    assert sorted(s for s, _ in labels) == sorted({row.subject for row in shipped})


def test_every_entity_has_a_source(shipped: list[Statement]) -> None:
    """Whatever is no source itself says where its facts are from; the network only is named."""
    sources = subjects(shipped, RDF_TYPE, ATLAS + "Source")
    named = {row.subject for row in shipped if row.predicate == ATLAS + "profileType"}
    parties = {row.object for row in shipped if row.subject in named}
    without = {row.subject for row in shipped} - sources - subjects(shipped, ATLAS + "statedBy")

    assert without <= parties
    assert len(sources) == 2


def test_what_is_made_up_says_so(shipped: list[Statement]) -> None:
    """What comes from the source of examples is marked and called an example; nothing else is."""
    marked = subjects(shipped, ATLAS + "illustrative", "true")
    source = f"{ID}source/examples-made-up-to-illustrate"
    called = {
        row.subject
        for row in shipped
        if row.predicate == RDFS_LABEL and row.object.startswith("Example")
    }

    assert marked == subjects(shipped, ATLAS + "statedBy", source)
    assert marked <= called
    assert called - marked - {source} <= {
        row.object for row in shipped if row.predicate == ATLAS + "party"
    }


def test_every_listing_is_made_up(shipped: list[Statement]) -> None:
    """No offer and no request of a real party is invented without being called an example."""
    listings = subjects(shipped, ATLAS + "profileType")

    assert listings
    assert listings <= subjects(shipped, ATLAS + "illustrative", "true")


def test_titles_are_in_both_languages(shipped: list[Statement]) -> None:
    """What is offered, sought or done for others has a title in English and in German."""
    titled = [row for row in shipped if row.predicate == ATLAS + "title"]
    sources = subjects(shipped, RDF_TYPE, ATLAS + "Source")
    english, german = (
        {row.subject for row in titled if row.language == language} for language in ("en", "de")
    )

    assert english - sources == german


def test_places_and_technologies_are_known(loaded: Loading, shipped: list[Statement]) -> None:
    """Regions and countries are those of the sample, technologies those of the scheme."""
    known = {row.subject for row in loaded["nuts"]} | set(read_ontology().terms)
    named = {row.object for row in shipped if row.kind == statements.IRI}
    technology = f"{ID}technology/"

    assert {i for i in named if i.startswith((NUTS, COUNTRY, EUROSCIVOC, technology))} <= known


def test_sample_has_no_violation(loaded: Loading, shipped: list[Statement]) -> None:
    """Nothing shipped goes into quarantine, and nothing that it refers to is unknown."""
    context = [
        row
        for row in (*loaded["nuts"], *loaded["landscape"], *read_ontology().statements(GRAPH))
        if row.predicate in (RDF_TYPE, RDFS + "subClassOf")
    ]
    with duckdb.connect() as connection:
        for name, rows in (("data", shipped), ("context", context)):
            table = pa.Table.from_batches(statements.batches(rows))
            connection.register(f"{name}_rows", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_rows")
        rules = parse_shapes(shapes.read(), DEFAULT_BASE)
        found = validate(connection, rules, data="data", context="context").by_shape()

    assert [shape for shape, severity, _ in found if severity == SH + "Violation"] == []
    assert [shape for shape, _, _ in found if shape.endswith("Known")] == []


def test_technology_centres_of_many_countries(shipped: list[Statement]) -> None:
    """Clean production is served at readiness levels 5 to 8 in at least five countries."""
    clean = subjects(shipped, ATLAS + "technology", f"{ID}technology/clean-production")
    offered, country = values(shipped, "offeredBy"), values(shipped, "country")
    low, high = values(shipped, "trlFrom"), values(shipped, "trlTo")
    services = {s for s in clean if offered.get(s) and low.get(s) == {"5"} and high[s] == {"8"}}
    centres = {c for s in services for c in offered[s]}

    assert len({place for c in centres for place in country.get(c, ())}) >= 5


def test_capacities_balance_and_fail(shipped: list[Statement]) -> None:
    """Each product is offered and sought in one unit; of some there is too little."""
    product, unit = values(shipped, "product"), values(shipped, "unit")
    quantity = values(shipped, "quantity")
    offers = subjects(shipped, RDF_TYPE, ATLAS + "CapacityOffer")
    requests = subjects(shipped, RDF_TYPE, ATLAS + "CapacityRequest")
    sums: dict[tuple[str, str], list[float]] = {}
    for listing in offers | requests:
        key = (*product[listing], *unit[listing])
        amount = float(*quantity[listing])
        sums.setdefault(key, [0.0, 0.0])[listing in requests] += amount

    assert len(sums) == len({name for name, _ in sums})
    assert all(offered and sought for offered, sought in sums.values())
    assert {offered < sought for offered, sought in sums.values()} == {True, False}


def test_two_pairs_of_clusters_complement_each_other(shipped: list[Statement]) -> None:
    """Each cluster of a pair masters, by a member, something that the other asks for."""
    cluster, member = values(shipped, "cluster"), values(shipped, "member")
    holder, technology = values(shipped, "holder"), values(shipped, "technology")
    party = values(shipped, "party")
    for one, other in (("its-owl", "dimecc"), ("cleantech", "automotive-nl")):
        for seeking, giving in ((one, other), (other, one)):
            iri = f"{ID}cluster/{giving}"
            members = {m for s, clusters in cluster.items() if iri in clusters for m in member[s]}
            mastered = {t for c, h in holder.items() if h & members for t in technology[c]}
            sought = {
                t
                for listing, parties in party.items()
                if f"{ID}cluster/{seeking}" in parties and "/request/" in listing
                for t in technology[listing]
            }

            assert mastered & sought, (seeking, giving)


def test_alpine_regions_are_there(shipped: list[Statement]) -> None:
    """The clusters of the Alps come from six countries and are joined in one network."""
    network = f"{ID}cluster/example-alpine-network"
    cluster, member = values(shipped, "cluster"), values(shipped, "member")
    joined = {m for s, clusters in cluster.items() if network in clusters for m in member[s]}
    country = values(shipped, "country")

    assert {c.rpartition("/")[2] for m in joined for c in country[m]} == {
        *("DEU", "FRA", "ITA", "AUT", "CHE", "SVN")
    }


def test_no_person_is_named(shipped: list[Statement]) -> None:
    """No address of mail, and contacts are functions."""
    assert [row for row in shipped if "@" in row.object] == []


def test_samples_are_small() -> None:
    """The wheel stays light."""
    for name in SOURCES:
        folder = Path(PATHS[name])

        assert sum(p.stat().st_size for p in folder.iterdir()) < 100_000
