"""What analysts ask: aggregates, scans, EXISTS and exports over a graph in the CORDIS shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIXES: Final = """
PREFIX atlas: <https://w3id.org/cluster-atlas/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX country: <http://publications.europa.eu/resource/authority/country/>
PREFIX esv: <http://data.europa.eu/8mn/euroscivoc/>
PREFIX id: <https://w3id.org/cluster-atlas/id/>
"""
QUERIES: Final = {
    "count": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "per property": "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n)",
    "funding per country and programme": """
        SELECT ?country ?programme (SUM(?amount) AS ?sum) (COUNT(*) AS ?n) {
          ?part atlas:organisation ?org ; atlas:project ?project ; atlas:ecContribution ?amount .
          ?org atlas:country ?country . ?project atlas:programme ?programme }
        GROUP BY ?country ?programme""",
    "net funding per region, one odd value": """
        SELECT ?region (SUM(?amount) AS ?sum) (AVG(?amount) AS ?mean) {
          ?part atlas:organisation/atlas:region ?region ; atlas:netEcContribution ?amount }
        GROUP BY ?region""",
    "top organisations": """
        SELECT ?org ?name (SUM(?amount) AS ?sum) {
          ?part atlas:organisation ?org ; atlas:ecContribution ?amount . ?org rdfs:label ?name }
        GROUP BY ?org ?name ORDER BY DESC(?sum) ?org LIMIT 20""",
    "largest grants": """
        SELECT ?project ?grant { ?project atlas:ecMaxContribution ?grant }
        ORDER BY DESC(?grant) ?project LIMIT 20""",
    "cooperation matrix": """
        SELECT ?a ?b (COUNT(DISTINCT ?project) AS ?n) {
          ?project atlas:programme ?programme .
          ?x atlas:project ?project ; atlas:organisation/atlas:country ?a .
          ?y atlas:project ?project ; atlas:organisation/atlas:country ?b .
          FILTER(STR(?a) < STR(?b)) }
        GROUP BY ?a ?b ORDER BY DESC(?n) ?a ?b LIMIT 50""",
    "EXISTS": """
        SELECT (COUNT(*) AS ?n) { ?org atlas:isSme true
          FILTER EXISTS { ?part atlas:organisation ?org ; atlas:role atlas:CoordinatorRole } }""",
    "NOT EXISTS": """
        SELECT (COUNT(*) AS ?n) { ?org a atlas:Organisation
          FILTER NOT EXISTS { ?part atlas:organisation ?org ;
            atlas:role atlas:CoordinatorRole } }""",
    "NOT EXISTS with a filter": """
        SELECT (COUNT(*) AS ?n) { ?project a atlas:Project ; atlas:startDate ?start
          FILTER NOT EXISTS { ?part atlas:project ?project ; atlas:ecContribution ?amount
            FILTER(?amount > 1000000) } }""",
    "MINUS": """
        SELECT (COUNT(*) AS ?n) { ?org a atlas:Organisation
          MINUS { ?part atlas:organisation ?org ; atlas:role atlas:CoordinatorRole } }""",
    "OPTIONAL": """
        SELECT (COUNT(?short) AS ?n) (COUNT(*) AS ?m) {
          ?org atlas:legalName ?name OPTIONAL { ?org atlas:shortName ?short } }""",
    "regular expression on names": """
        SELECT ?org ?name { ?org atlas:legalName ?name
          FILTER(REGEX(?name, "quantum.*gmbh", "i")) }""",
    "word in objectives": """
        SELECT (COUNT(*) AS ?n) { ?project atlas:objective ?text
          FILTER(CONTAINS(LCASE(STR(?text)), "battery")) }""",
    "projects per year": """
        SELECT ?year (COUNT(*) AS ?n) (SUM(?grant) AS ?sum) {
          ?project atlas:startDate ?start ; atlas:ecMaxContribution ?grant
          BIND(YEAR(?start) AS ?year) } GROUP BY ?year ORDER BY ?year""",
    "running in a period": """
        SELECT (COUNT(*) AS ?n) { ?project atlas:startDate ?start ; atlas:endDate ?end
          FILTER(?start <= "2024-06-30"^^xsd:date && ?end >= "2024-01-01"^^xsd:date) }""",
    "narrower technologies, funding": """
        SELECT ?top (SUM(?grant) AS ?sum) (COUNT(DISTINCT ?project) AS ?n) {
          ?project atlas:field/skos:broader* ?top ; atlas:ecMaxContribution ?grant }
        GROUP BY ?top ORDER BY DESC(?sum) LIMIT 30""",
    "partners of one": """
        SELECT ?other (COUNT(*) AS ?n) {
          ?x atlas:organisation <https://w3id.org/cluster-atlas/id/organisation/900000003> ;
             atlas:project ?project . ?y atlas:project ?project ; atlas:organisation ?other
          FILTER(?other != <https://w3id.org/cluster-atlas/id/organisation/900000003>) }
        GROUP BY ?other ORDER BY DESC(?n) ?other LIMIT 20""",
    "export of participations": """
        SELECT ?part ?project ?org ?role ?amount ?ended {
          ?part atlas:project ?project ; atlas:organisation ?org ; atlas:role ?role ;
                atlas:ecContribution ?amount ; atlas:endOfParticipation ?ended } LIMIT 100000""",
    "export of names": """
        SELECT ?org ?name ?country ?city { ?org atlas:legalName ?name ; atlas:country ?country ;
          atlas:city ?city }""",
    "distinct places": """
        SELECT DISTINCT ?city ?region { ?org atlas:city ?city ; atlas:region ?region }""",
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "one organisation": """
        SELECT ?p ?o { <https://w3id.org/cluster-atlas/id/organisation/900000007> ?p ?o }""",
    "one project's partners": """
        SELECT ?org ?name { ?org rdfs:label ?name . ?part atlas:organisation ?org ;
          atlas:project <https://w3id.org/cluster-atlas/id/project/101000005> }""",
}


def queries() -> Iterator[tuple[str, str]]:
    """Yield the queries by name, with their prefixes."""
    prefixes = _PREFIXES + "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
    for name, body in QUERIES.items():
        yield name, prefixes + body
