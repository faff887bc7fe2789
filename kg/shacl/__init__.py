"""SHACL Core, complete, compiled to SQL over statements (W3C Recommendation, 20 July 2017).

`parse_shapes` reads a shapes graph, `validate` runs it over a table of statements and leaves a
table of results, `report_turtle` and `report_graph` write them as a W3C validation report.
"""

from kg.shacl.nodes import read_graph
from kg.shacl.parse import parse_shapes
from kg.shacl.report import report_graph, report_turtle
from kg.shacl.shapes import Shapes
from kg.shacl.validation import Validation, validate

__all__ = [
    "Shapes",
    "Validation",
    "parse_shapes",
    "read_graph",
    "report_graph",
    "report_turtle",
    "validate",
]
