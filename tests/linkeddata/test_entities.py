"""Things dereference: 303 to a document in the form that suits, closed, paged, and with a past."""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import Graph

if TYPE_CHECKING:
    import httpx

    from kg.store import OpenRelease

# rdflib's own parser of JSON-LD uses what rdflib has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")

BASE = "https://w3id.org/cluster-atlas/"
LENS = f"{BASE}id/organisation/lens-gmbh"
FORMS = {
    "ttl": ("text/turtle", "turtle"),
    "jsonld": ("application/ld+json", "json-ld"),
    "nt": ("application/n-triples", "nt"),
    "rdf": ("application/rdf+xml", "xml"),
}


def graph_of(client: httpx.Client, path: str, form: str) -> Graph:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return Graph().parse(data=answer.content, format=form, publicID=str(answer.url))


def links(answer: httpx.Response) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for target, relations in re.findall(r'<([^>]*)>; rel="([^"]*)"', answer.headers["Link"]):
        for relation in relations.split():
            found.setdefault(relation, []).append(target)
    return found


@pytest.mark.parametrize(
    ("accept", "location"),
    [
        ("text/html", "/page/organisation/lens-gmbh"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "/page/organisation/lens-gmbh"),
        ("text/turtle", "/data/organisation/lens-gmbh.ttl"),
        ("application/ld+json", "/data/organisation/lens-gmbh.jsonld"),
        ("application/json", "/data/organisation/lens-gmbh.jsonld"),
        ("application/n-triples", "/data/organisation/lens-gmbh.nt"),
        ("application/rdf+xml", "/data/organisation/lens-gmbh.rdf"),
        ("application/trig", "/data/organisation/lens-gmbh.trig"),
        ("application/n-quads", "/data/organisation/lens-gmbh.nq"),
        ("text/turtle;q=0.2, application/rdf+xml;q=0.7", "/data/organisation/lens-gmbh.rdf"),
        ("*/*", "/data/organisation/lens-gmbh.ttl"),
        ("", "/data/organisation/lens-gmbh.ttl"),
    ],
)
def test_a_thing_leads_to_the_document_that_suits(
    client: httpx.Client, accept: str, location: str
) -> None:
    answer = client.get("/id/organisation/lens-gmbh", headers={"Accept": accept})

    assert answer.status_code == 303
    assert answer.headers["Location"] == location
    assert answer.headers["X-Release"] == "2"
    assert {"accept", "accept-datetime"} <= set(answer.headers["Vary"].lower().split(", "))


def test_the_format_may_be_named(client: httpx.Client) -> None:
    answer = client.get("/id/organisation/lens-gmbh?format=rdf", headers={"Accept": "text/html"})

    assert answer.headers["Location"] == "/data/organisation/lens-gmbh.rdf"


@pytest.mark.parametrize("path", ["/id/organisation/lens-gmbh", "/ontology", "/catalog"])
def test_nothing_acceptable_is_406(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "image/png"})

    assert answer.status_code == 406
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "text/turtle" in answer.json()["available"]


@pytest.mark.parametrize("host", ["data.example.org", "atlas.example:8443", "[::1]:8000"])
def test_any_host_name_may_stand_in_front(client: httpx.Client, host: str) -> None:
    answer = client.get("/data/organisation/lens-gmbh.nt", headers={"Host": host})

    triples = list(parse(answer.content, format=RdfFormat.N_TRIPLES))
    subjects = {str(t.subject) for t in triples}
    assert f"<{LENS}>" in subjects
    assert f"<http://{host}/data/organisation/lens-gmbh.nt>" in subjects


def test_a_host_name_that_is_none_is_not_repeated(client: httpx.Client) -> None:
    answer = client.get("/data/organisation/lens-gmbh.nt", headers={"Host": 'a">b'})

    assert '">b' not in answer.text
    assert list(parse(answer.content, format=RdfFormat.N_TRIPLES))


@pytest.mark.parametrize(("extension", "media_type", "name"), [(e, *f) for e, f in FORMS.items()])
def test_every_syntax_says_the_same(
    client: httpx.Client, extension: str, media_type: str, name: str
) -> None:
    """What differs between the forms is only what the document says of itself."""
    path = f"/data/organisation/lens-gmbh.{extension}"
    found = graph_of(client, path, name)
    reference = graph_of(client, "/data/organisation/lens-gmbh.nt", "nt")

    def of_data(graph: Graph) -> set[Any]:
        return {t for t in graph if "/data/" not in str(t[0])}

    assert client.get(path).headers["Content-Type"].split(";")[0] == media_type
    assert of_data(found) == of_data(reference)
    assert len(of_data(found)) > 15


def test_a_description_has_all_outgoing_statements_with_their_graphs(
    client: httpx.Client, opened: OpenRelease
) -> None:
    content = client.get("/data/organisation/lens-gmbh.nq").content
    found = set(parse(content, format=RdfFormat.N_QUADS))

    expected = set(opened.store.quads_for_pattern(NamedNode(LENS), None, None))
    assert {q for q in found if q.subject == NamedNode(LENS)} == expected
    assert {str(q.graph_name) for q in expected} == {
        f"<{BASE}graph/landscape>",
        f"<{BASE}graph/provenance>",
    }


def test_a_description_is_closed(client: httpx.Client) -> None:
    """Everything it points to in the release has its label, and nothing is a blank node."""
    content = client.get("/data/organisation/lens-gmbh.nq").content.decode()

    assert '"Hub of optics"@en' in content
    assert '"photonics"@en' in content
    assert '"Optik"@de' in content
    assert '"organisation"@en' in content
    assert '"organisations.csv"' in content
    assert "_:" not in content


def test_a_description_says_its_release_graphs_and_licence(client: httpx.Client) -> None:
    path = "/data/organisation/lens-gmbh.ttl"
    answer = client.get(path)
    graph = Graph().parse(data=answer.content, format="turtle")

    (document,) = {s for s in graph.subjects() if str(s).endswith(path)}
    said: dict[str, set[str]] = {str(p): set() for p in graph.predicates(document)}
    for predicate, value in graph.predicate_objects(document):
        said[str(predicate)].add(str(value))
    assert answer.headers["X-Release"] == "2"
    assert said["http://www.w3.org/2002/07/owl#versionInfo"] == {"2"}
    assert said["http://purl.org/dc/terms/isPartOf"] == {f"{BASE}release/2"}
    assert f"{BASE}graph/provenance" in said["http://purl.org/dc/terms/source"]
    assert said["http://xmlns.com/foaf/0.1/primaryTopic"] == {LENS}
    assert said["http://purl.org/dc/terms/license"]


def test_documents_are_signposted(client: httpx.Client) -> None:
    found = links(client.get("/page/organisation/lens-gmbh"))

    assert "/data/organisation/lens-gmbh.ttl" in found["describedby"]
    assert found["collection"] == ["/catalog"]
    assert found["cite-as"] == [LENS]
    assert f"{BASE}ontology#SME" in found["type"]
    assert found["license"]
    assert found["original"] == found["timegate"] == ["/id/organisation/lens-gmbh"]
    back = links(client.get("/data/organisation/lens-gmbh.ttl"))
    assert back["describes"] == [LENS]
    assert "/page/organisation/lens-gmbh" in back["alternate"]


def test_incoming_links_are_paged_to_the_last_one(
    client: httpx.Client, opened: OpenRelease
) -> None:
    hub, path, pages = NamedNode(f"{BASE}id/cluster/hub"), "/data/cluster/hub.nq", 0
    found: set[Quad] = set()
    while path:
        answer = client.get(path)
        found |= set(parse(answer.content, format=RdfFormat.N_QUADS))
        following = links(answer).get("next", [""])
        stated = [q for q in found if "hydra/core#next" in str(q.predicate)]
        path, pages = following[0], pages + 1
        assert bool(path) == (len(stated) == pages)

    incoming = {q for q in found if q.object == hub and "memberOf" in str(q.predicate)}
    assert pages == 3
    assert incoming == set(opened.store.quads_for_pattern(None, None, hub))


def test_there_is_no_page_after_the_last(client: httpx.Client) -> None:
    answer = client.get("/data/cluster/hub.ttl?page=4")

    assert answer.status_code == 404
    assert "fewer than 4 pages" in answer.json()["detail"]
    assert client.get("/data/cluster/hub.ttl?page=0").status_code == 422
    assert client.get("/data/cluster/hub.ttl?page=999999999").status_code == 404


def test_who_refers_to_itself_is_told_once(client: httpx.Client) -> None:
    content = client.get("/data/organisation/self.nq").text

    assert content.count("core#related") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/id/organisation/a%2Fb%20%26%20c",
        "/id/organisation/a%2fb%20%26%20c",
        "/id/organisation/a%2Fb%20&%20c",
        "/id/%6Frganisation/a%2Fb%20%26%20c",
    ],
)
def test_keys_are_found_however_the_client_escapes_them(site: Any, path: str) -> None:
    """A client that takes %2F for a slash asks for something else, so the path is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request("GET", path, headers={"Accept": "text/turtle"})
    answer = connection.getresponse()
    answer.read()
    location = answer.headers["Location"]
    connection.request("GET", location)
    document = connection.getresponse()

    assert answer.status == 303
    assert location == "/data/organisation/a%2Fb%20%26%20c.ttl"
    assert '"A/B & C"' in document.read().decode()
    connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/id/organisation/unknown",
        "/id/",
        "/id/organisation",
        "/id/organisation/lens-gmbh/",
        "/id/..%2f..%2fetc%2fpasswd",
        "/id/organisation/%00",
        "/id/organisation/%FF",
        "/id/organisation/a%20b",
        "/data/organisation/lens-gmbh",
        "/data/organisation/lens-gmbh.exe",
        "/data/organisation/unknown.ttl",
        "/data/.ttl",
        "/page/organisation/unknown",
        "/graph/unknown",
        "/import/unknown",
        "/.well-known/genid/unknown",
        "/about?iri=http://unknown.example/",
        "/timemap?iri=http://unknown.example/",
    ],
)
def test_what_is_unknown_is_404(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("form", ["ttl", "jsonld", "nt", "rdf", "trig", "nq", "html"])
def test_what_was_dropped_leaves_a_tombstone(client: httpx.Client, form: str) -> None:
    answer = client.get(f"/id/project/dropped?format={form}")

    assert answer.status_code == 410
    assert "Dropped later" in answer.text
    last = links(answer)["latest-version"][0]
    assert last.endswith("release=1")
    assert client.get(last).status_code == 200
    assert answer.headers["X-Release"] == "2"


@pytest.mark.parametrize("path", ["/data/project/dropped.ttl", "/page/project/dropped"])
def test_documents_of_what_was_dropped_are_gone_too(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 410
    assert client.get(path, params={"release": 1}).status_code == 200
    assert client.get(path, params={"release": 2}).status_code == 404


@pytest.mark.parametrize(
    ("moment", "release"),
    [
        ("Mon, 01 Jan 2024 13:00:00 GMT", 1),
        ("Tue, 02 Jan 2024 11:59:59 GMT", 1),
        ("Tue, 02 Jan 2024 12:00:00 GMT", 2),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 2),
    ],
)
def test_a_moment_of_the_past_leads_to_its_release(
    client: httpx.Client, moment: str, release: int
) -> None:
    answer = client.get("/id/project/changed?format=ttl", headers={"Accept-Datetime": moment})

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/data/project/changed.ttl?release={release}"
    memento = client.get(answer.headers["Location"])
    assert memento.headers["X-Release"] == str(release)
    assert memento.headers["Memento-Datetime"] == f"{memento.headers['Last-Modified']}"
    assert "immutable" in memento.headers["Cache-Control"]
    assert ("100.5" in memento.text) == (release == 1)
    assert links(memento)["timegate"] == ["/id/project/changed"]


def test_a_moment_that_is_none_is_400(client: httpx.Client) -> None:
    answer = client.get("/id/project/changed", headers={"Accept-Datetime": "yesterday"})

    assert answer.status_code == 400


def test_a_release_that_is_not_kept_is_404(client: httpx.Client) -> None:
    answer = client.get("/id/project/changed?release=7")

    assert answer.status_code == 404
    assert answer.json()["kept"] == [1, 2]


def test_the_time_map_lists_the_releases_that_have_it(client: httpx.Client) -> None:
    answer = client.get("/timemap", params={"iri": f"{BASE}id/project/dropped"})

    assert answer.headers["Content-Type"].startswith("application/link-format")
    assert answer.text.count('rel="memento"') == 1
    assert 'datetime="Mon, 01 Jan 2024 12:00:00 GMT"' in answer.text
    both = client.get("/timemap", params={"iri": LENS})
    assert both.text.count('rel="memento"') == 2


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/import/landscape/abc/organisations.csv",
            f"{BASE}import/landscape/abc/organisations.csv",
        ),
        ("/.well-known/genid/ontology/c14n0", f"{BASE}.well-known/genid/ontology/c14n0"),
    ],
)
def test_other_own_iris_dereference_as_well(client: httpx.Client, path: str, expected: str) -> None:
    answer = client.get(path, headers={"Accept": "text/turtle"}, follow_redirects=True)

    assert answer.status_code == 200
    assert expected in answer.text or expected.removeprefix(BASE) in answer.text


def test_foreign_iris_are_described_when_the_release_knows_them(client: httpx.Client) -> None:
    iri = "http://data.europa.eu/8mn/euroscivoc/1"
    answer = client.get("/about", params={"iri": iri}, headers={"Accept": "application/n-quads"})

    assert answer.status_code == 200
    assert answer.headers["Vary"] == "Accept, Accept-Datetime"
    assert '"optics"@en' in answer.text
    assert "lens-gmbh" in answer.text
    assert client.get("/about?iri=nonsense").status_code == 400


def test_what_rdf_xml_cannot_say_is_refused(client: httpx.Client) -> None:
    answer = client.get("/data/organisation/bell.rdf")

    assert answer.status_code == 406
    assert "control characters" in answer.json()["detail"]
    assert client.get("/data/organisation/bell.ttl").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/data/organisation/lens-gmbh.ttl",
        "/data/organisation/lens-gmbh.rdf",
        "/page/organisation/lens-gmbh",
        "/about?iri=http://data.europa.eu/8mn/euroscivoc/1",
        "/ontology",
        "/context.jsonld",
        "/.well-known/void",
        "/catalog",
        "/dumps",
        "/dumps/2",
        "/dumps/2/SHA256SUMS",
        "/dumps/2/cluster-atlas-2.nq.gz",
        "/changes",
        "/changes/1/2",
        "/changes/1/2/1",
        "/sitemap.xml",
        "/prefixes",
    ],
)
def test_a_second_visit_costs_a_304(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = client.get(path, headers=headers)
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == tag
        assert again.headers["X-Release"] == "2"
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"},
        {"If-Modified-Since": "nonsense"},
    ):
        assert client.get(path, headers=headers).status_code == 200
    assert client.get(path).content == first.content


@pytest.mark.parametrize(
    "path",
    [
        "/id/organisation/lens-gmbh",
        "/data/organisation/lens-gmbh.ttl",
        "/page/organisation/lens-gmbh",
        "/ontology",
        "/catalog",
        "/dumps/2/cluster-atlas-2.nq.gz",
        "/changes/1/2",
        "/sitemap.xml",
        "/robots.txt",
        "/",
        "/timemap?iri=https://w3id.org/cluster-atlas/id/organisation/lens-gmbh",
        "/prefixes",
        "/id/organisation/unknown",
        "/id/project/dropped",
    ],
)
def test_head_answers_as_get_without_the_body(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)

    assert head.status_code == got.status_code
    assert head.content == b""
    for name in ("ETag", "Link", "Vary", "Content-Type", "Location", "X-Release"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize("path", ["/data/organisation/lens-gmbh.ttl", "/ontology", "/dumps"])
def test_scripts_of_other_sites_may_read(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Release" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("path", ["/id/organisation/lens-gmbh", "/dumps/2", "/changes/1/2"])
def test_scripts_of_other_sites_may_ask_with_conditions(client: httpx.Client, path: str) -> None:
    asked = {"Origin": "https://other.example", "Access-Control-Request-Headers": "if-none-match"}
    answer = client.options(path, headers=asked)

    assert answer.status_code == 204
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
