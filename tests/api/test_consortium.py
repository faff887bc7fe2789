"""`/consortium` and `/consortium/rules` over the sample."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from kg.trade import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]

KET = "ket4cleanproduction"


def test_the_rules_are_listed_with_their_conditions(ask: Ask) -> None:
    answer = ask("/consortium/rules").json()

    assert [item["name"] for item in answer["items"]] == rules.names()
    assert all(item["conditions"] and item["label_de"] for item in answer["items"])


def test_what_is_missing_is_told_with_who_could_fill_it(ask: Ask) -> None:
    """An SME alone lacks two centres; those abroad fill two conditions and come first."""
    answer = ask("/consortium", rule=KET, member="example-machines", q="industrial cleaning").json()

    assert not answer["eligible"]
    met = {c["id"].rpartition("#")[2]: c["met"] for c in answer["conditions"]}
    assert met == {"KetSme": True, "KetCentres": False, "KetAbroad": False}
    assert any(term["term"] == "offer" for term in answer["items"][0]["explanation"])
    fills = [len(item["fills"]) for item in answer["items"]]
    assert fills == sorted(fills, reverse=True)
    for item in answer["items"]:
        total = sum(term["contribution"] for term in item["explanation"])
        assert abs(item["score"] - total) < 1e-4


def test_a_candidate_joins_and_the_team_is_checked_again(ask: Ask) -> None:
    """Whoever is proposed brings what was said of it."""
    first = ask("/consortium", rule=KET, member="example-machines").json()
    members = ["example-machines", *(item["id"] for item in first["items"][:2])]

    second = ask("/consortium", rule=KET, member=members).json()

    assert second["eligible"]
    assert second["items"] == []


def test_a_completion_ends_with_nothing_missing(ask: Ask) -> None:
    answer = ask("/consortium", rule=KET, member="example-machines", complete=True).json()

    assert answer["completion"][-1]["missing"] == []


def test_candidates_for_one_condition(ask: Ask) -> None:
    answer = ask(
        "/consortium", rule=KET, member="example-photonics-centre", condition="KetSme"
    ).json()

    assert answer["items"]
    assert all(item["sme"] for item in answer["items"])


def test_the_date_decides_on_associated_countries(ask: Ask) -> None:
    """The same members, a day earlier and later."""
    landscape = ask("/competences", q="energy", country="UK", limit=1).json()["items"]
    assert landscape, "the sample has somebody in the United Kingdom"
    members = ["example-machines", "example-textiles", landscape[0]["id"]]

    before, after = (
        ask("/consortium", rule="horizon", member=members, date=day).json()
        for day in ("2023-12-31", "2024-01-01")
    )

    assert (before["eligible"], after["eligible"]) == (False, True)


def test_candidates_come_as_a_table(ask: Ask) -> None:
    answer = ask("/consortium", rule=KET, member="example-machines", format="csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert {"id", "label", "score", "fills"} <= set(rows[0])


def test_the_equivalent_query_finds_the_candidates(ask: Ask) -> None:
    answer = ask("/consortium", rule=KET, member="example-machines", limit=1000).json()
    told = ask("/sparql", query=answer["sparql"]["query"], format="csv").text

    assert answer["items"]
    for item in answer["items"]:
        assert item["id"] in told


def test_unknown_rules_members_and_conditions_are_refused(ask: Ask) -> None:
    for asked in (
        {"rule": "none-such"},
        {"member": "nobody-at-all-xyz"},
        {"condition": "none", "member": "example-machines"},
        {"date": "yesterday"},
    ):
        answer = ask("/consortium", **asked)

        assert answer.status_code in {400, 422}
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_team_of_a_project_is_checked_as_it_signed(ask: Ask) -> None:
    """Beneficiaries only, the coordinator first, on the day of the signature."""
    answer = ask("/consortium", rule="horizon", project="101046133").json()
    later = ask("/consortium", rule="horizon", project="101046133", date="2025-01-01").json()
    shown = ask("/projects/101046133", limit=1000).json()

    assert answer["eligible"]
    assert (answer["date"], later["date"]) == ("2022-02-09", "2025-01-01")
    members = [member["id"] for member in answer["members"]]
    assert set(members) <= {item["id"] for item in shown["items"]}
    assert ask("/consortium", project="none-such").status_code == 404
