"""SPARQL over columns: query text → algebra → SQL → results (SPARQL 1.1 Query Language).

Modules, each using only those above it:

| module | holds |
|---|---|
| algebra | the nodes of a query: expressions, paths, patterns |
| tokens, cursor | the text as tokens, and a place among them |
| expressions, patterns, queries | the grammar, from the inside to the outside |
| scope | which variables a pattern binds, and the checks of section 19.8 that need it |
| facets, numbers, temporal, text | SQL for the parts of a term that an expression looks at |
| operators, functions | SQL for the expressions themselves |
| relation | a SELECT under construction |
| graphs, paths, joins, aggregates, compiler | patterns to relations |
| results | columns to JSON, XML, CSV, TSV and N-Triples |
| engine | a release's columns, opened: plans kept, queries answered |
"""

from __future__ import annotations

from kg.sparql.errors import NotCompilable

__all__ = ["NotCompilable"]
