"""`/organisations` and `/organisations/{key}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Ask = Callable[..., httpx.Response]


def test_a_misspelt_name_is_found(ask: Ask) -> None:
    """Typing errors cost score, not the answer."""
    answer = ask("/organisations", q="Hahn Schikard").json()

    assert answer["items"][0]["pic"] == "998872439"


def test_the_likest_names_come_before_those_that_have_a_part(ask: Ask) -> None:
    """Among the latter who has most projects comes first."""
    items = ask("/organisations", q="uni", limit=1000).json()["items"]
    terms = [item["explanation"][0]["term"] for item in items]
    experience = [i["projects"] for i, term in zip(items, terms, strict=True) if term == "part"]

    assert terms == sorted(terms)
    assert len(experience) > 50
    assert experience == sorted(experience, reverse=True)


def test_an_organisation_has_its_projects_newest_first(ask: Ask) -> None:
    """The data of its own is in `about`, the projects are the items."""
    answer = ask("/organisations/998872439").json()
    begun = [item["start_date"] for item in answer["items"]]

    assert answer["about"]["pic"] == "998872439"
    assert answer["about"]["projects"] == answer["total"] == len(begun)
    assert begun == sorted(begun, reverse=True)
    assert answer["about"]["technologies"]


def test_an_unknown_organisation_is_not_found(ask: Ask) -> None:
    """The problem names the key."""
    response = ask("/organisations/none-such")

    assert response.status_code == 404
    assert response.json()["key"] == "none-such"


def test_an_organisation_asked_for_by_name_has_candidates(ask: Ask) -> None:
    """The path takes keys; who writes a name is told the keys of those called so."""
    response = ask("/organisations/Technische Universität Dresden")

    assert response.status_code == 404
    assert response.json()["candidates"][0]["label"] == "TECHNISCHE UNIVERSITAET DRESDEN"
