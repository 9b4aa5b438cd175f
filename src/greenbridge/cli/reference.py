"""Commands on reference data: import lists, list them, tell a firm's industry."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from greenbridge.cli.frame import DataDir, Json, Today, out, run, say, settings_of
from greenbridge.kit.calendar import business_date
from greenbridge.reference import gateway, service
from greenbridge.reference.values import KIND_NAMES, REASONS, Kind, Share

app = typer.Typer()
reference = typer.Typer(no_args_is_help=True, help="Code lists: regions, industries, green catalogue, banks, loan prime rate.")
app.add_typer(reference, name="reference")


@reference.command(name="import")
def import_list(
    kind: Annotated[Kind, typer.Argument(help="Which list.")],
    file: Annotated[Path, typer.Argument(help="CSV file, UTF-8 or GB18030.")],
    valid_from: Annotated[
        str | None, typer.Option("--valid-from", help="First day of entries without a date of their own, such as 2026-01-01.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Take a list in: good rows become dated entries, bad rows are refused with line and reason."""
    try:
        day = date.fromisoformat(valid_from) if valid_from else None
    except ValueError:
        raise typer.BadParameter(f"--valid-from must be a date like 2026-01-01, not {valid_from!r}.") from None
    sheet = gateway.read_sheet(file)
    done = run(settings_of(data_dir, today), lambda session, now: service.import_sheet(session, kind, sheet, now, valid_from=day))
    if as_json:
        counts = {name: getattr(done, name) for name in ("delivered", "accepted", "added", "changed", "unchanged", "repeated")}
        refused = [{"line": r.line, "reason": r.reason} for r in done.refusals]
        say({"kind": kind, "file": done.file_name, "sha256": done.sha256, **counts, "refused": len(refused), "refusals": refused})
        return
    out.print(f"{done.file_name}: {done.delivered:,} delivered = {done.accepted:,} accepted + {len(done.refusals):,} refused")
    again = " (nothing new: nothing was changed)" if done.repeated else ""
    out.print(f"  entries: {done.added:,} added, {done.changed:,} changed, {done.unchanged:,} unchanged{again}")
    for r in done.refusals:
        out.print(f"  line {r.line}: {r.reason}  {REASONS[r.reason].zh}")


@reference.command(name="list")
def list_kinds(
    kind: Annotated[Kind | None, typer.Argument(help="Show this list's entries of the business date.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Show the lists with their counts and dates, or the entries of one."""
    settings = settings_of(data_dir, today)
    if kind:
        found = run(settings, lambda session, now: service.entries(session, kind, business_date(now)))
        if as_json:
            say([asdict(e) for e in found])
            return
        table = Table("code", "name", "from", "parent")
        for e in found:
            table.add_row(e.code, e.name, str(e.valid_from), e.parent or "")
        out.print(table)
        return
    held = run(settings, lambda session, _: service.holdings(session))
    if as_json:
        say([asdict(h) for h in held])
        return
    table = Table("kind", "名称", "shipped", "imported", "oldest", "newest")
    for h in held:
        table.add_row(h.kind.value, KIND_NAMES[h.kind].zh, f"{h.shipped:,}", f"{h.imported:,}", str(h.oldest or "—"), str(h.newest or "—"))
    out.print(table)


@reference.command()
def classify(
    name: Annotated[str, typer.Argument(help="The firm's name.")],
    scope: Annotated[str | None, typer.Option("--scope", help="Its business scope.")] = None,
    as_json: Json = False,
) -> None:
    """Guess a firm's industry from its name and business scope."""
    found = service.classify(name, scope)
    division = found and service.shipped_industry(found.division)
    if as_json:
        say({"name": name, "guess": {**asdict(found), "division_name": division.name} if found and division else None})
    elif found and division:
        out.print(f"{name}: {found.section}{found.division} {division.name}，把握 {found.confidence:.2f}（{'、'.join(found.evidence)}）")
    else:
        out.print(f"{name}: 名称和经营范围中没有可识别行业的词")


@reference.command(name="industry-accuracy")
def industry_accuracy(
    file: Annotated[Path, typer.Argument(help="Parquet list of factories with the columns name and industry.")],
    as_json: Json = False,
) -> None:
    """Measure on a list of factories how well names alone tell the industry."""
    parts = service.industry_accuracy(gateway.read_factories(file))
    if as_json:
        say([{**asdict(part), "shares": {name: s.share for name, s in _figures(part).items()}} for part in parts])
        return
    table = Table("part", "figure", "hits", "of", "share", "95 %")
    for part in parts:
        for name, s in {**_figures(part), **{f"  {label}": s for label, s in part.by_label.items()}}.items():
            table.add_row(part.part, name, f"{s.hits:,}", f"{s.n:,}", f"{s.share:.1%}", f"{s.low:.1%} – {s.high:.1%}")
    out.print(table)


def _figures(part: Any) -> dict[str, Share]:
    return {name: getattr(part, name) for name in ("guessed", "factory_section", "labelled", "labelled_guessed")}
