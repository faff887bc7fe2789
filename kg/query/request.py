"""What a client asks: a query, its dataset, and the formats in which it takes the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

EngineName = Literal["auto", "columns", "oxigraph"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """The RDF dataset that the protocol request names (SPARQL 1.1 Protocol, section 2.1.4).

    When it names any graph it replaces the dataset that the query describes; when it names none,
    FROM clauses hold, and without those the default graph is the union of all published graphs.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default or self.named)


WHOLE: Final = Dataset()
"""No graph is named: the dataset is what the query, or the release, says."""


class Acceptable(NamedTuple):
    """The name of the format for each kind of answer; None where the client accepts none."""

    solutions: str | None = "json"
    boolean: str | None = "json"
    graph: str | None = "turtle"


class QueryRequest(NamedTuple):
    """One query: `timeout` in seconds (None: the default), `coding` the content coding.

    `engine` says who is to answer; with `auto` the query decides (kg.query.columns).
    """

    text: str
    dataset: Dataset = WHOLE
    acceptable: Acceptable = Acceptable()
    coding: str = "identity"
    timeout: float | None = None
    engine: EngineName = "auto"

    @property
    def key(self) -> tuple[str, Dataset, Acceptable, str, EngineName]:
        """What the answer depends on, the release apart."""
        return (self.text, self.dataset, self.acceptable, self.coding, self.engine)

    def to_json(self) -> bytes:
        """Return the request as a worker reads it; `from_json` is the inverse."""
        return json.dumps(
            [
                self.text,
                self.dataset.default,
                self.dataset.named,
                self.acceptable,
                self.coding,
                self.engine,
            ]
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> QueryRequest:
        """Read what `to_json` wrote; the time limit stays with the sender, who enforces it."""
        text, default, named, acceptable, coding, engine = json.loads(data)
        dataset = Dataset(tuple(default), tuple(named))
        return cls(text, dataset, Acceptable(*acceptable), coding, engine=engine)
