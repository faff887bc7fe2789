"""A copy of the CORDIS sample with forty faults of forty kinds, planted at known cells.

Which rows get them follows from the files alone: organisations that are in one row only, one after
the other, and projects from the beginning of their file, so that a run plants what the last did.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest

import loaders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BIG = 10 * 2**20
KEYS = {
    "project.csv": ("id",),
    "organization.csv": ("projectID", "organisationID", "order"),
    "euroSciVoc.csv": ("projectID", "euroSciVocCode"),
}


class Planted(NamedTuple):
    """A fault: what kind it is, where it stands, the rule that finds it, and what is right.

    `column` is None where the row as a whole is wrong; `right` is None where nobody can tell.
    """

    kind: str
    file: str
    line: int
    column: str | None
    rule: str
    right: str | None = None


class Download:
    """The files of a download as lines, the first being the header; changed in place."""

    def __init__(self, archive: Path) -> None:
        with zipfile.ZipFile(archive) as opened:
            self.files = {
                name: opened.read(name).decode().removesuffix("\n").split("\n")
                for name in opened.namelist()
            }
        self._first = {name: list(lines) for name, lines in self.files.items()}
        self.raw: dict[str, bytes] = {}
        self.planted: list[Planted] = []

    def cells(self, file: str, line: int) -> dict[str, str]:
        """Return the record of a line by the columns of its file."""
        header, row = csv.reader((self.files[file][0], self.files[file][line - 1]), delimiter=";")
        return dict(zip(header, row, strict=True))

    def record(self, file: str, line: int) -> str:
        """Return the key of the record that was at a line before anything was planted."""
        lines = self._first[file]
        if line > len(lines):  # one that was added
            return file
        header, row = csv.reader((lines[0], lines[line - 1]), delimiter=";")
        cells = dict(zip(header, row, strict=True))
        return "/".join((file, *(cells[name].strip("/") for name in KEYS[file])))

    def put(self, file: str, line: int, cells: list[str]) -> None:
        """Write a record into a line."""
        written = io.StringIO()
        csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(
            cells
        )
        self.files[file][line - 1] = written.getvalue().removesuffix("\n")

    def write(self, folder: Path) -> None:
        """Write the files; a surrogate stands for a byte that is not UTF-8."""
        folder.mkdir()
        for name, lines in self.files.items():
            data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
            (folder / name).write_bytes(self.raw.get(name, data))


# Kind, column, what the cell becomes, rule, and what is right where a fix is to be proposed.
CELLS: tuple[tuple[str, str, str, str, str | None], ...] = (
    ("unknown country", "country", "XH", "ReadingCountry", None),
    ("country with three letters", "country", "{alpha-3}", "ReadingCountry", "{country}"),
    ("unknown role", "role", "Cordinator", "ReadingRole", "coordinator"),
    ("unknown activity", "activityType", "HEI", "OrganisationActivityType", "HES"),
    ("truth in words", "SME", "ja", "OrganisationSme", "true"),
    ("truth that is none", "endOfParticipation", "vielleicht", "ParticipationEnded", None),
    ("negative money", "ecContribution", "-5000", "ParticipationEcContribution", "5000"),
    ("thousands separated", "totalCost", "1.234.567,89", "ParticipationTotalCost", "1234567.89"),
    ("scientific notation", "totalCost", "1.5E6", "ParticipationTotalCost", "1500000"),
    ("currency", "totalCost", "EUR 500000", "ParticipationTotalCost", "500000"),
    ("order in words", "order", "2nd", "ParticipationOrder", None),
    ("impossible latitude", "geolocation", "152.2620002,-9.0716433", "Latitude", None),
    ("exchanged coordinates", "geolocation", "{exchanged}", "PositionInCountry", "{latitude}"),
    ("zero point", "geolocation", "0,0", "CoordinatesNotZero", None),
    ("decimal commas", "geolocation", "{commas}", "ReadingPosition", "{position}"),
    ("broken web address", "organizationURL", "nowhere to be found", "ReadingAddress", None),
    ("digit lost", "organisationID", "{shorter}", "OrganisationPic", None),
    ("number that is none", "vatNumber", "???", "OrganisationVatNumber", None),
    ("malformed region", "nutsCode", "{lower}", "NutsCodeForm", "{nutsCode}"),
    ("unknown region", "nutsCode", "{unknown}", "RegionKnown", None),
    ("region of another country", "nutsCode", "AT130", "RegionInCountry", None),
    ("unknown project", "projectID", "999999999", "ParticipationProjectKnown", None),
    ("no name", "name", "", "OrganisationName", None),
    ("wrong encoding on the way", "name", "UNIVERSITÃ„T {name}", "TextEncoding",
     "UNIVERSITÄT {name}"),
    ("zero width signs", "city", "{city}\u200b", "TextInvisible", "{city}"),
    ("homoglyphs", "name", "INSTITUT\u0415 {name}", "TextScript", "INSTITUTE {name}"),
    ("formula", "shortName", "=HYPERLINK(0)", "TextFormula", None),
    ("net above gross", "netEcContribution", "99999999", "ParticipationNetContribution", None),
)  # fmt: skip
PROJECTS: tuple[tuple[str, str, str, str, str | None], ...] = (
    ("exchanged dates", "startDate", "{endDate}", "ProjectPeriodOrder", "{startDate}"),
    ("day first", "startDate", "{day first}", "ProjectStartDate", "{startDate}"),
    ("serial number of a day", "endDate", "45291", "ProjectEndDate", "2023-12-31"),
    ("day that does not exist", "ecSignatureDate", "2022-02-30", "ProjectSignatureDate", None),
    ("mistyped state", "status", "SINGED", "ProjectStatus", "SIGNED"),
    ("address of a DOI", "grantDoi", "https://doi.org/{grantDoi}", "ProjectGrantDoi",
     "{grantDoi}"),
)  # fmt: skip


def values(cells: dict[str, str]) -> dict[str, str]:
    """Return what the templates of the faults may name of a record."""
    latitude, _, longitude = cells.get("geolocation", "").partition(",")
    year, _, rest = cells.get("startDate", "").partition("-")
    month, _, day = rest.partition("-")
    return {
        **cells,
        "alpha-3": "DEU",
        "exchanged": f"{longitude},{latitude}",
        "latitude": latitude,
        "position": f"{latitude},{longitude}",
        "commas": f"{latitude.replace('.', ',')};{longitude.replace('.', ',')}",
        "shorter": cells.get("organisationID", "")[:8],
        "lower": cells.get("nutsCode", "").lower(),
        "unknown": f"{cells.get('nutsCode', '')[:2]}999",
        "day first": f"{day}/{month}/{year}",
    }


def filled(template: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def plant(download: Download) -> None:
    """Plant the faults."""
    projects = list(range(20, 20 + 12 * len(PROJECTS), 12))
    for line, fault in zip(projects, PROJECTS, strict=True):
        _plant_cell(download, "project.csv", line, fault)
    _plant_contradiction(download)
    lines = _lone_rows(download)
    for fault in CELLS:
        _plant_cell(download, "organization.csv", next(lines), fault)
    _plant_rows(download, lines)


def _lone_rows(download: Download) -> Iterator[int]:
    """Yield lines of German organisations that are in one row only and lack nothing."""
    file = "organization.csv"
    last = len(download.files[file])
    rows = {n: download.cells(file, n) for n in range(2, last + 1) if _whole(download, n)}
    times = Counter(cells["organisationID"] for cells in rows.values())
    for line, cells in rows.items():
        whole = all(
            cells[name] for name in ("geolocation", "nutsCode", "city", "endOfParticipation")
        )
        alone = times[cells["organisationID"]] == 1 and cells["country"] == "DE"
        if whole and alone and cells["role"] == "participant":
            yield line


def _plant_cell(
    download: Download, file: str, line: int, fault: tuple[str, str, str, str, str | None]
) -> None:
    kind, column, template, rule, right = fault
    cells = download.cells(file, line)
    names = values(cells)
    cells[column] = filled(template, names)
    if kind == "exchanged dates":
        cells["endDate"] = names["startDate"]
    download.put(file, line, list(cells.values()))
    meant = None if right is None else filled(right, names)
    download.planted.append(Planted(kind, file, line, column, rule, meant))


def _plant_rows(download: Download, lines: Iterator[int]) -> None:
    """Plant what is wrong with whole rows or files."""
    file, told = "organization.csv", download.planted
    text = download.files[file]

    def at(kind: str, rule: str, column: str | None = None) -> int:
        line = next(lines)
        told.append(Planted(kind, file, line, column, rule))
        return line

    line = at("column missing", "ReadingWidth")
    download.put(file, line, list(download.cells(file, line).values())[:-1])
    line = at("column too many", "ReadingWidth")
    download.put(file, line, [*download.cells(file, line).values(), "more"])
    line = at("quote never closed", "ReadingQuotes", "street")
    street = download.cells(file, line)["street"]
    text[line - 1] = text[line - 1].replace(f'"{street}"', f'"{street}', 1)
    line = at("NUL byte", "ReadingNul", "city")
    city = download.cells(file, line)["city"]
    text[line - 1] = text[line - 1].replace(f'"{city}"', f'"{city}\0"', 1)
    line = at("Latin-1", "ReadingEncoding", "city")
    city = download.cells(file, line)["city"]
    text[line - 1] = text[line - 1].replace(f'"{city}"', f'"{city}\udcfc"', 1)
    line = at("cell of 10 MB", "ReadingCellSize", "street")
    cells = download.cells(file, line) | {"street": "x" * BIG}
    download.put(file, line, list(cells.values()))
    line = at("no key", "ReadingKeyMissing", "organisationID")
    download.put(file, line, list((download.cells(file, line) | {"organisationID": ""}).values()))
    line = next(lines)
    text.append(text[line - 1])
    told.append(Planted("key twice", file, len(text), "order", "ReadingKeyTwice"))
    _plant_files(download)


def _plant_contradiction(download: Download) -> None:
    """Turn the SME flag in one row of an organisation that has several, all alike."""
    file = "organization.csv"
    last = len(download.files[file])
    rows = [(n, download.cells(file, n)) for n in range(2, last + 1) if _whole(download, n)]
    flags: dict[str, list[tuple[int, str]]] = {}
    for line, cells in rows:
        flags.setdefault(cells["organisationID"], []).append((line, cells["SME"]))
    many = (f for f in flags.values() if len(f) > 2 and {flag for _, flag in f} == {"true"})
    line = next(many)[-1][0]
    download.put(file, line, list((download.cells(file, line) | {"SME": "false"}).values()))
    told = Planted("contradictory flags", file, line, "SME", "OneValueStated")
    download.planted.append(told)


def _whole(download: Download, line: int) -> bool:
    row = next(csv.reader([download.files["organization.csv"][line - 1]], delimiter=";"))
    return len(row) == 25


def _plant_files(download: Download) -> None:
    """Plant a code that no vocabulary has, a wrong header and line ends of an old system."""
    file, column, told = "euroSciVoc.csv", "euroSciVocCode", download.planted
    cells = download.cells(file, 30)
    right = cells[column].rpartition("/")[2]
    download.put(file, 30, list((cells | {column: "/29/98765432"}).values()))
    told.append(Planted("unknown field", file, 30, column, "ProjectFieldKnown", right))
    header = download.files["topics.csv"][0]
    exchanged = header.replace("projectID", "?").replace("topic", "projectID").replace("?", "topic")
    download.files["topics.csv"][0] = exchanged
    told.append(Planted("header exchanged", "topics.csv", 2, "topic", "ProjectDetailKnown"))
    links = "".join(f"{line}\r" for line in download.files["webLink.csv"])
    download.raw["webLink.csv"] = links.encode()
    told.append(Planted("line ends of CR", "webLink.csv", 1, None, "ReadingLineEnds"))


@pytest.fixture(scope="session")
def download() -> Download:
    """Return the sample with the faults planted."""
    archive = next(path for source, path in loaders.samples() if source.name == "cordis")
    made = Download(archive)
    plant(made)
    return made
