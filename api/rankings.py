"""Pages on which organisations are looked for: a form, and the ranking with its reasons.

1. A browser gets the page where a program gets JSON: at the same address, by Accept or `format=`.
2. The form has the conditions that are set most often; all others work in the address as well.
3. A browser sends empty fields too, which would be conditions; `address` leaves them out.
4. Each organisation has the terms of its score, largest first, with links to what is behind them.
   What counts is linked as a further condition; where nothing is found, what to give up is.
5. Of one that was expected (`whynot`) it is said where it is, what it does not meet, and by which
   terms it is behind the best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import Query
from markupsafe import Markup, escape

from api import accept, forms, pages
from api.pages import Alternate, Shown
from api.rankingwords import WORDS
from api.representations import HTML
from kg.description import Description, labels
from kg.errors import AtlasError
from kg.matching.landscape import today
from kg.matching.translation import in_german

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import Request
    from starlette.responses import Response

    from api.forms import Answer, Page
    from api.linked import Visit

    Item = Mapping[str, Any]
    Given = Sequence[tuple[str, str]]

FormQuery = Annotated[
    str | None,
    Query(
        alias="format",
        description="json, jsonld, csv, xlsx, geojson, or html for people, instead of Accept.",
    ),
]
_UNSAID: Final = ("lang", "format", "cursor")
_CHOICES: Final = {
    "kind": ("PRC", "REC", "HES", "PUB", "OTH"),
    "sme": ("true", "false"),
    "past": ("exclude", "include", "only"),
    "hidden": ("0", "0.3", "0.6", "1"),
}
_FIELDS: Final = {
    "competences": ("q", "technology", "country", "region", "kind", "sme", "hidden", "whynot"),
    "partners": (
        *("organisation", "q", "country", "region", "kind", "sme", "past", "hidden", "whynot"),
    ),
}
_WITH_DEFAULT: Final = ("past", "hidden")
_FACETS: Final = 8
_COUNTED: Final = frozenset({"cooperation", "experience"})
"""Terms whose text says how many projects there are."""


class Field(NamedTuple):
    """A field of the form: its parameter, what it says, its value, and what may be chosen."""

    name: str
    label: str
    value: str
    choices: Sequence[tuple[str, str]]
    unsaid: str


class Reason(NamedTuple):
    """A term of a score: its name, share, a piece of text, and the things behind it.

    Texts of the release are in `language`; those of the page in its own, and that is None.
    """

    name: str
    contribution: str
    text: Markup
    language: str | None
    things: Sequence[Shown]
    more: int


class Ranked(NamedTuple):
    """An organisation as the page shows it."""

    place: int
    name: Shown
    facts: Sequence[Shown]
    score: str
    reasons: Sequence[Reason]


class Expected(NamedTuple):
    """One that was expected: what is said of its place, and terms with its own and the best's."""

    name: Shown
    said: Sequence[str]
    terms: Sequence[tuple[str, str, str]]


class Choice(NamedTuple):
    """A condition that is a link: what it says, how many there are, and where it leads."""

    text: str
    number: int
    href: str


def wanted(request: Request, named: str | None) -> bool:
    """Tell whether a page is asked for: by `format=`, or else by the Accept header."""
    if named:
        return named in {HTML.extension, HTML.media_type}
    offers = tuple(form.media_type for form in (*forms.FORMS, HTML))
    return accept.media_type(request.headers.get("accept", ""), offers) == HTML.media_type


def described(responses: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a look-up that is a page as well."""
    found = responses[200]
    return {**responses, 200: found | {"content": {**found["content"], HTML.media_type: {}}}}


def address(name: str, given: Given, root: str) -> str:
    """Return where a form leads: the look-up with what was filled in."""
    filled = [(k, v) for k, v in given if v.strip()]
    return f"{root}/{name}" + (f"?{urlencode(filled)}" if filled else "")


def summaries(to: Visit, chosen: str) -> list[Mapping[str, str]]:
    """Return what the start page says of each look-up that has a page."""
    words = WORDS[chosen]
    return [
        {"href": to.local(f"/{n}"), "summary": words[n], "description": words[f"{n}_intro"]}
        for n in _FIELDS
    ]


def page(shown: Page, name: str, lang: str | None, make: Callable[[], Answer]) -> Response:
    """Return the page of a look-up: its form, and what was found once something is asked.

    Raises:
        ParameterError: there is no page in the language named.
    """
    given = [(k, v) for k, v in shown.at.request.query_params.multi_items() if k not in _UNSAID]
    answer, fault = None, None
    if given:
        try:
            answer = forms.begun(make(), shown)
        except AtlasError as error:
            fault = error
    return pages.answer(
        shown.at,
        "ranking.html",
        lambda chosen: _told(shown, name, given, answer, chosen) | {"fault": fault},
        lang,
        alternates=_alternates(shown.at, name, given) if answer else (),
        vary=["Accept"],
        status=fault.status if fault else 200,
        variant=f"html-{today()}",
    )


def _alternates(to: Visit, name: str, given: Given) -> list[Alternate]:
    return [
        Alternate(
            f.name, f.media_type, f"{to.root}/{name}?{urlencode([*given, ('format', f.extension)])}"
        )
        for f in forms.FORMS
    ]


def _told(
    shown: Page, name: str, given: Given, answer: Answer | None, chosen: str
) -> dict[str, Any]:
    words, to = WORDS[chosen], shown.at
    told: dict[str, Any] = {
        "said": words,
        "title": words[name],
        "intro": words[f"{name}_intro"],
        "action": f"{to.root}/ask/{name}",
        "fields": [_field(f, given, words) for f in _FIELDS[name]],
        "kept": [(k, v) for k, v in given if k not in _FIELDS[name]] + [("lang", chosen)],
        "found": None,
    }
    if answer is None:
        return told
    names = _names(to, answer)
    told["found"] = {
        "total": answer.total,
        "begin": shown.begin,
        "items": [
            _ranked(to, names, item, place, chosen)
            for place, item in enumerate(answer.items, shown.begin + 1)
        ],
        # Several technologies may be called the same.
        "understood": ", ".join(
            dict.fromkeys(m["label"] for m in answer.more.get("understood", ()))
        ),
        "facets": _facets(answer, name, given, to.root, chosen),
        "misses": _misses(answer, name, given, to.root, chosen),
        "expected": _expected(to, names, answer, chosen),
        "perhaps": [
            pages.thing(to, names, p["id"], chosen) for p in answer.more.get("perhaps", ())
        ],
        "next": forms.following(answer, shown),
    }
    return told


def _field(name: str, given: Given, words: Mapping[str, str]) -> Field:
    value = ", ".join(v for k, v in given if k == name)
    choices = [(c, words.get(f"{name}_{c}", c)) for c in _CHOICES.get(name, ())]
    unsaid = words["usual" if name in _WITH_DEFAULT else "any"]
    return Field(name, words[f"field_{name}"], value, choices, unsaid)


def _names(to: Visit, answer: Answer) -> Description:
    """Return the labels of everything that the page names."""
    iris = {
        iri
        for item in answer.items
        for iri in (
            item["id"],
            item.get("country"),
            item.get("region"),
            *(s["object"] for r in item.get("explanation", ()) for s in r["statements"]),
            *(s["subject"] for r in item.get("explanation", ()) for s in r["statements"]),
        )
    } | {p["id"] for p in answer.more.get("perhaps", ())}
    iris.add(answer.more.get("whynot", {}).get("id"))
    known = sorted(iri for iri in iris if iri)
    return Description("", (), (), tuple(labels(to.opened.store, known)), 1, more=False)


def _ranked(to: Visit, names: Description, item: Item, place: int, chosen: str) -> Ranked:
    words = WORDS[chosen]
    facts = [pages.thing(to, names, item[k], chosen) for k in ("country", "region") if item.get(k)]
    if item.get("country"):
        facts[0] = _spoken(facts[0], chosen)
    facts += [
        Shown(text) for text in (item.get("city"), words.get(f"kind_{item.get('kind')}")) if text
    ]
    if item.get("sme"):
        facts.append(Shown(words["is_sme"]))
    facts.append(Shown(words["projects"].format(count=item.get("projects", 0))))
    reasons = [_reason(to, names, item["id"], r, chosen) for r in item.get("explanation", ())]
    name = pages.thing(to, names, item["id"], chosen)
    return Ranked(place, name, facts, f"{item['score']:.2f}", reasons)


def _spoken(country: Shown, chosen: str) -> Shown:
    """Return a country by its name in the language of the page: sources have English ones."""
    name = in_german(country.text) if chosen == "de" else country.text
    return country if name == country.text else country._replace(text=name, language=None)


def _reason(to: Visit, names: Description, iri: str, term: Item, chosen: str) -> Reason:
    words = WORDS[chosen]
    others = dict.fromkeys(
        node for s in term["statements"] for node in (s["subject"], s["object"]) if node != iri
    )
    things = [pages.thing(to, names, other, chosen) for other in others if "://" in other]
    name = words.get(f"term_{term['term']}") or str(term["term"])
    number = int(term.get("of", 0))
    more = max(number - len(things), 0)
    text: Markup = _marked(term["text"])
    language: str | None = "en"
    if term["term"] in _COUNTED:
        text, language = escape(words["projects"].format(count=number)), None
    return Reason(name, f"{term['contribution']:+.2f}", text, language, things, more)


def _expected(to: Visit, names: Description, answer: Answer, chosen: str) -> Expected | None:
    """Return what is said of the one that was expected; nothing if none was named."""
    words, asked = WORDS[chosen], answer.more.get("whynot")
    if not asked:
        return None
    unmet = ", ".join(words.get(f"field_{name}", name) for name in asked["unmet"])
    said = {
        "place": asked["listed"] and words["place"].format(place=asked["place"]),
        "unrelated": not asked["related"] and words["unrelated"],
        "barred": asked["barred"] and words["barred"],
        "unmet": unmet and words["unmet"].format(conditions=unmet),
        "behind": asked.get("behind") and words["behind"].format(points=f"{asked['behind']:.2f}"),
    }
    terms = [
        (words.get(f"term_{t['term']}") or t["term"], f"{t['own']:+.2f}", f"{t['best']:+.2f}")
        for t in asked.get("terms", ())
    ]
    name = pages.thing(to, names, asked["id"], chosen)
    return Expected(name, [text for text in said.values() if text], terms)


def _marked(text: str) -> Markup:
    """Return a piece of text in which the words that were sought are marked, and nothing else."""
    marked = escape(text.replace("<b>", "\x01").replace("</b>", "\x02"))
    return Markup(str(marked).replace("\x01", "<mark>").replace("\x02", "</mark>"))  # noqa: S704


def _facets(
    answer: Answer, name: str, given: Given, root: str, chosen: str
) -> list[tuple[str, list[Choice]]]:
    """Return what was found by country, region, kind and size, each a further condition."""
    words, found = WORDS[chosen], []
    for facet, values in answer.facets.items():
        others = [(k, v) for k, v in given if k != facet]
        choices = []
        for value in values[:_FACETS]:
            said = _written(value["value"])
            text = value.get("label") or words.get(f"{facet}_{said}", said)
            if facet == "country" and chosen == "de":
                text = in_german(text)
            choices.append(
                Choice(text, value["count"], address(name, [*others, (facet, said)], root))
            )
        if choices := [c for c in choices if c.number]:
            found.append((words[f"field_{facet}"], choices))
    return found


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _misses(answer: Answer, name: str, given: Given, root: str, chosen: str) -> list[Choice]:
    """Return which condition to give up where nothing is found, and how many there are then."""
    words = WORDS[chosen]
    return [
        Choice(
            ", ".join(words.get(f"field_{w}", w) for w in miss["without"]),
            miss["total"],
            address(name, [(k, v) for k, v in given if k not in miss["without"]], root),
        )
        for miss in answer.more.get("near_misses", ())
    ]
