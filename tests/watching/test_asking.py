"""Asking releases: resolved once, bounded, and compared over what could not be answered."""

from __future__ import annotations

import asyncio
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from kg import asof, releases, savedqueries
from kg.asof import Archive
from kg.errors import BusyError, ParameterError
from kg.identifiers import Identifiers
from kg.query.limits import Limits
from kg.store import Serving, open_release
from kg.terms import DEFAULT_BASE
from kg.watching import asking
from kg.watching.asking import QueryAsker, comparable, question
from kg.watching.following import follow
from kg.watching.history import History
from kg.watching.searches import Question

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Little

    from kg.releases import Release
    from kg.savedqueries import SavedQuery, Vocabulary
    from kg.watching.comparing import Observed

ALL = Question("query", "things", {})


def followed(
    little: Little, things: dict[str, SavedQuery], asked: Question, folder: Path, since: int = 0
) -> list[tuple[int, list[tuple[str, str]], str]]:
    """Return what is told of the releases: number, changes, failure."""

    async def run() -> None:
        archive = Archive(little.workspace, Serving(little.workspace))
        limits = Limits(timeout=20)
        async with QueryAsker(things, archive, Identifiers(DEFAULT_BASE), limits) as asker:
            kept = asof.kept(little.workspace)
            await follow(History(folder), asked, kept, since, asker.observe)

    asyncio.run(run())
    return [
        (s.release, [(c.kind, c.row.label) for c in s.changes], s.failure)
        for s in History(folder).steps()
    ]


def test_each_kept_release_is_told(
    little: Little, things: dict[str, SavedQuery], tmp_path: Path
) -> None:
    little.publish({"1": "a", "2": "b"})
    little.publish({"1": "a", "2": "B", "3": "c"})
    little.publish({"2": "B"})
    folder = tmp_path / "steps"

    assert followed(little, things, ALL, folder) == [
        (2, [("new", "c"), ("changed", "B")], ""),
        (3, [("gone", "a"), ("gone", "c")], ""),
    ]
    steps = list(History(folder).steps())
    assert steps[0].created == "2026-01-02T12:00:00+00:00"
    row = steps[0].changes[0].row
    assert row.key == row.id == f"{DEFAULT_BASE}id/thing/3"


def test_history_outlives_the_releases(
    little: Little, things: dict[str, SavedQuery], tmp_path: Path
) -> None:
    """Of a release that went before it was asked nothing is told; the next one tells it too."""
    folder = tmp_path / "steps"
    gone = [little.publish({"1": "a"}), little.publish({"1": "a", "2": "b"})]
    followed(little, things, ALL, folder)
    gone.append(little.publish({"1": "a", "2": "b", "3": "c"}))
    little.publish({"1": "a"})
    for release in gone:
        shutil.rmtree(release.folder)

    assert followed(little, things, ALL, folder) == [
        (2, [("new", "b")], ""),
        (4, [("gone", "b")], ""),
    ]


def test_rolling_back_tells_nothing(
    little: Little, things: dict[str, SavedQuery], tmp_path: Path
) -> None:
    """An older release that is current again was told before; the next one follows the newest."""
    folder = tmp_path / "steps"
    for name in "abc":
        little.publish({"1": name})
    before = followed(little, things, ALL, folder)
    releases.use(little.workspace, 2)
    rolled = followed(little, things, ALL, folder)
    little.publish({"1": "d"})
    after = followed(little, things, ALL, folder)

    assert rolled == before
    assert after == [*before, (4, [("changed", "d")], "")]
    assert [step.before for step in History(folder).steps()] == [1, 2, 3]


def test_a_search_begins_with_its_release(
    little: Little, things: dict[str, SavedQuery], tmp_path: Path
) -> None:
    for name in "abc":
        little.publish({"1": name})

    assert followed(little, things, ALL, tmp_path / "s", since=2) == [(3, [("changed", "c")], "")]


def test_a_cut_answer_is_known_as_such(
    little: Little,
    things: dict[str, SavedQuery],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second release has one row too many before those known: none of them is gone."""
    monkeypatch.setattr(asking, "MOST_ROWS", 3)
    little.publish({"5": "e", "6": "f"})
    little.publish({"1": "a", "2": "b", "5": "e", "6": "f"})
    little.publish({"1": "a", "6": "f"})
    found = followed(little, things, ALL, tmp_path / "s")

    assert found == [
        (2, [("new", "a"), ("new", "b")], ""),
        (3, [("gone", "b"), ("gone", "e")], ""),
    ]
    assert [s.complete for s in History(tmp_path / "s").steps()] == [False, True]


def test_a_query_beyond_its_limits_tells_nothing_false(
    little: Little, things: dict[str, SavedQuery], tmp_path: Path
) -> None:
    """It is ended, the release counts as not answered, and the next goes on from there."""
    heavy = savedqueries.definition.read(
        "things",
        things["things"].text.replace(
            "?thing rdfs:label ?label .",
            """?thing rdfs:label ?label .
            ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h . ?i ?t ?j .
            FILTER(CONCAT(STR(?b), STR(?d), STR(?f), STR(?h), STR(?j)) = "")""",
        ),
    )
    folder = tmp_path / "steps"
    little.publish({str(n): "x" for n in range(60)})
    followed(little, things, ALL, folder)
    little.publish({str(n): "x" for n in range(61)})

    async def run() -> None:
        archive = Archive(little.workspace, Serving(little.workspace))
        limits = Limits(timeout=0.5)
        queries = {"things": heavy}
        async with QueryAsker(queries, archive, Identifiers(DEFAULT_BASE), limits) as asker:
            kept = asof.kept(little.workspace)
            assert await follow(History(folder), ALL, kept, 0, asker.observe)

    asyncio.run(run())
    little.publish({str(n): "x" for n in range(62)})
    found = followed(little, things, ALL, folder)

    assert "time limit" in found[0][2]
    assert [(r, len(c)) for r, c, _ in found] == [(2, 0), (3, 2)]


def test_what_is_busy_is_asked_again(little: Little, tmp_path: Path) -> None:
    """Being busy says nothing of the answer: nothing is remembered of it."""
    little.publish({})

    async def busy(_release: Release, _question: Question) -> Observed:
        raise BusyError("Later")

    history = History(tmp_path / "s")
    done = asyncio.run(follow(history, ALL, asof.kept(little.workspace), 0, busy))

    assert not done
    assert history.last() is None


@pytest.fixture
def vocabulary(little: Little) -> Vocabulary:
    opened = open_release(little.publish({"1": "a"}))
    return savedqueries.Vocabulary(opened.store, Identifiers(DEFAULT_BASE), date(2026, 1, 1))


def test_all_rows_are_watched(things: dict[str, SavedQuery], vocabulary: Vocabulary) -> None:
    with pytest.raises(ParameterError, match="leave limit out"):
        question(things["things"], {"limit": ["5"]}, vocabulary)
    with pytest.raises(ParameterError):
        question(things["things"], {"prefixx": ["a"]}, vocabulary)
    assert question(things["things"], {"prefix": [" a "]}, vocabulary).parameters == {
        "prefix": ("a",)
    }
    assert question(things["things"], {"prefix": [""]}, vocabulary) == ALL


def test_a_sum_in_another_order_is_the_same() -> None:
    assert comparable(0.1 + 0.2) == comparable(0.3)
    assert comparable(float("nan")) == comparable(float("nan"))
    assert comparable(["b", "a"]) == comparable(["a", "b"])
    assert comparable(1) == 1
    assert comparable(True) is True
