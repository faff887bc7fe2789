"""What two answers tell: an algebra of rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.watching.comparing import Change, Observed, Row, compare, keyed
from kg.watching.history import following

KEYS = st.sampled_from("abcdef")
ANSWERS = st.dictionaries(KEYS, st.integers(0, 2)).map(
    lambda values: {key: row(key, value) for key, value in values.items()}
)


def row(key: str, value: int) -> Row:
    return Row(key, None, key.upper(), {"value": value})


def applied(rows: dict[str, Row], changes: tuple[Change, ...]) -> dict[str, Row]:
    """Return rows after changes, each of which must fit."""
    after = dict(rows)
    for change in changes:
        key = change.row.key
        if change.kind == "new":
            assert key not in after
        elif change.kind == "changed":
            assert after[key].values == change.before
        if change.kind == "gone":
            assert after.pop(key) == change.row
        else:
            after[key] = change.row
    return after


@given(ANSWERS, ANSWERS)
def test_changes_lead_from_one_answer_to_the_other(
    before: dict[str, Row], after: dict[str, Row]
) -> None:
    """Applied to the first answer they give the second, and nothing is told twice."""
    changes, known = compare(before, Observed(after))

    assert applied(before, changes) == after == known
    assert len({c.row.key for c in changes}) == len(changes)


@given(ANSWERS)
def test_the_same_answer_changes_nothing(rows: dict[str, Row]) -> None:
    assert compare(rows, Observed(rows)) == ((), rows)
    assert compare(rows, Observed(rows, complete=False)) == ((), rows)


@given(ANSWERS, ANSWERS)
def test_a_cut_answer_never_says_gone(before: dict[str, Row], after: dict[str, Row]) -> None:
    """What it lacks may stand behind the cut, and stays known."""
    changes, known = compare(before, Observed(after, complete=False))

    assert "gone" not in {change.kind for change in changes}
    assert set(known) == set(before) | set(after)
    assert applied(before, changes) == known


@given(st.lists(st.tuples(ANSWERS, st.sampled_from(["whole", "cut", "failed"])), min_size=1))
def test_steps_add_up(answers: list[tuple[dict[str, Row], str]]) -> None:
    """Whatever happened in between, what was told leads from the first answer to what is known."""
    step, told = None, None
    for number, (rows, how) in enumerate(answers, 1):
        seen = Observed(failure="no") if how == "failed" else Observed(rows, how == "whole")
        step = following(step, number, "2026-01-01T00:00:00+00:00", seen)
        if told is None:
            assert step.changes == ()
            told = None if step.rows is None else dict(step.rows)
        else:
            told = applied(told, step.changes)
        assert told == step.rows

        if how == "whole":
            assert told == rows


def test_a_failure_is_compared_over() -> None:
    """The release after one that had no answer is compared with the last that had one."""
    first = following(None, 1, "", Observed({"a": row("a", 1)}))
    second = following(first, 2, "", Observed(failure="The time limit was reached"))
    third = following(second, 3, "", Observed({"a": row("a", 2)}))

    assert (second.before, second.changes, second.failure) == (1, (), "The time limit was reached")
    assert third.before == 1
    assert third.changes == (Change("changed", row("a", 2), {"value": 1}),)


def test_rows_of_one_key_are_told_apart() -> None:
    """The first in order has the key itself, so that a second one does not make it another row."""
    rows = [row("a", 2), row("a", 1), row("b", 0), row("a", 1)]

    assert {key: r.values["value"] for key, r in keyed(rows).items()} == {"a": 1, "a#2": 2, "b": 0}
    assert keyed(reversed(rows)) == keyed(rows)
