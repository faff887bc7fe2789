"""What every file in queries/ must be."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pyoxigraph
import pytest

from kg import ontology, savedqueries
from kg.query import local
from kg.savedqueries import reference
from kg.terms import DEFAULT_BASE, ontology_namespace

if TYPE_CHECKING:
    from kg.savedqueries import Bound, SavedQuery, Vocabulary

ATLAS = ontology_namespace(DEFAULT_BASE)
QUERIES = savedqueries.discover(DEFAULT_BASE)
NAMED = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)


def variants(query: SavedQuery) -> list[Bound]:
    """Return the query with its examples, in every choice of optional parameters."""
    optional = [p.name for p in query.parameters if p.optional]
    chosen = [
        set(names)
        for size in range(len(optional) + 1)
        for names in itertools.combinations(optional, size)
    ]
    return [
        savedqueries.Bound(
            query,
            {n: t for n, t in query.examples.items() if n in names or n not in optional},
            query.limit,
        )
        for names in chosen
    ]


def body(query: SavedQuery) -> str:
    """Return the query without its comments."""
    lines = query.text.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@NAMED
def test_runs_as_it_stands(query: SavedQuery, vocabulary: Vocabulary) -> None:
    """The file is a SPARQL query as it is, and so is every choice of optional parameters."""
    texts = [query.text, *(bound.text for bound in variants(query))]

    for text in texts:
        assert list(local.select(vocabulary.store, text).variables)


@NAMED
def test_every_choice_of_parameters_returns_the_same_columns(query: SavedQuery) -> None:
    """What is left out with an optional parameter never takes a column with it."""
    store = pyoxigraph.Store()
    columns = {
        tuple(v.value for v in local.select(store, text).variables)
        for text in [query.text, *(bound.text for bound in variants(query))]
    }

    assert len(columns) == 1


@NAMED
def test_is_described_in_english_and_german(query: SavedQuery) -> None:
    """Summary, description and every parameter are told in both languages."""
    for said in (query.summary, query.description, *(p.description for p in query.parameters)):
        assert said["en"].strip()
        assert said["de"].strip()
        assert said["en"] != said["de"]

    for language in ("en", "de"):
        assert query.description[language].endswith(".")
        assert not query.summary[language].endswith(".")


@NAMED
def test_uses_only_declared_terms(query: SavedQuery) -> None:
    """A misspelt property would find nothing and say nothing."""
    used = {ATLAS + name for name in re.findall(r"\batlas:(\w+)", body(query))}

    assert used <= set(ontology.read().own_terms)


@NAMED
def test_avoids_what_the_engine_does_badly(query: SavedQuery) -> None:
    """NOT EXISTS takes minutes where MINUS takes milliseconds; unordered rows are not an answer."""
    text = body(query).upper()

    assert "EXISTS" not in text
    assert text.rstrip().splitlines()[-1].startswith(("ORDER BY", "LIMIT"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_reference_names_every_query_and_parameter(language: str) -> None:
    """The page of the documentation is written from the files."""
    page = reference.page(QUERIES.values(), language)

    for query in QUERIES.values():
        assert f"## {query.name}\n" in page
        for parameter in query.parameters:
            assert f"| `{parameter.name}` |" in page
