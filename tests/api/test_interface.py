"""The description of the interface is complete, and operations answer as it says.

Every operation that reads is asked as it should be, with a condition, and in ways that go wrong:
the status, the media type and the shape of errors have to be among those that are described.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    Ask = Callable[..., httpx.Response]
    Way = tuple[str, dict[str, Any], dict[str, str]]

PROBLEM: Final = "application/problem+json"
IRI: Final = "https://w3id.org/cluster-atlas/id/organisation/999977754"
VALUES: Final[dict[str, Any]] = {
    "a": "its-owl",
    "after": 1,
    "b": "dimecc",
    "before": 0,
    "country": ["AT", "DE"],
    "id": IRI,
    "iri": IRI,
    "keyword": "laser",
    "name": "partners-of",
    "number": 1,
    "organisation": "999977754",
    "page": 1,
    "parameter": "organisation",
    "path": "organisation/999977754",
    "prefix": "a",
    "q": "laser",
    "query": "ASK {}",
    "technology": "photonics",
    "what": "entity",
}
DUMPED: Final = ("/.well-known/void", "/catalog", "/dumps/", "/changes/", "/release/")
"""Dumps of the sample take seconds: these are asked of a small release in tests/linkeddata."""

ALIKE: Final = ("/queries/best", "/queries/bott", "/queries/c", "/queries/f", "/queries/o")
"""One saved query is as good as another."""

KEYS: Final = {"/projects": "101046133", "/organisations": "999977754"}


@pytest.fixture(scope="module")
def described(ask: Ask) -> dict[str, Any]:
    """Return the description of the interface."""
    document: dict[str, Any] = ask("/openapi.json").json()
    return document


@pytest.fixture(scope="module")
def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation: method, path and description."""
    return [
        (method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_says_what_it_takes_and_answers(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    """Each has a summary and a text, each parameter and answer too; errors have one shape."""
    assert len(operations) > 90
    for method, path, operation in operations:
        assert operation["summary"], path
        assert operation["description"], path
        assert "never called" not in operation["description"], path
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (method, path, parameter["name"])
        for status, response in operation["responses"].items():
            assert response["description"], (method, path, status)
            if status == "default" or status >= "400":
                assert list(response["content"]) == [PROBLEM], (method, path, status)
        assert "default" in operation["responses"], path


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    """To a schema, a way to send tokens, or a document of ours."""
    schemas = described["components"]["schemas"]
    for reference in _references(described):
        name = reference.removeprefix("#/components/schemas/")
        assert name in schemas or reference == "/profiles/schema"
    ways = described["components"]["securitySchemes"]
    for methods in described["paths"].values():
        for operation in methods.values():
            assert all(set(way) <= set(ways) for way in operation.get("security", []))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _plain(path: str, operation: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the address and the parameters with which an operation is asked as it should be."""
    given: dict[str, Any] = {}
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        value = next((key for begin, key in KEYS.items() if path.startswith(begin)), "its-owl")
        value = value if name == "key" else VALUES.get(name, "x")
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(value))
        elif parameter["in"] == "query" and parameter.get("required"):
            given[name] = value
    if path in {"/competences", "/partners"}:
        given["q"] = "laser"
    return path, given


def _ways(path: str, operation: dict[str, Any]) -> Iterator[Way]:
    """Yield ways to ask an operation: address, parameters and headers."""
    address, given = _plain(path, operation)
    if not path.startswith(DUMPED):
        yield address, given, {}
        yield address, given, {"If-None-Match": "*"}
        yield address, given, {"Accept": "image/png"}
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "query":
            yield address, {**given, name: "no such thing!"}, {}
            if name == "release":
                yield address, {**given, name: 999}, {}
        elif parameter["in"] == "path":
            yield path.replace(f"{{{name}}}", "999").replace("{", "").replace("}", ""), given, {}


def test_operations_that_read_answer_as_described(
    ask: Ask, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    """Whatever is asked: no status that is not named, no media type, no error of another shape."""
    strange = []
    seen: set[int] = set()
    for method, path, operation in operations:
        if method != "get" or path.startswith(ALIKE):
            continue
        for address, given, headers in _ways(path, operation):
            answer = ask(address, headers, **given)
            seen.add(answer.status_code)
            if fault := _fault(operation, answer):
                strange.append((path, address, given, headers, fault))

    assert strange == []
    assert seen >= {200, 303, 304, 400, 401, 404, 406, 422}


def _fault(operation: dict[str, Any], answer: httpx.Response) -> str | None:
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        return f"{answer.status_code} is not described: {answer.text[:200]}"
    found = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code in {200, 206} and found not in described.get("content", {}):
        return f"{found} is not described"
    if answer.status_code >= 400:
        problem = answer.json() if found == PROBLEM else {}
        if problem.get("status") != answer.status_code or not problem.get("title"):
            return f"not a problem: {found} {answer.text[:200]}"
    return None
