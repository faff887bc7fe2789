"""The reference pages of the documentation, written from what they describe.

A page is Markdown text. What this package does not know (the loaders, the application's OpenAPI
document, the command line) comes as an argument; kg.cli.documenting puts the pages together.
"""

from __future__ import annotations

import inspect
import re
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import PydanticUndefined

from kg.errors import AtlasError
from kg.prefixes import shortened
from kg.terms import DEFAULT_BASE, OWL, RDFS, SH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

    from kg.ontology import Ontology, Term
    from kg.rules import Rule as InferenceRule
    from kg.settings import Settings
    from kg.shapes import Rule
    from kg.source import Source

_KINDS: Final = {
    "class": "Classes",
    "object property": "Properties between things",
    "datatype property": "Properties with values",
    "annotation property": "Annotations",
    "individual": "Individuals",
}
_TYPES: Final = {"Path": "a path", "str": "text", "int": "a whole number", "float": "a number"}
_IRI: Final = re.compile(r"<([^<>]+)>")
_CHARACTERISTICS: Final = ("Functional", "Transitive", "Symmetric")

_SHAPES: Final = {
    "en": (
        "# Rules of validation",
        (
            "What each rule finds and how to mend it; the headings are the files in `shapes/`.\n"
            "A `Violation` sets the record aside; a `Warning` or an `Info` is only told.\n"
            "`{$value}` stands for the value that was found, `{$this}` for the thing."
        ),
        ("rule", "severity", "looked at", "property", "message", "hint"),
    ),
    "de": (
        "# Regeln der Prüfung",
        (
            "Was jede Regel findet und wie es zu beheben ist; die Überschriften sind die Dateien in"
            " `shapes/`.\n"
            "Eine `Violation` hält den Datensatz zurück; `Warning` und `Info` werden gemeldet.\n"
            "`{$value}` steht für den gefundenen Wert, `{$this}` für das Ding."
        ),
        ("Regel", "Schwere", "betrachtet", "Eigenschaft", "Meldung", "Hinweis"),
    ),
}


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; what would end a cell or begin a tag is escaped."""
    lines = [header, ["---"] * len(header), *([cell(c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """Return a value as the text of a table cell; what stands between backticks stays."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    parts = text.split("`")
    return "`".join(p if i % 2 else p.replace("<", "\\<") for i, p in enumerate(parts))


def code(text: object) -> str:
    """Return a text in backticks, or nothing for an empty one."""
    return f"`{text}`" if str(text) else ""


def page(*parts: str) -> str:
    """Return parts with a blank line between them as a page."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def settings(model: type[Settings]) -> str:
    """Return the page of the settings: variable, default, what is accepted, what it sets."""
    rows = [
        (
            code(f"ATLAS_{name.upper()}"),
            code(f"{field.default:g}" if isinstance(field.default, float) else field.default),
            _accepted(field),
            field.description or "",
        )
        for name, field in model.model_fields.items()
    ]
    return page(
        "# Settings",
        "Each setting is read from an environment variable.\n"
        "`atlas settings` lists them with the values in force.\n"
        "A value that is not accepted is an error that names the variable.",
        table(("variable", "default", "accepts", "what it sets"), rows),
    )


def _accepted(field: FieldInfo) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "pattern": "like"}
    kind = getattr(field.annotation, "__name__", "")
    found = [
        f"{word} {code(value)}"
        for limit in field.metadata
        for name, word in words.items()
        if (value := getattr(limit, name, PydanticUndefined)) not in (None, PydanticUndefined)
    ]
    return ", ".join([_TYPES.get(kind, kind), *found])


def errors() -> str:
    """Return the page of the errors: class, status, title and who meets it."""
    rows = [
        (
            f"`{error.__name__}`",
            error.status,
            error.title,
            code(f"urn:cluster-atlas:problem:{error.__name__.removesuffix('Error')}"),
            inspect.getdoc(error) or "",
        )
        for error in every_error()
    ]
    return page(
        "# Errors",
        "Over HTTP an error is an `application/problem+json` document (RFC 9457) with `type`,"
        " `title`, `status` and `detail`, and often with further members; browsers get a page.\n"
        "The command line prints title, detail and members and exits with 1;"
        " with `--json` it prints the same document.",
        table(("error", "status", "title", "type", "when"), rows),
    )


def every_error(root: type[AtlasError] = AtlasError) -> Iterator[type[AtlasError]]:
    """Yield the errors of kg.errors below one, parents before children."""
    for error in root.__subclasses__():
        if error.__module__ == AtlasError.__module__:
            yield error
            yield from every_error(error)


def loaders(sources: Iterable[Source]) -> str:
    """Return the page of the loaders: what each reads, and how."""
    return page(
        "# Loaders",
        "`atlas load NAME PATH…` reads files with a loader; a loader is a module in `loaders/`.",
        *map(_loader, sources),
    )


def _loader(source: Source) -> str:
    facts = {
        "accepts": source.accepts,
        "publisher": source.publisher,
        "homepage": f"<{source.homepage}>",
        "licence": f"<{source.licence}>",
        "load before it": ", ".join(map(code, source.uses)) or "nothing",
        "graph": code(f"{DEFAULT_BASE}graph/{source.name}"),
        "shipped sample": "yes" if source.sample else "no",
    }
    module = sys.modules[source.read.__module__]
    return page(
        f"## {source.name}",
        f"{source.title['en']} ({source.title['de']}).\n{source.description['en']}",
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        "How it reads, in its own words:",
        f"```text\n{inspect.getdoc(module)}\n```",
    )


def shapes(rules: Iterable[Rule], language: str = "en") -> str:
    """Return the page of the rules of the shapes, file by file, in a language."""
    title, text, header = _SHAPES[language]
    parts = []
    for file, found in groupby(rules, key=lambda rule: rule.file):
        rows = [
            (
                code(rule.iri.rpartition("#")[2]),
                rule.severity.removeprefix(SH),
                ", ".join(code(shortened(t, DEFAULT_BASE)) for t in rule.targets),
                _path(rule.path),
                rule.messages[language],
                rule.hints[language],
            )
            for rule in found
        ]
        parts += [f"## {file}", table(header, rows)]
    return page(title, text, *parts)


def _path(path: str | None) -> str:
    if path is None:
        return ""
    bracketed = path if "<" in path else f"<{path}>"
    return code(_IRI.sub(lambda found: shortened(found[1], DEFAULT_BASE), bracketed))


def ontology(terms: Ontology) -> str:
    """Return the page of the ontology: every own term by kind, with labels, comment and axioms."""
    own = sorted(terms.own_terms.values(), key=lambda term: term.iri)
    parts: list[str] = []
    for kind, heading in _KINDS.items():
        rows = [_term(terms, term) for term in own if term.kind == kind]
        header = ("term", "English", "Deutsch", "what it means", "axioms")
        parts += [f"## {heading}", table(header, rows)] if rows else []
    return page(
        "# Ontology",
        f"The terms of the namespace `{terms.namespace}` (prefix `atlas:`), from `ontology/`.\n"
        "The server publishes them with their alignments at `/ontology`.",
        *parts,
    )


def _term(terms: Ontology, term: Term) -> tuple[str, ...]:
    return (
        code(shortened(term.iri, DEFAULT_BASE)),
        term.labels.get("en", ""),
        term.labels.get("de", ""),
        term.comments.get("en", ""),
        "; ".join(_axioms(terms, term)),
    )


def _axioms(terms: Ontology, term: Term) -> Iterator[str]:
    """Yield what is stated of a term with a named thing of our own; nested ones stay out."""
    words = {
        RDFS + "subClassOf": "is a",
        RDFS + "subPropertyOf": "implies",
        RDFS + "domain": "of",
        RDFS + "range": "to",
        OWL + "inverseOf": "inverse of",
    }
    [subject] = {s for s, _ in terms.pairs(_TYPE) if s.value == term.iri}
    for kind in _CHARACTERISTICS:
        if f"{OWL}{kind}Property" in terms.types(subject):
            yield kind.lower()
    for predicate, word in words.items():
        named = sorted(
            shortened(value.value, DEFAULT_BASE)
            for value in terms.objects(subject, predicate)
            if "://" in value.value
        )
        if own := [name for name in named if name.startswith(("atlas:", "xsd:", "skos:", "rdf:"))]:
            yield f"{word} {', '.join(map(code, own))}"


_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def inference(rules: Iterable[InferenceRule]) -> str:
    """Return the page of the rules of inference: axiom, and SPARQL text without its prefixes."""
    rows = [(code(rule.axiom), code(_without_prefixes(rule.sparql))) for rule in rules]
    return page(
        "# Rules of inference",
        "Each rule comes from an axiom of the ontology; `atlas rules` prints them with prefixes.\n"
        "What they conclude stands in the graph `graph/inferred` of a release.",
        table(("axiom", "rule"), rows),
    )


def _without_prefixes(query: str) -> str:
    lines = query.splitlines()
    return " ".join(line for line in lines if not line.startswith("PREFIX"))


def http(openapi: Mapping[str, Any]) -> str:
    """Return the page of the HTTP interface, from its OpenAPI document."""
    operations = [
        (operation.get("tags", ["other"])[0], method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    by_tag: Callable[[tuple[Any, ...]], str] = lambda found: found[0]  # noqa: E731 - used twice
    parts = []
    for tag, found in groupby(sorted(operations, key=lambda o: (o[0].lower(), o[2])), key=by_tag):
        parts += [f"## {tag[0].upper()}{tag[1:]}", *(_operation(*o[1:]) for o in found)]
    return page(
        "# HTTP interface",
        "What the server answers; the same as a page to try it out at `/docs`, and as an OpenAPI"
        " document at `/openapi.json`.\n"
        "Errors are [problem documents](errors.md).",
        *parts,
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    text = operation.get("description", "").partition("Raises:")[0].strip()
    parameters = [
        (
            code(p["name"]),
            p["in"],
            "yes" if p.get("required") else "no",
            p.get("description", ""),
        )
        for p in operation.get("parameters", [])
    ]
    statuses = ", ".join(s for s in sorted(operation["responses"]) if s != "default")
    return page(
        f"### {method.upper()} {path}",
        f"{operation.get('summary', '')}.\n{text}".strip(),
        table(("parameter", "in", "required", "what for"), parameters) if parameters else "",
        f"Statuses: {statuses}.",
    )
