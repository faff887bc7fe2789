"""The sentences of results, in English and German.

A shape's sh:message may hold `{$this}`, `{?value}`, `{$path}` and the names of the constraint's
parameters, e.g. `{$minCount}` (section 5.3.2 of the recommendation names the form for SPARQL; here
all components have it). A shape without a message in a language gets a sentence of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kg.shacl import paths
from kg.terms import SH

if TYPE_CHECKING:
    from kg.shacl.plan import Rule
    from kg.shacl.shapes import Term

_PLACE: Final = re.compile(r"\{[$?](\w+)\}")

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "Class": (
        "{$value} is no instance of {$class}.",
        "{$value} ist keine Instanz von {$class}.",
    ),
    "Datatype": (
        "“{$value}” is no valid {$datatype}.",
        "„{$value}“ ist kein gültiger Wert vom Typ {$datatype}.",
    ),
    "NodeKind": (
        "“{$value}” is not of the kind {$nodeKind}.",
        "„{$value}“ ist nicht von der Art {$nodeKind}.",
    ),
    "MinCount": (
        "There must be at least {$minCount} value(s) of {$path}.",
        "{$path} braucht mindestens {$minCount} Wert(e).",
    ),
    "MaxCount": (
        "There must be at most {$maxCount} value(s) of {$path}.",
        "{$path} darf höchstens {$maxCount} Wert(e) haben.",
    ),
    "MinExclusive": (
        "“{$value}” must be greater than {$minExclusive}.",
        "„{$value}“ muss größer als {$minExclusive} sein.",
    ),
    "MinInclusive": (
        "“{$value}” must be at least {$minInclusive}.",
        "„{$value}“ muss mindestens {$minInclusive} sein.",
    ),
    "MaxExclusive": (
        "“{$value}” must be less than {$maxExclusive}.",
        "„{$value}“ muss kleiner als {$maxExclusive} sein.",
    ),
    "MaxInclusive": (
        "“{$value}” must be at most {$maxInclusive}.",
        "„{$value}“ darf höchstens {$maxInclusive} sein.",
    ),
    "MinLength": (
        "“{$value}” is shorter than {$minLength} characters.",
        "„{$value}“ ist kürzer als {$minLength} Zeichen.",
    ),
    "MaxLength": (
        "“{$value}” is longer than {$maxLength} characters.",
        "„{$value}“ ist länger als {$maxLength} Zeichen.",
    ),
    "Pattern": (
        "“{$value}” does not have the form {$pattern}.",
        "„{$value}“ hat nicht die Form {$pattern}.",
    ),
    "LanguageIn": (
        "“{$value}” is in none of the languages {$languageIn}.",
        "„{$value}“ ist in keiner der Sprachen {$languageIn}.",
    ),
    "UniqueLang": (
        "{$path} has several values in one language.",
        "{$path} hat mehrere Werte in einer Sprache.",
    ),
    "Equals": (
        "“{$value}” must be a value of both {$path} and {$equals}.",
        "„{$value}“ muss ein Wert sowohl von {$path} als auch von {$equals} sein.",
    ),
    "Disjoint": (
        "“{$value}” must not be a value of {$disjoint} as well.",
        "„{$value}“ darf nicht auch ein Wert von {$disjoint} sein.",
    ),
    "LessThan": (
        "“{$value}” must be less than every value of {$lessThan}.",
        "„{$value}“ muss kleiner als jeder Wert von {$lessThan} sein.",
    ),
    "LessThanOrEquals": (
        "“{$value}” must not be greater than any value of {$lessThanOrEquals}.",
        "„{$value}“ darf nicht größer als ein Wert von {$lessThanOrEquals} sein.",
    ),
    "Not": (
        "“{$value}” conforms to {$not}, but must not.",
        "„{$value}“ entspricht {$not}, darf es aber nicht.",
    ),
    "And": (
        "“{$value}” does not conform to all of {$and}.",
        "„{$value}“ entspricht nicht allen von {$and}.",
    ),
    "Or": (
        "“{$value}” conforms to none of {$or}.",
        "„{$value}“ entspricht keiner von {$or}.",
    ),
    "Xone": (
        "“{$value}” does not conform to exactly one of {$xone}.",
        "„{$value}“ entspricht nicht genau einer von {$xone}.",
    ),
    "Node": (
        "“{$value}” does not conform to {$node}.",
        "„{$value}“ entspricht nicht {$node}.",
    ),
    "QualifiedMinCount": (
        "At least {$qualifiedMinCount} value(s) of {$path} must conform to {$qualifiedValueShape}.",
        "{$qualifiedMinCount} oder mehr Werte von {$path} müssen {$qualifiedValueShape} erfüllen.",
    ),
    "QualifiedMaxCount": (
        "At most {$qualifiedMaxCount} value(s) of {$path} may conform to {$qualifiedValueShape}.",
        "Höchstens {$qualifiedMaxCount} Werte von {$path} dürfen {$qualifiedValueShape} erfüllen.",
    ),
    "Closed": (
        "{$path} is not allowed here (value “{$value}”).",
        "{$path} ist hier nicht erlaubt (Wert „{$value}“).",
    ),
    "HasValue": (
        "The value {$hasValue} is missing.",
        "Der Wert {$hasValue} fehlt.",
    ),
    "In": (
        "“{$value}” is not one of {$in}.",
        "„{$value}“ ist keiner von {$in}.",
    ),
}
_OTHER: Final = (
    "{$this} breaks the constraint {$component}.",
    "{$this} verletzt die Bedingung {$component}.",
)


def template(rule: Rule, language: str) -> str:
    """Return the text for a rule in a language, its parameters filled in.

    `{$this}`, `{$value}` and, for a closed shape, `{$path}` are left for the single result. The
    shape's own message is taken in that language, else in English, else without a language.
    """
    return fill(_chosen(rule, language), parameters(rule))


def _chosen(rule: Rule, language: str) -> str:
    own = {text.language.lower().partition("-")[0]: text.text for text in rule.messages}
    for each in (language, "") if language == "en" else (language,):
        if each in own:
            return own[each]
    if own and language != "en":
        return own.get("en") or own.get("") or next(iter(own.values()))
    if own:
        return next(iter(own.values()))
    name = rule.constraint.component.removeprefix(SH).removesuffix("ConstraintComponent")
    return _SENTENCES.get(name, _OTHER)[language == "de"]


def hint(rule: Rule, language: str) -> str | None:
    """Return the shape's hint for the fix in a language, None without one."""
    return next(
        (text.text for text in rule.shape.hints if text.language.lower().startswith(language)),
        None,
    )


def places(text: str) -> set[str]:
    """Return the names of the variables that a text leaves open."""
    return set(_PLACE.findall(text))


def fill(text: str, values: dict[str, str]) -> str:
    """Return `text` with each `{$name}` or `{?name}` that is among `values` replaced.

    Those that are not are left, all in the form `{$name}`.
    """
    return _PLACE.sub(lambda place: values.get(place[1], f"{{${place[1]}}}"), text)


def parameters(rule: Rule) -> dict[str, str]:
    """Return what can be filled in before any result is known."""
    constraint = rule.constraint
    name = constraint.component.removeprefix(SH).removesuffix("ConstraintComponent")
    parameter = name[:1].lower() + name[1:]
    filled = {"component": _short(constraint.component), parameter: _parameter(rule)}
    if rule.shape.path is not None and name != "Closed":
        filled["path"] = _short(paths.text(rule.shape.path))
    if name.startswith("Qualified"):
        filled["qualifiedValueShape"] = ", ".join(map(_short, constraint.shapes))
    if constraint.flags:
        filled["flags"] = constraint.flags
    return filled


def _parameter(rule: Rule) -> str:
    constraint = rule.constraint
    if constraint.terms:
        return ", ".join(map(_readable, constraint.terms))
    if constraint.shapes and not constraint.component.startswith(SH + "Qualified"):
        return ", ".join(map(_short, constraint.shapes))
    return constraint.text or str(constraint.number)


def _readable(term: Term) -> str:
    return term.value if term.is_literal else _short(term.value)


def _short(iri: str) -> str:
    """Return the local name of an IRI, which people read more easily; other texts as they are."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+", iri) is None:
        return iri
    return re.split(r"[#/]", iri.rstrip("#/"))[-1] or iri
