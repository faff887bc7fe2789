"""Short ways to state something in RDF, for the documents that say what a release holds.

Each returns a quad of the default graph: such documents speak of the data, they are no part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from kg.terms import XSD_DATE_TIME, XSD_INTEGER

if TYPE_CHECKING:
    from datetime import datetime


def link(subject: str, predicate: str, target: str) -> Quad:
    """State that one thing leads to another."""
    return _quad(subject, predicate, NamedNode(target))


def text(subject: str, predicate: str, value: str, language: str | None = None) -> Quad:
    """State a text, perhaps in a language."""
    return _quad(subject, predicate, Literal(value, language=language))


def typed(subject: str, predicate: str, value: str, datatype: str) -> Quad:
    """State a value of a datatype."""
    return _quad(subject, predicate, Literal(value, datatype=NamedNode(datatype)))


def number(subject: str, predicate: str, value: int) -> Quad:
    """State a whole number."""
    return typed(subject, predicate, str(value), XSD_INTEGER)


def moment(subject: str, predicate: str, value: datetime) -> Quad:
    """State a moment."""
    return typed(subject, predicate, value.isoformat(), XSD_DATE_TIME)


def _quad(subject: str, predicate: str, value: NamedNode | Literal) -> Quad:
    return Quad(NamedNode(subject), NamedNode(predicate), value, DefaultGraph())
