"""Profiles from their submission to a release, and back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from kg import imports, releases
from kg.errors import NotFoundError, ParameterError
from kg.profiles.desk import ConflictError, NotAcceptableProfileError
from kg.profiles.keeping import Shelf
from kg.profiles.limits import QueueFullError, Rate, TooManyError
from kg.reports import FORMS, render
from kg.tokens import UnauthorisedError

if TYPE_CHECKING:
    Office = Any

JSON = "application/json"
COMPANY = {
    "type": "Company",
    "legalName": "Probe GmbH",
    "country": "DE",
    "region": "DE212",
    "city": "München",
    "latitude": 48.137,
    "longitude": 11.575,
    "homepage": "https://probe.example/",
    "isSme": True,
}


def body(**values: Any) -> bytes:
    return json.dumps(values).encode()


def submitted(office: Office, key: str | None = None, **values: Any) -> Any:
    return office.desk.submit(body(**values), JSON, "en", key, "test")


def offer(party: str, **values: Any) -> dict[str, Any]:
    said = {"type": "CooperationOffer", "title": "Photonics", "technology": "photonics"}
    return said | {"party": party, "validUntil": "2099-12-31"} | values


def test_a_profile_is_published_when_a_curator_accepts_it(office: Office) -> None:
    """Before it is in no release, afterwards in the next one, and changes nothing else of it."""
    before = releases.current(office.workspace)
    answer = submitted(office, **COMPANY)

    assert answer.fresh
    assert answer.profile.state == "queued"
    assert answer.profile.violations == 0
    assert not office.knows(answer.profile.iri)

    number = office.desk.accept([answer.profile.id], "curator")

    kept = office.desk.shelf.find(answer.profile.id)
    assert before is not None
    assert number == before.number + 1
    assert (kept.state, kept.release) == ("published", number)
    assert office.knows(answer.profile.iri)
    assert [line["what"] for line in kept.history] == ["submitted", "accepted", "published"]


@pytest.mark.parametrize("form", FORMS)
def test_profiles_are_a_source_with_a_report(office: Office, form: str) -> None:
    """The findings of what is published, in every form, beside those of the other sources."""
    lacking = {name: value for name, value in COMPANY.items() if name != "city"}
    answer = submitted(office, **lacking)
    office.desk.accept([answer.profile.id], "curator")

    one = imports.current(office.workspace)["profiles"]
    written = b"".join(render(one, form, "de", limit=0))
    assert answer.profile.findings
    if form not in {"xlsx", "table"}:
        assert f"{answer.profile.id}.json".encode() in written


def test_findings_come_with_fixes_and_keep_a_profile_from_being_published(office: Office) -> None:
    party = "organisation/999984059"
    answer = submitted(office, **offer(party, validUntil="31/12/2099", quantity="1.000,5"))
    found = {one.field: one for one in answer.profile.findings if one.fix}

    assert answer.profile.violations >= 2
    assert found["validUntil"].fix.value == "2099-12-31"
    assert found["quantity"].fix.value == "1000.5"
    assert found["quantity"].message_de != found["quantity"].message_en
    with pytest.raises(NotAcceptableProfileError) as caught:
        office.desk.accept([answer.profile.id], "curator")
    assert caught.value.members["findings"]
    assert office.desk.shelf.find(answer.profile.id).state == "queued"


def test_a_text_in_the_place_of_a_link_is_a_violation(office: Office) -> None:
    """Whatever the severity of the rule, and also where no rule says anything."""
    answer = submitted(office, **COMPANY | {"homepage": "www.probe.example", "memberOf": "a club"})
    found = {one.field: one for one in answer.profile.findings}

    assert found["homepage"].severity == found["memberOf"].severity == "Violation"
    assert found["homepage"].fix.value == "http://www.probe.example"


def test_a_repeated_submission_counts_once(office: Office) -> None:
    first = submitted(office, "key-of-the-client", **COMPANY)
    again = submitted(office, "key-of-the-client", **COMPANY)

    assert (first.fresh, again.fresh) == (True, False)
    assert (first.profile.id, first.token) == (again.profile.id, again.token)
    assert len(office.desk.shelf.every()) == 1
    with pytest.raises(ConflictError):
        submitted(office, "key-of-the-client", **COMPANY | {"city": "Ulm"})
    with pytest.raises(ParameterError):
        submitted(office, "short", **COMPANY)


def test_only_its_token_changes_a_profile(office: Office) -> None:
    mine, other = submitted(office, **COMPANY), submitted(office, **COMPANY)
    changed = body(**COMPANY | {"city": "Ulm"})

    for token in (None, "", other.token):
        with pytest.raises(UnauthorisedError):
            office.desk.edit(mine.profile.id, token, changed, JSON)
    kept = office.desk.edit(mine.profile.id, mine.token, changed, JSON)

    assert kept.facts.value("city") == "Ulm"
    assert mine.token not in json.dumps(kept.to_json())
    with pytest.raises(NotFoundError):
        office.desk.edit("0" * 16, mine.token, changed, JSON)


def test_an_edit_waits_while_the_older_text_stays_published(office: Office) -> None:
    """Rejecting the edit leaves what was published; accepting it replaces that."""
    answer = submitted(office, **COMPANY)
    office.desk.accept([answer.profile.id], "curator")
    changed = body(**COMPANY | {"city": "Ulm"})

    queued = office.desk.edit(answer.profile.id, answer.token, changed, JSON)
    assert (queued.state, queued.accepted.value("city")) == ("queued", "München")
    rejected = office.desk.reject(answer.profile.id, "curator", "not true")
    assert (rejected.state, rejected.facts.value("city")) == ("published", "München")

    office.desk.edit(answer.profile.id, answer.token, changed, JSON)
    office.desk.accept([answer.profile.id], "curator")
    assert office.desk.shelf.find(answer.profile.id).accepted.value("city") == "Ulm"


def test_what_is_withdrawn_leaves_with_a_release_and_takes_along_what_refers_to_it(
    office: Office,
) -> None:
    company = submitted(office, **COMPANY)
    office.desk.accept([company.profile.id], "curator")
    party = company.profile.iri
    dependent = submitted(office, **offer(party))
    office.desk.accept([dependent.profile.id], "curator")
    assert office.knows(dependent.profile.iri)

    assert office.desk.withdraw(company.profile.id, "submitter").state == "withdrawn"

    assert not office.knows(company.profile.iri)
    assert not office.knows(dependent.profile.iri)
    assert office.desk.shelf.find(dependent.profile.id).state == "queued"
    with pytest.raises(ConflictError):
        office.desk.edit(company.profile.id, company.token, body(**COMPANY), JSON)


def test_offers_end_and_are_renewed(office: Office) -> None:
    company = submitted(office, **COMPANY)
    today = datetime.now(UTC).date()
    office.desk.accept([company.profile.id], "curator")
    answer = submitted(office, **offer(company.profile.iri, validUntil=str(today)))
    office.desk.accept([answer.profile.id], "curator")
    assert office.desk.expire() == []

    later = str(today + timedelta(days=30))
    renewed = office.desk.renew(answer.profile.id, answer.token, later)
    assert renewed.accepted.value("validUntil") == later

    with office.desk.shelf.changing():
        over = renewed.accepted.replaced("validUntil", "2020-01-01", "")
        office.desk.shelf.put(renewed.told_nothing(accepted=over))
    assert [one.state for one in office.desk.expire()] == ["expired"]
    assert not office.knows(answer.profile.iri)
    assert office.knows(company.profile.iri)
    with pytest.raises(ParameterError):
        office.desk.renew(answer.profile.id, answer.token, "2020-01-01")
    with pytest.raises(ConflictError):
        office.desk.renew(company.profile.id, company.token, later)


def test_what_was_accepted_by_a_process_that_died_is_published_by_the_next(office: Office) -> None:
    """The mark is on the disk before the release is begun."""
    one, other = (submitted(office, **COMPANY | {"city": city}) for city in ("Ulm", "Hof"))
    with office.desk.shelf.changing():
        marked = one.profile.told("accepted", "x", state="accepted", accepted=one.profile.facts)
        office.desk.shelf.put(marked)

    office.desk.accept([other.profile.id], "curator")

    assert office.desk.shelf.find(one.profile.id).state == "published"
    assert office.knows(one.profile.iri)


def test_nothing_is_lost_or_doubled_when_many_submit_at_once(office: Office) -> None:
    """Each of 40 is sent twice with its key, by 8 threads, while curators accept what comes."""
    known = [f"key-number-{number}" for number in range(40)]

    def send(key: str) -> str:
        answer = submitted(office, key, **COMPANY | {"legalName": f"Probe {key}"})
        if key.endswith("7"):
            office.desk.accept([answer.profile.id], "curator")
        return str(answer.profile.id)

    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(send, [*known, *known]))

    fresh = Shelf(office.workspace).every()
    assert sorted(one.id for one in fresh) == sorted(set(names))
    assert len(fresh) == 40
    assert {one.facts.value("legalName") for one in fresh} == {f"Probe {key}" for key in known}
    published = [one for one in fresh if one.state == "published"]
    assert len(published) == 4
    assert all(office.knows(one.iri) for one in published)


def test_limits(office: Office) -> None:
    rate = Rate(2, clock=lambda: 0.0)
    rate.take("a")
    rate.take("a")
    rate.take("b")
    with pytest.raises(TooManyError) as caught:
        rate.take("a")
    assert caught.value.members["retry_after"] == 30

    full = office.settings.model_copy(update={"profile_queue": 1})
    office.desk._settings = full
    submitted(office, **COMPANY)
    with pytest.raises(QueueFullError):
        submitted(office, **COMPANY)
