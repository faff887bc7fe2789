"""The SQL of validation results: relations of root, focus, value, predicate, rule and message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kg.shacl.plan import Check, Results

RESULT_COLUMNS: Final = (
    "root BIGINT, focus BIGINT, value BIGINT, predicate BIGINT, rule INTEGER, said VARCHAR"
)
NO_RESULTS: Final = (
    "SELECT NULL::BIGINT AS root, NULL::BIGINT AS focus, NULL::BIGINT AS value,"
    " NULL::BIGINT AS predicate, NULL::INTEGER AS rule, NULL::VARCHAR AS said WHERE false"
)


def rows(joined: str, wrong: str = "true") -> str:
    """Return one result with its value for each row of `joined`, whose pairs are called x."""
    return (
        "SELECT x.f AS root, x.f AS focus, x.v AS value, NULL::BIGINT AS predicate"
        f" FROM {joined} WHERE {wrong}"
    )


def alone(joined: str, wrong: str = "true") -> str:
    """Return one result without a value for each row of `joined`, whose candidates are called x."""
    return (
        "SELECT x.f AS root, x.f AS focus, NULL::BIGINT AS value, NULL::BIGINT AS predicate"
        f" FROM {joined} WHERE {wrong}"
    )


def counted(check: Check, values: str, wrong: str) -> str:
    """Return one result for each candidate whose number n of values is wrong."""
    counts = f"(SELECT f, count(*) AS n FROM {values} GROUP BY f)"
    return alone(f"{check.candidates} x LEFT JOIN {counts} c ON c.f = x.f", wrong)


def conforming(check: Check, wrong: str) -> str:
    """Return the value nodes for which the number n of shapes they conform to is wrong."""
    joins = " ".join(
        f"LEFT JOIN {name} n{place} ON n{place}.f = x.v" for place, name in enumerate(check.others)
    )
    number = " + ".join(f"(n{place}.f IS NULL)::INTEGER" for place in range(len(check.others)))
    counted = f"(SELECT x.f, x.v, {number or 0} AS n FROM {check.values} x {joins})"
    return rows(f"{counted} x", wrong)


def qualified(check: Check) -> str:
    """Return the pairs whose value conforms to the shape and to none of its siblings."""
    joins = [f"ANTI JOIN {check.others[0]} n ON n.f = x.v"]
    joins += [
        f"SEMI JOIN {name} s{place} ON s{place}.f = x.v"
        for place, name in enumerate(check.siblings)
    ]
    return f"(SELECT x.f, x.v FROM {check.values} x {' '.join(joins)})"


def united(step: Results) -> str:
    """Return the results of several checks, and of others under what they were found for."""
    columns = "root, focus, value, predicate, rule, said"
    parts = [f"SELECT {columns} FROM {name}" for name in step.checks]
    for values, results in step.lifted:
        if values is None:
            parts.append(f"SELECT {columns} FROM {results}")
        else:
            parts.append(
                f"SELECT x.f AS root, r.focus, r.value, r.predicate, r.rule, r.said"
                f" FROM {results} r JOIN {values} x ON x.v = r.root"
            )
    return " UNION ALL ".join(parts) or NO_RESULTS
