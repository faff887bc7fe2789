"""SPARQL over columns: query text → algebra → SQL → results (SPARQL 1.1 Query Language).

Modules, each using only those above it:

| module | holds |
|---|---|
| algebra | the nodes of a query: expressions, paths, patterns |
| tokens, cursor | the text as tokens, and a place among them |
| expressions, patterns, queries | the grammar, from the inside to the outside |
| scope, uniqueness | which variables a pattern binds, and which tell its solutions apart |
| context, relation | one compilation; a SELECT under construction |
| temporal, facets, stored | SQL for the parts of a term that an expression looks at |
| operators, arithmetic, functions, casts, regex, evaluate | SQL for the expressions themselves |
| projection, aggregates, sorting, grouping | expressions as columns, grouped and sorted |
| graphs, paths, joins, basic, correlation, compiler | patterns to relations |
| routing | which engine a query is for |
| formats, results, construct | columns to JSON, XML, CSV, TSV and N-Triples |
| plans | plans kept by the text with its constants lifted out |
| watchdog, session | one thread for all limits of time; connections that keep prepared statements |
| engine | a release's columns, opened: plans kept, queries answered |
"""

from __future__ import annotations

from kg.sparql.errors import NotCompilable

__all__ = ["NotCompilable"]
