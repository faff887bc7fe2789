"""Tokens: made once, kept as hashes, checked by role."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from kg.cli import app
from kg.errors import NotFoundError, ParameterError, WorkspaceError
from kg.tokens import ForbiddenError, Tokens, UnauthorisedError
from kg.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(Workspace(tmp_path))


def test_a_token_is_accepted_for_its_role(tokens: Tokens) -> None:
    token = tokens.create("anna", "curator")

    assert tokens.check(f"Bearer {token}", "curator").name == "anna"
    assert tokens.check(f"bearer  {token} ", "curator").name == "anna"


def test_another_role_is_forbidden(tokens: Tokens) -> None:
    token = tokens.create("anna", "curator")

    with pytest.raises(ForbiddenError) as raised:
        tokens.check(f"Bearer {token}", "operator")

    assert raised.value.members == {"role": "operator"}
    assert token not in raised.value.detail


def test_a_reader_holds_a_token_and_may_nothing_else(tokens: Tokens) -> None:
    """Its id is of this token alone, and tells nobody's name."""
    token = tokens.create("rita", "reader")
    held = tokens.holder(f"Bearer {token}")
    for role in ("curator", "operator"):
        with pytest.raises(ForbiddenError):
            tokens.check(f"Bearer {token}", role)  # type: ignore[arg-type]
    tokens.revoke("rita")
    other = tokens.holder(f"Bearer {tokens.create('rita', 'reader')}")

    assert (held.name, held.role) == ("rita", "reader")
    assert "rita" not in held.id
    assert other.id != held.id
    with pytest.raises(UnauthorisedError):
        tokens.holder(None)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer x",
        "Basic YTpi",
        "Bearer atlas_nobody_" + "A" * 43,
        "Bearer atlas_anna_" + "A" * 43,
        "Bearer atlas_anna_" + "A" * 42,
    ],
)
def test_anything_else_is_not_authorised(tokens: Tokens, given: str | None) -> None:
    tokens.create("anna", "curator")

    with pytest.raises(UnauthorisedError):
        tokens.check(given, "curator")


def test_a_revoked_token_is_refused_by_who_knew_it(tokens: Tokens) -> None:
    token = tokens.create("anna", "curator")
    tokens.check(f"Bearer {token}", "curator")

    Tokens(tokens._workspace).revoke("anna")

    with pytest.raises(UnauthorisedError):
        tokens.check(f"Bearer {token}", "curator")


def test_a_token_made_meanwhile_is_known(tokens: Tokens) -> None:
    assert tokens.every() == []
    token = Tokens(tokens._workspace).create("later", "operator")

    assert tokens.check(f"Bearer {token}", "operator").name == "later"


def test_the_file_holds_no_secret_and_is_private(tokens: Tokens, tmp_path: Path) -> None:
    token = tokens.create("anna", "curator")

    path = tmp_path / "tokens.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token.rpartition("_")[2] not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["tokens.json"]


def test_names_are_taken_once_and_plain(tokens: Tokens) -> None:
    tokens.create("anna", "curator")

    for name in ("anna", "", "Anna", "a_b", "a" * 41):
        with pytest.raises(ParameterError):
            tokens.create(name, "curator")
    with pytest.raises(NotFoundError):
        tokens.revoke("nobody")


def test_a_damaged_file_opens_nothing(tokens: Tokens, tmp_path: Path) -> None:
    token = tokens.create("anna", "curator")
    (tmp_path / "tokens.json").write_text('{"tokens": [{"name": "anna"}]}')

    with pytest.raises(WorkspaceError):
        tokens.check(f"Bearer {token}", "curator")


def test_the_command_line_makes_lists_and_revokes(tmp_path: Path) -> None:
    runner = CliRunner()
    home = ["--home", str(tmp_path), "--json", "token"]

    made = json.loads(runner.invoke(app, [*home, "create", "ops", "--role", "operator"]).stdout)
    assert Tokens(Workspace(tmp_path)).check(f"Bearer {made['token']}", "operator").name == "ops"
    listed = runner.invoke(app, [*home, "list"]).stdout
    assert [entry["name"] for entry in json.loads(listed)] == ["ops"]
    assert made["token"] not in listed
    assert json.loads(runner.invoke(app, [*home, "revoke", "ops"]).stdout) == {"revoked": "ops"}
