"""Countries: the codes that sources use and the IRIs of the EU authority table.

CORDIS and NUTS write UK and EL where ISO 3166-1 has GB and GR; the authority table of the
Publications Office is keyed by alpha-3, with XKX for Kosovo.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from kg.terms import COUNTRY

FILE: Final = "_countries.csv"
# The alpha-2 codes of the European institutions' style guide that differ from ISO 3166-1.
EU_CODES: Final = {"GR": "EL", "GB": "UK"}


class Country(NamedTuple):
    """A country: the alpha-2 code as the EU writes it, the alpha-3 code, the English name."""

    alpha_2: str
    alpha_3: str
    name: str

    @property
    def iri(self) -> str:
        """The IRI in the authority table of the Publications Office of the EU."""
        return COUNTRY + self.alpha_3


@cache
def countries() -> dict[str, Country]:
    """Return the countries by alpha-2 code; GB and UK, GR and EL lead to the same country."""
    text = resources.files(__package__).joinpath(FILE).read_text("utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    return {code: Country(EU_CODES.get(code, code), alpha_3, name) for code, alpha_3, name in rows}
