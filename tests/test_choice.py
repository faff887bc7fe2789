"""Of contradicting values one is chosen by a stated rule, and the others are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import choice
from kg.imports import chosen
from kg.statements import LITERAL, SCHEMA, Statement
from kg.terms import XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Choose = Callable[[list[Statement]], tuple[list[str], list[tuple[str, int, str]]]]

NAME = "http://example.org/name"


def stated(value: str, line: int, modified: str | None = None, predicate: str = NAME) -> Statement:
    return Statement(
        "http://example.org/a", predicate, value, LITERAL, XSD_STRING, None,
        "http://example.org/g", "rows.csv", line, "name", f"rows.csv/{line}", modified,
    )  # fmt: skip


@pytest.fixture(scope="module")
def choose() -> Iterator[Choose]:
    """Return what gives the values that are left of rows, and the others; one database for all."""
    with duckdb.connect() as connection:

        def choose(rows: list[Statement]) -> tuple[list[str], list[tuple[str, int, str]]]:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(c, type=f.type) for c, f in zip(columns, SCHEMA, strict=True)]
            connection.register("plain", pa.Table.from_arrays(arrays, schema=SCHEMA))
            connection.begin()
            connection.execute(
                "CREATE TABLE rows AS SELECT *, row_number() OVER (ORDER BY line)"
                " AS file_row_number FROM plain"
            )
            choice.choose(connection, "rows", [NAME])
            kept = connection.execute(
                f"SELECT DISTINCT object FROM {chosen('rows', 'alternative')} ORDER BY ALL"
            ).fetchall()
            lost = connection.execute("SELECT object, line, chosen FROM alternative").fetchall()
            connection.rollback()
            return [value for (value,) in kept], lost

        yield choose


def test_the_newest_value_wins(choose: Choose) -> None:
    rows = [stated("old", 2, "2020-01-01"), stated("new", 3, "2024-01-01"), stated("none", 4)]

    assert choose(rows) == (["new"], [("old", 2, "new"), ("none", 4, "new")])


def test_without_dates_the_most_frequent_wins(choose: Choose) -> None:
    rows = [stated("b", 2), stated("a", 3), stated("b", 4)]

    assert choose(rows) == (["b"], [("a", 3, "b")])


def test_a_tie_goes_to_the_first_in_order(choose: Choose) -> None:
    assert choose([stated("b", 2), stated("a", 3)]) == (["a"], [("b", 2, "a")])


def test_other_properties_keep_all_their_values(choose: Choose) -> None:
    rows = [stated(v, 2, predicate="http://example.org/keyword") for v in ("a", "b")]

    assert choose(rows) == (["a", "b"], [])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["2020", "2021", None]))))
def test_the_order_of_the_rows_does_not_matter(
    choose: Choose, values: list[tuple[str, str | None]]
) -> None:
    """Exactly one value is left, the same whichever way round the file is."""
    rows = [stated(v, n, m) for n, (v, m) in enumerate([*values, ("z", None)], start=1)]

    kept, lost = choose(rows)

    assert len(kept) == 1
    assert kept == choose(rows[::-1])[0]
    assert len(lost) == sum(r.object != kept[0] for r in rows)
