"""`atlas new` begins a loader, a shape or a query that passes the tests right away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kg import scaffolds
from kg.errors import IdentifierError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

TOP = Path(__file__).parents[2]
PARTS = ("kg", "loaders", "ontology", "shapes", "queries")
TESTS = ("loaders", "shapes", "queries")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the tests of loaders, shapes and queries need."""
    ignored = shutil.ignore_patterns("__pycache__", "sample")
    for part in PARTS:
        shutil.copytree(TOP / part, tmp_path / part, ignore=ignored)
    for part in TESTS:
        shutil.copytree(TOP / "tests" / part, tmp_path / "tests" / part, ignore=ignored)
    shutil.copy(TOP / "tests" / "conftest.py", tmp_path / "tests")
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    return tmp_path


def test_what_is_begun_passes(run: Callable[..., Any], checkout: Path) -> None:
    """One file and a case folder each; the case, and the tests that look at every file, pass."""
    for piece, name in (("loader", "chambers"), ("shape", "short-name"), ("query", "by-country")):
        done = run("new", piece, name, home=checkout / "home", cwd=checkout)

        assert done.returncode == 0, done.stderr
        for line in done.stdout.split("\n\n")[0].splitlines():
            assert (checkout / line).is_file()

    # The one test left out would publish the sample first.
    begun = "chambers or short-name or by-country or Short or has_a_case or belong_to"
    chosen = f"({begun}) and not runs_as_it_stands"
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        + [f"tests/{part}" for part in TESTS]
        + ["-k", chosen],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert tested.returncode == 0, tested.stdout
    assert "failed" not in tested.stdout


def test_what_is_begun_is_in_the_house_style(checkout: Path) -> None:
    scaffolds.begin("loader", "chambers", checkout)

    for check in (["check"], ["format", "--check"]):
        found = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", "loaders/chambers.py"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("piece", scaffolds.SCAFFOLDS)
def test_nothing_is_overwritten(piece: str, checkout: Path) -> None:
    """A second time, or with a case left over, nothing is written."""
    written = scaffolds.begin(piece, "twice", checkout)
    (checkout / written[0]).unlink()

    with pytest.raises(IdentifierError, match="nothing was written") as caught:
        scaffolds.begin(piece, "twice", checkout)

    assert caught.value.members["existing"] == [str(path) for path in written[1:]]
    assert not (checkout / written[0]).exists()


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a b", "-a", "a/b", "ü"])
@pytest.mark.parametrize("piece", scaffolds.SCAFFOLDS)
def test_a_name_that_cannot_be_one_is_refused(piece: str, name: str) -> None:
    with pytest.raises(IdentifierError, match=f"cannot name a {piece}: expected small letters"):
        scaffolds.begin(piece, name, TOP)


def test_a_keyword_names_no_loader() -> None:
    with pytest.raises(IdentifierError, match="'class' cannot name a loader"):
        scaffolds.begin("loader", "class", TOP)


def test_outside_a_checkout_it_says_where_to_go(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("new", "shape", "anything", home=tmp_path / "home", cwd=tmp_path)

    assert done.returncode == 1
    assert "run the command in its top folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_outside_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "loaders").mkdir()

    with pytest.raises(NotFoundError) as caught:
        scaffolds.begin("loader", "chambers", tmp_path)

    assert "pyproject.toml" in caught.value.members["missing"]
    assert list((tmp_path / "loaders").iterdir()) == []
