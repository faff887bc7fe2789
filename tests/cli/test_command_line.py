"""The command line answers at once, explains every command, and reports errors in one shape."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from kg.cli import app

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("duckdb", "pyarrow", "pydantic", "rdflib", "pyoxigraph", "fastapi", "owlready2", "pyshacl")
COMMANDS = [command.name or "" for command in app.registered_commands]


def atlas(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg.cli", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_help_imports_nothing_heavy() -> None:
    """What makes `atlas --help` slow are packages that it does not need."""
    code = (
        "import sys; from typer.testing import CliRunner; from kg.cli import app;"
        "CliRunner().invoke(app, ['--help']); print(*sys.modules)"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert set(HEAVY) & set(loaded.stdout.split()) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])

    assert result.exit_code == 0
    command = next(c for c in app.registered_commands if c.name == name)
    assert command.callback is not None
    assert command.callback.__doc__


def test_the_issue_of_a_missing_release_is_told(tmp_path: Path) -> None:
    result = atlas("sparql", "ASK {}", home=tmp_path)

    assert result.returncode == 1
    assert result.stderr.startswith("Not found: Nothing is published yet")


def test_errors_come_as_problem_details_with_json(tmp_path: Path) -> None:
    result = atlas("--json", "load", "nowhere", "x.csv", home=tmp_path)

    problem = json.loads(result.stderr)
    assert result.returncode == 1
    assert problem["status"] == 404
    assert "cordis" in problem["known"]


def test_settings_are_listed_with_their_variables(tmp_path: Path) -> None:
    result = atlas("--json", "settings", home=tmp_path)

    rows = {row["variable"]: row for row in json.loads(result.stdout)}
    assert rows["ATLAS_HOME"]["value"] == str(tmp_path)
    assert all(row["description"] for row in rows.values())


def test_a_setting_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_PORT", "many")

    result = atlas("settings", home=tmp_path)

    assert result.returncode == 1
    assert "ATLAS_PORT" in result.stderr
