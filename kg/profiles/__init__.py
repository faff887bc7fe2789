"""Profiles: what organisations, clusters and those who offer or seek something say of themselves.

1. A profile is JSON against a schema derived from the shapes (`schema`), or RDF in the words of
   the ontology (`reading`); both become the same facts about one new thing (`kinds`).
2. It is checked at once by the shapes, against what is published (`checking`), and kept with its
   findings, one file per profile, each written whole or not at all (`keeping`).
3. A curator accepts or rejects it; what is accepted is the import `profiles` (`issuing`), which the
   next release publishes like any other. Such a release differs little from the last one and is
   made in far less than a second (kg.checkpoint).
4. Who submitted it may change, renew or withdraw it with a token that is shown once (`desk`).
5. Offers and requests end with the day of their `validUntil`.
"""

from kg.profiles.desk import Answer, Desk
from kg.profiles.keeping import Profile

__all__ = ["Answer", "Desk", "Profile"]
