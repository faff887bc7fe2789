"""Reconciliation: which entity of a release is meant by a name and what else is known of it.

1. `entities` reads what can be meant out of a release; `names` and `identifiers` bring names and
   identifiers into the spelling in which they are compared.
2. `index` finds candidates, `similarity` compares names, `evidence` the rest, `scoring` decides.
3. `queries` reads the messages of the Reconciliation Service API 0.2 (W3C Community Group Report,
   https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/), `answers`
   writes those that go out, `properties` says which values of an entity can be fetched.
"""
