"""What a file must say to be a saved query, and what is told when it does not."""

from __future__ import annotations

import pytest

from kg import savedqueries
from kg.errors import NotFoundError, QuerySyntaxError
from kg.savedqueries import header
from kg.savedqueries.definition import read

HEAD = """#+ summary: Things
#+ summary_de: Dinge
#+ description: All things
#+   there are.
#+ description_de: Alle Dinge.
#+ tags: [things, test]
#+ params:
#+   kind:
#+     type: text
#+     optional: true
#+     en: The kind
#+     de: Die Art
"""
BODY = """SELECT ?thing {
  ?thing a ?class .
  #? kind
  VALUES ?kind { "x" }
  ?thing <urn:kind> ?kind .
  #? end
} LIMIT 5
"""
GOOD = HEAD + BODY


def test_header_is_nested_by_indentation() -> None:
    """Block mappings, folded text and flow lists are read."""
    head = header.parse(GOOD, "things.rq")

    assert head["description"] == "All things there are."
    assert head["tags"] == ["things", "test"]
    assert head["params"] == {
        "kind": {"type": "text", "optional": "true", "en": "The kind", "de": "Die Art"}
    }


def test_optional_part_goes_with_its_parameter() -> None:
    """What stands between the marks belongs to the query only if the parameter has a value."""
    query = read("things", GOOD)
    without = savedqueries.Bound(query, {}, 5)
    with_value = savedqueries.Bound(query, dict(query.examples), 5)

    assert "kind" not in without.text.removeprefix(HEAD)
    assert 'VALUES ?kind { "x" }' in with_value.text
    assert "#?" not in with_value.text


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("Things", "", "", "a file name of small letters"),
        ("things", "#+ summary: Things\n", "", "the header to say summary"),
        ("things", "#+ description_de: Alle Dinge.\n", "", "the header to say description_de"),
        ("things", "#+ tags: [things, test]", "#+ tags: things", "tags:"),
        ("things", "type: text", "type: colour", "type of kind to be one of text, choice"),
        ("things", "#+     de: Die Art\n", "", "the header to say de"),
        ("things", 'VALUES ?kind { "x" }', "", "a VALUES block for each parameter"),
        ("things", "optional: true", "many: true", "for optional parameters only"),
        ("things", "  #? end\n", "", "`#\\? end` after `#\\? kind`"),
        ("things", "  #? kind\n", "", "`#\\? end` after each"),
        ("things", " LIMIT 5", "", "one LIMIT"),
        ("things", "SELECT ?thing", "SELEKT ?thing", "things.rq: "),
        ("things", "SELECT ?thing", "CONSTRUCT { ?thing <urn:a> 1 } WHERE", "a SELECT query"),
        ("things", "optional: true", "minimum: few", "minimum to be a whole number"),
        ("things", "#+   kind:", "#+   limit:", "not to be named limit"),
        ("things", "#+ summary: Things", "#+ ???", "line 1: not a header line"),
    ],
)
def test_faults_are_named(name: str, old: str, new: str, expected: str) -> None:
    """A file that is no saved query is one error that says what was expected."""
    with pytest.raises(QuerySyntaxError, match=expected):
        read(name, GOOD.replace(old, new))


def test_unknown_query_names_those_there_are() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(NotFoundError, match="no saved query 'stuff'") as caught:
        savedqueries.find({"things": read("things", GOOD)}, "stuff")

    assert caught.value.members["available"] == ["things"]
