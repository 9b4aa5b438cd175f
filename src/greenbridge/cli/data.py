"""Commands on departments' data and on products."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from greenbridge.catalog import service as catalog
from greenbridge.cli.frame import DataDir, Json, Today, err, out, run, say, settings_of
from greenbridge.facts import service as facts
from greenbridge.facts.gateway import file_delivery
from greenbridge.facts.gateway.profiles import load_profile
from greenbridge.facts.values import Batch, Delivery
from greenbridge.settings import Settings

app = typer.Typer()
products = typer.Typer(no_args_is_help=True, help="Bank products.")
app.add_typer(products, name="products")


@app.command()
def ingest(
    item: Annotated[str, typer.Argument(help="Item code, such as tax.vat_invoices; with --profile: the folder of the source's tables.")],
    file: Annotated[Path | None, typer.Argument(help="Parquet, CSV, Excel or JSON-lines file.")] = None,
    profile: Annotated[str | None, typer.Option(help="Load all tables of a source by its mapping: a shipped name or a TOML file.")] = None,
    constant: Annotated[list[str] | None, typer.Option("--set", help="COLUMN=VALUE for a column that the file lacks.")] = None,
    rename: Annotated[list[str] | None, typer.Option("--rename", help="THEIRS=OURS for a column of another name.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Take departments' files in: good rows become facts, bad rows go to quarantine with a reason."""
    settings = settings_of(data_dir, today)
    if profile is not None:
        if file is not None or constant or rename:
            raise typer.BadParameter("--profile takes the folder alone: the mapping says the rest.")
        _ingest_profile(settings, profile, Path(item), as_json=as_json)
        return
    if file is None:
        raise typer.BadParameter("Name the item and its file, or give --profile and a folder.")
    facts.item_named(item)
    found = file_delivery(item, file)
    delivery = Delivery(item, found.file_name, found.content, constants=_pairs(constant, "--set"), renames=_pairs(rename, "--rename"))
    line = _timed(settings, delivery, as_json=as_json)
    if as_json:
        say(line)
        return
    again = " (delivered before: nothing was added)" if line["repeated"] else ""
    counts = f"{line['delivered']:,} delivered = {line['accepted']:,} accepted + {line['quarantined']:,} quarantined"
    out.print(f"{line['file']}: {counts}{again}")
    for reason, count in line["reasons"].items():
        out.print(f"  {count:>9,}  {reason}  {facts.reason_text(reason).zh}")


def _ingest_profile(settings: Settings, profile: str, folder: Path, *, as_json: bool) -> None:
    """Load a source's tables, each in a transaction of its own, and print them with a summary per reason."""
    lines = [_timed(settings, delivery, as_json=as_json) for delivery in load_profile(profile).deliveries(folder)]
    reasons: dict[str, int] = {}
    for line in lines:
        for reason, count in line["reasons"].items():
            reasons[reason] = reasons.get(reason, 0) + count
    totals = {name: sum(line[name] for line in lines) for name in ("delivered", "accepted", "quarantined")}
    if as_json:
        say({"tables": lines, **totals, "reasons": reasons, "seconds": round(sum(line["seconds"] for line in lines), 3)})
        return
    table = Table("表", "数据项", "交付", "接受", "隔离", "原因", title_justify="left")
    for line in lines:
        counts = (f"{line[name]:,}" for name in ("delivered", "accepted", "quarantined"))
        table.add_row(
            line["file"], line["item"], *counts, "；".join(f"{facts.reason_text(r).zh} {n:,}" for r, n in line["reasons"].items())
        )
    out.print(table)
    out.print(f"{len(lines)} tables: {totals['delivered']:,} = {totals['accepted']:,} + {totals['quarantined']:,}")
    for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1]):
        out.print(f"  {count:>9,}  {reason}  {facts.reason_text(reason).zh}")


def _timed(settings: Settings, delivery: Delivery, *, as_json: bool) -> dict[str, Any]:
    with err.status(f"{delivery.file_name}: reading, cleaning, loading") if not as_json else nullcontext():
        started = time.perf_counter()
        batch = run(settings, lambda session, now: facts.receive(session, delivery, now))
        return _line(batch, time.perf_counter() - started)


def _line(batch: Batch, seconds: float) -> dict[str, Any]:
    return {
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


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in given or []]
    if wrong := [left for left, equals, _ in pairs if not equals or not left]:
        raise typer.BadParameter(f"{option} takes NAME=VALUE, not {wrong[0]!r}.")
    return {left: right for left, _, right in pairs}


@app.command()
def catalogue(
    item: Annotated[str | None, typer.Argument(help="Show the fields of one item.")] = None,
    as_json: Json = False,
) -> None:
    """Show what departments deliver: categories, items, fields with type, unit, sensitivity, law, and showing period."""
    known = facts.catalogue()
    if item is not None:
        described = facts.item_document(facts.item_named(item))
        if as_json:
            say(described)
            return
        heading = ("字段", "名称", "类型", "单位", "敏感级", "必填", "其他写法")
        fields = Table(*heading, title=f"{item}  {described['label']['zh']}  {described['department']['zh']}", title_justify="left")
        for f in described["fields"]:
            spelled = "、".join([*f["names"], *f["choices"]])
            fields.add_row(f["name"], f["label"]["zh"], f["kind"], f["unit"], str(f["sensitivity"]), "是" if f["required"] else "", spelled)
        out.print(fields)
        out.print(f"法律依据：{described['legal_basis']}  公示期限：{described['retention']['zh']}  更新：{described['refresh_days']} 天")
        return
    if as_json:
        say(facts.catalogue_document())
        return
    table = Table("类别", "数据项", "", "部门", "更新（天）", "字段", "公开", title=f"数据目录 {known.version}", title_justify="left")
    for category in known.categories:
        for i in category.items:
            mark = "" if i.national else "（平台）"
            table.add_row(
                category.label.zh, i.code, i.label.zh + mark, i.department.zh, str(i.refresh_days), str(len(i.fields)), i.openness.value
            )
    out.print(table)
    national = sum(i.national for i in known.items.values())
    categories = sum(c.national for c in known.categories)
    out.print(f"{categories} 类，{national} 项；平台扩展 {len(known.items) - national} 项")


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


@products.command()
def schema() -> None:
    """Print the JSON Schema of a product file, with the names of all facts that a rule may ask for."""
    say(catalog.schema_document())
