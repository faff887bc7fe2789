"""The reference page of the saved queries, written from their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kg.savedqueries.definition import Parameter, SavedQuery

_TITLE: Final = {"en": "# Saved queries", "de": "# Gespeicherte Abfragen"}
_HEAD: Final = {
    "en": ("parameter", "takes", "required", "what for"),
    "de": ("Parameter", "Art", "nötig", "wofür"),
}
_WORDS: Final = {
    "en": {"yes": "yes", "no": "no", "default": "default", "many": "several allowed"},
    "de": {"yes": "ja", "no": "nein", "default": "Vorgabe", "many": "mehrere möglich"},
}
_LIMIT: Final = {"en": "The most rows to return", "de": "Wie viele Zeilen höchstens"}


def page(queries: Iterable[SavedQuery], language: str = "en") -> str:
    """Return the page in Markdown: per query what it answers and its parameters."""
    parts = [_TITLE[language], *("\n".join(_section(q, language)) for q in queries)]
    return "\n\n".join(parts) + "\n"


def _section(query: SavedQuery, language: str) -> Iterator[str]:
    yield f"## {query.name}"
    yield ""
    yield f"{query.summary[language]}."
    yield query.description[language]
    yield ""
    head = _HEAD[language]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for parameter in query.parameters:
        yield _row(parameter, language)
    words = _WORDS[language]
    default = f"{words['no']}, {words['default']} {query.limit}"
    yield f"| `limit` | integer | {default} | {_LIMIT[language]} |"


def _row(parameter: Parameter, language: str) -> str:
    words = _WORDS[language]
    takes = parameter.kind.name + (f", {words['many']}" if parameter.many else "")
    takes += f": {', '.join(parameter.values)}" if parameter.values else ""
    required = words["yes"] if parameter.required else words["no"]
    required += f", {words['default']} {parameter.default}" if parameter.default else ""
    return f"| `{parameter.name}` | {takes} | {required} | {parameter.description[language]} |"
