"""The syntax of SPARQL 1.1 and 1.2 queries: text → tree, with the place of everything in the text.

The engine has a parser of its own and decides what is evaluated. This one serves where that one
says too little: it names line, column and token of an error, and it shows where in the text the
patterns stand that have to be written differently.

    tree         a node: kind, span, parts
    cursor       the tokens under the reader's eyes
    terms        IRIs, literals, variables          productions [106] to [138]
    tripleterms  triple terms, reified triples      SPARQL 1.2
    inlinedata   VALUES                             productions [61] to [65]
    expressions  filters, functions, aggregates     productions [68] to [73], [110] to [128]
    patterns     groups, triples, paths             productions [52] to [67], [74] to [109]
    queries      prologue, forms, modifiers         productions [1] to [28]
    scope        which variables are bound where, and what that forbids
"""

from kg.query.syntax.cursor import StrictError
from kg.query.syntax.queries import parse
from kg.query.syntax.scope import check, grouped, in_scope, name_of, projected
from kg.query.syntax.tree import Node

__all__ = ["Node", "StrictError", "check", "grouped", "in_scope", "name_of", "parse", "projected"]
