"""Legal forms of organisations, however they are written, under one short name each.

The register of forms is ISO 20275 (Entity Legal Forms); here stand those that names of European
organisations carry, in the folded spelling of `names.fold`. Forms are taken off a name at its end,
and at its beginning where that is the custom or nothing else can be meant; in the middle of a name
they are words like others, but for those long ones that nobody uses for anything else.
"""

from __future__ import annotations

from typing import Final

from kg.reconciliation.similarity import distance

_WRITTEN: Final = {
    "gmbh": "gmbh|gesellschaft mit beschrankter haftung|mbh|gesmbh|ges mbh|gesellschaft mbh",
    "ggmbh": "ggmbh|gemeinnutzige gmbh",
    "ag": "ag|aktiengesellschaft",
    "ev": "ev|eingetragener verein",
    "kg": "kg|kommanditgesellschaft|co kg|and co kg|und co kg",
    "ohg": "ohg",
    "ug": "ug|ug haftungsbeschrankt|unternehmergesellschaft",
    "eg": "eg",
    "kgaa": "kgaa",
    "se": "se",
    "ltd": "ltd|limited|ltd co|co ltd|company limited",
    "plc": "plc|public limited company",
    "llp": "llp",
    "llc": "llc",
    "clg": "clg|company limited by guarantee",
    "dac": "dac|designated activity company",
    "inc": "inc|incorporated",
    "corp": "corp|corporation",
    "sa": "sa|societe anonyme|sociedad anonima|sociedade anonima|anonimi etairia|ae",
    "sas": "sas|societe par actions simplifiee|sasu",
    "sarl": "sarl|societe a responsabilite limitee",
    "sl": "sl|sociedad limitada|slu|sociedad limitada unipersonal",
    "sau": "sau|sociedad anonima unipersonal",
    "srl": "srl|srls|societa a responsabilita limitata|societe a responsabilite limitee srl",
    "spa": "spa|societa per azioni",
    "scarl": "scarl|scrl|societa consortile a responsabilita limitata|soc consortile arl|scparl",
    "bv": "bv|besloten vennootschap",
    "nv": "nv|naamloze vennootschap",
    "vzw": "vzw|vereniging zonder winstoogmerk",
    "asbl": "asbl|association sans but lucratif",
    "aisbl": "aisbl|association internationale sans but lucratif|ivzw",
    "oy": "oy|osakeyhtio",
    "oyj": "oyj|abp",
    "ab": "ab|aktiebolag|aktiebolaget",
    "as": "as|aksjeselskap",
    "aps": "aps|anpartsselskab",
    "asa": "asa",
    "doo": "doo",
    "dd": "dd",
    "kft": "kft|korlatolt felelossegu tarsasag",
    "zrt": "zrt|zartkoruen mukodo reszvenytarsasag",
    "nyrt": "nyrt",
    "sro": "sro|spol sro|spolecnost s rucenim omezenym",
    "spzoo": "spzoo|sp zoo|spolka z oo|spolka z ograniczona odpowiedzialnoscia",
    "ood": "ood",
    "eood": "eood",
    "ead": "ead",
    "ad": "ad",
    "lda": "lda|limitada|unipessoal lda",
    "uab": "uab|uzdaroji akcine bendrove",
    "sia": "sia|sabiedriba ar ierobezotu atbildibu",
    "ou": "ou|osauhing",
    "ike": "ike|idiotiki kefalaiouchiki etaireia",
    "epe": "epe",
}
FORMS: Final = {
    tuple(words.split()): short
    for short, written in _WRITTEN.items()
    for words in written.split("|")
}
LONGEST: Final = max(map(len, FORMS))
LEADING: Final = frozenset(
    {
        ("ab",),
        ("oy",),
        ("uab",),
        ("sia",),
        ("ou",),
        ("aktiebolaget",),
        ("srl",),
        ("gmbh",),
        ("sro",),
    }
    | {("kft",), ("inc",), ("ltd",), ("plc",), ("llc",), ("doo",), ("aps",), ("bv",), ("nv",)}
)
ALONE: Final = frozenset(
    {"aktiebolag", "aktiengesellschaft", "anonima", "anonyme", "besloten", "beschrankter"}
    | {"etaireia", "etairia", "felelossegu", "haftung", "haftungsbeschrankt", "idiotiki"}
    | {"incorporated", "kefalaiouchiki", "kommanditgesellschaft", "korlatolt", "limitada"}
    | {"limitata", "limited", "limitee", "mukodo", "naamloze", "odpowiedzialnoscia"}
    | {"ograniczona", "osakeyhtio", "responsabilita", "responsabilite", "reszvenytarsasag"}
    | {"spolka", "tarsasag", "unternehmergesellschaft", "vennootschap", "zartkoruen"}
)
"""Words that are of legal forms wherever they stand, as when words are in another order."""

_LONG: Final = 9
_SURE: Final = 7
"""Shorter words of legal forms are too near to others to be known with an error."""


def split(words: tuple[str, ...], *, typed: bool) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the words of a name without its legal forms, and the forms; never without words.

    In a name that somebody `typed`, long words of legal forms are known with typing errors too.
    """
    forms: set[str] = set()
    while taken := _at_the_end(words):
        forms.add(FORMS[words[-taken:]])
        words = words[:-taken]
    if len(words) > 1 and words[:1] in LEADING:
        forms.add(FORMS[words[:1]])
        words = words[1:]
    kept = tuple(w for w in words if w not in ALONE and not (typed and _mistyped(w)))
    return kept or words, frozenset(forms)


def _mistyped(word: str) -> bool:
    """Tell whether a word is one of a legal form but for one typing error, two if it is long."""
    most = 2 if len(word) > _LONG else 1
    return any(distance(form, word, most) <= most for form in ALONE if len(form) >= _SURE)


def _at_the_end(words: tuple[str, ...]) -> int:
    """Return how many words at the end are one legal form, the most of them."""
    most = min(LONGEST, len(words) - 1)
    return next((n for n in range(most, 0, -1) if words[-n:] in FORMS), 0)
