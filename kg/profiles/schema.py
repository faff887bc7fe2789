"""The JSON Schema of profiles (draft 2020-12), derived from the shapes and the ontology.

1. Which properties a kind has, kg.profiles.kinds says; their datatypes come from the ontology.
2. What the shapes demand of a property of the kind, or of whatever has it, becomes
   `pattern`, `enum`, `minimum`, `maximum`, `required`; names and messages become texts.
3. What no schema can say (references, comparisons, several properties together) is left to the
   shapes, which every profile is checked by anyway.

The texts are in the language asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kg.profiles import kinds
from kg.shacl.paths import Alternative, Predicate
from kg.terms import (
    RDFS,
    SH,
    XSD,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DECIMAL,
    XSD_INTEGER,
    XSD_STRING,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kg.ontology import Ontology
    from kg.shacl.shapes import Constraint, Shape, Shapes

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MEDIA_TYPE: Final = "application/schema+json"

LONGEST: Final = 20_000
"""Signs of a text."""

_TYPES: Final[dict[str, dict[str, Any]]] = {
    XSD_INTEGER: {"type": "integer"},
    XSD_DECIMAL: {"type": "number"},
    XSD_BOOLEAN: {"type": "boolean"},
    XSD_DATE: {"type": "string", "format": "date"},
    XSD + "gYear": {"type": ["string", "integer"]},
}
_NUMBERS: Final = {"MinInclusive": "minimum", "MaxInclusive": "maximum"}
_FORMS: Final = (
    (kinds.COUNTRIES, "two letters such as DE, or an IRI", "zwei Buchstaben wie DE oder eine IRI"),
    (kinds.REGIONS, "a NUTS code such as DE212, or an IRI", "ein NUTS-Code wie DE212 oder IRI"),
    (kinds.TECHNOLOGIES, "a name such as photonics, a EuroSciVoc code, or an IRI",
     "ein Name wie photonics, ein EuroSciVoc-Code oder eine IRI"),
    (kinds.THINGS, "organisation/… or cluster/…, or an IRI",
     "organisation/… oder cluster/… oder eine IRI"),
    (kinds.ADDRESSES, "a whole web address", "eine ganze Webadresse"),
)  # fmt: skip


def datatypes(ontology: Ontology) -> dict[str, str]:
    """Return the datatype of each property of profiles, by its local name."""
    found = {}
    for name in {field for kind in kinds.KINDS.values() for field in kind.fields}:
        term = ontology.terms.get(ontology.namespace + name)
        ranges = _ranges(ontology, ontology.namespace + name) if term else []
        found[name] = next((r for r in ranges if r.startswith(XSD)), XSD_STRING)
    return found


def _ranges(ontology: Ontology, iri: str) -> list[str]:
    from pyoxigraph import NamedNode  # noqa: PLC0415 - the ontology's nodes are its terms

    found = ontology.objects(NamedNode(iri), f"{RDFS}range")
    return [node.value for node in found if isinstance(node, NamedNode)]


def schema(ontology: Ontology, shapes: Shapes, base: str, language: str) -> dict[str, Any]:
    """Return the schema of all kinds of profiles, texts in a language."""
    making = _Making(ontology, shapes, language)
    return {
        "$schema": DIALECT,
        "$id": f"{base}profiles/schema",
        "title": "Profile" if language == "en" else "Profil",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds.KINDS],
        "$defs": {kind: making.kind(one) for kind, one in kinds.KINDS.items()},
    }


class _Making:
    def __init__(self, ontology: Ontology, shapes: Shapes, language: str) -> None:
        self._ontology = ontology
        self._shapes = shapes
        self._language = language
        self._datatypes = datatypes(ontology)
        self._above = _superclasses(ontology)

    def kind(self, kind: kinds.Kind) -> dict[str, Any]:
        """Return the schema of a kind."""
        rules = list(self._rules(kind))
        properties = {name: self._property(name, rules) for name in kind.fields}
        required = [name for name in kind.fields if self._required(name, rules, kind)]
        return {
            "type": "object",
            "properties": {
                "type": {"enum": list(kind.classes)},
                "$schema": {"type": "string"},
                **properties,
            },
            "required": ["type", *required],
            "additionalProperties": False,
        }

    def _rules(self, kind: kinds.Kind) -> Iterator[Shape]:
        """Yield the property shapes for the kind's class, and for what has its properties."""
        space = self._ontology.namespace
        classes = {space + kind.classes[0], *self._above.get(space + kind.classes[0], ())}
        having = {space + name for name in kind.fields}
        for shape in self._shapes.targeted:
            aimed = shape.targets
            if classes & set(aimed.classes) or having & set(aimed.subjects_of):
                yield from (self._shapes[key] for key in shape.properties)

    def _property(self, name: str, rules: list[Shape]) -> dict[str, Any]:
        own = [rule for rule in rules if rule.path == Predicate(self._ontology.namespace + name)]
        told: dict[str, Any] = {"title": self._label(name)}
        if texts := [text for rule in own if (text := self._hint(rule))]:
            told["description"] = " ".join(dict.fromkeys(texts))
        if name in kinds.LINKS:
            single: dict[str, Any] = {
                "type": "string",
                "minLength": 1,
                "$comment": self._form(name),
            }
        else:
            plain: dict[str, Any] = {"type": "string", "maxLength": LONGEST}
            single = dict(_TYPES.get(self._datatypes[name], plain))
            for rule in own:
                for constraint in self._constraints(rule):
                    single |= _constrained(constraint)
        if name in kinds.TEXTS:
            texts_by_tag = {"type": "object", "additionalProperties": {"type": "string"}}
            return told | {"anyOf": [single, texts_by_tag]}
        if name in kinds.MANY:
            return told | {"anyOf": [single, {"type": "array", "items": single, "maxItems": 200}]}
        return told | single

    def _constraints(self, rule: Shape) -> Iterator[Constraint]:
        """Yield what must hold of every value: also what stands in a nested shape (sh:node)."""
        for constraint in rule.constraints:
            yield constraint
            if constraint.component == f"{SH}NodeConstraintComponent":
                for key in constraint.shapes:
                    yield from self._shapes[key].constraints

    def _required(self, name: str, rules: list[Shape], kind: kinds.Kind) -> bool:
        """Tell whether a violation follows where a property is missing."""
        step = Predicate(self._ontology.namespace + name)
        return name == kind.name or any(
            rule.severity == f"{SH}Violation"
            and (rule.path == step or _begins(rule, step))
            and any(c.component == f"{SH}MinCountConstraintComponent" for c in rule.constraints)
            for rule in rules
        )

    def _label(self, name: str) -> str:
        term = self._ontology.terms.get(self._ontology.namespace + name)
        return (term.labels.get(self._language) if term else None) or name

    def _hint(self, rule: Shape) -> str | None:
        return next((t.text for t in rule.hints if t.language == self._language), None)

    def _form(self, name: str) -> str:
        texts = next((one[1:] for one in _FORMS if name in one[0]), ("", ""))
        return texts[0] if self._language == "en" else texts[1]


def _begins(rule: Shape, step: Predicate) -> bool:
    """Tell whether a rule asks for one of several properties, this being the first."""
    return isinstance(rule.path, Alternative) and rule.path.paths[0] == step


def _constrained(constraint: Constraint) -> Mapping[str, Any]:
    """Return what a constraint is in a schema, nothing if it is none there."""
    name = constraint.component.removeprefix(SH).removesuffix("ConstraintComponent")
    if name == "In" and all(term.is_literal for term in constraint.terms):
        return {"enum": [term.value for term in constraint.terms]}
    if name == "Pattern" and not constraint.flags:
        return {"pattern": constraint.text}
    if name in _NUMBERS and constraint.terms:
        try:
            return {_NUMBERS[name]: float(constraint.terms[0].value)}
        except ValueError:
            return {}
    return {}


def _superclasses(ontology: Ontology) -> dict[str, set[str]]:
    """Return all classes above each class."""
    above: dict[str, set[str]] = {}
    for row in ontology.subclass_statements(""):
        above.setdefault(row.subject, set()).add(row.object)
    changed = True
    while changed:
        changed = False
        for over in above.values():
            more = {far for near in over for far in above.get(near, ())} - over
            over.update(more)
            changed = changed or bool(more)
    return above
