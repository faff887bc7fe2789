from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.reconciliation import identifiers, similarity
from kg.reconciliation.names import Name, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Universität Köln", "UNIVERSITAET KOELN"),
        ("Universität Köln", "universitat koln"),
        ("Siemens AG", "SIEMENS AKTIENGESELLSCHAFT"),
        ("Innova S.r.l.", "INNOVA SRL"),
        ("Beispiel e. V.", "BEISPIEL EV"),
        ("Telekom Polska Sp. z o.o.", "TELEKOM POLSKA SPOLKA Z OGRANICZONA ODPOWIEDZIALNOSCIA"),
        ("Forschung und Technik", "TECHNIK & FORSCHUNG"),
        ("Université d'Évry", "Universite d\u2019Evry"),
        ("Łódź Ørsted", "LODZ ORSTED"),
        ("Dept. of Physics", "Department of Physics"),
        ("TU München", "Technische Universität München"),
        ("Research Centre Graz", "Graz Research Center"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert Name(one).key == Name(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Universität Köln", "Universität Kiel"),
        ("Université Paris 1", "Université Paris 2"),
        ("SAS Institute", "Institute"),
        ("AG", "GmbH"),
    ],
)
def test_names_that_are_not_one(one: str, other: str) -> None:
    assert Name(one).key != Name(other).key


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Siemens AG", {"ag"}),
        ("Muster GmbH & Co. KG", {"gmbh", "kg"}),
        ("AB Volvo", {"ab"}),
        ("Société Générale S.A.", {"sa"}),
        ("Universität Wien", set()),
        ("Limited", set()),
    ],
)
def test_legal_forms(name: str, forms: set[str]) -> None:
    assert Name(name).forms == forms


def test_mistyped_legal_forms_are_known_in_what_was_typed() -> None:
    typed = Name("FLOX LIMTIED", typed=True)

    assert typed.words == ("flox",)
    assert Name("FLOX LIMTIED").words == ("flox", "limtied")


@given(st.text())
def test_any_text_is_a_name(text: str) -> None:
    """No text breaks the folding; its words are in small letters, and it is like itself."""
    name = Name(text)

    assert [w for w in words(text) if not w or w != w.lower()] == []
    assert 0 <= similarity.names(name.words, name.words, len) <= 1


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_typing_errors_are_counted_both_ways(one: str, other: str) -> None:
    there = similarity.distance(one, other, 6)

    assert there == similarity.distance(other, one, 6)
    assert (there == 0) == (one == other)
    assert abs(len(one) - len(other)) <= there <= max(len(one), len(other))


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("abcd", "abdc", 1), ("abcd", "abd", 1), ("abcd", "abxd", 1), ("abcd", "badc", 2)],
)
def test_typing_errors(one: str, other: str, errors: int) -> None:
    assert similarity.distance(one, other, 3) == errors
    assert similarity.distance(one, other, 0) == 1


def test_words_run_together_are_alike() -> None:
    assert similarity.names(("hahn", "schickard"), ("hahnschickard",), len) == 1.0
    assert similarity.names(("univ", "bonn"), ("universitat", "bonn"), len) > 0.8
    assert similarity.names((), ("bonn",), len) == 0.0


@pytest.mark.parametrize(
    ("read", "text", "found"),
    [
        (identifiers.pic, " 999 984 059 ", "999984059"),
        (identifiers.pic, "999984059.0", "999984059"),
        (identifiers.pic, "99998405", None),
        (identifiers.vat, "de 129.515-865", "DE129515865"),
        (identifiers.vat, "GMBHBERLIN", None),
        (identifiers.ror, "https://ror.org/03x57gn41", "03x57gn41"),
        (identifiers.ror, "03X57GN41", "03x57gn41"),
        (identifiers.ror, "03x57gnil", None),
        (identifiers.web, "https://www.dep.ox.ac.uk/x?y", "ox.ac.uk"),
        (identifiers.web, "WWW.Example.ORG.", "example.org"),
        (identifiers.web, "https://www.facebook.com/example", None),
        (identifiers.web, "http://[", None),
        (identifiers.web, "no domain", None),
    ],
)
def test_identifiers(read: object, text: str, found: str | None) -> None:
    assert callable(read)
    assert read(text) == found
