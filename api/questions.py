"""Pages on which saved queries are asked without SPARQL: a form, and the answer as a table.

The form is made from what the query's file says of its parameters, and sends them to the address at
which programs ask the same query.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from api import pages
from api.pages import Alternate, Shown
from api.tables import table
from kg.errors import AtlasError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.responses import Response

    from api.linked import Visit
    from kg.savedqueries import Answer, Parameter, SavedQuery

    Given = Mapping[str, Sequence[str]]

LANGUAGE: Final = "lang"
_INPUTS: Final = {"integer": "number", "date": "date"}
_FORMATS: Final = (
    ("csv", "CSV", "text/csv"),
    ("json", "JSON", "application/json"),
    ("query", "SPARQL", "application/sparql-query"),
)


def listing(to: Visit, queries: Mapping[str, SavedQuery], named: str | None) -> Response:
    """Return the page that lists the questions."""
    return pages.answer(
        to,
        "questions.html",
        lambda chosen: {"questions": summaries(to, queries, chosen)},
        named,
        vary=["Accept"],
    )


def summaries(to: Visit, queries: Mapping[str, SavedQuery], chosen: str) -> list[Mapping[str, str]]:
    """Return what a page says of each query, in the order of the sentences."""
    found = [
        {
            "href": to.local(f"/queries/{query.name}"),
            "summary": query.summary[chosen],
            "description": query.description[chosen],
        }
        for query in queries.values()
    ]
    return sorted(found, key=lambda each: each["summary"].casefold())


def page(to: Visit, query: SavedQuery, given: Given, ask: Callable[[], Answer]) -> Response:
    """Return the page of a query; its answer too, when the form was sent."""
    named = next(iter(given.get(LANGUAGE, ())), None)
    given = {name: values for name, values in given.items() if name != LANGUAGE}
    answer, fault = None, None
    if given:
        try:
            answer = ask()
        except AtlasError as error:
            fault = error
    sent = urlencode({name: list(values) for name, values in given.items()}, doseq=True)
    return pages.answer(
        to,
        "question.html",
        lambda chosen: _told(to, query, given, answer, chosen) | {"fault": fault},
        named,
        alternates=[_alternate(to, query, sent, *form) for form in _FORMATS] if answer else (),
        vary=["Accept"],
        status=fault.status if fault else 200,
    )


def _alternate(
    to: Visit, query: SavedQuery, sent: str, name: str, title: str, media_type: str
) -> Alternate:
    return Alternate(title, media_type, f"{to.root}/queries/{query.name}?{sent}&format={name}")


def _told(
    to: Visit, query: SavedQuery, given: Given, answer: Answer | None, chosen: str
) -> dict[str, Any]:
    result = None
    if answer is not None:
        result = table(to, answer.columns, answer.bindings, chosen)
    return {
        "title": query.summary[chosen],
        "description": query.description[chosen],
        "action": f"{to.root}/queries/{query.name}",
        "chosen": chosen,
        "fields": [_field(p, given.get(p.name, ()), chosen) for p in query.parameters],
        "result": result,
        "complete": answer is None or answer.complete,
    }


def _field(parameter: Parameter, values: Sequence[str], chosen: str) -> dict[str, Any]:
    """Return what the form has for a parameter."""
    value = ", ".join(values) or (parameter.default or "")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", parameter.name)
    return {
        "name": parameter.name,
        "label": words[:1].upper() + words[1:],
        "description": parameter.description[chosen],
        "expected": parameter.kind.expected,
        "type": _INPUTS.get(parameter.kind.name, "text"),
        "required": parameter.required,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "choices": [Shown(one) for one in parameter.values],
        "value": value,
    }
