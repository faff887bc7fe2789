"""What SQL does not calculate by itself is right to the last digit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.columns.macros import create_statements

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 2**127 - 1
integers = st.one_of(
    st.integers(-(10**6), 10**6), st.integers(-(10**22), 10**22), st.integers(-(10**35), 10**35)
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that has the macros."""
    with duckdb.connect() as made:
        made.execute("CREATE SCHEMA built")
        for statement in create_statements("built"):
            made.execute(statement)
        made.execute("SET search_path = 'main,built'")
        yield made


@given(a=integers, b=integers)
@example(a=170141183460469231731, b=1)
@example(a=170141183460469231732, b=3)
@example(a=-170141183460469231732, b=7)
@example(a=5, b=0)
def test_quotient(a: int, b: int, connection: duckdb.DuckDBPyConnection) -> None:
    """In units of 10^-18, cut off towards zero; NULL for zero and beyond the range."""
    found = connection.execute(
        f"SELECT atlas_quotient(CAST('{a}' AS HUGEINT), CAST('{b}' AS HUGEINT))"
    ).fetchall()[0][0]

    if b == 0:
        assert found is None
        return
    exact = abs(a) * 10**18 // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    assert found == (exact if abs(exact) <= LARGEST else None)
