"""What is remembered stays whole, small, and survives the releases."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from kg.errors import WorkspaceError
from kg.watching import files, history
from kg.watching.comparing import Observed, Row
from kg.watching.history import History, following

if TYPE_CHECKING:
    from pathlib import Path


def observed(**values: int) -> Observed:
    return Observed({key: Row(key, None, key, {"value": v}) for key, v in values.items()})


def tell(kept: History, number: int, answer: Observed) -> None:
    kept.append(following(kept.last(), number, f"2026-01-{number:02}T00:00:00+00:00", answer))


def told(kept: History) -> list[tuple[int, list[tuple[str, str]]]]:
    return [(s.release, [(c.kind, c.row.key) for c in s.changes]) for s in kept.steps()]


def test_only_the_last_step_has_rows(tmp_path: Path) -> None:
    kept = History(tmp_path / "steps")
    for number, answer in enumerate([observed(a=1), observed(a=1, b=1), observed(b=2)], 1):
        tell(kept, number, answer)

    assert told(kept) == [(2, [("new", "b")]), (3, [("changed", "b"), ("gone", "a")])]
    assert [step.rows is None for step in kept.steps()] == [True, False]


def test_releases_that_change_nothing_need_no_file(tmp_path: Path) -> None:
    kept = History(tmp_path / "steps")
    for number in range(1, 6):
        tell(kept, number, observed(a=1))

    assert kept.releases() == [5]


def test_the_first_writer_of_a_step_wins(tmp_path: Path) -> None:
    """Two processes may ask at once; what one has told is not told differently by the other."""
    kept = History(tmp_path / "steps")
    tell(kept, 1, observed(a=1))
    before = kept.last()
    kept.append(following(before, 2, "2026-01-02T00:00:00+00:00", observed(a=2)))
    kept.append(following(before, 2, "2026-01-02T00:00:00+00:00", observed(a=3)))

    assert [c.row.values for s in kept.steps() for c in s.changes] == [{"value": 2}]


def test_who_is_killed_between_writing_and_clearing_loses_nothing(tmp_path: Path) -> None:
    kept = History(tmp_path / "steps")
    tell(kept, 1, observed(a=1))
    second = following(kept.last(), 2, "2026-01-02T00:00:00+00:00", observed(b=1))
    files.create(tmp_path / "steps" / "2.json.gz", second.content())
    (tmp_path / "steps" / ".partial-3.json.gz-00000000").write_bytes(b"half")
    tell(kept, 3, observed(b=1, c=1))

    assert told(kept) == [(2, [("new", "b"), ("gone", "a")]), (3, [("new", "c")])]


def test_old_steps_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_STEPS", 3)
    kept = History(tmp_path / "steps")
    for number in range(1, 9):
        tell(kept, number, observed(a=number))

    assert kept.releases() == [5, 6, 7, 8]


@pytest.mark.parametrize(
    "content", [b"", b"{}", gzip.compress(b"{}", mtime=0), gzip.compress(b"[", mtime=0)]
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    kept = History(tmp_path)
    (tmp_path / "1.json.gz").write_bytes(content)

    with pytest.raises(WorkspaceError, match=r"1\.json\.gz is damaged"):
        kept.last()


def test_files_are_for_the_owner_alone_and_leftovers_go(tmp_path: Path) -> None:
    folder = files.folder(tmp_path / "watching")
    files.replace(folder / "a", b"1")
    files.replace(folder / "a", b"2")
    left = folder / ".partial-b-0"
    left.write_bytes(b"half")
    files.tidy(folder)
    fresh = left.exists()

    assert (folder / "a").read_bytes() == b"2"
    assert (folder / "a").stat().st_mode & 0o777 == 0o600
    assert fresh, "it may still be being written"
