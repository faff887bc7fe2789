"""Rejections as findings: what a loader could not read, told as the rules tell what they find.

A loader rejects with a sentence in English (kg.source); here each kind of sentence has a rule with
an IRI, a message and a hint in English and German. What is of no kind known here is told by the
rule `ReadingOther` in the loader's own words, so that nothing goes untold.

| column | of a rejection |
|---|---|
| subject | the IRI of the file, and the line as its fragment (RFC 5147) |
| path | the property that the cell would state, where the kind tells |
| value | the cell or the row, as far as it is shown |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kg.database import quoted
from kg.identifiers import Identifiers
from kg.shapes import Rule
from kg.terms import SH, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.imports import Import

COMPONENT: Final = "rejections#Reading"
"""What stands, below the base, where other findings have their constraint component."""

SHOWN: Final = 1_000
"""Signs that are shown of a row that was rejected; the whole of it is in `rejects.parquet`."""


class Kind(NamedTuple):
    """A kind of rejection: the regular expression (RE2) of its sentence, and what is told instead.

    What its groups found stands in the messages, where these have a backslash and their number.
    """

    rule: str
    pattern: str
    property: str | None
    name: tuple[str, str]
    message: tuple[str, str]
    hint: tuple[str, str]


KINDS: Final = (
    Kind(
        "ReadingCellSize",
        r"^.*field larger than field limit \((\d+)\).*$",
        None,
        ("Cell within the limit", "Zelle innerhalb der Grenze"),
        (
            r"A cell of this row has more than \1 characters.",
            r"Eine Zelle dieser Zeile hat mehr als \1 Zeichen.",
        ),
        (
            "Look for a quotation mark that is never closed, or shorten the text.",
            "Auf ein nie geschlossenes Anführungszeichen achten oder den Text kürzen.",
        ),
    ),
    Kind(
        "ReadingQuotes",
        r"^broken quoting: (.*)$",
        None,
        ("Closed quotation marks", "Geschlossene Anführungszeichen"),
        (
            r"The quotation marks of this row do not match (\1).",
            r"Die Anführungszeichen dieser Zeile passen nicht zusammen (\1).",
        ),
        (
            "Double every quotation mark inside a cell, and close each cell that opens one.",
            "Jedes Anführungszeichen in einer Zelle verdoppeln und jede geöffnete Zelle schließen.",
        ),
    ),
    Kind(
        "ReadingWidth",
        r"^(\d+) columns, expected (\d+)$",
        None,
        ("Number of columns", "Zahl der Spalten"),
        (
            r"The row has \1 columns, its header has \2.",
            r"Die Zeile hat \1 Spalten, die Kopfzeile \2.",
        ),
        (
            "Look for a missing separator, one that is not quoted, or a line break in a cell.",
            (
                "Auf ein fehlendes oder nicht eingefasstes Trennzeichen oder einen "
                "Zeilenumbruch in einer Zelle achten."
            ),
        ),
    ),
    Kind(
        "ReadingEncoding",
        r"^byte (0x[0-9A-F]{2}) is not UTF-8$",
        None,
        ("UTF-8", "UTF-8"),
        (r"The byte \1 in this cell is not UTF-8.", r"Das Byte \1 in dieser Zelle ist kein UTF-8."),
        ("Save the file as UTF-8.", "Die Datei als UTF-8 speichern."),
    ),
    Kind(
        "ReadingNul",
        r"^.*NUL.*$",
        None,
        ("No NUL", "Kein NUL"),
        ("The cell holds a NUL byte.", "Die Zelle enthält ein NUL-Byte."),
        ("Remove the byte.", "Das Byte entfernen."),
    ),
    Kind(
        "ReadingKeyMissing",
        r"^no (\S+)$",
        None,
        ("Key is there", "Schlüssel ist vorhanden"),
        (r"The row has no \1, which it is known by.", r"Der Zeile fehlt \1, ihr Schlüssel."),
        ("Enter the key.", "Den Schlüssel eintragen."),
    ),
    Kind(
        "ReadingKeyTwice",
        r"^the key (.*) is that of line (\d+) already$",
        None,
        ("Key is there once", "Schlüssel kommt einmal vor"),
        (
            r"The key \1 is that of line \2 already.",
            r"Den Schlüssel \1 hat schon Zeile \2.",
        ),
        (
            "Remove the row that is there twice, or correct its key.",
            "Die doppelte Zeile entfernen oder ihren Schlüssel berichtigen.",
        ),
    ),
    Kind(
        "ReadingCountry",
        r"^['\"](.*?)['\"] is no (?:known )?country.*$",
        "country",
        ("Country is known", "Land ist bekannt"),
        (r"“\1” is no country code.", r"„\1“ ist kein Ländercode."),
        (
            "Write two letters, such as DE; EL for Greece and UK for the United Kingdom.",
            (
                "Zwei Buchstaben schreiben, etwa DE; EL für Griechenland und UK für das Vereinigte "
                "Königreich."
            ),
        ),
    ),
    Kind(
        "ReadingRole",
        r"^['\"](.*?)['\"] is no (?:known )?role.*$",
        "role",
        ("Role is known", "Rolle ist bekannt"),
        (r"“\1” is no role of a participant.", r"„\1“ ist keine Rolle eines Beteiligten."),
        (
            "Enter one of coordinator, participant, associatedPartner, thirdParty.",
            "coordinator, participant, associatedPartner oder thirdParty eintragen.",
        ),
    ),
    Kind(
        "ReadingPosition",
        r"^['\"](.*?)['\"] is no position.*$",
        "position",
        ("Position", "Position"),
        (
            r"“\1” is no position; latitude and longitude were expected.",
            r"„\1“ ist keine Position; erwartet wurden Breite und Länge.",
        ),
        ("Write 48.137,11.575.", "Wie 48.137,11.575 schreiben."),
    ),
    Kind(
        "ReadingAddress",
        r"^['\"](.*?)['\"] (?:is no web address|holds several web|is no http).*$",
        "homepage",
        ("Web address", "Webadresse"),
        (r"“\1” is not one web address.", r"„\1“ ist nicht eine Webadresse."),
        (
            "Write one whole address, beginning with https://.",
            "Eine ganze Adresse schreiben, beginnend mit https://.",
        ),
    ),
    Kind(
        "ReadingRegion",
        r"^['\"](.*?)['\"] is no NUTS code.*$",
        "nutsCode",
        ("Region code", "Regionscode"),
        (r"“\1” is no NUTS code.", r"„\1“ ist kein NUTS-Code."),
        ("Write a code such as DE125.", "Einen Code wie DE125 schreiben."),
    ),
    Kind(
        "ReadingLineEnds",
        r"^.*ends its lines with CR alone.*$",
        None,
        ("Line ends", "Zeilenenden"),
        (
            "The lines of the file end with CR alone; nothing of it was read.",
            "Die Zeilen der Datei enden nur mit CR; nichts davon wurde gelesen.",
        ),
        (
            "Save the file with line ends of Unix or Windows.",
            "Die Datei mit Zeilenenden von Unix oder Windows speichern.",
        ),
    ),
    Kind(
        "ReadingLayout",
        r"^unknown layout: (?s)(.*)$",
        None,
        ("Known columns", "Bekannte Spalten"),
        (
            r"The file has other columns than any that is read: \1.",
            r"Die Datei hat andere Spalten als jede, die gelesen wird: \1.",
        ),
        (
            "Compare the header with that of an official download.",
            "Die Kopfzeile mit der eines amtlichen Downloads vergleichen.",
        ),
    ),
    Kind(
        "ReadingIri",
        r"^(?:not an IRI: |a blank node )(?s)(.*)$",
        None,
        ("Address that can be written", "Schreibbare Adresse"),
        (
            r"No RDF document can hold this address: \1.",
            r"Kein RDF-Dokument kann diese Adresse enthalten: \1.",
        ),
        (
            "Remove blanks and signs such as < > { } from the address.",
            "Leerzeichen und Zeichen wie < > { } aus der Adresse entfernen.",
        ),
    ),
    Kind(
        "ReadingOther",
        r"^(?s)(.*)$",
        None,
        ("Readable", "Lesbar"),
        (r"It could not be read: \1.", r"Es konnte nicht gelesen werden: \1."),
        ("Correct it at the source.", "An der Quelle berichtigen."),
    ),
)


def rules(base: str) -> list[Rule]:
    """Return the rules by which rejections are told, as reference pages show rules."""
    return [
        Rule(
            iri=f"{base}shapes#{kind.rule}",
            file="reading",
            severity=f"{SH}Violation",
            targets=(),
            path=None,
            names=_by_language(kind.name),
            descriptions={},
            messages=_by_language(kind.message),
            hints=_by_language(kind.hint),
        )
        for kind in KINDS
    ]


def _by_language(texts: tuple[str, str]) -> dict[str, str]:
    """Return texts by language, with a sign of omission for what is filled in."""
    filled = (text.replace(r"\1", "…").replace(r"\2", "…") for text in texts)
    return dict(zip(("en", "de"), filled, strict=True))


def findings(one: Import) -> str:
    """Return the SQL of an import's rejections as rows of findings (kg.findings)."""
    base = str(one.manifest["base"])
    file = quoted(Identifiers(base).import_file(one.source, one.id, ""))
    return f"""(
        SELECT {_chosen(lambda k: quoted(f"{base}shapes#{k.rule}"))} AS rule,
            {quoted(base + COMPONENT)} AS component, 'Violation' AS severity,
            concat({file}, replace(file, ' ', '%20'), '#line=', line - 1, ',', line) AS subject,
            {_chosen(lambda k: _property(base, k.property))} AS path,
            left(text, {SHOWN}) AS value, 2::UTINYINT AS value_kind,
            {quoted(XSD_STRING)} AS datatype, NULL::VARCHAR AS language,
            {_chosen(lambda k: _told(k.pattern, k.message[0]))} AS message_en,
            {_chosen(lambda k: _told(k.pattern, k.message[1]))} AS message_de,
            {_chosen(lambda k: quoted(k.hint[0]))} AS hint_en,
            {_chosen(lambda k: quoted(k.hint[1]))} AS hint_de,
            file, line, field, NULL::VARCHAR AS record, left(text, {SHOWN}) AS stated
        FROM {one.table("rejects")})"""


def _chosen(made: Callable[[Kind], str]) -> str:
    """Return the SQL that takes what is made of the first kind that a sentence is of."""
    cases = "".join(
        f" WHEN regexp_matches(reason, {quoted(kind.pattern)}) THEN {made(kind)}" for kind in KINDS
    )
    return f"CASE{cases} END"


def _property(base: str, name: str | None) -> str:
    return "NULL" if name is None else quoted(Identifiers(base).ontology + name)


def _told(pattern: str, message: str) -> str:
    return f"regexp_replace(left(reason, {SHOWN}), {quoted(pattern)}, {quoted(message)})"
