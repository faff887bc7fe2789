"""Commands of curators: repair, waive, reject, choose, accept, undo, and what was decided."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.cli.display import table
from kg.cli.root import Root, root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.curation.decisions import Decision
    from kg.curation.effects import Curating
    from kg.curation.journal import Journal
    from kg.curation.requests import Request


def add(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (repair, waive, reject, choose, accept, undo, decisions, recipes, conflicts):
        app.command(command.__name__)(command)


Key = Annotated[str, typer.Argument(metavar="IMPORT", help="An import's id or a source.")]
Why = Annotated[str, typer.Option(help="The reason; without it, what the finding says.")]
RuleOption = Annotated[str | None, typer.Option(help="The rule of the finding.")]
RecordOption = Annotated[
    str | None, typer.Option(help="The key of the record, as reports have it.")
]
FieldOption = Annotated[str | None, typer.Option(help="The column.")]
ValueOption = Annotated[str | None, typer.Option(help="The value as the source has it.")]
EverywhereOption = Annotated[
    bool, typer.Option("--everywhere", help="In every record of the source: a recipe.")
]
PublishOption = Annotated[
    bool, typer.Option(help="Publish a release afterwards; else only `atlas build` does.")
]


def repair(
    context: typer.Context,
    key: Key,
    to: Annotated[str, typer.Option(help="The value to take; empty leaves the cell out.")],
    *,
    record: RecordOption = None,
    rule: RuleOption = None,
    field: FieldOption = None,
    value: ValueOption = None,
    everywhere: EverywhereOption = False,
    why: Why = "",
    publish: PublishOption = True,
) -> None:
    """Take another value in the place of one that was found, now and at every later import."""
    from kg.curation.requests import Request

    asked = Request("repair", why or ("" if rule else f"corrected to {to}"), rule, record, field,
                    value, new=to, everywhere=everywhere)  # fmt: skip
    _decide(context, key, asked, publish=publish)


def waive(
    context: typer.Context,
    key: Key,
    rule: Annotated[str, typer.Option(help="The rule of the finding.")],
    until: Annotated[str, typer.Option(help="The first day on which it counts again.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    *,
    record: RecordOption = None,
    field: FieldOption = None,
    value: ValueOption = None,
    everywhere: EverywhereOption = False,
    publish: PublishOption = True,
) -> None:
    """Let a record in for a time although a rule is broken in it."""
    from kg.curation.requests import Request

    asked = Request("waive", why, rule, record, field, value, until=until, everywhere=everywhere)
    _decide(context, key, asked, publish=publish)


def reject(
    context: typer.Context,
    key: Key,
    record: Annotated[str, typer.Option(help="The key of the record.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    *,
    rule: RuleOption = None,
    publish: PublishOption = True,
) -> None:
    """Set a record aside for good, whatever it says at later imports."""
    from kg.curation.requests import Request

    _decide(context, key, Request("reject", why, rule, record), publish=publish)


def choose(
    context: typer.Context,
    key: Key,
    entity: Annotated[str, typer.Option(help="The IRI of the entity.")],
    path: Annotated[str, typer.Option("--property", help="The property, IRI or local name.")],
    value: Annotated[str, typer.Option(help="The value that holds, as a record states it.")],
    *,
    why: Annotated[str, typer.Option(help="The reason.")] = "",
    publish: PublishOption = True,
) -> None:
    """Decide which of contradicting values holds; `atlas conflicts` lists them."""
    from kg.curation.requests import Request

    asked = Request("choose", why, value=value, subject=entity, path=path)
    _decide(context, key, asked, publish=publish)


def accept(
    context: typer.Context,
    key: Key,
    rule: Annotated[str, typer.Option(help="The rule of the findings.")],
    *,
    floor: Annotated[float, typer.Option(min=0, max=1, help="The least confidence.")] = 0.9,
    record: RecordOption = None,
    everywhere: EverywhereOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be accepted.")
    ] = False,
    publish: PublishOption = True,
) -> None:
    """Accept the proposed fixes of a rule's findings, now and at every later import."""
    from kg import imports
    from kg.curation import accepting
    from kg.fixes import read_lists

    at = root(context)
    one = imports.find(at.workspace, key)
    lists = read_lists(at.workspace, at.settings.base)
    made = accepting.accept(one, rule, lists, floor=floor, record=record, everywhere=everywhere)
    left = f"{made.left} of {made.findings} findings have no proposal of at least {floor:g}"
    if dry_run or not made.decisions:
        text = f"{_listed(made.decisions)}\n\n{left}" if made.decisions else left
        at.show({"accepted": [d.entry() for d in made.decisions], "left": made.left}, text)
        return
    keep(at, made.decisions, publish=publish, more=left)


def undo(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            help="The id of a decision, or of all that were made with it; a source, or its import."
        ),
    ],
    *,
    why: Annotated[str, typer.Option(help="The reason.")] = "taken back",
    publish: PublishOption = True,
) -> None:
    """Take back a decision, or go back to the import before; the graph is as it was."""
    from kg import imports
    from kg.curation.requests import withdrawals

    at = root(context)
    journal = _journal(at)
    if undone := withdrawals(journal.every(), key, why):
        keep(at, undone, publish=publish)
        return
    one = imports.find(at.workspace, key)
    with at.progress() as progress, at.workspace.writing():
        curating = _curating(at, progress)
        curating.undo_import(one)
        built = curating.publish()[0].number if publish else None
    now = imports.current(at.workspace).get(one.source)
    value = {"undone": one.id, "current": now.id if now else None, "release": built}
    text = f"{one.source}: {one.id} is undone, {now.id if now else 'nothing'} counts again"
    at.show(value, text + (f"\nRelease {built} published" if built else ""))


def decisions(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(help="Only those on this source.")] = None,
) -> None:
    """List every decision, who made it, when and why; a star marks those that hold."""
    from kg.curation.decisions import holding, today

    at = root(context)
    every = [d for d in _journal(at).every() if source in (None, d.source)]
    held = {d.id for name in {d.source for d in every} for d in holding(every, name, today())}
    header = ["", "id", "source", "decision", "about", "by", "when", "why"]
    rows = [
        ["*" if d.id in held else "", d.id, d.source, _told(d), _about(d), d.who, d.when[:10],
         _short(d.why)]
        for d in every
    ]  # fmt: skip
    at.show([{**d.entry(), "holds": d.id in held} for d in every], table(header, rows))


def recipes(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(help="Only those of this source.")] = None,
) -> None:
    """List what is done to each import of a source, and how often the current one needed it."""
    from kg.curation.recipes import recipes as listed

    at = root(context)
    found = listed(at.workspace, at.settings.base, source)
    header = ["id", "source", "decision", "about", "used", "by"]
    rows = [
        [d.id, d.source, _told(d), _about(d), "unused" if n == 0 else n, d.who] for d, n in found
    ]
    at.show([{**d.entry(), "used": n} for d, n in found], table(header, rows))


def conflicts(
    context: typer.Context,
    key: Key,
    *,
    entity: Annotated[str | None, typer.Option(help="Only about this entity.")] = None,
    path: Annotated[
        str | None, typer.Option("--property", help="Only about this property, IRI or local name.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
) -> None:
    """Show what records of a source say differently about one entity, side by side."""
    from kg import imports, staging
    from kg.curation.conflicts import conflicts as found
    from kg.identifiers import Identifiers

    at = root(context)
    one = imports.find(at.workspace, key)
    if path and ":" not in path:
        path = Identifiers(at.settings.base).ontology + path
    held = staging.deciding(at.workspace, at.settings, one.source)
    told = found(one, held, subject=entity, path=path, limit=limit)
    header = ["entity", "property", "holds", "value", "records", "newest", "first stated in"]
    rows = [
        [item["label"] or item["entity"] if n == 0 else "",
         item["property"].rpartition("#")[2] if n == 0 else "",
         "*" if value["holds"] else "", _short(value["value"]), value["records"],
         (value["modified"] or "")[:10],
         "{file}, line {line}".format(**value["places"][0])]
        for item in told["conflicts"]
        for n, value in enumerate(item["values"])
    ]  # fmt: skip
    text = table(header, rows)
    if told["total"] > len(told["conflicts"]):
        text += f"\nOnly the first {len(told['conflicts'])} of {told['total']} are shown."
    at.show(told, text if rows else "No record contradicts another one.")


# -- what the commands share --------------------------------------------------------------------


def _journal(at: Root) -> Journal:
    from kg.curation.journal import Journal

    return Journal(at.workspace, at.settings.base)


def _curating(at: Root, progress: Any) -> Curating:
    from kg.curation.effects import Curating

    return Curating(at.workspace, at.settings, at.rules, at.sources, progress)


def _decide(context: typer.Context, key: str, asked: Request, *, publish: bool) -> None:
    from kg import imports
    from kg.curation.requests import decide

    at = root(context)
    keep(at, decide(imports.find(at.workspace, key), asked), publish=publish)


def keep(at: Root, made: Sequence[Decision], *, publish: bool, more: str = "") -> None:
    """Keep decisions and, if asked for, publish what follows from them; show both."""
    kept = _journal(at).append(made, getpass.getuser())
    built = None
    if publish:
        with at.progress() as progress, at.workspace.writing():
            built = _curating(at, progress).publish()[0].number
    value = {"decisions": [d.entry() for d in kept], "release": built}
    lines = [_listed(kept), *([more] if more else [])]
    lines.append(f"Release {built} published" if built else "Publish with: atlas build")
    at.show(value, "\n".join(lines))


def _listed(made: Sequence[Decision]) -> str:
    rows = [[d.id, _told(d), _about(d), _sure(d)] for d in made]
    return table(["id", "decision", "about", "confidence"], rows)


def _told(decision: Decision) -> str:
    if decision.kind == "repair":
        found = "(missing)" if decision.value is None else _short(decision.value, 30)
        return f"repair {found} → {_short(decision.new or '(left out)', 30)}"
    if decision.kind == "waive":
        return f"waive {(decision.rule or '').rpartition('#')[2]} until {decision.until}"
    if decision.kind == "choose":
        return f"choose {_short(decision.value or '', 40)}"
    return f"undo {decision.undoes}" if decision.kind == "undo" else decision.kind


def _about(decision: Decision) -> str:
    if decision.kind == "choose":
        return f"{(decision.path or '').rpartition('#')[2]} of {decision.subject}"
    place = decision.record or decision.file or ""
    return f"{place}, {decision.field}" if decision.field else place


def _sure(decision: Decision) -> str:
    return "" if decision.confidence is None else f"{decision.confidence:.2f}"


def _short(text: str, width: int = 50) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"
