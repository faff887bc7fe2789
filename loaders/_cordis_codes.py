"""What CORDIS names by code: programmes, calls, topics, policy priorities, fields of science.

Thousands of records mention the same code. Each states its own link and the title it gives; what
follows from the code itself (its class, its place in the hierarchy, a label for want of a title)
is stated once, as a record of its own at the place of the first mention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.terms import RDF_TYPE, RDFS_LABEL, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kg.source import Context
    from loaders._cordis_rows import Place, Row

# A framework programme is named by its code in the data; these are the names people know.
FRAMEWORKS: Final = {
    "HORIZON": "Horizon Europe",
    "H2020": "Horizon 2020",
    "FP7": "Seventh Framework Programme",
    "FP6": "Sixth Framework Programme",
    "FP5": "Fifth Framework Programme",
}


class Codes:
    """The coded entities that were mentioned, by IRI, with what follows from their codes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._namespace = context.identifiers.ontology
        self._rows: dict[str, list[Row]] = {}
        self._labels: dict[str, Row] = {}
        self._titled: set[str] = set()

    def described(self) -> Iterator[Row]:
        """Yield what the codes themselves say, and labels for those without a title."""
        for iri, rows in self._rows.items():
            yield from rows
            if iri not in self._titled:
                yield self._labels[iri]

    def titled(self, iri: str) -> None:
        """Note that a record gives the entity a title, which is its label then."""
        self._titled.add(iri)

    def programme(self, code: str, framework: str, field: str, place: Place) -> str:
        """Return the programme; `HORIZON.2.5.1` is part of `HORIZON.2.5`, and so on up.

        The codes of Horizon 2020 may end in a dot (`H2020-EU.1.3.`): it is left out.
        """
        key = code.rstrip(".")
        iri = self._context.identifiers.entity("programme", key)
        if iri not in self._rows:
            here = self._describe(iri, "Programme", "programme", key, field, place)
            parent = key.rpartition(".")[0] or (framework if framework != key else "")
            if parent:
                above = self.programme(parent, framework, field, place)
                self._add(iri, here, "partOf", above, field)
        return iri

    def call(self, code: str, master: str, framework: str, field: str, place: Place) -> str:
        """Return the call, part of its master call, of the framework programme."""
        iri = self._context.identifiers.entity("call", code)
        if iri not in self._rows:
            here = self._describe(iri, "Call", "call", code, field, place)
            if framework:
                above = self.programme(framework, framework, field, place)
                self._add(iri, here, "programme", above, field)
            if master and master != code:
                above = self.call(master, master, framework, field, place)
                self._add(iri, here, "partOf", above, field)
        return iri

    def topic(self, code: str, field: str, place: Place) -> str:
        """Return the topic."""
        iri = self._context.identifiers.entity("topic", code)
        if iri not in self._rows:
            self._describe(iri, "Topic", "topic", code, field, place)
        return iri

    def policy_priority(self, code: str, title: str, field: str, place: Place) -> str:
        """Return the policy priority with a code such as `/cleanAir`."""
        iri = self._context.identifiers.entity("policy-priority", code.strip("/"))
        if iri not in self._rows:
            self._describe(iri, "PolicyPriority", "policy-priority", code, field, place, title)
        return iri

    def field_of_science(self, code: str, path: str, title: str, field: str, place: Place) -> str:
        """Return the EuroSciVoc concept of a code such as `/23/53/373`.

        Its last segment is the notation. A concept that the vocabulary does not have is made, with
        its broader concepts and the labels that the path of titles gives, so that nothing is lost.
        """
        above, _, notation = code.rstrip("/").rpartition("/")
        if known := self._context.code("euroscivoc", notation):
            return known
        iri = self._context.identifiers.entity("technology", f"euroscivoc-{notation}")
        if iri not in self._rows:
            label = title or path.rpartition("/")[2] or notation
            here = self._describe(iri, "Technology", "technology", notation, field, place, label)
            self._rows[iri] += [
                here.iri(iri, RDF_TYPE, SKOS + "Concept", field),
                here.literal(iri, SKOS + "prefLabel", label, field, None, "en"),
            ]
            if above.strip("/"):
                broader = self.field_of_science(above, _parent(path), "", field, place)
                self._rows[iri].append(here.iri(iri, SKOS + "broader", broader, field))
        return iri

    def _describe(
        self, iri: str, cls: str, kind: str, code: str, field: str, place: Place, title: str = ""
    ) -> Place:
        """Begin the record of a coded entity and return its place."""
        here = place._replace(record=f"{place.file}/{kind}/{code.strip('/')}", modified=None)
        identifier = SKOS + "notation" if kind == "technology" else self._namespace + "identifier"
        self._rows[iri] = [
            here.iri(iri, RDF_TYPE, self._namespace + cls, field),
            here.literal(iri, identifier, code, field),
        ]
        label = title or FRAMEWORKS.get(code, code)
        self._labels[iri] = here.literal(iri, RDFS_LABEL, label, field)
        return here

    def _add(self, iri: str, here: Place, predicate: str, value: str, field: str) -> None:
        self._rows[iri].append(here.iri(iri, self._namespace + predicate, value, field))


def _parent(path: str) -> str:
    """Return the path of titles without its last; a title may hold a slash, a code never does."""
    return path.rpartition("/")[0]
