"""The messages of the Reconciliation Service API 0.2 that come in, read strictly and with limits.

Reconciliation query batches (section 4.2 of the specification) and data extension queries (section
7.2). What the schema of the specification refuses is refused here too, and named by its place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kg.errors import ParameterError, TooLargeError
from kg.reconciliation.entities import KINDS, PLACE
from kg.reconciliation.evidence import evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_QUERIES: Final = 100
MOST_IDS: Final = 500
MOST_PROPERTIES: Final = 50
MOST_VALUES: Final = 20
MOST_CANDIDATES: Final = 50
DEFAULT_CANDIDATES: Final = 10
MOST_TEXT: Final = 2000

_TYPES: Final = {**{kind.lower(): kind for kind in KINDS}, "region": PLACE, "country": PLACE}
_STRICTNESS: Final = ("any", "should", "all")
_QUERY_MEMBERS: Final = ("query", "type", "limit", "properties", "type_strict")


@dataclass(frozen=True)
class Query:
    """What is looked for.

    `kinds` are the types asked for, None without any; `strict` is false where they are a wish
    only. `evidence` holds values, as written, by what they are compared with.
    """

    text: str = ""
    kinds: frozenset[str] | None = None
    strict: bool = True
    limit: int = DEFAULT_CANDIDATES
    evidence: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Extension:
    """A data extension query: entities, and properties with how many values are wanted."""

    ids: tuple[str, ...]
    properties: Mapping[str, int | None]


def kind_of(type_id: str) -> str | None:
    """Return the kind of entity that a type identifier (name, `atlas:` name or IRI) means."""
    return _TYPES.get(type_id.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2].lower())


def batch(text: str) -> dict[str, Query]:
    """Read a batch of queries by their keys.

    Raises:
        ParameterError: it is not JSON, or not a batch; the detail names query and member.
        TooLargeError: there are more queries than are answered at once.
    """
    value = _object(_json(text, "queries"), "queries", "an object of queries")
    if len(value) > MOST_QUERIES:
        detail = f"{len(value)} queries in a batch; at most {MOST_QUERIES} are answered at once"
        raise TooLargeError(detail, limit=MOST_QUERIES)
    return {key: query(given, f"queries.{key}") for key, given in value.items()}


def query(given: Any, where: str = "query") -> Query:
    """Read one query.

    Raises:
        ParameterError: a member is unknown, missing or of another type than expected.
    """
    members = _object(given, where, "an object")
    if unknown := sorted(set(members) - set(_QUERY_MEMBERS)):
        detail = f"{where} has the member {unknown[0]!r}; expected {', '.join(_QUERY_MEMBERS)}"
        raise ParameterError(detail, parameter=where, allowed=list(_QUERY_MEMBERS))
    if "query" not in members and not members.get("properties"):
        raise ParameterError(f"{where} has neither 'query' nor 'properties'", parameter=where)
    text = _string(members.get("query", ""), f"{where}.query")
    wanted = _kinds(members["type"], f"{where}.type") if "type" in members else None
    strictness = members.get("type_strict", "any")
    if strictness not in _STRICTNESS:
        raise _unexpected(f"{where}.type_strict", strictness, " or ".join(_STRICTNESS))
    if wanted is not None and strictness == "all" and len(wanted) > 1:
        wanted = frozenset()  # nothing is of two of these types
    return Query(
        text.strip(),
        wanted,
        strictness != "should",
        _limit(members.get("limit", DEFAULT_CANDIDATES), f"{where}.limit"),
        _evidence(members.get("properties", []), f"{where}.properties"),
    )


def extension(text: str) -> Extension:
    """Read a data extension query.

    Raises:
        ParameterError: it is not JSON, or not such a query.
        TooLargeError: it asks for more entities or properties than are answered at once.
    """
    members = _object(_json(text, "extend"), "extend", "an object")
    ids = _array(members.get("ids"), "extend.ids", MOST_IDS)
    properties = _array(members.get("properties"), "extend.properties", MOST_PROPERTIES)
    wanted = {}
    for number, one in enumerate(properties):
        where = f"extend.properties[{number}]"
        given = _object(one, where, "an object with an id")
        settings = _object(given.get("settings", {}), f"{where}.settings", "an object")
        name = _string(given.get("id"), f"{where}.id")
        wanted[name] = _values_wanted(settings.get("limit", 0), f"{where}.settings.limit")
    strings = (_string(one, f"extend.ids[{i}]") for i, one in enumerate(ids))
    return Extension(tuple(dict.fromkeys(strings)), wanted)


def _evidence(given: Any, where: str) -> dict[str, tuple[str, ...]]:
    """Return the values of the properties that are compared; others are not looked at."""
    found: dict[str, tuple[str, ...]] = {}
    for number, one in enumerate(_array(given, where, MOST_PROPERTIES)):
        place = f"{where}[{number}]"
        mapping = _object(one, place, "an object with pid and v")
        pid = _string(mapping.get("pid"), f"{place}.pid")
        if "v" not in mapping:
            raise ParameterError(f"{place} has no member 'v'", parameter=place)
        values = tuple(_property_values(mapping["v"], f"{place}.v"))
        name = evidence_of(pid)
        if name and values:
            found[name] = (*found.get(name, ()), *values)
    return found


def _property_values(given: Any, where: str) -> Iterator[str]:
    values = given if isinstance(given, list) else [given]
    for one in _array(values, where, MOST_VALUES):
        match one:
            case str() | bool() | int() | float():
                text = str(one)
            case {"id": str(iri)}:
                text = iri
            case _:
                raise _unexpected(where, one, "a string, number, boolean or object with an id")
        if text.strip():
            yield text.strip()[:MOST_TEXT]


def _kinds(given: Any, where: str) -> frozenset[str]:
    names = given if isinstance(given, list) else [given]
    kinds = (kind_of(_string(name, where)) for name in names)
    return frozenset(kind for kind in kinds if kind)


def _limit(given: Any, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int | float) or not given >= 1:
        raise _unexpected(where, given, "a positive number")
    return int(min(given, MOST_CANDIDATES))


def _values_wanted(given: Any, where: str) -> int | None:
    """Return the most values wanted, None for all; clients send numbers as strings too."""
    try:
        number = int(given)
    except (TypeError, ValueError):
        raise _unexpected(where, given, "a number") from None
    return number if number > 0 else None


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        detail = f"{where!r} is not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise ParameterError(detail, parameter=where) from error
    except RecursionError as error:
        raise ParameterError(f"{where!r} is nested too deeply", parameter=where) from error


def _object(given: Any, where: str, expected: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _unexpected(where, given, expected)
    return given


def _array(given: Any, where: str, most: int) -> list[Any]:
    if not isinstance(given, list):
        raise _unexpected(where, given, "an array")
    if len(given) > most:
        detail = f"{where} has {len(given)} entries; at most {most} are read"
        raise TooLargeError(detail, limit=most)
    return given


def _string(given: Any, where: str) -> str:
    if not isinstance(given, str):
        raise _unexpected(where, given, "a string")
    if len(given) > MOST_TEXT:
        detail = f"{where} has {len(given)} characters; at most {MOST_TEXT} are read"
        raise TooLargeError(detail, limit=MOST_TEXT)
    return given


def _unexpected(where: str, given: Any, expected: str) -> ParameterError:
    shown = "nothing" if given is None else repr(given)[:60]
    return ParameterError(f"{where} is {shown}; expected {expected}", parameter=where)
