"""Commands on firms: list, report, score, match."""

from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.catalog import service as catalog
from greenbridge.cli.frame import DataDir, EnterpriseArgument, Json, Today, out, run, say, settings_of
from greenbridge.enterprises import service as enterprises
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Problem
from greenbridge.matching import service as matching
from greenbridge.matching.schemas import MatchRunOut
from greenbridge.needs import service as needs
from greenbridge.reports import service as reports
from greenbridge.reports.rules.wire import score_json
from greenbridge.reports.schemas import CreditReportOut
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import load_current

app = typer.Typer()


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
    enterprise: EnterpriseArgument,
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
        return CreditReportOut.of((await reports.for_operator(session, [firm], model, day or business_date(now), now))[0])

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
    if unit == "fen" and not isinstance(value, str):  # a foreign amount comes as text, with its currency
        return f"{value / 1_000_000:,.2f} 万元"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f}" if isinstance(value, float) else str(value)


@app.command()
def score(
    enterprise: EnterpriseArgument,
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
