"""Saved queries: one file `queries/<name>.rq` is endpoint, documentation and test at once.

1. `definition` reads the file: a `#+` header (grlc's convention) and a SPARQL query that runs as
   it stands. Parameters are its `VALUES ?name { example }` blocks.
2. `kinds` says which kinds of parameter there are and reads what the user wrote as an RDF term;
   for organisations, technologies, countries and regions `vocabulary` asks the store.
3. `binding` puts the terms in the place of the examples. No user's text ever meets the query's.
4. `answers` gives rows as JSON, CSV and SPARQL results, and says when it cut them.
5. `evaluation` asks the columns of a release, or its store, and keeps what was answered.
6. `reference` writes the page of the documentation.
"""

from kg.savedqueries.answers import Answer
from kg.savedqueries.binding import Bound, bind
from kg.savedqueries.definition import FOLDER, Parameter, SavedQuery, discover, find
from kg.savedqueries.evaluation import Evaluation, evaluate
from kg.savedqueries.vocabulary import Vocabulary

__all__ = [
    "FOLDER",
    "Answer",
    "Bound",
    "Evaluation",
    "Parameter",
    "SavedQuery",
    "Vocabulary",
    "bind",
    "discover",
    "evaluate",
    "find",
]
