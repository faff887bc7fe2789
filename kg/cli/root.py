"""The composition root: settings, workspace, rules and loaders, each made when needed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from kg.progress import Progress
    from kg.settings import Settings
    from kg.source import Source
    from kg.staging import Rules
    from kg.workspace import Workspace


@dataclass(frozen=True)
class Root:
    """What the commands share; `home`, `quiet` and `as_json` are the options given."""

    home: Path | None
    quiet: bool
    as_json: bool

    @cached_property
    def settings(self) -> Settings:
        """The settings, with `--home` before ATLAS_HOME.

        Raises:
            WorkspaceError: a setting in the environment is not as expected.
        """
        from pydantic import ValidationError

        from kg.errors import WorkspaceError
        from kg.settings import Settings

        given: dict[str, Any] = {} if self.home is None else {"home": self.home}
        try:
            return Settings(**given)
        except ValidationError as error:
            faults = [f"ATLAS_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
            detail = "A setting is not as expected"
            raise WorkspaceError(detail, settings=faults) from None

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace of the settings."""
        from kg.workspace import Workspace

        return Workspace(self.settings.home)

    @cached_property
    def rules(self) -> Rules:
        """The ontology and the shapes."""
        from kg.staging import read_rules

        return read_rules(self.settings.base)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The loaders by name."""
        import loaders

        return {name: loaders.find(name) for name in loaders.names()}

    def progress(self) -> AbstractContextManager[Progress]:
        """Return a context that draws progress on a terminal, or takes note of nothing."""
        from kg.cli.display import drawing

        return drawing(shown=not self.quiet and not self.as_json and sys.stderr.isatty())

    def show(self, value: Any, text: str) -> None:
        """Print the result of a command: the text for people or, with --json, the value."""
        typer.echo(json.dumps(value, ensure_ascii=False, default=str) if self.as_json else text)
        sys.stdout.flush()


def root(context: typer.Context) -> Root:
    """Return what the command's options made."""
    found = context.find_object(Root)
    assert found is not None  # noqa: S101 - the callback of `atlas` has set it
    return found
