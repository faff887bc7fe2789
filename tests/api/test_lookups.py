"""What all look-ups have in common: links, parameters, reasons; and while an index is made."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import openpyxl
import pytest
import rdflib

from api.app import create_app
from kg.matching import build_index
from kg.matching.index import FOLDER
from kg.matching.landscape import today
from kg.workspace import PARTIAL, Workspace, point

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kg.settings import Settings

    Ask = Callable[..., httpx.Response]


def publish_again(workspace: Workspace) -> Path:
    """Make a second release, like the first but without an index, the current one."""
    first = workspace.releases / "1"
    second = shutil.copytree(first, workspace.releases / "2", ignore=shutil.ignore_patterns("text"))
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps({**manifest, "release": 2, "digest": "another"})
    (second / "manifest.json").write_text(text, encoding="utf-8")
    point(workspace.current, second)
    return second


def test_look_ups_do_not_wait_for_the_index_of_a_new_release(
    sample_home: Path, sample_settings: Settings, tmp_path: Path
) -> None:
    """The release before answers and is named, until the new one's index was built beside."""
    workspace = Workspace(tmp_path / "home")
    shutil.copytree(sample_home, workspace.home, symlinks=True)
    build_index(workspace.releases / "1", sample_settings.base)
    before, after = asyncio.run(_asked(workspace, sample_settings))

    assert (before.headers["x-release"], before.json()["release"]) == ("1", 1)
    assert (after.headers["x-release"], after.json()["release"]) == ("2", 2)
    assert before.headers["etag"] != after.headers["etag"]
    assert before.json()["items"] == after.json()["items"]
    assert not list((workspace.releases / "2").glob(f"{PARTIAL}{FOLDER}*"))


async def _asked(workspace: Workspace, settings: Settings) -> tuple[httpx.Response, httpx.Response]:
    """Ask when the new release has just come, and when its index is there."""
    app = create_app(settings, workspace)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://atlas") as client,
    ):
        second = publish_again(workspace)
        before = await client.get("/competences", params={"q": "Photonik"})
        await asyncio.to_thread(build_index, second, settings.base)
        return before, await client.get("/competences", params={"q": "Photonik"})


LISTS = ("/clusters", "/offers", "/requests", "/services", "/events", "/technologies")


@pytest.mark.parametrize("form", ["json", "jsonld", "csv", "xlsx", "geojson"])
def test_every_form_leads_to_the_next_page_and_to_sparql(ask: Ask, form: str) -> None:
    """A table that is one page of many does not look like all of it."""
    first = ask("/clusters", limit=2, format=form)
    links = {link["rel"]: link["url"] for link in first.links.values()}
    second = ask(links["next"])

    assert set(links) == {"next", "related"}
    assert ask(links["related"]).status_code == 200
    assert second.status_code == 200
    assert second.content != first.content
    last = ask("/clusters", limit=1000, format=form)
    assert {link["rel"] for link in last.links.values()} == {"related"}


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_a_cursor_past_the_end_is_refused(ask: Ask, form: str) -> None:
    """An empty page would look like the end of what was found."""
    asked = {"q": "photonics", "sme": "true", "format": form}
    beyond = ask("/competences", cursor="MS45OTk5OQ", **asked)

    assert beyond.status_code == 400
    assert "past the end" in beyond.text
    assert ask("/competences", cursor="MS4w", **asked).status_code == 200
    empty = ask("/competences", q="photonics", region="MT", sme="true", trl=9)
    assert (empty.status_code, empty.json()["total"]) == (200, 0)


@pytest.mark.parametrize("path", ["/competences", "/projects", "/technologies"])
def test_a_table_without_rows_has_columns(ask: Ask, path: str) -> None:
    """Or else what reads tables takes it for damaged."""
    written = ask(path, q="zzzzqq", format="csv")
    book = openpyxl.load_workbook(io.BytesIO(ask(path, q="zzzzqq", format="xlsx").content))

    assert written.text == "id,label\r\n"
    assert list(book.worksheets[0].values) == [("id", "label")]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_json_ld_says_release_next_page_and_reasons(ask: Ask) -> None:
    """As statements that any parser of RDF reads."""
    answer = ask("/competences", q="photonics", limit=2, format="jsonld")

    graph = rdflib.Graph().parse(data=answer.text, format="json-ld")

    ontology = rdflib.Namespace("https://w3id.org/cluster-atlas/ontology#")
    schema = rdflib.Namespace("https://schema.org/")
    release = rdflib.URIRef("https://w3id.org/cluster-atlas/release/1")
    page = graph.value(None, rdflib.RDF.type, schema.ItemList)
    assert graph.value(page, schema.isPartOf) == release
    assert "/sparql?" in str(graph.value(page, schema.relatedLink))
    assert graph.value(page, rdflib.URIRef("http://www.w3.org/ns/hydra/core#next"))
    reasons = [json.loads(str(o)) for o in graph.objects(None, ontology.explanation)]
    assert len(reasons) == 2
    assert all(term["statements"] for reason in reasons for term in reason)


@pytest.mark.parametrize("path", [*LISTS, "/projects", "/organisations"])
def test_what_a_text_finds_says_why(ask: Ask, path: str) -> None:
    """The terms add up to the score, and what they state is in the release."""
    text = {"/organisations": "Fraunhofer", "/events": "network"}.get(path, "Lasertechnik")
    items = ask(path, q=text, limit=5).json()["items"]

    assert items
    for item in items:
        terms = item["explanation"]
        assert sum(t["contribution"] for t in terms) == pytest.approx(item["score"], abs=1e-5)
        for statement in [s for term in terms for s in term["statements"]]:
            assert _stated(ask, statement), statement


def _stated(ask: Ask, statement: dict[str, str]) -> bool:
    said = statement["object"]
    value = f"<{said}>" if re.match("https?:", said) else json.dumps(said, ensure_ascii=False)
    short = statement["predicate"]
    name = short if ":" in short else f"a:{short}"
    prefixes = (
        "PREFIX a: <https://w3id.org/cluster-atlas/ontology#>"
        " PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"
        " PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
    )
    query = f"ASK {{ <{statement['subject']}> {name} ?o FILTER(STR(?o) = STR({value})) }}"
    return ask("/sparql", query=f"{prefixes} {query}").json()["boolean"] is True


@pytest.mark.parametrize("path", [*LISTS, "/competences", "/partners", "/projects", "/capacities"])
def test_a_misspelt_parameter_is_refused(ask: Ask, path: str) -> None:
    """Otherwise it would be a condition that is not set."""
    answer = ask(path, limitt="1", **({} if path == "/capacities" else {"q": "laser"}))

    assert answer.status_code == 400
    assert "limitt" in answer.json()["detail"]
    assert "limit" in answer.json()["allowed"]


def test_one_value_is_not_taken_out_of_several(ask: Ask) -> None:
    """Countries may be several, a region is one."""
    assert ask("/offers", country=["DE", "CZ"]).status_code == 200
    assert ask("/offers", region=["DE1", "DE2"]).status_code == 400


def test_an_answer_is_asked_for_again_on_another_day(ask: Ask) -> None:
    """What runs and what is valid depends on the day, so tag and date of an answer do."""
    answer = ask("/offers", limit=1)
    tag, day = answer.headers["ETag"], today()
    yesterday = (day - timedelta(days=1)).isoformat()
    before = (datetime.now(UTC) - timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    assert ask("/offers", {"If-None-Match": tag}, limit=1).status_code == 304
    older = tag.replace(day.isoformat(), yesterday)
    assert ask("/offers", {"If-None-Match": older}, limit=1).status_code == 200
    assert ask("/offers", {"If-Modified-Since": before}, limit=1).status_code == 200
    now = answer.headers["Last-Modified"]
    assert ask("/offers", {"If-Modified-Since": now}, limit=1).status_code == 304


@pytest.mark.parametrize(
    ("parameters", "meant"),
    [
        ({"country": "Germny", "q": "laser"}, "Germany"),
        ({"cluster": "dimec", "q": "laser"}, "DIMECC"),
        ({"technology": "phot"}, "photonics"),
    ],
)
def test_who_misspells_a_name_is_told_the_nearest(
    ask: Ask, parameters: dict[str, str], meant: str
) -> None:
    """And what would have been understood."""
    problem = ask("/competences", **parameters).json()

    assert problem["status"] == 400
    assert meant in [candidate["label"] for candidate in problem["candidates"]]
    assert "expected" in problem["detail"]


@pytest.mark.parametrize("path", ["/nothing", "/projects/a%0Ab"])
def test_an_address_without_anything_says_where_to_look(ask: Ask, path: str) -> None:
    """As a problem with a detail, like every other error."""
    answer = ask(path)

    assert answer.status_code == 404
    assert "/docs" in answer.json()["detail"]
