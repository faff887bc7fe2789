"""The columns of a release: the statements of its store as DuckDB tables and Arrow dictionaries.

A term is one 64-bit number whose order is SPARQL's (`ids`); a property is a table sorted by
subject and one sorted by object. `rows` and `nquads` read
statements, `build` writes them, `catalogue` says what is there,
`dictionary` turns numbers into terms and back, `parquet` exports them for other tools.

| file | holds |
|---|---|
| columns.duckdb | `p<n>`, `r<n>` per property; `triples`, `repeats`, `dictionary`, `other` |
| terms-<tag>.arrow | the terms of a tag in the order of their numbers, memory-mapped |
"""

from __future__ import annotations

from kg.columns.building import build, build_from_quads
from kg.columns.catalogue import Catalogue, Property, open_catalogue
from kg.columns.dictionary import Dictionary
from kg.columns.parquet import export_parquet

__all__ = [
    "Catalogue",
    "Dictionary",
    "Property",
    "build",
    "build_from_quads",
    "export_parquet",
    "open_catalogue",
]
