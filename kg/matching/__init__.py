"""Matchmaking: who masters a technology, who fits with an organisation, and why.

1. `tables` takes what ranking needs out of a release, as Arrow tables with small numbers.
2. `text` indexes names, labels and texts of these tables for search in four languages (tantivy).
3. `landscape` holds the tables as numpy columns in memory, with who works with whom and on what.
4. `competences` and `partners` rank organisations: each score is a sum of named terms.
5. `explanation` says which statements stand behind each term, so that it can be recomputed.

`index` builds 1 and 2 into the folder `text/` of a release (`build_index`, atomic and idempotent)
and opens them.
"""

from __future__ import annotations

from kg.matching.index import Matching, build_index, open_matching

__all__ = ["Matching", "build_index", "open_matching"]
