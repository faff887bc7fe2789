"""Searches in the workspace: found by their holder, gone with the token."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kg.errors import NotFoundError, ParameterError, WorkspaceError
from kg.tokens import Tokens
from kg.watching import searches as module
from kg.watching.comparing import Observed
from kg.watching.history import following
from kg.watching.searches import Question, ReadQueries, Searches, Webhook
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

NOW = "2026-01-01T00:00:00+00:00"
QUESTION = Question("query", "things", {"prefix": ("a",)})


@pytest.fixture
def searches(tmp_path: Path) -> Searches:
    return Searches(Workspace(tmp_path))


def test_a_search_is_kept_as_it_is(searches: Searches) -> None:
    hook = Webhook("https://hooks.test/", "whsec_AAAA", 3)
    made = searches.create("anna", "Dinge: „ä“", QUESTION, 3, NOW, hook)

    assert searches.find(made.id, "anna") == made
    assert searches.every() == [made]
    assert searches.with_feed(made.feed_name) == made


def test_others_are_told_that_there_is_none(searches: Searches) -> None:
    made = searches.create("anna", "", QUESTION, 1, NOW)

    for name, owner in [(made.id, "bert"), ("0" * 16, "anna"), ("../..", "anna"), ("", "anna")]:
        with pytest.raises(NotFoundError):
            searches.find(name, owner)
    for name in (made.id, f"{made.id}-{'0' * 32}", made.feed, ""):
        with pytest.raises(NotFoundError):
            searches.with_feed(name)


def test_what_is_remembered_goes_with_the_question(searches: Searches) -> None:
    made = searches.create("anna", "", QUESTION, 1, NOW)
    searches.history(made).append(following(None, 1, NOW, Observed()))
    other = Question("query", "things", {"prefix": ("b",)})
    searches.save(module.Search(**{**vars(made), "question": other}))

    found = searches.find(made.id, "anna")
    assert searches.history(found).last() is None
    assert searches.history(made).last() is None


def test_the_searches_of_revoked_tokens_are_forgotten(searches: Searches, tmp_path: Path) -> None:
    """A new token of the same name is another one."""
    tokens = Tokens(Workspace(tmp_path))
    old = tokens.holder(f"Bearer {tokens.create('anna', 'reader')}")
    searches.create(old.id, "", QUESTION, 1, NOW)
    searches.forget_others(token.id for token in tokens.every())
    kept = searches.of(old.id)
    tokens.revoke("anna")
    new = tokens.holder(f"Bearer {tokens.create('anna', 'reader')}")
    searches.forget_others(token.id for token in tokens.every())

    assert len(kept) == 1
    assert new.id != old.id
    assert searches.every() == []


def test_there_is_a_most(searches: Searches, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SEARCHES", 2)
    for _ in range(2):
        searches.create("anna", "", QUESTION, 1, NOW)

    with pytest.raises(ParameterError):
        searches.create("anna", "", QUESTION, 1, NOW)
    searches.create("bert", "", QUESTION, 1, NOW)


def test_a_damaged_search_is_named_and_leaves_others_alone(searches: Searches) -> None:
    made = searches.create("anna", "", QUESTION, 1, NOW)
    (searches.top / "searches" / made.id / "search.json").write_text("{}")

    other = searches.create("bert", "", QUESTION, 1, NOW)

    with pytest.raises(WorkspaceError, match="damaged"):
        searches.find(made.id, "anna")
    assert searches.every() == [other]


def test_the_key_of_a_question_is_its_meaning() -> None:
    one = Question("query", "q", {"a": ("1",), "b": ("2", "3")})
    same = Question("query", "q", {"b": ("2", "3"), "a": ("1",)})
    others = [
        Question("lookup", "q", one.parameters),
        Question("query", "p", one.parameters),
        Question("query", "q", {"a": ("1",), "b": ("2",)}),
    ]

    assert one.key == same.key
    assert len({one.key, *(other.key for other in others)}) == 4


def test_queries_that_nobody_keeps_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were not read for the longest time go first."""
    monkeypatch.setattr(module, "MOST_QUERIES", 2)
    read = ReadQueries(Workspace(tmp_path))
    questions = [Question("query", "things", {"prefix": (letter,)}) for letter in "abc"]
    for age, question in enumerate(questions[:2]):
        read.history(question)
        os.utime(tmp_path / "watching" / "queries" / question.key, (age, age))
    read.history(questions[2])

    assert {q.parameters["prefix"] for q in read.every()} == {("b",), ("c",)}
