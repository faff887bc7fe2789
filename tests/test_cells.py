"""Cells of CSV: truth in its canonical form, no text that is run as a formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.cells import cell


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (True, "true"), (False, "false"), (-1, -1), (1.5, 1.5), ("=1+1", "'=1+1")],
)
def test_cells(value: object, written: object) -> None:
    assert cell(value) == written


@given(st.text())
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    """What is read back is the text, with at most an apostrophe in front."""
    written = io.StringIO(newline="")
    csv.writer(written).writerow([cell(text), "end"])
    [[found, _]] = csv.reader(io.StringIO(written.getvalue(), newline=""))

    assert found in {text, f"'{text}"}
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
