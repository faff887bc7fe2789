"""The folders say what they may know: kg <- loaders <- api, and only kg.cli sees all three."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parent.parent
PACKAGES = ("kg", "loaders", "api")
ALLOWED = {"kg": {"kg"}, "loaders": {"kg", "loaders"}, "api": {"kg", "loaders", "api"}}


def modules() -> dict[str, Path]:
    """Return every module of the three packages by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((TOP / package).rglob("*.py")):
            parts = path.relative_to(TOP).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imported(path: Path, *, at_run_time: bool) -> Iterator[str]:
    """Yield the dotted names that a module imports; `if TYPE_CHECKING:` is not run time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set()
    if at_run_time:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", [n for n in MODULES if not n.startswith("kg.cli")])
def test_dependencies_point_one_way(name: str) -> None:
    """A module imports only what its package may know, and nobody imports the command line."""
    package = name.partition(".")[0]
    for other in imported(MODULES[name], at_run_time=False):
        top = other.partition(".")[0]
        assert top not in set(PACKAGES) - ALLOWED[package], f"{name} imports {other}"
        assert not other.startswith("kg.cli"), f"{name} imports {other}"


def test_there_are_no_cycles() -> None:
    graph = {
        name: {o for o in imported(path, at_run_time=True) if o in MODULES and o != name}
        - {name.rpartition(".")[0]}
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These modules import one another: {' -> '.join(error.args[1])}")


def test_data_folders_hold_no_code() -> None:
    for folder in ("ontology", "shapes", "queries"):
        assert list((TOP / folder).rglob("*.py")) == []


def test_the_page_of_the_architecture_names_every_module() -> None:
    """Whoever looks for something in `kg` finds what it is for."""
    page = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("### What is where in `kg/`")[2].partition("## Facts")[0]
    places = [p for p in (TOP / "kg").iterdir() if p.name != "py.typed" and p.name[0] not in "_."]

    assert len(places) > 60
    missing = [p.stem for p in places if f"`{p.stem}`" not in table]
    assert missing == [], "put them into the table of docs/architecture.md"
