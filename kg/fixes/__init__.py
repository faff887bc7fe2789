"""Fixes: what a value that breaks a rule was most likely meant to be.

1. A `Fault` is what is wrong: the rule, the property, the value and what stands beside it.
2. `propose` asks what the rule is about (a date, an amount, a code, a place, a text) and has the
   module of that subject read the value again, more kindly than a standard may.
3. A `Fix` is the value that would be right, how sure that is (from 0 to 1), and why, in English and
   German. What is less sure than `FLOOR` is not proposed.

A fix is a proposal: nothing is changed before a curator accepts it. `proposals` gives those of
findings of an import, with what they need to be looked up there.

| module | reads again |
|---|---|
| dates | days and times: other orders, other signs, names of months, serial numbers of Excel |
| numbers | amounts, whole numbers, truth values |
| coordinates | positions: degrees in other notations, exchanged, a lost sign or decimal point |
| codes | countries, regions, fields of science, kinds of activity, roles, states |
| identifiers | PIC, VAT number, DOI, web address |
| texts | spaces, invisible signs, letters of another script, text decoded in the wrong encoding |
| pairs | two values that were exchanged: start and end, latitude and longitude |
"""

from kg.fixes.fix import FLOOR, Fault, Fix
from kg.fixes.found import fault_of, proposals
from kg.fixes.lists import Lists, read_lists
from kg.fixes.proposing import propose

__all__ = ["FLOOR", "Fault", "Fix", "Lists", "fault_of", "proposals", "propose", "read_lists"]
