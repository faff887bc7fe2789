from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.identifiers import Identifiers
from kg.source import Context
from kg.terms import DEFAULT_BASE, OWL, RDF_TYPE
from loaders import _json_array
from loaders._json_array import Array

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def context() -> Context:
    return Context(Identifiers(DEFAULT_BASE), "graph")


def test_every_record_of_the_register_is_taken_or_rejected(
    load: Callable[..., Any], shared: Callable[[str], Path]
) -> None:
    loaded = load("ror", shared("organisations/ror_v2_records.json.gz"))
    organisations = [s for s in loaded.statements if s.predicate == RDF_TYPE]
    whole = [r for r in loaded.rejects if r.field == "id"]

    assert len(organisations) + len(whole) == 31_365
    assert {r.reason for r in whole} == {"withdrawn from the register"}
    assert [s for s in loaded.statements if s.predicate.startswith(OWL)] == []


@given(
    st.lists(st.fixed_dictionaries({"admin": st.text(max_size=20)}), max_size=12),
    st.sampled_from([None, 0, 2]),
    st.sampled_from([8, 64, 1000]),
)
def test_records_are_those_of_the_array(
    records: list[dict[str, str]], indent: int | None, largest: int
) -> None:
    """However an array is laid out and read in pieces, its records and their lines are found."""
    text = json.dumps(records, indent=indent, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json_array, "LARGEST", largest + 60)
        stream = io.BytesIO(text.encode("utf-8", "surrogatepass"))
        to = context()
        found = list(Array("x.json", stream, to, ["admin"]).records())

    assert [record for _, record in found] == records
    assert to.rejects == []
    for line, _ in found:
        assert "{" in text.split("\n")[line - 1]


def test_a_record_beyond_all_measure_costs_only_itself() -> None:
    """What is larger than any record is rejected, and what follows it is read."""
    huge = {"admin": "x" * (3 * _json_array.LARGEST)}
    text = json.dumps([{"admin": 1}, huge, {"admin": 2}], separators=(",\n", ":"))
    to = context()
    found = list(Array("x.json", io.BytesIO(text.encode()), to, ["admin"]).records())

    assert found == [(1, {"admin": 1}), (3, {"admin": 2})]
    assert [(r.line, len(r.text) <= 300) for r in to.rejects] == [(2, True)]
