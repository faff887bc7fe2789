"""The command that begins a loader, a shape or a saved query: new."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
