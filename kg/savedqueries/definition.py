"""What a saved query is, and reading it from its file.

1. The header says what the query answers and which parameters it has (kg.savedqueries.header).
2. Each parameter has one or more blocks `VALUES ?name { example }` in the text. Its values take the
   place of the example; where an optional one has none, the block is left out.
3. What must be left out with it stands between the lines `#? name` and `#? end`.
4. The one `LIMIT n` of the text is the default of the parameter `limit`, which every query has.

The file is a SPARQL query that runs as it is, on the union of all graphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pyoxigraph

from kg.analysis.nearest import close
from kg.errors import NotFoundError, QuerySyntaxError
from kg.savedqueries import header
from kg.savedqueries.kinds import KINDS
from kg.terms import rebase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.savedqueries.header import Header
    from kg.savedqueries.kinds import Kind, Term

FOLDER: Final = Path(__file__).resolve().parents[2] / "queries"
LANGUAGES: Final = ("en", "de")
LIMIT: Final = "limit"
RESERVED: Final = ("archive", "end", "format", "lang", LIMIT)
MOST_ROWS: Final = 10_000

_INTEGER = re.compile(r"-?[0-9]+")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Our own files put no brace into a value, so a block ends at the first closing one.
_SLOT = re.compile(r"\bVALUES\s+\?(?P<name>\w+)\s*\{(?P<values>[^{}]*)\}|\bLIMIT\s+(?P<limit>\d+)")
_GUARD = re.compile(r"^ *#\? (?P<name>\w+)\n", re.MULTILINE)
_PROLOGUE = re.compile(r"^(?:PREFIX|BASE)\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name, kind and what it is for, by language.

    Without `optional` or `default` it is required; `many` allows several values. `default` is
    written as a user would write it. `minimum`, `maximum` and `values` narrow the kind.
    """

    name: str
    kind: Kind
    description: Mapping[str, str]
    optional: bool = False
    many: bool = False
    default: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    values: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether the query does not run without a value."""
        return not self.optional and self.default is None


class Piece(NamedTuple):
    """A piece of the text: itself, or the place of the parameter `slot` (`limit`: of the limit).

    With a `guard`, it belongs to the query only when that parameter has a value.
    """

    text: str
    slot: str | None = None
    guard: str | None = None


@dataclass(frozen=True)
class SavedQuery:
    """A saved query; `pieces` is its text, cut at the slots.

    `key` are the columns by which a row is known from release to release; without any, all are.
    """

    name: str
    text: str
    pieces: tuple[Piece, ...]
    summary: Mapping[str, str]
    description: Mapping[str, str]
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    limit: int
    key: tuple[str, ...] = ()

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of that name, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    @cached_property
    def examples(self) -> Mapping[str, tuple[Term, ...]]:
        """The terms that the file gives as examples, by parameter."""
        prologue = "\n".join(_PROLOGUE.findall(self.text))
        found: dict[str, tuple[Term, ...]] = {}
        for match in _SLOT.finditer(_without_comments(self.text)):
            if name := match["name"]:
                found[name] = _terms(f"{prologue} SELECT ?v {{ VALUES ?v {{{match['values']}}} }}")
        return found


def discover(base: str, folder: Path = FOLDER) -> dict[str, SavedQuery]:
    """Return the queries of a folder by name, which is the file's without `.rq`.

    Raises:
        QuerySyntaxError: a file is no saved query; it names the file and what was expected.
    """
    files = sorted(folder.glob("*.rq"))
    return {f.stem: read(f.stem, rebase(f.read_text(encoding="utf-8"), base)) for f in files}


def find(queries: Mapping[str, SavedQuery], name: str) -> SavedQuery:
    """Return the query of that name.

    Raises:
        NotFoundError: there is none; it names those that there are.
    """
    if name not in queries:
        near = close(name, queries)
        detail = f"There is no saved query {name!r}"
        detail += f"; perhaps {' or '.join(near)}" if near else ""
        raise NotFoundError(detail, available=sorted(queries))
    return queries[name]


def read(name: str, text: str) -> SavedQuery:
    """Read a saved query from its text.

    Raises:
        QuerySyntaxError: it is none; the detail says what was expected.
    """
    _expect(_NAME.fullmatch(name), name, "a file name of small letters, digits and hyphens")
    head = header.parse(text, f"{name}.rq")
    summary = {lang: _text(head, _in(lang, "summary"), name) for lang in LANGUAGES}
    description = {lang: _text(head, _in(lang, "description"), name) for lang in LANGUAGES}
    tags, declared = head.get("tags", []), head.get("params", {})
    key = head.get("key", [])
    _expect(isinstance(tags, list), name, "tags: [a, b]")
    _expect(isinstance(key, list), name, "key: [a, b], which are columns")
    _expect(isinstance(declared, dict), name, "params: a mapping")
    parameters = tuple(_parameter(name, key, value) for key, value in declared.items())  # type: ignore[union-attr] # checked above
    names = {parameter.name for parameter in parameters}
    pieces = tuple(p for guard, part in _parts(text, name) for p in _pieces(part, guard, names))
    limits = [p.text for p in pieces if p.slot == LIMIT]
    _expect(len(limits) == 1, name, "one LIMIT, which is the default of `limit`")
    _expect_places(name, pieces, parameters)
    query = SavedQuery(
        name,
        text,
        pieces,
        summary,
        description,
        tuple(tags),
        parameters,
        int(limits[0]),
        tuple(key),
    )
    _parsed(query)
    return query


def _parsed(query: SavedQuery) -> None:
    try:
        results = pyoxigraph.Store().query(query.text)
    except SyntaxError as error:
        raise QuerySyntaxError(f"{query.name}.rq: {error}") from None
    if not isinstance(results, pyoxigraph.QuerySolutions):
        raise QuerySyntaxError(f"{query.name}.rq: expected a SELECT query")
    columns = {variable.value for variable in results.variables}
    _expect(columns.issuperset(query.key), query.name, "the columns of key to be selected")


def _expect(holds: object, name: str, expected: str) -> None:
    if not holds:
        raise QuerySyntaxError(f"{name}.rq: expected {expected}", expected=expected)


def _in(language: str, key: str) -> str:
    return key if language == LANGUAGES[0] else f"{key}_{language}"


def _text(mapping: Header, key: str, name: str) -> str:
    value = mapping.get(key)
    _expect(isinstance(value, str) and value, name, f"the header to say {key}: …")
    return str(value)


def _number(mapping: Header, key: str, name: str) -> int | None:
    value = mapping.get(key)
    _expect(value is None or _INTEGER.fullmatch(str(value)), name, f"{key} to be a whole number")
    return None if value is None else int(str(value))


def _parameter(query: str, name: str, declared: object) -> Parameter:
    _expect(isinstance(declared, dict), query, f"the parameter {name} to have a type")
    said: Header = declared  # type: ignore[assignment] # checked above
    kind = KINDS.get(str(said.get("type")))
    _expect(kind, query, f"type of {name} to be one of {', '.join(KINDS)}")
    _expect(name not in RESERVED, query, f"a parameter not to be named {name}")
    values = said.get("values", [])
    return Parameter(
        name=name,
        kind=kind,  # type: ignore[arg-type] # checked above
        description={lang: _text(said, lang, query) for lang in LANGUAGES},
        optional=said.get("optional") == "true",
        many=said.get("many") == "true",
        default=str(said["default"]) if "default" in said else None,
        minimum=_number(said, "minimum", query),
        maximum=_number(said, "maximum", query),
        values=tuple(values) if isinstance(values, list) else (),
    )


def _without_comments(text: str) -> str:
    """Blank the lines that are comments out, keeping every place where it was."""
    return re.sub(r"^[ ]*#.*$", lambda match: " " * len(match[0]), text, flags=re.MULTILINE)


def _parts(text: str, name: str) -> Iterator[tuple[str | None, str]]:
    """Yield the text in parts with their guards: what stands between `#? name` and `#? end`."""
    guard: str | None = None
    end = 0
    for match in _GUARD.finditer(text):
        yield guard, text[end : match.start()]
        opens = match["name"] != "end"
        _expect(opens == (guard is None), name, "`#? end` after each `#? parameter`")
        guard, end = (match["name"] if opens else None), match.end()
    _expect(guard is None, name, f"`#? end` after `#? {guard}`")
    yield None, text[end:]


def _pieces(text: str, guard: str | None, names: set[str]) -> Iterator[Piece]:
    """Cut a part at its slots; a VALUES block of another variable is text like any other."""
    end = 0
    for match in _SLOT.finditer(_without_comments(text)):
        if match["name"] and match["name"] not in names:
            continue
        yield Piece(text[end : match.start()], guard=guard)
        yield Piece(match["limit"] or "", match["name"] or LIMIT, guard)
        end = match.end()
    yield Piece(text[end:], guard=guard)


def _expect_places(
    query: str, pieces: tuple[Piece, ...], parameters: tuple[Parameter, ...]
) -> None:
    places = {p.slot for p in pieces} - {None, LIMIT}
    _expect(places == {p.name for p in parameters}, query, "a VALUES block for each parameter")
    optional = {p.name for p in parameters if p.optional}
    guards = {p.guard for p in pieces if p.guard}
    _expect(guards <= optional, query, "`#? name` for optional parameters only")


def _terms(text: str) -> tuple[Term, ...]:
    solutions = pyoxigraph.Store().query(text)
    assert isinstance(solutions, pyoxigraph.QuerySolutions)  # noqa: S101 - a SELECT of our own
    return tuple(solution["v"] for solution in solutions)
