"""Inference: what follows from the statements by the rules, as statements of a graph of its own.

`infer` evaluates the rules (kg.axioms) over the statement columns, before anything enters a store;
`infer_store` evaluates their SPARQL text over a store, for stores without columns and as the judge
of the other.  Both reach the same fixed point.

How the columns are evaluated:

1. Terms become numbers: resources positive, literals negative.  Each property and each class that
   a rule speaks of becomes a table of pairs with the round that found them; the members of a
   class are the pairs (member, member).
2. Round 1 takes every rule once, over what is stated (round 0).
3. Each further round joins, for each condition of each rule, what the last round added with all
   that is known for the other conditions (semi-naive evaluation), until a round adds nothing.
   Rules make no new terms, so the rounds come to an end.
4. What is stated in some graph is in round 0 and so never among the conclusions.

The result is a set, written in a fixed order: the same statements and rules give the same rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from pyoxigraph import Quad, QueryTriples

from kg.database import quoted
from kg.rules import Constant, Facet, Relation, Rule
from kg.terms import RDF_LANG_STRING, RDF_TYPE, XSD_BOOLEAN, XSD_INTEGER, XSD_STRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection
    from pyoxigraph import NamedNode, Store, Triple

    from kg.rules import Argument, Atom

# A term as one text: an IRI or `_:label` as it is, a literal with its datatype or language.
_TEXT: Final = f"""
    CASE WHEN s.kind <> 2 THEN s.object
         ELSE '"' || s.object || '"'
              || coalesce('@' || s.language, '^^' || coalesce(s.datatype, '{XSD_STRING}')) END"""
_LITERAL: Final = quoted(r"""(?s)"(.*)"(?:@([^"]*)|\^\^([^"]*))""")

_SAME_BOOLEAN: Final = {"true": "1", "1": "true", "false": "0", "0": "false"}


def infer(
    connection: DuckDBPyConnection,
    statements: str,
    rules: Sequence[Rule],
    inferred: str = "inferred",
) -> int:
    """Make the table `inferred` of what follows from `statements`, and return its number of rows.

    Args:
        connection: The database; its schema `inference` is used meanwhile.
        statements: A table or view with the columns of kg.statements.
        rules: What to conclude by.
        inferred: The table to make: subject, predicate, object, kind, datatype, language, sorted.
    """
    connection.execute("CREATE SCHEMA inference")
    try:
        run = _Evaluation(connection, rules)
        run.load(statements)
        run.conclude()
        return run.write(inferred)
    finally:
        connection.execute("DROP SCHEMA inference CASCADE")


def infer_store(store: Store, graph: NamedNode, rules: Sequence[Rule]) -> int:
    """Add to `graph` what follows from all graphs of a store, and return how many statements.

    The rules are run as SPARQL over the union of the graphs, round after round, each only if the
    last round added to something that it asks for.
    """
    added = 0
    last: set[Relation] | None = None
    while last is None or last:
        due = [r for r in rules if last is None or any(a.relation in last for a in r.body)]
        last = set()
        for rule in due:
            new = [Quad(t.subject, t.predicate, t.object, graph) for t in _unstated(store, rule)]
            store.extend(new)
            added += len(new)
            last |= {rule.head.relation} if new else set()
    return added


def _unstated(store: Store, rule: Rule) -> list[Triple]:
    """Return what a rule concludes and no graph states."""
    concluded = store.query(rule.sparql, use_default_graph_as_union=True)
    if not isinstance(concluded, QueryTriples):
        return []
    return [
        t
        for t in set(concluded)
        if next(store.quads_for_pattern(t.subject, t.predicate, t.object, None), None) is None
    ]


class _Evaluation:
    """One evaluation: the tables of the relations, how large they are, and the round."""

    def __init__(self, connection: DuckDBPyConnection, rules: Sequence[Rule]) -> None:
        spoken = {atom.relation for rule in rules for atom in (rule.head, *rule.body)}
        self._connection = connection
        self._rules = rules
        self._tables = {r: f"inference.known_{n}" for n, r in enumerate(sorted(spoken))}
        self._known: set[Relation] = set()

    # Loading ------------------------------------------------------------------------------------

    def load(self, statements: str) -> None:
        """Fill the tables of the terms and of the relations with what is stated."""
        self._relations()
        self._stated(statements)
        self._terms()
        self._connection.execute("""
            CREATE TABLE inference.pair AS
            SELECT number, s.id AS subject, o.id AS object
            FROM inference.stated p JOIN inference.term s ON s.text = p.subject
            LEFT JOIN inference.term o ON o.text = p.object""")
        self._connection.execute("DROP TABLE inference.stated")
        stated = self._connection.execute("SELECT DISTINCT number FROM inference.pair").fetchall()
        for number, (relation, table) in enumerate(self._tables.items()):
            self._connection.execute(
                f"CREATE TABLE {table} (subject INTEGER, object INTEGER, round INTEGER)"
            )
            if (number,) in stated:
                rows = f"SELECT subject, object, 0 FROM inference.pair WHERE number = {number}"
                self._add(relation, rows)

    def _relations(self) -> None:
        joined = _joined(self._rules)
        self._connection.execute(
            "CREATE TABLE inference.relation"
            " (number INTEGER, iri VARCHAR, of_class BOOLEAN, joined BOOLEAN)"
        )
        rows = [[n, r.iri, r.of_class, r in joined] for n, r in enumerate(self._tables)]
        if rows:
            self._connection.executemany("INSERT INTO inference.relation VALUES (?, ?, ?, ?)", rows)

    def _stated(self, statements: str) -> None:
        """Fetch the pairs that the rules may ask for; of a class, (member, member)."""
        of_class = f"(s.predicate = {quoted(RDF_TYPE)})"
        self._connection.execute(f"""
            CREATE TABLE inference.stated AS
            SELECT DISTINCT r.number, s.subject,
                CASE WHEN r.of_class THEN s.subject WHEN r.joined THEN {_TEXT} END AS object
            FROM {statements} s JOIN inference.relation r
            ON r.iri = CASE WHEN {of_class} THEN s.object ELSE s.predicate END
            AND r.of_class = {of_class} AND (s.kind = 1 OR NOT r.of_class)""")

    def _terms(self) -> None:
        """Number every term of the stated pairs and of the rules' conclusions, in their order."""
        constants = {_text(r.head.object) for r in self._rules if _is_value(r.head.object)}
        concluded = "".join(f" UNION SELECT {quoted(text)}" for text in sorted(constants))
        self._connection.execute(f"""
            CREATE TABLE inference.term AS
            SELECT (CASE WHEN starts_with(text, '"') THEN -n ELSE n END)::INTEGER AS id, text
            FROM (SELECT row_number() OVER (ORDER BY text) AS n, text FROM (
                SELECT subject AS text FROM inference.stated
                UNION SELECT object FROM inference.stated WHERE object IS NOT NULL{concluded}))""")

    def _add(self, relation: Relation, rows: str) -> bool:
        """Add the rows of a query to a relation's table; tell whether there were any."""
        result = self._connection.execute(f"INSERT INTO {self._tables[relation]} {rows}")
        if count := result.fetchall()[0][0]:
            self._known.add(relation)
        return bool(count)

    # Concluding ---------------------------------------------------------------------------------

    def conclude(self) -> None:
        """Run the rounds until one adds nothing."""
        number = 1
        last = self._round(number, [(rule, None) for rule in self._rules])
        while last:
            number += 1
            last = self._round(number, self._due(last))

    def _due(self, last: set[Relation]) -> list[tuple[Rule, int | None]]:
        """Return each rule with each condition to which the last round has added."""
        return [
            (rule, place)
            for rule in self._rules
            for place, atom in enumerate(rule.body)
            if atom.relation in last
        ]

    def _round(self, number: int, due: list[tuple[Rule, int | None]]) -> set[Relation]:
        """Evaluate rules and return the relations that got new pairs."""
        queries: dict[Relation, list[str]] = defaultdict(list)
        for rule, place in due:
            if all(atom.relation in self._known for atom in rule.body):
                queries[rule.head.relation].append(self._query(rule, place, number - 1))
        return {r for r, found in queries.items() if self._add(r, self._new(r, found, number))}

    def _new(self, relation: Relation, queries: list[str], number: int) -> str:
        return f"""
            SELECT DISTINCT subject, object, {number} FROM ({" UNION ALL ".join(queries)}) new
            WHERE NOT EXISTS (SELECT 1 FROM {self._tables[relation]} known
                WHERE known.subject = new.subject AND known.object = new.object)"""

    def _query(self, rule: Rule, place: int | None, last: int) -> str:
        """Return the rule as SQL; the condition at `place` takes what the last round added."""
        tables = [f"{self._tables[atom.relation]} a{n}" for n, atom in enumerate(rule.body)]
        columns, conditions = _bindings(rule.body)
        conditions += [] if place is None else [f"a{place}.round = {last}"]
        for number, facet in enumerate(rule.facets):
            tables.append(f"inference.term t{number}")
            conditions += [f"t{number}.id = {columns[facet.variable]}", _holds(facet, number)]
        subject = columns[rule.head.subject]
        conditions.append(f"{subject} > 0")
        value = subject if rule.head.relation.of_class else _column(rule.head.object, columns)
        select = f"SELECT {subject} AS subject, {value} AS object FROM {', '.join(tables)}"
        return f"{select} WHERE {' AND '.join(conditions)}"

    # Writing ------------------------------------------------------------------------------------

    def write(self, inferred: str) -> int:
        """Make the table of the conclusions and return its number of rows."""
        concluded = {rule.head.relation for rule in self._rules}
        found = " UNION ALL ".join(
            f"SELECT subject, {number} AS number, object FROM {table} WHERE round > 0"
            for number, (relation, table) in enumerate(self._tables.items())
            if relation in concluded
        )
        self._connection.execute(f"""
            CREATE TABLE {inferred} AS
            SELECT s.text AS subject,
                CASE WHEN r.of_class THEN {quoted(RDF_TYPE)} ELSE r.iri END AS predicate,
                CASE WHEN r.of_class THEN r.iri WHEN f.object > 0 THEN o.text
                    ELSE regexp_extract(o.text, {_LITERAL}, 1) END AS object,
                (CASE WHEN f.object < 0 THEN 2 WHEN starts_with(o.text, '_:') AND NOT r.of_class
                    THEN 0 ELSE 1 END)::UTINYINT AS kind,
                CASE WHEN f.object < 0 THEN coalesce(
                    nullif(regexp_extract(o.text, {_LITERAL}, 3), ''), '{RDF_LANG_STRING}'
                    ) END AS datatype,
                CASE WHEN f.object < 0 THEN nullif(regexp_extract(o.text, {_LITERAL}, 2), '') END
                    AS language
            FROM ({found or "SELECT 0 AS subject, 0 AS number, 0 AS object LIMIT 0"}) f
            JOIN inference.relation r ON r.number = f.number
            JOIN inference.term s ON s.id = f.subject
            JOIN inference.term o ON o.id = f.object
            ORDER BY f.subject, f.number, f.object""")
        return int(self._connection.execute(f"SELECT count(*) FROM {inferred}").fetchall()[0][0])


def _joined(rules: Sequence[Rule]) -> set[Relation]:
    """Return the relations whose objects matter; the others serve the domain of a property."""
    joined = set()
    for rule in rules:
        atoms = (rule.head, *rule.body)
        uses = Counter(argument for atom in atoms for argument in (atom.subject, atom.object))
        uses.update(facet.variable for facet in rule.facets)
        joined |= {a.relation for a in rule.body if uses[a.object] > 1 or _is_value(a.object)}
        joined.add(rule.head.relation)
    return joined


def _bindings(body: Sequence[Atom]) -> tuple[dict[Argument, str], list[str]]:
    """Return the column of each variable, and the conditions that join the tables of a body."""
    columns: dict[Argument, str] = {}
    conditions: list[str] = []
    for number, atom in enumerate(body):
        for argument, column in _columns(atom, f"a{number}"):
            if isinstance(argument, Constant):
                conditions.append(f"{column} IN ({_ids(argument)})")
            elif argument in columns:
                conditions.append(f"{columns[argument]} = {column}")
            else:
                columns[argument] = column
    return columns, conditions


def _columns(atom: Atom, table: str) -> Iterator[tuple[Argument, str]]:
    yield atom.subject, f"{table}.subject"
    if not atom.relation.of_class:
        yield atom.object, f"{table}.object"


def _column(argument: Argument, columns: Mapping[Argument, str]) -> str:
    return f"({_ids(argument)})" if isinstance(argument, Constant) else columns[argument]


def _is_value(argument: Argument) -> bool:
    return isinstance(argument, Constant)


def _ids(constant: Constant) -> str:
    """Return the query for the number of a constant; of a boolean, of both ways to write it."""
    texts = [_text(constant)]
    if constant.datatype == XSD_BOOLEAN and constant.text in _SAME_BOOLEAN:
        texts.append(_text(constant._replace(text=_SAME_BOOLEAN[constant.text])))
    return f"SELECT id FROM inference.term WHERE text IN ({', '.join(map(quoted, texts))})"


def _text(argument: Argument) -> str:
    """Return a constant as the text of its term (see _TEXT)."""
    if not isinstance(argument, Constant) or argument.datatype is None:
        return argument[0]
    tail = f"@{argument.language}" if argument.language else f"^^{argument.datatype}"
    return f'"{argument.text}"{tail}'


def _holds(facet: Facet, number: int) -> str:
    """Return the condition that the literal t<number> has a datatype and stands to a value."""
    tail = '"^^' + facet.datatype
    typed = f"ends_with(t{number}.text, {quoted(tail)})"
    if facet.comparison is None:
        return typed
    lexical = f"t{number}.text[2:-{len(tail) + 1}]"
    digits = f" AND regexp_full_match({lexical}, '[+-]?[0-9]+')"
    whole = digits if facet.datatype == XSD_INTEGER else ""
    value = f"TRY_CAST({lexical} AS DECIMAL(38, 12))"
    return f"{typed}{whole} AND {value} {facet.comparison} {facet.value}"
