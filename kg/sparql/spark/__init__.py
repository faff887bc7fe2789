"""The same plans on Spark, over the same tables as Parquet: for a graph that outgrows one machine.

| module | holds |
|---|---|
| dialect | DuckDB's SQL written as Spark's, and the functions that Spark does not have |
| closure | `?`, `*` and `+` as a loop: Spark's own recursion does not end on cycles |
| engine | the tables opened in Spark, queries answered |

Needs the dependency group `spark` (pyspark, sqlglot) and Java 17; nothing else here imports it.
"""
