"""Commands on departments' data and on products."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from greenbridge.catalog import service as catalog
from greenbridge.cli.frame import DataDir, Json, Today, err, out, run, say, settings_of
from greenbridge.facts import service as facts
from greenbridge.facts.gateway import file_delivery
from greenbridge.facts.values import Delivery

app = typer.Typer()
products = typer.Typer(no_args_is_help=True, help="Bank products.")
app.add_typer(products, name="products")


@app.command()
def ingest(
    item: Annotated[str, typer.Argument(help="Item code, such as tax.vat_invoices.")],
    file: Annotated[Path, typer.Argument(help="Parquet, CSV or JSON-lines file.")],
    constant: Annotated[list[str] | None, typer.Option("--set", help="COLUMN=VALUE for a column that the file lacks.")] = None,
    rename: Annotated[list[str] | None, typer.Option("--rename", help="THEIRS=OURS for a column of another name.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Take a department's file in: good rows become facts, bad rows go to quarantine with a reason."""
    settings = settings_of(data_dir, today)
    facts.item_named(item)
    found = file_delivery(item, file)
    delivery = Delivery(item, found.file_name, found.content, constants=_pairs(constant, "--set"), renames=_pairs(rename, "--rename"))
    with err.status(f"{file.name}: reading, cleaning, loading") if not as_json else nullcontext():
        started = time.perf_counter()
        batch = run(settings, lambda session, now: facts.receive(session, delivery, now))
    seconds = time.perf_counter() - started
    if as_json:
        say(
            {
                "batch": str(batch.id),
                "item": batch.item,
                "file": batch.file_name,
                "delivered": batch.delivered,
                "accepted": batch.accepted,
                "quarantined": batch.quarantined,
                "reasons": dict(batch.reasons),
                "repeated": batch.repeated,
                "seconds": round(seconds, 3),
            }
        )
        return
    again = " (delivered before: nothing was added)" if batch.repeated else ""
    out.print(f"{batch.file_name}: {batch.delivered:,} delivered = {batch.accepted:,} accepted + {batch.quarantined:,} quarantined{again}")
    for reason, count in batch.reasons.items():
        out.print(f"  {count:>9,}  {reason}  {facts.reason_text(reason).zh}")


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    if wrong := [left for left, equals, _ in pairs if not equals or not left]:
        raise typer.BadParameter(f"{option} takes NAME=VALUE, not {wrong[0]!r}.")
    return {left: right for left, _, right in pairs}


@products.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of product files; the project's own by default.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Run every product's own cases; exit code 1 when one fails."""
    settings = settings_of(data_dir)
    chosen = folder or settings.products_dir
    if not (chosen / "banks.toml").is_file():
        raise typer.BadParameter(f"{chosen} holds no banks.toml.")
    count, cases, failures = catalog.check_folder(chosen)
    if as_json:
        say(
            {
                "products": count,
                "cases": cases,
                "failures": [{"product": p, "case": c, "problem": x} for p, c, x in failures],
            }
        )
    else:
        for product, case, problem in failures:
            err.print(f"[red]{product}[/] {case}: {problem}")
        out.print(f"{count} products, {cases} cases, {len(failures)} failures")
    if failures:
        raise typer.Exit(1)
