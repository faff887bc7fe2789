"""The commands of curators; the worked example of docs/how-to/curate.md runs most of them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Run

RULE = "OrganisationRegion"


@pytest.fixture(scope="module")
def home(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sample's workspace, to be decided about."""
    home = tmp_path_factory.mktemp("curating") / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    return home


def told(run: Callable[..., Run], home: Path, *arguments: str) -> Any:
    """Return what a command prints as JSON."""
    done = run("--json", *arguments, home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_choice_and_its_undoing(run: Callable[..., Run], home: Path) -> None:
    """What holds changes, is told with the decision, and is back when that is taken back."""
    before = told(run, home, "conflicts", "cordis")
    assert before["total"]
    item = before["conflicts"][0]
    other = next(v for v in item["values"] if not v["holds"])["value"]
    made = told(
        run, home, "choose", "cordis", "--entity", item["entity"], "--property", item["property"],
        "--value", other, "--no-publish",
    )  # fmt: skip
    [decision] = made["decisions"]
    assert (decision["kind"], decision["value"]) == ("choose", other)
    assert made["release"] is None
    assert told(run, home, "build")["release"] == 2
    now = told(run, home, "conflicts", "cordis", "--entity", item["entity"])["conflicts"]
    held = {c["property"]: c["values"][0]["value"] for c in now}
    assert held[item["property"]] == other

    undone = told(run, home, "undo", decision["id"])
    assert undone["decisions"][0]["undoes"] == decision["id"]
    assert told(run, home, "conflicts", "cordis") == before
    every = told(run, home, "decisions")
    assert [(d["kind"], d["holds"]) for d in every] == [("choose", False), ("undo", False)]
    assert told(run, home, "recipes") == []


def test_a_rejected_record_is_in_the_report(run: Callable[..., Run], home: Path) -> None:
    finding = told(run, home, "report", "partnering", "--rule", RULE, "--limit", "1")["findings"][0]
    made = told(run, home, "reject", "partnering", "--record", finding["record"], "--why", "double",
                "--no-publish")  # fmt: skip
    difference = told(run, home, "diff", "partnering", "--seconds", "0")
    assert difference["quarantine"] == {"set_aside": 1, "let_in": 0}
    assert told(run, home, "build")["built"]
    listed = told(run, home, "report", "partnering", "--show", "decisions")["items"]

    assert [(d["id"], d["kind"], d["times"]) for d in listed] == [
        (made["decisions"][0]["id"], "reject", 1)
    ]
    assert told(run, home, "undo", listed[0]["id"].partition("-")[0])["release"]
    assert told(run, home, "report", "partnering", "--show", "decisions")["items"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("repair", "cordis", "--to", "x"), "Which finding?"),
        (("repair", "nothing", "--to", "x", "--rule", RULE), "no import or source"),
        (("reject", "cordis", "--record", "none", "--why", "x"), "no record"),
        (("reject", "cordis", "--record", "none"), "--why"),
        (("waive", "cordis", "--rule", RULE, "--until", "soon", "--why", "x", "--everywhere"), ""),
        (("undo", "none"), "no import or source"),
        (("accept", "cordis", "--rule", RULE, "--floor", "2"), "floor"),
    ],
)
def test_what_cannot_be_decided_is_told(
    run: Callable[..., Run], home: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = run(*arguments, home=home)

    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
