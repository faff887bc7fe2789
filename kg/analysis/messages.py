"""What is said about queries, in the languages of the project.

A text has places for values, as `str.format` writes them.
"""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, dict[str, str]]] = {
    "undeclared-prefix": {
        "en": "The prefix {prefix} is not declared.",
        "de": "Das Präfix {prefix} ist nicht deklariert.",
    },
    "unknown-class": {
        "en": "Neither the ontology nor the data know a class {term}.",
        "de": "Weder die Ontologie noch die Daten kennen eine Klasse {term}.",
    },
    "unknown-property": {
        "en": "Neither the ontology nor the data know a property {term}.",
        "de": "Weder die Ontologie noch die Daten kennen eine Eigenschaft {term}.",
    },
    "not-a-class": {
        "en": "{term} is a property, not a class.",
        "de": "{term} ist eine Eigenschaft, keine Klasse.",
    },
    "not-a-property": {
        "en": "{term} is a class, not a property.",
        "de": "{term} ist eine Klasse, keine Eigenschaft.",
    },
    "unused-class": {
        "en": "Nothing in this release is of the class {term}.",
        "de": "Nichts in dieser Ausgabe gehört zur Klasse {term}.",
    },
    "unused-property": {
        "en": "Nothing in this release has the property {term}.",
        "de": "Nichts in dieser Ausgabe hat die Eigenschaft {term}.",
    },
    "unbound-variable": {
        "en": "{variable} in {clause} is bound nowhere, so it never has a value.",
        "de": "{variable} in {clause} wird nirgends gebunden und hat nie einen Wert.",
    },
    "out-of-scope": {
        "en": "{variable} in {clause} is bound outside of these braces only, where it is not seen.",
        "de": "{variable} in {clause} wird nur außerhalb dieser Klammern gebunden und ist hier"
        " nicht sichtbar.",
    },
    "bound-too-late": {
        "en": "BIND uses {variable} before it is bound; move BIND behind the pattern that binds"
        " it.",
        "de": "BIND benutzt {variable}, bevor es gebunden ist; BIND gehört hinter das Muster, das"
        " es bindet.",
    },
    "cartesian-product": {
        "en": "{one} and {other} share no variable: every solution of one part is combined with"
        " every solution of the other.",
        "de": "{one} und {other} haben keine Variable gemeinsam: Jede Lösung des einen Teils wird"
        " mit jeder des anderen verbunden.",
    },
    "filter-join": {
        "en": "{one} and {other} meet in a FILTER only: every pair is made first, then compared."
        " Where equality is meant, use the same variable.",
        "de": "{one} und {other} treffen sich nur in einem FILTER: Erst entsteht jedes Paar, dann"
        " wird verglichen. Wo Gleichheit gemeint ist, genügt dieselbe Variable.",
    },
    "not-exists-join": {
        "en": "NOT EXISTS over more than one triple or over a path is evaluated anew for each"
        " solution, which can take minutes; MINUS, or OPTIONAL with !BOUND, takes one pass.",
        "de": "NOT EXISTS über mehrere Tripel oder einen Pfad wird für jede Lösung neu"
        " ausgewertet, was Minuten dauern kann; MINUS oder OPTIONAL mit !BOUND braucht einen"
        " Durchgang.",
    },
    "minus-without-effect": {
        "en": "MINUS shares no variable with what comes before it, so it removes nothing.",
        "de": "MINUS hat mit dem, was davor steht, keine Variable gemeinsam und entfernt nichts.",
    },
    "limit-without-order": {
        "en": "{clause} without ORDER BY: which rows come is left to chance.",
        "de": "{clause} ohne ORDER BY: Welche Zeilen kommen, ist Zufall.",
    },
    "language-mismatch": {
        "en": "{literal} does not occur as a value of {term}; the same text does with another"
        " language tag or with none.",
        "de": "{literal} kommt nicht als Wert von {term} vor; derselbe Text kommt mit einem anderen"
        " Sprachkennzeichen oder ohne eines vor.",
    },
    "datatype-mismatch": {
        "en": "{literal} does not occur as a value of {term}; the same text does with another"
        " datatype.",
        "de": "{literal} kommt nicht als Wert von {term} vor; derselbe Text kommt mit einem anderen"
        " Datentyp vor.",
    },
    "literal-for-thing": {
        "en": "The values of {term} are things, and {literal} is a text.",
        "de": "Die Werte von {term} sind Dinge, {literal} ist ein Text.",
    },
}
"""The remarks of lint, by their code."""

REASONS: Final[dict[str, dict[str, str]]] = {
    "culprit": {
        "en": "Without this part there are rows.",
        "de": "Ohne diesen Teil gibt es Zeilen.",
    },
    "culprit-alone": {
        "en": "Without this part there are rows; nothing in the release matches it even by itself.",
        "de": "Ohne diesen Teil gibt es Zeilen; auf ihn passt auch für sich allein nichts in der"
        " Ausgabe.",
    },
    "together": {
        "en": "These parts together have no rows; without any one of them they have.",
        "de": "Diese Teile zusammen haben keine Zeilen; fehlt einer von ihnen, gibt es welche.",
    },
    "alone": {
        "en": "This part has no rows by itself; other parts have to go too.",
        "de": "Dieser Teil hat für sich allein keine Zeilen; auch andere Teile müssen weichen.",
    },
    "modifier": {
        "en": "The pattern has rows; this modifier removes all of them.",
        "de": "Das Muster hat Zeilen; dieser Zusatz entfernt sie alle.",
    },
    "absent": {
        "en": "{term} occurs nowhere in the release.",
        "de": "{term} kommt in der Ausgabe nirgends vor.",
    },
    "not-empty": {
        "en": "The query has rows.",
        "de": "Die Abfrage hat Zeilen.",
    },
    "unfinished": {
        "en": "Not every part could be tried in the time there is.",
        "de": "Nicht jeder Teil konnte in der verfügbaren Zeit geprüft werden.",
    },
    "nothing-to-drop": {
        "en": "The query has no pattern from which a part could be dropped.",
        "de": "Die Abfrage hat kein Muster, aus dem ein Teil wegfallen könnte.",
    },
}
"""Why an answer is empty."""


def message(code: str, **values: str) -> dict[str, str]:
    """Return what a code says, by language."""
    texts = MESSAGES.get(code) or REASONS[code]
    return {language: text.format(**values) for language, text in texts.items()}
