"""The XML form of CORDIS: one document per project, read into the same tables as the CSV form.

1. Elements are matched by local name: published documents have the namespace
   `http://cordis.europa.eu`, mirrors of them may have lost it.
2. Each table is cut out of the project's element; a column is a path below the record's element:
   names, `name[type]` for the one whose `type` or `classification` is that, `@name`. Of several
   paths, separated by `|`, the first that is there counts.
3. A record's line is that of its start tag.

Document type declarations are refused: CORDIS has none, and entities can be made to explode.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from loaders import _cordis_columns as c
from loaders._cordis_rows import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# Most of a document are results and articles about the project; the graph holds none of them.
SKIPPED: Final = frozenset({"result", "article", "parents", "teaser", "webItem"})

_CATEGORY = "relations/categories/category"
_ASSOCIATION = "relations/associations"
_STEP = re.compile(r"(@?\w+)(?:\[(\w+)\])?")

# Per table: where its records are, below the project, and where its columns are, below these.
_TABLES: Final[tuple[tuple[c.Table, str, dict[str, str]], ...]] = (
    (
        c.PROJECT,
        "",
        {
            "id": "id",
            "acronym": "acronym",
            "status": "status",
            "title": "title",
            "startDate": "startDate",
            "endDate": "endDate",
            "totalCost": "totalCost",
            "ecMaxContribution": "ecMaxContribution",
            "legalBasis": "|".join(
                f"{_ASSOCIATION}/programme[{which}]/code" for which in ("true", "relatedLegalBasis")
            ),
            "topics": f"{_ASSOCIATION}/programme[relatedTopic]/code",
            "ecSignatureDate": "ecSignatureDate",
            "frameworkProgramme": f"{_ASSOCIATION}/programme/frameworkProgramme",
            "masterCall": f"{_ASSOCIATION}/call[relatedMasterCall]/identifier",
            "subCall": f"{_ASSOCIATION}/call[relatedSubCall]/identifier",
            "fundingScheme": f"{_CATEGORY}[projectFundingSchemeCategory]/code",
            "objective": "objective",
            "contentUpdateDate": "contentUpdateDate",
            "rcn": "rcn",
            "grantDoi": "identifiers/grantDoi",
            "keywords": "keywords",
        },
    ),
    (
        c.ORGANIZATION,
        f"{_ASSOCIATION}/organization",
        {
            "organisationID": "id",
            "vatNumber": "vatNumber",
            "name": "legalName",
            "shortName": "shortName",
            "SME": "@sme",
            "activityType": f"{_CATEGORY}[organizationActivityType]/code",
            "street": "address/street",
            "postCode": "address/postalCode",
            "city": "address/city",
            "country": "address/country",
            "nutsCode": "relations/regions/region[relatedNutsCode]/nutsCode",
            "geolocation": "address/geolocation",
            "organizationURL": "address/url",
            "contentUpdateDate": "contentUpdateDate",
            "order": "@order",
            "role": "@type",
            "ecContribution": "@ecContribution",
            "netEcContribution": "@netEcContribution",
            "totalCost": "@totalCost",
            "endOfParticipation": "@terminated",
        },
    ),
    (
        c.EUROSCIVOC,
        f"{_CATEGORY}[euroSciVoc]",
        {"euroSciVocCode": "code", "euroSciVocPath": "displayCode", "euroSciVocTitle": "title"},
    ),
    (c.TOPICS, f"{_ASSOCIATION}/programme[relatedTopic]", {"topic": "code", "title": "title"}),
    (
        c.LEGAL_BASIS,
        f"{_ASSOCIATION}/programme[relatedLegalBasis]",
        {"legalBasis": "code", "title": "title"},
    ),
    (
        c.POLICY_PRIORITIES,
        f"{_CATEGORY}[policyPriorities]",
        {"code": "code", "title": "title", "weight": "@weight"},
    ),
    (c.WEB_LINK, f"{_ASSOCIATION}/webLink", {"physUrl": "physUrl", "type": "@type"}),
)

# Codes of categories are paths of one segment (`/HES`); the CSV form has the segment alone.
_BARE = ("activityType", "fundingScheme")
# Columns that every record repeats from its project.
_OF_PROJECT = {"projectID": "id", "projectAcronym": "acronym"}


class NotAProjectError(ValueError):
    """A document that is not a CORDIS project; `line` and the reason say where and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class Element:
    """An element: local name, attributes by local name, text, children and line."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.text = ""
        self.children: list[Element] = []

    def find(self, path: str) -> Iterator[Element]:
        """Yield the elements at a path below this one; the element itself for an empty path."""
        step, _, rest = path.partition("/")
        if not step:
            yield self
            return
        name, kind = _STEP.fullmatch(step).groups()  # type: ignore[union-attr]
        for child in self.children:
            if child.name == name and (not kind or kind in child.attributes.values()):
                yield from child.find(rest)

    def value(self, path: str) -> str:
        """Return the first text, not empty, at one of the paths separated by `|`."""
        for one in path.split("|"):
            above, _, attribute = one.rpartition("@")
            for element in self.find(above.rstrip("/") if attribute != one else one):
                text = element.attributes.get(attribute, "") if attribute != one else element.text
                if text.strip():
                    return text
        return ""


class XmlTable:
    """A table as the XML form has it: its layout, and its records in a project's element."""

    def __init__(self, table: c.Table, path: str, columns: dict[str, str]) -> None:
        self.table = table
        self._path = path
        self._columns = columns
        inherited = _OF_PROJECT if path else {}
        names = [*columns, *inherited]
        fields = [_field(p) for p in (*columns.values(), *inherited.values())]
        index = {name: i for i, name in enumerate(names)}
        part = path.rpartition("/")[2].partition("[")[0]
        self.layout = Layout(index, dict(zip(names, fields, strict=True)), part)

    def records(self, project: Element) -> Iterator[tuple[int, list[str]]]:
        """Yield line and cells of each record of the table."""
        inherited = [project.value(p) for p in _OF_PROJECT.values()] if self._path else []
        for element in project.find(self._path):
            cells = [self._cell(element, *column) for column in self._columns.items()]
            yield element.line, cells + inherited

    @staticmethod
    def _cell(element: Element, name: str, path: str) -> str:
        value = element.value(path)
        return value.strip().strip("/") if name in _BARE else value


def xml_tables() -> list[XmlTable]:
    """Return the tables of the XML form, in the order in which they are read."""
    return [XmlTable(*table) for table in _TABLES]


def read_projects(stream: BinaryIO) -> list[Element]:
    """Return the elements of the projects in a document: its root, or the root's children.

    Raises:
        NotAProjectError: it is not well-formed, declares a document type, or holds no project.
    """
    root = _parse(stream)
    projects = [e for e in (root, *root.children) if e.name == "project"]
    if not projects:
        raise NotAProjectError(root.line, f"the root is {root.name!r}; expected 'project'")
    return projects[:1] if projects[0] is root else projects


def _parse(stream: BinaryIO) -> Element:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    document = Element("", {}, 1)
    stack, skipped = [document], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal skipped
        name = _local(name)
        if skipped or (name in SKIPPED and len(stack) > 1):
            skipped += 1
            return
        attributes = {_local(k): v for k, v in attributes.items()}
        element = Element(name, attributes, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        nonlocal skipped
        if skipped:
            skipped -= 1
        else:
            stack.pop()

    def text(data: str) -> None:
        if not skipped:
            stack[-1].text += data

    def doctype(*_parts: object) -> None:
        raise NotAProjectError(parser.CurrentLineNumber, "a document type declaration; refused")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, doctype
    try:
        parser.ParseFile(stream)
    except expat.ExpatError as error:
        where = f"{expat.ErrorString(error.code)}, character {error.offset + 1}"
        raise NotAProjectError(error.lineno, f"not well-formed XML: {where}") from error
    return document.children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _field(path: str) -> str:
    """Return the path as a field names it: of several the first, without its conditions."""
    return re.sub(r"\[\w+\]", "", path.partition("|")[0])
