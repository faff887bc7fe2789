"""`/consortium`: does a team meet the conditions of a call, and who could fill what is missing."""

# ruff: noqa: TC001, TC002 - FastAPI reads annotations at run time.
from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api import lookups
from api.forms import Answer
from api.linked import readable
from api.lookups import RESPONSES, CountryQuery, CursorQuery, FormQuery, LimitQuery
from api.organisations import ExplainQuery, HiddenQuery, KindQuery
from kg.errors import ParameterError
from kg.matching import items, resolving
from kg.matching.conditions import Conditions
from kg.matching.landscape import today
from kg.trade import candidates, consortium, participants, rules, showing

if TYPE_CHECKING:
    from kg.trade.rules import Condition, Rule

router = APIRouter(tags=["matchmaking"])

RuleQuery = Annotated[
    str, Query(description="The rule of the call, such as horizon; /consortium/rules lists them.")
]
MemberQuery = Annotated[
    list[str] | None,
    Query(
        max_length=200, description="A member: PIC, key, name or IRI; once each, the first leads."
    ),
]
ProjectQuery = Annotated[
    str | None,
    Query(
        description="Check the beneficiaries of a project, and members named besides, on the day "
        "of its signature: key or IRI."
    ),
]
DateQuery = Annotated[
    date | None,
    Query(alias="date", description="The day on which countries' status counts; else today."),
]
TextQuery = Annotated[
    str | None, Query(alias="q", max_length=10_000, description="What the project is about.")
]
TopicQuery = Annotated[
    str | None, Query(description="The call's topic, such as HORIZON-CL5-2024-D3-01-05.")
]
ConditionQuery = Annotated[
    str | None, Query(description="Candidates for one missing condition only: its IRI or key.")
]
PastQuery = Annotated[
    Literal["exclude", "include", "only"],
    Query(description="What to do with candidates the first member worked with already."),
]
CompleteQuery = Annotated[
    bool, Query(description="Also propose members, one after the other, until nothing is missing.")
]


@readable(router, "/consortium/rules", "Rules of calls", responses=RESPONSES)
def list_rules(
    request: Request,
    limit: LimitQuery = 100,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """List the rules with their conditions."""
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        names = rules.names()
        found = [rules.read(n, shown.at.base) for n in names[shown.begin :][: shown.limit]]
        return Answer(len(names), [showing.rule(r) for r in found])

    return lookups.respond(shown, form, "rules", make)


@readable(router, "/consortium", "Does a team meet the conditions of a call", responses=RESPONSES)
def check_consortium(
    request: Request,
    rule: RuleQuery = "horizon",
    member: MemberQuery = None,
    project: ProjectQuery = None,
    day: DateQuery = None,
    text: TextQuery = None,
    topic: TopicQuery = None,
    condition: ConditionQuery = None,
    country: CountryQuery = None,
    kind: KindQuery = None,
    past: PastQuery = "include",
    hidden: HiddenQuery = 0.0,
    complete: CompleteQuery = False,  # noqa: FBT002 - a query parameter
    explain: ExplainQuery = "brief",
    limit: LimitQuery = 20,
    cursor: CursorQuery = None,
    form: FormQuery = None,
) -> Response:
    """Check a team; the items are who could fill what is missing, best first.

    Raises:
        NotFoundError: the release has no such project.
        ParameterError: no such rule or condition, or a member that the release does not have.
    """
    shown = lookups.page(request, cursor, limit)

    def make() -> Answer:
        matching = lookups.matching(shown.at)
        base, landscape = shown.at.base, matching.landscape
        asked = rules.read(rule, base)
        team = showing.team(matching, member or (), day or today(), base)
        if project:
            row = resolving.known(landscape, "project", "project", project, base)
            own = participants.team(landscape, shown.at.opened.store, base, row, today())
            team = own.joined_by(*team.members).on(day or own.day)
        checked = consortium.check(asked, team, base)
        conditions = Conditions(
            country=tuple(resolving.place(landscape, c, "country") for c in country or ()),
            kind=tuple(kind or ()),
        )
        wish = candidates.Wish(text or "", topic, conditions, past, hidden)
        found = candidates.who(matching, asked, checked, wish, base)
        if condition:
            found = found.filling(_condition(asked, condition))
        rows = found.rows[shown.begin : shown.begin + shown.limit]
        full = None if explain == "none" else explain == "full"
        listed = showing.candidates(landscape, found, rows, full=full)
        more = showing.verdict(asked, checked) | {"members": showing.members(landscape, team)}
        if complete:
            steps = candidates.completion(matching, asked, checked, wish, base)
            more["completion"] = showing.steps(landscape, steps)
        query = {"rule": rule, "member": [m.iri for m in team.members], "date": str(team.day)}
        query |= {k: v for k, v in {"q": text, "topic": topic, "past": past}.items() if v}
        facets = items.organisation_facets(landscape, found.rows)
        sparql = showing.sparql(landscape, checked, found, base)
        return Answer(len(found.rows), listed, facets, query | conditions.named(), more, sparql)

    return lookups.respond(shown, form, "consortium", make)


def _condition(asked: Rule, text: str) -> Condition:
    known = {key: c for c in asked.conditions for key in (c.iri, c.iri.rpartition("#")[2])}
    if text not in known:
        allowed = sorted(key for key in known if "#" not in key)
        detail = f"The rule {asked.name} has no condition {text!r}"
        raise ParameterError(detail, parameter="condition", allowed=allowed)
    return known[text]
