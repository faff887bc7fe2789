"""Parts of files are those that RFC 9110 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import ranges
from api.ranges import RangeError


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 0)),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("BYTES = 10-19".lower(), (10, 19)),
        ("bytes=90-1000", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-1000", (0, 99)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=99999999999999999999-", None),
    ],
)
def test_fields(field: str | None, expected: tuple[int, int] | None) -> None:
    assert ranges.wanted(field, 100) == expected


@pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=1000-2000", "bytes=-0"])
def test_what_lies_outside_is_refused(field: str) -> None:
    with pytest.raises(RangeError) as caught:
        ranges.wanted(field, 100)

    assert caught.value.members == {"size": 100}


@given(st.integers(0, 120), st.integers(0, 120))
def test_a_range_is_a_slice(first: int, last: int) -> None:
    content = bytes(range(100))
    if first > 99:
        with pytest.raises(RangeError):
            ranges.wanted(f"bytes={first}-", 100)
        return
    found = ranges.wanted(f"bytes={first}-{last}", 100)
    if last < first:
        assert found is None
    else:
        assert found is not None
        assert content[found[0] : found[1] + 1] == content[first : last + 1]
