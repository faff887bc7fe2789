"""Why a query has no rows: which part, were it dropped, would let it have some.

1. The pattern is asked for any solution at all. If it has one, a modifier removes them: LIMIT 0, an
   OFFSET, or HAVING; each is dropped in turn.
2. Otherwise each part of the pattern (kg.analysis.patterns) is dropped by itself. Those without
   which there are rows are the culprits, with how many rows there would be (up to a bound).
3. If there is no culprit, several parts are to blame: first the triples that nothing matches even
   by themselves. Then parts are dropped one after the other as long as the pattern stays empty;
   what remains has no rows together, and none of it can be spared. Without it the search goes on
   until the rest has rows: something has to go from each such set.
4. Besides, each IRI and literal of the pattern is looked up: some occur nowhere in the release.

Every evaluation is short: it asks for one solution, or for a bounded number, within a time limit.
An evaluation that does not end in time decides nothing, and the answer says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kg.analysis import naming
from kg.analysis.messages import message
from kg.analysis.patterns import Pattern
from kg.query.tokens import place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from collections.abc import Set as AbstractSet

    from kg.analysis.patterns import Part
    from kg.analysis.reading import Reading
    from kg.analysis.vocabulary import Vocabulary
    from kg.query.syntax import Node

    Count = Callable[[str], Awaitable[int | None]]

MOST_ROWS: Final = 100
"""Up to how many rows are counted."""

MOST_PARTS: Final = 60
_NONE: Final[frozenset[int]] = frozenset()


@dataclass
class Explanation:
    """What was found: `unfinished` if some evaluation did not end, or was not begun, in time."""

    empty: bool | None
    culprits: list[dict[str, Any]] = field(default_factory=list)
    together: list[dict[str, Any]] = field(default_factory=list)
    absent: list[dict[str, Any]] = field(default_factory=list)
    unfinished: bool = False
    note: dict[str, str] | None = None

    def document(self) -> dict[str, Any]:
        """Return the explanation as JSON has it."""
        return dict(vars(self))


async def why_empty(
    reading: Reading, vocabulary: Vocabulary, count: Count, seconds: float
) -> Explanation:
    """Return why a query has no rows.

    `count` evaluates a SELECT and returns the number of its rows, or None if that takes too long;
    no evaluation begins after so many `seconds`.
    """
    return await _Search(reading, vocabulary, count, time.monotonic() + seconds).explain()


class _Search:
    def __init__(
        self, reading: Reading, vocabulary: Vocabulary, count: Count, deadline: float
    ) -> None:
        self._reading = reading
        self._vocabulary = vocabulary
        self._count = count
        self._deadline = deadline
        self._unfinished = False
        prologue = reading.tree.parts[0]
        self._prologue = reading.source(prologue)
        self._datasets = " ".join(map(reading.source, reading.tree.every("dataset")))

    async def explain(self) -> Explanation:
        """Search in the order of the module's description."""
        reading = self._reading
        if not any(reading.tree.one(kind) for kind in ("group", "template")):
            return Explanation(None, note=message("nothing-to-drop"))
        pattern = Pattern(reading)
        rows = await self._rows(pattern.without(_NONE))
        if rows:
            return await self._modifiers()
        found = Explanation(empty=None if rows is None else True)
        if rows == 0:
            await self._blame(pattern, found)
        found.absent = [*_absent(reading, self._vocabulary)]
        found.unfinished = self._unfinished
        found.note = message("unfinished") if self._unfinished else None
        return found

    async def _rows(self, pattern: str, most: int = 1) -> int | None:
        """Return how many solutions a pattern has, up to a number; None if that is not known."""
        if time.monotonic() > self._deadline:
            self._unfinished = True
            return None
        head = f"{self._prologue}\nSELECT (1 AS ?row_) {self._datasets}"
        found = await self._count(f"{head} {{ {pattern} }} LIMIT {most}")
        self._unfinished = self._unfinished or found is None
        return found

    # Modifiers

    async def _modifiers(self) -> Explanation:
        tree = self._reading.tree
        modifiers = [m for m in tree.every("modifier") if m.tag in {"LIMIT", "OFFSET", "HAVING"}]
        if tree.tag != "SELECT" or not modifiers or await self._select(None) != 0:
            return Explanation(
                empty=None if self._unfinished else False,
                unfinished=self._unfinished,
                note=message("unfinished" if self._unfinished else "not-empty"),
            )
        culprits = []
        for modifier in modifiers:
            rows = await self._select(modifier)
            if rows:
                text = self._written(modifier)
                shown = self._shown("modifier", text, modifier.start, rows)
                culprits.append({**shown, "message": message("modifier")})
        return Explanation(empty=True, culprits=culprits, unfinished=self._unfinished)

    async def _select(self, dropped: Node | None) -> int | None:
        """Return the number of rows of the SELECT itself without a modifier."""
        parts = self._reading.tree.parts
        kept = [part for part in parts if part.kind not in {"prologue", "dataset"}]
        written = " ".join(self._written(part) for part in kept if part is not dropped)
        return await self._rows(f"{{ SELECT {written} }}", MOST_ROWS)

    def _written(self, part: Node) -> str:
        source = self._reading.source(part)
        cut = part.kind == "modifier" and part.tag in {"LIMIT", "OFFSET"}
        return f"{part.tag} {source}" if cut else source

    # Parts of the pattern

    async def _blame(self, pattern: Pattern, found: Explanation) -> None:
        parts = pattern.parts[:MOST_PARTS]
        self._unfinished = self._unfinished or len(parts) < len(pattern.parts)
        culprits = [part for part in parts if await self._rows(pattern.without({part.number}))]
        for part in culprits:
            found.culprits.append(await self._culprit(pattern, part))
        found.culprits.sort(key=lambda culprit: not culprit["impossible"])
        if not culprits:
            found.together = await self._conflicts(pattern, parts)

    async def _culprit(self, pattern: Pattern, part: Part) -> dict[str, Any]:
        rows = await self._rows(pattern.without({part.number}), MOST_ROWS)
        shown = self._shown(part.kind, part.text, part.start, rows)
        alone = await self._rows(_only(part)) if part.kind == "triple" else None
        code = "culprit-alone" if alone == 0 else "culprit"
        return {**shown, "impossible": alone == 0, "message": message(code)}

    async def _conflicts(self, pattern: Pattern, parts: tuple[Part, ...]) -> list[dict[str, Any]]:
        """Return parts that have no rows, alone or together, until the rest has rows."""
        lonely = [p for p in parts if p.kind == "triple" and await self._rows(_only(p)) == 0]
        found = [self._conflict([part]) for part in lonely]
        gone = {part.number for part in lonely}
        while await self._rows(pattern.without(gone)) == 0:
            core = await self._core(pattern, parts, gone)
            if not core:
                break
            gone |= {part.number for part in core}
            found.append(self._conflict(core))
        return found

    def _conflict(self, core: list[Part]) -> dict[str, Any]:
        code = "together" if len(core) > 1 else "alone"
        shown = [self._shown(part.kind, part.text, part.start) for part in core]
        return {"parts": shown, "message": message(code)}

    async def _core(
        self, pattern: Pattern, parts: tuple[Part, ...], gone: AbstractSet[int]
    ) -> list[Part]:
        """Return parts that have no rows together, none of which can be spared; else nothing."""
        dropped = set(gone)
        for part in parts:
            if part.number not in gone:
                rows = await self._rows(pattern.without(dropped | {part.number}))
                if rows is None:
                    return []
                if rows == 0:
                    dropped.add(part.number)
        return [part for part in parts if part.number not in dropped]

    def _shown(self, kind: str, text: str, start: int, rows: int | None = None) -> dict[str, Any]:
        line, column = place(self._reading.text, start)
        shown: dict[str, Any] = {"kind": kind, "part": text, "line": line, "column": column}
        if rows is not None:
            shown |= {"rows": rows, "more": rows >= MOST_ROWS}
        return shown


def _only(part: Part) -> str:
    return f"{{ {part.text} }}"


# Terms that are nowhere


def _absent(reading: Reading, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield the constants of a query that occur nowhere in the release."""
    roles = {node.start: role for node, role in naming.named(reading)}
    seen: set[str] = set()
    for node in _constants(reading):
        source = reading.source(node)
        term = reading.term(node)
        if source in seen or term is None or vocabulary.occurs(term):
            continue
        seen.add(source)
        line, column = place(reading.text, node.start)
        role = roles.get(node.start)
        near = vocabulary.nearest(reading.iri(node), role) if role else []
        yield {
            "term": source,
            "line": line,
            "column": column,
            "suggestion": reading.shown(near[0]) if near else None,
            "message": message("absent", term=source),
        }


def _constants(reading: Reading) -> Iterator[Node]:
    """Yield the IRIs and literals of patterns and datasets, not those of expressions."""
    for node in reading.tree.parts:
        if node.kind in {"group", "template", "values"}:
            yield from _inside(node)
        elif node.kind == "dataset":
            yield from node.parts


def _inside(node: Node) -> Iterator[Node]:
    if node.kind in {"iri", "literal"}:
        yield node
    elif node.kind not in {"expression", "optional", "minus", "prologue", "modifier"}:
        for part in node.parts:
            yield from _inside(part)
