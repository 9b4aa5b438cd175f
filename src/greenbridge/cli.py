"""The command line: exit code 0 done, 1 failed or found wrong, 2 wrong input (one sentence)."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.accounts import service as accounts
from greenbridge.accounts.values import ORGANISATION_OF_ROLE, Role
from greenbridge.catalog import service as catalog
from greenbridge.enterprises import service as enterprises
from greenbridge.facts import service as facts
from greenbridge.facts.gateway import file_delivery
from greenbridge.facts.values import Delivery
from greenbridge.kit import database, logs, migrate
from greenbridge.kit.calendar import business_date
from greenbridge.kit.clock import make_clock
from greenbridge.kit.errors import Problem
from greenbridge.matching import service as matching
from greenbridge.matching.schemas import MatchRunOut
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from greenbridge.reports.rules.wire import score_json
from greenbridge.reports.schemas import CreditReportOut
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import load_current
from greenbridge.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Greenbridge 绿桥: bank-enterprise credit matchmaking.",
)
products = typer.Typer(no_args_is_help=True, help="Bank products.")
app.add_typer(products, name="products")

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the embedded PostgreSQL and of kept secrets.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Today = Annotated[str | None, typer.Option("--today", help="The business date, such as 2020-03-01.")]
T = TypeVar("T")
out = Console()
err = Console(stderr=True)


def settings_of(data_dir: Path | None, today: str | None = None) -> Settings:
    """Return the settings; what cannot be read ends the program with code 2."""
    try:
        found = Settings.from_environment(data_dir=data_dir, today=date.fromisoformat(today) if today else None)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    logs.configure(found.log_format, quiet=True)
    return found


def connected(settings: Settings) -> str:
    """Return the URL of the database, its schema brought to the newest."""
    url = database.database_url(settings)
    migrate.upgrade(settings.migrations_dir, url)
    return url


def run(settings: Settings, work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Run work in one transaction on the database."""
    url = connected(settings)

    async def inside() -> T:
        engine = database.make_engine(url)
        try:
            async with database.make_sessions(engine).begin() as session:
                return await work(session, make_clock(settings.today).now())
        finally:
            await engine.dispose()

    return asyncio.run(inside())


def say(document: Any) -> None:
    """Print a JSON document."""
    print(json.dumps(document, ensure_ascii=False, indent=1, default=str))


def _terminated(signum: int, frame: object) -> None:
    """End as if by exit, so that the embedded server is stopped too."""
    del signum, frame
    sys.exit(0)


@app.command(name="migrate")
def migrate_database(data_dir: DataDir = None) -> None:
    """Bring the database to the newest schema and list the products of products/."""
    settings = settings_of(data_dir)
    added = run(settings, lambda session, now: catalog.import_folder(session, settings.products_dir, now))
    out.print(f"Schema is the newest; {added} products were new.")


@app.command()
def serve(
    data_dir: DataDir = None,
    today: Today = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
) -> None:
    """Serve pages and API."""
    settings = settings_of(data_dir, today)
    serve_until_stopped(settings, connected(settings), host or settings.host, port or settings.port)


def serve_until_stopped(settings: Settings, url: str, host: str, port: int) -> None:
    """Run granian; its workers read the same settings from the environment."""
    from granian import Granian  # noqa: PLC0415  only servers need it
    from granian.constants import Interfaces  # noqa: PLC0415

    os.environ |= {
        "DATABASE_URL": url,
        "GREENBRIDGE_SECRET": settings.secret,
        "GREENBRIDGE_DATA_DIR": str(settings.data_dir),
        "GREENBRIDGE_LOG_FORMAT": settings.log_format,
        **({"GREENBRIDGE_TODAY": settings.today.isoformat()} if settings.today else {}),
    }
    Granian(
        "greenbridge.app:from_environment",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        factory=True,
        log_enabled=False,
    ).serve()


@app.command()
def schedule(data_dir: DataDir = None, today: Today = None) -> None:
    """Run timed work until stopped."""
    from greenbridge import scheduler  # noqa: PLC0415  APScheduler is loaded in this process only

    settings = settings_of(data_dir, today)
    logs.configure(settings.log_format)
    signal.signal(signal.SIGTERM, _terminated)
    with suppress(KeyboardInterrupt):
        asyncio.run(scheduler.serve(settings, connected(settings)))


@app.command()
def demo(
    data_dir: DataDir = None,
    data: Annotated[Path | None, typer.Option("--data", help="Run on real input in this folder instead of a generated town.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Exit after the summary.")] = False,
    as_json: Json = False,
    today: Today = None,
    firms: Annotated[int, typer.Option(min=10, max=2000, help="Firms of the generated town.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the generated town.")] = 7,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Run the whole service once on a generated town, or on real input, then serve it."""
    from greenbridge.demo import run as demonstration  # noqa: PLC0415  pandas and the model load only here

    if as_json and not once:
        raise typer.BadParameter("--json needs --once: the summary is the only answer then.")
    signal.signal(signal.SIGTERM, _terminated)
    settings = settings_of(data_dir, today)
    if settings.database_url and not once:
        err.print("[yellow]DATABASE_URL is set: the demonstration writes into that database.[/]")
    demonstration.run(
        settings,
        data=data,
        seed=seed,
        firms=firms,
        as_json=as_json,
        serve=None if once else (serve_until_stopped, port),
    )


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
        started = datetime.now().astimezone()
        batch = run(settings, lambda session, now: facts.receive(session, delivery, now))
    seconds = (datetime.now().astimezone() - started).total_seconds()
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


@app.command(name="enterprises")
def list_enterprises(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the registered firms."""
    found = run(settings_of(data_dir), lambda session, _: enterprises.every(session))
    if as_json:
        say(
            [
                {
                    "id": e.id,
                    "uscc": e.uscc,
                    "name": e.name,
                    "region_code": e.region_code,
                    "status": e.status,
                    "origin": e.origin,
                }
                for e in found
            ]
        )
        return
    table = Table("id", "code", "name", "status", "origin")
    for e in found:
        table.add_row(str(e.id), e.uscc, e.name, e.status.value, e.origin.value)
    out.print(table if found else "No firm is registered yet.")


@app.command()
def report(
    enterprise: Annotated[str, typer.Argument(help="Id or social credit code.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="Earlier day to report on.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Make a firm's credit report."""
    settings = settings_of(data_dir, today)
    day = _day(as_of)

    async def work(session: AsyncSession, now: datetime) -> CreditReportOut:
        firm = await enterprises.find(session, enterprise)
        model = load_current(settings.artifacts_dir)
        return CreditReportOut.of((await reports.make(session, [firm], model, day or business_date(now), now))[0])

    made = run(settings, work)
    if as_json:
        say(made.model_dump(mode="json"))
        return
    _print_report(made)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"--as-of must be a date like 2020-03-01, not {text!r}.") from None


def _print_report(made: CreditReportOut) -> None:
    content = made.content
    marked = "  [dim](生成的演示数据)[/]" if content["enterprise"]["origin"] == "generated" else ""
    out.print(f"[bold]{content['enterprise']['name']}[/]  {content['enterprise']['uscc']}  {made.number}  截至 {made.as_of}{marked}")
    if content["score"]:
        out.print(f"违约概率 {content['score']['default_probability']:.1%}  等级 {content['score']['band']}")
    for section in content["sections"]:
        out.print(f"\n[bold]{section['title']['zh']}[/]")
        if section["note"]:
            out.print(f"  {section['note']['zh']}")
        for fact in section["facts"]:
            value = fact["value"]["zh"] if isinstance(fact["value"], dict) else _shown(fact["value"], fact["unit"])
            source = fact["source"]
            fresh = "及时" if source["freshness"] == "fresh" else "过期"
            out.print(f"  {fact['label']['zh']}：{value}  [dim]{source['department']['zh']} · 截至 {source['valid_on']} · {fresh}[/]")
        for table in section["tables"]:
            shown = Table(*[c["label"]["zh"] for c in table["columns"]], title=table["title"]["zh"], title_justify="left")
            for row in table["rows"]:
                shown.add_row(
                    *[str(v["zh"]) if isinstance(v, dict) else _shown(v, c["unit"]) for v, c in zip(row, table["columns"], strict=True)]
                )
            out.print(shown)


def _shown(value: Any, unit: str) -> str:
    if value is None:
        return "—"
    if unit == "fen":
        return f"{value / 1_000_000:,.2f} 万元"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


@app.command()
def score(
    enterprise: Annotated[str, typer.Argument(help="Id or social credit code.")],
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Score a firm: probability of default, band, reasons."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> tuple[str, Any]:
        firm = await enterprises.find(session, enterprise)
        found = await scoring.score(session, [firm], load_current(settings.artifacts_dir), business_date(now), now)
        return firm.name, found.get(firm.id)

    name, found = run(settings, work)
    if as_json:
        say({"enterprise": enterprise, "name": name, "score": score_json(found) if found else None})
        return
    if found is None:
        out.print(f"{name}: 违约概率未知（发票历史不足）")
        return
    out.print(f"{name}: 违约概率 {found.default_probability:.1%}，等级 {found.band}（{found.model_version}）")
    for reason in found.reasons:
        value = "未知" if reason.value is None else f"{reason.value:.3g}"
        out.print(f"  {reason.label.zh} {value}，训练企业中位数 {reason.usual:.3g}")


@app.command()
def match(
    enterprise: Annotated[str, typer.Argument(help="Id or social credit code of the firm; its newest need is matched.")],
    as_json: Json = False,
    top: Annotated[int, typer.Option(min=1, help="Products to print.")] = 10,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Match a firm's newest need with the listed products."""
    settings = settings_of(data_dir, today)

    async def work(session: AsyncSession, now: datetime) -> MatchRunOut:
        firm = await enterprises.find(session, enterprise)
        published = await needs.of_enterprise(session, firm.id)
        if not published:
            raise Problem("no-need", f"{firm.name} 还没有发布需求。", f"{firm.name} has published no need.")
        run_ = (await matching.make(session, published[:1], await catalog.listed(session), load_current(settings.artifacts_dir), now))[0]
        return MatchRunOut.of(run_, "zh")

    found = run(settings, work)
    if as_json:
        say(found.model_dump(mode="json"))
        return
    table = Table("#", "产品", "银行", "结论", "契合", "年利率", "未通过 / 未知")
    names = {"eligible": "符合", "conditional": "待补充数据", "not_eligible": "不符合"}
    for m in found.matches[:top]:
        open_ = [v.text for v in m.verdicts if v.outcome.value != "pass"]
        rate = f"{m.min_annual_rate_bp / 100:.2f}–{m.max_annual_rate_bp / 100:.2f} %"
        table.add_row(str(m.rank), m.product, m.bank, names[m.eligibility.value], f"{m.total_fit:.0%}", rate, "\n".join(open_[:3]))
    out.print(table)


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


@app.command()
def account(
    login: Annotated[str, typer.Argument()],
    role: Annotated[Role, typer.Option()],
    organisation: Annotated[str, typer.Option(help="Organisation code: a bank's, or `platform`.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="GREENBRIDGE_PASSWORD")],
    name: Annotated[str | None, typer.Option(help="The organisation's name, if it is new.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Open an account on the machine itself: how the first operator comes about."""

    async def work(session: AsyncSession, now: datetime) -> None:
        belongs = await accounts.organisation(session, ORGANISATION_OF_ROLE[role], organisation, name or organisation)
        await accounts.open_account(session, None, login, password, role, belongs, now)

    run(settings_of(data_dir), work)
    out.print(f"{role.value} account {login} is open.")


def main() -> None:
    """Run the command line; a problem is one sentence on standard error and exit code 2."""
    try:
        app()
    except Problem as problem:
        err.print(f"[red]{problem.detail.zh}[/] {problem.detail.en}", highlight=False)
        sys.exit(2)
    except FileNotFoundError as error:
        err.print(f"[red]找不到文件：{error.filename}[/]", highlight=False)
        sys.exit(2)
