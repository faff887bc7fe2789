"""Literals as the store holds them.

Oxigraph keeps the value of the datatypes it knows and writes it back in one form: `05` is `5`,
`1.50` is `1.5`, xsd:int is xsd:integer. Columns and store of a release must answer alike, so the
columns take the same form: what is regular already passes a regular expression, the rest goes
through a store once per distinct literal.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from kg.columns.ids import COMPARABLE
from kg.terms import XSD, XSD_BOOLEAN, XSD_DATE, XSD_DATE_TIME, XSD_DECIMAL, XSD_INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What these accept, the store gives back unchanged.
REGULAR: Final = {
    XSD_INTEGER: "0|-?[1-9][0-9]{0,17}",
    XSD_DECIMAL: r"(0|-?[1-9][0-9]{0,17})(\.[0-9]{0,17}[1-9])?|-0\.[0-9]{0,17}[1-9]",
    XSD_BOOLEAN: "true|false",
    XSD_DATE: "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    XSD_DATE_TIME: (
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        "(Z|[+-](0[1-9]|1[0-3]):[0-5][0-9])?"
    ),
    XSD + "gYear": "[0-9]{4}",
}
_SMALLER_INTEGERS: Final = [
    "byte",
    "short",
    "int",
    "long",
    "unsignedByte",
    "unsignedShort",
    "unsignedInt",
    "unsignedLong",
    "positiveInteger",
    "negativeInteger",
    "nonPositiveInteger",
    "nonNegativeInteger",
]
VALUED: Final = frozenset(
    {
        *REGULAR,
        *COMPARABLE,
        *(XSD + name for name in _SMALLER_INTEGERS),
        *(XSD + name for name in ("double", "float", "dateTimeStamp")),
    }
)
_SUBJECT: Final = NamedNode("urn:literal")
_BATCH: Final = 20_000
_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("object", "datatype", "canonical", "canonical_datatype")]
)


def irregular_sql(lexical: str, datatype: str) -> str:
    """Return the SQL condition for a literal that the store may write in another form."""
    regular = " OR ".join(
        f"({datatype} = '{iri}' AND regexp_full_match({lexical}, '{pattern}'))"
        for iri, pattern in REGULAR.items()
    )
    valued = ", ".join(f"'{iri}'" for iri in sorted(VALUED))
    return f"{datatype} IN ({valued}) AND NOT ({regular})"


@lru_cache(maxsize=4096)
def canonical(literal: Literal) -> Literal:
    """Return a literal as the store would give it back."""
    if literal.datatype.value not in VALUED:
        return literal
    store = Store()
    store.add(Quad(_SUBJECT, _SUBJECT, literal, DefaultGraph()))
    found = next(iter(store)).object
    return found if isinstance(found, Literal) else literal


def canonical_batches(pairs: Iterable[tuple[str, str]]) -> Iterator[pa.RecordBatch]:
    """Yield rows of lexical form and datatype, each with the form and datatype of the store."""
    iterator = iter(pairs)
    while batch := list(islice(iterator, _BATCH)):
        store = Store()
        store.extend(_numbered(batch))
        found = {quad.predicate.value: quad.object for quad in store}
        objects = [found[f"x:{number}"] for number in range(len(batch))]
        rows = [
            (lexical, datatype, term.value, term.datatype.value)
            for (lexical, datatype), term in zip(batch, objects, strict=True)
            if isinstance(term, Literal)
        ]
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def _numbered(batch: list[tuple[str, str]]) -> Iterator[Quad]:
    for number, (lexical, datatype) in enumerate(batch):
        literal = Literal(lexical, datatype=NamedNode(datatype))
        yield Quad(_SUBJECT, NamedNode(f"x:{number}"), literal, DefaultGraph())
