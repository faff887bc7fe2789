"""Small letters: where their form depends on what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

if TYPE_CHECKING:
    from kg.sparql.facets import Value

SIGMAS: Final = frozenset("\u03a3\u03c3\u03c2")
"""The letter whose small form at the end of a word is another one."""


def no_sigma(value: Value) -> bool:
    """Whether a value is made of a constant without the letter that has two small forms."""
    term = value.constant
    return value.sigma_free or (isinstance(term, Literal) and not SIGMAS & set(term.value))
