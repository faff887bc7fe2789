"""Curation: what people decide about findings, remembered and applied to every later import.

1. A decision repairs a value, waives a finding for a time, rejects a record for good, says which of
   contradicting values holds, or takes another decision back (`decisions`).
2. Decisions are files that are only ever added, as RDF with PROV-O: who, when and why (`journal`).
3. Each import is made under the decisions that hold for its source: repairs change the statements
   before they are judged (`repairs`), waivers and rejections change what is set aside
   (kg.quarantine), choices decide contradictions (kg.choice).
4. A decision on something that is imported already makes the import again out of what was read,
   without its files (kg.staging.restage); taking the decision back leads to the very import that
   there was before (`effects`).
5. What an import would change is told before it is published (`differences`, `answers`).
"""
