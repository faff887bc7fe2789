"""Literals: which are well-formed, and in what order."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.shacl.lexical import DATATYPES, key_of
from kg.shacl.values import value_sql
from kg.terms import XSD

FORMS = {
    "integer": (["0", "-1", "+1", "007"], ["", "1.0", " 1", "1 ", "1_0", "0x1"]),
    "byte": (["127", "-128"], ["128", "-129"]),
    "unsignedLong": (["18446744073709551615"], ["18446744073709551616", "-1"]),
    "positiveInteger": (["1"], ["0", "-1"]),
    "decimal": (["1.", ".5", "-0.50", "1"], [".", "1e5", "INF"]),
    "double": (["1e5", "-INF", "NaN", ".5E-3"], ["inf", "nan", "1e", "1e5.0"]),
    "boolean": (["true", "false", "1", "0"], ["True", "yes", ""]),
    "date": (
        ["2024-02-29", "2000-02-29Z", "-0004-02-29"],
        ["2023-02-29", "1900-02-29", "24-01-01"],
    ),
    "dateTime": (
        ["2024-01-01T24:00:00", "2024-01-01T00:00:00.1+14:00"],
        ["2024-01-01", "2024-01-01T24:00:01", "2024-01-01T00:00:00+14:01", "2024-04-31T00:00:00"],
    ),
    "dateTimeStamp": (["2024-01-01T00:00:00Z"], ["2024-01-01T00:00:00"]),
    "time": (["23:59:59.999", "00:00:00Z"], ["25:00:00", "12:60:00", "12:00"]),
    "gYear": (["2024", "-0001", "12024Z"], ["24", "02024"]),
    "gYearMonth": (["2024-12"], ["2024-13"]),
    "gMonthDay": (["--02-29", "--12-31"], ["--02-30", "--04-31"]),
    "gMonth": (["--12"], ["--13", "12"]),
    "gDay": (["---31"], ["---32"]),
    "duration": (["P1Y", "-PT0.5S", "P1DT1H"], ["P", "PT", "P1DT", "1Y", "P1H"]),
    "dayTimeDuration": (["P1DT1H"], ["P1M", "P"]),
    "yearMonthDuration": (["P1M"], ["P1D"]),
    "hexBinary": (["", "0aFF"], ["0", "0g"]),
    "base64Binary": (["", "AAAA", "AA==", "AAA=", "A A A A"], ["AAB=", "A", "AB=="]),
    "language": (["en", "de-AT-1901"], ["", "toolonglanguage", "e_n"]),
    "token": (["", "a b"], [" a", "a  b", "a\tb"]),
    "normalizedString": ([" a  b "], ["a\nb"]),
    "NCName": (["a-1", "_x"], ["1a", "a:b", ""]),
    "Name": (["a:b"], ["1a"]),
    "NMTOKEN": (["1a"], ["a b", ""]),
}
NUMBERS = st.from_regex(r"[+-]?([0-9]{1,25}(\.[0-9]{0,25})?|\.[0-9]{1,25})", fullmatch=True)


def _values(literals: list[tuple[str, str]]) -> list[tuple[bool, str]]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE literal(id INTEGER, value VARCHAR, datatype VARCHAR)")
        rows = [(number, value, XSD + name) for number, (value, name) in enumerate(literals)]
        connection.executemany("INSERT INTO literal VALUES (?, ?, ?)", rows)
        names = sorted({name for _, name in literals})
        return connection.execute(
            f"SELECT coalesce(v.valid, false), v.key FROM literal"
            f" LEFT JOIN ({value_sql('literal', names)}) v USING (id) ORDER BY id"
        ).fetchall()


@pytest.mark.parametrize("name", FORMS)
def test_well_formed_and_ill_formed_literals(name: str) -> None:
    """What XML Schema allows is valid, what it does not is not."""
    good, bad = FORMS[name]
    valid = [valid for valid, _ in _values([(form, name) for form in (*good, *bad)])]

    assert [True] * len(good) + [False] * len(bad) == valid


def test_all_datatypes_at_once() -> None:
    """The SQL for every datatype together is sound, and a literal keeps its own verdict."""
    literals = [(form, name) for name, (good, _) in FORMS.items() for form in good]

    assert set(FORMS) <= set(DATATYPES)
    assert all(valid for valid, _ in _values(literals))


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=30))
def test_keys_are_in_the_order_of_the_numbers(numbers: list[str]) -> None:
    """The alphabet orders keys as Decimal orders numbers, in SQL and in Python alike."""
    keys = [key for _, key in _values([(number, "decimal") for number in numbers])]
    exact = [Decimal(number) for number in numbers]

    assert [key_of(number) for number in numbers] == keys
    for one, first in zip(keys, exact, strict=True):
        for other, second in zip(keys, exact, strict=True):
            assert (one < other) == (first < second)
