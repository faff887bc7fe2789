"""`atlas consortium`: rules listed, a team checked, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kg.trade import rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_rules_are_listed_without_a_release(run: Callable[..., Any], tmp_path: Path) -> None:
    """As a table for people and with their conditions for scripts."""
    table = run("consortium", home=tmp_path).stdout
    listed = json.loads(run("--json", "consortium", home=tmp_path).stdout)

    assert "Horizon Europe" in table
    assert [rule["name"] for rule in listed] == rules.names()
    assert all(rule["conditions"] for rule in listed)


def test_a_team_is_checked_for_scripts(run: Callable[..., Any], sample_home: Path) -> None:
    """The outcome of each condition, and as many candidates as asked for."""
    arguments = ("consortium", "horizon", "example-machines", "--limit", "3")
    document = json.loads(run("--json", *arguments, home=sample_home).stdout)

    assert not document["eligible"]
    assert {c["met"] for c in document["conditions"]} == {True, False}
    assert len(document["items"]) == 3
    assert all(item["fills"] and item["explanation"] for item in document["items"])


def test_the_day_decides(run: Callable[..., Any], sample_home: Path) -> None:
    """Switzerland counts from 2025 on."""
    team = ("consortium", "horizon", "example-machines", "example-textiles", "999958839")
    told = {
        day: run(*team, "--date", day, "--limit", "0", home=sample_home).stdout.splitlines()[-1]
        for day in ("2024-12-31", "2025-01-01")
    }

    assert list(told.values()) == ["The team is not eligible.", "The team is eligible."]


def test_unknown_rules_and_members_are_refused(run: Callable[..., Any], sample_home: Path) -> None:
    for arguments in (("none-such",), ("horizon", "nobody at all")):
        done = run("consortium", *arguments, home=sample_home)

        assert done.returncode == 1
        assert "Parameter not accepted" in done.stderr
        assert "Traceback" not in done.stderr
