"""The knowledge graph: statements, validation, releases and queries.

`kg` knows neither the loaders nor the REST facade; `kg.cli` alone puts the three together.
"""

__version__ = "0.1.0"
