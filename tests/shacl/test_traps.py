"""Where the W3C suite is silent: one test for each trap that a validator on SQL can fall into."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kg.shacl import Validation, encode, parse_shapes, validate

if TYPE_CHECKING:
    import duckdb
    from rdflib import Graph

Values = Callable[[str, str], list[str]]
Check = Callable[[str, str], Validation]


def _bounded(values: Values, bound: str, *literals: str) -> list[str]:
    """Return which literals break `bound`, a line such as `sh:minInclusive 3`."""
    data = " ".join(f":i :p {literal} ." for literal in literals)
    return values(data, f":S a sh:PropertyShape ; sh:targetNode :i ; sh:path :p ; {bound} .")


# -- instants ---------------------------------------------------------------------------------


def test_date_times_of_different_zones_compare_as_instants(values: Values) -> None:
    """09:00+02:00 is before 08:00Z although its hours are later."""
    broken = _bounded(
        values,
        'sh:minInclusive "2024-01-01T08:00:00Z"^^xsd:dateTime',
        '"2024-01-01T09:00:00+02:00"^^xsd:dateTime',
        '"2024-01-01T10:00:00+02:00"^^xsd:dateTime',
        '"2024-01-01T02:59:59-05:00"^^xsd:dateTime',
        '"2024-01-01T03:00:00-05:00"^^xsd:dateTime',
    )

    assert broken == ["2024-01-01T02:59:59-05:00", "2024-01-01T09:00:00+02:00"]


def test_a_date_time_without_a_zone_compares_beyond_fourteen_hours(values: Values) -> None:
    """Within 14 hours the order is not determined, so the comparison errs (XSD 1.1, D.2.2)."""
    broken = _bounded(
        values,
        'sh:maxExclusive "2024-01-01T12:00:00Z"^^xsd:dateTime',
        '"2023-12-31T21:59:59"^^xsd:dateTime',
        '"2023-12-31T22:00:00"^^xsd:dateTime',
        '"2024-01-01T11:00:00"^^xsd:dateTime',
        '"2024-01-03T00:00:00"^^xsd:dateTime',
    )

    assert broken == ["2023-12-31T22:00:00", "2024-01-01T11:00:00", "2024-01-03T00:00:00"]


def test_fractions_of_seconds_beyond_microseconds_count(values: Values) -> None:
    """Two instants that differ in the ninth digit are two."""
    broken = _bounded(
        values,
        'sh:minExclusive "2024-01-01T00:00:00.000000001Z"^^xsd:dateTime',
        '"2024-01-01T00:00:00.000000001Z"^^xsd:dateTime',
        '"2024-01-01T00:00:00.0000000011Z"^^xsd:dateTime',
    )

    assert broken == ["2024-01-01T00:00:00.000000001Z"]


def test_years_of_five_digits_and_before_the_common_era_are_in_order(values: Values) -> None:
    """Dates reach further than DuckDB's DATE text casts."""
    broken = _bounded(
        values,
        'sh:minInclusive "0001-01-01"^^xsd:date',
        '"-0044-03-15"^^xsd:date',
        '"12024-01-01"^^xsd:date',
        '"9999-12-31"^^xsd:date',
    )

    assert broken == ["-0044-03-15"]


def test_midnight_as_24_00_is_the_next_day(values: Values) -> None:
    """24:00:00 is the first moment of the following day (XSD 1.1, section 3.3.7)."""
    broken = _bounded(
        values,
        'sh:minInclusive "2024-03-01T00:00:00"^^xsd:dateTime',
        '"2024-02-29T24:00:00"^^xsd:dateTime',
        '"2024-02-29T23:59:59"^^xsd:dateTime',
    )

    assert broken == ["2024-02-29T23:59:59"]


# -- numbers ----------------------------------------------------------------------------------


def test_nan_is_neither_less_nor_greater(values: Values) -> None:
    """To DuckDB NaN equals itself and exceeds everything; to SPARQL no comparison holds."""
    for bound in ("sh:minInclusive 0", "sh:maxInclusive 0", 'sh:minInclusive "NaN"^^xsd:double'):
        assert _bounded(values, bound, '"NaN"^^xsd:double') == ["NaN"]


def test_infinity_is_beyond_every_number(values: Values) -> None:
    """INF and -INF compare as IEEE 754 says."""
    literals = ('"INF"^^xsd:double', '"-INF"^^xsd:float', "5")

    assert _bounded(values, "sh:maxInclusive 1e300", *literals) == ["INF"]
    assert _bounded(values, "sh:minInclusive -1e300", *literals) == ["-INF"]


def test_decimals_are_exact_at_any_length(values: Values) -> None:
    """Neither the thirtieth digit before the point nor that behind it is rounded away."""
    wide, deep = "9" * 45, "0." + "1" * 45
    broken = _bounded(values, f"sh:maxInclusive {wide}", wide, f"{wide}.0", f"{wide}.1", "-1")

    assert [f"{wide}.1"] == broken
    assert [f"{deep}1"] == _bounded(values, f"sh:maxInclusive {deep}", deep, f"{deep}1", f"{deep}0")


def test_negative_decimals_are_in_order(values: Values) -> None:
    """-1.55 is below -1.5, -10 below -9; a zero has no sign."""
    broken = _bounded(values, "sh:minInclusive -1.5", "-1.55", "-1.5", "-1.49", "-10", "-0.0", "0")

    assert broken == ["-1.55", "-10"]
    assert _bounded(values, "sh:minInclusive 0", "-0", "-0.0", "+0") == []


def test_numbers_of_different_types_compare_by_value(values: Values) -> None:
    """An integer, a decimal, a float and a double are all numbers (SPARQL 1.1, 17.3)."""
    broken = _bounded(
        values, "sh:maxExclusive 2.5", "2", "2.50", "2.6e0", '"2.4"^^xsd:float', '"3"^^xsd:byte'
    )

    assert broken == ["2.50", "2.6e0", "3"]


def test_values_of_different_kinds_do_not_compare(values: Values) -> None:
    """A text, an IRI, a blank node, a date and an ill-typed number all break a numeric bound."""
    broken = _bounded(
        values,
        "sh:minInclusive 0",
        '"5"',
        ":x",
        '"2024-01-01"^^xsd:date',
        '"x"^^xsd:integer',
        '"5"@en',
        "true",
        "7",
    )

    assert broken == ["2024-01-01", "5", "5", "x", "true", "x"]


def test_strings_compare_by_code_point(values: Values) -> None:
    """Upper case before lower case, and nothing but strings with strings."""
    broken = _bounded(values, 'sh:maxInclusive "Z"', '"A"', '"a"', '"Zz"', '"A"@en', '"Ä"')

    assert broken == ["A", "Zz", "a", "Ä"]


# -- terms ------------------------------------------------------------------------------------


def test_in_and_has_value_take_the_exact_term(values: Values) -> None:
    """The form "05" is not 5, 5.0 is not 5, "a"@en is not "a" (sections 4.8.2 and 4.8.3)."""
    broken = _bounded(values, 'sh:in ( 5 "a" )', '"05"^^xsd:integer', "5", "5.0", '"a"@en', '"a"')

    assert broken == ["05", "5.0", "a"]
    assert _bounded(values, "sh:hasValue 5", '"05"^^xsd:integer') == ["i"]
    assert _bounded(values, "sh:hasValue 5", '"5"^^xsd:integer') == []


def test_language_tags_do_not_care_for_case(values: Values) -> None:
    """Tags compare in lower case (RDF 1.1 Concepts, section 3.3)."""
    assert _bounded(values, 'sh:hasValue "a"@en-gb', '"a"@en-GB') == []
    assert _bounded(values, "sh:uniqueLang true", '"a"@en-GB', '"b"@EN-gb') == ["i"]
    assert _bounded(values, 'sh:languageIn ( "EN" )', '"a"@en-gb', '"b"@en', '"c"@eng') == ["c"]


def test_targets_and_constants_need_not_be_in_the_data(values: Values) -> None:
    """A target node that no statement mentions still lacks its value."""
    shape = ":S a sh:PropertyShape ; sh:targetNode :nowhere, 7 ; sh:path :p ; sh:minCount 1 ."

    assert values(":i :p :x .", shape) == ["7", "nowhere"]


def test_an_empty_data_graph_can_be_validated(values: Values) -> None:
    """No statement at all: only explicit targets are looked at."""
    shape = ":S sh:targetClass :C ; sh:targetNode :i ; sh:property [ sh:path :p ; sh:minCount 1 ] ."

    assert values("", shape) == ["i"]


def test_statements_that_several_rows_repeat_count_once(check: Check) -> None:
    """A graph is a set: a repeated statement is one value."""
    shape = ":S a sh:PropertyShape ; sh:targetNode :i ; sh:path :p ; sh:maxCount 1 ."
    validation = check(":i :p :x .", shape)
    validation.connection.execute("INSERT INTO statement SELECT * FROM statement")

    assert validate(validation.connection, validation.shapes).conforms


# -- one result for each pair -----------------------------------------------------------------


def test_each_pair_out_of_order_is_a_result(values: Values) -> None:
    """Two values and two others: four pairs, three of them wrong (section 4.5.3)."""
    data = ":i :p 1, 5 ; :q 1, 3 ."
    shape = ":S a sh:PropertyShape ; sh:targetNode :i ; sh:path :p ; sh:lessThan :q ."

    assert values(data, shape) == ["1", "5", "5"]


def test_a_nested_result_is_given_for_each_way_to_its_focus_node(values: Values) -> None:
    """A shared value is validated once for each node that leads to it (section 4.7.2)."""
    data = ":a a :C ; :p :x . :b a :C ; :p :x . :x :q 1 ."
    shape = """:S a sh:NodeShape ; sh:targetClass :C ; sh:property [ sh:path :p ;
        sh:property [ sh:path :q ; sh:nodeKind sh:IRI ] ] ."""

    assert values(data, shape) == ["1", "1"]


def test_a_node_of_two_targets_of_a_shape_is_validated_once(values: Values) -> None:
    """The targets of one shape are a set, those of two shapes are not."""
    data = ":a a :C, :D ."
    shape = ":S{} sh:targetClass :C, :D ; sh:property [ sh:path :p ; sh:minCount 1 ] ."

    assert values(data, shape.format(1)) == ["a"]
    assert values(data, shape.format(1) + shape.format(2)) == ["a", "a"]


# -- regular expressions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "flags", "fits", "fails"),
    [
        ("^[a-z-[aeiou]]+$", "", "xyz", "xay"),
        (r"^\d+$", "", "٣4", "x"),
        (r"^\w+$", "", "Ärger", "a-b"),
        (r"^\i\c*$", "", "_a-1", "1a"),
        (r"^\p{IsGreek}+$", "", "αβγ", "abc"),
        (r"^\p{Lu}\p{Ll}+$", "", "Ölberg", "ölberg"),
        (r"^(.)\1$", "", "aa", "ab"),
        (r"^(?!.*foo).*$", "", "bar", "a foo"),
        ("^ab$", "", "ab", "ab\\n"),
        ("^b$", "m", "a\\nb", "ab"),
        ("^a.b$", "", "a-b", "a\\nb"),
        ("^a.b$", "s", "a\\nb", "ab"),
        ("^straße$", "i", "STRAßE", "strasse"),
        (r"^\p{Lu}$", "i", "A", "a"),
        ("a b # c", "x", "ab#c", "a b"),
        ("a.c", "q", "xa.cx", "abc"),
        ("^a{1500}$", "", "a" * 1500, "a" * 1499),
        ("'", "", "it's", "its"),
    ],
)
def test_patterns_mean_what_xpath_says(
    values: Values, pattern: str, flags: str, fits: str, fails: str
) -> None:
    """Each dialect trap, with a string that matches and one that does not."""
    escaped = pattern.replace("\\", "\\\\")
    bound = f'sh:pattern "{escaped}"' + (f' ; sh:flags "{flags}"' if flags else "")

    assert [fails.replace("\\n", "\n")] == _bounded(values, bound, f'"{fits}"', f'"{fails}"')


def test_a_pattern_reads_iris_and_never_fits_a_blank_node(values: Values) -> None:
    """Section 4.4.3: the string of an IRI is the IRI; blank nodes break the pattern."""
    broken = _bounded(values, 'sh:pattern "org/x"', ":x", ":y", "[ :q 1 ]")

    assert len(broken) == 2
    assert "y" in broken


def test_lengths_count_characters(values: Values) -> None:
    """Not bytes and not UTF-16 units."""
    broken = _bounded(values, "sh:maxLength 2", '"éé"', '"😀😀"', '"😀😀😀"')

    assert broken == ["😀😀😀"]


# -- what an import looks like ----------------------------------------------------------------


def test_context_is_seen_but_not_validated(
    connection: duckdb.DuckDBPyConnection,
    stated: Callable[..., None],
    turtle: Callable[[str], Graph],
) -> None:
    """Types of other imports satisfy sh:class; their subjects are no focus nodes."""
    stated(turtle(":a a :D ; :p :x, :y ."))
    stated(
        turtle(":x a :E . :b a :D ; :p :z . :E rdfs:subClassOf :C . :D rdfs:subClassOf :T ."), "c"
    )
    shapes = parse_shapes(
        turtle(":S sh:targetClass :T ; sh:property [ sh:path :p ; sh:class :C ] .")
    )
    validation = validate(connection, shapes, data="statement", context="c")
    rows = connection.execute(f"SELECT focus, value FROM {validation.table}").fetchall()

    assert rows == [("http://example.org/a", "http://example.org/y")]


def test_quotes_and_empty_strings_survive(values: Values) -> None:
    """An empty string is a value, and a quote does not end a statement of SQL."""
    assert _bounded(values, "sh:minCount 1", '""') == []
    assert _bounded(values, 'sh:in ( "O\'Neill" )', '"it\'s"', '"O\'Neill"') == ["it's"]


def test_nothing_of_a_run_is_left_behind(check: Check) -> None:
    """Only the table of results remains in the connection."""
    validation = check(":i :p 1 .", ":S a sh:PropertyShape ; sh:targetNode :i ; sh:path :p .")
    tables = validation.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()

    assert {("statement",), ("shacl_result",)} == set(tables)


def test_texts_that_duckdb_hashes_alike_stay_apart(values: Values) -> None:
    """DuckDB's hash is the same for these pairs, so that it alone does not tell terms apart."""
    one, other = "urn:without:140/state/NCL", "urn:without:147/state/IRL"

    found = values(
        f":i :p <{one}>, <{other}> .",
        f":S a sh:PropertyShape ; sh:targetNode :i ; sh:path :p ; sh:in (<{one}>) .",
    )

    assert found == [other]


def test_terms_with_one_id_are_all_given_others(
    values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should two terms share an id all the same, another hash makes all ids."""
    right = encode._id

    def narrow(value: str, kind: str, datatype: str, language: str, salt: int) -> str:
        return right(value, kind, datatype, language, salt) if salt else f"{kind}::BIGINT"

    monkeypatch.setattr(encode, "_id", narrow)
    found = values(
        ":i :p :a, :b .",
        ":S a sh:PropertyShape ; sh:targetNode :i ; sh:path :p ; sh:in ( :a ) .",
    )

    assert found == ["b"]


def test_a_shape_may_have_more_checks_than_one_statement_takes(check: Check) -> None:
    """What goes beyond is evaluated in statements of its own, with the same results."""
    properties = "".join(
        f"; sh:property [ sh:path :p{n} ; sh:minCount 1 ; sh:maxCount 2 ; sh:nodeKind sh:IRI ]"
        for n in range(80)
    )

    assert check(":i :p0 :a ; :p79 1 .", f":S sh:targetNode :i {properties} .").count == 79
