"""A remark: what is said about one place in a query."""

from __future__ import annotations

from typing import Any, NamedTuple


class Remark(NamedTuple):
    """A code to look up, the message by language, the place and the text that stands there.

    `suggestion` is what to write instead, as SPARQL; None where that is for the author to decide.
    """

    code: str
    message: dict[str, str]
    line: int
    column: int
    token: str
    suggestion: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the remark as JSON has it."""
        return self._asdict()
